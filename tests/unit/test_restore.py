"""Restore and salvage: what is lost is said first, what was there is kept, nothing in between."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from hikma_tui.clinic import audit, info, patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import repair as store_repair
from hikma_tui.store import salvage as store_salvage
from hikma_tui.store.backups import copies, look_into
from hikma_tui.store.errors import Locked, StoreError
from hikma_tui.syncing import restored as sync_restored
from tests.conftest import CIPHERED
from tests.terminal.terminal import clinic
from tests.unit.program import exported, run
from tests.unit.sync_running import joined, there


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic with a copy of its first patient; then one more, one changed and one deleted."""
    store, actor = clinic(tmp_path / "store")
    first = register(store, actor, "Mona")
    gone = register(store, actor, "Gone")
    store.backup()
    store.write(patients.edit, actor, first, {"phone": "070 1"}).result()
    store.write(delete, actor, gone).result()
    register(store, actor, "Later")
    store.close()
    return tmp_path / "store"


def register(store: Store, actor: Actor, name: str) -> str:
    return str(store.write(patients.register, actor, {"given_name": name}).result())


def delete(actor: Actor, patient_id: str) -> None:
    from hikma_tui.clinic import deletion

    deletion.delete(actor, "patients", patient_id, "a test")


def names(directory: Path) -> set[str]:
    return {line["row"]["given_name"] for line in exported(directory, "patients")}


def the_copy(directory: Path) -> Path:
    [copy] = [one for one in copies(directory / "backups") if one.kind == "backup"]
    return copy.path


def facts(directory: Path) -> dict[str, str]:
    store = Store.open(directory)
    found = store.on_writer(
        lambda: dict(connection().execute("SELECT key, value FROM store_info").fetchall())
    ).result()
    store.close()
    return found


def test_what_would_be_lost_is_said_and_nothing_is_done_without_a_yes(place: Path) -> None:
    before = (place / "hikma.db").read_bytes()
    done = run("restore", the_copy(place), "--data-dir", place)
    assert done.returncode == 1
    assert "2 patients, last written" in done.stderr
    assert "patients 1" in done.stderr
    assert "before they were changed: 1" in done.stderr
    assert "deleted since: 1" in done.stderr
    assert (place / "hikma.db").read_bytes() == before
    assert len(list((place / "backups").iterdir())) == 1
    assert not (place / "restoring").exists()


