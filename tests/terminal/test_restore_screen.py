"""A copy is put back from the screen: it ends, the terminal says what is lost, it begins anew."""

from __future__ import annotations

from pathlib import Path

from hikma_tui.clinic import patients
from tests.terminal.terminal import CTRL_Q, ENTER, F10, clinic, running

CTRL_P = "\x10"


def test_a_copy_is_put_back_from_the_screen(tmp_path: Path) -> None:
    place = tmp_path / "store"
    store, actor = clinic(place)
    store.write(patients.register, actor, {"given_name": "Mona"}).result()
    store.backup()
    store.write(patients.register, actor, {"given_name": "Lost"}).result()
    store.close()
    with running(place) as terminal:
        terminal.wait("Al-Salam", seconds=9)
        terminal.send(CTRL_P)
        terminal.wait("Name of a command", seconds=9)
        terminal.press("copies", "make, check, put back")
        terminal.send(ENTER)
        terminal.wait("on this computer", "1 patient", seconds=9)
        terminal.send(ENTER)
        terminal.wait("put it back", seconds=9)
        terminal.send("2")
        terminal.wait("Put it back?", seconds=9)
        terminal.send(F10)
        terminal.wait("LOST, since they were entered later: patients 1", "Type YES", seconds=12)
        terminal.send("YES" + ENTER)
        terminal.wait("Done: 1 patient.", "is kept", "Enter goes on", seconds=12)
        terminal.send(ENTER)
        terminal.wait("1 patient", lambda text: "Done" not in text, seconds=12)
        terminal.send(CTRL_Q)
        assert terminal.code(30) == 0
