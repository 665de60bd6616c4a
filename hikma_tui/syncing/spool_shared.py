"""The decoding of a large pull, shared with a second process.

The bytes of a table's rows are cut where a row seems to end, into pieces of half a megabyte. Each
piece is read and decoded on its own, here or by the helper, whoever is free. What comes of a piece
counts only when all before it were read to their very ends: then it did begin and end with a row.
The first piece of which that does not hold (the table ends in it, or a bracket in a form looked
like a row's) is given back, with all that follows, to be read one after the other as ever
(``wire.stream``); so nothing is taken that would not have been taken that way.

Without a second processor, enough memory, or the helper, all is read in one process.
"""

from __future__ import annotations

import fcntl
import marshal
import os
import re
import select
import struct
import subprocess
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from hikma_tui.syncing.helper import spawn
from hikma_tui.syncing.spool_frames import ROWS, framed
from hikma_tui.syncing.values import Decoded, Decoder
from hikma_tui.wire import stream

LEAST = 8 << 20  # bytes: a pull that is over by then has no helper
_FRAME_ROWS = 500
_SIZE = 448 << 10  # bytes of a piece: two of them must fit into a pipe
_PIPE = 1 << 20
_SETPIPE_SZ = getattr(fcntl, "F_SETPIPE_SZ", 1031)
_ASKED = 2  # pieces that the helper has at once
_AHEAD = 8  # pieces whose turn has not come
_ROW = re.compile(rb',[ \n]?\{[ \n]?"[^"\\]{1,60}":')
_MOST_PAUSE = 1 << 10
_HEAD = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one piece.

    Attributes:
        table: Whose rows.
        read: Bytes of it that are whole rows; fewer than it has, where it is not of rows alone.
        count: Rows that were decoded, of its one table.
        frames: They, as they stand in a spool.
        tallies: What the decoder noticed (``Decoder.tallies``).
    """

    table: str
    read: int
    count: int
    frames: bytes
    tallies: Any


def decode(decoder: Decoder, table: str, piece: bytes) -> Done:
    """Read the rows of a piece, which begins behind a row, and put them into frames."""
    decoder.tallies()
    try:
        text = piece.decode()
    except UnicodeDecodeError:
        return Done(table, 0, 0, b"", decoder.tallies())
    frames: list[bytes] = []
    held: Decoded | None = None
    count = at = 0
    while at < len(text):
        rows, end = stream.run(text, at, stream.SIZE)
        if not rows:
            break
        at = end
        for found in decoder.batch(table, rows):
            count += len(found.rows)
            if held is not None and (
                held.columns != found.columns or len(held.rows) + stream.SIZE > _FRAME_ROWS
            ):
                frames.append(framed((ROWS, held.table, held.columns, held.rows)))
                held = None
            if held is None:
                held = found
            else:
                held.rows.extend(found.rows)
    if held is not None:
        frames.append(framed((ROWS, held.table, held.columns, held.rows)))
    read = len(piece) if at == len(text) else len(text[:at].encode())
    return Done(table, read, count, b"".join(frames), decoder.tallies())


class Helper:
    """The second process. Nothing it does raises: where it fails, it is gone."""

    def __init__(self, dialect: str, east_from: int) -> None:
        self.asked = 0
        self._process: subprocess.Popen[bytes] | None = None
        with suppress(OSError):
            self._process = spawn("hikma_tui.syncing.spool_worker")
            assert self._process.stdin is not None
            if fcntl.fcntl(self._process.stdin, _SETPIPE_SZ, _PIPE) < _PIPE:
                self.stop()
            else:
                self._send(marshal.dumps((dialect, east_from)), b"")
                return
        self.stop()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process is not None

    def ask(self, table: str, piece: bytes) -> bool:
        """Give it a piece; at most ``_ASKED`` at once, so that this never waits."""
        try:
            self._send(table.encode(), piece)
        except OSError:
            self.stop()
            return False
        self.asked += 1
        return True

    def ready(self) -> bool:
        """Whether ``answer`` would not wait."""
        if self._process is None or self._process.stdout is None:
            return True
        return bool(select.select([self._process.stdout], [], [], 0)[0])

    def answer(self) -> Done | None:
        """What came of the first piece that it was asked for; waits. None: it is gone."""
        self.asked -= 1
        try:
            if self._process is None or self._process.stdout is None:
                return None
            source = self._process.stdout.fileno()
            about, size = _HEAD.unpack(_read(source, _HEAD.size))
            table, read, count, tallies = marshal.loads(_read(source, about))
            frames = _read(source, size)
        except (OSError, ValueError, EOFError, TypeError, struct.error):
            self.stop()
            return None
        return Done(table, read, count, frames, tallies)

    def stop(self) -> None:
        """End it."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            with suppress(OSError, AttributeError):
                pipe.close()  # type: ignore[union-attr]
        process.wait()

    def _send(self, about: bytes, piece: bytes) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        self._process.stdin.write(_HEAD.pack(len(about), len(piece)) + about + piece)
        self._process.stdin.flush()


