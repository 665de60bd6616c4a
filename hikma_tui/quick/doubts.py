"""What the rules of vitals say of a number in the one-line entry. Pure.

Of measures that are no vitals (``hikma-measure-...``) only what can't exist is refused.
"""

from __future__ import annotations

from decimal import Decimal

from hikma_tui import vitals
from hikma_tui.i18n import _

_NAMES = frozenset(field.name for field in vitals.FIELDS)
# By stored unit: what no body can show.
_OWN_LIMITS = {
    ("hikma-measure-muac", "mm"): (30, 700),
    ("hikma-measure-muac", "cm"): (3, 70),
    ("hikma-measure-head", "cm"): (10, 90),
    ("hikma-measure-glucose", "mg/dL"): (1, 3000),
    ("hikma-measure-glucose", "mmol/L"): (0, 170),
    ("hikma-measure-haemoglobin", "g/dL"): (0, 40),
    ("hikma-measure-haemoglobin", "g/L"): (0, 400),
}
# Beyond these the other unit may have been meant, or a digit slipped; seen they are, and kept.
_OWN_USUAL = {
    ("hikma-measure-muac", "mm"): (70, 450),
    ("hikma-measure-muac", "cm"): (7, 45),
    ("hikma-measure-head", "cm"): (20, 62),
    ("hikma-measure-glucose", "mg/dL"): (30, 600),
    ("hikma-measure-glucose", "mmol/L"): (2, 34),
    ("hikma-measure-haemoglobin", "g/dL"): (3, 24),
    ("hikma-measure-haemoglobin", "g/L"): (30, 240),
}


def refusal(key: str, number: str, unit: str) -> str:
    """Why this can't be stored or can't exist; empty when it can."""
    if key in _NAMES:
        return vitals.refusal(key, number)
    low, high = _OWN_LIMITS.get((key, unit), (0, 100_000))
    if low <= Decimal(number) <= high:
        return ""
    return _("{value} can't be: it is between {least} and {most} {unit}.").format(
        value=f"{number} {unit}", least=low, most=high, unit=unit
    )


def doubt(key: str, number: str, unit: str, age_days: int | None, label: str) -> str:
    """Why this may be a slip; empty when nothing speaks against it."""
    if key in _NAMES:
        return vitals.doubt(key, number, age_days)
    low, high = _OWN_USUAL.get((key, unit), (0, 100_000))
    shown = {"field": label, "value": number, "unit": unit}
    if Decimal(number) < low:
        return _("{field} {value} {unit} is unusually low. Correct?").format(**shown)
    if Decimal(number) > high:
        return _("{field} {value} {unit} is unusually high. Correct?").format(**shown)
    return ""


def mark(key: str, number: str, age_days: int | None) -> str:
    """``HIGH`` or ``LOW``, in the user's language, or nothing."""
    return vitals.mark_word(vitals.mark(key, number, age_days)) if key in _NAMES else ""
