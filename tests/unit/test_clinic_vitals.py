"""Vital signs and measures in a real store: recorded, corrected, read back with their trend."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import deletion, info, own_forms, patients, setup, visits
from hikma_tui.clinic import vitals as recorded
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.clinic.saving import Save
from hikma_tui.clock import noon_of
from hikma_tui.models import Vitals, connection, dicts, live
from hikma_tui.store import Store
from hikma_tui.vitals import entry as vitals_entry


@dataclass
class Clinic:
    """A store with Nora in it, and one patient."""

    store: Store
    nora: Actor
    mona: str
    today: date

    def record(self, day: date | None = None, **values: Any) -> recorded.Recorded:
        more = {k: values.pop(k) for k in ("not_recordable", "entered", "visit_id") if k in values}
        return self.store.write(
            recorded.record, self.nora, self.mona, day or self.today, values, **more
        ).result()

    def history(self) -> list[recorded.Entry]:
        return self.store.read(recorded.history, self.nora, self.mona).result()


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    store = Store.create(tmp_path / "store")
    nora = store.write(setup.create_clinic, "A", "Nora").result()
    row = {"given_name": "Mona", "sex": "female", "date_of_birth": "1990-01-01"}
    mona = store.write(patients.register, nora, row).result()
    yield Clinic(store, nora, mona, store.read(info.today).result())
    store.close()


def test_an_entry_is_kept_digit_for_digit_in_the_visit_of_the_day(clinic: Clinic) -> None:
    made = clinic.record(
        systolic_bp="120", diastolic_bp="80", bp_position="sitting",
        temperature_celsius="36.50", weight_kg="61.0", height_cm="172",
        not_recordable=["pulse_rate"], entered={"temperature_celsius": "97.7 °F"},
    )  # fmt: skip
    again = clinic.record(pulse_rate="82")
    assert made.new_visit
    assert again.visit_id == made.visit_id
    second, first = clinic.history()
    assert second.row["pulse_rate"] == 82
    assert (first.row["temperature_celsius"], first.row["weight_kg"]) == ("36.50", "61.0")
    assert (first.row["bmi"], first.row["systolic_bp"]) == ("20.6", 120)
    assert first.row["metadata"]["not_recordable"] == ["pulse_rate"]
    assert first.row["metadata"]["entered"] == {"temperature_celsius": "97.7 °F"}
    assert first.row["recorded_by_user_id"] == clinic.nora.user_id
    assert first.provider == "Nora"
    assert not first.late
    of_visit = clinic.store.read(recorded.of_visit, clinic.nora, made.visit_id).result()
    assert [entry.id for entry in of_visit] == [made.vitals_id, again.vitals_id]


def test_a_late_entry_carries_noon_of_its_day_and_is_marked_late(clinic: Clinic) -> None:
    day = clinic.today - timedelta(days=9)
    made = clinic.record(day, pulse_rate="82")
    (entry,) = clinic.history()
    assert entry.moment == noon_of(day, clinic.store.read(info.zone).result())
    assert (entry.day, entry.late) == (day, True)
    # given the visit alone, the visit's day counts, whatever the caller says
    clinic.record(clinic.today, pulse_rate="90", visit_id=made.visit_id)
    assert [one.day for one in clinic.history()] == [day, day]


@pytest.mark.parametrize(
    ("values", "column"),
    [
        ({"systolic_bp": "120", "diastolic_bp": "80"}, "bp_position"),
        ({"oxygen_saturation": "120"}, "oxygen_saturation"),
        ({"weight_kg": "1000"}, "weight_kg"),
        ({"bmi": "20"}, "bmi"),
        ({}, "systolic_bp"),
        ({"pulse_rate": "80", "not_recordable": ["pulse_rate"]}, "pulse_rate"),
    ],
)
def test_what_cannot_be_kept_is_refused_and_makes_no_visit(
    clinic: Clinic, values: dict[str, Any], column: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        clinic.record(**values)
    assert refusal.value.column == column
    count = clinic.store.read(
        lambda: connection().execute("SELECT count(*) FROM live_visits").fetchone()
    )
    assert count.result() == (0,)


def test_a_correction_of_an_old_entry_takes_a_reason_and_keeps_it(clinic: Clinic) -> None:
    made = clinic.record(clinic.today - timedelta(days=3), weight_kg="16", pulse_rate="80")

    def correct(values: dict[str, str], reason: str = "") -> bool:
        return clinic.store.write(
            recorded.correct, clinic.nora, made.vitals_id, values, reason
        ).result()

    assert correct({"weight_kg": "16", "pulse_rate": "80"}) is False  # nothing changed: no reason
    with pytest.raises(Invalid, match="reason"):
        correct({"weight_kg": "61", "pulse_rate": "80"})
    assert correct({"weight_kg": "61", "pulse_rate": "80"}, "digits swapped")
    (entry,) = clinic.history()
    assert (entry.row["weight_kg"], entry.row["pulse_rate"], entry.corrected) == ("61", 80, True)
    (note,) = entry.row["metadata"]["corrections"]
    assert (note["byName"], note["reason"]) == ("Nora", "digits swapped")
    assert entry.row["metadata"]["providerName"] == "Nora"
    assert correct({"weight_kg": "61"}, "wrong patient's pulse")  # what is not given is taken out
    assert clinic.history()[0].row["pulse_rate"] is None


def test_the_latest_of_each_sign_with_its_trend(clinic: Clinic) -> None:
    def days_ago(n: int) -> date:
        return clinic.today - timedelta(days=n)

    clinic.record(days_ago(40), systolic_bp="130", diastolic_bp="85", bp_position="sitting")
    clinic.record(days_ago(20), weight_kg="61")
    clinic.record(days_ago(10), systolic_bp="150", diastolic_bp="95", bp_position="sitting")
    clinic.record(days_ago(5), weight_kg="60.5", not_recordable=["pulse_rate"])
    found = clinic.store.read(recorded.latest, clinic.nora, clinic.mona).result()
    told = [(one.piece.words, (clinic.today - one.day).days, one.trend) for one in found]
    assert told == [
        ("BP 150/95 mmHg HIGH", 10, "rising"),
        ("Pulse not recordable", 5, ""),
        ("Weight 60.5 kg", 5, "steady"),
    ]
    assert found[0].before == days_ago(40)


def test_a_deleted_entry_is_gone_from_history_and_comes_back_with_undo(clinic: Clinic) -> None:
    made = clinic.record(pulse_rate="82")
    number = clinic.store.write(
        deletion.delete, clinic.nora, "patient_vitals", made.vitals_id, "wrong patient"
    ).result()
    assert clinic.history() == []
    with pytest.raises(NotFound):
        clinic.store.read(recorded.one, clinic.nora, made.vitals_id).result()
    clinic.store.write(deletion.undo, clinic.nora, number).result()
    assert [entry.id for entry in clinic.history()] == [made.vitals_id]


def test_who_may_not_edit_records_can_neither_record_nor_correct(clinic: Clinic) -> None:
    made = clinic.record(pulse_rate="82")
    stranger = Actor("0197b0aa-0000-7000-8000-000000000001", "Sam", "provider",
                     clinic.nora.clinic_id, clinic.nora.machine_id)  # fmt: skip
    for call, *arguments in (
        (recorded.record, clinic.mona, clinic.today, {"pulse_rate": "80"}),
        (recorded.correct, made.vitals_id, {"pulse_rate": "80"}, "x"),
    ):
        with pytest.raises(NotAllowed):
            clinic.store.write(call, stranger, *arguments).result()  # type: ignore[arg-type]
    assert clinic.history()[0].row["pulse_rate"] == 82


def test_a_deleted_own_form_is_made_again_when_it_is_needed(clinic: Clinic) -> None:
    form_id = own_forms.id_of("measures")
    clinic.store.write(deletion.delete, clinic.nora, "event_forms", form_id, "not used").result()
    assert clinic.store.read(visits.event_form, form_id).result() is None
    shown = clinic.store.read(own_forms.form, "measures").result()
    assert shown.id == form_id  # it can be shown all the same
    assert clinic.store.write(own_forms.ensure, clinic.nora, "measures").result() == form_id
    assert clinic.store.read(visits.event_form, form_id).result() is not None
    assert clinic.store.write(own_forms.ensure, clinic.nora, "measures").result() == form_id


def test_vitals_of_a_phone_without_a_visit_are_shown(clinic: Clinic) -> None:
    """Upstream leaves visit_id null (features.md 1.9)."""
    clinic.record(pulse_rate="82")

    def loosen() -> None:
        connection().execute("UPDATE patient_vitals SET visit_id = NULL, metadata = '{}'")

    clinic.store.write(loosen).result()
    (entry,) = clinic.history()
    assert (entry.visit_id, entry.provider) == (None, "Nora")
    model = live(Vitals)
    assert len(clinic.store.read(lambda: dicts(model.select())).result()) == 1


def _from_elsewhere(clinic: Clinic, **columns: Any) -> dict[str, Any]:
    """An entry of today as another device may have left it, as it is stored."""
    made = clinic.record(pulse_rate="82")

    def put() -> None:
        with Save(clinic.nora) as save:
            save.update(Vitals, made.vitals_id, columns)

    clinic.store.write(put).result()
    return dict(clinic.history()[0].row)


@pytest.mark.parametrize(
    "columns",
    [
        {"bmi": "22.49", "weight_kg": "61.00"},  # of a height that stands elsewhere
        {"bmi": "22.49", "weight_kg": "61.00", "height_cm": "165.00"},  # two decimals, as phones do
        {"temperature_celsius": "5.00", "oxygen_saturation": "140.00"},  # what is refused here
        {"systolic_bp": 120, "diastolic_bp": 80, "bp_position": None},
        {"systolic_bp": 900, "bp_position": "supine"},
        {"bp_position": "sitting"},
        {"metadata": {"not_recordable": ["heart_rate", "etco2", "weight_kg"]}},
        {"metadata": {"not_recordable": [], "entered": {}, "more": 1}},
        {
            "temperature_celsius": "37.00",
            "metadata": {"entered": {"temperature_celsius": "104 °F"}},
        },
        {"weight_kg": "60.78", "metadata": {"entered": {"weight_kg": "134 lb", "etco2": "5 kPa"}}},
    ],
)
def test_a_correction_of_one_sign_changes_that_sign_alone(
    clinic: Clinic, columns: dict[str, Any]
) -> None:
    before = _from_elsewhere(clinic, **columns)
    answers = vitals_entry.answers_of(before)

    def correct(pulse: str) -> bool:
        typed = vitals_entry.read({**answers, "pulse_rate": pulse}, before)
        assert typed.problems == ()
        return clinic.store.write(
            recorded.correct, clinic.nora, before["id"], typed.values, "",
            not_recordable=typed.not_recordable, entered=typed.entered,
        ).result()  # fmt: skip

    assert correct("82") is False
    assert correct("84") is True
    after = clinic.history()[0].row
    kept = {name for name in before if before[name] == after[name]}
    assert set(before) - kept <= {"pulse_rate", "updated_at", "change_seq", "synced_at"}
    assert after["pulse_rate"] == 84
