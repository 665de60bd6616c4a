"""What the screens of a patient and of a visit read at once, on the reader's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import chart, permissions, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.chart import Chart, VisitLine
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
    """A visit with every answer in it, and the forms that ask for them."""

    patient: PatientCard
    visit: VisitLine
    events: tuple[Mapping[str, Any], ...]
    forms: Mapping[str, Mapping[str, Any]]
    allowed: Allowed


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


def opened(actor: Actor, patient_id: str, limit: int) -> tuple[Chart, Allowed]:
    """A patient's file: the newest ``limit`` visits. NotFound, NotAllowed."""
    found = chart.chart(actor, patient_id, limit)
    return found, allowed(actor, found.patient)


def whole_visit(actor: Actor, visit_id: str) -> WholeVisit:
    """One visit with all answers. NotFound, NotAllowed."""
    card, line = chart.visit(actor, visit_id)
    events = tuple(chart.event(actor, event.id)[1] for event in line.events)
    form_ids = {event["form_id"] for event in events if event["form_id"]}
    found = {form_id: visits.event_form(form_id) for form_id in form_ids}
    forms = {form_id: row for form_id, row in found.items() if row is not None}
    return WholeVisit(card, line, events, forms, allowed(actor, card))
