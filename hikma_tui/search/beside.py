"""An index made beside the store, in a file of its own, and taken over whole.

Another process makes it from what a first pull brought (``begin``, the rows, ``build``) while the
store is still taking that in; so nobody waits for the longest part of a first pull. ``Takeover``
then copies its tables in short steps under other names, and the last step puts them in place of the
store's. Nothing is believed that was not compared: each patient's columns and last visit with what
the store has by then. Who differs, or stood in the store's own index (saved meanwhile), is made
anew from the store's rows, through ``index_waiting``.

FTS5's tables are copied as they are, as VACUUM does: nothing inside them is read or changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from hikma_tui.search import sql
from hikma_tui.search import sql_beside as beside
from hikma_tui.search.index import Progress, fields_key, forget, rebuild, searched_attributes
from hikma_tui.search.many import refresh_many
from hikma_tui.search.rows import ask, one

Step = Callable[[], None]

MOST = 500
"""Patients who may stand in the store's own index: so many are made anew in the last step."""

_ROWS = 2000  # of a table, copied in one step
_PAGES = 250  # of the full text index, some 4 kB each


class Unfit(Exception):
    """What was made beside does not fit what the store has; ``Takeover.undo`` leaves no trace."""


# --- in the other process ----------------------------------------------------------------------


def begin(connection: sqlite3.Connection) -> None:
    """Make the tables that ``rebuild`` reads in an empty file; the caller fills them."""
    for statement in (*beside.PRAGMAS, *beside.CREATE):
        connection.execute(statement)


def build(connection: sqlite3.Connection, progress: Progress) -> None:
    """Make the index of what was filled in.

    Raises:
        Unfit: the registration form asks for answers that are not among what was filled in.
    """
    if searched_attributes(connection):
        raise Unfit
    rebuild(connection, progress, sparing=True)


# --- in the store's own ------------------------------------------------------------------------


class Takeover:
    """The index of an attached file on its way into the store.

    Args:
        connection: The store's writer, outside of a transaction. ``attach`` comes first, then the
            ``steps``, each in a transaction of the caller's; at the end ``detach``.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.here = connection
        self.total = self.done = 0
        self._reached = False

    def attach(self, path: str) -> None:
        """Reach the finished file. Unfit where there is none."""
        if not Path(path).is_file():  # SQLite would make one
            raise Unfit
        self.here.execute("ATTACH ? AS beside", (path,))
        self._reached = True

    def detach(self) -> None:
        """Let go of it."""
        if self._reached:
            self.here.execute("DETACH beside")
        self._reached = False

    def steps(self) -> Iterator[Step]:
        """Copy, compare, and last of all change places. The steps raise ``Unfit``."""
        yield self.undo
        yield self._make
        yield partial(self._all, beside.COPY_SMALL)
        after: list[int | None] = [-1]
        while after[-1] is not None:
            yield partial(self._pages, after)
        after = [-1]
        while after[-1] is not None:
            yield partial(self._patients, after)
        yield self._change_places

    def undo(self) -> None:
        """Take away what an earlier try left. A step too."""
        self._all(beside.DROP_NEW)

    def _all(self, statements: tuple[str, ...]) -> None:
        for statement in statements:
            self.here.execute(statement)

    def _make(self) -> None:
        self.total = int(one(self.here, beside.COUNT))
        if one(self.here, beside.FIELDS) != fields_key(self.here):
            raise Unfit
        self._all(beside.CREATE_NEW)

    def _pages(self, after: list[int | None]) -> None:
        until = one(self.here, beside.PAGES_UNTIL, (after[-1], _PAGES))
        self.here.execute(beside.COPY_PAGES, (after[-1], until))
        after.append(until)

    def _patients(self, after: list[int | None]) -> None:
        until = one(self.here, beside.PLACES_UNTIL, (after[-1], _ROWS))
        if until is not None:
            self.here.execute(beside.DIFFERING, (after[-1], until))
            self.here.execute(beside.COPY_PATIENTS, (after[-1], until))
            self.done = min(self.done + _ROWS, self.total)
        after.append(until)

    def _change_places(self) -> None:
        here = self.here
        saved = [row[0] for row in ask(here, beside.STANDING_HERE)]
        if one(here, beside.FIELDS) != fields_key(here) or len(saved) > MOST:
            raise Unfit
        self._all(beside.CHANGE_PLACES)
        here.execute(sql.SET_META, ("fields", fields_key(here)))
        for place, *_rest in ask(here, beside.NOT_HERE):
            forget(here, -place)
        dead = [row[0] for row in ask(here, beside.DEAD)]
        refresh_many(here, [*saved, *dead])
        if one(here, beside.STANDING_COUNT) != one(here, beside.LIVE_COUNT):
            here.execute(beside.MISSING)
