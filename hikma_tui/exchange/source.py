"""Lines as they come from a file or a pipe: as many as are there, and never waiting for more."""

from __future__ import annotations

import os
import select
from collections import deque
from dataclasses import dataclass

from hikma_tui.exchange.lines import LONGEST_LINE

_BLOCK = 1 << 16
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Line:
    """A line that is not blank. ``raw`` is None when it was too long to keep."""

    number: int  # 1 for the first of the file, blank ones counted
    raw: bytes | None


class Source:
    """Reads lines from a file descriptor. Memory stays bounded whatever comes."""

    def __init__(self, descriptor: int, longest: int = LONGEST_LINE) -> None:
        self._descriptor = descriptor
        self._longest = longest
        self._lines: deque[Line] = deque()
        self._rest = bytearray()  # of a line whose end has not come yet
        self._skipping = False  # the rest of a line that is too long
        self._number = 0
        self._ended = False

    def batch(self, most: int) -> list[Line]:
        """Wait for one line at least, then take those that are there, ``most`` of them at most.

        An empty list means the end.
        """
        while not self._lines and not self._ended:
            self._read()
        while len(self._lines) < most and not self._ended and self._ready():
            self._read()
        return [self._lines.popleft() for _n in range(min(most, len(self._lines)))]

    def _ready(self) -> bool:
        readable, _writable, _odd = select.select([self._descriptor], [], [], 0)
        return bool(readable)

    def _read(self) -> None:
        block = os.read(self._descriptor, _BLOCK)
        if not block:
            self._ended = True
            if self._rest or self._skipping:
                self._end_line()
            return
        first, *others = block.split(b"\n")
        self._extend(first)
        for piece in others:
            self._end_line()
            self._extend(piece)

    def _extend(self, piece: bytes) -> None:
        if self._skipping:
            return
        self._rest += piece
        if len(self._rest) > self._longest:
            self._rest.clear()
            self._skipping = True

    def _end_line(self) -> None:
        self._number += 1
        raw = bytes(self._rest)
        self._rest.clear()
        if self._number == 1:
            raw = raw.removeprefix(_BOM)
        raw = raw.strip(b" \t\r")
        if self._skipping:
            self._lines.append(Line(self._number, None))
        elif raw:
            self._lines.append(Line(self._number, raw))
        self._skipping = False
