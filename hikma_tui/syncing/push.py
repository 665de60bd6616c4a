"""Sending what waits: whole rows, parents first, deletions last (wire.md A5, A6, Part C).

A row that the server has goes with its last known ``updated_at`` plus a millisecond, so that the
server drops it when somebody wrote meanwhile (decisions.md 22). A request that is refused is halved
until the one bad row is found; it is set aside, what hangs on it waits, and all else goes through.
Before halving, a canary tells a sick server from a bad row (decisions.md 27).

"Said to be taken" is not confirmed: only the read-back says that (decisions.md 26).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hikma_tui.store import Store
from hikma_tui.syncing import push_rows as lines
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.push_rows import Item
from hikma_tui.syncing.shapes import Phase, Progress, State
from hikma_tui.wire.shapes import Kind, Server, Trouble

BUDGET = 30  # requests that the pushes of one run may spend on finding bad rows (decisions.md 27)
_AT_ONCE = 200  # rows made ready in one transaction: a save never waits long for it
_LINES = 400  # lines written in one transaction; each of them waits for the disk
_AGAIN = frozenset({Kind.TIMEOUT, Kind.CUT, Kind.NO_NETWORK, Kind.SERVER})
_TRIES = 3
_LONGEST_WAIT = 60.0  # seconds; a limit further away ends the push
_LIMITS = 3  # times that one request waits for a limit

# Groups of tables that may share a request. A failure in prescription_items is another answer, and
# dispensing records must come in a later request (wire.md A5).
_GROUPS = {
    "v3": (
        sync_waiting.TAKEN["v3"][:-2], ("prescription_items",), ("dispensing_records",),
    ),
    "flask": (sync_waiting.TAKEN["flask"],),
}  # fmt: skip


@dataclass
class _Size:
    """How large a request is: it grows while they are quick, and shrinks when they are slow."""

    rows: int = 300
    bytes: int = 256_000

    def piece(self, items: Sequence[Item]) -> int:
        """How many of the items make a full request; 0: there is room for more."""
        size = 0
        for number, item in enumerate(items):
            size += item.size
            if number and size > self.bytes:
                return number
            if number + 1 >= self.rows:
                return number + 1
        return 0

    def learn(self, seconds: float) -> None:
        """From a request that took so long."""
        if seconds < 2:
            self.rows, self.bytes = min(2000, self.rows * 2), min(2_000_000, self.bytes * 2)
        elif seconds > 8:
            self.shrink()

    def shrink(self) -> None:
        """The next ones are half as large."""
        self.rows, self.bytes = max(20, self.rows // 2), max(16_000, self.bytes // 2)


@dataclass
class _Push:
    """One push under way."""

    store: Store
    server: Server
    context: Context
    progress: Callable[[Progress], None]
    cancelled: Callable[[], bool]
    sleep: Callable[[float], None]
    size: _Size = field(default_factory=_Size)
    taken: int = 0
    seen: int = 0
    total: int = 0
    ceiling: int = 0
    up: int = 0
    began: float = field(default_factory=time.monotonic)
    # rows that the server does not have after all: nothing that hangs on them is sent
    absent: dict[tuple[str, str], State] = field(default_factory=dict)

    @property
    def peer(self) -> str:
        return self.context.peer_id

    def run(self) -> int:
        dialect = self.context.dialect
        self.ceiling = self.store.write(sync_waiting.begin, self.peer).result()
        self.facts = self.store.on_writer(sync_waiting.facts, self.peer, dialect).result()
        self.total = self.store.on_writer(
            sync_waiting.total, self.peer, dialect, self.ceiling
        ).result()
        if not self.total:
            return 0
        self._tell()
        for tables in _GROUPS[dialect]:
            self._group(tables, deleted=False)
        for tables in reversed(_GROUPS[dialect]):
            self._group(tables[::-1], deleted=True)
        return self.taken

    def _group(self, tables: Sequence[str], *, deleted: bool) -> None:
        """Make the rows of some tables ready, and send them as each request is full."""
        waiting: list[Item] = []
        coming: set[tuple[str, str]] = set()  # their keys
        for table in tables:
            after = (0, "")
            while True:
                self._stop_if_cancelled()
                found = self.store.write(
                    lines.take, self.peer, self.facts, table, self.ceiling, after, _AT_ONCE,
                    coming, deleted,
                ).result()  # fmt: skip
                if not found.seen:
                    break
                after = found.after
                self.seen += found.seen - len(found.items)
                self._count_refused(found.refused)
                waiting.extend(found.items)
                coming.update(item.key for item in found.items)
                while piece := self.size.piece(waiting):
                    request, waiting = waiting[:piece], waiting[piece:]
                    self._send(request)
                    coming = {item.key for item in waiting}
        if waiting:
            self._send(waiting)

    # -- one request -----------------------------------------------------------------------------

    def _send(self, items: Sequence[Item]) -> None:
        """Send a request; if it is refused, find out whose fault it is."""
        going = self._going(items)
        if not going or self._try(going):
            return
        self.server.alive()
        if len(going) == 1:
            self._verdict(going[0], 1)
        else:
            self._isolate(going)

    def _going(self, items: Sequence[Item]) -> list[Item]:
        """Those whose parents are there and that nobody has changed; their lines are written."""
        going = []
        for item in items:
            parents = sync_waiting.parents_of(item.one.table, item.one.row)
            lost = next((p for p in parents if p in self.absent), None)
            if lost is None or item.wire is None:
                going.append(item)
                continue
            self.store.write(lines.hangs, self.peer, item.one, self.absent[lost]).result()
            self._is_absent(item, self.absent[lost])
        still: list[Item] = []
        for start in range(0, len(going), _LINES):
            part = going[start : start + _LINES]
            still += self.store.write(lines.about_to_send, self.peer, part).result()
        left = {item.key for item in still}
        for item in going:
            if item.key not in left:
                self._is_absent(item, State.NOT_SENT)
        return still

    def _is_absent(self, item: Item, state: State) -> None:
        self.seen += 1
        if not item.one.known:
            self.absent[item.key] = state

    def _try(self, items: Sequence[Item]) -> bool:
        """Whether a request was said to be taken; False when it was refused. Else Trouble.

        A push is idempotent, so one whose answer was lost is sent again, a few times.
        """
        number = limits = 0
        while True:
            self._stop_if_cancelled()
            began = time.monotonic()
            try:
                self._request(items)
            except Trouble as trouble:
                if trouble.kind is Kind.REFUSED:
                    return False
                if trouble.kind is Kind.LIMIT:
                    limits += 1
                    self._wait_for_limit(trouble, limits)
                    continue
                number += 1
                if trouble.kind not in _AGAIN or number >= _TRIES:
                    raise
                self.size.shrink()
                self._pause(2 ** (number - 1) * random.uniform(0.5, 1.5), "again")
                if trouble.kind is Kind.TIMEOUT and len(items) > 20:
                    middle = len(items) // 2  # it may be too much for a slow line
                    return self._try(items[:middle]) and self._try(items[middle:])
            else:
                self.size.learn(time.monotonic() - began)
                self._said_taken(items)
                return True

    def _request(self, items: Sequence[Item]) -> None:
        again = [item for item in items if item.again]
        if again:  # a moved item: a deletion and a new row (docs/moving.md)
            self.server.push(_changes([Item(item.one, None) for item in again]))
        self.server.push(_changes(items))

    def _said_taken(self, items: Sequence[Item]) -> None:
        self.taken += len(items)
        self.seen += len(items)
        self.up += sum(item.size for item in items)
        for item in items:
            self.context.report.of(item.one.table).pushed += 1
        self.context.report.total.pushed += len(items)
        self._tell()

    # -- which row is bad ------------------------------------------------------------------------

    def _isolate(self, items: Sequence[Item]) -> None:
        """Items that were refused together, two at least: find the bad ones by halving."""
        middle = len(items) // 2
        left, right = items[:middle], items[middle:]
        sure = self._piece(left) and len(self._still_going(right)) == len(right)
        if not sure:
            self._piece(right)
        elif len(right) == 1:
            self._verdict(right[0], 0)
        else:  # the left half was fine, so this one is not: no need to ask
            self._isolate(right)

    def _still_going(self, items: Sequence[Item]) -> list[Item]:
        return [
            item for item in items
            if not any(
                p in self.absent for p in sync_waiting.parents_of(item.one.table, item.one.row)
            )
        ]  # fmt: skip

    def _piece(self, items: Sequence[Item]) -> bool:
        """Send a part of what was refused; whether all of it was taken."""
        going = self._going(items)
        if not going or not self._may_ask(going):
            return False
        if self._try(going):
            return len(going) == len(items)
        if len(going) == 1:
            self._verdict(going[0], 1)
        else:
            self._isolate(going)
        return False

    def _verdict(self, item: Item, refusals: int) -> None:
        """One row alone, refused so many times by now: once more after the canary, in its other
        forms if it has any, and then it is set aside (decisions.md 27).
        """
        forms = [item] * (1 - refusals)
        asked_canary = False
        while forms or not asked_canary:
            if not forms:
                self.server.alive()
                asked_canary = True
                forms = self.store.write(lines.variants, self.peer, item, self.facts).result()
                forms = forms or [item]
            form = forms.pop(0)
            if not self._may_ask([item]) or not self._going([form]):
                return
            if self._try([form]):
                self._learn(form)
                return
        self.store.write(lines.refuse, self.peer, item).result()
        self._is_absent(item, State.REFUSED)
        self._count_refused([item.key])

    def _learn(self, form: Item) -> None:
        """The server took a row alone without some ids: it does not have them."""
        gone = lines.not_there(form, self.facts)
        if gone:
            self.store.write(sync_waiting.learn, self.peer, gone).result()
            self.facts = lines.doubted(gone, self.facts)

    def _may_ask(self, items: Sequence[Item]) -> bool:
        """Whether the budget allows one more request; else the items are left for the next run."""
        if self.context.asked < BUDGET:
            self.context.asked += 1
            return True
        self.store.write(lines.leave, self.peer, items).result()
        for item in items:
            self._is_absent(item, State.NOT_SENT)
        return False

    def _count_refused(self, keys: Sequence[tuple[str, str]]) -> None:
        """Each row once in a run: it is looked at again in every round."""
        for key in keys:
            if key not in self.context.refused:
                self.context.refused.add(key)
                self.context.report.of(key[0]).refused += 1
                self.context.report.total.refused += 1

    # -- waiting and telling ---------------------------------------------------------------------

    def _wait_for_limit(self, trouble: Trouble, times: int) -> None:
        wait = trouble.retry_after if trouble.retry_after is not None else 30.0
        if wait > _LONGEST_WAIT or times > _LIMITS:
            raise trouble
        self._pause(wait + random.uniform(0.1, 1.0), "limit")

    def _pause(self, seconds: float, note: str) -> None:
        left = seconds
        while left > 0:
            self._stop_if_cancelled()
            self._tell(note)
            step = min(0.2, left)
            self.sleep(step)
            left -= step

    def _stop_if_cancelled(self) -> None:
        if self.cancelled():
            raise Trouble(Kind.CANCELLED)

    def _tell(self, note: str = "") -> None:
        spent = max(time.monotonic() - self.began, 0.001)
        rate = self.taken / spent
        left = (self.total - self.seen) / rate if rate else None
        self.progress(
            Progress(Phase.PUSH, min(self.seen, self.total), self.total, self.up, rate, left, note)
        )


def _changes(items: Sequence[Item]) -> dict[str, dict[str, list[object]]]:
    """The body of one request; its tables stand in the order of the items."""
    changes: dict[str, dict[str, list[object]]] = {}
    for item in items:
        table = changes.setdefault(item.one.table, {"created": [], "updated": [], "deleted": []})
        if item.wire is None:
            table["deleted"].append(item.one.id)
        else:
            table["updated"].append(item.wire)
    return changes


def push(
    store: Store,
    server: Server,
    context: Context,
    *,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
) -> int:
    """Send what waits; return how many rows were said to be taken.

    Trouble when the server, the network or the user ends it: then what was sent is marked as sent,
    and what became of it is for the next pull to say. Rows that the server refuses, has no place
    for, or that wait for such rows get their lines in ``peer_rows``; that is no Trouble.
    """
    return _Push(store, server, context, progress, cancelled, sleep).run()
