"""The log: bounded, whole under several writers, readable by nobody else, and about nobody."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hikma_tui import logs
from tests.faults.kills import NIGHTLY

SECRETS = ("Zeinabu", "Haddad", "070123456", "pin 2468", "NursePass123", "amal kh", "correct horse")
LINE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00 \d+ [\w -]+: .+|    .+")

WRITER = """
import sys
from pathlib import Path
from hikma_tui import logs
for number in range(int(sys.argv[3])):
    logs.say("sync", f"{sys.argv[2]} {number} " + "x" * 100, Path(sys.argv[1]))
"""


def size(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.glob("*.log*"))


def test_several_processes_write_whole_lines_and_no_more_than_the_bound(tmp_path: Path) -> None:
    each = 6_000  # four of them fill the newest file six times
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), name, str(each)])
        for name in "abcd"
    ]
    assert {writer.wait() for writer in writers} == {0}
    assert {path.name for path in tmp_path.glob("*.log*")} == {
        "hikma.log", "hikma.log.1", "hikma.log.2", "hikma.log.3",
    }  # fmt: skip
    kept: dict[str, set[int]] = {}
    for path in logs.family(tmp_path / logs.FILE_NAME):
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.stat().st_size <= logs.LARGEST + 2_000  # who did not get the lock in time
        for line in path.read_text().splitlines():
            assert LINE.fullmatch(line)
            _moment, _process, _part, name, number, rest = line.split(" ")
            assert len(rest) == 100
            kept.setdefault(name, set()).add(int(number))
    for numbers in kept.values():  # nothing is left out between, and the end is there
        assert numbers == set(range(min(numbers), max(numbers) + 1))
    assert each - 1 in set.union(*kept.values())
    assert sum(map(len, kept.values())) > each


def meet(patient: str, pin: str) -> None:
    """An error as errors are: its words, its cause's words and its variables are a patient's."""
    answers = {"name": patient, "pin": pin}
    try:
        raise KeyError(answers)
    except KeyError as error:
        raise ValueError(f"{patient} of {pin}: query 'amal kh' correct horse\n{answers}") from error


def test_a_night_of_errors_stays_small_and_names_nobody(tmp_path: Path) -> None:
    code = ""
    for _number in range(40_000 if NIGHTLY else 4_000):
        try:
            meet("Zeinabu Haddad 070123456", "pin 2468 NursePass123")
        except ValueError as error:
            code = logs.failed("screens", error, tmp_path)
    assert size(tmp_path) <= (logs.OLDER + 1) * logs.LARGEST
    written = "".join(path.read_text() for path in tmp_path.glob("*.log*"))
    for secret in SECRETS:
        assert secret not in written
    assert f"unexpected error {code}" in written
    assert "builtins.KeyError" in written
    assert "test_logs.py" in written
    assert " meet" in written
    end = (tmp_path / logs.FILE_NAME).read_text().splitlines()
    assert logs.recent(tmp_path / logs.FILE_NAME, 8000)[-len(end) :] == end
    assert len(logs.recent(tmp_path / logs.FILE_NAME, 8000)) == 8000  # of more than one file


def test_the_same_place_has_the_same_code_and_another_another() -> None:
    def code(patient: str) -> str:
        try:
            meet(patient, "1")
        except ValueError as error:
            return logs.code_of(error)
        return ""

    def deeper(patient: str) -> str:
        return code(patient)

    assert re.fullmatch(r"[0-9A-Z]{3}-[0-9A-Z]{3}", code("Amal"))
    assert code("Amal") == deeper("Zeinabu")
    with pytest.raises(KeyError) as elsewhere:
        raise KeyError("Amal")
    assert logs.code_of(elsewhere.value) != code("Amal")


def test_an_endless_recursion_and_endless_causes_are_short(tmp_path: Path) -> None:
    def again(number: int) -> int:
        return again(number + 1) + 1

    codes = set()
    for depth in (1, 50):
        with pytest.raises(RecursionError) as caught:
            again(depth)
        codes.add(logs.failed("screens", caught.value, tmp_path))
    assert len(codes) == 1
    error: Exception = ValueError("a")
    for _number in range(200):
        outer = type("Zeinabu Haddad", (ValueError,), {})("b")
        outer.__cause__, error = error, outer
    logs.failed("screens", error, tmp_path)
    written = (tmp_path / logs.FILE_NAME).read_text()
    assert len(written) < 20_000
    assert "Zeinabu" not in written


def test_a_stopped_process_that_holds_the_lock_stops_nobody(tmp_path: Path) -> None:
    path = tmp_path / logs.FILE_NAME
    logs.say("sync", "one", tmp_path)
    with path.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        began = time.monotonic()
        assert logs.say("sync", "two", tmp_path)
        assert time.monotonic() - began < 2
    assert "two" in path.read_text()


@pytest.mark.parametrize("what", ["link", "pipe", "folder", "full"])
def test_what_stands_in_the_way_stops_nothing(what: str, tmp_path: Path) -> None:
    path = tmp_path / logs.FILE_NAME
    if what == "link":
        (tmp_path / "letter.txt").write_text("dear")
        path.symlink_to(tmp_path / "letter.txt")
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/full")
    assert not logs.say("sync", "one", tmp_path)
    assert logs.failed("sync", ValueError("x"), tmp_path)
    if what == "link":
        assert (tmp_path / "letter.txt").read_text() == "dear"


def test_an_older_log_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / logs.FILE_NAME
    path.write_text("")
    path.chmod(0o666)
    logs.say("sync", "one\x1b]52;c;aGk=\x07\n\u202etwo", tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert "\x1b" not in path.read_text()
    assert "\u202e" not in path.read_text()


THREAD = """
import sys, threading
from pathlib import Path
from hikma_tui import logs
logs.use(Path(sys.argv[1]))

class Goes:
    def __del__(self):
        raise ValueError("Zeinabu goes")

def fail():
    raise KeyError("Zeinabu")

one = threading.Thread(target=fail, name="copies")
one.start()
one.join()
Goes()
"""


def test_errors_of_threads_and_clean_ups_are_noted_and_not_printed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", THREAD, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    written = (tmp_path / logs.FILE_NAME).read_text()
    assert "thread copies: unexpected error" in written
    assert "clean-up: unexpected error" in written
    assert "Zeinabu" not in written
