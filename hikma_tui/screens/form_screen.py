"""Saving a filled form: what registering and recording have in common.

Whatever happens between the keyboard and the store, what was typed stays on the screen and in the
draft until the save is durable (screens.md, Manners: "a failed save says NOT SAVED").
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Generic, TypeVar

from hikma_tui import forms
from hikma_tui.clinic import merging
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.merging import ChangedMeanwhile
from hikma_tui.i18n import _, language
from hikma_tui.screens import settling
from hikma_tui.screens.draft_screen import REASONS, DraftScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.kept_words import words_of
from hikma_tui.screens.session import not_saved
from hikma_tui.text import cut, plain
from hikma_tui.widgets.dialogs import Ask, AskReason
from hikma_tui.widgets.form_editor import FormEditor

T = TypeVar("T")
_MOST_NAMED = 60  # cells of a field's name in a message
_A_WHILE = 0.5  # seconds after which a save that is under way says so


class FormScreen(DraftScreen[T], Generic[T]):
    """A form that is saved with F10. A subclass saves it (``_write``)."""

    def __init__(self) -> None:
        super().__init__()
        self._reason = ""
        self._asked: set[tuple[str, str]] = set()  # doubts that were answered with yes

    def action_save(self) -> None:
        """F10: check, save, and only then go on. A second F10 meanwhile does nothing."""
        if self._editor is None or self._keeper is None or self._saving:
            self.say(_("Just a moment."))
            return
        self._saving, self._pointed_at = True, ""
        self.run_worker(self._save(self._editor, self._keeper), group="save")

    async def _save(self, editor: FormEditor, keeper: DraftKeeper) -> None:
        saved = False
        try:
            editor.finish()
            problems = editor.problems()
            if problems:
                field_id, sentence = problems[0]
                self._point_at(field_id, self._named(field_id, sentence))
            else:
                saved = await self._save_checked(editor, keeper)
        finally:
            self._saving = False
            if not saved and self._editor is not None and self.is_current:
                self._editor.focus()
                self._replay()

    def _named(self, field_id: str, sentence: str) -> str:
        """What is wrong, with the field's name, also where the sentence does not say it."""
        field = next(field for field in self._form.fields if field.id == field_id)
        label = forms.translate(field.label, language()) or field.name
        short = cut(label, _MOST_NAMED)  # a label may be a page long: the reason must be seen
        sentence, label = sentence.replace(label, short), short
        if label not in sentence:
            sentence = _("{field}: {reason}").format(field=label, reason=sentence)
        return _("NOT SAVED: {reason}").format(reason=sentence)

    async def _save_checked(self, editor: FormEditor, keeper: DraftKeeper) -> bool:
        if not await self._confirmed(editor.answers):
            return False
        self.set_focus(None)  # what is typed now waits: it belongs to no field until this is over
        keeper.hold()
        slow = self.set_timer(_A_WHILE, lambda: self.say(_("Saving ...")))
        try:
            said = await self._write(editor.answers, keeper.mine)
        except Refused as refusal:
            keeper.release(self._content(editor))
            slow.stop()
            await self._refused(refusal, editor)
            return False
        finally:
            slow.stop()
        if said is None:
            keeper.release(self._content(editor))
            return False
        while self.app.screen is not self and self in self.app.screen_stack:
            self.app.pop_screen()  # help, opened meanwhile
        self._go_on(said)
        self._say_untaken()
        return True

    def _say_untaken(self) -> None:
        """What was typed during a save that succeeded: never acted upon elsewhere, and shown."""
        typed = "".join(key.character or "" for key in self._ahead if key.is_printable)
        if typed.strip():
            self.app.notify(
                plain(
                    _("Typed while it was being saved, and not taken: {text}").format(text=typed)
                ),
                severity="warning",
                markup=False,
            )

    async def _confirmed(self, answers: forms.Answers) -> bool:
        """Ask what must be asked before a save. Whether to go on."""
        return True

    async def _doubts_answered(self, doubts: Iterable[tuple[str, str]], who: str = "") -> bool:
        """Ask about each (field id, sentence) once. A yes takes it as it is, a no goes there."""
        for field_id, sentence in doubts:
            if (field_id, sentence) in self._asked:
                continue
            question = f"{who}\n{sentence}" if who else sentence
            if not await self.app.push_screen_wait(Ask(question)):
                self._point_at(field_id, _("NOT SAVED: put it right, then F10."))
                return False
            self._asked.add((field_id, sentence))
        return True

    async def _reason_given(self, question: str, more: str) -> bool:
        """Ask why what was recorded is changed, and keep the answer. Whether there is one."""
        given = await self._asked_why("why", question, more)
        if given is None:
            self.say(_("NOT SAVED: no reason was given."), loud=True)
            return False
        self._reason = given
        return True

    async def _asked_why(self, key: str, question: str, more: str) -> str | None:
        """A typed reason, or None. What is typed is in the form's draft, by ``key``."""
        words = words_of(self._beside)

        def keep(text: str) -> None:
            self.keep_beside(REASONS, {**words, key: text})

        asked = AskReason(question, more, text=words.get(key, ""), keep=keep)
        given: str | None = await self.app.push_screen_wait(asked)
        return given

    async def _write(self, answers: forms.Answers, place: Hold) -> str | None:
        """Save, and forget the draft of ``place`` with it. Gives what to say about it; None when
        it was given up and that was said.
        """
        raise NotImplementedError

    def _go_on(self, said: str) -> None:
        """Leave after a save."""
        raise NotImplementedError

    async def _refused(self, refusal: Refused, editor: FormEditor) -> None:
        """A save was refused: say so, point at the field, let a conflict be settled."""
        if isinstance(refusal, ChangedMeanwhile):
            await self._settle(refusal, editor)
        elif isinstance(refusal, Invalid):
            self._point_at(refusal.column, not_saved(refusal))
        else:
            self.say(not_saved(refusal), loud=True)

    def _point_at(self, field_id: str, text: str) -> None:
        """Put the cursor on the field that keeps the form from being saved, and say why."""
        editor = self._editor
        columns = {field.column: field.id for field in self._form.fields if field.base}
        if editor is not None:
            editor.go_to(columns.get(field_id, field_id))
        self._pointed_at = columns.get(field_id, field_id)
        self.say(text, loud=True)

    async def _settle(self, clash: ChangedMeanwhile, editor: FormEditor) -> None:
        """Let the person choose; the form then stands on what is stored now."""
        self.say(not_saved(clash), loud=True)
        theirs = await settling.ask(self, self._form, editor.answers, clash)
        if theirs is None:
            return
        mine = merging.changed(self._form, self._first, editor.answers)
        kept = [field_id for field_id in mine if field_id not in theirs]
        answers = merging.taken(self._form, kept, editor.answers, clash.stored)
        self._first = self._start = clash.stored
        await self._show_form(answers, clash.stored, editor.unparsed)
        self._saving = False
        self.keep_typed()
        self._point_at(clash.field_ids[0], _("NOT SAVED yet: look once more, then F10 saves."))
