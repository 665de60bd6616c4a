"""Diagnoses and medicines in a form over the real list and the real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import allergies, chart, diseases, prescribing, visits
from hikma_tui.clinic.errors import Invalid
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.medicine_dialog import MedicineDialog
from hikma_tui.widgets.dialogs import AskReason
from hikma_tui.widgets.form_editor import FormEditor
from tests.screens.clinic import TODAY, Clinic, calm, fill, make_clinic, on, running, use_utc
from tests.screens.harness import screen_text
from tests.screens.trouble import drafts_of, hit, stored, write


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return fill(clinic)["A-0123"]


def field_id(clinic: Clinic, name: str) -> str:
    fields = clinic.forms["Consultation"]["form_fields"]
    return next(str(field["id"]) for field in fields if field["name"] == name)


def of_type(clinic: Clinic, field_type: str) -> str:
    fields = clinic.forms["Consultation"]["form_fields"]
    return next(str(field["id"]) for field in fields if field["fieldType"] == field_type)


def entries(clinic: Clinic, patient: str, field_type: str) -> list[dict[str, Any]]:
    """The entries of the newest event's field of that type."""
    event_id = stored(clinic, chart.chart, clinic.actor, patient).visits[0].events[0].id
    event = stored(clinic, chart.event, clinic.actor, event_id)[1]
    return next(item["value"] for item in event["form_data"] if item["fieldType"] == field_type)


async def opened(clinic: Clinic, patient: str, app: Any, pilot: Any, field_type: str) -> FormEditor:
    """The form with its complaint given, the cursor on the field of that type."""
    app.push_screen(EventFormScreen(patient, str(clinic.forms["Consultation"]["id"]), TODAY))
    await calm(pilot)
    await write(pilot, "cough")
    editor = app.screen.query_one(FormEditor)
    editor.go_to(of_type(clinic, field_type))
    await calm(pilot)
    return editor  # type: ignore[no-any-return]


async def test_a_diagnosis_is_found_pointed_at_and_saved(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        await opened(clinic, patient, app, pilot, "diagnosis")
        text = await write(pilot, "malaria")
        assert "1F4Z" in text
        lines = [line for line in text.splitlines() if "Malaria" in line]
        assert 1 < len(lines) <= 8
        await hit(pilot, "down")
        await hit(pilot, "enter", "f10")
        assert on(app, FindScreen)
    (entry,) = entries(clinic, patient, "diagnosis")
    assert entry["code"].startswith("1F4")
    assert "alaria" in entry["desc"]
    assert set(entry) == {"code", "desc"}


async def test_the_list_is_made_when_the_form_opens(clinic: Clinic, patient: str) -> None:
    assert not list(clinic.store.directory.glob("codes-*.db"))
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, str(clinic.forms["Consultation"]["id"]), TODAY))
        await calm(pilot)
        for _try in range(300):
            if stored(clinic, diseases.ready):
                break
            await asyncio.sleep(0.05)
        assert stored(clinic, diseases.ready)
    assert list(clinic.store.directory.glob("codes-*.db"))


async def test_a_code_that_came_with_other_words_keeps_them(clinic: Clinic, patient: str) -> None:
    """1A00 is cholera: the words say what was meant, and are not covered by the list's."""
    form_id = str(clinic.forms["Consultation"]["id"])
    answers: dict[str, object] = {
        field_id(clinic, "Chief complaint"): "ill",
        of_type(clinic, "diagnosis"): [
            {"code": "1A00", "desc": "Malaria"},
            {"code": "1A00", "desc": "Cholera"},
        ],
    }
    made = stored(clinic, visits.record, clinic.actor, patient, form_id, TODAY, answers)
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id, TODAY, event_id=made.event_id))
        await calm(pilot)
        app.screen.query_one(FormEditor).go_to(of_type(clinic, "diagnosis"))
        await calm(pilot)
        text = screen_text(app)
        assert "Malaria (1A00)" in text
        assert "Cholera (1A00)" in text


