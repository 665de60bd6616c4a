"""Pulled rows that the store can't hold: one of them must not stop all others for ever.

A batch that breaks a constraint is taken row by row. What still breaks it is put aside, whole
(``clinic.server_aside``), until the server sends one that fits, at the latest in a full check, or
says that it is deleted; the run counts it, its log names the table and the constraint, its report
has a notice, and it stands in the list of what needs a person.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import peewee

from hikma_tui.clinic import server_aside
from hikma_tui.models import database
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.run_log import Log

NOTICE = "aside"
_MOST = 2000  # rows that are kept; more of them are counted, and no accident
_UNFIT = (
    sqlite3.IntegrityError, sqlite3.DataError, peewee.IntegrityError, peewee.DataError,
    OverflowError, UnicodeEncodeError,
)  # fmt: skip


class Aside:
    """What one store has put aside. Used inside the write transaction that applies the rows.

    Args:
        folder: The spool's.
        context: Of the run; its report counts.
    """

    def __init__(self, folder: Path, context: Context) -> None:
        self.folder, self.context = folder, context
        self._keys: set[tuple[str, str]] | None = None

    @property
    def rows(self) -> set[tuple[str, str]]:
        """Table and id of what is aside; read once, on the writer's thread."""
        if self._keys is None:
            self._keys = server_aside.keys()
        return self._keys

    def upsert(
        self,
        here: sqlite3.Connection,
        statement: str,
        table: str,
        rows: Sequence[tuple[Any, ...]],
        whole: Callable[[tuple[Any, ...]], dict[str, Any]],
    ) -> int:
        """Execute ``statement`` with each of the rows; those that can't be held are put aside.
        How many rows of ``table`` that changed.

        ``whole`` gives a row in python form.
        """
        before = here.total_changes
        fits = rows
        failed: list[tuple[tuple[Any, ...], Exception]] = []
        try:
            here.executemany(statement, rows)
        except _UNFIT:
            fits, failed = _one_by_one(here, statement, list(rows))
        changed = here.total_changes - before
        if self.rows:
            self.settled(table, (whole(row)["id"] for row in fits))
        for row, why in failed:
            self.keep(table, whole(row), why)
        return changed

    def attempt(self, action: Callable[[], None]) -> Exception | None:
        """Do something in a savepoint; what it did and counted is undone where it did not fit."""
        report = self.context.report
        counted = deepcopy((report.total, report.tables))
        try:
            with database.atomic():
                action()
        except _UNFIT as error:
            report.total, report.tables = counted
            return error
        return None

    def meet(self, table: str, theirs: dict[str, Any], action: Callable[[], None]) -> None:
        """Let one special row be met; put it aside where it can't be held."""
        error = self.attempt(action)
        if error is not None:
            self.keep(table, theirs, error)
        elif self.rows:
            self.settled(table, [theirs["id"]])

    def keep(self, table: str, row: dict[str, Any], error: Exception) -> None:
        """Put a row aside, count it and say so."""
        report = self.context.report
        report.total.aside += 1
        report.of(table).aside += 1
        if NOTICE not in report.notices:
            report.notices.append(NOTICE)
        # SQLite names the columns of the constraint, never a value.
        Log(self.folder.parent).say(f"put aside: {table}, {type(error).__name__} {error}")
        if len(self.rows) < _MOST or (table, row["id"]) in self.rows:
            self.rows.add((table, row["id"]))
            server_aside.keep(table, row, reason(error))

    def settled(self, table: str, ids: Iterable[str]) -> None:
        """These rows fit by now, or are deleted on the server."""
        gone = [row_id for row_id in ids if (table, row_id) in self.rows]
        if gone:
            self.rows.difference_update((table, row_id) for row_id in gone)
            server_aside.drop(table, gone)


def _one_by_one(
    here: sqlite3.Connection, statement: str, rows: list[tuple[Any, ...]]
) -> tuple[list[tuple[Any, ...]], list[tuple[tuple[Any, ...], Exception]]]:
    """Again and again while that helps: one row may make room for another. Those that fit, and
    those that don't.
    """
    fits: list[tuple[Any, ...]] = []
    failed: list[tuple[tuple[Any, ...], Exception]] = []
    while rows:
        failed = []
        for row in rows:
            try:
                here.execute(statement, row)  # undone as a whole where it fails
            except _UNFIT as error:
                failed.append((row, error))
            else:
                fits.append(row)
        if len(failed) == len(rows):
            break
        rows = [row for row, _error in failed]
    return fits, failed


def reason(error: Exception) -> str:
    """The code of a constraint, and its columns behind a colon: ``twice:phone``, ``unfit:``."""
    said = str(error)
    code = "twice" if said.startswith("UNIQUE") else "unfit"
    return f"{code}:{','.join(re.findall(r'[a-z_]+[.]([a-z_]+)', said))}"
