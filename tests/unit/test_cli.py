"""The command line: its verbs, its exit codes, and what it says when a store can't be used."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from hikma_tui import __version__
from tests.unit.program import COMMAND, create, environment, exported, lines, new_clinic, rows, run

USAGE, NOT_OURS, NO_STORE, TOO_NEW = 2, 65, 66, 71
DISK_FULL, CORRUPT, LOCKED, READ_ONLY = 73, 74, 75, 77


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return new_clinic(tmp_path / "clinic")


def register(directory: Path, **row: str) -> str:
    done = run("import", "-", "--data-dir", directory, data=lines(create("patients", **row)))
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


# -- verbs ---------------------------------------------------------------------------------------


def test_the_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"hikma-tui {__version__}\n")


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["init"],
        ["init", "--clinic", " ", "--user", "Nora"],
        ["init", "--clinic", "A", "--user", "Nora", "--time-zone", "Mars/Base"],
        ["find"],
        ["find", "x", "--limit", "0"],
        ["find", "x", "--age-from", "-1"],
        ["demo", "--patients", "9" * 5000],
        ["export", "--tab", "x"],
        ["undo", "9" * 25],
        ["import"],
    ],
)
def test_a_misuse_is_one_line(words: list[str], tmp_path: Path) -> None:
    done = run("--data-dir", tmp_path / "none", *words)
    assert done.returncode == USAGE
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "none").exists()


def test_init_makes_a_clinic_that_only_its_owner_can_read(tmp_path: Path) -> None:
    directory = tmp_path / "deep" / "down"
    done = run("init", "--clinic", "Al-Salam", "--user", "Nora", "--data-dir", directory)
    assert (done.returncode, done.stderr) == (0, "")
    assert directory.stat().st_mode & 0o777 == 0o700
    assert {p.stat().st_mode & 0o777 for p in directory.iterdir()} == {0o600}
    tables = [line["table"] for line in exported(directory)]
    assert {name: tables.count(name) for name in set(tables)} == {
        "clinics": 1, "users": 1, "user_clinic_permissions": 1, "app_config": 1,
        "clinic_departments": 3, "registration_forms": 1, "event_forms": 6,
    }  # fmt: skip


def test_a_second_init_changes_nothing(clinic: Path) -> None:
    before = exported(clinic)
    done = run("init", "--clinic", "Other", "--user", "Sami", "--data-dir", clinic)
    assert done.returncode == 1
    assert exported(clinic) == before


@pytest.mark.parametrize("place", ["before", "after", "environment"])
def test_where_the_data_lies_can_be_said_in_three_ways(
    clinic: Path, place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    option = ["--data-dir", str(clinic)]
    if place == "environment":
        monkeypatch.setenv("HIKMA_TUI_DATA_DIR", str(clinic))
    words = [*option, "status"] if place == "before" else ["status"]
    words += option if place == "after" else []
    done = run(*words)
    assert done.returncode == 0, done.stderr
    assert str(clinic) in done.stdout


def test_what_the_verb_says_wins_over_what_was_said_before_it(clinic: Path, tmp_path: Path) -> None:
    done = run("--data-dir", tmp_path / "none", "status", "--data-dir", clinic)
    assert done.returncode == 0, done.stderr


def test_status_check_and_backup(clinic: Path) -> None:
    register(clinic, given_name="Mona")
    copied = run("backup", "--data-dir", clinic)
    assert copied.returncode == 0
    copy = Path(copied.stdout.strip())
    assert copy.stat().st_mode & 0o777 == 0o600
    assert copy.parent == clinic / "backups"
    said = run("status", "--data-dir", clinic).stdout
    assert "Al-Salam" in said
    assert "Patients: 1" in said
    assert "0 hours old" in said
    assert run("check", "--data-dir", clinic).returncode == 0


def test_check_notices_a_trail_that_was_changed(clinic: Path) -> None:
    register(clinic, given_name="Mona")
    with sqlite3.connect(clinic / "hikma.db") as file:
        file.execute("UPDATE event_logs SET user_id = 'somebody' WHERE pk = 2")
    file.close()
    done = run("check", "--data-dir", clinic)
    assert done.returncode == 1
    assert "entry 2" in done.stdout


def test_check_notices_a_search_that_was_left_behind(clinic: Path) -> None:
    register(clinic, given_name="Mona")
    with sqlite3.connect(clinic / "hikma.db") as file:
        file.execute("UPDATE patients SET given_name = 'Lina'")
    file.close()
    done = run("check", "--data-dir", clinic)
    assert done.returncode == 1
    assert "search" in done.stdout


def test_undo_lists_and_brings_back(clinic: Path) -> None:
    patient = register(clinic, given_name="Mona")
    gone = {"op": "delete", "table": "patients", "row": {"id": patient}, "reason": "twice"}
    assert run("import", "-", "--data-dir", clinic, data=lines(gone)).returncode == 0
    assert rows(clinic, "patients") == {}
    listed = run("undo", "--data-dir", clinic).stdout
    assert "Mona" in listed
    assert "twice" in listed
    number = listed.split()[0]
    assert run("undo", number, "--data-dir", clinic).returncode == 0
    assert list(rows(clinic, "patients")) == [patient]
    assert run("undo", number, "--data-dir", clinic).returncode == 1
    assert run("undo", "99", "--data-dir", clinic).returncode == 1


def test_a_user_who_is_not_there(clinic: Path) -> None:
    done = run("export", "--user", "No\x1b[31mbody", "--data-dir", clinic)
    assert (done.returncode, done.stdout) == (1, "")
    assert "No·[31mbody" in done.stderr


# -- find ----------------------------------------------------------------------------------------


def test_find_for_a_person(clinic: Path) -> None:
    register(clinic, given_name="Mohammed", surname="Has\x1b]0;x\x07san [/x]", sex="male")
    register(clinic, given_name="Lina", surname="Haddad", sex="female", phone="070 123456")
    done = run("find", "--data-dir", clinic, "mohamed")
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "1 of 2 patients"
    assert "Mohammed Has·]0;x·san [/x]" in done.stdout
    assert "\x1b" not in done.stdout
    assert "070 123456" in run("find", "0701", "--data-dir", clinic).stdout
    assert run("find", "nobody", "--data-dir", clinic).stdout == "0 of 2 patients\n"


def test_what_is_forgiven_stands_below_a_line(clinic: Path) -> None:
    register(clinic, given_name="Margarita", surname="Fernandez")
    register(clinic, given_name="Margarito", surname="Hernandez")
    said = run("find", "margarita", "fernandez", "--data-dir", clinic).stdout.splitlines()
    assert "Margarita" in said[0]
    assert said[1].startswith("--")
    assert "Margarito" in said[2]


def test_find_for_a_script(clinic: Path) -> None:
    for number in range(5):
        sex = "female" if number % 2 else "male"
        register(clinic, given_name="Mona", surname=f"Number {number}", sex=sex)
    done = run("find", "mona", "--json", "--sex", "male", "--limit", "2", "--data-dir", clinic)
    answer = json.loads(done.stdout)
    assert (answer["query"], answer["found"], answer["patients"]) == ("mona", 3, 5)
    assert len(answer["results"]) == 2
    first = answer["results"][0]
    assert first["id"] in rows(clinic, "patients")
    assert (first["sex"], first["forgiving"], first["why"]) == ("male", False, None)


def test_find_narrows_by_age(clinic: Path) -> None:
    register(clinic, given_name="Mona", date_of_birth="1950-01-01")
    register(clinic, given_name="Mona", date_of_birth="2020-01-01")
    done = run("find", "mona", "--json", "--age-from", "60", "--data-dir", clinic)
    assert [r["date_of_birth"] for r in json.loads(done.stdout)["results"]] == ["1950-01-01"]


# -- stores that can't be used -------------------------------------------------------------------


def digest(directory: Path) -> dict[str, str]:
    """What every file of a directory holds, without SQLite's shared memory."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(directory.iterdir())
        if path.is_file() and not path.name.endswith(("-shm", "-wal"))
    }


