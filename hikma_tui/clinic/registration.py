"""Registering and editing by the clinic's own registration form: its answers become a patient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import info, merging, patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.permissions import Flag, require, rights
from hikma_tui.i18n import _, language
from hikma_tui.ids import new_id
from hikma_tui.models import Patient, RegistrationForm, dicts, live

_PLACE = "patient"


def place_of(patient_id: str | None) -> str:
    """Where the draft of a registration (None) or of an edit is kept."""
    return f"{_PLACE}:{patient_id or 'new'}"


def free_place(patient_id: str | None) -> str:
    """A place of its own for each new patient, so that beginning another loses none, also in two
    programs at once; of an edit always the same place, whose draft goes on.
    """
    return place_of(patient_id) if patient_id is not None else f"{place_of(None)}:{new_id()}"


def require_right(actor: Actor) -> None:
    """NotAllowed for somebody who may register patients nowhere: said before anything is typed."""
    held = rights(actor)
    if not held.everything and not held.clinics_with(Flag.REGISTER_PATIENTS):
        require(actor, Flag.REGISTER_PATIENTS, None)


def form(actor: Actor, patient_id: str | None = None) -> forms.Form:
    """The form that drives the screen: the clinic's; of a patient also what was asked before.

    Where another form asks now (a server's after a join, decisions.md 28), answers to questions
    that it does not have would be seen nowhere: these questions follow below, none required.
    Of a patient: NotFound, NotAllowed.
    """
    made = forms.registration_form(patients.registration_form(actor))
    if patient_id is None:
        return made
    patients.card(actor, patient_id)
    known = {field.id for field in made.fields}
    answered = {one for one in patients.answered_attributes(patient_id) if one not in known}
    former = []
    model = live(RegistrationForm)
    for row in dicts(model.select().order_by(model.created_at, model.pk)) if answered else ():
        for field in forms.registration_form(row).fields:
            if field.id in answered and not field.base:
                answered.discard(field.id)
                former.append(replace(field, required=False))
    return replace(made, fields=(*made.fields, *former))


def answers_to_begin(actor: Actor, made: forms.Form) -> forms.Answers:
    """What a new patient's form begins with: the next card number and the user's clinic."""
    offered = {
        "external_patient_id": patients.next_card_number(),
        "primary_clinic_id": actor.clinic_id or "",
    }
    return {f.id: offered[f.column] for f in made.fields if f.base and f.column in offered}


def answers_of(actor: Actor, made: forms.Form, patient_id: str) -> forms.Answers:
    """The answers that a live patient holds. NotFound, NotAllowed."""
    columns, attributes, metadata = patients.for_editing(actor, patient_id)
    return forms.patient_answers(made, columns, attributes, metadata)


def whose_card(actor: Actor, card_number: str, but: str | None) -> str:
    """A sentence when a live patient other than ``but`` has this card number, else nothing.

    A warning, not a refusal: paper cards are handed out twice. A name only to who may see it.
    """
    number = card_number.strip()
    model = live(Patient)
    found = model.select().where(model.external_patient_id == number) if number else ()
    for row in found:
        if row.id == but:
            continue
        try:
            name = patients.card(actor, row.id).name
        except Refused:
            return _("Card number {number} is another patient's already.").format(number=number)
        return _("Card number {number} is {name}'s already.").format(number=number, name=name)
    return ""


def register(
    actor: Actor,
    answers: forms.Answers,
    *,
    offered: str = "",
    same_government_id_ok: bool = False,
) -> str:
    """Add the patient that ``answers`` describe. Returns the id.

    ``offered`` is the card number that the form began with: when it still stands there and another
    registration took it meanwhile, the next free one is given. Raises Invalid (``column`` is then
    the field's id), NotAllowed, SameGovernmentId.
    """
    made = form(actor)
    columns, attributes, metadata = _values(made, answers, None)
    card = columns.get("external_patient_id")
    if card and card == offered and patients.card_is_taken(offered):
        columns["external_patient_id"] = patients.next_card_number()
    columns["metadata"] = {key: value for key, value in metadata.items() if value is not None}
    return patients.register(
        actor, columns, attributes, same_government_id_ok=same_government_id_ok
    )


def edit(
    actor: Actor,
    patient_id: str,
    answers: forms.Answers,
    *,
    first: forms.Answers | None = None,
    same_government_id_ok: bool = False,
) -> bool:
    """Save changed answers of a live patient; what this form does not show stays as it is.

    ``first`` are the answers as they were read when the form was opened: only what differs from
    them is written, so that nobody's later change is undone. Raises ChangedMeanwhile where the same
    answer was changed by both, and what ``register`` raises.
    """
    made = form(actor, patient_id)
    stored = answers_of(actor, made, patient_id)
    if first is not None:
        answers = merging.merged(made, first, answers, stored)
    columns, attributes, metadata = _values(made, answers, stored)
    old = patients.for_editing(actor, patient_id)[2]
    together = {**old, **metadata}
    columns["metadata"] = {key: value for key, value in together.items() if value is not None}
    return patients.edit(
        actor, patient_id, columns, attributes, same_government_id_ok=same_government_id_ok
    )


def _values(
    made: forms.Form, answers: forms.Answers, before: forms.Answers | None
) -> tuple[dict[str, Any], list[Mapping[str, Any]], dict[str, Any]]:
    """Checked columns, attributes and metadata. Of an edit: only those of changed answers."""
    for field in forms.missing(made, answers):
        name = forms.translate(field.label, language()) or field.name
        raise Invalid(field.id, _("{field} is required.").format(field=name))
    changed = {field.id for field in made.fields}
    if before is not None:
        changed = set(merging.changed(made, before, answers))
    for field in made.fields:
        sentence = forms.check(field, answers.get(field.id), info.today())
        if field.id in changed and sentence:
            name = forms.translate(field.label, language()) or field.name
            raise Invalid(field.id, f"{name}: {sentence}")
    values = forms.patient_values(made, answers)
    columns = {
        field.column: values.columns[field.column]
        for field in made.fields
        if field.id in changed and field.base and field.column in values.columns
    }
    attributes: list[Mapping[str, Any]] = [
        _attribute(value) for value in values.attributes if value.attribute_id in changed
    ]
    birth = {f.id for f in made.fields if f.kind is forms.Kind.BIRTH and f.base}
    return columns, attributes, dict(values.metadata) if birth & changed else {}


def _attribute(value: forms.AttributeValue) -> dict[str, Any]:
    """A wire row of the attribute. ``false`` and 0, which the server stores as null, stand in
    its metadata too (decisions.md 31).
    """
    row = asdict(value)
    if value.boolean_value is False:
        row["metadata"] = {"boolean_value": False}
    elif value.number_value == 0:
        row["metadata"] = {"number_value": 0}
    return row
