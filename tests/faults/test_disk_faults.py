"""Disks that are full, closed, torn, cut or exchanged: each with a sentence, and nothing lost."""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from hikma_tui.clinic import info, patients
from hikma_tui.clinic.actor import actor_named
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store.errors import DiskFull, DiskTrouble, Replaced
from tests.faults.driver import Importer, small_disk, sound, stored
from tests.terminal.terminal import clinic
from tests.unit.program import COMMAND, create, environment, lines, new_clinic, run

# No room ----------------------------------------------------------------------------------------


def filled(disk: Path, spare: int) -> Path:
    """Fill a disk but for ``spare`` bytes; the file that does."""
    path = disk / "fill"
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    os.truncate(path, max(0, path.stat().st_size - spare))
    return path


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
@pytest.mark.parametrize("spare", [0, 20_000, 40_000])
def test_ciphered_records_on_a_full_disk_are_not_called_damaged(tmp_path: Path, spare: int) -> None:
    """The cipher's engine says "disk I/O error" there; "damaged" would lead to an older copy."""
    key = store_cipher.derive("some words of the tests", store_cipher.salt_with(10))
    with small_disk(tmp_path / "disk", "5m") as disk:
        Store.create(disk / "clinic", key).close()
        filled(disk, spare)
        with pytest.raises((DiskFull, DiskTrouble)):
            _save_until_it_fails(disk / "clinic")
        (disk / "fill").unlink()
        store = Store.open(disk / "clinic")
        assert store.check() == []
        store.close()
    store_cipher.forget_keys()


def _save_until_it_fails(place: Path) -> None:
    store = Store.open(place)
    try:
        for number in range(1000):
            store.write(info.put, f"name{number}", "x" * 2000).result()
    finally:
        store.close()


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
@pytest.mark.parametrize("part", [0.0, 0.1, 0.5, 0.99, 1.01, 1.1])
def test_records_encrypted_on_a_disk_that_gets_full_stay_and_are_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, part: float
) -> None:
    key = store_cipher.derive("some words of the tests", store_cipher.salt_with(10))
    # the room that is asked for before is taken by somebody else meanwhile
    monkeypatch.setattr(store_convert, "room_for", lambda _folder, _size: None)
    with small_disk(tmp_path / "disk", "5m") as disk:
        place = disk / "clinic"
        new_clinic(place)
        filled(disk, int((place / "hikma.db").stat().st_size * part))

        def settle(work: Path) -> None:
            store = Store.open(work)
            try:
                store.write(info.put, "a", "b" * 5000).result()
            finally:
                store.close()

        with pytest.raises((DiskFull, DiskTrouble)):
            store_convert.convert(place, key, settle)
        (disk / "fill").unlink()
        assert not store_cipher.is_ciphered(place / "hikma.db")
        assert not (place / "restoring").exists()
        sound(place)
    store_cipher.forget_keys()


def test_a_full_disk_refuses_the_save_and_keeps_all_before(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "5m") as disk:
        place = new_clinic(disk / "clinic")
        importer = Importer(place)
        number = 0
        while importer.save(f"Name{number}", camp=os.urandom(20).hex()):
            number += 1
            assert number < 2000
        code, complained = importer.end()
        assert code == 73, complained
        assert "disk is full" in complained
        assert importer.saved
        assert set(importer.saved) <= set(stored(place).items())
        done = run("backup", "--data-dir", place)
        assert done.returncode == 73
        assert "no room for a copy" in done.stderr
        assert not list(place.glob("backups/*.part*"))
        assert run("status", "--data-dir", place).returncode in (0, 73)
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        after = run(
            "import", "-", "--data-dir", place, data=lines(create("patients", given_name="Z"))
        )
        assert after.returncode == 0, after.stderr
        sound(place)
        assert set(importer.saved) <= set(stored(place).items())


def test_a_full_disk_under_the_screens_store(tmp_path: Path) -> None:
    """The same store goes on, without a new start, once there is room."""
    with small_disk(tmp_path / "disk", "5m") as disk:
        store, actor = clinic(disk / "clinic")

        def fill() -> None:
            for number in range(2000):
                row = {"given_name": f"N{number}", "camp": os.urandom(20).hex()}
                store.write(patients.register, actor, row).result()

        with pytest.raises(DiskFull):
            fill()
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        store.write(patients.register, actor, {"given_name": "After"}).result()
        assert store.check() == []
        store.close()
        assert "After" in stored(disk / "clinic").values()


