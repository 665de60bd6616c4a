"""Type a set of vital signs, or correct one: a form by keyboard (decisions.md 15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from textual import on

from hikma_tui import forms, vitals
from hikma_tui.clinic import chart, drafts, patients, visits
from hikma_tui.clinic import vitals as records
from hikma_tui.clinic.chart import VisitLine
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.vitals import Entry, Recorded
from hikma_tui.days import in_words
from hikma_tui.i18n import _
from hikma_tui.screens import drafting, event_place
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.form_screen import FormScreen
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import not_saved, session
from hikma_tui.vitals import entry as vitals_entry
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action


@dataclass(frozen=True)
class _Opened:
    """All that the screen begins with, read in one moment of the store."""

    card: PatientCard
    visit: VisitLine | None
    entry: Entry | None
    hold: Hold
    draft: dict[str, Any]
    visit_gone: bool


class VitalsEntryScreen(FormScreen[str]):
    """Vital signs of one day. Gives what to say about the save, or None when left.

    They go into ``visit_id``, else the day's visit, else a new one; ``vitals_id`` is the entry to
    correct. ``which`` is the last part of a draft's place (``event_place``).
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("vitals.save", "f10", N_("save"), more_keys=("ctrl+s",)),
        Action(
            "vitals.leave", "escape", N_("leave, draft kept"), N_("Leave; what you typed is kept")
        ),
        Action("vitals.drop", "f8", N_("drop the draft"), N_("Forget what you typed here")),
    )

    def __init__(
        self,
        patient_id: str,
        day: date | None = None,
        visit_id: str | None = None,
        another_visit: bool = False,
        *,
        vitals_id: str | None = None,
        which: str = "",
    ) -> None:
        super().__init__()
        which = drafts.plain_place(which)
        if which and not event_place.is_which(which):
            which, vitals_id = "", which
        self.recorded: Recorded | None = None
        self._patient_id = patient_id
        self._chosen = day
        self._visit_id, self._another = visit_id, another_visit
        self._vitals_id, self._which = vitals_id, which
        self._entry: Entry | None = None

    @property
    def _day(self) -> date:
        return self._chosen or self.clinic.today

    @property
    def _age(self) -> int | None:
        return vitals.age_days(self._card.date_of_birth, self._day) if self._card else None

    # -- opening

    async def _begin(self) -> None:
        opened = await self.clinic.reading(self._read)
        self._card, self._entry = opened.card, opened.entry
        self._form = vitals_entry.form()
        self._keeper = DraftKeeper(self, opened.hold, self._patient_id)
        if opened.visit is not None:
            self._visit_id = opened.visit.id
            self._chosen = opened.visit.day or self._chosen
        if opened.entry is not None:
            self._chosen = opened.entry.day
        stored = vitals_entry.answers_of(opened.entry.row) if opened.entry else {}
        await self._show_with_draft(stored, opened.draft)
        if opened.visit_gone:
            gone = _("The visit of this draft is not there any more. F10 saves it in another one "
                     "of that day.")  # fmt: skip
            self.say(gone, loud=True)
        self._hint("")

    def _read(self) -> _Opened:
        """On the reader's thread."""
        actor, card = self.actor, patients.card(self.actor, self._patient_id)
        entry = records.one(actor, self._vitals_id) if self._vitals_id else None
        why_not = records.may_record(actor, self._patient_id)
        if entry is not None:
            why_not = records.may_correct(actor, entry.row)
        if why_not:
            raise Refused(why_not)
        visit, gone = (None, False) if entry is not None else self._visit_of_draft()
        which = self._vitals_id or self._which
        place = f"vitals:{self._patient_id}:{self._day.isoformat()}:{which}"
        hold, draft = drafts.begin(actor, place, drafting.new_token(), drafting.is_alive)
        return _Opened(card, visit, entry, hold, draft, gone)

    def _visit_of_draft(self) -> tuple[VisitLine | None, bool]:
        """The visit that the entry joins if it is there already; and whether the draft's is gone.

        The place of the draft follows from it, unless a draft of that place is taken up.
        """
        actor, wanted = self.actor, self._visit_id
        of_day = visits.visits_of_day(self._patient_id, actor.clinic_id, self._day)
        ids = [row["id"] for row in of_day]
        if self._which:
            wanted, self._another = event_place.visit_of(
                actor, self._patient_id, self._day, self._which
            )
        elif wanted is None and ids and not self._another:
            wanted = ids[-1]
        if not self._which:
            self._which = event_place.which_of(ids, wanted, another=self._another)
        try:
            return (chart.visit(actor, wanted)[1] if wanted else None), False
        except (NotFound, NotAllowed):
            self._visit_id = None
            return None, True

    def _show_heads(self) -> None:
        super()._show_heads()
        day = in_words(self._day.isoformat(), self.clinic.today)
        if self._vitals_id is not None:
            text = _("Vital signs: correct what was recorded on {day}")
        elif self._another:
            text = _("Vital signs, another visit of {day}")
        elif self._day != self.clinic.today:
            text = _("Vital signs, visit of {day}, entered late")
        else:
            text = _("Vital signs, visit of today, {day}")
        self.query_one("#what", Headline).show(text.format(day=day))

    # -- typing

    @on(FormEditor.Changed)
    def understood(self, event: FormEditor.Changed) -> None:
        """Say what the number means, or what is doubted about it; nothing is blocked here."""
        self._hint(event.field_id)

    def _hint(self, field_id: str) -> None:
        if (editor := self._editor) is not None:
            typed = self._read_answers(editor.answers)
            editor.duplicates_hint = vitals_entry.said(typed, field_id, self._age)

    def _read_answers(self, answers: forms.Answers) -> vitals_entry.Typed:
        return vitals_entry.read(answers, self._entry.row if self._entry else None)

    # -- saving

    async def _confirmed(self, answers: forms.Answers) -> bool:
        """What is wrong is pointed at, what is doubted is asked once, a correction has a reason."""
        typed = self._read_answers(answers)
        for field_id, sentence in typed.problems:
            self._point_at(field_id, self._named(field_id, sentence))
            return False
        if typed.is_empty:
            self.say(_("Nothing was measured: there is nothing to save."), loud=True)
            return False
        if not await self._doubts_answered(vitals_entry.doubts(typed, self._age)):
            return False
        if self._entry is None or not records.needs_reason(self._entry.row):
            return True
        return await self._reason_given(
            _("These vital signs are of another day. Why are they changed?"),
            _("The reason is kept with them, and what stood there in the audit trail."),
        )

    async def _write(self, answers: forms.Answers, place: Hold) -> str | None:
        typed, actor, entry = self._read_answers(answers), self.actor, self._entry
        if entry is not None:
            await self.clinic.writing(
                drafts.saved, actor, place, records.correct, actor, entry.id, typed.values,
                self._reason, not_recordable=typed.not_recordable,
                entered=typed.entered, seen=entry.row["updated_at"],
            )  # fmt: skip
        else:
            self.recorded = await self.clinic.writing(
                drafts.saved, actor, place, records.record, actor, self._patient_id, self._day,
                typed.values, visit_id=self._visit_id, another_visit=self._another,
                not_recordable=typed.not_recordable, entered=typed.entered,
            )  # fmt: skip
        assert self._card is not None
        return saved_line(self._card, self.clinic.today, _("vital signs"))

    def _go_on(self, said: str) -> None:
        self.dismiss(said)
        session(self).tell(said)

    async def _refused(self, refusal: Refused, editor: FormEditor) -> None:
        """A visit that was deleted meanwhile is no reason to lose what was typed."""
        gone = isinstance(refusal, NotFound) or (
            isinstance(refusal, Invalid) and refusal.column == "visit_id"
        )
        if not gone or self._visit_id is None:
            await super()._refused(refusal, editor)
            return
        try:
            await self.clinic.reading(patients.card, self.actor, self._patient_id)
        except Refused:
            self.say(not_saved(refusal), loud=True)
            return
        self._visit_id = None
        self._show_heads()
        why = _("NOT SAVED: this visit was deleted meanwhile. F10 again begins a new one.")
        self.say(why, loud=True)
