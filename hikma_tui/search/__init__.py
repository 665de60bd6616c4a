"""The patient search: the door.

``refresh`` keeps the index in the transaction of every save; ``find`` answers each key typed, in
milliseconds at a million patients; ``count`` follows it; ``alike`` looks for duplicates. All take
a plain ``sqlite3.Connection`` and read the live rows only.

The rooms: ``sql`` (all statements), ``tokens`` (a patient as words to index), ``index`` and
``places`` (keeping them), ``query``, ``births``, ``spelling`` and ``asking`` (what was typed, as
questions to the index), ``finding`` and ``reasons`` (the page, and why), ``duplicates``.
"""

from __future__ import annotations

from hikma_tui.search.duplicates import alike
from hikma_tui.search.finding import PAGE, count, find, recent, total
from hikma_tui.search.index import check, create, forget, rebuild, refresh, stale
from hikma_tui.search.shapes import (
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

__all__ = [
    "PAGE", "Alike", "Draft", "Filters", "Found", "Hit", "Level", "Matched", "Reason", "Sight",
    "Why", "alike", "check", "count", "create", "find", "forget", "rebuild", "recent", "refresh",
    "stale", "total",
]  # fmt: skip
