"""What a save waits for, and what is looked at after a bad end."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from hikma_tui.clinic import audit, patients
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store.files import ended_badly
from tests.faults.driver import Importer
from tests.terminal.terminal import clinic
from tests.unit.program import new_clinic, run


def synchronous(directory: Path) -> int:
    store = Store.open(directory)
    found = store.on_writer(lambda: connection().execute("PRAGMA synchronous").fetchone()[0])
    level = int(found.result())
    store.close()
    return level


def test_a_save_waits_for_the_disk_unless_somebody_chose_otherwise(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    assert synchronous(place) == 2
    done = run("durability", "normal", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert "may be gone" in done.stdout
    assert synchronous(place) == 1
    store = Store.open(place)
    assert store.on_writer(audit.problems).result() == []
    entries = store.on_writer(
        lambda: (
            connection()
            .execute("SELECT count(*) FROM event_logs WHERE table_name = 'store_info'")
            .fetchone()[0]
        )
    ).result()
    store.close()
    assert entries == 1
    assert run("durability", "full", "--data-dir", place).returncode == 0
    assert synchronous(place) == 2


def test_a_killed_program_is_known_and_a_clean_end_too(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    assert not ended_badly(place)
    importer = Importer(place)
    assert importer.save("Mona")
    importer.kill()
    assert ended_badly(place)
    assert run("status", "--data-dir", place).returncode == 0
    assert not ended_badly(place)


@pytest.mark.parametrize("unclean", [True, False])
def test_after_a_bad_end_the_pages_are_looked_at(tmp_path: Path, unclean: bool) -> None:
    """Damage that no start sees, since it lies where nobody reads."""
    store, actor = clinic(tmp_path / "clinic")
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    store.close()
    path = tmp_path / "clinic" / "hikma.db"
    rows = sqlite3.connect(path)
    query = "SELECT rootpage FROM sqlite_master WHERE name = 'drug_catalogue'"
    root = rows.execute(query).fetchone()[0]
    rows.close()
    with path.open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(os.urandom(4096))
    words = ["backup", "--automatic", *(["--unclean"] if unclean else [])]
    assert run("status", "--data-dir", tmp_path / "clinic").returncode == 0
    done = run(*words, "--data-dir", tmp_path / "clinic")
    assert done.returncode == 74, done.stderr  # the copy is read through as well
    assert not list((tmp_path / "clinic" / "backups").glob("*.db"))
