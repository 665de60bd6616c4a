"""The two places where a form is typed into: one line, or several; and the lines of hints below.

There is one of each for a whole form, moved to the field that has the cursor (a mounted editor
costs 5 to 17 ms, ecosystem.md B3b). Keys are handled in the order they come, in the widget that
has the focus: a key typed ahead of the screen reaches the field that it was meant for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Size
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from hikma_tui.text import cell_width, fit, marked
from hikma_tui.widgets.prompt import LINE_ACTIONS, LineInput

LONGEST_NOTE = 200_000
"""Characters of a long text: far more than anyone writes, and still quick on a Pi."""

_NOTE_ACTIONS = LINE_ACTIONS | {
    "home": "cursor_line_start",
    "end": "cursor_line_end",
    "ctrl+a": "cursor_line_start",
    "ctrl+e": "cursor_line_end",
    "ctrl+left": "cursor_word_left",
    "ctrl+right": "cursor_word_right",
    "ctrl+w": "delete_word_left",
    "ctrl+f": "delete_word_right",
    "ctrl+u": "delete_to_start_of_line",
    "ctrl+k": "delete_to_end_of_line",
    "up": "cursor_up",
    "down": "cursor_down",
}


NEW_LINE = ("ctrl+j", "alt+enter")
EDITING = frozenset({*_NOTE_ACTIONS, *NEW_LINE})
"""The keys that an editor handles itself, besides printable ones."""


def _edits(editor: Widget, key: str, actions: dict[str, str]) -> bool:
    """Do at once what ``key`` means in ``editor``; False when it means nothing there."""
    if key not in actions:
        return False
    getattr(editor, f"action_{actions[key]}")()
    return True


OnKey = Callable[[events.Key, Widget], bool]
OnPaste = Callable[[str, Widget], bool]


class AnswerInput(LineInput):
    """The one-line editor. While a choice is made it only stands for the focus and is unseen."""

    def __init__(
        self,
        on_key: OnKey,
        on_paste: OnPaste,
        on_cut: Callable[[int, int], None],
        on_edit: Callable[[], None],
    ) -> None:
        super().__init__()
        self._ask = on_key
        self._on_edit = on_edit
        self._on_cut = on_cut
        self._ask_paste = on_paste
        self.unseen = False

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override]
        """Let the form have the key first; what the editor does is told to the form at once.

        Else the form would hear of it with a message, after the editor is painted: the line and
        what is said of it would be painted one after the other, a frame apart.
        """
        if self._ask(event, self):
            pass
        elif _edits(self, event.key, LINE_ACTIONS):
            self._on_edit()
        elif event.is_printable and event.character is not None:
            self._insert(event.character)
            self._on_edit()
        else:
            return
        event.stop()
        event.prevent_default()

    def _insert(self, text: str) -> None:
        """Type ``text`` over what is marked."""
        start, end = sorted(self.selection)
        if start == end:
            self.insert_text_at_cursor(text)
        else:
            self.replace(text, start, end)

    def _on_paste(self, event: events.Paste) -> None:
        """Let the form have the paste first."""
        if self._ask_paste(event.text, self):
            event.stop()
            event.prevent_default()

    def restricted(self) -> None:
        """A letter beyond the limit: say so instead of ringing the bell."""
        self._on_cut(0, 1)

    def render_line(self, y: int) -> Strip:
        """The line, or nothing while it is unseen."""
        if self.unseen:
            return Strip.blank(self.size.width, self.rich_style)
        return super().render_line(y)


class NoteArea(TextArea):
    """The editor of a long text: Enter goes on, Ctrl+J makes a new line."""

    DEFAULT_CSS = """
    NoteArea, NoteArea:focus {
        border: none; padding: 0; background-tint: transparent; scrollbar-size: 0 0;
    }
    """

    def __init__(
        self, on_key: OnKey, on_paste: OnPaste, on_cut: Callable[[int, int], None]
    ) -> None:
        super().__init__(
            soft_wrap=True, tab_behavior="focus", compact=True, highlight_cursor_line=False
        )
        self.cursor_blink = False
        self._ask = on_key
        self._ask_paste = on_paste
        self._on_cut = on_cut

    def _on_key(self, event: events.Key) -> None:  # type: ignore[override]
        """New lines and the limit are ours; the form has every other key first."""
        if event.key in NEW_LINE and self.has_focus:
            self.take("\n")
        elif not (self._ask(event, self) or _edits(self, event.key, _NOTE_ACTIONS)):
            if not (event.is_printable and len(self.text) >= LONGEST_NOTE):
                return
            self._on_cut(0, 1)
        event.stop()
        event.prevent_default()

    def _on_paste(self, event: events.Paste) -> None:  # type: ignore[override]
        """Take the whole paste, or say how much was cut; one meant for another field goes there."""
        event.stop()
        event.prevent_default()
        if not self._ask_paste(event.text, self):
            self.take(event.text)

    def take(self, text: str) -> None:
        """Put ``text`` over the selection, cut at the limit, which is said."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        room = max(0, LONGEST_NOTE - len(self.text) + len(self.selected_text))
        result = self.replace(text[:room], *self.selection)
        self.move_cursor(result.end_location)
        if len(text) > room:
            self._on_cut(room, len(text) - room)

    def get_line(self, line_index: int) -> Text:
        """A line with every character harmless and in its own place (style.md C5)."""
        return Text(marked(self.document.get_line(line_index)), end="", no_wrap=True)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """F6 and F7 are the screen's, not for marking text."""
        return action not in ("select_line", "select_all")

    @property
    def at_top(self) -> bool:
        """Whether the cursor stands on the first line as it is wrapped."""
        return self.navigator.is_first_wrapped_line(self.cursor_location)

    @property
    def at_bottom(self) -> bool:
        """Whether the cursor stands on the last line as it is wrapped."""
        return self.navigator.is_last_wrapped_line(self.cursor_location)


@dataclass(frozen=True)
class Hint:
    """What stands below the form."""

    said: str = ""  # the echo in words, a sentence, or the field's description
    loud: bool = False
    accepts: str = ""
    place: str = ""
    more: str = ""  # a line of the screen's own (likely duplicates)


class HintLines(Widget):
    """Two lines: what was understood or is wrong, and what the field accepts."""

    DEFAULT_CSS = """
    HintLines { height: auto; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.hint = Hint()

    def show(self, hint: Hint) -> None:
        """Show this; the same again paints nothing."""
        if hint == self.hint:
            return
        taller = bool(hint.more) != bool(self.hint.more)
        self.hint = hint
        self.refresh(layout=taller)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """Two, and one more when the screen has something to say."""
        return 3 if self.hint.more else 2

    def render_line(self, y: int) -> Strip:
        """One of the lines."""
        width, base, hint = self.size.width, self.rich_style, self.hint
        y -= 1 if hint.more else 0
        if y < 0:
            segments = [Segment(fit(hint.more, width), base + Style(bold=True))]
        elif y == 0:
            style = Style(bold=True, reverse=True) if hint.loud else Style()
            said = hint.said if not hint.loud else f" {hint.said} "
            text = fit(said, min(width, cell_width(said)) if hint.loud else width)
            segments = [Segment(text, base + style)]
        else:
            room = width - cell_width(hint.place) - 1
            segments = [Segment(fit(hint.accepts, room) + " " + hint.place, base + Style(dim=True))]
        return Strip(segments).adjust_cell_length(width, base)
