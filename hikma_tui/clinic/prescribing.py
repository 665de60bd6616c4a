"""Medicines that are entered for a patient, against the patient's allergies (decisions.md 14).

Going on in spite of an allergy takes a typed reason, which is kept in the entry itself, under
``allergyOverride``: ``{"reason", "against": [allergy, ...], "by": user id, "at": moment}``. It is
asked for what a person enters; what an import brings is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hikma_tui import forms
from hikma_tui.clinic import allergies_read, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid
from hikma_tui.clinic.records import require_patient
from hikma_tui.columns import moment_text
from hikma_tui.forms.entries import ALLERGY_OVERRIDE
from hikma_tui.i18n import _

if TYPE_CHECKING:
    from hikma_tui import medicines

OVERRIDE = ALLERGY_OVERRIDE


def warnings(actor: Actor, patient_id: str, names: Sequence[str]) -> list[medicines.Conflict]:
    """What the patient's allergies say against these medicines, by name and class.

    For any thread. That there is nothing does not say that a medicine is safe: the table is small,
    and interactions are not checked. NotFound, NotAllowed.
    """
    from hikma_tui import medicines  # the table of classes is read only where it is needed

    require_patient(actor, patient_id)
    found: list[medicines.Conflict] = []
    for one in allergies_read.substances(patient_id):
        for conflict in medicines.conflicts(names, [one.name]):
            told = medicines.Conflict(conflict.medicine, one.words, conflict.kind, conflict.classes)
            if told not in found:
                found.append(told)
    return found


@dataclass(frozen=True)
class Unreasoned:
    """An entry that an allergy speaks against and that has no reason for it yet."""

    field_id: str
    index: int
    item: forms.Item
    medicine: str
    against: tuple[str, ...]
    sentences: tuple[str, ...]


def unreasoned(
    actor: Actor,
    patient_id: str,
    form: forms.Form,
    before: Mapping[str, forms.Answer],
    answers: Mapping[str, forms.Answer],
) -> list[Unreasoned]:
    """The medicines in ``answers``, new or changed since ``before``, that still need a reason.

    For any thread. NotFound, NotAllowed.
    """
    entered = [
        (field.id, index, item, _name(item))
        for field in form.fields
        if field.kind is forms.Kind.MEDICINE
        for index, item in _new(answers.get(field.id), before.get(field.id))
    ]
    names = list(dict.fromkeys(name for *_rest, name in entered if name))
    if not names:
        return []
    speaks_against = warnings(actor, patient_id, names)
    found = []
    for field_id, index, item, name in entered:
        mine = [warning for warning in speaks_against if warning.medicine == name]
        against = tuple(dict.fromkeys(warning.allergy for warning in mine))
        if against and not set(against) <= _overridden(item):
            sentences = tuple(warning.sentence for warning in mine)
            found.append(Unreasoned(field_id, index, item, name, against, sentences))
    return found


def _new(now: forms.Answer, before: forms.Answer) -> Iterable[tuple[int, forms.Item]]:
    """The entries, each with its place, that do not stand in ``before`` just so."""
    known = before if isinstance(before, list) else []
    for index, item in enumerate(now if isinstance(now, list) else []):
        if isinstance(item, dict) and item not in known:
            yield index, item


def _name(item: Mapping[str, object]) -> str:
    name = item.get("name")
    return " ".join(name.split()) if isinstance(name, str) else ""


def _overridden(item: Mapping[str, object]) -> set[str]:
    """The allergies for which a reason stands in the entry."""
    override = item.get(ALLERGY_OVERRIDE)
    if not isinstance(override, Mapping) or not str(override.get("reason") or "").strip():
        return set()
    against = override.get("against")
    return {str(one) for one in against} if isinstance(against, list | tuple) else set()


def with_reason(actor: Actor, one: Unreasoned, reason: str) -> forms.Item:
    """The entry with the reason why it is given all the same. Invalid when there is none."""
    if not reason.strip():
        raise Invalid("reason", _("A reason is needed."))
    override = {
        "reason": reason.strip(), "against": list(one.against), "by": actor.user_id,
        "at": moment_text(info.now_ms()),
    }  # fmt: skip
    return {**one.item, ALLERGY_OVERRIDE: override}


def refuse_allergies(
    actor: Actor,
    patient_id: str,
    form: forms.Form,
    before: Mapping[str, forms.Answer],
    answers: Mapping[str, forms.Answer],
) -> None:
    """Invalid, naming the field, when a medicine goes against an allergy without a reason."""
    for one in unreasoned(actor, patient_id, form, before, answers):
        raise Invalid(one.field_id, one.sentences[0] + " " + _("Going on needs a reason."))
