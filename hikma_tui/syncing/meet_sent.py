"""What was sent meets what the server has now (decisions.md 22, 26)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.meet_facing import MOST_TRIES, Facing, three_way
from hikma_tui.syncing.shapes import Disagreement, Reason, State


def answer(f: Facing, sent: Mapping[str, Any]) -> None:
    """What was sent meets what the server has now; also when the run that sent it was killed."""
    differing = f.differing(sent)
    if not differing:
        _confirmed(f, sent)
    elif f.line.base is not None and not f.differing(f.line.base):
        _dropped(f)
    elif _was_altered(f, sent, differing):
        f.line.base = f.theirs
        _write_base_stamps(f)
        f.disagree(Disagreement.DIFFERS, sent, State.DIFFERS, Reason.ALTERED)
    elif _was_taken(f, sent):
        three_way(f, sent)  # and somebody has edited it since
    else:
        three_way(f, f.line.base)  # somebody was faster: again, over what they wrote


def _confirmed(f: Facing, sent: Mapping[str, Any]) -> None:
    rows.count(f.context, f.table, "confirmed")
    if f.row["change_seq"] == f.line.sent_seq:
        f.agree(known.confirmed(f.context.dialect, f.table, f.ours, f.came))
        return
    f.line.sent_at, f.line.tries = None, 0  # edited meanwhile: that edit goes with the next run
    three_way(f, sent)


def _dropped(f: Facing) -> None:
    """The server has what it had before: it took our row for an older one, or never got it."""
    if f.context.confirming and f.line.state == State.SENT:
        f.line.tries += 1
    f.line.base, f.line.sent = f.theirs, None
    _write_base_stamps(f)
    f.line.state = State.NOT_SENT
    if f.line.reason != Reason.PARENT:  # that is still so, for all we know
        f.line.reason = Reason.NONE
    if f.line.tries >= MOST_TRIES:
        f.disagree(Disagreement.DIFFERS, f.theirs, State.DIFFERS, Reason.DROPPED)
    else:
        f.keep_line()


def _write_base_stamps(f: Facing) -> None:
    """The next attempt is compared with the server's own stamps (decisions.md 22)."""
    stamps = {n: f.theirs[n] for n in known.STAMPS if n in f.came}
    f.write(stamps)


def _changed(f: Facing, sent: Mapping[str, Any]) -> set[str]:
    """The columns that our edit was about; all of a row that the server did not have before."""
    if f.line.base is None:
        return set(sent) - known.STAMPS - {"id", "unknown"}
    base = f.line.base
    return {
        n
        for n in sent
        if n not in known.STAMPS
        and n != "unknown"
        and not known.same(n, sent[n], base.get(n), f.context.dialect)
    }


def _was_taken(f: Facing, sent: Mapping[str, Any]) -> bool:
    """Whether our row is on the server, perhaps edited since: its stamp, or a change of ours."""
    if f.line.base is None:
        return True
    return _has_our_stamp(f, sent) or any(
        n in f.came and known.same(n, sent[n], f.came[n], f.context.dialect)
        for n in _changed(f, sent)
    )


def _has_our_stamp(f: Facing, sent: Mapping[str, Any]) -> bool:
    stamp = sent.get("updated_at")
    return (
        f.table in known.CLIENT_TIMED
        and stamp is not None
        and known.same("updated_at", stamp, f.came.get("updated_at"), f.context.dialect)
    )


def _was_altered(f: Facing, sent: Mapping[str, Any], differing: tuple[str, ...]) -> bool:
    """Whether the server took our row and made something else of it.

    Surely when it bears our own stamp. A later stamp, where stamps are the client's, is another's
    edit. Else what differs tells: what we had changed was altered; another column was edited since.
    """
    if _has_our_stamp(f, sent):
        return True
    if not _was_taken(f, sent) or f.table in known.CLIENT_TIMED:
        return False
    return bool(_changed(f, sent) & set(differing))
