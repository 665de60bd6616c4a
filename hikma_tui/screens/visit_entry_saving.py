"""Saving, forgetting and leaving the line of a visit's screen.

The field is emptied only once the save is durable; what fails says NOT SAVED and stays.
"""

from __future__ import annotations

from datetime import date

from hikma_tui import quick
from hikma_tui.clinic import drafts
from hikma_tui.clinic import quick as clinic_quick
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.prescribing import Unreasoned
from hikma_tui.clinic.quick import NeedsReason, Saved
from hikma_tui.i18n import _
from hikma_tui.screens import quick_panel
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.quick_panel import QuickInput
from hikma_tui.screens.session import not_saved
from hikma_tui.screens.visit_entry_quick import QuickSide
from hikma_tui.widgets.dialogs import Ask, AskReason


class QuickSaving(QuickSide):
    """F10, F8 and Esc."""

    # What the screen of the visit gives

    def _card(self) -> PatientCard:
        raise NotImplementedError

    def _goes_into(self) -> tuple[date, str | None, bool]:
        """The day, the visit if it is there, and whether another one begins."""
        raise NotImplementedError

    async def _was_saved(self, saved: Saved) -> None:
        """Show the visit anew."""
        raise NotImplementedError

    def action_save(self) -> None:
        """F10: save what the screen shows, if nothing of it is left to choose."""
        keeper = self._keeper
        if self._saving or keeper is None:
            self.say(_("Just a moment."))
            return
        field = self.query_one(QuickInput)
        if self._asked or field.value != self._line.text or not self._line.ready:
            self._fill_line()
            if self._choosing is not None:
                self.say(_("NOT SAVED: choose first."), loud=True)
            elif self._line.ready or self._asked:
                self.say(_("NOT SAVED yet: look once more, then F10 saves."), loud=True)
            return
        text = quick.filled(self._line)
        if text != self._line.text:
            self._write(text)  # what is saved stands in the line, and in the draft if that fails
        self._saving, self._choosing, self._pointing = True, None, False
        self.run_worker(self._save(text, keeper), group="save")

    async def _save(self, text: str, keeper: DraftKeeper) -> None:
        keeper.hold()
        saved = None
        try:
            saved = await self._save_with_reasons(text, keeper)
        except Refused as refusal:
            self.say(not_saved(refusal), loud=True)
        finally:
            ahead, self._ahead, self._saving = self._ahead, "", False
            if saved is None:
                keeper.release(self._content(text))
                if ahead:
                    self._write(text + ahead)
        if saved is None:
            return
        said = saved_line(self._card(), self.clinic.today, quick_panel.saved_words(self._line))
        self._new_draft(drafts.plain_place(keeper.mine.place))
        self._write(ahead)
        await self._was_saved(saved)
        self.say(said)

    async def _save_with_reasons(self, text: str, keeper: DraftKeeper) -> Saved | None:
        """Save; where a medicine goes against an allergy, ask why first (decisions.md 14)."""
        reasons: dict[str, str] = {}
        day, visit_id, another = self._goes_into()
        repeats = [(one.event_id, one.entry_id) for one in self._given or ()]
        while True:
            try:
                return await self.clinic.writing(
                    drafts.saved, self.actor, keeper.mine, clinic_quick.save, self.actor,
                    self._patient_id, day, text, visit_id=visit_id, another_visit=another,
                    reasons=reasons, repeats=repeats,
                )  # fmt: skip
            except NeedsReason as needed:
                keeper.release(self._content(text))  # a draft still, and what is typed now with it
                for one in needed.unreasoned:
                    given = await self._asked_why(one, text, keeper)
                    if given is None:
                        self.say(_("NOT SAVED: no reason was given."), loud=True)
                        return None
                    reasons[one.medicine] = given
                keeper.hold()

    async def _asked_why(self, one: Unreasoned, text: str, keeper: DraftKeeper) -> str | None:
        def keep(reason: str) -> None:
            self._reasons = {**self._reasons, one.medicine: reason}
            keeper.keep(self._content(text))

        asked = AskReason(
            "\n".join(one.sentences),
            _("Why is it given all the same? The reason is kept with it."),
            text=self._reasons.get(one.medicine, ""), keep=keep,
        )  # fmt: skip
        given: str | None = await self.app.push_screen_wait(asked)
        return given

    def action_drop(self) -> None:
        """F8: forget the line, after asking."""
        if not self._saving:
            self.run_worker(self._drop(), group="drop", exclusive=True)

    async def _drop(self) -> None:
        asked = Ask(_("Forget this line?"), _("Nothing that was saved changes."), careful=True)
        keeper = self._keeper
        if keeper is None or not await self.app.push_screen_wait(asked):
            return
        try:
            await keeper.discard()
        except Refused as refusal:
            self.say(str(refusal), loud=True)
            return
        self._new_draft(drafts.plain_place(keeper.mine.place))
        self._choosing, self._pointing = None, False
        self.query_one(QuickInput).value = ""
        self._read_again("")
        self.say("")

    def action_leave(self) -> None:
        """Esc: back to the line, then to the patient; the line is kept as a draft."""
        if self._saving:
            self.say(_("Just a moment."))
        elif self._choosing is not None or self._pointing:
            self._choosing, self._pointing = None, False
            self.say("")
            self._paint()
        else:
            self.run_worker(self._leave(), group="leave", exclusive=True)

    async def _leave(self) -> bool:
        """Keep the line and go. Whether the screen was left."""
        keeper, text = self._keeper, self._line.text
        if keeper is not None:
            trouble = ""
            if text.strip():
                trouble = await keeper.flush(self._content(text))
            else:
                try:
                    await keeper.discard()
                except Refused as refusal:
                    self.say(str(refusal))
            if trouble and not await self.app.push_screen_wait(
                Ask(_("Leave, and lose what you typed?"), trouble, careful=True)
            ):
                return False
            keeper.hold()
        self.dismiss(None)
        return True
