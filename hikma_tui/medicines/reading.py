"""One typed medicine line read into upstream's entry, with what is doubtful in it. Pure."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _
from hikma_tui.medicines.matching import match_at
from hikma_tui.medicines.place import Match, Place
from hikma_tui.medicines.telling import names_something, word_doubt
from hikma_tui.medicines.tokens import Token, tokens_of
from hikma_tui.medicines.wording import every_hours, known_words, times_a_day, words

_COUNTED = frozenset(
    {"tablet", "capsule", "drop", "puff", "sachet", "ampoule", "vial", "suppository", "patch",
     "application", "pessary", "mL", "L"}
)  # fmt: skip
_OF_A_SECOND = frozenset(("quantity", "frequency", "interval"))
_PARTING = frozenset("/-–—|&*")
_STRENGTHS = frozenset({"mg", "g", "mcg", "units", "million units", "mmol", "mEq"})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in the line that must be chosen before it is saved.

    ``part`` is what it is about (dose, unit, frequency, route, duration, name, number); ``typed``
    the words in question, which stand at ``at`` in the line; ``choices`` what may stand in their
    place (none: the line must be written otherwise); ``sentence`` says so to the user.
    """

    part: str
    typed: str
    choices: tuple[str, ...]
    sentence: str
    at: int = 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A line that was read: upstream's entry, its echo in words, and what is doubtful."""

    item: Item
    words: str
    doubts: tuple[Doubt, ...]


@dataclass(slots=True)
class _Found:
    """What was understood so far."""

    name: list[Token] = field(default_factory=list)
    quantities: list[Match] = field(default_factory=list)
    strengths: list[str] = field(default_factory=list)
    routes: list[str] = field(default_factory=list)
    forms: list[str] = field(default_factory=list)
    frequencies: list[int] = field(default_factory=list)
    intervals: list[int] = field(default_factory=list)
    directions: list[str] = field(default_factory=list)  # how often, too, in the order typed
    worded: bool = False  # there is more in them than how often
    durations: list[tuple[str, str]] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    begun: bool = False  # something was understood: what follows is no more of the name
    telling: bool = False  # the last direction is words as they were typed, and may go on
    strange: bool = False  # words that say nothing to us stand behind how often or how long


def read(line: str) -> Reading:
    """Read one typed line. Never raises; the entry's id is new each time.

    The entry is upstream's ``{id, name, route, form, frequency, intervals, dose, doseUnits,
    duration, durationUnits}`` (features.md 1.8): whole numbers as numbers, frequency as times a day
    and interval in hours when they are just that, else the directions as text in ``frequency``;
    ``""`` for what was not typed.
    """
    tokens = tokens_of(line)
    keys = [token.key for token in tokens]
    found = _Found()
    at = 0
    while at < len(tokens):
        place = Place(tokens, keys, at, line, bool(found.name), bool(found.quantities))
        match = match_at(place)
        if match is None:
            _unknown(found, tokens[at], line)
            at += 1
            continue
        _take(found, match, tokens[at : at + match.length], line)
        at += match.length
    item = _entry(found, line)
    return Reading(item, words(item), tuple(sorted(found.doubts, key=lambda doubt: doubt.at)))


def choose(line: str, doubt: Doubt, choice: str) -> str:
    """The line with what was chosen in place of what was doubtful, to be read again."""
    at = doubt.at if line.startswith(doubt.typed, doubt.at) else line.find(doubt.typed)
    if at < 0:
        return line
    before, after = line[:at], line[at + len(doubt.typed) :]
    left = " " if before and not before[-1].isspace() else ""
    right = " " if after and not after[0].isspace() else ""
    return f"{before}{left}{choice}{right}{after}"


def _unknown(found: _Found, token: Token, line: str) -> None:
    """A word that says nothing to us: of the name while that lasts, then of the directions."""
    if found.name and token.key in ("x", "×") and line[token.end :].lstrip()[:1].isdigit():
        return
    if found.name and token.parted:
        found.begun = True  # the name ends at a comma
    doubt = word_doubt(token, bool(found.name), found.begun)
    if doubt is not None:
        _doubt(found, doubt[0], token.text, doubt[1], token.start)
    if not found.begun:
        found.name.append(token)
    elif token.text in _PARTING:
        return
    else:
        found.strange = found.strange or bool(
            found.frequencies or found.intervals or found.durations
        )
        _tell(found, token, token.text, line)


