"""What stands at one place of a medicine line: how often, how long, how much, words. Pure."""

from __future__ import annotations

from collections.abc import Callable

from hikma_tui.medicines.place import (
    PARTED_BY,
    SPAN_OF,
    Match,
    Place,
    for_time,
    odd_number,
    quantity_of,
)
from hikma_tui.medicines.ratios import chemical, percent, range_of, ratio, schedule
from hikma_tui.medicines.telling import TELLING, lost_times, number_word
from hikma_tui.medicines.tokens import number_doubts
from hikma_tui.medicines.vocabulary import (
    A_DAY,
    A_WEEK,
    EVERY,
    SKIPPED,
    TIMES_WORDS,
    UNCLEAR_UNITS,
    Unclear,
    longest,
)
from hikma_tui.medicines.wording import (
    counted_words,
    every_days,
    every_hours,
    known_words,
    times_a_day,
    times_a_week,
)

_EYE = frozenset(
    (
        "eye",
        "eyes",
        "ophthalmic",
        "oftalmico",
        "oftalmica",
        "colirio",
        "drops",
        "drop",
        "gotas",
        "gota",
        "gtt",
        "gtts",
        "oint",
        "ointment",
        "unguento",
        "pomada",
        "ojo",
        "ojos",
    )
)
_NOT_EYE = frozenset(
    ("ear", "ears", "otic", "otico", "otica", "oido", "oidos", "nasal", "nose", "nariz")
)
_EYE_ONLY = {"ou": "both eyes", "ao": "both eyes", "oi": "left eye"}
_EAR_ONLY = frozenset({"ad", "au"})


def choice_text(choice: str) -> str:
    """What stands in the line once it is chosen, in the user's language; ``read`` knows it."""
    number, _slash, per = choice.partition("/")
    if choice.startswith("="):
        return choice[1:]  # the name of a medicine
    if per == "day":
        return times_a_day(int(number))
    if per == "week":
        return times_a_week(int(number))
    routes = {
        "by mouth": "oral",
        "under the skin": "subcutaneous",
        "under the tongue": "sublingual",
    }
    if choice == "every hour":
        return every_hours(1)
    return known_words(routes.get(choice, choice))


def match_at(place: Place) -> Match | None:
    """What is understood at the place; None for a word that says nothing to us."""
    for matcher in _MATCHERS:
        found = matcher(place)
        if found is not None:
            return found
    return None


def _every(place: Place) -> Match | None:
    """``q8h``, ``every 8 hours``, ``cada 8 horas``, ``c/8h``, ``cada 2 dias``."""
    at = place.at
    if place.key(at) == "c" and place.key(at + 1) == "/":
        start = at + 2
    elif place.key(at) in EVERY:
        start = at + 1
    else:
        return None
    number = place.count(start)
    if not number:
        return None
    if place.key(start + 1) in PARTED_BY and place.number(start + 2):
        span = place.span(start + 3)
        if span is None:
            return None
        end = start + 3 + span[0]
        return Match(end - at, "when", place.slice(at, end))
    span = place.span(start + 1)
    if span is None:
        fits = number.isdigit() and 0 < int(number) <= 72
        choices = (every_hours(int(number)), every_days(int(number))) if fits else ()
        return Match(start + 1 - at, "interval", number if fits else "0", choices=choices)
    length = start + 1 + span[0] - at
    if not number.isdigit() or int(number) == 0:
        odd = odd_number(place, start, at + length) or ()
        return Match(length, "when", place.slice(at, at + length), choices=odd, doubt="number")
    if span[1] == "hours":
        return Match(length, "interval", number)
    if span[1] == "days":
        if number == "1":
            return Match(length, "frequency", "1")
        said = "every other day" if number == "2" else every_days(int(number))
        return Match(length, "when", said)
    return Match(length, "when", place.slice(at, at + length))


def _times(place: Place) -> Match | None:
    """``3 times a day``, ``3x/day``, ``dos veces al dia``, ``3 al dia``, ``x 3``."""
    at = place.at
    number = place.count(at)
    if not number.isdigit() or not 0 < int(number) < 25:
        return None
    times = place.key(at + 1) in TIMES_WORDS
    after = at + 1 + times
    week = place.one_of(A_WEEK, after) if times or place.key(after) != "weekly" else 0
    if week:
        return Match(after + week - at, "when", times_a_week(int(number)))
    day = place.one_of(A_DAY if times else [p for p in A_DAY if len(p) > 1], after)
    if day:
        return Match(after + day - at, "frequency", number)
    if times and not place.number(at + 2):
        choices = (times_a_day(int(number)), times_a_week(int(number)))
        return Match(2, "frequency", number, choices=choices)
    return None


def _duration(place: Place) -> Match | None:
    """``30d``, ``for 7 days``, ``x 7/7``, ``durante una semana``."""
    at = place.at
    marked = place.key(at) in SKIPPED or place.key(at) in ("x", "×")
    start = at + marked
    number = place.count(start) or ("1" if marked and place.key(start) in ("a", "an") else "")
    if not number:
        return None
    span = place.span(start + 1)
    if span is None:
        return _after_x(place, number) if marked and place.number(start) else None
    length = start + 1 + span[0] - at
    if place.key(start + 1) == "y" and not place.glued(start + 1):
        return None  # "1 y 1/2": the Spanish "and"
    if place.key(start + 1) == "hs" and not marked:
        choices = (f"{number} mg {known_words('at bedtime')}", for_time(number, "hours"))
        return Match(length, "duration", number, span[1], choices)
    odd = odd_number(place, at, at + length)
    return Match(length, "duration", number, span[1], odd, "number")


