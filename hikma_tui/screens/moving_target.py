"""Whose entry it is: find the right patient, to move an entry to (decisions.md 19)."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.screen import ModalScreen
from textual.widgets import Input

from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import _
from hikma_tui.screens import find_rows
from hikma_tui.screens.asking import NO_FILTERS, Answer, Asker
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session
from hikma_tui.screens.who import Who
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, SearchPrompt
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class ChoosePatient(ClinicScreen[str | None], ModalScreen[str | None]):
    """Gives the id of another patient than ``card``, or None when left. ``what`` is to be moved."""

    DEFAULT_CSS = """
    ChoosePatient { background: $background; }
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("target.take", "enter", N_("this patient"), N_("Take the marked patient")),
        Action("target.leave", "escape", N_("back, nothing is moved")),
    )

    def __init__(self, card: PatientCard, what: str) -> None:
        super().__init__()
        self._card = card
        self._what = what
        self._asker = Asker(self, self._answered, self._counted)

    def compose(self) -> ComposeResult:
        """In whose file it stands, the question, the field, the list."""
        yield Who()
        yield Headline(id="what")
        yield Labelled(_("Find:"), SearchPrompt(id="query"))
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """The field has the focus."""
        super().on_mount()
        self.query_one(Who).show_patient(self._card, self.clinic.today)
        question = _("{what}: to which patient does it belong?").format(what=self._what)
        self.query_one("#what", Headline).show(question)
        self.query_one(SearchPrompt).focus()
        self._show([Info(""), Info(_("Type the name or the number of the right patient."))])

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        if self._asker.answer is not None:
            self._answered(self._asker.answer, again=True)

    def _show(self, lines: list[Line], *, keep: bool = False) -> None:
        self.query_one(RowList).show(lines, keep=keep)

    @on(Input.Changed, "#query")
    def typed(self, event: Input.Changed) -> None:
        """Each change asks."""
        event.stop()
        self.say("")
        self._asker.ask(event.value, NO_FILTERS)

    def _answered(self, answer: Answer, again: bool) -> None:
        app = session(self)
        if answer.refusal:
            self._show([Info(answer.refusal)])
            return
        hits = [hit for hit in answer.hits if hit.id != self._card.id]
        if answer.question.empty:
            self._show([Info(""), Info(_("Type the name or the number of the right patient."))])
        elif hits:
            zone, width = app.facts.zone, self.size.width
            self._show(find_rows.found_lines(hits, app.today, zone, width), keep=again)
        else:
            self._show([Info(""), Info(_("Nobody else found."))])

    def _counted(self, _first: bool) -> None:
        """How many there are matters to nobody here."""

    @on(Input.Submitted, "#query")
    async def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        await self.action_do("target.take")

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """This patient."""
        event.stop()
        self.dismiss(event.key)

    @on(RowList.NearEnd)
    def near_end(self) -> None:
        """More of them, if there are any."""
        self._asker.ask_for_more()

    def action_take(self) -> None:
        """Enter: only what answers the text that is shown."""
        if self.query_one(SearchPrompt).value == self._asker.question.text and self._asker.done:
            self.query_one(RowList).open()
        else:
            self.say(_("The list has only now come: look, then press Enter."))

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
