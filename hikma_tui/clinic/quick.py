"""Saving the one-line entry: vitals, measures, diagnoses, medicines and a note of one visit.

All of a line is saved in one transaction or nothing of it. The line is read again here: what is
unresolved is refused whatever a screen thought of it (decisions.md 13).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui import forms, medicines, quick, vitals
from hikma_tui.clinic import diseases, info, measures, own_forms, prescribing, problems, visits
from hikma_tui.clinic import medicines as clinic_medicines
from hikma_tui.clinic import vitals as clinic_vitals
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.records import patient_row
from hikma_tui.clinic.saving import one_save
from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _
from hikma_tui.quick import Kind, Line

DIAGNOSES, MEDICINES, TEXT = "hikma-note-diagnoses", "hikma-note-medicines", "hikma-note-text"
"""The fields of the form "Visit note" (data/own_forms.json)."""


class NeedsReason(Invalid):
    """A medicine goes against an allergy: going on takes a typed reason (decisions.md 14)."""

    def __init__(self, unreasoned: Sequence[prescribing.Unreasoned]) -> None:
        first = unreasoned[0]
        super().__init__(MEDICINES, first.sentences[0] + " " + _("Going on needs a reason."))
        self.unreasoned = tuple(unreasoned)


@dataclass(frozen=True)
class Saved:
    """What a save made; None where the line had nothing of that kind."""

    visit_id: str
    new_visit: bool
    vitals_id: str | None
    measures_id: str | None
    note_id: str | None
    problem_ids: tuple[str, ...]


@dataclass
class _Place:
    """The visit that the parts go into; the first one saved makes it where there is none."""

    visit_id: str | None
    another: bool
    new: bool = False

    def found(self, visit_id: str, *, new: bool) -> None:
        self.visit_id, self.another, self.new = visit_id, False, self.new or new

    @property
    def options(self) -> dict[str, Any]:
        return {"visit_id": self.visit_id, "another_visit": self.another}


def read(patient: Mapping[str, Any], day: date, text: str) -> Line:
    """A line as it is read for this patient (a row) on that day."""
    return quick.read(text, vitals.age_days(patient["date_of_birth"], day))


@one_save
def save(
    actor: Actor,
    patient_id: str,
    day: date,
    text: str,
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
    reasons: Mapping[str, str] | None = None,
    repeats: Sequence[clinic_medicines.Key] | None = None,
) -> Saved:
    """Save the line ``text`` for a day: into ``visit_id``, else the day's visit, else a new one.

    ``reasons``: why a medicine is given in spite of an allergy, by the medicine's name.
    ``repeats``: the entries that were shown for ``rx same``; others are refused. Raises
    NeedsReason, Invalid (nothing typed, unresolved, a value that can't be), problems.Already,
    NotAllowed, NotFound; then nothing of the line is saved.
    """
    patient = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    line = read(patient, day, text)
    given = _repeated(actor, patient_id, day, line, repeats)
    line = quick.with_repeated(line, tuple(given.values()), info.today())
    _refuse_unresolved(line)
    diagnoses = list(_diagnoses(line))
    told = [stored for stored, _starred in diagnoses]
    note = _note(actor, patient_id, line, told, _items(line, given), reasons or {})
    place = _Place(visit_id, another_visit)
    vitals_id = _save_vitals(actor, patient_id, day, line, place)
    measures_id = _save_measures(actor, patient_id, day, line, place)
    note_id = None
    if note:
        form_id = own_forms.ensure(actor, "note")
        made = visits.record(actor, patient_id, form_id, day, note, **place.options)
        place.found(made.visit_id, new=made.new_visit)
        note_id = made.event_id
    problem_ids = []
    for stored in (stored for stored, starred in diagnoses if starred):
        try:
            problem_ids.append(
                problems.from_diagnosis(actor, patient_id, stored, visit_id=place.visit_id)
            )
        except problems.Already as already:
            if already.over:
                raise  # whether it came back or is a new one is not for us to say
    assert place.visit_id is not None  # a line that is ready has at least one part
    return Saved(place.visit_id, place.new, vitals_id, measures_id, note_id, tuple(problem_ids))


def _refuse_unresolved(line: Line) -> None:
    if not line.parts:
        raise Invalid("line", _("Nothing is written: there is nothing to save."))
    for part in line.blocking:
        what = line.text[part.start : part.end]
        raise Invalid("line", f"{what}: {part.sentence}")


def _diagnoses(line: Line) -> Iterator[tuple[dict[str, str], bool]]:
    """What is stored of each diagnosis, and whether it is a problem too.

    Only true ICD-11 codes with the list's own title; all else is text (decisions.md 16).
    """
    for part in line.of(Kind.DIAGNOSIS):
        code, system, desc = (part.values[name] for name in ("code", "system", "desc"))
        if code != quick.NO_CODE:
            found = diseases.named(code, system)
            if found is None:
                raise Invalid(
                    "line", _("{code} is not in the list of diseases.").format(code=f"[{code}]")
                )
            if not quick.is_named(found, desc):
                raise Invalid("line", _("{code} is {name}").format(
                    code=f"[{code}]", name=found.label))  # fmt: skip
            desc = found.title or found.label
        stored = {"code": code if system == quick.ICD11 else quick.NO_CODE, "desc": desc}
        yield stored, bool(part.values.get("problem"))


def _note(
    actor: Actor, patient_id: str, line: Line, diagnoses: list[dict[str, str]],
    items: list[Item], reasons: Mapping[str, str],
) -> dict[str, object]:  # fmt: skip
    """Answers to the form "Visit note"; empty when the line has none."""
    answers: dict[str, object] = {}
    if diagnoses:
        answers[DIAGNOSES] = diagnoses
    if items:
        answers[MEDICINES] = items
        form = own_forms.form("note")
        open_ones = prescribing.unreasoned(actor, patient_id, form, {}, answers)
        missing = [one for one in open_ones if not reasons.get(one.medicine, "").strip()]
        if missing:
            raise NeedsReason(missing)
        for one in open_ones:
            items[one.index] = prescribing.with_reason(actor, one, reasons[one.medicine])
    notes = [part.values["text"] for part in line.of(Kind.NOTE)]
    if notes:
        answers[TEXT] = "\n".join(notes)
    return answers


def _repeated(
    actor: Actor, patient_id: str, day: date, line: Line,
    shown: Sequence[clinic_medicines.Key] | None,
) -> dict[str, clinic_medicines.CurrentMedicine]:  # fmt: skip
    """The last set by ``event/entry``, where the line repeats it. NotFound: another was shown."""
    if not any(part.values.get(quick.REPEAT) for part in line.parts):
        return {}
    found = clinic_medicines.last_set(actor, patient_id, day)
    if shown is not None and list(shown) != [(one.event_id, one.entry_id) for one in found]:
        raise NotFound(_("These medicines have changed meanwhile. Look at them again."))
    return {f"{one.event_id}/{one.entry_id}": one for one in found}


def _items(line: Line, given: Mapping[str, clinic_medicines.CurrentMedicine]) -> list[Item]:
    """What is stored of each medicine; a repeated one says what it repeats."""
    return [
        clinic_medicines.again(given[part.values[quick.REPEAT]])
        if quick.REPEAT in part.values
        else medicines.read(part.values["text"]).item
        for part in line.of(Kind.MEDICINE)
    ]


def _save_vitals(actor: Actor, patient_id: str, day: date, line: Line, place: _Place) -> str | None:
    parts = line.of(Kind.VITAL)
    if not parts:
        return None
    values = {name: value for part in parts for name, value in part.values.items()}
    missed = dict.fromkeys(name for part in parts for name in part.unrecordable)
    entered = {name: part.entered for part in parts if part.entered for name in part.values}
    made = clinic_vitals.record(
        actor, patient_id, day, values, not_recordable=tuple(missed), entered=entered,
        **place.options,
    )  # fmt: skip
    place.found(made.visit_id, new=made.new_visit)
    return made.vitals_id


def _save_measures(
    actor: Actor, patient_id: str, day: date, line: Line, place: _Place
) -> str | None:
    answers: forms.Answers = {
        name: value for part in line.of(Kind.MEASURE) for name, value in part.values.items()
    }
    if not answers:
        return None
    made = measures.record(actor, patient_id, day, answers, **place.options)
    place.found(made.visit_id, new=made.new_visit)
    return made.event_id
