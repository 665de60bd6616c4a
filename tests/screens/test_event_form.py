"""Filling and correcting one form, in calm and in trouble."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste

from hikma_tui import forms
from hikma_tui.clinic import chart, deletion, drafts, saving, visits
from hikma_tui.models import EventForm, connection, dicts
from hikma_tui.screens import drafting, event_place
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.opening import open_draft
from hikma_tui.screens.visit_entry import VisitEntryScreen
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.form_editor import FormEditor
from tests.screens.clinic import TODAY, Clinic, calm, fill, make_clinic, on, running, use_utc
from tests.screens.harness import screen_text
from tests.screens.trouble import by_another_process, drafts_of, full_disk, hit, stored, write


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return fill(clinic)["A-0123"]


def values(clinic: Clinic, event_id: str) -> dict[str, Any]:
    """The stored answers of an event, by the name of the field."""
    event = stored(clinic, chart.event, clinic.actor, event_id)[1]
    return {item["name"]: item["value"] for item in event["form_data"]}


def form_id(clinic: Clinic, name: str = "Consultation") -> str:
    return str(clinic.forms[name]["id"])


def field_id(clinic: Clinic, name: str) -> str:
    fields = clinic.forms["Consultation"]["form_fields"]
    return next(str(field["id"]) for field in fields if field["name"] == name)


def events(clinic: Clinic, patient: str) -> list[str]:
    lines = stored(clinic, chart.chart, clinic.actor, patient).visits
    return [event.id for line in lines for event in line.events]


def elsewhere(clinic: Clinic, event_id: str, **answers: Any) -> None:
    """Somebody else changes these answers of the event."""

    def change() -> None:
        form = clinic.forms["Consultation"]
        event = chart.event(clinic.actor, event_id)[1]
        old = visits.answers_in(forms.event_form(form), event["form_data"])
        new = {field_id(clinic, name.replace("_", " ")): value for name, value in answers.items()}
        visits.edit(clinic.actor, event_id, {**old, **new}, "elsewhere")

    stored(clinic, change)


def may_only_look(clinic: Clinic) -> None:
    """The user's right to edit is taken away."""
    clinic.store.write(
        lambda: connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_edit_records = 0"
        )
    ).result()


def plain_label(editor: FormEditor) -> str:
    assert editor.current is not None
    return editor.current.label["en"]


