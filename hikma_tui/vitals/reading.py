"""What was typed for a vital sign: a number with its unit, "not recordable", or why not. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from hikma_tui.forms.numbers import is_thousands_doubt, number_text
from hikma_tui.i18n import _
from hikma_tui.vitals.fields import NOT_RECORDABLE, Vital, field

_PARTS = re.compile(r"\s*([+-]?[\d.,٫\u200e\u200f]+)\s*(.*?)\s*", re.DOTALL)

_FEET = re.compile(
    r"""(\d)\s*(?:'|’|ft|feet|foot)\s*(?:(\d{1,2})\s*(?:"|”|''|in|inch|inches)?)?""", re.IGNORECASE
)


@dataclass(frozen=True)
class Reading:
    """What was meant: ``value`` as it is stored, or ``why`` it can't be taken.

    ``entered`` is what was typed, with its unit, where that is not the stored unit.
    """

    value: str = ""
    entered: str = ""
    not_recordable: bool = False
    why: str = ""
    needs_unit: bool = False

    @property
    def is_empty(self) -> bool:
        """Nothing was typed."""
        return not (self.value or self.not_recordable or self.why)


def read(name: str, text: str) -> Reading:
    """Read ``text`` as column ``name``: ``37.8 c``, ``100,4 F``, ``134 lb``, ``nr``."""
    typed, vital = text.strip(), field(name)
    if not typed:
        return Reading()
    if typed.casefold() in NOT_RECORDABLE:
        return Reading(not_recordable=True)
    match = _PARTS.fullmatch(typed)
    number = number_text(match[1]) if match else None
    if match is None or number is None:
        if match is not None and is_thousands_doubt(match[1]):
            return Reading(why=_("Is the comma a decimal sign? Write 1250 or 1.25, without it."))
        return Reading(why=_("Write a number, or nr for not recordable."))
    unit_typed = " ".join(match[2].split()).casefold()
    feet = _FEET.fullmatch(typed) if name == "height_cm" else None
    if feet is not None:
        return _in_feet(vital, feet)
    if not unit_typed:
        if vital.must_choose:
            return Reading(why=_unit_question(vital, number), needs_unit=True)
        unit = vital.unit
    else:
        known = vital.units.get(unit_typed)
        if known is None:
            return Reading(why=_not_a_unit(vital, match[2]))
        unit = known
    value = number if unit == vital.unit else _converted(number, unit)
    why = _out_of_bounds(vital, value, typed_in=unit, number=number)
    if why:
        return Reading(why=why)
    return Reading(value=value, entered="" if unit == vital.unit else f"{number} {unit}")


def _in_feet(vital: Vital, typed: re.Match[str]) -> Reading:
    """``5'7"``, ``5 ft 7 in``: in inches from here on. More than eleven inches is a slip."""
    feet, inches = int(typed[1]), int(typed[2] or 0)
    if inches > 11:
        return Reading(why=_("A foot has 12 inches: write it like 5'7\"."))
    number = str(feet * 12 + inches)
    value = _converted(number, "in")
    why = _out_of_bounds(vital, value, typed_in="in", number=number)
    return Reading(why=why) if why else Reading(value=value, entered=f"{number} in")


def _unit_question(vital: Vital, number: str) -> str:
    units = list(dict.fromkeys(vital.units.values()))
    return _("Which unit? Write {first} or {second}.").format(
        first=f"{number} {units[0]}", second=f"{number} {units[1]}"
    )


def _not_a_unit(vital: Vital, typed: str) -> str:
    units = ", ".join(dict.fromkeys(vital.units.values()))
    return _('"{unit}" is not a unit here. Possible: {units}.').format(
        unit=typed.strip()[:12], units=units
    )


def _converted(number: str, unit: str) -> str:
    """Exactly in decimals, then to the two places that the column keeps (wire.md A5)."""
    typed = Decimal(number)
    found = {
        "°F": lambda: (typed - 32) * 5 / 9,
        "lb": lambda: typed * Decimal("0.45359237"),
        "g": lambda: typed / 1000,
        "in": lambda: typed * Decimal("2.54"),
        "m": lambda: typed * 100,
    }[unit]()
    return str(found.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _out_of_bounds(vital: Vital, value: str, *, typed_in: str = "", number: str = "") -> str:
    whole, _point, rest = value.partition(".")
    if sum(char.isdigit() for char in whole) > 9:
        return _("This number has too many digits.")
    if rest.strip("0") and vital.places == 0:
        return _("Only a whole number can be stored here.")
    if len(rest) > vital.places and vital.places:
        return _("At most {n} decimals can be stored here.").format(n=vital.places)
    if not vital.least <= Decimal(value) <= vital.most:
        shown = f"{number} {typed_in}" if number else f"{value} {vital.unit}"
        return _("{value} can't be: {field} is between {least} and {most} {unit}.").format(
            value=shown, field=vital.label, least=vital.least, most=vital.most, unit=vital.unit
        )
    return ""


def refusal(name: str, text: object) -> str:
    """Why a value in the stored unit can't be taken at all; empty when it can.

    Only what the column can't hold or no body can show (decisions.md 15).
    """
    vital = field(name)
    value = number_text(str(text))
    if value is None:
        return _("This is not a number.")
    return _out_of_bounds(vital, value)


def read_pressure(text: str) -> tuple[Reading, Reading]:
    """A blood pressure as it is spoken: ``120/80``, ``120/nr``, ``nr``; systolic, diastolic."""
    typed = text.strip()
    if not typed:
        return Reading(), Reading()
    if typed.casefold() in NOT_RECORDABLE:
        return Reading(not_recordable=True), Reading(not_recordable=True)
    upper, slash, lower = typed.partition("/")
    if not slash:
        parts = typed.split()
        upper, slash, lower = (*parts[:1], "/", *parts[1:]) if len(parts) == 2 else (typed, "", "")
    if not slash or not upper.strip() or not lower.strip():
        why = _("Write both numbers, like 120/80; nr for the one that is not recordable.")
        return Reading(why=why), Reading(why=why)
    return _one_of_two("systolic_bp", upper), _one_of_two("diastolic_bp", lower)


def _one_of_two(name: str, text: str) -> Reading:
    """A dash stands for the number that nobody took, as phones record it at times."""
    return Reading() if text.strip() == "-" else read(name, text)
