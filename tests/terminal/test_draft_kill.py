"""A power cut while somebody types: the draft is there again, in its place."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from hikma_tui.clinic import patients
from tests.terminal.terminal import ENTER, F2, F10, TAB, clinic, running


def test_a_killed_program_has_kept_what_was_typed(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    store, _actor = clinic(directory)
    store.close()
    with running(directory) as terminal:
        terminal.wait("F2 register")
        terminal.send("nadia")
        terminal.press(F2, "New patient", "Nadia")
        terminal.send(TAB + "Khoury" + TAB + "31/13")
        terminal.wait("Khoury", "31/13")
        terminal.settle(0.5)  # one save behind the keyboard
        terminal.signal(signal.SIGKILL)
        assert terminal.code() == -signal.SIGKILL
    with running(directory) as terminal:
        terminal.wait("draft")
        terminal.press(ENTER, "What you had typed is back.", "Nadia", "Khoury", "31/13")
        terminal.press(TAB + TAB, ">!Date of Birth")
        terminal.press("\x15", lambda text: "31/13" not in text)
        terminal.send("34" + TAB + "2")
        terminal.wait("34 y", "(x)female")
        terminal.press(F10, "Saved: new patient. KHOURY, Nadia  F  34 y")
        terminal.signal(signal.SIGKILL)
        terminal.code()
    with running(directory) as terminal:
        terminal.wait("F2 register")
        terminal.settle()
        assert "draft" not in terminal.text
        terminal.press("khoury", "Nadia Khoury", "1 patient")


def test_a_killed_visit_goes_on_in_its_form(tmp_path: Path) -> None:
    directory = tmp_path / "store"
    store, actor = clinic(directory)
    row = {"given_name": "Nadia", "surname": "Khoury", "sex": "female"}
    store.write(patients.register, actor, row).result()
    store.close()
    with running(directory) as terminal:
        terminal.wait("F2 register")
        terminal.press("khoury", "Nadia Khoury")
        terminal.press(ENTER, "KHOURY, Nadia")
        terminal.press("1", "1  Consultation")
        terminal.press("1", "Chief complaint")
        terminal.press("headache", "headache")
        terminal.settle(0.5)
        terminal.signal(signal.SIGKILL)
        terminal.code()
    with running(directory) as terminal:
        terminal.wait("draft", "Khoury")
        terminal.press(ENTER, "What you had typed is back.", "headache", "KHOURY, Nadia")
        terminal.press(F10, "Saved: Consultation. KHOURY, Nadia  F")


pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")
