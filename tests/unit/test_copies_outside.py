"""Copies that leave the machine: noise to whoever has the stick, and a way back for who may."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hikma_tui.clinic import copies as remembered
from hikma_tui.clinic import info, patients
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store import outside as store_outside
from hikma_tui.store import places as store_places
from hikma_tui.store.backups import copies, look_into, name_for
from tests.conftest import CIPHERED
from tests.terminal.terminal import clinic
from tests.unit.program import COMMAND, create, environment, lines, rows, run

pytestmark = [
    pytest.mark.skipif(not store_cipher.available(), reason="no sqlcipher3 here"),
    pytest.mark.skipif(CIPHERED, reason="says itself which stores are ciphered"),
]
DAY = 86_400_000
WORDS = "four small brown goats"
NAME = "Zeinabuwazazi"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A plain clinic with one patient, closed."""
    store, actor = clinic(tmp_path / "store")
    store.write(patients.register, actor, {"given_name": NAME}).result()
    store.close()
    return tmp_path / "store"


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


def given(text: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, text.encode() + b"\n")
    os.close(writing)
    return reading


def backup(
    place: Path, *words: str | Path, passphrase: str = ""
) -> subprocess.CompletedProcess[str]:
    fds = [given(passphrase)] if passphrase else []
    more = [f"--copy-passphrase-fd={fd}" for fd in fds]
    try:
        return run("backup", *words, *more, "--data-dir", place, pass_fds=fds)
    finally:
        for fd in fds:
            os.close(fd)


def restore(place: Path, path: Path, passphrase: str) -> Done:
    fd = given(passphrase)
    try:
        return run(
            "restore", path, "--yes", f"--passphrase-fd={fd}", "--data-dir", place, pass_fds=[fd]
        )
    finally:
        os.close(fd)


def another(place: Path, name: str) -> None:
    done = run("import", "-", "--data-dir", place, data=lines(create("patients", given_name=name)))
    assert done.returncode == 0, done.stderr


def age(*folders: Path) -> None:
    for folder in folders:
        for copy in copies(folder):
            copy.path.rename(folder / name_for(copy.kind, copy.made_ms - DAY))


def test_what_leaves_is_noise_and_what_is_meant_to_be_read_is_not(place: Path, stick: Path) -> None:
    done = backup(place, "--to", stick, passphrase=WORDS)
    assert done.returncode == 0, done.stderr
    [path] = stick.iterdir()
    assert NAME.encode() not in path.read_bytes()
    assert store_cipher.is_ciphered(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.suffix for one in (place / "backups").iterdir()] == [".db"]  # no half file is left
    path.unlink()
    assert backup(place, "--to", stick, "--unciphered").returncode == 0
    [path] = stick.iterdir()
    assert NAME.encode() in path.read_bytes()


def test_nothing_leaves_without_a_word_about_it(place: Path, stick: Path) -> None:
    done = backup(place, "--to", stick)
    assert done.returncode == 1
    assert "--copy-passphrase-fd" in done.stderr
    assert "At least 10" in backup(place, "--to", stick, passphrase="short").stderr
    assert list(stick.iterdir()) == []


def test_the_days_copy_has_the_passphrase_that_was_chosen_once(place: Path, stick: Path) -> None:
    assert backup(place, "--keep-at", stick, passphrase=WORDS).returncode == 0
    age(stick, place / "backups")
    another(place, "Second")
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert len(copies(stick)) == 2
    assert all(store_cipher.is_ciphered(copy.path) for copy in copies(stick))
    key = store_cipher.derive(WORDS, store_cipher.salt_of(copies(stick)[0].path) or b"")
    store_cipher.hold_key(key)
    assert look_into(copies(stick)[0].path).patients == 2
    listed = run("backup", "--list", "--data-dir", place)
    assert listed.stdout.count("encrypted") == 2
    assert "NOT GOOD" not in listed.stdout


