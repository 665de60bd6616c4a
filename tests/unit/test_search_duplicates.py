"""Duplicates: who is likely the same, why, and what never counts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from hikma_tui import search
from hikma_tui.search import Draft, Reason
from tests.unit.test_search import TODAY, A, Register

BORN = date(1992, 3, 11)


@pytest.fixture
def register() -> Iterator[Register]:
    made = Register()
    made.add(
        "Mohammed", "Hassan", phone="+961 70 123456", government_id="GX-417", sex="male",
        date_of_birth="1992-03-11", hometown="Saida", primary_clinic_id=A,
    )  # fmt: skip
    made.add("Mohammed", "Hussein", date_of_birth="1960-01-01", sex="male")
    made.add("Zoltan", "Kiss", government_id="0", phone="000000", date_of_birth="1950-05-05")
    yield made
    made.connection.close()


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft("Mohammed", "Hassan"), Reason.SAME_NAME),
        (Draft("Hassan", "Mohammed"), Reason.NAMES_SWAPPED),
        (Draft("محمد", "حسن"), Reason.SIMILAR_NAME),
        (Draft("Muhammad", "Hasan"), Reason.SIMILAR_NAME),
        (Draft("Mohamned", "Hassan"), Reason.SIMILAR_NAME),
        (Draft("Moh", "Hass"), Reason.SIMILAR_NAME),
        (Draft("M", "H", phone="070 123 456"), Reason.SAME_PHONE),
        (Draft("X", "Y", government_id="gx417"), Reason.SAME_GOVERNMENT_ID),
        (Draft("Mohammed", "", date_of_birth=BORN), Reason.SAME_BIRTH),
        (Draft("Mohammed", "Hassan", date_of_birth=date(1992, 11, 3)), Reason.NEAR_BIRTH),
        (Draft("Mohammed", "Hassan", hometown="saida"), Reason.SAME_HOMETOWN),
    ],
)
def test_alike(register: Register, draft: Draft, reason: Reason) -> None:
    first = search.alike(register.connection, draft, today=TODAY)[0]
    assert first.hit.id == "id1"
    assert reason in first.reasons
    assert first.same_government_id is (reason is Reason.SAME_GOVERNMENT_ID)
    assert first.primary_clinic_id == A


@pytest.mark.parametrize(
    "draft",
    [
        Draft(),
        Draft("Mohammed"),
        Draft("New", "Person", government_id="0", phone="000000"),
        Draft("New", "Person", government_id="None", date_of_birth=BORN),
        Draft("New", "Person", government_id="-"),
        Draft("'\"*(", ") OR \x00"),
    ],
)
def test_not_alike(register: Register, draft: Draft) -> None:
    assert search.alike(register.connection, draft, today=TODAY) == []


def test_the_likelier_comes_first(register: Register) -> None:
    draft = Draft("Mohammed", "Hassan", date_of_birth=BORN, sex="male", phone="70123456")
    register.add("Mohammed", "Hassan", date_of_birth="1993-07-07")
    register.add("Mohamed", "Hasan", date_of_birth="1992-03-11")
    found = search.alike(register.connection, draft, today=TODAY)
    assert [one.hit.id for one in found[:3]] == ["id1", "id5", "id4"]
    assert [one.score for one in found] == sorted((one.score for one in found), reverse=True)


def test_a_deleted_patient_is_no_duplicate(register: Register) -> None:
    register.set("id1", tombstone=1)
    assert search.alike(register.connection, Draft(government_id="GX-417"), today=TODAY) == []
