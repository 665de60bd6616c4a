"""Screens that were left are gone: what lives after many actions is what lived after a few."""

from __future__ import annotations

import gc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from textual.dom import DOMNode
from textual.pilot import Pilot

from tests.faults.kills import NIGHTLY
from tests.screens.clinic import Clinic, fill, make_clinic, press, running, type_text, use_utc

ROUNDS = 6 if NIGHTLY else 2  # one screen that stays is seen after one


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


def alive() -> Counter[str]:
    """Screens and widgets in this process, by their class."""
    gc.collect()
    return Counter(type(thing).__name__ for thing in gc.get_objects() if isinstance(thing, DOMNode))


async def go_around(pilot: Pilot[Any]) -> None:
    """A search, a patient, a new visit, the help, the filters, and back."""
    await type_text(pilot, "moh has")
    await press(pilot, "enter")
    for key in ("1", "escape", "f1", "escape", "escape", "f3", "escape", "ctrl+u"):
        await press(pilot, key)


async def test_screens_that_were_left_are_gone(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (_app, pilot):
        for _time in range(2):
            await go_around(pilot)
        before = alive()
        for _time in range(ROUNDS):
            await go_around(pilot)
        more = alive() - before
        assert not more, f"after {ROUNDS} rounds more: {dict(more)}"