def test_putting_it_back_gives_plain_records_where_they_were_plain(
    place: Path, stick: Path
) -> None:
    backup(place, "--to", stick, passphrase=WORDS)
    [path] = stick.iterdir()
    another(place, "Lost")
    assert restore(place, path, "not the right words").returncode != 0
    assert len(rows(place, "patients")) == 2
    done = restore(place, path, WORDS)
    assert done.returncode == 0, done.stderr
    assert "will be encrypted" not in done.stderr
    assert not store_cipher.is_ciphered(place / "hikma.db")
    assert [row["given_name"] for row in rows(place, "patients").values()] == [NAME]
    store = Store.open(place)
    assert store.read(info.get, store_convert.ORIGIN).result() == ""
    store.close()


def test_on_another_machine_it_stays_encrypted(place: Path, stick: Path, tmp_path: Path) -> None:
    backup(place, "--to", stick, passphrase=WORDS)
    [path] = stick.iterdir()
    done = restore(tmp_path / "new", path, WORDS)
    assert done.returncode == 0, done.stderr
    assert store_cipher.is_ciphered(tmp_path / "new" / "hikma.db")


def test_a_ciphered_store_keeps_its_own_passphrase(tmp_path: Path, stick: Path) -> None:
    key = store_cipher.derive("of the records", store_cipher.salt_with(15))
    store_cipher.hold_key(key)
    store = Store.create(tmp_path / "store", key)
    from hikma_tui.clinic import setup

    actor = store.write(setup.create_clinic, "Al-Salam", "Nora", time_zone="").result()
    store.write(patients.register, actor, {"given_name": NAME}).result()
    made = store_outside.Protection(store_outside.OWN, store_outside.new_key(WORDS))
    from hikma_tui.store.backups import of_path

    copy = of_path(store.backup())
    store_id = store.read(info.get, "store_id").result()
    path = store_outside.take_out(copy, stick, store_id, made, keep_all=True, now=0)
    same = store_outside.take_out(
        copy, tmp_path, store_id, store_outside.Protection("same"), keep_all=True, now=0
    )
    store.close()
    assert store_cipher.salt_of(path) == made.key.salt if made.key else False
    assert same.read_bytes() == copy.path.read_bytes()
    from hikma_tui.syncing import restored as sync_restored

    was = sync_restored.present(tmp_path / "store", path)
    sync_restored.put_back(tmp_path / "store", path, was)
    assert store_cipher.salt_of(tmp_path / "store" / "hikma.db") == key.salt


def test_older_plain_copies_there_are_told_and_go_when_that_is_said(
    place: Path, stick: Path
) -> None:
    backup(place, "--keep-at", stick, "--unciphered")
    age(stick)  # of the same day it would be rotated away
    done = backup(place, "--keep-at", stick, passphrase=WORDS)
    assert "1 older copy there is not encrypted" in done.stderr
    assert len(copies(stick)) == 2
    done = backup(place, "--keep-at", stick, "--remove-plain", passphrase=WORDS)
    assert done.returncode == 0
    assert all(store_cipher.is_ciphered(copy.path) for copy in copies(stick))


def test_a_plain_copy_does_not_give_away_the_others_passphrase(place: Path, stick: Path) -> None:
    backup(place, "--keep-at", stick, passphrase=WORDS)
    store = Store.open(place)
    key = store.read(info.get, store_outside.KEY).result()
    store.close()
    assert len(key) == 96
    out = stick / "more"
    out.mkdir()
    assert backup(place, "--to", out, "--unciphered").returncode == 0
    [path] = out.iterdir()
    assert NAME.encode() in path.read_bytes()
    assert key.encode() not in path.read_bytes()


