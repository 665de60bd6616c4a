"""Allergies: stored so that others show them, known again whoever wrote them, never overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import allergies, allergies_read, medicines, patients, problems
from hikma_tui.clinic.errors import Invalid
from hikma_tui.models import Problem as Row
from hikma_tui.models import dicts
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


def known(clinic: Clinic, patient: str) -> allergies_read.Allergies:
    card = clinic.store.read(patients.card, clinic.actor, patient).result()
    assert card.allergies is not None
    return card.allergies


def listed(clinic: Clinic, patient: str) -> list[allergies_read.Allergy]:
    return clinic.store.read(allergies.listed, clinic.actor, patient).result()


def row(clinic: Clinic, row_id: str) -> dict[str, Any]:
    query = Row.select().where(Row.id == row_id)
    return clinic.store.write(lambda: dicts(query)).result()[0]


def foreign(clinic: Clinic, patient: str, label: str, **more: Any) -> str:
    """A problem as another client writes it."""
    columns = {
        "patient_id": patient, "problem_code_system": "icd11", "problem_code": "custom",
        "problem_label": label, "clinical_status": "active", "verification_status": "confirmed",
        **more,
    }  # fmt: skip
    made: str = do(clinic, problems.put, columns)
    return made


def test_not_asked_and_none_known_are_two_things(clinic: Clinic, patient: str) -> None:
    assert not known(clinic, patient).asked
    do(clinic, allergies.none_known, patient, date(2026, 11, 2))
    assert known(clinic, patient) == allergies_read.Allergies((), "2026-11-02")
    do(clinic, allergies.none_known, patient)
    assert known(clinic, patient).none_known == TODAY.isoformat()
    do(clinic, allergies.not_asked, patient, "it was another patient")
    assert not known(clinic, patient).asked


def test_an_allergy_is_stored_so_that_other_clients_show_it(clinic: Clinic, patient: str) -> None:
    stored = row(
        clinic,
        do(clinic, allergies.add, patient, "penicillin", reaction="rash", severity="severe"),
    )
    assert (stored["problem_code_system"], stored["problem_code"]) == ("snomed", "419199007")
    assert stored["problem_label"] == "Allergy: penicillin (rash)"
    assert (stored["clinical_status"], stored["severity_score"]) == ("active", 8)
    assert stored["metadata"]["allergy"]["substance"] == "penicillin"
    assert known(clinic, patient).items == ("penicillin (rash)",)
    disease_list = clinic.store.read(problems.listed, clinic.actor, patient).result()
    assert disease_list == []


def test_an_allergy_ends_none_known_and_none_known_is_refused_beside_one(
    clinic: Clinic, patient: str
) -> None:
    none = do(clinic, allergies.none_known, patient)
    do(clinic, allergies.add, patient, "Aspirin")
    assert row(clinic, none)["clinical_status"] == "resolved"
    assert known(clinic, patient) == allergies_read.Allergies(("Aspirin",), "")
    with pytest.raises(allergies.AllergiesStand) as refused:
        do(clinic, allergies.none_known, patient)
    assert "Aspirin" in str(refused.value)


def test_refuting_the_last_allergy_leaves_not_asked(clinic: Clinic, patient: str) -> None:
    made = do(clinic, allergies.add, patient, "Aspirin")
    with pytest.raises(Invalid):
        do(clinic, allergies.refute, made, "  ")
    assert known(clinic, patient).items == ("Aspirin",)
    do(clinic, allergies.refute, made, "took it last week, nothing happened")
    assert not known(clinic, patient).asked
    (one,) = listed(clinic, patient)
    assert (one.counts, one.certainty, one.reason) == (
        False, "refuted", "took it last week, nothing happened",
    )  # fmt: skip
    assert row(clinic, made)["clinical_status"] == "resolved"
    do(clinic, allergies.none_known, patient)
    do(clinic, allergies.reinstate, made, "a rash after all")
    assert known(clinic, patient) == allergies_read.Allergies(("Aspirin",), "")


def test_the_same_allergy_is_not_added_twice(clinic: Clinic, patient: str) -> None:
    do(clinic, allergies.add, patient, "Penicillin", reaction="rash")
    with pytest.raises(Invalid) as refused:
        do(clinic, allergies.add, patient, "penicillin")
    assert "Penicillin (rash)" in str(refused.value)


@pytest.mark.parametrize(
    ("label", "more", "substance"),
    [
        ("Allergy: penicillin (rash)", {}, "penicillin"),
        ("Allergic to penicillin", {}, "penicillin"),
        ("Penicillin allergy", {}, "Penicillin"),
        ("Alergia a la penicilina", {}, "penicilina"),
        ("alérgica a aspirina", {}, "aspirina"),
        ("حساسية من البنسلين", {}, "البنسلين"),
        ("Personal history of penicillin", {"problem_code_system": "icd10",
                                            "problem_code": "Z88.0"},
         "Personal history of penicillin"),
        ("Peanut", {"problem_code_system": "icd10cm", "problem_code": "Z91.010"}, "Peanut"),
        ("Drug", {"problem_code_system": "SNOMED", "problem_code": "416098002"}, "Drug"),
    ],
)  # fmt: skip
def test_an_allergy_of_another_client_is_one(
    clinic: Clinic, patient: str, label: str, more: dict[str, Any], substance: str
) -> None:
    foreign(clinic, patient, label, **more)
    (one,) = listed(clinic, patient)
    assert one.as_written
    assert one.counts
    assert one.substance == substance
    assert known(clinic, patient).items
    assert clinic.store.read(problems.listed, clinic.actor, patient).result() == []


@pytest.mark.parametrize("label", ["Allergic rhinitis", "No drug allergy", "Asthma", "Sin alergia"])
def test_what_is_no_allergy_stays_where_it_is(clinic: Clinic, patient: str, label: str) -> None:
    foreign(clinic, patient, label)
    assert listed(clinic, patient) == []
    assert known(clinic, patient).items == ()


@pytest.mark.parametrize(
    "label", ["No known allergies", "no allergies", "NKA", "Sin alergias conocidas"]
)
def test_none_known_of_another_client_is_that(clinic: Clinic, patient: str, label: str) -> None:
    foreign(clinic, patient, label)
    assert known(clinic, patient) == allergies_read.Allergies((), TODAY.isoformat())


@pytest.mark.parametrize(
    ("status", "counts"),
    [("active", True), ("unknown", True), ("remission", True), ("resolved", False)],
)
def test_only_what_is_over_does_not_count(
    clinic: Clinic, patient: str, status: str, counts: bool
) -> None:
    foreign(clinic, patient, "Allergy: eggs", clinical_status=status)
    assert bool(known(clinic, patient).items) is counts
    found = clinic.store.read(allergies_read.substances, patient).result()
    assert [one.name for one in found] == (["eggs"] if counts else [])
    assert len(listed(clinic, patient)) == 1


def test_a_foreign_allergy_that_is_changed_keeps_how_it_was_written(
    clinic: Clinic, patient: str
) -> None:
    made = foreign(clinic, patient, "allergic to penicillin")
    do(clinic, allergies.change, made, reaction="hives", severity="mild", certainty="confirmed")
    assert known(clinic, patient).items == ("penicillin (hives)",)
    assert row(clinic, made)["metadata"]["written_as"] == "allergic to penicillin"


@pytest.mark.parametrize(
    ("wrong", "column"),
    [({"substance": " "}, "substance"), ({"substance": "x" * 101}, "substance"),
     ({"severity": "awful"}, "severity"), ({"certainty": "refuted"}, "certainty")],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(
    clinic: Clinic, patient: str, wrong: dict[str, str], column: str
) -> None:
    about = {"substance": "Eggs", **wrong}
    with pytest.raises(Invalid) as refused:
        do(clinic, allergies.add, patient, about.pop("substance"), **about)
    assert refused.value.column == column
    assert not known(clinic, patient).asked


def test_a_deleted_allergy_is_none(clinic: Clinic, patient: str) -> None:
    from hikma_tui.clinic import deletion

    made = do(clinic, allergies.add, patient, "Eggs")
    do(clinic, deletion.delete, "patient_problems", made, "typed for another patient")
    assert not known(clinic, patient).asked


@pytest.mark.parametrize(
    "label",
    ["Penicillin allergy (not confirmed)", "Allergic to penicillin, no anaphylaxis",
     "Allergic reaction to penicillin", "Allergic: penicillin", "Penicillin alergy",
     "Alérgico: penicilina", "Alergia a penicilina, sin anafilaxia", "Anaphylaxis to penicillin",
     "Hypersensitivity to penicillin", "No known drug allergies except penicillin",
     "No fever, penicillin allergy"],
)  # fmt: skip
def test_a_no_in_a_label_silences_no_warning(clinic: Clinic, patient: str, label: str) -> None:
    foreign(clinic, patient, label)
    found = clinic.store.read(medicines.warnings, clinic.actor, patient, ["amoxicillin"]).result()
    assert found, label


@pytest.mark.parametrize(
    "label", ["Not allergic to penicillin", "Penicillin allergy: no", "Niega alergia a penicilina"]
)
def test_what_is_denied_is_no_allergy(clinic: Clinic, patient: str, label: str) -> None:
    foreign(clinic, patient, label)
    assert known(clinic, patient).items == ()
    assert not known(clinic, patient).none_known
