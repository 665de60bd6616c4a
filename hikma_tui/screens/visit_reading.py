"""What the screens of a patient and of a visit read at once, on the reader's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from hikma_tui.clinic import chart_visit, glance, info, permissions, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.chart_visit import Record
from hikma_tui.clinic.glance import Glance
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.permissions import Flag


@dataclass(frozen=True)
class Allowed:
    """What the user may do with this patient's records."""

    edit: bool
    delete_patient: bool
    delete_visit: bool
    delete_event: bool


@dataclass(frozen=True)
class WholeVisit:
    """A visit with all that is recorded in it, and the forms that ask for its answers."""

    patient: PatientCard
    visit: VisitLine
    records: tuple[Record, ...]
    forms: Mapping[str, Mapping[str, Any]]
    allowed: Allowed
    zone: tzinfo  # that days in answers are read in


def allowed(actor: Actor, card: PatientCard) -> Allowed:
    """The flags that matter here, at the patient's clinic."""
    rights = permissions.rights(actor)
    clinic_id = card.primary_clinic_id or actor.clinic_id
    return Allowed(
        rights.at(Flag.EDIT_RECORDS, clinic_id),
        rights.at(Flag.DELETE_PATIENT_RECORDS, clinic_id),
        rights.at(Flag.DELETE_PATIENT_VISITS, clinic_id),
        rights.at(Flag.DELETE_RECORDS, clinic_id),
    )


def opened(actor: Actor, patient_id: str, limit: int) -> tuple[Glance, Allowed]:
    """A patient at a glance, with the newest ``limit`` visits. NotFound, NotAllowed."""
    found = glance.glance(actor, patient_id, limit)
    return found, allowed(actor, found.chart.patient)


def whole_visit(actor: Actor, visit_id: str) -> WholeVisit:
    """One visit with everything in it. NotFound, NotAllowed."""
    return _whole(actor, *chart_visit.everything(actor, visit_id))


def whole_record(actor: Actor, table: str, row_id: str) -> WholeVisit:
    """A record that hangs on no visit, as if it were one: its ``visit`` has no id. As above."""
    return _whole(actor, *chart_visit.alone(actor, table, row_id))


def _whole(
    actor: Actor, card: PatientCard, line: VisitLine, records: tuple[Record, ...]
) -> WholeVisit:
    form_ids = {one.row["form_id"] for one in records if one.row.get("form_id")}
    found = {form_id: visits.event_form(form_id) for form_id in form_ids}
    forms = {form_id: row for form_id, row in found.items() if row is not None}
    return WholeVisit(card, line, records, forms, allowed(actor, card), info.zone_in_force())
