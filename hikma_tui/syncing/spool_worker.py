"""The second process that decodes a large pull: pieces in, frames out (``syncing.spool_shared``).

It knows no file and no store, and ends when its input does.
"""

from __future__ import annotations

import marshal
import struct
import sys

from hikma_tui.syncing.spool_shared import decode
from hikma_tui.syncing.values import Decoder

_HEAD = struct.Struct("<II")


def main() -> int:
    """What the process does. Returns its exit code."""
    given, answer = sys.stdin.buffer, sys.stdout.buffer
    decoder = Decoder("v3")
    while head := given.read(_HEAD.size):
        about, size = _HEAD.unpack(head)
        told, piece = given.read(about), given.read(size)
        if not size:
            dialect, east_from = marshal.loads(told)
            decoder = Decoder(dialect, east_from)
            continue
        done = decode(decoder, told.decode(), piece)
        words = marshal.dumps((done.table, done.read, done.count, done.tallies))
        answer.write(_HEAD.pack(len(words), len(done.frames)) + words + done.frames)
        answer.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
