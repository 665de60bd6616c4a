"""A row that is deleted here, and that the server shows (wire.md A6, decisions.md 25)."""

from __future__ import annotations

from hikma_tui.models import BY_TABLE
from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.meet_facing import (
    MOST_TRIES,
    Facing,
    ask_about_deletion,
    work_came_to_the_dead,
)
from hikma_tui.syncing.shapes import Disagreement, Reason, State


def meet_dead(f: Facing) -> None:
    """The server shows a row that is deleted here."""
    if _was_cancelled(f):
        f.agree(f.theirs)  # it stays deleted here
    elif f.row["change_seq"] == 0:
        _dead_and_agreed(f)
    else:
        _dead_and_not_sent(f)


def _was_cancelled(f: Facing) -> bool:
    """An item that was handed out can't be deleted there: it is cancelled instead."""
    cancelled = f.table == "prescription_items" and f.came.get("item_status") == "cancelled"
    said = (f.line.sent or {}).get("item_status") == "cancelled"
    return cancelled and (said or f.row["change_seq"] == 0)


def _dead_and_agreed(f: Facing) -> None:
    """The server shows a row again that was deleted in both places."""
    dead = rows.dead_parent(f.model, f.theirs)
    if dead is not None and dead["change_seq"] == 0 and f.went_back(f.ours):
        # Ours stays: if what it hangs on is brought back, a person chooses (decisions.md 33).
        f.write({}, tombstone=dead["tombstone"])
    elif dead is not None and dead["change_seq"] == 0:
        f.agree(f.theirs, tombstone=dead["tombstone"])
    elif dead is not None:
        f.write(f.theirs, tombstone=dead["tombstone"], change_seq=dead["change_seq"])
        work_came_to_the_dead(f.context, f.table, f.theirs, dead["tombstone"])
    elif _is_newer(f) or _root_is_back(f):
        f.agree(f.theirs, tombstone=None)  # revived (wire.md A6)
        rows.close_conflict(f.context, f.conflict, "live")
        rows.count(f.context, f.table, "pulled")
        f.context.doubts = True  # what went with it may live there, too: only a full check shows it
    else:
        # Nobody has written it since: the server has gone back. Nothing is "repaired".
        ask_about_deletion(f.context, f.row["tombstone"], f.theirs)


def _is_newer(f: Facing) -> bool:
    """Whether the server's row was written after the one that was deleted here, and is that one."""
    if known.made_anew(f.table, f.row, f.came):
        return False  # it was lost there with its deletion, and sent by who had not heard of that
    stamps = ("updated_at", "last_modified")
    return any((f.came.get(n) or 0) > (f.row.get(n) or 0) for n in stamps)


def _root_is_back(f: Facing) -> bool:
    """Whether what it was deleted with lives again: then it is no deletion of ours any more."""
    root = rows.root_of(f.row["tombstone"])
    if root is None or root == (f.table, f.row["id"]):
        return False
    row = rows.find(BY_TABLE[root[0]], root[1])
    return row is not None and row["tombstone"] is None


def _dead_and_not_sent(f: Facing) -> None:
    """Our deletion is still to be sent, unless the row was changed on the server meanwhile."""
    line = f.line
    if line.sent is not None and line.state in (State.SENT, State.AWAITING):
        line.tries += int(f.context.confirming)
    if line.state in (State.SENT, State.AWAITING):
        line.state, line.reason = State.NOT_SENT, Reason.NONE
    versions = (line.base, line.sent or None, f.ours)
    same = any(one is not None and not f.differing(one) for one in versions)
    line.sent = None
    if f.context.suggesting:
        line.base = line.base or f.theirs
        line.state, line.reason = State.HELD, Reason.SUGGESTION
        f.keep_line()
        ask_about_deletion(
            f.context, f.row["tombstone"], f.theirs, Disagreement.SUGGESTION, Reason.SUGGESTION
        )
    elif same and line.tries < MOST_TRIES:
        line.base = f.theirs
        f.keep_line()
    else:
        base, merged = line.base, f.merged(line.base)
        f.write(merged.row)
        line.base = merged.base
        f.keep_line()
        if merged.conflicts and rows.root_of(f.row["tombstone"]) != (f.table, f.row["id"]):
            # To be decided too, should the deletion be taken back.
            f.disagree(Disagreement.EDIT, base, State.HELD, Reason.CONFLICT)
        ask_about_deletion(f.context, f.row["tombstone"], f.theirs)
