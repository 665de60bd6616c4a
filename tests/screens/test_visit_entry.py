"""Entering a visit by keyboard: its day, its forms one after another, its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from hikma_tui.clinic import chart
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.screens.day_dialog import AskDay
from hikma_tui.screens.event_form import EventFormScreen
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.visit_entry import VisitEntryScreen
from hikma_tui.widgets.title import MessageLine
from tests.screens.clinic import TODAY, Clinic, calm, fill, make_clinic, on, running, use_utc
from tests.screens.harness import golden
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


def visits(clinic: Clinic, patient: str) -> tuple[VisitLine, ...]:
    """Newest first."""
    return stored(clinic, chart.chart, clinic.actor, patient).visits


async def test_forms_one_after_another_by_digits_and_enter(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(PatientScreen(patient))
        await calm(pilot)
        text = await hit(pilot, "1")
        assert "HASSAN, Mohammed" in text.splitlines()[0]
        assert "M  34 y  1992-03-11  A-0123" in text.splitlines()[0]
        assert "New visit, today, 22 Nov 2026, Sun" in text
        await hit(pilot, "٤")  # Child visit
        assert on(app, EventFormScreen)
        await write(pilot, "cough")
        text = await hit(pilot, "f10")
        assert on(app, VisitEntryScreen)
        said = str(app.screen.query_one(MessageLine).message)
        assert said.startswith("Saved: Child visit. HASSAN, Mohammed  M  34 y")
        assert "A-0123" in said
        assert "Child visit   (filled: 1)" in text
        await hit(pilot, "2")
        text = await hit(pilot, "1", "f10")  # hypertension
        assert "> 3  Antenatal visit" in text  # the next form is offered
        await hit(pilot, "1")
        await write(pilot, "headache")
        golden("event_form", await hit(pilot, "enter", "t", "-", "3"))
        golden("visit_entry", await hit(pilot, "f10"))
        (visit,) = visits(clinic, patient)
        names = {event.form_name for event in visit.events}
        assert names == {"Child visit", "Chronic disease follow-up", "Consultation"}
        assert visit.open
        await hit(pilot, "f6")
        assert on(app, PatientScreen)
        assert not visits(clinic, patient)[0].open


@pytest.mark.parametrize(
    ("typed", "day"),
    [("t-3", date(2026, 11, 19)), ("31/1/26", date(2026, 1, 31)), ("٢٠٢٥-٠٢-٠٣", date(2025, 2, 3))],
)
async def test_the_day_chosen_is_the_day_stored(
    clinic: Clinic, patient: str, typed: str, day: date
) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await hit(pilot, "f4")
        await write(pilot, typed)
        text = await hit(pilot, "enter")
        assert "entered late" in text
        await hit(pilot, "1")
        await write(pilot, "headache")
        await hit(pilot, "f10", "4")
        await write(pilot, "cough")
        await hit(pilot, "f10")
    (visit,) = visits(clinic, patient)
    assert visit.day == day
    assert visit.check_in is not None
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert datetime.fromtimestamp(visit.check_in / 1000, UTC) == noon
    assert len(visit.events) == 2
    assert visit.late


async def test_the_future_and_nonsense_are_refused(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        tomorrow = TODAY + timedelta(days=1)
        for typed in (tomorrow.isoformat(), "1/1/27", "blah", "jan 2024", "+1w", "[/x]"):
            await hit(pilot, "f4", "ctrl+u")
            await write(pilot, typed)
            await hit(pilot, "enter")
            assert on(app, AskDay), typed
            assert app.screen.query_one(MessageLine).message
            await hit(pilot, "escape")
        await hit(pilot, "f4", "enter", "1")
        await write(pilot, "headache")
        await hit(pilot, "f10")
    assert [visit.day for visit in visits(clinic, patient)] == [TODAY]


@pytest.mark.parametrize("day", ["t", "t-5"])
async def test_a_second_visit_of_a_day_is_a_choice(clinic: Clinic, patient: str, day: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await hit(pilot, "f4", "ctrl+u")
        await write(pilot, day)
        await hit(pilot, "enter")
        assert "Nothing is recorded" in await hit(pilot, "f5")
        await hit(pilot, "1")
        await write(pilot, "first")
        await hit(pilot, "f10", "1")
        await write(pilot, "half of the first")
        await hit(pilot, "escape")
        assert "Consultation   (draft)" in await hit(pilot, "up")
        text = await hit(pilot, "f5")
        assert "Another visit" in text
        assert "(draft)" not in text
        await hit(pilot, "1")
        await write(pilot, "second")
        await hit(pilot, "escape", "1")
        assert "Saved: Consultation" in await hit(pilot, "f10")
        await hit(pilot, "4")
        await write(pilot, "second too")
        await hit(pilot, "f10")
    second, first = visits(clinic, patient)
    assert [event.summary for event in first.events] == ["first"]
    assert [event.summary for event in second.events] == ["second", "second too"]
    # The draft that is left belongs to the first visit, also when it is taken up from the search.
    (kept,) = drafts_of(clinic)
    async with running(clinic) as (app, pilot):
        await hit(pilot, "enter")
        assert on(app, EventFormScreen)
        await hit(pilot, "f10")
    assert kept.place.endswith(":-")
    assert len(visits(clinic, patient)[1].events) == 2


async def test_a_second_visit_begun_and_left_is_taken_up_as_one(
    clinic: Clinic, patient: str
) -> None:
    clinic.note(patient, TODAY, "first")
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        await hit(pilot, "f5", "1")
        await write(pilot, "second")
        await hit(pilot, "escape", "escape")
        text = await hit(pilot, "up", "enter")  # the draft is the first row of the empty search
        assert "another visit of" in text
        await hit(pilot, "f10")
    assert [len(visit.events) for visit in visits(clinic, patient)] == [1, 1]


async def test_a_locked_store_does_not_finish_a_visit(clinic: Clinic, patient: str) -> None:
    clinic.note(patient, TODAY, "first")
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        with locked(clinic):
            assert "NOT SAVED" in await hit(pilot, "f6")
            assert on(app, VisitEntryScreen)
        assert visits(clinic, patient)[0].open


async def test_a_digit_twice_opens_one_form(clinic: Clinic, patient: str) -> None:
    async with running(clinic) as (app, pilot):
        app.push_screen(VisitEntryScreen(patient))
        await calm(pilot)
        screen = app.screen
        assert isinstance(screen, VisitEntryScreen)
        await pilot.press("1", "1", "h", "i")
        await calm(pilot)
        assert on(app, EventFormScreen)
        assert "1hi" in await hit(pilot, "tab")
        await hit(pilot, "escape")
        assert on(app, VisitEntryScreen)
        assert len(app.screen_stack) == 2
