"""Filled forms: sensible answers to the default event forms, by who the patient is.

Filling a form takes a hundred times as long as saving it, so some hundred fillings of each form are
made once for each kind of patient, as upstream's ``form_data``, and drawn from; their dates are put
in for the day of each visit.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import own_forms
from hikma_tui.demo.place import Place
from hikma_tui.demo.words import cases

# Dates stand in a filling as days of this far century, by how many days after the visit they are.
_VISIT_DAY = date(1801, 6, 1)
_DATE = re.compile(r"180[0-2]-\d\d-\d\d")

MEASURES, NOTE = own_forms.name_of("measures"), own_forms.name_of("note")

Says = dict[str, Any]  # answers by the English name of the field


class Filling:
    """A form's ``form_data`` as JSON, cut where its dates belong."""

    __slots__ = ("offsets", "parts")

    def __init__(self, text: str) -> None:
        self.parts = _DATE.split(text)
        found = map(date.fromisoformat, _DATE.findall(text))
        self.offsets = [(day - _VISIT_DAY).days for day in found]

    def on(self, place: Place, days_ago: int) -> str:
        """The JSON for a visit so many days ago."""
        text = self.parts[0]
        for offset, part in zip(self.offsets, self.parts[1:], strict=True):
            text += place.day(days_ago - offset) + part
        return text


class Fillings:
    """All fillings, made when first asked for; the same whatever was asked before."""

    def __init__(self, place: Place, seed: int, many: int) -> None:
        self._seed, self._many = seed, many
        self.forms = {row["name"]: row for row in place.forms}
        self._made: dict[tuple[str, str], list[Filling]] = {}

    def of(self, name: str, band: str) -> list[Filling]:
        """Fillings of the form of that name for a kind of patient."""
        key = (name, band)
        if key not in self._made:
            rng = random.Random(f"{self._seed}:{name}:{band}")
            form = forms.event_form(self.forms[name])
            self._made[key] = [self._one(form, name, band, rng) for _n in range(self._many)]
        return self._made[key]

    @staticmethod
    def _one(form: forms.Form, name: str, band: str, rng: random.Random) -> Filling:
        says = _WRITERS.get(name, _consultation)(band, rng)
        answers: forms.Answers = {}
        for field in form.fields:
            answer = says.get(field.name)
            if answer is None and field.required:
                answer = _anything(field)
            if answer is not None:
                answers[field.id] = answer
            if answer is not None and field.units:
                answers[forms.unit_key(field)] = field.units[0]
        return Filling(json.dumps(forms.event_data(form, answers), ensure_ascii=False))


def band_of(age_days: int | None, sex: str) -> str:
    """The kind of patient: what can be asked, and what numbers are likely."""
    if age_days is None:
        return "adult"
    if age_days < 365:
        return "infant"
    if age_days < 5 * 365:
        return "toddler"
    if age_days < 14 * 365:
        return "child"
    return "woman" if sex == "female" and age_days < 46 * 365 else "adult"


def form_names(band: str) -> tuple[str, ...]:
    """The forms that such a patient's visits are recorded with, the commonest more often."""
    return {
        "infant": ("Child visit", "Child visit", "Child visit", MEASURES),
        "toddler": ("Child visit", "Child visit", "Child visit", "Consultation", MEASURES),
        "child": ("Consultation", "Consultation", "Consultation", MEASURES),
        "woman": ("Consultation", "Antenatal visit", "Consultation", MEASURES),
        "adult": ("Consultation", "Chronic disease follow-up", "Consultation", NOTE),
    }[band]


def _anything(field: forms.Field) -> object:
    if field.options:
        return field.options[0].value
    return "1" if field.kind is forms.Kind.NUMBER else "-"


def _after_visit(days: int) -> str:
    return (_VISIT_DAY + timedelta(days=days)).isoformat()


def _about(rng: random.Random, middle: float, spread: float, digits: int = 0) -> str:
    value = round(rng.gauss(middle, spread), digits)
    return f"{value:.{digits}f}"


def _maybe(rng: random.Random, share: float, value: Any) -> Any:
    return value if rng.random() < share else None


# kg, cm, pulse, breaths a minute
_BODIES = {
    "infant": ((6.8, 1.3), (64, 5), (128, 12), (36, 6)),
    "toddler": ((12.5, 2.2), (88, 9), (112, 11), (28, 5)),
    "child": ((26, 6), (125, 12), (95, 10), (22, 3)),
    "woman": ((61, 9), (161, 6), (80, 9), (17, 2)),
    "adult": ((71, 12), (168, 8), (78, 9), (17, 2)),
}


