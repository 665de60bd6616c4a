"""Rows of the wire and rows of the store: every column by its declared type (wire.md A4, A5, A9).

``Decoder`` takes what a server sends, of whatever age and zone, into **storage form**: what a
column of SQLite holds. ``python_row`` turns that into **python form**: what peewee's ``dicts()``
gives. ``encode`` makes of python form what a server takes.

Nothing is lost and nothing raises. A column that we don't know is kept in ``unknown`` and goes back
as it came. So does a value that its column can't hold: under ``HELD`` and the column's name, until
somebody edits the column here, which holds its empty value meanwhile (None; where it may not be
null: the model's default, else "", 0 or 1970). The same for a null where we have none; but an empty
object or list stands for null, and for one of the other kind.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import compress, groupby
from typing import Any

from hikma_tui.columns import Flag, Json
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing.values_columns import Column, Columns, json_text, keepable
from hikma_tui.syncing.values_wire import HELD, encode

__all__ = ["HELD", "Decoded", "Decoder", "empty", "encode", "python_row", "python_rows"]

_REMEMBERED = 200  # sets of columns; a server has one for each table


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows of one table that all have the same columns, in storage form.

    ``columns`` are those that the server sent, and ``unknown`` as the last one (JSON text, None).
    A row to be inserted may need more of them: ``empty``.
    """

    table: str
    columns: tuple[str, ...]
    rows: list[tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """What to do with one set of columns."""

    names: tuple[str, ...]
    known: tuple[tuple[int, Column], ...]
    unknown: tuple[tuple[int, str], ...]


class Decoder:
    """Decodes the pulled rows of one server.

    Args:
        dialect: ``"v3"`` or ``"flask"``.
        east_from: v3 sends a date as its local midnight. A UTC hour from this one on belongs to
            the next day: the server stands east of Greenwich (decisions.md 30).

    Attributes:
        skipped: By table, rows that had no usable id or were no rows.
        hours: The UTC hours seen in v3's dates.
    """

    def __init__(self, dialect: str, east_from: int = 12) -> None:
        self.dialect, self.east_from = dialect, east_from
        self.skipped: Counter[str] = Counter()
        self._columns = Columns(east_from if dialect == "v3" else 24)
        self.hours = self._columns.hours
        self._tables: dict[str, dict[str, Column]] = {}
        self._plans: dict[tuple[str, tuple[str, ...]], _Plan] = {}

    @property
    def replaced(self) -> int:
        """Characters that no file can hold (halves of characters, U+0000), now U+FFFD."""
        return self._columns.counts["replaced"]

    def tallies(self) -> tuple[dict[str, int], dict[int, int], int]:
        """``skipped``, ``hours`` and ``replaced`` since the last time; they begin anew."""
        found = dict(self.skipped), dict(self.hours), self.replaced
        for counter in (self.skipped, self.hours, self._columns.counts):
            counter.clear()
        return found

    def add(self, tallies: tuple[dict[str, int], dict[int, int], int]) -> None:
        """Count what another decoder noticed."""
        skipped, hours, replaced = tallies
        self.skipped.update(skipped)
        self.hours.update(hours)
        self._columns.counts["replaced"] += replaced

    def batch(self, table: str, rows: Sequence[Any]) -> list[Decoded]:
        """The rows of one table, by their sets of columns; nothing of a table that is not ours."""
        if table not in BY_TABLE:
            return []
        if set(map(type, rows)) - {dict}:
            rows = self._good(table, rows, [isinstance(row, dict) for row in rows])
        found = [self._alike(table, keys, list(alike)) for keys, alike in groupby(rows, key=tuple)]
        return [decoded for decoded in found if decoded.rows]

    def _good(self, table: str, rows: Sequence[Any], good: list[bool]) -> list[Any]:
        self.skipped[table] += good.count(False)
        return list(compress(rows, good))

    def _alike(self, table: str, keys: tuple[str, ...], rows: list[dict[str, Any]]) -> Decoded:
        plan = self._plans.get((table, keys)) or self._planned(table, keys)
        ids = [row.get("id") for row in rows]
        if not _all_usable(ids):
            rows = self._good(table, rows, list(map(_usable, ids)))
            if not rows:
                return Decoded(table, plan.names, [])
        values = list(zip(*[row.values() for row in rows], strict=True))
        kept: dict[int, dict[str, Any]] = {}
        for at, name in plan.unknown:
            for number, value in enumerate(values[at]):
                kept.setdefault(number, {})[name] = value
        found = []
        for at, column in plan.known:
            name = HELD + column.name

            def held(number: int, value: Any, name: str = name) -> None:
                kept.setdefault(number, {})[name] = value

            found.append(column.many(values[at], held))
        unknown: list[str | None] = [None] * len(rows)
        for number, extra in kept.items():
            unknown[number] = self._json(extra)
        found.append(unknown)
        return Decoded(table, plan.names, list(zip(*found, strict=True)))

    def _planned(self, table: str, keys: tuple[str, ...]) -> _Plan:
        if table not in self._tables:
            fields = wire_columns(BY_TABLE[table])
            self._tables[table] = {name: self._columns.of(field) for name, field in fields.items()}
        columns = self._tables[table]
        known = tuple((at, columns[key]) for at, key in enumerate(keys) if key in columns)
        unknown = tuple((at, key) for at, key in enumerate(keys) if key not in columns)
        names = (*(column.name for _at, column in known), "unknown")
        if len(self._plans) >= _REMEMBERED:
            self._plans.clear()
        self._plans[table, keys] = plan = _Plan(names, known, unknown)
        return plan

    def _json(self, extra: dict[str, Any]) -> str:
        counts = self._columns.counts
        try:
            return json_text(extra, counts)
        except ValueError:
            return json_text({name: keepable(value) for name, value in extra.items()}, counts)


def _all_usable(ids: list[Any]) -> bool:
    """Whether it need not be asked of each: one look at all of them together."""
    if set(map(type, ids)) != {str} or not all(ids):
        return False
    joined = "".join(ids)
    return joined.isprintable() and " " not in joined


def _usable(row_id: Any) -> bool:
    return isinstance(row_id, str) and row_id.isprintable() and row_id.strip() != ""


def empty(table: str) -> dict[str, Any]:
    """What a new row has, in storage form, in the columns that may not be null and did not come.

    Flask sends no ``appointments.departments``. To be given at an insert only: an update that did
    not get the column leaves it alone.
    """
    columns = Columns(12)
    found = [columns.of(field) for field in wire_columns(BY_TABLE[table]).values()]
    return {c.name: c.placeholder for c in found if not c.null and c.name != "id"}


def python_row(table: str, columns: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """One row from storage form to python form: only the columns given, ``unknown`` among them.

    What the server did not send is absent, not None: for a merge it is unchanged.
    """
    found = dict(zip(columns, row, strict=True))
    for name, read in _not_plain(table):
        value = found.get(name)
        if value is not None:
            found[name] = read(value)
    return found


@lru_cache(maxsize=40)
def _not_plain(table: str) -> tuple[tuple[str, Callable[[Any], Any]], ...]:
    """The columns whose two forms differ, and how the one becomes the other."""
    fields = BY_TABLE[table]._meta.fields.items()
    found: list[tuple[str, Callable[[Any], Any]]] = []
    found += [(name, kind.python_value) for name, kind in fields if isinstance(kind, Json)]
    found += [(name, bool) for name, kind in fields if isinstance(kind, Flag)]
    return tuple(found)


def python_rows(decoded: Decoded) -> list[Mapping[str, Any]]:
    """All rows of a ``Decoded`` in python form."""
    return [python_row(decoded.table, decoded.columns, row) for row in decoded.rows]
