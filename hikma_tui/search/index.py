"""Keeping the index: made, refreshed in the transaction of each save, rebuilt, checked."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

from hikma_tui import json_text, odd_values
from hikma_tui.names import sounds
from hikma_tui.search import places, sql
from hikma_tui.search.rows import ask, mapped, one, seen_of
from hikma_tui.search.tokens import NAME_KINDS, WORD_KINDS, of_patient, parts_of

Progress = Callable[[int, int], None]
_BATCH = 5000
_FIRST = 20_000  # patients, about 1200 pages; a flush of HASHSIZE is smaller
_LEVELS = 5
# Base fields that are indexed in a way of their own, whether or not the form calls them searchable.
_OWN_WAY = frozenset(
    {"given_name", "surname", "date_of_birth", "sex", "phone", "camp", "hometown"}
    | {"government_id", "external_patient_id", "primary_clinic_id"}
)


def create(connection: sqlite3.Connection) -> None:
    """Make the (empty) tables of the search, inside the caller's transaction."""
    for statement in (*sql.CREATE, *sql.CREATE_INDEXES, *sql.SETTINGS):
        connection.execute(statement)


def refresh(connection: sqlite3.Connection, patient_id: str) -> None:
    """Bring the index up to date with one patient, live or no longer so.

    To be called inside the saving transaction, after any change of the patient, the patient's
    attributes or visits. Takes about a millisecond.
    """
    cursor = connection.cursor()
    cursor.row_factory = None
    found = cursor.execute(sql.PATIENT, (patient_id,)).fetchone()
    if found is None:
        pk = one(connection, sql.ANY_PK, (patient_id,))
        if pk is not None:
            forget(connection, pk)
        return
    row = mapped(cursor, found)
    seen = one(connection, sql.LAST_VISIT, (patient_id,))
    seen = seen_of(row["created_at"] if seen is None else seen)
    _stand(connection, row["pk"], seen, of_patient(row, _others(connection, row)))


def forget(connection: sqlite3.Connection, pk: int) -> None:
    """Take a patient out of the index."""
    for place, _seen, tokens in ask(connection, sql.STANDING, (pk,)):
        connection.execute(sql.DROP_TOKENS, (place, tokens))
        connection.execute(sql.DROP_PATIENT, (place,))
        _uncount(connection, tokens.split())


def _stand(connection: sqlite3.Connection, pk: int, seen: int, tokens: str) -> None:
    """Let the patient stand with these tokens at the place of ``seen``."""
    standing = ask(connection, sql.STANDING, (pk,))
    place, seen_before, tokens_before = standing[0] if standing else (0, 0, "")
    if standing and (seen_before, tokens_before) == (seen, tokens):
        return
    connection.execute(sql.MERGE)
    changes = [(place, sql.DROP_TOKENS, tokens_before)] if standing else []
    if standing:
        connection.execute(sql.DROP_PATIENT, (place,))
    if not standing or seen_before != seen:
        place = places.free(connection, seen)
    changes.append((place, sql.ADD_TOKENS, tokens))
    # In ascending order: FTS5 writes what it holds to the disk whenever a rowid goes back.
    for at, statement, text in sorted(changes, key=lambda change: change[0]):
        connection.execute(statement, (at, text))
    connection.execute(sql.ADD_PATIENT, (place, pk, seen, tokens))
    before, now = set(tokens_before.split()), set(tokens.split())
    _uncount(connection, before - now)
    _count(connection, now - before)


def _count(connection: sqlite3.Connection, tokens: Iterable[str]) -> None:
    for token in tokens:
        if token[0] == "k":
            connection.execute(sql.ADD_TOTAL, (token, 1))
        elif token[0] in WORD_KINDS and one(connection, sql.COUNT_WORD, (token,)) == 1:
            connection.executemany(sql.ADD_SOUND, sounds_of(token))
            connection.executemany(sql.ADD_PART, parts_of_word(token))


def _uncount(connection: sqlite3.Connection, tokens: Iterable[str]) -> None:
    for token in tokens:
        if token[0] == "k":
            connection.execute(sql.ADD_TOTAL, (token, -1))
        elif token[0] in WORD_KINDS and one(connection, sql.UNCOUNT_WORD, (token,)) == 0:
            connection.execute(sql.DROP_WORD, (token,))
            connection.executemany(sql.DROP_SOUND, sounds_of(token))
            connection.executemany(sql.DROP_PART, parts_of_word(token))


def sounds_of(token: str) -> list[tuple[str, str]]:
    """The skeletons of a name's word, marked by its script: ``l`` or ``a``."""
    if token[0] not in NAME_KINDS:
        return []
    script = "l" if token[1] < "\u0600" else "a"
    return [(script + sound, token) for sound in sounds(token[1:])]


