"""Registering and editing a patient by keyboard, on a real store."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key
from textual.pilot import Pilot

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import drafts, info, patients, registration, saving
from hikma_tui.forms import Answers
from hikma_tui.models import Clinic as ClinicRow
from hikma_tui.models import Patient, PatientAttribute, UserClinicPermissions, dicts, live
from hikma_tui.screens import drafting
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.identity import identity_line
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.register import RegisterScreen, begun_with
from hikma_tui.text import cell_width
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.title import MessageLine
from tests.screens.clinic import (
    TODAY,
    Clinic,
    calm,
    fill,
    make_clinic,
    on,
    running,
    use_utc,
)
from tests.screens.harness import golden, screen_text
from tests.screens.trouble import by_another_process, drafts_of, hit, locked, stored, write

Screens = tuple[HikmaApp, Pilot[int]]


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    made = make_clinic(tmp_path / "store")
    stored(made, info.put, "card_prefix", "AB")
    yield made
    made.store.close()


def number_of_patients(clinic: Clinic) -> int:
    return len(stored(clinic, lambda: list(live(Patient).select())))


def the_patient(clinic: Clinic, given: str) -> dict[str, Any]:
    def find() -> list[dict[str, Any]]:
        model = live(Patient)
        return dicts(model.select().where(model.given_name == given))

    (row,) = stored(clinic, find)
    return row


def message(app: HikmaApp) -> str:
    lines = app.screen.query(MessageLine)
    return str(lines.last().message)


def change(clinic: Clinic, patient_id: str, **columns: Any) -> None:
    """Somebody else saves these columns."""
    clinic.store.write(patients.edit, clinic.actor, patient_id, columns).result()


async def go_to(app: HikmaApp, pilot: Pilot[int], column: str) -> None:
    """Put the cursor on a field, as Tab would."""
    screen = app.screen
    assert isinstance(screen, RegisterScreen)
    field_id = next(f.id for f in screen._form.fields if f.column == column)
    screen.query_one(FormEditor).go_to(field_id)
    await calm(pilot)


async def set_field(app: HikmaApp, pilot: Pilot[int], column: str, text: str) -> None:
    await go_to(app, pilot, column)
    await hit(pilot, "ctrl+u")
    await write(pilot, text)


def answers(app: HikmaApp) -> Answers:
    screen = app.screen
    assert isinstance(screen, RegisterScreen)
    by_id = {field.id: field.column for field in screen._form.fields}
    found = screen.query_one(FormEditor).answers
    return {by_id[key]: value for key, value in found.items() if key in by_id}


# -- a new patient


async def test_a_patient_is_registered_with_few_keys(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (app, pilot):
        await write(pilot, "mariam hasan")
        await hit(pilot, "f2")
        assert answers(app)["given_name"] == "Mariam"
        assert answers(app)["external_patient_id"] == "AB-0001"
        await hit(pilot, "enter", "enter")
        await write(pilot, "34")
        await hit(pilot, "enter", "2")
        golden("register_new", screen_text(app))
        text = await hit(pilot, "f10")
        assert on(app, PatientScreen)
        assert message(app).startswith("Saved: new patient. HASAN, Mariam  F  34 y")
        assert "AB-0001" in message(app)
        assert "HASAN, Mariam" in text
        assert drafts_of(clinic) == []
        await hit(pilot, "escape", "escape")
        assert "Mariam Hasan" in await hit(pilot, *"mariam")
        await hit(pilot, "f2")
        assert answers(app)["external_patient_id"] == "AB-0002"
    row = the_patient(clinic, "Mariam")
    assert (row["sex"], row["surname"]) == ("female", "Hasan")
    assert row["primary_clinic_id"] == clinic.actor.clinic_id


@pytest.mark.parametrize(
    ("typed", "begun"),
    [
        ("mary", {"given_name": "Mary"}),
        ("Mary de la Cruz", {"given_name": "Mary", "surname": "De La Cruz"}),
        ("محمد حسن", {"given_name": "محمد", "surname": "حسن"}),
        ("070 123 456", {"phone": "070 123 456"}),
        ("٠٧٠١٢٣٤٥", {"phone": "٠٧٠١٢٣٤٥"}),
        ("+961-70-123456 mary", {"given_name": "Mary", "phone": "+961-70-123456"}),
        ("1985", {}),
        ("A-0123", {}),
        ("mary 1985", {"given_name": "Mary"}),
        ("[/x]", {}),
        ("  ", {}),
    ],
)
def test_what_the_search_text_begins(clinic: Clinic, typed: str, begun: dict[str, str]) -> None:
    form = clinic.store.read(registration.form, clinic.actor).result()
    by_id = {field.id: field.column for field in form.fields}
    assert {by_id[key]: value for key, value in begun_with(form, typed).items()} == begun


async def test_what_lacks_is_named_and_the_cursor_goes_there(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await hit(pilot, "f2")
        await write(pilot, "Amal")
        text = await hit(pilot, "f10")
        assert 'NOT SAVED: "Sex" needs an answer.' in text
        assert "> Sex *" in text
        assert "NOT SAVED" not in await hit(pilot, "2")  # it is being mended
        await set_field(app, pilot, "given_name", "")
        text = await hit(pilot, "f10")
        assert "NOT SAVED: First Name: A name is needed" in text
        assert "> First Name" in text
        assert number_of_patients(clinic) == 0
        await write(pilot, "Amal")
        await hit(pilot, "f10")
        assert number_of_patients(clinic) == 1


async def test_two_presses_of_f10_save_once(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await write(pilot, "amal")
        await hit(pilot, "f2")
        await go_to(app, pilot, "sex")
        await hit(pilot, "1")
        screen = app.screen
        assert isinstance(screen, RegisterScreen)
        screen.action_save()
        screen.action_save()
        await screen.action_do("register.save")
        await screen.action_do("register.leave")
        await calm(pilot)
        assert number_of_patients(clinic) == 1
        assert on(app, PatientScreen)
        assert drafts_of(clinic) == []


async def test_keys_typed_before_the_form_is_there(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(RegisterScreen())
        screen = app.screen
        assert isinstance(screen, RegisterScreen)
        screen.action_save()
        for key in "Amal":
            screen.post_message(Key(key, key))
        screen.post_message(Key("enter", "\r"))
        for key in "Said":
            screen.post_message(Key(key, key))
        await calm(pilot)
        assert (answers(app)["given_name"], answers(app)["surname"]) == ("Amal", "Said")
        assert number_of_patients(clinic) == 0
        await hit(pilot, "escape")
        assert len(drafts_of(clinic)) == 1


async def test_two_registrations_never_get_the_same_card(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        for name in ("amal", "said"):
            await write(pilot, name)
            await hit(pilot, "f2")
            await go_to(app, pilot, "sex")
            await hit(pilot, "1", "escape", "escape")
        places = {
            kept.content["answers"][_id(clinic, "given_name")]: kept for kept in drafts_of(clinic)
        }
        for name in ("Amal", "Said"):
            app.push_screen(RegisterScreen(place=places[name].place))
            await calm(pilot)
            if name == "Amal":  # and a third one takes the number while this one is open
                clinic.register("Third", "", external_patient_id="AB-0001")
            await hit(pilot, "f10")
            app.screen.dismiss(None)
            await calm(pilot)
    cards = [the_patient(clinic, name)["external_patient_id"] for name in ("Third", "Amal", "Said")]
    assert cards == ["AB-0001", "AB-0002", "AB-0003"]


def _id(clinic: Clinic, column: str) -> str:
    form = clinic.store.read(registration.form, clinic.actor).result()
    return next(field.id for field in form.fields if field.column == column)


# -- who is alike


async def test_who_is_alike_and_why_and_their_file(clinic: Clinic) -> None:
    made = fill(clinic)
    async with running(clinic) as (app, pilot):
        await write(pilot, "muhammad hasan")
        await hit(pilot, "f2")
        text = await hit(pilot, "enter", "enter", *"11", "slash", *"3", "slash", *"1992")
        assert "Alike: Mohammed Hassan (similar name, same birth date)" in text
        text = await hit(pilot, "f4")
        assert "1  Mohammed Hassan  M  34 y  1992-03-11  A-0123" in text
        await hit(pilot, "1")
        assert isinstance(app.screen, PatientScreen)
        assert app.screen.patient_id == made["A-0123"]
        (kept,) = drafts_of(clinic)
        assert kept.content["answers"][_id(clinic, "given_name")] == "Muhammad"


async def test_a_card_number_of_somebody_else_is_warned_about(clinic: Clinic) -> None:
    fill(clinic)
    warning = "Card number A-0300 is Amal Khalil's already."
    async with running(clinic) as (app, pilot):
        await write(pilot, "zara")
        text = await hit(pilot, "f2")
        assert "Card number" not in text.replace("Card number *", "")
        await go_to(app, pilot, "external_patient_id")
        await hit(pilot, "ctrl+u")
        assert warning in await write(pilot, "A-0300")
        assert warning not in await write(pilot, "1")
        await hit(pilot, "backspace")
        await go_to(app, pilot, "sex")
        await hit(pilot, "1", "f10")
        assert on(app, PatientScreen)  # a warning, no refusal
    assert the_patient(clinic, "Zara")["external_patient_id"] == "A-0300"


async def test_who_may_register_nobody_is_told_before_typing(clinic: Clinic) -> None:
    def take_right() -> None:
        with saving.Save(clinic.actor) as save:
            for row in dicts(live(UserClinicPermissions).select()):
                flags = {"can_register_patients": False, "is_clinic_admin": False}
                save.update(UserClinicPermissions, row["id"], flags)

    clinic.store.write(take_right).result()
    async with running(clinic) as (app, pilot):
        await hit(pilot, "f2")
        assert on(app, FindScreen)
        (said,) = app._notifications
        assert "no permission to register" in str(said.message)


async def test_a_hidden_file_exists_and_never_opens(clinic: Clinic) -> None:
    def elsewhere() -> str:
        with saving.Save(clinic.actor) as save:
            return save.insert(ClinicRow, {"name": "Clinic [b]B"})

    other = clinic.store.write(elsewhere).result()

    def allow(yes: bool) -> None:
        with saving.Save(clinic.actor) as save:
            row = {"user_id": clinic.actor.user_id, "clinic_id": other, "created_by": None}
            if yes:
                flags = {"can_register_patients": True, "is_clinic_admin": True}
                save.insert(UserClinicPermissions, {**row, **flags})
            else:
                for found in dicts(
                    UserClinicPermissions.select().where(UserClinicPermissions.clinic_id == other)
                ):
                    save.bury(UserClinicPermissions, [found], 1)

    clinic.store.write(allow, True).result()
    clinic.register("Ziad", "Secretson", phone="070 555 555", primary_clinic_id=other)
    clinic.store.write(allow, False).result()
    async with running(clinic) as (app, pilot):
        await write(pilot, "ziad secretson")
        text = await hit(pilot, "f2")
        assert "Alike: a file exists at Clinic [b]B (same name)" in text
        text = await hit(pilot, "f4")
        assert "a file exists at Clinic [b]B (same name)" in text
        text = await hit(pilot, "1")
        assert on(app, RegisterScreen)
        assert "You may not open this file" in text
        await hit(pilot, "f4", "enter")
        assert on(app, RegisterScreen)


async def test_the_same_government_id_takes_a_deliberate_f10(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (app, pilot):
        await write(pilot, "other person")
        await hit(pilot, "f2")
        await set_field(app, pilot, "government_id", "LB-99812")
        await go_to(app, pilot, "sex")
        text = await hit(pilot, "1", "f10")
        assert "Another patient has this government id: Mohammed Hassan." in text
        await hit(pilot, "enter")
        assert number_of_patients(clinic) == 5
        text = await hit(pilot, "escape")
        assert "NOT SAVED: Another patient has this government id" in text
        assert "> Government ID" in text
        assert answers(app)["given_name"] == "Other"
        assert len(drafts_of(clinic)) == 1
        await hit(pilot, "f10", "f10")
        assert number_of_patients(clinic) == 6
        assert on(app, PatientScreen)


# -- leaving


async def test_esc_loses_no_word_and_an_untouched_form_leaves_none(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await write(pilot, "nour")
        await hit(pilot, "f2", "escape")
        assert drafts_of(clinic) == []
        await hit(pilot, "f2", "tab", "tab", *"31", "slash", "1", "3", "escape")
        assert on(app, FindScreen)
        (kept,) = drafts_of(clinic)
        assert list(kept.content["unparsed"].values()) == ["31/13"]
        assert "draft" in await hit(pilot, "escape")
        text = await hit(pilot, "enter")
        assert on(app, RegisterScreen)
        assert "What you had typed is back." in text
        assert "Nour" in text
        assert "31/13" in text
        await hit(pilot, "escape")
        assert len(drafts_of(clinic)) == 1
        text = await hit(pilot, "enter", "f8")
        assert "Forget what you typed here?" in text
        await hit(pilot, "enter")
        assert len(drafts_of(clinic)) == 1
        await hit(pilot, "f10")
        assert drafts_of(clinic) == []
        assert on(app, FindScreen)


async def test_what_is_no_answer_yet_is_a_draft_too(clinic: Clinic) -> None:
    async with running(clinic) as (_app, pilot):
        await hit(pilot, "f2", "tab", "tab", *"blah", "escape")
        (kept,) = drafts_of(clinic)
        assert list(kept.content["unparsed"].values()) == ["blah"]


async def test_two_new_patients_at_once_are_two_drafts(clinic: Clinic) -> None:
    async with running(clinic) as (_app, pilot):
        await hit(pilot, "f2")
        await write(pilot, "amal")
        here = clinic.store.read(registration.free_place, None).result()
        there = clinic.store.read(registration.free_place, None).result()
        assert here != there  # two programs ask before either has kept a word
        content: dict[str, Any] = {"answers": {}, "unparsed": {}}
        stored(clinic, drafts.keep, clinic.actor, here, None, content)
        text = await hit(pilot, "escape")
        assert len(drafts_of(clinic)) == 2
        assert text.count("new patient") == 2
        assert "edit of the registration" not in text


async def test_no_draft_outlives_its_save(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await write(pilot, "amal")
        await hit(pilot, "f2")
        await go_to(app, pilot, "sex")
        await hit(pilot, "1")
        screen = app.screen
        assert isinstance(screen, RegisterScreen)
        assert screen._keeper is not None
        other = sqlite3.connect(clinic.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # a slow disk: the draft is on its way, the save behind it
        screen.keep_typed()
        await asyncio.sleep(0.02)
        screen._keeper.keep({"answers": {}, "unparsed": {}, "first": {}})  # the last keystroke
        screen.action_save()
        await asyncio.sleep(0.02)
        other.execute("ROLLBACK")
        other.close()
        await calm(pilot)
        assert number_of_patients(clinic) == 1
        assert drafts_of(clinic) == []


async def test_what_is_typed_during_a_save_is_shown_and_does_nothing(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await write(pilot, "amal")
        await hit(pilot, "f2")
        await go_to(app, pilot, "sex")
        await hit(pilot, "1")
        other = sqlite3.connect(clinic.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")  # a slow disk
        app.screen.action_save()  # type: ignore[attr-defined]
        for key in "5x":
            await asyncio.sleep(0.02)
            app.post_message(Key(key, key))
        await asyncio.sleep(0.05)
        assert message(app) == "Saving ..."
        other.execute("ROLLBACK")
        other.close()
        await calm(pilot)
        assert on(app, PatientScreen)
        assert the_patient(clinic, "Amal")["sex"] == "male"
        (said,) = app._notifications
        assert said.message == "Typed while it was being saved, and not taken: 5x"


# -- trouble


async def test_a_locked_store_saves_nothing_and_keeps_all(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await write(pilot, "amal")
        await hit(pilot, "f2")
        await go_to(app, pilot, "sex")
        await hit(pilot, "1")
        with locked(clinic):
            text = await hit(pilot, "f10")
            assert "NOT SAVED" in text
            assert on(app, RegisterScreen)
            assert answers(app)["given_name"] == "Amal"
            await set_field(app, pilot, "hometown", "Saida")
            assert "NOT SAVED, not as a draft either" in screen_text(app)
            text = await hit(pilot, "escape")
            assert "Leave, and lose what you typed?" in text
            await hit(pilot, "escape")
            assert on(app, RegisterScreen)
        await write(pilot, "!")
        assert drafts_of(clinic)[0].content["answers"][_id(clinic, "hometown")] == "Saida!"
        await hit(pilot, "f10")
        assert number_of_patients(clinic) == 1
        assert drafts_of(clinic) == []


async def test_a_draft_that_failed_is_kept_without_another_key(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drafting, "RETRY_AFTER", 0.1)
    async with running(clinic) as (app, pilot):
        await write(pilot, "amal")
        await hit(pilot, "f2")
        with locked(clinic):
            text = await hit(pilot, "i")
            assert "NOT SAVED, not as a draft either" in text
        for _turn in range(40):
            await asyncio.sleep(0.05)
            if drafts_of(clinic):
                break
        (kept,) = drafts_of(clinic)
        assert kept.content["answers"][_id(clinic, "given_name")] == "Amali"
        await calm(pilot)
        assert "NOT SAVED" not in screen_text(app)
        assert app.screen._keeper._retry is None  # type: ignore[attr-defined]


async def test_a_patient_deleted_meanwhile_by_another_process(clinic: Clinic) -> None:
    made = fill(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(made["A-0300"]))
        await calm(pilot)
        await hit(pilot, "5")
        await set_field(app, pilot, "hometown", "Saida")
        gone = {"op": "delete", "table": "patients", "row": {"id": made["A-0300"]}}
        by_another_process(clinic, gone)
        text = await hit(pilot, "f10")
        assert "NOT SAVED: This record is not there any more." in text
        assert answers(app)["hometown"] == "Saida"
        place = f"patient:{made['A-0300']}"
        kept = clinic.store.read(drafts.at, clinic.actor, place).result()
        assert kept is not None
        assert kept["answers"][_id(clinic, "hometown")] == "Saida"
        await hit(pilot, "escape")
        assert on(app, FindScreen)


# -- editing


async def test_an_edit_keeps_what_the_form_does_not_show(clinic: Clinic) -> None:
    made = fill(clinic)
    patient_id = made["A-0123"]

    def more() -> None:
        row = {"patient_id": patient_id, "attribute_id": "gone", "attribute": "Tribe"}
        patients.put_attribute(clinic.actor, {**row, "string_value": "x"})
        columns = {"additional_data": {"a": 1}, "metadata": {"mine": 2}, "photo_url": "p"}
        patients.edit(clinic.actor, patient_id, columns)

    clinic.store.write(more).result()
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(patient_id))
        await calm(pilot)
        await hit(pilot, "5")
        await set_field(app, pilot, "date_of_birth", "30")
        await hit(pilot, "f10")
        assert on(app, PatientScreen)
        assert "Saved: the registration. HASSAN, Mohammed  M  30 y" in message(app)
    row = the_patient(clinic, "Mohammed")
    assert row["additional_data"] == {"a": 1}
    assert row["metadata"] == {"mine": 2, "birth_date_estimated": True}
    assert row["photo_url"] == "p"
    attributes = stored(clinic, lambda: dicts(PatientAttribute.select()))
    assert [a["string_value"] for a in attributes] == ["x"]


async def test_what_others_changed_meanwhile_is_not_written_back(clinic: Clinic) -> None:
    made = fill(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(made["A-0123"]))
        await calm(pilot)
        await hit(pilot, "5")
        await set_field(app, pilot, "hometown", "Tyre")
        change(clinic, made["A-0123"], phone="071 000 000", date_of_birth="1993-01-01")
        await hit(pilot, "f10")
        assert on(app, PatientScreen)
    row = the_patient(clinic, "Mohammed")
    assert (row["hometown"], row["phone"], row["date_of_birth"]) == (
        "Tyre", "071 000 000", "1993-01-01",
    )  # fmt: skip


async def test_a_draft_goes_on_from_what_is_stored_now(clinic: Clinic) -> None:
    made = fill(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(made["A-0123"]))
        await calm(pilot)
        await hit(pilot, "5")
        await set_field(app, pilot, "hometown", "Tyre")
        await hit(pilot, "escape")
        change(clinic, made["A-0123"], phone="071 000 000")
        await hit(pilot, "5")
        assert (answers(app)["hometown"], answers(app)["phone"]) == ("Tyre", "071 000 000")
        change(clinic, made["A-0123"], hometown="Beirut")
        text = await hit(pilot, "f10")
        assert "Hometown was changed by somebody else" in text


@pytest.mark.parametrize(("keys", "kept"), [("1", "Tyre"), ("2", "Beirut"), ("escape", "Beirut")])
async def test_the_same_field_changed_twice_is_asked(clinic: Clinic, keys: str, kept: str) -> None:
    made = fill(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(made["A-0123"]))
        await calm(pilot)
        await hit(pilot, "5")
        await set_field(app, pilot, "hometown", "Tyre")
        await set_field(app, pilot, "camp", "C")
        change(clinic, made["A-0123"], hometown="Beirut", phone="071 000 000")
        text = await hit(pilot, "f10")
        assert "Keep what I typed: Tyre" in text
        assert "Take what is stored: Beirut" in text
        assert the_patient(clinic, "Mohammed")["hometown"] == "Beirut"
        text = await hit(pilot, keys)
        assert "NOT SAVED" in text
        if keys == "escape":
            assert "Changed by somebody else since you opened it: Hometown." in text
            assert answers(app)["hometown"] == "Tyre"
            return
        assert "> Hometown" in text
        assert (answers(app)["hometown"], answers(app)["camp"]) == (kept, "C")
        await hit(pilot, "f10")
        assert on(app, PatientScreen)
    row = the_patient(clinic, "Mohammed")
    assert (row["hometown"], row["camp"], row["phone"]) == (kept, "C", "071 000 000")


# -- who am I looking at


@pytest.mark.parametrize(
    "name", ["N" * 300, "محمد " * 60, "[/x]", "a\x1b[31mb\u202e", "\U0001f600" * 99]
)
async def test_who_it_is_stands_on_the_screen_whatever_the_name(clinic: Clinic, name: str) -> None:
    patient_id = clinic.register(
        name, "", sex="female", date_of_birth="1992-03-11", external_patient_id="A-0123"
    )
    async with running(clinic) as (app, pilot):
        app.push_screen(RegisterScreen(patient_id))
        await calm(pilot)
        for width in (80, 60, 80):
            await pilot.resize_terminal(width, 24)
            await calm(pilot)
            first = screen_text(app).splitlines()[0]
            assert "F  34 y  1992-03-11  A-0123" in first
            assert cell_width(first) <= width
        card = clinic.store.read(patients.card, clinic.actor, patient_id).result()
        assert cell_width(identity_line(card, TODAY, 40)) <= 40
        assert answers(app)["given_name"] == the_patient(clinic, name)["given_name"]
