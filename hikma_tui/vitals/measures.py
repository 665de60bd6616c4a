"""Measures and bedside results that are answers to forms, matched by their fixed field ids. Pure.

Vital signs written into the forms that a clinic starts with are among them, so that a trend does
not depend on where a number was entered. Ids: data/own_forms.json and data/event_forms.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from hikma_tui import vitals
from hikma_tui.forms.numbers import number_text
from hikma_tui.i18n import _
from hikma_tui.vitals.fields import decimal_of

_OWN = "hikma-measure-"
_MONTH, _YEAR = 30.4375, 365.25


@dataclass(frozen=True)
class Measure:
    """One thing that is followed over time. ``unit`` is the one that it is compared in."""

    key: str
    unit: str = ""  # empty: answers are words (negative, positive, ...)
    fields: Mapping[str, str] = field(default_factory=dict)  # field id -> the only unit it has
    factors: Mapping[str, str] = field(default_factory=dict)  # other unit -> times this is ours

    @property
    def label(self) -> str:
        """Its name in the user's language."""
        return _labels().get(self.key) or vitals.field(self.key).label

    @property
    def short(self) -> str:
        """Its short name."""
        return self.label if self.key in _labels() else vitals.field(self.key).short


def _own(key: str, unit: str = "") -> dict[str, str]:
    return {_OWN + key.replace("_", "-"): unit}


_DIPSTICKS = (
    "urine_protein", "urine_glucose", "urine_ketones", "urine_blood", "urine_leukocytes",
    "urine_nitrite",
)  # fmt: skip

MEASURES: tuple[Measure, ...] = (
    Measure("systolic_bp", "mmHg", dict.fromkeys(
        ("ZIytfyxGc5I56OkORmpF0", "hZj1kYUKKbV4yuwBNNjDy", "E1D-d8VqCWuXNrL3FOybD"), "mmHg")),
    Measure("diastolic_bp", "mmHg", dict.fromkeys(
        ("m5lroYiNOwn2iOe9K7VlC", "zNVdC2hPs3vzGLoiJptnF", "C2dr2lidSsHGUEF8ggQtK"), "mmHg")),
    Measure("pulse_rate", "/min", {"Nh8yPFAmX_U5jalYnfvm0": "/min"}, {"BPM": "1"}),
    Measure("temperature_celsius", "°C",
            dict.fromkeys(("DQ1sDm_8bZxLkjIZLYFmi", "jc0FhPGNSqRoSaOKgmNKj"), "°C")),
    Measure("oxygen_saturation", "%", {"aBqG4dQs4HGwbNXQH5gDO": "%"}),
    Measure("respiratory_rate", "/min",
            dict.fromkeys(("WgFt88ab6htHtPHZ9goL_", "KVlvT4gN7jQNkAXc9G6ET"), "/min")),
    Measure("weight_kg", "kg", dict.fromkeys(
        ("0OK__9Xhzc26QgQqVu5DC", "wtBM4_gVwgWJvjJ64x-xr", "ZXKA6KNYcYMWn5wWZEhI0",
         "BJzSLWzNWC6vKFrFALTxA"), "kg"), {"lb": "0.45359237", "g": "0.001"}),
    Measure("height_cm", "cm", {"3AhqqqRsUC19eI4dsNmf7": "cm"}),
    Measure("muac", "mm", {**_own("muac"), "EIGGB5xhliQ4tLgXhrx38": "cm"}, {"cm": "10"}),
    Measure("oedema", "", _own("oedema")),
    Measure("head", "cm", _own("head", "cm")),
    Measure("malaria", "", _own("malaria")),
    Measure("glucose", "mg/dL", {**_own("glucose"), "QlGmmWlkYDbNvBfkuNQgX": ""},
            {"mmol/L": "18.016"}),
    Measure("hba1c", "%", {"yvM0esMDOBjyzz4BDjviZ": "%"}),
    Measure("haemoglobin", "g/dL", {**_own("haemoglobin"), "EeLGiMyhf10uXNsMAAnQT": "g/dL"},
            {"g/L": "0.1"}),
    Measure("hiv", "", _own("hiv")),
    Measure("pregnancy_test", "", _own("pregnancy_test")),
    *(Measure(key, "", {**_own(key),
                        **({"NWPZjab28m-Xr5SgpVarq": ""} if key == "urine_protein" else {})})
      for key in _DIPSTICKS),
    Measure("fundal_height", "cm", {"brt1NlvgEwyg0LOx1y3ur": "cm"}),
    Measure("fetal_heart", "/min", {"P1HU4tO2sEsPGPfR15oIw": "/min"}, {"BPM": "1"}),
)  # fmt: skip

