"""The keys of a repeat visit, pressed and counted in the real program; docs/keystrokes.md."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import diseases
from hikma_tui.clinic import quick as clinic_quick
from hikma_tui.clinic import vitals as clinic_vitals
from hikma_tui.models import connection
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.visit_entry import VisitEntryScreen
from hikma_tui.widgets.title import MessageLine
from tests.screens.clinic import Clinic, fill, make_clinic, on, running, use_utc
from tests.screens.trouble import hit, stored, write

DOC = Path(__file__).resolve().parents[2] / "docs" / "keystrokes.md"
LINE = "bp 150/95 sit hr 80 wt 81 dx hypertension rx amlodipine 5mg od 30d"
SHORT = "bp150/95sit p80 w81 dx ba00 rx amlodipine 5mg od 30d"
SAME = "bp 150/95 sit hr 80 wt 81 dx hypertension rx same"
SHORT_SAME = "bp150/95sit p80 w81 dx ba00 rx same"

# A name is one key; a text of the second kind is as many as it has characters.
Keys = tuple[str | tuple[str], ...]
BY_LINE: Keys = ("enter", "1", (LINE,), "enter", "1", "f10")
IN_SHORT: Keys = ("enter", "1", (SHORT,), "f10")
BY_LINE_SAME: Keys = ("enter", "1", (SAME,), "enter", "1", "f10")
IN_SHORT_SAME: Keys = ("enter", "1", (SHORT_SAME,), "f10")
BY_FORMS: Keys = (
    "enter", "1", "f2", ("150/95",), "enter", "1", "enter", ("80",), *["enter"] * 4, ("81",),
    "f10", "6", ("hypertension",), "down", "enter", "tab", ("amlodipine 5mg od 30d",), "f10",
)  # fmt: skip
WAYS = {
    "by the one line": BY_LINE,
    "by the one line, written short, the diagnosis by its code": IN_SHORT,
    "by the one line, the last medicines repeated": BY_LINE_SAME,
    "by the one line, written short, the last medicines repeated": IN_SHORT_SAME,
    "by forms (vital signs, then the visit note)": BY_FORMS,
}
LAST_VISIT = date(2026, 11, 2)
THINKING, KEY = 1.35, 0.2  # seconds, keystroke-level model
STOPS = 5  # vitals, diagnosis, prescription, the choice, reading it before F10


def count(keys: Keys) -> int:
    """How many keys are pressed; nothing here needs Shift on the keyboards of the clinics."""
    return sum(1 if isinstance(key, str) else len(key[0]) for key in keys)


def told() -> dict[str, int]:
    """The table of the page."""
    rows = re.findall(r"^\| (by .*?) \| (\d+) \|$", DOC.read_text(encoding="utf-8"), re.MULTILINE)
    return {way: int(number) for way, number in rows}


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


def recorded(clinic: Clinic, patient: str) -> tuple[list[Any], list[Any], list[Any]]:
    """Vital signs, diagnoses and medicines of the patient."""
    vitals = [
        [entry.row[name] for name in ("systolic_bp", "diastolic_bp", "bp_position", "pulse_rate")]
        + [str(entry.row["weight_kg"])]
        for entry in stored(clinic, clinic_vitals.history, clinic.actor, patient)
    ]

    def read() -> list[Any]:
        found = connection().execute("SELECT form_data FROM events").fetchall()
        return [item for row in found for item in json.loads(row[0]) if item.get("value")]

    items = stored(clinic, read)
    by_kind = {
        kind: [one for item in items if item["fieldType"] == kind for one in item["value"]]
        for kind in ("diagnosis", "medicine")
    }
    return vitals, by_kind["diagnosis"], by_kind["medicine"]


@pytest.mark.parametrize("way", WAYS)
async def test_a_repeat_visit_takes_as_many_keys_as_the_page_says(clinic: Clinic, way: str) -> None:
    patient = fill(clinic)["A-0123"]
    repeated = way.endswith("repeated")
    if repeated:  # the prescription of the visit before
        clinic.store.write(
            clinic_quick.save, clinic.actor, patient, LAST_VISIT, "rx amlodipine 5mg od 30d"
        ).result()
    async with running(clinic) as (app, pilot):
        await write(pilot, "a-0123")  # found: the counting begins
        assert on(app, FindScreen)
        await _whole_list(clinic)
        for key in WAYS[way]:
            await (hit(pilot, key) if isinstance(key, str) else write(pilot, key[0]))
        assert on(app, VisitEntryScreen)
        assert app.screen.query_one(MessageLine).message.startswith("Saved")
    vitals, diagnoses, medicines = recorded(clinic, patient)
    assert vitals == [[150, 95, "sitting", 80, "81"]]
    assert diagnoses == [{"code": "BA00", "desc": "Essential hypertension"}]
    assert len(medicines) == 1 + repeated
    medicine = medicines[-1]
    assert (medicine.get("repeatOf") or {}).get("day") == (
        LAST_VISIT.isoformat() if repeated else None
    )
    assert (medicine["name"], medicine["duration"], medicine["durationUnits"]) == (
        "amlodipine", 30, "days"
    )  # fmt: skip
    assert told()[way] == count(WAYS[way])


async def _whole_list(clinic: Clinic) -> None:
    """The list of diseases is ready, as it is but for the first second after an installation."""
    import asyncio

    clinic.store.read(diseases.prepare).result()
    for _turn in range(600):
        if clinic.store.read(diseases.ready).result():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the list of diseases was never ready")


def test_the_page_tells_all_ways_and_the_time_of_the_model() -> None:
    assert set(told()) == set(WAYS)
    text = " ".join(DOC.read_text(encoding="utf-8").split())
    for keys in WAYS.values():
        seconds = count(keys) * KEY + STOPS * THINKING
        assert f"{count(keys)} keys come to {seconds:.0f} seconds" in text
    assert "16 seconds" in text
    assert LINE in text
    assert SHORT in text
    assert SAME in text
    assert SHORT_SAME in text