# Times a day are a number upstream; any other directions are text.
_TIMES = {"once a day": 1, "2 times a day": 2, "3 times a day": 3, "4 times a day": 4}


def _medicines(
    rng: random.Random, keys: list[str], band: str, *, lasting: bool = False
) -> list[dict[str, Any]]:
    """``lasting``: for a chronic disease, so that some are current on the day the demo is made."""
    found = []
    for key in keys:
        name, dose, unit, form, frequency, days = cases()["medicines"][key]
        if lasting:
            days = rng.choice((30, 60, 90, 180, ""))
        small = band in ("infant", "toddler") and unit == "mg" and form == "tablet"
        found.append(
            {
                "id": f"{rng.random():.15f}", "name": name, "route": _route(form), "form": form,
                "frequency": _TIMES.get(frequency, frequency), "intervals": "",
                "dose": dose / 2 if small else dose,
                "doseUnits": unit, "duration": days, "durationUnits": "days" if days else "",
            }
        )  # fmt: skip
    return found


def _route(form: str) -> str:
    return {"cream": "topical", "inhaler": "inhalation", "drops": "ophthalmic"}.get(form, "oral")


def _diagnoses(text: str) -> list[dict[str, Any]] | None:
    return list(forms.typed_diagnoses(text)) if text else None


def _next_visit(rng: random.Random, share: float) -> str | None:
    day = _after_visit(rng.choice((2, 3, 7, 14, 28, 30)))
    return day if rng.random() < share else None


def _consultation(band: str, rng: random.Random) -> Says:
    complaint, findings, diagnosis, medicines, warm = rng.choice(cases()["adult"])
    weight, _height, pulse, breaths = _BODIES[band]
    grown = band in ("woman", "adult")
    referred = rng.random() < 0.05
    return {
        "Chief complaint": complaint,
        "First day of the illness": _maybe(rng, 0.7, _after_visit(-rng.randint(1, 12))),
        "Danger signs": ["None"],
        "Temperature": _maybe(rng, 0.9, _about(rng, warm, 0.3, 1)),
        "Pulse": _maybe(rng, 0.85, _about(rng, *pulse)),
        "Respiratory rate": _maybe(rng, 0.6, _about(rng, *breaths)),
        "Oxygen saturation": _maybe(rng, 0.5, str(rng.randint(94, 99))),
        "Systolic blood pressure": _about(rng, 124, 12) if grown else None,
        "Diastolic blood pressure": _about(rng, 78, 7) if grown else None,
        "Weight": _maybe(rng, 0.7, _about(rng, *weight, 1)),
        "Pregnant": "No" if band == "woman" else "Does not apply",
        "History and examination": findings,
        "Diagnoses": _diagnoses(diagnosis),
        "Medicines": _medicines(rng, medicines, band) or None,
        "Advice given": _maybe(rng, 0.7, rng.choice(cases()["advice"])),
        "Referred": "Yes" if referred else "No",
        "Referred to": "District hospital" if referred else None,
        "Next visit": _next_visit(rng, 0.3),
    }


def _chronic(band: str, rng: random.Random) -> Says:
    conditions, diagnosis, medicines, (systolic, diastolic) = rng.choice(cases()["chronic"])
    sugar = "Diabetes" in conditions
    return {
        "Conditions followed": conditions.split("; "),
        "Danger signs": ["None"],
        "Systolic blood pressure": _about(rng, systolic, 12),
        "Diastolic blood pressure": _about(rng, diastolic, 7),
        "Weight": _about(rng, 76, 12, 1),
        "Blood glucose": _about(rng, 165, 35) if sugar else None,
        "Glucose measured": rng.choice(("Fasting", "Not fasting")) if sugar else None,
        "HbA1c": _maybe(rng, 0.4, _about(rng, 7.6, 0.9, 1)) if sugar else None,
        "Takes the medicines": rng.choice(
            ("Every day as prescribed", "Every day as prescribed", "Misses some days")
        ),
        "Problems with the medicines": _maybe(rng, 0.15, "Swollen ankles in the evening"),
        "Smokes tobacco": "Yes" if rng.random() < 0.3 else "No",
        "Feet examined": "Normal" if sugar else "Not examined",
        "Findings and plan": rng.choice(("Goes well, same medicines.", "Less salt, walk daily.")),
        "Diagnoses": _diagnoses(diagnosis),
        "Medicines": _medicines(rng, medicines, band, lasting=True),
        "Referred": "No",
        "Next visit": _next_visit(rng, 0.9),
    }


