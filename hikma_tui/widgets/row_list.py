"""A list of rows that is drawn line by line: patients found, visits, choices.

It shows exactly the rows it is given (fifty from the search), keeps one of them highlighted, and
never needs the focus: ``BaseScreen`` hands it the keys while the search field keeps the cursor.
Only lines whose text has changed are sent to the terminal (ecosystem.md B3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui.text import cell_width, cut, display, fit, trim

MARK_OF_HIGHLIGHT = ">"
WHY_CELLS = 16
"""Room for why a row was found; there only while some row says why."""

_STYLES = {
    "": Style(),
    "bold": Style(bold=True),
    "muted": Style(dim=True),
    "warning": Style(bold=True, underline=True),
}
_HIGHLIGHT = Style(bold=True, reverse=True)


@dataclass(frozen=True, slots=True)
class Row:
    """A line that can be opened.

    ``cells`` is the left part, made of pieces from ``fit`` (already ordered for the terminal).
    ``why`` and ``name`` are as stored; the name stands last (decisions.md 37) and takes what room
    is left. ``style`` is one of ``""``, ``bold``, ``muted``, ``warning`` and never says anything
    that the text does not.
    """

    key: str
    cells: str
    name: str = ""
    why: str = ""
    style: str = ""


@dataclass(frozen=True, slots=True)
class Divider:
    """A line between two parts: ``-- forgiving a letter or a spelling -------``."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Info:
    """A line that only says something; the highlight passes over it."""

    text: str = ""


Line = Row | Divider | Info


def line_text(line: Line, width: int, *, highlighted: bool = False, why: bool = False) -> str:
    """What stands on one line: exactly ``width`` cells."""
    if isinstance(line, Divider):
        text = f" -- {display(cut(line.text, width - 8))} " if line.text else " "
        return _exactly(text + "-" * max(0, width - cell_width(text) - 1), width)
    if isinstance(line, Info):
        return _exactly(f"   {fit(line.text, width - 3)}", width)
    left = f" {MARK_OF_HIGHLIGHT if highlighted else ' '} {trim(line.cells, width - 3)}"
    if why:
        left += "  " + fit(line.why, WHY_CELLS)
    if not line.name:
        return _exactly(left, width)
    gap = "  " if line.cells or why else ""
    return _exactly(left + gap + fit(line.name, width - cell_width(left) - len(gap)), width)


def _exactly(text: str, width: int) -> str:
    """A line made of ordered pieces, as exactly ``width`` cells."""
    text = trim(text, width)
    return text + " " * (width - cell_width(text))


def _says_why(lines: Iterable[Line]) -> bool:
    """Whether any row says why it is here."""
    return any(isinstance(line, Row) and line.why for line in lines)


