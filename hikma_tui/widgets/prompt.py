"""One-line fields: nothing blinks, nothing is lost in silence, nothing reaches the terminal raw.

Textual's own field keeps only the first line of a paste, drops a paste that is too long without a
word, and writes what was pasted to the terminal as it is (style.md C5).
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text
from textual.containers import Horizontal
from textual.events import Key, Paste
from textual.geometry import Size
from textual.message import Message
from textual.widgets import Input, Static

from hikma_tui.text import cell_width, display, marked

LONGEST_LINE = 1000
"""Characters that a one-line field takes unless it is told otherwise."""

LONGEST_QUERY = 200


# Textual does these only after the key has travelled up to the app, and so, when keys come in a
# burst (a scanner, a slow line), after letters that were typed later.
LINE_ACTIONS = {
    "backspace": "delete_left",
    "delete": "delete_right",
    "left": "cursor_left",
    "right": "cursor_right",
    "home": "home",
    "end": "end",
    "ctrl+a": "home",
    "ctrl+e": "end",
    "ctrl+d": "delete_right",
    "ctrl+left": "cursor_left_word",
    "ctrl+right": "cursor_right_word",
    "ctrl+w": "delete_left_word",
    "ctrl+f": "delete_right_word",
    "ctrl+u": "delete_left_all",
    "ctrl+k": "delete_right_all",
}


def one_line(text: str) -> str:
    """``text`` with its line breaks and tabs as single spaces; all else is stored as typed."""
    return " ".join(text.replace("\t", " ").splitlines()).strip()


class LineInput(Input):
    """A field of one line: compact, no blink, and a paste of any size.

    Its cursor is reversed, not coloured, so that it can be seen under NO_COLOR too.
    """

    DEFAULT_CSS = """
    LineInput, LineInput:focus, LineInput.-invalid, LineInput.-invalid:focus {
        border: none; height: 1; padding: 0; background-tint: transparent;
    }
    LineInput:ansi > .input--cursor, LineInput:ansi > .input--selection {
        color: ansi_default; background: ansi_default; text-style: reverse;
    }
    """

    @dataclass
    class PasteCut(Message):
        """A paste did not fit whole: ``kept`` and ``dropped`` count characters."""

        input: LineInput
        kept: int
        dropped: int

        @property
        def control(self) -> LineInput:
            """The field."""
            return self.input

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        max_length: int = LONGEST_LINE,
        restrict: str | None = None,
        password: bool = False,
        id: str | None = None,
        classes: str | None = None,
        disabled: bool = False,
    ) -> None:
        super().__init__(
            value,
            placeholder=placeholder,
            max_length=max_length,
            restrict=restrict,
            password=password,
            select_on_focus=False,
            id=id,
            classes=classes,
            disabled=disabled,
            compact=True,
        )
        self.cursor_blink = False

    @property
    def _value(self) -> Text:
        """What is shown of the value: every character harmless, and in its own place."""
        shown = "•" * len(self.value) if self.password else marked(self.value)
        return Text(shown, no_wrap=True, overflow="ignore", end="")

    def _position_to_cell(self, position: int) -> int:
        """Where the cursor stands, measured on what is shown."""
        return cell_width(self._value.plain[:position])

    async def _on_key(self, event: Key) -> None:
        """Edit at once, so that letters typed after Backspace stay behind it."""
        if event.key in LINE_ACTIONS:
            event.stop()
            event.prevent_default()
            getattr(self, f"action_{LINE_ACTIONS[event.key]}")()

    def _on_paste(self, event: Paste) -> None:
        """Take the whole paste, or say how much was cut."""
        event.stop()
        event.prevent_default()
        self.take(event.text)

    def action_paste(self) -> None:
        """Paste what was copied inside the program."""
        self.take(self.app.clipboard)

    def take(self, text: str) -> None:
        """Put ``text`` over the selection as if pasted. Posts ``PasteCut`` when it does not fit."""
        line = one_line(text)
        start, end = sorted(self.selection)
        room = len(line)
        if self.max_length:
            room = max(0, self.max_length - (len(self.value) - (end - start)))
        before = self.value
        kept = line[:room]
        if kept:
            self.replace(kept, start, end)
            if self.value == before and before[start:end] != kept:
                kept = ""  # the field's own rule refused it
        if len(kept) < len(line):
            self.post_message(self.PasteCut(self, len(kept), len(line) - len(kept)))

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Always one."""
        return 1


class Labelled(Horizontal):
    """A word and a field on one row: ``Labelled(_("Find:"), SearchPrompt())``."""

    DEFAULT_CSS = """
    Labelled { height: 1; padding: 0 1; }
    Labelled > Static { width: auto; padding: 0 1 0 0; }
    Labelled > LineInput { width: 1fr; }
    """

    def __init__(self, label: str, field: LineInput, *, id: str | None = None) -> None:
        super().__init__(Static(display(label), markup=False), field, id=id)

    def relabel(self, label: str) -> None:
        """Another word before the field."""
        self.query_one(Static).update(display(label))


class SearchPrompt(LineInput):
    """The search field: short, and always as it was typed."""

    def __init__(self, value: str = "", *, id: str | None = None) -> None:
        super().__init__(value, max_length=LONGEST_QUERY, id=id)
        self._used = False

    def used(self) -> None:
        """The text has done its work: what is typed or pasted next replaces it, Backspace and the
        arrows edit it. It is marked, so that this can be seen.
        """
        self.select_all()
        self._used = bool(self.value)

    def action_delete_left(self) -> None:
        """Backspace: the last letter of a used text, not all of it."""
        if self._used and self.selection == (0, len(self.value)):
            self.cursor_position = len(self.value)
        super().action_delete_left()

    def watch_value(self, value: str) -> None:
        """Something else stands there now."""
        self._used = False
