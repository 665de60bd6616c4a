"""A small clinic in a real store for the tests of screens, on a day that does not move.

The day is Sunday 22 November 2026, a little after noon in UTC. Nothing of ours is replaced: the
clock is put right as a user would put it right.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import ModalScreen, Screen

from hikma_tui import clock, i18n
from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import patients, setup, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.screens.session import begin
from hikma_tui.store import Store
from tests.screens.harness import screen_text, settle

NOON = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)
TODAY = NOON.date()
COMPLAINT = "Chief complaint"


def stop_the_clock() -> None:
    """From now on it is a little after noon of 22 November 2026."""
    clock._offset_ms = 0
    clock._offset_ms = round(NOON.timestamp() * 1000) - clock.wall_ms()


@dataclass
class Clinic:
    """A store with a clinic in it, and short ways to fill it."""

    store: Store
    actor: Actor
    forms: dict[str, dict[str, Any]] = field(default_factory=dict)

    def register(self, given: str, surname: str, sex: str = "male", **more: Any) -> str:
        estimated = more.pop("estimated", False)
        metadata = {"birth_date_estimated": True} if estimated else {}
        row: dict[str, Any] = {
            "given_name": given, "surname": surname, "sex": sex, "metadata": metadata,
            "primary_clinic_id": self.actor.clinic_id, **more,
        }  # fmt: skip
        return self.store.write(patients.register, self.actor, row).result()

    def note(
        self, patient_id: str, day: date, complaint: str, form: str = "Consultation", **more: Any
    ) -> visits.Recorded:
        fields = {f["name"]: f["id"] for f in self.forms[form]["form_fields"]}
        answers: dict[str, object] = {
            fields[COMPLAINT if form == "Consultation" else form]: complaint
        }
        for name, value in more.items():
            answers[fields[name.replace("_", " ")]] = value
        return self.store.write(
            visits.record, self.actor, patient_id, self.forms[form]["id"], day, answers
        ).result()


def make_clinic(directory: Path) -> Clinic:
    """An empty clinic, with the clock stopped."""
    stop_the_clock()
    store = Store.create(directory)
    actor = store.write(setup.create_clinic, "Al-Salam Dispensary", "Nora", time_zone="").result()
    forms = {row["name"]: row for row in store.read(visits.event_forms, actor).result()}
    return Clinic(store, actor, forms)


def fill(clinic: Clinic) -> dict[str, str]:
    """The patients of the sketch in screens.md, by card number."""
    return {
        "A-0040": clinic.register(
            "محمد", "حسن", date_of_birth="1955-01-01", estimated=True, camp="B",
            external_patient_id="A-0040",
        ),
        "A-0777": clinic.register(
            "Mohamad", "Hasson", date_of_birth="1986-07-30", phone="071 998812",
            external_patient_id="A-0777",
        ),
        "A-0981": clinic.register(
            "Hassan", "Mohamud", date_of_birth="2026-05-02", hometown="Saida",
            external_patient_id="A-0981",
        ),
        "A-0123": clinic.register(
            "Mohammed", "Hassan", date_of_birth="1992-03-11", phone="070 123456",
            government_id="LB-99812", hometown="Saida", external_patient_id="A-0123",
        ),
        "A-0300": clinic.register(
            "Amal", "Khalil", sex="female", date_of_birth="1979-09-09",
            external_patient_id="A-0300",
        ),
    }  # fmt: skip


@asynccontextmanager
async def running(
    clinic: Clinic, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[HikmaApp, Pilot[int]]]:
    """The whole app on the clinic's store, settled on its first screen; the store is closed."""
    stop_the_clock()
    app = HikmaApp(clinic.store.directory, clinic.store, clinic.store.read(begin, "").result())
    try:
        async with app.run_test(size=size) as pilot:
            await settle(pilot)
            yield app, pilot
    finally:
        app.close_store()
        clock._offset_ms = 0
        i18n.use_language("en")


async def calm(pilot: Pilot[Any]) -> None:
    """Wait until nothing is under way but a question to the user.

    ``harness.settle`` would wait for ever for a worker that waits for the answer to a dialog.
    """
    while True:
        await pilot._wait_for_screen()
        if isinstance(pilot.app.screen, ModalScreen):
            break
        if all(worker.is_finished for worker in pilot.app.workers):
            break
        await asyncio.sleep(0.002)
    await pilot.pause()


async def type_text(pilot: Pilot[Any], text: str) -> None:
    """Type as a keyboard does, and wait until the screen is settled."""
    names = {" ": "space", "-": "minus", "[": "left_square_bracket", "/": "slash"}
    await pilot.press(*[names.get(character, character) for character in text])
    await calm(pilot)


async def press(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys, each when the one before has done its work; what stands on the screen then."""
    for key in keys:
        await pilot.press(key)
        await calm(pilot)
    return screen_text(pilot.app)


def on(app: App[Any], kind: type[Screen[Any]]) -> bool:
    """Whether a screen of that kind is the one that is shown."""
    return isinstance(app.screen, kind)


def use_utc(monkeypatch: Any) -> None:
    """This machine's zone is UTC for the test."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
