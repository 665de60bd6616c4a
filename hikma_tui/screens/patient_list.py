"""A list about one patient with keys of its own: problems, allergies, what became of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic import drafts, patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import _
from hikma_tui.screens import kept_words
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import PatientSideScreen, not_saved, session
from hikma_tui.screens.who import Who
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.row_list import Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

T = TypeVar("T")


class PatientList(PatientSideScreen, Generic[T]):
    """A subclass says what is read, how it looks, and what its keys do."""

    def __init__(self, patient_id: str, *, resume: str = "") -> None:
        """``resume`` is the place of the draft to go on with, once all is read."""
        super().__init__()
        self._resume = resume
        self.patient_id = patient_id
        self.card: PatientCard | None = None
        self.found: T | None = None
        self._busy = False

    def read(self, actor: Actor, patient_id: str) -> T:
        """What is shown. On the reader's thread. Raises Refused."""
        raise NotImplementedError

    def heading(self, found: T) -> str:
        """What this list is, with how many."""
        raise NotImplementedError

    def lines(self, found: T, width: int) -> list[Line]:
        """The rows."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """Who, what, the rows, message, keys."""
        yield Who()
        yield Headline(id="what")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again after something was saved."""
        self.run_worker(self.read_again(), group="read", exclusive=True)

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one(MessageLine).clear()

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        self._paint()

    def _read_both(self) -> tuple[PatientCard, T]:
        card = patients.card(self.actor, self.patient_id)
        return card, self.read(self.actor, self.patient_id)

    async def read_again(self) -> None:
        """Read and paint."""
        try:
            self.card, self.found = await self.clinic.reading(self._read_both)
        except Refused as error:
            self.app.notify(str(error), markup=False)
            self.dismiss(None)
            return
        self._paint()
        resume, self._resume = self._resume, ""
        if resume and not self.left:
            self.take_up(resume)

    def take_up(self, place: str) -> None:
        """Go on with the draft at ``place``."""

    def _paint(self) -> None:
        if self.card is None or self.found is None or self.left:
            return
        self.query_one(Who).show_patient(self.card, session(self).today)
        self.query_one("#what", Headline).show(self.heading(self.found))
        self.query_one(RowList).show(self.lines(self.found, self.size.width), keep=True)
        self.refresh_keys()

    @property
    def marked(self) -> str | None:
        """The key of the marked row."""
        return self.query_one(RowList).highlighted_key

    async def save(self, what: str, function: Callable[..., Any], *arguments: Any) -> bool:
        """Run one save, say for whom it was saved, read again. Whether it was saved."""
        if self._busy:
            self.say(_("Just a moment."))
            return False
        self._busy = True
        try:
            await self.clinic.writing(function, self.actor, *arguments)
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return False
        finally:
            self._busy = False
        await self.said_saved(what)
        return True

    async def save_why(
        self, what: str, question: str, about: tuple[str, str],
        function: Callable[..., Any], *arguments: Any, **named: Any,
    ) -> None:  # fmt: skip
        """Ask why, and save with the answer as the last argument. The reason is a draft meanwhile;
        ``about`` says of what: its kind and its id.
        """
        place = kept_words.place_of(self.patient_id, *about)
        try:
            async with kept_words.begin(self, place, self.patient_id) as words:
                reason = await words.ask(question)
                if reason is not None:
                    await self.save(
                        what, drafts.saved, words.hold, partial(function, **named), self.actor,
                        *arguments, reason,
                    )  # fmt: skip
        except Refused as error:
            self.say(str(error), loud=True)

    async def said_saved(self, what: str) -> None:
        """Read again, and say what was saved and for whom."""
        await self.read_again()
        if self.card is not None and not self.left:
            self.say(saved_line(self.card, self.clinic.today, what))

    def told(self, said: str | None) -> None:
        """What a form that was opened from here has to say."""
        if said:
            self.say(said)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
