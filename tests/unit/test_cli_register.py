"""``hikma-tui register`` and ``qr`` as a process: exit codes, sentences, no password anywhere."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hikma_tui import qr_text
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore
from tests.unit.program import COMMAND, environment, new_clinic, run


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = CloudStore()
    seed(store, 3)
    with Cloud(store, limits=False) as server:
        yield server


@pytest.fixture
def clinic(tmp_path: Path) -> Path:
    return new_clinic(tmp_path / "store")


def register(
    clinic: Path, *words: str, password: str = PASSWORD
) -> subprocess.CompletedProcess[str]:
    """With the password by a descriptor, as a timer's unit would give it."""
    reading, writing = os.pipe()
    os.write(writing, f"{password}\n".encode())
    os.close(writing)
    try:
        done = subprocess.run(
            [*COMMAND, "register", "--data-dir", clinic, *words, "--password-fd", str(reading)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
            env=environment(), pass_fds=[reading],
        )  # fmt: skip
    finally:
        os.close(reading)
    assert "Traceback" not in done.stderr
    assert password not in done.stdout + done.stderr
    return done


def test_without_an_account_it_only_looks(clinic: Path, cloud: Cloud) -> None:
    done = run("register", "--data-dir", clinic, cloud.url, "--plain-http")
    assert done.returncode == 0
    assert "A Hikma Health server answers" in done.stdout
    assert "Nothing was changed" in done.stdout
    assert not [seen for seen in cloud.seen if seen.method == "POST"]
    done = run("register", "--data-dir", clinic, cloud.url, "--plain-http", "--json")
    assert json.loads(done.stdout) == {"url": cloud.url, "dialect": "v3", "joined": False}


def test_the_older_server_is_recognised(clinic: Path) -> None:
    store = CloudStore()
    seed(store, 1)
    with Cloud(store, flask=True) as server:
        done = run("register", "--data-dir", clinic, server.url, "--plain-http")
        assert "The older Hikma Health server answers" in done.stdout
        done = register(clinic, server.url, "--plain-http", "--email", EMAIL, "--yes")
        assert done.returncode == 0, done.stderr


def test_the_plan_is_shown_and_takes_a_yes(clinic: Path, cloud: Cloud) -> None:
    words = (cloud.url, "--plain-http", "--email", EMAIL)
    done = register(clinic, *words)
    assert done.returncode == 1
    for said in ("Goes up with the first sync", "Stays on this computer", "encrypt its disk",
                 "Permissions", "A copy of all records", "Nothing was changed"):  # fmt: skip
        assert said in done.stdout
    assert "no server" in run("sync", "--data-dir", clinic).stderr
    done = register(clinic, *words, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["joined"]
    assert not told["password_kept"]
    assert told["plan"]["patients"] == 0
    assert Path(told["backup"]).exists()
    assert not (clinic / "server-password").exists()
    again = register(clinic, *words, "--yes")
    assert again.returncode == 1
    assert "One server at a time" in again.stderr


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("not a code", 13, "not the text of a registration code"),
        ('{"type":"sync_hub","url":"http://10.0.0.1:4001"}', 13, "Hubs can't be connected yet"),
        ("http://127.0.0.1:1", 13, "--plain-http"),
        ("http://hikma.example.org", 13, "https"),
        ("\x1b[200~https://\udcff\x00[/x]", 13, "not the text of a registration code"),
        ("", 2, "needs the text"),
    ],
)
def test_what_is_no_code_gets_its_sentence(clinic: Path, text: str, code: int, said: str) -> None:
    done = run("register", "--data-dir", clinic, text.replace("\x00", "\x01"))
    assert done.returncode == code
    assert said in done.stderr


def test_troubles_have_exit_codes_of_their_own(clinic: Path, cloud: Cloud) -> None:
    words = (cloud.url, "--plain-http", "--email", EMAIL, "--yes")
    wrong = register(clinic, *words, password="wrong-one")
    assert wrong.returncode == 11
    assert "one of them is not right" in wrong.stderr
    colon = register(clinic, *words, password="has:colon")
    assert colon.returncode == 1
    assert "colon" in colon.stderr
    capital = register(clinic, cloud.url, "--plain-http", "--email", EMAIL.title(), "--yes")
    assert capital.returncode == 11
    assert f"try {EMAIL}" in capital.stderr
    done = run("register", "--data-dir", clinic, *words, "--password-fd", "77")
    assert done.returncode == 11
    assert "can't be read" in done.stderr
    cloud.fault("limit", seconds=180)
    assert register(clinic, *words).returncode == 12
    cloud.fault("html", times=5)
    portal = register(clinic, *words, "--json")
    assert portal.returncode in (10, 12)
    assert json.loads(portal.stdout)["joined"] is False
    nobody = run("register", "--data-dir", clinic, "http://127.0.0.1:1", "--plain-http")
    assert nobody.returncode == 10
    done = run("register", "--data-dir", clinic, cloud.url, "--plain-http", "--email", EMAIL)
    assert done.returncode in (10, 11)


