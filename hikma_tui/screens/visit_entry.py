"""Enter a visit: its day, then the forms, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key

from hikma_tui import forms
from hikma_tui.clinic import chart, patients, visits
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.screens.day_dialog import AskDay
from hikma_tui.screens.identity import identity_line
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action, digit_of
from hikma_tui.widgets.row_list import Info, Row, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


@dataclass(frozen=True)
class _Place:
    """Where what is entered goes: the patient, the forms, and the day's visit if there is one."""

    card: PatientCard
    forms: tuple[dict[str, Any], ...]
    visit: VisitLine | None


class VisitEntryScreen(PatientSideScreen):
    """The forms of one visit of ``patient_id``; ``day`` is today unless given."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("entry.open", "enter", N_("fill the form")),
        Action("entry.day", "f4", N_("another day"), N_("Enter a visit of another day")),
        Action(
            "entry.another", "f5", N_("a second visit"), N_("Begin another visit on the same day")
        ),
        Action(
            "entry.finish", "f6", N_("visit is over"), N_("The visit is over: off the open list")
        ),
        Action("entry.leave", "escape", N_("back")),
    )

    def __init__(
        self, patient_id: str, day: date | None = None, *, visit_id: str | None = None
    ) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._chosen = day
        self._visit_id = visit_id
        self._another = False
        self._place: _Place | None = None

    def compose(self) -> ComposeResult:
        """Who, which visit, the forms."""
        yield Headline(id="who")
        yield Headline(id="what")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the forms."""
        super().on_mount()
        self.run_worker(self._refresh(), group="open")

    @property
    def _day(self) -> date:
        return self._chosen or self.clinic.today

    async def _refresh(self) -> None:
        try:
            self._place = await self.clinic.reading(self._read)
        except Refused as refusal:
            self.app.notify(str(refusal))
            self.dismiss(None)
            return
        if self._place.visit is not None and self._place.visit.day is not None:
            self._chosen = self._place.visit.day
        self._show(self._place)
        self.refresh_keys()

    def _read(self) -> _Place:
        """On the reader's thread: one moment of the store for the whole screen."""
        card = patients.card(self.actor, self._patient_id)
        visit_id = self._visit_id
        if visit_id is None and not self._another:
            found = visits.visits_of_day(self._patient_id, self.actor.clinic_id, self._day)
            visit_id = found[-1]["id"] if found else None
        visit = chart.visit(self.actor, visit_id)[1] if visit_id else None
        return _Place(card, tuple(visits.event_forms(self.actor)), visit)

    def _show(self, place: _Place) -> None:
        line = identity_line(place.card, self.clinic.today, self.app.size.width - 2)
        self.query_one("#who", Headline).show_ready(line)
        self.query_one("#what", Headline).show(self._which_visit(place))
        rows = [
            Row(row["id"], self._number(number), self._form_line(row, place))
            for number, row in enumerate(place.forms, start=1)
        ]
        empty = Info(_("There is no form for this clinic yet."))
        self.query_one(RowList).show(rows or [empty], keep=True)

    @staticmethod
    def _number(number: int) -> str:
        return str(number) if number < 10 else " "

    def _which_visit(self, place: _Place) -> str:
        day = in_words(self._day.isoformat(), self.clinic.today)
        if self._day == self.clinic.today:
            day = _("today, {day}").format(day=day)
        else:
            day = _("{day}, entered late").format(day=day)
        if place.visit is None:
            return _("New visit, {day}").format(day=day)
        so_far = ngettext("{n} form so far", "{n} forms so far", len(place.visit.events))
        return _("Visit of {day}: {so_far}").format(
            day=day, so_far=so_far.format(n=len(place.visit.events))
        )

    def _form_line(self, row: dict[str, Any], place: _Place) -> str:
        name = forms.translate(forms.event_form(row).name, language())
        filled = sum(1 for e in place.visit.events if e.form_id == row["id"]) if place.visit else 0
        if not filled:
            return name
        return _("{form}   (filled: {n})").format(form=name, n=filled)

    def on_key(self, event: Key) -> None:
        """A digit of any script opens the form of that number."""
        number = digit_of(event.character)
        place = self._place
        if place is not None and number and number <= len(place.forms):
            event.stop()
            event.prevent_default()
            self._fill(place.forms[number - 1]["id"])

    def why_not(self, action_id: str) -> str:
        """A second visit or an end needs a first one."""
        visit = self._place.visit if self._place else None
        if action_id in ("entry.another", "entry.finish") and visit is None:
            return _("Nothing is recorded for this visit yet.")
        if action_id == "entry.finish" and visit is not None and not visit.open:
            return _("This visit is not on the open list.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click on a form."""
        event.stop()
        self._fill(event.key)

    def action_open(self) -> None:
        """Enter: fill the highlighted form."""
        self.query_one(RowList).open()

    @work(exclusive=True, group="fill", exit_on_error=False)
    async def _fill(self, form_id: str) -> None:
        from hikma_tui.screens.event_form import EventFormScreen

        visit = self._place.visit if self._place else None
        screen = EventFormScreen(
            self._patient_id, form_id, self._day,
            visit_id=visit.id if visit else None, another_visit=self._another,
        )  # fmt: skip
        said = await self.app.push_screen_wait(screen)
        if said:
            self._another = False
            self.say(said)
            self._next_form(form_id)
        await self._refresh()

    def _next_form(self, form_id: str) -> None:
        """After one form the next is offered."""
        ids = [row["id"] for row in self._place.forms] if self._place else []
        if form_id in ids and ids.index(form_id) + 1 < len(ids):
            self.query_one(RowList).highlight(ids[ids.index(form_id) + 1])

    @work(exclusive=True, group="day", exit_on_error=False)
    async def action_day(self) -> None:
        """F4: choose the day; past allowed, future never."""
        day = await self.app.push_screen_wait(AskDay(self._day, self.clinic.today))
        if day is not None:
            self._chosen, self._visit_id, self._another = day, None, False
            await self._refresh()

    async def action_another(self) -> None:
        """F5: what is entered next begins a second visit of this day."""
        self._another, self._visit_id = True, None
        await self._refresh()

    @work(exclusive=True, group="finish", exit_on_error=False)
    async def action_finish(self) -> None:
        """F6: the visit is over."""
        visit = self._place.visit if self._place else None
        if visit is None:
            return
        try:
            await self.clinic.writing(visits.finish, self.actor, visit.id)
        except Refused as refusal:
            self.say(_("NOT SAVED: {reason}").format(reason=refusal), loud=True)
            return
        self.dismiss(None)

    def action_leave(self) -> None:
        """Esc: back to the patient."""
        self.dismiss(None)