def _tell(found: _Found, token: Token, said: str, line: str) -> None:
    """Words as they were typed, into the directions: with those before them unless parted."""
    if found.telling and not token.parted:
        together = token.glued and line[token.start - 1] not in _PARTING
        found.directions[-1] += ("" if together else " ") + said
    else:
        found.directions.append(said)
    found.telling = found.worded = True


def _take(found: _Found, match: Match, tokens: list[Token], line: str) -> None:
    typed = line[tokens[0].start : tokens[-1].end]
    at = tokens[0].start
    if match.part == "skip":
        return
    if match.part == "name":
        found.name.extend(tokens)
    else:
        found.begun = bool(found.name)
    if match.choices is not None:
        _doubt(found, match.doubt or match.part, typed, match.choices, at)
    if match.part == "told":
        _tell(found, tokens[0], typed, line)
        return
    found.telling = False
    _doubt_another(found, match, typed, at)
    if match.part == "quantity":
        found.quantities.append(match)
        if match.choices is None:
            _doubt_second(found, "dose", typed, at)
    elif match.part == "mixed":
        found.routes.append(match.value)
        found.forms.append(match.unit)
    elif match.part in ("frequency", "interval"):
        often = match.part == "frequency"
        (found.frequencies if often else found.intervals).append(int(match.value))
        said = times_a_day(int(match.value)) if often else every_hours(int(match.value))
        if said not in found.directions:
            found.directions.append(said)
        _doubt_clash(found, typed, at)
    elif match.part == "duration":
        if found.durations and found.durations[0] != (match.value, match.unit):
            _doubt(found, "duration", typed, (), at)
        found.durations.append((match.value, match.unit))
    else:
        _take_word(found, match, typed, at)


def _take_word(found: _Found, match: Match, typed: str, at: int) -> None:
    kinds: dict[str, list[str]] = {
        "route": found.routes, "form": found.forms, "strength": found.strengths,
        "when": found.directions,
    }  # fmt: skip
    if match.part not in kinds:
        return
    known = kinds[match.part]
    if known and match.part in ("route", "form") and match.value not in known:
        _doubt(found, match.part, typed, (), at)
    said = known_words(match.value) if match.part == "when" else match.value
    if said not in known:
        known.append(said)
    found.worded = found.worded or match.part == "when"
    if match.unit:
        found.routes.append(match.unit)


def _doubt(found: _Found, part: str, typed: str, choices: tuple[str, ...], at: int) -> None:
    found.doubts.append(Doubt(part, typed, choices, _sentence(part, typed, choices), at))


def _doubt_second(found: _Found, part: str, typed: str, at: int) -> None:
    """Two doses are a strength and a count; any other two must be told apart."""
    kinds = [_kind(match) for match in found.quantities]
    if len(kinds) > 2 or (len(kinds) == 2 and sorted(kinds) != ["count", "strength"]):
        _doubt(found, part, typed, (), at)


def _doubt_another(found: _Found, match: Match, typed: str, at: int) -> None:
    """``iron 1 tab od and folic acid 5mg od``: words behind the first one's frequency that bring a
    dose or a frequency of their own are another medicine.
    """
    if found.strange and match.part in _OF_A_SECOND:
        _doubt(found, "second", typed, (), at)


def _doubt_clash(found: _Found, typed: str, at: int) -> None:
    """``bd tds`` and ``bd q8h`` contradict themselves."""
    times, hours = set(found.frequencies), set(found.intervals)
    clash = len(times) > 1 or len(hours) > 1
    if clash or any(one * between != 24 for one in times for between in hours):
        _doubt(found, "frequency", typed, (), at)


def _kind(match: Match) -> str:
    if match.unit in _COUNTED:
        return "count"
    return "strength" if match.unit in _STRENGTHS else "other"


