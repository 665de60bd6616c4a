"""Fair turns between the processes that write one store: a save never waits behind a whole sync.

SQLite lets a writer that finds the store busy sleep and try again, up to 100 ms at a time; a sync
that writes one short transaction after the other would be found busy nearly always. So whoever
writes takes a turn first: a lock on a file beside the store, and before it one on a gate. Who waits
for the turn holds the gate, so the one who has just finished can't be next again.

It is a courtesy and nothing hangs on it: SQLite's own locks keep the store right. Where no such
lock can be had (a network drive, a read-only folder), or its holder was stopped in the middle, the
writer goes on without. The locks end with their process, however it ends.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

FILES = ("hikma.db-gate", "hikma.db-turn")
PATIENCE = 2.0  # seconds; a turn is meant to be 50 ms
_PAUSE = 0.001


@contextmanager
def turn(directory: Path) -> Iterator[bool]:
    """Hold the turn of the store in ``directory``; gives False where it could not be had.

    Never raises and waits ``PATIENCE`` at most. Not to be nested in one thread: the inner one would
    wait in vain, and go on without.
    """
    until = time.monotonic() + PATIENCE
    with ExitStack() as gate, ExitStack() as mine:
        held = _lock(directory / FILES[0], until, gate) and _lock(directory / FILES[1], until, mine)
        gate.close()  # the next one may begin to wait
        yield held


def _lock(path: Path, until: float, kept: ExitStack) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return False
    kept.callback(os.close, descriptor)  # closing unlocks
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
        except OSError:
            return False
        else:
            return True


def others_wait(directory: Path) -> bool:
    """Whether another writer waits for the turn, which the caller holds. A few microseconds."""
    with ExitStack() as gate:
        return not _lock(directory / FILES[0], 0.0, gate)