def test_a_restore_keeps_what_was_there_and_links_the_trails(place: Path) -> None:
    before = facts(place)
    head = look_of(place).head
    copied = look_into(the_copy(place))
    done = run("restore", the_copy(place), "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert names(place) == {"Mona", "Gone"}
    kept = next(one for one in copies(place / "backups") if one.kind == "before-restore")
    assert look_into(kept.path).patients == 2
    store = Store.open(place)
    assert store.check() == []
    assert store.on_writer(audit.problems).result() == []
    entry = store.on_writer(
        lambda: (
            connection()
            .execute("SELECT changes, previous_hash FROM event_logs WHERE action_type = 'RESTORE'")
            .fetchone()
        )
    ).result()
    store.close()
    assert head in entry[0]
    assert entry[1] == copied.head
    after = facts(place)
    assert int(after["generation"]) == int(before["generation"]) + 1
    assert int(after["newest_stamp"]) >= int(before["newest_stamp"])
    assert after["machine_id"] == before["machine_id"]
    assert after["card_prefix"] == before["card_prefix"]
    assert int(after["card_next"]) >= int(before["card_next"])
    assert (place / "hikma.db").stat().st_mode & 0o777 == 0o600
    assert not (place / "restoring").exists()


def look_of(directory: Path) -> sync_restored.Present:
    return sync_restored.present(directory)


def test_card_numbers_are_not_given_out_twice(place: Path) -> None:
    store = Store.open(place)
    store.write(info.put, "card_next", 77).result()
    store.close()
    run("restore", the_copy(place), "--yes", "--data-dir", place)
    assert facts(place)["card_next"] == "77"
    prefix = facts(place)["card_prefix"]
    shutil.copy(the_copy(place), place.parent / "copy.db")
    elsewhere = place.parent / "elsewhere"
    done = run("restore", place.parent / "copy.db", "--yes", "--data-dir", elsewhere)
    assert done.returncode == 0, done.stderr
    assert names(elsewhere) == {"Mona", "Gone"}
    assert facts(elsewhere)["card_prefix"] != prefix
    assert facts(elsewhere)["machine_id"] != facts(place)["machine_id"]


def test_records_that_are_open_elsewhere_are_not_replaced(place: Path) -> None:
    store = Store.open(place)
    assert len(store.read(patients.clinics).result()) == 1
    done = run("restore", the_copy(place), "--yes", "--data-dir", place)
    assert done.returncode == 75
    assert "nothing was changed" in done.stderr
    assert names(place) == {"Mona", "Later"}
    store.close()
    assert not (place / "restoring").exists()


def test_saves_between_the_question_and_the_answer_are_not_lost_unsaid(place: Path) -> None:
    was = sync_restored.present(place, the_copy(place))
    store = Store.open(place)
    [actor] = store.read(users_of).result()
    register(store, actor, "Meanwhile")
    store.close()
    with pytest.raises(Locked):
        sync_restored.put_back(place, the_copy(place), was)
    assert names(place) == {"Mona", "Later", "Meanwhile"}


def users_of() -> list[Actor]:
    from hikma_tui.clinic.actor import users

    return users()


@pytest.mark.parametrize("step", ["prepare", "as_it_is", "exchange", "copy_to"])
def test_what_fails_on_the_way_changes_nothing(
    place: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    was = sync_restored.present(place)
    copy = the_copy(place)

    def fails(*_arguments: object) -> None:
        raise StoreError("no")

    if step == "copy_to":
        monkeypatch.setattr(sync_restored, "copy_to", fails)
    else:
        monkeypatch.setattr(store_repair, step, fails)
    if step == "as_it_is":
        was = sync_restored.Present("damaged")
    with pytest.raises(StoreError):
        sync_restored.put_back(place, copy, was)
    assert names(place) == {"Mona", "Later"}
    assert not (place / "restoring").exists()


@pytest.mark.parametrize("what", ["cut", "rot", "text", "newer"])
def test_a_bad_copy_is_refused(place: Path, tmp_path: Path, what: str) -> None:
    bad = tmp_path / "bad.db"
    whole = the_copy(place).read_bytes()
    bad.write_bytes(whole)
    if what == "cut":
        bad.write_bytes(whole[: len(whole) // 3])
    elif what == "rot":
        bad.write_bytes(whole[:20_000] + os.urandom(200_000) + whole[220_000:])
    elif what == "text":
        bad.write_text("given_name;phone")
    else:
        with sqlite3.connect(bad) as rows:
            rows.execute("PRAGMA user_version = 999")
        rows.close()
    done = run("restore", bad, "--yes", "--data-dir", place)
    assert done.returncode in (65, 71, 74), done.stderr
    assert names(place) == {"Mona", "Later"}


# A damaged store --------------------------------------------------------------------------------


def rot(path: Path, pages: int = 6, start: int = 30) -> None:
    """Random bytes over pages in the middle."""
    with path.open("r+b") as file:
        file.seek(start * 4096)
        file.write(os.urandom(pages * 4096))


no_page_to_read = pytest.mark.skipif(
    CIPHERED, reason="looks into the pages itself; tests/faults/test_raw_bytes.py does it ciphered"
)


@no_page_to_read
def test_a_damaged_store_gets_the_newest_good_copy_and_is_kept(place: Path) -> None:
    damaged = b"SQLite format 3\x00" + os.urandom(300_000)
    (place / "hikma.db").write_bytes(damaged)
    assert run("status", "--data-dir", place).returncode in (65, 74)
    done = run("restore", "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert names(place) == {"Mona", "Gone"}
    [kept] = place.glob("backups/damaged-*")
    assert (kept / "hikma.db").read_bytes() == damaged
    assert (kept / "hikma.db").stat().st_mode & 0o777 == 0o600


def many(tmp_path: Path) -> tuple[Path, set[str]]:
    store, actor = clinic(tmp_path / "many")
    wanted = {f"Name{n}" for n in range(400)}

    def all_of_them() -> None:
        for name in sorted(wanted):
            patients.register(actor, {"given_name": name})

    store.write(all_of_them).result()
    store.close()
    return tmp_path / "many", wanted


@no_page_to_read
def test_what_can_be_read_is_saved(tmp_path: Path) -> None:
    place, wanted = many(tmp_path)
    pages = _leaves(place / "hikma.db", "patients")
    for page in pages[2:4]:
        rot(place / "hikma.db", 1, page - 1)
    assert sync_restored.present(place).state == "damaged"
    done = run("restore", "--salvage", "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert "NOT readable" in done.stderr
    found = names(place)
    assert found < wanted
    assert len(found) > len(wanted) * 0.8
    store = Store.open(place)
    assert store.check() == []
    store.close()
    assert run("check", "--data-dir", place).returncode == 0
    [kept] = place.glob("backups/damaged-*")
    assert (kept / "hikma.db").exists()


@no_page_to_read
def test_a_damaged_index_loses_no_row(tmp_path: Path) -> None:
    place, wanted = many(tmp_path)
    for page in _leaves(place / "hikma.db", "patients_id"):
        rot(place / "hikma.db", 1, page - 1)
    done = run("restore", "--salvage", "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert names(place) == wanted


def test_a_store_that_was_cut_short_gives_what_is_left(tmp_path: Path) -> None:
    place, wanted = many(tmp_path)
    path = place / "hikma.db"
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size * 9 // 10 // 4096 * 4096)
    done = run("status", "--data-dir", place)
    assert done.returncode == 74, done.stdout
    assert "hikma-tui restore" in done.stderr
    work = store_repair.empty_work(place)
    found = store_salvage.rescue(place, work)
    assert 0 < found.patients < len(wanted), found
    store_repair.discard(work)


def test_sound_records_are_not_salvaged(place: Path) -> None:
    assert run("restore", "--salvage", "--yes", "--data-dir", place).returncode == 1
    assert names(place) == {"Mona", "Later"}


def _leaves(path: Path, name: str) -> list[int]:
    """The pages of a table or an index, but for its root, in their order."""
    rows = sqlite3.connect(path)
    root = rows.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()[0]
    rows.close()
    data = path.read_bytes()
    start = (root - 1) * 4096
    kind = data[start]
    assert kind in (2, 5), "too small to have leaves"
    cells = int.from_bytes(data[start + 3 : start + 5], "big")
    found = []
    for n in range(cells):
        at = int.from_bytes(data[start + 12 + 2 * n : start + 14 + 2 * n], "big")
        found.append(int.from_bytes(data[start + at : start + at + 4], "big"))
    return found


# With a server ----------------------------------------------------------------------------------


def test_a_restored_store_pulls_everything_before_it_sends(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=4) as (site, cloud):
        site.sync()
        ids = [row[0] for row in site.sql("SELECT id FROM live_patients ORDER BY id")]
        site.edit(ids[0], phone="070 old")  # not sent when the copy is made
        copy = site.store.backup()
        site.edit(ids[0], phone="070 new")
        assert site.sync().result == "ok"
        user = site.actor.user_id
        site.store.close()
        (tmp_path / "a" / "sync-generation.json").unlink(missing_ok=True)
        was = sync_restored.present(copy.parent.parent, copy, user=user)
        done = sync_restored.put_back(copy.parent.parent, copy, was, user=user)
        assert done.must_pull
        site.store = Store.open(copy.parent.parent)
        assert site.store.read(info.get, "suggesting").result() == "restored"
        report = site.sync()
        assert report.result == "ok"
        state = site.sql("SELECT kind FROM conflicts")
        assert [row[0] for row in state] == ["suggestion"]
        assert there(cloud, ids[0])["phone"] == "070 new"
        site.store.close()
