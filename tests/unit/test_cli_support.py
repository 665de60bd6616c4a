"""``support``: what the technical lead needs, and nothing of anybody."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import patients
from hikma_tui.syncing import secret as sync_secret
from tests.terminal.terminal import clinic
from tests.unit.program import run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic with a patient, a password, a stranger's file and a log."""
    store, actor = clinic(tmp_path / "store")
    card = {"given_name": "Zeinabu", "phone": "070123456", "external_patient_id": "A-77"}
    store.write(patients.register, actor, card).result()
    store.close()
    sync_secret.keep(tmp_path / "store", "NursePass123")
    (tmp_path / "store" / "Zeinabu's letter.txt").write_text("dear")
    (tmp_path / "store" / "crash.log").write_text("somewhere\x1b[31m\n")
    return tmp_path / "store"


def test_nobody_is_in_it(place: Path, tmp_path: Path) -> None:
    target = tmp_path / "support.txt"
    done = run("support", "--output", target, "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert target.read_text() == done.stdout
    assert target.stat().st_mode & 0o777 == 0o600
    for secret in ("Zeinabu", "070123456", "A-77", "NursePass123", "Nora", "Al-Salam", "\x1b"):
        assert secret not in done.stdout
    for wanted in ("table: patients 1,", "SQLite", "check of the file: 0", "log: crash.log"):
        assert wanted in done.stdout


def test_nothing_is_written_without_a_yes(place: Path, tmp_path: Path) -> None:
    done = run("support", "--output", tmp_path / "support.txt", "--data-dir", place)
    assert done.returncode == 1
    assert not (tmp_path / "support.txt").exists()
    (tmp_path / "there.txt").write_text("mine")
    there = run("support", "--output", tmp_path / "there.txt", "--yes", "--data-dir", place)
    assert there.returncode == 73
    assert (tmp_path / "there.txt").read_text() == "mine"


def test_a_damaged_store_has_a_support_file_too(place: Path) -> None:
    header = (place / "hikma.db").read_bytes()[:100]
    (place / "hikma.db").write_bytes(header + b"\x00" * 4000)
    done = run("support", "--data-dir", place)
    assert done.returncode == 0
    assert "store: Corrupt" in done.stdout


def test_whom_errors_name(place: Path) -> None:
    done = run("support", "--lead", "it@example.org", "--data-dir", place)
    assert done.returncode == 0
    assert "it@example.org" in done.stdout
    assert "it@example.org" not in run("support", "--data-dir", place).stdout
