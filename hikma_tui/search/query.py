"""What was typed, as groups of alternatives of units. Pure.

Every group must match; a group matches by any one of its alternatives; an alternative matches when
all its units do. ``abd al rahman`` is one group: its three words, or the one name they make.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from hikma_tui.names import compounds, words
from hikma_tui.search.births import OLDEST, aged, aged_months, is_day
from hikma_tui.search.tokens import id_forms

LONGEST_TEXT = 200
MOST_GROUPS = 12


class Kind(StrEnum):
    """What a unit is."""

    WORD = "word"
    DIGITS = "digits"
    ID = "id"  # letters and digits mixed: A-0123
    BORN = "born"  # a date of birth, whole or year and month
    AGE = "age"  # 34y, 6m


@dataclass(frozen=True)
class Unit:
    """One thing that was typed. ``births`` holds the tokens of dates and ages."""

    kind: Kind
    text: str
    births: tuple[str, ...] = ()
    international: bool = False


Alternative = tuple[Unit, ...]
Group = tuple[Alternative, ...]

_NUMBER = re.compile(r"[+(]?\d[\d()./+-]*")
_AGE = re.compile(r"(\d{1,3})(?:y|yr|yrs|years?|a|años?|anos?|س|سنة|سنه)", re.IGNORECASE)
_MONTHS = re.compile(r"(\d{1,3})(?:m|mo|mos|months?|meses|mes|ش|شهر)", re.IGNORECASE)
_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})(?:[-/.](\d{1,2}))?")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})")


def parse(text: str, today: date) -> tuple[Group, ...]:
    """The groups of ``text`` (of its first 200 characters); none when nothing can be asked."""
    groups: list[Group] = []
    run: list[Unit] = []
    names: list[str] = []
    for chunk in _plain(text[: 4 * LONGEST_TEXT])[:LONGEST_TEXT].split():
        group = _number_group(chunk, today)
        number = re.sub(r"\D", "", chunk) if not group and _NUMBER.fullmatch(chunk) else ""
        if names and (group or number):
            groups += name_groups(names)
            names = []
        if number:
            run.append(Unit(Kind.DIGITS, number, international=chunk.startswith(("+", "(+"))))
            continue
        groups += _run_groups(run)
        run = []
        if group:
            groups.append(group)
        else:
            names += words(chunk)
    groups += _run_groups(run)
    groups += name_groups(names)
    return tuple(dict.fromkeys(groups))[:MOST_GROUPS]


def _plain(text: str) -> str:
    """Digits of any script as ASCII, controls as spaces, without what has no width."""
    return "".join(map(_plain_character, text))


def _plain_character(character: str) -> str:
    if " " < character < "\x7f":
        return character
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    return "" if category == "Cf" else " " if category in ("Cc", "Cs", "Cn") else character


def name_groups(names: list[str]) -> Iterator[Group]:
    """Each word by itself; words that make one name also as that name."""
    spans = {first: (after, joined) for first, after, joined in compounds(names)}
    i = 0
    while i < len(names):
        after, joined = spans.get(i, (i + 1, ""))
        separate = tuple(Unit(Kind.WORD, word) for word in names[i:after])
        yield (separate, (Unit(Kind.WORD, joined),)) if joined else (separate,)
        i = after


def _run_groups(run: list[Unit]) -> list[Group]:
    """Numbers beside each other: each by itself, or all as one number (``070 123 456``)."""
    if len(run) < 2:
        return [((unit,),) for unit in run]
    joined = "".join(unit.text for unit in run)
    return [(tuple(run), (Unit(Kind.DIGITS, joined, international=run[0].international),))]


def _number_group(chunk: str, today: date) -> Group:
    """A date, an age with its unit, or an id; empty when ``chunk`` is none of these."""
    births = _date(chunk, today)
    if births:
        group: Group = ((Unit(Kind.BORN, chunk, births),),)
        return (*group, *_id_alternatives(chunk))
    if age := _AGE.fullmatch(chunk):
        births = aged(int(age[1]), int(age[1]), today) if int(age[1]) <= OLDEST else ()
    elif months := _MONTHS.fullmatch(chunk):
        births = aged_months(int(months[1]), today)
    if births:
        named = tuple(Unit(Kind.WORD, word) for word in words(chunk))
        return ((Unit(Kind.AGE, chunk, births),), *_id_alternatives(chunk), named)
    if any(c.isdigit() for c in chunk) and any(c.isalpha() for c in chunk):
        parts = tuple(Unit(Kind.ID, word) for word in words(chunk))
        named = tuple(Unit(Kind.WORD, word) for word in words(chunk))
        return tuple(dict.fromkeys([*_id_alternatives(chunk), parts, named])) if parts else ()
    return ()


def _id_alternatives(chunk: str) -> tuple[Alternative, ...]:
    return tuple((Unit(Kind.ID, form),) for form in id_forms(chunk))


def _date(chunk: str, today: date) -> tuple[str, ...]:
    """The tokens of a date: year first, or day first (and month first when only that can be)."""
    if found := _YEAR_FIRST.fullmatch(chunk):
        year, month, day = int(found[1]), int(found[2]), found[3]
        if day is None:
            return (f"m{year}{month:02}",) if is_day(year, month, 1) else ()
        return (f"d{year}{month:02}{int(day):02}",) if is_day(year, month, int(day)) else ()
    if found := _DAY_FIRST.fullmatch(chunk):
        one, two, year = int(found[1]), int(found[2]), int(found[3])
        if len(found[3]) == 2:  # two digits mean the past (decisions.md 4)
            year += today.year // 100 * 100
            year -= 100 if year > today.year else 0
        for day_, month in ((one, two), (two, one)):
            if is_day(year, month, day_):
                return (f"d{year}{month:02}{day_:02}",)
    return ()
