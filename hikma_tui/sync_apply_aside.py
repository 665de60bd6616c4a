"""Pulled rows that the store can't hold: one of them must not stop all others for ever.

A batch that breaks a constraint is taken row by row. What still breaks it stands in ``aside.jsonl``
beside the spool, whole, until the server sends a newer one that fits or says that it is deleted;
the run counts it, its log names the table and the constraint, and its report has a notice.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from pathlib import Path
from typing import Any

import peewee

from hikma_tui.models import database
from hikma_tui.sync_context import Context
from hikma_tui.sync_run_log import Log

FILE_NAME = "aside.jsonl"
NOTICE = "aside"
_MOST = 2000  # rows that are kept; more of them are counted, and no accident
_UNFIT = (
    sqlite3.IntegrityError, sqlite3.DataError, peewee.IntegrityError, peewee.DataError,
    OverflowError, UnicodeEncodeError,
)  # fmt: skip


class Aside:
    """What one store has put aside. Used inside the write transaction that applies the rows.

    Args:
        folder: Where the file stands: the spool's.
        context: Of the run; its report counts.
    """

    def __init__(self, folder: Path, context: Context) -> None:
        self.path, self.context = folder / FILE_NAME, context
        self.rows = _read(self.path)

    def upsert(
        self,
        here: sqlite3.Connection,
        statement: str,
        table: str,
        rows: Sequence[tuple[Any, ...]],
        whole: Callable[[tuple[Any, ...]], dict[str, Any]],
    ) -> None:
        """Execute ``statement`` with each of the rows; those that can't be held are put aside.

        ``whole`` gives a row in python form.
        """
        try:
            here.executemany(statement, rows)
        except _UNFIT:
            self._one_by_one(here, statement, table, list(rows), whole)
        else:
            if self.rows:
                self.settled(table, (whole(row)["id"] for row in rows))

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
        Log(self.path.parent.parent).say(f"put aside: {table}, {type(error).__name__} {error}")
        if len(self.rows) < _MOST or (table, row["id"]) in self.rows:
            self.rows[table, row["id"]] = row
            self._write()

    def settled(self, table: str, ids: Iterable[str]) -> None:
        """These rows fit by now, or are deleted on the server."""
        gone = [(table, row_id) for row_id in ids if (table, row_id) in self.rows]
        for key in gone:
            del self.rows[key]
        if gone:
            self._write()

    def _one_by_one(
        self,
        here: sqlite3.Connection,
        statement: str,
        table: str,
        rows: list[tuple[Any, ...]],
        whole: Callable[[tuple[Any, ...]], dict[str, Any]],
    ) -> None:
        """Again and again while that helps: one row may make room for another."""
        failed: list[tuple[tuple[Any, ...], Exception]] = []
        while rows:
            failed = []
            for row in rows:
                try:
                    here.execute(statement, row)  # undone as a whole where it fails
                except _UNFIT as error:
                    failed.append((row, error))
                else:
                    self.settled(table, [whole(row)["id"]])
            if len(failed) == len(rows):
                break
            rows = [row for row, _error in failed]
        for row, why in failed:
            self.keep(table, whole(row), why)

    def _write(self) -> None:
        """All anew, so that a run that was killed and begun again has none twice."""
        building = self.path.with_suffix(".part")
        descriptor = os.open(building, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            for (table, _row_id), row in self.rows.items():
                file.write(json.dumps({"table": table, "row": row}, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        building.replace(self.path)
        if not self.rows:
            self.path.unlink()


def _read(path: Path) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    try:
        for line in path.read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            found[one["table"], one["row"]["id"]] = one["row"]
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, LookupError, TypeError):
        # A damaged list is no reason not to sync; it is kept under another name.
        path.replace(path.with_suffix(".damaged"))
        return {}
    return found
