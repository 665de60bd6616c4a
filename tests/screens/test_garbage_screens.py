"""Every screen of a patient on records in whose JSON columns another tool wrote something."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.columns import Json
from hikma_tui.models import BY_TABLE, connection
from tests.faults.kills import NIGHTLY
from tests.faults.test_fuzz import _filled
from tests.screens.clinic import TODAY, fill, make_clinic, press, running, type_text

KEYS = (
    "1", "escape", "2", "escape", "3", "enter", "escape", "escape", "4", "escape", "5", "escape",
    "6", "escape", "9", "1", "escape", "9", "2", "escape", "9", "3", "escape", "f1", "escape",
    "down", "enter", "1", "escape", "2", "escape", "3", "escape", "5", "escape", "9", "escape",
    "escape", "f2", "escape",
)  # fmt: skip


TEXTS: dict[str, str | bytes] = {
    "words": "Zeinabu {", "deep": "[" * 100_000, "bytes": b"\xff{", "nan": "[NaN]",
    "huge": f"[{10**400}]", "list": "[]", "object": "{}", "text": '"text"', "number": "5",
}  # fmt: skip
CI = [("words", True), ("bytes", False), ("deep", True)]


@pytest.mark.parametrize(
    ("name", "forms"), [(name, on) for name in TEXTS for on in (True, False)] if NIGHTLY else CI
)
async def test_no_screen_falls(tmp_path: Path, name: str, forms: bool) -> None:
    text = TEXTS[name]
    clinic = make_clinic(tmp_path / "store")
    patient = fill(clinic)["A-0300"]
    _filled(clinic.store, clinic.actor, patient)
    clinic.note(patient, TODAY, "cough")

    def spoil() -> None:
        for table, model in BY_TABLE.items():
            for column, field in model._meta.fields.items():
                if isinstance(field, Json) and (forms or "form" not in table):
                    connection().execute(f"UPDATE {table} SET {column} = ?", (text,))

    clinic.store.write(spoil).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "amal")
        shown = await press(pilot, "enter")
        assert "KHALIL" in shown
        for key in KEYS:
            shown = await press(pilot, key)
            assert "\x1b" not in shown
        assert app.mishap is None
