"""Moving an entry of the wrong patient, as a nurse does it; and what both charts say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hikma_tui.clinic import chart, server, status
from hikma_tui.screens.moving_target import ChoosePatient
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.visit import VisitScreen
from hikma_tui.widgets.dialogs import Ask, AskReason
from tests.screens.clinic import (
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
from tests.screens.server import connected, prescribed_elsewhere

DAY = date(2026, 11, 2)


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


async def test_a_note_is_moved_from_the_visit(clinic: Clinic) -> None:
    patients = fill(clinic)
    wrong, right = patients["A-0123"], patients["A-0300"]
    made = clinic.note(wrong, DAY, "pregnant, 20 weeks")
    clinic.note(wrong, DAY, "his own headache")
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitScreen(made.visit_id))
        await calm(pilot)
        await press(pilot, "9", "3")
        assert on(app, ChoosePatient)
        await type_text(pilot, "mohammed hassan")  # himself is no target
        assert "Nobody else found" in screen_text(app) or "HASSAN" not in screen_text(app)[400:]
        await press(pilot, "ctrl+u")
        await type_text(pilot, "A-0300")
        text = await press(pilot, "enter")
        assert on(app, Ask)
        golden("moving", text)
        for fact in ("HASSAN, Mohammed", "KHALIL, Amal", "A-0123", "A-0300", "47 y", "34 y"):
            assert fact in text
        await press(pilot, "enter")  # typed ahead: not enough
        assert on(app, Ask)
        await press(pilot, "f10")
        assert on(app, AskReason)
        await type_text(pilot, "two files were open")
        text = await press(pilot, "enter")
        assert on(app, VisitScreen)
        assert "Moved: Consultation. It stands now in the file of KHALIL, Amal" in text
        assert "pregnant" not in text
        assert "his own headache" in text
        said = " ".join(text.split())
        assert "Consultation moved to another patient on 22 Nov 2026 by Nora" in said
        assert "Amal" not in text.split("Moved:")[0]  # the other's name stays out of his file
        there = await app.reading(chart.chart, clinic.actor, right)
        assert [visit.day for visit in there.visits] == [DAY]
        app.push_screen(VisitScreen(there.visits[0].id))
        await calm(pilot)
        said = " ".join(screen_text(app).split())
        assert "pregnant, 20 weeks" in said
        assert "from another patient's file (Mohammed Hassan) on 22 Nov" in said


async def test_a_visit_is_moved_from_the_patient_and_a_dead_target_is_warned_of(
    clinic: Clinic,
) -> None:
    patients = fill(clinic)
    wrong, right = patients["A-0123"], patients["A-0300"]
    clinic.note(wrong, DAY, "not his")
    clinic.store.write(status.set_deceased, clinic.actor, right, "2026-11-10").result()
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(wrong))
        await calm(pilot)
        await press(pilot, "9", "7")
        await type_text(pilot, "A-0300")
        text = await press(pilot, "enter")
        assert "recorded as deceased" in text
        assert "Goes with it: 1 note." in text
        await press(pilot, "f10")
        await type_text(pilot, "wrong file")
        text = await press(pilot, "f10")
        assert on(app, PatientScreen)
        assert "not his" not in text
        assert "Visit moved to another patient on 22 Nov 2026" in text
        assert (await app.reading(chart.chart, clinic.actor, right)).total == 1


@pytest.mark.parametrize(
    ("kept", "warned"),
    [({"items": [{"drug": "x"}]}, True), ({"metadata": {"shelf": 4}}, True),
     ({"metadata": {"movedFrom": {"name": "A"}}}, False), ({}, False)],
)  # fmt: skip
async def test_it_warns_of_what_the_server_erases_in_another_programs_prescription(
    clinic: Clinic, kept: dict[str, object], warned: bool
) -> None:
    patient = fill(clinic)["A-0123"]
    visit = clinic.note(patient, DAY, "not his").visit_id
    prescribed_elsewhere(clinic, patient, visit, **kept)
    count = clinic.store.read(server.erased_with, "visits", visit).result
    assert count() == 0  # no server
    connected(clinic)
    assert clinic.store.read(server.erased_with, "visits", visit).result() == int(warned)
    async with running(clinic) as (_app, pilot):
        _app.push_screen(PatientScreen(patient))
        await calm(pilot)
        await press(pilot, "9", "7")
        await type_text(pilot, "A-0300")
        text = " ".join((await press(pilot, "enter")).split())
        assert "1 prescription" in text
        assert ("the server erases what another program keeps" in text) is warned


async def test_leaving_at_any_step_moves_nothing(clinic: Clinic) -> None:
    patients = fill(clinic)
    made = clinic.note(patients["A-0123"], DAY, "stays")
    async with running(clinic) as (app, pilot):
        for keys in ((), ("enter",), ("enter", "f10")):
            app.push_screen(VisitScreen(made.visit_id))
            await calm(pilot)
            await press(pilot, "9", "4")
            await type_text(pilot, "A-0300")
            await press(pilot, *keys)
            await press(pilot, "escape")
            assert on(app, VisitScreen)
            await press(pilot, "escape")
        found = await app.reading(chart.chart, clinic.actor, patients["A-0123"])
        assert found.total == 1
        assert not found.visits[0].left
