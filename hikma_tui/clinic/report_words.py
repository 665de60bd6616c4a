"""Words that a report is made of: days and moments that nobody can misread, sexes, states."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from hikma_tui import clock
from hikma_tui.clinic.moving_notes import Note
from hikma_tui.days import Birth, as_date
from hikma_tui.days.words import month_name
from hikma_tui.i18n import _
from hikma_tui.odd_values import Odd, OddDay

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def day_words(day: date | str | None) -> str:
    """``2 Nov 2026``, ``Nov 2026``, ``2026``: never in figures alone; what is no day as it is."""
    if day is None:
        return _("(no day)")
    if isinstance(day, OddDay):
        return str(day)
    if isinstance(day, str):
        if len(day) == 4 and day.isdigit():
            return day
        found = as_date(f"{day}-01" if len(day) == 7 else day[:10])
        if found is None:
            return day or _("(no day)")
        if len(day) == 7:
            return _("{month} {year}").format(month=month_name(found.month), year=found.year)
        day = found
    return _("{day} {month} {year}").format(day=day.day, month=month_name(day.month), year=day.year)


def moment_words(ms: int | None, zone: ZoneInfo | None) -> str:
    """``2 Nov 2026, 14:05`` by the clinic's wall clock."""
    if ms is None:
        return _("(no day)")
    if isinstance(ms, Odd):
        return str(ms)
    try:
        at = clock.local(ms, zone)
    except (OverflowError, ValueError, OSError):
        return _("(no day)")
    return _("{day}, {time}").format(day=day_words(at.date()), time=at.strftime("%H:%M"))


def note_day(at: str, zone: ZoneInfo | None) -> str:
    """The day of an ISO moment that stands in metadata, as the clinic's calendar has it."""
    try:
        moment = datetime.fromisoformat(at.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        return day_words(moment.astimezone(zone).date())
    except (ValueError, OverflowError, OSError):
        return day_words(at)


def birth_words(birth: Birth) -> str:
    """``born 11 Mar 1992``, ``born about 1955``."""
    born = as_date(birth.day)
    if born is None:
        return _("birth date unknown")
    if birth.estimated:
        return _("born about {year}").format(year=born.year)
    return _("born {day}").format(day=day_words(born))


def sex_words(sex: str) -> str:
    """The sex in the user's language; another client's own word as it is."""
    known = {"male": _("male"), "female": _("female")}
    return known.get(sex.strip().casefold(), sex.strip()) or _("sex not known")


def state(value: Any) -> str:
    """A stored state of a problem, an appointment or a prescription, in words."""
    known = {
        "active": _("active"), "remission": _("in remission"), "resolved": _("resolved"),
        "unknown": _("unknown"), "provisional": _("provisional"), "confirmed": _("confirmed"),
        "refuted": _("refuted"), "unconfirmed": _("unconfirmed"), "pending": _("pending"),
        "scheduled": _("scheduled"), "completed": _("completed"), "cancelled": _("cancelled"),
        "mild": _("mild"), "moderate": _("moderate"), "severe": _("severe"),
        "life-threatening": _("life-threatening"),
    }  # fmt: skip
    text = str(value or "")
    return known.get(text, text)


def states(*values: Any) -> str:
    """Several states, those that are there, with commas."""
    return ", ".join(state(value) for value in values if value)


def kind_of(table: str) -> str:
    """What a row of a table is called."""
    return {
        "visits": _("Visit"), "events": _("Note"), "patient_vitals": _("Vitals"),
        "patient_problems": _("Problem"), "appointments": _("Appointment"),
        "prescriptions": _("Prescription"),
    }.get(table, table)  # fmt: skip


def strength_words(drug: Mapping[str, Any]) -> str:
    """``500 mg`` of a medicine of the catalogue; servers pad it to ``500.0000``, which a tired eye
    reads as five million (wire.md A5, "Values that change").
    """
    quantity = str(drug.get("dosage_quantity") or "")
    if "." in quantity:
        quantity = quantity.rstrip("0").rstrip(".")
    return f"{quantity} {drug.get('dosage_units') or ''}".strip()


def came_words(note: Note, zone: ZoneInfo | None) -> str:
    """That a record was moved here. The other patient's name stays in this program."""
    return _("from another patient's file on {day} by {user}: {reason}").format(
        day=note_day(note.at, zone), user=note.by, reason=note.reason
    )


def away_words(note: Note, zone: ZoneInfo | None) -> str:
    """That a record was moved to another patient."""
    return _("{what} moved to another patient on {day} by {user}: {reason}").format(
        what=note.what or kind_of(note.table), day=note_day(note.at, zone), user=note.by,
        reason=note.reason,
    )  # fmt: skip
