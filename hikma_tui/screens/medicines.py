"""A patient's medicines: current ones first, then what ended, was stopped or replaced."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import on

from hikma_tui import medicines as words
from hikma_tui.clinic import drafts, medicines
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.medicines import CurrentMedicine
from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import kept_words
from hikma_tui.screens.alerts import in_short
from hikma_tui.screens.identity import facts, listed_name
from hikma_tui.screens.kept_words import KeptWords
from hikma_tui.screens.medicine_line import MedicineLine
from hikma_tui.screens.medicine_rows import key_of, lines_of
from hikma_tui.screens.patient_list import PatientList
from hikma_tui.screens.patient_rows import day_text
from hikma_tui.screens.session import not_saved
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Divider, Info, Line, RowList


def _row_id(one: CurrentMedicine) -> str:
    return f"{one.event_id}|{one.entry_id}"


class MedicinesScreen(PatientList[list[CurrentMedicine]]):
    """The medicines of ``patient_id``."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("medicines.add", "1", N_("add"), N_("Prescribe a medicine today"),
               more_keys=("f2",)),
        Action("medicines.change", "2", N_("change"), N_("Change the dose of the marked one"),
               more_keys=("enter", "f5")),
        Action("medicines.stop", "3", N_("stop"),
               N_("Stop the marked one with a reason; one that was stopped goes on")),
        Action("medicines.repeat", "4", N_("repeat the last set"),
               N_("Prescribe the last set of medicines again")),
        Action("medicines.leave", "escape", N_("back")),
    )  # fmt: skip

    def read(self, actor: Actor, patient_id: str) -> list[CurrentMedicine]:
        """The newest first."""
        return medicines.all_of(actor, patient_id, self.clinic.today)

    def heading(self, found: list[CurrentMedicine]) -> str:
        """How many are current, and what is not checked."""
        n = sum(one.status == medicines.CURRENT for one in found)
        count = ngettext("Current medicines: {n}", "Current medicines: {n}", n).format(n=n)
        return "   ".join([count, _("Interactions are not checked.")])

    def lines(self, found: list[CurrentMedicine], width: int) -> list[Line]:
        """Current ones, a divider, the others."""
        current = [one for one in found if one.status == medicines.CURRENT]
        others = [one for one in found if one.status != medicines.CURRENT]
        lines = [line for one in current for line in lines_of(one)]
        if not current:
            lines += [Info(""), Info(_("No current medicine. 1 adds one."))]
        if others:
            lines.append(Divider(_("ended, stopped or replaced")))
            lines += [line for one in others for line in lines_of(one)]
        return lines

    def _medicine(self) -> CurrentMedicine | None:
        key = self.marked
        return next((one for one in self.found or [] if key_of(one) == key), None)

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if self.found is None:
            return ""
        one = self._medicine()
        if name in ("change", "stop") and one is None:
            return _("No medicine is marked.")
        if name == "change" and one is not None and one.status != medicines.CURRENT:
            return _("Only a current medicine can be changed. 1 adds it anew.")
        if name == "stop" and one is not None and one.status in (
            medicines.ENDED, medicines.REPLACED,
        ):  # fmt: skip
            return _("This one is over already.")
        if name == "repeat" and not self.found:
            return _("There are no medicines to repeat.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click."""
        event.stop()
        self.run_worker(self.action_do("medicines.change"))

    # Doing ---------------------------------------------------------------------------------

    def action_add(self) -> None:
        """1: a line."""
        self.run_worker(self._add(), group="save")

    def _who(self) -> str:
        """For whom, and what is known of allergies: it stands above the line that is typed."""
        card = self.card
        if card is None:
            return ""
        about = facts(card, self.clinic.today)
        return "  ".join(filter(None, (listed_name(card), about, in_short(card))))

    def take_up(self, place: str) -> None:
        """Go on with a draft: a line, or a reason."""
        found, why = self.found or [], place.startswith(kept_words.WHY)
        if why and place == kept_words.place_of(self.patient_id, kept_words.REPEAT):
            doing = self._repeat()
        elif why:
            one = next((one for one in found if place.endswith(f":{_row_id(one)}")), None)
            if one is None:
                return
            self.query_one(RowList).highlight(key_of(one))
            doing = self._stop(one)
        else:
            one = next((one for one in found if self._place(one) == place), None)
            current = one is not None and one.status == medicines.CURRENT
            # of one that is no more current: what was typed can still be added
            doing = self._change(one) if one is not None and current else self._add(place)
        self.run_worker(doing, group="save")

    def _place(self, one: CurrentMedicine | None = None) -> str:
        """Where what is typed about a medicine, or a new one, is kept."""
        return f"medicine:{self.patient_id}:" + (_row_id(one) if one else "-")

    async def _add(self, place: str = "") -> None:
        line = MedicineLine(
            _("Add a medicine, from today on:"), who=self._who(), patient_id=self.patient_id,
            place=place or self._place(),
        )  # fmt: skip
        item = await self.app.push_screen_wait(line)
        if item is None:
            return
        async with kept_words.beside(self, line.hold, self.patient_id, line.content) as kept:
            reasons = await self._reasons([item], kept)
            if reasons is not None:
                save = partial(medicines.prescribe, reasons=reasons)
                await self.save(
                    words.words(item), drafts.saved, kept.hold, save, self.actor, self.patient_id,
                    self.clinic.today, [item],
                )  # fmt: skip

    def action_change(self) -> None:
        """2: its line, to be written in another way."""
        one = self._medicine()
        if one is not None:
            self.run_worker(self._change(one), group="save")

    async def _change(self, one: CurrentMedicine) -> None:
        question = _("Change, from today on: {medicine}").format(medicine=one.words)
        line = MedicineLine(
            question, words.line_of(one.item), who=self._who(), patient_id=self.patient_id,
            place=self._place(one),
        )  # fmt: skip
        item = await self.app.push_screen_wait(line)
        if item is None:
            return
        item = medicines.carried(one.item, item)
        if words.words(item) == one.words:
            await self.clinic.writing(drafts.discard, self.actor, line.hold)
            self.say(_("Nothing was changed."))
            return
        said = _("{old} becomes {new}. Why?").format(old=one.words, new=words.words(item))
        async with kept_words.beside(self, line.hold, self.patient_id, line.content) as kept:
            reason = await kept.ask(said)
            if reason is None:
                self.say(_("NOT SAVED: no reason was given. The line is kept."), loud=True)
                return
            reasons = await self._reasons([item], kept)
            if reasons is not None:
                save = partial(medicines.change, reasons=reasons)
                key = (one.event_id, one.entry_id)
                await self.save(
                    words.words(item), drafts.saved, kept.hold, save, self.actor, self.patient_id,
                    key, item, reason, self.clinic.today,
                )  # fmt: skip

    def action_stop(self) -> None:
        """3: with a reason either way."""
        one = self._medicine()
        if one is not None:
            self.run_worker(self._stop(one), group="save")

    async def _stop(self, one: CurrentMedicine) -> None:
        stopped = one.status == medicines.STOPPED
        question = _("{medicine} goes on. Why?") if stopped else _("Stop {medicine}. Why?")
        what = _("goes on: {name}") if stopped else _("stopped: {name}")
        await self.save_why(
            what.format(name=one.name), question.format(medicine=one.words),
            (kept_words.STOP, _row_id(one)),
            medicines.resume if stopped else medicines.stop, self.patient_id,
            [(one.event_id, one.entry_id)], day=self.clinic.today,
        )  # fmt: skip

    def action_repeat(self) -> None:
        """4: shown first, asked once."""
        self.run_worker(self._repeat(), group="save")

    async def _repeat(self) -> None:
        today = self.clinic.today
        try:
            found = await self.clinic.reading(
                medicines.last_set, self.actor, self.patient_id, today
            )
        except Refused as refusal:
            self.say(str(refusal), loud=True)
            return
        if not found:
            self.say(_("There are no medicines to repeat."))
            return
        n = len(found)
        question = ngettext(
            "Prescribe this {n} medicine of {day} again from today on?",
            "Prescribe these {n} medicines of {day} again from today on?",
            n,
        ).format(n=n, day=day_text(found[0].day))
        listed = [one.words for one in found] + [_("Interactions are not checked.")]
        if not await self.app.push_screen_wait(Ask(question, "\n".join(listed))):
            return
        place = kept_words.place_of(self.patient_id, kept_words.REPEAT)
        async with kept_words.begin(self, place, self.patient_id) as kept:
            reasons = await self._reasons([one.item for one in found], kept)
            if reasons is None:
                return
            keys = [(one.event_id, one.entry_id) for one in found]
            save = partial(medicines.repeat, keys=keys, reasons=reasons)
            what = ngettext("{n} medicine repeated", "{n} medicines repeated", n).format(n=n)
            await self.save(what, drafts.saved, kept.hold, save, self.actor, self.patient_id, today)

    async def _reasons(self, items: Sequence[Item], kept: KeptWords) -> dict[str, str] | None:
        """Why each medicine is given that an allergy speaks against; None: nothing is saved."""
        from hikma_tui.screens.medicine_reasons import reasons

        try:
            return await reasons(self, self.patient_id, items, kept)
        except Refused as refusal:
            self.say(not_saved(refusal), loud=True)
            return None
