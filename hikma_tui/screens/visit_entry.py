"""Enter a visit: its day, the one-line entry, then the forms, one after another."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.events import Key

from hikma_tui.clinic import chart, diseases, drafts, patients, problems, visits
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import event_place
from hikma_tui.screens import visit_entry_rows as rows
from hikma_tui.screens.day_dialog import AskDay
from hikma_tui.screens.quick_panel import QuickInput
from hikma_tui.screens.session import not_saved, session
from hikma_tui.screens.visit_entry_leads import VisitLeads
from hikma_tui.screens.visit_entry_rows import Place
from hikma_tui.screens.who import Who
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled
from hikma_tui.widgets.row_list import Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class VisitEntryScreen(VisitLeads):
    """One visit of ``patient_id``; ``day`` is today unless given.

    ``which`` says which of the day's visits, as in the place of a draft (``event_place``).
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action(
            "entry.open", "enter", N_("fill"), N_("Fill the marked form, or choose; so do digits")
        ),
        Action("entry.save", "f10", N_("save"), N_("Save the line"), more_keys=("ctrl+s",)),
        Action("entry.vitals", "f2", N_("vitals"), N_("Enter vital signs")),
        Action("entry.problem", "f3", N_("problem"), N_("Add a problem")),
        Action("entry.day", "f4", N_("other day"), N_("Enter a visit of another day")),
        Action(
            "entry.another", "f5", N_("second visit"), N_("Begin another visit on the same day")
        ),
        Action("entry.finish", "f6", N_("finish"), N_("The visit is over: off the open list")),
        Action(
            "entry.star", "f7", N_("also a problem"), N_("The diagnosis is a problem too"), False
        ),
        Action("entry.drop", "f8", N_("forget the line"), N_("Forget the line"), False),
        Action("entry.leave", "escape", N_("back")),
    )

    def __init__(
        self, patient_id: str, day: date | None = None, *, visit_id: str | None = None,
        which: str = "",
    ) -> None:  # fmt: skip
        super().__init__(patient_id)
        self._chosen = day
        self._visit_id = visit_id
        self._which = drafts.plain_place(which)
        self._number_ahead = 0

    def compose(self) -> ComposeResult:
        """Who, which visit, the line, the forms."""
        yield Who()
        yield Headline(id="what")
        yield Labelled(_("Quick:"), QuickInput(self.take_key))
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the forms."""
        super().on_mount()
        self.query_one(QuickInput).focus()
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
        self._birth = self._place.card.date_of_birth
        self._listed, self._given = self._place.problems, None
        self._show_heads(self._place)
        if self._place.line is not None:
            await self._take_draft(self._place.line)
        self._read_again(self.query_one(QuickInput).value)
        number, self._number_ahead = self._number_ahead, 0
        if number:
            self._open_number(number)

    def _read(self) -> Place:
        """On the reader's thread: one moment of the store for the whole screen."""
        diseases.prepare()  # a diagnosis may be typed; returns at once
        card = patients.card(self.actor, self._patient_id)
        day, visit_id = self._day, self._visit_id
        if self._which:
            visit_id, self._another = event_place.visit_of(self.actor, card.id, day, self._which)
            self._visit_id, self._which = visit_id, ""
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
        listed = tuple(problems.of_patient(card.id))
        line = self._begin_draft(event_place.of_line(card.id, day, which))
        names = tuple(rows.form_name(row) for row in usable)
        return Place(card, usable, names, visit, which, begun, listed, line)

    def _show_heads(self, place: Place) -> None:
        self.query_one(Who).show_patient(place.card, self.clinic.today)
        self.query_one("#what", Headline).show(
            rows.which_visit(place, self._day, self.clinic.today, another=self._another)
        )

    def _form_rows(self) -> list[Line]:
        return rows.form_rows(self._place) if self._place else []

    def _form_names(self) -> list[str]:
        return list(self._place.names) if self._place else []

    def on_key(self, event: Key) -> None:
        """A digit of any script opens the form of that number, also beside the field."""
        if self.focused is None and self.take_key(event):
            event.stop()
            event.prevent_default()

    def _open_number(self, number: int) -> None:
        place = self._place
        if place is None:
            self._number_ahead = number
        elif number <= len(place.forms) and number:
            self._fill(place.forms[number - 1]["id"])

    def why_not(self, action_id: str) -> str:
        """A second visit or an end needs a first one; a save needs something typed."""
        line = ("entry.save", "entry.star", "entry.drop")
        if action_id in line and not self._line.parts:
            return _("Nothing is written in the line yet.")
        visit = self._place.visit if self._place else None
        if action_id in ("entry.another", "entry.finish") and visit is None:
            return _("Nothing is recorded for this visit yet.")
        if action_id == "entry.finish" and visit is not None and not visit.open:
            return _("This visit is not on the open list.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A row was chosen, by Enter or by a click."""
        event.stop()
        if event.key == rows.VITALS:
            self.action_vitals()
        elif event.key == rows.PROBLEM:
            self.action_problem()
        elif self._line.parts:
            self._open_quick(event.key)
        else:
            self._fill(event.key)

    def action_open(self) -> None:
        """Enter: what the line asks, else the highlighted form."""
        if self._line.parts:
            self._enter()
        else:
            self.query_one(RowList).open()

    @work(exclusive=True, group="day")
    async def action_day(self) -> None:
        """F4: choose the day; past allowed, future never."""
        day = await self.app.push_screen_wait(AskDay(self._day, self.clinic.today))
        if day is not None:
            self._chosen, self._visit_id, self._another = day, None, False
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
        if await self._leave():
            session(self).tell(_("The visit is over."))
