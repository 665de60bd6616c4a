"""The spool: a pull as it comes, decoded, in a file beside the store until its end was verified.

Nothing touches the store before ``fill`` has returned (decisions.md 29). The file has the rows of
each table in the order they came, in storage form, and last of all what was deleted. Every frame
carries its length and a checksum, so that what a power cut left is told from a whole spool.

A spool that is filled stands under its name; one that is being filled is called ``....part``.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.ciphered_bytes import new, reading
from hikma_tui.store.errors import StoreError, from_sqlite
from hikma_tui.syncing import spool_frames as sync_spool_frames
from hikma_tui.syncing import spool_shared as sync_spool_shared
from hikma_tui.syncing.helper import room
from hikma_tui.syncing.shapes import Phase, Progress
from hikma_tui.syncing.spool_frames import DELETED, END, MAGIC, ROWS, broken, framed
from hikma_tui.syncing.spool_shared import Done, Sharing
from hikma_tui.syncing.values import Decoded, Decoder
from hikma_tui.wire import stream
from hikma_tui.wire.shapes import Body, Kind, Trouble

FILE_NAME = "sync/pull.spool"
"""Where the spool of a store lies, beside the store's file."""

INDEX = "index.db"
"""Beside the spool: the search index of what it has, while ``syncing.beside`` makes it."""

_AT_ONCE = 100  # deleted ids in one frame: each may take a whole chart with it
_FRAME_ROWS = 500  # rows in one frame, where they are not long
_TELL_EVERY = 0.2  # seconds


@dataclass(frozen=True, slots=True)
class Deleted:
    """Ids of one table that the server says are deleted."""

    table: str
    rows: list[str]


Item = Decoded | Deleted


@dataclass(frozen=True)
class Spool:
    """A pull that came whole.

    Attributes:
        path: Its file.
        timestamp: The server's own time of the pull in ms: the next watermark.
        counts: Rows by table, deleted ones too.
        bytes: How many came.
        key: Tells this spool from any other.
        odd: What stood among deleted ids and is none.
    """

    path: Path
    timestamp: int
    counts: dict[str, int]
    bytes: int
    key: str = ""
    odd: int = 0

    def read(self, offset: int = 0) -> Iterator[Item]:
        """The rows and the deletions from ``offset`` on (0: all). StoreError, ValueError."""
        return (item for _next, item in self.frames(offset))

    def frames(self, offset: int = 0) -> Iterator[tuple[int, Item]]:
        """Like ``read``, each with the offset that is behind it.

        Raises:
            Trouble: STORE where the file is not as it was written.
        """
        with reading(self.path) as file:
            for after, (kind, table, columns, rows) in sync_spool_frames.frames(file, offset):
                if kind == END:
                    return
                found = Deleted(table, rows) if kind == DELETED else Decoded(table, columns, rows)
                yield after, found
        raise broken()


def fill(
    body: Body,
    decoder: Decoder,
    path: Path,
    *,
    progress: Callable[[Progress], None],
    cancelled: Callable[[], bool],
) -> Spool:
    """Take in a whole body and verify its end; on anything else no file is left.

    Args:
        body: The pieces of bytes; their Trouble is passed on.
        decoder: Decodes the rows; ``hours`` and ``skipped`` are filled as a side effect.
        path: Where the spool is to stand; a spool that stands there is replaced.
        progress: Told a few times a second; from this thread.
        cancelled: Asked for every piece.

    Raises:
        Trouble: CUT, GARBAGE, CANCELLED, and the body's own.
        StoreError: the disk is full or can't be written.
    """
    building = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        with ExitStack() as files:
            spool = _Filling(body, decoder, path, building, files, progress, cancelled).all()
        building.rename(path)
    except BaseException as error:
        building.unlink(missing_ok=True)
        building.with_suffix(".deleted").unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise from_sqlite(error, path) from error
        raise
    return spool


def left(path: Path) -> Spool | None:
    """The whole spool that stands at ``path``; None where there is none, or a damaged one."""
    try:
        with reading(path) as file:
            counts, timestamp, size, odd, key = sync_spool_frames.last(file)
            file.seek(0)
            if file.read(len(MAGIC)) != MAGIC:
                return None
    except (OSError, ValueError, Trouble, StoreError):
        return None  # StoreError: of an older passphrase
    return Spool(path, timestamp, counts, size, key, odd)


def clean(directory: Path) -> None:
    """Take away what a killed ``fill`` left. ``directory`` is the store's."""
    path = directory / FILE_NAME
    for name in (f"{path.name}.part", f"{path.name}.deleted", INDEX):
        path.with_name(name).unlink(missing_ok=True)


