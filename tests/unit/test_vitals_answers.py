"""What is doubted of measures and results in the forms that a clinic starts with."""

from __future__ import annotations

import pytest

from hikma_tui import forms
from hikma_tui.data import default_event_forms, own_event_forms
from hikma_tui.vitals.answers import doubts
from hikma_tui.vitals.measures import BY_FIELD

YEAR = 365
FORMS = {
    row["name"]: forms.event_form(row)
    for row in [*default_event_forms(), *own_event_forms().values()]
}


def asked(form: str, name: str, value: str, age_days: int | None, unit: str = "") -> list[str]:
    """The questions about one answer, typed into the field of that name."""
    found = FORMS[form]
    field = next(field for field in found.fields if field.name == name)
    answers: forms.Answers = {field.id: value, forms.unit_key(field): unit}
    return [sentence for _id, sentence in doubts(found, answers, [field.id], age_days)]


@pytest.mark.parametrize(
    ("form", "name", "value", "unit", "age", "said"),
    [
        ("Consultation", "Temperature", "98", "", 40 * YEAR, "Temperature 98 °C is unusually high"),
        ("Consultation", "Pulse", "800", "", 40 * YEAR, "800 BPM is unusually high"),
        ("Consultation", "Systolic blood pressure", "1200", "", 40 * YEAR, "1200 mmHg"),
        ("Consultation", "Oxygen saturation", "9", "", 40 * YEAR, "9 % is unusually low"),
        ("Consultation", "Weight", "700", "", 40 * YEAR, "Weight 700 kg is unusually high"),
        ("Consultation", "Weight", "70", "", 2 * YEAR, "Weight 70 kg is unusually high"),
        ("Consultation", "Weight", "٧٠٠", "", 40 * YEAR, "is unusually high"),
        ("Child visit", "Mid-upper arm circumference (MUAC)", "125", "", YEAR, "125 cm"),
        ("Child visit", "Mid-upper arm circumference (MUAC)", "1.25", "", YEAR, "1.25 cm"),
        ("Antenatal visit", "Haemoglobin", "150", "", 25 * YEAR, "Haemoglobin 150 g/dL is unus"),
        ("Antenatal visit", "Fetal heart rate", "14", "", 25 * YEAR, "14 BPM is unusually low"),
        ("Measures and tests", "Mid-upper arm circumference (MUAC)", "12.5", "mm", YEAR, "12.5 mm"),
        ("Measures and tests", "Head circumference", "5", "", YEAR, "5 cm is unusually low"),
        ("Measures and tests", "Blood glucose", "5.5", "mg/dL", 40 * YEAR, "5.5 mg/dL is unus"),
        ("Measures and tests", "Blood glucose", "98", "mmol/L", 40 * YEAR, "98 mmol/L is unus"),
        ("Measures and tests", "Haemoglobin", "12", "g/L", 40 * YEAR, "12 g/L is unusually low"),
        ("Measures and tests", "Haemoglobin", "150", "g/dL", None, "150 g/dL is unusually high"),
    ],
)
def test_a_slip_or_a_wrong_unit_is_asked_about(
    form: str, name: str, value: str, unit: str, age: int | None, said: str
) -> None:
    (sentence,) = asked(form, name, value, age, unit)
    assert said in sentence
    assert sentence.endswith("Correct?")


@pytest.mark.parametrize(
    ("form", "name", "value", "unit", "age"),
    [
        ("Consultation", "Temperature", "40.9", "", 40 * YEAR),
        ("Consultation", "Weight", "0.9", "", 3),
        ("Consultation", "Weight", "200", "", 40 * YEAR),
        ("Consultation", "Weight", "heavy", "", 40 * YEAR),
        ("Consultation", "Weight", "70", "", None),
        ("Child visit", "Mid-upper arm circumference (MUAC)", "10.4", "", YEAR),
        ("Measures and tests", "Mid-upper arm circumference (MUAC)", "104", "mm", YEAR),
        ("Measures and tests", "Head circumference", "34", "", 1),
        ("Measures and tests", "Blood glucose", "5.5", "mmol/L", 40 * YEAR),
        ("Measures and tests", "Blood glucose", "33", "mmol/L", 40 * YEAR),
        ("Measures and tests", "Blood glucose", "38", "mg/dL", 40 * YEAR),
        ("Measures and tests", "Blood glucose", "5.5", "", 40 * YEAR),  # no unit: asked elsewhere
        ("Measures and tests", "Haemoglobin", "3.4", "g/dL", 3 * YEAR),
        ("Measures and tests", "Haemoglobin", "34", "g/L", 3 * YEAR),
    ],
)
def test_what_is_seen_in_clinics_is_not(
    form: str, name: str, value: str, unit: str, age: int | None
) -> None:
    assert asked(form, name, value, age, unit) == []


def test_every_measure_with_a_unit_has_limits() -> None:
    """1 and 99,999 of anything: each number that the forms ask for is doubted on both sides."""
    for form in FORMS.values():
        for field in form.fields:
            one = BY_FIELD.get(field.id)
            if one is None or not one.unit or field.kind is not forms.Kind.NUMBER:
                continue
            unit = field.units[0] if field.units else ""
            assert asked(form.name["en"], field.name, "0.01", 30 * YEAR, unit), field.name
            if one.key != "oxygen_saturation":
                assert asked(form.name["en"], field.name, "99999", 30 * YEAR, unit), field.name


def test_two_answers_are_doubted_together_when_one_of_them_changed() -> None:
    form = FORMS["Consultation"]
    upper, lower = (
        next(field.id for field in form.fields if field.name == f"{name} blood pressure")
        for name in ("Systolic", "Diastolic")
    )
    answers: forms.Answers = {upper: "100", lower: "110"}
    said = "Diastolic 110 is not below systolic 100. Correct?"
    assert doubts(form, answers, [upper], 40 * YEAR) == [(lower, said)]
    assert doubts(form, answers, [], 40 * YEAR) == []
