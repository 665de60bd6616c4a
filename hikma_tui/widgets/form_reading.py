"""What a typed text means in a field: an answer with its echo in words, or a sentence. Pure.

Nothing is guessed (decisions.md 13): a missing unit waits for a choice, a doubtful number or date
is a sentence, and what does not parse is never turned into an answer.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hikma_tui.days import (
    Birth,
    Day,
    DayError,
    age_text,
    birth_text,
    in_words,
    parse_birth,
    parse_day,
)
from hikma_tui.days.words import fold
from hikma_tui.forms import Answer, Field, Kind, allows_future, answer_of_birth, check, number_text
from hikma_tui.forms.checking import LIMITS
from hikma_tui.forms.numbers import is_thousands_doubt
from hikma_tui.i18n import _
from hikma_tui.text import plain

_LONGEST_NUMBER = 64  # characters; nobody writes a longer number with its unit
LONGEST_SHORT = 4000
_NUMBER = re.compile(r"([+\-−]?[\d.,٫]+)\s*(.*)", re.DOTALL)


@dataclass(frozen=True)
class Reading:
    """One reading of a typed text: an ``error`` means that ``answer`` is not to be stored."""

    answer: Answer = ""
    echo: str = ""
    error: str = ""
    unit: str = ""
    needs_unit: bool = False


def read(field: Field, text: str, today: date) -> Reading:
    """What ``text`` means in ``field``; never raises."""
    if field.kind is Kind.NUMBER:
        return _read_number(field, text)
    if field.kind is Kind.DATE:
        return _read_date(field, text, today)
    if field.kind is Kind.BIRTH:
        return _read_birth(text, today)
    return Reading(text)


def _read_number(field: Field, text: str) -> Reading:
    if not text.strip():
        return Reading()
    match = _NUMBER.fullmatch(text.strip()) if len(text) <= _LONGEST_NUMBER else None
    number = number_text(match[1].rstrip(".,٫")) if match else None
    if match is None or number is None:
        doubt = match is not None and is_thousands_doubt(match[1])
        return Reading(error=_doubtful_comma() if doubt else _("That is not a number."))
    return _with_unit(field, number, match[2])


def _doubtful_comma() -> str:
    return _("Is the comma a decimal sign? Write 1250 or 1.25, without it.")


def _with_unit(field: Field, number: str, written: str) -> Reading:
    """The number with the unit that its letters name; with several units none is assumed."""
    units = matching_units(field, written) if written else list(field.units)
    if written and not units:
        return Reading(error=_('"{text}" is not a unit here.').format(text=plain(written)))
    if len(field.units) < 2:
        return Reading(number, echo=" ".join((number, *map(plain, field.units))))
    if len(units) > 1:
        return Reading(number, error=_("Choose the unit."), needs_unit=True)
    return Reading(number, echo=f"{number} {plain(units[0])}", unit=units[0])


def matching_units(field: Field, written: str) -> list[str]:
    """The field's units that ``written`` names: exactly one when it is a unit in full."""
    wanted = _unit_letters(written)
    exact = [unit for unit in field.units if _unit_letters(unit) == wanted]
    return exact[:1] or [
        unit for unit in field.units if wanted and _unit_letters(unit).startswith(wanted)
    ]


def _unit_letters(unit: str) -> str:
    """A unit as it can be typed: without the degree sign, in lower case."""
    return fold(unit.replace("°", "").replace("º", ""))


def _read_date(field: Field, text: str, today: date) -> Reading:
    if not text.strip():
        return Reading()
    try:
        found = parse_day(
            text, today, future=allows_future(field), imprecise=may_be_imprecise(field)
        )
    except DayError as error:
        return Reading(error=str(error))
    return Reading(_stored(found), echo=in_words(found, today))


def may_be_imprecise(field: Field) -> bool:
    """Whether a mere month or year can be stored in this date (``forms.check`` has the rule).

    Never in a registration, where a date is a moment on the wire (decisions.md 4).
    """
    return not field.column and check(field, "2024-01", date(2024, 2, 1)) is None


def _stored(found: Day) -> str:
    """``2024-01-31``, ``2024-01`` or ``2024``: ISO 8601 says how exact it is (decisions.md 4)."""
    return found.day[: {"day": 10, "month": 7, "year": 4}[found.precision]]


def date_in_words(answer: str, today: date) -> str:
    """A stored date, exact or not, in words."""
    if re.fullmatch(r"\d{4}", answer):
        return in_words(Day(answer + "-01-01", "year"), today)
    if re.fullmatch(r"\d{4}-\d\d", answer):
        return in_words(Day(answer + "-01", "month"), today)
    return in_words(answer, today)


def _read_birth(text: str, today: date) -> Reading:
    if not text.strip():
        return Reading()
    try:
        birth = parse_birth(text, today)
    except DayError as error:
        return Reading(error=str(error))
    return Reading(answer_of_birth(birth), echo=birth_echo(birth, today))


def birth_echo(birth: Birth, today: date) -> str:
    """``11 Mar 1992, Wed, 34 y`` or ``about 1992, 34 y``; that it is unknown."""
    if birth.day is None:
        return birth_text(birth)
    day = birth_text(birth, today) if birth.estimated else in_words(birth.day, today)
    return f"{day}, {age_text(birth, today)}"


def hint(field: Field) -> str:
    """What the field accepts, in a few words."""
    if field.kind is Kind.LONG_TEXT:
        return _("text; Ctrl+J begins a new line, Enter goes on")
    if field.kind is Kind.NUMBER and len(field.units) > 1:
        return _("a number and its unit: {units}").format(units=", ".join(map(plain, field.units)))
    if field.kind is Kind.DATE and not may_be_imprecise(field):
        return _("a date: 31/1/26, 3 apr 2026, t, t-3, -2w")
    hints = {
        Kind.NUMBER: _("a number"),
        Kind.DATE: _("a date: 31/1/26, t, t-3, -2w, jan 2024"),
        Kind.BIRTH: _("a date 31/1/92, an age 34, 6m or 12d, a year, or ? when unknown"),
        Kind.DIAGNOSIS: _("words or a code; one a line, Enter on an empty line goes on"),
        Kind.MEDICINE: _("like amlodipine 5mg od 30d; Enter on an empty line goes on"),
        Kind.MULTISELECT: _("any number of them: digits or Space tick and untick, Enter goes on"),
        Kind.CHECKBOX: _("digits or Space tick and untick, Enter goes on"),
    }
    return hints.get(field.kind, "")


def choice_hint() -> str:
    """What a field with one answer among options accepts."""
    return _("a digit, letters or arrows; Enter takes it, Delete clears")


def limit(field: Field) -> int:
    """The characters that a one-line field takes: its column's, else what one line can hold."""
    return (LIMITS.get(field.column) if field.base else None) or LONGEST_SHORT