def test_a_quota_is_not_called_damage(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    size = (place / "hikma.db").stat().st_size

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size // 2, size // 2))

    done = subprocess.run(
        [*COMMAND, "import", "-", "--data-dir", str(place)],
        input=lines(*(create("patients", given_name="x" * 90) for _n in range(600))),
        capture_output=True, text=True, env=environment(), preexec_fn=limit, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    assert done.returncode in (73, 74), done.stderr
    assert "damaged" not in done.stderr
    assert "nothing was saved" in done.stderr
    assert set(done.stdout.split()) <= set(stored(place))
    sound(place)


def test_a_disk_that_became_read_only(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "20m") as disk:
        place = new_clinic(disk / "clinic")
        importer = Importer(place)
        assert importer.save("Mona")
        importer.kill()  # its journal stays, with what was acknowledged
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        for verb in (["status"], ["backup"], ["find", "Mona"], ["restore", "--yes"]):
            done = run(*verb, "--data-dir", place)
            assert done.returncode in (1, 77), (verb, done.stderr)
            assert done.stderr.startswith("hikma-tui: "), done.stderr
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        assert dict(importer.saved) == stored(place)


# Torn, cut, rotten ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_a_torn_journal_loses_its_tail_only(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    place = new_clinic(tmp_path / "clinic")
    before = Importer(place)
    for number in range(5):
        assert before.save(f"Before{number}")
    assert before.end()[0] == 0  # closed: these are in the file itself
    importer = Importer(place)
    for number in range(25):
        assert importer.save(f"Name{number}")
    importer.kill()
    wal = place / "hikma.db-wal"
    size = wal.stat().st_size
    at = chance.randrange(0, size)
    whole = wal.read_bytes()
    if seed % 2:
        wal.write_bytes(whole[:at])
    else:  # blocks that were said to be written, and were not
        length = min(4096 * chance.randrange(1, 8), size - at)
        wal.write_bytes(whole[:at] + b"\0" * length + whole[at + length :])
    sound(place)
    found = stored(place)
    assert dict(before.saved).items() <= found.items()
    there = [row_id in found for row_id, _name in importer.saved]
    assert there == sorted(there, reverse=True)  # a beginning of what was saved, no holes
    again = Importer(place)
    assert again.save("After")
    assert again.end()[0] == 0
    sound(place)


def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    saved: dict[str, str] = {}
    for turn in range(4):
        importer = Importer(place)
        for number in range(7):
            assert importer.save(f"T{turn}N{number}")
        importer.kill()
        saved |= dict(importer.saved)
        assert saved.items() <= stored(place).items()
    sound(place)


@pytest.mark.parametrize("length", [0, 50, 100, 4096, 40_000, -4096])
def test_a_store_that_was_cut_says_so_and_can_be_put_back(tmp_path: Path, length: int) -> None:
    place = new_clinic(tmp_path / "clinic")
    run("import", "-", "--data-dir", place, data=lines(create("patients", given_name="Mona")))
    assert run("backup", "--data-dir", place).returncode == 0
    path = place / "hikma.db"
    with path.open("r+b") as file:
        file.truncate(length if length >= 0 else path.stat().st_size + length)
    cut = path.read_bytes()
    done = run("status", "--data-dir", place)
    assert done.returncode in (65, 74), done.stdout + done.stderr
    assert "nothing was changed" in done.stderr
    done = run("restore", "--yes", "--data-dir", place)
    assert done.returncode == 0, done.stderr
    assert set(stored(place).values()) == {"Mona"}
    [kept] = place.glob("backups/damaged-*/hikma.db")
    assert kept.read_bytes() == cut
    sound(place)


# Another file in its place ----------------------------------------------------------------------


def test_a_store_that_was_replaced_is_noticed_at_the_next_save(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    run("import", "-", "--data-dir", place, data=lines(create("patients", given_name="Mona")))
    run("backup", "--data-dir", place)
    [copy] = (place / "backups").iterdir()
    importer = Importer(place)
    assert importer.save("Before")
    shutil.copy(copy, place / "other.db")
    (place / "other.db").rename(place / "hikma.db")
    for end in ("-wal", "-shm"):
        (place / f"hikma.db{end}").unlink()
    assert not importer.save("After")
    code, complained = importer.end()
    assert code == 75
    assert "replaced" in complained
    assert set(stored(place).values()) == {"Mona"}
    sound(place)


def test_a_store_that_was_replaced_shows_nothing_of_the_old_one(tmp_path: Path) -> None:
    store, actor = clinic(tmp_path / "clinic")
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    path = tmp_path / "clinic" / "hikma.db"
    shutil.copy(path, tmp_path / "aside.db")
    (tmp_path / "aside.db").rename(path)
    for ask in (store.read, store.count, store.write, store.on_writer):
        with pytest.raises(Replaced):
            ask(actor_named, "").result()
    path.unlink()
    with pytest.raises(Replaced):
        store.read(actor_named, "").result()
    store.close()
    assert not path.exists()


def test_a_store_that_is_replaced_while_a_save_runs_is_not_acknowledged(tmp_path: Path) -> None:
    store, actor = clinic(tmp_path / "clinic")
    path = tmp_path / "clinic" / "hikma.db"

    def register() -> None:
        patients.register(actor, {"given_name": "Mona"})
        shutil.copy(path, tmp_path / "aside.db")
        (tmp_path / "aside.db").rename(path)

    with pytest.raises(Replaced):
        store.write(register).result()
    store.close()
    path.with_name("hikma.db-wal").unlink(missing_ok=True)
    assert stored(tmp_path / "clinic") == {}


def test_looking_whether_it_is_still_there_costs_nothing(tmp_path: Path) -> None:
    store, _actor = clinic(tmp_path / "clinic")
    calls = store.read(_stats_while, store).result()
    store.close()
    assert calls < 0.0005


def _stats_while(store: Store) -> float:
    import time

    start = time.perf_counter()
    for _n in range(1000):
        store._still_there()
    return (time.perf_counter() - start) / 1000


# Two at once ------------------------------------------------------------------------------------


def test_two_programs_save_into_one_store(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    both = [Importer(place), Importer(place)]
    for number in range(30):
        for which, importer in enumerate(both):
            assert importer.save(f"P{which}N{number}")
    assert [importer.end()[0] for importer in both] == [0, 0]
    assert dict(both[0].saved) | dict(both[1].saved) == stored(place)
    sound(place)


def test_a_save_that_another_program_keeps_out_is_refused_in_words(tmp_path: Path) -> None:
    place = new_clinic(tmp_path / "clinic")
    store = Store.open(place)
    importer = Importer(place)
    assert importer.save("Mona")
    store.on_writer(lambda: connection().execute("BEGIN IMMEDIATE")).result()
    assert not importer.save("Kept out")
    code, complained = importer.end()
    store.on_writer(lambda: connection().execute("ROLLBACK")).result()
    store.close()
    assert code == 75
    assert "nothing was saved" in complained
    assert set(stored(place).values()) == {"Mona"}
