"""A whole spool into the store: short transactions, taken up again where a killed one was.

What stands against nothing here is upserted by the hundred; special rows go one by one to
``syncing.meet``. Each transaction records how far the spool is applied and ends as soon as a save
waits (``syncing.apply_turns``). The watermark is the caller's, after ``apply`` has returned.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.models import connection, database
from hikma_tui.store import Store
from hikma_tui.syncing import beside as sync_beside
from hikma_tui.syncing import carry as sync_carry
from hikma_tui.syncing import known
from hikma_tui.syncing import meet as sync_meet
from hikma_tui.syncing import meet_many as sync_meet_many
from hikma_tui.syncing import meet_quick as sync_meet_quick
from hikma_tui.syncing.apply_aside import Aside
from hikma_tui.syncing.apply_index import ALL, index
from hikma_tui.syncing.apply_special import special
from hikma_tui.syncing.apply_sql import PAIRS, upsert
from hikma_tui.syncing.apply_turns import Step, Turns, quickly
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Phase, Progress
from hikma_tui.syncing.spool import Deleted, Spool
from hikma_tui.syncing.values import Decoded, python_row

__all__ = ["apply", "index"]

_KEY, _OFFSET = "spool_key", "spool_offset"
_PATIENT = {"patients": "id", "patient_additional_attributes": "patient_id", "visits": "patient_id"}
_TELL_EVERY = 0.2
_MET = 100  # special rows that are looked at together: a save waits so long
_CACHE = 56_000  # kilobytes: the indexes of ids are written all over
_CACHE_BESIDE = 24_000  # where another process needs memory, too: some 5 % slower
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
    applying = _Applying(spool, context, progress)
    if not began and store.on_writer(info.get, ALL).result():
        context.beside = sync_beside.start(store, spool)
    try:
        with quickly(store, _CACHE if context.beside is None else _CACHE_BESIDE):
            Turns(store, cancelled).run(applying.steps(began), applying.tell)
    except BaseException:
        if context.beside is not None:
            context.beside.stop()
            context.beside = None
        raise


class _Applying:
    """One spool on its way in."""

    def __init__(self, spool: Spool, context: Context, progress: Tell) -> None:
        self.spool, self.context, self.progress = spool, context, progress
        self.aside = Aside(spool.path.parent, context)
        self.total = sum(spool.counts.values())
        self.done, self.began, self.told = 0, time.monotonic(), 0.0

    def steps(self, offset: int) -> Iterator[Step]:
        """The spool from ``offset`` on. Each step is done before the next is asked for."""
        for after, item in self.spool.frames(offset):
            if isinstance(item, Deleted):
                for row_id in item.rows:
                    yield partial(sync_meet.deleted, self.context, item.table, row_id)
                yield partial(self.aside.settled, item.table, item.rows)
            else:
                met: list[dict[str, Any]] = []
                yield partial(_plain, self.context, item, met, self.aside)
                for at in range(0, len(met), _MET):
                    odd: list[dict[str, Any]] = []
                    yield partial(self._met, item.table, met[at : at + _MET], odd)
                    for theirs in odd:
                        meet = partial(sync_meet.meet, self.context, item.table, theirs)
                        yield partial(self.aside.meet, item.table, theirs, meet)
            yield partial(info.put, _OFFSET, after)
            self.done += len(item.rows)

    def _met(self, table: str, met: list[dict[str, Any]], odd: list[dict[str, Any]]) -> None:
        """Confirm what was read back as it was sent; ``odd`` is given the rest, for ``meet``."""
        left: list[dict[str, Any]] = []

        def meet() -> None:
            left.extend(sync_meet_many.meet_many(self.context, table, met))

        odd += left if self.aside.attempt(meet) is None else met

    def tell(self) -> None:
        now = time.monotonic()
        if now - self.told < _TELL_EVERY:
            return
        self.told = now
        rate = self.done / max(now - self.began, 0.001)
        left = (self.total - self.done) / rate if rate else None
        self.progress(Progress(Phase.APPLY, self.done, self.total, 0, rate, left))


# -- on the writer's thread ----------------------------------------------------------------------


def _begin(spool: Spool) -> int:
    """Where to go on."""
    if info.get(_KEY) == spool.key:
        return info.number(_OFFSET)
    with database.atomic("IMMEDIATE"):
        info.put(_KEY, spool.key)
        info.put(_OFFSET, 0)
        here = connection().execute("SELECT count(*) FROM patients").fetchone()[0]
        if here < spool.counts.get("patients", 0) / 4:
            info.put(ALL, 1)  # quicker than one by one
    return 0


def _plain(context: Context, decoded: Decoded, met: list[dict[str, Any]], aside: Aside) -> None:
    """Upsert what is plain; ``met`` is given what is special, in python form, for ``meet``."""
    here = connection()
    rows = decoded.rows
    odd = special(here, context, decoded)
    if odd and (sure := _sure(context, decoded, odd, aside)):
        statement = upsert(context.dialect, decoded.table, decoded.columns, agreeing=True)
        some = [rows[number] for number in sorted(sure)]
        aside.upsert(here, statement, decoded.table, some, partial(_python, decoded))
        rows = [row for number, row in enumerate(rows) if number not in odd]
        met += [_python(decoded, decoded.rows[number]) for number in sorted(odd - sure)]
    elif odd:
        met += [_python(decoded, rows[number]) for number in sorted(odd)]
        rows = [row for number, row in enumerate(rows) if number not in odd]
    decoded = _restored(context, decoded, rows)
    rows = _last_of_pairs(decoded, decoded.rows)
    _touch_former(here, context, decoded, rows)
    statement = upsert(context.dialect, decoded.table, decoded.columns)
    changed = aside.upsert(here, statement, decoded.table, rows, partial(_python, decoded))
    _count(context, decoded.table, changed)
    if changed:
        _touch(here, decoded, rows)


def _sure(context: Context, decoded: Decoded, odd: set[int], aside: Aside) -> set[int]:
    """Those of the special rows that came back just as they were sent: confirmed at once."""
    sure: set[int] = set()
    aside.attempt(lambda: sure.update(sync_meet_quick.confirm(context, decoded, odd)))
    return sure


def _last_of_pairs(decoded: Decoded, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Of rows that come under two ids for one pair the last stays, and alone is counted."""
    pair = PAIRS.get(decoded.table)
    if pair is None or not set(pair) <= set(decoded.columns):
        return rows
    one, other = (decoded.columns.index(name) for name in pair)
    last = {(row[one], row[other]): row for row in rows}
    return rows if len(last) == len(rows) else list(last.values())


