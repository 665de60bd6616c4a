"""Counts that the code moves and the machine's mood does not (benchmarks/limits.toml)."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import chart, finding, patients, quick, records, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
from hikma_tui.screens import visit_reading
from hikma_tui.store import Store
from tests.terminal.terminal import clinic
from tests.unit.program import environment, new_clinic

LIMITS: dict[str, dict[str, int]] = tomllib.loads(
    (Path(__file__).resolve().parents[2] / "benchmarks" / "limits.toml").read_text()
)
DAY = date(2026, 11, 20)


def held(kind: str, name: str, found: int) -> None:
    """Fail with the name of what moved and by how much; a limit far above the truth is none."""
    limit = LIMITS[kind][name]
    assert found <= limit, f"{kind}.{name}: {found}, {found - limit} above its limit of {limit}"
    assert found >= limit * 0.7, f"{kind}.{name}: {found}, lower its limit of {limit}"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Store, Actor]]:
    store, actor = clinic(tmp_path / "store")
    yield store, actor
    store.close()


def statements(function: Callable[..., Any], *arguments: Any) -> int:
    """Run it on the calling store thread; how many statements SQLite was given."""
    given: list[str] = []
    connection().set_trace_callback(given.append)
    try:
        function(*arguments)
    finally:
        connection().set_trace_callback(None)
    return len(given)


def with_visits(store: Store, actor: Actor, visits: int) -> str:
    row = {"given_name": "Mona", "sex": "female", "date_of_birth": "1990-01-01"}
    mona = store.write(patients.register, actor, row).result()
    for number in range(visits):
        day = DAY - timedelta(days=number)
        store.write(quick.save, actor, mona, day, "bp 120/80 sitting hr 80").result()
    return mona


def test_a_long_history_asks_no_more_than_a_short_one(place: tuple[Store, Actor]) -> None:
    store, actor = place
    asked = [
        store.read(statements, visit_reading.opened, actor, patient, chart.PAGE).result()
        for patient in (with_visits(store, actor, 2), with_visits(store, actor, 200))
    ]
    assert asked[0] == asked[1]
    held("queries", "open_a_patient", asked[1])


def test_a_letter_and_a_save(place: tuple[Store, Actor]) -> None:
    store, actor = place
    mona = with_visits(store, actor, 2)
    held("queries", "search_a_letter", store.read(statements, finding.find, actor, "mo").result())
    line = (actor, mona, DAY + timedelta(days=1), "bp 120/80 sitting hr 80")
    held("queries", "save_vitals", store.write(statements, quick.save, *line).result())
    fields = [{"id": f"f{n}", "name": f"{n}", "fieldType": "free-text"} for n in range(30)]
    form = {"name": "Long", "form_fields": fields}
    form_id = store.write(records.create, actor, "event_forms", form).result()
    answers = {f"f{n}": "an answer" for n in range(30)}
    one = (actor, mona, form_id, DAY + timedelta(days=2), answers)
    held("queries", "save_a_form", store.write(statements, visits.record, *one).result())


# The screens' own start, with everything but the terminal: Textual's loop is not entered.
START = """
from hikma_tui import app
app._asyncio_without_tls()
from textual.app import App
App.run = lambda self, **_options: None
from hikma_tui.cli import main
main(["--data-dir", {directory!r}])
"""


def loaded(code: str, under: str = "") -> int:
    """How many modules a fresh interpreter has loaded at the end of ``code``."""
    end = f"\nimport sys\nprint('LOADED', sum(m.startswith({under!r}) for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code + end],
        capture_output=True, text=True, env=environment(), timeout=60, check=True,
    )  # fmt: skip
    return int(done.stdout.rpartition("LOADED ")[2])


def test_what_is_not_needed_is_not_loaded(tmp_path: Path) -> None:
    directory = new_clinic(tmp_path / "clinic")
    main = "from hikma_tui.cli import main\nmain({words!r})"
    held("modules", "version", loaded(main.format(words=["--version"])))
    words = ["status", "--data-dir", str(directory)]
    held("modules", "status", loaded(main.format(words=words)))
    start = START.format(directory=str(directory))
    held("modules", "start", loaded(start))
    held("modules", "start_of_ours", loaded(start, "hikma_tui"))
