"""Everything in a visit as lines that fit the screen, each record under its own heading. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any

from hikma_tui import forms, vitals
from hikma_tui.clinic import addenda
from hikma_tui.clinic.chart_visit import Record
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language
from hikma_tui.screens.patient_rows import day_at, day_text, moved_away, moved_here
from hikma_tui.screens.session import local, moment_text
from hikma_tui.screens.visit_reading import WholeVisit
from hikma_tui.text import fit, pieces, plain
from hikma_tui.widgets.row_list import Line, Row

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_LABEL = 24


def lines_of(whole: WholeVisit, width: int, today: date, zone: ZoneInfo | None) -> list[Line]:
    """Every record in the order in which it was recorded, each with who and when.

    The key of a line is ``<table>:<id>:<number of the line>``.
    """
    lines: list[Line] = []
    for record in whole.records:
        place = f"{record.table}:{record.id}"
        if lines:
            lines.append(Row(f"{place}:", ""))
        lines.append(Row(f"{place}:0", "", _heading(record, whole, today, zone), style="bold"))
        told = [*_content(record, whole, today, zone), *_afterwards(record, whole.zone)]
        for number, (label, text) in enumerate(wrapped(told, width), start=1):
            cells = "  " + fit(label, _LABEL) + " "
            lines.append(Row(f"{place}:{number}", cells, text))
    for number, note in enumerate(whole.visit.left):
        key = f"away:{number}"
        if lines:
            lines.append(Row(f"{key}:", ""))
        for at, (label, text) in enumerate(wrapped([("", moved_away(note, whole.zone))], width)):
            lines.append(Row(f"{key}:{at}", "  " + fit(label, _LABEL) + " ", text, style="muted"))
    return lines


def record_of(key: str | None) -> tuple[str, str] | None:
    """Table and id of the record that a line belongs to; None for a line of none."""
    table, _colon, rest = (key or "").partition(":")
    row_id, colon, _number = rest.rpartition(":")
    return (table, row_id) if colon and table != "away" else None


def title_of(record: Record, whole: WholeVisit) -> str:
    """What kind of record it is: a form's name, "Vitals", "Problem"."""
    if record.table == "events":
        line = next((one for one in whole.visit.events if one.id == record.id), None)
        return (line.form_name if line else "") or _("(no form)")
    kinds = {
        "patient_vitals": _("Vitals"), "patient_problems": _("Problem"),
        "appointments": _("Appointment"), "prescriptions": _("Prescription"),
    }  # fmt: skip
    return kinds[record.table]


def _heading(record: Record, whole: WholeVisit, today: date, zone: ZoneInfo | None) -> str:
    """The kind, who recorded it, when, and what must be known before it is read."""
    marks = [title_of(record, whole), record.who]
    if record.at is not None:
        marks.append(moment_text(record.at, today, zone))
        at = local(record.at, zone)
        day = whole.visit.day
        if at is not None and day is not None and at.date() > day:
            marks.append(_("entered late"))
    if record.loose:
        marks.append(_("of this day, in no visit") if whole.visit.id else _("in no visit"))
    if record.came is not None:
        marks.append(_("moved here"))
    metadata = record.row["metadata"]
    if isinstance(metadata, Mapping) and metadata.get("corrections"):
        marks.append(_("corrected"))
    return "   ".join(mark for mark in marks if mark)


_Pair = tuple[str, str]


def _content(
    record: Record, whole: WholeVisit, today: date, zone: ZoneInfo | None
) -> Iterator[_Pair]:
    row = record.row
    if record.table == "events":
        known = whole.forms.get(row["form_id"] or "")
        form = forms.event_form(known) if known is not None else None
        for one in forms.shown(form, row["form_data"], language(), today, whole.zone):
            yield one.label, one.text
    elif record.table == "patient_vitals":
        yield from _vitals(row, whole, today)
    elif record.table == "patient_problems":
        yield from _problem(row, today)
    elif record.table == "appointments":
        at = local(row["timestamp"], zone)
        yield _("Planned for"), day_text(at.date()) if at is not None else "?"
        if row["reason"]:
            yield _("Reason"), str(row["reason"])
        yield from _notes(row)
    else:
        for item in record.items:
            yield _("Medicine"), item
        yield from _notes(row)


def _notes(row: Mapping[str, Any]) -> Iterator[_Pair]:
    for label, name in ((_("Notes"), "notes"), (_("Status"), "status")):
        if row[name]:
            yield label, str(row[name])


def _vitals(row: Mapping[str, Any], whole: WholeVisit, today: date) -> Iterator[_Pair]:
    """Each sign on its line, marked by the age then."""
    age = vitals.age_days(whole.patient.date_of_birth, whole.visit.day or today)
    for piece in vitals.words(row, age):
        pressure = piece.name == "systolic_bp"
        label = _("Blood pressure") if pressure else vitals.field(piece.name).label
        yield label, " ".join(part for part in (piece.text, vitals.mark_word(piece.mark)) if part)


def _problem(row: Mapping[str, Any], today: date) -> Iterator[_Pair]:
    yield _("Problem"), str(row["problem_label"])
    status = (row["clinical_status"], row["verification_status"])
    yield _("Status"), ", ".join(str(part) for part in status if part)
    for label, name in ((_("Since"), "onset_date"), (_("Until"), "end_date")):
        if row[name]:
            yield label, in_words(str(row[name]), today)


def _afterwards(record: Record, zone: tzinfo) -> Iterator[_Pair]:
    """Where it came from, what was added, what was corrected: who, when, why, what stood there."""
    if record.came is not None:
        yield _("Moved here"), moved_here(record.came, zone)
    for note in addenda.of(record.row["metadata"]):
        day = day_at(note.at, zone)
        label = _("Corrected") if note.correction else _("Addendum")
        yield label, f"{day} {note.by}: {note.text}"
        for item in note.before:
            yield "", _("before: {answer}").format(answer=_before(item, zone))


def _before(item: Mapping[str, Any], zone: tzinfo) -> str:
    """An answer that was replaced, by what is stored with it."""
    name = str(item.get("name") or "")
    if "fieldId" not in item:  # a column of vitals
        found = [one.label for one in vitals.FIELDS if one.name == name]
        return f"{found[0] if found else name}: {item.get('value')}"
    shown = forms.shown(None, [item], language(), date.min, zone)
    text = "; ".join(one.text.replace("\n", ", ") for one in shown) or _("(empty)")
    return f"{name}: {text}" if name else text


def wrapped(answers: Iterable[tuple[str, str]], width: int) -> Iterator[tuple[str, str]]:
    """Each answer on as many lines as it needs; the label stands on the first of them."""
    room = max(20, width - _LABEL - 10)
    for label, text in answers:
        first = True
        for paragraph in text.splitlines() or [""]:
            for piece in pieces(plain(paragraph), room):
                yield (label if first else ""), piece
                first = False