async def test_a_required_answer_is_named(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        await hit(pilot, "tab", "t")
        text = await hit(pilot, "f10")
        assert 'NOT SAVED: "Chief complaint" needs an answer.' in text
        assert "> Chief complaint" in text
        assert events(clinic, patient) == []


async def test_a_half_typed_answer_is_kept_and_named(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        await write(pilot, "headache")
        await hit(pilot, "tab", *"31", "/", *"13")
        text = await hit(pilot, "f10")
        assert "NOT SAVED" in text
        editor = app.screen.query_one(FormEditor)
        assert editor.current is not None
        assert editor.current.name == "First day of the illness"
        assert plain_label(editor) in text.splitlines()[-2]
        await hit(pilot, "escape")
        assert isinstance(app.screen, FindScreen)
        text = await hit(pilot, "enter")
        assert "31/13" in text
        assert "headache" in text
        assert "HASSAN, Mohammed" in text.splitlines()[0]


async def test_two_presses_of_f10_save_once(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        screen = app.screen
        assert isinstance(screen, EventFormScreen)
        screen.action_save()  # the form is still opening
        await calm(pilot)
        assert events(clinic, patient) == []
        await write(pilot, "headache")
        screen.action_save()
        screen.action_save()
        screen.action_leave()
        await calm(pilot)
        assert isinstance(app.screen, FindScreen)
        assert "Saved: Consultation. HASSAN, Mohammed  M  34 y" in screen_text(app)
        assert len(events(clinic, patient)) == 1
        assert drafts_of(clinic) == []


async def test_a_full_disk_saves_nothing_and_keeps_all(clinic: Clinic, patient: str) -> None:
    note = "long history " * 2000
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        await write(pilot, "headache")
        editor = app.screen.query_one(FormEditor)
        editor.go_to(field_id(clinic, "History and examination"))
        await calm(pilot)
        assert app.screen.focused is not None
        app.screen.focused.post_message(Paste(note))
        await calm(pilot)
        with full_disk(clinic):
            text = await hit(pilot, "f10")
            assert "NOT SAVED" in text
            assert "disk is full" in text
            assert isinstance(app.screen, EventFormScreen)
            assert editor.answers[field_id(clinic, "History and examination")] == note
            assert events(clinic, patient) == []
        await hit(pilot, "f10")
        (event_id,) = events(clinic, patient)
        assert values(clinic, event_id)["History and examination"] == note


async def test_a_patient_deleted_meanwhile(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        await write(pilot, "headache")
        by_another_process(clinic, {"op": "delete", "table": "patients", "row": {"id": patient}})
        text = await hit(pilot, "f10")
        assert "NOT SAVED: This record is not there any more." in text
        assert "headache" in text
        assert isinstance(app.screen, EventFormScreen)


async def test_a_visit_deleted_meanwhile_begins_anew(clinic: Clinic, patient: str) -> None:
    made = clinic.note(patient, TODAY, "first")
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await hit(pilot, "4")
        await write(pilot, "cough")
        stored(clinic, deletion.delete, clinic.actor, "visits", made.visit_id, "wrong")
        text = await hit(pilot, "f10")
        assert "NOT SAVED: this visit was deleted meanwhile. F10 again begins a new one." in text
        await hit(pilot, "f10")
        assert len(events(clinic, patient)) == 1


# -- corrections


async def test_a_correction_of_another_day_takes_a_reason(clinic: Clinic, patient: str) -> None:
    day = TODAY - timedelta(days=9)
    event_id = clinic.note(patient, day, "headache", Temperature="38").event_id
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), day, event_id))
        await calm(pilot)
        assert "Nothing was changed" in await hit(pilot, "f10")
        await write(pilot, "s")
        text = await hit(pilot, "f10")
        assert "This visit is of another day. Why is it changed?" in text
        text = await hit(pilot, "escape")
        assert "NOT SAVED: no reason was given." in text
        assert values(clinic, event_id)["Chief complaint"] == "headache"
        await hit(pilot, "f10", "enter")
        await write(pilot, "typing error")
        await hit(pilot, "enter")
    event = stored(clinic, chart.event, clinic.actor, event_id)[1]
    assert values(clinic, event_id)["Chief complaint"] == "headaches"
    assert values(clinic, event_id)["Temperature"] == "38"
    assert [note["reason"] for note in event["metadata"]["corrections"]] == ["typing error"]


async def test_what_others_changed_meanwhile_stays(clinic: Clinic, patient: str) -> None:
    event_id = clinic.note(patient, TODAY, "headache", Temperature="38", Pulse="80").event_id
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
        await calm(pilot)
        await write(pilot, "s")
        elsewhere(clinic, event_id, Temperature="39", Pulse="")
        await hit(pilot, "f10")
        assert isinstance(app.screen, FindScreen)
    found = values(clinic, event_id)
    assert (found["Chief complaint"], found["Temperature"], found["Pulse"]) == (
        "headaches",
        "39",
        "",
    )


@pytest.mark.parametrize(("key", "kept"), [("1", "headaches"), ("2", "migraine")])
async def test_the_same_answer_changed_twice_is_asked(
    clinic: Clinic, patient: str, key: str, kept: str
) -> None:
    event_id = clinic.note(patient, TODAY, "headache", Temperature="38").event_id
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
        await calm(pilot)
        await write(pilot, "s")
        elsewhere(clinic, event_id, Chief_complaint="migraine", Temperature="39")
        text = await hit(pilot, "f10")
        assert "Chief complaint was changed by somebody else" in text
        assert "headaches" in text
        assert "migraine" in text
        assert values(clinic, event_id)["Chief complaint"] == "migraine"
        assert "NOT SAVED yet" in await hit(pilot, key)
        await hit(pilot, "f10")
    found = values(clinic, event_id)
    assert (found["Chief complaint"], found["Temperature"]) == (kept, "39")


async def test_a_change_of_a_deleted_note_waits_for_its_undo(clinic: Clinic, patient: str) -> None:
    note = clinic.note(patient, TODAY, "cough")
    async with running(clinic) as (app, pilot):
        form = clinic.forms["Consultation"]["id"]
        app.push_screen(EventFormScreen(patient, form, TODAY, event_id=note.event_id))
        await calm(pilot)
        await write(pilot, " and fever")
        await hit(pilot, "escape")
        assert "1 draft" in screen_text(app)
        number = stored(clinic, deletion.delete, clinic.actor, "events", note.event_id, "wrong")
        assert "1 draft" not in await hit(pilot, "f4", "f1", "escape")
        stored(clinic, deletion.undo, clinic.actor, number)
        assert "1 draft" in await hit(pilot, "f1", "escape")


async def test_the_same_note_open_twice_is_two_drafts(clinic: Clinic, patient: str) -> None:
    complaint = field_id(clinic, "Chief complaint")

    def typed() -> list[str]:
        return sorted(str(kept.content["answers"][complaint]) for kept in drafts_of(clinic))

    event_id = clinic.note(patient, TODAY, "cough").event_id
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
        await calm(pilot)
        await write(pilot, "1")
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
        await calm(pilot)
        assert "is back" not in screen_text(app)  # it is being typed over there
        await write(pilot, "2")
        assert typed() == ["cough1", "cough2"]
        await hit(pilot, "f10")
        assert values(clinic, event_id)["Chief complaint"] == "cough2"
        assert typed() == ["cough1"]  # a save forgets its own
        await write(pilot, "3")
        assert typed() == ["cough13"]
        await hit(pilot, "escape")
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
        await calm(pilot)
        assert "cough13" in screen_text(app)  # left over there, so it goes on here
        await write(pilot, "4")
        assert typed() == ["cough134"]


async def test_a_draft_kept_beside_is_opened_from_the_list(clinic: Clinic, patient: str) -> None:
    event_id = clinic.note(patient, TODAY, "cough").event_id
    async with running(clinic) as (app, pilot):
        for key in "12":
            app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id))
            await calm(pilot)
            await write(pilot, key)
        await hit(pilot, "escape", "escape")
        (beside,) = (k.place for k in drafts_of(clinic) if k.place.endswith("#s2"))
        open_draft(app.screen, beside)  # type: ignore[arg-type]
        await calm(pilot)
        assert "cough2" in screen_text(app)
        await hit(pilot, "f8", "f10")
        assert [k.place.endswith("#s2") for k in drafts_of(clinic)] == [False]


