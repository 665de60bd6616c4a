"""All answers of one patient to one form, over time; only looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.patients import PatientCard, card
from hikma_tui.clock import day_of
from hikma_tui.i18n import language
from hikma_tui.models import Event, EventForm, Visit, connection, dicts, live

MOST = 500  # notes of one form that are read


@dataclass(frozen=True)
class Answered:
    """A form that the patient has answers to."""

    form_id: str
    name: str
    notes: int


@dataclass(frozen=True)
class Note:
    """One filled form: its day (of the visit), and every answer as it reads, by its question."""

    event_id: str
    visit_id: str | None
    day: date | None
    who: str
    answers: Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The answers to one form: its questions in form order, its notes newest first."""

    patient: PatientCard
    name: str
    questions: tuple[str, ...]
    notes: tuple[Note, ...]
    total: int


def answered(actor: Actor, patient_id: str) -> tuple[PatientCard, list[Answered]]:
    """The forms that a live patient has notes of, the most used first. NotFound, NotAllowed."""
    found = card(actor, patient_id)
    query = (
        "SELECT form_id, max(event_type), count(*) FROM live_events"
        " WHERE patient_id = ? AND form_id IS NOT NULL GROUP BY form_id ORDER BY 3 DESC, 2"
    )
    rows = connection().execute(query, (patient_id,)).fetchall()
    return found, [
        Answered(form_id, _name(form_id) or str(kind or ""), n) for form_id, kind, n in rows
    ]


def _form(form_id: str) -> forms.Form | None:
    model = live(EventForm)
    found = dicts(model.select().where(model.id == form_id))
    return forms.event_form(found[0]) if found else None


def _name(form_id: str) -> str:
    form = _form(form_id)
    return forms.translate(form.name, language()) if form is not None else ""


def over_time(actor: Actor, patient_id: str, form_id: str) -> Table:
    """Every answer of a patient to one form, also to questions that it asks no more.

    NotFound, NotAllowed.
    """
    found, form, zone = card(actor, patient_id), _form(form_id), info.zone_in_force()
    events, visits = live(Event), live(Visit)
    mine = (events.patient_id == patient_id) & (events.form_id == form_id)
    total = events.select().where(mine).count()
    rows = dicts(events.select().where(mine).order_by(events.created_at.desc()).limit(MOST))
    ids = [row["visit_id"] for row in rows if row["visit_id"]]
    moments = {
        row["id"]: row["check_in_timestamp"]
        for row in dicts(visits.select().where(visits.id.in_(ids)))
    }
    notes = [_note(row, form, moments.get(row["visit_id"]), zone) for row in rows]
    notes.sort(key=lambda note: note.day or date.min, reverse=True)
    name = forms.translate(form.name, language()) if form is not None else ""
    return Table(
        found, name or str(rows[0]["event_type"] or "") if rows else name,
        _questions(form, notes), tuple(notes), total,
    )  # fmt: skip


def _note(
    row: Mapping[str, Any], form: forms.Form | None, moment: int | None, zone: tzinfo
) -> Note:
    at = moment if moment is not None else row["created_at"]
    answers: dict[str, str] = {}
    for one in forms.shown(form, row["form_data"], language(), info.today(), zone):
        said = one.text.replace("\n", "; ")
        answers[one.label] = f"{answers[one.label]}; {said}" if one.label in answers else said
    metadata = row["metadata"] if isinstance(row["metadata"], dict) else {}
    return Note(
        row["id"], row["visit_id"], day_of(at, info.zone()) if at is not None else None,
        str(metadata.get("providerName") or ""), answers,
    )  # fmt: skip


def _questions(form: forms.Form | None, notes: list[Note]) -> tuple[str, ...]:
    """The questions that were answered at all: in form order, then those of older forms."""
    asked = [forms.translate(f.label, language()) or f.name for f in form.fields] if form else []
    told = dict.fromkeys(question for note in notes for question in note.answers)
    return tuple(dict.fromkeys([*(one for one in asked if one in told), *told]))
