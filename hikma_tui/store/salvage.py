"""Saving what can be read of a damaged store into a new one, row by row.

Works on a copy of the file, so the damaged one is never written. A row that can't be read is
counted and left out; nothing is made up, and what reads well is taken as it stands.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hikma_tui import schema, search
from hikma_tui.i18n import _
from hikma_tui.models import LOCAL, SYNCED, connection
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.backups import room_for
from hikma_tui.store.errors import Corrupt, from_sqlite
from hikma_tui.store.files import FILE_NAME

_TRIES = 20_000  # reads that may fail in one table before the rest of it is given up
_REBUILT = {"index_waiting"}
_Row = tuple[object, ...]


@dataclass(frozen=True)
class Salvaged:
    """Rows saved by table; places where something could not be read; patients that are live."""

    rows: dict[str, int]
    unreadable: dict[str, int]
    patients: int

    @property
    def whole(self) -> bool:
        """Whether every row could be read."""
        return not any(self.unreadable.values())


def rescue(directory: Path, work: Path) -> Salvaged:
    """Make a new store in the folder ``work`` of what can be read in ``directory``. StoreError.

    Corrupt when nothing can be read. ``work`` must be empty.
    """
    damaged = _copied(directory, work)
    store = Store.create(work, store_cipher.the_key(directory))  # as protected as it was
    try:
        found = store.on_writer(_fill, damaged).result()
    finally:
        store.close()
    for path in (damaged, *(damaged.with_name(f"{damaged.name}{end}") for end in ("-wal", "-shm"))):
        path.unlink(missing_ok=True)
    return found


def _copied(directory: Path, work: Path) -> Path:
    """The damaged file and its journal, to be read without touching them."""
    source, target = directory / FILE_NAME, work / "damaged.db"
    try:
        room_for(work, 2 * source.stat().st_size)
        for end in ("", "-wal"):
            part = source.with_name(f"{source.name}{end}")
            if part.exists():
                shutil.copyfile(part, target.with_name(f"{target.name}{end}"))
                target.with_name(f"{target.name}{end}").chmod(0o600)
    except OSError as error:
        raise from_sqlite(error, source) from error
    return target


def _fill(damaged: Path) -> Salvaged:
    """Fill the new store, whose writer's thread runs this; one transaction."""
    rows = connection()
    old = store_cipher.open_file(damaged, isolation_level=None)
    try:
        old.execute("PRAGMA writable_schema = ON")  # read on past a length that is not right
        version = _version(old)
        if version > schema.VERSION:
            raise Corrupt(_("A newer version of this program made these records."))
        saved: dict[str, int] = {}
        lost: dict[str, int] = {}
        rows.execute("BEGIN IMMEDIATE")
        for table in [model._meta.table_name for model in (*LOCAL, *SYNCED)]:
            if table not in _REBUILT:
                saved[table], lost[table] = _table(old, rows, table)
        if not saved["users"] or not saved["clinics"] or not saved["store_info"]:
            raise Corrupt(_("Too little of these records can be read to save them so."))
        search.rebuild(rows)
        rows.execute("COMMIT")
        patients = rows.execute("SELECT count(*) FROM live_patients").fetchone()[0]
        return Salvaged(saved, lost, int(patients))
    finally:
        if rows.in_transaction:
            rows.execute("ROLLBACK")
        old.close()


def _version(old: sqlite3.Connection) -> int:
    try:
        return int(old.execute("PRAGMA user_version").fetchone()[0])
    except sqlite3.Error as error:
        raise Corrupt(_("Nothing of these records can be read.")) from error


def _table(old: sqlite3.Connection, new: sqlite3.Connection, table: str) -> tuple[int, int]:
    """Copy one table; how many rows were saved, in how many places something was lost."""
    try:
        there = [row[1] for row in old.execute(f"PRAGMA table_info({table})")]
    except sqlite3.Error:
        return 0, 1
    ours = {row[1]: row for row in new.execute(f"PRAGMA table_info({table})")}
    columns = [name for name in there if name in ours]
    if not columns:
        return 0, 0  # an older version had no such table
    keyed = "pk" in columns
    found = _by_number if keyed else _both_ways
    bad = [0]
    insert = (
        f"INSERT OR IGNORE INTO {table} ({', '.join(columns)})"
        f" VALUES ({', '.join('?' * len(columns))})"
    )
    saved = 0
    for row in found(old, table, ", ".join(columns), bad):
        try:
            done = new.execute(insert, row).rowcount
        except sqlite3.Error:
            done = 0
        saved += done
        # read twice where a table without numbers was read from both its ends
        bad[0] += 1 - done if keyed else 0
    return saved, bad[0]


def _by_number(old: sqlite3.Connection, table: str, columns: str, bad: list[int]) -> Iterator[_Row]:
    """The rows of a table with row numbers: halves around what can't be read, ever smaller."""
    waiting = [(0, _last(old, table))]
    tries = 0
    while waiting:
        low, high = waiting.pop()
        if low > high:
            continue
        reached = low - 1
        query = f"SELECT rowid, {columns} FROM {table} WHERE rowid BETWEEN ? AND ? ORDER BY rowid"
        try:
            for row in old.execute(query, (low, high)):
                reached = int(row[0])
                yield row[1:]
            continue
        except (sqlite3.Error, OverflowError, UnicodeDecodeError):
            tries += 1
        low = reached + 1
        if tries > _TRIES:
            bad[0] += max(0, high - low + 1)
            return
        if low >= high:
            bad[0] += 1 if low == high else 0
            continue
        middle = (low + high) // 2
        waiting += [(middle + 1, high), (low, middle)]


def _last(old: sqlite3.Connection, table: str) -> int:
    """The highest row number; where that can't be read, one that no clinic reaches soon."""
    try:
        return int(old.execute(f"SELECT coalesce(max(rowid), 0) FROM {table}").fetchone()[0])
    except sqlite3.Error:
        return 1 << 22


def _both_ways(old: sqlite3.Connection, table: str, columns: str, bad: list[int]) -> Iterator[_Row]:
    """The rows of a table that is its own index, from either end as far as it reads."""
    for order in ("ASC", "DESC"):
        try:
            yield from old.execute(f"SELECT {columns} FROM {table} ORDER BY 1 {order}")
            return
        except (sqlite3.Error, UnicodeDecodeError):
            bad[0] = 1
