"""What is typed while the program still starts: no key of it is lost.

A card's number and its Enter may come from a scanner before the field has the focus. Nothing is
done with them that the same keys would not do a moment later, but for an Enter without a text: the
row that it would open has not been seen by anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hikma_tui.widgets.prompt import SearchPrompt

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.events import Key
    from textual.screen import Screen

_ENTER = ("enter", "ctrl+j")
"""Enter is a line feed as long as the terminal has not been set up for the screens."""


class EarlyKeys:
    """The keys that come to the search before its field has had the focus."""

    def __init__(self, screen: Screen[Any], begin: Callable[[str], None]) -> None:
        """``begin`` gives the field a text, as if it had been typed there."""
        self._screen, self._begin = screen, begin
        self._text = ""
        self._entered = ""  # what stood there when Enter came

    def take(self, event: Key) -> bool:
        """Keep what ``event`` types; whether it was one of these keys, and early."""
        fields = self._screen.query(SearchPrompt)
        text = fields.first().value if fields else self._text
        if event.key in _ENTER:
            self._entered = text if text.strip() else ""
            return True
        if event.key == "backspace":
            text = text[:-1]
        elif event.is_printable and event.character:
            text += event.character
        else:
            return False
        self._entered = ""
        if fields:
            self._begin(text)
        else:
            self._text = text
        return True

    def field_is_there(self) -> None:
        """Give the field what was kept for it."""
        if self._text:
            self._begin(self._text)

    def entered(self, text: str) -> bool:
        """Whether Enter came after ``text``, which is what the search is asked now; said once."""
        if not text or text != self._entered:
            return False
        self._entered = ""
        return True
