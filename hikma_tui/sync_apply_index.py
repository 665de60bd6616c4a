"""The search entries of the patients who were pulled, made in short transactions."""

from __future__ import annotations

import time
from collections.abc import Callable

from hikma_tui import search
from hikma_tui.clinic import info
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.sync_apply_turns import in_turn, quickly
from hikma_tui.sync_context import Context
from hikma_tui.sync_shapes import Phase, Progress
from hikma_tui.wire.shapes import Kind, Trouble

ALL = "index_all"
"""In ``store_info``: a first pull filled an empty store, so nobody stands in the index yet."""

TARGET = 0.06  # seconds of one transaction
_LEAST, _MOST = 50, 3000  # patients of one
_DEEP = 20_000  # patients: after so many the first segment is moved down (search/index.py)
_FEW = 500  # patients: after fewer the saves merge what they left
_PAGES = 500  # of the index, merged in one transaction
_TELL_EVERY = 0.2

Tell = Callable[[Progress], None]
Asked = Callable[[], bool]


def index(store: Store, context: Context, *, progress: Tell, cancelled: Asked) -> None:
    """Make the search entries of the patients who were pulled, those of a killed run too.

    Raises:
        Trouble: CANCELLED between two transactions; the next run goes on.
        StoreError: as ``apply``.
    """
    everyone, waiting = store.on_writer(_waiting).result()
    if everyone or waiting:
        run = _Indexing(store, progress, cancelled)
        with quickly(store):
            if everyone:
                run.all()
            run.waiting(waiting)
            if everyone or waiting > _FEW:
                run.settle()
    context.stale.clear()


class _Indexing:
    """Runs on the caller's thread, each transaction on the writer's."""

    def __init__(self, store: Store, progress: Tell, cancelled: Asked) -> None:
        self.store, self.progress, self.cancelled = store, progress, cancelled
        self.done, self.total = 0, 0
        self.began, self.told = time.monotonic(), 0.0
        self.rate = _LEAST / TARGET

    def all(self) -> None:
        """Everyone, the most recently seen first; begun again, those who stand cost little."""
        self.total = self.store.on_writer(_begin_all).result()
        at = 0
        while at < self.total:
            count = self.wanted()
            self.timed(_next_all, at, count)
            if at < _DEEP <= at + count:
                self.transaction(_deepen)
            at += count
            self.done = min(at, self.total)
            self.tell()
        if self.total < _DEEP:
            self.transaction(_deepen)
        self.transaction(_end_all)

    def waiting(self, count: int) -> None:
        self.total = self.done + count
        while True:
            some = self.timed(_next_waiting, self.wanted())
            if not some:
                break
            self.done += some
            self.tell()

    def settle(self) -> None:
        pages = -_PAGES
        while self.transaction(_settle, pages):
            pages = _PAGES

    def wanted(self) -> int:
        return int(min(max(self.rate * TARGET, _LEAST), _MOST))

    def timed(
        self, function: Callable[[int, int], int] | Callable[[int], int], *values: int
    ) -> int:
        began = time.monotonic()
        found: int = self.transaction(function, *values)
        if found:
            took = max(time.monotonic() - began, 0.001)
            self.rate = 0.7 * self.rate + 0.3 * found / took
        return found

    def transaction(self, function: Callable[..., int], *values: int) -> int:
        if self.cancelled():
            raise Trouble(Kind.CANCELLED)
        found: int = self.store.on_writer(in_turn, self.store, function, *values).result()
        return found

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < _TELL_EVERY:
            return
        self.told = now
        rate = self.done / max(now - self.began, 0.001)
        left = (self.total - self.done) / rate if rate else None
        self.progress(Progress(Phase.INDEX, self.done, self.total, 0, rate, left))


# -- on the writer's thread ----------------------------------------------------------------------


def _waiting() -> tuple[bool, int]:
    """Whether everyone is to be indexed, and how many others wait."""
    count = connection().execute("SELECT count(*) FROM index_waiting").fetchone()[0]
    return info.get(ALL) != "", int(count)


def _begin_all() -> int:
    return search.begin_all(connection())


def _next_all(after: int, count: int) -> int:
    search.next_all(connection(), after, count)
    return count


def _end_all() -> int:
    search.end_all(connection())
    connection().execute("DELETE FROM store_info WHERE key = ?", (ALL,))
    return 0


def _deepen() -> int:
    search.deepen(connection())
    return 0


def _next_waiting(count: int) -> int:
    here = connection()
    query = "SELECT patient_id FROM index_waiting LIMIT ?"
    ids = [row[0] for row in here.execute(query, (count,)).fetchall()]
    search.refresh_many(here, ids)
    here.executemany("DELETE FROM index_waiting WHERE patient_id = ?", [(one,) for one in ids])
    return len(ids)


def _settle(pages: int) -> int:
    return int(search.settle(connection(), pages))
