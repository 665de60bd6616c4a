"""The single rows of every screen: the state at the top, the message, the keys at the bottom.

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

from hikma_tui.text import cell_width, cut, display
from hikma_tui.widgets.keys import Action

_GAP = 2
_LEAST_NAME = 8


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
    """One row for what just happened: ``saved``, ``NOT SAVED: the disk is full``, a reason."""

    def say(self, text: str, *, loud: bool = False) -> None:
        """Show ``text``; ``loud`` makes it bold and reversed, for what must not be missed."""
        self._show((text, loud))

    def clear(self) -> None:
        """Show nothing."""
        self._show(("", False))

    @property
    def message(self) -> str:
        """What is shown now, as it was given."""
        return str(self._shown[0]) if isinstance(self._shown, tuple) else ""

    def pieces(self, width: int) -> list[tuple[str, Style]]:
        """The message, cut to the row."""
        text, loud = self._shown if isinstance(self._shown, tuple) else ("", False)
        if not text:
            return []
        style = Style(bold=True, reverse=True) if loud else Style()
        return [(" ", Style()), (display(cut(text, width - 2)), style)]


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
