"""Fill one form for a patient's visit, or change what was recorded with it."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from hikma_tui import forms
from hikma_tui.clinic import chart, patients, visits
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.identity import identity_line, saved_line
from hikma_tui.widgets.dialogs import Ask, AskReason
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.title import KeyLine, MessageLine


def place_of(patient_id: str, form_id: str, day: date, event_id: str | None) -> str:
    """Where the draft of these answers is kept."""
    return f"event:{patient_id}:{form_id}:{day.isoformat()}:{event_id or '-'}"


def screen_of_draft(place: str) -> EventFormScreen:
    """The screen on which a kept draft goes on."""
    _event, patient_id, form_id, day, event_id = place.split(":")
    return EventFormScreen(
        patient_id, form_id, date.fromisoformat(day), None if event_id == "-" else event_id
    )


class EventFormScreen(ClinicScreen[str | None]):
    """Answers to one form. Gives what to say about the save, or None when left."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("event.save", "f10", N_("save"), more_keys=("ctrl+s",)),
        Action(
            "event.leave", "escape", N_("leave, draft kept"), N_("Leave; what you typed is kept")
        ),
        Action("event.drop", "f8", N_("drop the draft"), N_("Forget what you typed here")),
    )

    def __init__(
        self,
        patient_id: str,
        form_id: str,
        day: date,
        event_id: str | None = None,
        visit_id: str | None = None,
        another_visit: bool = False,
    ) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._form_id = form_id
        self._day = day
        self._event_id = event_id
        self._visit_id = visit_id
        self._another_visit = another_visit
        self._needs_reason = False
        self._form = forms.Form("", {}, ())
        self._card: PatientCard | None = None
        self._first: forms.Answers = {}
        self._keeper = DraftKeeper(self, place_of(patient_id, form_id, day, event_id), patient_id)
        self._saving = False

    def compose(self) -> ComposeResult:
        """Who, which form for which visit, and the form when it has been read."""
        yield Headline(id="who")
        yield Headline(id="what")
        yield Vertical(id="form")
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the patient, the form, the event and the draft, then show them."""
        super().on_mount()
        self.run_worker(self._open(), group="open")

    async def _open(self) -> None:
        try:
            await self._begin()
        except Refused as refusal:
            self.app.notify(str(refusal))
            self.dismiss(None)

    async def _begin(self) -> None:
        reading, actor = self.clinic.reading, self.actor
        self._card = await reading(patients.card, actor, self._patient_id)
        row = await reading(visits.event_form, self._form_id)
        if row is None:
            raise Refused(_("This form is not there any more."))
        self._form = forms.event_form(row)
        if self._event_id is not None:
            await self._begin_with_event(self._event_id)
        draft = await self._keeper.begin()
        if draft:
            self.say(_("What you had typed is back. F8 forgets it."))
        editor = FormEditor(
            self._form, {**self._first, **draft.get("answers", {})},
            language=language(), today=self.clinic.today, unparsed=draft.get("unparsed", {}),
        )  # fmt: skip
        await self.query_one("#form").mount(editor)
        editor.focus()
        self._show_heads()

    async def _begin_with_event(self, event_id: str) -> None:
        _card, event, visit = await self.clinic.reading(chart.event, self.actor, event_id)
        why_not = await self.clinic.reading(visits.may_edit, self.actor, event)
        if why_not:
            raise Refused(why_not)
        self._first = await self.clinic.reading(visits.answers_in, self._form, event["form_data"])
        if visit is not None and visit.day is not None:
            self._day = visit.day
            self._needs_reason = visit.day != self.clinic.today

    def _show_heads(self) -> None:
        if self._card is not None:
            line = identity_line(self._card, self.clinic.today, self.app.size.width - 2)
            self.query_one("#who", Headline).show_ready(line)
        name = forms.translate(self._form.name, language())
        day = in_words(self._day.isoformat(), self.clinic.today)
        if self._day == self.clinic.today:
            day = _("today, {day}").format(day=day)
        elif self._event_id is None:
            day = _("{day}, entered late").format(day=day)
        self.query_one("#what", Headline).show(_("{form}   Visit {day}").format(form=name, day=day))

    @property
    def _editor(self) -> FormEditor | None:
        return next(iter(self.query(FormEditor)), None)

    @on(FormEditor.Changed)
    def changed(self) -> None:
        """A keystroke: keep the draft."""
        self._keep_draft()

    def _keep_draft(self) -> None:
        editor = self._editor
        if editor is not None and not self._saving:
            self._keeper.keep({"answers": editor.answers, "unparsed": editor.unparsed})

    @on(FormEditor.AtEnd)
    def at_end(self) -> None:
        """Enter on the last field fills, F10 saves (decisions.md 13)."""
        self.say(_("That was the last field. F10 saves."))

    async def action_leave(self) -> None:
        """Esc: go back. An untouched form leaves no draft."""
        editor = self._editor
        if editor is not None:
            if not editor.unparsed and editor.answers == {**editor.answers, **self._blank(editor)}:
                await self._keeper.discard()
            else:
                self._keep_draft()
        self.dismiss(None)

    def _blank(self, editor: FormEditor) -> forms.Answers:
        """What the answers are when nothing was typed."""
        blank: forms.Answers = {
            name: self._first.get(name)
            for name, value in editor.answers.items()
            if not forms.is_empty(value) or name in self._first
        }
        return blank

    @work(exit_on_error=False)
    async def action_drop(self) -> None:
        """F8: forget the draft, after asking."""
        asked = Ask(_("Forget what you typed here?"), _("Nothing that was saved changes."))
        if await self.app.push_screen_wait(asked):
            await self._keeper.discard()
            self.dismiss(None)

    @work(exclusive=True, group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """F10: check, ask for a reason where an old visit is corrected, save."""
        editor = self._editor
        if editor is None or self._saving:
            return
        editor.finish()
        problems = editor.problems()
        if problems:
            self._point_at(*problems[0])
            return
        reason = ""
        if self._needs_reason:
            asked = AskReason(
                _("This visit is of another day. Why is it changed?"),
                _("The reason is kept with the answers, and what stood there in the audit trail."),
            )
            given = await self.app.push_screen_wait(asked)
            if given is None:
                self.say(_("NOT SAVED: no reason was given."), loud=True)
                return
            reason = given
        self._saving = True
        try:
            await self._save(editor.answers, reason)
        finally:
            self._saving = False

    async def _save(self, answers: forms.Answers, reason: str) -> None:
        try:
            if self._event_id is not None:
                await self.clinic.writing(visits.edit, self.actor, self._event_id, answers, reason)
            else:
                await self.clinic.writing(
                    visits.record, self.actor, self._patient_id, self._form_id, self._day,
                    answers, visit_id=self._visit_id, another_visit=self._another_visit,
                )  # fmt: skip
        except Invalid as refusal:
            self._point_at(refusal.column, _("NOT SAVED: {reason}").format(reason=refusal))
            return
        except Refused as refusal:
            self.say(_("NOT SAVED: {reason}").format(reason=refusal), loud=True)
            return
        await self._keeper.discard()
        assert self._card is not None
        name = forms.translate(self._form.name, language())
        self.dismiss(saved_line(self._card, self.clinic.today, name))

    def _point_at(self, field_id: str, text: str) -> None:
        editor = self._editor
        if editor is not None:
            editor.go_to(field_id)
        self.say(text, loud=True)


__all__: list[Any] = ["EventFormScreen", "place_of", "screen_of_draft"]
