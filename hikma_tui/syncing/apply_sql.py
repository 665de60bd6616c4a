"""The SQL that takes a pulled row over where nothing stands against it.

One upsert for each table and set of columns. It leaves alone what is not agreed (``change_seq``,
tombstone), changes only columns that came, and nothing where all is equal, so that what SQLite
counts as changes is what was new or really different.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from hikma_tui.columns import Uuid
from hikma_tui.models import BY_TABLE
from hikma_tui.syncing import known
from hikma_tui.syncing.values import empty

_NOTHING = "('', '[]', '{}')"

# The unique pairs besides the id. The server's row takes the place of an agreed one (wire.md A5).
PAIRS = {"patient_additional_attributes": ("patient_id", "attribute_id")}


@lru_cache(maxsize=400)
def upsert(dialect: str, table: str, columns: tuple[str, ...], *, agreeing: bool = False) -> str:
    """The statement for rows of exactly these columns (``Decoded.columns``), in their order. With
    ``agreeing`` it takes the mark off live rows, which were found equal (``syncing.meet_quick``).
    """
    given = {name: value for name, value in _defaults(table) if name not in columns}
    names = [*columns, *given, "change_seq"]
    values = ["?"] * len(columns) + [_literal(value) for value in given.values()] + ["0"]
    values_kept = {name: _value(dialect, table, name) for name in columns if name != "id"}
    if agreeing:
        return (
            f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(values)})"
            f" ON CONFLICT (id) DO UPDATE SET change_seq = 0"
            f"{''.join(f', {name} = {value}' for name, value in values_kept.items())}"
            f" WHERE {table}.tombstone IS NULL"
        )
    clauses = [_clause(table, "id", values_kept)]
    pair = PAIRS.get(table)
    if pair is not None and {"id", *pair} <= set(columns):
        there = {"id": "excluded.id", **{n: v for n, v in values_kept.items() if n not in pair}}
        clauses.append(_clause(table, ", ".join(pair), there))
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES ({', '.join(values)}) " + " ".join(
        clauses
    )


def _clause(table: str, key: str, values: dict[str, str]) -> str:
    sets = ", ".join(f"{name} = {value}" for name, value in values.items())
    differs = " OR ".join(f"{table}.{name} IS NOT {value}" for name, value in values.items())
    return (
        f"ON CONFLICT ({key}) DO UPDATE SET {sets} WHERE {table}.change_seq = 0"
        f" AND {table}.tombstone IS NULL AND ({differs})"
    )


def _value(dialect: str, table: str, name: str) -> str:
    """What a column is to hold afterwards, of a row that is here already (decisions.md 28)."""
    ours, theirs = f"{table}.{name}", f"excluded.{name}"
    if name in known.never_stored(dialect, table):
        return f"CASE WHEN {theirs} IS NULL OR {theirs} IN {_NOTHING} THEN {ours} ELSE {theirs} END"
    if name in known.fixed(dialect, table):
        return f"CASE WHEN {ours} IS NULL OR {ours} IN {_NOTHING} THEN {theirs} ELSE {ours} END"
    field = BY_TABLE[table]._meta.fields[name]
    if isinstance(field, Uuid) and field.null and field.table in _LOCAL_POSSIBLE:
        # The server can't have the id of a form, user or clinic that only this store knows.
        local = f"SELECT id FROM waiting_{field.table}"
        return f"CASE WHEN {theirs} IS NULL AND {ours} IN ({local}) THEN {ours} ELSE {theirs} END"
    return theirs


_LOCAL_POSSIBLE = frozenset({"event_forms", "users", "clinics"})


@lru_cache(maxsize=40)
def _defaults(table: str) -> tuple[tuple[str, Any], ...]:
    return tuple(empty(table).items())


def _literal(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return str(int(value) if isinstance(value, bool) else value)
    return "'" + str(value).replace("'", "''") + "'"