class RowList(Widget):
    """Rows, one highlighted. Posts ``Opened`` and, at the last row, ``NearEnd``."""

    DEFAULT_CSS = """
    RowList { height: 1fr; width: 100%; }
    """

    @dataclass
    class Opened(Message):
        """The row ``key`` was chosen, by Enter or by a click."""

        list: RowList
        key: str

        @property
        def control(self) -> RowList:
            """The list."""
            return self.list

    @dataclass
    class NearEnd(Message):
        """The highlight has come to the last row: more may be wanted. Once for each ``show``."""

        list: RowList

        @property
        def control(self) -> RowList:
            """The list."""
            return self.list

    can_focus = False

    def __init__(
        self,
        lines: Iterable[Line] = (),
        *,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[Line, ...] = tuple(lines)
        self._why = _says_why(self._lines)
        self._at = self._next_row(0, 1)
        self._top = 0
        self._painted: dict[int, tuple[str, str]] = {}
        self._told_near_end = False

    # What is shown -------------------------------------------------------------------------

    @property
    def lines(self) -> tuple[Line, ...]:
        """The lines, dividers included."""
        return self._lines

    @property
    def highlighted(self) -> Row | None:
        """The highlighted row; None when there is no row at all."""
        if 0 <= self._at < len(self._lines):
            line = self._lines[self._at]
            return line if isinstance(line, Row) else None
        return None

    @property
    def highlighted_key(self) -> str | None:
        """The key of the highlighted row."""
        row = self.highlighted
        return row.key if row else None

    def show(self, lines: Sequence[Line], *, keep: bool = False) -> None:
        """Show ``lines``. The first row is highlighted, or with ``keep`` the same key as before."""
        key = self.highlighted_key if keep else None
        self._lines = tuple(lines)
        self._why = _says_why(self._lines)
        self._told_near_end = False
        self._at = self._next_row(0, 1)
        if not keep:
            self._top = 0
        elif key is not None:
            self._at = next(
                (i for i, line in enumerate(lines) if isinstance(line, Row) and line.key == key),
                self._at,
            )
        self._keep_in_view()
        self._repaint()

    def highlight(self, key: str) -> bool:
        """Highlight the row ``key``; False when it is not in the list."""
        for index, line in enumerate(self._lines):
            if isinstance(line, Row) and line.key == key:
                self._go(index)
                return True
        return False

    # Moving --------------------------------------------------------------------------------

    def take_key(self, key: str) -> bool:
        """Move as a key (Textual's name) says; False when it does not move.

        Enter is not among them: it is an action of the screen, or the field's ``Submitted``.
        """
        moves = {
            "up": self.up,
            "down": self.down,
            "pageup": self.page_up,
            "pagedown": self.page_down,
            "home": self.first,
            "ctrl+home": self.first,
            "end": self.last,
            "ctrl+end": self.last,
        }
        move = moves.get(key)
        if move is not None:
            move()
        return move is not None

    def up(self) -> None:
        """One row up."""
        self._go(self._next_row(self._at - 1, -1))

    def down(self) -> None:
        """One row down."""
        self._go(self._next_row(self._at + 1, 1))

    def page_up(self) -> None:
        """A screenful up."""
        index = max(0, self._at - max(1, self.size.height - 1))
        self._go(self._next_row(index, 1))

    def page_down(self) -> None:
        """A screenful down."""
        index = min(len(self._lines) - 1, self._at + max(1, self.size.height - 1))
        self._go(self._next_row(index, -1))

    def first(self) -> None:
        """To the first row."""
        self._go(self._next_row(0, 1))

    def last(self) -> None:
        """To the last row."""
        self._go(self._next_row(len(self._lines) - 1, -1))

    def open(self) -> None:
        """Post ``Opened`` for the highlighted row, if there is one."""
        key = self.highlighted_key
        if key is not None:
            self.post_message(self.Opened(self, key))

    def _next_row(self, start: int, step: int) -> int:
        """The first index from ``start`` on, by ``step``, that holds a row; -1 if none."""
        index = start
        while 0 <= index < len(self._lines):
            if isinstance(self._lines[index], Row):
                return index
            index += step
        return -1

    def _go(self, index: int) -> None:
        """Highlight the row at ``index`` (-1: stay, but show what stands above or below)."""
        if index >= 0:
            self._at = index
        self._keep_in_view()
        self._repaint()
        if self._at >= 0 and self._next_row(self._at + 1, 1) < 0 and not self._told_near_end:
            self._told_near_end = True
            self.post_message(self.NearEnd(self))

    def _keep_in_view(self) -> None:
        """Scroll so that the highlighted row, and a heading right above the first, can be seen."""
        height = self.size.height
        if height <= 0:
            return
        if self._at < self._top:
            self._top = self._at
        elif self._at >= self._top + height:
            self._top = self._at - height + 1
        if self._at == self._next_row(0, 1) and self._at < height:
            self._top = 0
        self._top = max(0, min(self._top, max(0, len(self._lines) - height)))

    # Painting ------------------------------------------------------------------------------

    def _content(self, y: int) -> tuple[str, str]:
        """The text and the style name of the line at ``y`` of the widget."""
        index, width = self._top + y, self.size.width
        if not 0 <= index < len(self._lines):
            return " " * width, ""
        line = self._lines[index]
        highlighted = index == self._at
        text = line_text(line, width, highlighted=highlighted, why=self._why)
        if highlighted:
            return text, "highlighted"
        return text, line.style if isinstance(line, Row) else ""

    def _repaint(self) -> None:
        """Ask for a repaint of those lines alone that look different from what is painted."""
        changed = [
            Region(0, y, self.size.width, 1)
            for y in range(self.size.height)
            if self._painted.get(y) != self._content(y)
        ]
        if changed:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        text, style = self._painted[y] = self._content(y)
        base = self.rich_style
        drawn = _HIGHLIGHT if style == "highlighted" else _STYLES.get(style, Style())
        return Strip([Segment(text, base + drawn)]).adjust_cell_length(self.size.width, base)

    def on_resize(self, event: Resize) -> None:
        """Paint all of it anew."""
        self._painted.clear()
        self._keep_in_view()
        self.refresh()

    # The mouse -----------------------------------------------------------------------------

    async def on_click(self, event: Click) -> None:
        """A click on a row opens it."""
        index = self._top + event.y
        if 0 <= index < len(self._lines) and isinstance(self._lines[index], Row):
            event.stop()
            self._go(index)
            self.open()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """The wheel moves the highlight."""
        event.stop()
        self.up()

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """The wheel moves the highlight."""
        event.stop()
        self.down()
