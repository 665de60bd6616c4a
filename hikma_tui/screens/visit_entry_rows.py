"""What the screen of a visit shows besides its line: which visit it is, and the forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.problems import Problem
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.screens.event_place import BegunLine
from hikma_tui.widgets.row_list import Info, Line, Row

VITALS, PROBLEM = "vitals", "problem"  # rows beside the forms, whose keys are their ids


@dataclass(frozen=True)
class Place:
    """Where what is entered goes: the patient, the forms, and the day's visit if there is one."""

    card: PatientCard
    forms: tuple[dict[str, Any], ...]
    names: tuple[str, ...]  # of the forms, in the user's language
    visit: VisitLine | None
    which: str  # which of the day's visits, as in the place of a draft
    begun: frozenset[str]  # the forms of which a draft is kept
    problems: tuple[Problem, ...]  # of the patient's list
    line: BegunLine | None  # the draft of the line, where another one is gone on with


def which_visit(place: Place, on: date, today: date, *, another: bool) -> str:
    """The row that says which visit what is entered goes into (decisions.md 18)."""
    day = in_words(on.isoformat(), today)
    if on == today:
        day = _("today, {day}").format(day=day)
    else:
        day = _("{day}, entered late").format(day=day)
    if place.visit is None and another:
        return _("Another visit, {day}").format(day=day)
    if place.visit is None:
        return _("New visit, {day}").format(day=day)
    so_far = ngettext("{n} form so far", "{n} forms so far", len(place.visit.events))
    return _("Visit of {day}: {so_far}").format(
        day=day, so_far=so_far.format(n=len(place.visit.events))
    )


def form_rows(place: Place) -> list[Line]:
    """A row for each form with its digit, then vital signs and problem."""
    rows: list[Line] = [
        Row(row["id"], str(number) if number < 10 else " ", _form_line(row, name, place))
        for number, (row, name) in enumerate(zip(place.forms, place.names, strict=True), start=1)
    ]
    if not rows:
        rows.append(Info(_("There is no form for this clinic yet.")))
    rows.append(Row(VITALS, "F2", _("Vital signs")))
    rows.append(Row(PROBLEM, "F3", _("Problem")))
    return rows


def form_name(row: Mapping[str, Any]) -> str:
    """A form's name in the user's language."""
    return forms.translate(forms.event_form(row).name, language())


def _form_line(row: Mapping[str, Any], name: str, place: Place) -> str:
    filled = sum(1 for e in place.visit.events if e.form_id == row["id"]) if place.visit else 0
    if row["id"] in place.begun:
        name = _("{form}   (draft)").format(form=name)
    if not filled:
        return name
    return _("{form}   (filled: {n})").format(form=name, n=filled)
