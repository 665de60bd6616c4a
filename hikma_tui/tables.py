"""What every table of the store is made of: the connection, our own columns, the bookkeeping."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from peewee import AutoField, IntegerField, Model, SqliteDatabase

from hikma_tui.columns import Flag, Moment, OwnJson, Uuid


class Database(SqliteDatabase):
    """SQLite, opened by what store.py says: a ciphered store needs another engine."""

    opens: Callable[..., sqlite3.Connection] = staticmethod(sqlite3.connect)

    def _connect(self) -> sqlite3.Connection:
        whole: Any = self  # peewee's stubs leave out what its own ``_connect`` uses
        connection = self.opens(
            self.database, timeout=whole._timeout, isolation_level=None, **self.connect_params
        )
        try:
            whole._add_conn_hooks(connection)
        except BaseException:
            connection.close()
            raise
        return connection


# Opened by store.py: one connection for each of its threads.
database = Database(None, autoconnect=False)


class Base(Model):
    """A table of this store."""

    class Meta:
        database = database
        legacy_table_names = False


class Synced(Base):
    """A table that a server knows too."""

    pk = AutoField()
    id = Uuid(unique=True)
    unknown = OwnJson(null=True)
    tombstone = IntegerField(null=True)
    change_seq = IntegerField(default=0)


class Stamped(Synced):
    """The bookkeeping that nearly every upstream table has.

    The pair ``is_deleted`` and ``deleted_at`` comes in every mixture and is data; it is not the
    rule of what is live (decisions.md 1).
    """

    created_at = Moment(null=True)
    updated_at = Moment(null=True)
    last_modified = Moment(null=True)
    server_created_at = Moment(null=True)
    is_deleted = Flag(null=True, default=False)
    deleted_at = Moment(null=True)


def connection() -> sqlite3.Connection:
    """The calling thread's connection; store.py opens one on each of its threads."""
    found: sqlite3.Connection = database.connection()  # type: ignore[no-untyped-call]
    return found


def dicts(query: object) -> list[dict[str, Any]]:
    """The rows of a peewee query by column name; its stubs don't know what ``dicts`` gives."""
    return [dict(row) for row in query.dicts()]  # type: ignore[attr-defined]


def tuples(query: object) -> list[tuple[Any, ...]]:
    """The rows of a peewee query as plain tuples."""
    return [tuple(row) for row in query.tuples()]  # type: ignore[attr-defined]
