"""Register a patient, or edit one: the clinic's registration form drives the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from textual import on, work

from hikma_tui import forms
from hikma_tui.clinic import drafts, patients, registration
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import NotAllowed, Refused, SameGovernmentId
from hikma_tui.clinic.patients import Likeness, PatientCard
from hikma_tui.i18n import _
from hikma_tui.screens import drafting, likeness
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.form_screen import FormScreen
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import not_saved, session
from hikma_tui.text import plain
from hikma_tui.widgets.dialogs import Ask, Choose
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action

_LEAST_PHONE = 6  # digits; fewer are a year, an age or a part of a card number


@dataclass(frozen=True)
class _Opened:
    """All that the screen begins with, read in one moment of the store."""

    form: forms.Form
    stored: forms.Answers
    card: PatientCard | None
    hold: Hold
    draft: dict[str, Any]
    clinics: dict[str, str]


class RegisterScreen(FormScreen[None]):
    """The registration form of a new patient, or (``patient_id``) of one who is here.

    ``typed`` is what stood in the search: it begins the name, or the phone. ``place`` reopens the
    draft that was kept there.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("register.save", "f10", N_("save"), more_keys=("ctrl+s",)),
        Action("register.likely", "f4", N_("who is alike"), N_("See the patients who are alike")),
        Action(
            "register.leave", "escape", N_("leave, draft kept"), N_("Leave; what you typed is kept")
        ),
        Action(
            "register.drop", "f8", N_("drop the draft"), N_("Forget what you typed here"),
            show=False,
        ),
    )  # fmt: skip

    def __init__(self, patient_id: str | None = None, typed: str = "", *, place: str = "") -> None:
        super().__init__()
        self.patient_id = drafts.plain_place(patient_id) if patient_id else None
        self._typed = typed
        self._place = place
        self._likely: list[Likeness] = []

    # -- opening

    async def _begin(self) -> None:
        opened = await self.clinic.reading(self._read)
        self._form, self._card, self._clinics = opened.form, opened.card, opened.clinics
        self._keeper = DraftKeeper(self, opened.hold, self.patient_id)
        begun = {} if self.patient_id else begun_with(self._form, self._typed)
        await self._show_with_draft(opened.stored, opened.draft, begun)
        self._look_for_likely()

    def _read(self) -> _Opened:
        """On the reader's thread."""
        actor, patient_id = self.actor, self.patient_id
        form = registration.form(actor, patient_id)
        card = None
        if patient_id is None:
            if not self._place:  # of a draft every word is shown, whatever may be done with it
                registration.require_right(actor)
            stored = registration.answers_to_begin(actor, form)
        else:
            card = patients.card(actor, patient_id)
            stored = registration.answers_of(actor, form, patient_id)
        place = self._place or registration.free_place(patient_id)
        hold, draft = drafts.begin(actor, place, drafting.new_token(), drafting.is_alive)
        return _Opened(form, stored, card, hold, draft, patients.clinics())

    def _show_heads(self) -> None:
        super()._show_heads()
        if self._card is None:
            self.query_one("#who", Headline).show(_("New patient"))
            self.query_one("#what", Headline).show("")
        else:
            self.query_one("#what", Headline).show(_("Edit the registration"))

    # -- who is alike

    @on(FormEditor.Changed)
    def look_again(self, event: FormEditor.Changed) -> None:
        """A keystroke in a field of the person: look again for patients who are alike."""
        if any(field.base and field.id == event.field_id for field in self._form.fields):
            self._look_for_likely()

    @work(exclusive=True, group="likely")
    async def _look_for_likely(self) -> None:
        editor = self._editor
        if editor is None:
            return
        draft, number = likeness.draft_of(self._form, editor.answers), self._card_in(editor.answers)
        if self.patient_id is None and number == self._offered():
            number = ""  # whoever took it meanwhile: this patient gets the next one
        try:
            taken = await self.clinic.counting(
                registration.whose_card, self.actor, number, self.patient_id
            )
            found = await self.clinic.counting(
                patients.likely, self.actor, draft, self.clinic.today
            )
        except Refused:
            return
        self._likely = [one for one in found if one.hidden or one.patient_id != self.patient_id]
        alike = likeness.sentence(self._likely)
        editor.duplicates_hint = "  ".join(part for part in (plain(taken), alike) if part)
        self.refresh_keys()

    def why_not(self, action_id: str) -> str:
        """F4 has nothing to show while nobody is alike."""
        if action_id == "register.likely" and not self._likely:
            return _("Nobody here is like this patient so far.")
        return ""

    @work(exclusive=True, group="alike")
    async def action_likely(self) -> None:
        """F4: choose one of the patients who are alike, and open that file instead."""
        try:
            choices = await self.clinic.reading(
                likeness.choices, self.actor, self._likely, self.clinic.today
            )
        except Refused as refusal:
            self.say(str(refusal))
            return
        more = _("Choosing one opens that file; what you typed here is kept.")
        key = await self.app.push_screen_wait(Choose(_("Patients who are alike"), choices, more))
        if key is None:
            return
        if key.startswith(likeness.HIDDEN):
            self.say(_("You may not open this file. Ask the clinic that has it."), loud=True)
            return
        editor = self._editor
        if editor is not None and self._keeper is not None:
            trouble = await self._keep_or_forget(editor, self._keeper)
            if not trouble:
                self._show_patient(key)

    def _show_patient(self, patient_id: str, said: str = "") -> None:
        session(self).show_patient(patient_id, said)

    # -- saving

    async def _write(self, answers: forms.Answers, place: Hold) -> str | None:
        try:
            card = await self._put(answers, place, same_government_id_ok=False)
        except SameGovernmentId as same:
            question = Ask(
                str(same),
                _("Two files of one person are dangerous. Save all the same?"),
                careful=True,
            )
            if not await self.app.push_screen_wait(question):
                self._point_at("government_id", not_saved(same))
                return None
            card = await self._put(answers, place, same_government_id_ok=True)
        what = _("the registration") if self.patient_id else _("new patient")
        if card is None:
            return _("Saved: {what}.").format(what=what)
        self._card = card
        return saved_line(card, self.clinic.today, what)

    async def _put(
        self, answers: forms.Answers, place: Hold, *, same_government_id_ok: bool
    ) -> PatientCard | None:
        """Save; the draft goes in the same transaction. Gives the patient as saved, None for one
        who is now another clinic's and hidden from the actor.
        """
        actor, patient_id = self.actor, self.patient_id

        def save() -> PatientCard | None:
            if patient_id is None:
                saved_id = registration.register(
                    actor, answers, offered=self._offered(),
                    same_government_id_ok=same_government_id_ok,
                )  # fmt: skip
            else:
                saved_id = patient_id
                registration.edit(
                    actor, patient_id, answers, first=self._first,
                    same_government_id_ok=same_government_id_ok,
                )  # fmt: skip
            try:
                return patients.card(actor, saved_id)
            except NotAllowed:
                return None

        return await self.clinic.writing(drafts.saved, actor, place, save)

    def _offered(self) -> str:
        """The card number that the form began with."""
        return self._card_in(self._first)

    def _card_in(self, answers: forms.Answers) -> str:
        ids = [f.id for f in self._form.fields if f.base and f.column == "external_patient_id"]
        return str(answers.get(ids[0]) or "") if ids else ""

    def _go_on(self, said: str) -> None:
        if self.patient_id is None and self._card is not None:
            self._show_patient(self._card.id, said)
            return
        self.dismiss(None)
        session(self).tell(said)


def begun_with(form: forms.Form, typed: str) -> forms.Answers:
    """What was typed into the search begins the name and the phone; a shorter number neither."""
    words = typed.split()
    numbers = " ".join(word for word in words if not any(c.isalpha() for c in word))
    names = [word for word in words if word[:1].isalpha() and not any(c.isdigit() for c in word)]
    names = [word.capitalize() if word.islower() else word for word in names]
    begun = {"given_name": " ".join(names[:1]), "surname": " ".join(names[1:])}
    if sum(character.isdigit() for character in numbers) >= _LEAST_PHONE:
        begun["phone"] = numbers
    by_column = {field.column: field.id for field in form.fields if field.base}
    return {by_column[name]: text for name, text in begun.items() if text and name in by_column}