def test_a_draft_of_another_screen_is_never_written_over(clinic: Clinic, patient: str) -> None:
    def keep(hold: drafts.Hold, text: str) -> None:
        stored(clinic, drafts.keep, clinic.actor, hold, patient, {"answers": {"a": text}})

    def begun(token: str, alive: bool) -> drafts.Hold:
        return stored(clinic, drafts.begin, clinic.actor, place, token, lambda _t: alive)[0]

    place = f"patient:{patient}"
    one, two = begun("one", True), begun("two", True)
    keep(one, "1")
    keep(two, "2")  # both found the place empty
    keep(one, "11")
    three = begun("three", False)  # as after a crash: it goes on with the first draft
    keep(three, "3")
    keep(one, "111")  # which was not dead after all
    stored(clinic, drafts.discard, clinic.actor, two)
    assert {kept.content["answers"]["a"] for kept in drafts_of(clinic)} == {"3", "111"}
    dead = f"{drafting._boot()}.99999999.1"
    assert not drafting.is_alive(dead)
    assert drafting.is_alive(f"{drafting._boot()}.{os.getppid()}.1")
    assert not drafting.is_alive(f"earlier.{os.getppid()}.1")


async def test_a_draft_of_a_deleted_form_is_read_and_forgotten(
    clinic: Clinic, patient: str
) -> None:
    def delete_form() -> None:
        with saving.Save(clinic.actor) as save:
            found = dicts(EventForm.select().where(EventForm.id == form_id(clinic)))
            save.bury(EventForm, found, 1)

    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        await write(pilot, "headache [b]x")
        await hit(pilot, "tab", *"blah", "escape")
        stored(clinic, delete_form)
        text = await hit(pilot, "enter")
        assert "HASSAN, Mohammed" in text
        assert "headache [b]x" in text
        assert "blah" in text
        assert "This form is not there any more" in text
        assert "NOT SAVED: this form is not there" in await hit(pilot, "f10")
        await hit(pilot, "escape")
        assert len(drafts_of(clinic)) == 1
        await hit(pilot, "enter", "f8", "f10")
        assert drafts_of(clinic) == []


