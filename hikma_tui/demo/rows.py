"""Rows by the thousand: the SQL that adds them, the numbers of deletions."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from typing import Any

from hikma_tui.demo.place import Place
from hikma_tui.models import Deletion, Synced

_HOUR = 3_600_000
_TAIL = ("tombstone", "is_deleted", "deleted_at")
LIVE: tuple[Any, ...] = (None, 0, None)


def insertion(model: type[Synced], columns: tuple[str, ...]) -> str:
    """The INSERT for tuples of ``columns``, then tombstone, is_deleted and deleted_at.

    The defaults of all other columns stand in the statement itself; ``change_seq`` is 1.
    """
    names, values = list(columns), ["?"] * len(columns)
    for name in _TAIL:
        if name in model._meta.fields:
            names.append(name)
            values.append("?")
    for name, field in model._meta.fields.items():
        if name in names or name in ("pk", "change_seq") or field.default is None:
            continue
        default = field.default() if callable(field.default) else field.default
        names.append(name)
        values.append(_literal(field.db_value(default)))
    table = model._meta.table_name
    return f"INSERT INTO {table} ({', '.join(names)}, change_seq) VALUES ({', '.join(values)}, 1)"


def _literal(value: object) -> str:
    if isinstance(value, bool | int):
        return str(int(value))
    return "'" + str(value).replace("'", "''") + "'"


_DELETIONS = (
    "INSERT INTO deletions (pk, table_name, row_id, patient_id, label, counts, reason, user_id,"
    " user_name, machine_id, deleted_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_REASONS = (
    "Registered twice", "Entered on the wrong patient", "Typing error", "The patient asked for it",
)  # fmt: skip


class Deleted:
    """One deletion, and how many rows of each table went with it."""

    def __init__(self, number: int, at: int) -> None:
        self.number = number
        self.at = at
        self.counts: dict[str, int] = {}

    def takes(self, table: str) -> tuple[int, int, int]:
        """Count one row of ``table``; return its last three columns."""
        self.counts[table] = self.counts.get(table, 0) + 1
        return (self.number, 1, self.at)


class Rows:
    """Tuples waiting for their table; ``flush`` writes them in one transaction."""

    def __init__(self, connection: sqlite3.Connection, place: Place) -> None:
        self._connection = connection
        self._place = place
        self._waiting: dict[type[Synced], list[tuple[Any, ...]]] = defaultdict(list)
        self._sql: dict[type[Synced], str] = {}
        self._deletions: list[tuple[Deleted, tuple[Any, ...], tuple[Any, ...]]] = []
        self._numbers = int(Deletion.select().count())

    def declare(self, model: type[Synced], *columns: str) -> list[tuple[Any, ...]]:
        """The list that tuples of these columns go to (then ``LIVE`` or ``deletion(...)``)."""
        self._sql[model] = insertion(model, columns)
        return self._waiting[model]

    def deletion(
        self, table: str, row_id: str, patient_id: str, label: str, days_ago: int, since: int
    ) -> Deleted:
        """Note the deletion of a row: what each row that goes with it must carry.

        It was so many days ago, and not before ``since`` (ms), when the row was made.
        """
        self._numbers += 1
        at = max(self._place.moment(days_ago, _HOUR), since + _HOUR)
        deleted = Deleted(self._numbers, min(at, self._place.now))
        admin = self._place.admin
        self._deletions.append(
            (deleted, (table, row_id, patient_id, label),
             (_REASONS[self._numbers % len(_REASONS)], admin.id, admin.name,
              self._place.machine_id, deleted.at))
        )  # fmt: skip
        return deleted

    def flush(self) -> None:
        """Write all that waits, parents first or not: one transaction."""
        for model, rows in self._waiting.items():
            if rows:
                self._connection.executemany(self._sql[model], rows)
                rows.clear()
        if self._deletions:
            self._connection.executemany(
                _DELETIONS,
                [
                    (deleted.number, *what, json.dumps(deleted.counts), *why)
                    for deleted, what, why in self._deletions
                ],
            )
            self._deletions.clear()
        self._connection.commit()
