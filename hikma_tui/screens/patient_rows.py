"""The lines of a patient's file: who this is in full, and the time line of visits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, tzinfo
from typing import Any

from hikma_tui import vitals
from hikma_tui.clinic.chart import Chart, EventLine, Loose, VisitLine
from hikma_tui.clinic.chart_loose import MOST
from hikma_tui.clinic.moving_notes import Note
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import as_date
from hikma_tui.days.words import month_name
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import fit
from hikma_tui.widgets.row_list import Info, Line, Row

VISIT, EVENT, VITALS, AWAY, LOOSE = "visit:", "event:", "vitals:", "away:", "loose:"
_WHEN = 13


def more_about(card: PatientCard, clinics: Mapping[str, str]) -> str:
    """The second line: government id, camp, home, citizenship, clinic, as far as known."""
    parts = []
    if card.government_id:
        parts.append(_("id {number}").format(number=card.government_id))
    if card.camp:
        parts.append(_("camp {camp}").format(camp=card.camp))
    if card.hometown:
        parts.append(_("from {place}").format(place=card.hometown))
    if card.citizenship:
        parts.append(card.citizenship)
    clinic = clinics.get(card.primary_clinic_id or "")
    if clinic:
        parts.append(_("clinic {clinic}").format(clinic=clinic))
    return "   ".join(parts) or _("No other id, place or clinic is known.")


def day_text(day: date | None) -> str:
    """A visit's day with its year, always: ``2 Nov 2026``."""
    if day is None:
        return _("no day")
    return _("{day} {month} {year}").format(day=day.day, month=month_name(day.month), year=day.year)


def time_line(found: Chart, width: int, zone: tzinfo | None = None) -> list[Line]:
    """What happened, newest first: visits with their notes below each other, what was entered
    without a visit, and what was moved to another patient.
    """
    if not found.total and not found.loose and not found.left:
        return [
            Info(""),
            Info(_("No visit yet. 1 begins one: what was found and done today is written there.")),
        ]
    born = found.patient.date_of_birth
    blocks: list[tuple[str, int, list[Line]]] = []
    for visit in found.visits:
        blocks.append(
            (_day_key(visit.day), visit.check_in or 0, _visit_lines(visit, born, width, zone))
        )
    for one in found.loose:
        line = _loose_line(one, born, width)
        blocks.append((_day_key(one.day), one.moment or 0, [line]))
    oldest = min((block[0] for block in blocks), default="")
    for number, note in enumerate(found.left):
        if found.total <= len(found.visits) or note.day >= oldest:  # else it comes with its page
            cells = fit(day_text(as_date(note.day)), _WHEN - 2)
            key = f"{AWAY}{number}"
            blocks.append((note.day, 0, [Row(key, cells, moved_away(note, zone), style="muted")]))
    blocks.sort(key=lambda block: block[:2], reverse=True)
    lines = [line for _day, _moment, lines in blocks for line in lines]
    if len(found.loose) >= MOST:
        lines.append(
            Info(_("There may be more that is in no visit: 6, the report, has all of it."))
        )
    return lines


def _loose_line(one: Loose, born: str, width: int) -> Row:
    """A record that hangs on no visit, and says so."""
    when = fit(day_text(one.day), _WHEN)
    if one.table == "patient_vitals":
        cells = when + fit(_("vitals, no visit"), _room(width))
        return Row(VITALS + one.id, cells, vitals_text(one.row, one.day, born))
    key = f"{LOOSE}{one.table}:{one.id}"
    if one.event is None:
        kinds = {"prescriptions": _("prescription"), "appointments": _("appointment")}
        reason = one.row.get("reason") or one.row.get("notes") or ""
        cells = when + fit(kinds[one.table], _room(width)) + " " * 11
        return Row(key, cells, "; ".join(part for part in (_("no visit"), str(reason)) if part))
    name = fit(one.event.form_name or _("(no form)"), _room(width))
    cells = f"{when}{name} {fit(one.event.provider, 10)}"
    marks = ", ".join(part for part in (_("no visit"), _marks(None, one.event)) if part)
    return Row(key, cells, f"{marks}: {one.event.summary}" if one.event.summary else marks)


def _day_key(day: date | None) -> str:
    return day.isoformat() if day else ""


