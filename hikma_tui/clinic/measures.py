"""Measures and bedside results over time, and the pregnancy: read from the answers to forms.

They are entered in our own form "measures" (or in the forms that a clinic starts with) and so
travel like any answer. What a form of the clinic's own asks under other ids is not found here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hikma_tui import forms, vitals
from hikma_tui.clinic import info, own_forms, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound
from hikma_tui.clinic.permissions import Flag, require, require_sight
from hikma_tui.clinic.records import patient_row
from hikma_tui.clock import day_bounds, day_of
from hikma_tui.days import as_date, day_of_moment
from hikma_tui.forms.data import items_of, unit_of
from hikma_tui.forms.json import text_of, unwrap
from hikma_tui.i18n import _, language
from hikma_tui.models import Patient, connection, dicts, live
from hikma_tui.vitals.measures import BY_FIELD, MEASURES, in_unit, result_mark

PREGNANCY = timedelta(days=280)
"""From the first day of the last period to the due date (Naegele's rule)."""
LONGEST = 44
"""Weeks after which nobody is called pregnant any more."""

_MOST_EVENTS = 500
_EVER = -(2**62)  # ms: before any moment that is stored
_STATUS = "hikma-measure-pregnancy"
_TEST = "hikma-measure-pregnancy-test"
_LAST_PERIOD, _ANTENATAL_LAST_PERIOD = "hikma-measure-last-period", "KB7NQuo7QlxVjh_8nkw1J"
_DUE, _WEEKS = "FipxrNl3FLmytq78qVbWi", "WSd1vJANgCJAsqDXYeuzw"
_ASKED = "vjJU-gw9XZl9OugwIsSXY"  # "Pregnant" in a consultation: Yes, No, Not known
_FASTING = ("hikma-measure-glucose-when", "dHxxsA2jT5HbtMtPs2xvH")


@dataclass(frozen=True)
class Point:
    """One value of one measure. ``text`` is what was written, with its unit."""

    key: str
    day: date
    text: str
    number: Decimal | None  # in the measure's own unit; None for words
    mark: str
    source: str  # the form's name, or nothing for an entry of vital signs
    event_id: str
    late: bool = False  # entered on a later day
    at: int = 0  # when it was entered, in ms: the order within a day


@dataclass(frozen=True)
class Pregnancy:
    """``weeks`` and ``days`` on the day asked for; None where only "pregnant" is known."""

    weeks: int | None
    days: int | None
    due: date | None
    said_on: date  # the day of the answer that says so

    @property
    def words(self) -> str:
        """For a header: ``pregnant 20w 3d, due 9 Apr 2027``."""
        if self.weeks is None or self.due is None:
            return _("pregnant, weeks not known")
        return _("pregnant {weeks}w {days}d, due {due}").format(
            weeks=self.weeks, days=self.days, due=self.due.isoformat()
        )


def record(
    actor: Actor,
    patient_id: str,
    day: date,
    answers: forms.Answers,
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
) -> visits.Recorded:
    """Save answers to the form "measures", which is made where the store lacks it.

    Keys are field ids of data/own_forms.json, units under ``<id>#unit``. Raises as visits.record.
    """
    form_id = own_forms.ensure(actor, "measures")
    return visits.record(
        actor, patient_id, form_id, day, answers, visit_id=visit_id, another_visit=another_visit
    )


def form_for(actor: Actor, patient_id: str) -> str:
    """The id of the form "measures", which is made where the store lacks it, for who may fill it.

    Raises NotAllowed, NotFound.
    """
    require(actor, Flag.EDIT_RECORDS, patient_row(actor, patient_id)["primary_clinic_id"])
    return own_forms.ensure(actor, "measures")


@dataclass(frozen=True)
class _Event:
    id: str
    day: date
    form: str
    items: dict[str, tuple[str, str]]  # field id -> value, unit
    late: bool = False
    at: int = 0


def _patient(actor: Actor, patient_id: str) -> dict[str, Any]:
    model = live(Patient)
    found = dicts(model.select().where(model.id == patient_id))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    return found[0]


def _events(patient_id: str, since: int | None = None) -> Iterator[_Event]:
    """The newest live events first, by the day of their visit, then by when they were entered;
    ``since`` (ms) leaves out those of visits before it.
    """
    zone = info.zone()
    rows = connection().execute(
        "SELECT e.id, e.event_type, e.form_data, e.created_at,"
        " coalesce(v.check_in_timestamp, e.created_at) AS at"
        " FROM live_events e LEFT JOIN live_visits v ON v.id = e.visit_id"
        " WHERE e.patient_id = ? AND coalesce(v.check_in_timestamp, e.created_at) >= ?"
        " ORDER BY at DESC, e.created_at DESC LIMIT ?",
        (patient_id, _EVER if since is None else since, _MOST_EVENTS),
    )
    found = []
    for event_id, name, data, created, at in rows.fetchall():
        if at is None:
            continue
        items = {
            text_of(item.get("fieldId")): (text_of(unwrap(item.get("value"))), unit_of(item))
            for item in items_of(data)
        }
        day = day_of(at, zone)
        late = created is not None and day_of(created, zone) > day
        found.append(
            (day, created or 0, _Event(event_id, day, name or "", items, late, created or 0))
        )
    # several visits of one day: what was entered last is the newest word
    found.sort(key=lambda one: one[:2], reverse=True)
    return iter([event for _day, _created, event in found])


def points(actor: Actor, patient_id: str) -> dict[str, list[Point]]:
    """Every value of every measure in the answers to forms, newest first, by the measure's key."""
    patient = _patient(actor, patient_id)
    return points_of(patient, list(_events(patient_id)))


def points_of(patient: Mapping[str, Any], events: list[_Event]) -> dict[str, list[Point]]:
    """``points`` of events that were read already."""
    sex, words = str(patient["sex"] or "").casefold(), _result_words()
    found: dict[str, list[Point]] = {}
    for at, event in enumerate(events):
        age = vitals.age_days(patient["date_of_birth"], event.day)
        fasting = any(event.items.get(key, ("",))[0] == "Fasting" for key in _FASTING)
        expecting: bool | None = None
        for field_id, (value, unit) in event.items.items():
            one = BY_FIELD.get(field_id)
            if one is None or not value:
                continue
            unit = unit or one.fields[field_id]
            number = in_unit(one, value, unit)
            if one.key == "haemoglobin" and expecting is None:
                expecting = _pregnancy(events[at:], event.day) is not None
            mark = result_mark(
                one.key, number, age, sex=sex, pregnant=bool(expecting), fasting=fasting
            )
            shown = words.get(value, value) if not one.unit else f"{value} {unit}".strip()
            found.setdefault(one.key, []).append(
                Point(
                    one.key,
                    event.day,
                    shown,
                    number,
                    mark,
                    event.form,
                    event.id,
                    event.late,
                    event.at,
                )
            )
    return found


def _result_words() -> dict[str, str]:
    """The results of tests in the user's language, by what is stored."""
    form = own_forms.form("measures")
    return {
        option.value: forms.translate(option.label, language())
        for field in form.fields
        for option in field.options
    }


def latest(actor: Actor, patient_id: str) -> list[Point]:
    """The newest value of each measure that is no vital sign, in a fixed order."""
    found = points(actor, patient_id)
    signs = {one.name for one in vitals.FIELDS}
    return [found[one.key][0] for one in MEASURES if one.key in found and one.key not in signs]


def pregnancy(actor: Actor, patient_id: str, on: date) -> Pregnancy | None:
    """The pregnancy on a day, from the newest answers up to it. NotFound, NotAllowed.

    None when an answer since then says that it ended or that she is not pregnant, or after 44
    weeks. A first day of the last period counts, else a due date, else weeks told on a visit.
    """
    _patient(actor, patient_id)
    return pregnancy_of(patient_id, on)


def pregnancy_of(patient_id: str, on: date) -> Pregnancy | None:
    """``pregnancy`` of a patient whom the actor was found to see already (the card)."""
    # What was told longer ago than a pregnancy lasts says nothing of one now.
    since, _end = day_bounds(on - timedelta(weeks=LONGEST), info.zone())
    return _pregnancy([event for event in _events(patient_id, since) if event.day <= on], on)


def _pregnancy(events: list[_Event], on: date) -> Pregnancy | None:
    """``events`` are those up to the day, newest first.

    A last period asked in passing makes nobody pregnant: an answer "pregnant", a positive test or
    an antenatal visit says that she is.
    """
    told: date | None = None  # the newest answer that says so
    begun: date | None = None
    for event in events:
        status = _said(event, _STATUS) or _said(event, _ASKED)
        if status in ("No", "Not pregnant") or status.startswith("Ended: "):
            break
        antenatal = _begun_by_antenatal(event)
        tested = _said(event, _TEST) == "Positive"
        if told is None and (status in ("Yes", "Pregnant") or tested or antenatal is not None):
            told = event.day
        if begun is None:
            begun = _last_period(event) or antenatal
        if begun is not None and told is not None:
            passed = (on - begun).days
            if 0 <= passed <= LONGEST * 7:
                return Pregnancy(passed // 7, passed % 7, begun + PREGNANCY, told)
            if (told - begun).days <= LONGEST * 7:
                return None  # this pregnancy is over; one told of later would be another
            break
    if told is not None and (on - told).days <= LONGEST * 7:
        return Pregnancy(None, None, None, told)
    return None


def _said(event: _Event, field_id: str) -> str:
    return event.items.get(field_id, ("", ""))[0]


def _last_period(event: _Event, field_id: str = _LAST_PERIOD) -> date | None:
    """The day, unless it lies after the visit: that is a slip, and nothing is counted from it."""
    day = _day(_said(event, field_id))
    return day if day is not None and day <= event.day else None


def _begun_by_antenatal(event: _Event) -> date | None:
    """The first day of the last period as an antenatal visit says it or lets it be counted."""
    begun = _last_period(event, _ANTENATAL_LAST_PERIOD)
    if begun is not None:
        return begun
    due = _day(_said(event, _DUE))
    if due is not None and due - PREGNANCY <= event.day:
        return due - PREGNANCY
    weeks = forms.number_text(_said(event, _WEEKS))
    if weeks is not None and weeks.isdecimal() and int(weeks) <= LONGEST:
        return event.day - timedelta(weeks=int(weeks))
    return None


def _day(stored: str) -> date | None:
    """A whole day; one of which only the month is known counts no weeks."""
    text = day_of_moment(stored, info.zone_in_force()) if len(stored) > 7 else ""
    return as_date(text) if text else None
