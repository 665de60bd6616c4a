"""Likely duplicates of a patient being registered, ranked over all live patients.

Whom permission hides is the caller's matter (decisions.md: that a file exists, and where). The
index is asked from the surest sign to the vaguest; what it gives is scored here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date

from hikma_tui.names import fold, spelled_alike, words
from hikma_tui.search import sql
from hikma_tui.search.finding import rows_to_hits
from hikma_tui.search.query import Group, name_groups
from hikma_tui.search.rows import ask
from hikma_tui.search.shapes import Alike, Draft, Hit, Reason
from hikma_tui.search.spelling import beginning, distance, forgiven, quoted, sounding
from hikma_tui.search.tokens import is_placeholder, national, normal_id, phone_numbers

_CANDIDATES = 60  # of each sign, the most recently seen
_LEAST_SCORE = 25
_LEAST_PHONE = 6
_SAME_ID, _SAME_NAME, _SWAPPED, _SIMILAR, _ONE_NAME = 100, 40, 38, 28, 12
_SAME_BIRTH, _NEAR_BIRTH, _OTHER_BIRTH, _OTHER_SEX = 30, 12, -15, -10
_SAME_PHONE, _SAME_HOMETOWN = 25, 6


def alike(
    connection: sqlite3.Connection, draft: Draft, *, today: date, limit: int = 5
) -> list[Alike]:
    """The ``limit`` likeliest duplicates of ``draft``, likeliest first; a placeholder is no id."""
    found: dict[int, None] = {}
    for expression in _signs(connection, draft):
        found.update(
            (row[0], None) for row in ask(connection, sql.MATCH, (expression, _CANDIDATES))
        )
    scored = [_scored(draft, hit) for hit in rows_to_hits(connection, list(found)).values()]
    likely = [one for one in scored if one.score >= _LEAST_SCORE]
    likely.sort(key=lambda one: (-one.score, -one.hit.seen, -one.hit.pk))
    return likely[:limit]


def _signs(connection: sqlite3.Connection, draft: Draft) -> Iterator[str]:
    if not is_placeholder(draft.government_id):
        yield quoted(["i" + normal_id(draft.government_id)])
    phones = _phones(draft.phone)
    if phones:
        yield quoted(sorted("p" + phone for phone in phones))
    given, surname = (_name(connection, name) for name in (draft.given_name, draft.surname))
    both = f"({given}) AND ({surname})" if given and surname else ""
    if draft.date_of_birth and (given or surname):
        either = " OR ".join(f"({name})" for name in (given, surname) if name)
        yield f"({quoted(_birth(draft.date_of_birth))}) AND ({either})"
        if both:
            yield f"({quoted(_near(draft.date_of_birth))}) AND {both}"
    exact = ["n" + word for word in words(f"{draft.given_name} {draft.surname}")]
    if both:
        yield " AND ".join(quoted([token]) for token in exact[:8])
        yield both


def _name(connection: sqlite3.Connection, name: str) -> str:
    """The expression of all who have a name like this one, in either column."""
    groups = [_group(connection, group) for group in name_groups(words(name)[:4])]
    return " AND ".join(f"({group})" for group in groups)


def _group(connection: sqlite3.Connection, group: Group) -> str:
    alternatives = []
    for alternative in group:
        parts = [quoted(_meant(connection, unit.text)) for unit in alternative]
        alternatives.append(" AND ".join(f"({part})" for part in parts))
    return " OR ".join(f"({alternative})" for alternative in alternatives)


def _meant(connection: sqlite3.Connection, word: str) -> list[str]:
    begun = beginning(connection, "n" + word) if len(word) > 2 else ()
    found = ("n" + word, "j" + word, *begun, *sounding(connection, word))
    return list(dict.fromkeys((*found, *forgiven(connection, word))))


def _phones(text: str) -> set[str]:
    plus = text.strip().startswith("+")
    found = {national(number, plus) for number in phone_numbers(text)}
    return {phone for phone in found if len(phone) >= _LEAST_PHONE and phone.strip(phone[0])}


def _birth(born: date) -> list[str]:
    return [f"d{born:%Y%m%d}"]


def _near(born: date) -> list[str]:
    near = [f"y{born.year}"]
    near += [f"d{born.year + years}{born:%m%d}" for years in (-10, -1, 1, 10)]
    return near


# --- scores ------------------------------------------------------------------------------------


def _scored(draft: Draft, hit: Hit) -> Alike:
    score, reasons = 0, []
    same_id = not is_placeholder(draft.government_id) and normal_id(draft.government_id) == (
        normal_id(hit.government_id)
    )
    for points, reason in (
        (_SAME_ID if same_id else 0, Reason.SAME_GOVERNMENT_ID),
        _name_score(draft, hit),
        _birth_score(draft, hit),
        (_phone_score(draft, hit), Reason.SAME_PHONE),
        (_hometown_score(draft, hit), Reason.SAME_HOMETOWN),
    ):
        score += points
        if points > 0 and reason:
            reasons.append(reason)
    if draft.sex and hit.sex and fold(draft.sex) != fold(hit.sex):
        score += _OTHER_SEX
    return Alike(hit, score, tuple(reasons), same_id)


def _name_score(draft: Draft, hit: Hit) -> tuple[int, Reason | None]:
    given, surname = words(draft.given_name), words(draft.surname)
    their_given, their_surname = words(hit.given_name), words(hit.surname)
    if (given, surname) == (their_given, their_surname) and given + surname:
        return (_SAME_NAME if given and surname else _ONE_NAME), Reason.SAME_NAME
    if given and surname and (given, surname) == (their_surname, their_given):
        return _SWAPPED, Reason.NAMES_SWAPPED
    straight = _like(given, their_given), _like(surname, their_surname)
    crossed = _like(given, their_surname), _like(surname, their_given)
    if all(straight) or _like(given + surname, their_given + their_surname):
        return _SIMILAR, Reason.SIMILAR_NAME
    if all(crossed):
        return _SIMILAR - 2, Reason.NAMES_SWAPPED
    return (_ONE_NAME, Reason.SIMILAR_NAME) if any(straight) or any(crossed) else (0, None)


def _like(ours: list[str], theirs: list[str]) -> bool:
    """Whether two names, word by word or written in one, are like each other."""
    if not ours or not theirs:
        return False
    if len(ours) == len(theirs) and all(map(_like_word, ours, theirs)):
        return True
    if len(ours) == 1 or len(theirs) == 1:
        return any(_like_word(one, other) for one in ours for other in theirs) or _like_word(
            "".join(ours), "".join(theirs)
        )
    return all(any(_like_word(one, other) for other in theirs) for one in ours)


def _like_word(one: str, other: str) -> bool:
    if spelled_alike(one, other) or (len(one) > 2 and other.startswith(one)):
        return True
    most = 0 if len(one) < 4 else 1 if len(one) < 8 else 2
    return most > 0 and distance(one, other, most) <= most


def _birth_score(draft: Draft, hit: Hit) -> tuple[int, Reason | None]:
    born = draft.date_of_birth
    try:
        theirs = date.fromisoformat(hit.date_of_birth)
    except ValueError:
        return 0, None
    if born is None:
        return 0, None
    if born == theirs:
        return _SAME_BIRTH, Reason.SAME_BIRTH
    swapped = (born.year, born.month, born.day) == (theirs.year, theirs.day, theirs.month)
    same_day = (born.month, born.day) == (theirs.month, theirs.day)
    if (
        swapped
        or born.year == theirs.year
        or (same_day and abs(born.year - theirs.year) in (1, 10))
    ):
        return _NEAR_BIRTH + (6 if swapped else 0), Reason.NEAR_BIRTH
    return (_OTHER_BIRTH if abs(born.year - theirs.year) > 5 else 0), None


def _phone_score(draft: Draft, hit: Hit) -> int:
    return _SAME_PHONE if _phones(draft.phone) & _phones(hit.phone) else 0


def _hometown_score(draft: Draft, hit: Hit) -> int:
    home = fold(draft.hometown)
    return _SAME_HOMETOWN if home and home == fold(hit.hometown) else 0
