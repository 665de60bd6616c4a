"""What is doubted at entry and what is marked high or low, by age. Pure.

The two are different things. A *doubt* asks once whether the number was typed right; a *mark* says
that a number, right as it is, is outside the limits for that age. Each limit has its source in
docs/vitals.md; where no source gives a limit for an age there is no mark. Adult limits never mark a
child's numbers (decisions.md 15).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from hikma_tui.i18n import _
from hikma_tui.vitals.fields import bmi, decimal_of, field

_MONTH, _YEAR = 30.4375, 365.25  # days, as WHO counts a child's age
_ADULT_FROM = 18

Bands = tuple[tuple[float, float | None, float | None], ...]
"""Up to which age in days, and there: lowest and highest. The last band is for all the rest."""


def years(*bands: tuple[float, float | None, float | None]) -> Bands:
    """Bands whose ages are in years."""
    return tuple((until * _YEAR, low, high) for until, low, high in bands)


_REST = 1000.0  # years

# Beyond these a typing slip is likelier than the value (our own, wide; docs/vitals.md).
_PLAUSIBLE: dict[str, Bands] = {
    "systolic_bp": years((1 / 12, 35, 110), (1, 45, 140), (13, 60, 170), (_REST, 70, 230)),
    "diastolic_bp": years((1 / 12, 15, 80), (1, 20, 100), (13, 35, 120), (_REST, 40, 135)),
    "pulse_rate": years((1, 70, 220), (5, 60, 200), (13, 50, 190), (_REST, 35, 180)),
    "temperature_celsius": years((_REST, 34, 41.5)),
    "oxygen_saturation": years((_REST, 70, None)),
    "respiratory_rate": years((1, 20, 90), (5, 14, 80), (13, 10, 60), (_REST, 6, 50)),
    "height_cm": years(
        (1 / 12, 30, 60), (0.5, 38, 75), (1, 45, 88), (2, 58, 103), (5, 68, 130),
        (10, 85, 160), (15, 105, 195), (_REST, 120, 215),
    ),
    "weight_kg": years(
        (1 / 12, 0.5, 6), (0.5, 1.2, 11), (1, 2.5, 15), (2, 4, 20), (5, 6, 35),
        (10, 9, 75), (15, 14, 130), (_REST, 28, 200),
    ),
    "waist_circumference_cm": years((5, 30, 75), (15, 35, 130), (_REST, 45, 180)),
    "bmi": years((_ADULT_FROM, 9, 50), (_REST, 12, 60)),
}  # fmt: skip

# Low is below the first number, high is at or above the second.
_MARKS: dict[str, Bands] = {
    # Low: WHO pocket book to 6 years, PALS (70 + 2 x age) from then on, 90 from 10 years. High: the
    # AAP screening values 2017 by year of age, 130 from 13, 140 for adults.
    "systolic_bp": years(
        (1, 60, None), (2, 70, 98), (3, 70, 100), (4, 75, 101), (5, 75, 102), (6, 75, 103),
        (7, 82, 105), (8, 84, 106), (9, 86, 107), (10, 88, 107), (11, 90, 108), (12, 90, 110),
        (13, 90, 113), (18, 90, 130), (_REST, 90, 140),
    ),
    "diastolic_bp": years(
        (1, None, None), (2, None, 52), (3, None, 55), (4, None, 58), (5, None, 60),
        (6, None, 63), (7, None, 66), (8, None, 68), (9, None, 69), (10, None, 71),
        (11, None, 72), (12, None, 74), (13, None, 75), (18, None, 80), (_REST, 60, 90),
    ),
    "pulse_rate": years(
        (1, 100, 161), (3, 90, 151), (6, 80, 141), (12, 75, 119), (_REST, 60, 101)
    ),
    "heart_rate": years(
        (1, 100, 161), (3, 90, 151), (6, 80, 141), (12, 75, 119), (_REST, 60, 101)
    ),
    # High: IMCI to 5 years (axillary), upstream's 38 from then on. Low: IMCI, upstream.
    "temperature_celsius": years((5, 35.5, 37.5), (_REST, 36, 38)),
    "oxygen_saturation": years((_REST, 95, None)),
    # High: WHO fast breathing (2, 12 months, 5, 13 years), then upstream's 20. Low: PALS.
    "respiratory_rate": (
        (2 * _MONTH, 30, 60), (12 * _MONTH, 30, 50), (3 * _YEAR, 22, 40), (5 * _YEAR, 20, 40),
        (12 * _YEAR, 18, 30), (13 * _YEAR, 12, 30), (_REST * _YEAR, 12, 21),
    ),
    "pain_level": years((_REST, None, 8)),
    "bmi": years((_ADULT_FROM, None, None), (_REST, 18.5, 25)),
}  # fmt: skip

# The same for every age: marked also where the age is not known.
_AGELESS = frozenset({"oxygen_saturation", "pain_level"})


@dataclass(frozen=True)
class Doubt:
    """One value to look at again: the column, and a sentence that asks."""

    name: str
    sentence: str


def is_adult(age_days: int | None) -> bool:
    """Whether adult limits hold. An unknown age is nobody's: no."""
    return age_days is not None and age_days >= _ADULT_FROM * _YEAR