async def test_an_unfinished_line_is_a_draft_and_no_answer(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        await opened(clinic, patient, app, pilot, "diagnosis")
        await write(pilot, "malari")
        (kept,) = drafts_of(clinic)
        assert kept.content["unparsed"] == {of_type(clinic, "diagnosis"): "malari"}
        assert "NOT SAVED" in await hit(pilot, "f10")
        await hit(pilot, "escape")
        assert on(app, FindScreen)
        text = await hit(pilot, "enter")
        assert on(app, EventFormScreen)
        assert "CHOOSE: malari" in text


async def test_an_allergy_asks_why_before_anything_is_saved(clinic: Clinic, patient: str) -> None:
    stored(clinic, allergies.add, clinic.actor, patient, "Penicillin", reaction="rash")
    async with running(clinic) as (app, pilot):
        await opened(clinic, patient, app, pilot, "medicine")
        await write(pilot, "amoxicillin 500mg tds 7d")
        await hit(pilot, "enter")
        text = await hit(pilot, "f10")
        assert on(app, AskReason)
        assert "ALLERGY to Penicillin (rash)" in text
        assert "HASSAN, Mohammed" in text
        assert "Interactions between medicines are not checked." in text
        text = await hit(pilot, "escape")
        assert "NOT SAVED: amoxicillin goes against an allergy." in text
        assert not stored(clinic, chart.chart, clinic.actor, patient).visits
        await hit(pilot, "f10", "enter")
        assert on(app, AskReason), "a reason is needed"
        await write(pilot, "nothing else here, watched")
        await hit(pilot, "enter")
        assert on(app, FindScreen)
    (entry,) = entries(clinic, patient, "medicine")
    override = entry["allergyOverride"]
    assert override["reason"] == "nothing else here, watched"
    assert override["against"] == ["Penicillin (rash)"]
    assert override["by"] == clinic.actor.user_id
    assert override["at"].startswith("2026-11-22T12:0")


def test_a_save_without_a_reason_is_refused(clinic: Clinic, patient: str) -> None:
    form = clinic.forms["Consultation"]
    medicine = of_type(clinic, "medicine")
    answers: dict[str, object] = {field_id(clinic, "Chief complaint"): "cough"}
    given = {**answers, medicine: [{"id": "1", "name": "Amoxicillin 250mg"}]}
    made = stored(clinic, visits.record, clinic.actor, patient, form["id"], TODAY, given)
    stored(clinic, allergies.add, clinic.actor, patient, "Penicillin")
    with pytest.raises(Invalid, match="ALLERGY to Penicillin") as caught:
        stored(clinic, visits.record, clinic.actor, patient, form["id"], TODAY, given)
    assert caught.value.column == medicine
    # what stood there before the allergy was known may stand; what is added or changed may not
    event_id = made.event_id
    stays = {**given, field_id(clinic, "Chief complaint"): "worse"}
    assert stored(clinic, visits.edit, clinic.actor, event_id, stays)
    more = {**stays, medicine: [{"id": "1", "name": "Amoxicillin 250mg", "dose": 500}]}
    with pytest.raises(Invalid):
        stored(clinic, visits.edit, clinic.actor, event_id, more)
    blank = {"reason": " ", "against": ["Penicillin"]}
    other = {"reason": "watched", "against": ["Sulfonamides"]}
    for override in (blank, other, "yes", None):
        item = {"id": "1", "name": "Amoxicillin 500mg", prescribing.OVERRIDE: override}
        with pytest.raises(Invalid):
            stored(clinic, visits.edit, clinic.actor, event_id, {**stays, medicine: [item]})
    fine = {"reason": "watched", "against": ["Penicillin"]}
    item = {"id": "1", "name": "Amoxicillin 500mg", prescribing.OVERRIDE: fine}
    assert stored(clinic, visits.edit, clinic.actor, event_id, {**stays, medicine: [item]})
    # an import keeps what came
    event = stored(clinic, chart.event, clinic.actor, event_id)[1]
    came = [{**i, "value": [{"name": "Ampicillin"}]} if i["fieldId"] == medicine else i
            for i in event["form_data"]]  # fmt: skip
    stored(clinic, visits.update_event, clinic.actor, {"id": event_id, "form_data": came})


async def test_an_entry_is_changed_part_by_part(clinic: Clinic, patient: str) -> None:
    old = {"id": "0.5", "name": "Amoxicillin", "route": "oral", "form": "tablet", "frequency": "3",
           "intervals": 0, "dose": 500, "doseUnits": "mg", "duration": 7,
           "durationUnits": "days", "fromPhone": {"x": 1}}  # fmt: skip
    form = str(clinic.forms["Consultation"]["id"])
    answers: dict[str, object] = {
        field_id(clinic, "Chief complaint"): "cough",
        of_type(clinic, "medicine"): [old],
    }
    made = stored(clinic, visits.record, clinic.actor, patient, form, TODAY, answers)
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form, TODAY, made.event_id))
        await calm(pilot)
        editor = app.screen.query_one(FormEditor)
        editor.go_to(of_type(clinic, "medicine"))
        await hit(pilot, "down", "enter")
        assert on(app, MedicineDialog)
        assert "Change: Amoxicillin 500 mg" in screen_text(app)
        assert "HASSAN, Mohammed" in screen_text(app), "the dialog covers the line that says who"
        await hit(pilot, "tab", "backspace", "backspace", "backspace", *"250")
        text = await hit(pilot, "escape")
        assert on(app, MedicineDialog), "what was typed is not dropped by one key"
        assert "Esc once more drops it." in text
        await hit(pilot, "f10")
        assert on(app, EventFormScreen)
        assert "250 mg" in screen_text(app)
        await hit(pilot, "enter")  # the pointer is on the entry still
        assert on(app, MedicineDialog)
        await hit(pilot, "escape", "f10")
        assert on(app, FindScreen)
    assert entries(clinic, patient, "medicine") == [{**old, "dose": 250}]
