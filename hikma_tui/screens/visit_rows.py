"""A visit's answers as lines that fit the screen, each event under its own heading. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from hikma_tui import forms
from hikma_tui.i18n import _, language
from hikma_tui.screens.visit_reading import WholeVisit
from hikma_tui.text import cell_width, cut, fit, plain
from hikma_tui.widgets.row_list import Line, Row

_LABEL = 24


def lines_of(whole: WholeVisit, width: int, today: date) -> list[Line]:
    """Every answer of every event; the key of a line is ``<event id>:<number of the line>``."""
    lines: list[Line] = []
    summaries = {event.id: event for event in whole.visit.events}
    for row in whole.events:
        if lines:
            lines.append(Row(f"{row['id']}:", ""))
        event = summaries[row["id"]]
        marks = [event.form_name or _("(no form)"), event.provider]
        if event.corrected:
            marks.append(_("corrected"))
        heading = "   ".join(mark for mark in marks if mark)
        lines.append(Row(f"{row['id']}:0", "", heading, style="bold"))
        texts = wrapped(_answers(row, whole.forms, today), width)
        for number, (label, text) in enumerate(texts, start=1):
            cells = "  " + fit(label, _LABEL) + " "
            lines.append(Row(f"{row['id']}:{number}", cells, text))
    return lines


def event_of(key: str | None) -> str | None:
    """The event to which a line belongs."""
    return key.rpartition(":")[0] if key else None


def _answers(
    row: Mapping[str, Any], rows: Mapping[str, Mapping[str, Any]], today: date
) -> Iterator[tuple[str, str]]:
    """Label and text of each answer: those of the form's fields, then what no field asks for."""
    data = row["form_data"]
    items = data if isinstance(data, list) else []
    known = rows.get(row["form_id"] or "")
    form = forms.event_form(known) if known is not None else None
    asked: set[str] = set()
    said = language()
    if form is not None:
        answers, _rest = forms.answers_of(form, items)
        for field in form.fields:
            asked.add(field.id)
            answer = answers.get(field.id)
            if field.asks and not forms.is_empty(answer):
                unit = str(answers.get(forms.unit_key(field)) or "")
                label = forms.translate(field.label, said) or field.name
                yield label, forms.answer_text(field, answer, said, today, unit)
    for item in items:
        if isinstance(item, Mapping) and str(item.get("fieldId")) not in asked:
            unit = item.get("units") or item.get("unit") or ""
            yield str(item.get("name") or "?"), _raw(item.get("value"), str(unit))
    if not isinstance(data, list) and data:
        yield _("(not readable)"), _raw(data, "")
    yield from _corrections(row)


def _raw(value: object, unit: str) -> str:
    """A value for which there is no field, as it was stored."""
    if value is None or value == "":
        return ""
    text = str(value)
    return f"{text} {unit}" if unit and unit not in ("None", "{}") else text


def _corrections(row: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Who corrected it, when and why (decisions.md 18)."""
    metadata = row["metadata"] if isinstance(row["metadata"], Mapping) else {}
    corrections = metadata.get("corrections")
    for note in corrections if isinstance(corrections, list) else []:
        if isinstance(note, Mapping):
            day = str(note.get("at") or "")[:10]
            text = f"{day} {note.get('byName') or ''}: {note.get('reason') or ''}"
            yield _("Corrected"), text


def wrapped(answers: Iterator[tuple[str, str]], width: int) -> Iterator[tuple[str, str]]:
    """Each answer on as many lines as it needs; the label stands on the first of them."""
    room = max(20, width - _LABEL - 10)
    for label, text in answers:
        first = True
        for paragraph in text.splitlines() or [""]:
            for piece in _pieces(plain(paragraph), room):
                yield (label if first else ""), piece
                first = False


def _pieces(text: str, room: int) -> Iterator[str]:
    """``text`` in pieces of at most ``room`` cells, broken between words where there are any."""
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_width(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        while cell_width(word) > room:
            piece = cut(word, room, end="")
            if not piece:
                break
            yield piece
            word = word[len(piece) :]
        line = word
    yield line
