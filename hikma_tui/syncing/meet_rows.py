"""What the meeting of a pulled row reads and writes: the row, its line, its conflict, its parents.

All inside the caller's open write transaction, dead rows included.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic.deletion import HANGS_ON
from hikma_tui.models import (
    OWN_COLUMNS,
    Conflict,
    Deletion,
    Patient,
    PatientAttribute,
    Synced,
    Visit,
    connection,
    dicts,
)
from hikma_tui.syncing import known
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Disagreement

# The tables whose rows the search index is made of (as in ``clinic/saving.py``).
SEARCHED: dict[type[Synced], str] = {
    Patient: "id",
    PatientAttribute: "patient_id",
    Visit: "patient_id",
}


@dataclass
class Line:
    """One line of ``peer_rows``; ``kept`` is False where there is none."""

    base: dict[str, Any] | None = None
    sent: dict[str, Any] | None = None
    sent_seq: int = 0
    sent_at: int | None = None
    state: str = ""
    reason: str = ""
    tries: int = 0
    kept: bool = False


def line_of(context: Context, table: str, row_id: str) -> Line:
    """The line of a row, or an empty one."""
    found = connection().execute(
        "SELECT base, sent, sent_seq, sent_at, state, reason, tries FROM peer_rows"
        " WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (context.peer_id, table, row_id),
    ).fetchone()  # fmt: skip
    if found is None:
        return Line()
    base, sent, sent_seq, sent_at, state, reason, tries = found
    return Line(_read(base), _read(sent), sent_seq, sent_at, state, reason, tries, kept=True)


def keep_line(context: Context, table: str, row_id: str, line: Line) -> None:
    """Write a row's line."""
    connection().execute(
        "INSERT OR REPLACE INTO peer_rows (peer_id, table_name, row_id, base, sent, sent_seq,"
        " sent_at, state, reason, tries) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            context.peer_id, table, row_id, _text(line.base), _text(line.sent), line.sent_seq,
            line.sent_at, str(line.state), str(line.reason), line.tries,
        ),
    )  # fmt: skip


def drop_line(context: Context, table: str, row_id: str) -> None:
    """Nothing stands between here and the server about this row any more."""
    connection().execute(
        "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (context.peer_id, table, row_id),
    )


def _read(text: str | None) -> dict[str, Any] | None:
    return None if text is None else json_text.read_object(text)


def _text(value: Mapping[str, Any] | None) -> str | None:
    return None if value is None else json_text.dumps(value)


def find(model: type[Synced], row_id: str) -> dict[str, Any] | None:
    """All columns of a row, live or not."""
    return next(iter(dicts(model.select().where(model.id == row_id))), None)


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row in python form: every wire column, and ``unknown``."""
    return {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}


def insert(context: Context, model: type[Synced], values: Mapping[str, Any], **own: Any) -> None:
    """Add a row as the server sent it; ``own`` are columns of ours."""
    ours = {n: v for n, v in values.items() if n in model._meta.fields}
    model.insert({"change_seq": 0, **ours, **own}).execute()
    touch(context, model, ours)


def write(
    context: Context,
    model: type[Synced],
    row: Mapping[str, Any],
    values: Mapping[str, Any],
    **own: Any,
) -> bool:
    """Change a row to ``values``; returns whether anything a user sees became different."""
    changed = {
        n: v
        for n, v in values.items()
        if n in row and n not in ("pk", "id") and not very_same(row[n], v)
    }
    changed |= {n: v for n, v in own.items() if row[n] != v}
    if not changed:
        return False
    fields = {getattr(model, name): value for name, value in changed.items()}
    model.update(fields).where(model.id == row["id"]).execute()
    if changed.keys() - unsearched(model):
        touch(context, model, row)
        touch(context, model, {**row, **changed})
    return bool(changed.keys() - known.STAMPS - {"change_seq", "unknown"})


def very_same(one: Any, other: Any) -> bool:
    """The very same value: ``1`` is not ``true``, and a key's place in an object counts for us."""
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return bool(one == other)


