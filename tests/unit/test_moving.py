"""Moving what stands in the wrong chart: nothing lost, nothing doubled, both charts say so."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hikma_tui import forms
from hikma_tui.clinic import (
    addenda,
    audit,
    chart,
    deletion,
    moving,
    moving_notes,
    patients,
    records,
    setup,
    visits,
)
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.models import connection
from hikma_tui.store import Store

DAYS = [date(2025, 3, 1), date(2025, 3, 2)]
VISIT_OF = {
    "events": "visit_id", "patient_vitals": "visit_id", "patient_problems": "visit_id",
    "appointments": "current_visit_id",
}  # fmt: skip
TABLES = ("visits", "events", "patient_vitals", "patient_problems", "appointments")


class Place:
    """Three patients with visits and all that hangs on them."""

    def __init__(self, directory: Path) -> None:
        self.store = Store.create(directory)
        self.actor: Actor = self.store.write(
            setup.create_clinic, "A", "Nora", time_zone=""
        ).result()
        self.patients = [
            self.write(patients.register, {"given_name": name, "sex": "female"})
            for name in ("Ada", "Mona", "Lina")
        ]
        row = next(r for r in self.read(visits.event_forms) if r["name"] == "Consultation")
        self.form = forms.event_form(row)

    def write(self, function: Any, *arguments: Any, **named: Any) -> Any:
        return self.store.write(function, self.actor, *arguments, **named).result()

    def read(self, function: Any, *arguments: Any) -> Any:
        return self.store.read(function, self.actor, *arguments).result()

    def note(self, patient: str, day: date, text: str) -> visits.Recorded:
        found: visits.Recorded = self.write(
            visits.record, patient, self.form.id, day, {self.form.fields[0].id: text}
        )
        return found

    def vital(self, patient: str, visit_id: str | None, day: date) -> str:
        row = {"patient_id": patient, "visit_id": visit_id, "heart_rate": 80,
               "timestamp": f"{day}T12:00:00.000Z"}  # fmt: skip
        return str(self.write(records.create, "patient_vitals", row))

    def problem(self, patient: str, visit_id: str | None) -> str:
        row = {
            "patient_id": patient, "visit_id": visit_id, "problem_code_system": "custom",
            "problem_code": "custom", "problem_label": "cough", "clinical_status": "active",
            "verification_status": "confirmed",
        }  # fmt: skip
        return str(self.write(records.create, "patient_problems", row))

    def appointment(self, patient: str, visit_id: str) -> str:
        row = {
            "patient_id": patient, "current_visit_id": visit_id, "user_id": self.actor.user_id,
            "clinic_id": self.actor.clinic_id, "timestamp": "2027-01-01T10:00:00.000Z",
        }  # fmt: skip
        return str(self.write(records.create, "appointments", row))

    def rows(self, table: str) -> dict[str, str]:
        """Owner of every live row of a table, by id."""

        def look() -> list[Any]:
            return connection().execute(f"SELECT id, patient_id FROM live_{table}").fetchall()

        return dict(self.store.read(look).result())

    def one(self, table: str, row_id: str) -> dict[str, Any]:
        from hikma_tui.models import BY_TABLE, dicts, live

        def look() -> dict[str, Any]:
            model = live(BY_TABLE[table])
            return dicts(model.select().where(model.id == row_id))[0]

        return self.store.read(look).result()

    def said(self, patient: str) -> list[str]:
        """Reasons of what went away from a patient's chart."""
        found = [
            note.reason
            for note in moving_notes.went_away(self.one("patients", patient)["metadata"])
        ]
        for visit_id, owner in self.rows("visits").items():
            if owner == patient:
                metadata = self.one("visits", visit_id)["metadata"]
                found += [note.reason for note in moving_notes.went_away(metadata)]
        return found


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "store")
    yield found
    found.store.close()


def test_a_visit_takes_all_that_was_recorded_in_it(place: Place) -> None:
    ada, mona, _lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    vital, problem = place.vital(ada, made.visit_id, DAYS[0]), place.problem(ada, made.visit_id)
    planned = place.appointment(ada, made.visit_id)
    stays = place.problem(ada, None)
    counts = place.read(moving.consequences, "visits", made.visit_id)
    moved = place.write(moving.move, "visits", made.visit_id, mona, "two Adas")
    assert moved.visit_id == made.visit_id
    assert dict(moved.counts) == counts == dict.fromkeys(TABLES, 1)
    for table, row_id in (
        ("visits", made.visit_id), ("events", made.event_id), ("patient_vitals", vital),
        ("patient_problems", problem), ("appointments", planned),
    ):  # fmt: skip
        row = place.one(table, row_id)
        assert row["patient_id"] == mona, table
        came = moving_notes.came_from(row["metadata"])
        assert came is not None
        assert (came.name, came.by, came.reason) == ("Ada", "Nora", "two Adas")
    assert place.one("patient_problems", stays)["patient_id"] == ada
    assert place.read(chart.chart, ada).total == 0
    assert place.read(chart.chart, mona).total == 1
    assert place.said(ada) == ["two Adas"]
    assert not place.store.on_writer(audit.problems).result()


