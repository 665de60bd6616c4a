"""Places: rowids of the index in whose order patients stand by how recently they were seen.

An hour has 256 places, so that ids stay small (the index stores their differences) and a patient
who is seen anew finds a free one between the neighbours. When the right stretch is full the next
free place on the older side is taken; a rebuild puts all in exact order again.
"""

from __future__ import annotations

import sqlite3

from hikma_tui.search import sql
from hikma_tui.search.rows import ask, one

_HOUR_MS = 3_600_000
_LAST_HOUR = 2_016_000  # about the year 2199
_PLACES = 256


def ideal(seen: int) -> int:
    """The first place of the hour of ``seen`` (UTC milliseconds); smaller is more recent."""
    hour = min(max(seen // _HOUR_MS, 0), _LAST_HOUR)
    return (_LAST_HOUR - hour + 1) * _PLACES


def free(connection: sqlite3.Connection, seen: int) -> int:
    """A free place for a patient seen at ``seen``, between those seen later and earlier."""
    newer = one(connection, sql.NEXT_NEWER, (seen,))
    older = one(connection, sql.NEXT_OLDER, (seen,))
    wanted = ideal(seen) + _PLACES // 2
    if newer is not None and wanted <= newer:
        wanted = newer + 1
    if older is not None and wanted >= older:
        wanted = max(older - 1, 1)
    while True:
        taken = [row[0] for row in ask(connection, sql.TAKEN_FROM, (wanted,))]
        for place in taken:
            if place != wanted:
                return wanted
            wanted += 1
        if len(taken) < 4096:
            return wanted
