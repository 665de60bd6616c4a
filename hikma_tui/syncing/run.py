"""The course of one sync: pull, apply, push, read back; the numbers; what is noticed on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from hikma_tui.clinic import info, server, server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.store import Store
from hikma_tui.syncing import check as sync_check
from hikma_tui.syncing import generation as sync_generation
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import push as sync_push
from hikma_tui.syncing import run_book as sync_run_book
from hikma_tui.syncing import run_metered as sync_run_metered
from hikma_tui.syncing import run_nm as sync_run_nm
from hikma_tui.syncing import run_speed as sync_run_speed
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.peer import PeerFacts
from hikma_tui.syncing.run_line import Line
from hikma_tui.syncing.run_log import Log
from hikma_tui.syncing.run_pull import EVERYTHING, OVERLAP, Puller
from hikma_tui.syncing.shapes import Phase, Progress, Report
from hikma_tui.wire import door
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Credentials, Kind, Trouble

STALE = 60.0  # seconds after which a pull is too old to be the last look before a push
ROUNDS = 3  # pushes of one run, when others write the same rows meanwhile (decisions.md 22)
AWAY = 14 * 86_400_000  # ms without a good sync, after which a full check is due
MONTH = 30 * 86_400_000  # ms after which all is looked at again, where that is small
_SMALL = 50_000_000  # bytes
_NEEDS = "needs_check"  # in the peer's metadata: why a full check is due


@dataclass(frozen=True)
class RunOptions:
    """How to sync.

    Attributes:
        check: A full check after the sync.
        repair: A full check, then what is safe: only-here rows are sent again, refused ones tried.
        portal_number: How many patients the portal says, to be explained.
        max_bytes: The most that one pull may bring, 0 for no bound.
        agreed: A large pull on a metered link is fine.
        timeout: Seconds of silence after which the server is given up.
        first_wait: Seconds before a pull that broke off is tried again; the next is twice that.
    """

    check: bool = False
    repair: bool = False
    portal_number: int | None = None
    max_bytes: int = 0
    agreed: bool = False
    timeout: float = 30.0
    first_wait: float = 1.0

    @property
    def kind(self) -> str:
        """As the log of syncs has it."""
        return "repair" if self.repair else "check" if self.check else "sync"


class Course:
    """One run; the lock is held. ``go`` raises Trouble and StoreError, the report has the rest."""

    def __init__(
        self, store: Store, user: Actor, password: str, options: RunOptions, peer: PeerFacts,
        report: Report, log: Log,
        progress: Callable[[Progress], None], cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.store, self.user, self.options, self.peer = store, user, options, peer
        self.report, self.log = report, log
        self._password, self._progress, self._cancelled = password, progress, cancelled
        self._began = time.monotonic()
        self._network_costs: bool | None = None  # not asked yet

    def go(self) -> None:
        """The whole course. Trouble, StoreError."""
        standing = self._begin()
        context = Context(
            peer_id=self.peer.id, dialect=self.peer.dialect, actor=self.user, report=self.report,
            now=self.report.started_at, suggesting=standing.suggesting,
        )  # fmt: skip
        options = Options(
            ca_file=self.peer.ca_file, proxy=self.peer.proxy, timeout=self.options.timeout,
            max_bytes=self.options.max_bytes, cancelled=self._cancelled,
        )  # fmt: skip
        puller = Puller(self.store, self.peer, context, self.log, self._progress, self._cancelled)
        with self._timed(Phase.APPLY):
            if puller.resume() and context.suggesting:
                self._settle(context)
        self._progress(Progress(Phase.CONNECT))
        credentials = Credentials(self.peer.email, self._password)
        with door.open_server(self.peer.url, self.peer.dialect, credentials, options) as there:
            line = Line(
                there, self.report, self.log, self._progress, self._cancelled,
                self.options.first_wait,
            )  # fmt: skip
            puller.line = line
            puller.may_bring_all = self._may_bring_all
            try:
                self._sync(puller, context, line)
                self._check_if_due(puller, context, line)
            finally:
                self._judge_speed(line)
                gone = line.traffic
                self.report.requests = gone.requests
                self.report.bytes_down, self.report.bytes_up = gone.down, gone.up
        self._end(puller)

    # -- the steps -------------------------------------------------------------------------------

    def _begin(self) -> sync_generation.Standing:
        """Is this the store that it was? Count the run, in the store and beside it."""
        now, directory = self.report.started_at, self.store.directory

        def count() -> tuple[sync_generation.Standing, str, int, str]:
            found = sync_generation.begin(directory, now=now)
            return found, info.get("store_id"), info.number("sync_run_number"), info.get(
                "machine_id"
            )  # fmt: skip

        standing, store_id, number, machine_id = self.store.write(count).result()
        sync_generation.remember(directory, store_id, number)
        self.user = replace(self.user, machine_id=machine_id)
        if standing.notice:
            self._notice(standing.notice)
        return standing

    def _sync(self, puller: Puller, context: Context, line: Line) -> None:
        since, asked = puller.since(), time.monotonic()
        self._allow(everything=since in (0, EVERYTHING))
        # What a killed run sent and never read back is confirmed by this pull where it is equal.
        # It judges no other: nobody knows whether the server ever had those; they are sent again.
        with self._timed(Phase.PULL):
            spool = puller.bring(since)
        with self._timed(Phase.APPLY):
            puller.take(spool)
        if context.suggesting:
            self._settle(context)
        self._learn(spool.counts, spool.bytes, everything=context.full)
        if time.monotonic() - asked > STALE and self._anything_waits():
            # Where no rule guards a row, what others write after our pull is overwritten by our
            # push (decisions.md 22): after a long pull, what came meanwhile comes first.
            with self._timed(Phase.PULL):
                spool = puller.bring(puller.since())
            with self._timed(Phase.APPLY):
                puller.take(spool)
        self._send(puller, context, line)

    def _settle(self, context: Context) -> None:
        """The full pull of a clone or a restored copy was applied: edits are edits again."""
        self.store.write(sync_generation.settled).result()
        context.suggesting = False

    def _send(self, puller: Puller, context: Context, line: Line) -> None:
        """Push and read back, again for rows that others wrote meanwhile, three times at most."""
        for _round in range(ROUNDS):
            with self._timed(Phase.PUSH):
                said = sync_push.push(
                    self.store, line, context, progress=self._progress, cancelled=self._cancelled
                )
            if not said and not self._anything_sent():
                return
            if not self._read_back(puller, context):
                return
        self._notice("rounds")

    def _read_back(self, puller: Puller, context: Context) -> int:
        """Pull what was sent and compare (decisions.md 26). Rows to push again."""
        context.confirming = True
        try:
            with self._timed(Phase.CONFIRM):
                since = max((puller.first or 0) - OVERLAP, EVERYTHING)
                puller.take(puller.bring(since, phase=Phase.CONFIRM))
                return puller.confirmed()
        finally:
            context.confirming = False

    def _check_if_due(self, puller: Puller, context: Context, line: Line) -> None:
        """The full check that was asked for, that a long absence asks for (decisions.md 34), or
        that a month has gone by without.
        """
        last = self.peer.last_synced_at
        away = last is not None and self.report.started_at - last > AWAY
        due = away or context.doubts or bool(self.peer.more.get(_NEEDS))
        wanted = self.options.check or self.options.repair
        if not (due or wanted or self._is_long_ago()):
            return
        if due and not wanted:
            # until one went through
            self._fact(needs_check="server-back" if context.doubts else "away")
            if self._metered() != "no":
                self._notice("needs-full-check")
                return
        elif wanted:
            self._allow(everything=True)
        with self._timed(Phase.CHECK):
            found = sync_check.check(
                puller, context, portal_number=self.options.portal_number,
                progress=self._progress, cancelled=self._cancelled,
            )  # fmt: skip
        for code in found.notices:
            self._notice(code)
        self.report.check = found.as_json()
        self._fact(needs_check=None, full_at=self.report.started_at)
        if self.options.repair:
            sent_again = self.store.write(sync_check.send_again, self.peer.id).result()
            tried_again = self.store.write(sync_check.try_again, self.peer.id).result()
            self.report.check |= {"sent_again": sent_again, "tried_again": tried_again}
            if sent_again or tried_again:
                self._send(puller, context, line)

    def _is_long_ago(self) -> bool:
        """Whether all was last looked at a month ago, and a look costs little. What a server wrote
        while its clock was behind is shown by nothing else (docs/sync.md, "Windows that remain").
        """
        looked = max(self.peer.full_at, self.peer.joined_at)
        if 0 <= self.report.started_at - looked <= MONTH:
            return False
        if self.store.read(info.get, "metered", "no").result() != "no":
            return False
        rows = self.store.on_writer(sync_run_book.rows_known).result()
        size = sync_run_metered.estimate(self.peer, rows, self.report.started_at, everything=True)
        return size is not None and size <= _SMALL

    def _end(self, puller: Puller) -> None:
        """It went through: say when, and remember it."""
        self.peer = puller.peer
        now = self.store.read(info.now_ms).result()
        self.store.write(sync_peer.set_synced, self.peer.id, now).result()
        found = self.store.read(server.state).result()
        for code, number in (
            ("conflicts", found.conflicts), ("refused", found.refused),
            ("differs", found.differs), ("only-here", found.only_here), ("aside", found.aside),
        ):  # fmt: skip
            if number:
                self._notice(code)
        open_ones = found.not_sent + found.sent + found.awaiting
        self.report.message = server_words.result(found.needs_you, open_ones, found.stays)

    # -- small things ----------------------------------------------------------------------------

    @contextmanager
    def _timed(self, phase: Phase) -> Iterator[None]:
        began = time.monotonic()
        if self._cancelled():
            raise Trouble(Kind.CANCELLED)
        try:
            yield
        finally:
            spent = self.report.seconds
            name = str(phase)
            spent[name] = round(spent.get(name, 0.0) + time.monotonic() - began, 3)

    def _metered(self) -> str:
        """The setting; where nobody has said any, what this computer's network is marked as."""
        said = self.store.read(info.get, "metered").result()
        if said:
            if said != "no":
                self._notice("metered")
            return said
        if self._network_costs is None:
            self._network_costs = sync_run_nm.costs_money()
        if self._network_costs:
            self._notice("metered-network")
        return "ask" if self._network_costs else "no"

    def _allow(self, *, everything: bool) -> None:
        """A metered link: how much will come, and was that allowed? Trouble TOO_LARGE."""
        metered = self._metered()
        if metered == "no":
            return
        rows = self.store.on_writer(sync_run_book.rows_known).result()
        now = self.report.started_at
        size = sync_run_metered.estimate(self.peer, rows, now, everything=everything)
        sync_run_metered.allow(
            metered, size, agreed=self.options.agreed, max_bytes=self.options.max_bytes
        )

    def _may_bring_all(self) -> bool:
        """Whether everything may be pulled without asking: not where that costs money. (A doubt
        then asks for a full check, and until it ran the state never says that all is confirmed.)
        """
        if self.options.max_bytes:
            return False
        try:
            self._allow(everything=True)
        except Trouble:
            return False
        return True

    def _learn(self, counts: dict[str, int], size: int, *, everything: bool) -> None:
        rows = sum(counts.values())
        learnt = sync_run_metered.learn(
            self.peer, rows, size, self.report.started_at, everything=everything
        )
        if learnt:
            self._fact(**learnt)

    def _fact(self, **values: object) -> None:
        self.store.write(sync_peer.update, self.peer.id, **values).result()

    def _anything_waits(self) -> bool:
        peer, dialect = self.peer.id, self.peer.dialect
        last = self.store.read(info.number, "change_seq").result()
        return bool(self.store.on_writer(sync_waiting.total, peer, dialect, last).result())

    def _anything_sent(self) -> bool:
        return self.store.on_writer(sync_run_book.anything_sent, self.peer.id).result()

    def _judge_speed(self, line: Line) -> None:
        """Say which of the FAQ's causes made it slow, if it was; waiting as asked says itself."""
        if "limit" in self.report.notices:
            return
        speed = line.speed
        speed.seconds = time.monotonic() - self._began
        spent = self.report.seconds
        speed.own_seconds = spent.get(Phase.APPLY, 0.0) + spent.get(Phase.INDEX, 0.0)
        code = sync_run_speed.cause(speed)
        if code:
            self._notice(code)

    def _notice(self, code: str) -> None:
        if code not in self.report.notices:
            self.report.notices.append(code)
            self.log.say(f"notice {code}")


def leftovers(store: Store, now: int) -> bool:
    """Clean up after a run that was killed; whether there was one. The lock is held."""
    sync_check.clean(store.directory)
    return bool(store.write(sync_run_book.close_killed, now).result())
