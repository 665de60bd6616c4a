"""Writers of one store take turns, fairly, and go on without a turn when there is none."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hikma_tui.clinic import info
from hikma_tui.store import Store
from hikma_tui.store import turn as store_turn
from hikma_tui.store.errors import Locked
from hikma_tui.store.turn import FILES, others_wait, turn


def test_one_at_a_time_and_one_who_waits_is_next(tmp_path: Path) -> None:
    """A sync that takes turn after turn lets a save in between each two."""
    order: list[str] = []
    with turn(tmp_path) as held:
        assert held
        assert not others_wait(tmp_path)

        def save() -> None:
            with turn(tmp_path) as mine:
                assert mine
                order.append("save")

        thread = threading.Thread(target=save)
        thread.start()
        until = time.monotonic() + 2
        while not others_wait(tmp_path) and time.monotonic() < until:
            time.sleep(0.001)
        assert others_wait(tmp_path)
        order.append("sync")
    with turn(tmp_path):
        order.append("sync again")
    thread.join()
    assert order == ["sync", "save", "sync again"]


def test_a_writer_that_was_stopped_keeps_nobody_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_turn, "PATIENCE", 0.1)
    with turn(tmp_path), turn(tmp_path) as second:
        assert not second


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from hikma_tui.store.turn import turn\n"
        f"with turn(Path({str(tmp_path)!r})): print('held', flush=True); time.sleep(60)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
    finally:
        child.kill()
        child.communicate()
    began = time.monotonic()
    with turn(tmp_path) as held:
        assert held
    assert time.monotonic() - began < 1


def test_where_no_lock_can_be_had_it_goes_on(tmp_path: Path) -> None:
    with turn(tmp_path / "no such folder") as held:
        assert not held
    (tmp_path / FILES[0]).mkdir()
    with turn(tmp_path) as held:
        assert not held


def test_saves_work_while_the_turn_is_held_and_a_locked_file_is_still_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_turn, "PATIENCE", 0.1)
    store = Store.create(tmp_path / "s")
    try:
        with turn(store.directory):  # by somebody who hangs: a courtesy, no condition
            store.write(info.put, "x", 1).result()
        from sqlite3 import connect

        other = connect(store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        from hikma_tui.models import connection

        store.on_writer(lambda: connection().execute("PRAGMA busy_timeout = 100")).result()
        with pytest.raises(Locked):
            store.write(info.put, "x", 2).result()
        other.execute("ROLLBACK")
        other.close()
        store.write(info.put, "x", 3).result()
        assert store.read(info.number, "x").result() == 3
    finally:
        store.close()