BY_FIELD = {field_id: measure for measure in MEASURES for field_id in measure.fields}
_BY_KEY = {measure.key: measure for measure in MEASURES}


def measure(key: str) -> Measure:
    """The measure of that key. KeyError."""
    return _BY_KEY[key]


def _labels() -> dict[str, str]:
    return {
        "muac": _("MUAC"),
        "oedema": _("Swelling of both feet"),
        "head": _("Head circumference"),
        "malaria": _("Malaria test"),
        "glucose": _("Blood glucose"),
        "hba1c": _("HbA1c"),
        "haemoglobin": _("Haemoglobin"),
        "hiv": _("HIV test"),
        "pregnancy_test": _("Pregnancy test"),
        "urine_protein": _("Protein in urine"),
        "urine_glucose": _("Glucose in urine"),
        "urine_ketones": _("Ketones in urine"),
        "urine_blood": _("Blood in urine"),
        "urine_leukocytes": _("White cells in urine"),
        "urine_nitrite": _("Nitrite in urine"),
        "fundal_height": _("Fundal height"),
        "fetal_heart": _("Fetal heart rate"),
    }


def in_unit(one: Measure, value: str, unit: str) -> Decimal | None:
    """A value in the measure's own unit, to compare and to plot; None where that can't be told."""
    text = number_text(value)
    number = decimal_of(text) if text is not None else None
    if number is None or not one.unit:
        return None
    if unit == one.unit or (not unit and not one.factors):
        return number
    if unit == "°F":
        return ((number - 32) * 5 / 9).quantize(Decimal("0.01"), ROUND_HALF_UP)
    factor = one.factors.get(unit)
    return None if factor is None else number * Decimal(factor)


def result_mark(
    key: str, number: Decimal | None, age_days: int | None, *, sex: str = "",
    pregnant: bool = False, fasting: bool = False,
) -> str:  # fmt: skip
    """``"high"``, ``"low"`` or nothing for a value in the measure's own unit (docs/vitals.md)."""
    if number is None:
        return ""
    if key == "muac":
        child = age_days is not None and 6 * _MONTH <= age_days < 60 * _MONTH
        return "low" if child and number < 125 else ""
    if key == "glucose":
        if number < 70:
            return "low"
        return "high" if number >= (126 if fasting else 200) else ""
    if key == "hba1c":
        return "high" if number >= Decimal("6.5") else ""
    if key == "haemoglobin":
        limit = _anaemia_below(age_days, sex, pregnant)
        return "low" if limit is not None and number < limit else ""
    if key == "fetal_heart":
        return "low" if number < 110 else "high" if number > 160 else ""
    if key in _labels():
        return ""
    return vitals.mark(key, number, age_days)


def _anaemia_below(age_days: int | None, sex: str, pregnant: bool) -> Decimal | None:
    """g/dL below which WHO (2024) speaks of anaemia; none before 6 months or of unknown age."""
    if pregnant:
        return Decimal("10.5")  # the lowest of the three trimesters' limits
    if age_days is None or age_days < 6 * _MONTH:
        return None
    for until, limit in ((2, "10.5"), (5, "11.0"), (12, "11.5"), (15, "12.0")):
        if age_days < until * _YEAR:
            return Decimal(limit)
    return Decimal("13.0" if sex == "male" else "12.0")
