"""The medicines of a patient on the screen: add, choose, change, stop, repeat, allergies."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from hikma_tui import medicines as words
from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import allergies, drafts, medicines
from hikma_tui.screens import opening
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.medicine_line import MedicineLine
from hikma_tui.screens.medicines import MedicinesScreen
from hikma_tui.store import Store
from hikma_tui.widgets.dialogs import Ask, AskReason, Choose
from tests.screens.clinic import (
    TODAY,
    Clinic,
    calm,
    make_clinic,
    on,
    press,
    running,
    type_text,
    use_utc,
)
from tests.screens.harness import screen_text


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return clinic.register("Zed", "Alone", date_of_birth="1980-01-01")


def give(clinic: Clinic, patient: str, day: date, *lines: str) -> None:
    entries = [words.read(line).item for line in lines]
    clinic.store.write(medicines.prescribe, clinic.actor, patient, day, entries).result()


async def opened(app: HikmaApp, pilot: Pilot[Any], patient: str) -> str:
    await app.push_screen(MedicinesScreen(patient))
    await calm(pilot)
    return screen_text(app)


async def test_current_ended_and_stopped_are_told_apart(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY - timedelta(days=20), "amlodipine 5mg od 30d",
         "amoxicillin 500mg tds 7d", "metformin 500mg bd")  # fmt: skip
    async with running(clinic) as (app, pilot):
        text = await opened(app, pilot, patient)
        assert "ALONE, Zed" in text
        assert "Current medicines: 2   Interactions are not checked." in text
        assert "amlodipine 5 mg, once a day, for 30 days" in text
        assert "2 Nov 2026, Nora, 10 days left, to 2 Dec 2026" in text
        assert "2 Nov 2026, Nora, until stopped" in text
        top, _divider, below = text.partition("ended, stopped or replaced")
        assert "amoxicillin" not in top
        assert "ended 9 Nov 2026" in below


async def test_a_line_is_told_in_words_and_saved(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        assert "No current medicine" in await opened(app, pilot, patient)
        await press(pilot, "1")
        assert on(app, MedicineLine)
        await type_text(pilot, "amlodipine 5mg od")
        assert "= amlodipine 5 mg, once a day" in screen_text(app)
        text = await press(pilot, "enter")
        assert on(app, MedicinesScreen)
        assert "Saved: amlodipine 5 mg, once a day." in text
        assert "Current medicines: 1" in text


async def test_a_doubt_blocks_until_it_is_chosen(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "amlodipine 5 od")
        assert "CHOOSE" in screen_text(app)
        await press(pilot, "enter")
        assert on(app, Choose)
        text = await press(pilot, "1")
        assert on(app, MedicineLine)
        assert "= amlodipine 5 mg, once a day" in text
        await press(pilot, "enter")
        assert on(app, MedicinesScreen)
    (one,) = _current(clinic, patient)
    assert one.item["dose"] == 5
    assert one.item["doseUnits"] == "mg"


def _current(clinic: Clinic, patient: str) -> list[medicines.CurrentMedicine]:
    store = Store.open(clinic.store.directory)
    found: list[medicines.CurrentMedicine] = store.read(
        medicines.current, clinic.actor, patient, TODAY
    ).result()
    store.close()
    return found


async def test_what_cannot_be_read_is_not_taken_and_esc_asks(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1", "enter")
        assert on(app, MedicineLine)
        await type_text(pilot, "amlodipine 5mgod")
        assert "CHANGE" in await press(pilot, "enter")
        assert on(app, MedicineLine)
        await press(pilot, "escape")
        assert on(app, MedicinesScreen)
    assert _current(clinic, patient) == []


async def test_a_line_that_was_left_comes_back_and_f8_forgets_it(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "amlodipine 5mg od")
        await press(pilot, "escape")
        assert on(app, MedicinesScreen)
        text = await press(pilot, "1")
        assert on(app, MedicineLine)
        assert "= amlodipine 5 mg, once a day" in text
        assert "What you had typed is back" in text
        await type_text(pilot, " 30d")
        await press(pilot, "f8", "f10")
        assert on(app, MedicinesScreen)
        assert "The medicine is told here" in await press(pilot, "1")
        await press(pilot, "escape")
        assert clinic.store.read(drafts.waiting, clinic.actor).result() == []


async def test_a_line_survives_the_end_of_the_program_and_is_gone_once_saved(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "amlodipine 5mg od")
    store = Store.open(clinic.store.directory)
    again = Clinic(store, clinic.actor)
    (kept,) = store.read(drafts.waiting, clinic.actor).result()
    async with running(again) as (app, pilot):
        assert isinstance(app.screen, ClinicScreen)
        opening.open_draft(app.screen, kept.place)
        await calm(pilot)
        assert on(app, MedicineLine)
        assert "= amlodipine 5 mg, once a day" in screen_text(app)
        text = await press(pilot, "enter")
        assert on(app, MedicinesScreen)
        assert "Current medicines: 1" in text
        assert again.store.read(drafts.waiting, again.actor).result() == []


async def test_a_line_whose_save_is_given_up_is_kept(clinic: Clinic, patient: str) -> None:
    clinic.store.write(allergies.add, clinic.actor, patient, "Penicillin").result()
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "amoxicillin 500mg tds 7d")
        await press(pilot, "enter")
        assert on(app, AskReason)
        assert "NOT SAVED" in await press(pilot, "escape")
        assert "= amoxicillin 500 mg, 3 times a day" in await press(pilot, "1")
        await press(pilot, "escape")


async def test_a_change_that_is_given_up_is_kept_with_its_medicine(
    clinic: Clinic, patient: str
) -> None:
    give(clinic, patient, TODAY, "amlodipine 5mg od", "metformin 500mg bd")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "2")
        await type_text(pilot, " 60d")
        await press(pilot, "enter")
        assert on(app, AskReason)
        assert "NOT SAVED" in await press(pilot, "escape")
        assert "for 60 days" in await press(pilot, "2")
        await press(pilot, "escape", "down")
        assert "60" not in await press(pilot, "2"), "another medicine has its own line"
        await press(pilot, "escape")
        (kept,) = clinic.store.read(drafts.waiting, clinic.actor).result()
        assert kept.patient_id == patient


async def test_names_are_suggested_and_tab_takes_one(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY, "Amlodipine 5mg od")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "aml")
        await press(pilot, "tab")
        await type_text(pilot, "10mg od")
        assert "= Amlodipine 10 mg, once a day" in screen_text(app)


async def test_stop_and_go_on(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY, "amlodipine 5mg od")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "3")
        assert on(app, AskReason)
        await type_text(pilot, "swelling")
        text = await press(pilot, "enter")
        assert "Current medicines: 0" in text
        assert "STOPPED 22 Nov 2026, Nora: swelling" in text
        await press(pilot, "3")
        await type_text(pilot, "a slip")
        assert "Current medicines: 1" in await press(pilot, "enter")


async def test_a_change_replaces(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY - timedelta(days=3), "amlodipine 5mg od")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        text = await press(pilot, "2")
        assert "amlodipine 5 mg once a day" in text
        await press(pilot, "enter")
        assert "Nothing was changed" in screen_text(app)
        await press(pilot, "2", "ctrl+u")
        await type_text(pilot, "amlodipine 10mg od")
        await press(pilot, "enter")
        assert on(app, AskReason)
        await type_text(pilot, "still high")
        text = await press(pilot, "enter")
        assert "Current medicines: 1" in text
        assert "was 5 mg" in text
        assert "STOPPED 22 Nov 2026, Nora: still high" in text


async def test_the_last_set_again(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY - timedelta(days=40), "amlodipine 5mg od 30d", "zinc 20mg od 10d")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        text = await press(pilot, "4")
        assert on(app, Ask)
        assert "these 2 medicines of 13 Oct 2026" in text
        assert "zinc 20 mg" in text
        text = await press(pilot, "enter")
        assert "Saved: 2 medicines repeated." in text
        assert "repeats 13 Oct 2026" in text
        assert "Current medicines: 2" in text


async def test_an_allergy_asks_for_a_reason(clinic: Clinic, patient: str) -> None:
    clinic.store.write(allergies.add, clinic.actor, patient, "Penicillin", reaction="rash").result()
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, patient)
        await press(pilot, "1")
        await type_text(pilot, "amoxicillin 500mg tds 7d")
        text = await press(pilot, "enter")
        assert on(app, AskReason)
        assert "of the same class" in " ".join(text.replace("│", " ").split())
        assert "NOT SAVED" in await press(pilot, "escape")
        await press(pilot, "1", "enter")
        await type_text(pilot, "nothing else here")
        text = await press(pilot, "enter")
        assert "in spite of an allergy: nothing else here" in text
