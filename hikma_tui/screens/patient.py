"""One patient: who this is, and what happened (screens.md, "Patient")."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic import audit, chart
from hikma_tui.clinic.errors import NotFound, Refused
from hikma_tui.clinic.glance import Glance
from hikma_tui.i18n import _
from hikma_tui.screens import patient_glance, patient_more, patient_rows, visit_reading
from hikma_tui.screens.conflicts_mark import ConflictMark, show_both
from hikma_tui.screens.patient_panel import Panel
from hikma_tui.screens.session import PatientFile, session
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Choose
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class PatientScreen(PatientFile):
    """The file of ``patient_id``; ``said`` is what to say first (that it was saved)."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("patient.open", "enter", N_("read"), N_("Read the marked visit in full"), False),
        Action("patient.visit", "1", N_("visit"), N_("Begin or go on with today's visit"),
               more_keys=("f2",)),
        Action("patient.vitals", "2", N_("vitals"), N_("Enter vitals, see those before")),
        Action("patient.problems", "3", N_("problems"), N_("The problem list")),
        Action("patient.medicines", "4", N_("medicines"), N_("Current and past medicines")),
        Action("patient.edit", "5", N_("edit"), N_("Edit the registration"), more_keys=("f5",)),
        Action("patient.report", "6", N_("report"), N_("Read the report, write it to a file")),
        Action("patient.differs", "7", N_("both values"), N_("What differs on the server"), False),
        Action("patient.more", "9", N_("more"),
               N_("Finish, move or delete a visit; allergies, status, old paper"),
               more_keys=("f8",)),
        Action("patient.leave", "escape", N_("back"), N_("Back to the search")),
    )  # fmt: skip

    def __init__(self, patient_id: str, said: str = "") -> None:
        super().__init__()
        self.patient_id = patient_id
        self._said = said
        self._limit = chart.PAGE
        self._glance: Glance | None = None
        self._allowed = visit_reading.Allowed(False, False, False, False)
        self._viewed = False
        self._wanted = ""  # what was asked for before the file was read

    def compose(self) -> ComposeResult:
        """Who, more about them, what matters now, the time line, its count, message, keys."""
        yield Who()
        yield MessageLine(id="about")
        yield ConflictMark()
        yield Panel()
        yield RowList()
        yield MessageLine(id="count")
        yield MessageLine(id="message")
        yield KeyLine()

    def on_mount(self) -> None:
        """Say what the last screen has to say."""
        if self._said:
            self.say(self._said)

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again: read the file anew."""
        self.run_worker(self.reread(), group="read", exclusive=True)

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one("#message", MessageLine).clear()

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        self._paint()

    def say(self, text: str, *, loud: bool = False) -> None:
        """The message has a line of its own."""
        self.query_one("#message", MessageLine).say(text, loud=loud)

    @property
    def _chart(self) -> chart.Chart | None:
        return self._glance.chart if self._glance else None

    # Reading -------------------------------------------------------------------------------

    async def reread(self) -> None:
        """Show the file as it is now."""
        try:
            self._glance, self._allowed = await self.clinic.reading(
                visit_reading.opened, self.actor, self.patient_id, self._limit
            )
        except NotFound:
            # Deleted while it was open: nothing of it stays on the screen.
            self.app.notify(_("This patient is not there any more."))
            self.dismiss(None)
            return
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if self.left:
            return
        self._paint()
        self.query_one(ConflictMark).look(self.patient_id)
        await self._do_wanted()
        if not self._viewed:
            self._viewed = True
            # Once the file is on the screen: writing it down is off the key's way.
            self.call_after_refresh(session(self).later, audit.viewed, self.actor, self.patient_id)

    def _paint(self) -> None:
        if self._glance is None or self.left:
            return
        app, width, found = session(self), self.size.width, self._glance.chart
        card = found.patient
        self.query_one(Who).show_patient(card, app.today, card.phone)
        about = self.query_one("#about", MessageLine)
        about.display = self.size.height >= patient_glance.LOW
        about.say(patient_rows.more_about(card, app.facts.clinics))
        self.query_one(Panel).show(
            patient_glance.glance_rows(self._glance, app.today, width, self.size.height)
        )
        self.query_one(RowList).show(
            patient_rows.time_line(found, width, app.facts.zone), keep=True
        )
        counted = patient_rows.counted_visits(found.total, len(found.visits))
        self.query_one("#count", MessageLine).say(counted)
        self.refresh_keys()

    @on(RowList.NearEnd)
    def near_end(self) -> None:
        """The last line is marked: the next page of visits."""
        if self._chart is not None and len(self._chart.visits) < self._chart.total:
            self._limit += chart.PAGE
            self.run_worker(self.reread(), group="read", exclusive=True)

    # Doing ---------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """What the user may not do, and what there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if self._chart is None:
            return ""  # not read yet: what may not be done is refused when it is saved
        if name in ("visit", "edit") and not self._allowed.edit:
            return _("{user} has no permission to edit records at this clinic.").format(
                user=self.actor.user_name
            )
        if name == "open" and self.query_one(RowList).highlighted is None:
            return _("There is no visit yet. 1 begins one.")
        return ""

    async def action_do(self, action_id: str) -> None:
        """Reading a visit and the seldom things wait for the file; the forms read for themselves,
        so that what is typed ahead goes to them.
        """
        self._wanted = ""
        if self._chart is None and action_id in ("patient.open", "patient.more"):
            self._wanted = action_id
            self.say(_("Just a moment."))
            return
        await super().action_do(action_id)

    async def _do_wanted(self) -> None:
        """Do the last thing that was asked for while the file was being read."""
        wanted, self._wanted = self._wanted, ""
        if wanted:
            self.say(self._said)
            if self.is_current:
                await self.action_do(wanted)

    def action_open(self) -> None:
        """Enter: the marked visit in full."""
        self.query_one(RowList).open()

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """What stands in the row."""
        event.stop()
        patient_more.open_row(self, event.key, self._chart)

    def action_visit(self) -> None:
        """1: today's visit."""
        from hikma_tui.screens.visit_entry import VisitEntryScreen

        self.app.push_screen(VisitEntryScreen(self.patient_id))

    def action_vitals(self) -> None:
        """2: the values of now, the ones before beside them."""
        from hikma_tui.screens.vitals_entry import VitalsEntryScreen

        self.app.push_screen(VitalsEntryScreen(self.patient_id), self._saved)

    def _saved(self, said: str | None) -> None:
        if said:
            self.say(said)

    def action_problems(self) -> None:
        """3: the problem list."""
        from hikma_tui.screens.problems import ProblemsScreen

        self.app.push_screen(ProblemsScreen(self.patient_id))

    def action_medicines(self) -> None:
        """4: the medicines."""
        from hikma_tui.screens.medicines import MedicinesScreen

        self.app.push_screen(MedicinesScreen(self.patient_id))

    def action_edit(self) -> None:
        """5: the registration form with this patient's answers."""
        from hikma_tui.screens.register import RegisterScreen

        self.app.push_screen(RegisterScreen(self.patient_id))

    action_report = patient_more.report  # 6
    action_differs = show_both  # 7

    def action_more(self) -> None:
        """9: what is wanted seldom, and never by one key."""
        listed = patient_more.choices(self._marked_visit())
        self.app.push_screen(Choose(_("More:"), listed), self._chosen)

    def _marked_visit(self) -> chart.VisitLine | None:
        key = self.query_one(RowList).highlighted_key
        visits = self._chart.visits if self._chart else ()
        marked = patient_rows.place_of_row(key)[0] if key else ""
        return next((visit for visit in visits if visit.id == marked), None)

    def _chosen(self, choice: str | None) -> None:
        found = self._chart
        if choice is not None and found is not None:
            doing = patient_more.do(self, choice, found, self._marked_visit())
            self.run_worker(doing, group="more", exclusive=True)

    def action_leave(self) -> None:
        """Esc: up one level; the same file below (after an edit) goes with it."""
        stack = self.app.screen_stack
        below = stack[-2] if len(stack) > 1 else None
        if isinstance(below, PatientScreen) and below.patient_id == self.patient_id:
            below.dismiss(None) if below.is_current else self.app.pop_screen()
            self.app.pop_screen()
            return
        self.dismiss(None)
