"""Damaged records lead to a plain question on the terminal; a clean end leads to a copy."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hikma_tui.clinic import patients
from hikma_tui.store.backups import copies, look_into
from tests.terminal.terminal import CTRL_Q, ENTER, clinic, running


def place_with_copy(directory: Path) -> Path:
    store, actor = clinic(directory)
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    store.backup()
    store.close()
    return directory


def test_the_newest_good_copy_is_put_back_at_the_start(tmp_path: Path) -> None:
    place = place_with_copy(tmp_path / "store")
    damaged = b"SQLite format 3\x00" + os.urandom(200_000)
    (place / "hikma.db").write_bytes(damaged)
    with running(place) as terminal:
        terminal.wait("1  Put back the newest good copy", "1 patient", "3  Leave", seconds=20)
        terminal.press("1" + ENTER, "Done: 1 patient.", "is kept", "Enter goes on")
        terminal.send(ENTER)
        terminal.wait("Al-Salam", seconds=20)
        terminal.press("Mon", "Mona")
        terminal.send(CTRL_Q)
        assert terminal.code(20) == 0
    [kept] = place.glob("backups/damaged-*/hikma.db")
    assert kept.read_bytes() == damaged


def test_leaving_changes_nothing(tmp_path: Path) -> None:
    place = place_with_copy(tmp_path / "store")
    (place / "hikma.db").write_bytes(b"SQLite format 3\x00" + b"x" * 200_000)
    before = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    with running(place) as terminal:
        terminal.wait("1, 2 or 3", seconds=20)
        terminal.press("2" + ENTER, lambda text: text.count("1, 2 or 3") == 2)
        terminal.send("3" + ENTER)
        assert terminal.code(20) in (65, 74)
    after = {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}
    assert after == before


def test_the_end_of_the_program_makes_the_days_copy(tmp_path: Path) -> None:
    store, actor = clinic(tmp_path / "store")
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    store.close()
    with running(tmp_path / "store", HIKMA_TUI_AUTOMATIC_COPIES="1") as terminal:
        terminal.wait("Al-Salam", seconds=20)
        terminal.send(CTRL_Q)
        assert terminal.code(20) == 0
    until = time.monotonic() + 30
    folder = tmp_path / "store" / "backups"
    while not copies(folder) and time.monotonic() < until:
        time.sleep(0.1)
    [copy] = copies(folder)
    assert copy.kind == "automatic"
    assert look_into(copy.path).patients == 1
