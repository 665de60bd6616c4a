"""The patient at a glance: all that the patient's first screen shows, read in one go.

Only looks. Each part is a few index look-ups, so that a long history costs no more than a short
one (benchmarks/open_patient.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from hikma_tui.clinic import chart, info, medicines_given, next_visit, problems, vitals
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.chart import PAGE, Chart
from hikma_tui.clinic.medicines_given import CurrentMedicine
from hikma_tui.clinic.problems import Problem
from hikma_tui.clinic.vitals import Entry
from hikma_tui.clock import day_bounds, day_of, noon_of
from hikma_tui.i18n import _
from hikma_tui.models import connection

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

VITALS = 12  # entries that are looked at for the last values and their trend
# Of a patient's appointments those that no live visit fulfilled; %s is which. In SQL as it stands:
# peewee takes longer to write the query than SQLite to answer it.
_APPOINTMENTS = (
    "SELECT id, timestamp, reason, clinic_id, status FROM live_appointments AS a"
    " WHERE patient_id = ? AND NOT EXISTS"
    " (SELECT 1 FROM live_visits AS v WHERE v.id = a.fulfilled_visit_id) AND %s LIMIT 1"
)
_COMING = _APPOINTMENTS % (
    "timestamp >= ? AND lower(status) NOT IN ('cancelled', 'canceled', 'completed')"
    " ORDER BY timestamp, pk"
)
_PAST = _APPOINTMENTS % (  # features.md 1.12: in these nobody has come yet
    "timestamp < ? AND lower(status) IN ('pending', 'scheduled', 'confirmed')"
    " ORDER BY timestamp DESC, pk DESC"
)
_CAME = (
    "SELECT EXISTS (SELECT 1 FROM live_visits WHERE patient_id = ?"
    " AND check_in_timestamp >= ? AND check_in_timestamp < ?)"
)


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
    coming = _sooner(coming, next_visit.asked_for(patient_id))
    measured = tuple(vitals.history(actor, patient_id, VITALS))
    current = tuple(medicines_given.current_of(patient_id, info.today()))
    return Glance(found, listed, measured, current, coming, missed)


def _sooner(planned: Planned | None, asked: next_visit.Asked | None) -> Planned | None:
    """The first of what is planned and what a note asks for; on one day the appointment."""
    if asked is None or (planned is not None and planned.day <= asked.day):
        return planned
    noon = noon_of(asked.day, info.zone())
    return Planned("", asked.day, noon, _("written in {form}").format(form=asked.form), "", "")


def appointments(patient_id: str) -> tuple[Planned | None, Planned | None]:
    """The next appointment from today on, and the last past one that was not kept.

    A live visit that fulfilled it, or one from its day to today, means that the patient came,
    whatever the appointment says: nothing here marks an appointment as done.
    """
    zone = info.zone()
    start, end = day_bounds(info.today(), zone)
    coming = _planned(_COMING, patient_id, start, zone)
    missed = _planned(_PAST, patient_id, start, zone)
    if missed is not None:
        since, _end = day_bounds(missed.day, zone)
        if connection().execute(_CAME, (patient_id, since, end)).fetchone()[0]:
            missed = None
    return coming, missed


def _planned(query: str, patient_id: str, start: int, zone: ZoneInfo | None) -> Planned | None:
    row = connection().execute(query, (patient_id, start)).fetchone()
    if row is None:
        return None
    row_id, moment, reason, clinic_id, status = row
    day = day_of(moment, zone)
    return Planned(row_id, day, moment, str(reason or ""), clinic_id, status or "")
