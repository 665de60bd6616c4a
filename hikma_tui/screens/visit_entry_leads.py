"""Where the screen of a visit leads: its forms, vital signs, a problem; and back from there."""

from __future__ import annotations

from datetime import date

from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.quick import Saved
from hikma_tui.screens.visit_entry_rows import Place
from hikma_tui.screens.visit_entry_saving import QuickSaving
from hikma_tui.widgets.row_list import RowList


class VisitLeads(QuickSaving):
    """What is entered for one visit, in the line or on screens of their own."""

    def __init__(self, patient_id: str) -> None:
        super().__init__(patient_id)
        self._visit_id: str | None = None
        self._another = False
        self._place: Place | None = None

    async def _refresh(self) -> None:
        """Read the visit anew, and show it."""
        raise NotImplementedError

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

    def _card(self) -> PatientCard:
        assert self._place is not None
        return self._place.card

    def _goes_into(self) -> tuple[date, str | None, bool]:
        visit = self._place.visit if self._place else None
        return self._day, visit.id if visit else None, self._another

    async def _was_saved(self, saved: Saved) -> None:
        self._another, self._visit_id = False, saved.visit_id
        await self._refresh()

    def action_vitals(self) -> None:
        """F2: vital signs, one under the other."""
        from hikma_tui.screens.vitals_entry import VitalsEntryScreen

        day, visit_id, another = self._goes_into()
        which = self._place.which if self._place else ""
        screen = VitalsEntryScreen(self._patient_id, day, visit_id, another, which=which)

        def done(said: str | None) -> None:
            if said and screen.recorded is not None:
                self._another, self._visit_id = False, screen.recorded.visit_id
            self.run_worker(self._filled("", said), group="open")

        self.app.push_screen(screen, done)

    def action_problem(self) -> None:
        """F3: a problem for the list."""
        from hikma_tui.screens.problem_form import ProblemFormScreen

        def done(said: str | None) -> None:
            self.run_worker(self._filled("", said), group="open")

        day, visit_id, another = self._goes_into()
        visit = visit_id or ("+" if another else "-")
        self.app.push_screen(ProblemFormScreen(self._patient_id, day=day, visit=visit), done)
