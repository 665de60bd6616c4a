"""Questions and sentences that stand in front of a screen. Nothing in them is read as markup."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from hikma_tui.i18n import _
from hikma_tui.text import cell_width, display, fit
from hikma_tui.widgets.base import BaseScreen
from hikma_tui.widgets.keys import N_, Action, digit_of
from hikma_tui.widgets.prompt import LONGEST_LINE, LineInput
from hikma_tui.widgets.row_list import Row, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

T = TypeVar("T")


def paragraphs(text: str) -> str:
    """Outside text for a dialog: its line breaks kept, each line harmless."""
    return "\n".join(display(line) for line in text.splitlines())


class Dialog(BaseScreen[T], ModalScreen[T], Generic[T]):
    """A box with a question, what belongs to it, and its keys at the bottom."""

    def __init__(self, question: str, more: str = "") -> None:
        super().__init__()
        self.question = question
        self.more = more

    def compose(self) -> ComposeResult:
        """Question, text, the part of the subclass, message, keys."""
        with Vertical(classes="dialog"):
            yield Static(paragraphs(self.question), classes="question", markup=False)
            if self.more:
                with VerticalScroll(classes="more", can_focus=False):
                    yield Static(paragraphs(self.more), markup=False)
            yield from self.body()
            yield MessageLine()
            yield KeyLine()

    def body(self) -> ComposeResult:
        """What stands between the text and the keys."""
        yield from ()

    def key_actions(self) -> tuple[Action, ...]:
        """Its own alone: help would cover the question."""
        return self.ACTIONS

    def on_key(self, event: Key) -> None:
        """Arrows scroll a long text; a letter does nothing here."""
        boxes = self.query(VerticalScroll)
        if not boxes:
            return
        box = boxes.first()
        moves = {
            "up": box.scroll_up,
            "down": box.scroll_down,
            "pageup": box.scroll_page_up,
            "pagedown": box.scroll_page_down,
        }
        if event.key in moves:
            event.stop()
            moves[event.key](animate=False)


class Ask(Dialog[bool]):
    """A question with yes and no. ``more`` says what goes with it ("3 visits, 7 notes").

    Enter and F10 are yes, Esc is no. With ``careful`` Enter is not enough, so that one typed ahead
    deletes nothing.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("ask.go_on", "enter", N_("yes")),
        Action("ask.yes", "f10", N_("yes")),
        Action("ask.no", "escape", N_("no")),
    )

    def __init__(self, question: str, more: str = "", *, careful: bool = False) -> None:
        super().__init__(question, more)
        self.careful = careful

    def key_actions(self) -> tuple[Action, ...]:
        """The key that is enough, and no."""
        enter, yes, no = self.ACTIONS
        return (yes if self.careful else enter, no)

    def why_not(self, action_id: str) -> str:
        """Enter is not enough for a careful question."""
        return _("Press F10 for yes.") if self.careful and action_id == "ask.go_on" else ""

    def action_go_on(self) -> None:
        """Enter."""
        self.dismiss(True)

    def action_yes(self) -> None:
        """F10."""
        self.dismiss(True)

    def action_no(self) -> None:
        """Esc."""
        self.dismiss(False)


class AskReason(Dialog[str | None]):
    """A question that needs a typed reason. Gives the reason, or None when left with Esc.

    ``first`` stands in the field at the beginning; ``text`` was typed before and is there again
    instead; ``keep`` is told what stands there at each key, to keep it as a draft.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("reason.done", "f10", N_("go on")),
        Action("reason.leave", "escape", N_("back, nothing changes")),
        Action("reason.drop", "f8", N_("drop the draft")),
    )
    LONGEST: ClassVar[int] = LONGEST_LINE

    def __init__(
        self,
        question: str,
        more: str = "",
        *,
        text: str = "",
        first: str = "",
        keep: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(question, more)
        self._back = bool(text)
        self._first, self._text = first, text or first
        self._keep = keep

    def key_actions(self) -> tuple[Action, ...]:
        """F8 only where there is a draft to drop."""
        return self.ACTIONS[: 3 if self._back else 2]

    @property
    def label(self) -> str:
        """What stands above the field."""
        return _("Reason:")

    @property
    def lacks(self) -> str:
        """What is said when the field is empty."""
        return _("A reason is needed.")

    def body(self) -> ComposeResult:
        """The field for the reason."""
        yield Static(display(self.label), classes="label", markup=False)
        yield LineInput(self._text, id="reason", max_length=self.LONGEST)

    def on_mount(self) -> None:
        """What was typed before is said to be so."""
        super().on_mount()
        if self._back:
            self.say(_("What you had typed is back."))

    @on(Input.Changed, "#reason")
    def typed(self, event: Input.Changed) -> None:
        """A key: keep what stands there now."""
        event.stop()
        if self._keep is not None and event.value != self._text:
            self._text = event.value
            self._keep(event.value)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter in the field goes on, as F10 does."""
        event.stop()
        self.action_done()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut."""
        self.say(paste_cut_text(event))

    def action_done(self) -> None:
        """Give the reason; an empty one is asked for again."""
        reason = self.query_one(LineInput).value.strip()
        if reason:
            self.dismiss(reason)
        else:
            self.say(self.lacks, loud=True)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)

    def action_drop(self) -> None:
        """F8: forget what was typed before, and give nothing."""
        if self._keep is not None:
            self._text = ""
            self._keep("")
        self.dismiss(None)


def paste_cut_text(event: LineInput.PasteCut) -> str:
    """What to say when a paste did not fit."""
    sentence = _("The pasted text was too long: {kept} characters kept, {dropped} left out.")
    return sentence.format(kept=event.kept, dropped=event.dropped)


class Tell(Dialog[None]):
    """A sentence, and perhaps a longer text to scroll. Enter or Esc closes it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("tell.close", "enter", N_("close"), more_keys=("escape",)),
    )

    def action_close(self) -> None:
        """Close."""
        self.dismiss(None)


class KeysHelp(Tell):
    """F1: the keys of a screen, from the same table that makes them."""

    def __init__(self, actions: Iterable[Action]) -> None:
        seen: dict[str, Action] = {}
        for action in actions:
            seen.setdefault(action.id, action)
        width = max((cell_width(action.shown_key) for action in seen.values()), default=0)
        lines = [f"{fit(a.shown_key, width)}  {a.shown_help}" for a in seen.values()]
        super().__init__(_("Keys of this screen"), "\n".join(lines))


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of ``Choose``: what is given back, and what is shown."""

    key: str
    label: str


class Choose(Dialog[str | None]):
    """One of several. A digit takes the first nine at once; arrows and Enter take any; Esc none."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("choose.take", "enter", N_("choose")),
        Action("choose.leave", "escape", N_("back")),
    )

    def __init__(self, question: str, choices: Sequence[Choice], more: str = "") -> None:
        super().__init__(question, more)
        self.choices = tuple(choices)

    def body(self) -> ComposeResult:
        """The choices, numbered."""
        rows = RowList(
            Row(choice.key, f"{number}" if number < 10 else " ", choice.label)
            for number, choice in enumerate(self.choices, start=1)
        )
        rows.styles.height = min(len(self.choices), 14)
        yield rows

    def on_key(self, event: Key) -> None:
        """Digits of any script choose; the arrows are ``BaseScreen``'s."""
        number = digit_of(event.character)
        if number and number <= len(self.choices):
            event.stop()
            event.prevent_default()
            self.dismiss(self.choices[number - 1].key)

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click, or Enter."""
        event.stop()
        self.dismiss(event.key)

    def action_take(self) -> None:
        """Enter."""
        self.query_one(RowList).open()

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