@pytest.mark.parametrize("another", [True, False])
async def test_a_draft_of_a_deleted_visit_goes_into_another(
    clinic: Clinic, patient: str, another: bool
) -> None:
    visit_id = clinic.note(patient, TODAY, "first").visit_id
    place = event_place.of(patient, form_id(clinic), TODAY, f"@{visit_id}")
    content = {"answers": {field_id(clinic, "Chief complaint"): "cough"}}
    stored(clinic, drafts.keep, clinic.actor, place, patient, content)
    stored(clinic, deletion.delete, clinic.actor, "visits", visit_id, "wrong")
    if another:
        clinic.note(patient, TODAY, "second")
    async with running(clinic) as (app, pilot):
        text = await hit(pilot, "enter")
        assert on(app, EventFormScreen)
        assert "cough" in text
        assert "The visit of this draft is not there any more." in text
        await hit(pilot, "f10")
        assert len(events(clinic, patient)) == (2 if another else 1)
        assert len(stored(clinic, chart.chart, clinic.actor, patient).visits) == 1
        assert drafts_of(clinic) == []


async def test_an_absurd_measure_is_asked_about_once_and_then_taken(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        form = form_id(clinic, "Antenatal visit")
        app.push_screen(EventFormScreen(patient, form, TODAY))
        await calm(pilot)
        editor = app.screen.query_one(FormEditor)
        while plain_label(editor) != "Haemoglobin":
            await hit(pilot, "tab")
        await hit(pilot, *"150")
        text = await hit(pilot, "f10")
        assert on(app, Ask)
        assert "Haemoglobin 150 g/dL is unusually high. Correct?" in text
        assert "HASSAN, Mohammed" in text  # the dialog covers the line that says who it is
        text = await hit(pilot, "escape")
        assert "NOT SAVED: put it right, then F10." in text
        assert "> Haemoglobin" in text
        assert events(clinic, patient) == []
        await hit(pilot, "f10", "enter")
        (event,) = events(clinic, patient)
        assert values(clinic, event)["Haemoglobin"] in (150, "150")


async def test_only_a_changed_measure_is_doubted(clinic: Clinic, patient: str) -> None:
    event = clinic.note(patient, TODAY, "tired", Temperature="98").event_id
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY, event_id=event))
        await calm(pilot)
        await hit(pilot, "end", *"er")
        await hit(pilot, "f10")
        assert not on(app, Ask)
        assert values(clinic, event)["Chief complaint"] == "tireder"


async def test_who_may_not_record_is_told_when_the_form_opens(clinic: Clinic, patient: str) -> None:
    may_only_look(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        assert not on(app, EventFormScreen)
        assert "has no permission to" in screen_text(app)


async def test_a_paste_ahead_of_the_focus_reaches_its_field(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        editor = app.screen.query_one(FormEditor)
        while plain_label(editor) != "Pregnant":
            await hit(pilot, "tab")
        for key, name, text in (
            ("tab", "History and examination", "a pasted history"),
            ("tab", "Diagnoses", "a pasted diagnosis"),
        ):
            line = app.focused
            assert line is not None
            line.post_message(Key(key, None))
            line.post_message(Paste(text))  # both come before the focus has moved
            await calm(pilot)
            assert plain_label(editor) == name
            assert text in screen_text(app)


async def test_the_line_stays_with_its_field_when_its_rows_become_fewer(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(EventFormScreen(patient, form_id(clinic), TODAY))
        await calm(pilot)
        editor = app.screen.query_one(FormEditor)
        while plain_label(editor) != "Diagnoses":
            await hit(pilot, "tab")
        await hit(pilot, *"hyperten")
        assert app.focused is not None
        app.focused.post_message(Paste("qqqqmalaria"))
        await calm(pilot)
        lines = screen_text(app).splitlines()
        (row,) = [line for line in lines if "hypertenqqqqmalaria" in line[20:50]]
        assert "Diagnoses" in row


@pytest.mark.parametrize("sentence", ["Choose the unit.", "{label} needs an answer."])
def test_a_label_of_a_page_leaves_room_for_the_reason(sentence: str) -> None:
    label = "a long label " * 90_000
    screen = EventFormScreen("p", "f", TODAY)
    screen._form = forms.event_form(
        {"id": "f", "name": "f", "form_fields": [{"id": "x", "name": label, "fieldType": "date"}]}
    )
    said = screen._named("x", sentence.format(label=screen._form.fields[0].label["en"]))
    assert said.startswith("NOT SAVED: a long label")
    assert len(said) < 120
    assert said.endswith(sentence[-12:])
