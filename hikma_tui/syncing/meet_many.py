"""Many rows of one table read back at once: the short way for those that are as they were sent.

After a large push nearly every pulled row is one that was sent and not edited since. What is here
of a whole batch is read with one question for each thing that ``meet.meet`` asks about a row,
and those that came back equal are confirmed together. The outcome is that of ``meet``, row by row
(a test holds it to that, over all sorts of rows); whatever is less simple is left to ``meet``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hikma_tui import json_text
from hikma_tui.columns import Json
from hikma_tui.models import BY_TABLE, Patient, connection
from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet_pairs import PAIRED, REPLACED

_NAMES = known.STAMPS | {"unknown", "id", "tombstone", "change_seq"}


@dataclass
class _Here:
    """What stands here about the rows of a batch, by id."""

    found: dict[str, dict[str, Any]]  # of the row: its marks, and what a confirmation may write
    unknown: dict[str, str]  # the column of that name, where it is not NULL, as it stands
    lines: dict[str, tuple[str, int]]  # what was sent (JSON), and its change_seq
    asked: set[str] = field(default_factory=set)  # ids with an open conflict
    dead: dict[str, set[str]] = field(default_factory=dict)  # deleted parents, by column


def meet_many(
    context: Context, table: str, came: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:  # fmt: skip
    """Confirm those pulled rows (python form) that are here just as they were sent.

    Returns the others, in their order: they are for ``syncing.meet.meet``. Inside the caller's open
    write transaction.
    """
    if context.suggesting or table in REPLACED:
        return list(came)
    ids = Counter(theirs["id"] for theirs in came)
    here = _read(context, table, list(ids))
    here.dead = _dead(table, [*here.found.values(), *came])
    if BY_TABLE[table] in PAIRED and len(here.found) < len(ids):
        return list(came)  # one of them may take another's place
    left, writes = [], []
    for theirs in came:
        row = here.found.get(theirs["id"]) if ids[theirs["id"]] == 1 else None
        confirmed = None if row is None else _confirmed(context, table, here, row, theirs)
        if row is None or confirmed is None:
            left.append(theirs)
        else:
            text: str | bytes | None = here.unknown.get(row["id"])
            if not rows.very_same(row["unknown"], confirmed["unknown"]):
                text = Json().db_value(confirmed["unknown"])
            writes.append((row, {**confirmed, "unknown": text}))
    if writes:
        _write(context, table, writes)
    return left


def _confirmed(
    context: Context, table: str, here: _Here, row: dict[str, Any], theirs: dict[str, Any]
) -> dict[str, Any] | None:
    """What is to stand here of a row that is confirmed, of the columns in question; else None."""
    row_id = theirs["id"]
    sent, seq = here.lines.get(row_id, ("", 0))
    if not sent or row["change_seq"] != seq or seq == 0 or row["tombstone"] is not None:
        return None
    if row_id in here.asked:
        return None
    was_sent = json_text.read_object(sent)
    if not was_sent or known.equal(context.dialect, table, was_sent, theirs):
        return None
    found = known.confirmed(context.dialect, table, row, theirs)
    if any(found.get(column) in gone for column, gone in here.dead.items()):
        return None
    return found


# -- reading and writing -------------------------------------------------------------------------


@lru_cache(maxsize=40)
def _columns(table: str) -> tuple[str, ...]:
    """The columns that are read here: our marks, the parents, and what a confirmation writes."""
    fields = BY_TABLE[table]._meta.fields
    parents = {column for _parent, column in rows.PARENTS.get(BY_TABLE[table], ())}
    wanted = _NAMES | known.filled(table) | parents
    return tuple(name for name in fields if name in wanted)


def _read(context: Context, table: str, ids: list[str]) -> _Here:
    here, columns = connection(), _columns(table)
    wanted = json.dumps(ids)
    found, unknown = {}, {}
    for values in here.execute(
        f"SELECT {', '.join('t.' + name for name in columns)}"
        f" FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value",
        (wanted,),
    ):
        row = dict(zip(columns, values, strict=True))
        if row["unknown"] is not None:
            unknown[row["id"]] = row["unknown"]
            row["unknown"] = json_text.read(row["unknown"])
        found[row["id"]] = row
    lines = here.execute(
        "SELECT r.row_id, r.sent, r.sent_seq FROM json_each(?) j CROSS JOIN peer_rows r"
        " WHERE r.peer_id = ? AND r.table_name = ? AND r.row_id = j.value AND r.sent IS NOT NULL",
        (wanted, context.peer_id, table),
    )
    asked = here.execute(
        "SELECT row_id FROM conflicts WHERE resolved_at IS NULL AND peer_id = ? AND table_name = ?"
        " AND row_id IN (SELECT value FROM json_each(?))",
        (context.peer_id, table, wanted),
    )
    return _Here(
        found,
        unknown,
        {row_id: (sent, seq) for row_id, sent, seq in lines},
        {row_id for (row_id,) in asked},
    )


def _dead(table: str, found: Iterable[dict[str, Any]]) -> dict[str, set[str]]:
    """The parents that are deleted here, by the column that leads to them."""
    dead = {}
    for parent, column in rows.PARENTS.get(BY_TABLE[table], ()):
        name = parent._meta.table_name
        gone = {
            row_id
            for (row_id,) in connection().execute(
                f"SELECT p.id FROM json_each(?) j CROSS JOIN {name} p ON p.id = j.value"
                " WHERE p.tombstone IS NOT NULL",
                (json.dumps(list({row[column] for row in found if row.get(column)})),),
            )
        }
        if gone:
            dead[column] = gone
    return dead


def _write(
    context: Context, table: str, writes: list[tuple[dict[str, Any], dict[str, Any]]]
) -> None:
    """The rows are agreed: the server's stamps, no mark, no line."""
    model = BY_TABLE[table]
    written = known.STAMPS | known.filled(table)
    kinds = [(name, kind) for name, kind in model._meta.fields.items() if name in written]
    sets = ", ".join(f"{name} = ?" for name in (*dict(kinds), "unknown"))
    connection().executemany(
        f"UPDATE {table} SET {sets}, change_seq = 0 WHERE id = ?",
        [
            (*[kind.db_value(new[name]) for name, kind in kinds], new["unknown"], new["id"])
            for _old, new in writes
        ],
    )  # fmt: skip
    connection().executemany(
        "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        [(context.peer_id, table, old["id"]) for old, _new in writes],
    )
    if model is Patient:  # of the others, nothing that is written here is searched
        for old, new in writes:
            if old["created_at"] != new["created_at"]:
                rows.touch(context, model, new)
    rows.count(context, table, "confirmed", len(writes))
