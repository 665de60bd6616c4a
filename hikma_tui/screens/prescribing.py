"""A form with diagnoses and medicines: suggestions, changing an entry, the check for allergies."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Generic, TypeVar

from textual import on

from hikma_tui import forms
from hikma_tui.clinic import prescribing
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.prescribing import Unreasoned
from hikma_tui.i18n import _
from hikma_tui.screens.draft_screen import PART
from hikma_tui.screens.form_screen import FormScreen
from hikma_tui.screens.identity import identity_line
from hikma_tui.screens.medicine_dialog import MedicineDialog
from hikma_tui.screens.session import not_saved
from hikma_tui.screens.suggesting import Suggesting
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
            entry = self._change_entry(event.field, event.index, event.item)
            self.run_worker(entry, group="entry", exclusive=True)

    async def _change_entry(
        self,
        field: forms.Field,
        index: int,
        item: forms.Item,
        typed: Mapping[str, Any] | None = None,
    ) -> None:
        """Ask for its parts; each key there is in the form's draft."""

        def keep(parts: Mapping[str, Any]) -> None:
            self.keep_beside(PART, {"field": field.id, "index": index, "item": item, **parts})

        dialog = MedicineDialog(self._who, field, item, self.clinic.today, typed=typed, keep=keep)
        changed = await self.app.push_screen_wait(dialog)
        editor = self._editor
        self.keep_beside(PART, {})
        if changed is not None and editor is not None:
            editor.replace_entry(field.id, index, item, changed)

    async def _show_with_draft(
        self, stored: forms.Answers, draft: Mapping[str, Any], begun: forms.Answers | None = None
    ) -> None:
        """The form, and over it the medicine that was being changed part by part."""
        await super()._show_with_draft(stored, draft, begun)
        part, editor = self._beside.get(PART), self._editor
        if not isinstance(part, dict) or editor is None:
            return
        field = next((one for one in self._form.fields if one.id == part.get("field")), None)
        item, index = part.get("item"), part.get("index")
        entries = editor.answers.get(field.id) if field is not None else None
        if field is None or not isinstance(entries, list) or not isinstance(item, dict):
            return
        if isinstance(index, int) and entries[index : index + 1] == [item]:
            entry = self._change_entry(field, index, item, part)
            self.run_worker(entry, group="entry", exclusive=True)

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
        reason = await self._asked_why(
            f"allergy {medicine}",
            f"{self._who}\n{question.format(medicine=medicine)}",
            "\n".join([*one.sentences, checked]),
        )
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
