"""A form with diagnoses and medicines: suggestions, changing an entry, the check for allergies."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import on

from hikma_tui import forms
from hikma_tui.clinic import prescribing
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.prescribing import Unreasoned
from hikma_tui.i18n import _
from hikma_tui.screens.form_screen import FormScreen
from hikma_tui.screens.identity import identity_line
from hikma_tui.screens.medicine_dialog import MedicineDialog
from hikma_tui.screens.session import not_saved
from hikma_tui.screens.suggesting import Suggesting
from hikma_tui.widgets.dialogs import AskReason
from hikma_tui.widgets.form_editor import FormEditor

T = TypeVar("T")


class PrescribingScreen(FormScreen[T], Generic[T]):
    """A form about the patient ``_patient_id``; ``_names`` are labels of diagnoses by their key."""

    def __init__(self, patient_id: str) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._names: dict[str, str] = {}

    @property
    def _who(self) -> str:
        """Whom a dialog is about, since it covers the line that says so (decisions.md 12)."""
        return identity_line(self._card, self.clinic.today, 72) if self._card else ""

    def _suggest(self) -> Suggesting:
        return Suggesting(self, self._names)

    @on(FormEditor.EntryOpened)
    def open_entry(self, event: FormEditor.EntryOpened) -> None:
        """Enter on a medicine of a list: change it part by part."""
        event.stop()
        if not self._saving:
            self.run_worker(self._change_entry(event), group="entry", exclusive=True)

    async def _change_entry(self, event: FormEditor.EntryOpened) -> None:
        dialog = MedicineDialog(self._who, event.field, event.item, self.clinic.today)
        item = await self.app.push_screen_wait(dialog)
        editor = self._editor
        if item is not None and editor is not None:
            editor.replace_entry(event.field.id, event.index, event.item, item)

    async def _confirmed(self, answers: forms.Answers) -> bool:
        """A medicine that an allergy speaks against takes a typed reason (decisions.md 14)."""
        try:
            waiting = await self.clinic.reading(
                prescribing.unreasoned,
                self.actor, self._patient_id, self._form, self._first, answers,
            )  # fmt: skip
            for one in waiting:
                if not await self._reasoned(one):
                    return False
        except Refused as refusal:
            self.say(not_saved(refusal), loud=True)
            return False
        return True

    async def _reasoned(self, one: Unreasoned) -> bool:
        """Ask why it is given all the same, and write that into the entry."""
        medicine = one.medicine
        checked = _("Interactions between medicines are not checked.")
        question = _("{medicine}: why is it given in spite of the allergy?")
        asked = AskReason(
            f"{self._who}\n{question.format(medicine=medicine)}",
            "\n".join([*one.sentences, checked]),
        )
        reason = await self.app.push_screen_wait(asked)
        editor = self._editor
        if reason is None or editor is None:
            self._point_at(
                one.field_id,
                _("NOT SAVED: {medicine} goes against an allergy.").format(medicine=medicine),
            )
            return False
        item = await self.clinic.reading(prescribing.with_reason, self.actor, one, reason)
        editor.replace_entry(one.field_id, one.index, one.item, item)
        return True
