"""A row here and the server's, face to face; and the plain three-way merge of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.models import BY_TABLE, Conflict, Synced
from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.merge import Merged, merge
from hikma_tui.syncing.shapes import Disagreement, Reason, State

MOST_TRIES = 3


@dataclass
class Facing:
    """A row here and the server's, face to face."""

    context: Context
    table: str
    model: type[Synced]
    row: dict[str, Any]  # as it stands here, our own columns too
    line: rows.Line
    conflict: Conflict | None
    came: Mapping[str, Any]  # as it came
    theirs: dict[str, Any] = field(default_factory=dict)  # with what this server never stores

    def __post_init__(self) -> None:
        self.theirs = known.taken(self.context.dialect, self.table, self.ours, self.came)

    @property
    def ours(self) -> dict[str, Any]:
        """The row as it stands here, in python form."""
        return rows.content(self.row)

    def differing(self, mine: Mapping[str, Any] | None) -> tuple[str, ...]:
        """The columns in which one of our versions differs from the server's."""
        if mine is None:
            return ("id",)
        return known.equal(self.context.dialect, self.table, mine, self.came)

    def went_back(self, agreed: Mapping[str, Any] | None) -> bool:
        """Whether what came is an older state than ``agreed``, or was written over an older one, or
        sent again by who had that: the server was restored (decisions.md 33). It is no news then.
        """
        if agreed is None or not self.differing(agreed):
            return False
        if known.went_back(agreed, self.came, self.table):
            return True
        if self.line.state == State.ONLY_HERE and self.table in known.CREATED_ANEW:
            return True  # of these, no stamp tells whether it was lost in between
        lost, stamp = self.context.lost_after, agreed.get("last_modified")
        if lost is None or stamp is None or "last_modified" not in self.came:
            return False
        return bool(stamp > lost and self.came["last_modified"] != stamp)

    def merged(self, base: Mapping[str, Any] | None) -> Merged:
        """Three versions in one."""
        return merge(self.table, base, self.ours, self.theirs, dialect=self.context.dialect)

    def keep_line(self) -> None:
        """Write the line as it is now."""
        rows.keep_line(self.context, self.table, self.row["id"], self.line)

    def write(self, values: Mapping[str, Any], **own: Any) -> bool:
        """Change the row; whether anything became different."""
        return rows.write(self.context, self.model, self.row, values, **own)

    def agree(self, values: Mapping[str, Any], **own: Any) -> bool:
        """The row is as the server has it: nothing stands between any more."""
        rows.drop_line(self.context, self.table, self.row["id"])
        return self.write(values, change_seq=0, **own)

    def disagree(
        self, kind: Disagreement, base: Mapping[str, Any] | None, state: State, reason: Reason
    ) -> None:
        """Open a conflict; nothing of the row is sent before somebody has chosen."""
        rows.open_conflict(
            self.context, kind, self.table, self.row, base=base, theirs=self.theirs
        )  # fmt: skip
        self.line.state, self.line.reason = state, reason
        if self.line.base is not None:  # else ``sent`` says that the server may have it
            self.line.sent = None
        self.keep_line()


def count_pulled(f: Facing, changed: bool) -> None:
    """One more in the report that came and changed something here."""
    if changed:
        rows.count(f.context, f.table, "pulled")


def three_way(f: Facing, base: Mapping[str, Any] | None) -> None:
    """An edit that was not sent meets the server's row."""
    if f.went_back(base):
        server_went_back(f)
        return
    merged = f.merged(base)
    if merged.conflicts:
        # What does not clash is shown at once; the base is then all that both sides agree in.
        count_pulled(f, f.write(merged.row))
        f.line.base = merged.base
        f.disagree(Disagreement.EDIT, base, State.HELD, Reason.CONFLICT)
    else:
        settle(f, merged)


def server_went_back(f: Facing) -> None:
    """The server shows an older state of what it had confirmed: ours stays here, theirs there, and
    nothing is repaired before a person chooses (decisions.md 33). What it shows is no news: all
    that differs is asked about, also where one side has nothing.
    """
    seq = f.row["change_seq"]
    if seq == 0:
        seq = info.number("change_seq") + 1
        info.put("change_seq", seq)
        f.write({}, change_seq=seq)
    f.line.base, f.line.sent_seq = dict(f.came), seq
    say_it_went_back(f.context)
    f.disagree(Disagreement.DIFFERS, None, State.DIFFERS, Reason.ALTERED)


def say_it_went_back(context: Context) -> None:
    """One notice for the run; and who knows what else it lost, so all is compared."""
    context.doubts = True
    if "server-clock-back" not in context.report.notices:
        context.report.notices.append("server-clock-back")


def settle(f: Facing, merged: Merged) -> None:
    """No conflict: what is left of ours is still to be sent, over what the server has now."""
    if not merged.ours_differs:
        count_pulled(f, f.agree(merged.row))
        return
    changed = f.write(merged.row)
    count_pulled(f, changed)
    f.line.base, f.line.sent = merged.base, None
    waits = f.line.state == State.STAYS or (f.line.state == State.REFUSED and not changed)
    if not waits and f.line.reason != Reason.PARENT:
        f.line.state, f.line.reason = State.NOT_SENT, Reason.NONE
    f.keep_line()


def work_came_to_the_dead(
    context: Context, table: str, theirs: Mapping[str, Any], number: int
) -> None:
    """Under a deletion that is not sent, the server has something newer: a person decides."""
    rows.keep_line(context, table, theirs["id"], rows.Line(base=dict(theirs)))
    ask_about_deletion(context, number)


def ask_about_deletion(
    context: Context,
    number: int,
    theirs: Mapping[str, Any] | None = None,
    kind: Disagreement = Disagreement.DELETED_HERE,
    reason: Reason = Reason.CONFLICT,
) -> None:
    """Open the question on the row that was deleted: the whole deletion waits for the answer.

    ``theirs`` is the server's version of whichever row of the deletion raised it.
    """
    root = rows.root_of(number)
    row = rows.find(BY_TABLE[root[0]], root[1]) if root else None
    if root is None or row is None:
        return
    line = rows.line_of(context, *root)
    if theirs is None or theirs["id"] != row["id"]:
        # of a row that differs already, the base is but what both sides agree in
        asked = rows.conflict_of(context, *root)
        theirs = (asked.theirs if asked else None) or line.base or rows.content(row)
    rows.open_conflict(context, kind, root[0], row, base=line.base, theirs=theirs)
    line.state, line.reason = State.HELD, reason
    rows.keep_line(context, *root, line)
