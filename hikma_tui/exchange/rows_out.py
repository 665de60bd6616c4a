"""Export: every live row that the acting user may take along, in a stable order, as it stands in
one moment of the store.
"""

from __future__ import annotations

import queue
import threading
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from hikma_tui.clinic import audit
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed
from hikma_tui.clinic.permissions import Flag, require, rights, sight
from hikma_tui.exchange.lines import written
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, SYNCED, Patient, Synced, connection, wire_columns
from hikma_tui.search import Sight
from hikma_tui.store import Store

# What a person's password was turned into is nobody's business outside this store.
_NEVER = frozenset({"hashed_password"})

# Vitals and problems outlive their visit (decisions.md 1); a deleted one's id is not told.
_LEFT_BEHIND = {
    (table, "visit_id"): "(SELECT v.id FROM live_visits v WHERE v.id = t.visit_id)"
    for table in ("patient_vitals", "patient_problems")
}

_BLOCK = 1 << 16


@dataclass
class _Block:
    """Some whole lines, and how many rows of each table are in them."""

    text: bytearray = field(default_factory=bytearray)
    counts: Counter[str] = field(default_factory=Counter)


Ready = queue.Queue[_Block | None]


@dataclass
class Export:
    """One export; ``counts`` says how many rows of each table have left."""

    store: Store
    actor: Actor
    tables: Sequence[str]
    counts: Counter[str] = field(default_factory=Counter)

    def blocks(self) -> Generator[bytes, None, None]:
        """Whole lines, many at a time. Raises Refused and StoreError.

        The audit trail tells of it before the first leaves, and after the last how many did.
        """
        self.store.read(may_export, self.actor, self.tables).result()
        self.store.write(audit.export_begun, self.actor, self.tables).result()
        try:
            yield from self._made_blocks()
        finally:
            self.store.write(audit.exported, self.actor, self.counts).result()

    def _made_blocks(self) -> Iterator[bytes]:
        """Blocks made by the store's reader; the taker's errors and delays stay on this side."""
        ready = Ready(maxsize=4)
        gone = threading.Event()
        done = self.store.read(_send_all, self.actor, self.tables, ready, gone)
        done.add_done_callback(lambda _done: _put(ready, None, gone))
        try:
            while (block := ready.get()) is not None:
                self.counts.update(block.counts)
                yield bytes(block.text)
        finally:
            gone.set()
            _drain(ready, done)
        done.result()


def _put(ready: Ready, block: _Block | None, gone: threading.Event) -> bool:
    """Hand over a block, unless nobody wants it any more."""
    while not gone.is_set():
        try:
            ready.put(block, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False


def _drain(ready: Ready, done: Future[None]) -> None:
    while not done.done():
        try:
            ready.get(timeout=0.05)
        except queue.Empty:
            continue


def chosen(tables: Sequence[str]) -> list[str]:
    """The tables of these names in the order of export, all when none is named. Invalid if odd."""
    for name in tables:
        if name not in BY_TABLE:
            raise Invalid("table", _("There is no table of that name: {table}").format(table=name))
    return [name for name in BY_TABLE if not tables or name in tables]


def may_export(actor: Actor, tables: Sequence[str]) -> None:
    """NotAllowed when the actor may see patients of these tables but not take them along."""
    if not any(_of_patients(BY_TABLE[name]) for name in tables):
        return
    seen = sight(actor).clinic_ids
    if seen is None:
        return
    require(actor, Flag.DOWNLOAD_PATIENT_REPORTS, actor.clinic_id)
    found = rights(actor)
    if not all(found.at(Flag.DOWNLOAD_PATIENT_REPORTS, clinic_id) for clinic_id in seen):
        raise NotAllowed(
            _(
                "{user} may see patients of a clinic from which {user} may take no reports:"
                " nothing was exported."
            ).format(user=actor.user_name)
        )


def _of_patients(model: type[Synced]) -> bool:
    return model is Patient or "patient_id" in model._meta.fields


def _send_all(
    actor: Actor,
    tables: Sequence[str],
    ready: Ready,
    gone: threading.Event,
) -> None:
    """On the reader's thread: every line of every table, in blocks."""
    may_export(actor, tables)  # again, in the very moment that is exported
    seen = sight(actor)
    block = _Block()
    for model in SYNCED:
        table = model._meta.table_name
        if table not in tables:
            continue
        for line in _lines(model, seen):
            block.text += line.encode() + b"\n"
            block.counts[table] += 1
            if len(block.text) >= _BLOCK:
                if not _put(ready, block, gone):
                    return
                block = _Block()
    if block.text:
        _put(ready, block, gone)


def _lines(model: type[Synced], seen: Sight) -> Iterator[str]:
    """The live rows of one table that are in sight, by id."""
    columns = {name: f for name, f in wire_columns(model).items() if name not in _NEVER}
    table = model._meta.table_name
    query, values = _query(model, [*columns, "unknown"], seen)
    unknown = model._meta.fields["unknown"]
    cursor = connection().cursor()
    cursor.row_factory = None
    for found in cursor.execute(query, values):
        row: dict[str, Any] = {}
        for (name, column), value in zip(columns.items(), found, strict=False):
            row[name] = column.to_wire(column.python_value(value))
        for name, value in sorted((unknown.python_value(found[-1]) or {}).items()):
            row.setdefault(name, value)
        yield written({"table": table, "row": row})


def _query(model: type[Synced], columns: Sequence[str], seen: Sight) -> tuple[str, tuple[str, ...]]:
    """Rows in the order of the index on ``id``, so that a million of them are never sorted.

    LEFT JOIN and the expressions around ``primary_clinic_id`` keep SQLite from driving the query
    by another index and sorting what it finds. A row without a patient is everybody's, like a
    patient without a clinic; one whose patient is not live goes nowhere.
    """
    table = model._meta.table_name
    names = ", ".join(_LEFT_BEHIND.get((table, name), f"t.{name}") for name in columns)
    query = f"SELECT {names} FROM live_{table} t"
    if seen.clinic_ids is None or not _of_patients(model):
        return f"{query} ORDER BY t.id", ()
    marks = ", ".join("?" for _clinic in ("", *seen.clinic_ids))
    if model is Patient:
        query += f" WHERE coalesce(t.primary_clinic_id, '') IN ({marks})"
    else:
        query += (
            " LEFT JOIN live_patients p ON p.id = t.patient_id"
            f" WHERE CASE WHEN p.pk IS NULL THEN t.patient_id IS NULL"
            f" ELSE coalesce(p.primary_clinic_id, '') IN ({marks}) END"
        )
    return f"{query} ORDER BY t.id", ("", *seen.clinic_ids)
