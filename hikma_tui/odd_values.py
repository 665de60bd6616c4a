"""Values of another kind than their column's, as another tool may have written them. Pure.

A moment that is ``yesterday``, a pressure of ``high``, bytes where text belongs: nothing is lost by
reading them. Each is a value of the kind that the column's readers count with, so that none of them
falls; it sorts first or compares to nothing, shows what is stored, and is known by ``Odd``, so that
nothing is saved over it (``clinic/saving.py``) and it is not sent (``syncing/push_bad.py``).
"""

from __future__ import annotations

from datetime import date
from typing import Any

FIRST_MS = -3786912000000
"""1850-01-01: where an odd moment stands in order; no record of a clinic is older."""

FIRST, LAST = -62125920000000, 64060588800000
"""0001-05-01 and 4000-01-01 in ms: what lies outside is no moment of any calendar here."""


class Odd:
    """What an odd value has in common: ``stored`` is what the column holds exactly."""

    stored: Any

    def __str__(self) -> str:
        return shown(self.stored)

    def __format__(self, how: str) -> str:
        return shown(self.stored)

    __repr__ = __str__


class Unreadable(Odd, str):
    """Text that can't be read: what is no JSON in a JSON column, bytes where text belongs."""

    stored: str | bytes

    def __new__(cls, stored: Any) -> Unreadable:
        """Of what the column holds."""
        made = super().__new__(cls, shown(stored))
        made.stored = stored
        return made


class OddMoment(Odd, int):
    """In a column of moments: before everything else."""

    def __new__(cls, stored: Any) -> OddMoment:
        """Of what the column holds."""
        made = super().__new__(cls, FIRST_MS)
        made.stored = stored
        return made


class OddFlag(Odd, int):
    """In a column of yes and no: grants nothing."""

    def __new__(cls, stored: Any) -> OddFlag:
        """Of what the column holds."""
        made = super().__new__(cls, 0)
        made.stored = stored
        return made


class OddNumber(Odd, float):
    """In a column of numbers: not one, so that no comparison holds and no sum looks sound."""

    def __new__(cls, stored: Any) -> OddNumber:
        """Of what the column holds."""
        made = super().__new__(cls, "nan")
        made.stored = stored
        return made


class OddDay(date):
    """The day of an odd moment; ``isoformat`` and ``str`` give what is stored."""

    text: str

    def __new__(cls, stored: Any, *month_and_day: int) -> Any:
        """Of what the column holds; a plain day where one is reckoned from an odd one."""
        if month_and_day:
            return date(stored, *month_and_day)
        made = super().__new__(cls, 1850, 1, 1)
        made.text = shown(stored)
        return made

    def isoformat(self) -> str:
        """What is stored, since it is no day."""
        return self.text

    __str__ = isoformat


def shown(stored: Any) -> str:
    """What a column holds, as text that can be shown, exported and sent nowhere by mistake."""
    if isinstance(stored, bytes):
        return stored.decode("utf-8", "replace")
    return str(stored)


def plain(value: Any) -> Any:
    """The value as JSON can hold it: odd ones, also within a row, as the text that is shown."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return shown(value.stored) if isinstance(value, Odd) else value


def kept(value: Any, kind: type) -> Any:
    """What SQLite is given for a value: an odd one goes back exactly as it stood."""
    if value is None:
        return None
    if isinstance(value, Odd):
        return value.stored
    try:
        return kind(value)
    except (ValueError, TypeError, OverflowError):
        return value


def text(stored: bytes) -> str:
    """Text as SQLite holds it; an ``Unreadable`` of bytes that are no UTF-8."""
    try:
        return stored.decode()
    except UnicodeDecodeError:
        return Unreadable(stored)


def moment(value: Any) -> Any:
    """Milliseconds within the calendar (None for NULL); an ``OddMoment`` of anything else."""
    if value is None or (type(value) is int and FIRST <= value <= LAST):
        return value
    return value if isinstance(value, OddMoment) else OddMoment(value)


def whole(value: Any) -> Any:
    """A whole number; an ``OddNumber`` of anything else."""
    return value if value is None or type(value) is int else _number(value)


def number(value: Any) -> Any:
    """A number as a float; an ``OddNumber`` of what is none, and of what has no end."""
    if type(value) is float and value - value == 0:
        return value
    return float(value) if type(value) is int else _number(value)


def flag(value: Any) -> Any:
    """Whether a flag is set; an ``OddFlag`` of what is neither 0 nor 1."""
    if value is None or value in (0, 1):
        return None if value is None else bool(value)
    return value if isinstance(value, OddFlag) else OddFlag(value)


def _number(value: Any) -> Any:
    return value if value is None or isinstance(value, OddNumber) else OddNumber(value)