VERBS = (["status"], ["find", "x"], ["export"], ["import", "-"], ["check"], ["undo"], ["backup"])


def assert_refused(directory: Path, code: int, *verbs: list[str]) -> None:
    """Every verb says one sentence, gives that exit code, and leaves the files as they were."""
    before = digest(directory) if directory.is_dir() else {}
    for verb in verbs or VERBS:
        done = run(*verb, "--data-dir", directory, data=lines(create("patients", given_name="A")))
        assert (verb, done.returncode, done.stdout) == (verb, code, "")
        assert done.stderr.count("\n") == 1
    assert (digest(directory) if directory.is_dir() else {}) == before


def test_no_store(tmp_path: Path) -> None:
    assert_refused(tmp_path / "none", NO_STORE)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("content", [b"", b"hello", b"\0" * 5000, b"not a store " * 500])
def test_a_file_that_is_no_store(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "hikma.db").write_bytes(content)
    assert_refused(tmp_path, NOT_OURS, ["status"], ["import", "-"])
    init = ["init", "--clinic", "A", "--user", "B"]
    assert_refused(tmp_path, NOT_OURS, init)


def test_another_program_s_database(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "hikma.db") as file:
        file.execute("CREATE TABLE patients (id)")
    file.close()
    assert_refused(tmp_path, NOT_OURS)


