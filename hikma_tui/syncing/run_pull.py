"""One pull of a run: asked for, spooled, judged (its clock, its days), applied, remembered.

Nothing of a body changes the store before its whole end was verified (decisions.md 29); the
watermark, the server's own timestamp verbatim, moves last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice

from hikma_tui import clock
from hikma_tui.clinic import info
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import apply as sync_apply
from hikma_tui.syncing import meet as sync_meet
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import run_days as sync_run_days
from hikma_tui.syncing import run_newest as sync_run_newest
from hikma_tui.syncing import spool as sync_spool
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.peer import DAYS_UNSURE, PeerFacts
from hikma_tui.syncing.run_line import Line
from hikma_tui.syncing.run_log import Log
from hikma_tui.syncing.run_newest import Witness
from hikma_tui.syncing.shapes import Phase, Progress
from hikma_tui.syncing.spool import Spool
from hikma_tui.syncing.values import Decoded, Decoder
from hikma_tui.wire.shapes import Kind, Trouble

OVERLAP = 300_000  # ms: rows of transactions that were open at the last pull (wire.md A4)
EVERYTHING = 1  # ms since 1970: all rows and, other than from 0, all tombstones (wire.md A3)
_FAR = 86_400_000  # two clocks that differ by a day are no small matter
_ECHOES = 2000
_NEWEST = "newest"  # in the peer's metadata, see ``syncing.run_newest``
_LEFT = "sync_spool"  # in store_info: which spool is being applied, and as what


class Puller:
    """The pulls of one run."""

    def __init__(
        self, store: Store, peer: PeerFacts, context: Context, log: Log,
        progress: Callable[[Progress], None], cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.store, self.peer, self.context, self.log = store, peer, context, log
        self.line: Line | None = None  # while the server can be asked
        self.may_bring_all: Callable[[], bool] = lambda: True  # unasked, over this connection
        self._progress, self._cancelled = progress, cancelled
        self.path = store.directory / sync_spool.FILE_NAME
        self.watermark, self.asked_at = peer.watermark, peer.asked_at
        self._asks_at: int | None = None  # our clock when the pull at hand was asked for
        self.first: int | None = None  # the timestamp of the run's first pull
        self.rows: dict[str, int] = {}
        self._newest: list[Witness] | None = None  # not looked for yet

    def since(self) -> int:
        """From where an incremental pull asks: an overlap before what is known; 0: all."""
        if self.context.suggesting:
            return EVERYTHING  # what was deleted there meanwhile has to be heard of, too
        return max(self.watermark - OVERLAP, EVERYTHING) if self.watermark else 0

    def bring(self, since: int, *, phase: Phase = Phase.PULL, full: bool = False) -> Spool:
        """Pull all since the server's ``since`` into a spool whose end was verified. Trouble."""
        if since > EVERYTHING:
            since = max(sync_run_newest.begin(self._expected(), since), EVERYTHING)
        spool = self._fetched(since, phase)
        if self._went_back(spool.timestamp) and not full:
            # What was written after its clock went back has stamps that the question left out.
            self._notice("server-clock-back")
            since = EVERYTHING
            spool = self._fetched(since, phase)
        elif since > EVERYTHING and (behind := self._fell_behind(spool.timestamp)):
            since = max(since - behind, EVERYTHING)
            spool = self._fetched(since, phase)
        if since > EVERYTHING and self._lacking(spool) and self.may_bring_all():
            since = EVERYTHING
            spool = self._fetched(since, phase)
        if abs(spool.timestamp - self.context.now) > _FAR:
            self._notice("server-clock-off")
        if self._days_moved(spool):
            if self.watermark:
                since = EVERYTHING  # what came before was read with the other hour
            spool = self._fetched(since, phase)
        self.context.full = since in (0, EVERYTHING)
        self._judge_loss(spool)
        return spool

    def take(self, spool: Spool) -> None:
        """Apply a spool, then move the watermark, then make the patients findable. Trouble."""
        context = self.context
        context.first = not self.watermark
        flags = {"full": context.full, "confirming": context.confirming,
                 "suggesting": context.suggesting, "peer": self.peer.id,
                 "lost_after": context.lost_after}  # fmt: skip
        self.store.write(info.put, _LEFT, json.dumps({"key": spool.key, **flags})).result()
        self._progress(Progress(Phase.APPLY, total=sum(spool.counts.values())))
        sync_apply.apply(
            self.store, spool, self.context, progress=self._progress, cancelled=self._cancelled
        )
        self._expect(spool)
        self.store.write(
            sync_peer.set_watermark, self.peer.id, spool.timestamp, self._asks_at
        ).result()
        self.watermark, self.asked_at = spool.timestamp, self._asks_at
        if self.first is None:
            self.first = spool.timestamp
            self.rows = dict(spool.counts)
        spool.path.unlink(missing_ok=True)
        self.index()

    def resume(self) -> bool:
        """Finish what a killed run had pulled whole, and was applying. Without the network.

        Returns whether there was something; Trouble, as ``take``.
        """
        sync_spool.clean(self.store.directory)
        spool = sync_spool.left(self.path)
        noted = self.store.read(info.get, _LEFT).result()
        flags = json.loads(noted) if noted else {}
        context = self.context
        if (
            spool is None
            or flags.get("key") != spool.key
            or flags.get("peer") != self.peer.id
            or bool(flags.get("suggesting")) != context.suggesting
        ):
            self.path.unlink(missing_ok=True)  # not judged yet, or of another life of this store
            self.index()
            return False
        self.log.say("going on with the pull of a killed run")
        context.full, context.confirming = bool(flags["full"]), bool(flags["confirming"])
        context.lost_after = flags.get("lost_after")
        self.take(spool)
        if context.confirming:
            self.confirmed()
        context.full = context.confirming = False
        context.lost_after = None
        self.first = None
        return True

    def index(self) -> None:
        """Make the search entries of patients who were pulled, those of a killed run too."""
        sync_apply.index(
            self.store, self.context, progress=self._progress, cancelled=self._cancelled
        )

    def confirmed(self) -> int:
        """After a read-back was applied: what it means for what was sent. Rows to push again."""
        return self.store.write(sync_meet.after_readback, self.context).result()

    def _fetched(self, since: int, phase: Phase) -> Spool:
        number = 0
        while True:
            number += 1
            try:
                return self._once(since, phase)
            except Trouble as trouble:
                self.path.unlink(missing_ok=True)
                if self.line is None or not self.line.try_again(trouble, number):
                    raise

    def _once(self, since: int, phase: Phase) -> Spool:
        self.decoder = Decoder(self.peer.dialect, east_from=self.peer.east_from)
        self._progress(Progress(phase))
        if self.line is None:
            raise Trouble(Kind.NO_NETWORK, "no line")
        self._asks_at = clock.wall_ms()
        with self.line.pull(since) as body:
            spool = sync_spool.fill(
                body, self.decoder, self.path, progress=self._told(phase),
                cancelled=self._cancelled,
            )  # fmt: skip
        if self._cancelled():
            raise Trouble(Kind.CANCELLED)
        self.log.say(
            f"pulled since {since}: {sum(spool.counts.values())} rows, {spool.bytes} bytes,"
            f" timestamp {spool.timestamp}"
        )
        return spool

    def _told(self, phase: Phase) -> Callable[[Progress], None]:
        """The spool's progress under the phase that this pull belongs to."""

        def tell(progress: Progress) -> None:
            progress.phase = phase
            self._progress(progress)

        return tell

    def _went_back(self, timestamp: int) -> bool:
        return bool(self.watermark) and timestamp < self.watermark - OVERLAP

    def _fell_behind(self, timestamp: int) -> int:
        """By how many ms the server's clock went back against ours since the last pull, 0: not
        noticeably. What was written meanwhile may bear stamps so much older than the mark, although
        its clock has passed the mark again. (Or ours was put right: then nothing more comes.)
        """
        if not self.watermark or self.asked_at is None or self._asks_at is None:
            return 0
        behind = (self._asks_at - self.asked_at) - (timestamp - self.watermark)
        return behind if behind > OVERLAP else 0

    # -- what the server must have (decisions.md 33) ---------------------------------------------

    def _expected(self) -> list[Witness]:
        """The newest rows that the server showed, as far as they are to be expected again."""
        if not self.watermark:
            return []
        if self._newest is None:
            peer_id, dialect = self.peer.id, self.peer.dialect
            kept = sync_run_newest.read(self.peer.more.get(_NEWEST))
            self._newest = kept or self.store.read(
                sync_run_newest.look_up, peer_id, dialect
            ).result()  # fmt: skip
        return self._newest

    def _lacking(self, spool: Spool) -> list[Witness]:
        dialect = self.peer.dialect
        found = sync_run_newest.missing(spool, self._expected(), dialect)
        if not found:
            return []
        gone = self.store.on_writer(sync_run_newest.not_expected, self.peer.id, found).result()
        gone |= self.store.on_writer(sync_run_newest.gone_with, spool, found).result()
        return [one for one in found if one not in gone]

    def _judge_loss(self, spool: Spool) -> None:
        """Whether the server has lost what it was known to have, and from when on."""
        lost = self._lacking(spool)
        self.context.lost_after = None
        if lost:
            self.context.doubts = True
            self.context.lost_after = self.store.on_writer(
                sync_run_newest.lost_after, spool, self.peer.dialect
            ).result()
            self.log.say(f"{len(lost)} known rows are missing, all after {self.context.lost_after}")

    def _expect(self, spool: Spool) -> None:
        """Remember the newest rows, for the next pull."""
        expected = self._expected()
        lost = sync_run_newest.missing(spool, expected, self.peer.dialect)
        before = [one for one in expected if one not in lost]
        self._newest = sync_run_newest.newest(spool, before, self.peer.dialect)
        kept = sync_run_newest.written(self._newest)
        self.store.write(sync_peer.update, self.peer.id, **{_NEWEST: kept or None}).result()

    def _notice(self, code: str) -> None:
        if code not in self.context.report.notices:
            self.context.report.notices.append(code)
            self.log.say(f"notice {code}")

    # -- days (decisions.md 30) ------------------------------------------------------------------

    def _days_moved(self, spool: Spool) -> bool:
        """Whether this pull shows that midnights were read as the wrong day."""
        if not sync_run_days.doubtful(self.decoder.hours):
            return False
        theirs = dict(islice(_births(spool), _ECHOES))
        ours = self.store.on_writer(_known_births, list(theirs)).result()
        echoes = [(day, theirs[row_id]) for row_id, day in ours.items()]
        zone = self.store.read(info.zone_in_force).result()
        hour, sure = sync_run_days.east_from(self.decoder.hours, echoes, self.peer.east_from, zone)
        unsure = not sure and not self.peer.more.get("days_sure")
        if unsure:
            self._notice("days-doubtful")
        # Until then no day that came from there goes back: it may be the day beside it.
        held = True if unsure and not sync_run_days.hinted(self.decoder.hours, zone) else None
        if held != self.peer.more.get(DAYS_UNSURE):
            self.store.write(sync_peer.update, self.peer.id, **{DAYS_UNSURE: held}).result()
            self.peer = self.store.on_writer(sync_peer.active).result() or self.peer
        if sure and not self.peer.more.get("days_sure"):
            self.store.write(sync_peer.update, self.peer.id, days_sure=True).result()
            self.peer = self.store.on_writer(sync_peer.active).result() or self.peer
        if hour == self.peer.east_from or not (sure or not self.peer.more.get("days_sure")):
            return False
        self._notice("days-moved")
        self.store.write(sync_peer.update, self.peer.id, east_from=hour).result()
        self.peer = self.store.on_writer(sync_peer.active).result() or self.peer
        return True


