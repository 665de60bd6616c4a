"""The verb ``conflicts``, on a real store, as a process of its own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import patients
from tests.screens.clinic import Clinic, fill, make_clinic
from tests.screens.server import agreed, connected, differ
from tests.unit.program import run


@pytest.fixture
def store(tmp_path: Path) -> tuple[Path, dict[str, str], Clinic]:
    """Patients that differ in a phone, in a date, and as suggestions; the store is closed."""
    clinic = make_clinic(tmp_path / "store")
    ids = fill(clinic)
    peer = connected(clinic)
    agreed(clinic, peer)
    differ(clinic, peer, "patients", ids["A-0123"], phone="071 999999", hometown="Tripoli")
    differ(clinic, peer, "patients", ids["A-0777"], date_of_birth="1986-03-07")
    for number in ("A-0981", "A-0300"):
        differ(clinic, peer, "patients", ids[number], kind="suggestion", camp="C")
    clinic.store.close()
    return tmp_path / "store", ids, clinic


def card(directory: Path, clinic: Clinic, patient_id: str) -> patients.PatientCard:
    from hikma_tui.store import Store

    opened = Store.open(directory)
    try:
        return opened.read(patients.card, clinic.actor, patient_id).result()
    finally:
        opened.close()


def listed(directory: Path, *words: str) -> list[dict[str, Any]]:
    done = run("conflicts", "--json", *words, "--data-dir", directory)
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["conflicts"]
    return found


def number_of(directory: Path, patient_id: str) -> str:
    (one,) = listed(directory, "--patient", patient_id)
    return str(one["number"])


def test_they_are_listed_for_people_and_for_scripts(store: Any) -> None:
    directory, ids, _clinic = store
    assert len(listed(directory)) == 4
    (one,) = listed(directory, "--patient", ids["A-0123"])
    fields = {field["field"]: field for field in one["fields"]}
    assert fields["phone"]["here"] == "070 123456"
    assert fields["phone"]["server"] == "071 999999"
    assert not fields["phone"]["careful"]
    done = run("conflicts", "--data-dir", directory)
    assert "4 records need a choice" in done.stdout
    assert "Phone  |  here: 070 123456  |  server: 071 999999" in done.stdout


def test_fields_are_decided_one_by_one_and_none_is_forgotten(store: Any) -> None:
    directory, ids, clinic = store
    number = number_of(directory, ids["A-0123"])
    resolve = ("conflicts", "resolve", number, "--data-dir", directory)
    done = run(*resolve, "--field", "phone=server")
    assert done.returncode == 2
    assert "Hometown is not chosen" in done.stderr
    done = run(*resolve, "--keep", "here", "--field", "phone=server")
    assert done.returncode == 0, done.stderr
    found = card(directory, clinic, ids["A-0123"])
    assert (found.phone, found.hometown) == ("071 999999", "Saida")
    assert run(*resolve, "--keep", "here").returncode == 1  # decided already


def test_a_date_takes_a_yes(store: Any) -> None:
    directory, ids, clinic = store
    resolve = ("conflicts", "resolve", number_of(directory, ids["A-0777"]), "--keep", "server",
               "--data-dir", directory)  # fmt: skip
    done = run(*resolve)
    assert done.returncode == 1
    assert "Date of birth" in done.stderr
    assert card(directory, clinic, ids["A-0777"]).date_of_birth == "1986-07-30"
    assert run(*resolve, "--yes").returncode == 0
    assert card(directory, clinic, ids["A-0777"]).date_of_birth == "1986-03-07"


def test_suggestions_all_at_once_take_a_yes(store: Any) -> None:
    directory, ids, clinic = store
    resolve = ("conflicts", "resolve", "--all-suggestions", "server", "--data-dir", directory)
    assert run(*resolve).returncode == 1
    done = run(*resolve, "--yes")
    assert done.stdout == "2 decided.\n", done.stderr
    assert card(directory, clinic, ids["A-0981"]).camp == "C"
    assert len(listed(directory)) == 2


def test_misuse_is_one_sentence_and_changes_nothing(store: Any) -> None:
    directory, ids, _clinic = store
    number = number_of(directory, ids["A-0123"])
    for words in (
        ("resolve",),
        ("resolve", number),
        ("resolve", number, "--field", "nothing=here"),
        ("resolve", number, "--keep", "here", "--field", "phone=mine"),
        ("list", number),
        ("--keep", "here"),
        ("resolve", number, "--all-suggestions", "here"),
    ):
        done = run("conflicts", *words, "--data-dir", directory)
        assert done.returncode == 2, words
        assert done.stderr.count("\n") == 1
    done = run("conflicts", "resolve", number, "--keep", "both", "--data-dir", directory)
    assert done.returncode == 1
    assert "free text only" in done.stderr
    assert run("conflicts", "resolve", "999", "--keep", "here", "--data-dir", directory
               ).returncode == 1  # fmt: skip
    assert len(listed(directory)) == 4