def _python(decoded: Decoded, row: tuple[Any, ...]) -> dict[str, Any]:
    return sync_carry.restore(decoded.table, python_row(decoded.table, decoded.columns, row))


def _restored(context: Context, decoded: Decoded, rows: list[tuple[Any, ...]]) -> Decoded:
    """What only this store knows, and sent along in the metadata, is put back in its place: also
    in a column that the older server does not have (nothing in it leaves what stands here).
    """
    table, columns = decoded.table, decoded.columns
    at = columns.index("metadata") if "metadata" in columns else -1
    marked = [n for n, row in enumerate(rows) if at >= 0 and row[at] and sync_carry.MARK in row[at]]
    if not marked:
        return Decoded(table, columns, rows)
    from hikma_tui.models import BY_TABLE

    fields = BY_TABLE[table]._meta.fields
    found = {number: _python(decoded, rows[number]) for number in marked}
    named = set().union(*found.values()) - set(columns)
    more = tuple(sorted(named & known.never_stored(context.dialect, table)))
    columns, nothing = (*more, *columns), (None,) * len(more)
    rows = [(*nothing, *row) for row in rows] if more else list(rows)
    for number, row in found.items():
        rows[number] = tuple(fields[name].db_value(row.get(name)) for name in columns)
    return Decoded(table, columns, rows)


def _count(context: Context, table: str, changed: int) -> None:
    context.report.total.pulled += changed
    context.report.of(table).pulled += changed


def _touch_former(
    here: sqlite3.Connection, context: Context, decoded: Decoded, rows: list[tuple[Any, ...]]
) -> None:
    """Whose a row was until now, too, if it was moved elsewhere (docs/moving.md)."""
    table = decoded.table
    if _PATIENT.get(table) != "patient_id" or "patient_id" not in decoded.columns or info.get(ALL):
        return
    places = [decoded.columns.index(name) for name in ("id", "patient_id")]
    asked = json.dumps([[row[place] for place in places] for row in rows])
    here.execute(
        "INSERT OR IGNORE INTO index_waiting (patient_id) SELECT t.patient_id FROM json_each(?) j"
        f" CROSS JOIN {table} t ON t.id = j.value ->> 0 WHERE t.patient_id <> j.value ->> 1",
        (asked,),
    )


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
