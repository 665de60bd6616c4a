"""Vital signs on the screen: typed, doubted, corrected, and read back as a table and a plot."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from hikma_tui.clinic import deletion, measures, vitals_series
from hikma_tui.clinic import vitals as records
from hikma_tui.clinic.vitals import Entry
from hikma_tui.screens.vitals_entry import VitalsEntryScreen
from hikma_tui.screens.vitals_history import VitalsHistoryScreen
from hikma_tui.widgets.dialogs import Ask, AskReason
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
from tests.screens.harness import golden, missing_glyphs, screen_text


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clinic:
    use_utc(monkeypatch)
    return make_clinic(tmp_path / "store")


def entries(clinic: Clinic, patient_id: str) -> list[Entry]:
    return clinic.store.read(records.history, clinic.actor, patient_id).result()


async def test_a_set_is_typed_and_saved_by_keyboard(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed))
        await calm(pilot)
        await type_text(pilot, "150/95")
        assert "BP 150/95 mmHg HIGH" in screen_text(app)
        await press(pilot, "enter")
        await press(pilot, "1", "enter")  # sitting
        await type_text(pilot, "nr")
        await press(pilot, "enter")
        await type_text(pilot, "37.8")
        assert "Which unit? Write 37.8 °C or 37.8 °F." in screen_text(app)
        text = await press(pilot, "f10")
        assert "NOT SAVED: Temperature: Which unit?" in text
        await type_text(pilot, "c")
        assert "Temp 37.8 °C  BP 150/95 mmHg HIGH" in screen_text(app)  # this field first
        text = await press(pilot, "f10")
        assert not on(app, VitalsEntryScreen)
        assert "Saved: vital signs. HASSAN, Mohammed  M  34 y" in text
        (entry,) = entries(clinic, mohammed)
        assert (entry.row["systolic_bp"], entry.row["bp_position"]) == (150, "sitting")
        assert entry.row["temperature_celsius"] == "37.8"
        assert entry.row["metadata"]["not_recordable"] == ["pulse_rate"]


async def test_a_pressure_without_a_position_is_asked_for_it(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed))
        await calm(pilot)
        await type_text(pilot, "120/80")
        text = await press(pilot, "f10")
        assert "NOT SAVED" in text
        assert "Choose how the patient was" in text
        await press(pilot, "4", "f10")
        (entry,) = entries(clinic, mohammed)
        assert entry.row["bp_position"] == "other"


async def test_a_rare_value_is_asked_about_once_and_then_taken(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed))
        await calm(pilot)
        await type_text(pilot, "70/30")
        assert "30 mmHg is unusually low. Correct?" in screen_text(app)
        await press(pilot, "enter", "3")
        await press(pilot, "f10")
        assert on(app, Ask)
        text = await press(pilot, "escape")
        assert "NOT SAVED: put it right, then F10." in text
        assert entries(clinic, mohammed) == []
        await press(pilot, "f10", "enter")
        (entry,) = entries(clinic, mohammed)
        assert (entry.row["systolic_bp"], entry.row["diastolic_bp"]) == (70, 30)


async def test_esc_keeps_a_draft_that_is_back_and_on_the_list(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed))
        await calm(pilot)
        await type_text(pilot, "120/80")
        text = await press(pilot, "escape")
        assert "vital signs" in text  # on the list of what is not finished
        assert entries(clinic, mohammed) == []
        await press(pilot, "enter")
        assert on(app, VitalsEntryScreen)
        assert "120/80" in screen_text(app)
        await press(pilot, "enter", "1", "f10")
        assert len(entries(clinic, mohammed)) == 1
        assert "vital signs" not in screen_text(app).partition("Saved: ")[0]


async def test_a_correction_of_another_day_takes_a_reason(clinic: Clinic) -> None:
    mohammed, day = fill(clinic)["A-0123"], TODAY - timedelta(days=4)
    made = clinic.store.write(
        records.record, clinic.actor, mohammed, day,
        {"weight_kg": "16", "temperature_celsius": "38.00"},
        entered={"temperature_celsius": "100.4 °F"},
    ).result()  # fmt: skip
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed, vitals_id=made.vitals_id))
        await calm(pilot)
        text = screen_text(app)
        assert "Vital signs: correct what was recorded on 18 Nov 2026" in text
        assert "100.4 °F" in text
        await press(pilot, *["down"] * 6)
        await press(pilot, "backspace", "backspace")
        await type_text(pilot, "61")
        await press(pilot, "f10")
        assert on(app, AskReason)
        await type_text(pilot, "swapped")
        await press(pilot, "f10")
        (entry,) = entries(clinic, mohammed)
        assert (entry.row["weight_kg"], entry.row["temperature_celsius"]) == ("61", "38.00")
        assert entry.row["metadata"]["entered"] == {"temperature_celsius": "100.4 °F"}
        assert entry.row["metadata"]["corrections"][0]["reason"] == "swapped"


async def test_an_entry_that_somebody_else_changed_is_not_written_over(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    made = clinic.store.write(
        records.record, clinic.actor, mohammed, TODAY, {"weight_kg": "60"}
    ).result()
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed, vitals_id=made.vitals_id))
        await calm(pilot)
        clinic.store.write(
            records.correct, clinic.actor, made.vitals_id, {"weight_kg": "62"}
        ).result()
        await press(pilot, *["down"] * 6)
        await type_text(pilot, ".5")
        assert "NOT SAVED: Somebody changed this entry" in await press(pilot, "f10")
        assert entries(clinic, mohammed)[0].row["weight_kg"] == "62"


async def test_a_visit_deleted_meanwhile_loses_nothing(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    visit_id = clinic.note(mohammed, TODAY, "cough").visit_id
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsEntryScreen(mohammed, visit_id=visit_id))
        await calm(pilot)
        await press(pilot, "down", "down")
        await type_text(pilot, "82")
        clinic.store.write(deletion.delete, clinic.actor, "visits", visit_id, "wrong").result()
        assert "NOT SAVED" in await press(pilot, "f10")
        await press(pilot, "f10")
        (entry,) = entries(clinic, mohammed)
        assert entry.row["pulse_rate"] == 82
        assert entry.visit_id != visit_id


def pressure(upper: str, lower: str) -> dict[str, str]:
    return {"systolic_bp": upper, "diastolic_bp": lower, "bp_position": "sitting"}


def recorded(clinic: Clinic, patient_id: str) -> list[str]:
    """A year of a patient: five entries, a consultation's pressure, two results."""
    ids = []
    for days, values in (
        (300, {**pressure("128", "82"), "weight_kg": "70.5"}),
        (240, {**pressure("146", "94"), "weight_kg": "71.0", "pulse_rate": "80"}),
        (60, {**pressure("158", "99"), "weight_kg": "74.2", "pulse_rate": "84"}),
        (20, {"weight_kg": "74.0", "temperature_celsius": "36.50"}),
        (0, {**pressure("138", "88"), "weight_kg": "73.9", "pulse_rate": "104"}),
    ):
        missed = ["systolic_bp", "diastolic_bp"] if days == 20 else []
        made = clinic.store.write(
            records.record, clinic.actor, patient_id, TODAY - timedelta(days=days),
            values, not_recordable=missed,
        ).result()  # fmt: skip
        ids.append(made.vitals_id)
    glucose = "hikma-measure-glucose"
    clinic.store.write(
        measures.record, clinic.actor, patient_id, TODAY - timedelta(days=60),
        {glucose: "11.4", f"{glucose}#unit": "mmol/L", "hikma-measure-malaria": "Negative"},
    ).result()  # fmt: skip
    clinic.note(patient_id, date(2026, 10, 1), "tired", Systolic_blood_pressure="150",
                Diastolic_blood_pressure="90")  # fmt: skip
    return ids


