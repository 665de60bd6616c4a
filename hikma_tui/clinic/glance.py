"""The patient at a glance: all that the patient's first screen shows, read in one go.

Only looks. Each part is a few index look-ups, so that a long history costs no more than a short
one (benchmarks/open_patient.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from peewee import fn

from hikma_tui.clinic import chart, info, medicines, problems, vitals
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.chart import PAGE, Chart
from hikma_tui.clinic.medicines_given import CurrentMedicine
from hikma_tui.clinic.problems import Problem
from hikma_tui.clinic.vitals import Entry
from hikma_tui.clock import day_bounds, day_of
from hikma_tui.models import Appointment, Visit, dicts, live

VITALS = 12  # entries that are looked at for the last values and their trend
_OVER = ("cancelled", "canceled", "completed")
_NOT_BEGUN = ("pending", "scheduled", "confirmed")  # features.md 1.12: nobody has come yet


@dataclass(frozen=True)
class Planned:
    """An appointment, as far as a line shows it."""

    id: str
    day: date
    moment: int  # ms
    reason: str
    clinic_id: str
    status: str


@dataclass(frozen=True)
class Glance:
    """A patient's screen. ``chart`` is who it is and a page of visits."""

    chart: Chart
    problems: tuple[Problem, ...]  # those not over; allergies are on the card
    vitals: tuple[Entry, ...]  # newest first, at most ``VITALS``
    medicines: tuple[CurrentMedicine, ...]  # not stopped and within their duration, newest first
    next: Planned | None  # from today on
    missed: Planned | None  # the last one that is past, after which the patient did not come


def glance(actor: Actor, patient_id: str, limit: int = PAGE) -> Glance:
    """Everything for the screen of a live patient. NotFound, NotAllowed."""
    found = chart.chart(actor, patient_id, limit)
    listed = tuple(one for one in problems.of_patient(patient_id) if not one.is_over)
    coming, missed = appointments(patient_id)
    measured = tuple(vitals.history(actor, patient_id, VITALS))
    current = tuple(medicines.current(actor, patient_id, info.today()))
    return Glance(found, listed, measured, current, coming, missed)


def appointments(patient_id: str) -> tuple[Planned | None, Planned | None]:
    """The next appointment from today on, and the last past one that was not kept.

    A live visit that fulfilled it, or one from its day to today, means that the patient came,
    whatever the appointment says: nothing here marks an appointment as done.
    """
    start, end = day_bounds(info.today(), info.zone())
    model, visits = live(Appointment), live(Visit)
    status = fn.LOWER(model.status)
    kept = visits.select(visits.pk).where(visits.id == model.fulfilled_visit_id)
    mine = model.select().where((model.patient_id == patient_id) & ~fn.EXISTS(kept))
    coming = dicts(
        mine.where((model.timestamp >= start) & status.not_in(_OVER))
        .order_by(model.timestamp, model.pk)
        .limit(1)
    )
    past = dicts(
        mine.where((model.timestamp < start) & status.in_(_NOT_BEGUN))
        .order_by(model.timestamp.desc(), model.pk.desc())
        .limit(1)
    )
    missed = _planned(past[0]) if past else None
    if missed is not None:
        since, _end = day_bounds(missed.day, info.zone())
        when = (visits.check_in_timestamp >= since) & (visits.check_in_timestamp < end)
        if visits.select(visits.pk).where((visits.patient_id == patient_id) & when).exists():
            missed = None
    return _planned(coming[0]) if coming else None, missed


def _planned(row: Mapping[str, Any]) -> Planned:
    day = day_of(row["timestamp"], info.zone())
    reason = str(row["reason"] or "")
    return Planned(row["id"], day, row["timestamp"], reason, row["clinic_id"], row["status"] or "")
