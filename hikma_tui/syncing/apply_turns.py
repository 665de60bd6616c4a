"""How the sync writes: in small steps, as many in one transaction as nobody else waits for.

A transaction that takes in ten times as much writes each page of the indexes a tenth as often. So
it stays open while no save waits (``store.turn``), at most ``LONGEST`` seconds, and is committed as
soon as one does; what a step did is whole, and the next transaction goes on with the next step.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hikma_tui.models import connection, database
from hikma_tui.store import Store
from hikma_tui.store.turn import others_wait, turn
from hikma_tui.wire.shapes import Kind, Trouble

LONGEST = 1.0  # seconds of one transaction, its commit not counted
_COMMIT = 0.08  # seconds that a commit should take at most: so long a save waits for it
_SHORTEST = 0.05
_WRITE_BACK = 2.0  # seconds of work until the journal is written back to the file
_FASTER = {"synchronous": 1, "wal_autocheckpoint": 0}

Step = Callable[[], None]


class Turns:
    """Steps of one part of a sync; each part has its own."""

    def __init__(self, store: Store, cancelled: Callable[[], bool]) -> None:
        self.store, self.cancelled = store, cancelled
        self.longest = LONGEST
        self.worked = 0.0

    def run(self, steps: Iterator[Step], told: Callable[[], None]) -> None:
        """Do all steps on the writer's thread, in their order; ``told`` is called in between.

        A step runs inside a transaction, takes some milliseconds, and can be done again.

        Raises:
            Trouble: CANCELLED, between two steps; what was done is kept.
            StoreError: from the store.
        """
        more = True
        while more:
            if self.cancelled():
                raise Trouble(Kind.CANCELLED)
            more = self.store.on_writer(self._one, steps).result()
            told()

    def _one(self, steps: Iterator[Step]) -> bool:
        began = time.monotonic()
        with turn(self.store.directory):
            with database.atomic("IMMEDIATE"):
                more = self._some(steps)
                ending = time.monotonic()
            now = time.monotonic()
        if now - ending > _COMMIT:
            self.longest = max(self.longest * 0.7, _SHORTEST)
        else:
            self.longest = min(self.longest * 1.1, LONGEST)
        self.worked += now - began
        if self.worked > _WRITE_BACK:
            # Not in our turn: saves go on meanwhile.
            connection().execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
            self.worked = 0.0
        return more

    def _some(self, steps: Iterator[Step]) -> bool:
        until = time.monotonic() + self.longest
        for step in steps:
            step()
            if time.monotonic() > until or others_wait(self.store.directory) or self.cancelled():
                return True
        return False


@contextmanager
def quickly(store: Store, cache: int) -> Iterator[None]:
    """A cache of ``cache`` kilobytes, and no waiting for the disk.

    A pulled row is not an acknowledged save. The watermark and the next save are: their commit
    waits for all that was written before it.
    """
    before = store.on_writer(_pragmas, {**_FASTER, "cache_size": -cache}).result()
    try:
        yield
    finally:
        store.on_writer(_pragmas, before).result()
        store.on_writer(lambda: connection().execute("PRAGMA shrink_memory")).result()


def _pragmas(wanted: dict[str, int]) -> dict[str, int]:
    before = {}
    for name, value in wanted.items():
        before[name] = connection().execute(f"PRAGMA {name}").fetchone()[0]
        connection().execute(f"PRAGMA {name} = {value}")
    return before
