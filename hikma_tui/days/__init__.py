"""Days as people type and read them: parsing, words, ages. Pure: ``today`` is always given.

The stored form of a day is always ``YYYY-MM-DD`` in ASCII digits. This is the door; the rooms are
``days.parse`` (what is typed), ``days.births`` (births and ages), ``days.words`` (three languages).
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, tzinfo

from hikma_tui.days.births import (
    Birth,
    age_in_months,
    age_in_years,
    age_text,
    birth_text,
    parse_birth,
)
from hikma_tui.days.parse import Day, DayError, Precision, as_date, parse_day
from hikma_tui.days.words import month_name, weekday_name
from hikma_tui.i18n import _

__all__ = [
    "Birth",
    "Day",
    "DayError",
    "Precision",
    "age_in_months",
    "age_in_years",
    "age_text",
    "as_date",
    "birth_text",
    "day_of_moment",
    "in_words",
    "moment_of",
    "parse_birth",
    "parse_day",
    "short",
]


def _stored(text: str) -> Day:
    """A stored day, also one of which only the month or the year is known (``2024-01``, ``2024``).

    ISO 8601 says how exact it is by what it leaves out.
    """
    if len(text) in (4, 7) and as_date(f"{text}-01-01"[:10]) is not None:
        return Day(f"{text}-01-01"[:10], "year" if len(text) == 4 else "month")
    return Day(text)


def in_words(day: str | Day, today: date) -> str:
    """The echo of a date, with its year: ``3 Apr 2026, Fri``. What is no day stays as it is."""
    known = day if isinstance(day, Day) else _stored(day)
    found = as_date(known.day)
    if found is None:
        return known.day
    if known.precision == "year":
        return str(found.year)
    if known.precision == "month":
        return _("{month} {year}").format(month=month_name(found.month), year=found.year)
    return _("{day} {month} {year}, {weekday}").format(
        day=found.day,
        month=month_name(found.month),
        year=found.year,
        weekday=weekday_name(found.weekday()),
    )


def short(day: str, today: date) -> str:
    """A day in a list: ``today``, ``yesterday``, ``20 Nov``, ``20 Nov 2025``."""
    found = as_date(day)
    if found is None:
        return day
    if found == today:
        return _("today")
    if found == today - timedelta(days=1):
        return _("yesterday")
    month = month_name(found.month)
    if found.year == today.year:
        return _("{day} {month}").format(day=found.day, month=month)
    return _("{day} {month} {year}").format(day=found.day, month=month, year=found.year)


# -- days that are moments on the wire (decisions.md 4) --------------------------------------------


def moment_of(day: str) -> str:
    """The ISO moment that stands for a day: noon UTC, the same day from UTC-12 to UTC+11."""
    return f"{day}T12:00:00.000Z"


def day_of_moment(moment: str, zone: tzinfo = UTC) -> str:
    """The day of an ISO moment as seen in ``zone``; ``""`` when it is none.

    Noon UTC (ours) and midnight UTC (a bare day that JavaScript read) mean the day written there.
    """
    try:
        at = datetime.fromisoformat(moment.strip())
        if at.tzinfo is None:
            return at.date().isoformat()
        utc = at.astimezone(UTC)
        bare = utc.time().isoformat() in ("12:00:00", "00:00:00")
        return (utc if bare else at.astimezone(zone)).date().isoformat()
    except (ValueError, OverflowError):
        return ""
