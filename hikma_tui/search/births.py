"""Spans of birth dates as tokens of the index: whole years and decades, months, single days. Pure.

So an age is asked of the index itself, exactly, and no row is fetched to be thrown away.
A token that ends in ``*`` is a prefix.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta

OLDEST = 130
_FIRST = date(1800, 1, 1)


def born_between(first: date, last: date) -> tuple[str, ...]:
    """The tokens of all births from ``first`` to ``last``, both included."""
    first = max(first, _FIRST)
    if first > last:
        return ()
    if first.year == last.year:
        return tuple(_within_year(first, last))
    found = _within_year(first, date(first.year, 12, 31))
    found += _years(first.year + 1, last.year - 1)
    found += _within_year(date(last.year, 1, 1), last)
    return tuple(found)


def _years(first: int, last: int) -> list[str]:
    found = []
    while first <= last:
        if first % 100 == 0 and first + 99 <= last:
            found.append(f"y{first // 100}*")
            first += 100
        elif first % 10 == 0 and first + 9 <= last:
            found.append(f"y{first // 10}*")
            first += 10
        else:
            found.append(f"y{first}")
            first += 1
    return found


def _within_year(first: date, last: date) -> list[str]:
    if (first.month, first.day, last.month, last.day) == (1, 1, 12, 31):
        return [f"y{first.year}"]
    found = []
    for month in range(first.month, last.month + 1):
        length = calendar.monthrange(first.year, month)[1]
        start = first.day if month == first.month else 1
        end = last.day if month == last.month else length
        if (start, end) == (1, length):
            found.append(f"m{first.year}{month:02}")
        else:
            found += [f"d{first.year}{month:02}{day:02}" for day in range(start, end + 1)]
    return found


def aged(least: int | None, most: int | None, today: date) -> tuple[str, ...]:
    """The tokens of births that make ``least`` to ``most`` whole years today."""
    least = min(max(least or 0, 0), OLDEST)
    first = _FIRST
    if most is not None:
        first = _day_or_before(today.year - min(most, OLDEST) - 1, today.month, today.day)
        first += timedelta(days=1)
    return born_between(first, _day_or_before(today.year - least, today.month, today.day))


def aged_months(months: int, today: date) -> tuple[str, ...]:
    """The tokens of births that make ``months`` whole months today."""
    count = today.year * 12 + today.month - 1 - months
    last = _day_or_before(count // 12, count % 12 + 1, today.day)
    before = _day_or_before((count - 1) // 12, (count - 1) % 12 + 1, today.day)
    return born_between(before + timedelta(days=1), last)


def _day_or_before(year: int, month: int, day: int) -> date:
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def is_day(year: int, month: int, day: int) -> bool:
    """Whether there is such a day in a year in which a living person may be born."""
    return (
        1800 <= year <= 2199
        and 1 <= month <= 12
        and 1 <= day <= calendar.monthrange(year, month)[1]
    )
