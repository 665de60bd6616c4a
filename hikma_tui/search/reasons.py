"""Why a row matched, when its name does not show it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.names import fold
from hikma_tui.search.asking import LEVELS, Asking, matching
from hikma_tui.search.query import Alternative, Kind, Unit
from hikma_tui.search.shapes import Level, Matched, Why
from hikma_tui.search.tokens import id_tokens, words_of

Row = Mapping[str, Any]


def why(asking: Asking, row: Row, level: Level) -> Why | None:
    """The first thing in ``row`` that matched and is not plainly in its name."""
    name = fold(f"{row['given_name'] or ''} {row['surname'] or ''}")
    unseen = [group for group in asking.groups if not any(_visible(a, name) for a in group)]
    if not unseen:
        return None
    tokens = row["tokens"].split()
    for group in unseen:
        for alternative in group:
            reasons = [_unit(asking, unit, row, name, tokens, level) for unit in alternative]
            if all(matched for matched, _reason in reasons):
                told = [reason for _matched, reason in reasons if reason]
                if told:
                    return told[0]
                break
    return None


def _visible(alternative: Alternative, name: str) -> bool:
    return all(_begins_a_word(unit, name) for unit in alternative)


def _begins_a_word(unit: Unit, name: str) -> bool:
    """Whether anybody sees the match in the name. Inside a word it may be there by chance: "ha" of
    a camp Hagadera stands in "mohamed", too.
    """
    return not unit.births and f" {unit.text}" in f" {name}"


def _unit(
    asking: Asking, unit: Unit, row: Row, name: str, tokens: list[str], most: Level
) -> tuple[bool, Why | None]:
    """Whether ``unit`` matched at ``most`` or better, and by what."""
    if _begins_a_word(unit, name):
        return True, None
    for level in LEVELS[: LEVELS.index(most) + 1]:
        token = matching(tokens, asking.added(unit, level))
        if token:
            reason = _reason(token, row, level, unit)
            if reason and reason.matched is Matched.SPELLED and unit.text in name:
                return True, None  # a part of a word of the name: it can be seen there
            return True, reason
    return not unit.births and unit.text in name, None


def _reason(token: str, row: Row, level: Level, unit: Unit) -> Why | None:
    kind, word = token[0], token[1:]
    if kind in "nj":
        if level not in (Level.SPELLED, Level.FORGIVEN):
            return None
        matched = Matched.SPELLED if level is Level.SPELLED else Matched.FORGIVEN
        return Why(matched, _as_written(row, word))
    if kind == "p":
        return Why(Matched.PHONE, row["phone"])
    if kind == "i":
        card = token in id_tokens(row["external_patient_id"])
        if card:
            return Why(Matched.CARD, row["external_patient_id"])
        return Why(Matched.GOVERNMENT_ID, row["government_id"] or word)
    if kind in "ymd":
        age = unit.kind is Kind.AGE or (unit.kind is Kind.DIGITS and len(unit.text) <= 3)
        return Why(Matched.AGE if age else Matched.BORN, row["date_of_birth"])
    for matched, column in ((Matched.HOMETOWN, "hometown"), (Matched.CAMP, "camp")):
        if word in words_of(row[column]):
            return Why(matched, row[column])
    return Why(Matched.OTHER, word)


def _as_written(row: Row, word: str) -> str:
    """The word of the name as it is stored; for a compound, the name that holds it."""
    for written in f"{row['given_name'] or ''} {row['surname'] or ''}".split():
        if word in fold(written).split():
            return written
    for column in ("given_name", "surname"):
        if row[column] and word.startswith(fold(row[column]).replace(" ", "")[:3]):
            return str(row[column])
    return word
