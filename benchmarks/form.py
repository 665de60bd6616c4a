"""Opening a form of sixty fields, and a letter typed in it, beside a bare screen with one field.

    python -m benchmarks.form [--fields 60] [--rounds 40]

Both run in this process on a driver that is told every byte meant for the terminal of 80x24. *Open*
is from the screen being asked for to its last byte; *letter* from the key to its echo, and *letter,
all* to the last byte that came of it (suggestions from the list of diseases too); *Tab* is going to
the next field, to the last byte. The draft is saved on the way, as in life, and the list's index is
made before. The bare screen is Textual's own, with one Input and nothing else. Prints medians and
95th percentiles in ms.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Input

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import diseases, patients, setup
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.saving import Save
from hikma_tui.models import EventForm
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.session import begin
from hikma_tui.store import Store

QUIET_S = 0.15
Times = dict[str, list[float]]
_OPTIONS = [{"id": f"o{n}", "label": f"Choice {n}", "value": f"c{n}"} for n in range(8)]
_SORTS: tuple[dict[str, Any], ...] = (
    {"fieldType": "free-text", "inputType": "text"},
    {"fieldType": "free-text", "inputType": "number", "units": [{"label": "kg", "value": "kg"}]},
    {"fieldType": "date", "inputType": "date"},
    {"fieldType": "options", "inputType": "select", "options": _OPTIONS},
    {"fieldType": "free-text", "inputType": "text", "length": "long"},
    {"fieldType": "options", "inputType": "checkbox", "multi": True, "options": _OPTIONS},
    {"fieldType": "diagnosis", "inputType": "select"},
    {"fieldType": "medicine", "inputType": "input-group", "options": ["Amoxicillin 250mg"]},
    {"fieldType": "options", "inputType": "radio", "options": _OPTIONS[:3]},
    {"fieldType": "text", "content": "Ask the mother first."},
)


class Told(HeadlessDriver):
    """A terminal that only notes when it was written to, first and last."""

    first = last = 0.0

    @property
    def is_headless(self) -> bool:
        """No: Textual shall render every byte."""
        return False

    def write(self, data: str) -> None:
        """Note the moment."""
        Told.last = time.perf_counter()
        Told.first = Told.first or Told.last


class Bare(Screen[None]):
    """The floor."""

    def compose(self) -> ComposeResult:
        """One field."""
        yield Input()


async def _quiet() -> None:
    """Wait until nothing has been written for a while."""
    while (left := Told.last + QUIET_S - time.perf_counter()) > 0:  # noqa: ASYNC110
        await asyncio.sleep(left)


async def _timed(act: Callable[[], object]) -> float:
    start = Told.last = time.perf_counter()
    Told.first = 0.0
    act()
    await _quiet()
    return (Told.last - start) * 1000


async def _rounds(
    app: App[Any], screen: Callable[[], Screen[Any]], rounds: int, tabs: int
) -> Times:
    times: Times = {"open": [], "letter": [], "letter, all": [], "Tab": []}
    app.driver_class = Told
    async with app.run_test(headless=False, size=(80, 24)):
        await _quiet()
        for number in range(rounds + 2):
            taken = {"open": await _timed(lambda: app.push_screen(screen()))}
            for _tab in range(tabs and number % tabs):
                taken["Tab"] = await _timed(lambda: _press(app, "tab"))
            start = time.perf_counter()
            taken["letter, all"] = await _timed(lambda: _press(app, "a", "a"))
            taken["letter"] = (Told.first - start) * 1000
            app.pop_screen()
            await _quiet()
            if number > 1:  # the first ones load what Textual loads late
                for name, value in taken.items():
                    times[name].append(value)
        await app.workers.wait_for_complete()
        app.exit()
    return times


def _press(app: App[Any], key: str, character: str | None = None) -> None:
    app.post_message(Key(key, character))


def _clinic(directory: Path, fields: int) -> tuple[Store, str, str]:
    """A store with one patient and one form; their ids."""
    store = Store.create(directory)
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora", time_zone="").result()
    row = {"given_name": "Mohammed", "surname": "Hassan", "sex": "male",
           "date_of_birth": "1992-03-11", "primary_clinic_id": actor.clinic_id}  # fmt: skip
    patient_id = store.write(patients.register, actor, row).result()
    form_fields = [
        {"id": f"f{n}", "name": f"Question {n}", "required": n % 9 == 0, **_SORTS[n % len(_SORTS)]}
        for n in range(fields)
    ]

    def add_form(actor: Actor) -> str:
        with Save(actor) as save:
            return save.insert(EventForm, {"name": "Long", "form_fields": form_fields})

    store.read(diseases.prepare).result()
    while not store.read(diseases.ready).result():
        time.sleep(0.1)
    return store, patient_id, store.write(add_form, actor).result()


async def measure(fields: int, rounds: int) -> str:
    """The table."""
    with tempfile.TemporaryDirectory() as place:
        store, patient_id, form_id = _clinic(Path(place) / "store", fields)
        begun = store.read(begin, "").result()
        app = HikmaApp(store.directory, store, begun)
        ours = await _rounds(
            app, lambda: EventFormScreen(patient_id, form_id, app.today), rounds, fields * 9 // 10
        )
        app.close_store()
    floor = await _rounds(App[None](), Bare, rounds, 0)
    lines = ["| | form p50 | p95 | bare p50 | p95 |", "|---|---|---|---|---|"]
    for name, values in ours.items():
        shown = [f"{value:.1f}" for values in (values, floor[name]) for value in _shares(values)]
        lines.append(f"| {name} | {' | '.join(shown)} |")
    return "\n".join(lines)


def _shares(values: Sequence[float]) -> tuple[float, ...]:
    if len(values) < 2:
        return ()
    return statistics.median(values), statistics.quantiles(values, n=20)[-1]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=40)
    arguments = parser.parse_args()
    print(asyncio.run(measure(arguments.fields, arguments.rounds)))


if __name__ == "__main__":
    main()
