"""Type one medicine in a line: suggestions for its name, an echo in words, what is to be chosen."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui import medicines
from hikma_tui.clinic import medicines as records
from hikma_tui.clinic.errors import Refused
from hikma_tui.forms_shape import Item
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Choice, Choose, Dialog, paste_cut_text
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Row, RowList

_SUGGESTED = 6


class MedicineLine(Dialog[Item | None], ClinicScreen[Item | None]):
    """Gives the entry as upstream stores it, or None when it was left. Nothing is saved here.

    ``line`` is what stands in the field at first; ``options`` are names to offer before others.
    ``who`` says for whom (decisions.md 12).
    A line with a doubt is never given: what is meant is chosen first (decisions.md 13).
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("line.done", "enter", N_("done"), N_("Take what stands in words"),
               more_keys=("f10",)),
        Action("line.take", "tab", N_("take the marked name")),
        Action("line.leave", "escape", N_("back, nothing is saved")),
    )  # fmt: skip

    def __init__(
        self, question: str, line: str = "", options: tuple[str, ...] = (), *, who: str = ""
    ) -> None:
        super().__init__(question, who)
        self._first = line
        self._options = options
        self._reading = medicines.read(line)
        self._warned = False

    def body(self) -> ComposeResult:
        """An example, the field, the echo, names."""
        yield Static(display(_("Such as: amlodipine 5mg od 30d")), classes="label", markup=False)
        yield LineInput(self._first, id="line")
        yield Static("", id="echo", markup=False)
        rows = RowList()
        rows.styles.height = _SUGGESTED
        yield rows

    def on_mount(self) -> None:
        """What stands in the field already."""
        field = self.query_one(LineInput)
        field.focus()
        field.cursor_position = len(field.value)
        self._read(field.value)

    @on(Input.Changed, "#line")
    def typed(self, event: Input.Changed) -> None:
        """Read the line anew; it is shown in words before anything is taken."""
        event.stop()
        self._warned = False
        self._read(event.value)

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut."""
        self.say(paste_cut_text(event))

    def _read(self, line: str) -> None:
        self._reading = medicines.read(line)
        self.query_one("#echo", Static).update(display(self.echo))
        self.say("")
        self.run_worker(self._suggest(line), group="suggest", exclusive=True)

    @property
    def echo(self) -> str:
        """The line in words; or what is to be chosen, after a loud word."""
        reading = self._reading
        if not self._line.strip():
            return _("The medicine is told here in words, before you take it.")
        if not reading.doubts:
            return f"= {reading.words}"
        doubt = reading.doubts[0]
        if not doubt.choices:
            return _("CHANGE: {sentence}").format(sentence=doubt.sentence)
        choices = " / ".join(doubt.choices)
        return _("CHOOSE (Enter): {sentence} {choices}").format(
            sentence=doubt.sentence, choices=choices
        )

    @property
    def _line(self) -> str:
        fields = self.query(LineInput)
        return fields.first().value if fields else self._first

    async def _suggest(self, line: str) -> None:
        """Names that begin so, while nothing but a name is typed."""
        item = self._reading.item
        only_name = not any(v for key, v in item.items() if key not in ("id", "name"))
        names: list[str] = []
        if line.strip() and only_name:
            try:
                names = await self.clinic.reading(
                    records.suggestions, line, self._options, _SUGGESTED
                )
            except Refused as refusal:
                self.say(str(refusal), loud=True)
        names = [name for name in names if name.casefold() != line.strip().casefold()]
        if self.is_attached and self._line == line:
            self.query_one(RowList).show([Row(name, "", name) for name in names])

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        self.action_done()

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click on a name."""
        event.stop()
        self._put(f"{event.key} ")

    def action_take(self) -> None:
        """Tab: the marked name goes into the field."""
        key = self.query_one(RowList).highlighted_key
        if key:
            self._put(f"{key} ")

    def _put(self, line: str) -> None:
        field = self.query_one(LineInput)
        field.value = line
        field.cursor_position = len(line)
        field.focus()

    def action_done(self) -> None:
        """Enter: choose what is in doubt, else give the entry."""
        if not self._line.strip():
            self.say(_("Write a medicine first; Esc leaves."))
            return
        self._reading = medicines.read(self._line)
        if not self._reading.doubts:
            self.dismiss(self._reading.item)
            return
        doubt = self._reading.doubts[0]
        if not doubt.choices:
            self.say(doubt.sentence, loud=True)
            return
        line = self._line

        def chosen(key: str | None) -> None:
            if key is not None:
                self._put(medicines.choose(line, doubt, key))

        listed = [Choice(choice, choice) for choice in doubt.choices]
        self.app.push_screen(Choose(doubt.sentence, listed, line), chosen)

    def action_leave(self) -> None:
        """Esc: what was typed is dropped only when it is said again."""
        if self._line.strip() and self._line != self._first and not self._warned:
            self._warned = True
            self.say(_("Enter takes it. Esc once more drops it."), loud=True)
            return
        self.dismiss(None)
