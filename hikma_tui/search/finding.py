"""Asking the index: the page of a list, and the exact number behind it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hikma_tui import json_text
from hikma_tui.search import sql
from hikma_tui.search.asking import ALL_SEEING, EVERYONE, LEVELS, STRICT, Asking, scope
from hikma_tui.search.reasons import why
from hikma_tui.search.rows import ask, mapped, one
from hikma_tui.search.shapes import PAGE, Filters, Found, Hit, Level, Sight
from hikma_tui.search.tokens import NO_CLINIC, clinic_token


def find(
    connection: sqlite3.Connection,
    text: str,
    *,
    today: date,
    filters: Filters = EVERYONE,
    sight: Sight = ALL_SEEING,
    limit: int = PAGE,
) -> Found:
    """The best ``limit`` live patients for ``text``, best level first, then most recently seen.

    Typing errors are forgiven only when what was typed does not fill the page by itself. A text
    with nothing to search for finds nobody: an empty query is the caller's matter.
    """
    asking = Asking(connection, text, today, filters, sight)
    levels = _levels(asking, limit)
    hits = []
    for row in _rows(connection, list(levels)):
        level = levels[row["place"]] or asking.level_of(row["tokens"].split())
        hits.append(_hit(row, level, why(asking, row, level)))
    hits.sort(key=lambda hit: (LEVELS.index(hit.level), -hit.seen, -hit.pk))
    return Found(hits, full=len(levels) >= limit)


def _levels(asking: Asking, limit: int) -> dict[int, Level | None]:
    """The places of the page, each with its level; None: strict, and better seen from the row.

    Each level's expression takes in all better ones, so its first ``limit`` places hold enough
    new ones to fill the page, if there are enough; and when it does not fill the page, it is all
    there is so far. So most queries need two or three questions, not one for each level.
    """
    found: dict[int, Level | None] = {}
    named = _places(asking, Level.NAME, limit)
    if len(named) >= limit:
        _add(found, _places(asking, Level.EXACT, limit), Level.EXACT, limit)
        _add(found, named, Level.NAME, limit)
        return found
    strict = _places(asking, STRICT, limit)
    if len(strict) >= limit:
        _add(found, named, None, limit)
        _add(found, _places(asking, Level.ANY, limit), Level.ANY, limit)
        _add(found, strict, STRICT, limit)
        return found
    _add(found, strict, None, limit)
    if asking.expression(Level.FORGIVEN) != asking.expression(STRICT):
        _add(found, _places(asking, Level.FORGIVEN, limit), Level.FORGIVEN, limit)
    return found


def _places(asking: Asking, level: Level, limit: int) -> list[int]:
    expression = asking.expression(level)
    if not expression:
        return []
    return [place for (place,) in ask(asking.connection, sql.MATCH, (expression, limit))]


def _add(
    found: dict[int, Level | None], places: list[int], level: Level | None, limit: int
) -> None:
    for place in places:
        if len(found) >= limit:
            return
        found.setdefault(place, level)


def count(
    connection: sqlite3.Connection,
    text: str,
    *,
    today: date,
    filters: Filters = EVERYONE,
    sight: Sight = ALL_SEEING,
    limit: int = PAGE,
) -> int:
    """How many patients ``find`` would list if its page went on for ever.

    ``limit`` is that of the list: it decides whether typing errors are looked for.
    """
    asking = Asking(connection, text, today, filters, sight)
    strict = _count(connection, asking.expression(STRICT))
    if strict >= limit:
        return strict
    return max(strict, _count(connection, asking.expression(Level.FORGIVEN)))


def _count(connection: sqlite3.Connection, expression: str | None) -> int:
    return int(one(connection, sql.COUNT, (expression,))) if expression else 0


def recent(
    connection: sqlite3.Connection,
    *,
    today: date,
    filters: Filters = EVERYONE,
    sight: Sight = ALL_SEEING,
    limit: int = PAGE,
) -> Found:
    """The patients seen last, whatever their name."""
    expression = scope(filters, sight, today)
    if expression is None:
        return Found()
    if expression:
        places = ask(connection, sql.MATCH, (expression, limit))
    else:
        places = ask(connection, sql.EVERYONE, (limit,))
    rows = _rows(connection, [place for (place,) in places])
    hits = [_hit(row, Level.EXACT, None) for row in rows]
    hits.sort(key=lambda hit: (-hit.seen, -hit.pk))
    return Found(hits, full=len(hits) >= limit)


def total(
    connection: sqlite3.Connection,
    sight: Sight = ALL_SEEING,
    *,
    today: date | None = None,
    filters: Filters = EVERYONE,
) -> int:
    """How many live patients there are within ``sight`` (and ``filters``, given ``today``)."""
    if today is not None and filters != EVERYONE:
        return _count(connection, scope(filters, sight, today))
    clinics = dict(ask(connection, sql.TOTALS))
    if sight.clinic_ids is None:
        return sum(clinics.values())
    seen = {NO_CLINIC, *map(clinic_token, sight.clinic_ids)}
    return sum(number for clinic, number in clinics.items() if clinic in seen)


# --- rows --------------------------------------------------------------------------------------


def _rows(connection: sqlite3.Connection, places: Sequence[int]) -> list[dict[str, Any]]:
    cursor = connection.cursor()
    cursor.row_factory = None
    cursor.execute(sql.HITS, (json.dumps(places),))
    return [mapped(cursor, row) for row in cursor]


def rows_to_hits(connection: sqlite3.Connection, places: Sequence[int]) -> dict[int, Hit]:
    """The hits at these places, by place, without a reason."""
    return {row["place"]: _hit(row, Level.EXACT, None) for row in _rows(connection, places)}


def _hit(row: Mapping[str, Any], level: Level, reason: Any) -> Hit:
    def text(column: str) -> str:
        return str(row[column] or "")

    return Hit(
        pk=row["pk"],
        id=row["id"],
        level=level,
        why=reason,
        given_name=text("given_name"),
        surname=text("surname"),
        sex=text("sex"),
        date_of_birth=text("date_of_birth"),
        birth_date_estimated=_estimated(row["metadata"]),
        external_patient_id=text("external_patient_id"),
        government_id=text("government_id"),
        phone=text("phone"),
        camp=text("camp"),
        hometown=text("hometown"),
        primary_clinic_id=text("primary_clinic_id"),
        seen=row["seen"],
    )


def _estimated(metadata: object) -> bool:
    """The mark of decisions.md 5; most rows have none, so the JSON is rarely read."""
    if not isinstance(metadata, str) or "birth_date_estimated" not in metadata:
        return False
    known = json_text.read(metadata)
    return isinstance(known, dict) and bool(known.get("birth_date_estimated"))
