"""What in a medicine line is told as it stands, and the words that must not be guessed. Pure.

``max 8/day``, ``over 20 min``, ``1 hour before meals`` and ``until 30/11`` hold numbers that are
neither the dose nor how often nor how long: they stay directions, word for word. Numbers in words,
halves, Roman numerals and numbers grown into words are asked about (decisions.md 13).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from itertools import pairwise

from hikma_tui.medicines.classes import known_substance
from hikma_tui.medicines.place import PARTED_BY, Match, Place, for_time
from hikma_tui.medicines.tokens import Token
from hikma_tui.medicines.vocabulary import (
    A_WEEK,
    EVERY,
    NUMBER_WORDS,
    TIMES_WORDS,
    Meaning,
    Unclear,
    longest,
)
from hikma_tui.medicines.wording import counted_words, every_hours, known_words, times_a_week

_BEFORE = frozenset(
    ("max", "maximum", "maximo", "over", "until", "till", "hasta", "from", "desde", "since",
     "start", "starting", "after", "before", "despues", "antes", "repeat", "repetir", "within",
     "in", "en", "at", "las", "up", "least", "not", "exceed", "exceeding")
)  # fmt: skip
_MOST_WHOLE = 4
_LIMITS = frozenset(("max", "maximum", "maximo", "exceed", "exceeding", "at", "in", "en", "up",
                     "over"))  # fmt: skip
_BETWEEN = frozenset(("of", "de", "the", "a", "to", "than", "more", "no", "again"))
_MINUTES = frozenset(("min", "mins", "minute", "minutes", "minuto", "minutos", "دقيقه", "دقايق"))
_RELATION = frozenset(("before", "after", "antes", "despues", "قبل", "بعد"))
_HOURLY = frozenset(("hourly", "hrly", "hly", "hrsly"))
_NOON = frozenset(("am", "pm"))
_DOSES = frozenset(("dose", "doses", "dosis", "time", "times"))
_HALVES = {"half": "5", "media": "5", "medio": "5", "quarter": "25", "cuarto": "25", "½": "5",
           "¼": "25", "¾": "75"}  # fmt: skip
_AND = frozenset(("and", "y", "&", "+", "و"))
_OF = frozenset(("a", "an", "of", "de", "una", "un"))
_ROMAN = {"i": "1", "ii": "2", "iii": "3", "iv": "4"}
_DUALS = {
    "يومين": ("span", "days"), "اسبوعين": ("span", "weeks"), "شهرين": ("span", "months"),
    "حبتين": ("unit", "tablet"), "قرصين": ("unit", "tablet"), "كبسولتين": ("unit", "capsule"),
    "بختين": ("unit", "puff"), "قطرتين": ("unit", "drop"),
}  # fmt: skip
_STOPPING = frozenset(
    ("stop", "stopped", "discontinue", "discontinued", "hold", "withhold", "avoid", "not", "no",
     "cancel", "suspend", "suspender", "suspendido", "evitar", "dejar", "اوقف", "ايقاف")
)  # fmt: skip
_GROWN = re.compile(
    r"(?P<name>[^\W\d_][\w'-]*?)(?P<number>\d+(?:[.,]\d+)?)(?P<unit>mgs?|mcg|g|ml|units?)",
    re.IGNORECASE,
)
_LABELLED = re.compile(r"[^\W\d_]{1,3}-?\d{1,2}", re.IGNORECASE)  # D3, B12, T3, PGE2
_COUNTS = frozenset(
    ("tablet", "capsule", "drop", "puff", "sachet", "ampoule", "vial", "suppository", "patch",
     "application", "pessary")
)  # fmt: skip


# -- told as it stands -----------------------------------------------------------------------------


def _measure(place: Place, at: int) -> int:
    """Where a number with what belongs to it ends: ``8/day``, ``4-6 h``, ``125 ml/h``, ``8am``."""
    if not place.count(at):
        return at
    end = at + 1
    while True:
        unit = place.unit(end) or place.span(end)
        if unit is not None:
            end += unit[0]
        elif place.key(end) in _MINUTES or place.key(end) in _NOON or place.key(end) == "%":
            end += 1
        if place.key(end) not in {*PARTED_BY, "/"}:
            return end
        if place.number(end + 1):
            end += 2
        elif place.key(end) == "/" and place.key(end + 1)[:1].isalpha():
            return end + 2
        else:
            return end


def _bounded(place: Place) -> Match | None:
    """``max 8/day``, ``over 20 min``, ``repeat after 1 week``, ``until 30/11``, ``at 8 am``."""
    at = end = place.at
    if not place.named or place.key(at) not in _BEFORE:
        return None
    while place.key(end) in _BEFORE or (end > at and place.key(end) in _BETWEEN):
        end += 1
    if place.key(end) in EVERY:
        end += 1
    reach = _measure(place, end)
    if reach == end or not _together(place, at, reach):
        return None
    dose = place.unit(end + 1) is not None
    if dose and not _LIMITS & set(place.keys[at:end]):
        return None  # "as before 5 mg"
    return Match(reach - at, "told")


def _together(place: Place, at: int, end: int) -> bool:
    """Whether no sign stands between these pieces: ``(as before) 5mg``."""
    pairs = pairwise(place.tokens[at:end])
    return not any(place.line[one.end : other.start].strip() for one, other in pairs)


def _timed(place: Place) -> Match | None:
    """``30 min before``, ``1 hour before meals``, ``every 5 min``, ``8am``, ``8:00``."""
    at = place.at
    text = place.tokens[at].text
    if ":" in text and any(char.isdigit() for char in text):
        strength = len(text.rpartition(":")[2]) > 2  # "1:1000"
        return Match(1, "strength" if strength else "told", text)
    if not place.named:
        return None
    marked = place.key(at) in EVERY or place.key(at) in ("x", "×")
    start = at + marked
    if not place.count(start):
        return None
    after = place.key(start + 1)
    if after in (_DOSES if place.key(at) in ("x", "×") else _MINUTES):
        return Match(start + 2 - at, "told")
    if marked:
        return None
    if place.number(at) and after in _NOON:
        return Match(2, "told")
    span = place.span(at + 1)
    if span is None or place.key(at + 1 + span[0]) not in _RELATION:
        return None
    meal = longest("words", place.keys, at + 1 + span[0])
    return Match(1 + span[0] + (meal[0] if meal else 1), "told")


def _hourly(place: Place) -> Match | None:
    """``8 hourly``, ``6hrly``, ``4-6 hourly``, ``hourly``."""
    at = place.at
    if place.named and place.key(at) in _HOURLY:
        return Match(1, "interval", "1")
    number = place.count(at)
    if not number:
        return None
    hyphen = place.key(at + 1) in PARTED_BY
    if place.key(at + 1 + hyphen) in _HOURLY:
        length = 2 + hyphen
        whole = number.isdigit() and 0 < int(number) <= 72
        return Match(length, "interval", number) if whole else Match(length, "told")
    if hyphen and place.number(at + 2):
        more = place.key(at + 3) in PARTED_BY
        if place.key(at + 3 + more) in _HOURLY:
            return Match(4 + more, "told")
    return None


def _often(place: Place) -> Match | None:
    """``twice weekly``, ``twice a month``: a word for how many times, and in what time."""
    at = place.at
    times = {"once": 1, "twice": 2, "thrice": 3}.get(place.key(at)) if place.named else None
    if times is None:
        return None
    week = place.one_of(A_WEEK, at + 1)
    if week:
        said = "once a week" if times == 1 else times_a_week(times)
        return Match(1 + week, "when", said)
    if place.key(at + 1) in ("a", "per", "each", "every"):
        span = place.span(at + 2)
        if span is not None and span[1] in ("months", "years"):
            return Match(2 + span[0], "when" if span[1] == "months" and times == 1 else "told",
                         "once a month")  # fmt: skip
    return Match(2, "told") if place.key(at + 1) in ("yearly", "monthly", "annually") else None


# -- numbers in words, halves, Roman numerals ------------------------------------------------------


def _half(place: Place) -> Match | None:
    """``half a tablet``, ``one and a half tablets``, ``1 comp y medio``; ``1 1/2 tab`` is asked."""
    at = place.at
    if place.key(at) in _HALVES and not place.number(at):
        start = at + 1
        while place.key(start) in _OF:
            start += 1
        unit = place.unit(start)
        if unit is not None and unit[1] in _COUNTS:
            return Match(start + unit[0] - at, "quantity", f"0.{_HALVES[place.key(at)]}", unit[1])
        return None
    whole = place.count(at)
    if not whole.isdigit():
        return None
    first = place.unit(at + 1)
    end = at + 1 + (first[0] if first else 0)
    joined = place.key(end) in _AND
    end += joined
    while joined and place.key(end) in ("a", "an"):
        end += 1
    part, length = _part_of_one(place, end)
    if not part:
        return None
    end += length
    unit = first or place.unit(end)
    if unit is None or unit[1] not in _COUNTS:
        return None
    end += 0 if first else unit[0]
    said = f"{whole}.{part}"
    if joined:
        return Match(end - at, "quantity", said, unit[1])
    if first:
        return None  # "1 tab 1/2": two doses
    choices = (counted_words(said, unit[1]), f"{whole} mg {counted_words(f'0.{part}', unit[1])}")
    if int(whole) > _MOST_WHOLE:
        choices = choices[::-1]  # "850 ½ tab": hardly so many tablets
    return Match(end - at, "quantity", said, unit[1], choices, "number")


def _part_of_one(place: Place, at: int) -> tuple[str, int]:
    """The digits after the point of a half or a quarter at ``at``, and how many pieces it takes."""
    text = place.tokens[at].text if at < len(place.tokens) else ""
    if place.key(at) in _HALVES or text in _HALVES:
        return _HALVES.get(place.key(at)) or _HALVES[text], 1
    if place.number(at) in ("1", "3") and place.key(at + 1) == "/":
        part = {"12": "5", "14": "25", "34": "75"}.get(place.number(at) + place.number(at + 2), "")
        return part, 3
    return "", 0


def _dual(place: Place) -> Match | None:
    """The Arabic words for two of something."""
    at = place.at
    every = place.key(at) in EVERY
    kind, value = _DUALS.get(place.key(at + every), ("", ""))
    if not place.named or not kind:
        return None
    if kind == "unit":
        return None if every else Match(1, "quantity", "2", value)
    if every:
        return Match(2, "when", "every other day" if value == "days" else place.slice(at, at + 2))
    return Match(1, "duration", "2", value)


def _roman(place: Place) -> Match | None:
    """``tab ii``, ``tab iv``: a count, or a vein?"""
    number = _ROMAN.get(place.key(place.at), "")
    before = longest("units", place.keys[: place.at], place.at - 1) if place.at else None
    if not number or before is None or str(before[1].value) not in _COUNTS:
        return None
    choices = [counted_words(number, str(before[1].value))]
    if number == "4":
        choices.append(known_words("intravenous"))
    return Match(1, "told", choices=tuple(choices), doubt="number")


def _spaced(place: Place) -> Match | None:
    """``1 000 mg``, ``10 000 units``; or two of a strength?"""
    at = place.at
    first, second = place.number(at), place.number(at + 1)
    if not (first.isdigit() and len(first) < 4 and second and place.glued(at + 1) is False):
        return None
    typed = place.tokens[at + 1].text
    unit = place.unit(at + 2)
    if len(typed) != 3 or not typed.isdecimal() or unit is None:
        return None
    choices = [counted_words(f"{first}{int(typed):03d}", unit[1])]
    if int(typed[0]):
        choices.append(f"{counted_words(first, 'tablet')} {counted_words(typed, unit[1])}")
    return Match(2 + unit[0], "quantity", first, unit[1], tuple(choices), "number")


def _by_hours(place: Place) -> Match | None:
    """``10mg/12h``: every twelve hours, and not a strength."""
    at = place.at
    unit = place.unit(at + 1) if place.number(at) else None
    slash = at + 1 + (unit[0] if unit else 0)
    number = place.number(slash + 1)
    if unit is None or place.key(slash) != "/" or not number.isdigit() or not int(number):
        return None
    span = place.span(slash + 2)
    if span is None or span[1] != "hours":
        return None
    dose = f"{place.tokens[at].text} {place.slice(at + 1, slash)}"
    end = slash + 2 + span[0]
    choices = (f"{dose} {every_hours(int(number))}",)
    return Match(end - at, "quantity", place.number(at), unit[1], choices, "frequency")


def _short(place: Place) -> Match | None:
    """``ON`` (at night), ``PR`` (into the rectum, or prolonged release), ``ascorbic ac``."""
    at, key = place.at, place.key(place.at)
    if not place.named:
        return None
    if key == "on":
        last = at + 1 >= len(place.tokens) or place.tokens[at + 1].parted
        if last or place.number(at + 1) or place.key(at + 1) in ("for", "x", "×", "prn"):
            return Match(1, "told", choices=(known_words("at night"),), doubt="frequency")
    if key == "pr" and not place.dosed and not {"supp", "suppository", "enema"} & set(place.keys):
        choices = (known_words("rectal"), "prolonged-release")
        return Match(1, "told", choices=choices, doubt="route")
    if key == "ac" and not place.dosed and place.key(at - 1).endswith("ic"):
        return Match(1, "name")
    return None


def lost_times(place: Place) -> Match | None:
    """``twelve times daily``: a word for times whose number was not understood."""
    if place.named and place.key(place.at) in TIMES_WORDS - {"x", "time"}:
        return Match(1, "told", choices=(), doubt="number")
    return None


def number_word(place: Place) -> Match | None:
    """A number in words that goes with nothing: ``half od``, ``two nocte``."""
    number = NUMBER_WORDS.get(place.key(place.at), "")
    if not place.named or not number or place.key(place.at) in ("un", "una"):
        return None
    choices = [counted_words(number, one) for one in ("tablet", "capsule", "mL", "puff")]
    if number.isdigit():
        choices.append(for_time(number, "days"))
    return Match(1, "quantity", number, choices=tuple(choices), doubt="unit")


TELLING: tuple[Callable[[Place], Match | None], ...] = (
    _bounded, _timed, _hourly, _often, _half, _dual, _roman, _spaced, _by_hours, _short,
)  # fmt: skip


# -- words that nothing is known of ----------------------------------------------------------------


def word_doubt(token: Token, named: bool, begun: bool) -> tuple[str, tuple[str, ...]] | None:
    """What must be asked about a word that says nothing to us: the part, and the choices."""
    text = token.text
    if not named and token.key in _STOPPING:
        return "stop", ()
    if text[0] in "<>≤≥±~":
        return "sign", ()
    if re.match(r"q\.\d", text, re.IGNORECASE):
        return "sign", ()
    grown = _GROWN.fullmatch(text)
    if grown is not None:
        name, number, unit = grown["name"], grown["number"], grown["unit"]
        mistyped = len(name) < 3 or number.startswith(("0", ".", ","))
        return "number", () if mistyped else (f"{name} {number}{unit}",)
    if not begun or text[0] in "()":
        return None
    if any(char.isdigit() for char in text) and not _LABELLED.fullmatch(text):
        return "sign", ()
    if known_substance(text):
        return "second", ()
    return None


def _is_name(meaning: Meaning) -> bool:
    """Whether a word is the short name of a medicine: ``MgSO4``."""
    return isinstance(meaning.value, Unclear) and meaning.value.part == "name"


def names_something(keys: Sequence[str]) -> bool:
    """Whether the words of a name name a medicine, and are not ``bd``, ``stat`` or ``tab``."""
    telling = [key for key in keys if any(char.isalpha() for char in key)]
    return any(
        ((found := longest("words", [key], 0)) is None or _is_name(found[1]))
        and longest("units", [key], 0) is None
        and longest("spans", [key], 0) is None
        and key not in NUMBER_WORDS
        for key in telling
    )