def parts_of_word(token: str) -> list[tuple[str, str]]:
    """The ends of a name's word, each with the word."""
    return [(part, token) for part in parts_of(token[1:])] if token[0] == "n" else []


# --- the form's own search fields --------------------------------------------------------------


@lru_cache(maxsize=8)
def _search_fields(form: str | None) -> tuple[frozenset[str], bool]:
    """The ids of attributes to index, and whether citizenship is."""
    wanted = [
        field
        for field in _form_fields(form)
        if field.get("isSearchField")
        and not field.get("deleted")
        and str(field.get("column")) not in _OWN_WAY
    ]
    attributes = frozenset(str(f.get("id")) for f in wanted if not f.get("baseField"))
    return attributes, any(f.get("column") == "citizenship" for f in wanted)


def _form_fields(form: str | None) -> list[dict[str, Any]]:
    fields = json_text.read(form)
    return (
        [field for field in fields if isinstance(field, dict)] if isinstance(fields, list) else []
    )


def _others(connection: sqlite3.Connection, row: dict[str, Any]) -> list[str]:
    return other_texts(connection)(row)


def other_texts(connection: sqlite3.Connection) -> Callable[[dict[str, Any]], list[str]]:
    """Gives the texts of the form's search fields that are not columns of their own, by patient."""
    attributes, citizenship = _search_fields(one(connection, sql.FORM_FIELDS))
    if not attributes and not citizenship:
        return lambda _row: []
    return lambda row: _texts(connection, row, attributes, citizenship)


def _texts(
    connection: sqlite3.Connection,
    row: dict[str, Any],
    attributes: frozenset[str],
    citizenship: bool,
) -> list[str]:
    texts = [row["citizenship"]] if citizenship and row["citizenship"] else []
    if attributes:
        for field, text, number, moment in ask(connection, sql.ATTRIBUTES, (row["id"],)):
            if field in attributes:
                texts.append(_attribute_text(text, number, moment))
    return texts


def _attribute_text(text: str | None, number: object, moment: int | None) -> str:
    """A text, a number without a needless fraction, or a day as ``2019 20190131``."""
    if text:
        return odd_values.shown(text)
    if moment is not None:
        try:
            return f"{datetime.fromtimestamp(moment / 1000, UTC):%Y %Y%m%d}"
        except (OverflowError, OSError, ValueError, TypeError):
            return ""
    return "" if number is None else f"{number:.15g}" if isinstance(number, float) else str(number)


def fields_key(connection: sqlite3.Connection) -> str:
    """The search fields of the registration form as it is now."""
    attributes, citizenship = _search_fields(one(connection, sql.FORM_FIELDS))
    return json.dumps([sorted(attributes), citizenship])


def searched_attributes(connection: sqlite3.Connection) -> frozenset[str]:
    """Which attributes of patients the registration form, as it is now, wants to be found by."""
    return _search_fields(one(connection, sql.FORM_FIELDS))[0]


def stale(connection: sqlite3.Connection) -> bool:
    """Whether the registration form's search fields changed since the last rebuild."""
    known = one(connection, sql.META, ("fields",))
    return fields_key(connection) != (known or json.dumps([[], False]))


# --- all at once -------------------------------------------------------------------------------


def rebuild(
    connection: sqlite3.Connection, progress: Progress | None = None, *, sparing: bool = False
) -> int:
    """Build the index anew from all live patients; returns how many there are.

    Runs inside the caller's transaction, or opens one and commits it. ``progress`` is told how
    many of how many are done, every few thousand patients. ``sparing`` takes half the memory.
    """
    ours = not connection.in_transaction
    if ours:
        connection.execute("BEGIN IMMEDIATE")
    try:
        count = _rebuild(connection, progress or (lambda _done, _total: None), sparing)
    except BaseException:
        if ours:
            connection.rollback()
        raise
    if ours:
        connection.commit()
    return count


def _rebuild(connection: sqlite3.Connection, progress: Progress, sparing: bool) -> int:
    size = _BATCH // 5 if sparing else _BATCH
    for table in sql.TABLES:
        connection.execute(f"DROP TABLE IF EXISTS search_{table}")
    for statement in (*sql.CREATE, *sql.REBUILD_BEGIN, *(sql.SPARING if sparing else ())):
        connection.execute(statement)
    connection.execute("DROP TABLE IF EXISTS temp.search_order")
    connection.execute(sql.REBUILD_ORDER)
    total = int(one(connection, "SELECT count(*) FROM temp.search_order"))
    counts: Counter[str] = Counter()
    done = 0
    rows = _standing_rows(connection)
    while batch := list(islice(rows, size)):
        connection.executemany(sql.ADD_TOKENS, [(place, text) for place, _p, _s, text in batch])
        connection.executemany(sql.ADD_PATIENT, batch)
        for _place, _pk, _seen, text in batch:
            counts.update([token for token in text.split() if token[0] in "njck"])
        if done < _FIRST <= done + len(batch):
            deepen(connection)
        done += len(batch)
        progress(done, total)
    if total < _FIRST:
        deepen(connection)
    _store_counts(connection, counts)
    for statement in (*sql.REBUILD_END, *sql.CREATE_INDEXES, "DROP TABLE temp.search_order"):
        connection.execute(statement)
    connection.execute(sql.SET_META, ("fields", fields_key(connection)))
    return total


