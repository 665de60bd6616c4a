"""``wipe``: everything of ours is gone, nothing of anybody else's, and never under open hands."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import patients
from hikma_tui.store import Store
from hikma_tui.syncing import secret as sync_secret
from tests.terminal.terminal import clinic
from tests.unit.program import run


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic with a patient, a copy, a log and a password; and a file that is not ours."""
    store, actor = clinic(tmp_path / "store")
    store.write(patients.register, actor, {"given_name": "Zeinabu"}).result()
    store.backup()
    store.close()
    (tmp_path / "store" / "crash.log").write_text("somewhere")
    (tmp_path / "store" / "sync").mkdir()
    (tmp_path / "store" / "sync" / "pull.spool").write_text("Zeinabu")
    sync_secret.keep(tmp_path / "store", "secret")
    return tmp_path / "store"


def test_nothing_of_ours_is_left(place: Path) -> None:
    assert run("status", "--data-dir", place).returncode == 0  # makes its own files
    done = run("wipe", "--confirm", "Al-Salam", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert "1 patient." in done.stderr
    assert "No server has them" in done.stderr
    assert "can't reach" in done.stdout
    assert not place.exists()


def test_what_is_not_ours_stays_and_is_named(place: Path) -> None:
    (place / "thesis.odt").write_text("mine")
    (place / "backups" / "notes").mkdir()
    (place / "letters").mkdir()
    done = run("wipe", "--confirm", "Al-Salam", "--data-dir", place)
    assert done.returncode == 0
    assert "thesis.odt" in done.stderr
    assert "letters" in done.stderr
    assert sorted(path.name for path in place.iterdir()) == ["letters", "thesis.odt"]


def test_another_name_deletes_nothing(place: Path) -> None:
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    for words in (["--confirm", "Al-Amal"], []):
        done = run("wipe", *words, "--data-dir", place)
        assert done.returncode == 1
        assert "Nothing was deleted" in done.stderr
    assert before.items() <= {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}.items()


def test_records_that_are_open_elsewhere_stay(place: Path) -> None:
    store = Store.open(place)
    store.write(lambda: None).result()
    done = run("wipe", "--confirm", "Al-Salam", "--data-dir", place)
    assert done.returncode != 0
    assert "open" in done.stderr
    assert store.check() == []
    store.close()
    assert (place / "hikma.db").exists()


def test_a_store_that_can_t_be_read_can_be_wiped(place: Path) -> None:
    header = (place / "hikma.db").read_bytes()[:100]
    (place / "hikma.db").write_bytes(header + b"\x00" * 5000)
    done = run("wipe", "--confirm", "wipe", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert not place.exists()
