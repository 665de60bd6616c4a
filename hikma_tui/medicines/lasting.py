"""How long a medicine entry goes on, from what is written of its duration. Pure.

A patient's page asks it of every entry there is, and they are written in few ways: what a text says
is remembered by the text and the language.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache

from hikma_tui import i18n
from hikma_tui.medicines.vocabulary import key_of, longest
from hikma_tui.medicines.wording import entered, value_text, whole

_LONGEST = 36_500  # days: what is longer than a life is no duration
_ONCE = frozenset({"at once", "one dose only"})


def end_of(item: Mapping[str, object], start: date | None) -> tuple[date | None, bool]:
    """The day on which an entry's duration is over, None for until stopped; and whether a duration
    is written that can't be read, or not be counted since its first day is not known (then it
    counts as not over).
    """
    said = value_text(item.get("duration"))
    duration = _length(said, value_text(item.get("durationUnits")), i18n.language())
    if duration is None:
        once = is_once(item)
        return (start, start is None) if once else (None, False)
    if not duration or start is None:
        return None, True
    return _after(start, *duration)


@lru_cache(maxsize=1024)
def _length(said: str, units: str, _language: str) -> tuple[int, str] | tuple[()] | None:
    """A duration as its number and unit: None where none was entered, ``()`` of one that can't be
    read.
    """
    duration = entered(said)
    if not duration:
        return None
    least, _dash, most = duration.rpartition("-")
    number = whole(most if least else duration)  # "5-7 days": as long as it may last
    unit = longest("spans", [key_of(units)], 0)
    return () if number is None or number < 0 or unit is None else (number, str(unit[1].value))


def _after(start: date, number: int, unit: str) -> tuple[date | None, bool]:
    days = {"hours": -(-number // 24), "days": number, "weeks": 7 * number}.get(unit)
    rough = days if days is not None else number * (31 if unit == "months" else 366)
    if rough > _LONGEST:
        return None, True
    try:
        if days is not None:
            return start + timedelta(days=days), False
        return _months_after(start, number * (12 if unit == "years" else 1)), False
    except (OverflowError, ValueError):
        return None, True


def _months_after(start: date, months: int) -> date:
    """The same day so many months on, or the last of a shorter month."""
    year, month = divmod(start.month - 1 + months, 12)
    first = date(start.year + year, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(start.day, last.day))


def is_once(item: Mapping[str, object]) -> bool:
    """Whether it was given once and is over: "at once", "one dose only", and nothing beside it."""
    return _says_once(value_text(item.get("frequency")), i18n.language())


@lru_cache(maxsize=1024)
def _says_once(frequency: str, _language: str) -> bool:
    keys = [key_of(word) for word in entered(frequency).replace(",", " ").split()]
    at = 0
    while at < len(keys):
        phrase = longest("words", keys, at)
        if phrase is None or phrase[1].value not in _ONCE:
            return False
        at += phrase[0]
    return bool(keys)
