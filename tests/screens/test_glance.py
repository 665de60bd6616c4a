"""The patient at a glance: what it says, what it teaches, and that the visits stay in sight."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import medicines as medicine_lines
from hikma_tui.clinic import deletion, glance, medicines, moving, problems, records, vitals
from hikma_tui.ids import new_id
from hikma_tui.models import Event, Prescription, Visit
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.patient_glance import flow
from hikma_tui.screens.visit import VisitScreen
from hikma_tui.text import cell_width
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


def measure(clinic: Clinic, patient: str, day: date, **values: str) -> vitals.Recorded:
    if "systolic_bp" in values:
        values.setdefault("bp_position", "sitting")
    made = clinic.store.write(vitals.record, clinic.actor, patient, day, values)
    return made.result()


def problem(clinic: Clinic, patient: str, label: str, **more: Any) -> str:
    row = {"problem_label": label, **more}
    return clinic.store.write(problems.add, clinic.actor, patient, row).result()


def plan(clinic: Clinic, patient: str, visit_id: str, day: date, reason: str, **more: Any) -> str:
    row = {
        "patient_id": patient, "current_visit_id": visit_id, "clinic_id": clinic.actor.clinic_id,
        "user_id": clinic.actor.user_id, "timestamp": f"{day}T09:00:00.000Z", "reason": reason,
        **more,
    }  # fmt: skip
    return clinic.store.write(records.create, clinic.actor, "appointments", row).result()


def hassan(clinic: Clinic) -> str:
    """The patient of the sketch in screens.md."""
    patient = fill(clinic)["A-0123"]
    clinic.note(patient, date(2026, 3, 2), "cough; amoxicillin 7 days")
    measure(clinic, patient, date(2026, 8, 14), systolic_bp="139", diastolic_bp="88",
            weight_kg="81.4", oxygen_saturation="97")  # fmt: skip
    measure(clinic, patient, date(2026, 10, 2), systolic_bp="141", diastolic_bp="90",
            weight_kg="81.2")  # fmt: skip
    second = clinic.note(patient, date(2026, 11, 2), "headache 3 days")
    measure(clinic, patient, date(2026, 11, 2), systolic_bp="156", diastolic_bp="94",
            pulse_rate="82", temperature_celsius="36.9", weight_kg="81.0",
            height_cm="172")  # fmt: skip
    for label in ("hypertension", "diabetes 2"):
        problem(clinic, patient, label)
    problem(clinic, patient, "malaria", clinical_status="resolved")
    plan(clinic, patient, second.visit_id, date(2026, 11, 16), "blood pressure")
    plan(clinic, patient, second.visit_id, date(2026, 12, 2), "blood pressure")
    plan(clinic, patient, second.visit_id, date(2026, 11, 25), "never", status="cancelled")
    return patient


async def open_patient(app: Any, pilot: Any, patient: str) -> str:
    app.push_screen(PatientScreen(patient))
    await calm(pilot)
    return screen_text(app)


async def test_it_says_what_matters_now(clinic: Clinic) -> None:
    patient = hassan(clinic)
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        golden("glance", text)
        assert not missing_glyphs(text)
        lines = text.splitlines()
        assert "diabetes 2;  hypertension\n" in text
        assert "malaria" not in text.split("---")[0]
        newest = next(line for line in lines if "Vitals" in line)
        assert "2 Nov" in newest
        assert "156/94 mmHg HIGH" in newest
        assert "BP before: 139/88 14 Aug, 141/90 2 Oct; rising" in text
        assert "97% (14 Aug)" in text  # older than the rest, and said so
        assert "MISSED: 16 Nov 2026, blood pressure" in text
        assert "2 Dec 2026, blood pressure" in text
        assert "never" not in text
        assert "14 Aug 2026  vitals " in text  # visits of vitals alone are not "nothing recorded"
        assert "nothing recorded" not in text


async def test_medicines_carry_their_days_and_never_push_the_visits_off(clinic: Clinic) -> None:
    patient = hassan(clinic)

    def give(line: str, day: date) -> None:
        entry = medicine_lines.read(line).item
        clinic.store.write(medicines.prescribe, clinic.actor, patient, day, [entry]).result()

    give("amlodipine 5mg od 60d", date(2026, 11, 2))
    give("amoxicillin 500mg tds 5d", date(2026, 10, 2))  # over
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        line = next(line for line in text.splitlines() if line.startswith(" Medicines"))
        assert "mlodipine 5 mg" in line
        assert "(2 Nov to" in line
        assert "amoxicillin 500" not in text.split("---")[0]
        for number in range(12):
            give(f"drug{number} 5mg po bd 60d", date(2026, 11, 2))
        await press(pilot, "escape")
        text = await open_patient(app, pilot, patient)
        assert "more: 4" in text
        below = text.split("----")[-1].splitlines()
        assert sum("Nora" in line for line in below) >= 6  # notes of the visits


async def test_a_visit_after_it_keeps_an_appointment(clinic: Clinic) -> None:
    patient = hassan(clinic)
    clinic.note(patient, date(2026, 11, 18), "better")
    async with running(clinic) as (app, pilot):
        assert "MISSED" not in await open_patient(app, pilot, patient)


async def test_what_is_empty_teaches(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0300"]
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        assert "No vitals yet. 2 adds them." in text
        assert "No active problem is recorded. 3 adds one." in text
        assert "No visit yet. 1 begins one" in text


async def test_thirty_problems_leave_room_for_the_visits(clinic: Clinic) -> None:
    patient = hassan(clinic)
    for number in range(30):
        problem(clinic, patient, f"a rather long problem number {number}")
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        assert "more: 3" in text
        for day in ("2 Nov 2026", "2 Oct 2026", "14 Aug 2026", "2 Mar 2026"):
            assert day in text
        assert "4 visits" in text
        assert "1 visit  2 vitals" in text.splitlines()[-1]


def test_pieces_are_never_broken_and_all_are_counted() -> None:
    pieces = [f"piece {number}" for number in range(40)]
    for room in (12, 40, 66):
        for most in (1, 2, 3):
            rows = flow(pieces, room, most, lambda n: f"+{n}")
            assert len(rows) <= most
            assert all(cell_width(row) <= room for row in rows)
            shown = "  ".join(rows).split("  ")
            assert shown[-1] == f"+{40 - len(shown) + 1}"
            assert shown[:-1] == pieces[: len(shown) - 1]
    assert flow(["ab" * 50], 20, 1, lambda n: f"+{n}")[0].endswith("…")


async def test_vitals_in_no_visit_stand_on_the_time_line(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    clinic.note(patient, date(2026, 3, 2), "cough")
    row = {"patient_id": patient, "pulse_rate": 77, "timestamp": "2026-07-09T08:00:00.000Z"}
    clinic.store.write(records.create, clinic.actor, "patient_vitals", row).result()
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        line = next(line for line in text.splitlines() if "9 Jul 2026" in line)
        assert "vitals, no visit" in line
        assert "77" in line
        assert text.index("9 Jul 2026   vitals") < text.index("2 Mar 2026")


async def test_a_page_of_many_visits_shows_loose_vitals_of_its_days_only(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    for n in range(30):
        clinic.note(patient, TODAY - timedelta(days=n + 1), f"note {n}")
    row = {"patient_id": patient, "pulse_rate": 77, "timestamp": "2020-07-09T08:00:00.000Z"}
    clinic.store.write(records.create, clinic.actor, "patient_vitals", row).result()
    async with running(clinic) as (app, pilot):
        await open_patient(app, pilot, patient)
        await press(pilot, "end")
        assert "9 Jul 2020   vitals" not in screen_text(app)
        await press(pilot, "end", "end")
        assert "9 Jul 2020   vitals" in screen_text(app)


async def test_a_chart_that_a_visit_left_says_so(clinic: Clinic) -> None:
    patients = fill(clinic)
    patient, other = patients["A-0123"], patients["A-0300"]
    made = clinic.note(patient, date(2026, 11, 2), "headache 3 days")
    clinic.store.write(
        moving.move, clinic.actor, "visits", made.visit_id, other, "two files open"
    ).result()
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        assert "headache" not in text
        assert "2 Nov 2026" in text
        assert "Visit moved to another patient on 22 Nov 2026" in text
        text = await press(pilot, "enter")
        assert "Not in this file any more" in text
        assert "by Nora: two files open" in " ".join(text.replace("│", " ").split())
        await press(pilot, "escape")
        text = await open_patient(app, pilot, other)
        assert "moved here" in text
        text = await press(pilot, "enter")
        assert "from another patient's file (Mohammed" in text
        assert "two files open" in " ".join(text.split())


def insert(clinic: Clinic, model: Any, **row: Any) -> str:
    """A row as a server sends it: no rule of ours has seen it."""

    def put() -> str:
        made = {"id": new_id(1), "created_at": NOON_1_NOV, "updated_at": NOON_1_NOV, **row}
        model.insert(made).execute()
        return str(made["id"])

    return clinic.store.write(put).result()


NOON_1_NOV = 1793534400000
"""1 Nov 2026, 12:00 UTC."""


async def test_what_hangs_on_no_visit_is_seen_and_read(clinic: Clinic) -> None:
    patients = fill(clinic)
    patient, other = patients["A-0123"], patients["A-0300"]
    made = clinic.note(patient, date(2026, 11, 2), "in a visit")
    answer = [{"fieldId": "q", "name": "Told", "fieldType": "free-text", "value": "chest pain"}]
    insert(clinic, Event, patient_id=patient, event_type="Triage", form_data=answer)
    insert(clinic, Event, patient_id=patient, visit_id=new_id(2), event_type="Ghost",
           form_data=[{**answer[0], "value": "fits"}], metadata=["odd"])  # fmt: skip
    insert(clinic, Event, patient_id=other, visit_id=made.visit_id, event_type="Hers",
           form_data=[{**answer[0], "value": "hers alone"}])  # fmt: skip
    insert(
        clinic, Event, patient_id=patient, event_type="No day", created_at=None, form_data=answer
    )
    insert(clinic, Prescription, patient_id=patient, provider_id=clinic.actor.user_id,
           pickup_clinic_id=clinic.actor.clinic_id,
        prescribed_at=NOON_1_NOV, notes="for the road")  # fmt: skip
    async with running(clinic, (80, 30)) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        for said in ("Triage", "chest pain", "Ghost", "fits", "No day", "for the road"):
            assert said in text, said
        assert text.count("no visit") == 4
        assert "hers alone" not in text
        await press(pilot, "down", "down")
        text = await press(pilot, "enter")
        assert on(app, VisitScreen)
        assert "1 Nov 2026, in no visit" in text
        await press(pilot, "escape")
        text = await open_patient(app, pilot, other)
        assert "hers alone" in text
        app.push_screen(VisitScreen(made.visit_id))
        await calm(pilot)
        assert "hers alone" not in screen_text(app)


async def test_a_note_in_no_visit_is_added_to_moved_and_deleted(clinic: Clinic) -> None:
    patients = fill(clinic)
    patient, other = patients["A-0123"], patients["A-0300"]
    answer = [{"fieldId": "q", "name": "Told", "fieldType": "free-text", "value": "chest pain"}]
    insert(clinic, Event, patient_id=patient, event_type="Triage", form_data=answer)
    async with running(clinic) as (app, pilot):
        await open_patient(app, pilot, patient)
        text = await press(pilot, "enter")
        assert "chest pain" in text
        text = await press(pilot, "1")
        assert "in no visit" in text
        assert on(app, VisitScreen)
        await press(pilot, "6")
        await type_text(pilot, "since Monday")
        text = await press(pilot, "f10")
        assert "Addendum" in text
        assert "since Monday" in text
        await press(pilot, "9", "3")
        await type_text(pilot, "A-0300")
        await press(pilot, "enter", "f10")
        await type_text(pilot, "hers")
        text = await press(pilot, "f10")
        assert on(app, PatientScreen)
        assert "chest pain" not in text
        assert "Triage moved to another patient" in text
        text = await open_patient(app, pilot, other)
        assert "no visit, moved here, addendum: " in text
        await press(pilot, "enter", "9", "5", "f10")
        await type_text(pilot, "nobody's")
        text = await press(pilot, "f10")
        assert on(app, PatientScreen)
        assert "chest pain" not in text


async def test_an_appointment_is_told_as_it_stands(clinic: Clinic) -> None:
    """Done or cancelled ones are not next, a visit to come kept none, a deleted one neither."""
    patient = fill(clinic)["A-0123"]
    made = clinic.note(patient, date(2026, 11, 2), "headache")
    plan(clinic, patient, made.visit_id, date(2026, 11, 25), "CALLED OFF", status="Cancelled")
    plan(clinic, patient, made.visit_id, date(2026, 11, 26), "DONE", status="completed")
    plan(clinic, patient, made.visit_id, date(2026, 11, 27), "HERE", status="checked_in",
         fulfilled_visit_id=made.visit_id)  # fmt: skip
    plan(clinic, patient, made.visit_id, date(2026, 11, 16), "x" * 300)
    plan(clinic, patient, made.visit_id, date(2026, 12, 2), "BANDAGE")
    insert(clinic, Visit, patient_id=patient, check_in_timestamp=NOON_1_NOV + 400 * 86_400_000)
    async with running(clinic) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        assert "MISSED: 16 Nov 2026" in text
        assert "2 Dec 2026, BANDAGE" in text  # the long reason has not pushed it off
        for over in ("CALLED", "DONE", "HERE"):
            assert over not in text


async def test_a_low_screen_keeps_its_visits_and_keys(clinic: Clinic) -> None:
    patient = hassan(clinic)
    for number in range(40):
        problem(clinic, patient, f"problem {number}")
    async with running(clinic, (40, 12)) as (app, pilot):
        text = await open_patient(app, pilot, patient)
        lines = text.splitlines()
        assert any(line.startswith(" > ") for line in lines), text
        assert "1 visit" in lines[-1]
        assert "+41: 3" in text
        assert "156/94" in text
        assert "MISSED: 16 Nov; 2 Dec\n" in text


async def test_the_next_visit_that_a_note_asks_for_is_told(clinic: Clinic) -> None:
    patient = clinic.register("Mohammed", "Hassan")

    def asked() -> date | None:
        found = clinic.store.read(glance.glance, clinic.actor, patient).result().next
        return found.day if found else None

    clinic.note(patient, TODAY - timedelta(days=20), "old", Next_visit="2026-11-15")
    assert asked() is None  # a day that is past asks for nothing
    clinic.note(patient, TODAY - timedelta(days=9), "cough", Next_visit="2026-12-20")
    later = clinic.note(patient, TODAY, "fever", Next_visit="2026-11-30")
    assert asked() == date(2026, 11, 30)  # what was written last counts
    clinic.store.write(deletion.delete, clinic.actor, "events", later.event_id, "wrong").result()
    assert asked() == date(2026, 12, 20)
    async with running(clinic) as (app, pilot):
        assert "20 Dec 2026, written in Consultation" in await open_patient(app, pilot, patient)
