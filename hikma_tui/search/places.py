"""Places: rowids of the index in whose order patients stand by how recently they were seen.

An hour has 256 places, so that ids stay small (the index stores their differences) and a patient
who is seen anew finds a free one between the neighbours. When the right stretch is full the next
free place on the older side is taken; a rebuild puts all in exact order again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from hikma_tui.search import sql
from hikma_tui.search.rows import one

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
    cursor = connection.cursor()
    cursor.row_factory = None
    for (place,) in cursor.execute(sql.TAKEN_FROM, (wanted,)):  # nearly always the first is free
        if place != wanted:
            break
        wanted += 1
    cursor.close()
    return wanted


def free_many(connection: sqlite3.Connection, seen: Sequence[int]) -> list[int] | None:
    """Free places for patients seen at ``seen``, latest first; None when they must be sought one
    by one, since others stand among them.
    """
    if not seen:
        return []
    if one(connection, sql.SEEN_BETWEEN, (seen[-1], seen[0])) is not None:
        return None
    last = one(connection, sql.LAST_NEWER, (seen[0],)) or 0
    found = []
    for moment in seen:
        last = max(last + 1, ideal(moment))
        found.append(last)
    older = one(connection, sql.FIRST_OLDER, (seen[-1],))
    if older is not None and found[-1] >= older:
        return None
    taken = one(connection, sql.TAKEN_BETWEEN, (found[0], found[-1]))
    return found if taken is None else None
