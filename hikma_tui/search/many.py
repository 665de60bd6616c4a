"""Keeping the index for many patients at once: after a pull, in short transactions.

``refresh_many`` does for some hundreds what ``index.refresh`` does for one, at a tenth of the cost;
``begin_all``, ``next_all`` and ``settle`` fill an index from nothing without ever holding the store
for long, and leave it as ``rebuild`` does: the most recently seen first, one deep segment.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from hikma_tui.search import places, sql
from hikma_tui.search.index import fields_key, other_texts, parts_of_word, refresh, sounds_of
from hikma_tui.search.rows import ask, mapped_all, one, seen_of
from hikma_tui.search.tokens import COUNTED_KINDS, WORD_KINDS, of_patient

Standing = tuple[int, int, str]  # place, seen, tokens


def refresh_many(connection: sqlite3.Connection, patient_ids: Sequence[str]) -> None:
    """Bring the index up to date with these patients, live or no longer so.

    Inside the caller's transaction; some 60 microseconds for a patient who did not stand in it.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    live = mapped_all(cursor.execute(sql.PATIENTS_NAMED, (json.dumps(list(patient_ids)),)))
    found = {row["id"] for row in live}
    for patient_id in patient_ids:
        if patient_id not in found:
            refresh(connection, patient_id)  # deleted, or never here
    _stand_many(connection, live)


def _stand_many(connection: sqlite3.Connection, live: list[dict[str, Any]]) -> None:
    pks = json.dumps([row["pk"] for row in live])
    before: dict[int, Standing] = {
        pk: (place, seen, tokens)
        for pk, place, seen, tokens in ask(connection, sql.STANDING_MANY, (pks,))
    }
    others = other_texts(connection)
    changed: list[tuple[int, int, str]] = []  # pk, seen, tokens
    for row in live:
        seen = seen_of(row["created_at"] if row["seen"] is None else row["seen"])
        tokens = of_patient(row, others(row))
        standing = before.get(row["pk"])
        if standing is None or standing[1:] != (seen, tokens):
            changed.append((row["pk"], seen, tokens))
    if not changed:
        return
    gone = [(pk, *before[pk]) for pk, _seen, _tokens in changed if pk in before]
    connection.executemany(sql.DROP_PATIENT, [(place,) for _pk, place, _seen, _t in gone])
    placed = _placed(connection, changed, {pk: before[pk] for pk, *_rest in gone})
    texts_of = [(place, sql.DROP_TOKENS, tokens) for _pk, place, _seen, tokens in gone]
    texts_of += [(place, sql.ADD_TOKENS, tokens) for place, _pk, _seen, tokens in placed]
    if gone:
        # In ascending order: FTS5 writes what it holds to the disk whenever a rowid goes back.
        for place, statement, tokens in sorted(texts_of, key=lambda text: text[0]):
            connection.execute(statement, (place, tokens))
    else:
        added = sorted((place, tokens) for place, _statement, tokens in texts_of)
        connection.executemany(sql.ADD_TOKENS, added)
    change: Counter[str] = Counter()
    for _place, _pk, _seen, tokens in placed:
        change.update([token for token in tokens.split() if token[0] in COUNTED_KINDS])
    for _pk, _place, _seen, tokens in gone:
        change.subtract([token for token in tokens.split() if token[0] in COUNTED_KINDS])
    _recount(connection, change)


def _placed(
    connection: sqlite3.Connection,
    changed: list[tuple[int, int, str]],
    before: dict[int, Standing],
) -> list[tuple[int, int, int, str]]:
    """Give each of the changed a place, and let it stand there: place, pk, seen, tokens."""
    moving = []
    placed = []
    for pk, seen, tokens in changed:
        if pk in before and before[pk][1] == seen:
            placed.append((before[pk][0], pk, seen, tokens))
        else:
            moving.append((pk, seen, tokens))
    connection.executemany(sql.ADD_PATIENT, placed)
    moving.sort(key=lambda patient: -patient[1])
    together = places.free_many(connection, [seen for _pk, seen, _tokens in moving])
    if together is not None:
        new = [(place, *patient) for place, patient in zip(together, moving, strict=True)]
        connection.executemany(sql.ADD_PATIENT, new)
        return placed + new
    for pk, seen, tokens in moving:
        place = places.free(connection, seen)
        connection.execute(sql.ADD_PATIENT, (place, pk, seen, tokens))
        placed.append((place, pk, seen, tokens))
    return placed


def _recount(connection: sqlite3.Connection, change: Counter[str]) -> None:
    """Count words and clinics anew after ``change`` of their numbers of patients."""
    clinics = [(token, n) for token, n in change.items() if n and token[0] == "k"]
    connection.executemany(sql.ADD_TOTAL, clinics)
    words = sorted(token for token, n in change.items() if n and token[0] in WORD_KINDS)
    known = dict(ask(connection, sql.WORDS_NAMED, (json.dumps(words),)))
    kept = [(word, known.get(word, 0) + change[word]) for word in words]
    connection.executemany(sql.SET_WORD, [(word, n) for word, n in kept if n > 0])
    new = [word for word in words if word not in known]
    _heard(connection, new, sql.ADD_SOUND, sql.ADD_PART)
    gone = [word for word, n in kept if n <= 0]
    connection.executemany(sql.DROP_WORD, [(word,) for word in gone])
    _heard(connection, gone, sql.DROP_SOUND, sql.DROP_PART)


def _heard(connection: sqlite3.Connection, words: Iterable[str], sound: str, part: str) -> None:
    words = list(words)
    connection.executemany(sound, sorted(p for word in words for p in sounds_of(word)))
    connection.executemany(part, sorted(p for word in words for p in parts_of_word(word)))


# --- everyone, from nothing --------------------------------------------------------------------


def begin_all(connection: sqlite3.Connection) -> int:
    """Note the order in which all live patients are to be indexed; returns how many there are.

    The order is kept by this connection alone, in a temporary table.
    """
    connection.execute("DROP TABLE IF EXISTS temp.search_order")
    connection.execute(sql.REBUILD_ORDER)
    return int(one(connection, "SELECT count(*) FROM temp.search_order"))


def next_all(connection: sqlite3.Connection, after: int, count: int) -> None:
    """Index the next ``count`` patients of the order behind the first ``after``."""
    cursor = connection.cursor()
    cursor.row_factory = None
    _stand_many(connection, mapped_all(cursor.execute(sql.ORDERED, (after, after + count))))


def end_all(connection: sqlite3.Connection) -> None:
    """Forget the order; the index was made with the search fields of the form as it is now."""
    connection.execute("DROP TABLE IF EXISTS temp.search_order")
    connection.execute(sql.SET_META, ("fields", fields_key(connection)))


def settle(connection: sqlite3.Connection, pages: int) -> bool:
    """Merge some ``pages`` of what many small refreshes left; whether more is to be done.

    Searches are as fast as after a rebuild once it says no. Negative on the first call: all
    segments are put in line for one.
    """
    before = connection.total_changes
    connection.execute(sql.MERGE_PAGES, (pages,))
    # FTS5: a step that did nothing makes fewer than two changes.
    return connection.total_changes - before >= 2
