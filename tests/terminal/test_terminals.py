"""The Linux console, terminals without colours, slow lines, other sizes and keyboards."""

from __future__ import annotations

import re
import statistics
from pathlib import Path

import pytest

from hikma_tui import demo
from tests.terminal.terminal import CTRL_Q, ENTER, ESC, F2, F10, SHIFT_TAB, Terminal, running

CONSOLE_F1, CONSOLE_F2, CONSOLE_F3 = "\x1b[[A", "\x1b[[B", "\x1b[[C"

# What the fonts Lat15 and Uni2 of Debian's console lack (style.md C5).
MISSING = set("▊▎▔▁▂▃▅▆▇▏▉▐▌▄▀▓✓◉○⭘") | {chr(code) for code in range(0x2800, 0x2900)}
IN_LATIN_FONT = set("─│┌┐└┘├┤╭╮╰╯━═║█░▒●•▲▼◀▶←→…—·")
SGR = re.compile(rb"\x1b\[([0-9;:]*)m")


@pytest.fixture(scope="module")
def clinic(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some hundred people; the tests here change nothing but drafts."""
    directory = tmp_path_factory.mktemp("terminals") / "clinic"
    demo.make(directory, patients=300, seed=7).close()
    return directory


def at_work(terminal: Terminal) -> None:
    terminal.wait("Find:", "F2 register", "300 patients")
    terminal.settle(0.2)


def some_patient(terminal: Terminal, name: str = "mohamed") -> None:
    terminal.press(name, f"Find: {name}", "of 300")
    terminal.press(ENTER, "5 edit", "9 more")
    terminal.settle(0.2)


def some_form(terminal: Terminal) -> None:
    some_patient(terminal)
    terminal.press("1", "F4", "1  ")
    terminal.press("1", "F10 save", "1 of")
    terminal.settle(0.2)


def colours(sent: bytes) -> set[str]:
    """The colours asked for: codes of sixteen, or ``more`` for those of 256 and of all."""
    found = set()
    for match in SGR.finditer(sent):
        codes = [code for code in re.split(rb"[;:]", match[1]) if code]
        if any(code in (b"38", b"48") for code in codes):
            found.add("more")
        found |= {c.decode() for c in codes if 30 <= int(c) <= 49 or 90 <= int(c) <= 107}
    return found - {"39", "49"}


def test_the_linux_console(clinic: Path) -> None:
    with running(clinic, TERM="linux") as terminal:
        at_work(terminal)
        glyphs = terminal.shown
        for key, wanted in ((CONSOLE_F1, "Keys"), (CONSOLE_F3, "Show only:")):
            terminal.press(key, wanted)
            glyphs |= terminal.shown
            terminal.press(ESC, "Find:", "F2 register")
            terminal.settle(0.2)
        terminal.press(CONSOLE_F2, "New patient", "First Name")
        terminal.settle(0.2)
        terminal.press(f"Zainab{ENTER}", " 2 of ")
        terminal.press(SHIFT_TAB, " 1 of ")
        glyphs |= terminal.shown
        terminal.press(ESC, "Find:")
        some_form(terminal)
        glyphs |= terminal.shown
        terminal.press("\x10", "Name of a command")
        glyphs |= terminal.shown
        sent = bytes(terminal.bytes)
    assert not glyphs & MISSING
    assert not {g for g in glyphs if 0x2190 <= ord(g) < 0x2C00} - IN_LATIN_FONT
    assert "more" not in colours(sent)
    assert b"\x1b[>" not in sent  # the keyboard protocol that no console knows


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "vt100")])
def test_without_colours(
    clinic: Path, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with running(clinic) as terminal:
        at_work(terminal)
        some_form(terminal)
        terminal.press(ESC, "F4")
        sent = bytes(terminal.bytes)
    assert colours(sent) == set()
    assert b"\x1b[7m" in sent or re.search(rb"\x1b\[[0-9;]*\b7\b[0-9;]*m", sent)  # a cursor is seen


def test_nothing_is_sent_while_nobody_types(clinic: Path) -> None:
    with running(clinic) as terminal:
        for go in (at_work, some_patient):
            go(terminal)
            terminal.settle(0.5)
            assert not terminal.read(2.0), bytes(terminal.bytes[-200:])
        terminal.press("1", "F4", "1  ")
        terminal.press("1", "F10 save", "1 of")
        terminal.settle(0.5)
        assert not terminal.read(2.0), bytes(terminal.bytes[-200:])


def test_a_key_of_a_search_costs_little_on_a_slow_line(clinic: Path) -> None:
    costs = []
    with running(clinic) as terminal:
        at_work(terminal)
        for text in ("mohammed", "maria garcia"):
            for end in range(1, len(text) + 1):
                before = len(terminal.bytes)
                terminal.press(text[end - 1], f"Find: {text[:end]}".rstrip())
                terminal.settle(0.1)
                costs.append(len(terminal.bytes) - before)
            terminal.press(ESC, "300 patients", lambda shown: "Find: m" not in shown)
            terminal.settle(0.1)
    assert statistics.median(costs) < 5000, sorted(costs)


@pytest.mark.parametrize(("columns", "rows"), [(120, 40), (60, 15)])
def test_the_window_changes_its_size(clinic: Path, columns: int, rows: int) -> None:
    with running(clinic) as terminal:
        at_work(terminal)
        for go in (lambda _: None, some_patient):
            go(terminal)
            terminal.resize(columns, rows)
            assert terminal.read(5.0)
            terminal.settle(0.2)
            assert any(terminal.lines[-3:]), terminal.text  # the keys stand at the new end
            terminal.resize(80, 24)
            terminal.settle(0.2)
        terminal.press(ESC, "Find:")
        terminal.settle(0.2)
        terminal.send(CTRL_Q)
        assert terminal.code() == 0


def test_an_arabic_keyboard(clinic: Path) -> None:
    """The digits of the keyboard act, the program speaks Arabic if it can, and names are found."""
    with running(clinic, HIKMA_TUI_LANGUAGE="ar") as terminal:
        terminal.wait("F2", "300")
        terminal.settle(0.2)
        terminal.press("محمد", "محمد")
        terminal.settle(0.3)
        terminal.press(ENTER, "9 ")
        terminal.settle(0.2)
        terminal.press("١", "F4")
        terminal.settle(0.2)
        terminal.press("١", "F10")
        terminal.settle(0.2)
        assert "F8" in terminal.text


def test_what_is_typed_ahead_on_a_patient_is_all_searched_for(clinic: Path) -> None:
    with running(clinic) as terminal:
        at_work(terminal)
        some_patient(terminal)
        terminal.press("hussein 12", "Find: hussein 12")


def test_saving_needs_no_colour_and_no_mouse_over_ssh(clinic: Path) -> None:
    with running(clinic, SSH_CONNECTION="10.0.0.1 1 10.0.0.2 22") as terminal:
        at_work(terminal)
        assert b"\x1b[?1003h" not in terminal.bytes
        terminal.press(F2, "First Name")
        terminal.settle(0.2)
        terminal.press(F10, "NOT SAVED")


def test_the_language_that_is_said_goes_before_the_setting(clinic: Path) -> None:
    with running(clinic, "--language", "es") as terminal:
        terminal.wait("F2 registrar")
