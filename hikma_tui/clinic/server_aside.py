"""Rows of the server that can't be stored here: kept whole, and named until they fit.

One entry of ``store_info`` for each, so they lie in the store itself, as safe and as secret as all
else in it, and go with its transactions. Nobody else reads or writes them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hikma_tui.models import connection

_KEY = "aside:"
_RANGE = (_KEY, "aside;")  # the next character: all keys that begin so


@dataclass(frozen=True)
class PutAside:
    """One row of the server's. ``reason`` is a code with columns (``server_words.reason``)."""

    table: str
    row_id: str
    reason: str
    row: dict[str, Any]  # in python form

    @property
    def patient_id(self) -> str | None:
        """Whose it is."""
        found = self.row_id if self.table == "patients" else self.row.get("patient_id")
        return found if isinstance(found, str) and found else None


def keep(table: str, row: dict[str, Any], reason: str) -> None:
    """Put a row aside, in place of its older state. In the caller's transaction."""
    # Plain ASCII: a value may hold what can't be stored, half a character for instance.
    value = json.dumps({"reason": reason, "row": row}, default=str)
    connection().execute(
        "INSERT INTO store_info (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (_key(table, row["id"]), value),
    )


def drop(table: str, ids: Iterable[str]) -> None:
    """These fit by now, or are deleted on the server. In the caller's transaction."""
    connection().executemany(
        "DELETE FROM store_info WHERE key = ?", [(_key(table, row_id),) for row_id in ids]
    )


def forget() -> None:
    """Of a server that was left. In the caller's transaction."""
    connection().execute("DELETE FROM store_info WHERE key >= ? AND key < ?", _RANGE)


def keys() -> set[tuple[str, str]]:
    """Table and id of each."""
    found = connection().execute("SELECT key FROM store_info WHERE key >= ? AND key < ?", _RANGE)
    return {_split(row[0]) for row in found}


def counts() -> Counter[str]:
    """How many of each table."""
    return Counter(table for table, _row_id in keys())


def listed(most: int) -> list[PutAside]:
    """The first ones by table and id; one whose entry can't be read is listed all the same."""
    found = connection().execute(
        "SELECT key, value FROM store_info WHERE key >= ? AND key < ? ORDER BY key LIMIT ?",
        (*_RANGE, most),
    )
    return [_read(*row) for row in found]


def _key(table: str, row_id: str) -> str:
    return f"{_KEY}{table}:{row_id}"


def _split(key: str) -> tuple[str, str]:
    table, _colon, row_id = key.removeprefix(_KEY).partition(":")
    return table, row_id


def _read(key: str, value: str) -> PutAside:
    table, row_id = _split(key)
    try:
        one = json.loads(value)
        return PutAside(table, row_id, str(one["reason"]), dict(one["row"]))
    except (ValueError, LookupError, TypeError):
        return PutAside(table, row_id, "unfit", {})
