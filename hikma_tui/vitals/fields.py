"""The columns of upstream's vitals, with their units and what can be stored. Pure.

Units and columns: features.md 1.9; sizes: wire.md A5. What no living body can show is outside
``least`` and ``most`` and is refused; everything else is at most a doubt (decisions.md 15).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType

from hikma_tui.i18n import _

NOT_RECORDABLE = frozenset({"nr", "n/r", "n.r.", "not recordable", "unrecordable", "تعذر"})
"""What is typed for "it was tried and could not be measured" (folded to lower case)."""

POSITIONS = ("sitting", "standing", "lying", "other")
"""Stored values of ``bp_position``; ``other`` is also "not known" (features.md 1.9)."""


@dataclass(frozen=True)
class Vital:
    """One column: ``unit`` is what is stored, ``units`` what may be typed behind the number."""

    name: str
    unit: str
    places: int  # decimal places that the column keeps; 0 for whole numbers
    least: Decimal
    most: Decimal
    units: Mapping[str, str]  # folded spelling -> unit
    must_choose: bool = False  # two units are in use: a bare number is not taken
    same: Decimal = Decimal(0)  # two values no further apart than this are called steady

    @property
    def label(self) -> str:
        """Its name in the user's language."""
        return _labels()[self.name]

    @property
    def short(self) -> str:
        """Its short name, for one line and for columns."""
        return _shorts()[self.name]


def _vital(
    name: str, unit: str, places: int, least: str, most: str, units: str, same: str, *,
    must_choose: bool = False,
) -> Vital:  # fmt: skip
    spellings = {}
    for group in units.split(";"):
        stored, _equals, typed = group.partition("=")
        for spelling in typed.split(","):
            spellings[spelling.strip()] = stored.strip()
    return Vital(
        name, unit, places, Decimal(least), Decimal(most), MappingProxyType(spellings),
        must_choose, Decimal(same),
    )  # fmt: skip


_MMHG = "mmHg=mmhg,mm hg"
# With the words of Arabic, since a nurse at an Arabic keyboard has no Latin letters.
_KG = (
    "kg=kg,kgs,kilo,kilos,kilogram,kilograms,كغ,كغم,كجم,كيلو;lb=lb,lbs,pound,pounds,رطل;"
    "g=g,gr,gram,grams,غ,غم,غرام,جم,جرام"
)
_CM = 'cm=cm,سم;in=in,inch,inches,",بوصة,إنش;m=m,م,متر'
_BPM = "/min=/min,bpm,/m,min"

# In the order in which a nurse measures and reads them.
FIELDS: tuple[Vital, ...] = (
    _vital("systolic_bp", "mmHg", 0, "0", "400", _MMHG, "9"),
    _vital("diastolic_bp", "mmHg", 0, "0", "400", _MMHG, "5"),
    _vital("pulse_rate", "/min", 0, "0", "500", _BPM, "9"),
    _vital("temperature_celsius", "°C", 2, "10", "50",
           "°C=c,°c,º c,ºc,celsius,° c,م,°م,º م,مئوية;°F=f,°f,ºf,fahrenheit,° f,ف,°ف,فهرنهايت",
           "0.4", must_choose=True),
    _vital("oxygen_saturation", "%", 2, "0", "100", "%=%", "1"),
    _vital("respiratory_rate", "/min", 0, "0", "200", _BPM, "3"),
    _vital("weight_kg", "kg", 2, "0.1", "700", _KG, "0"),
    _vital("height_cm", "cm", 2, "10", "280", _CM, "0.9"),
    _vital("waist_circumference_cm", "cm", 2, "10", "400", _CM, "1.9"),
    _vital("pain_level", "/10", 0, "0", "10", "/10=/10", "0"),
    _vital("heart_rate", "/min", 0, "0", "500", _BPM, "9"),  # never collected upstream: read only
    _vital("bmi", "kg/m²", 2, "0", "99.99", "kg/m²=kg/m2,kg/m²", "0.2"),  # computed
)  # fmt: skip

_BY_NAME = {vital.name: vital for vital in FIELDS}


def field(name: str) -> Vital:
    """The column of that name. KeyError."""
    return _BY_NAME[name]


def _labels() -> dict[str, str]:
    return {
        "systolic_bp": _("Systolic blood pressure"),
        "diastolic_bp": _("Diastolic blood pressure"),
        "pulse_rate": _("Pulse"),
        "temperature_celsius": _("Temperature"),
        "oxygen_saturation": _("Oxygen saturation"),
        "respiratory_rate": _("Breathing rate"),
        "weight_kg": _("Weight"),
        "height_cm": _("Height or length"),
        "waist_circumference_cm": _("Waist"),
        "pain_level": _("Pain"),
        "heart_rate": _("Heart rate"),
        "bmi": _("BMI"),
    }


def _shorts() -> dict[str, str]:
    return {
        "systolic_bp": _("BP systolic"),
        "diastolic_bp": _("BP diastolic"),
        "pulse_rate": _("Pulse"),
        "temperature_celsius": _("Temp"),
        "oxygen_saturation": _("SpO2"),
        "respiratory_rate": _("Breathing"),
        "weight_kg": _("Weight"),
        "height_cm": _("Height"),
        "waist_circumference_cm": _("Waist"),
        "pain_level": _("Pain"),
        "heart_rate": _("Heart rate"),
        "bmi": _("BMI"),
    }


def position_word(position: str) -> str:
    """``sitting`` in the user's language; what upstream does not know, as it is."""
    return {
        "sitting": _("sitting"), "standing": _("standing"), "lying": _("lying"),
        "other": _("position not known"),
    }.get(position, position)  # fmt: skip


def decimal_of(value: object) -> Decimal | None:
    """The number that a stored value is; None for none, or for what is no number."""
    if value is None or isinstance(value, bool) or value == "":
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def bmi(weight_kg: object, height_cm: object) -> str | None:
    """kg/m² to one decimal as upstream does it (features.md 1.9); None where the column (at most
    99.99) or the numbers can't give one.
    """
    weight, height = decimal_of(weight_kg), decimal_of(height_cm)
    if weight is None or height is None or height <= 0 or weight <= 0:
        return None
    metres = height / 100
    found = (weight / (metres * metres)).quantize(Decimal("0.1"), ROUND_HALF_UP)
    return str(found) if found < 100 else None


def age_days(date_of_birth: str | None, on: date) -> int | None:
    """Days from a birth ``YYYY-MM-DD`` to ``on``; None where it is unknown or lies ahead."""
    try:
        days = (on - date.fromisoformat(date_of_birth or "")).days
    except ValueError:
        return None
    return days if days >= 0 else None
