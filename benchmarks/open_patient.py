"""Opening a patient with 200 visits beside one with two: the read behind the patient screen.

    python -m benchmarks.open_patient [--patients 20000] [--data-dir DIR]

Prints the median and the worst of reading a whole patient screen, in milliseconds, for the patients
with the most visits and for patients with two, in turns.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from hikma_tui.clinic import chart
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.models import connection
from hikma_tui.screens import visit_reading
from hikma_tui.store import Store

ROUNDS = 5
_MOST = (
    "SELECT patient_id FROM live_visits GROUP BY patient_id ORDER BY count(*) DESC, patient_id"
    " LIMIT 8"
)
_TWO = (
    "SELECT patient_id FROM live_visits GROUP BY patient_id HAVING count(*) = 2"
    " ORDER BY patient_id LIMIT 8"
)


def _ids(query: str) -> list[str]:
    return [row[0] for row in connection().execute(query)]


def _times(store: Store, actor: Actor, ids: Sequence[str]) -> list[float]:
    found = []
    for patient_id in ids:
        start = time.perf_counter()
        store.read(visit_reading.opened, actor, patient_id, chart.PAGE).result()
        found.append((time.perf_counter() - start) * 1000)
    return found


def measure(store: Store) -> str:
    """The table."""
    actor = store.read(actor_named).result()
    groups = {"two visits": _TWO, "most visits": _MOST}
    ids = {name: store.read(_ids, query).result() for name, query in groups.items()}
    times: dict[str, list[float]] = {name: [] for name in groups}
    for _round in range(ROUNDS):
        for name, found in ids.items():
            times[name] += _times(store, actor, found)
    lines = ["| patients with | median, ms | worst, ms |", "|---|---|---|"]
    for name, all_times in times.items():
        lines.append(f"| {name} | {statistics.median(all_times):.1f} | {max(all_times):.1f} |")
    return "\n".join(lines)


def main() -> None:
    """Make a demo store unless one is given, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=20_000)
    parser.add_argument("--data-dir", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        if arguments.data_dir is not None:
            store = Store.open(arguments.data_dir)
        else:
            from hikma_tui.demo import make

            store = make(Path(place) / "demo", patients=arguments.patients)
        try:
            print(measure(store))
        finally:
            store.close()


if __name__ == "__main__":
    main()
