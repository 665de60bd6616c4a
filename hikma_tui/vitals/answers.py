"""What is doubted of vital signs, measures and results that are answers to forms. Pure.

A fixed field id says what is measured (``vitals.measures``), whatever form it stands in. Nothing is
refused here: a doubt asks once whether the number, or its unit, was meant (docs/vitals.md).
"""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from hikma_tui import forms, vitals
from hikma_tui.vitals.limits import Bands, asked, beyond, plausible, years
from hikma_tui.vitals.measures import BY_FIELD, Measure, in_unit

_REST = 1000.0  # years
_MONTH = 1 / 12

# In each measure's own unit. Ours, and wide: they find a slip of the finger and a wrong unit, such
# as 5.5 mmol/L written as mg/dL, 150 g/L as g/dL, 12.5 cm as mm.
_PLAUSIBLE: dict[str, Bands] = {
    "muac": years((5, 50, 260), (15, 90, 450), (_REST, 120, 600)),
    "head": years((_MONTH, 20, 50), (1, 25, 65), (5, 35, 70), (_REST, 40, 75)),
    "glucose": years((_MONTH, 15, 500), (_REST, 25, 700)),
    "hba1c": years((_REST, 3, 18)),
    "haemoglobin": years((_MONTH, 5, 27), (_REST, 3, 23)),
    "fundal_height": years((_REST, 8, 50)),
    "fetal_heart": years((_REST, 60, 220)),
}

_PAIRS = (("systolic_bp", "diastolic_bp"), ("weight_kg", "height_cm"))
"""What is doubted together: the one that was not changed can make the other a doubt."""


def doubts(
    form: forms.Form, answers: forms.Answers, changed: Collection[str], age_days: int | None
) -> list[tuple[str, str]]:
    """What to ask once before ``answers`` are saved: (field id, sentence), in the form's order.

    Only about the fields ``changed``; of an unknown age only what no age has is doubted.
    """
    found: list[tuple[str, str]] = []
    signs: dict[str, Decimal] = {}  # vital signs in their stored units
    places: dict[str, str] = {}
    for field in form.fields:
        one = BY_FIELD.get(field.id)
        if one is None or forms.is_empty(answers.get(field.id)):
            continue
        value, unit = str(answers[field.id]), _unit(field, one, answers)
        number = in_unit(one, value, unit)
        if number is None:
            continue
        bands = _PLAUSIBLE.get(one.key) or plausible(one.key)
        sentence = asked(beyond(bands, number, age_days), one.label, value, unit)
        if sentence and field.id in changed:
            found.append((field.id, sentence))
        elif not sentence and one.key not in signs:
            signs[one.key], places[one.key] = number, field.id
    for pair in _PAIRS:
        if any(places.get(key) in changed for key in pair):
            both = {key: signs[key] for key in pair if key in signs}
            found += [(places[one.name], one.sentence) for one in vitals.doubts(both, age_days)]
    order = [field.id for field in form.fields]
    return sorted(found, key=lambda one: order.index(one[0]))


def _unit(field: forms.Field, one: Measure, answers: forms.Answers) -> str:
    """The chosen unit, else the only one of the field, else the one that its id stands for."""
    if len(field.units) > 1:
        return str(answers.get(forms.unit_key(field)) or "")
    return field.units[0] if field.units else one.fields[field.id]
