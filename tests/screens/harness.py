"""What the tests of screens share: the screen as text, waiting without sleeping, golden files."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from textual.app import App
from textual.pilot import Pilot

GOLDEN = Path(__file__).with_name("golden")
CONSOLE_GLYPHS = frozenset("─│┌┐└┘├┤╭╮╰╯━═║█░▒●•▲▼◀▶←→…—")
"""Signs beyond Latin-1 that the Linux console's usual fonts have (style.md C5)."""


def screen_text(app: App[Any]) -> str:
    """What stands on the screen now, a line a row, without trailing spaces."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips) + "\n"


async def settle(pilot: Pilot[Any]) -> None:
    """Wait until every worker is done and every message handled. Never sleeps for a set time."""
    for _turn in range(3):
        await pilot.app.workers.wait_for_complete()
        await pilot.pause()


def golden(name: str, text: str) -> None:
    """Compare ``text`` with ``golden/NAME.txt``; HIKMA_TUI_GOLDEN=write writes it instead."""
    path = GOLDEN / f"{name}.txt"
    assert len(text.splitlines()) == 24, "a golden is 80 columns by 24 rows"
    if os.environ.get("HIKMA_TUI_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"no golden {path.name}: run once with HIKMA_TUI_GOLDEN=write"
    assert text == path.read_text(encoding="utf-8")


def missing_glyphs(text: str) -> set[str]:
    """Characters of ``text`` that the Linux console's usual fonts lack; letters apart.

    The left-to-right mark is no glyph, and ``text.fit`` keeps it from that console.
    """
    return {
        character
        for character in text.replace("\u200e", "")
        if ord(character) > 0xFF and not character.isalpha() and character not in CONSOLE_GLYPHS
    }


def assert_nothing_to_obey(text: str) -> None:
    """No control character and no bidi override reaches the terminal from ``text``."""
    for character in text:
        code = ord(character)
        assert character == "\n" or not (code < 0x20 or 0x7F <= code < 0xA0), hex(code)
        assert not 0x202A <= code <= 0x202E, hex(code)
        assert not 0x2066 <= code <= 0x2069, hex(code)