def test_records_decrypted_since_do_not_leave_readable(tmp_path: Path, stick: Path) -> None:
    key = store_cipher.derive("of the records", store_cipher.salt_with(15))
    store_cipher.hold_key(key)
    store = Store.create(tmp_path / "store", key)
    from hikma_tui.clinic import setup

    actor = store.write(setup.create_clinic, "Al-Salam", "Nora", time_zone="").result()
    store.write(patients.register, actor, {"given_name": NAME}).result()
    store.close()
    place = tmp_path / "store"
    for words in (["backup", "--keep-at", stick], ["decrypt", "--yes"]):
        fd = given("of the records")
        done = run(*words, f"--passphrase-fd={fd}", "--data-dir", place, pass_fds=[fd])
        assert done.returncode == 0, done.stderr
    age(stick, place / "backups")
    another(place, "Second")
    done = run("backup", "--automatic", "--data-dir", place)
    assert done.returncode == 77
    assert "3 chooses a passphrase" in done.stderr
    [path] = stick.glob("*.db")
    assert NAME.encode() not in path.read_bytes()
    assert len(copies(place / "backups")) == 2  # the copy here is made all the same
    told = json.loads(run("status", "--json", "--data-dir", place).stdout)
    assert told["copy_failed"]["where"] == "outside"
    assert backup(place, "--keep-at", stick, passphrase=WORDS).returncode == 0
    told = json.loads(run("status", "--json", "--data-dir", place).stdout)
    assert told["copy_failed"] is None


def test_a_plain_copy_that_is_put_back_elsewhere_asks_anew(
    place: Path, stick: Path, tmp_path: Path
) -> None:
    backup(place, "--keep-at", stick, passphrase=WORDS)
    out = tmp_path / "out"
    out.mkdir()
    assert backup(place, "--to", out, "--unciphered").returncode == 0
    [path] = out.iterdir()
    new = tmp_path / "new"
    assert run("restore", path, "--yes", "--data-dir", new).returncode == 0
    age(stick)
    another(new, "Second")
    assert run("backup", "--automatic", "--data-dir", new).returncode == 77
    assert all(store_cipher.is_ciphered(one.path) for one in copies(stick))


def test_a_copy_by_hand_ends_a_failure_here(place: Path, stick: Path) -> None:
    store = Store.open(place)
    store.write(remembered.failed, 5, "here", "DiskFull").result()
    store.close()
    assert backup(place).returncode == 0
    assert json.loads(run("status", "--json", "--data-dir", place).stdout)["copy_failed"] is None
    store = Store.open(place)
    store.write(remembered.failed, 5, "outside", "DiskFull").result()
    store.close()
    assert backup(place, "--to", stick, "--unciphered").returncode == 0  # not the daily place
    told = json.loads(run("status", "--json", "--data-dir", place).stdout)["copy_failed"]
    assert told["where"] == "outside"


def test_a_kill_on_the_way_leaves_no_file_with_a_copys_name(place: Path, stick: Path) -> None:
    import sqlite3

    with sqlite3.connect(place / "hikma.db") as file:
        file.execute("CREATE TABLE filler (a BLOB)")
        file.executemany("INSERT INTO filler VALUES (?)", [(os.urandom(9000),)] * 1500)
    file.close()
    assert backup(place, "--keep-at", stick, passphrase=WORDS).returncode == 0
    age(stick, place / "backups")
    another(place, "Second")
    process = subprocess.Popen(
        [*COMMAND, "backup", "--automatic", "--data-dir", str(place)], env=environment()
    )
    until = time.monotonic() + 60
    while not list(stick.glob("*.part")) and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(stick.glob("*.part"))
    assert len(copies(stick)) == 1
    for part in [*stick.glob("*.part"), *place.glob("backups/*.part")]:
        assert NAME.encode() not in part.read_bytes()
        os.utime(part, (0, 0))
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert len(copies(stick)) == 2
    assert not list(stick.glob("*.part"))
    assert not list(place.glob("backups/*.part"))


