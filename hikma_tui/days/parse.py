"""Reading a typed day (decisions.md 4): relative, written in numbers, or in words. Pure."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from hikma_tui.days import words
from hikma_tui.days.words import fold, month_name
from hikma_tui.i18n import _

Precision = Literal["day", "month", "year"]

# The server turns a moment outside these years into *now* (wire.md A5), so none may be entered.
FIRST_YEAR, LAST_YEAR = 1850, 2120
FIRST_BIRTH_YEAR, OLDEST_AGE = 1900, 130
LONGEST = 60  # characters; nobody types a longer date, and a pasted page is no date


class DayError(ValueError):
    """What was typed is no day that can be taken; ``str()`` is a sentence for the user."""


@dataclass(frozen=True)
class Day:
    """A day and how exactly it is known: an imprecise one stands on the first of its period."""

    day: str  # YYYY-MM-DD
    precision: Precision = "day"


@dataclass(frozen=True)
class Wish:
    """What the caller of a parse allows."""

    today: date
    future: bool
    birth: bool
    imprecise: bool


def parse_day(
    text: str, today: date, *, future: bool = False, birth: bool = False, imprecise: bool = False
) -> Day:
    """The day that ``text`` means, day before month, in English, Spanish or Arabic words.

    ``future`` allows days after ``today``; ``birth`` reads two-digit years as the past and refuses
    ages beyond 130; ``imprecise`` allows ``jan 2024`` and ``2024``. Raises DayError.
    """
    wish = Wish(today, future and not birth, birth, imprecise)
    typed = fold(text) if len(text) <= LONGEST else ""
    if not typed:
        raise DayError(_not_a_date())
    relative = _relative(typed, today)
    found = Day(relative.isoformat()) if relative is not None else _absolute(typed, wish)
    return within_limits(found, wish)


def _not_a_date() -> str:
    return _("That is not a date. Write it like 31/1/2026, 3 apr 2026, or t-3 for three days ago.")


# -- relative days ---------------------------------------------------------------------------------

_RELATIVE = re.compile(r"(\w+)?\s*([+-])\s*(\d{1,5})\s*([^\W\d_]+)?")


def _relative(typed: str, today: date) -> date | None:
    """``t``, ``t-3``, ``-2w``, ``+1m`` and the words for today and its neighbours; else None."""
    for known, shift in ((words.TODAY, 0), (words.YESTERDAY, -1), (words.TOMORROW, 1)):
        if typed in known:
            return today + timedelta(days=shift)
    match = _RELATIVE.fullmatch(typed)
    if match is None:
        return None
    start, sign, count, unit_word = match.groups()
    if start is not None and start not in words.TODAY:
        return None
    unit = words.UNITS.get(unit_word) if unit_word else "d"
    if unit is None:
        return None
    return moved(today, int(count) * (1 if sign == "+" else -1), unit)


def moved(day: date, count: int, unit: str) -> date:
    """``day`` moved by ``count`` days, weeks, months or years; the day of the month is clamped."""
    try:
        if unit in "dw":
            return day + timedelta(days=count * (7 if unit == "w" else 1))
        months = day.year * 12 + day.month - 1 + count * (12 if unit == "y" else 1)
        year, month = months // 12, months % 12 + 1
        return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))
    except (OverflowError, ValueError) as error:
        raise DayError(_("That is too far from today.")) from error


# -- absolute days ---------------------------------------------------------------------------------

_TOKEN = re.compile(r"\d+|[^\W\d_]+")
_ALLOWED = re.compile(r"[\w\s/.,\-]+")


def _absolute(typed: str, wish: Wish) -> Day:
    """A written date: numbers, perhaps one month's name, perhaps a weekday."""
    if not _ALLOWED.fullmatch(typed):
        raise DayError(_not_a_date())
    month, numbers = _month_and_numbers(_TOKEN.findall(typed))
    if month is not None:
        return _with_month_name(month, numbers, wish)
    if len(numbers) == 3:
        year_first = len(numbers[0]) == 4
        year, month_text, day = numbers if year_first else numbers[::-1]
        return Day(_made(_year(year, wish, int(month_text), int(day)), int(month_text), int(day)))
    if len(numbers) == 2:
        return _two_numbers(numbers, wish)
    if len(numbers) == 1 and len(numbers[0]) == 4:
        return _imprecise(int(numbers[0]), None, wish)
    raise DayError(_not_a_date())


