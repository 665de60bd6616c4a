"""Birth dates as dates, ages, years or unknown, and ages in words (decisions.md 5). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from hikma_tui.days import words
from hikma_tui.days.parse import (
    FIRST_BIRTH_YEAR,
    LONGEST,
    OLDEST_AGE,
    Day,
    DayError,
    Wish,
    as_date,
    moved,
    parse_day,
    within_limits,
)
from hikma_tui.days.words import fold, month_name
from hikma_tui.i18n import _


@dataclass(frozen=True)
class Birth:
    """A birth date: ``day`` is None when nobody knows; ``estimated`` when made from an age."""

    day: str | None
    estimated: bool = False


_AGE_PART = re.compile(r"(\d{1,6})\s*([^\W\d_]*)\.?\s*")


def parse_birth(text: str, today: date) -> Birth:
    """A birth date, an age (``34``, ``6m``, ``12 d``), ``about 1955`` or unknown (``?``, blank).

    An age or a year gives an estimated date (decisions.md 5). Raises DayError.
    """
    typed = fold(text) if len(text) <= LONGEST else "!"
    if not typed or typed in words.UNKNOWN or typed in ("no se", "غير معروف", "not known"):
        return Birth(None)
    typed, about = _without_about(typed)
    aged = _born_at_age(typed, today)
    if aged is not None:
        return Birth(within_limits(Day(aged.isoformat()), _birth_wish(today)).day, True)
    found = parse_day(typed, today, birth=True, imprecise=True)
    return Birth(found.day, about or found.precision != "day")


def _birth_wish(today: date) -> Wish:
    return Wish(today, future=False, birth=True, imprecise=True)


def _without_about(typed: str) -> tuple[str, bool]:
    head, _space, rest = typed.lstrip("~ ").partition(" ")
    if rest and head.rstrip(".") in words.ABOUT:
        return rest.strip(), True
    return typed.lstrip("~ "), typed.startswith("~")


def _born_at_age(typed: str, today: date) -> date | None:
    """The day so many years, months, weeks or days before today; None when this is no age."""
    parts = _AGE_PART.findall(typed)
    if not parts or _AGE_PART.sub("", typed) or len(parts) > 3:
        return None
    if len(parts) == 1 and not parts[0][1]:
        return _born_at_bare_age(parts[0][0], today)
    units = [words.UNITS.get(unit) for _count, unit in parts]
    if None in units or len(set(units)) != len(units):
        return None
    if all(int(count) == 0 for count, _unit in parts) and units != ["d"]:
        raise DayError(_("Write the age of a baby in months, weeks or days, like 6m, 3w or 12d."))
    born = today
    for (count, _word), unit in zip(parts, units, strict=True):
        born = moved(born, -int(count), unit or "d")
    if age_in_years(born, today) > OLDEST_AGE:
        raise DayError(_too_old())
    return born


def _born_at_bare_age(written: str, today: date) -> date | None:
    """A bare number: an age up to 130, or a year of birth, which parse_day reads."""
    if len(written) == 4 and int(written) >= FIRST_BIRTH_YEAR:
        return None
    if int(written) == 0:
        raise DayError(_("Write the age of a baby in months, weeks or days, like 6m, 3w or 12d."))
    if int(written) > OLDEST_AGE:
        raise DayError(_too_old())
    return moved(today, -int(written), "y")


def _too_old() -> str:
    return _("Nobody is older than {n} years: check the age.").format(n=OLDEST_AGE)


def age_in_years(born: date, today: date) -> int:
    """Completed years of life (negative before birth)."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def age_in_months(born: date, today: date) -> int:
    """Completed months of life (negative before birth)."""
    months = (today.year - born.year) * 12 + today.month - born.month
    return months - (today.day < born.day)


def age_text(birth: Birth, today: date) -> str:
    """The age as a clinician says it: days to 27, months to 23, then years, or ``age ?``."""
    born = as_date(birth.day)
    if born is None or born > today:
        return _("age ?")
    days = (today - born).days
    if days < 28:
        return _("{n} d").format(n=days)
    months = age_in_months(born, today)
    if months < 24:
        return _("{n} mo").format(n=max(months, 1))
    return _("{n} y").format(n=age_in_years(born, today))


def birth_text(birth: Birth, today: date | None = None) -> str:
    """The birth date for a list: ``1992-03-11``, ``about 1955``, or that it is unknown.

    With ``today``, an estimated date of a child under five is told with its month.
    """
    born = as_date(birth.day)
    if born is None:
        return _("birth date unknown")
    if not birth.estimated:
        return born.isoformat()
    if today is not None and age_in_years(born, today) < 5:
        return _("about {month} {year}").format(month=month_name(born.month), year=born.year)
    return _("about {year}").format(year=born.year)
