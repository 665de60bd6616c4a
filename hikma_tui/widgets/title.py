"""The rows of every screen that are no list: the state on top, the message, the keys at the end.

Each repaints only when what it shows has changed (decisions.md 36: nothing is sent while idle).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui.text import cell_width, cut, display, plain
from hikma_tui.widgets.keys import Action

_GAP = 2
_LEAST_NAME = 8
MOST_ROWS = 3
"""Rows that a loud message may take from the list above it."""


def state_line(clinic: str, user: str, state: str, width: int) -> str:
    """One row of ``width`` cells: clinic left, user in the middle, state right.

    Where room runs out the user's name is cut first, then the clinic's, and the state last
    (screens.md, "One line of state").
    """
    room = width - 2
    state = cut(state, room)
    left_room = room - cell_width(state) - (_GAP if state else 0)
    clinic = cut(clinic, left_room)
    user_room = left_room - cell_width(clinic) - _GAP
    if user and user_room < min(_LEAST_NAME, cell_width(user)):
        user = ""
    shown = cut(user, user_room)
    space = left_room - cell_width(clinic) - cell_width(shown)
    before = max(_GAP, space // 2) if shown else space
    middle = " " * before + display(shown) + " " * (space - before)
    gap = " " * _GAP if state else ""
    return fit_line(f" {display(clinic)}{middle}{gap}{display(state)} ", width)


def fit_line(line: str, width: int) -> str:
    """A line made of pieces that are already ordered, padded or cut to ``width`` cells."""
    line = cut(line, width, end="")
    return line + " " * (width - cell_width(line))


def broken(text: str, width: int, most: int) -> list[str]:
    """``text`` made plain, in rows of at most ``width`` cells, broken at spaces where that can be.

    At least one row and at most ``most``; what does not fit in them is cut off at the end.
    """
    rows: list[str] = []
    rest = plain(text[: max(4096, width * most * 16)])  # not all of a pasted 100 kB
    while len(rows) < most - 1 and cell_width(rest) > width:
        first = cut(rest, width, end="")
        space = rest.rfind(" ", 0, len(first) + 1)
        at = space if space > 0 else max(1, len(first))
        rows.append(rest[:at].rstrip())
        rest = rest[at:].lstrip()
    return [*rows, cut(rest, width)]


@dataclass(frozen=True, slots=True)
class KeyItem:
    """One entry of the line of keys; ``why_not`` is empty when the key can act now."""

    key: str
    label: str
    why_not: str = ""


def key_items(
    actions: Iterable[Action], why_not: Callable[[str], str] | None = None
) -> list[KeyItem]:
    """The entries for those ``actions`` that are to be shown."""
    return [
        KeyItem(action.shown_key, action.shown_label, why_not(action.id) if why_not else "")
        for action in actions
        if action.show
    ]


def key_pieces(items: Sequence[KeyItem], width: int) -> list[tuple[str, bool]]:
    """``(text, possible)`` for each entry that has room; the last entry (help) always has.

    A key that can't act now keeps its place, in brackets (screens.md, Manners).
    """
    texts = [_key_text(item) for item in items]
    if not texts:
        return []
    room = width - 2 - cell_width(texts[-1])
    kept: list[tuple[str, bool]] = []
    for item, text in zip(items[:-1], texts[:-1], strict=True):
        room -= cell_width(text) + _GAP
        if room < 0:
            break
        kept.append((text, not item.why_not))
    return [*kept, (texts[-1], not items[-1].why_not)]


def _key_text(item: KeyItem) -> str:
    """``F2 register``, or ``(F2 register)`` when it can't act now."""
    text = f"{item.key} {item.label}"
    return display(f"({text})" if item.why_not else text)


class OneRow(Widget):
    """A row that paints itself. What it shows is a value; the same value again paints nothing."""

    DEFAULT_CSS = """
    OneRow { height: 1; width: 100%; }
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._shown: object = None

    def _show(self, value: object) -> None:
        """Repaint if ``value`` is not what is shown already."""
        if value != self._shown:
            self._shown = value
            self.refresh()

    def pieces(self, width: int) -> list[tuple[str, Style]]:
        """The text of the row and its styles, at most ``width`` cells."""
        raise NotImplementedError

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Always one."""
        return 1

    def render_line(self, y: int) -> Strip:
        """The row, padded to the widget's width."""
        width, base = self.size.width, self.rich_style
        segments = [Segment(text, base + style) for text, style in self.pieces(width)]
        return Strip(segments).adjust_cell_length(width, base)


class StateLine(OneRow):
    """The top row: clinic, user, and what is not sent or not safe."""

    DEFAULT_CSS = """
    StateLine { text-style: bold; }
    """

    def show(self, clinic: str, user: str, state: str) -> None:
        """Show these three texts (as stored; they are made plain here)."""
        self._show((clinic, user, state))

    def pieces(self, width: int) -> list[tuple[str, Style]]:
        """The row of ``state_line``."""
        clinic, user, state = self._shown if isinstance(self._shown, tuple) else ("", "", "")
        return [(state_line(clinic, user, state, width), Style())]


class MessageLine(OneRow):
    """What just happened: ``saved``, ``NOT SAVED: the disk is full``, a reason.

    One row; a loud message takes up to three, since its end says what to do.
    """

    DEFAULT_CSS = """
    MessageLine { height: auto; max-height: 3; }
    """

    def say(self, text: str, *, loud: bool = False) -> None:
        """Show ``text``; ``loud`` makes it bold and reversed, for what must not be missed."""
        rows = self._rows(self.size.width)
        self._show((text, loud))
        if self._rows(self.size.width) != rows:
            self.refresh(layout=True)

    def clear(self) -> None:
        """Show nothing."""
        self.say("")

    @property
    def message(self) -> str:
        """What is shown now, as it was given."""
        return str(self._shown[0]) if isinstance(self._shown, tuple) else ""

    def _lines(self, width: int) -> tuple[list[str], bool]:
        """The rows of the message in ``width`` cells, and whether it is loud."""
        text, loud = self._shown if isinstance(self._shown, tuple) else ("", False)
        if not loud or width <= 2:
            return [cut(text, width - 2)], False
        return broken(text, width - 2, MOST_ROWS), True

    def _rows(self, width: int) -> int:
        return len(self._lines(width)[0])

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One row, or as many as a loud message needs."""
        return self._rows(width)

    def render_line(self, y: int) -> Strip:
        """A row of the message, padded to the widget's width."""
        width, base = self.size.width, self.rich_style
        lines, loud = self._lines(width)
        line = lines[y] if y < len(lines) else ""
        if not line:
            return Strip.blank(width, base)
        style = base + Style(bold=True, reverse=True) if loud else base
        segments = [Segment(" ", base), Segment(display(line), style)]
        return Strip(segments).adjust_cell_length(width, base)


class KeyLine(OneRow):
    """The bottom row: the keys that matter here, ``Enter open  F2 register  F1 keys``."""

    def show(self, actions: Iterable[Action], why_not: Callable[[str], str] | None = None) -> None:
        """Show ``actions``; ``why_not(action id)`` says why one can't act now, or nothing."""
        self._show(tuple(key_items(actions, why_not)))

    def pieces(self, width: int) -> list[tuple[str, Style]]:
        """The entries that have room."""
        items = self._shown if isinstance(self._shown, tuple) else ()
        pieces: list[tuple[str, Style]] = [(" ", Style())]
        for text, possible in key_pieces(items, width):
            pieces.append((text, Style() if possible else Style(dim=True)))
            pieces.append((" " * _GAP, Style()))
        return pieces[:-1]
