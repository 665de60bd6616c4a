"""Answers to one form over time, addenda in a visit, and old paper: as a nurse types them."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from textual.events import Key

from hikma_tui.clinic import chart, visits, vitals
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.form_history import FormHistoryScreen
from hikma_tui.screens.old_paper import AskPaperDay
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.visit import VisitScreen
from hikma_tui.widgets.dialogs import Tell
from tests.screens.clinic import (
    TODAY,
    Clinic,
    calm,
    fill,
    make_clinic,
    on,
    press,
    running,
    type_text,
    use_utc,
)
from tests.screens.harness import golden, screen_text

DAY = date(2026, 11, 2)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


async def test_answers_of_one_form_stand_beside_each_other(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    for number in range(6):
        clinic.note(patient, DAY - timedelta(days=30 * number), f"complaint {number}",
                    Temperature=f"37.{number}")  # fmt: skip
    async with running(clinic) as (app, pilot):
        form_id = clinic.forms["Consultation"]["id"]
        app.push_screen(FormHistoryScreen(patient, form_id))
        await calm(pilot)
        text = screen_text(app)
        golden("form_history", text)
        assert "6 notes, 1 to 3 shown" in text
        row = next(line for line in text.splitlines() if "Temperature" in line)
        assert row.index("37.0") < row.index("37.1") < row.index("37.2")
        assert "37.3" not in row
        assert "newest answers" in await press(pilot, "left")
        text = await press(pilot, "right", "right", "right")
        assert "37.5" in text
        assert "37.2" not in text
        assert "no older" in await press(pilot, "right")
        text = await press(pilot, "enter")
        assert on(app, Tell)
        assert "complaint 0" in text
        assert "complaint 5" in text


async def test_a_visit_shows_everything_with_who_and_what_was_corrected(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    made = clinic.note(patient, DAY, "headache")
    values = {"systolic_bp": "150", "diastolic_bp": "95", "bp_position": "sitting"}
    clinic.store.write(vitals.record, clinic.actor, patient, DAY, values).result()
    field = clinic.forms["Consultation"]["form_fields"][0]["id"]
    clinic.store.write(
        visits.edit, clinic.actor, made.event_id, {field: "backache"}, "misheard"
    ).result()
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitScreen(made.visit_id))
        await calm(pilot)
        await press(pilot, "6")
        await type_text(pilot, "seen again at home")
        text = await press(pilot, "enter")
        golden("visit_whole", text)
        said = " ".join(text.split())
        assert "backache" in said
        assert "before: Chief complaint: headache" in said
        assert "Nora: misheard" in said
        assert "Nora: seen again at home" in said
        assert "150/95 mmHg HIGH" in said
        assert text.count("Nora ") > 2
        assert "Saved: addendum." in text


async def test_old_paper_is_typed_in_visit_after_visit(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(patient))
        await calm(pilot)
        await press(pilot, "9", "6", "1")
        assert on(app, AskPaperDay)
        assert "Type the day that stands on the paper" in await press(pilot, "enter")
        for day in ("2/3/25", "9/4/25"):
            assert on(app, AskPaperDay)
            await type_text(pilot, day)
            await press(pilot, "enter")
            assert on(app, EventFormScreen)
            await type_text(pilot, f"cough of {day}")
            await press(pilot, "f10")
        assert on(app, AskPaperDay)
        assert "2 saved, the last of 2025-04-09" in screen_text(app)
        text = await press(pilot, "escape")
        assert on(app, PatientScreen)
        assert "late: cough of 9/4/25" in text
        found = await app.reading(chart.chart, clinic.actor, patient)
        assert [visit.day for visit in found.visits] == [date(2025, 4, 9), date(2025, 3, 2)]
        assert all(visit.late for visit in found.visits)
        assert TODAY not in [visit.day for visit in found.visits]


async def test_what_is_typed_ahead_is_no_part_of_the_day(clinic: Clinic) -> None:
    """On a slow machine the next keys reach the field before Enter is told: ``1/3/2`` Enter ``5``
    is not 1 March 2025.
    """
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(patient))
        await calm(pilot)
        await press(pilot, "9", "6", "1")
        for key, character in (*zip("t-30", "t-30", strict=True), ("enter", "\r"), ("5", "5")):
            app.post_message(Key("minus" if key == "-" else key, character))
        await calm(pilot)
        assert on(app, EventFormScreen)
        assert "visit of 23 Oct 2026" in " ".join(screen_text(app).split())
