"""Copies that wake elsewhere and backups that were put back are told from the store itself."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from hikma_tui.clinic import info, setup
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import generation as sync_generation
from hikma_tui.syncing import home as sync_home


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "clinic")
    made.write(setup.create_clinic, "Al-Salam", "Nora").result()
    return made


def a_run(store: Store, *, remember: bool = True) -> sync_generation.Standing:
    found = store.write(sync_generation.begin, store.directory, now=1_795_000_000_000).result()
    if remember:
        number = store.read(info.number, "sync_run_number").result()
        sync_generation.remember(store.directory, store.read(info.get, "store_id").result(), number)
    return found


def facts(store: Store) -> dict[str, str]:
    return dict(
        store.on_writer(
            lambda: connection().execute("SELECT key, value FROM store_info").fetchall()
        ).result()
    )


def test_runs_of_one_machine_are_ordinary(store: Store) -> None:
    assert [a_run(store) for _ in range(3)] == [sync_generation.Standing()] * 3
    assert facts(store)["generation"] == "1"


def test_killed_between_the_store_and_the_file(store: Store) -> None:
    a_run(store, remember=False)  # the very first one
    assert a_run(store) == sync_generation.Standing()
    a_run(store, remember=False)
    assert a_run(store) == sync_generation.Standing()


def test_a_restored_backup(store: Store) -> None:
    a_run(store)
    store.write(info.put, "kept", "yes").result()
    before = facts(store)
    a_run(store)
    a_run(store)
    for key, value in before.items():  # the backup is put back; the file beside it stays
        store.write(info.put, key, value).result()
    assert a_run(store) == sync_generation.Standing("restored", True)
    now = facts(store)
    assert now["generation"] == "2"
    assert now["machine_id"] == before["machine_id"]
    # until a full pull was applied, even over a kill
    assert a_run(store) == sync_generation.Standing("", True)
    store.write(sync_generation.settled).result()
    assert a_run(store) == sync_generation.Standing()


def test_a_store_without_its_file(store: Store) -> None:
    a_run(store)
    a_run(store)
    (store.directory / sync_generation.FILE_NAME).unlink()
    assert a_run(store).notice == "restored"


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"store": "x", "run": 9}', "\x00\xff"])
def test_a_spoiled_file_is_taken_for_a_restored_store(store: Store, text: str) -> None:
    a_run(store)
    a_run(store)
    (store.directory / sync_generation.FILE_NAME).write_text(text, encoding="latin-1")
    assert a_run(store).notice == "restored"


def test_a_copy_from_before_the_first_sync(store: Store) -> None:
    a_run(store)
    store.write(info.put, "sync_run_number", 0).result()
    assert a_run(store) == sync_generation.Standing("restored", True)


def test_a_clone_gets_cards_of_its_own(store: Store) -> None:
    a_run(store)
    before = facts(store)
    store.write(info.put, "machine_fingerprint", "f" * 32).result()
    assert a_run(store) == sync_generation.Standing("clone", True)
    now = facts(store)
    assert now["machine_id"] != before["machine_id"]
    assert (now["generation"], now["card_next"]) == ("2", "1")
    assert now["machine_fingerprint"] == before["machine_fingerprint"]


def test_the_fingerprint_says_nothing_elsewhere() -> None:
    one, other = sync_generation.fingerprint("store 1"), sync_generation.fingerprint("store 2")
    assert one != other
    assert one == sync_generation.fingerprint("store 1")


# Copies on the same machine --------------------------------------------------------------------


def copy_of(store: Store, directory: Path) -> Store:
    """As ``cp -r`` of the closed folder."""
    store.close()
    shutil.copytree(store.directory, directory)
    return Store.open(directory)


def test_a_copy_beside_the_original_becomes_another_and_the_original_stays(
    store: Store, tmp_path: Path
) -> None:
    a_run(store)
    before = facts(store)
    copy = copy_of(store, tmp_path / "copy")
    assert a_run(copy) == sync_generation.Standing("copied", True)
    assert facts(copy)["machine_id"] != before["machine_id"]
    copy.write(sync_generation.settled).result()
    assert a_run(copy) == sync_generation.Standing()  # told once
    original = Store.open(store.directory)
    assert a_run(original) == sync_generation.Standing()
    assert facts(original)["machine_id"] == before["machine_id"]
    copy.close()
    original.close()


def test_a_folder_that_was_renamed_is_no_copy(store: Store, tmp_path: Path) -> None:
    a_run(store)
    store.close()
    moved = store.directory.rename(tmp_path / "elsewhere")
    again = Store.open(moved)
    assert a_run(again) == sync_generation.Standing()
    again.close()
    (tmp_path / "link").symlink_to(moved)
    linked = Store.open(tmp_path / "link")
    assert a_run(linked) == sync_generation.Standing()
    linked.close()


@pytest.mark.parametrize(("kind", "notice"), [("ext4", "copied"), ("vfat", ""), ("", "")])
def test_a_copy_whose_original_went(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, notice: str
) -> None:
    a_run(store)
    copy = copy_of(store, tmp_path / "copy")
    shutil.rmtree(store.directory)
    monkeypatch.setattr(sync_home, "file_system", lambda _path: kind)
    assert a_run(copy).notice == notice
    assert a_run(copy).notice == ""
    copy.close()


def test_another_store_where_the_original_lay_says_nothing(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync_home, "file_system", lambda _path: "vfat")
    a_run(store)
    store.close()
    moved = store.directory.rename(tmp_path / "elsewhere")
    other = Store.create(store.directory)
    other.write(setup.create_clinic, "Other", "Omar").result()
    a_run(other)
    again = Store.open(moved)
    assert a_run(again) == sync_generation.Standing()
    again.close()
    other.close()


def test_numbers_that_change_at_a_mount_are_no_copy(store: Store) -> None:
    a_run(store)
    home = json.loads(facts(store)["home"])
    store.write(info.put, "home", json.dumps({**home, "file": home["file"] + 1})).result()
    assert a_run(store) == sync_generation.Standing()  # at its place


def test_one_folder_under_two_names_is_no_copy(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_run(store)
    (tmp_path / "other").symlink_to(store.directory)
    # As two mounts of one disk: another path, and numbers that differ.
    monkeypatch.setattr(Path, "samefile", lambda _one, _other: False)
    store.write(info.put, "home", json.dumps({"path": str(tmp_path / "other"), "file": 1})).result()
    assert a_run(store) == sync_generation.Standing()
    assert not list(store.directory.glob(".hikma-*"))


@pytest.mark.parametrize("text", ["", "[]", "{", '{"path": 5, "file": "x"}'])
def test_a_spoiled_home_stops_nothing(store: Store, text: str) -> None:
    a_run(store)
    store.write(info.put, "home", text).result()
    assert a_run(store).notice in ("", "copied")
