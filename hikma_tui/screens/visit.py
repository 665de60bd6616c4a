"""One visit in full: everything that was recorded in it, in the order of recording."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic.chart_visit import Record
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import patient_rows, visit_more, visit_reading, visit_rows
from hikma_tui.screens.session import VisitFile, session
from hikma_tui.screens.visit_reading import WholeVisit
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Choose
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class VisitScreen(VisitFile):
    """The visit ``visit_id``, shown from its note ``event_id`` on.

    Without a visit ("") it is one record that hangs on none: ``event_id`` is ``<table>:<id>``.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("visit.add", "1", N_("add a form"), N_("Fill a form for this visit"),
               more_keys=("f2",)),
        Action("visit.edit", "5", N_("edit the note"), N_("Edit the marked note or vitals"),
               more_keys=("f5",)),
        Action("visit.addendum", "6", N_("addendum"),
               N_("Add a text to the marked note; its answers stay")),
        Action("visit.more", "9", N_("more"),
               N_("Answers over time, finish, move to another patient, delete"),
               more_keys=("f8",)),
        Action("visit.leave", "escape", N_("back"), N_("Back to the patient")),
    )  # fmt: skip

    def __init__(
        self, visit_id: str, event_id: str | None = None, *, addendum: bool = False
    ) -> None:
        super().__init__()
        self.visit_id = visit_id
        self._event_id = event_id
        self._addendum = addendum  # one was being typed: go on with it
        self._whole: WholeVisit | None = None

    def compose(self) -> ComposeResult:
        """Who, which visit, the answers, message, keys."""
        yield Who()
        yield Headline(id="what")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again after something was saved."""
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one(MessageLine).clear()

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    async def _read(self) -> None:
        try:
            self._whole = await self._found()
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if self.left:
            return
        self._paint()
        if self._event_id is not None and self.visit_id:
            # The heading at the top: from the last line back up to it.
            rows = self.query_one(RowList)
            rows.last()
            rows.highlight(f"events:{self._event_id}:0")
            self._event_id = None
        if self._addendum:
            self._addendum = False
            self.action_addendum()

    async def _found(self) -> WholeVisit:
        reading, actor = self.clinic.reading, self.actor
        if self.visit_id:
            return await reading(visit_reading.whole_visit, actor, self.visit_id)
        table, _colon, row_id = (self._event_id or "").partition(":")
        return await reading(visit_reading.whole_record, actor, table, row_id)

    def _paint(self) -> None:
        whole = self._whole
        if whole is None or self.left:
            return
        app, width = session(self), self.size.width
        self.query_one(Who).show_patient(whole.patient, app.today)
        self.query_one("#what", Headline).show(self._heading(whole))
        lines: list[Line] = visit_rows.lines_of(whole, width, app.today, app.facts.zone)
        if not lines:
            lines = [Info(""), Info(_("Nothing is recorded in this visit yet. 1 adds a form."))]
        self.query_one(RowList).show(lines, keep=True)
        self.refresh_keys()

    @staticmethod
    def _heading(whole: WholeVisit) -> str:
        visit = whole.visit
        day = patient_rows.day_text(visit.day)
        parts = [
            _("Visit of {day}").format(day=day)
            if visit.id
            else _("{day}, in no visit").format(day=day),
            visit.clinic,
            visit.provider,
            _("still open") if visit.open else "",
            _("entered late") if visit.late else "",
            _("moved here") if visit.came else "",
        ]
        return "   ".join(part for part in parts if part)

    # Doing ---------------------------------------------------------------------------------

    @property
    def marked(self) -> Record | None:
        """The record on whose line the mark stands."""
        found = visit_rows.record_of(self.query_one(RowList).highlighted_key)
        records = self._whole.records if self._whole else ()
        return next((one for one in records if (one.table, one.id) == found), None)

    def why_not(self, action_id: str) -> str:
        """What the user may not do, and what there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        whole = self._whole
        if whole is None:
            return ""  # not read yet: what may not be done is refused when it is saved
        if name in ("add", "edit", "addendum") and not whole.allowed.edit:
            return _("{user} has no permission to edit records at this clinic.").format(
                user=self.actor.user_name
            )
        if name == "add" and not whole.visit.id:
            return _("This is in no visit. A form is added on the patient's screen: 1.")
        if name in ("edit", "addendum") and not whole.visit.events and not whole.visit.vitals:
            return _("There is no note to edit yet. 1 adds a form.")
        return ""

    def action_add(self) -> None:
        """1: a form for this visit."""
        from hikma_tui.screens.visit_entry import VisitEntryScreen

        whole = self._whole
        if whole is not None:
            self.app.push_screen(
                VisitEntryScreen(whole.patient.id, whole.visit.day, visit_id=self.visit_id)
            )

    def action_edit(self) -> None:
        """5: the marked note in its form, marked vitals in theirs."""
        whole, record = self._whole, self.marked
        if whole is not None and record is not None:
            visit_more.edit(self, whole, record)

    def action_addendum(self) -> None:
        """6: a text beside the answers of the marked note."""
        whole, record = self._whole, self.marked
        if whole is None:
            return
        if record is None or record.table != "events":
            self.say(_("Mark a note first: an addendum belongs to a note."))
            return
        self.run_worker(visit_more.addendum(self, whole, record), group="more", exclusive=True)

    def action_more(self) -> None:
        """9: what is wanted seldom, and never by one key."""
        if self._whole is not None:
            listed = visit_more.choices(self._whole, self.marked)
            self.app.push_screen(Choose(_("More:"), listed), self._chosen)

    def _chosen(self, choice: str | None) -> None:
        if choice is not None and self._whole is not None:
            doing = visit_more.do(self, choice, self._whole, self.marked)
            self.run_worker(doing, group="more", exclusive=True)

    async def reread(self) -> None:
        """Show the visit as it is now."""
        await self._read()

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
