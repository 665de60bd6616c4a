"""Everything recorded in one visit, in the order in which it was recorded; only looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import chart, chart_loose, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.errors import NotFound
from hikma_tui.clinic.moving_notes import Note, came_from, mapping
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.report_words import strength_words
from hikma_tui.clock import day_bounds
from hikma_tui.i18n import _
from hikma_tui.models import (
    Appointment,
    Drug,
    Event,
    Prescription,
    PrescriptionItem,
    Problem,
    Synced,
    User,
    Visit,
    Vitals,
    dicts,
    live,
)

_PARTS: tuple[tuple[type[Synced], str], ...] = (
    (Vitals, "visit_id"), (Event, "visit_id"), (Problem, "visit_id"),
    (Prescription, "visit_id"), (Appointment, "current_visit_id"),
)  # fmt: skip


@dataclass(frozen=True)
class Record:
    """One row of a visit. ``loose``: of the same day, but it hangs on no visit."""

    table: str
    id: str
    row: Mapping[str, Any]
    who: str
    at: int | None  # when it was recorded, ms
    came: Note | None = None
    items: tuple[str, ...] = ()  # of a prescription, in words
    loose: bool = False


def everything(actor: Actor, visit_id: str) -> tuple[PatientCard, VisitLine, tuple[Record, ...]]:
    """A live visit with its patient and all its live records. NotFound, NotAllowed."""
    card, line = chart.visit(actor, visit_id)
    names = _user_names()
    records = []
    for model, column in _PARTS:
        rows = live(model)
        for row in dicts(rows.select().where(getattr(rows, column) == visit_id)):
            if row["patient_id"] not in (card.id, None):
                continue  # another patient's: it stands in that file
            records.append(_record(model, row, names))
    if line.day is not None and _takes_loose(card.id, visit_id, line):
        start, end = day_bounds(line.day, info.zone())
        for row in chart_loose.loose_vitals(card.id, start, end):
            records.append(_record(Vitals, row, names, loose=True))
    records.sort(key=lambda one: one.at or 0)
    return card, line, tuple(records)


def alone(
    actor: Actor, table: str, row_id: str
) -> tuple[PatientCard, VisitLine, tuple[Record, ...]]:
    """A live record that hangs on no visit, in the shape of ``everything``: a visit without an id
    on the record's day. NotFound, NotAllowed.
    """
    model = next(one for one, _column in _PARTS if one._meta.table_name == table)
    rows = live(model)
    row = next(iter(dicts(rows.select().where(rows.id == row_id))), None)
    if row is None:
        raise NotFound()
    found = chart.chart_of_loose(actor, str(row["patient_id"] or ""), row_id)
    if found is None:
        raise NotFound(_("This stands in a visit now: look at the visit."))
    card, loose = found
    events = (loose.event,) if loose.event is not None else ()
    vitals = (row,) if model is Vitals else ()
    line = VisitLine("", loose.day, loose.moment, None, "", "", events, False, False, vitals)
    return card, line, (_record(model, row, _user_names(), loose=True),)


def _takes_loose(patient_id: str, visit_id: str, line: VisitLine) -> bool:
    """Vitals of the day are told in its last visit only, whichever clinic it was at."""
    start, end = day_bounds(line.day, info.zone()) if line.day else (0, 0)
    rows = live(Visit)
    of_day = rows.select(rows.id).where(
        (rows.patient_id == patient_id)
        & (rows.check_in_timestamp >= start)
        & (rows.check_in_timestamp < end)
    )
    last = dicts(of_day.order_by(rows.check_in_timestamp.desc(), rows.pk.desc()).limit(1))
    return bool(last) and last[0]["id"] == visit_id


def _record(
    model: type[Synced], row: dict[str, Any], names: Mapping[str, str], *, loose: bool = False
) -> Record:
    metadata = mapping(row["metadata"])
    author = row.get("recorded_by_user_id") or row.get("provider_id") or row.get("user_id")
    who = str(metadata.get("providerName") or names.get(author or "") or "")
    items = _items(row["id"]) if model is Prescription else ()
    came = came_from(metadata)
    return Record(
        model._meta.table_name, row["id"], row, who, row["created_at"], came, items, loose
    )


def _user_names() -> dict[str, str]:
    users = live(User)
    return {row["id"]: row["name"] for row in dicts(users.select(users.id, users.name))}


def _items(prescription_id: str) -> tuple[str, ...]:
    """The medicines of a prescription: name, strength, directions, how many."""
    items, drugs = live(PrescriptionItem), live(Drug)
    rows = dicts(items.select().where(items.prescription_id == prescription_id).order_by(items.pk))
    ids = [row["drug_id"] for row in rows]
    found = {row["id"]: row for row in dicts(drugs.select().where(drugs.id.in_(ids)))}
    said = []
    for row in rows:
        drug = found.get(row["drug_id"], {})
        dose = strength_words(drug)
        name = drug.get("generic_name") or drug.get("brand_name") or "?"
        parts = [f"{name} {dose}".strip(), row["dosage_instructions"] or ""]
        parts.append(f"x {row['quantity_prescribed']}")
        said.append(", ".join(part for part in parts if part))
    return tuple(said)