class _Filling:
    """One body on its way into a file."""

    def __init__(
        self, body: Body, decoder: Decoder, path: Path, building: Path, files: ExitStack,
        progress: Callable[[Progress], None], cancelled: Callable[[], bool],
    ) -> None:  # fmt: skip
        self.body, self.decoder, self.path = body, decoder, path
        self.progress, self.cancelled = progress, cancelled
        self.files, self.may_share = files, True
        self.sharing: Sharing | None = None
        key = store_cipher.the_key(path.parent.parent)  # ciphered when the store is
        self.file = files.enter_context(new(building, key))
        self.file.write(MAGIC)
        self.aside_path = building.with_suffix(".deleted")
        self.aside = files.enter_context(new(self.aside_path, key))
        self.counts: dict[str, int] = {}
        self.held: Decoded | None = None
        self.bytes = self.records = 0
        self.began = time.monotonic()
        self.told = 0.0

    def pieces(self) -> Iterator[bytes]:
        for piece in self.body:
            self.bytes += len(piece)
            self.tell()
            yield piece

    def tell(self) -> None:
        if self.cancelled():
            raise Trouble(Kind.CANCELLED)
        now = time.monotonic()
        if now - self.told < _TELL_EVERY:
            return
        self.told = now
        rate = self.bytes / max(now - self.began, 0.001)
        left = None
        if self.body.total is not None and rate > 0:
            left = max(self.body.total - self.bytes, 0) / rate
        self.progress(Progress(Phase.PULL, self.records, None, self.bytes, rate, left))

    def all(self) -> Spool:
        for found in stream.batches(self.pieces(), others=self):
            if isinstance(found, stream.Tail):
                return self.end(found)
            if isinstance(found, Done):
                self.flush()
                self.file.write(found.frames)
                self.decoder.add(found.tallies)
                if found.count:
                    self.count(found.table, found.count)
                continue
            if found.kind == "deleted":
                for at in range(0, len(found.rows), _AT_ONCE):
                    some = found.rows[at : at + _AT_ONCE]
                    self.aside.write(framed((DELETED, found.table, (), some)))
                self.count(found.table, len(found.rows))
                continue
            for rows in self.decoder.batch(found.table, found.rows):
                self.keep(rows)
                self.count(rows.table, len(rows.rows))
        raise broken()  # a stream ends with its tail, or raises

    # What the reader asks of ``stream.Others``

    def wanted(self) -> bool:
        """Whether the rows that follow are shared with a second process (``spool_shared``)."""
        if self.sharing is None and self.may_share and self.bytes > sync_spool_shared.LEAST:
            self.may_share = room()
            if self.may_share:
                self.sharing = Sharing(self.decoder)
                self.files.callback(self.sharing.close)
        return self.sharing is not None and self.sharing.wanted()

    def rows(self, table: str, first: bytes, more: Iterator[bytes]) -> Generator[Done, None, bytes]:
        """They, and what was left (``Sharing.rows``)."""
        assert self.sharing is not None
        return self.sharing.rows(table, first, more)

    def keep(self, rows: Decoded) -> None:
        """Whole batches of a table share a frame: they are small, for the processor's cache."""
        held = self.held
        alike = held is not None and (held.table, held.columns) == (rows.table, rows.columns)
        if held is not None and alike and len(held.rows) + stream.SIZE <= _FRAME_ROWS:
            held.rows.extend(rows.rows)
        else:
            self.flush()
            self.held = rows
        if len(rows.rows) < stream.SIZE:  # the last, or of rows so long that they go alone
            self.flush()

    def flush(self) -> None:
        if self.held is not None:
            held = self.held
            self.file.write(framed((ROWS, held.table, held.columns, held.rows)))
        self.held = None

    def count(self, table: str, number: int) -> None:
        self.counts[table] = self.counts.get(table, 0) + number
        self.records += number

    def end(self, tail: stream.Tail) -> Spool:
        self.flush()
        self.aside.seek(0)
        while piece := self.aside.read(1 << 20):
            self.file.write(piece)
        key = os.urandom(16).hex()
        at = self.file.tell()
        about = [self.counts, tail.timestamp, self.bytes, tail.odd, key]
        self.file.write(framed((END, "", (), about)) + sync_spool_frames.end(at))
        self.file.flush()
        self.aside_path.unlink()
        self.progress(
            Progress(
                Phase.PULL, self.records, self.records, self.bytes,
                self.bytes / max(time.monotonic() - self.began, 0.001), 0.0,
            )
        )  # fmt: skip
        return Spool(self.path, tail.timestamp, self.counts, self.bytes, key, tail.odd)
