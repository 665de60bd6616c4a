"""What is left of a patient when the lock falls: nothing, on the screen or behind it."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hikma_tui.clinic import info, patients, pins
from hikma_tui.secrets_kdf import Work, hashed
from tests.terminal.terminal import CTRL_Q, ENTER, F10, Terminal, clinic, running

pytestmark = pytest.mark.filterwarnings("ignore:.*forkpty.*:DeprecationWarning")

NAME = "zeinabu"
CTRL_L = "\x0c"


@contextmanager
def at_a_patient(directory: Path, seconds: float) -> Iterator[Terminal]:
    """A patient's file is open; the screen locks after so many idle seconds."""
    store, actor = clinic(directory)
    row = {"given_name": "Zeinabu", "surname": "Khoury"}
    store.write(patients.register, actor, row).result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", Work(1 << 10, 1))).result()
    store.write(info.put, pins.LOCK_MINUTES, str(seconds / 60)).result()
    store.close()
    with running(directory) as made:
        made.wait("PIN:", seconds=20)
        made.press(f"1234{ENTER}", "Find:")
        made.press("zei", "Zeinabu")
        made.press(ENTER, "KHOURY, Zeinabu")
        yield made


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """One that does not lock by itself for five minutes."""
    with at_a_patient(tmp_path / "clinic", seconds=300) as made:
        yield made


def titles(sent: bytes) -> str:
    """Every window title that was set."""
    found = re.findall(rb"\x1b\][0-2];([^\x07\x1b]*)", sent)
    return b"\n".join(found).decode().casefold()


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


def test_a_computer_that_slept_locks_when_it_wakes_and_a_key_then_does_nothing(
    tmp_path: Path,
) -> None:
    """A stopped process is what a suspended computer is to its clocks: its timers stand still.
    Two of them sleep at the same time; on the second a key is pressed before it wakes.
    """
    with at_a_patient(tmp_path / "one", seconds=5) as one:
        one.signal(signal.SIGSTOP)
        with at_a_patient(tmp_path / "other", seconds=5) as other:
            other.signal(signal.SIGSTOP)
            time.sleep(5.5)
            wakes(one, other)


def wakes(one: Terminal, other: Terminal) -> None:
    one.signal(signal.SIGCONT)
    one.wait("Locked. Nora", lambda text: NAME not in text.casefold(), seconds=10)
    other.send("9" + F10)
    other.signal(signal.SIGCONT)
    other.wait("Locked. Nora", lambda text: NAME not in text.casefold(), seconds=10)
    other.settle()
    assert "Delete" not in other.text
    other.send(f"\x151234{ENTER}")  # the lock may have been there before the digit
    other.wait("KHOURY, Zeinabu", lambda text: "More:" not in text)
