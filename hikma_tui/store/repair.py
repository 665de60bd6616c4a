"""Putting another file in the place of the store: nothing is lost on the way, power cut or not.

What is put in place is made whole in a folder of its own first. The store that stood there is kept
as it is, journal and all, and the exchange is one rename while nobody else has the store open.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hikma_tui.clock import wall_ms
from hikma_tui.i18n import _
from hikma_tui.models import SYNCED
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.backups import bring, name_for, room_for, sync_folder
from hikma_tui.store.errors import DiskFull, DiskTrouble, Locked, ReadOnly, from_sqlite
from hikma_tui.store.files import BACKUPS, FILE_NAME, sync_file

WORK = "restoring"
_PARTS = ("", "-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Difference:
    """What putting a copy in place of the present records would change; live rows counted."""

    patients_lost: int = 0  # registered since
    rows_lost: dict[str, int] = field(default_factory=dict)  # written since, by table
    rows_changed: int = 0  # would be as they were
    rows_back: int = 0  # deleted since, would be there again

    @property
    def nothing(self) -> bool:
        """Whether the copy holds the very same rows."""
        return not (any(self.rows_lost.values()) or self.rows_changed or self.rows_back)


def compare(present: Path, copy: Path) -> Difference:
    """Compare two sound stores' files, neither of which is changed. Corrupt when one is not.

    ``present`` must not be open in this process: two engines on one file end each other's locks.
    """
    try:
        here, there = store_cipher.key_of(present), store_cipher.key_of(copy)
        rows = store_cipher.connect(
            f"{present.resolve().as_uri()}?mode=ro", here, attaches=there is not None, uri=True
        )
        try:
            # the journal of the present is read, the copy has none
            where = f"{copy.resolve().as_uri()}?mode=ro&immutable=1"
            store_cipher.attach(rows, "copy", where, there)
            return _difference(rows)
        finally:
            rows.close()
    except sqlite3.Error as error:
        raise from_sqlite(error, present) from error


def _difference(rows: sqlite3.Connection) -> Difference:
    lost: dict[str, int] = {}
    changed = back = 0
    for model in SYNCED:
        table = model._meta.table_name
        here = f"main.{table} AS h LEFT JOIN copy.{table} AS c ON c.id = h.id"
        lost[table] = rows.execute(
            f"SELECT count(*) FROM {here} WHERE h.tombstone IS NULL AND c.id IS NULL"
        ).fetchone()[0]
        changed += rows.execute(
            f"SELECT count(*) FROM {here} WHERE h.tombstone IS NULL AND c.tombstone IS NULL"
            " AND c.id IS NOT NULL AND (h.updated_at IS NOT c.updated_at"
            " OR h.change_seq IS NOT c.change_seq)"
        ).fetchone()[0]
        back += rows.execute(
            f"SELECT count(*) FROM copy.{table} AS c LEFT JOIN main.{table} AS h ON h.id = c.id"
            " WHERE c.tombstone IS NULL AND (h.id IS NULL OR h.tombstone IS NOT NULL)"
        ).fetchone()[0]
    return Difference(lost["patients"], lost, changed, back)


# Making the file that will be put in place ------------------------------------------------------


def prepare(directory: Path, copy: Path) -> Path:
    """Bring a checked copy into a folder of its own beside the store; gives that folder.

    The file that was given stays as it is. StoreError.
    """
    work = empty_work(directory)
    bring(copy, work, FILE_NAME)
    return work


def empty_work(directory: Path) -> Path:
    """The folder in which a store is made before it is put in place, empty."""
    work = directory / WORK
    try:
        discard(work)
        work.mkdir(parents=True, mode=0o700)
        _hold(work)
    except OSError as error:
        raise from_sqlite(error, work) from error
    return work


def discard(work: Path) -> None:
    """Take the folder away, with what a restore that did not come to its end left in it."""
    shutil.rmtree(work, ignore_errors=True)
    held = _held.pop(work, None)
    if held is not None:
        os.close(held)


def sweep(directory: Path) -> None:
    """Take away what a killed restore or conversion left: it may hold records less protected than
    the store. Nothing while another process works there.
    """
    work = directory / WORK
    if work in _held or not work.exists():
        return
    try:
        _hold(work)
    except OSError:
        return
    discard(work)


_held: dict[Path, int] = {}


def _hold(work: Path) -> None:
    """Lock the folder for as long as this process works in it. OSError where another does."""
    descriptor = os.open(work, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    _held[work] = descriptor


# Exchanging -------------------------------------------------------------------------------------


def in_use() -> Locked:
    """The error for records that another program works with."""
    return Locked(
        _(
            "Another program has these records open: nothing was changed."
            " Close it everywhere, then try again."
        )
    )


@contextmanager
def alone_with(directory: Path, *, attaches: bool = False) -> Iterator[sqlite3.Connection | None]:
    """Hold the store's file against everybody else; None where there is none, or it is damaged.

    ``attaches``: a ciphered file may be attached to the connection.

    Locked when another program has it open. The journal is folded in, where it can be.
    """
    path = directory / FILE_NAME
    if not path.exists():
        yield None
        return
    key = store_cipher.key_of(path)
    rows = store_cipher.connect(path, key, attaches=attaches, timeout=2, isolation_level=None)
    mine = store_cipher.note_open(path, key)
    sound = False
    try:
        try:
            rows.execute("PRAGMA locking_mode = EXCLUSIVE")
            if rows.execute("PRAGMA journal_mode = delete").fetchone()[0] == "wal":
                raise in_use()
            rows.execute("BEGIN EXCLUSIVE")
            rows.execute("SELECT count(*) FROM sqlite_master").fetchone()
            rows.execute("COMMIT")  # the lock stays: the mode is exclusive
            sound = True
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                raise in_use() from error
            found = from_sqlite(error, path)
            if isinstance(found, DiskFull | DiskTrouble | ReadOnly):
                raise found from error  # the disk's fault: the records may be sound
        except sqlite3.DatabaseError:
            sound = False  # damaged: nobody works with it
        yield rows if sound else None
    finally:
        store_cipher.note_closed(mine)
        rows.close()


def as_it_is(directory: Path) -> Path:
    """Keep all bytes of a damaged store, with its journal: ``backups/damaged-<moment>/``.

    StoreError: then it is not kept, and must stay where it is.
    """
    (directory / BACKUPS).mkdir(mode=0o700, exist_ok=True)
    parts = [directory / f"{FILE_NAME}{end}" for end in _PARTS]
    parts = [path for path in parts if path.exists() and not path.name.endswith("-shm")]
    kept = directory / BACKUPS / name_for("damaged", wall_ms()).removesuffix(".db")
    try:
        room_for(kept.parent, sum(path.stat().st_size for path in parts))
        kept.mkdir(mode=0o700)
        for path in parts:
            shutil.copyfile(path, kept / path.name)
            (kept / path.name).chmod(0o600)
            sync_file(kept / path.name)
        sync_folder(kept)
        sync_folder(kept.parent)
    except OSError as error:
        raise from_sqlite(error, kept) from error
    return kept


def require_closed(work: Path) -> None:
    """DiskTrouble where what was made in ``work`` kept its journal: a disk that got full, mostly.
    Without it the file is not whole.
    """
    if (work / f"{FILE_NAME}-wal").exists():
        raise DiskTrouble(_("The copy could not be closed: nothing was changed. Is the disk full?"))


def exchange(directory: Path, work: Path) -> None:
    """Put the store that was made in ``work`` in the place of the one that is there.

    The caller holds the old one (``alone_with``) and has kept it. StoreError: nothing changed.
    """
    path = directory / FILE_NAME
    made = work / FILE_NAME
    try:
        require_closed(work)
        sync_file(made)
        # A journal of the old file would be played into the new one.
        for end in ("-wal", "-journal", "-shm"):
            path.with_name(f"{FILE_NAME}{end}").unlink(missing_ok=True)
        sync_folder(directory)
        made.rename(path)
        sync_folder(directory)
    except OSError as error:
        raise from_sqlite(error, path) from error
    discard(work)
