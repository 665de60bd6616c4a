"""Who am I looking at: every allergy is there at any width, and nothing calm looks loud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from hikma_tui.clinic import allergies, status
from hikma_tui.clinic.allergies_read import Allergies
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.standing import Fate, Status
from hikma_tui.screens import alerts
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.who import Who
from hikma_tui.text import cell_width
from tests.screens.clinic import TODAY, Clinic, fill, make_clinic, on, press, running, type_text
from tests.screens.harness import screen_text

CARD = PatientCard(
    "p", "Mohammed", "Hassan", "male", "1992-03-11", False, "", "", "A-0123", "", "", "", None,
    None, None,
)  # fmt: skip


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


def shown(known: Allergies | None, width: int = 78, **more: object) -> list[tuple[str, bool]]:
    card = replace(CARD, allergies=known, **more)  # type: ignore[arg-type]
    return [(alert.text, alert.loud) for alert in alerts.rows(card, width)]


def test_the_three_states() -> None:
    assert shown(Allergies()) == [("!! ALLERGIES NOT ASKED", True)]
    assert shown(Allergies((), "2026-11-02")) == [("No known allergies (2 Nov 2026)", False)]
    assert shown(Allergies(("penicillin (rash)", "aspirin"))) == [
        ("!! ALLERGY: penicillin (rash), aspirin", True)
    ]
    assert shown(None) == []


def test_reactions_are_shortened_first_then_left_out() -> None:
    long = Allergies(("penicillin (swelling of the whole face)", "aspirin (wheezing all night)"))
    (row,) = shown(long, 64)
    assert row[0].startswith("!! ALLERGY: penicillin (swelling")
    assert "aspirin (wheez" in row[0]
    (row,) = shown(long, 34)
    assert row[0] == "!! ALLERGY: penicillin, aspirin"


@pytest.mark.parametrize("width", [38, 58, 78, 118])
@pytest.mark.parametrize("count", [3, 8, 14])
def test_every_allergy_is_there(width: int, count: int) -> None:
    items = tuple(f"substance{n:02d} of a kind (very bad reaction {n})" for n in range(count))
    rows = shown(Allergies(items), width)
    text = " ".join(row for row, _loud in rows)
    assert all(f"substance{n:02d}"[:8] in text for n in range(count))
    assert text.count(",") == count - 1
    assert all(cell_width(row) <= width for row, _loud in rows)
    assert all(loud for _row, loud in rows)


def test_deceased_and_moved_away_are_loud_and_first() -> None:
    known = Status(Fate("2026-11-02", "heart failure"), Fate("2026", "Tripoli"))
    assert shown(Allergies((), "2026-11-02"), status=known) == [
        ("!! DECEASED 2 Nov 2026 (heart failure)", True),
        ("!! MOVED AWAY 2026 (Tripoli)", True),
        ("No known allergies (2 Nov 2026)", False),
    ]


def test_the_line_that_says_saved_names_the_allergies() -> None:
    card = replace(CARD, allergies=Allergies(("penicillin (rash)",)))
    said = saved_line(card, TODAY, "Consultation")
    assert said == "Saved: Consultation. HASSAN, Mohammed  M  34 y  A-0123  !! penicillin"
    long = replace(card, surname="Hassan-Abdulrahman-Al-Khalili", given_name="Mohammed Ali")
    assert saved_line(long, TODAY, "Consultation").endswith("  M  34 y  A-0123  !! penicillin")
    assert cell_width(saved_line(long, TODAY, "Consultation")) <= 78
    unasked = saved_line(replace(CARD, allergies=Allergies()), TODAY, "x")
    assert unasked.endswith("!! allergies not asked")


async def test_allergies_stand_on_every_screen_of_the_patient(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    clinic.note(patient, date(2026, 11, 2), "headache")
    for name in ("Penicillin", "Aspirin"):
        clinic.store.write(allergies.add, clinic.actor, patient, name, reaction="rash").result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter")
        assert on(app, PatientScreen)
        line = "!! ALLERGY: Penicillin (rash), Aspirin (rash)"
        assert line in screen_text(app)
        assert app.screen.query_one(Who).alerts == (line,)
        for key in ("1", "escape", "5", "escape", "enter"):
            text = await press(pilot, key)
            assert line in text, key


async def test_the_row_follows_what_is_recorded_meanwhile(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    async with running(clinic) as (_app, pilot):
        await type_text(pilot, "A-0123")
        assert "!! ALLERGIES NOT ASKED" in await press(pilot, "enter")
        clinic.store.write(allergies.none_known, clinic.actor, patient).result()
        clinic.store.write(status.set_deceased, clinic.actor, patient, "2026-11-20").result()
        text = await press(pilot, "1", "escape")
        assert "No known allergies (22 Nov 2026)" in text
        assert "!! DECEASED 20 Nov 2026" in text
        assert "NOT ASKED" not in text
