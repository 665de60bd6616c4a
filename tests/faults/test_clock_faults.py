"""Clocks that are years off, both ways: rows stay in order, copies stay, nothing is refused."""

from __future__ import annotations

import sqlite3
import subprocess
from pathlib import Path

import pytest

from hikma_tui.store.backups import copies, look_into
from tests.faults.driver import Importer, clock_moved, sound, stored
from tests.unit.program import COMMAND, new_clinic

YEARS = [-12 * 365, 12 * 365]


def backup(directory: Path, around: dict[str, str]) -> None:
    done = subprocess.run(
        [*COMMAND, "backup", "--automatic", "--data-dir", str(directory)],
        env=around, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("days", YEARS)
def test_saves_under_a_wrong_clock_and_after_it(tmp_path: Path, days: int) -> None:
    place = new_clinic(tmp_path / "clinic")
    moved = clock_moved(tmp_path / "clock", days)
    saved: dict[str, str] = {}
    for turn, around in enumerate([None, moved, None]):
        importer = Importer(place, around)
        assert importer.save(f"Turn{turn}")
        code, complained = importer.end()
        assert code == 0, complained
        if turn == 1:
            assert "clock" in complained
        saved |= dict(importer.saved)
    assert saved == stored(place)
    rows = sqlite3.connect(place / "hikma.db")
    stamps = [row[0] for row in rows.execute("SELECT created_at FROM patients ORDER BY pk")]
    rows.close()
    assert stamps == sorted(stamps)  # time never runs backwards in the records
    sound(place)


@pytest.mark.parametrize("days", YEARS)
def test_copies_under_a_wrong_clock(tmp_path: Path, days: int) -> None:
    """Each turn saved something, so each turn's copy is made; none of another day is deleted.

    Under a clock that is behind, the program believes its newest record: its copy is of that day.
    After one that was ahead, all is of the day that it said. One copy of a day stays, the last.
    """
    place = new_clinic(tmp_path / "clinic")
    moved = clock_moved(tmp_path / "clock", days)
    later = clock_moved(tmp_path / "later", 2)
    for turn, around in enumerate([None, moved, later]):
        importer = Importer(place, around)
        assert importer.save(f"Turn{turn}")
        importer.end()
        backup(place, around or clock_moved(tmp_path / "none", 0))
    held = sorted(look_into(copy.path).patients for copy in copies(place / "backups"))
    assert held == ([2, 3] if days < 0 else [1, 3])  # of each day the one with most in it