def _band(bands: Bands, age_days: int) -> tuple[Decimal | None, Decimal | None]:
    _until, low, high = next((band for band in bands if age_days < band[0]), bands[-1])
    return (
        None if low is None else Decimal(str(low)),
        None if high is None else Decimal(str(high)),
    )


def doubt(name: str, value: object, age_days: int | None) -> str:
    """A sentence asking whether the value is right for this age; empty when it needs no asking.

    Of an unknown age only what no age has is doubted.
    """
    number, bands = decimal_of(value), _PLAUSIBLE.get(name)
    if number is None or bands is None:
        return ""
    return asked(beyond(bands, number, age_days), field(name).label, value, field(name).unit)


def plausible(name: str) -> Bands:
    """Beyond which numbers a vital sign is doubted, in its stored unit; nothing for the rest."""
    return _PLAUSIBLE.get(name, ())


def beyond(bands: Bands, number: Decimal, age_days: int | None) -> str:
    """``"low"``, ``"high"`` or nothing; of an unknown age only what no age has."""
    if not bands:
        return ""
    if age_days is None:
        lows = [low for _until, low, _high in bands if low is not None]
        highs = [high for _until, _low, high in bands if high is not None]
        low = Decimal(str(min(lows))) if lows else None
        high = Decimal(str(max(highs))) if len(highs) == len(bands) else None
    else:
        low, high = _band(bands, age_days)
    if low is not None and number < low:
        return "low"
    return "high" if high is not None and number > high else ""


def asked(side: str, label: str, value: object, unit: str) -> str:
    """The question about a value that is ``beyond``; empty when it is not."""
    if not side:
        return ""
    sentence = (
        _("{field} {value} {unit} is unusually low. Correct?")
        if side == "low"
        else _("{field} {value} {unit} is unusually high. Correct?")
    )
    return sentence.format(field=label, value=value, unit=unit)


def doubts(values: Mapping[str, object], age_days: int | None) -> list[Doubt]:
    """Everything to look at again in one entry, in the order of the fields."""
    found = [
        Doubt(name, sentence)
        for name, value in values.items()
        if name in _PLAUSIBLE and name != "bmi" and (sentence := doubt(name, value, age_days))
    ]
    upper, lower = decimal_of(values.get("systolic_bp")), decimal_of(values.get("diastolic_bp"))
    if upper is not None and lower is not None and lower >= upper:
        found.append(
            Doubt(
                "diastolic_bp",
                _("Diastolic {low} is not below systolic {high}. Correct?").format(
                    low=lower, high=upper
                ),
            )
        )
    weight, height = decimal_of(values.get("weight_kg")), decimal_of(values.get("height_cm"))
    if weight and height and not any(one.name in ("weight_kg", "height_cm") for one in found):
        computed = bmi(weight, height) or "> 99"  # more than the column can hold
        asked = doubt("bmi", computed.strip("> "), age_days)
        if asked:
            found.append(
                Doubt(
                    "weight_kg",
                    _(
                        "Weight {weight} kg and height {height} cm make a BMI of {bmi}. Correct?"
                    ).format(weight=weight, height=height, bmi=computed),
                )
            )
    return found


def mark(name: str, value: object, age_days: int | None) -> str:
    """``"high"``, ``"low"`` or nothing, by the limits of that age; nothing where none are known."""
    number, bands = decimal_of(value), _MARKS.get(name)
    if number is None or bands is None or (age_days is None and name not in _AGELESS):
        return ""
    low, high = _band(bands, age_days or 0)
    if low is not None and number < low:
        return "low"
    if high is not None and number >= high:
        return "high"
    return ""
