"""Fill one form for a patient's visit, or change what was recorded with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, ClassVar

from hikma_tui import forms, vitals
from hikma_tui.clinic import chart, drafts, merging, patients, visits
from hikma_tui.clinic import vitals as records
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.visits import Recorded
from hikma_tui.days import in_words
from hikma_tui.i18n import _, language
from hikma_tui.screens import drafting, event_place
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.prescribing import PrescribingScreen
from hikma_tui.screens.session import not_saved, session
from hikma_tui.screens.suggesting import names_of
from hikma_tui.vitals import answers as vitals_answers
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action


@dataclass(frozen=True)
class _Opened:
    """All that the screen begins with, read in one moment of the store."""

    card: PatientCard
    form: forms.Form
    stored: forms.Answers
    visit: VisitLine | None
    visit_gone: bool  # the draft was begun for a visit that is not there any more
    hold: Hold
    draft: dict[str, Any]
    names: dict[str, str] = field(default_factory=dict)  # of diagnoses, by their key


class EventFormScreen(PrescribingScreen[str]):
    """Answers to one form. Gives what to say about the save, or None when left.

    ``event_id`` is the event to change, or the last part of a draft's place (``event_place``).
    ``visit_id`` is the visit that the answers belong to, ``another_visit`` begins a new one of
    ``day``; without either they join the day's first visit. ``which`` tells a day's drafts apart.
    """

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
        which: str = "",
    ) -> None:
        super().__init__(patient_id)
        place = event_place.of(patient_id, form_id, day, event_id or which or event_place.FIRST)
        which, event_id = drafts.plain_place(which), drafts.plain_place(event_id or "") or None
        if event_id is not None and event_place.is_which(event_id):
            which, event_id = event_id, None
        self.recorded: Recorded | None = None
        self._form_id = form_id
        self._day = day
        self._event_id = event_id
        self._which = which or event_place.FIRST
        self._visit_id = visit_id
        self._another = another_visit
        self._visit: VisitLine | None = None
        self._form_gone = False
        self._draft_place = place

    # -- opening

    async def _begin(self) -> None:
        opened = await self.clinic.reading(self._read)
        self._card, self._form, self._visit = opened.card, opened.form, opened.visit
        self._names = opened.names
        self._keeper = DraftKeeper(self, opened.hold, self._patient_id)
        if opened.visit is not None:
            self._visit_id = opened.visit.id
            self._day = opened.visit.day or self._day
        if self._form_gone:
            await self._show_as_text(
                opened.draft,
                _("This form is not there any more: what you typed is kept. F8 forgets it."),
            )
            return
        await self._show_with_draft(opened.stored, opened.draft)
        if opened.visit_gone:
            again = _("The visit of this draft is not there any more. F10 begins a new visit.")
            if opened.visit is not None:
                again = _(
                    "The visit of this draft is not there any more. F10 saves it in another one "
                    "of that day."
                )
            self.say(again, loud=True)

    def _read(self) -> _Opened:
        """On the reader's thread."""
        card = patients.card(self.actor, self._patient_id)
        row = visits.event_form(self._form_id)
        if row is None:
            return self._read_without_form(card)
        visit_gone = False
        try:
            visit = self._visit_of_draft()
        except (NotFound, NotAllowed):
            if not self._which.startswith(event_place.THIS):
                raise
            visit, visit_gone, self._which = None, True, event_place.FIRST
            self._visit_id = None
            visit = self._visit_of_draft()
        form, stored = forms.event_form(row), {}
        if self._event_id is not None:
            _card, event, visit = chart.event(self.actor, self._event_id)
            why_not = visits.may_edit(self.actor, event)
            if why_not:
                raise Refused(why_not)
            stored = visits.answers_in(form, event["form_data"])
        elif why_not := records.may_record(self.actor, self._patient_id):
            raise Refused(why_not)
        hold, draft = drafts.begin(
            self.actor, self._draft_place, drafting.new_token(), drafting.is_alive
        )
        names = names_of(form, stored) | names_of(form, draft.get("answers") or {})
        return _Opened(card, form, stored, visit, visit_gone, hold, draft, names)

    def _read_without_form(self, card: PatientCard) -> _Opened:
        """What was typed into a form that is not there any more. Refused when nothing was."""
        form = forms.Form(self._form_id, {"en": _("Form that is gone")}, ())
        hold, draft = drafts.begin(
            self.actor, self._draft_place, drafting.new_token(), drafting.is_alive
        )
        if not draft:
            raise Refused(_("This form is not there any more."))
        self._form_gone = True
        return _Opened(card, form, {}, None, False, hold, draft)

    def _visit_of_draft(self) -> VisitLine | None:
        """The visit that the answers join, if it is there already."""
        visit_id, another = self._visit_id, self._another
        if visit_id is None and not another and self._event_id is None:
            visit_id, self._another = event_place.visit_of(
                self.actor, self._patient_id, self._day, self._which
            )
        return chart.visit(self.actor, visit_id)[1] if visit_id else None

    @property
    def _needs_reason(self) -> bool:
        """A change of what was recorded in a visit of another day (decisions.md 18)."""
        day = self._visit.day if self._visit is not None else self._day
        return self._event_id is not None and day not in (None, self.clinic.today)

    def action_save(self) -> None:
        """F10: not without a form."""
        if self._form_gone:
            self.say(_("NOT SAVED: this form is not there any more. F8 forgets it."), loud=True)
        else:
            super().action_save()

    def _show_heads(self) -> None:
        super()._show_heads()
        name = forms.translate(self._form.name, language())
        day = in_words(self._day.isoformat(), self.clinic.today)
        if self._event_id is not None:
            text = _("{form}: change what was recorded on {day}")
        elif self._another:
            text = _("{form}, another visit of {day}")
        elif self._day != self.clinic.today:
            text = _("{form}, visit of {day}, entered late")
        else:
            text = _("{form}, visit of today, {day}")
        self.query_one("#what", Headline).show(text.format(form=name, day=day))

    # -- saving

    async def _confirmed(self, answers: forms.Answers) -> bool:
        """An untouched event is left as it is; a correction of an old one takes a reason."""
        mine = merging.changed(self._form, self._first, answers)
        if self._event_id and not mine:
            self.say(_("Nothing was changed: there is nothing to save."))
            return False
        age = vitals.age_days(self._card.date_of_birth, self._day) if self._card else None
        doubts = vitals_answers.doubts(self._form, answers, mine, age)
        if not await self._doubts_answered(doubts, self._who):
            return False
        if not await super()._confirmed(answers):
            return False
        return not self._needs_reason or await self._reason_given(
            _("This visit is of another day. Why is it changed?"),
            _("The reason is kept with the answers, and what stood there in the audit trail."),
        )

    async def _write(self, answers: forms.Answers, place: Hold) -> str | None:
        actor, writing = self.actor, self.clinic.writing
        if self._event_id is not None:
            await writing(
                drafts.saved, actor, place, visits.edit, actor, self._event_id, answers,
                self._reason, first=self._first, of_patient=self._patient_id,
            )  # fmt: skip
        else:
            self.recorded = await writing(
                drafts.saved, actor, place, visits.record, actor, self._patient_id, self._form_id,
                self._day, answers, visit_id=self._visit_id, another_visit=self._another,
            )  # fmt: skip
        assert self._card is not None
        return saved_line(
            self._card, self.clinic.today, forms.translate(self._form.name, language())
        )

    def _go_on(self, said: str) -> None:
        self.dismiss(said)
        session(self).tell(said)

    async def _refused(self, refusal: Refused, editor: FormEditor) -> None:
        """A visit that was deleted meanwhile is no reason to lose the answers."""
        gone = isinstance(refusal, NotFound) or (
            isinstance(refusal, Invalid) and refusal.column == "visit_id"
        )
        if not gone or self._event_id or not self._visit_id:
            await super()._refused(refusal, editor)
            return
        try:
            await self.clinic.reading(patients.card, self.actor, self._patient_id)
        except Refused:
            self.say(not_saved(refusal), loud=True)
            return
        self._visit_id, self._visit, self._another = None, None, True
        self._show_heads()
        self.say(
            _("NOT SAVED: this visit was deleted meanwhile. F10 again begins a new one."),
            loud=True,
        )
