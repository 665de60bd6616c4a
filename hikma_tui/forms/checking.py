"""Whether answers can be taken: what is missing, and what is wrong with one answer. Pure.

The limits are the server's columns (decisions.md 3): a clinic that joins one in three years must
not find rows that no server takes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from hikma_tui.days import DayError, parse_day
from hikma_tui.forms.json import text_of
from hikma_tui.forms.numbers import is_absurd, is_thousands_doubt, number_text
from hikma_tui.forms.registration import birth_of_answer
from hikma_tui.forms.shape import (
    Answer,
    Answers,
    Field,
    Form,
    Kind,
    has_option,
    is_empty,
    same,
    unit_key,
)
from hikma_tui.i18n import _

LIMITS = {"sex": 24, "camp": 50, "government_id": 100, "external_patient_id": 100}  # characters
LAST_PERIODS = frozenset({"hikma-measure-last-period", "KB7NQuo7QlxVjh_8nkw1J"})
"""Ids of the questions for the first day of the last period: of our own form, and of the antenatal
form that a clinic starts with."""
_NO_TEXT = re.compile("[\\x00\\ud800-\\udfff]")
_NAMES = ("given_name", "surname")


def missing(form: Form, answers: Mapping[str, Answer]) -> list[Field]:
    """The fields, in form order, that need an answer and have none.

    A registration form needs one of the two names, whatever it requires (decisions.md 11).
    """
    nameless = _nameless(form, answers)
    return [
        field
        for field in form.fields
        if field is nameless
        or (
            field.required
            and field.asks
            and field.kind is not Kind.UNKNOWN  # what cannot be shown cannot be asked for
            and is_empty(answers.get(field.id))
        )
    ]


def _nameless(form: Form, answers: Mapping[str, Answer]) -> Field | None:
    """The first name field when no name is given, else None."""
    names = [field for field in form.fields if field.base and field.column in _NAMES]
    if any(not is_empty(answers.get(field.id)) for field in names):
        return None
    return names[0] if names else None


def needs_unit(field: Field, answers: Answers) -> bool:
    """Whether a number was given whose unit must still be chosen (decisions.md 13)."""
    return (
        field.kind is Kind.NUMBER
        and len(field.units) > 1
        and not is_empty(answers.get(field.id))
        and answers.get(unit_key(field)) in (None, "")
    )


def allows_future(field: Field) -> bool:
    """Whether a date may lie ahead: in a visit ("next visit"), never in a registration, and never
    of a last period.
    """
    return field.kind is Kind.DATE and not field.column and field.id not in LAST_PERIODS


def check(field: Field, answer: Answer, today: date, stored: Answer = None) -> str | None:
    """One sentence on what is wrong with ``answer``, or None.

    ``stored`` is the answer that the record already holds: what is not changed is never refused.
    An empty answer is fine here; ``missing`` says where one is needed.
    """
    if is_empty(answer) or same(answer, stored):
        return None
    if field.kind is Kind.UNKNOWN:
        return None
    return _unstorable(answer) or _wrong(field, answer, today, stored)


def _unstorable(answer: Answer) -> str | None:
    """No server takes U+0000, and half a character (a lone surrogate) is no text at all."""
    left = [answer]
    while left:  # not by recursion: an old entry may be nested a thousand deep
        part = left.pop()
        if isinstance(part, str):
            if _NO_TEXT.search(part):
                return _("This holds a character that cannot be stored. Write it again.")
        elif isinstance(part, Mapping):
            left.extend(part.values())
        elif isinstance(part, list | tuple):
            left.extend(part)
    return None


def _wrong(field: Field, answer: Answer, today: date, stored: Answer) -> str | None:
    if field.kind in (Kind.DIAGNOSIS, Kind.MEDICINE):
        return None
    if field.kind in (Kind.YES_NO, Kind.CHECKBOX) and isinstance(answer, bool):
        return None
    if field.kind is Kind.NUMBER:
        return _wrong_number(text_of(answer)) or _too_long(field, text_of(answer))
    if field.kind in (Kind.DATE, Kind.BIRTH):
        return _wrong_day(field, text_of(answer), today)
    if field.options:
        return _wrong_choice(field, answer, stored)
    return _too_long(field, text_of(answer))


def _wrong_number(typed: str) -> str | None:
    number = number_text(typed)
    if number is None:
        if is_thousands_doubt(typed):
            return _("Write the number without a mark for thousands, like 1250 or 1.25.")
        return _("This is not a number.")
    if is_absurd(number):
        return _("This number has too many digits.")
    return None


def _wrong_day(field: Field, typed: str, today: date) -> str | None:
    birth = field.kind is Kind.BIRTH
    day = birth_of_answer(typed).day if birth else typed
    if day is None:
        return None
    # In a form's answer a month or a year will do; a registration's date is a moment on the wire
    # and has no way to say so (decisions.md 4).
    imprecise = not birth and not field.column
    try:
        found = parse_day(day, today, birth=birth, future=allows_future(field), imprecise=imprecise)
    except DayError as error:
        return str(error)
    stored = found.day[: {"day": 10, "month": 7, "year": 4}[found.precision]]
    return None if stored == day else _("A date is stored as year-month-day: 2026-01-31.")


def _wrong_choice(field: Field, answer: Answer, stored: Answer) -> str | None:
    """An old value that is no choice any more may stay, but may not be chosen anew."""
    kept = set(map(text_of, stored)) if isinstance(stored, list) else {text_of(stored)}
    chosen = answer if isinstance(answer, list | tuple) else [answer]
    for value in chosen:
        if not has_option(field, value) and text_of(value) not in kept - {""}:
            return _('"{value}" is not one of the choices.').format(value=text_of(value)[:40])
    return next(filter(None, (_too_long(field, text_of(value)) for value in chosen)), None)


def _too_long(field: Field, text: str) -> str | None:
    limit = LIMITS.get(field.column) if field.base else None
    if limit is None or len(text) <= limit:
        return None
    return _("Too long: {n} characters, and at most {limit} can be stored.").format(
        n=len(text), limit=limit
    )
