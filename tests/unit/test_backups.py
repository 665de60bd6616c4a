"""Copies: whole or not there, read back, rotated whatever the clock says, taken elsewhere."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.clinic import info, patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import backups as store_backups
from hikma_tui.store import places as store_places
from hikma_tui.store.backups import Copy, copies, kept, look_into, make_room, name_for, rotate
from hikma_tui.store.errors import Corrupt, DiskFull, NotOurs, StoreError
from hikma_tui.store.places import Place
from tests.conftest import CIPHERED
from tests.terminal.terminal import clinic
from tests.unit.program import COMMAND, create, environment, lines, run

DAY = 86_400_000
NOW = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp() * 1000)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic with one patient, closed."""
    store, actor = clinic(tmp_path / "store")
    register(store, actor, "Mona")
    store.close()
    return tmp_path / "store"


def register(store: Store, actor: Actor, name: str) -> None:
    store.write(patients.register, actor, {"given_name": name}).result()


def another(directory: Path, name: str) -> None:
    """One more patient, by a program that comes and goes."""
    line = lines(create("patients", given_name=name))
    done = run("import", "-", "--data-dir", directory, data=line)
    assert done.returncode == 0, done.stderr


def here(directory: Path) -> list[Copy]:
    return copies(directory / "backups")


def made(kind: str, moment: datetime) -> Copy:
    return Copy(Path(f"{kind}-{moment:%Y%m%dT%H%M%S}.db"), kind, int(moment.timestamp() * 1000), 1)


# One copy ---------------------------------------------------------------------------------------


def test_a_copy_is_one_closed_file_of_its_own(place: Path) -> None:
    store = Store.open(place)
    path = store.backup()
    store.close()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    if not CIPHERED:
        assert path.read_bytes()[18:20] == b"\x01\x01"  # needs no journal to be read
    inside = look_into(path)
    assert (inside.patients, inside.clinic) == (1, "Al-Salam")
    assert [one.path for one in here(place)] == [path]


def test_a_copy_is_of_one_moment_while_others_save(place: Path) -> None:
    """A copy that begins anew with every save of somebody else would never end."""
    with sqlite3.connect(place / "hikma.db") as rows:
        rows.execute("CREATE TABLE filler (a BLOB)")
        rows.executemany("INSERT INTO filler VALUES (?)", [(os.urandom(9000),)] * 8000)
    rows.close()
    store = Store.open(place)
    writer = sqlite3.connect(place / "hikma.db", timeout=5)
    future = store.on_writer(lambda: store_backups.copy_to(connection(), place, "automatic"))
    saves = 0
    while not future.done():
        writer.execute("INSERT INTO filler VALUES (x'00')")
        writer.commit()
        saves += 1
        time.sleep(0.002)
    writer.close()
    store.close()
    assert saves > 5
    assert look_into(future.result()).patients == 1


