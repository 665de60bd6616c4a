"""The problem list: true codes, days as they were said, nothing twice, nothing lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import problems
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed
from hikma_tui.models import Problem as Row
from hikma_tui.models import UserClinicPermissions, dicts
from tests.screens.clinic import TODAY, Clinic, make_clinic


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return clinic.register("Amal", "Khalil", sex="female", date_of_birth="1979-09-09")


def add(clinic: Clinic, patient: str, label: str = "Asthma", **more: Any) -> str:
    columns = {"problem_label": label, **more.pop("columns", {})}
    made: str = do(clinic, problems.add, patient, columns, **more)
    return made


def row(clinic: Clinic, problem_id: str) -> dict[str, Any]:
    query = Row.select().where(Row.id == problem_id)
    return clinic.store.write(lambda: dicts(query)).result()[0]


def listed(clinic: Clinic, patient: str) -> list[problems.Problem]:
    return clinic.store.read(problems.listed, clinic.actor, patient).result()


def do(clinic: Clinic, function: Any, *arguments: Any, **named: Any) -> Any:
    return clinic.store.write(function, clinic.actor, *arguments, **named).result()


def test_free_text_is_never_stored_as_if_it_were_icd11(clinic: Clinic, patient: str) -> None:
    stored = row(clinic, add(clinic, patient, "Weak since the flood"))
    assert (stored["problem_code_system"], stored["problem_code"]) == ("custom", "custom")
    assert stored["problem_label"] == "Weak since the flood"
    assert (stored["clinical_status"], stored["verification_status"]) == ("active", "provisional")
    assert stored["recorded_by_user_id"] == clinic.actor.user_id
    assert listed(clinic, patient)[0].code == ""


def test_a_true_code_is_stored_with_its_title(clinic: Clinic, patient: str) -> None:
    columns = {"problem_code": "BA00", "problem_code_system": "icd11"}
    made = do(clinic, problems.add, patient, columns)
    stored = row(clinic, made)
    assert (stored["problem_code_system"], stored["problem_code"]) == ("icd11", "BA00")
    assert stored["problem_label"] == "Essential hypertension"
    other = do(clinic, problems.from_diagnosis, patient, {"code": "CA23", "desc": "Asthma"})
    assert row(clinic, other)["problem_code_system"] == "icd11"
    with pytest.raises(problems.Already):
        do(clinic, problems.from_diagnosis, patient, {"code": "BA00", "desc": "High pressure"})


def test_a_code_that_the_list_does_not_know_is_refused(clinic: Clinic, patient: str) -> None:
    with pytest.raises(Invalid) as refused:
        add(clinic, patient, columns={"problem_code": "I10", "problem_code_system": "icd11"})
    assert refused.value.column == "problem_code"
    assert not listed(clinic, patient)


@pytest.mark.parametrize(
    ("said", "column"), [("2024", "2024-01-01"), ("2024-03", "2024-03-01"), ("2024-03-09",) * 2]
)
def test_an_onset_is_shown_as_it_was_said(
    clinic: Clinic, patient: str, said: str, column: str
) -> None:
    made = add(clinic, patient, columns={"onset_date": said})
    assert row(clinic, made)["onset_date"] == column
    assert listed(clinic, patient)[0].onset == said


def test_another_clients_day_voids_the_mark_of_an_imprecise_one(
    clinic: Clinic, patient: str
) -> None:
    made = add(clinic, patient, columns={"onset_date": "2024"})

    def elsewhere() -> None:
        Row.update({Row.onset_date: "2023-05-06"}).where(Row.id == made).execute()

    clinic.store.write(elsewhere).result()
    assert listed(clinic, patient)[0].onset == "2023-05-06"


@pytest.mark.parametrize(
    ("onset", "end", "column"),
    [
        ("2026-11-23", "", "onset_date"),
        ("2026-12", "", "onset_date"),
        ("", "2026-11-23", "end_date"),
        ("2026-05-02", "2026-05-01", "end_date"),
        ("2026-05", "2026-04", "end_date"),
        ("2026-02-30", "", "onset_date"),
    ],
)
def test_days_that_cannot_be_are_refused(
    clinic: Clinic, patient: str, onset: str, end: str, column: str
) -> None:
    about = {"onset_date": onset, "end_date": end, "clinical_status": "resolved"}
    with pytest.raises(Invalid) as refused:
        add(clinic, patient, columns=about)
    assert refused.value.column == column


def test_an_end_in_the_year_of_the_onset_is_not_before_it(clinic: Clinic, patient: str) -> None:
    about = {"onset_date": "2024-03-09", "end_date": "2024", "clinical_status": "resolved"}
    made = add(clinic, patient, columns=about)
    assert row(clinic, made)["end_date"] == "2024-03-09"
    assert listed(clinic, patient)[0].end == "2024"


@pytest.mark.parametrize(
    "wrong",
    [
        {"clinical_status": "gone"}, {"verification_status": "sure"}, {"severity_score": 11},
        {"severity_score": 0}, {"severity_score": "much"}, {"end_date": "2026-01-01"},
        {"problem_label": "  "}, {"problem_label": "x" * 256},
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(
    clinic: Clinic, patient: str, wrong: dict[str, Any]
) -> None:
    with pytest.raises(Invalid) as refused:
        add(clinic, patient, columns=wrong)
    assert refused.value.column == next(iter(wrong))
    assert not listed(clinic, patient)


def test_the_same_problem_is_not_put_on_the_list_twice(clinic: Clinic, patient: str) -> None:
    first = add(clinic, patient, "Asthma")
    with pytest.raises(problems.Already) as refused:
        add(clinic, patient, " ASTHMA ")
    assert refused.value.problem_id == first
    assert not refused.value.over
    do(clinic, problems.resolve, first)
    with pytest.raises(problems.Already) as refused:
        add(clinic, patient, "asthma")
    assert refused.value.over
    assert add(clinic, patient, "asthma", again=True) != first
    assert [one.status for one in listed(clinic, patient)] == ["active", "resolved"]


def test_resolve_and_reactivate_keep_the_history(clinic: Clinic, patient: str) -> None:
    made = add(clinic, patient, columns={"onset_date": "2024"})
    assert do(clinic, problems.resolve, made)
    found = listed(clinic, patient)[0]
    assert (found.status, found.end, found.onset) == ("resolved", TODAY.isoformat(), "2024")
    assert do(clinic, problems.reactivate, made, "it came back")
    found = listed(clinic, patient)[0]
    assert (found.status, found.end, found.onset) == ("active", "", "2024")
    assert [one["was"]["status"] for one in found.history] == ["active", "resolved"]
    assert found.history[1]["was"]["end"] == TODAY.isoformat()
    assert found.history[1]["reason"] == "it came back"


def test_an_edit_changes_what_was_changed_alone(clinic: Clinic, patient: str) -> None:
    made = add(clinic, patient, columns={"onset_date": "2024-01", "metadata": {"of": "another"}})
    before = row(clinic, made)
    assert do(clinic, problems.edit, made, {"severity_score": 7})
    after = row(clinic, made)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"severity_score", "updated_at", "change_seq"}
    assert not do(clinic, problems.edit, made, {"severity_score": 7})
    with pytest.raises(Invalid):
        do(clinic, problems.edit, made, {"problem_code": "CA23"})


def test_a_problem_joins_the_visit_of_the_day(clinic: Clinic, patient: str) -> None:
    assert row(clinic, add(clinic, patient, "Asthma"))["visit_id"] is None
    visit = clinic.note(patient, TODAY, "cough").visit_id
    assert row(clinic, add(clinic, patient, "Gout"))["visit_id"] == visit
    other = add(clinic, patient, "Epilepsy", day=date(2026, 11, 2))
    assert row(clinic, other)["visit_id"] not in (None, visit)


def test_a_diagnosis_becomes_a_problem_only_when_said_so(clinic: Clinic, patient: str) -> None:
    fields = {f["name"]: f for f in clinic.forms["Consultation"]["form_fields"]}
    name = next(n for n, f in fields.items() if f["fieldType"] == "diagnosis")
    entries = [{"code": "0000", "desc": "Scabies"}, {"code": "I10", "desc": "Hypertension"}]
    more: dict[str, Any] = {name: entries}
    clinic.note(patient, date(2026, 11, 2), "itch", **more)
    assert not listed(clinic, patient)
    offered = clinic.store.read(problems.open_diagnoses, clinic.actor, patient).result()
    assert [(one.desc, one.day) for one in offered] == [
        ("Scabies", date(2026, 11, 2)), ("Hypertension", date(2026, 11, 2)),
    ]  # fmt: skip
    made = do(clinic, problems.from_diagnosis, patient, entries[1])
    stored = row(clinic, made)
    assert (stored["problem_code_system"], stored["problem_code"]) == ("custom", "custom")
    assert stored["metadata"]["diagnosis_code"] == "I10"
    offered = clinic.store.read(problems.open_diagnoses, clinic.actor, patient).result()
    assert [one.desc for one in offered] == ["Scabies"]


def test_who_may_not_edit_records_adds_no_problem(clinic: Clinic, patient: str) -> None:
    made = add(clinic, patient)
    viewer = Actor(clinic.actor.user_id, "Viewer", "provider", clinic.actor.clinic_id, "m")
    flags = {UserClinicPermissions.is_clinic_admin: False,
             UserClinicPermissions.can_edit_records: False}  # fmt: skip
    clinic.store.write(lambda: UserClinicPermissions.update(flags).execute()).result()
    calls: list[tuple[Any, ...]] = [
        (problems.add, patient, {"problem_label": "Gout"}),
        (problems.resolve, made),
        (problems.reactivate, made),
    ]
    for function, *arguments in calls:
        with pytest.raises(NotAllowed):
            clinic.store.write(function, viewer, *arguments).result()
    assert [one.status for one in listed(clinic, patient)] == ["active"]
