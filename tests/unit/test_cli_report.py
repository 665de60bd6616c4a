"""The verb ``report`` as a process of its own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from tests.unit.program import create, lines, new_clinic, rows, run

REFUSED, USAGE, NO_OUTPUT = 1, 2, 73


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    directory = new_clinic(tmp_path / "clinic")
    row = {"given_name": "محمد\x1b[31m", "surname": "<b>Hasan", "external_patient_id": "A-0123"}
    done = run("import", "-", "--data-dir", directory, data=lines(create("patients", **row)))
    assert done.returncode == 0, done.stderr
    return directory


def test_it_is_printed_or_written_to_a_new_file(clinic: Path, tmp_path: Path) -> None:
    done = run("report", "A-0123", "--data-dir", clinic)
    assert done.returncode == 0, done.stderr
    assert "REPORT OF A PATIENT" in done.stdout
    assert "محمد" in done.stdout
    assert "\x1b" not in done.stdout
    (patient,) = rows(clinic, "patients")
    assert (
        run("report", patient, "--data-dir", clinic).stdout.splitlines()[:5]
        == (done.stdout.splitlines()[:5])
    )
    file = tmp_path / "r.html"
    words = ("report", "A-0123", "--data-dir", clinic, "--format", "html", "--output", file)
    assert run(*words).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_bytes()
    assert before.startswith(b"<!DOCTYPE html>")
    assert b"<b>Hasan" not in before
    again = run(*words)
    assert (again.returncode, again.stdout) == (NO_OUTPUT, "")
    assert str(file) in again.stderr
    assert file.read_bytes() == before


def test_in_html_on_a_pipe_and_in_arabic(clinic: Path) -> None:
    done = run("report", "A-0123", "--data-dir", clinic, "--format", "html", "--language", "ar")
    assert done.returncode == 0
    assert 'dir="rtl"' in done.stdout
    assert "محمد" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["A-012"], REFUSED),
        (["A-0123", "--visit", "x"], REFUSED),
        (["A-0123", "--format", "pdf"], USAGE),
        ([], USAGE),
        (["A-0123", "--output", "/dev/full/x"], NO_OUTPUT),
    ],
)
def test_what_can_t_be_reported_is_a_sentence(clinic: Path, words: list[str], code: int) -> None:
    done = run("report", *words, "--data-dir", clinic)
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("hikma-tui: ")
    assert done.stderr.count("\n") == 1


def test_who_has_no_right_gets_nothing(clinic: Path, tmp_path: Path) -> None:
    user = create("users", name="Sami", role="provider")
    made = run("import", "-", "--data-dir", clinic, "--user", "Nora", data=lines(user))
    assert made.returncode == 0, made.stderr
    file = tmp_path / "r.txt"
    words = ("report", "A-0123", "--data-dir", clinic, "--user", "Sami", "--output", file)
    done = run(*words)
    assert done.returncode == REFUSED, done.stdout
    assert "محمد" not in done.stderr
    assert not file.exists()


def test_a_directory_is_no_file(clinic: Path, tmp_path: Path) -> None:
    done = run("report", "A-0123", "--data-dir", clinic, "--output", tmp_path)
    assert done.returncode == NO_OUTPUT
    assert done.stderr == (f"hikma-tui: This is a directory, not the name of a file: {tmp_path}\n")