def test_a_copy_that_does_not_read_back_is_no_copy(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rot(path: Path) -> None:
        rows = sqlite3.connect(path)  # a page that nobody reads to say what is in a copy
        query = "SELECT rootpage FROM sqlite_master WHERE name = 'drug_catalogue'"
        page = rows.execute(query).fetchone()[0]
        rows.close()
        with path.open("r+b") as file:
            file.seek((page - 1) * 4096)
            file.write(os.urandom(4096))

    monkeypatch.setattr(store_backups, "forget_cached", rot)
    store = Store.open(place)
    with pytest.raises(Corrupt):
        store.backup()
    store.close()
    assert list((place / "backups").iterdir()) == []


def test_what_is_not_ours_or_not_whole_is_refused(place: Path, tmp_path: Path) -> None:
    store = Store.open(place)
    path = store.backup()
    store.close()
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(NotOurs):
        look_into(tmp_path / "notes.txt")
    cut = tmp_path / "cut.db"
    cut.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(StoreError):
        look_into(cut)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(Corrupt):
        look_into(path)


# Which stay -------------------------------------------------------------------------------------


def test_a_year_of_daily_copies_leaves_days_weeks_and_months() -> None:
    start = datetime(2026, 11, 22, 9, tzinfo=UTC)
    year = [made("automatic", start - timedelta(days=n)) for n in range(400)]
    stay = sorted(kept(year, NOW))
    assert {copy.path for copy in year[:7]} <= set(stay)
    assert 7 + 2 + 9 <= len(stay) <= 7 + 4 + 12
    months = {path.name[10:16] for path in stay}
    assert len(months) == 12


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["automatic", "backup", "before-join", "before-upgrade-1-to-2"]),
            st.integers(-20_000, 20_000),
        ),
        max_size=60,
    )
)
def test_no_clock_takes_the_newest_one(days: list[tuple[str, int]]) -> None:
    found = [
        Copy(Path(f"{kind}-{number}"), kind, NOW + day * DAY, 1)
        for number, (kind, day) in enumerate(days)
    ]
    stay = kept(found, NOW)
    assert stay <= {copy.path for copy in found}
    assert bool(stay) == bool(found)
    if found:
        assert max(found, key=lambda copy: copy.made_ms).path in stay
    regular = [copy for copy in found if not copy.kind.startswith("before-")]
    assert len(stay & {copy.path for copy in regular}) <= 7 + 4 + 12 + 1
    for kind in ("before-join", "before-upgrade"):
        number = sum(copy.kind.startswith(kind) for copy in found)
        stays = sum(copy.kind.startswith(kind) and copy.path in stay for copy in found)
        assert min(3, number) <= stays <= 13


def test_the_copy_just_made_stays_though_the_clock_fell_back(place: Path) -> None:
    store = Store.open(place)
    path = store.backup("automatic")
    store.close()
    folder = path.parent
    for number in range(30):
        (folder / name_for("automatic", NOW + (400 + 32 * number) * DAY)).write_bytes(
            path.read_bytes()
        )
    old = path.rename(folder / name_for("automatic", NOW - 9000 * DAY))
    gone = rotate(copies(folder), old, NOW)
    assert gone
    assert old.exists()


