"""A patient's allergies: add, none known, refute with a reason; "not asked" is loud."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from hikma_tui.clinic import allergies
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.allergies_read import Allergy
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.alerts import said_day
from hikma_tui.screens.kept_words import ALLERGY
from hikma_tui.screens.patient_list import PatientList
from hikma_tui.screens.problem_words import certainty_word, reaction_word
from hikma_tui.text import fit
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Divider, Info, Line, Row, RowList


class AllergiesScreen(PatientList[list[Allergy]]):
    """The allergies of ``patient_id``, also those that another client wrote."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("allergies.add", "1", N_("add"), N_("Add an allergy"), more_keys=("f2",)),
        Action("allergies.edit", "2", N_("edit"), N_("Reaction, severity, how sure"),
               more_keys=("enter",)),
        Action("allergies.refute", "3", N_("refute"),
               N_("It is not true, with a reason; a refuted one counts again")),
        Action("allergies.none", "4", N_("none known"), N_("Asked today: no allergy is known")),
        Action("allergies.not-asked", "5", N_("not asked"),
               N_("Take back a \"none known\" that was a mistake"), show=False),
        Action("allergies.leave", "escape", N_("back")),
    )  # fmt: skip

    def read(self, actor: Actor, patient_id: str) -> list[Allergy]:
        """Those that count first."""
        return allergies.listed(actor, patient_id)

    def heading(self, found: list[Allergy]) -> str:
        """How many are warned of."""
        n = sum(one.counts for one in found)
        return ngettext("Allergies: {n}", "Allergies: {n}", n).format(n=n)

    def lines(self, found: list[Allergy], width: int) -> list[Line]:
        """Those that count, then those that do not."""
        counting = [self._row(one) for one in found if one.counts]
        others = [self._row(one) for one in found if not one.counts]
        known = self.card.allergies if self.card is not None else None
        lines: list[Line] = []
        if not counting and known is not None and not known.asked:
            lines += [
                Info(""), Info(_("Nobody has asked yet. 1 adds an allergy; 4 says none known.")),
            ]  # fmt: skip
        elif not counting and known is not None:
            day = said_day(known.none_known)
            lines += [Info(""), Info(_("Asked on {day}: no allergy is known.").format(day=day))]
        lines += counting
        if others:
            lines += [Divider(_("refuted or resolved: nobody is warned of these")), *others]
        return lines

    def _row(self, one: Allergy) -> Row:
        state = certainty_word(one.certainty if one.counts else "refuted")
        if not one.counts and one.certainty != "refuted":
            state = _("resolved")
        cells = fit(state, 12) + " " + fit(reaction_word(one.severity), 17)
        name = one.words
        if one.as_written:
            name = _("{label} (as written elsewhere)").format(label=one.label)
        if not one.counts and one.reason:
            name = f"{name}: {one.reason}"
        return Row(one.id, cells, name)

    def _allergy(self) -> Allergy | None:
        key = self.marked
        return next((one for one in self.found or [] if one.id == key), None)

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if self.found is None:
            return ""
        one = self._allergy()
        if name in ("edit", "refute") and one is None:
            return _("No allergy is marked.")
        if name == "edit" and one is not None and not one.counts:
            return _("This one is refuted. 3 makes it count again.")
        if name == "none" and any(one.counts for one in self.found):
            return _("An allergy stands: refute it first, with a reason (3).")
        known = self.card.allergies if self.card is not None else None
        if name == "not-asked" and (known is None or not known.none_known):
            return _("Nobody has said that none is known.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click."""
        event.stop()
        self.run_worker(self.action_do("allergies.edit"))

    def action_add(self) -> None:
        """1: a form."""
        from hikma_tui.screens.allergy_form import AllergyFormScreen

        self.app.push_screen(AllergyFormScreen(self.patient_id), self.told)

    def action_edit(self) -> None:
        """2: the form with what stands there."""
        from hikma_tui.screens.allergy_form import AllergyFormScreen

        one = self._allergy()
        if one is not None:
            self.app.push_screen(AllergyFormScreen(self.patient_id, one.id), self.told)

    def action_refute(self) -> None:
        """3: with a reason either way; others have relied on it."""
        one = self._allergy()
        if one is not None:
            self.run_worker(self._turn(one), group="save")

    async def _turn(self, one: Allergy) -> None:
        question = (
            _("Not true: {allergy}. Why?") if one.counts else _("{allergy} counts again. Why?")
        )
        question = question.format(allergy=one.words)
        save = allergies.refute if one.counts else allergies.reinstate
        what = _("refuted: {allergy}") if one.counts else _("counts again: {allergy}")
        await self.save_why(
            what.format(allergy=one.words), question, (ALLERGY, one.id), save, one.id
        )

    def take_up(self, place: str) -> None:
        """The reason that was being typed."""
        row_id = place.rpartition(":")[2]
        one = next((one for one in self.found or [] if one.id == row_id), None)
        if one is not None:
            self.query_one(RowList).highlight(one.id)
            self.run_worker(self._turn(one), group="save")
            return
        known = self.card.allergies if self.card is not None else None
        if known is not None and known.none_known:
            self.action_not_asked()

    def action_none(self) -> None:
        """4: asked today."""
        save = self.save(_("no known allergies"), allergies.none_known, self.patient_id)
        self.run_worker(save, group="save")

    def action_not_asked(self) -> None:
        """5: a mistaken "none known" is taken back."""
        self.run_worker(self._take_back(), group="save")

    async def _take_back(self) -> None:
        question = _("Take back that no allergy is known. Why?")
        about = (ALLERGY, "none")
        await self.save_why(_("not asked"), question, about, allergies.not_asked, self.patient_id)
