"""Problems and allergies that other clients wrote in their own way: read, edited, nothing lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import allergies, allergies_read, patients, problems, status
from hikma_tui.clinic.errors import Refused
from hikma_tui.models import Patient, connection
from hikma_tui.models import Problem as Row
from hikma_tui.screens import alerts
from tests.screens.clinic import TODAY, Clinic, make_clinic
from tests.unit.test_allergies import do, foreign, known, row

_OWN = {"theirs": {"a": 1}, "onset_imprecise": {"day": "2024-01-01", "as": "2024"}}
_SHAPES: dict[str, Any] = {
    "null": None, "text": "hello", "list": [1, 2], "number": 7, "empty": {},
    "encoded": json.dumps(_OWN), "twice": json.dumps(json.dumps(_OWN)),
}  # fmt: skip


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    clinic = make_clinic(tmp_path / "store")
    yield clinic
    clinic.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return clinic.register("Zed", "Alone", date_of_birth="1980-01-01")


def _metadata(clinic: Clinic, table: str, row_id: str, value: Any) -> None:
    """Put ``value`` where a sync would put it, whatever it is."""
    said = json.dumps(value)
    sql = f"UPDATE {table} SET metadata = ? WHERE id = ?"
    clinic.store.write(lambda: connection().execute(sql, (said, row_id))).result()


@pytest.mark.parametrize("shape", _SHAPES)
def test_metadata_of_any_shape_survives_an_edit(clinic: Clinic, patient: str, shape: str) -> None:
    table = Row._meta.table_name
    one = foreign(clinic, patient, "Asthma", onset_date="2024-01-01")
    other = foreign(clinic, patient, "Allergy: eggs")
    for row_id in (one, other):
        _metadata(clinic, table, row_id, _SHAPES[shape])
    _metadata(clinic, Patient._meta.table_name, patient, _SHAPES[shape])
    assert clinic.store.read(problems.listed, clinic.actor, patient).result()
    do(clinic, problems.resolve, one)
    do(clinic, allergies.change, other, reaction="rash", severity="", certainty="confirmed")
    do(clinic, status.set_deceased, patient, "2026-11-02", "fever")
    kept = [row(clinic, one)["metadata"], row(clinic, other)["metadata"]]
    for metadata in kept:
        if shape in ("encoded", "twice"):
            assert metadata["theirs"] == {"a": 1}
        elif shape in ("text", "list", "number"):
            assert metadata["written_as_metadata"] == _SHAPES[shape]


def test_a_double_encoded_mark_of_an_imprecise_day_is_read(clinic: Clinic, patient: str) -> None:
    one = foreign(clinic, patient, "Asthma", onset_date="2024-01-01")
    _metadata(clinic, Row._meta.table_name, one, json.dumps(_OWN))
    (found,) = clinic.store.read(problems.listed, clinic.actor, patient).result()
    assert found.onset == "2024"


def test_what_another_client_calls_things_keeps_nobody_from_ending_them(
    clinic: Clinic, patient: str
) -> None:
    one = foreign(clinic, patient, "Asthma", verification_status="differential", severity_score=0)
    assert do(clinic, problems.resolve, one)
    assert row(clinic, one)["verification_status"] == "differential"
    assert do(clinic, problems.reactivate, one)


def test_the_severity_of_another_client_stays_when_only_the_reaction_changes(
    clinic: Clinic, patient: str
) -> None:
    one = foreign(clinic, patient, "Allergy: eggs", severity_score=7)
    do(clinic, allergies.change, one, reaction="rash", severity="", certainty="confirmed")
    assert row(clinic, one)["severity_score"] == 7
    do(clinic, allergies.change, one, reaction="rash", severity="mild", certainty="confirmed")
    assert row(clinic, one)["severity_score"] == 2


def test_a_severity_can_be_cleared(clinic: Clinic, patient: str) -> None:
    for given in (None, ""):
        label = f"Asthma {given}"
        do(clinic, problems.add, patient, {"problem_label": label, "severity_score": given})
    one = do(clinic, problems.add, patient, {"problem_label": "Gout", "severity_score": 5})
    for cleared in (None, ""):
        do(clinic, problems.edit, one, {"severity_score": 5})
        assert do(clinic, problems.edit, one, {"severity_score": cleared})
        assert row(clinic, one)["severity_score"] is None
    mine = do(clinic, allergies.add, patient, "Milk", severity="severe")
    do(clinic, allergies.change, mine, reaction="", severity="", certainty="confirmed")
    assert row(clinic, mine)["severity_score"] is None


def test_that_a_patient_died_is_read_also_when_it_was_encoded_twice(
    clinic: Clinic, patient: str
) -> None:
    said = json.dumps({"deceased": {"day": "2026-11-02", "cause": "fever"}})
    _metadata(clinic, Patient._meta.table_name, patient, said)
    card = clinic.store.read(patients.card, clinic.actor, patient).result()
    assert card.status.deceased is not None


@pytest.mark.parametrize("text", ["nul\x00here", "half\ud800"])
def test_what_no_server_takes_is_refused_in_a_sentence(
    clinic: Clinic, patient: str, text: str
) -> None:
    """It stood in the metadata: the row could never have been sent, or the save fell over."""
    one = do(clinic, allergies.add, patient, "Milk")
    referral = do(clinic, status.refer, patient, TODAY, "Hospital", "fever")
    for function, arguments in (
        (status.set_deceased, (patient, "2026", text)),
        (status.set_moved, (patient, "2026", text)),
        (status.came_of_it, (referral, text)),
        (allergies.refute, (one, text)),
    ):
        with pytest.raises(Refused):
            do(clinic, function, *arguments)
    assert known(clinic, patient).items == ("Milk",)


def test_more_allergies_than_a_screen_holds_say_so() -> None:
    known_ones = allergies_read.Allergies(tuple(f"Substance {n} (rash)" for n in range(50)), "")
    for width in (38, 78):
        loud, _calm = alerts.allergy_rows(known_ones, width)
        assert len(loud) <= 13
        assert "Substance" in loud[0]
    assert "50 allergies in all" in alerts.allergy_rows(known_ones, 60)[0][-1]