def test_a_note_joins_the_visit_of_its_day_or_makes_it(place: Place) -> None:
    ada, mona, lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    place.note(ada, DAYS[0], "stays")
    there = place.note(mona, DAYS[0], "cough").visit_id
    moved = place.write(moving.move, "events", made.event_id, mona, "wrong file")
    assert moved.visit_id == there
    event = place.one("events", made.event_id)
    assert (event["patient_id"], event["visit_id"]) == (mona, there)
    again = place.write(moving.move, "events", made.event_id, lina, "no, Lina")
    visit = place.one("visits", again.visit_id)
    assert visit["patient_id"] == lina
    assert visit["check_in_timestamp"] == place.one("visits", there)["check_in_timestamp"]
    assert (place.said(ada), place.said(mona)) == (["wrong file"], ["no, Lina"])
    came = place.one("events", made.event_id)["metadata"][moving_notes.FROM]
    assert (came["name"], came["before"]["name"]) == ("Mona", "Ada")
    back = place.write(moving.move, "events", made.event_id, ada, "it was Ada")
    assert back.visit_id == made.visit_id
    assert place.said(ada) == []  # it is here again
    assert place.said(lina) == ["it was Ada"]


def test_loose_vitals_and_problems_move_without_a_visit(place: Place) -> None:
    ada, mona, _lina = place.patients
    vital, problem = place.vital(ada, None, DAYS[0]), place.problem(ada, None)
    for table, row_id in (("patient_vitals", vital), ("patient_problems", problem)):
        assert place.write(moving.move, table, row_id, mona, "slip").visit_id is None
        assert place.one(table, row_id)["patient_id"] == mona
    notes = moving_notes.went_away(place.one("patients", ada)["metadata"])
    assert (notes[0].table, notes[0].day) == ("patient_vitals", "2025-03-01")
    assert not place.rows("visits")


def test_what_was_deleted_comes_back_in_the_right_chart(place: Place) -> None:
    ada, mona, _lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    number = place.write(deletion.delete, "events", made.event_id, "twice")
    place.write(moving.move, "visits", made.visit_id, mona, "wrong file")
    assert place.rows("events") == {}
    place.write(deletion.undo, number)
    assert place.rows("events") == {made.event_id: mona}


def test_what_is_refused_changes_nothing(place: Place) -> None:
    ada, mona, lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    place.write(patients.edit, mona, {"given_name": "Mona", "date_of_birth": "2025-06-01"})
    place.write(deletion.delete, "patients", lina, "twice")
    before = place.one("visits", made.visit_id)
    for table, row_id, to, reason, error in (
        ("visits", made.visit_id, lina, "x", NotFound),
        ("visits", made.visit_id, mona, "x", Invalid),  # before the birth
        ("events", made.event_id, mona, "x", Invalid),
        ("visits", made.visit_id, ada, "x", Invalid),
        ("visits", made.visit_id, mona, "  ", Invalid),
        ("visits", "nothing", mona, "x", NotFound),
        ("patients", ada, mona, "x", Invalid),
    ):
        with pytest.raises(error):
            place.write(moving.move, table, row_id, to, reason)
    assert place.one("visits", made.visit_id) == before
    assert place.said(ada) == []


def test_it_takes_the_right_to_edit_both_charts(place: Place) -> None:
    ada, mona, _lina = place.patients
    made = place.note(ada, DAYS[0], "headache")

    def take() -> None:
        connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_edit_records = 0"
        )

    place.store.write(take).result()
    with pytest.raises(NotAllowed):
        place.write(moving.move, "visits", made.visit_id, mona, "x")


def test_a_draft_goes_along(place: Place) -> None:
    from hikma_tui.clinic import drafts

    ada, mona, _lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    spot = f"event:{ada}:{place.form.id}:{DAYS[0]}:{made.event_id}"
    place.write(drafts.keep, spot, ada, {"answers": {"a": "typed"}})
    place.write(moving.move, "visits", made.visit_id, mona, "wrong file")
    kept = place.read(drafts.waiting)
    assert [draft.patient_id for draft in kept] == [mona]
    assert kept[0].place == spot.replace(ada, mona)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000))
def test_nothing_is_lost_and_nothing_doubled(tmp_path_factory: Any, seed: int) -> None:
    rng = random.Random(seed)
    place = Place(tmp_path_factory.mktemp("moves") / "store")
    try:
        _walk(place, rng)
    finally:
        place.store.close()


