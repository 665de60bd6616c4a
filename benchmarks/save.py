"""Saving a visit with a form of thirty fields, durable, beside one bare committed insert.

    python -m benchmarks.save [--patients 20000] [--rounds 200]

The save is the clinic's own (``visits.record``): permissions, the form's checks, the visit, the
event, audit entries, the search index, in one transaction that is on the disk when it returns. The
floor is one row with the same answers as JSON, inserted and committed by ``sqlite3`` with the same
settings, in a file beside it; both in turns. In milliseconds; the ratio is that of the 95th
percentiles, and what the writing thread has had of the processor is beside it.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from hikma_tui.clinic import records, visits
from hikma_tui.clinic.actor import actor_named
from hikma_tui.demo import make
from hikma_tui.models import connection
from hikma_tui.store import Store

_FIELDS = 30
_GROWN = "SELECT id FROM live_patients WHERE date_of_birth < '2020' LIMIT ?"


def _form() -> dict[str, Any]:
    fields = [
        {"id": f"f{n}", "name": f"Question {n}", "fieldType": "free-text", "inputType": "text",
         "required": False, "length": "short"}
        for n in range(_FIELDS)
    ]  # fmt: skip
    return {"name": "Long", "form_fields": fields, "is_editable": True}


def _answers(number: int) -> dict[str, Any]:
    return {f"f{n}": f"answer {number} to question {n}" for n in range(_FIELDS)}


def _timed(act: Callable[[], object]) -> float:
    start = time.perf_counter()
    act()
    return (time.perf_counter() - start) * 1000


def _waited(store: Store, *arguments: Any) -> None:
    store.write(visits.record, *arguments).result()


def _busy(store: Store) -> float:
    """The processor time, in seconds, that the writing thread has had."""
    return store.on_writer(time.thread_time).result()


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def measure(patients: int, rounds: int) -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as place:
        store = make(Path(place) / "demo", patients=patients)
        actor = store.read(actor_named).result()
        ids = store.read(lambda: [r[0] for r in connection().execute(
            _GROWN, (rounds,))]).result()  # fmt: skip
        bare = sqlite3.connect(Path(place) / "bare.db", isolation_level=None)
        bare.execute("PRAGMA journal_mode = WAL")
        bare.execute("PRAGMA synchronous = FULL")
        bare.execute("CREATE TABLE events (id INTEGER PRIMARY KEY, form_data TEXT)")
        form = store.write(records.create, actor, "event_forms", _form()).result()
        ours: list[float] = []
        floor: list[float] = []
        busy = _busy(store)
        day = date.today() - timedelta(days=1)
        insert = "INSERT INTO events (form_data) VALUES (?)"
        for number in range(rounds):
            patient, answers = ids[number % len(ids)], _answers(number)
            ours.append(_timed(partial(_waited, store, actor, patient, form, day, answers)))
            row = json.dumps([{"fieldId": name, "value": one} for name, one in answers.items()])
            floor.append(_timed(partial(bare.execute, insert, (row,))))
        busy = (_busy(store) - busy) / rounds * 1000
        bare.close()
        store.close()
    return (
        "| | p50 | p95 |\n|---|---|---|\n"
        f"| a visit with a form of {_FIELDS} fields | {statistics.median(ours):.2f}"
        f" | {_p95(ours):.2f} |\n"
        f"| one bare committed insert | {statistics.median(floor):.2f} | {_p95(floor):.2f} |\n"
        f"| ratio | {statistics.median(ours) / statistics.median(floor):.1f}"
        f" | {_p95(ours) / _p95(floor):.1f} |\n"
        f"| processor time of the save | {busy:.2f} | |"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    print(measure(options.patients, options.rounds))


if __name__ == "__main__":
    main()
