"""A whole spool into the store: short transactions, taken up again where a killed one was.

What stands against nothing here is upserted by the hundred; special rows go one by one to
``sync_meet``. Each transaction records how far the spool is applied, takes its turn with the saves
of the screens (``store_turn``) and is meant to last ``TARGET`` seconds. The watermark is the
caller's, after ``apply`` has returned.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hikma_tui import sync_carry, sync_meet
from hikma_tui.clinic import info
from hikma_tui.models import connection, database
from hikma_tui.store import Store
from hikma_tui.sync_apply_index import ALL, index
from hikma_tui.sync_apply_special import special
from hikma_tui.sync_apply_sql import upsert
from hikma_tui.sync_apply_turns import in_turn, quickly
from hikma_tui.sync_context import Context
from hikma_tui.sync_shapes import Phase, Progress
from hikma_tui.sync_spool import Deleted, Item, Spool
from hikma_tui.sync_values import Decoded, python_row
from hikma_tui.wire.shapes import Kind, Trouble

__all__ = ["apply", "index"]

TARGET = 0.06  # seconds of one transaction
_LEAST, _MOST = 500, 6000  # rows of one
_KEY, _OFFSET = "spool_key", "spool_offset"
_PATIENT = {"patients": "id", "patient_additional_attributes": "patient_id", "visits": "patient_id"}
_TELL_EVERY = 0.2
Tell = Callable[[Progress], None]
Asked = Callable[[], bool]


def apply(
    store: Store, spool: Spool, context: Context, *, progress: Tell, cancelled: Asked
) -> None:
    """Take a spool's rows into the store, and its deletions last.

    A spool that a killed or cancelled run began is gone on with where it stopped. When this
    returns, all of it is in; the watermark may move. ``context.report`` has counted.

    Raises:
        Trouble: CANCELLED between two transactions; STORE when the spool is damaged.
        StoreError: the disk is full, or the store was held by another program for too long.
    """
    began = store.on_writer(_begin, spool).result()
    run = _Applying(store, spool, context, progress, cancelled)
    with quickly(store):
        run.all(began)


class _Applying:
    """One spool on its way in. Runs on the caller's thread, each transaction on the writer's."""

    def __init__(
        self, store: Store, spool: Spool, context: Context, progress: Tell, cancelled: Asked
    ) -> None:
        self.store, self.spool, self.context = store, spool, context
        self.progress, self.cancelled = progress, cancelled
        self.total = sum(spool.counts.values())
        self.done, self.began, self.told = 0, time.monotonic(), 0.0
        self.rate = _LEAST / TARGET  # rows a second

    def all(self, offset: int) -> None:
        for after, items in self.groups(offset):
            first = items[0]
            if isinstance(first, Deleted):
                self.write(partial(_delete, self.context), first.rows, first.table, after)
                self.done += len(first.rows)
            else:
                self.take([one for one in items if isinstance(one, Decoded)], after)
            self.tell()

    def groups(self, offset: int) -> Iterator[tuple[int, list[Item]]]:
        """Frames that go into one transaction: one table, one set of columns."""
        group: list[Item] = []
        rows, end = 0, offset
        for after, item in self.spool.frames(offset):
            if group and (rows >= self.wanted() or not _alike(group[0], item)):
                yield end, group
                group, rows = [], 0
            group.append(item)
            rows += len(item.rows)
            end = after
        if group:
            yield end, group

    def wanted(self) -> int:
        return int(min(max(self.rate * TARGET, _LEAST), _MOST))

    def take(self, group: list[Decoded], after: int) -> None:
        decoded = group[0]
        rows = decoded.rows if len(group) == 1 else [row for one in group for row in one.rows]
        decoded = Decoded(decoded.table, decoded.columns, rows)
        began = time.monotonic()
        special_rows = self.transaction(_plain, self.context, decoded, after)
        elapsed = time.monotonic() - began
        self.rate = 0.7 * self.rate + 0.3 * len(rows) / max(elapsed, 0.001)
        if special_rows:
            self.write(partial(_meet, self.context), special_rows, decoded.table, after)
        self.done += len(rows)

    def write(
        self, one: Callable[[str, Any], None], rows: list[Any], table: str, after: int
    ) -> None:
        """Rows that are handled one by one, as many in a transaction as the time allows."""
        left = list(reversed(rows))
        while left:
            self.transaction(_one_by_one, one, table, left, after)
            self.tell()

    def transaction(self, function: Callable[..., Any], *arguments: Any) -> Any:
        if self.cancelled():
            raise Trouble(Kind.CANCELLED)
        return self.store.on_writer(in_turn, self.store, function, *arguments).result()

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < _TELL_EVERY:
            return
        self.told = now
        rate = self.done / max(now - self.began, 0.001)
        left = (self.total - self.done) / rate if rate else None
        self.progress(Progress(Phase.APPLY, self.done, self.total, 0, rate, left))


def _alike(one: Item, other: Item) -> bool:
    """Whether two items can go into one transaction."""
    if isinstance(one, Deleted) or isinstance(other, Deleted):
        return False
    return (one.table, one.columns) == (other.table, other.columns)


# -- on the writer's thread ----------------------------------------------------------------------


def _begin(spool: Spool) -> int:
    """Where to go on."""
    if info.get(_KEY) == spool.key:
        return info.number(_OFFSET)
    with database.atomic("IMMEDIATE"):
        info.put(_KEY, spool.key)
        info.put(_OFFSET, 0)
        nobody = connection().execute("SELECT NOT EXISTS (SELECT 1 FROM patients)").fetchone()[0]
        if nobody:
            info.put(ALL, 1)
    return 0


def _plain(context: Context, decoded: Decoded, after: int) -> list[dict[str, Any]]:
    """Upsert what is plain; returns what is special, in python form, for ``sync_meet``."""
    here = connection()
    odd = special(here, context, decoded)
    rows = decoded.rows
    found = []
    if odd:
        found = [_python(decoded, rows[number]) for number in sorted(odd)]
        rows = [row for number, row in enumerate(rows) if number not in odd]
    rows = _restored(decoded, rows)
    before = here.total_changes
    statement = upsert(context.dialect, decoded.table, decoded.columns)
    here.executemany(statement, rows)
    changed = here.total_changes - before
    _count(context, decoded.table, changed)
    if changed:
        _touch(here, decoded, rows)
    if not found:
        info.put(_OFFSET, after)
    return found


def _python(decoded: Decoded, row: tuple[Any, ...]) -> dict[str, Any]:
    return sync_carry.restore(decoded.table, python_row(decoded.table, decoded.columns, row))


def _restored(decoded: Decoded, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """What only this store knows, and sent along in the metadata, is put back in its place."""
    if "metadata" not in decoded.columns:
        return rows
    at = decoded.columns.index("metadata")
    marked = [n for n, row in enumerate(rows) if row[at] and sync_carry.MARK in row[at]]
    if not marked:
        return rows
    rows = list(rows)
    for number in marked:
        rows[number] = _stored(decoded, rows[number])
    return rows


def _stored(decoded: Decoded, row: tuple[Any, ...]) -> tuple[Any, ...]:
    from hikma_tui.models import BY_TABLE

    fields = BY_TABLE[decoded.table]._meta.fields
    found = _python(decoded, row)
    return tuple(fields[name].db_value(found[name]) for name in decoded.columns)


def _count(context: Context, table: str, changed: int) -> None:
    context.report.total.pulled += changed
    context.report.of(table).pulled += changed


def _touch(here: sqlite3.Connection, decoded: Decoded, rows: list[tuple[Any, ...]]) -> None:
    """The patients whose search entry is to be made anew."""
    column = _PATIENT.get(decoded.table)
    if column is None or column not in decoded.columns or info.get(ALL):
        return
    at = decoded.columns.index(column)
    here.executemany(
        "INSERT OR IGNORE INTO index_waiting (patient_id) VALUES (?)",
        [(patient_id,) for patient_id in {row[at] for row in rows} if patient_id],
    )


def _one_by_one(one: Callable[[str, Any], None], table: str, left: list[Any], after: int) -> None:
    """Handle the last of ``left`` and so on until the time is over; taken away when committed."""
    until = time.monotonic() + TARGET
    while left:
        one(table, left[-1])
        left.pop()
        if time.monotonic() > until:
            break
    if not left:
        info.put(_OFFSET, after)


def _meet(context: Context, table: str, theirs: dict[str, Any]) -> None:
    sync_meet.meet(context, table, theirs)


def _delete(context: Context, table: str, row_id: str) -> None:
    sync_meet.deleted(context, table, row_id)
