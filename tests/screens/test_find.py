"""The search: typing finds, nothing stale is shown or opened, filters, today, hostile names."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from hikma_tui.clinic import drafts, registration, visits
from hikma_tui.clinic.chart import TodayLine
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.find_rows import today_lines
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.register import RegisterScreen
from hikma_tui.widgets.prompt import SearchPrompt
from hikma_tui.widgets.row_list import Divider, RowList
from tests.screens.clinic import (
    NOON,
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
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs, screen_text


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


def shown_keys(screen: object) -> list[str]:
    assert isinstance(screen, FindScreen)
    return [getattr(line, "key", "--") for line in screen.query_one(RowList).lines]


async def test_typing_finds_and_enter_opens(clinic: Clinic) -> None:
    ids = fill(clinic)
    clinic.note(ids["A-0300"], TODAY, "fever")
    async with running(clinic) as (app, pilot):
        assert "1 open visit" in screen_text(app)
        assert "5 patients" in screen_text(app)
        await type_text(pilot, "moh has")
        text = screen_text(app)
        golden("find_results", text)
        assert missing_glyphs(text) == set()
        assert "4 of 5 patients" in text
        await press(pilot, "escape")
        await type_text(pilot, "khalik")
        assert shown_keys(app.screen) == ["--", ids["A-0300"]]  # below the divider: forgiven
        golden("find_forgiving", screen_text(app))
        await press(pilot, "escape")
        assert "1 open visit" in screen_text(app)
        await type_text(pilot, "A-0123")
        await press(pilot, "enter")
        assert isinstance(app.screen, PatientScreen)
        assert app.screen.patient_id == ids["A-0123"]


async def test_a_stale_answer_is_dropped_and_never_opened(clinic: Clinic) -> None:
    ids = fill(clinic)
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "amal")
        assert shown_keys(app.screen) == [ids["A-0300"]]
        gate = threading.Event()
        clinic.store.read(gate.wait, 5)  # the reader is busy, as on a slow card
        await pilot.press("escape", *"mohamad")
        await pilot.press("enter")
        assert isinstance(app.screen, FindScreen)  # Amal still stands there, and was not opened
        asker = app.screen.asker
        assert asker.answer is not None
        assert asker.answer.question.text == "amal"
        gate.set()
        await calm(pilot)
        assert on(app, FindScreen)  # several: look first
        assert ids["A-0300"] not in shown_keys(app.screen)
        assert "press Enter" in screen_text(app)


async def test_a_scanned_card_opens_its_one_patient(clinic: Clinic) -> None:
    ids = fill(clinic)
    async with running(clinic) as (app, pilot):
        gate = threading.Event()
        clinic.store.read(gate.wait, 5)
        await pilot.press("A", "minus", *"0777")
        await pilot.press("enter")
        gate.set()
        await calm(pilot)
        assert isinstance(app.screen, PatientScreen)
        assert app.screen.patient_id == ids["A-0777"]


async def test_after_a_patient_the_next_letter_begins_another_search(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (app, pilot):
        field = app.screen.query_one(SearchPrompt)
        await type_text(pilot, "A-0123")
        await press(pilot, "enter", "escape")
        assert field.value == "A-0123"
        await type_text(pilot, "am")
        assert field.value == "am"
        await press(pilot, "enter", "escape", "backspace", "h")
        assert field.value == "ah"
        await press(pilot, "f1", "escape", "m")  # help is no patient
        assert field.value == "ahm"
        await press(pilot, "f2", "escape", "x")
        assert field.value == "x"
        await press(pilot, "escape")
        await type_text(pilot, "amal")
        await press(pilot, "enter", "k", "h")  # typed on the patient's screen: not replaced
        assert field.value == "kh"


async def test_the_list_grows_at_its_end_and_the_count_is_right(clinic: Clinic) -> None:
    for number in range(120):
        clinic.register("Samir", f"Number{number}", external_patient_id=f"S-{number:04}")
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "samir")
        assert len(shown_keys(app.screen)) == 50
        assert "120 patients" in screen_text(app)
        for expected in (100, 120, 120):
            app.screen.query_one(RowList).last()
            await calm(pilot)
            assert len(shown_keys(app.screen)) == expected
        assert len(set(shown_keys(app.screen))) == 120


async def test_filters_narrow_and_are_said(clinic: Clinic) -> None:
    ids = fill(clinic)
    async with running(clinic) as (app, pilot):
        await press(pilot, "f3", "f", "enter", "٤", "٠")  # an age in Arabic digits
        text = await press(pilot, "f10")
        assert shown_keys(app.screen) == [ids["A-0300"]]
        assert "only: F, from 40 years" in text
        assert "1 of 5 patients" in text
        await press(pilot, "f3", "escape")
        assert "only:" not in screen_text(app)
        text = await press(pilot, "f3", "x", "f10")
        assert "Sex: M, F" in text


async def test_same_names_are_marked(clinic: Clinic) -> None:
    clinic.register("Mohammed", "Hassan", date_of_birth="1992-03-11")
    clinic.register("Hassan", "Mohammed", date_of_birth="1971-01-01")
    clinic.register("Mohammed", "Khalil", date_of_birth="1971-01-01")
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "mohammed")
        rows = [line for line in screen_text(app).splitlines() if "Mohammed" in line]
        assert sorted("=" in row for row in rows) == [False, True, True]
        assert "= same names" in screen_text(app)


async def test_keys_that_can_do_nothing_say_why_and_f2_takes_the_text(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        assert "No server is registered" in await press(pilot, "f8")
        await type_text(pilot, "Zeinab")
        assert "Nobody found for: Zeinab" in screen_text(app)
        await press(pilot, "f2")
        assert on(app, RegisterScreen)


async def test_a_draft_stands_on_the_first_screen_and_opens(clinic: Clinic) -> None:
    content: dict[str, dict[str, str]] = {"answers": {}, "unparsed": {}}
    clinic.store.write(drafts.keep, clinic.actor, "patient:new", None, content).result()
    clinic.store.write(drafts.keep, clinic.actor, "nonsense", None, content).result()
    async with running(clinic) as (app, pilot):
        assert "draft of Nora, 12:0" in screen_text(app)
        keys = shown_keys(app.screen)
        app.screen.query_one(RowList).highlight(keys[keys.index("draft:nonsense")])
        assert "can't be opened" in await press(pilot, "enter")
        app.screen.query_one(RowList).highlight("draft:patient:new")
        await press(pilot, "enter")
        assert on(app, RegisterScreen)


async def test_a_draft_of_a_new_patient_shows_the_name_typed_so_far(clinic: Clinic) -> None:
    def ids() -> list[str]:
        fields = registration.form(clinic.actor).fields
        return [f.id for name in ("given_name", "surname") for f in fields if f.column == name]

    given, surname = clinic.store.read(ids).result()
    content = {"answers": {given: "Zeinab", surname: "Haddad"}, "unparsed": {}}
    clinic.store.write(drafts.keep, clinic.actor, "patient:new", None, content).result()
    async with running(clinic) as (app, _pilot):
        assert "new patient" in screen_text(app)
        assert "Zeinab Haddad" in screen_text(app)


def test_the_headings_of_today_count_visits_and_say_when_there_are_more() -> None:
    moment = round(NOON.timestamp() * 1000)
    card = PatientCard("p", "", "", "", "", False, "", "", "", "", "", "", None, None, None)

    def headings(opened: int, seen: int) -> list[str]:
        found = [TodayLine("open", card, moment, "")] * opened
        found += [TodayLine("seen", card, moment, "")] * seen
        lines = today_lines(found, {}, "Nora", TODAY, None)
        return [line.text for line in lines if isinstance(line, Divider)]

    assert headings(2, 57) == ["2 open visits", "57 visits today"]
    assert headings(0, 1) == ["1 visit today"]
    assert headings(5, 195) == ["5 open visits", "195 visits, the newest of today"]


async def test_hostile_names_are_harmless(clinic: Clinic) -> None:
    bad = ["[/x]", "\x1b]52;c;aGk=\x07", "\u202egnorw", "n" * 250, "漢字" * 40, "[bold"]
    for number, name in enumerate(bad):
        patient = clinic.register("Zed", name, external_patient_id=f"Z-{number}")
        clinic.note(patient, TODAY, name)
    async with running(clinic) as (app, pilot):
        assert_nothing_to_obey(screen_text(app))
        await type_text(pilot, "zed")
        assert len(shown_keys(app.screen)) == len(bad)
        assert_nothing_to_obey(screen_text(app))
        for number in (0, 1, 5):
            app.screen.query_one(SearchPrompt).value = f"Z-{number}"
            await calm(pilot)
            assert_nothing_to_obey(await press(pilot, "enter"))
            assert_nothing_to_obey(await press(pilot, "enter"))
            assert_nothing_to_obey(await press(pilot, "9"))
            await pilot.press("escape", "escape", "escape")
            await calm(pilot)
            assert on(app, FindScreen)
        app.screen.query_one(SearchPrompt).value = "x" * 10_000 + "[/x]\x1b[31m"
        await calm(pilot)
        assert_nothing_to_obey(screen_text(app))


async def test_larger_and_in_arabic(clinic: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HIKMA_TUI_LANGUAGE", "ar")
    ids = fill(clinic)
    visit = clinic.note(ids["A-0040"], TODAY, "حمى")
    clinic.store.write(visits.finish, clinic.actor, visit.visit_id).result()
    async with running(clinic, size=(132, 50)) as (app, pilot):
        await type_text(pilot, "محمد")
        assert ids["A-0040"] in shown_keys(app.screen)
        text = await press(pilot, "enter", "enter", "f1", "escape")
        assert "حمى" in text
        assert max(len(line) for line in text.splitlines()) <= 132
        await pilot.resize_terminal(80, 24)
        await calm(pilot)
        assert len(screen_text(app).splitlines()) == 24


async def test_an_answer_that_comes_while_the_program_ends_paints_nothing(clinic: Clinic) -> None:
    fill(clinic)
    gate = threading.Event()
    async with running(clinic) as (app, _pilot):
        find = app.screen
        clinic.store.read(gate.wait, 20)
        find.query_one(SearchPrompt).value = "m"
        await asyncio.sleep(0.05)
        await find.query_one(RowList).remove()  # as Textual does, before the workers end
        gate.set()
        clinic.store.read(bool).result(20)  # the answer is there, and the screen has not seen it
        app._exit = True  # what exit() says first
        await asyncio.sleep(0.1)
        assert app._exception is None


async def test_what_an_empty_clinic_teaches_goes_when_it_has_a_patient(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        assert "There is no patient here yet." in screen_text(app)
        fill(clinic)  # a sync, or F2
        assert isinstance(app.screen, FindScreen)
        app.screen.sync_told(ended=True)
        await calm(pilot)
        assert "5 patients" in screen_text(app)
        assert "There is no patient here yet." not in screen_text(app)
