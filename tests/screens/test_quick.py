"""The one-line entry by keyboard: typing, choosing, saving, its draft."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import allergies, chart, problems
from hikma_tui.clinic import quick as clinic_quick
from hikma_tui.clinic import vitals as clinic_vitals
from hikma_tui.models import connection
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.quick_panel import QuickInput
from hikma_tui.screens.visit_entry import VisitEntryScreen
from hikma_tui.widgets.title import MessageLine
from tests.screens.clinic import Clinic, calm, fill, make_clinic, on, running, use_utc
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs
from tests.screens.trouble import drafts_of, hit, locked, stored, write


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return fill(clinic)["A-0123"]


def line_of(app: Any) -> str:
    return str(app.screen.query_one(QuickInput).value)


def message(app: Any) -> str:
    return str(app.screen.query_one(MessageLine).message)


def events(clinic: Clinic) -> list[dict[str, Any]]:
    """The answers of each event, by field id."""

    def read() -> list[dict[str, Any]]:
        found = connection().execute("SELECT form_data FROM events").fetchall()
        return [{item["fieldId"]: item["value"] for item in json.loads(row[0])} for row in found]

    return stored(clinic, read)


async def test_a_line_is_typed_chosen_and_saved(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "bp 150/95 hr 80 dx hyperten rx amlodipine 5mg od 30d")
        assert "150/95 mmHg HIGH: in which position?" in text
        assert "CHOOSE of 4" in text
        assert "amlodipine 5 mg, once a day, for 30 days" in text
        assert "not saved" in text
        assert "NOT SAVED" in await hit(pilot, "f10")  # goes to what must be chosen
        text = await hit(pilot, "1")
        assert line_of(app).startswith("bp 150/95 sit hr 80 dx hyperten")
        assert "as free text: hyperten" in text
        before = line_of(app)
        await hit(pilot, "1")
        assert line_of(app) != before
        assert "dx [" in line_of(app)
        await hit(pilot, "enter")
        assert "F10 saves" in message(app)
        assert not events(clinic)
        await hit(pilot, "f10")
        assert message(app).startswith("Saved: 4 entries. HASSAN, Mohammed  M  34 y  A-0123")
        assert line_of(app) == ""
        assert "Visit of today" in await hit(pilot, "up")
    (answers,) = events(clinic)
    (diagnosis,) = answers["hikma-note-diagnoses"]
    assert diagnosis["code"].startswith("BA")
    (entry,) = stored(clinic, clinic_vitals.history, clinic.actor, patient)
    assert (entry.row["systolic_bp"], entry.row["bp_position"]) == (150, "sitting")
    assert not stored(clinic, problems.listed, clinic.actor, patient)
    assert not drafts_of(clinic)


async def test_how_it_looks(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        line = "bp 150/95 hr 80 dx essential hypertension rx amlodipine 5mg od 30d"
        golden("quick_typed", await write(pilot, line))
        golden("quick_choose", await hit(pilot, "enter"))
        golden("quick_ready", await hit(pilot, "1"))


async def test_digits_belong_to_the_forms_while_the_line_is_empty(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await hit(pilot, "٢")
        assert on(app, EventFormScreen)
        await hit(pilot, "escape")
        await write(pilot, "hr 82")
        assert on(app, VisitEntryScreen)
        assert line_of(app) == "hr 82"
        await hit(pilot, *["backspace"] * 5)
        await hit(pilot, "3")
        assert on(app, EventFormScreen)


async def test_esc_keeps_the_line_and_f8_forgets_it(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "bp 140/90")
        await hit(pilot, "enter", "escape")  # out of choosing, to the line
        assert on(app, VisitEntryScreen)
        text = await hit(pilot, "escape")
        assert on(app, FindScreen)
        assert "one-line entry" in text
        text = await hit(pilot, "up", "enter")
        assert on(app, VisitEntryScreen)
        assert line_of(app) == "bp 140/90"
        assert "is back" in message(app)
        await hit(pilot, "f8", "f10")
        assert line_of(app) == ""
        await hit(pilot, "escape")
    assert not drafts_of(clinic)


async def test_the_line_goes_along_to_another_day(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "wt 61")
        await hit(pilot, "f4", "ctrl+u")
        await write(pilot, "t-5")
        await hit(pilot, "enter")
        assert line_of(app) == "wt 61"
        (kept,) = drafts_of(clinic)
        assert "2026-11-17" in kept.place
        await hit(pilot, "f10")
        assert "Saved" in message(app)
    (entry,) = stored(clinic, clinic_vitals.history, clinic.actor, patient)
    assert entry.day == date(2026, 11, 17)
    assert not drafts_of(clinic)


async def test_a_failed_save_stays(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "wt 61")
        with locked(clinic):
            assert "NOT SAVED" in await hit(pilot, "f10")
            assert line_of(app) == "wt 61"
        await hit(pilot, "f10")
        assert "Saved" in message(app)
    assert len(stored(clinic, clinic_vitals.history, clinic.actor, patient)) == 1


async def test_an_allergy_asks_for_a_reason(clinic: Clinic, patient: str) -> None:
    clinic.store.write(allergies.add, clinic.actor, patient, "penicillin").result()
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "rx amoxicillin 500mg tds 7d")
        text = await hit(pilot, "f10")
        assert "penicillin" in text
        assert "Reason" in text
        await hit(pilot, "escape")
        assert "NOT SAVED" in message(app)
        assert not events(clinic)
        await hit(pilot, "f10")
        await write(pilot, "no other")
        await hit(pilot, "enter")
        assert "Saved: 1 medicine" in message(app)
    (answers,) = events(clinic)
    assert answers["hikma-note-medicines"][0]["allergyOverride"]["reason"] == "no other"


async def test_f7_makes_the_diagnosis_a_problem_only_when_pressed(
    clinic: Clinic, patient: str
) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "dx essential hypertension")
        text = await hit(pilot, "f7")
        assert line_of(app) == "dx [BA00 Essential hypertension]*"
        assert "also a problem" in text
        await hit(pilot, "f7")
        assert line_of(app) == "dx [BA00 Essential hypertension]"
        await hit(pilot, "down", "f7", "f10")
        assert "Saved" in message(app)
    (problem,) = stored(clinic, problems.listed, clinic.actor, patient)
    assert problem.code == "BA00"


async def test_what_is_not_understood_stands_there_and_blocks(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "xyz wt 61")
        assert "not understood: xyz" in text
        text = await hit(pilot, "f10")
        assert "NOT SAVED" in text
        await hit(pilot, "4")  # leave it out
        assert line_of(app) == "wt 61"
        await hit(pilot, "f10")
        assert "Saved" in message(app)


async def test_typing_goes_on_out_of_a_choice(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await write(pilot, "gluc 20")
        text = await hit(pilot, "enter")
        assert "1  20 mmol/L" in text
        await hit(pilot, "down", "enter")
        assert line_of(app) == "gluc 20mg/dL"
        await hit(pilot, *["backspace"] * 5, "enter", "m")
        assert line_of(app) == "gluc 20m"


async def test_hostile_lines_paint_plain(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        for text in ("[/x] [bold]", "\x1b[2J\u202e", 'dx "[/foo]" rx [red]x[/]', "ضغط ١٤٠/٩٠"):
            app.screen.query_one(QuickInput).value = text
            await calm(pilot)
            shown = await hit(pilot, "enter")
            assert_nothing_to_obey(shown)
            assert not missing_glyphs(shown) - set("١٤٠٩")
            app.screen.query_one(QuickInput).value = ""
            await calm(pilot)


async def test_rx_same_shows_what_is_repeated_and_from_when(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "rx same")
        assert "There are no medicines to repeat" in text
        assert "NOT SAVED" in await hit(pilot, "f10")
        await hit(pilot, "escape", "escape")
        line = "rx amlodipine 5mg od 30d; metformin 500mg bd 30d"
        clinic.store.write(
            clinic_quick.save, clinic.actor, patient, date(2026, 11, 2), line
        ).result()
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        assert line_of(app) == "rx same"
        text = await hit(pilot, "end")
        assert text.count("repeated from 2 Nov") == 2
        assert "amlodipine 5 mg, once a day, for 30 days" in text
        await hit(pilot, "f10")
        assert "Saved: 2 medicines" in message(app)
    *_first, last = events(clinic)
    assert [one["repeatOf"]["day"] for one in last["hikma-note-medicines"]] == ["2026-11-02"] * 2
    assert not drafts_of(clinic)


async def test_a_listed_problem_is_said_to_be_so(clinic: Clinic, patient: str) -> None:
    put = {"problem_code": "BA00", "problem_code_system": "icd11"}
    problem = clinic.store.write(problems.add, clinic.actor, patient, put).result()
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "wt 61 dx [BA00 Essential hypertension]*")
        assert "already on the problem list" in text
        await hit(pilot, "f10")
        assert "Saved" in message(app)
        assert len(stored(clinic, problems.listed, clinic.actor, patient)) == 1
        clinic.store.write(problems.resolve, clinic.actor, problem, "2026-11-20").result()
        await hit(pilot, "escape")
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "dx [BA00 Essential hypertension]*")
        assert "reactivate it" in text
        assert "NOT SAVED" in await hit(pilot, "f10")
        await hit(pilot, "1")
        assert line_of(app) == "dx [BA00 Essential hypertension]"


async def test_the_words_of_another_code_ask(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        text = await write(pilot, "dx [BA00 Malaria]")
        assert "[BA00] is Essential hypertension" in text
        await hit(pilot, "f10", "1")
        assert line_of(app) == "dx [BA00 Essential hypertension]"


async def test_a_problem_of_a_late_visit_goes_into_it(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient, date(2026, 11, 10)))
        await calm(pilot)
        await hit(pilot, "f3")
        await write(pilot, "back pain")
        await hit(pilot, "down", "enter", "f10")
        assert on(app, VisitEntryScreen), message(app)
    (problem,) = stored(clinic, problems.listed, clinic.actor, patient)
    assert problem.visit_id
    _card, visit = stored(clinic, chart.visit, clinic.actor, problem.visit_id)
    assert visit.day == date(2026, 11, 10)


@pytest.mark.parametrize("width", [80, 40])
async def test_no_dose_is_cut_on_a_narrow_screen(clinic: Clinic, patient: str, width: int) -> None:
    line = "rx amoxicillin 500mg tds 7d by mouth with plenty of water n"
    async with running(clinic, size=(width, 24)) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        app.screen.query_one(QuickInput).value = line
        await calm(pilot)
        text = " ".join((await hit(pilot, "end")).split())
        for word in ("amoxicillin 500 mg", "3 times", "7 days", "plenty of water", "nothing is"):
            assert word in text, text
