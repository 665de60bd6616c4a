"""``audit``: the trail is checked, shown for one patient, and its head printed."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from hikma_tui.clinic import deletion, patients
from tests.terminal.terminal import clinic
from tests.unit.program import run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Two patients; one was edited, and deleted."""
    store, actor = clinic(tmp_path / "store")
    card = {"given_name": "Mona", "external_patient_id": "A-1", "phone": "070"}
    mona = store.write(patients.register, actor, card).result()
    store.write(patients.edit, actor, mona, {"phone": "071\x1b[31m"}).result()
    store.write(patients.register, actor, {"given_name": "Musa"}).result()
    store.write(deletion.delete, actor, "patients", mona, "registered twice").result()
    store.close()
    return tmp_path / "store"


def test_a_deleted_patient_s_trail_is_shown_and_nobody_else_s(place: Path) -> None:
    done = run("audit", "show", "A-1", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert "Nora  CREATE  patients" in done.stdout
    assert "phone: 070 -> 071" in done.stdout
    assert "SOFT_DELETE" in done.stdout
    assert "\x1b" not in done.stdout
    assert "Musa" not in done.stdout
    assert run("audit", "show", "nobody", "--data-dir", place).returncode == 1
    assert run("audit", "show", "--data-dir", place).returncode == 2


def test_a_changed_entry_is_found(place: Path) -> None:
    sound = run("audit", "verify", "--data-dir", place)
    assert sound.returncode == 0
    head = run("audit", "head", "--data-dir", place)
    with sqlite3.connect(place / "hikma.db") as file:
        (last,) = file.execute("SELECT hash FROM event_logs ORDER BY pk DESC LIMIT 1").fetchone()
        assert last in head.stdout
        file.execute("UPDATE event_logs SET user_id = 'x' WHERE pk = 3")
    file.close()
    found = run("audit", "verify", "--data-dir", place)
    assert found.returncode == 1
    assert "entry 3: was changed" in found.stdout
