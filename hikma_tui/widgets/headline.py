"""The bold row at the top of a screen: who it is about, or what it is."""

from __future__ import annotations

from rich.style import Style

from hikma_tui.text import cut, display, trim
from hikma_tui.widgets.title import OneRow


class Headline(OneRow):
    """One row of text."""

    DEFAULT_CSS = """
    Headline { text-style: bold; }
    """

    def show(self, text: str) -> None:
        """Show outside text; it is made plain and cut to the row."""
        self._show((text, False))

    def show_ready(self, line: str) -> None:
        """Show a line that is made of pieces already plain and ordered for the terminal."""
        self._show((line, True))

    @property
    def text(self) -> str:
        """What is shown now, as it was given."""
        return str(self._shown[0]) if isinstance(self._shown, tuple) else ""

    def pieces(self, width: int) -> list[tuple[str, Style]]:
        """The row."""
        text, ready = self._shown if isinstance(self._shown, tuple) else ("", True)
        line = text if ready else display(cut(text, width - 1))
        return [(f" {trim(line, width - 1)}", Style())]
