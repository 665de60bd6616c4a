"""Whole rows of one table by fixed SQL text: read, added, changed.

Peewee composes the text of a query anew each time: a millisecond a query on a slow machine, and
more than half of what a save took. The texts here are made once for each table and each set of
columns; each value is converted by its column as peewee does it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from sqlite3 import Cursor
from typing import Any

from hikma_tui.tables import Base, Synced, database


def _run(text: str, values: Sequence[Any]) -> Cursor:
    """Through peewee, whose errors the callers know."""
    found: Cursor = database.execute_sql(text, values)  # type: ignore[no-untyped-call]
    return found


@lru_cache(maxsize=100)
def _reading(model: type[Base]) -> tuple[str, tuple[tuple[str, Callable[[Any], Any]], ...]]:
    fields = model._meta.sorted_fields
    names = ", ".join(f'"{field.column_name}"' for field in fields)
    converters = tuple((field.name, field.python_value) for field in fields)
    return f'SELECT {names} FROM "{model._meta.table_name}"', converters


def read(model: type[Base], rest: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """All columns of the rows that ``rest`` (WHERE ... ORDER BY ...; fixed text) picks, by name.

    ``model`` is a table or ``live(table)``; what varies is given in ``values`` for its ``?``.
    """
    start, columns = _reading(model)
    found = _run(f"{start} {rest}", values).fetchall()
    return [
        {
            name: None if value is None else convert(value)
            for (name, convert), value in zip(columns, row, strict=True)
        }
        for row in found
    ]


@lru_cache(maxsize=400)
def _adding(
    model: type[Synced], given: tuple[str, ...]
) -> tuple[str, tuple[Callable[[Any], Any], ...], tuple[tuple[Callable[[Any], Any], Any], ...]]:
    """The statement, the converters of what is given, and the defaults of what is not."""
    fields = model._meta.fields
    missing = [field for name, field in fields.items()
               if name not in given and field.default is not None]  # fmt: skip
    columns = [fields[name].column_name for name in given]
    columns += [field.column_name for field in missing]
    names, marks = ", ".join(f'"{column}"' for column in columns), ", ".join("?" * len(columns))
    text = f'INSERT INTO "{model._meta.table_name}" ({names}) VALUES ({marks})'
    converters = tuple(fields[name].db_value for name in given)
    return text, converters, tuple((field.db_value, field.default) for field in missing)


def insert(model: type[Synced], values: Mapping[str, Any]) -> None:
    """Add a row; columns that are not given have their defaults. KeyError for an unknown column."""
    text, converters, defaults = _adding(model, tuple(values))
    row = [convert(value) for convert, value in zip(converters, values.values(), strict=True)]
    row += [convert(default() if callable(default) else default) for convert, default in defaults]
    _run(text, row)


@lru_cache(maxsize=400)
def _changing(
    model: type[Synced], given: tuple[str, ...]
) -> tuple[str, tuple[Callable[[Any], Any], ...]]:
    fields = [model._meta.fields[name] for name in given]
    sets = ", ".join(f'"{field.column_name}" = ?' for field in fields)
    text = f'UPDATE "{model._meta.table_name}" SET {sets} WHERE "id" = ?'
    return text, tuple(field.db_value for field in fields)


def update(model: type[Synced], row_id: str, values: Mapping[str, Any]) -> None:
    """Change the given columns of the row of that id. KeyError for an unknown column."""
    text, converters = _changing(model, tuple(values))
    row = [convert(value) for convert, value in zip(converters, values.values(), strict=True)]
    _run(text, [*row, row_id])
