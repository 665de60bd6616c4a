"""The lines of a patient's file: who this is in full, and the time line of visits. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from hikma_tui.clinic.chart import EventLine, VisitLine
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days_words import month_name
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import fit
from hikma_tui.widgets.row_list import Info, Line, Row

VISIT, EVENT = "visit:", "event:"


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


def time_line(visits: Sequence[VisitLine], total: int, width: int) -> list[Line]:
    """The visits, newest first; further notes of a visit stand indented below its line."""
    if not total:
        return [
            Info(""),
            Info(_("No visit yet. 1 begins one: what was found and done today is written there.")),
        ]
    lines: list[Line] = []
    for visit in visits:
        lines += _visit_lines(visit, width)
    return lines


def _visit_lines(visit: VisitLine, width: int) -> list[Line]:
    room = 18 + max(0, min(14, (width - 80) // 3))
    when = fit(day_text(visit.day), 13)
    if not visit.events:
        cells = when + fit(_("nothing recorded"), room) + " " + fit(visit.provider, 10)
        return [Row(VISIT + visit.id, cells, _marks(visit, None))]
    lines: list[Line] = []
    for event in visit.events:
        first = not lines
        cells = (
            (when if first else " " * 13)
            + fit(event.form_name or _("(no form)"), room)
            + " "
            + fit(event.provider or visit.provider, 10)
        )
        marks = _marks(visit if first else None, event)
        text = f"{marks}: {event.summary}" if marks and event.summary else marks or event.summary
        key = f"{VISIT}{visit.id}" if first else f"{EVENT}{visit.id}:{event.id}"
        lines.append(Row(key, cells, text))
    return lines


def _marks(visit: VisitLine | None, event: EventLine | None) -> str:
    """What must be known of a line before it is read, in words."""
    words = []
    if visit is not None and visit.open:
        words.append(_("still open"))
    if visit is not None and visit.late:
        words.append(_("entered late"))
    if event is not None and event.corrected:
        words.append(_("corrected"))
    return ", ".join(words)


def counted_visits(total: int, shown: int) -> str:
    """``3 visits``, ``200 visits, the newest 40 shown``."""
    said = ngettext("{n} visit", "{n} visits", total).format(n=f"{total:,}")
    if shown < total:
        newest = _("the newest {n} shown, more at the end").format(n=shown)
        said = f"{said}, {newest}"
    return said


def place_of_row(key: str) -> tuple[str, str | None]:
    """The visit of a row, and the event that it stands for (None: the visit itself)."""
    if key.startswith(EVENT):
        visit_id, _colon, event_id = key.removeprefix(EVENT).partition(":")
        return visit_id, event_id
    return key.removeprefix(VISIT), None
