"""Drafts that are forgotten from the list that offers them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from hikma_tui.clinic import drafts
from hikma_tui.screens.find import FindScreen
from tests.screens.clinic import calm, fill, make_clinic, on, press, running


@pytest.mark.parametrize(
    ("place", "word", "keys"),
    [
        ("why:{patient}:move:x", "why it is moved", ["2"]),
        ("why:{patient}:delete:x", "why it is deleted", ["2"]),
        ("choice:{patient}:gone", "choice: here", []),  # settled: nothing is left to choose
    ],
)
async def test_a_forgotten_draft_is_not_offered_again(
    tmp_path: Path, place: str, word: str, keys: list[str]
) -> None:
    clinic = make_clinic(tmp_path / "store")
    patient = fill(clinic)["A-0300"]
    place = place.format(patient=patient)
    words = {"reasons": {"why": "other woman"}}
    clinic.store.write(drafts.keep, clinic.actor, place, patient, words).result()
    async with running(clinic) as (app, pilot):
        assert word in await press(pilot, "down")
        if keys:
            assert "Forget what you typed" in await press(pilot, "enter")
        gate = threading.Event()
        clinic.store.write(gate.wait, 5)  # the card is slow: the list is read before it is gone
        await pilot.press(*keys or ["enter"])
        await pilot.pause(0.1)
        assert on(app, FindScreen)
        gate.set()
        await calm(pilot)
        shown = await press(pilot, "f12")
        assert word not in shown
        assert "1 draft" not in shown
