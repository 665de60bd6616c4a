"""Small helpers to ask SQLite, whatever row factory the connection carries."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from hikma_tui.odd_values import FIRST, LAST, shown


def ask(connection: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> list[Any]:
    """All rows, as tuples."""
    cursor = connection.cursor()
    cursor.row_factory = None
    return cursor.execute(sql, values).fetchall()


def one(connection: sqlite3.Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """The first column of the first row, or None."""
    cursor = connection.cursor()
    cursor.row_factory = None
    row = cursor.execute(sql, values).fetchone()
    return row[0] if row else None


def mapped(cursor: sqlite3.Cursor, row: Sequence[Any]) -> dict[str, Any]:
    """A row by its columns' names."""
    if bytes in map(type, row):
        row = [shown(one) if isinstance(one, bytes) else one for one in row]
    return {column[0]: value for column, value in zip(cursor.description, row, strict=True)}


def mapped_all(cursor: sqlite3.Cursor) -> list[dict[str, Any]]:
    """All rows that are left, by their columns' names."""
    names = [column[0] for column in cursor.description]
    found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in found:
        if bytes in map(type, row.values()):
            row |= {n: shown(one) for n, one in row.items() if isinstance(one, bytes)}
    return found


def seen_of(moment: object) -> int:
    """Milliseconds of when a patient was seen; 0 where nothing stands that is a moment."""
    return int(moment) if isinstance(moment, int | float) and FIRST <= moment <= LAST else 0


def after(prefix: str) -> str:
    """The text that ends the range of all texts beginning with ``prefix``."""
    return prefix + "\U0010ffff"
