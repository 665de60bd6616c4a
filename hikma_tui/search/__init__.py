"""The patient search: the door.

``refresh`` keeps the index in the transaction of every save; ``find`` answers each key typed, in
milliseconds at a million patients; ``count`` follows it; ``alike`` looks for duplicates. All take
a plain ``sqlite3.Connection`` and read the live rows only.

The rooms: ``sql`` (all statements), ``tokens`` (a patient as words to index), ``index``, ``many``
and ``places`` (keeping them), ``query``, ``births``, ``spelling`` and ``asking`` (what was typed,
as questions to the index), ``finding`` and ``reasons`` (the page, and why), ``duplicates``.

What is asked and answered (``shapes``) is imported at once, the rooms when one is first entered: a
start paints its first screen before anything is searched.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from hikma_tui.search.shapes import (
    PAGE,
    Alike,
    Draft,
    Filters,
    Found,
    Hit,
    Level,
    Matched,
    Reason,
    Sight,
    Why,
)

if TYPE_CHECKING:
    from hikma_tui.search.duplicates import alike
    from hikma_tui.search.finding import count, find, recent, total
    from hikma_tui.search.index import check, create, deepen, forget, rebuild, refresh, stale
    from hikma_tui.search.many import begin_all, end_all, next_all, refresh_many, settle

__all__ = [
    "PAGE", "Alike", "Draft", "Filters", "Found", "Hit", "Level", "Matched", "Reason", "Sight",
    "Why", "alike", "begin_all", "check", "count", "create", "deepen", "end_all", "find", "forget",
    "next_all", "rebuild", "recent", "refresh", "refresh_many", "settle", "stale", "total",
]  # fmt: skip

_ROOMS = {
    "duplicates": ("alike",),
    "finding": ("count", "find", "recent", "total"),
    "index": ("check", "create", "deepen", "forget", "rebuild", "refresh", "stale"),
    "many": ("begin_all", "end_all", "next_all", "refresh_many", "settle"),
}


def __getattr__(name: str) -> Any:
    """A function of one of the rooms (PEP 562)."""
    for room, functions in _ROOMS.items():
        if name in functions:
            found = getattr(import_module(f"{__name__}.{room}"), name)
            globals()[name] = found
            return found
    raise AttributeError(name)
