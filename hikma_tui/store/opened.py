"""The store: one SQLite file, a reader thread, a counting thread and a writer thread.

Database work never runs on the screen's thread. ``read``, ``count`` and ``write`` take a function,
run it on their thread with that thread's connection, and give back a future. What a reader may see
is held by SQLite itself: its authorizer refuses synced tables other than through ``live_`` views.
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from peewee import DatabaseError, PeeweeException

from hikma_tui import odd_values, schema
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, database
from hikma_tui.models import connection as open_connection
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import Key
from hikma_tui.store.errors import Corrupt, NotOurs, StoreError, TooNew, from_sqlite, replaced
from hikma_tui.store.files import FILE_NAME, prepare_directory, probe, sync_file, which_file
from hikma_tui.store.turn import turn

P = ParamSpec("P")
T = TypeVar("T")

_PRAGMAS = {
    "journal_mode": "wal",
    "synchronous": "full",  # an acknowledged save survives a power cut
    "busy_timeout": 5000,
    "cache_size": -8000,
    "temp_store": "memory",
    "journal_size_limit": 16_000_000,
}
_CONNECTING = threading.Lock()


def _refuse_dead_rows(
    action: int, first: str | None, _second: str | None, _file: str | None, view: str | None
) -> int:
    """The reader's authorizer: a synced table may be read in its own ``live_`` view only.

    (And in its ``waiting_`` view, which has ids alone.)
    """
    if action != sqlite3.SQLITE_READ or first not in BY_TABLE:
        return sqlite3.SQLITE_OK
    if view not in (f"live_{first}", f"waiting_{first}"):
        return sqlite3.SQLITE_DENY
    return sqlite3.SQLITE_OK


class Store:
    """An open store. Make one with ``Store.open`` or ``Store.create``; ``close`` it at the end."""

    def __init__(self, path: Path, key: Key | None = None) -> None:
        self.path = path
        self.key = key
        self._open = store_cipher.note_open(path, key)
        self.directory = path.parent
        self._threads: dict[str, ThreadPoolExecutor] = {}
        self._counting: sqlite3.Connection | None = None
        self._closed = False
        self._file: tuple[int, int] | None = None  # device and inode of what was opened

    # -- opening -----------------------------------------------------------------------------

    @classmethod
    def exists(cls, directory: Path) -> bool:
        """Whether a store's file lies in ``directory``."""
        return (directory / FILE_NAME).exists()

    @classmethod
    def create(cls, directory: Path, key: Key | None = None) -> Store:
        """Make an empty store in ``directory`` (0700, file 0600) and open it. StoreError if not.

        With a key it is ciphered from its first byte on, and the key is held.

        The file is built beside its place and renamed into it, so a power cut leaves either no
        store or a whole one.
        """
        os.umask(0o077)
        prepare_directory(directory)
        path = directory / FILE_NAME
        if path.exists():
            return cls.open(directory)
        building = directory / f"{FILE_NAME}.new"
        building.unlink(missing_ok=True)
        try:
            descriptor = os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
            os.close(descriptor)
            database.init(str(building), pragmas={"journal_mode": "delete"})
            database.opens = partial(store_cipher.connect, key=key)
            database.connect()
            try:
                with database.atomic("IMMEDIATE"):
                    connection = open_connection()
                    schema.create(connection)
                    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
                    connection.execute(f"PRAGMA user_version = {schema.VERSION}")
            finally:
                database.close()
            sync_file(building)
            building.rename(path)
            sync_file(directory)
        except (sqlite3.Error, PeeweeException, OSError) as error:
            raise _ours(error, path) from error
        if key is not None:
            store_cipher.hold_key(key)
        return cls.open(directory)

    @classmethod
    def open(
        cls,
        directory: Path,
        *,
        upgrades: Mapping[int, schema.Upgrade] = schema.UPGRADES,
        version: int = schema.VERSION,
    ) -> Store:
        """Open the store in ``directory``; an older one is copied to ``backups`` and upgraded.

        Raises a StoreError (each with its sentence and exit code) and then changes nothing;
        NeedsPassphrase where it is ciphered and its key is not held (``store.cipher.hold_key``).
        ``upgrades`` and ``version`` are given by the tests of the upgrade path alone.
        """
        os.umask(0o077)
        path = directory / FILE_NAME
        probe(path)
        prepare_directory(directory)
        store = cls(path, store_cipher.key_of(path))
        database.init("")  # a store that was open before must not be taken for this one
        try:
            store.on_writer(store._check_and_upgrade, upgrades, version).result()
        except BaseException:
            store.close()
            raise
        return store

    def _check_and_upgrade(self, upgrades: Mapping[int, schema.Upgrade], target: int) -> None:
        connection = open_connection()
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        if found > target:
            raise TooNew(
                _(
                    "These records were made by a newer version of this program:"
                    " nothing was changed. Install that version. ({path})"
                ).format(path=self.path)
            )
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if connection.execute("PRAGMA application_id").fetchone()[0] != schema.APPLICATION_ID:
            raise NotOurs(
                _("This file is another program's: nothing was changed. ({path})").format(
                    path=self.path
                )
            )
        if not os.access(self.path, os.W_OK):
            raise sqlite3.OperationalError("attempt to write a readonly database")
        if found < target:
            self._upgrade(connection, found, upgrades, target)

    def _upgrade(
        self,
        connection: sqlite3.Connection,
        found: int,
        upgrades: Mapping[int, schema.Upgrade],
        target: int,
    ) -> None:
        """Copy, then run every step and set the version in one transaction."""
        from hikma_tui.store.backups import copy_to

        copy_to(connection, self.directory, f"before-upgrade-{found}-to-{target}")
        with database.atomic("IMMEDIATE"):
            # Another process may have upgraded while this one copied.
            found = connection.execute("PRAGMA user_version").fetchone()[0]
            for step in schema.steps_from(found, upgrades, target):
                step(connection)
            for statement in schema.live_views():
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {target}")

    # -- the threads -------------------------------------------------------------------------

    def read(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Run a function that only reads live rows; what it may see is one moment of the store."""
        return self._submit("reader", self._reading, function, *arguments, **named)

    def count(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Like ``read``, on a thread of its own: slow answers (counts) never delay a list."""
        return self._submit("counter", self._reading, function, *arguments, **named)

    def write(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Run a function in one ``BEGIN IMMEDIATE`` transaction; its result is durable."""
        return self._submit("writer", self._writing, function, *arguments, **named)

    def on_writer(
        self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs
    ) -> Future[T]:
        """Run a function on the writer's connection with no transaction and no authorizer.

        The explicit way to tombstones: for undo, the audit trail, sync and checks.
        """
        return self._submit("writer", _plainly, function, *arguments, **named)

    def interrupt_count(self) -> None:
        """Stop the count that runs now, if any; its future raises."""
        if self._counting is not None:
            self._counting.interrupt()

    def close(self) -> None:
        """Close each thread's connection, then the threads. Waits for a running save."""
        if self._closed:
            return
        self._closed = True
        self.interrupt_count()
        try:
            for executor in self._threads.values():
                executor.submit(database.close).result()
                executor.shutdown(wait=True)
        finally:  # who reads the file's head before would end the locks of a save that still runs
            store_cipher.note_closed(self._open)

    def _submit(self, name: str, run: Callable[..., T], *arguments: Any, **named: Any) -> Future[T]:
        executor = self._threads.get(name)
        if executor is None:
            executor = ThreadPoolExecutor(1, f"store-{name}")
            self._threads[name] = executor
        return executor.submit(self._guarded, name, run, *arguments, **named)

    def _connect(self, name: str) -> None:
        """Open the calling thread's connection; a reader's can reach live rows only."""
        with _CONNECTING:  # another store of this process may have the path set to its own file
            if self._file is None:
                self._file = which_file(self.path)
            if database.database != str(self.path):
                database.init(str(self.path), pragmas=_PRAGMAS)
                database.opens = partial(store_cipher.connect, key=self.key)
            database.connect()
        connection = open_connection()
        if name == "writer":
            connection.execute(f"PRAGMA synchronous = {_durability(connection)}")
        else:
            connection.execute("PRAGMA query_only = ON")
            connection.set_authorizer(_refuse_dead_rows)
        if name == "counter":
            self._counting = connection

    def _guarded(self, name: str, run: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run on a store's thread; SQLite's errors become the store's."""
        try:
            self._still_there()
            if database.is_closed():
                self._connect(name)
            connection = open_connection()
            before = connection.total_changes
            try:
                return run(*arguments, **named)
            except (sqlite3.Error, DatabaseError) as error:
                if "decode to UTF-8" not in str(error):
                    raise
                connection.text_factory = odd_values.text  # slower, so only from here on
                if run is _plainly and connection.total_changes != before:
                    raise
                return run(*arguments, **named)  # of the first try nothing is there
        except (sqlite3.Error, DatabaseError, OSError) as error:
            raise _ours(error, self.path) from error

    def _still_there(self) -> None:
        """Replaced when another file lies where ours was opened: what we read is gone by now, and
        what we save would go into a file that nobody finds.
        """
        if self._file is not None and which_file(self.path) != self._file:
            raise replaced(self.path)

    @staticmethod
    def _reading(function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        with database.atomic():  # deferred: one moment of the store for the whole function
            return function(*arguments, **named)

    def _writing(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        with turn(self.directory), database.atomic("IMMEDIATE"):
            done = function(*arguments, **named)
            self._still_there()  # the turn may have been long in coming
            return done

    # -- checks ------------------------------------------------------------------------------

    def check(self) -> list[str]:
        """What is wrong with the whole file, in SQLite's words; empty when nothing is."""

        def everything() -> list[str]:
            rows = open_connection().execute("PRAGMA integrity_check").fetchall()
            return [row[0] for row in rows if row[0] != "ok"]

        return self.on_writer(everything).result()

    def backup(self, name: str = "backup") -> Path:
        """Copy the store into its ``backups`` folder while it is in use; return the copy."""
        from hikma_tui.store.backups import copy_to

        return self.on_writer(lambda: copy_to(open_connection(), self.directory, name)).result()


def _durability(connection: sqlite3.Connection) -> str:
    """SQLite's word for what a save waits for: FULL, or NORMAL where a person chose so."""
    try:
        row = connection.execute("SELECT value FROM store_info WHERE key = 'durability'").fetchone()
    except sqlite3.OperationalError:
        row = None  # not made yet
    return "NORMAL" if row is not None and row[0] == "normal" else "FULL"


def _plainly(function: Callable[..., T], *arguments: Any, **named: Any) -> T:
    return function(*arguments, **named)


def _ours(error: BaseException, path: Path) -> StoreError:
    """The store's error for SQLite's own or for peewee's wrapping of it."""
    if isinstance(error, StoreError):
        return error
    inner = _engine_error(error)
    if isinstance(inner, sqlite3.Error | OSError):
        return from_sqlite(inner, path)
    if isinstance(error, PeeweeException):
        return from_sqlite(sqlite3.DatabaseError(str(error)), path)
    return Corrupt(str(error))


def _engine_error(error: BaseException) -> BaseException:
    """SQLite's own error behind peewee's wrapping of it.

    A full disk ends the transaction by itself; that there is nothing left to roll back is then only
    the echo of what went wrong before.
    """
    found = error
    while True:
        before = found.__cause__ or found.__context__
        echo = "no transaction is active" in str(found) or "no such savepoint" in str(found)
        if before is None or not (isinstance(found, PeeweeException) or echo):
            return found
        found = before
