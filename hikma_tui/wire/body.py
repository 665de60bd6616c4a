"""The body of a pull: pieces of about a megabyte as they come, unpacked, counted, with an end."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager

from hikma_tui.wire.shapes import Kind, Trouble
from hikma_tui.wire.watch import Watch

PIECE = 1 << 20
_SOON = 0.25  # seconds after which a smaller piece is handed on, so that progress can be seen
_LEAST = 512  # bytes that four timeouts of waiting must bring, or it is a trickle


class Pull:
    """``shapes.Body``. ``received`` counts the bytes on the line, ``total`` what was announced.

    A server's proxy may pack the body (gzip), which metered links are glad of: then ``total`` is
    None. It is unpacked in bounded steps, and must be whole.
    """

    def __init__(
        self,
        raw: Iterator[bytes],
        headers: Mapping[str, str],
        watch: Watch,
        timeout: float,
        max_bytes: int,
        translated: Callable[[], AbstractContextManager[None]],
    ) -> None:
        self._raw, self._watch = raw, watch
        self._timeout, self._max_bytes, self._translated = timeout, max_bytes, translated
        encoding = headers.get("content-encoding", "identity").strip().lower()
        if encoding not in ("identity", "", "gzip", "x-gzip"):
            raise Trouble(Kind.GARBAGE, "unknown content-encoding")
        self._packed = encoding.endswith("gzip")
        length = headers.get("content-length", "")
        plain = length.isascii() and length.isdigit() and not self._packed
        self.total: int | None = int(length[:18]) if plain else None
        self.received = 0

    def __iter__(self) -> Iterator[bytes]:
        gathered = bytearray()
        given = 0
        since = time.monotonic()
        for piece in self._unpacked() if self._packed else self._pieces():
            gathered += piece
            if self._max_bytes and given + len(gathered) > self._max_bytes:
                raise Trouble(Kind.TOO_LARGE, "pull")
            if len(gathered) >= PIECE or time.monotonic() - since > _SOON:
                given += len(gathered)
                yield bytes(gathered)
                gathered.clear()
                since = time.monotonic()
        if gathered:
            yield bytes(gathered)

    def _pieces(self) -> Iterator[bytes]:
        """As the line brings them. Trouble where it falls silent, trickles, breaks or is cut."""
        waited, brought = 0.0, 0
        while True:
            started = time.monotonic()
            self._watch.wait(self._timeout)
            with self._translated():
                piece = next(self._raw, None)
            self._watch.came()
            if piece is None:
                return
            self.received += len(piece)
            brought += len(piece)
            waited += time.monotonic() - started
            if brought >= _LEAST:
                waited, brought = 0.0, 0
            elif waited > 4 * self._timeout:
                raise Trouble(Kind.TIMEOUT, "a trickle")
            yield piece

    def _unpacked(self) -> Iterator[bytes]:
        unpack = zlib.decompressobj(31)
        try:
            for piece in self._pieces():
                rest = piece
                while rest:
                    if unpack.eof:  # one member after another is allowed
                        unpack = zlib.decompressobj(31)
                    yield unpack.decompress(rest, PIECE)
                    rest = unpack.unused_data if unpack.eof else unpack.unconsumed_tail
        except zlib.error:
            raise Trouble(Kind.GARBAGE, "gzip") from None
        if not unpack.eof:
            raise Trouble(Kind.CUT, "gzip")
