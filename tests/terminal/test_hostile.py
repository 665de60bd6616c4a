"""Records that try to talk to the terminal: stored as typed, never sent."""

from __future__ import annotations

import json
from pathlib import Path

from hikma_tui.clinic import patients
from tests.terminal.terminal import ENTER, ESC, F1, clinic, running
from tests.terminal.test_first_day import hikma

NAMES = {
    "Escape": "Zed\x1b[2J\x1b]0;owned\x07",
    "Clipboard": "Zed\x1b]52;c;cm0gLXJm\x07",
    "Markup": "Zed [/x] [bold]b[/] [@click=app.leave()]go[/]",
    "Override": "Zed\u202egnp.exe",
    "Newline": "Zed\nsecond\r\nthird\tend",
    "Eight": "Zed\x9b31mred\x90q\x9c",
}


def test_names_that_give_orders_are_only_names(tmp_path: Path) -> None:
    directory = tmp_path / "clinic"
    store, actor = clinic(directory)
    for given, surname in NAMES.items():
        row = {"given_name": given, "surname": surname, "sex": "male", "camp": surname[:50]}
        row["primary_clinic_id"] = str(actor.clinic_id)
        store.write(patients.register, actor, row).result()
    store.close()
    with running(directory) as terminal:
        terminal.wait("F2 register", "6 patients")
        terminal.settle(0.12)
        terminal.press("zed", "Find: zed", "Markup Zed [/x] [bol")
        terminal.press(ESC, "nobody has been seen")
        for given in NAMES:
            terminal.settle(0.1)
            terminal.press(given.lower(), f"Find: {given.lower()}", f" {given} Zed")
            terminal.press(ENTER, "5 edit")
            terminal.settle(0.12)
            terminal.press("5", "First Name", "F10 save")
            terminal.settle(0.12)
            terminal.press(ESC, "9 more")
            terminal.settle(0.12)
            terminal.press(ESC, "F2 register")
            terminal.settle(0.12)
            terminal.press(ESC, "nobody has been seen")
        terminal.press(F1, "Ctrl+P")
        sent = (
            bytes(terminal.bytes).decode(errors="ignore").replace("\x1b]22;default\x07", "")
        )  # Textual's own
    for order in ("\x1b[2J", "\x1b]", "\x07", "\u202e", "\x9b", "\x90", "\x9c"):
        assert order not in sent, repr(order)
    rows = [
        json.loads(line)["row"]
        for line in hikma("export", "--table", "patients", "--data-dir", directory).splitlines()
    ]
    assert {row["given_name"]: row["surname"] for row in rows} == NAMES