def _month_and_numbers(tokens: list[str]) -> tuple[int | None, list[str]]:
    """The named month, if one is, and the numbers in order. DayError on any other word."""
    month: int | None = None
    numbers: list[str] = []
    has_weekday = False
    index = 0
    while index < len(tokens):
        token, pair = tokens[index], " ".join(tokens[index : index + 2])
        named = words.month_of(pair) if " " in pair else None
        index += 2 if named is not None else 1
        named = named if named is not None else words.month_of(token)
        if token.isdigit():
            numbers.append(token)
        elif named is not None and month is None:
            month = named
        elif words.is_weekday(token):
            has_weekday = True
        elif token not in words.FILLERS:
            raise DayError(_not_a_date())
    if has_weekday and not numbers:
        raise DayError(_not_a_date())
    return month, numbers


def _with_month_name(month: int, numbers: list[str], wish: Wish) -> Day:
    if len(numbers) == 2:
        year_first = len(numbers[0]) == 4
        day, year = int(numbers[year_first]), numbers[not year_first]
        return Day(_made(_year(year, wish, month, day), month, day))
    if len(numbers) != 1:
        raise DayError(_not_a_date())
    if len(numbers[0]) > 2:
        return _imprecise(_year(numbers[0], wish, month, 1), month, wish)
    return Day(_without_year(int(numbers[0]), month, wish))


def _two_numbers(numbers: list[str], wish: Wish) -> Day:
    """``5/2024`` and ``2024-05`` are a month; ``31/1`` is a day of the last twelve months."""
    first, second = numbers
    if len(first) == 4:
        return _imprecise(int(first), int(second), wish)
    if len(second) == 4:
        return _imprecise(int(second), int(first), wish)
    return Day(_without_year(int(first), int(second), wish))


def _without_year(day: int, month: int, wish: Wish) -> str:
    """The latest such day; refused where the past is not the only reading."""
    if wish.birth or wish.future or wish.imprecise:
        raise DayError(_("Write the year too, with four digits."))
    this_year = _made(wish.today.year, month, day)
    if this_year <= wish.today.isoformat():
        return this_year
    return _made(wish.today.year - 1, month, day)


def _imprecise(year: int, month: int | None, wish: Wish) -> Day:
    if not wish.imprecise:
        raise DayError(_("The whole date is needed here: day, month and year."))
    return Day(_made(year, month or 1, 1), "month" if month else "year")


def _year(written: str, wish: Wish, month: int, day: int) -> int:
    """The year that two or four written digits mean (decisions.md 4)."""
    if int(written[:9]) == 0 and len(written) != 2:
        raise DayError(_("There is no year 0."))
    if len(written) == 4:
        return int(written)
    if len(written) != 2:
        raise DayError(_("Write the year with two or four digits."))
    today = wish.today
    year = today.year - today.year % 100 + int(written)
    if wish.birth:
        return year - 100 if (year, month, day) > (today.year, today.month, today.day) else year
    if year - today.year > 50:
        year -= 100
    elif today.year - year > 50:
        year += 100
    return year - 100 if year > today.year and not wish.future else year


def _made(year: int, month: int, day: int) -> str:
    """The day as text, or the DayError that names what is wrong with it."""
    if year == 0:
        raise DayError(_("There is no year 0."))
    if not 1 <= month <= 12:
        raise DayError(
            _("There is no month {month}. The day comes first, then the month.").format(month=month)
        )
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DayError(_("The year {year} cannot be right.").format(year=year))
    if not 1 <= day <= calendar.monthrange(year, month)[1]:
        raise DayError(
            _("{month} {year} has no day {day}.").format(
                month=month_name(month), year=year, day=day
            )
        )
    return date(year, month, day).isoformat()


def within_limits(found: Day, wish: Wish) -> Day:
    """``found``, or DayError: in the future, out of all years, or nobody's birth."""
    year = int(found.day[:4])
    if found.day > wish.today.isoformat() and not wish.future:
        if wish.birth:
            raise DayError(_("A birth date cannot be in the future."))
        raise DayError(_("This day is in the future."))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise DayError(_("The year {year} cannot be right.").format(year=year))
    if wish.birth and (year < FIRST_BIRTH_YEAR or wish.today.year - year > OLDEST_AGE):
        raise DayError(_("Nobody born in {year} is alive: check the year.").format(year=year))
    return found


def as_date(day: str | None) -> date | None:
    """The date of a stored ``YYYY-MM-DD`` (a longer ISO text is cut), or None if it is not one."""
    try:
        return date.fromisoformat((day or "")[:10])
    except ValueError:
        return None