def test_a_store_of_a_newer_program(clinic: Path) -> None:
    with sqlite3.connect(clinic / "hikma.db") as file:
        file.execute("PRAGMA user_version = 99")
    file.close()
    assert_refused(clinic, TOO_NEW)


def test_a_damaged_header(clinic: Path) -> None:
    with (clinic / "hikma.db").open("r+b") as file:
        file.seek(16)
        file.write(b"\xff" * 8)  # the page size and the format: the application id still stands
    assert_refused(clinic, NOT_OURS, ["status"], ["import", "-"])


def test_a_damaged_page(clinic: Path) -> None:
    size = (clinic / "hikma.db").stat().st_size
    with (clinic / "hikma.db").open("r+b") as file:
        for place in range(4096, size, 4096):
            file.seek(place)
            file.write(b"\xfe" * 512)
    assert_refused(clinic, CORRUPT, ["find", "x"], ["export"], ["import", "-"])


def test_a_truncated_file(clinic: Path) -> None:
    with (clinic / "hikma.db").open("r+b") as file:
        file.truncate(50)
    assert_refused(clinic, CORRUPT)


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file_at_all(tmp_path: Path, make: Callable[[Path], None]) -> None:
    make(tmp_path / "hikma.db")
    for words in (["status"], ["init", "--clinic", "A", "--user", "B"]):
        done = run(*words, "--data-dir", tmp_path, timeout=20)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (NOT_OURS, "", 1)


def test_a_file_that_was_copied_here_is_closed_to_others(clinic: Path) -> None:
    (clinic / "hikma.db").chmod(0o644)
    register(clinic, given_name="A")
    assert {path.stat().st_mode & 0o777 for path in clinic.iterdir()} == {0o600}