def _antenatal(_band: str, rng: random.Random) -> Says:
    weeks = rng.randint(9, 39)
    days = weeks * 7 + rng.randint(0, 6)
    return {
        "Danger signs": ["None"],
        "First day of the last period": _after_visit(-days),
        "Expected date of birth": _after_visit(280 - days),
        "Weeks of pregnancy": str(weeks),
        "Pregnancies and births": f"G{(births := rng.randint(0, 5)) + 1} P{births}",
        "Systolic blood pressure": _about(rng, 112, 9),
        "Diastolic blood pressure": _about(rng, 70, 7),
        "Weight": _about(rng, 58 + weeks * 0.3, 8, 1),
        "Fundal height": _about(rng, weeks, 1) if weeks > 19 else None,
        "Fetal heart rate": _about(rng, 142, 7) if weeks > 13 else None,
        "Protein in urine": "Negative" if rng.random() < 0.85 else "Trace",
        "Haemoglobin": _maybe(rng, 0.6, _about(rng, 11.3, 1, 1)),
        "Preventive care today": ["Iron and folic acid"],
        "Findings, birth plan and advice": rng.choice(
            ("Head down. Birth at the district hospital planned.", "Well. Spoke of danger signs.")
        ),
        "Medicines": _medicines(rng, ["iron"], "woman"),
        "Referred": "No",
        "Next visit": _next_visit(rng, 0.95),
    }


def _child(band: str, rng: random.Random) -> Says:
    complaint, findings, diagnosis, medicines, warm, symptoms = rng.choice(cases()["child"])
    weight, height, _pulse, breaths = _BODIES[band]
    return {
        "Reason for the visit": complaint,
        "Danger signs": ["None"],
        "Weight": _about(rng, *weight, 1),
        "Length or height": _maybe(rng, 0.7, _about(rng, *height)),
        "Mid-upper arm circumference (MUAC)": _maybe(rng, 0.8, _about(rng, 14.1, 0.8, 1)),
        "Temperature": _about(rng, warm, 0.3, 1),
        "Respiratory rate": _maybe(rng, 0.7, _about(rng, *breaths)),
        "Symptoms": symptoms.split("; "),
        "Dehydration": "Some" if "ors" in medicines else "None",
        "Feeding": ["Breast milk and other food"] if band == "infant" else None,
        "Vaccines up to date": "Yes" if rng.random() < 0.7 else "No",
        "Findings and advice to the family": findings,
        "Diagnoses": _diagnoses(diagnosis),
        "Medicines": _medicines(rng, medicines, band) or None,
        "Referred": "No",
        "Next visit": _next_visit(rng, 0.4),
    }


def _measures(band: str, rng: random.Random) -> Says:
    small = band in ("infant", "toddler")
    woman = band == "woman"
    sugar = None if small else _maybe(rng, 0.5, _about(rng, 108, 18))
    return {
        "Mid-upper arm circumference (MUAC)": _about(rng, 141, 9) if small else None,
        "Swelling of both feet": "None" if small else None,
        "Head circumference": _about(rng, 42, 1.5, 1) if band == "infant" else None,
        "Malaria test": "Negative" if rng.random() < 0.8 else "Positive: falciparum",
        "Blood glucose": sugar,
        "Glucose measured": sugar and rng.choice(("Fasting", "Not fasting")),
        "Haemoglobin": _about(rng, 11.4, 1, 1),
        "HIV test": _maybe(rng, 0.3, "Negative") if not small else None,
        "Pregnancy test": _maybe(rng, 0.5, "Negative") if woman else None,
        "Protein in urine": _maybe(rng, 0.4, "Negative") if woman else None,
    }


def _note(band: str, rng: random.Random) -> Says:
    _conditions, diagnosis, medicines, _pressure = rng.choice(cases()["chronic"])
    return {
        "Diagnoses": _diagnoses(diagnosis),
        "Medicines": _medicines(rng, medicines, band, lasting=True),
        "Note": rng.choice(("Came for medicines.", "Feels well.", "Viene por su control.")),
    }


_WRITERS: Mapping[str, Callable[[str, random.Random], Says]] = {
    "Consultation": _consultation,
    "Chronic disease follow-up": _chronic,
    "Antenatal visit": _antenatal,
    "Child visit": _child,
    MEASURES: _measures,
    NOTE: _note,
}
