"""Numbers beside numbers in a medicine line: strengths, fractions, ranges, by weight. Pure."""

from __future__ import annotations

from hikma_tui.medicines.place import (
    PARTED_BY,
    SPAN_OF,
    Match,
    Place,
    for_time,
    odd_number,
    quantity_of,
)
from hikma_tui.medicines.wording import counted_words, every_hours, times_a_day

_MEASURED = frozenset({"mg", "g", "mcg", "mL", "L", "units", "million units", "mmol", "mEq"})
_PER = frozenset({"kg", "day", "d", "dia", "h", "hr", "hour", "hora", "min", "dose", "dosis"})
_FRACTIONS = {("1", "2"): "0.5", ("1", "4"): "0.25", ("3", "4"): "0.75"}
_THIRDS = frozenset({("1", "3"), ("2", "3")})


def chemical(place: Place) -> Match | None:
    """``5-FU`` and ``6-mercaptopurine``: the name begins with a number."""
    at = place.at
    sign = not place.named and place.number(at) and place.key(at + 1) in PARTED_BY
    word = place.key(at + 2)
    if sign and place.glued(at + 1) and place.glued(at + 2) and word[:1].isalpha():
        return Match(3, "name")
    return None


def schedule(place: Place) -> Match | None:
    """``1-0-1``: morning, noon, night; kept as it is written."""
    at, parts = place.at, 1
    end = at + _part(place, at)
    while end > at and place.key(end) in PARTED_BY and _part(place, end + 1):
        end += 1 + _part(place, end + 1)
        parts += 1
    return Match(end - at, "when", place.slice(at, end)) if parts >= 3 else None


def _part(place: Place, at: int) -> int:
    """How many pieces a part of a schedule takes: ``1``, ``12``, ``½``, ``1/2``; 0 for none."""
    number = place.number(at)
    if not number or number == "?" or len(number.partition(".")[0]) > 2:
        return 0
    return 3 if place.key(at + 1) == "/" and (number, place.number(at + 2)) in _FRACTIONS else 1


def ratio(place: Place) -> Match | None:
    """``120mg/5ml``, ``20/120``, ``5 mg/kg``, ``1/2 tab``, ``3/7``, ``3/day``."""
    at, first = place.at, place.number(place.at)
    if not first:
        return None
    unit = place.unit(at + 1)
    slash = at + 1 + (unit[0] if unit else 0)
    if place.key(slash) != "/":
        return None
    second = place.number(slash + 1)
    if not second:
        return _per(place, slash, unit)
    after = place.unit(slash + 2)
    end = slash + 2 + (after[0] if after else 0)
    if unit is None:
        special = _fraction(place, first, second, after, end - at)
        if special is not None:
            return special
    if after is not None and after[1] not in _MEASURED:
        after, end = None, slash + 2  # "20/120 tab": the tablet is no part of the strength
    while place.key(end) == "/" and place.number(end + 1):
        more = place.unit(end + 2)
        end += 2 + (more[0] if more else 0)
    typed = place.slice(at, end)
    odd = odd_number(place, at, end)
    if odd is not None:
        return Match(end - at, "strength", typed, choices=odd, doubt="number")
    if unit is not None and after is None and place.number(end - 1):
        return Match(end - at, "strength", typed, choices=(f"{typed} mL",), doubt="unit")
    return Match(end - at, "strength", typed)


def _fraction(
    place: Place, first: str, second: str, unit: tuple[int, str] | None, length: int
) -> Match | None:
    part = _FRACTIONS.get((first, second)) or (
        f"{first}/{second}" if (first, second) in _THIRDS else ""
    )
    if unit is not None and part:
        # "3/4 mg": three quarters, or 3 mg and 4 mg in turn?
        asked = (counted_words(part, unit[1]),) if unit[1] in _MEASURED else None
        return Match(length, "quantity", part, unit[1], asked, "number")
    if unit is not None and unit[1] in _MEASURED:
        return None
    length = 3  # a unit that only counts is no part of "3/7"
    if part:
        choices = tuple(counted_words(part, one) for one in ("tablet", "mL", "sachet"))
        return Match(length, "quantity", part, choices=choices, doubt="unit")
    if second == "24" and first in ("4", "6", "8", "12") and place.dosed:
        return Match(length, "interval", first, choices=(every_hours(int(first)),))
    if second in SPAN_OF and int(float(first)) <= 31:
        span = SPAN_OF[second]
        return Match(length, "duration", first, span, (for_time(first, span),))
    return None


def _per(place: Place, slash: int, unit: tuple[int, str] | None) -> Match | None:
    """A number by something: by weight, by day (``mg/kg/day``), or a strength (``40 mg/ml``)."""
    at = place.at
    if unit is None:
        return None  # "3/day" is a frequency
    end = slash
    while place.key(end) == "/" and place.key(end + 1) in _PER:
        end += 2
    if end > slash:
        text = "/".join([unit[1], *(place.key(n) for n in range(slash + 1, end, 2))])
        hours = place.span(end + 2) if place.key(end) == "/" and place.number(end + 1) else None
        if hours is not None:  # "7.5 mg/kg/24h"
            text += "/" + place.slice(end + 1, end + 2 + hours[0])
            end += 2 + hours[0]
        return quantity_of(place, at, end - at, text)
    after = place.unit(slash + 1)
    if after is None:
        return None
    end = slash + 1 + after[0]
    return Match(
        end - at, "strength", place.slice(at, end), choices=odd_number(place, at, end),
        doubt="number",
    )  # fmt: skip


def percent(place: Place) -> Match | None:
    """``1%``."""
    if place.number(place.at) and place.key(place.at + 1) == "%":
        end = place.at + 2
        odd = odd_number(place, place.at, end)
        return Match(2, "strength", place.slice(place.at, end), choices=odd, doubt="number")
    return None


def range_of(place: Place) -> Match | None:
    """``1-2 tab``, ``5 to 7 days``, and ``1 x 3``, which may be anything."""
    at, between = place.at, place.key(place.at + 1)
    first, second = place.number(at), place.number(at + 2)
    if not first or not second:
        return None
    if between in ("x", "×"):
        unit = place.unit(at + 3)
        if unit is not None or place.span(at + 3) is not None:
            return None
        # Written both ways: how many, how often; and how often, how many.
        ways = [(first, second)] if first == second else [(first, second), (second, first)]
        choices = tuple(
            f"{counted_words(count, one)} {times_a_day(int(often))}"
            for one in ("tablet", "capsule", "mL", "drop")
            for count, often in ways
            if often.isdigit() and 0 < int(often) < 13 and count != "?"
        )
        return Match(3, "quantity", first, choices=choices, doubt="unit")
    if between not in {*PARTED_BY, "to", "a"} or between == "+":
        return None
    odd = odd_number(place, at, at + 3)
    text = f"{first}-{second}"
    span, unit = place.span(at + 3), place.unit(at + 3)
    if unit is not None:
        return Match(3 + unit[0], "quantity", text, unit[1], odd, "number")
    if span is not None:
        return Match(3 + span[0], "duration", text, span[1], odd, "number")
    choices = tuple(counted_words(text, one) for one in ("mg", "mL", "tablet", "drop", "puff"))
    return Match(3, "quantity", text, choices=choices, doubt="unit")
