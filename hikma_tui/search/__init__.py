"""The patient search: the door.

``refresh`` keeps the index in the transaction of every save; ``find`` answers each key typed, in
milliseconds at a million patients; ``count`` follows it; ``alike`` looks for duplicates. All take
a plain ``sqlite3.Connection`` and read the live rows only.

The rooms: ``sql`` (all statements), ``tokens`` (a patient as words to index), ``index`` and
``places`` (keeping them), ``query``, ``births``, ``spelling`` and ``asking`` (what was typed, as
questions to the index), ``finding`` and ``reasons`` (the page, and why), ``duplicates``.

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
    from hikma_tui.search.index import check, create, forget, rebuild, refresh, stale

__all__ = [
    "PAGE", "Alike", "Draft", "Filters", "Found", "Hit", "Level", "Matched", "Reason", "Sight",
    "Why", "alike", "check", "count", "create", "find", "forget", "rebuild", "recent", "refresh",
    "stale", "total",
]  # fmt: skip

_ROOMS = {
    "duplicates": ("alike",),
    "finding": ("count", "find", "recent", "total"),
    "index": ("check", "create", "forget", "rebuild", "refresh", "stale"),
}


def __getattr__(name: str) -> Any:
    """A function of one of the rooms (PEP 562)."""
    for room, functions in _ROOMS.items():
        if name in functions:
            found = getattr(import_module(f"{__name__}.{room}"), name)
            globals()[name] = found
            return found
    raise AttributeError(name)
