"""Whatever the program makes is its user's alone, whatever the umask and the folder were before."""

from __future__ import annotations

import functools
import os
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cloud.seed import PASSWORD
from tests.terminal.terminal import F2, running
from tests.unit.program import COMMAND, create, environment, lines
from tests.unit.sync_running import joined


@pytest.fixture
def loose_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def verb(*words: str | Path, data: str = "", **around: str) -> str:
    """Run a verb under umask 000."""
    done = subprocess.run(
        [*COMMAND, *map(str, words)], input=data, capture_output=True, text=True, check=False,
        env={**environment(), **around}, preexec_fn=functools.partial(os.umask, 0), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout


def loose(*places: Path) -> list[str]:
    """What others could read, write or enter."""
    found = []
    for place in places:
        for path in (place, *place.rglob("*")):
            mode = stat.S_IMODE(path.lstat().st_mode)
            if mode & 0o077 and not path.is_symlink():
                found.append(f"{path.relative_to(place.parent)}: {mode:03o}")
    return found


def names(place: Path) -> set[str]:
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def test_the_check_can_fail(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir(mode=0o700)
    (tmp_path / "a" / "b").write_text("x")
    (tmp_path / "a" / "b").chmod(0o640)
    assert loose(tmp_path / "a") == ["a/b: 640"]


@pytest.mark.usefixtures("loose_umask")
@pytest.mark.parametrize("folder", ["new", "loose"])
def test_what_the_verbs_make_is_the_users_alone(
    tmp_path: Path, folder: str, own_place: Path
) -> None:
    place, out = tmp_path / "clinic", tmp_path / "out"
    out.mkdir(mode=0o700)
    if folder == "loose":
        place.mkdir()
        (place / "backups").mkdir()
        for one in (place, place / "backups"):
            one.chmod(0o777)
    at = ("--data-dir", place)
    verb("init", *at, "--clinic", "Al-Salam", "--user", "Nora")
    ids = verb("import", "-", *at, data=lines(create("patients", given_name="Mona")))
    with subprocess.Popen(
        [*COMMAND, "import", "-", *map(str, at)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env=environment(), preexec_fn=functools.partial(os.umask, 0),
    ) as live:  # fmt: skip
        assert live.stdin is not None
        assert live.stdout is not None
        live.stdin.write(lines(create("patients", given_name="Salma")).encode())
        live.stdin.flush()
        assert live.stdout.readline()
        assert {"hikma.db-wal", "hikma.db-shm"} <= names(place)
        assert loose(place) == []
        live.stdin.close()
    verb("backup", *at)
    verb("backup", *at, "--to", out, "--unciphered")
    verb("report", *at, ids.strip(), "--output", out / "report.txt")
    verb("report", *at, ids.strip(), "--format", "html", "--output", out / "report.html")
    verb("support", *at, "--output", out / "support.txt", "--yes")
    verb("find", *at, "Mona")
    verb("diseases", *at, "find", "cholera")
    verb("restore", *at, "--yes")
    with running(place) as terminal:
        terminal.wait("F2 register")
        terminal.press(F2, "New patient")
        terminal.press("nadia", "nadia")
        terminal.settle()
        assert loose(place) == []
    assert loose(place, out) == []
    made = names(place)
    assert "hikma.db" in made
    assert any(name.startswith("backups/") for name in made)
    ours = [one for one in own_place.rglob("*") if "hikma" in str(one.relative_to(own_place))]
    assert [str(one) for one in ours if one.stat().st_mode & 0o077] == []


@pytest.mark.usefixtures("loose_umask")
def test_what_a_sync_makes_is_the_users_alone(tmp_path: Path) -> None:
    with joined(tmp_path / "clinic", patients=60) as (site, cloud):
        site.store.close()
        os.umask(0)
        cloud.fault("stall", method="GET", after=9000, seconds=1.5)
        secret = {"HIKMA_TUI_PASSWORD": PASSWORD}
        with subprocess.Popen(
            [*COMMAND, "sync", "--progress-json", "--keep-password", "--data-dir",
             str(site.directory)],
            stdout=subprocess.PIPE, env={**environment(), **secret},
        ) as process:  # fmt: skip
            assert process.stdout is not None
            for line in process.stdout:
                if b'"pull"' in line and list(site.directory.glob("sync/*")):
                    break
            assert list(site.directory.glob("sync/*"))  # the spool, half full
            assert loose(site.directory) == []
            process.stdout.read()
        assert process.returncode == 0
        assert loose(site.directory) == []
        assert {"hikma.log"} < names(site.directory)
        assert any("password" in name for name in names(site.directory))
