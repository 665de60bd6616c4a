"""One visit in full: every answer of every note that was written in it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic import visits
from hikma_tui.clinic.chart import EventLine
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import deleting, patient_rows, visit_reading, visit_rows
from hikma_tui.screens.session import PatientSideScreen, not_saved, session
from hikma_tui.screens.visit_reading import WholeVisit
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Choice, Choose
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class VisitScreen(PatientSideScreen):
    """The visit ``visit_id``, shown from its note ``event_id`` on."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("visit.add", "1", N_("add a form"), N_("Fill a form for this visit"),
               more_keys=("f2",)),
        Action("visit.edit", "5", N_("edit the note"), N_("Edit the marked note"),
               more_keys=("f5",)),
        Action("visit.more", "9", N_("more"), N_("Finish the visit, delete"), more_keys=("f8",)),
        Action("visit.leave", "escape", N_("back"), N_("Back to the patient")),
    )  # fmt: skip

    def __init__(self, visit_id: str, event_id: str | None = None) -> None:
        super().__init__()
        self.visit_id = visit_id
        self._event_id = event_id
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
            self._whole = await self.clinic.reading(
                visit_reading.whole_visit, self.actor, self.visit_id
            )
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if self.left:
            return
        self._paint()
        if self._event_id is not None:
            # The heading at the top: from the last line back up to it.
            rows = self.query_one(RowList)
            rows.last()
            rows.highlight(f"{self._event_id}:0")
            self._event_id = None

    def _paint(self) -> None:
        whole = self._whole
        if whole is None or self.left:
            return
        app, width = session(self), self.size.width
        self.query_one(Who).show_patient(whole.patient, app.today)
        self.query_one("#what", Headline).show(self._heading(whole))
        lines: list[Line] = visit_rows.lines_of(whole, width, app.today)
        if not lines:
            lines = [Info(""), Info(_("Nothing is written in this visit yet. 1 adds a form."))]
        self.query_one(RowList).show(lines, keep=True)
        self.refresh_keys()

    @staticmethod
    def _heading(whole: WholeVisit) -> str:
        visit = whole.visit
        parts = [
            _("Visit of {day}").format(day=patient_rows.day_text(visit.day)),
            visit.clinic,
            visit.provider,
            _("still open") if visit.open else "",
            _("entered late") if visit.late else "",
        ]
        return "   ".join(part for part in parts if part)

    # Doing ---------------------------------------------------------------------------------

    def _marked(self) -> EventLine | None:
        event_id = visit_rows.event_of(self.query_one(RowList).highlighted_key)
        events = self._whole.visit.events if self._whole else ()
        return next((event for event in events if event.id == event_id), None)

    def why_not(self, action_id: str) -> str:
        """What the user may not do, and what there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        whole = self._whole
        if whole is None:
            return ""  # not read yet: what may not be done is refused when it is saved
        if name in ("add", "edit") and not whole.allowed.edit:
            return _("{user} has no permission to edit records at this clinic.").format(
                user=self.actor.user_name
            )
        if name == "edit" and not whole.events:
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
        """5: the marked note in its form."""
        from hikma_tui.screens.event_form import EventFormScreen

        whole, event = self._whole, self._marked()
        if whole is None or event is None:
            return
        if not event.form_id or event.form_id not in whole.forms:
            self.say(_("The form of this note is not there any more: it can't be edited."))
            return
        day = whole.visit.day or self.clinic.today

        def saved(said: str | None) -> None:
            if said:
                self.say(said)

        self.app.push_screen(
            EventFormScreen(
                whole.patient.id, event.form_id, day, event_id=event.id, visit_id=self.visit_id
            ),
            saved,
        )

    def action_more(self) -> None:
        """9: what is wanted seldom, and never by one key."""
        choices = []
        event, whole = self._marked(), self._whole
        if whole is not None and whole.visit.open:
            choices.append(Choice("finish", _("This visit is over")))
        if event is not None:
            label = _("Delete the note: {form}").format(form=event.form_name)
            choices.append(Choice("events", label))
        choices.append(Choice("visits", _("Delete this visit")))
        self.app.push_screen(Choose(_("More:"), choices), self._chosen)

    def _chosen(self, choice: str | None) -> None:
        if choice is not None:
            self.run_worker(self._do(choice), group="more", exclusive=True)

    async def _do(self, choice: str) -> None:
        whole, event = self._whole, self._marked()
        if whole is None:
            return
        if choice == "finish":
            try:
                await self.clinic.writing(visits.finish, self.actor, self.visit_id)
            except Refused as error:
                self.say(not_saved(error), loud=True)
            await self._read()
        elif choice == "events" and event is not None:
            question = _("Delete the note {form}?").format(form=event.form_name)
            if await deleting.delete(self, whole.patient, "events", event.id, question):
                await self._read()
        elif choice == "visits":
            day = patient_rows.day_text(whole.visit.day)
            question = _("Delete the visit of {day}?").format(day=day)
            if await deleting.delete(self, whole.patient, "visits", self.visit_id, question):
                said = deleting.told(self)
                self.dismiss(None)
                session(self).tell(said)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
