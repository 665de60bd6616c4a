"""Which pulled rows may not simply be taken over: something of this store stands against them.

Special is a row that is not sent yet, deleted, in ``peer_rows`` or in an open conflict; an
attribute, permission or setting whose pair stands here under another id; a child of something
deleted. All is asked inside the transaction that applies the rows, so nothing can come in between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from typing import Any

from hikma_tui.clinic.deletion import HANGS_ON
from hikma_tui.clinic.server import TAKEN
from hikma_tui.syncing.apply_sql import PAIRS
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.known import CREATED_ANEW
from hikma_tui.syncing.values import Decoded

_FEW = 1000  # so many are read at once; of more, those that came are looked up
_SMALL_PAIRS = {
    "user_clinic_permissions": ("user_id", "clinic_id"),
    "app_config": ("namespace", "key"),
}

_PARENTS: dict[str, list[tuple[str, str]]] = {}
for _parent, _children in HANGS_ON.items():
    for _child, _column in _children:
        _PARENTS.setdefault(_child._meta.table_name, []).append((_parent._meta.table_name, _column))


def special(connection: sqlite3.Connection, context: Context, decoded: Decoded) -> set[int]:
    """The places in ``decoded.rows`` of the rows that are special."""
    table, columns, rows = decoded.table, decoded.columns, decoded.rows
    at = columns.index("id")
    ids = [row[at] for row in rows]
    here = _not_agreed(connection, context, table, ids)
    found = {number for number, row_id in enumerate(ids) if row_id in here} if here else set()
    for parent, column in _PARENTS.get(table, ()):
        if column in columns:
            place = columns.index(column)
            dead = _dead(connection, parent, [row[place] for row in rows])
            if dead:
                found.update(number for number, row in enumerate(rows) if row[place] in dead)
    if not context.first and table in TAKEN[context.dialect] and "last_modified" in columns:
        found |= _older(connection, context, table, columns, rows)
    pair = _SMALL_PAIRS.get(table) or (PAIRS.get(table) if here else None)
    if pair is not None and set(pair) <= set(columns):
        found |= _paired(connection, table, columns, rows, pair)
    return found


def _not_agreed(
    connection: sqlite3.Connection, context: Context, table: str, ids: Sequence[str]
) -> set[str]:
    """Ids of rows that are not agreed; perhaps of others than ``ids``, but of all of those."""
    found: set[str] = set()
    questions: tuple[tuple[str, str, tuple[Any, ...]], ...] = (
        (
            f"SELECT id FROM waiting_{table}",
            f"SELECT t.id FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value"
            " WHERE t.change_seq > 0",
            (),
        ),
        (
            f"SELECT id FROM {table} WHERE tombstone IS NOT NULL",
            f"SELECT t.id FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value"
            " WHERE t.tombstone IS NOT NULL",
            (),
        ),
        (
            "SELECT row_id FROM peer_rows WHERE peer_id = ? AND table_name = ?",
            "SELECT r.row_id FROM json_each(?) j CROSS JOIN peer_rows r"
            " WHERE r.peer_id = ? AND r.table_name = ? AND r.row_id = j.value",
            (context.peer_id, table),
        ),
        (
            "SELECT row_id FROM conflicts WHERE resolved_at IS NULL AND table_name = ?",
            "SELECT c.row_id FROM json_each(?) j CROSS JOIN conflicts c"
            " WHERE c.resolved_at IS NULL AND c.table_name = ? AND c.row_id = j.value",
            (table,),
        ),
    )
    wanted = ""
    for few, many, values in questions:
        some = connection.execute(f"{few} LIMIT {_FEW + 1}", values).fetchall()
        if len(some) > _FEW:
            wanted = wanted or json.dumps(ids)
            some = connection.execute(many, (wanted, *values)).fetchall()
        found.update(row[0] for row in some)
    return found


def _dead(connection: sqlite3.Connection, parent: str, ids: Sequence[str | None]) -> set[str]:
    """Which of the rows with these ids are deleted here (perhaps with others)."""
    query = f"SELECT id FROM {parent} WHERE tombstone IS NOT NULL"
    some = connection.execute(f"{query} LIMIT {_FEW + 1}").fetchall()
    if len(some) > _FEW:
        some = connection.execute(
            f"SELECT p.id FROM json_each(?) j CROSS JOIN {parent} p ON p.id = j.value"
            " WHERE p.tombstone IS NOT NULL",
            (json.dumps(list(set(ids))),),
        ).fetchall()
    return {row[0] for row in some}


def _older(
    connection: sqlite3.Connection,
    context: Context,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
) -> set[int]:
    """Rows of which a later state was agreed already: the server went back (decisions.md 33); or
    of which it may have lost one, and that somebody has written to since.
    """
    stamps = ["id", "last_modified"]
    anew = ""
    if "server_created_at" in columns and table not in CREATED_ANEW:
        stamps.append("server_created_at")
        anew = " OR t.server_created_at < j.value ->> 2"
    lost = context.lost_after
    if lost is not None:
        anew += f" OR t.last_modified > {int(lost)} AND t.last_modified <> j.value ->> 1"
    places = [columns.index(name) for name in stamps]
    asked = json.dumps([[row[place] for place in places] for row in rows])
    found = connection.execute(
        f"SELECT j.key FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value ->> 0"
        f" WHERE t.last_modified > j.value ->> 1{anew}",
        (asked,),
    )
    return {int(row[0]) for row in found.fetchall()}


def _paired(
    connection: sqlite3.Connection,
    table: str,
    columns: Sequence[str],
    rows: Sequence[tuple[Any, ...]],
    pair: tuple[str, str],
) -> set[int]:
    """Rows whose pair stands here under another id."""
    places = [columns.index(name) for name in ("id", *pair)]
    asked = json.dumps([[row[place] for place in places] for row in rows])
    found = connection.execute(
        f"SELECT j.key FROM json_each(?) j CROSS JOIN {table} t"
        f" ON t.{pair[0]} = j.value ->> 1 AND t.{pair[1]} = j.value ->> 2"
        " WHERE t.id <> j.value ->> 0",
        (asked,),
    )
    return {int(row[0]) for row in found.fetchall()}
