"""A QR code on the screen, dark on light whatever colours the terminal has."""

from __future__ import annotations

import os
import sys

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui import qr_text

_DARK_ON_LIGHT = Style(color="black", bgcolor="bright_white")
_DARK = Style(color="bright_white", bgcolor="black")


class QrCode(Widget):
    """The code of ``text``, in the middle; nothing where it does not fit (``fits`` tells)."""

    DEFAULT_CSS = """
    QrCode { height: 1fr; width: 100%; }
    """

    def __init__(self, text: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self._made: tuple[tuple[int, int], list[qr_text.Cells] | None] | None = None

    @property
    def halves(self) -> bool:
        """Whether this terminal's font has half blocks."""
        encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
        return qr_text.half_blocks_work(os.environ.get("TERM", ""), encoding)

    @property
    def fits(self) -> bool:
        """Whether the code has room now."""
        return self._lines() is not None

    def _lines(self) -> list[qr_text.Cells] | None:
        size = (self.size.width, self.size.height)
        if self._made is None or self._made[0] != size:
            self._made = (size, qr_text.lines(self._text, *size, halves=self.halves))
        return self._made[1]

    def render_line(self, y: int) -> Strip:
        """One line of the code."""
        width, base, found = self.size.width, self.rich_style, self._lines()
        if found is None or y >= len(found):
            return Strip.blank(width, base)
        segments = [
            Segment(text, _DARK if dark else _DARK_ON_LIGHT) for text, dark in found[y].pieces
        ]
        room = max(0, width - sum(len(segment.text) for segment in segments)) // 2
        return Strip([Segment(" " * room, base), *segments]).adjust_cell_length(width, base)