def test_room_is_made_of_old_copies_never_of_the_last_good_one(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(place)
    first = store.backup("automatic")
    second = store.backup("automatic")
    special = store.backup("before-join")
    newest = store.backup("automatic")
    store.close()
    newest.write_bytes(b"rot" * 9000)
    monkeypatch.setattr("shutil.disk_usage", lambda _p: type("U", (), {"free": 0}))
    with pytest.raises(DiskFull):
        make_room(here(place), place / "backups", 1_000_000)
    assert not first.exists()
    assert not newest.exists()
    assert second.exists()
    assert special.exists()


# By themselves ----------------------------------------------------------------------------------


def test_one_a_day_and_none_where_nothing_was_saved(place: Path) -> None:
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    [first] = here(place)
    another(place, "Zeinabu")
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert here(place) == [first]  # of today already
    yesterday = first.path.with_name(name_for("automatic", first.made_ms - DAY))
    first.path.rename(yesterday)
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert [copy.path for copy in here(place)][1:] == [yesterday]
    assert look_into(here(place)[0].path).patients == 2
    today = here(place)[0]
    today.path.rename(today.path.with_name(name_for("automatic", today.made_ms - DAY + 1000)))
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert len(here(place)) == 2  # nothing was saved since


def test_a_copy_from_the_future_is_not_todays(place: Path) -> None:
    run("backup", "--automatic", "--data-dir", place)
    [copy] = here(place)
    copy.path.rename(copy.path.with_name(name_for("automatic", copy.made_ms + 3000 * DAY)))
    another(place, "Zeinabu")
    run("backup", "--automatic", "--data-dir", place)
    assert sorted(look_into(one.path).patients for one in here(place)) == [1, 2]


def test_a_kill_in_the_middle_leaves_no_half_copy(place: Path) -> None:
    with sqlite3.connect(place / "hikma.db") as rows:
        rows.execute("CREATE TABLE filler (a BLOB)")
        rows.executemany("INSERT INTO filler VALUES (?)", [(os.urandom(9000),)] * 15000)
    rows.close()
    process = subprocess.Popen(
        [*COMMAND, "backup", "--automatic", "--data-dir", str(place)], env=environment()
    )
    until = time.monotonic() + 30
    while not list(place.glob("backups/*.part")) and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list(place.glob("backups/*.part"))
    assert here(place) == []  # what is half written has no copy's name
    for part in place.glob("backups/*.part*"):
        os.utime(part, (0, 0))
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert len(here(place)) == 1
    assert not list(place.glob("backups/*.part*"))


# Elsewhere --------------------------------------------------------------------------------------


def test_a_copy_leaves_only_with_a_yes_and_says_so_in_the_trail(
    place: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    done = run("backup", "--to", stick, "--data-dir", place)
    assert done.returncode == 1
    assert "not ciphered" in done.stderr
    assert list(stick.iterdir()) == []
    done = run("backup", "--to", stick, "--unciphered", "--data-dir", place)
    assert done.returncode == 0
    assert "same disk" in done.stderr
    [path] = stick.iterdir()
    assert look_into(path).patients == 1
    assert path.stat().st_mode & 0o777 == 0o600
    store = Store.open(place)
    trail = store.on_writer(
        lambda: connection().execute("SELECT changes FROM event_logs WHERE action_type = 'EXPORT'")
        .fetchall()
    ).result()  # fmt: skip
    assert store.on_writer(lambda: store_places.newest_outside(connection())).result() is None
    store.close()
    assert path.name in trail[0][0]


def test_the_remembered_folder_gets_its_copy_only_while_the_stick_is_in(
    place: Path, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    stick.mkdir()
    done = run("backup", "--keep-at", stick, "--unciphered", "--data-dir", place)
    assert done.returncode == 0, done.stderr

    def age() -> None:
        for folder in (stick, place / "backups"):
            for copy in copies(folder):
                copy.path.rename(folder / name_for(copy.kind, copy.made_ms - DAY))

    age()
    another(place, "Zeinabu")
    run("backup", "--automatic", "--data-dir", place)
    assert len(copies(stick)) == 2
    out = tmp_path / "in the drawer"
    stick.rename(out)
    stick.mkdir()  # the bare mount point on the machine's own disk
    age()
    another(place, "Third")
    assert run("backup", "--automatic", "--data-dir", place).returncode == 0
    assert list(stick.iterdir()) == []
    stick.rmdir()
    out.rename(stick)
    age()
    run("backup", "--automatic", "--data-dir", place)
    assert look_into(copies(stick)[0].path).patients == 3


def test_two_clinics_do_not_share_a_folder_and_never_rotate_each_other(
    place: Path, tmp_path: Path
) -> None:
    store, _actor = clinic(tmp_path / "other")
    other = store.read(info.get, "store_id").result()
    store.close()
    stick = tmp_path / "stick"
    stick.mkdir()
    store_places.mark(stick, other)
    done = run("backup", "--keep-at", stick, "--unciphered", "--data-dir", place)
    assert done.returncode == 65
    assert store_places.mounted(str(stick), other) == stick
    assert store_places.mounted(str(stick), "another") is None


def test_a_memory_disk_is_no_place(place: Path) -> None:
    memory = Path("/dev/shm")
    if not memory.is_dir() or store_places.place_of(memory, place) is not Place.MEMORY:
        pytest.skip("no memory disk here")
    done = run("backup", "--to", memory, "--unciphered", "--data-dir", place)
    assert done.returncode == 1
    assert "memory" in done.stderr


def test_a_copy_on_a_stick_counts_as_outside(place: Path) -> None:
    store = Store.open(place)
    store.write(info.put, "copied_outside_at", NOW).result()
    store.write(info.put, "copied_outside_place", "stick").result()
    found = store.on_writer(lambda: store_places.newest_outside(connection())).result()
    store.close()
    assert found == store_places.Outside(NOW, Place.STICK)
