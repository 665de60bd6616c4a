"""The problem list and the status of a patient, typed as a nurse would."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import problems, status
from hikma_tui.clinic.problems import Problem
from hikma_tui.screens.problem_form import ProblemFormScreen
from hikma_tui.screens.problems import ProblemsScreen
from hikma_tui.screens.status import StatusScreen
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
)
from tests.screens.harness import screen_text


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


async def opened(app: HikmaApp, pilot: Any, screen: Any) -> str:
    app.push_screen(screen)
    await calm(pilot)
    return screen_text(app)


async def own_words(app: HikmaApp, pilot: Any, text: str) -> None:
    """Type words that are no disease, and take them as typed."""
    await type_text(pilot, text)
    for _try in range(200):
        if f'as typed: "{text}"' in screen_text(app):
            break
        await pilot.pause(0.01)
    await press(pilot, "enter")


def listed(clinic: Clinic, patient: str) -> list[Problem]:
    return clinic.store.read(problems.listed, clinic.actor, patient).result()


def add(clinic: Clinic, patient: str, label: str) -> str:
    about = {"problem_label": label}
    return clinic.store.write(problems.add, clinic.actor, patient, about).result()


async def test_a_problem_is_added_by_code_resolved_and_reactivated(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        text = await opened(app, pilot, ProblemsScreen(patient))
        assert "No problem is on the list." in text
        assert "HASSAN, Mohammed" in text
        await press(pilot, "1")
        assert on(app, ProblemFormScreen)
        await type_text(pilot, "hyperten")
        await press(pilot, "down", "enter", "tab", "tab", "tab")
        await type_text(pilot, "jan 2024")
        text = await press(pilot, "f10")
        assert on(app, ProblemsScreen), text
        (one,) = listed(clinic, patient)
        assert (one.system, one.status, one.onset) == ("icd11", "active", "2024-01")
        assert one.code == "BA00"
        assert "since Jan 2024" in text
        assert "Saved: Essential hypertension. HASSAN, Mohammed  M  34 y" in text
        text = await press(pilot, "3")
        assert listed(clinic, patient)[0].status == "resolved"
        assert "Jan 2024 to 22 Nov 2026" in text
        text = await press(pilot, "3")
        assert (listed(clinic, patient)[0].status, listed(clinic, patient)[0].end) == ("active", "")


async def test_own_words_are_kept_as_own_words(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, ProblemFormScreen(patient))
        await own_words(app, pilot, "weak since the flood")
        await press(pilot, "f10")
        (one,) = listed(clinic, patient)
        assert (one.system, one.code, one.label) == ("custom", "", "weak since the flood")


async def test_an_edit_changes_the_severity_and_keeps_the_rest(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    add(clinic, patient, "Asthma")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, ProblemsScreen(patient))
        text = await press(pilot, "2")
        assert "Edit the problem: Asthma" in text
        await press(pilot, "down", "down", "down")
        await type_text(pilot, "7")
        text = await press(pilot, "f10")
        assert listed(clinic, patient)[0].severity == 7
        assert "severe 7/10" in text


async def test_one_that_is_there_is_not_added_twice(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    made = add(clinic, patient, "zuhuqa of the legs")
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, ProblemFormScreen(patient))
        await own_words(app, pilot, "zuhuqa of the legs")
        text = await press(pilot, "f10")
        assert "NOT SAVED: Already on the list: zuhuqa of the legs." in text
        assert len(listed(clinic, patient)) == 1
        clinic.store.write(problems.resolve, clinic.actor, made).result()
        text = await press(pilot, "f10")
        assert "Reactivate it" in text
        await press(pilot, "1")
        (one,) = listed(clinic, patient)
        assert (one.id, one.status) == (made, "active")


async def test_a_diagnosis_of_a_visit_is_taken_over_by_one_key_and_a_choice(
    clinic: Clinic,
) -> None:
    patient = fill(clinic)["A-0123"]
    fields = clinic.forms["Consultation"]["form_fields"]
    name = next(f["name"] for f in fields if f["fieldType"] == "diagnosis")
    more: dict[str, Any] = {name: [{"code": "BA00", "desc": "Essential hypertension"}]}
    clinic.note(patient, date(2026, 11, 2), "headache", **more)
    async with running(clinic) as (app, pilot):
        text = await opened(app, pilot, ProblemsScreen(patient))
        assert "1 diagnosis of visits is not on the list: key 5" in text
        text = await press(pilot, "5")
        assert "2 Nov 2026: Essential hypertension" in text
        assert not listed(clinic, patient)
        text = await press(pilot, "1")
        (one,) = listed(clinic, patient)
        assert (one.system, one.code) == ("icd11", "BA00")
        assert "not on the list" not in text


async def test_a_draft_of_a_problem_comes_back(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, ProblemFormScreen(patient))
        await own_words(app, pilot, "zuhuqa of the legs")
        await press(pilot, "escape")
        text = await opened(app, pilot, ProblemFormScreen(patient))
        assert "zuhuqa of the legs" in text
        assert "What you had typed is back." in text


async def test_a_draft_is_taken_up_from_the_search(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, ProblemFormScreen(patient))
        await own_words(app, pilot, "zuhuqa of the legs")
        text = await press(pilot, "escape", "down")
        assert ": problem" in text
        text = await press(pilot, "up", "enter")
        assert on(app, ProblemFormScreen), text
        assert "zuhuqa of the legs" in text


async def test_deceased_is_said_shown_and_taken_back(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, StatusScreen(patient))
        await press(pilot, "4")
        await type_text(pilot, "20/11/2026")
        await press(pilot, "tab")
        await type_text(pilot, "heart failure")
        text = await press(pilot, "f10")
        assert "!! DECEASED 20 Nov 2026 (heart failure)" in text
        await press(pilot, "4")
        await type_text(pilot, "his brother died")
        text = await press(pilot, "f10")
        assert "DECEASED 20" not in text
        assert "Saved: not deceased. HASSAN, Mohammed" in text


async def test_a_referral_and_what_came_of_it(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        await opened(app, pilot, StatusScreen(patient))
        await press(pilot, "1")
        await type_text(pilot, "City hospital")
        await press(pilot, "tab")
        await type_text(pilot, "ECG")
        await press(pilot, "tab", "3")
        text = await press(pilot, "f10")
        assert "urgent" in text
        assert "no outcome yet" in text
        await press(pilot, "2")
        await type_text(pilot, "stent")
        text = await press(pilot, "f10")
        (one,) = clinic.store.read(status.referrals, clinic.actor, patient).result()
        assert (one.where, one.why, one.urgency) == ("City hospital", "ECG", "urgent")
        assert (one.outcome, one.outcome_day) == ("stent", TODAY.isoformat())
        assert "22 Nov 2026: stent" in text