def _sentence(part: str, typed: str, choices: tuple[str, ...]) -> str:
    """What is asked, in a sentence."""
    if choices:
        if part == "unit":
            return _("{typed}: of what? Choose the unit.").format(typed=typed)
        if part == "number":
            return _("{typed} is easily misread. Choose the number.").format(typed=typed)
        return _("{typed} can mean several things. Choose one.").format(typed=typed)
    return {
        "dose": _("{typed}: a second dose. Leave one, or write two medicines."),
        "route": _("{typed}: a second route. Leave one."),
        "form": _("{typed}: a second form. Leave one."),
        "frequency": _("{typed} contradicts what is written before it. Leave one."),
        "duration": _("{typed}: a second duration. Leave one."),
        "name": _("Which medicine? Write its name first."),
        "second": _("{typed}: another medicine. Write each in a line of its own."),
        "stop": _("{typed}: this line adds a medicine. To stop one, mark it in the list."),
    }.get(
        part, _("{typed} can't be read as a number with a unit. Write it in another way.")
    ).format(typed=typed)


# -- the entry -------------------------------------------------------------------------------------


def _entry(found: _Found, line: str) -> Item:
    dose = _dose(found)
    name = " ".join([_slices(found.name, line), *found.strengths]).strip()
    if not names_something([token.key for token in found.name]):
        typed = line.strip()
        _doubt(found, "name", typed, (), line.index(typed))
    frequency: object = ""
    interval: object = ""
    if found.worded:
        frequency = ", ".join(found.directions)
    else:
        frequency = found.frequencies[0] if found.frequencies else ""
        interval = found.intervals[0] if found.intervals else ""
    duration, span = found.durations[0] if found.durations else ("", "")
    return {
        "id": os.urandom(10).hex(),
        "name": name,
        "route": found.routes[0] if found.routes else "",
        "form": found.forms[0] if found.forms else _counted_form(found),
        "frequency": frequency,
        "intervals": interval,
        "dose": as_number(dose.value) if dose else "",
        "doseUnits": dose.unit if dose else "",
        "duration": as_number(duration),
        "durationUnits": span,
    }


def _dose(found: _Found) -> Match | None:
    """The quantity that is the dose: with a strength and a count, the count."""
    if not found.quantities:
        return None
    kinds = [_kind(match) for match in found.quantities]
    if len(kinds) == 2 and sorted(kinds) == ["count", "strength"]:
        strength = found.quantities[kinds.index("strength")]
        found.strengths.insert(0, f"{strength.value} {strength.unit}")
        return found.quantities[kinds.index("count")]
    for extra in found.quantities[1:]:  # in doubt: in sight all the same
        found.directions.append(f"({f'{extra.value} {extra.unit}'.strip()})")
        found.worded = True
    return found.quantities[0]


def _counted_form(found: _Found) -> str:
    """What is counted in tablets is a tablet."""
    counted = {"tablet": "tablet", "capsule": "capsule", "ampoule": "ampule", "drop": "drops",
               "suppository": "suppository", "patch": "patch", "pessary": "pessary"}  # fmt: skip
    forms = (counted.get(match.unit, "") for match in found.quantities)
    return next((form for form in forms if form), "")


def _slices(tokens: list[Token], line: str) -> str:
    """The words of the name as they were typed, what stands between them too."""
    if not tokens:
        return ""
    first, last = tokens[0].start, tokens[-1].end
    runs = [[tokens[0].start, tokens[0].end]]
    for before, token in pairwise(tokens):
        if any(char.isalnum() for char in line[before.end : token.start]):
            runs.append([token.start, token.end])  # something understood stood between them
        runs[-1][1] = token.end
    text = " ".join(line[start:end] for start, end in runs)
    if text.count("(") > text.count(")") and line[last : last + 1] == ")":
        text += ")"
    if text.count(")") > text.count("(") and line[first - 1 : first] == "(":
        text = "(" + text
    return " ".join(text.split())


def as_number(text: str) -> object:
    """A number as JSON has it when no digit changes by that (decisions.md 13), else its text."""
    if not text:
        return ""
    if text.isascii() and text.isdigit() and str(int(text)) == text:
        return int(text)
    try:
        value = float(Decimal(text))
    except ArithmeticError:
        return text
    return value if repr(value) == text and not text.endswith(".0") else text
