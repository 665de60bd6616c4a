"""Deceased, moved away, referred: said once, taken back with a reason, never lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import patients, standing, status
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.models import Event, Patient, dicts
from tests.screens.clinic import TODAY, Clinic, make_clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return clinic.register("Amal", "Khalil", sex="female", date_of_birth="1979-09-09")


def do(clinic: Clinic, function: Any, *arguments: Any, **named: Any) -> Any:
    return clinic.store.write(function, clinic.actor, *arguments, **named).result()


def of_card(clinic: Clinic, patient: str) -> standing.Status:
    return clinic.store.read(patients.card, clinic.actor, patient).result().status


def metadata(clinic: Clinic, patient: str) -> dict[str, Any]:
    query = Patient.select().where(Patient.id == patient)
    found: dict[str, Any] = clinic.store.write(lambda: dicts(query)).result()[0]["metadata"]
    return found


def test_deceased_stands_on_the_card_beside_what_was_there(clinic: Clinic) -> None:
    patient = clinic.register("Ali", "Haddad", date_of_birth="1950-01-01", estimated=True)
    assert of_card(clinic, patient) == standing.Status()
    do(clinic, status.set_deceased, patient, "2026-10", "heart failure")
    assert of_card(clinic, patient).deceased == standing.Fate("2026-10", "heart failure")
    assert metadata(clinic, patient)["birth_date_estimated"] is True


def test_a_mistake_is_taken_back_with_a_reason_and_kept(clinic: Clinic, patient: str) -> None:
    do(clinic, status.set_deceased, patient, "2026-11-01", "fever")
    with pytest.raises(Invalid):
        do(clinic, status.take_back, patient, status.DECEASED, " ")
    do(clinic, status.take_back, patient, status.DECEASED, "her sister died")
    assert of_card(clinic, patient).deceased is None
    kept = metadata(clinic, patient)["deceased"]
    assert kept["reason"] == "her sister died"
    assert kept["before"][0]["cause"] == "fever"
    with pytest.raises(NotFound):
        do(clinic, status.take_back, patient, status.DECEASED, "again")


def test_deceased_and_moved_are_two_keys(clinic: Clinic, patient: str) -> None:
    do(clinic, status.set_moved, patient, "", "Tripoli")
    do(clinic, status.set_deceased, patient, "2026")
    found = of_card(clinic, patient)
    assert (found.moved, found.deceased) == (
        standing.Fate("", "Tripoli"), standing.Fate("2026", ""),
    )  # fmt: skip
    do(clinic, status.take_back, patient, status.MOVED, "came back")
    assert of_card(clinic, patient).deceased is not None


@pytest.mark.parametrize("day", ["2026-11-23", "1979-09-08", "1978", "soon"])
def test_a_day_that_cannot_be_is_refused(clinic: Clinic, patient: str, day: str) -> None:
    with pytest.raises(Invalid) as refused:
        do(clinic, status.set_deceased, patient, day)
    assert refused.value.column == "day"
    assert of_card(clinic, patient) == standing.Status()


def test_metadata_of_any_shape_is_no_status() -> None:
    values: list[Any] = [None, [], "x", {"deceased": "yes"}, {"deceased": []}, {"deceased": {}}]
    for value in values:
        found = standing.of_metadata(value)
        assert (found.deceased is None) == (value != {"deceased": {}})


def test_a_referral_goes_into_the_days_visit_and_gets_its_outcome(
    clinic: Clinic, patient: str
) -> None:
    visit = clinic.note(patient, TODAY, "chest pain").visit_id
    made = do(clinic, status.refer, patient, TODAY, "City hospital", "ECG", "urgent")
    query = Event.select().where(Event.id == made)
    row = clinic.store.write(lambda: dicts(query)).result()[0]
    assert (row["visit_id"], row["event_type"]) == (visit, "Referral")
    assert [item["value"] for item in row["form_data"]] == ["City hospital", "ECG", "urgent"]
    (one,) = clinic.store.read(status.referrals, clinic.actor, patient).result()
    assert (one.where, one.urgency, one.outcome, one.day) == ("City hospital", "urgent", "", TODAY)
    do(clinic, status.came_of_it, made, "Stent, home on aspirin")
    do(clinic, status.came_of_it, made, "Stent, home on clopidogrel", "2026-11-20")
    (one,) = clinic.store.read(status.referrals, clinic.actor, patient).result()
    assert (one.outcome, one.outcome_day) == ("Stent, home on clopidogrel", "2026-11-20")
    row = clinic.store.write(lambda: dicts(query)).result()[0]
    assert row["metadata"]["corrections"][0]["was"][0]["value"] == "Stent, home on aspirin"
    assert len(row["form_data"]) == 5


@pytest.mark.parametrize(
    ("where", "why", "urgency", "column"),
    [("", "x", "soon", "where"), ("x", " ", "soon", "why"), ("x", "x", "now", "urgency")],
)
def test_a_referral_says_where_and_why(
    clinic: Clinic, patient: str, where: str, why: str, urgency: str, column: str
) -> None:
    with pytest.raises(Invalid) as refused:
        do(clinic, status.refer, patient, date(2026, 11, 2), where, why, urgency)
    assert refused.value.column == column
