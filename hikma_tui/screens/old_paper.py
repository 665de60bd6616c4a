"""Old paper typed in, visit after visit: day, form, save, and at once the next day.

The form that was chosen stays until another one is; each visit is marked late by its own day
(decisions.md 18). A day that has a visit already is joined, and the form's header says so.
"""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from hikma_tui import forms
from hikma_tui.clinic import visits
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import DayError
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.day_dialog import AskDay
from hikma_tui.screens.identity import facts, listed_name
from hikma_tui.text import cut
from hikma_tui.widgets.dialogs import Choice, Choose
from hikma_tui.widgets.keys import N_, Action

_ALL = "all"  # the screen with all the forms, instead of one form


class AskPaperDay(AskDay):
    """The day that stands on the paper. F3 leaves it to choose another form."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        *AskDay.ACTIONS[:1],
        Action("day.form", "f3", N_("other form")),
        Action("day.leave", "escape", N_("finished")),
    )

    def __init__(self, question: str, about: str, today: date) -> None:
        super().__init__(today, today)
        self.question = question
        self.more = f"{about}\n{self.more}"
        self.other_form = False

    def _read(self, text: str) -> date:
        """No day is not today: papers have their own."""
        if not text.strip():
            raise DayError(_("Type the day that stands on the paper."))
        return super()._read(text)

    def action_form(self) -> None:
        """F3."""
        self.other_form = True
        self.dismiss(None)


class OldPaper:
    """The loop. ``run`` it in a worker of ``screen``, which stands below it."""

    def __init__(self, screen: ClinicScreen[Any], card: PatientCard) -> None:
        self._screen = screen
        self._card = card
        self._saved: list[date] = []
        self._names: dict[str, str] = {}

    async def run(self) -> None:
        """Until the day is left with Esc."""
        try:
            rows = await self._screen.clinic.reading(visits.event_forms, self._screen.actor)
        except Refused as error:
            self._screen.say(str(error), loud=True)
            return
        names = {row["id"]: forms.translate(forms.event_form(row).name, language()) for row in rows}
        self._names = names
        form_id = await self._choose(names)
        if form_id is not None:
            await self._go_on(form_id)

    async def _go_on(self, form_id: str) -> None:
        """Ask for the next day; left with Esc, the papers are finished."""
        while True:
            asked = self._ask(self._names.get(form_id, _("All the forms")))
            day = await self._screen.app.push_screen_wait(asked)
            if day is not None:
                self._enter(form_id, day)
                return
            if not asked.other_form:
                break
            form_id = await self._choose(self._names) or form_id
        if self._saved:
            self._screen.say(self._count())

    async def _choose(self, names: dict[str, str]) -> str | None:
        listed = [Choice(form_id, name) for form_id, name in names.items()]
        listed.append(Choice(_ALL, _("All the forms, one after another")))
        question = _("Old visits from paper: which form?")
        return await self._screen.app.push_screen_wait(Choose(question, listed))

    def _ask(self, name: str) -> AskPaperDay:
        today = self._screen.clinic.today
        who = f"{cut(listed_name(self._card), 40)}   {facts(self._card, today)}"
        about = f"{who}\n{self._count()}" if self._saved else who
        question = _("The day on the paper: {form}").format(form=name)
        return AskPaperDay(question, about, today)

    def _count(self) -> str:
        n = len(self._saved)
        said = ngettext("{n} saved, the last of {day}", "{n} saved, the last of {day}", n)
        return said.format(n=n, day=self._saved[-1].isoformat())

    def _enter(self, form_id: str, day: date) -> None:
        """Fill the form for that day; what is left unsaved stays as a draft. Then the next day."""
        if form_id == _ALL:
            from hikma_tui.screens.visit_entry import VisitEntryScreen

            def left(_result: None) -> None:
                self._next(form_id)

            self._screen.app.push_screen(VisitEntryScreen(self._card.id, day), left)
            return
        from hikma_tui.screens.event_form import EventFormScreen

        form = EventFormScreen(self._card.id, form_id, day)

        def done(said: str | None) -> None:
            if said and form.recorded is not None:
                self._saved.append(day)
            self._next(form_id)

        self._screen.app.push_screen(form, done)

    def _next(self, form_id: str) -> None:
        if self._screen in self._screen.app.screen_stack:
            self._screen.run_worker(self._go_on(form_id), group="more", exclusive=True)
