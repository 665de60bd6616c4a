"""Register a patient, or edit one: the clinic's registration form drives the screen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Vertical

from hikma_tui import forms
from hikma_tui.clinic import patients, registration
from hikma_tui.clinic.errors import Invalid, Refused, SameGovernmentId
from hikma_tui.clinic.patients import Likeness, PatientCard
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.identity import identity_line
from hikma_tui.screens.likeness import draft_of, sentence
from hikma_tui.widgets.dialogs import Ask, Choice, Choose
from hikma_tui.widgets.form_editor import FormEditor
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.title import KeyLine, MessageLine

NEW = "patient:new"


class RegisterScreen(ClinicScreen[None]):
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
            "register.drop",
            "f8",
            N_("drop the draft"),
            N_("Forget what you typed here"),
            show=False,
        ),
    )

    def __init__(self, patient_id: str | None = None, typed: str = "", *, place: str = "") -> None:
        super().__init__()
        self.patient_id = patient_id
        self._typed = typed
        self._place = place
        self._card: PatientCard | None = None
        self._form = forms.Form("", {}, ())
        self._first: forms.Answers = {}
        self._likely: list[Likeness] = []
        self._keeper: DraftKeeper | None = None
        self._saving = False

    def compose(self) -> ComposeResult:
        """The headline; the form comes when it has been read."""
        yield Headline()
        yield Vertical(id="form")
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read the form, the patient and the draft, then show them."""
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
        self._form = await reading(registration.form, actor)
        if self.patient_id is None:
            self._first = await reading(registration.answers_to_begin, actor, self._form)
            answers = {**self._first, **self._from_search()}
        else:
            self._card = await reading(patients.card, actor, self.patient_id)
            self._first = await reading(registration.answers_of, actor, self._form, self.patient_id)
            answers = dict(self._first)
        if not self._place:
            self._place = await reading(registration.free_place, actor, self.patient_id)
        self._keeper = DraftKeeper(self, self._place, self.patient_id)
        draft = await self._keeper.begin()
        if draft:
            answers = {**answers, **draft.get("answers", {})}
            self.say(_("What you had typed is back. F8 forgets it."))
        clinics = await reading(patients.clinics)
        editor = FormEditor(
            self._form, answers, language=language(), today=self.clinic.today,
            clinics=clinics, unparsed=draft.get("unparsed", {}),
        )  # fmt: skip
        await self.query_one("#form").mount(editor)
        editor.focus()
        self._show_headline()
        self._look_for_likely()

    def _from_search(self) -> forms.Answers:
        """What was typed into the search begins the new patient's name or phone."""
        words = self._typed.split()
        by_column = {field.column: field.id for field in self._form.fields if field.base}
        if not words:
            return {}
        if any(character.isdigit() for character in self._typed):
            named = {"phone": self._typed.strip()}
        else:
            named = {"given_name": words[0], "surname": " ".join(words[1:])}
        return {by_column[name]: text for name, text in named.items() if name in by_column}

    def _show_headline(self) -> None:
        if self._card is None:
            self.query_one(Headline).show(_("New patient"))
            return
        line = identity_line(self._card, self.clinic.today, self.app.size.width - 2)
        self.query_one(Headline).show_ready(line)

    @property
    def _editor(self) -> FormEditor | None:
        return next(iter(self.query(FormEditor)), None)

    # -- typing

    @on(FormEditor.Changed)
    def changed(self, event: FormEditor.Changed) -> None:
        """Keep the draft, and look again for patients who are alike."""
        self._keep_draft()
        field = next(f for f in self._form.fields if f.id == event.field_id)
        if field.base:
            self._look_for_likely()

    def _keep_draft(self) -> None:
        editor = self._editor
        if editor is not None and self._keeper is not None and not self._saving:
            self._keeper.keep({"answers": editor.answers, "unparsed": editor.unparsed})

    @on(FormEditor.AtEnd)
    def at_end(self) -> None:
        """Enter on the last field does not save by itself: F10 does."""
        self.say(_("That was the last field. F10 saves."))

    @work(exclusive=True, group="likely", exit_on_error=False)
    async def _look_for_likely(self) -> None:
        editor = self._editor
        if editor is None:
            return
        draft = draft_of(self._form, editor.answers)
        try:
            found = await self.clinic.counting(
                patients.likely, self.actor, draft, self.clinic.today
            )
        except Refused:
            return
        self._likely = [one for one in found if one.patient_id != self.patient_id]
        editor.duplicates_hint = sentence(self._likely)
        self.refresh_keys()

    def why_not(self, action_id: str) -> str:
        """F4 has nothing to show while nobody is alike."""
        if action_id == "register.likely" and not self._likely:
            return _("Nobody here is like this patient so far.")
        return ""

    def action_likely(self) -> None:
        """F4: choose one of the patients who are alike, and open that file instead."""
        choices = [
            Choice(one.patient_id or f"hidden {number}", sentence([one]))
            for number, one in enumerate(self._likely)
        ]
        more = ngettext(
            "Choosing one opens that file; what you typed here is kept.",
            "Choosing one opens that file; what you typed here is kept.",
            len(choices),
        )
        self.app.push_screen(Choose(_("Patients who are alike"), choices, more), self._open_likely)

    def _open_likely(self, key: str | None) -> None:
        if key is None or key.startswith("hidden"):
            return
        self._keep_draft()
        self._show_patient(key)

    def _show_patient(self, patient_id: str, said: str = "") -> None:
        from hikma_tui.screens.patient import PatientScreen

        self.app.switch_screen(PatientScreen(patient_id, said=said))

    # -- leaving and saving

    async def action_leave(self) -> None:
        """Esc: go back. What was typed is a draft; an untouched form leaves none."""
        editor = self._editor
        if editor is not None and self._keeper is not None:
            if editor.answers == {**editor.answers, **self._first} and not editor.unparsed:
                await self._keeper.discard()
            else:
                self._keep_draft()
        self.dismiss(None)

    @work(exit_on_error=False)
    async def action_drop(self) -> None:
        """F8: forget the draft, after asking."""
        asked = Ask(_("Forget what you typed here?"), _("Nothing that was saved changes."))
        if self._keeper is not None and await self.app.push_screen_wait(asked):
            await self._keeper.discard()
            self.dismiss(None)

    @work(exclusive=True, group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """F10: check, save, and only then go on."""
        editor = self._editor
        if editor is None or self._saving:
            return
        editor.finish()
        problems = editor.problems()
        if problems:
            self._point_at(*problems[0])
            return
        self._saving = True
        try:
            await self._save(editor, same_government_id_ok=False)
        finally:
            self._saving = False

    async def _save(self, editor: FormEditor, *, same_government_id_ok: bool) -> None:
        try:
            saved_id = await self._write(editor.answers, same_government_id_ok)
        except SameGovernmentId as same:
            question = Ask(
                str(same),
                _("Two files of one person are dangerous. Save all the same?"),
                careful=True,
            )
            if await self.app.push_screen_wait(question):
                await self._save(editor, same_government_id_ok=True)
            else:
                self.say(_("NOT SAVED: look at the government id."), loud=True)
            return
        except Invalid as refusal:
            self._point_at(refusal.column, _("NOT SAVED: {reason}").format(reason=refusal))
            return
        except Refused as refusal:
            self.say(_("NOT SAVED: {reason}").format(reason=refusal), loud=True)
            return
        await self._after_save(saved_id)

    async def _write(self, answers: forms.Answers, same_government_id_ok: bool) -> str:
        if self.patient_id is None:
            return await self.clinic.writing(
                registration.register, self.actor, answers,
                same_government_id_ok=same_government_id_ok,
            )  # fmt: skip
        await self.clinic.writing(
            registration.edit, self.actor, self.patient_id, answers,
            same_government_id_ok=same_government_id_ok,
        )  # fmt: skip
        return self.patient_id

    async def _after_save(self, saved_id: str) -> None:
        if self._keeper is not None:
            await self._keeper.discard()
        if self.patient_id is None:
            self._show_patient(saved_id, said=_("Saved: the new patient."))
        else:
            self.dismiss(None)

    def _point_at(self, field_id: str, text: str) -> None:
        """Put the cursor on the field that keeps the form from being saved, and say why."""
        editor = self._editor
        columns: dict[str, str] = {f.column: f.id for f in self._form.fields if f.base}
        if editor is not None:
            editor.go_to(columns.get(field_id, field_id))
        self.say(text, loud=True)


def screen_of_draft(place: str, patient_id: str | None) -> RegisterScreen:
    """The screen on which a kept registration or edit goes on."""
    return RegisterScreen(patient_id, place=place)


__all__: list[Any] = ["NEW", "RegisterScreen", "screen_of_draft"]
