"""Rows of text above a list, closed by a line; as many as it is given."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui.text import cell_width, trim


class Panel(Widget):
    """Shows rows that are ready for the terminal. The same rows again paint nothing."""

    DEFAULT_CSS = """
    Panel { height: auto; width: 100%; }
    """

    can_focus = False

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[str, ...] = ()

    @property
    def rows(self) -> tuple[str, ...]:
        """What is shown."""
        return self._rows

    def show(self, rows: Sequence[str]) -> None:
        """Show ``rows`` and the closing line; nothing at all without rows."""
        if tuple(rows) == self._rows:
            return
        same_height = len(rows) == len(self._rows)
        self._rows = tuple(rows)
        self.refresh(layout=not same_height)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows and the line below them."""
        return len(self._rows) + 1 if self._rows else 0

    def render_line(self, y: int) -> Strip:
        """One row, padded to the width."""
        width, base = self.size.width, self.rich_style
        if y < len(self._rows):
            text = trim(self._rows[y], width)
        else:
            text = " " + "-" * max(0, width - 2) if y == len(self._rows) else ""
        text += " " * (width - cell_width(text))
        return Strip([Segment(text, base)]).adjust_cell_length(width, base)