def _room(width: int) -> int:
    return 18 + max(0, min(14, (width - 80) // 3))


def vitals_text(row: Mapping[str, Any], day: date | None, born: str) -> str:
    """One entry of vitals as one line, marked by the age on its day."""
    age = vitals.age_days(born, day) if day is not None else None
    return vitals.line(row, age)


def day_at(at: str, zone: tzinfo | None) -> str:
    """The clinic's day of a moment that is stored in UTC: late in the evening it is another one."""
    try:
        return day_text(datetime.fromisoformat(at).astimezone(zone).date())
    except (ValueError, OverflowError, OSError):
        return day_text(as_date(at[:10]))


def moved_away(note: Note, zone: tzinfo | None = None) -> str:
    """``Consultation moved to another patient on 22 Nov 2026 by Nora: wrong file``."""
    what = note.what or _moved_kinds().get(note.table, "")
    day = day_at(note.at, zone)
    return _("{what} moved to another patient on {day} by {user}: {reason}").format(
        what=what, day=day, user=note.by, reason=note.reason
    )


def told_away(found: Chart, key: str, zone: tzinfo | None = None) -> str:
    """What the row ``key`` of something moved away says, in full."""
    return moved_away(found.left[int(key.removeprefix(AWAY))], zone)


def moved_here(note: Note, zone: tzinfo | None = None) -> str:
    """``from another patient's file (Ada Sol) on 22 Nov 2026 by Nora: wrong file``."""
    day = day_at(note.at, zone)
    return _("from another patient's file ({name}) on {day} by {user}: {reason}").format(
        name=note.name, day=day, user=note.by, reason=note.reason
    )


def _moved_kinds() -> dict[str, str]:
    return {
        "visits": _("Visit"), "events": _("Note"), "patient_vitals": _("Vitals"),
        "patient_problems": _("Problem"),
    }  # fmt: skip


def _visit_lines(visit: VisitLine, born: str, width: int, zone: tzinfo | None) -> list[Line]:
    room = _room(width)
    when = fit(day_text(visit.day), _WHEN)
    beside = "; ".join(_beside(visit, born))
    lines: list[Line] = []
    for event in visit.events:
        first = not lines
        cells = (
            (when if first else " " * _WHEN)
            + fit(event.form_name or _("(no form)"), room)
            + " "
            + fit(event.provider or visit.provider, 10)
        )
        marks = _marks(visit if first else None, event)
        said = "; ".join(part for part in (event.summary, beside if first else "") if part)
        text = f"{marks}: {said}" if marks and said else marks or said
        key = f"{VISIT}{visit.id}" if first else f"{EVENT}{visit.id}:{event.id}"
        lines.append(Row(key, cells, text))
    if not lines:
        name = _("nothing recorded") if visit.empty else _("no note")
        name = _("vitals") if visit.vitals else name
        cells = when + fit(name, room) + " " + fit(visit.provider, 10)
        marks = _marks(visit, None)
        text = f"{marks}: {beside}" if marks and beside else marks or beside
        lines.append(Row(VISIT + visit.id, cells, text))
    for number, note in enumerate(visit.left):
        key = f"{EVENT}{visit.id}:{AWAY}{number}"
        lines.append(Row(key, " " * _WHEN, moved_away(note, zone), style="muted"))
    return lines


def _beside(visit: VisitLine, born: str) -> list[str]:
    """What a visit holds beside its notes, the newest vitals first."""
    said = [vitals_text(row, visit.day, born) for row in reversed(visit.vitals)]
    said += [_("problem: {label}").format(label=label) for label in visit.problems]
    if visit.prescribed:
        n = visit.prescribed
        said.append(ngettext("{n} prescription", "{n} prescriptions", n).format(n=n))
    if visit.planned:
        n = visit.planned
        said.append(ngettext("{n} appointment", "{n} appointments", n).format(n=n))
    return [one for one in said if one]


def _marks(visit: VisitLine | None, event: EventLine | None) -> str:
    """What must be known of a line before it is read, in words."""
    words = []
    if visit is not None and visit.open:
        words.append(_("still open"))
    if visit is not None and visit.late:
        words.append(_("late"))
    if (visit is not None and visit.came) or (event is not None and event.came):
        words.append(_("moved here"))
    if event is not None and event.corrected:
        words.append(_("corrected"))
    if event is not None and event.addenda:
        words.append(_("addendum"))
    return ", ".join(words)


def counted_visits(total: int, shown: int) -> str:
    """``3 visits``, ``200 visits, the newest 40 shown``."""
    said = ngettext("{n} visit", "{n} visits", total).format(n=f"{total:,}")
    if shown < total:
        newest = _("the newest {n} shown, more at the end").format(n=shown)
        said = f"{said}, {newest}"
    return said


def place_of_row(key: str) -> tuple[str, str | None]:
    """The visit of a row ("" where it is of none), and the event that it stands for (None: the
    visit itself).
    """
    if key.startswith((VITALS, AWAY, LOOSE)):
        return "", None
    if key.startswith(EVENT):
        visit_id, _colon, event_id = key.removeprefix(EVENT).partition(":")
        return visit_id, event_id
    return key.removeprefix(VISIT), None
