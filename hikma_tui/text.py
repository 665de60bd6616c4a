"""Text from outside made harmless, and measured in the cells of a terminal. Pure, no Textual.

Names, notes and messages are data (design.md, "What always holds" 6): before any of them reaches a
screen, a log or a message it passes through ``plain``. Columns are built with ``fit``, which makes
the text plain, cuts it in the order it is read, puts right-to-left text in the order this terminal
needs, and pads it. Give ``fit`` and ``display`` the text as stored: neither is applied twice.
"""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from typing import Literal

_LEFT_TO_RIGHT_MARK = "\u200e"  # takes no cell

Bidi = Literal["terminal", "app", "off"]
Align = Literal["left", "right"]

MARK = "·"
"""Stands for a character that must not reach a terminal. In Latin-1, so every console has it."""

ELLIPSIS = "…"

MOST_MARKS = 4
"""Combining marks shown on one letter. Arabic needs three; hundreds would only smear the screen."""

TITLE_CELLS = 60

# Format characters that are signs with a shape of their own, not instructions (Unicode "Cf").
_VISIBLE_FORMATS = frozenset(
    [*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD]
)
# Variation selectors and skin tones: terminals disagree about the width they make.
_SELECTORS = ((0xFE00, 0xFE0F), (0x1F3FB, 0x1F3FF), (0xE0100, 0xE01EF))
# Drawn wide since Unicode 16, which is younger than Python 3.11's tables.
_WIDE_SINCE = ((0x2630, 0x2637), (0x268A, 0x268F), (0x4DC0, 0x4DFF), (0x1D300, 0x1D376))
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})

_bidi: Bidi = "terminal"


class _Harmless(dict[int, str]):
    """What to show for a code point, worked out on first sight; for ``str.translate``."""

    def __missing__(self, code: int) -> str:
        shown = self[code] = _shown(code)
        return shown


def _shown(code: int) -> str:
    """The harmless text for one code point (style.md C5)."""
    character = chr(code)
    if character in "\t\n\v\f\r\x85":
        return " "
    category = unicodedata.category(character)
    if category in ("Cc", "Cs"):
        return MARK
    if category == "Cf":
        return character if code in _VISIBLE_FORMATS else ""
    if category in ("Zs", "Zl", "Zp"):
        return " "
    if code in (0x115F, 0x1160, 0x3164, 0xFFA0):
        return " "  # Hangul fillers: letters by name, blank by look
    if any(first <= code <= last for first, last in _SELECTORS):
        return ""
    return character


_harmless = _Harmless()


def plain(text: str) -> str:
    """``text`` without anything a terminal could obey, on one line.

    Controls and lone surrogates become ``MARK``; line breaks and tabs become a space; bidi
    overrides, isolates and zero-width characters vanish. Markup such as ``[bold]`` is left alone:
    it is the widgets that must not read it. Never raises; the length is the caller's to cut.
    """
    if text.isascii() and text.isprintable():
        return text
    return _with_few_marks(text.replace("\r\n", "\n").translate(_harmless))


def _with_few_marks(text: str) -> str:
    """``text`` with at most ``MOST_MARKS`` zero-width characters in a row."""
    kept: list[str] = []
    run = 0
    for character in text:
        run = 0 if _cells(character) else run + 1
        if run <= MOST_MARKS:
            kept.append(character)
    return text if len(kept) == len(text) else "".join(kept)


@lru_cache(maxsize=8192)
def _cells(character: str) -> int:
    """The cells that one plain character takes: 0, 1 or 2."""
    code = ord(character)
    if 0x20 <= code < 0x7F:
        return 1
    category = unicodedata.category(character)
    if category in ("Mn", "Me", "Mc", "Cc", "Cs"):
        return 0
    if 0x1160 <= code <= 0x11FF or 0xD7B0 <= code <= 0xD7FF:
        return 0  # the later parts of a Hangul syllable
    if category == "Cf":
        return 1 if code in _VISIBLE_FORMATS else 0
    if category == "Cn":
        # Emoji and ideographs younger than these tables.
        return 2 if 0x1F300 <= code <= 0x1FAFF or 0x20000 <= code <= 0x3FFFD else 1
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 2 if any(first <= code <= last for first, last in _WIDE_SINCE) else 1


