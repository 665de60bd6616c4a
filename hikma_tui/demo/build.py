"""Filling the store: patient after patient, in batches, on a connection tuned for it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hikma_tui import search
from hikma_tui.clinic import audit, info
from hikma_tui.demo.answers import Fillings
from hikma_tui.demo.chart import Charts
from hikma_tui.demo.people import Crowd
from hikma_tui.demo.place import Place, found
from hikma_tui.demo.rows import Rows
from hikma_tui.demo.seeded import Ids
from hikma_tui.demo.turns import deleted_beside, turns
from hikma_tui.ids import new_id
from hikma_tui.models import connection, database

Progress = Callable[[int, int], None]

_BATCH = 1000
_LARGE = 200_000  # patients; above it fewer visits each: a filled form takes 4 kB of the file
_USUAL_EXTRAS = 20_000  # patients whose vitals, prescriptions ... are made in the usual number
_FAST = ("journal_mode = OFF", "synchronous = OFF", "cache_size = -262144", "temp_store = FILE")


def fill(patients: int, seed: int, now: int | None, progress: Progress) -> None:
    """Make the clinic and ``patients`` live patients; runs on the writer's thread.

    The store must be new: while it is filled a power cut would spoil it. The connection's speed
    ends with it, so the store must be closed, its file synced, and opened again.
    """
    for pragma in _FAST:
        connection().execute(f"PRAGMA {pragma}")
    ids = Ids(seed)
    with database.atomic("IMMEDIATE"):
        place = found(info.now_ms() if now is None else now, ids)
    with _without_indexes(connection()):
        charts = _patients(place, ids, patients, seed, progress)
    search.rebuild(connection(), lambda done, _total: progress(patients + done, 2 * patients))
    with database.atomic("IMMEDIATE"):
        _finish(place, patients, seed, charts)


def _patients(place: Place, ids: Ids, patients: int, seed: int, progress: Progress) -> Charts:
    rows = Rows(connection(), place)
    fillings = Fillings(place, seed, 40 if patients < 2000 else 150)
    share = min(1.0, _USUAL_EXTRAS / max(patients, 1))
    charts = Charts(place, ids, rows, fillings, few=patients > _LARGE, share=share)
    rng = random.Random(f"patients:{seed}")
    crowd = Crowd(rng).people()
    connection().execute("BEGIN")
    done = 0
    for turn in turns(patients):
        person = next(crowd)
        if turn.many or turn.whole:
            while person.age_days is None or person.age_days < 20 * 365:
                person = next(crowd)
        charts.add(person, turn, rng)
        done += not turn.deleted
        if done % _BATCH == 0 and not turn.deleted:
            rows.flush()
            connection().execute("BEGIN")
            progress(done, 2 * patients)
    rows.flush()
    return charts


@contextmanager
def _without_indexes(connection: sqlite3.Connection) -> Iterator[None]:
    """Make the plain indexes anew after the rows are in: sorting once is quicker than inserting."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE 'CREATE INDEX%'"
        " AND name NOT LIKE 'search%'"
    ).fetchall()
    for name, _sql in found:
        connection.execute(f'DROP INDEX "{name}"')
    yield
    for _name, sql in found:
        connection.execute(sql)


def _finish(place: Place, patients: int, seed: int, charts: Charts) -> None:
    connection().executemany(
        "INSERT INTO open_visits (visit_id, user_id, opened_at) VALUES (?, ?, ?)",
        charts.open_visits,
    )
    info.put("card_next", patients + deleted_beside(patients) + 1)
    info.put("newest_stamp", place.now)
    counts = {"patients": patients, "visits": charts.visits, "events": charts.events, "seed": seed}
    entry = audit.Entry("CREATE", "patients", "", {"demo": counts})
    audit.append(place.actor, new_id(place.now), [entry], place.now)