def _read(source: int, size: int) -> bytes:
    """Exactly so many bytes, none of them read ahead. EOFError."""
    found: list[bytes] = []
    while size:
        found.append(os.read(source, size))
        if not found[-1]:
            raise EOFError
        size -= len(found[-1])
    return b"".join(found)


@dataclass(slots=True)
class _Piece:
    bytes: bytes
    done: Done | None = None  # None: the helper has it


class Sharing:
    """Takes the rows of tables out of a body, in pieces. One for each body."""

    def __init__(self, decoder: Decoder) -> None:
        self._decoder = Decoder(decoder.dialect, decoder.east_from)
        self._pause = self._paused = 0
        self.helper = Helper(decoder.dialect, decoder.east_from)

    def close(self) -> None:
        """End the helper."""
        self.helper.stop()

    def wanted(self) -> bool:
        """Whether to ask ``rows``. Not at once again where it was asked in vain."""
        self._paused = max(self._paused - 1, 0)
        return self.helper.alive and not self._paused

    def rows(self, table: str, first: bytes, more: Iterator[bytes]) -> Generator[Done, None, bytes]:
        """What comes of the rows that follow; returns the bytes that it did not take.

        Args:
            table: Whose rows.
            first: What was received already; it begins behind a row.
            more: What is still to come. Its Trouble is passed on.
        """
        self._pause = self._paused = min(self._pause * 2 + 1, _MOST_PAUSE)
        waiting: deque[_Piece] = deque()
        text = bytearray(first)
        going = self.helper.alive
        while going or waiting:
            going = going and self._next(table, text, more, waiting)
            while waiting and (not going or len(waiting) > _AHEAD or self._answered(waiting[0])):
                found = waiting[0].done or self.helper.answer()
                taken = found.read if found else 0
                if found and taken:
                    self._pause = self._paused = 0
                    yield found
                if taken < len(waiting[0].bytes):
                    return self._back(waiting, taken, text)
                waiting.popleft()
        return bytes(text)

    def _next(
        self, table: str, text: bytearray, more: Iterator[bytes], waiting: deque[_Piece]
    ) -> bool:
        """Cut one more piece, and have it read; False where there is none, or no sense in it."""
        while len(text) < _SIZE:
            received = next(more, None)
            if received is None:
                return False
            text += received
        row = _ROW.match(text)
        end = text.rfind(b"}" + row[0], 0, _SIZE) + 1 if row else 0
        if end == 0:
            return False
        piece = bytes(memoryview(text)[:end])
        del text[:end]
        if self.helper.asked < _ASKED and self.helper.alive and self.helper.ask(table, piece):
            waiting.append(_Piece(piece))
            return True
        done = decode(self._decoder, table, piece)
        waiting.append(_Piece(piece, done))
        return done.read == len(piece) and self.helper.alive

    def _answered(self, piece: _Piece) -> bool:
        return piece.done is not None or self.helper.ready()

    def _back(self, waiting: deque[_Piece], taken: int, text: bytearray) -> bytes:
        """All behind what was taken; what came of later pieces does not count."""
        rest = waiting[0].bytes[taken:]
        for piece in list(waiting)[1:]:
            if piece.done is None:
                self.helper.answer()
            rest += piece.bytes
        return rest + bytes(text)
