"""What was changed in two places: the list, of all patients or of one (screens.md, "Conflict")."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import ScreenResume

from hikma_tui.clinic import conflicts
from hikma_tui.clinic.conflicts import OpenConflict
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import conflicts_words as words
from hikma_tui.screens import sync_words
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import not_saved, session
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Ask, Choice, Choose
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Divider, Info, Line, RowList
from hikma_tui.widgets.title import MessageLine


class ConflictsScreen(RowScreen):
    """The open conflicts; with ``patient_id`` those of one patient. Enter opens one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("conflicts.open", "enter", N_("compare"), N_("Both values, field by field")),
        Action("conflicts.all", "4", N_("all suggestions"),
               N_("Decide all old changes of a copy at once")),
        Action("conflicts.leave", "escape", N_("later"), N_("Back; nothing is decided by itself")),
    )  # fmt: skip

    def __init__(self, patient_id: str = "", said: str = "") -> None:
        super().__init__()
        self.patient_id = patient_id
        self._said = said
        self._open: list[OpenConflict] | None = None

    def compose(self) -> ComposeResult:
        """Who (of one patient), how many, the rows, message, keys."""
        if self.patient_id:
            yield Who()
        yield from super().compose()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again after a choice."""
        self.read_anew()

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one(MessageLine).clear()

    async def fetch(self) -> None:
        """The open ones, of one patient or of all."""
        found = await self.clinic.reading(conflicts.open_conflicts, self.actor)
        mine = self.patient_id
        self._open = [one for one in found if not mine or one.patient_id == mine]

    @property
    def _suggestions(self) -> list[OpenConflict]:
        return [one for one in self._open or () if one.kind == words.SUGGESTION]

    def paint(self) -> None:
        """A row each, by kind; how many."""
        if self._open is None:
            return
        app, n = session(self), len(self._open)
        card = next((one.patient for one in self._open if one.patient is not None), None)
        if self.patient_id and card is not None:
            self.query_one(Who).show_patient(card, app.today)
        title = ngettext("{n} record needs a choice", "{n} records need a choice", n)
        heading = title.format(n=n) if n else _("Nothing waits for a choice.")
        self.show_rows(heading, self._lines())

    def _lines(self) -> list[Line]:
        app = session(self)
        clock = sync_words.clock_of(app.today, app.facts.zone)
        lines: list[Line] = []
        for kind in dict.fromkeys(one.kind for one in self._open or ()):
            same = [one for one in self._open or () if one.kind == kind]
            lines.append(Divider(f"{words.kind_text(kind)}: {len(same)}"))
            lines += [words.list_row(one, app.today, clock, self.size.width) for one in same]
        if not lines:
            lines = [Info(""), Info(_("Here and the server agree about every record."))]
        return lines

    # Doing ---------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if name == "open" and not self.marked:
            return _("Nothing waits for a choice.")
        if name == "all" and self._open is not None and not self._suggestions:
            return _("There is no suggestion of a copy.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """One record, field by field."""
        from hikma_tui.screens.conflicts_choice import ChoiceScreen

        event.stop()
        one = next(o for o in self._open or () if str(o.pk) == event.key)
        self.app.push_screen(ChoiceScreen(one), self._chosen)

    def _chosen(self, said: str | None) -> None:
        if said:
            self.run_worker(self._after(said), group="after", exclusive=True)

    async def _after(self, said: str) -> None:
        """Say what was saved; after the last choice about one patient, back to the patient."""
        await self.reread()
        if self.left:
            return
        if self._open or not self.patient_id:
            self.say(said)  # how many are left stands in the heading
            return
        self.dismiss(None)
        session(self).tell(said)

    def action_all(self) -> None:
        """4: all that comes from a copy, one way."""
        n = len(self._suggestions)
        question = ngettext(
            "{n} old change of a copy of these records:",
            "{n} old changes of a copy of these records:", n,
        ).format(n=n)  # fmt: skip
        listed = [
            Choice(words.OURS, _("Take all of them, and send them")),
            Choice(words.THEIRS, _("Forget all of them: everything stays as the server has it")),
        ]
        self.app.push_screen(Choose(question, listed), self._all_chosen)

    def _all_chosen(self, side: str | None) -> None:
        if side is not None:
            self.run_worker(self._decide_all(side), group="save", exclusive=True)

    async def _decide_all(self, side: str) -> None:
        question = Ask(
            _("Decide {n} records at once?").format(n=len(self._suggestions)),
            _("Doses and dates may be among them. This can't be undone here."),
            careful=True,
        )
        if not await self.app.push_screen_wait(question):
            return
        deciding = self.clinic.writing(conflicts.resolve_all_suggestions, self.actor, side)
        try:
            done = await deciding
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return
        await self.reread()
        self.say(ngettext("{n} decided.", "{n} decided.", done).format(n=done))
