"""Saves that were acknowledged, kept beside the program's own record, and disks made to fail."""

from __future__ import annotations

import os
import select
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hikma_tui.store import Store
from tests.unit.program import COMMAND, create, environment, lines

SHIFTED = """
import time
_now, _ns = time.time, time.time_ns
time.time = lambda: _now() + {seconds}
time.time_ns = lambda: _ns() + {seconds} * 1_000_000_000
"""


class Importer:
    """``hikma-tui import -``, fed line by line; an id that it prints is an acknowledged save."""

    def __init__(self, directory: Path, around: dict[str, str] | None = None) -> None:
        self.saved: list[tuple[str, str]] = []  # id, name
        self._process = subprocess.Popen(
            [*COMMAND, "import", "-", "--data-dir", str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**environment(), **(around or {})},
            text=True,
            bufsize=1,
        )

    def save(self, name: str, **more: str) -> bool:
        """Save a patient; whether the program acknowledged it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(lines(create("patients", given_name=name, **more)))
            self._process.stdin.flush()
        except BrokenPipeError:
            return False
        ready, _, _ = select.select([self._process.stdout], [], [], 30)
        assert ready, "neither an id nor an end"
        answer = self._process.stdout.readline().strip()
        if answer:
            self.saved.append((answer, name))
        return bool(answer)

    def kill(self) -> None:
        """Take its power."""
        self._process.send_signal(signal.SIGKILL)
        self._process.communicate()

    def end(self) -> tuple[int, str]:
        """Close its input and wait; the exit code and what it complained of."""
        _said, complained = self._process.communicate(timeout=30)
        assert "Traceback" not in complained, complained
        return self._process.returncode, complained


def stored(directory: Path) -> dict[str, str]:
    """The live patients by id, from the file itself, which is sound."""
    rows = sqlite3.connect(directory / "hikma.db")
    try:
        assert rows.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        return dict(rows.execute("SELECT id, given_name FROM live_patients"))
    finally:
        rows.close()


def sound(directory: Path) -> None:
    """Nothing is wrong with the file, its foreign keys, the search and the audit trail."""
    done = subprocess.run(
        [*COMMAND, "check", "--data-dir", str(directory)],
        capture_output=True, text=True, env=environment(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    store = Store.open(directory)
    try:
        assert store.check() == []
    finally:
        store.close()


@contextmanager
def small_disk(at: Path, size: str) -> Iterator[Path]:
    """A disk of a few megabytes at ``at``; skipped where this user may not make one."""
    at.mkdir(parents=True)
    mount = shutil.which("mount")
    if sys.platform != "linux" or mount is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    done = subprocess.run(
        [mount, "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(at)], check=False,
        capture_output=True,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("no small disk can be mounted here")
    try:
        yield at
    finally:
        for _n in range(20):
            if not subprocess.run(["umount", str(at)], check=False, capture_output=True).returncode:
                break
            time.sleep(0.1)


def clock_moved(folder: Path, days: int) -> dict[str, str]:
    """The environment of a process whose clock is ``days`` ahead (or behind)."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SHIFTED.format(seconds=days * 86_400))
    path = os.pathsep.join([str(folder), environment()["PYTHONPATH"]])
    return {**environment(), "PYTHONPATH": path}