def _births(spool: Spool) -> Iterator[tuple[str, str]]:
    """Ids and birth dates of the patients in a spool, as they were decoded."""
    for decoded in spool.read():
        if not isinstance(decoded, Decoded) or decoded.table != "patients":
            continue
        columns = decoded.columns
        if "date_of_birth" not in columns:
            continue
        row_id, born = columns.index("id"), columns.index("date_of_birth")
        for row in decoded.rows:
            if row[born]:
                yield row[row_id], row[born]


def _known_births(ids: list[str]) -> dict[str, str]:
    """Birth dates that were entered or confirmed here, of the patients with these ids.

    Days that this server's pulls brought are no witnesses, whatever else of the row was edited:
    they were read with the very hour that is in question.
    """
    found: dict[str, str] = {}
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        query = (
            "SELECT id, date_of_birth FROM patients WHERE change_seq > 0 AND date_of_birth > ''"
            f" AND id IN ({','.join('?' * len(some))}) AND NOT EXISTS (SELECT 1 FROM peer_rows p"
            " WHERE p.table_name = 'patients' AND p.row_id = patients.id"
            " AND json_extract(CASE WHEN json_valid(p.base) THEN p.base END, '$.date_of_birth')"
            " = patients.date_of_birth)"
        )
        found |= dict(connection().execute(query, some).fetchall())
    return found
