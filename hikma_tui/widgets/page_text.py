"""A long text to read: scrolled line by line and page by page, painted only where it is seen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from rich.style import Style
from textual.events import MouseScrollDown, MouseScrollUp, Resize
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui.text import cell_width, display, trim

_STYLES = {"heading": Style(bold=True), "loud": Style(bold=True, reverse=True)}


class PageText(Widget):
    """Lines of (text, style), each plain and short enough; nothing is done with those not seen.

    A style is "", "heading", "loud", or "ready" for a row made of pieces from ``fit``.
    """

    DEFAULT_CSS = """
    PageText { height: 1fr; padding: 0; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._lines: Sequence[tuple[str, str]] = ()
        self._top = 0

    def show(self, lines: Sequence[tuple[str, str]]) -> None:
        """Show these lines; what is seen of the text stays where it is."""
        self._lines = lines
        self._go(self._top)
        self.refresh()

    @property
    def place(self) -> tuple[int, int, int]:
        """The first and the last line that are seen, counted from 1, and how many there are."""
        last = min(len(self._lines), self._top + self.size.height)
        return min(self._top + 1, last), last, len(self._lines)

    def take_key(self, key: str) -> bool:
        """Scroll as a key (Textual's name) says; False when it does not scroll."""
        page = max(1, self.size.height - 1)
        steps = {
            "up": -1, "down": 1, "pageup": -page, "pagedown": page, "space": page,
            "home": -len(self._lines), "end": len(self._lines),
        }  # fmt: skip
        step = steps.get(key)
        if step is not None:
            self._go(self._top + step)
        return step is not None

    def _go(self, top: int) -> None:
        most = max(0, len(self._lines) - self.size.height)
        top = max(0, min(top, most))
        if top != self._top:
            self._top = top
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        base, width, at = self.rich_style, self.size.width, self._top + y
        if at >= len(self._lines):
            return Strip.blank(width, base)
        text, style = self._lines[at]
        indent = len(text) - len(text.lstrip(" "))
        # A row of cells ("ready") is in the terminal's order already.
        shown = " " * (indent + 1) + (text[indent:] if style == "ready" else display(text[indent:]))
        if cell_width(shown) > width:
            shown = trim(shown, width)
        return Strip([Segment(shown, base + _STYLES.get(style, Style()))]).adjust_cell_length(
            width, base
        )

    def on_resize(self, _event: Resize) -> None:
        """The end of the text stays at the end of the screen."""
        self._go(self._top)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel."""
        event.stop()
        self._go(self._top - 3)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel."""
        event.stop()
        self._go(self._top + 3)
