"""The file of a spool, frame by frame: what is needed to read one, and nothing heavier.

Every frame carries its length and a checksum, so that what a power cut left is told from a whole
spool. A frame is ``(kind, table, columns, rows)``; the last one says what the spool has.
"""

from __future__ import annotations

import marshal
import os
import struct
import zlib
from collections.abc import Iterator
from typing import Any, BinaryIO

from hikma_tui.wire.shapes import Kind, Trouble

MAGIC = b"hikma spool 1\n"
HEAD = struct.Struct("<II")  # length, CRC-32
ROWS, DELETED, END = 0, 1, 2


def framed(frame: tuple[Any, ...]) -> bytes:
    """One frame as it stands in the file."""
    text = marshal.dumps(frame)
    return HEAD.pack(len(text), zlib.crc32(text)) + text


def frames(file: BinaryIO, offset: int = 0) -> Iterator[tuple[int, Any]]:
    """Each frame from ``offset`` on (0: all), with the offset behind it. Trouble STORE."""
    offset = max(offset, len(MAGIC))
    file.seek(offset)
    while head := file.read(HEAD.size):
        if len(head) < HEAD.size:
            raise broken()
        length, checksum = HEAD.unpack(head)
        text = file.read(length)
        if len(text) < length or zlib.crc32(text) != checksum:
            raise broken()
        offset += HEAD.size + length
        yield offset, marshal.loads(text)


def end(at: int) -> bytes:
    """What stands behind the last frame, which begins at ``at``."""
    return HEAD.pack(at & 0xFFFFFFFF, at >> 32)


def last(file: BinaryIO) -> list[Any]:
    """What the last frame says. Trouble, OSError."""
    file.seek(-HEAD.size, os.SEEK_END)
    low, high = HEAD.unpack(file.read(HEAD.size))
    for _after, (kind, _table, _columns, rows) in frames(file, low | high << 32):
        if kind == END and isinstance(rows, list) and len(rows) == 5:
            return rows
        break
    raise broken()


def broken() -> Trouble:
    """To be raised where a spool is not as it was written."""
    return Trouble(Kind.STORE, "the spool of a pull is damaged")
