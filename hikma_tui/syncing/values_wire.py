"""A row of the store as a server takes it (wire.md A5, Part B, Part C 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

from hikma_tui.columns import Day, Flag, Moment, Number, Uuid, moment_text
from hikma_tui.models import BY_TABLE, wire_columns

HELD = "hikma_tui:"
"""In ``unknown``: before the name of a column whose value came and could not be held."""


def encode(dialect: str, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in python form as ``dialect`` ("v3", "flask") takes it: whole, JSON as real values.

    v3 gets moments as ISO-8601 with ``Z`` and days as ``YYYY-MM-DD``, never a number, so that the
    trap of 2001 has nothing to catch (wire.md A5). Flask gets moments as milliseconds (a text would
    become its now), and its only day, ``date_of_birth``, as ``YYYY-MM-DD``, as the phone does.
    An id is null, never "". Columns that we don't know go back as they came. What ``row`` lacks is
    left out for v3; Flask gets null for it, since it refuses a row without it.
    """
    unknown = row.get("unknown")
    unknown = dict(unknown) if isinstance(unknown, Mapping) else {}
    sent = {name: value for name, value in unknown.items() if not name.startswith(HELD)}
    for name, field, convert in _plan(dialect, table):
        if name in row:
            value = row[name]
            sent[name] = value if value is None or convert is None else convert(value)
            if unknown and HELD + name in unknown and row[name] == _placeholder(field):
                sent[name] = _as_it_came(dialect, field, unknown[HELD + name])
        elif dialect == "flask":
            value = _placeholder(field)
            sent[name] = value if value is None or convert is None else convert(value)
    return sent


@lru_cache(maxsize=60)
def _plan(dialect: str, table: str) -> tuple[tuple[str, Any, Callable[[Any], Any] | None], ...]:
    """The columns of a table, and what is to be done with a value that is not None, if anything."""
    return tuple(
        (name, field, _converter(dialect, field))
        for name, field in wire_columns(BY_TABLE[table]).items()
    )


def _converter(dialect: str, field: Any) -> Callable[[Any], Any] | None:
    if isinstance(field, Moment):
        return partial(_moment, dialect)
    if isinstance(field, Day | Uuid):
        return _or_none
    if isinstance(field, Flag):
        return bool
    return field.to_wire if isinstance(field, Number) else None


def _or_none(value: Any) -> Any:
    return value or None


def _moment(dialect: str, value: Any) -> Any:
    if dialect == "flask" or not isinstance(value, int):
        return value if dialect == "flask" else None
    try:
        return moment_text(value)
    except (ValueError, OverflowError):
        return None  # no calendar has it, and as a number it would become the server's now


def _as_it_came(dialect: str, field: Any, value: Any) -> Any:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    if dialect == "v3" and numeric and isinstance(field, Moment | Day):
        return None
    return value


def _placeholder(field: Any) -> Any:
    """What the decoder put in place of a value that the column can't hold; python form."""
    if field.null:
        return None
    default = field.default() if callable(field.default) else field.default
    if default is not None:
        return default
    return 0 if field.field_type in ("INT", "BIGINT", "FLOAT") else ""