def test_a_directory_that_is_a_file(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.write_text("mine", encoding="utf-8")
    done = run("init", "--clinic", "A", "--user", "B", "--data-dir", place)
    assert (done.returncode, done.stdout) == (READ_ONLY, "")
    assert run("status", "--data-dir", place).returncode == NO_STORE
    assert place.read_text(encoding="utf-8") == "mine"


@contextmanager
def _read_only(directory: Path) -> Iterator[None]:
    """A directory in which not even an administrator can write."""
    mounted = subprocess.run(
        ["mount", "--bind", "-o", "ro", str(directory), str(directory)],
        capture_output=True, check=False,
    ) if os.geteuid() == 0 else None  # fmt: skip
    if mounted is not None and mounted.returncode:
        pytest.skip("the administrator can write everywhere, and nothing can be mounted here")
    if mounted is None:
        for path in (*directory.iterdir(), directory):
            path.chmod(path.stat().st_mode & ~0o222)
    try:
        yield
    finally:
        if mounted is not None:
            subprocess.run(["umount", str(directory)], check=True)
        else:
            for path in (directory, *directory.iterdir()):
                path.chmod(path.stat().st_mode | 0o200)


def test_a_store_that_can_only_be_read(clinic: Path) -> None:
    with _read_only(clinic):
        assert_refused(clinic, READ_ONLY, ["import", "-"], ["find", "x"])


def test_a_store_that_another_program_holds(clinic: Path) -> None:
    holder = sqlite3.connect(clinic / "hikma.db", isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    try:
        began = time.monotonic()
        done = run(
            "import", "-", "--data-dir", clinic, data=lines(create("patients", given_name="A"))
        )
        assert time.monotonic() - began > 4
        assert (done.returncode, done.stdout) == (LOCKED, "")
        assert done.stderr.count("\n") == 1
        assert run("find", "x", "--data-dir", clinic).returncode == 0  # readers go on
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert rows(clinic, "patients") == {}
    assert run("check", "--data-dir", clinic).returncode == 0


# -- endings -------------------------------------------------------------------------------------


def test_a_reader_who_has_had_enough_is_no_error(clinic: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "export", "--data-dir", str(clinic)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(),
    )  # fmt: skip
    assert process.stdout is not None
    process.stdout.close()
    _said, complained = process.communicate(timeout=30)
    assert (process.returncode, complained) == (0, b"")


@pytest.mark.parametrize("words", [["export"], ["status"], ["find", "x"], ["find", "x", "--json"]])
def test_an_output_that_is_full(clinic: Path, words: list[str]) -> None:
    with open("/dev/full", "wb") as full:  # noqa: PTH123
        done = subprocess.run(
            [*COMMAND, *words, "--data-dir", str(clinic)],
            stdout=full, stderr=subprocess.PIPE, env=environment(), check=False,
        )  # fmt: skip
    assert done.returncode == DISK_FULL
    assert done.stderr.count(b"\n") == 1


def _in_a_shell(redirections: str, *words: str, data: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {redirections}', "sh", *COMMAND, *words],
        input=data, capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip


def test_without_an_output_nothing_is_done(clinic: Path) -> None:
    row = lines(create("patients", given_name="A"))
    done = _in_a_shell(">&-", "import", "-", "--data-dir", str(clinic), data=row)
    assert done.returncode == DISK_FULL
    assert done.stderr.count("\n") == 1
    assert rows(clinic, "patients") == {}


def test_without_a_place_for_complaints_none_stands_among_the_ids(clinic: Path) -> None:
    data = lines("{}", create("patients", given_name="A"))
    done = _in_a_shell("2>&-", "import", "-", "--data-dir", str(clinic), data=data)
    assert done.returncode == 1
    assert done.stdout.split() == list(rows(clinic, "patients"))


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_an_output_that_has_not_our_letters(
    clinic: Path, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(clinic, given_name="محمد")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    done = run("find", "محمد", "--data-dir", clinic)
    assert (done.returncode, done.stderr) == (0, "")
    done = run("find", "--json", "محمد", "--data-dir", clinic)
    assert json.loads(done.stdout)["results"][0]["given_name"] == "محمد"
    assert run("status", "--language", "ar", "--data-dir", clinic).returncode == 0


@pytest.mark.parametrize("file", [".", ""])
def test_what_can_t_be_imported(clinic: Path, file: str) -> None:
    done = run("import", file, "--data-dir", clinic)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (NO_STORE, "", 1)


def test_control_c_is_clean(clinic: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "import", "-", "--data-dir", str(clinic)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env=environment(), bufsize=0,
        # whoever runs the tests in the background has it ignored, and so would the program
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(lines(create("patients", given_name="A")).encode())
    known = process.stdout.readline().decode().strip()
    process.send_signal(signal.SIGINT)
    _said, complained = process.communicate(timeout=30)
    assert (process.returncode, complained) == (130, b"")
    assert list(rows(clinic, "patients")) == [known]


def test_an_unexpected_error_shows_nobody_s_data(clinic: Path, own_place: Path) -> None:
    """A secret in the message, in a local and in the arguments reaches neither screen nor log."""
    probe = (
        "import sys\n"
        "from hikma_tui import cli\n"
        "from hikma_tui.verbs import store as cli_store\n"
        "def broken(options):\n"
        "    secret = 'Mona Haddad'\n"
        "    raise RuntimeError(secret)\n"
        "cli_store.status = broken\n"
        "sys.exit(cli.main(['status', '--user', 'Mona Haddad']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        capture_output=True,
        env=environment(),
        text=True,
        check=False,
    )
    assert done.returncode == 70
    assert "RuntimeError" in done.stderr
    assert done.stderr.count("\n") == 1
    log = own_place / "state" / "hikma-tui" / "hikma.log"
    assert log.stat().st_mode & 0o777 == 0o600
    noted = log.read_text(encoding="utf-8")
    assert "broken" in noted
    assert "Mona" not in noted + done.stderr + done.stdout


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_disk_without_room(small_disk: Path) -> None:
    clinic = new_clinic(small_disk / "clinic")
    patients = [create("patients", given_name=f"P{n}", hometown="x" * 3000) for n in range(900)]
    done = run("import", "-", "--data-dir", clinic, data=lines(*patients))
    assert done.returncode == DISK_FULL, done.stderr
    assert done.stderr.count("\n") == 1
    assert "full" in done.stderr
    with sqlite3.connect(f"file:{clinic}/hikma.db?mode=ro", uri=True) as file:
        kept = {row[0] for row in file.execute("SELECT id FROM live_patients")}
        assert file.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    file.close()
    assert done.stdout
    assert set(done.stdout.split()) == kept


# -- the demo ------------------------------------------------------------------------------------


def test_the_demo_is_made_by_its_seed_and_kept_apart(clinic: Path, tmp_path: Path) -> None:
    words = ("demo", "--no-open", "--patients", "20", "--seed", "3")
    first, second = tmp_path / "first", tmp_path / "second"
    for directory in (first, second):
        assert run(*words, "--data-dir", directory).returncode == 0
    names = [
        sorted((row["id"], row["surname"] or "") for row in rows(directory, "patients").values())
        for directory in (first, second)
    ]
    assert names[0] == names[1]
    assert len(names[0]) == 20
    other = run("demo", "--no-open", "--patients", "5", "--data-dir", first)
    assert other.returncode == 0
    assert len(rows(first, "patients")) == 5
    before = exported(clinic)
    refused = run(*words, "--data-dir", clinic)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert exported(clinic) == before
