"""One row of the server's meets the row that is here, in whatever state that is.

Called for rows that are special (decisions.md 22 to 26, 33): not sent, sent, deleted, in conflict,
only here, an attribute under another id, a child of something deleted. Everything is decided from
what is stored, so a run that was killed and begun again comes to the same end. All functions run
inside the caller's open write transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic.server import TAKEN
from hikma_tui.models import BY_TABLE, Conflict, Synced
from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet_dead import meet_dead
from hikma_tui.syncing.meet_deleted import after_readback, deleted
from hikma_tui.syncing.meet_facing import (
    Facing,
    ask_about_deletion,
    count_pulled,
    server_went_back,
    settle,
    three_way,
    work_came_to_the_dead,
)
from hikma_tui.syncing.meet_held import held_patients, held_prescriptions, held_visits
from hikma_tui.syncing.meet_pairs import REPLACED, paired
from hikma_tui.syncing.meet_sent import answer
from hikma_tui.syncing.shapes import Disagreement, Reason, State

__all__ = [
    "after_readback", "deleted", "held_patients", "held_prescriptions", "held_visits", "meet",
]  # fmt: skip


def meet(context: Context, table: str, theirs: dict[str, Any]) -> None:
    """Bring one pulled row (python form; columns that the server lacks are missing) into the store.

    Raises nothing of its own: whatever can't be decided becomes a conflict.
    """
    model = BY_TABLE[table]
    row = rows.find(model, theirs["id"]) or paired(context, model, theirs)
    if row is None:
        _arrive(context, model, theirs)
        return
    line = rows.line_of(context, table, row["id"])
    conflict = rows.conflict_of(context, table, row["id"])
    facing = Facing(context, table, model, row, line, conflict, theirs)
    if table in REPLACED:  # the server says who may do what
        count_pulled(facing, facing.agree(facing.theirs, tombstone=None))
        rows.close_conflict(context, conflict, "replaced")
    elif row["tombstone"] is not None:
        meet_dead(facing)
    elif conflict is not None:
        _in_conflict(facing, conflict)
    else:
        _live(facing)
    _hide_with_parent(facing)


def _arrive(context: Context, model: type[Synced], theirs: Mapping[str, Any]) -> None:
    """A row that was never here: perhaps under something that is deleted here."""
    table = model._meta.table_name
    dead = rows.dead_parent(model, theirs)
    if dead is None:
        rows.insert(context, model, theirs)
    else:
        rows.insert(
            context, model, theirs, tombstone=dead["tombstone"], change_seq=dead["change_seq"]
        )
        if dead["change_seq"] > 0:
            work_came_to_the_dead(context, table, theirs, dead["tombstone"])
    rows.count(context, table, "pulled")


# -- a live row ----------------------------------------------------------------------------------


def _live(f: Facing) -> None:
    if f.row["change_seq"] == 0 and _lost_there(f):
        server_went_back(f)
    elif f.row["change_seq"] == 0:  # agreed, or only here and found again
        count_pulled(f, f.agree(f.theirs))
    elif f.context.suggesting:
        _suggest(f)
    elif f.line.state == State.REFUSED and f.line.reason == Reason.DROPPED:
        three_way(f, f.line.base)  # it was never taken, and somebody has chosen to keep it here
    elif f.line.sent:  # whatever became of it: it may be what the server has
        answer(f, f.line.sent)
    else:
        three_way(f, f.line.base)


def _lost_there(f: Facing) -> bool:
    """Whether the server has lost what it had confirmed, of a row that it takes from clients."""
    taken = f.table in TAKEN[f.context.dialect]
    return taken and f.went_back(f.ours)


def _suggest(f: Facing) -> None:
    """An unsent edit of a clone or a restored copy is a suggestion (decisions.md 33)."""
    if not f.differing(f.ours):
        f.agree(known.confirmed(f.context.dialect, f.table, f.ours, f.came))
    else:
        f.disagree(Disagreement.SUGGESTION, f.line.base, State.HELD, Reason.SUGGESTION)


# -- a row in conflict ---------------------------------------------------------------------------


def _in_conflict(f: Facing, conflict: Conflict) -> None:
    """A live row about which a question is open: it may have answered itself."""
    if conflict.kind in (Disagreement.SUGGESTION, Disagreement.DIFFERS):
        if f.row["change_seq"] > 0 and f.differing(f.ours):
            conflict.theirs = f.theirs
            conflict.save()
            return
        rows.close_conflict(f.context, conflict, "equal")
        f.agree(known.confirmed(f.context.dialect, f.table, f.ours, f.came))
        return
    if conflict.kind == Disagreement.EDIT:
        if f.went_back(f.line.base):
            server_went_back(f)
            return
        merged = f.merged(f.line.base)
        if merged.conflicts:
            count_pulled(f, f.write(merged.row))
            f.line.base, conflict.theirs = merged.base, f.theirs
            conflict.save()
            f.keep_line()
            return
        rows.close_conflict(f.context, conflict, "equal")
        f.line.state, f.line.reason = State.NOT_SENT, Reason.NONE
        settle(f, merged)
        return
    # Deleted there, and there again; or deleted here, and that was undone.
    rows.close_conflict(f.context, conflict, "live")
    f.line.state, f.line.reason = State.NOT_SENT, Reason.NONE
    _live(f)


def _hide_with_parent(f: Facing) -> None:
    """A row that came to hang on something deleted goes with it; work that is not sent asks."""
    row = rows.find(f.model, f.row["id"])
    if row is None or row["tombstone"] is not None:
        return
    dead = rows.dead_parent(f.model, row)
    if dead is None:
        return
    number, waits = dead["tombstone"], dead["change_seq"]
    if row["change_seq"] == 0:
        rows.write(f.context, f.model, row, {}, tombstone=number, change_seq=waits)
        if waits > 0:
            work_came_to_the_dead(f.context, f.table, rows.content(row), number)
        return
    _keep_where_it_is(f, row)
    if waits > 0:  # the deletion would take what somebody has put there meanwhile
        ask_about_deletion(f.context, number)


def _keep_where_it_is(f: Facing, row: dict[str, Any]) -> None:
    """What is not sent is not moved under something that is deleted here, where nobody would see
    it: whose it is becomes a question.
    """
    moved = {c: f.row[c] for _p, c in rows.PARENTS.get(f.model, ()) if row[c] != f.row[c]}
    if not moved:
        return
    rows.write(f.context, f.model, row, moved)
    f.line = rows.line_of(f.context, f.table, row["id"])
    base = f.line.base
    f.line.base = {**(base or f.theirs), **dict.fromkeys(moved)}
    f.disagree(Disagreement.EDIT, base, State.HELD, Reason.CONFLICT)
