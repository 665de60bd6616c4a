"""The store's file: made whole or not at all, opened, upgraded after a copy, used by threads."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import info, patients, setup
from hikma_tui.models import connection
from hikma_tui.schema import VERSION
from hikma_tui.store import Store
from hikma_tui.store.errors import Locked, NoStore, StoreError, TooNew
from hikma_tui.store.files import default_directory


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A clinic with one patient, closed."""
    store = Store.create(tmp_path / "clinic")
    actor = store.write(setup.create_clinic, "Clinic", "Nora").result()
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    store.close()
    return tmp_path / "clinic"


def version_of(path: Path) -> int:
    with sqlite3.connect(path) as file:
        version = int(file.execute("PRAGMA user_version").fetchone()[0])
    file.close()
    return version


def add_colour(rows: sqlite3.Connection) -> None:
    rows.execute("ALTER TABLE patients ADD COLUMN colour TEXT DEFAULT 'green'")


def upgraded(rows: sqlite3.Connection) -> list[str]:
    return [row[0] for row in rows.execute("SELECT colour FROM live_patients")]


def test_an_upgrade_copies_first_and_then_changes(directory: Path) -> None:
    store = Store.open(directory, upgrades={VERSION: add_colour}, version=VERSION + 1)
    assert store.read(lambda: upgraded(connection())).result() == ["green"]
    store.close()
    assert version_of(directory / "hikma.db") == VERSION + 1
    [copy] = (directory / "backups").iterdir()
    assert copy.name.startswith(f"before-upgrade-{VERSION}-to-{VERSION + 1}-")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent.stat().st_mode & 0o777 == 0o700
    assert version_of(copy) == VERSION
    with sqlite3.connect(copy) as file:
        assert file.execute("SELECT given_name FROM live_patients").fetchall() == [("Mona",)]
        assert "colour" not in {row[1] for row in file.execute("PRAGMA table_info(patients)")}
    file.close()
    with pytest.raises(TooNew):
        Store.open(directory)
    assert len(list((directory / "backups").iterdir())) == 1  # a second opening copies nothing


def test_an_upgrade_of_several_steps_is_one_whole(directory: Path) -> None:
    def fails(rows: sqlite3.Connection) -> None:
        rows.execute("UPDATE patients SET colour = 'red'")
        raise sqlite3.OperationalError("a step that can't be done")

    with pytest.raises(StoreError):
        Store.open(
            directory, upgrades={VERSION: add_colour, VERSION + 1: fails}, version=VERSION + 2
        )
    assert version_of(directory / "hikma.db") == VERSION
    store = Store.open(directory)  # as it was
    columns = store.on_writer(
        lambda: {row[1] for row in connection().execute("PRAGMA table_info(patients)")}
    ).result()
    assert "colour" not in columns
    assert store.check() == []
    store.close()


def test_an_upgrade_without_its_step_changes_nothing(directory: Path) -> None:
    with pytest.raises((StoreError, KeyError)):
        Store.open(directory, upgrades={}, version=VERSION + 1)
    assert version_of(directory / "hikma.db") == VERSION


def as_version_1(path: Path) -> None:
    """What the first releases made: no server could be reached, so no marks of one."""
    with sqlite3.connect(path) as file:
        for (view,) in file.execute(
            "SELECT name FROM sqlite_master WHERE name LIKE 'waiting\\_%' ESCAPE '\\'"
        ).fetchall():
            file.execute(f"DROP VIEW {view}")
        for (index,) in file.execute(
            "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE '%\\_waiting'"
            " ESCAPE '\\'"
        ).fetchall():
            file.execute(f"DROP INDEX {index}")
        for table in ("peer_rows", "conflicts", "sync_runs", "index_waiting", "proofs"):
            file.execute(f"DROP TABLE {table}")
        file.execute(
            "CREATE TABLE peer_rows (peer_id TEXT NOT NULL, table_name TEXT NOT NULL,"
            " row_id TEXT NOT NULL, agreed_seq INTEGER NOT NULL, base TEXT,"
            " PRIMARY KEY (peer_id, table_name, row_id)) WITHOUT ROWID"
        )
        file.execute("PRAGMA user_version = 1")
    file.close()


def test_a_store_of_the_first_releases_becomes_like_a_new_one(directory: Path) -> None:
    def shape(path: Path) -> set[tuple[str, str]]:
        with sqlite3.connect(path) as file:
            rows = file.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
            found = {(name, " ".join(sql.split())) for name, sql in rows}
        file.close()
        return found

    wanted = shape(directory / "hikma.db")
    as_version_1(directory / "hikma.db")
    store = Store.open(directory)
    assert store.read(setup.is_set_up).result()
    assert store.check() == []
    store.close()
    assert version_of(directory / "hikma.db") == VERSION
    assert shape(directory / "hikma.db") == wanted


def test_a_half_made_store_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "hikma.db.new").write_bytes(b"half of a store")
    assert not Store.exists(tmp_path)
    with pytest.raises(NoStore):
        Store.open(tmp_path)
    store = Store.create(tmp_path)
    assert store.check() == []
    store.close()
    assert not (tmp_path / "hikma.db.new").exists()


def test_creating_over_a_store_opens_it(directory: Path) -> None:
    store = Store.create(directory)
    assert store.read(setup.is_set_up).result()
    store.close()


def test_a_write_that_fails_leaves_nothing(directory: Path) -> None:
    def half() -> None:
        info.put("language", "xx")
        raise ValueError("in the middle")

    store = Store.open(directory)
    with pytest.raises(ValueError, match="middle"):
        store.write(half).result()
    assert store.read(info.get, "language").result() == "en"
    store.write(info.put, "language", "es").result()  # and the next one works
    assert store.read(info.get, "language").result() == "es"
    store.close()


def test_a_read_sees_one_moment(directory: Path) -> None:
    """A save in the middle of a long read is not seen by it, and does not wait for it."""
    store = Store.open(directory)

    def twice() -> Iterator[str]:
        yield info.get("language")
        store.write(info.put, "language", "ar").result(10)
        yield info.get("language")

    assert store.read(lambda: list(twice())).result(20) == ["en", "en"]
    assert store.read(info.get, "language").result() == "ar"
    store.close()


def test_after_another_program_let_go_saving_works_again(directory: Path) -> None:
    store = Store.open(directory)
    store.on_writer(lambda: connection().execute("PRAGMA busy_timeout = 50").fetchall()).result()
    holder = sqlite3.connect(directory / "hikma.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Locked):
        store.write(info.put, "language", "es").result()
    holder.execute("ROLLBACK")
    holder.close()
    store.write(info.put, "language", "es").result()
    store.close()


def test_what_is_saved_waits_for_the_disk(directory: Path) -> None:
    store = Store.open(directory)
    pragmas = {
        name: store.on_writer(
            lambda name=name: connection().execute(f"PRAGMA {name}").fetchone()[0]  # type: ignore[misc]
        ).result()
        for name in ("synchronous", "journal_mode", "busy_timeout")
    }
    assert pragmas == {"synchronous": 2, "journal_mode": "wal", "busy_timeout": 5000}
    store.close()


def test_the_demo_never_lies_where_the_records_lie(
    own_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert default_directory() != default_directory(demo=True)
    assert own_place in default_directory().parents
    monkeypatch.setenv("HIKMA_TUI_DATA_DIR", str(own_place / "here"))
    assert default_directory() == own_place / "here"
    assert default_directory(demo=True) != default_directory()