def test_a_copy_that_is_given_up_leaves_no_half_file(place: Path, stick: Path) -> None:
    import sqlite3

    with sqlite3.connect(place / "hikma.db") as file:
        file.execute("CREATE TABLE filler (a BLOB)")
        file.executemany("INSERT INTO filler VALUES (?)", [(os.urandom(9000),)] * 1500)
    file.close()
    for folder in (place / "backups", stick):  # in the middle of SQLite's work, and of the bytes
        fd = given(WORDS)
        words = ["backup", "--progress-json", "--to", str(stick), f"--copy-passphrase-fd={fd}"]
        process = subprocess.Popen(
            [*COMMAND, *words, "--data-dir", str(place)], env=environment(), pass_fds=[fd]
        )
        os.close(fd)
        deadline = time.monotonic() + 60
        while not list(folder.glob("*.part")) and time.monotonic() < deadline:
            time.sleep(0.001)
        assert list(folder.glob("*.part"))
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 130
        assert not list(stick.iterdir())
        assert not list((place / "backups").glob("*.part*"))


def test_a_copy_is_made_to_its_end_where_the_screen_is_gone(place: Path, stick: Path) -> None:
    fd = given(WORDS)
    words = ["backup", "--progress-json", "--to", str(stick), f"--copy-passphrase-fd={fd}"]
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [*COMMAND, *words, "--data-dir", str(place)], env=environment(), pass_fds=[fd],
        stdout=writing, stderr=writing,
    )  # fmt: skip
    os.close(fd)
    os.close(writing)
    process.wait(60)
    assert len(copies(stick)) == 1
    told = json.loads(run("status", "--json", "--data-dir", place).stdout)
    assert told["newest_copy_ms"]


def test_a_stick_that_is_pulled_out_or_full_is_a_sentence(
    place: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from hikma_tui.store.backups import of_path
    from hikma_tui.store.errors import DiskFull, StoreError

    store = Store.open(place)
    copy = of_path(store.backup())
    store.close()
    how = store_outside.Protection(store_outside.OWN, store_outside.new_key(WORDS))

    def pull(_done: int, _total: int) -> None:
        for path in stick.iterdir():
            path.unlink()
        stick.rmdir()

    with pytest.raises(StoreError):
        store_outside.take_out(copy, stick, "s" * 36, how, keep_all=True, now=0, told=pull)
    assert not stick.exists()
    stick.mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(
            "shutil.disk_usage",
            lambda p: type("U", (), {"free": 0 if Path(p) == stick else 10**12}),
        )
        with pytest.raises(DiskFull):
            store_outside.take_out(copy, stick, "s" * 36, how, keep_all=True, now=0)
    full = Path("/dev/full")
    if full.exists():
        with pytest.raises(OSError, match="space"):
            store_outside._same_bytes(copy.path, full, None)
    assert list(stick.iterdir()) == []
    assert [one.suffix for one in copy.path.parent.iterdir()] == [".db"]


def test_a_failure_is_remembered_until_a_good_copy_in_that_place(place: Path, stick: Path) -> None:
    backup(place, "--keep-at", stick, passphrase=WORDS)
    age(stick, place / "backups")
    another(place, "Second")
    store = Store.open(place)
    store.write(info.put, store_outside.KEY, "00" * 48).result()
    store.write(info.put, store_outside.HOW, "own").result()
    actor: Actor = store.read(actor_named).result()
    store.write(remembered.failed, 5, "outside", "DiskFull").result()
    store.write(remembered.succeeded, "here").result()
    found = store.read(remembered.kept, actor).result().failed
    assert found == remembered.Failure(5, "outside", "DiskFull")
    assert "full" in remembered.reason(found)
    store.write(remembered.succeeded, "outside").result()
    assert store.read(remembered.failure).result() is None
    store.close()
    import shutil

    shutil.rmtree(stick)
    assert store_places.mounted(str(stick), "x") is None


@pytest.mark.parametrize("words", [["--to"], ["--keep-at"]])
def test_a_folder_that_cant_be_written_is_not_called_the_records(
    place: Path, stick: Path, words: list[str]
) -> None:
    stick.chmod(0o500)
    try:
        done = backup(place, *words, stick, "--unciphered")
    finally:
        stick.chmod(0o700)
    if done.returncode == 0:
        pytest.skip("whoever runs this may write anywhere")
    assert "records can't be written" not in done.stderr
    assert "the stick or drive" in done.stderr