def cell_width(text: str) -> int:
    """How many terminal cells ``plain`` text takes: wide letters two, combining marks none."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def cut(text: str, width: int, *, end: str = ELLIPSIS) -> str:
    """``text`` made plain and cut to at most ``width`` cells, in logical (reading) order.

    ``end`` shows that something was cut; it is left out where not even one letter fits beside it.
    """
    # A pasted 100 kB must not cost more than what can be seen of it.
    text = plain(text[: max(4096, width * 16)] if width > 0 else "")
    if cell_width(text) <= width:
        return text
    mark = end if cell_width(end) < width else ""
    return _first_cells(text, width - cell_width(mark)) + mark


def trim(line: str, width: int) -> str:
    """The first ``width`` cells of a line made of pieces from ``fit``, made plain once more.

    Only the marks that keep right-to-left cells apart stay: ``plain`` alone would take them.
    """
    mark = _LEFT_TO_RIGHT_MARK
    line = mark.join(plain(piece) for piece in line.split(mark)) if mark in line else plain(line)
    return line if cell_width(line) <= width else _first_cells(line, width)


def _first_cells(text: str, room: int) -> str:
    """The longest beginning of ``text`` within ``room`` cells, marks kept with their letter."""
    used = 0
    for index, character in enumerate(text):
        used += _cells(character)
        if used > room:
            return text[:index]
    return text


def fit(text: str, width: int, *, end: str = ELLIPSIS, align: Align = "left") -> str:
    """``text`` as exactly ``width`` cells for this terminal: plain, cut, ordered and padded.

    ``width`` of zero or less gives an empty string.
    """
    shown = _ordered(cut(text, width, end=end))
    if _bidi == "terminal" and is_right_to_left(shown) and os.environ.get("TERM") != "linux":
        # Ends the right-to-left run here, so that a terminal that reorders keeps cells in place.
        shown += _LEFT_TO_RIGHT_MARK
    padding = " " * max(0, width - cell_width(shown))
    return padding + shown if align == "right" else shown + padding


def use_bidi(setting: Bidi) -> None:
    """Choose who puts right-to-left text in order (style.md C5, decisions.md 37).

    ``terminal``: the terminal does; ``app``: we shape and reorder each cell of a table by itself
    (needs the optional arabic-reshaper and python-bidi, see ``can_reorder``); ``off``: nobody.
    """
    global _bidi
    _bidi = setting


def bidi() -> Bidi:
    """The setting in use."""
    return _bidi


def bidi_sequence() -> str:
    """What to write to the terminal once, so that it does not reorder what we have ordered."""
    return "\x1b[8l" if _bidi == "app" and can_reorder() else ""


@lru_cache(maxsize=1)
def can_reorder() -> bool:
    """Whether the two optional libraries that ``app`` needs are here."""
    try:
        import_module("arabic_reshaper")
        import_module("bidi.algorithm")
    except ImportError:
        return False
    return True


def is_right_to_left(text: str) -> bool:
    """Whether ``text`` holds any right-to-left letter or Arabic digit."""
    if text.isascii():
        return False
    return any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in text)


def _ordered(text: str) -> str:
    """Plain ``text`` in the order in which this terminal must be given it."""
    if _bidi != "app" or not is_right_to_left(text) or not can_reorder():
        return text
    reshape = import_module("arabic_reshaper").reshape
    get_display = import_module("bidi.algorithm").get_display
    return str(get_display(reshape(text)))


def display(text: str) -> str:
    """One whole piece of outside text, plain and in the order this terminal needs; not cut."""
    return _ordered(plain(text))


def for_title(text: str) -> str:
    """``text`` for the title of the terminal's window: plain and short, in logical order."""
    return cut(text, TITLE_CELLS).strip()


def marked(text: str) -> str:
    """``text`` with every character harmless and none removed, for a field that is being edited.

    The cursor of a text field counts characters, so what is invisible elsewhere shows as ``MARK``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join((_harmless[ord(character)] or MARK) for character in text)


def pieces(text: str, room: int) -> Iterator[str]:
    """Plain ``text`` in pieces of at most ``room`` cells, broken between words where there are any;
    at least one piece.
    """
    line = ""
    for word in text.split(" "):
        longer = f"{line} {word}" if line else word
        if cell_width(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        while cell_width(word) > room:
            piece = cut(word, room, end="")
            if not piece:
                break
            yield piece
            word = word[len(piece) :]
        line = word
    yield line