def unsearched(model: type[Synced]) -> frozenset[str]:
    """Columns that are in no search entry; of a patient, when it was registered is."""
    quiet = known.STAMPS | {"unknown", "change_seq"}
    return quiet - {"created_at"} if model is Patient else quiet


def touch(context: Context, model: type[Synced], row: Mapping[str, Any]) -> None:
    """The search entry of that row's patient must be made anew, whatever happens before it is."""
    column = SEARCHED.get(model)
    patient_id = row.get(column) if column else None
    if patient_id:
        context.stale.add(str(patient_id))
        # Each time: an open program may have taken the patient from the list since, or a savepoint
        # may have been rolled back.
        connection().execute(
            "INSERT OR IGNORE INTO index_waiting (patient_id) VALUES (?)", (patient_id,)
        )


def count(context: Context, table: str, what: str, number: int = 1) -> None:
    """So many more in the report, for the run and for the table."""
    for counts in (context.report.total, context.report.of(table)):
        setattr(counts, what, getattr(counts, what) + number)


# -- conflicts -----------------------------------------------------------------------------------


def conflict_of(context: Context, table: str, row_id: str) -> Conflict | None:
    """The open conflict about a row."""
    model = Conflict
    return model.get_or_none(
        (model.peer_id == context.peer_id)
        & (model.table_name == table)
        & (model.row_id == row_id)
        & model.resolved_at.is_null()
    )


def open_conflict(
    context: Context,
    kind: Disagreement,
    table: str,
    row: Mapping[str, Any],
    *,
    base: Mapping[str, Any] | None,
    theirs: Mapping[str, Any] | None,
) -> None:
    """Open a conflict about a row, or bring the open one up to date."""
    found = conflict_of(context, table, row["id"])
    if found is not None:
        found.kind, found.theirs = str(kind), theirs
        if base is not None:
            found.base = base
        found.save()
        return
    Conflict.create(
        peer_id=context.peer_id, table_name=table, row_id=row["id"], kind=str(kind), base=base,
        patient_id=row["id"] if table == "patients" else row.get("patient_id"),
        theirs=theirs, found_at=context.now,
    )  # fmt: skip
    count(context, table, "conflicts")
    if kind is Disagreement.DIFFERS:
        count(context, table, "differing")


def close_conflict(context: Context, conflict: Conflict | None, why: str) -> None:
    """A conflict that is none any more, without anybody's choice; ``why`` is a code."""
    if conflict is not None:
        conflict.resolved_at, conflict.choice = context.now, {"itself": why}
        conflict.save()


# -- parents and deletions -----------------------------------------------------------------------

PARENTS: dict[type[Synced], list[tuple[type[Synced], str]]] = {}
for _parent, _children in HANGS_ON.items():
    for _child, _column in _children:
        PARENTS.setdefault(_child, []).append((_parent, _column))


def dead_parent(model: type[Synced], row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The deleted row that a row would have gone with: the patient's, else the visit's, ..."""
    for parent, column in PARENTS.get(model, []):
        if row.get(column):
            found = find(parent, row[column])
            if found is not None and found["tombstone"] is not None:
                return found
    return None


def root_of(number: int) -> tuple[str, str] | None:
    """The table and id of the row whose deletion has that number."""
    record = Deletion.get_or_none(Deletion.pk == number)
    return None if record is None else (record.table_name, record.row_id)


def mark_sent(context: Context, number: int | None) -> None:
    """A deletion that the server has can't be undone here any more (decisions.md 19)."""
    Deletion.update(sent_at=context.now).where(
        (Deletion.pk == number) & Deletion.sent_at.is_null() & Deletion.undone_at.is_null()
    ).execute()


def name_of(model: type[Synced], row: Mapping[str, Any]) -> str:
    """What an administrator reads in the list of deletions: the patient, and which note it was."""
    patient: Mapping[str, Any] = row
    if model is not Patient and row.get("patient_id"):
        patient = find(Patient, row["patient_id"]) or {}
    names = [patient.get("given_name"), patient.get("surname")]
    parts = [" ".join(str(name) for name in names if name)]
    parts.append(str(row.get("event_type") or row.get("name") or ""))
    return ", ".join(part for part in parts if part) or str(row["id"])