async def test_the_history_is_a_table_and_each_measure_a_plot(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    recorded(clinic, mohammed)
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        text = screen_text(app)
        golden("vitals_table", text)
        assert not missing_glyphs(text)
        assert "138/88" in text
        assert "158▲/99▲" in text
        assert "104▲" in text
        text = await press(pilot, "1")
        golden("vitals_plot", text)
        assert not missing_glyphs(text)
        assert "BP 138/88 mmHg, today   falling since 1 Oct" in text
        assert "no dot: not recordable, 2 Nov" in text
        text = await press(pilot, "٤")  # an Arabic four: the weight
        assert "Weight 73.9 kg, today   steady since 2 Nov" in text
        text = await press(pilot, "escape")
        assert "Vital signs: 5 entries" in text
        text = await press(pilot, "enter")
        assert "BP 138/88 mmHg  Pulse 104/min HIGH  Weight 73.9 kg   Nora" in text
        await press(pilot, "escape")
        assert not on(app, VitalsHistoryScreen)


async def test_words_are_listed_and_not_plotted(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    recorded(clinic, mohammed)
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        text = await press(pilot, "5")
        assert "Malaria test Negative, 23 Sep" in text
        assert "Measures and tests" in text
        text = await press(pilot, "6")
        assert "Blood glucose 11.4 mmol/L HIGH, 23 Sep" in text
        assert "▲" in text


async def test_the_marked_entry_is_corrected_or_deleted_and_is_gone(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    ids = recorded(clinic, mohammed)
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        await press(pilot, "f5")
        assert on(app, VitalsEntryScreen)
        assert "138/88" in screen_text(app)
        await press(pilot, "escape")
        await press(pilot, "f8", "f10")
        await type_text(pilot, "wrong patient")
        text = await press(pilot, "f10")
        assert on(app, VitalsHistoryScreen), text
        assert "138/88" not in screen_text(app)
        assert ids[-1] not in {entry.id for entry in entries(clinic, mohammed)}


async def test_an_empty_history_says_what_to_do(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        assert "Nothing was measured yet. F2 types the first vital signs." in screen_text(app)
        await press(pilot, "f4")
        assert "Measures and tests" in screen_text(app)
        await press(pilot, "escape")
        await press(pilot, "f2")
        assert on(app, VitalsEntryScreen)


async def test_a_diastolic_alone_is_told_beside_the_plot(clinic: Clinic) -> None:
    mohammed = fill(clinic)["A-0123"]
    recorded(clinic, mohammed)
    for days, lower in ((3, "61"), (1, "57")):
        clinic.store.write(
            records.record, clinic.actor, mohammed, TODAY - timedelta(days=days),
            {"diastolic_bp": lower, "bp_position": "sitting"},
        ).result()  # fmt: skip
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        text = await press(pilot, "1")
        assert "no dot: diastolic alone 57 mmHg, yesterday and 2 more" in text
        assert "high" in text


@pytest.mark.parametrize(
    ("limit", "title"),
    [(4, "newest 4 entries; older ones not shown"), (5, "5 entries")],
)
async def test_the_title_says_when_there_are_older_entries(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch, limit: int, title: str
) -> None:
    mohammed = fill(clinic)["A-0123"]
    recorded(clinic, mohammed)
    monkeypatch.setattr(vitals_series, "_LIMIT", limit)
    async with running(clinic) as (app, pilot):
        app.push_screen(VitalsHistoryScreen(mohammed))
        await calm(pilot)
        assert f"Vital signs: {title}" in screen_text(app)
