"""What is left of a patient when the lock falls: nothing, on the screen or behind it."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import info, patients, pins
from hikma_tui.secrets_kdf import Work, hashed
from tests.terminal.terminal import CTRL_Q, ENTER, F10, Terminal, clinic, running

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")

NAME = "zeinabu"
CTRL_L = "\x0c"


@pytest.fixture(params=[5])
def terminal(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A patient's file is open; the screen locks after so many idle seconds."""
    store, actor = clinic(tmp_path / "clinic")
    row = {"given_name": "Zeinabu", "surname": "Khoury"}
    store.write(patients.register, actor, row).result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", Work(1 << 10, 1))).result()
    store.write(info.put, pins.LOCK_MINUTES, str(request.param / 60)).result()
    store.close()
    with running(tmp_path / "clinic") as made:
        made.wait("PIN:", seconds=20)
        made.press(f"1234{ENTER}", "Find:")
        made.press("zei", "Zeinabu")
        made.press(ENTER, "KHOURY, Zeinabu")
        yield made


def titles(sent: bytes) -> str:
    """Every window title that was set."""
    found = re.findall(rb"\x1b\][0-2];([^\x07\x1b]*)", sent)
    return b"\n".join(found).decode().casefold()


@pytest.mark.parametrize("terminal", [300], indirect=True)
def test_a_dialog_and_what_was_said_are_covered_and_there_is_no_scrollback(
    terminal: Terminal,
) -> None:
    terminal.press("9", "More:")
    terminal.press("9", "Delete this patient?", "KHOURY")  # whom it is about stands in it
    terminal.send(CTRL_L)
    terminal.wait("Locked. Nora", lambda text: NAME not in text.casefold())
    terminal.settle()
    assert NAME not in terminal.text.casefold()
    assert "khoury" not in terminal.text.casefold()
    assert NAME not in titles(bytes(terminal.bytes))
    # The other screen, which has no scrollback, was there before any name and was not left.
    sent = bytes(terminal.bytes)
    assert 0 <= sent.find(b"\x1b[?1049h") < sent.lower().find(NAME.encode())
    assert b"\x1b[?1049l" not in sent
    terminal.press(f"1234{ENTER}", "Delete this patient?", "KHOURY")
    terminal.send("\x1b" + CTRL_Q)


def test_a_computer_that_slept_locks_when_it_wakes(terminal: Terminal) -> None:
    """A stopped process is what a suspended computer is to its clocks: its timers stand still."""
    terminal.signal(signal.SIGSTOP)
    time.sleep(5.5)
    terminal.signal(signal.SIGCONT)
    terminal.wait("Locked. Nora", lambda text: NAME not in text.casefold(), seconds=10)


def test_a_key_after_the_idle_time_shows_and_does_nothing(terminal: Terminal) -> None:
    terminal.signal(signal.SIGSTOP)
    time.sleep(5.5)
    terminal.send("9" + F10)
    terminal.signal(signal.SIGCONT)
    terminal.wait("Locked. Nora", lambda text: NAME not in text.casefold(), seconds=10)
    terminal.settle()
    assert "Delete" not in terminal.text
    terminal.send(f"\x151234{ENTER}")  # the lock may have been there before the digit
    terminal.wait("KHOURY, Zeinabu", lambda text: "More:" not in text)
