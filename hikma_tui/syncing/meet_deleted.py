"""What the server says is deleted, and what it does not show after a push (wire.md A6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic.deletion import HANGS_ON
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, Conflict, Deletion, Synced, connection, dicts
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet_facing import MOST_TRIES
from hikma_tui.syncing.shapes import Disagreement, Reason, State


def deleted(context: Context, table: str, row_id: str) -> None:
    """One id that the server announced as deleted.

    What is agreed goes, with all that hangs on it. Nothing unsent is ever cascaded away
    (decisions.md 25): then the whole of it stays and a person is asked.
    """
    model = BY_TABLE.get(table)
    row = rows.find(model, row_id) if model is not None else None
    if model is None or row is None:
        return
    if row["tombstone"] is not None:
        _dead_too(context, table, model, row)
        return
    if row["change_seq"] == 0 and _is_asked_about(context, model, row):
        return  # of a chart that somebody may want to keep as a whole
    going = _subtree(model, row)
    if any(one["change_seq"] > 0 or _is_in_doubt(context, kind, one) for kind, one in going):
        _ask(context, table, row)
        _keep_together(context, going)
        return
    record = Deletion.create(
        table_name=table, row_id=row_id, label=rows.name_of(model, row), user_id=None,
        patient_id=row_id if table == "patients" else row.get("patient_id"), user_name="",
        machine_id="", reason=_("Deleted on the server"), deleted_at=context.now,
        sent_at=context.now,
    )  # fmt: skip
    bury(context, going, record.pk)


def _is_in_doubt(context: Context, model: type[Synced], row: Mapping[str, Any]) -> bool:
    """Whether a row is only here: somebody may have brought it back, or the server lost it."""
    line = rows.line_of(context, model._meta.table_name, row["id"])
    return line.state == State.ONLY_HERE


def _is_asked_about(context: Context, model: type[Synced], row: Mapping[str, Any]) -> bool:
    """Whether what a row hangs on was deleted there and waits for a choice."""
    for parent, column in rows.PARENTS.get(model, []):
        found = rows.find(parent, row[column]) if row.get(column) else None
        if found is None:
            continue
        conflict = rows.conflict_of(context, parent._meta.table_name, found["id"])
        if conflict is not None and conflict.kind == Disagreement.DELETED_THERE:
            return True
        if _is_asked_about(context, parent, found):
            return True
    return False


def _keep_together(context: Context, going: list[tuple[type[Synced], dict[str, Any]]]) -> None:
    """What went in this very run, of a chart that turned out to have unsent work, is back.

    A server names the children of what it deleted before or after it, in no order to rely on.
    """
    numbers = [
        record.pk
        for record in Deletion.select(Deletion.pk).where(
            Deletion.user_id.is_null(), Deletion.deleted_at == context.now
        )
    ]
    if not numbers:
        return
    waiting = list(going)
    for parent, one in waiting:  # grows while it is walked
        for child, column in HANGS_ON.get(parent, ()):
            where = (getattr(child, column) == one["id"]) & child.tombstone.in_(numbers)
            for row in dicts(child.select().where(where)):
                values = {"is_deleted": False, "deleted_at": None}
                rows.write(context, child, row, values, tombstone=None)
                waiting.append((child, row))


def bury(
    context: Context, going: list[tuple[type[Synced], dict[str, Any]]], number: int
) -> dict[str, int]:
    """Set the tombstone of rows that are gone on the server too; their lines and questions end."""
    counts: dict[str, int] = {}
    for model, row in going:
        table = model._meta.table_name
        values: dict[str, Any] = {}
        if "is_deleted" in model._meta.fields:
            values = {"is_deleted": True, "deleted_at": row["deleted_at"] or context.now}
        rows.write(context, model, row, values, tombstone=number, change_seq=0)
        rows.drop_line(context, table, row["id"])
        rows.close_conflict(context, rows.conflict_of(context, table, row["id"]), "deleted")
        counts[table] = counts.get(table, 0) + 1
        rows.count(context, table, "deleted")
    Deletion.update(counts=counts).where(Deletion.pk == number).execute()
    return counts


def _subtree(root: type[Synced], row: dict[str, Any]) -> list[tuple[type[Synced], dict[str, Any]]]:
    """A live row and every live row that goes with it, each once."""
    found, seen = [(root, row)], {(root, row["id"])}
    for parent, one in found:  # grows while it is walked
        for child, column in HANGS_ON.get(parent, ()):
            where = (getattr(child, column) == one["id"]) & child.tombstone.is_null()
            for hanging in dicts(child.select().where(where)):
                if (child, hanging["id"]) not in seen:
                    seen.add((child, hanging["id"]))
                    found.append((child, hanging))
    return found


def _dead_too(context: Context, table: str, model: type[Synced], row: dict[str, Any]) -> None:
    """Deleted in both places: agreed. A tombstone that is announced again changes nothing."""
    if row["change_seq"] == 0:
        return
    if rows.line_of(context, table, row["id"]).sent is not None:
        rows.count(context, table, "confirmed")
    rows.write(context, model, row, {}, change_seq=0)
    rows.drop_line(context, table, row["id"])
    rows.mark_sent(context, row["tombstone"])
    rows.close_conflict(context, rows.conflict_of(context, table, row["id"]), "deleted")


def _ask(context: Context, table: str, row: Mapping[str, Any]) -> None:
    line = rows.line_of(context, table, row["id"])
    if line.base is None and row["change_seq"] > 0 and _was_kept(context, table, row["id"]):
        return  # somebody has chosen to bring it back: this is still the old announcement
    rows.open_conflict(
        context, Disagreement.DELETED_THERE, table, row,
        base=line.base or rows.content(row), theirs=None,
    )  # fmt: skip
    if row["change_seq"] > 0:
        line.state, line.reason = State.HELD, Reason.CONFLICT
        rows.keep_line(context, table, row["id"], line)


def _was_kept(context: Context, table: str, row_id: str) -> bool:
    """Whether the last choice about a row was to keep it although the server had deleted it."""
    query = (
        Conflict.select()
        .where(
            Conflict.peer_id == context.peer_id,
            Conflict.table_name == table,
            Conflict.row_id == row_id,
            Conflict.resolved_at.is_null(False),
        )
        .order_by(Conflict.pk.desc())
    )
    last = query.first()
    choice = last.choice if last is not None and isinstance(last.choice, dict) else {}
    return (
        last is not None
        and last.kind == Disagreement.DELETED_THERE
        and last.resolved_by is not None
        and choice.get("") == "ours"
    )


# -- after the read-back -------------------------------------------------------------------------


def after_readback(context: Context) -> int:
    """What was sent and not seen in the read-back; returns how many rows are to be sent again now.

    An edit of a prescription item and a hard deletion are shown by no incremental pull: they wait
    for a full check. Anything else was dropped: it is sent again, three times at most.
    """
    found = connection().execute(
        "SELECT table_name, row_id FROM peer_rows WHERE peer_id = ? AND state = ?",
        (context.peer_id, str(State.SENT)),
    ).fetchall()  # fmt: skip
    for table, row_id in found:
        _unseen(context, table, row_id)
    again = connection().execute(
        "SELECT count(*) FROM peer_rows WHERE peer_id = ? AND state = '' AND sent_at >= ?",
        (context.peer_id, context.now),
    ).fetchone()  # fmt: skip
    return int(again[0])


def _unseen(context: Context, table: str, row_id: str) -> None:
    row = rows.find(BY_TABLE[table], row_id)
    line = rows.line_of(context, table, row_id)
    if row is None or row["change_seq"] == 0:
        rows.drop_line(context, table, row_id)
        return
    is_deletion = line.sent is None or not line.sent
    hidden = table == "prescription_items" and (is_deletion or line.base is not None)
    if hidden and not context.full:
        line.state = State.AWAITING
        rows.count(context, table, "awaiting")
        rows.keep_line(context, table, row_id, line)
        return
    line.tries += 1
    line.state, line.reason = State.NOT_SENT, Reason.NONE
    if line.tries >= MOST_TRIES and is_deletion:
        # Perhaps the server has not got it at all: it then says yes, and announces nothing
        # (wire.md A6). Nobody can choose anything here; a full check shows what is so.
        line.state = State.AWAITING
        rows.count(context, table, "awaiting")
    elif line.tries >= MOST_TRIES:
        line.state, line.reason = State.DIFFERS, Reason.DROPPED
        rows.open_conflict(
            context, Disagreement.DIFFERS, table, row, base=line.base, theirs=None
        )  # fmt: skip
    rows.keep_line(context, table, row_id, line)
