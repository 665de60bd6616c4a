"""Every screen of a patient on records with values of another kind than their columns'."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.columns import Day, Digits, Moment, Number, Whole
from hikma_tui.models import connection
from tests.faults.kills import NIGHTLY
from tests.faults.test_fuzz import _filled
from tests.faults.test_odd_values import ODD, columns, spoil
from tests.screens.clinic import TODAY, fill, make_clinic, press, running, type_text
from tests.screens.test_garbage_screens import KEYS

KINDS = (Moment, Whole, Number, Day, Digits)
CASES = [(kind, number) for kind in KINDS for number in range(len(ODD[kind]))]


@pytest.mark.parametrize(("kind", "number"), CASES if NIGHTLY else [(Moment, 0)])
async def test_no_screen_falls(tmp_path: Path, kind: type, number: int) -> None:
    clinic = make_clinic(tmp_path / "store")
    patient = fill(clinic)["A-0300"]
    _filled(clinic.store, clinic.actor, patient)
    clinic.note(patient, TODAY, "cough")

    def spoil_all() -> None:
        for table, name, _kind in columns(kind):
            spoil(table, name, ODD[kind][number], "1")
        connection().execute("UPDATE users SET deleted_at = NULL")

    clinic.store.write(spoil_all).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "amal")
        shown = await press(pilot, "enter")
        assert "KHALIL" in shown
        if kind is Moment:
            assert "yesterday" in shown
        for key in KEYS:
            shown = await press(pilot, key)
            assert "\x1b" not in shown
        assert app.mishap is None