def test_leaving_takes_a_yes_and_keeps_the_records(clinic: Path, cloud: Cloud) -> None:
    nothing = run("register", "--data-dir", clinic, "--leave", "--yes")
    assert nothing.returncode == 1
    register(clinic, cloud.url, "--plain-http", "--email", EMAIL, "--yes", "--keep-password")
    assert (clinic / "server-password").stat().st_mode & 0o777 == 0o600
    no = run("register", "--data-dir", clinic, "--leave")
    assert no.returncode == 1
    assert "Nothing was changed" in no.stderr
    yes = run("register", "--data-dir", clinic, "--leave", "--yes")
    assert yes.returncode == 0, yes.stderr
    assert "before-leave" in yes.stdout
    assert not (clinic / "server-password").exists()
    assert register(clinic, cloud.url, "--plain-http", "--email", EMAIL, "--yes").returncode == 0


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="nothing tells who has a file open")
def test_neither_joined_nor_left_beside_an_open_program(clinic: Path, cloud: Cloud) -> None:
    def join() -> subprocess.CompletedProcess[str]:
        return register(clinic, cloud.url, "--plain-http", "--email", EMAIL, "--yes")

    def leave() -> subprocess.CompletedProcess[str]:
        return run("register", "--data-dir", clinic, "--leave", "--yes")

    for go in (join, leave):
        with closing(sqlite3.connect(clinic / "hikma.db")) as other:
            other.execute("SELECT count(*) FROM patients").fetchone()
            refused = go()
            assert (refused.returncode, "close it first" in refused.stderr) == (1, True)
        assert go().returncode == 0


def test_only_the_text_of_the_code_goes_into_a_pipe(clinic: Path, cloud: Cloud) -> None:
    assert run("qr", "--data-dir", clinic).returncode == 15
    register(clinic, cloud.url, "--plain-http", "--email", EMAIL, "--yes")
    assert run("qr", "--data-dir", clinic).stdout == f"{cloud.url}\n"
    assert run("qr", "--data-dir", clinic, "--text").stdout == f"{cloud.url}\n"


# The drawing -----------------------------------------------------------------------------------

URL = "https://hikma.clinic.example.org"


def _of_halves(lines: list[qr_text.Cells]) -> list[list[bool]]:
    found = []
    for line in lines:
        text = line.pieces[0][0]
        found.append([character in "▀█" for character in text])
        found.append([character in "▄█" for character in text])
    return found


def _of_wide(lines: list[qr_text.Cells]) -> list[list[bool]]:
    return [[dark for text, dark in line.pieces for _ in range(len(text) // 2)] for line in lines]


def test_both_drawings_show_the_same_modules() -> None:
    modules = qr_text.modules(URL)
    halves = qr_text.lines(URL, 80, 20)
    wide = qr_text.lines(URL, 80, 40, halves=False)
    assert halves is not None
    assert wide is not None
    assert _of_halves(halves)[: len(modules)] == modules
    assert _of_wide(wide) == modules
    # a finder pattern, inside the quiet zone
    quiet = qr_text.QUIET
    assert not any(any(row[:quiet]) for row in modules)
    assert [row[quiet : quiet + 7] for row in modules[quiet : quiet + 2]] == [
        [True] * 7, [True, False, False, False, False, False, True],
    ]  # fmt: skip


def test_it_is_given_up_where_there_is_no_room() -> None:
    assert qr_text.lines(URL, 20, 20) is None
    assert qr_text.lines(URL, 80, 20, halves=False) is None
    narrow = qr_text.lines(URL, 80, 17)
    assert narrow is not None
    assert len(narrow) == 17
    assert qr_text.lines("x" * 5000, 1000, 1000) is None
    assert qr_text.lines("", 80, 24) is None


@pytest.mark.parametrize(
    ("term", "encoding", "works"),
    [("xterm-256color", "utf-8", True), ("linux", "utf-8", False), ("xterm", "latin-1", False),
     ("dumb", "utf-8", False), ("xterm", "no such", False)],
)  # fmt: skip
def test_fonts_without_half_blocks_are_known(term: str, encoding: str, works: bool) -> None:
    assert qr_text.half_blocks_work(term, encoding) is works
