"""One medicine entry as a little form of its parts, and back. Pure, no Textual.

A part that is not changed stays as it was stored, type and all; so does every key that is not one
of ours. The choices are the form's own, else upstream's lists (features.md 1.11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hikma_tui.forms import Answer, Answers, Field, Form, Item, Kind, Option
from hikma_tui.forms.entries import ALLERGY_OVERRIDE
from hikma_tui.i18n import _
from hikma_tui.medicines.reading import as_number
from hikma_tui.medicines.wording import entered, form_words, known_words, value_text

_ROUTES = (
    "oral", "sublingual", "rectal", "topical", "inhalation", "intravenous", "intramuscular",
    "intradermal", "subcutaneous", "nasal", "ophthalmic", "otic", "vaginal", "transdermal", "other",
)  # fmt: skip
_FORMS = (
    "tablet", "syrup", "ampule", "suppository", "cream", "drops", "bottle", "spray", "gel",
    "lotion", "inhaler", "capsule", "injection", "patch", "other",
)  # fmt: skip
_DOSE_UNITS = ("mg", "g", "mcg", "mL", "L", "units")
_DURATION_UNITS = ("hours", "days", "weeks", "months", "years")
_AMOUNTS = frozenset({"dose", "duration", "frequency", "intervals"})


def parts_form(field: Field) -> Form:
    """The form in which an entry of ``field`` is changed; a part's id is its key in the entry."""
    offered = field.medicine
    return Form(
        "medicine",
        {"en": _("Medicine")},
        (
            _part("name", Kind.TEXT, _("Name"), required=True),
            _part("dose", Kind.NUMBER, _("Dose")),
            _choice("doseUnits", _("Unit of the dose"), offered.dose_units or _DOSE_UNITS),
            _choice("route", _("Route"), offered.routes or _ROUTES),
            _choice("form", _("Form"), offered.forms or _FORMS),
            _part("frequency", Kind.TEXT, _("Times a day, or when")),
            _part("intervals", Kind.TEXT, _("Every n hours")),
            _part("duration", Kind.NUMBER, _("Duration")),
            _choice("durationUnits", _("Unit of the duration"),
                    offered.duration_units or _DURATION_UNITS),
        ),
    )  # fmt: skip


def _part(key: str, kind: Kind, label: str, *, required: bool = False) -> Field:
    return Field(key, kind, key, {"en": label}, required=required)


def _choice(key: str, label: str, values: Sequence[str]) -> Field:
    options = tuple(Option(v, {"en": form_words(known_words(v))}) for v in dict.fromkeys(values))
    return Field(key, Kind.SELECT, key, {"en": label}, options=options)


def answers_of(field: Field, item: Mapping[str, object]) -> Answers:
    """The parts of an entry as the little form shows them; upstream's 0 for "none" is empty."""
    return {part.id: _shown(part.id, item.get(part.id)) for part in parts_form(field).fields}


def _shown(key: str, value: object) -> str:
    return entered(value) if key in _AMOUNTS else value_text(value)


def changed(item: Item, before: Mapping[str, Answer], after: Mapping[str, Answer]) -> Item:
    """``item`` with the parts that differ between the two states of the little form.

    Another name takes away the reason that was given for the one before.
    """
    new = dict(item)
    for key, answer in after.items():
        if (answer or "") != (before.get(key) or ""):
            text = " ".join(str(answer or "").split())
            new[key] = as_number(text) if key in _AMOUNTS else text
    if new.get("name") != item.get("name"):
        new.pop(ALLERGY_OVERRIDE, None)
    return new