def _after_x(place: Place, number: str) -> Match | None:
    """``x 3``: three times a day, or for three days?"""
    at = place.at
    if place.key(at + 2) == "/" and place.number(at + 3) in SPAN_OF and number.isdigit():
        span = SPAN_OF[place.number(at + 3)]
        return Match(4, "duration", number, span, (for_time(number, span),))
    if place.key(at) not in ("x", "×") or place.unit(at + 2) is not None:
        return None
    if place.key(at + 2) == "m":
        return Match(3, "duration", number, "months", (for_time(number, "months"),))
    fits = number.isdigit() and 0 < int(number) < 13
    times = (times_a_day(int(number)),) if fits else ()
    return Match(2, "when", place.slice(at, at + 2), choices=(*times, for_time(number, "days")),
                 doubt="frequency")  # fmt: skip


def _quantity(place: Place) -> Match | None:
    """``5mg``, ``2 tab``, ``media tableta``: a number with its unit."""
    at = place.at
    number = place.count(at)
    unit = place.unit(at + 1) if number else None
    if unit is not None:
        return quantity_of(place, at, 1 + unit[0], unit[1])
    typed = place.tokens[at + 1].text.casefold() if at + 1 < len(place.tokens) else ""
    units = UNCLEAR_UNITS.get(typed.rstrip("."), UNCLEAR_UNITS.get(typed.replace(".", "")))
    if not place.number(at) or units is None:
        return None
    odd = number_doubts(place.tokens[at].text)
    numbers = (number,) if odd is None else odd
    spans = {"months"}
    choices = tuple(
        for_time(n, u) if u in spans else counted_words(n, u) for n in numbers for u in units
    )
    if typed.rstrip(".") in ("tsp", "cdta", "tbsp", "cda") and number.isdigit():
        spoon = 5 if typed.startswith(("tsp", "cdta")) else 15
        choices = (counted_words(str(int(number) * spoon), "mL"),)
    return Match(2, "quantity", number, place.tokens[at + 1].text, choices, "unit")


def _bare(place: Place) -> Match | None:
    """A number without a unit is never guessed."""
    at, number = place.at, place.number(place.at)
    if not number:
        return None
    after = place.key(at + 1)
    if after[:1].isalpha() and place.glued(at + 1):
        return Match(2, "quantity", place.slice(at, at + 2), choices=(), doubt="number")
    odd = number_doubts(place.tokens[at].text)
    if number == "?" or odd is not None:
        return Match(1, "quantity", place.tokens[at].text, choices=odd or (), doubt="number")
    days = for_time(number, "days")
    if place.dosed:
        spans = [for_time(number, one) for one in ("weeks", "months")]
        choices = [days, *spans, counted_words(number, "tablet"), counted_words(number, "mL")]
    else:
        units = ("mg", "mL", "tablet", "capsule", "mcg", "g", "units")
        choices = [*(counted_words(number, one) for one in units), days]
    if number.isdigit() and 0 < int(number) < 7:
        choices.append(times_a_day(int(number)))
    return Match(1, "quantity", number, choices=tuple(choices), doubt="unit")


def _strength_of(place: Place) -> Match | None:
    """``2 tab of 500 mg``: the little word between a count and a strength."""
    if place.key(place.at) in ("of", "de") and place.dosed and place.number(place.at + 1):
        return Match(1, "skip")
    return None


def _word(place: Place) -> Match | None:
    """A word or phrase of the vocabulary. The first word of a line is the name."""
    key = place.key(place.at)
    eye = any(one in _EYE for one in place.keys) and not any(k in _NOT_EYE for k in place.keys)
    if place.named and eye and key == "od":
        return Match(1, "when", key, choices=(times_a_day(1), known_words("right eye")),
                     doubt="frequency")  # fmt: skip
    if place.named and eye and key in _EYE_ONLY:
        return Match(1, "when", key, choices=(known_words(_EYE_ONLY[key]),), doubt="route")
    found = longest("words", place.keys, place.at)
    if found is None:
        return None
    length, meaning = found
    if isinstance(meaning.value, Unclear):
        return _unclear(place, length, meaning.value)
    if not place.named and not _leads(place, length, meaning.part):
        return None
    if meaning.part == "mixed" and isinstance(meaning.value, tuple):
        return Match(length, "mixed", *meaning.value)
    if meaning.part == "when" and str(meaning.value).endswith(("eye", "eyes")):
        return Match(length, "when", str(meaning.value), "ophthalmic")
    if meaning.part == "when" and str(meaning.value).endswith(("ear", "ears")):
        return Match(length, "when", str(meaning.value), "otic")
    return Match(length, meaning.part, str(meaning.value))


def _unclear(place: Place, length: int, unclear: Unclear) -> Match | None:
    typed = place.slice(place.at, place.at + length)
    if unclear.part == "name":
        if place.named:
            return None
        return Match(length, "name", typed, choices=tuple(map(choice_text, unclear.choices)))
    ears = any(key in _NOT_EYE for key in place.keys)
    if not place.named or (place.key(place.at) in _EAR_ONLY and not ears):
        return None
    choices = tuple(map(choice_text, unclear.choices))
    return Match(length, "when", typed, choices=choices, doubt=unclear.part)


def _leads(place: Place, length: int, part: str) -> bool:
    """Whether a form stands before the name: ``tab amoxicillin 500 mg``, ``inj ceftriaxone``."""
    if part != "form":
        return False
    after = place.at + length
    word = place.key(after)
    free = word not in EVERY and longest("words", place.keys, after) is None
    return bool(word[:1].isalpha() and free and not place.unit(after))


_MATCHERS: tuple[Callable[[Place], Match | None], ...] = (
    chemical, schedule, *TELLING, ratio, percent, _every, _times, _duration, range_of, _quantity,
    _bare, _strength_of, _word, number_word, lost_times,
)  # fmt: skip
