"""A power cut while a line is typed: the line is there again; what is typed fast is not lost."""

from __future__ import annotations

import signal
from pathlib import Path

from hikma_tui.clinic import patients
from hikma_tui.clinic import vitals as clinic_vitals
from hikma_tui.store import Store
from tests.terminal.terminal import ENTER, F10, clinic, running


def test_a_killed_line_is_back_and_is_saved_once(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    store, actor = clinic(directory)
    row = {"given_name": "Nadia", "surname": "Khoury", "sex": "female"}
    patient = store.write(patients.register, actor, row).result()
    store.close()
    with running(directory) as terminal:
        terminal.wait("F2 register")
        terminal.press("khoury", "Nadia Khoury")
        terminal.press(ENTER, "KHOURY, Nadia")
        terminal.press("1", "Quick:")
        terminal.send("bp 150/95 sit hr 80 t 37.8 xyz")  # in one burst
        terminal.wait("150/95 mmHg", "37.8", "not understood: xyz")
        terminal.settle(0.5)  # one save behind the keyboard
        terminal.signal(signal.SIGKILL)
        terminal.code()
    with running(directory) as terminal:
        terminal.wait("one-line entry")
        terminal.press(ENTER, "What you had typed is back.", "not understood: xyz")
        terminal.press(ENTER, "37.8 °C")
        terminal.press("1", "Leave it out")
        terminal.press("4", "F10 saves")
        terminal.press(F10, "Saved: vital signs. KHOURY, Nadia")
        terminal.signal(signal.SIGKILL)
        terminal.code()
    store = Store.open(directory)
    (entry,) = store.read(clinic_vitals.history, actor, patient).result()
    assert entry.row["systolic_bp"] == 150
    assert str(entry.row["temperature_celsius"]) == "37.8"
    store.close()
