"""Enter a visit: its day, then the forms, one after another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key

from hikma_tui import forms
from hikma_tui.clinic import chart, drafts, patients, visits
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.screens import event_place
from hikma_tui.screens.day_dialog import AskDay
from hikma_tui.screens.session import PatientSideScreen, not_saved, session
from hikma_tui.screens.who import Who
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
    which: str  # which of the day's visits, as in the place of a draft
    begun: frozenset[str]  # the forms of which a draft is kept


class VisitEntryScreen(PatientSideScreen):
    """The forms of one visit of ``patient_id``; ``day`` is today unless given."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("entry.open", "enter", N_("fill"), N_("Fill the marked form; so do digits")),
        Action("entry.day", "f4", N_("other day"), N_("Enter a visit of another day")),
        Action(
            "entry.another", "f5", N_("second visit"), N_("Begin another visit on the same day")
        ),
        Action("entry.finish", "f6", N_("finish"), N_("The visit is over: off the open list")),
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
        yield Who()
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
        day, visit_id = self._day, self._visit_id
        visit = chart.visit(self.actor, visit_id)[1] if visit_id else None
        if visit is not None and visit.day is not None:
            day = visit.day
        of_day = visits.visits_of_day(self._patient_id, self.actor.clinic_id, day)
        ids = [row["id"] for row in of_day]
        if visit is None and ids and not self._another:
            visit = chart.visit(self.actor, ids[-1])[1]
        which = event_place.which_of(ids, visit.id if visit else None, another=self._another)
        usable = tuple(visits.event_forms(self.actor))
        begun = frozenset(
            row["id"] for row in usable
            if drafts.at(self.actor, event_place.of(card.id, row["id"], day, which)) is not None
        )  # fmt: skip
        return _Place(card, usable, visit, which, begun)

    def _show(self, place: _Place) -> None:
        self.query_one(Who).show_patient(place.card, self.clinic.today)
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
        if place.visit is None and self._another:
            return _("Another visit, {day}").format(day=day)
        if place.visit is None:
            return _("New visit, {day}").format(day=day)
        so_far = ngettext("{n} form so far", "{n} forms so far", len(place.visit.events))
        return _("Visit of {day}: {so_far}").format(
            day=day, so_far=so_far.format(n=len(place.visit.events))
        )

    def _form_line(self, row: dict[str, Any], place: _Place) -> str:
        name = forms.translate(forms.event_form(row).name, language())
        filled = sum(1 for e in place.visit.events if e.form_id == row["id"]) if place.visit else 0
        if row["id"] in place.begun:
            name = _("{form}   (draft)").format(form=name)
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

    def _fill(self, form_id: str) -> None:
        """Open a form. At once, so that what is typed ahead is typed into it."""
        from hikma_tui.screens.event_form import EventFormScreen

        place = self._place
        if place is None:
            return
        screen = EventFormScreen(
            self._patient_id, form_id, self._day,
            visit_id=place.visit.id if place.visit else None, another_visit=self._another,
            which=place.which,
        )  # fmt: skip

        def done(said: str | None) -> None:
            recorded = screen.recorded
            if said and recorded is not None:
                self._another, self._visit_id = False, recorded.visit_id
            self.run_worker(self._filled(form_id, said), group="open")

        self.app.push_screen(screen, done)

    async def _filled(self, form_id: str, said: str | None) -> None:
        """Back from a form: after a save the next one is offered."""
        await self._refresh()
        if said and self.is_current:
            self.say(said)
            self._next_form(form_id)

    def _next_form(self, form_id: str) -> None:
        """After one form the next is offered."""
        ids = [row["id"] for row in self._place.forms] if self._place else []
        if form_id in ids and ids.index(form_id) + 1 < len(ids):
            self.query_one(RowList).highlight(ids[ids.index(form_id) + 1])

    @work(exclusive=True, group="day")
    async def action_day(self) -> None:
        """F4: choose the day; past allowed, future never."""
        day = await self.app.push_screen_wait(AskDay(self._day, self.clinic.today))
        if day is not None:
            self._chosen, self._visit_id, self._another = day, None, False
            self.say("")
            await self._refresh()

    def action_another(self) -> None:
        """F5: what is entered next begins a second visit of this day."""
        self._another, self._visit_id = True, None
        self.run_worker(self._refresh(), group="open")

    @work(group="finish")
    async def action_finish(self) -> None:
        """F6: the visit is over."""
        visit = self._place.visit if self._place else None
        if visit is None:
            return
        try:
            await self.clinic.writing(visits.finish, self.actor, visit.id)
        except Refused as refusal:
            self.say(not_saved(refusal), loud=True)
            return
        self.dismiss(None)
        session(self).tell(_("The visit is over."))

    def action_leave(self) -> None:
        """Esc: back to the patient."""
        self.dismiss(None)
