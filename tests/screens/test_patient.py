"""A patient's file and its visits: what is shown, the keys, deletion and its undoing."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.screen import Screen

from hikma_tui.clinic import chart, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.register import RegisterScreen
from hikma_tui.screens.undo import UndoScreen
from hikma_tui.screens.visit import VisitScreen
from hikma_tui.screens.visit_entry import VisitEntryScreen
from hikma_tui.widgets.dialogs import Ask, AskReason, Choose
from hikma_tui.widgets.prompt import SearchPrompt
from hikma_tui.widgets.row_list import Row, RowList
from hikma_tui.widgets.title import MessageLine
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


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


def mohammed(clinic: Clinic) -> str:
    """Mohammed Hassan A-0123 with three visits, one of them with two notes."""
    patient = fill(clinic)["A-0123"]
    clinic.note(patient, date(2026, 3, 2), "cough for a week", Temperature="37.8")
    second = date(2026, 11, 2)
    clinic.note(
        patient, second, "headache 3 days", History_and_examination="seen with his son " * 12,
        Diagnoses=[{"code": "0000", "desc": "migraine"}],
    )  # fmt: skip
    clinic.note(patient, second, "came back, dizzy")
    clinic.note(patient, TODAY, "headache again")
    return patient


async def test_the_file_and_the_visit_in_full(clinic: Clinic) -> None:
    patient = mohammed(clinic)
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        text = await press(pilot, "enter")
        golden("patient", text)
        first = text.splitlines()[0]
        for fact in ("HASSAN, Mohammed", "M", "34 y", "1992-03-11", "A-0123", "070 123456"):
            assert fact in first
        assert "3 visits" in text
        assert "open: headache again" in text
        assert "late: headache 3 days" in text
        text = await press(pilot, "down", "enter")
        assert on(app, VisitScreen)
        golden("visit", text)
        assert "Visit of 2 Nov 2026" in text
        assert "migraine" in text
        assert "came back, dizzy" in text
        await press(pilot, "escape", "f1")
        golden("help", screen_text(app))
        await press(pilot, "escape")
        assert on(app, PatientScreen)
    seen = "SELECT count(*) FROM event_logs WHERE action_type = 'VIEW' AND row_id = ?"
    assert views(clinic, seen, patient) == 1


def views(clinic: Clinic, query: str, patient_id: str) -> int:
    from hikma_tui.store import Store

    store = Store.open(clinic.store.directory)
    found = store.on_writer(lambda: connection().execute(query, (patient_id,)).fetchone()).result()
    store.close()
    return int(found[0])


async def test_letters_go_to_the_search_and_digits_of_any_script_act(clinic: Clinic) -> None:
    patient = mohammed(clinic)
    async with running(clinic) as (app, pilot):
        for key, screen in (("١", VisitEntryScreen), ("5", RegisterScreen), ("۹", Choose)):
            await app.push_screen(PatientScreen(patient))
            await calm(pilot)
            await press(pilot, key)
            assert on(app, screen)
            await press(pilot, "escape", "escape")
        assert on(app, FindScreen)
        for letter in ("k", "م"):
            await app.push_screen(PatientScreen(patient))
            await calm(pilot)
            await press(pilot, "enter")
            assert on(app, VisitScreen)
            await press(pilot, letter)
            assert on(app, FindScreen)
            assert app.screen.query_one(SearchPrompt).value == letter
            assert app.focused is app.screen.query_one(SearchPrompt)


async def test_a_patient_without_visits_teaches(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (_app, pilot):
        await type_text(pilot, "A-0300")
        text = await press(pilot, "enter", "enter")
        assert "No visit yet. 1 begins one" in text
        assert "There is no visit yet" in text


async def test_two_hundred_visits_come_by_pages(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]

    def many(actor: Actor) -> None:
        for n in range(90):
            day = TODAY - timedelta(days=n + 1)
            row = {"patient_id": patient, "check_in_timestamp": f"{day}T12:00:00.000Z"}
            visits.create_visit(actor, row)

    clinic.store.write(many, clinic.actor).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        text = await press(pilot, "enter")
        assert f"90 visits, the newest {chart.PAGE} shown" in text
        rows = app.screen.query_one(RowList)
        for expected in (48, 72, 90):
            rows.last()
            await calm(pilot)
            assert sum(isinstance(line, Row) for line in rows.lines) == expected
        assert "90 visits" in screen_text(app)
        assert "shown" not in screen_text(app)


async def test_what_no_form_asks_for_is_shown_as_it_is(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    made = clinic.note(patient, TODAY, "x")
    form_id = clinic.forms["Consultation"]["id"]
    row = {
        "patient_id": patient, "visit_id": made.visit_id, "event_type": "From elsewhere",
        "form_data": [
            {"fieldId": "q1", "name": "Lantern", "fieldType": "hologram", "value": {"deep": [1]}},
        ],
    }  # fmt: skip
    clinic.store.write(visits.create_event, clinic.actor, row).result()
    assert form_id
    async with running(clinic) as (app, pilot):
        await app.push_screen(VisitScreen(made.visit_id))
        await calm(pilot)
        text = screen_text(app)
        assert "From elsewhere" in text
        assert "Lantern" in text
        assert '{"deep": [1]}' in text


async def test_a_deleted_patient_is_gone_everywhere_and_comes_back(clinic: Clinic) -> None:
    patient = mohammed(clinic)
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter")
        text = await press(pilot, "9", "9")
        assert on(app, Ask)
        assert "3 visits, 4 notes" in text
        assert "HASSAN, Mohammed" in text
        await press(pilot, "enter")  # typed ahead: not enough
        assert on(app, Ask)
        await press(pilot, "f10", "f10")
        assert on(app, AskReason)  # a reason is needed
        await type_text(pilot, "entered twice")
        text = await press(pilot, "enter")
        assert on(app, FindScreen)
        assert "Deleted. Until 23 Nov 12:0" in text
        assert "Nobody found" in text
        assert "0 of 4 patients" in text
        text = await press(pilot, "escape")
        assert "open visit" not in text
        assert "4 patients" in text

        await app.run_action("undo_deletion")
        await calm(pilot)
        assert "1 deletion can be undone" in screen_text(app)
        assert "entered twice" in screen_text(app)
        text = await press(pilot, "enter", "enter")
        assert "Mohammed Hassan is back" in text
        assert on(app, UndoScreen)
        text = await press(pilot, "escape")
        assert "1 open visit" in text
        assert "Deleted." not in text  # what was said before is not true any more
        assert "5 patients" in text
        await type_text(pilot, "A-0123")
        assert "3 visits" in await press(pilot, "enter")
    assert patient


async def test_a_deleted_visit_and_a_finished_one(clinic: Clinic) -> None:
    mohammed(clinic)
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter", "9", "1")  # today's visit is over
        assert "open:" not in screen_text(app)
        await press(pilot, "enter", "9")
        await press(pilot, "6", "f10")
        await type_text(pilot, "wrong day")
        text = await press(pilot, "f10")
        assert on(app, PatientScreen)
        assert "Deleted." in text
        assert "2 visits" in text
        assert "headache again" not in text
        await press(pilot, "enter", "down", "9")
        await press(pilot, "5", "f10")
        await type_text(pilot, "wrong note")
        text = await press(pilot, "f10")
        assert on(app, VisitScreen)
        assert "headache 3 days" not in text
        assert "came back" in text


async def test_what_came_while_the_reason_was_typed_is_asked_about(clinic: Clinic) -> None:
    patient = clinic.register("Zed", "Alone")
    async with running(clinic) as (app, pilot):
        await app.push_screen(PatientScreen(patient))
        await calm(pilot)
        assert "1 visit" not in await press(pilot, "9", "9")
        await press(pilot, "f10")
        await type_text(pilot, "twice here")
        clinic.note(patient, TODAY, "cough")  # somebody else, meanwhile
        text = await press(pilot, "f10")
        assert "Goes with it: 1 visit, 1 note." in text
        await press(pilot, "escape")
        assert (await app.reading(chart.chart, clinic.actor, patient)).total == 1
        await press(pilot, "9", "9", "f10")
        await type_text(pilot, "twice here")
        assert "Deleted." in await press(pilot, "f10")


async def test_who_may_not_is_told_and_nothing_happens(clinic: Clinic) -> None:
    patient = mohammed(clinic)

    def take_rights() -> None:
        connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_edit_records = 0,"
            " can_delete_patient_records = 0"
        )

    clinic.store.write(take_rights).result()
    async with running(clinic) as (app, pilot):
        await app.push_screen(PatientScreen(patient))
        await calm(pilot)
        assert "no permission to edit" in await press(pilot, "1")
        text = await press(pilot, "9", "9")
        assert on(app, PatientScreen)
        assert "no permission to delete patients" in text
        total = await app.reading(chart.chart, clinic.actor, patient)
        assert total.total == 3


async def test_a_file_deleted_while_it_is_open_leaves_the_screen(clinic: Clinic) -> None:
    from hikma_tui.clinic import deletion

    patient = mohammed(clinic)
    async with running(clinic) as (app, pilot):
        await app.push_screen(PatientScreen(patient))
        await calm(pilot)
        await press(pilot, "f1")
        await app.writing(deletion.delete, clinic.actor, "patients", patient, "moved")
        await press(pilot, "escape")
        assert on(app, FindScreen)


@pytest.mark.parametrize(
    ("key", "shown"),
    [("enter", VisitScreen), ("9", Choose), ("1", VisitEntryScreen), ("5", RegisterScreen)],
)
async def test_a_key_before_the_file_is_read_is_not_lost(
    clinic: Clinic, key: str, shown: type[Screen[Any]]
) -> None:
    patient = mohammed(clinic)
    async with running(clinic) as (app, pilot):
        gate = threading.Event()
        clinic.store.read(gate.wait, 5)  # the reader is busy, as on a slow card
        app.push_screen(PatientScreen(patient))
        await pilot.pause()
        await pilot.press("9" if key == "enter" else "enter", key)  # the last one counts
        file = app.screen_stack[1]
        gate.set()
        await calm(pilot)
        assert on(app, shown)
        assert "moment" not in file.query_one("#message", MessageLine).message


async def test_why_a_file_could_not_be_opened_stays_below(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (app, _pilot):
        app.push_screen(PatientScreen("gone"))
        await calm(_pilot)
        assert on(app, FindScreen)
        said = app.screen.query_one("#message", MessageLine).message
        assert said == "This patient is not there any more."
