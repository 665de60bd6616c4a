"""With --low-bandwidth the terminal shows the very same, for a fraction of the bytes; and without
it a screen that opens is painted once."""

from __future__ import annotations

import shutil
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import patients
from tests.terminal.terminal import (
    DOWN,
    ENTER,
    ESC,
    F1,
    F2,
    F3,
    PATIENCE,
    ROOT,
    TAB,
    Terminal,
    clinic,
    running,
)

KEYS = {
    "a letter": "m", "another": "o", "down": DOWN, "help": F1, "back": ESC, "filter": F3,
    "back again": ESC, "a patient": ENTER, "a visit": "1", "to the patient": ESC,
    "to the search": ESC, "register": F2, "a name": "a", "next field": TAB, "more of it": "b",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A clinic with a screen full of people, in two scripts."""
    store, actor = clinic(tmp_path / "store")
    for number in range(20):
        row = {"given_name": f"Mohammed {number}", "surname": "حسن", "sex": "male",
               "date_of_birth": "1992-03-11", "camp": "B"}  # fmt: skip
        store.write(patients.register, actor, row).result()
    store.close()
    return tmp_path / "store"


def cells(terminal: Terminal) -> list[Any]:
    """Every cell of the screen; the colour of a letter counts only where there is one."""
    found = []
    for row in range(24):
        for column in range(80):
            c = terminal.cell(row, column)
            plain = c.data == " " and not (c.reverse or c.underscore)
            found.append((c.data, c.bg, *(() if plain else (c.fg, c.bold, c.reverse))))
    return found


def alike(one: Terminal, other: Terminal) -> None:
    """Wait until both show the same; whichever is slower may take its time."""
    end = time.monotonic() + 2 * PATIENCE
    while True:
        one.settle()
        other.settle()
        if cells(one) == cells(other):
            return
        assert time.monotonic() < end, f"{one.text}\n--- with --low-bandwidth ---\n{other.text}"


def await_bytes(terminal: Terminal, before: int) -> None:
    """Wait until the key has had an effect."""
    terminal.wait(lambda _text: len(terminal.bytes) > before)


def test_the_same_is_shown_for_fewer_bytes(place: Path) -> None:
    copy = Path(shutil.copytree(place, place.with_name("other")))
    many, few = {}, {}
    with running(place) as whole, running(copy, "--low-bandwidth") as thin:
        for terminal in (whole, thin):
            terminal.wait("20 patients", seconds=20)
        alike(whole, thin)
        for name, keys in KEYS.items():
            before = len(whole.bytes), len(thin.bytes)
            whole.send(keys)
            thin.send(keys)
            await_bytes(whole, before[0])
            await_bytes(thin, before[1])
            alike(whole, thin)
            many[name], few[name] = len(whole.bytes) - before[0], len(thin.bytes) - before[1]
    assert sum(few.values()) < sum(many.values()) / 3
    every = tomllib.loads((ROOT / "benchmarks" / "limits.toml").read_text())
    whole_limits, limits = every["bytes_as_ever"], every["bytes"]
    assert max(many["a letter"], many["another"]) <= whole_limits["letter_and_list"]
    assert max(many["help"], many["filter"]) <= whole_limits["dialog"], "painted more than once?"
    assert max(few["a letter"], few["another"]) <= limits["letter_and_list"]
    assert max(few["help"], few["filter"]) <= limits["dialog"]
    assert few["next field"] <= limits["next_field"]
    assert max(few["a name"], few["more of it"]) <= limits["letter_in_a_field"]


def test_another_size_is_drawn_anew(place: Path) -> None:
    with running(place, "--low-bandwidth") as terminal:
        terminal.wait("20 patients", seconds=20)
        terminal.press("mo", "Mohammed 19")
        terminal.resize(60, 24)
        terminal.settle()
        assert terminal.text.count("1992-03-11") == 19
        terminal.resize(80, 24)
        terminal.settle()
        assert len(terminal.lines) == 24
        assert terminal.text.count("Mohammed 19") == 1
        assert terminal.text.count("1992-03-11") == 19
