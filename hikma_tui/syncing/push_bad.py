"""What no server takes, seen before anything is sent: wire.md A5, "Limits that give 500". Pure.

The columns know their limits (``columns.py``): texts that are too long or hold U+0000, numbers out
of range, days that are none. A row with such a value would be refused without a word about which
row or column it was: it is set aside with the columns' names, and the nurse is told what to edit.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from hikma_tui.columns import BadValue, Digits, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.columns import Day as DayColumn
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.odd_values import Odd

# A moment outside becomes the server's now without a word (wire.md A5 "the 2001 trap").
_FIRST, _LAST = -3786912000000, 4733510400000  # 1850-01-01, 2120-01-01 in ms


def bad_columns(table: str, row: Mapping[str, Any]) -> tuple[str, ...]:
    """The columns of a row (python form) that no server takes as they are; () for none."""
    found = []
    for column, kind in _judged(table):
        value = row.get(column)
        if value is None or _surely_fits(kind, value) or _fits(kind, value):
            continue
        found.append(column)
    if table == "visits" and isinstance(row.get("metadata"), list):
        found.append("metadata")  # the one place where the server takes objects alone
    if row.get("unknown") is not None and not _travels(row["unknown"]):
        found.append("unknown")
    return tuple(found)


@lru_cache(maxsize=40)
def _judged(table: str) -> tuple[tuple[str, Any], ...]:
    """The columns but for ids: those are the business of ``syncing.carry``."""
    columns = wire_columns(BY_TABLE[table]).items()
    return tuple((name, kind) for name, kind in columns if not isinstance(kind, Uuid))


def _surely_fits(kind: Any, value: Any) -> bool:
    """What nearly all values are, without a close look."""
    if type(value) is str and isinstance(kind, Text):
        short = kind.limit == 0 or len(value) <= kind.limit
        return short and value.isascii() and "\x00" not in value
    return isinstance(value, dict | list) and not value


def _fits(kind: Any, value: Any) -> bool:
    if isinstance(value, Odd):
        return False
    if isinstance(kind, Json):
        return _travels(value)
    if isinstance(kind, Moment):
        return isinstance(value, int) and _FIRST <= value <= _LAST
    if value == "":
        return True  # goes as null
    if isinstance(kind, Text | Digits | Whole | Number | DayColumn):
        try:
            kind.from_wire(value)
        except BadValue:
            return False
    return True


def _travels(value: Any) -> bool:
    """Whether a JSON value can be sent and stored: no U+0000, half characters, NaN; not what is no
    JSON at all, which a server would take for a text.
    """
    if isinstance(value, Odd):
        return False
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError, UnicodeEncodeError, RecursionError):
        return False
    return "\\u0000" not in text