def deepen(connection: sqlite3.Connection) -> None:
    """Move what is indexed so far to a deep level of FTS5's merge tree.

    FTS5 merges the segments of one level with each other, and 'optimize' puts its result below the
    deepest level. On a level near the top, the one large segment of a register would have to be
    rewritten after a few saves, and all later small ones would wait, and slow every query, until
    that is done. A larger new segment pulls up smaller ones, so the first must be the largest.
    """
    nobody = [(number, "1") for number in range(1, _LEVELS + 1)]
    for one_more in nobody:
        connection.execute(sql.ADD_TOKENS, one_more)
        connection.execute(sql.OPTIMIZE)
    connection.executemany(sql.DROP_TOKENS, nobody)


def _standing_rows(connection: sqlite3.Connection) -> Iterator[tuple[int, int, int, str]]:
    """Place, pk, seen and tokens of each live patient, most recently seen first."""
    others = other_texts(connection)
    cursor = connection.cursor()
    cursor.row_factory = None
    place = 0
    for found in cursor.execute(sql.REBUILD_ROWS):
        row = mapped(cursor, found)
        place = max(place + 1, places.ideal(row["seen"]))
        yield place, row["pk"], row["seen"], of_patient(row, others(row))


def _store_counts(connection: sqlite3.Connection, counts: Counter[str]) -> None:
    tokens = sorted(token for token in counts if token[0] in WORD_KINDS)
    connection.executemany(sql.ADD_WORD, ((token, counts[token]) for token in tokens))
    heard = sorted(pair for token in tokens for pair in sounds_of(token))
    connection.executemany(sql.ADD_SOUND, heard)
    parts = sorted(pair for token in tokens for pair in parts_of_word(token))
    connection.executemany(sql.ADD_PART, parts)
    clinics = [(token, number) for token, number in counts.items() if token[0] == "k"]
    connection.executemany(sql.ADD_TOTAL, clinics)


def check(connection: sqlite3.Connection) -> list[str]:
    """Where the index and the live rows disagree, a sentence each; empty when all is well."""
    wrong: list[str] = []
    standing = {pk: (seen, tokens) for _pl, pk, seen, tokens in ask(connection, sql.ALL_STANDING)}
    cursor = connection.cursor()
    cursor.row_factory = None
    live: set[int] = set()
    for pk, patient_id in ask(connection, sql.LIVE_PKS):
        live.add(pk)
        row = mapped(cursor, cursor.execute(sql.PATIENT, (patient_id,)).fetchone())
        seen = one(connection, sql.LAST_VISIT, (patient_id,))
        seen = seen_of(row["created_at"] if seen is None else seen)
        if standing.get(pk) != (seen, of_patient(row, _others(connection, row))):
            wrong.append(f"patient {pk} is not indexed as it is")
    wrong += [f"patient {pk} is indexed and not live" for pk in standing if pk not in live]
    return wrong + _check_words(connection) + _check_tokens(connection)


def _check_words(connection: sqlite3.Connection) -> list[str]:
    counts: Counter[str] = Counter()
    for _place, _pk, _seen, tokens in ask(connection, sql.ALL_STANDING):
        counts.update(tokens.split())
    known = dict(ask(connection, sql.ALL_WORDS))
    wanted = {word: number for word, number in counts.items() if word[0] in WORD_KINDS}
    totals = {clinic: number for clinic, number in ask(connection, sql.TOTALS) if number}
    clinics = {word: number for word, number in counts.items() if word[0] == "k"}
    wrong = [] if known == wanted else ["the words are not those of the indexed patients"]
    return wrong if totals == clinics else [*wrong, "the totals of the clinics are wrong"]


def _check_tokens(connection: sqlite3.Connection) -> list[str]:
    """Whether the full text index holds each token of each patient, and none else."""
    held: dict[str, set[int]] = {}
    for place, _pk, _seen, tokens in ask(connection, sql.ALL_STANDING):
        for token in tokens.split():
            held.setdefault(token, set()).add(place)
    wrong = [
        f"the index of {token} is wrong"
        for token, wanted in held.items()
        if {row[0] for row in ask(connection, sql.ALL_PLACES, (f'"{token}"',))} != wanted
    ]
    everyone = {place for token, found in held.items() if token[0] == "k" for place in found}
    indexed = {row[0] for row in ask(connection, sql.ALL_PLACES, ('"k" *',))}
    return wrong if indexed == everyone else [*wrong, "the index holds patients who are not there"]
