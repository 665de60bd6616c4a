"""The rows of a join: which change, and that nothing else does (decisions.md 28).

Everything here runs inside the caller's one write transaction, on ``models.connection()``.

Two ids are rewritten wherever they stand: the local clinic's, and that of the user who joins. Which
columns these are is asked of the columns themselves (``Uuid.table``). In JSON a value that *is* the
old id, whole, is rewritten too: ``providerId``, ``by`` of a correction, ``clinic_ids`` of a form;
the ids are 122 random bits, so nothing else can look like one. No other column is touched, and the
stamps stay: when something was entered is not when the clinic joined.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from hikma_tui.columns import Json, Uuid
from hikma_tui.models import (
    SYNCED,
    Synced,
    UserClinicPermissions,
    connection,
    dicts,
)

Progress = Callable[[str, int, int], None]  # a step ("rows", "index"), how many done, of how many

# Local tables that name a user; their columns are plain text.
_LOCAL_USERS = (
    ("drafts", "user_id"), ("open_visits", "user_id"), ("deletions", "user_id"),
    ("deletions", "undone_by"), ("conflicts", "resolved_by"),
    ("proofs", "owner"), ("proofs", "user_id"), ("proofs", "made_by"),
)  # fmt: skip
_LOCAL_JSON = (
    ("drafts", "content"), ("peer_rows", "base"), ("peer_rows", "sent"),
    ("conflicts", "base"), ("conflicts", "theirs"), ("conflicts", "choice"),
)  # fmt: skip


def rewrite(table: str, old: str, new: str, progress: Progress = lambda *_: None) -> None:
    """The id ``old`` of a row of ``table`` ("clinics", "users") becomes ``new``, everywhere."""
    if old == new:
        return
    rows = connection()
    for done, model in enumerate(SYNCED, start=1):
        name = model._meta.table_name
        for column, field in model._meta.fields.items():
            if isinstance(field, Uuid) and field.table == table:  # its own id: see ``become``
                rows.execute(f"UPDATE {name} SET {column} = ? WHERE {column} = ?", (new, old))
            elif isinstance(field, Json):
                _rewrite_json(name, column, old, new)
        progress("rows", done, len(SYNCED))
    if table == "users":
        for name, column in _LOCAL_USERS:
            rows.execute(f"UPDATE {name} SET {column} = ? WHERE {column} = ?", (new, old))
        rows.execute(
            "UPDATE store_info SET value = ? WHERE key = 'last_user_id' AND value = ?", (new, old)
        )
    for name, column in _LOCAL_JSON:
        _rewrite_json(name, column, old, new)


def _rewrite_json(table: str, column: str, old: str, new: str) -> None:
    """Values that are the old id. In text inside JSON its quotes are escaped, so it never fits."""
    before = json.dumps(old)
    connection().execute(
        f"UPDATE {table} SET {column} = replace({column}, ?, ?) WHERE instr({column}, ?) > 0",
        (before, json.dumps(new), before),
    )


def become(model: type[Synced], old: str, new: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The clinic's or user's row ``old`` becomes the server's row ``new`` with ``values``.

    Where a row of that id is here already (a store that joined this server before, or took in rows
    of it), the two are one: that row stays, and the local one goes. Returns what the audit trail
    must keep: the row or rows as they were.
    """
    rows, table = connection(), model._meta.table_name
    before = _row(model, old)
    told: dict[str, Any] = {"before": before}
    there = _row(model, new) if old != new else {}
    if there:
        told["was_here"] = there
        rows.execute(f"DELETE FROM {table} WHERE id = ?", (old,))
    else:
        rows.execute(f"UPDATE {table} SET id = ? WHERE id = ?", (new, old))
    sets = {**values, "tombstone": None, "change_seq": 0}
    names = ", ".join(f"{name} = ?" for name in sets)
    rows.execute(f"UPDATE {table} SET {names} WHERE id = ?", (*sets.values(), new))
    return told


def _row(model: type[Synced], row_id: str) -> dict[str, Any]:
    found = dicts(model.select().where(model.id == row_id))
    return found[0] if found else {}


def one_permission_each() -> list[dict[str, Any]]:
    """After two users or two clinics became one: a pair that has two rows keeps one.

    A row that a server has just so goes before a local one, else the older; the flags of local
    ones are put together, so that nobody loses a right by joining. Returns the rows taken away.
    """
    model = UserClinicPermissions
    kept: dict[tuple[str, str], dict[str, Any]] = {}
    gone = []
    query = model.select().where(model.tombstone.is_null())
    for row in dicts(query.order_by(model.change_seq != 0, model.pk)):
        pair = (row["user_id"], row["clinic_id"])
        first = kept.setdefault(pair, row)
        if first is row:
            continue
        gone.append(row)
        flags = [name for name in row if name.startswith(("can_", "is_clinic")) and row[name]]
        if first["change_seq"] != 0 and flags:
            sets = ", ".join(f"{name} = 1" for name in flags)
            connection().execute(f"UPDATE {model._meta.table_name} SET {sets} WHERE pk = ?",
                                 (first["pk"],))  # fmt: skip
        connection().execute(f"DELETE FROM {model._meta.table_name} WHERE pk = ?", (row["pk"],))
    return gone


def mark_unsent(seq: int, server_has: Mapping[type[Synced], str]) -> None:
    """No live row is agreed with a server that has never seen it: their marks become ``seq``.

    ``server_has`` names the rows that came from it just now. Deleted rows keep their marks: what
    was deleted, and agreed with some server, is nothing that this one must be told.
    """
    for model in SYNCED:
        connection().execute(
            f"UPDATE {model._meta.table_name} SET change_seq = ?"
            " WHERE change_seq = 0 AND tombstone IS NULL AND id IS NOT ?",
            (seq, server_has.get(model)),
        )