def _walk(place: Place, rng: random.Random) -> None:
    for number in range(4):
        patient, day = rng.choice(place.patients), rng.choice(DAYS)
        made = place.note(patient, day, f"note {number}")
        if rng.random() < 0.6:
            place.vital(patient, made.visit_id if rng.random() < 0.7 else None, day)
        if rng.random() < 0.5:
            place.problem(patient, made.visit_id if rng.random() < 0.7 else None)
        if rng.random() < 0.4:
            place.appointment(patient, made.visit_id)
    owners = {t: place.rows(t) for t in TABLES}
    for number in range(5):
        table = rng.choice([t for t in moving.MOVABLE if owners[t]])
        row_id = rng.choice(sorted(owners[table]))
        source = owners[table][row_id]
        target = rng.choice([p for p in place.patients if p != source])
        answers = {row: place.one("events", row)["form_data"] for row in owners["events"]}
        reason = f"reason {number}"
        counts = place.read(moving.consequences, table, row_id)
        moved = place.write(moving.move, table, row_id, target, reason)
        now = {t: place.rows(t) for t in TABLES}
        changed = {t: [r for r in now[t] if owners[t].get(r) not in (None, now[t][r])] for t in now}
        assert {t: len(rows) for t, rows in changed.items() if rows} == dict(moved.counts) == counts
        for t in TABLES:
            assert set(owners[t]) <= set(now[t])  # nothing is lost
            if t != "visits":
                assert set(owners[t]) == set(now[t])  # nothing is doubled
            assert all(now[t][r] == target for r in changed[t])
        assert len(now["visits"]) - len(owners["visits"]) in (0, 1)
        assert {row: place.one("events", row)["form_data"] for row in answers} == answers
        for t, column in VISIT_OF.items():  # no row hangs on another one's visit
            for one, owner in now[t].items():
                visit_id = place.one(t, one)[column]
                assert visit_id is None or now["visits"][visit_id] == owner, t
        came = moving_notes.came_from(place.one(table, row_id)["metadata"])
        assert came is not None
        assert came.reason == reason
        assert reason in place.said(source)
        old = place.read(chart.chart, source)
        shown = {event.id for visit in old.visits for event in visit.events}
        assert not shown & set(changed["events"])
        owners = now
    assert not place.store.on_writer(audit.problems).result()


def test_what_was_moved_meanwhile_is_not_touched_in_the_other_file(place: Place) -> None:
    """Two sessions: one has the entry open in the old file while the other moves it."""
    ada, mona, lina = place.patients
    made = place.note(ada, DAYS[0], "headache")
    place.write(moving.move, "events", made.event_id, mona, "hers")
    answers = {place.form.fields[0].id: "Ada's cough"}
    with pytest.raises(NotFound, match="moved"):
        place.write(visits.edit, made.event_id, answers, "typed in Ada's file", of_patient=ada)
    with pytest.raises(NotFound, match="moved"):
        place.write(addenda.add, made.event_id, "about Ada", of_patient=ada)
    with pytest.raises(NotFound, match="moved"):
        place.write(moving.move, "events", made.event_id, lina, "again", of_patient=ada)
    with pytest.raises(NotFound, match="moved"):
        place.write(deletion.delete, "events", made.event_id, "wrong", of_patient=ada)
    row = place.one("events", made.event_id)
    assert row["patient_id"] == mona
    assert "addenda" not in row["metadata"]
    place.write(addenda.add, made.event_id, "about Mona", of_patient=mona)


@pytest.mark.parametrize("kept", [None, "text", {"a": 1}, 3])
def test_a_correction_is_written_whatever_another_client_left(place: Place, kept: object) -> None:
    ada = place.patients[0]
    made = place.note(ada, DAYS[0], "headache")

    def spoil() -> None:
        metadata = json.dumps({"corrections": kept, "providerName": "Ines"})
        connection().execute("UPDATE events SET metadata = ?, visit_id = 'gone'", (metadata,))

    place.store.write(spoil).result()
    answers = {place.form.fields[0].id: "migraine"}
    connection_day(place, made.event_id, date(2025, 3, 1))  # its visit is not there: its own day
    with pytest.raises(Invalid, match="reason"):
        place.write(visits.edit, made.event_id, answers)
    assert place.write(visits.edit, made.event_id, answers, "misheard")
    told = addenda.of(place.one("events", made.event_id)["metadata"])
    assert [(note.text, note.before[0]["value"]) for note in told] == [("misheard", "headache")]


def connection_day(place: Place, event_id: str, day: date) -> None:
    """The event was entered on that day."""
    ms = round(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp() * 1000)

    def put() -> None:
        connection().execute("UPDATE events SET created_at = ? WHERE id = ?", (ms, event_id))

    place.store.write(put).result()


def test_a_move_late_in_the_evening_is_told_on_the_clinics_day() -> None:
    from zoneinfo import ZoneInfo

    from hikma_tui.screens.patient_rows import day_at

    assert day_at("2026-11-22T22:30:00.000Z", ZoneInfo("Asia/Baghdad")) == "23 Nov 2026"
    assert day_at("what", None) == "no day"
