"""The search entries of the patients who were pulled, made in short transactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial

from hikma_tui import search
from hikma_tui.clinic import info
from hikma_tui.models import connection
from hikma_tui.search.beside import Takeover, Unfit
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.syncing.apply_turns import Step, Turns, quickly
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Phase, Progress

ALL = "index_all"
"""In ``store_info``: a first pull filled an empty store, so nobody stands in the index yet."""

_SOME = 250  # patients at once
_DEEP = 5000  # patients: after so many the first segment is moved down (search/index.py)
_FEW = 500  # patients: after fewer the saves merge what they left
_PAGES = 500  # of the index, merged in one transaction
_TELL_EVERY = 0.2
_CACHE = 32_000  # kilobytes

Tell = Callable[[Progress], None]
Asked = Callable[[], bool]


def index(store: Store, context: Context, *, progress: Tell, cancelled: Asked) -> None:
    """Make the search entries of the patients who were pulled, those of a killed run too.

    Raises:
        Trouble: CANCELLED between two transactions; the next run goes on.
        StoreError: as ``apply``.
    """
    helper, context.beside = context.beside, None
    if helper is not None:
        try:
            if helper.wait(progress, cancelled):
                _take_over(store, str(helper.path), progress, cancelled)
        finally:
            helper.stop()
    everyone, waiting = store.on_writer(_waiting).result()
    if everyone or waiting:
        indexing = _Indexing(progress, waiting)
        with quickly(store, _CACHE):
            total = store.on_writer(_begin_all).result() if everyone else None
            Turns(store, cancelled).run(indexing.steps(total), indexing.tell)
    context.stale.clear()


def _take_over(store: Store, path: str, progress: Tell, cancelled: Asked) -> None:
    """Put an index that was made beside the store in the place of the store's.

    Where it does not fit nothing is changed, and everyone is still to be indexed.
    """
    began = time.monotonic()

    def tell() -> None:
        rate = taking.done / max(time.monotonic() - began, 0.001)
        progress(Progress(Phase.INDEX, taking.done, taking.total, 0, rate))

    def steps() -> Iterator[Step]:
        yield from taking.steps()
        yield _end_all

    taking = store.on_writer(lambda: Takeover(connection())).result()
    try:
        try:
            store.on_writer(taking.attach, path).result()
            with quickly(store, _CACHE):
                Turns(store, cancelled).run(steps(), tell)
        finally:
            store.on_writer(taking.detach).result()
    except (Unfit, StoreError):
        with suppress(StoreError):
            store.write(taking.undo).result()


class _Indexing:
    """What is to be indexed, step by step; the steps are done on the writer's thread."""

    def __init__(self, progress: Tell, waiting: int) -> None:
        self.progress, self.count = progress, waiting
        self.done, self.total = 0, waiting
        self.began, self.told = time.monotonic(), 0.0

    def steps(self, total: int | None) -> Iterator[Step]:
        """All patients, of whom there are ``total`` (None: not all), then those who wait."""
        if total is not None:
            self.total += total
            yield from self.all(total)
        while ids := _some_waiting():
            yield partial(_index_waiting, ids)
            self.done += len(ids)
        if total or self.count > _FEW:
            pages, more = -_PAGES, [True]
            while more.pop():
                yield partial(_settle, pages, more)
                pages = _PAGES

    def all(self, total: int) -> Iterator[Step]:
        """Everyone, the most recently seen first; begun again, those who stand cost little."""
        deep = _index_is_small()
        for at in range(0, total, _SOME):
            yield partial(_next_all, at, _SOME)
            self.done = min(at + _SOME, total)
            if deep and (self.done >= _DEEP or self.done == total):
                deep = False
                yield _deepen
        yield _end_all

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < _TELL_EVERY:
            return
        self.told = now
        rate = self.done / max(now - self.began, 0.001)
        left = max(self.total - self.done, 0) / rate if rate else None
        self.progress(Progress(Phase.INDEX, self.done, self.total, 0, rate, left))


# -- on the writer's thread ----------------------------------------------------------------------


def _waiting() -> tuple[bool, int]:
    """Whether everyone is to be indexed, and how many others wait.

    Everyone also where another registration form came: other answers are searched from now on.
    """
    count = connection().execute("SELECT count(*) FROM index_waiting").fetchone()[0]
    return info.get(ALL) != "" or search.stale(connection()), int(count)


def _begin_all() -> int:
    return search.begin_all(connection())


def _index_is_small() -> bool:
    return int(connection().execute("SELECT count(*) FROM search_patients").fetchone()[0]) < _DEEP


def _next_all(after: int, count: int) -> None:
    search.next_all(connection(), after, count)


def _end_all() -> None:
    search.end_all(connection())
    connection().execute("DELETE FROM store_info WHERE key = ?", (ALL,))


def _deepen() -> None:
    search.deepen(connection())


def _some_waiting() -> list[str]:
    query = "SELECT patient_id FROM index_waiting LIMIT ?"
    return [row[0] for row in connection().execute(query, (_SOME,)).fetchall()]


def _index_waiting(ids: list[str]) -> None:
    here = connection()
    search.refresh_many(here, ids)
    here.executemany("DELETE FROM index_waiting WHERE patient_id = ?", [(one,) for one in ids])


def _settle(pages: int, more: list[bool]) -> None:
    more.append(search.settle(connection(), pages))
