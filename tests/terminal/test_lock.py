"""The lock in the real program on a real terminal: at the start, at Ctrl+L, after idle time."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import info, patients, pins
from hikma_tui.secrets_kdf import Work, hashed
from tests.terminal.terminal import ENTER, clinic, running


@pytest.mark.parametrize("seconds", [300, 3])
def test_nothing_of_a_patient_is_shown_under_the_lock(tmp_path: Path, seconds: int) -> None:
    store, actor = clinic(tmp_path / "clinic")
    store.write(patients.register, actor, {"given_name": "Zeinabu"}).result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", Work(1 << 10, 1))).result()
    store.write(info.put, pins.LOCK_MINUTES, str(seconds / 60)).result()
    store.close()
    with running(tmp_path / "clinic") as terminal:
        terminal.wait("Locked. Nora", "PIN:")
        assert "Zeinabu" not in terminal.text.title()
        terminal.press(f"9999{ENTER}", "not right")
        terminal.press(f"1234{ENTER}", "Find:")
        terminal.press("zei", "Zeinabu")
        if seconds > 100:
            terminal.send("\x0c")  # Ctrl+L
        terminal.wait("Locked. Nora")
        assert "Zeinabu" not in terminal.text.title()
        terminal.press(f"1234{ENTER}", "Zeinabu")
