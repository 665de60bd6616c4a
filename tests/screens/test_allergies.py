"""Allergies by keyboard: added, refuted with a reason, none known, taken back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import allergies
from hikma_tui.clinic.allergies_read import Allergy
from hikma_tui.screens.allergies import AllergiesScreen
from tests.screens.clinic import Clinic, calm, fill, make_clinic, on, press, running, type_text
from tests.screens.harness import screen_text


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


async def opened(app: HikmaApp, pilot: Any, screen: Any) -> str:
    app.push_screen(screen)
    await calm(pilot)
    return screen_text(app)


def listed(clinic: Clinic, patient: str) -> list[Allergy]:
    return clinic.store.read(allergies.listed, clinic.actor, patient).result()


async def test_an_allergy_is_added_with_a_suggestion(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        text = await opened(app, pilot, AllergiesScreen(patient))
        assert "!! ALLERGIES NOT ASKED" in text
        assert "Nobody has asked yet." in text
        await press(pilot, "1")
        await type_text(pilot, "penic")
        await press(pilot, "down", "enter", "tab")
        await type_text(pilot, "rash")
        text = await press(pilot, "f10")
        assert on(app, AllergiesScreen), text
        (one,) = listed(clinic, patient)
        assert (one.substance, one.reaction, one.certainty) == ("Penicillin", "rash", "unconfirmed")
        assert "!! ALLERGY: Penicillin (rash)" in text
        assert "Saved: allergy to Penicillin. HASSAN, Mohammed  M  34 y" in text
        assert "!! Penicillin" in text.splitlines()[-2]


async def test_own_words_are_an_allergy_too(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, AllergiesScreen(patient))
        await press(pilot, "1")
        await type_text(pilot, "banana leaves")
        text = await press(pilot, "up", "enter", "f10")
        assert "!! ALLERGY: banana leaves" in text


async def test_none_known_then_an_allergy_then_refuted(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, AllergiesScreen(patient))
        text = await press(pilot, "4")
        assert "No known allergies (22 Nov 2026)" in text
        clinic.store.write(allergies.add, clinic.actor, patient, "Aspirin").result()
        await press(pilot, "escape")
        await opened(app, pilot, AllergiesScreen(patient))
        text = await press(pilot, "4")
        assert "An allergy stands: refute it first" in text
        await press(pilot, "3")
        text = await press(pilot, "f10")
        assert "A reason is needed." in text
        await type_text(pilot, "took it, no harm")
        text = await press(pilot, "f10")
        assert "!! ALLERGIES NOT ASKED" in text
        assert "Aspirin: took it, no harm" in text
        assert not listed(clinic, patient)[0].counts


async def test_a_mistaken_none_known_is_taken_back(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    clinic.store.write(allergies.none_known, clinic.actor, patient).result()
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, AllergiesScreen(patient))
        await press(pilot, "5")
        await type_text(pilot, "another patient")
        text = await press(pilot, "f10")
        assert "!! ALLERGIES NOT ASKED" in text


async def test_an_allergy_is_changed(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    clinic.store.write(allergies.add, clinic.actor, patient, "Aspirin").result()
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, AllergiesScreen(patient))
        await press(pilot, "2")
        await type_text(pilot, "wheezing")
        text = await press(pilot, "f10")
        assert "!! ALLERGY: Aspirin (wheezing)" in text
