"""The whole way of a first day on a real terminal, and how the program ends."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hikma_tui.clinic import patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.store import Store
from tests.terminal.terminal import (
    CTRL_Q,
    ENTER,
    ESC,
    F2,
    F10,
    ROOT,
    Terminal,
    clinic,
    restored,
    running,
)

AT_WORK = ("Find:", "F2 register")


def hikma(*words: str | Path) -> str:
    """What the command line prints."""
    done = subprocess.run(
        [sys.executable, "-P", "-m", "hikma_tui", *map(str, words)],
        capture_output=True, check=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return done.stdout


def one_patient(directory: Path) -> Path:
    store, actor = clinic(directory)
    register(store, actor, "Amal", "Khalil")
    store.close()
    return directory


def register(store: Store, actor: Actor, given: str, surname: str) -> str:
    row = {
        "given_name": given, "surname": surname, "sex": "female",
        "primary_clinic_id": actor.clinic_id,
    }  # fmt: skip
    return store.write(patients.register, actor, row).result()


def open_patient(terminal: Terminal) -> None:
    terminal.wait(*AT_WORK)
    terminal.press("amal", "Find: amal", "Amal Khalil")
    terminal.press(ENTER, "KHALIL, Amal", "1 visit")


def begin_consultation(terminal: Terminal) -> None:
    """From the first screen into the consultation's first field, by its number."""
    open_patient(terminal)
    terminal.press("1", "Consultation", "F4")
    terminal.settle(0.1)
    number = terminal.line("Consultation").replace(">", " ").split()[0]
    terminal.press(number, "Chief complaint", "F10 save")
    terminal.settle(0.1)


def test_an_empty_machine_a_patient_a_visit_and_away(tmp_path: Path) -> None:
    directory = tmp_path / "clinic"
    with running(directory) as terminal:
        terminal.wait("Name of the clinic:", "F10 begin")
        terminal.send(f"Al-Salam{ENTER}Nora{ENTER}{ENTER}")  # typed ahead, in one piece
        terminal.wait("A PIN for Nora", "F10 keep")
        terminal.press(ESC, *AT_WORK, "Al-Salam", "Nora", "No PIN: whoever has this computer")
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700
        assert stat.S_IMODE((directory / "hikma.db").stat().st_mode) == 0o600

        terminal.press(F2, "First Name", "F10 save")
        terminal.settle(0.1)
        terminal.press(f"Amal{ENTER}Khalil{ENTER}", "Amal", "Khalil")
        terminal.press(F10, '"Sex" needs an answer')  # required: named, and nothing is lost
        terminal.press(f"2{ENTER}", "Khalil")
        terminal.press(F10, "KHALIL, Amal", "1 visit")
        terminal.press(ESC, *AT_WORK)

        begin_consultation(terminal)
        terminal.press(f"headache for three days{ENTER}", "headache for three days")
        terminal.press(F10, "Saved:")
        terminal.press(ESC, "5 edit", "headache")
        terminal.press(ESC, *AT_WORK)
        terminal.settle(0.2)
        terminal.send(CTRL_Q)
        assert terminal.code() == 0
        assert restored(bytes(terminal.bytes)) == []
        assert b"\x1b[?1049h" in terminal.bytes
    assert "Amal Khalil" in hikma("find", "khal", "--data-dir", directory)
    events = hikma("export", "--table", "events", "--data-dir", directory).splitlines()
    assert len(events) == 1
    assert "headache for three days" in events[0]


def test_a_power_cut_while_typing_offers_the_draft(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory) as terminal:
        begin_consultation(terminal)
        terminal.press("cough since mon", "cough since mon")
        terminal.settle()  # what was kept while nothing more came is the newest
        terminal.signal(signal.SIGKILL)
        assert terminal.code() == -signal.SIGKILL
    with running(directory) as terminal:
        terminal.wait(*AT_WORK, "1 draft", "Amal Khalil")
        terminal.press(ENTER, "cough since mon", "Chief complaint")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=["TERM", "HUP"])
def test_an_end_from_outside_keeps_the_draft(tmp_path: Path, number: signal.Signals) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory) as terminal:
        begin_consultation(terminal)
        terminal.press("cough since mon", "cough since mon")
        terminal.signal(number)
        assert terminal.code() == 128 + number
        assert restored(bytes(terminal.bytes)) == []
    assert "cough since mon" in kept_draft(directory)


def test_a_closed_window_ends_the_program_and_keeps_the_draft(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory) as terminal:
        begin_consultation(terminal)
        terminal.press("cough since mon", "cough since mon")
        terminal.hang_up()
        terminal.over()
    assert "cough since mon" in kept_draft(directory)


def kept_draft(directory: Path) -> str:
    connection = sqlite3.connect(directory / "hikma.db")
    try:
        return " ".join(str(row) for row in connection.execute("SELECT * FROM drafts"))
    finally:
        connection.close()


def test_two_windows_on_one_clinic(tmp_path: Path) -> None:
    directory = one_patient(tmp_path / "clinic")
    with running(directory) as first, running(directory) as second:
        second.wait(*AT_WORK)
        second.press("nadia", "0 of 1 patient")
        first.wait(*AT_WORK)
        first.press(F2, "First Name", "F10 save")
        first.settle(0.1)
        first.press(f"Nadia{ENTER}Haddad{ENTER}", "Haddad")
        first.press(F10, '"Sex" needs an answer')
        first.press(f"2{ENTER}", "Haddad")
        first.press(F10, "HADDAD, Nadia")
        second.press(" h", "1 of 2 patients", "Nadia Haddad")


def test_export_tells_what_was_typed(tmp_path: Path) -> None:
    """The helper above really reads rows: a wrong directory has none."""
    directory = one_patient(tmp_path / "clinic")
    rows = [json.loads(x) for x in hikma("export", "--data-dir", directory).splitlines()]
    assert [r["row"]["given_name"] for r in rows if r["table"] == "patients"] == ["Amal"]
