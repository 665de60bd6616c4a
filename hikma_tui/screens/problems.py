"""The problem list of one patient: active first; add, edit, resolve, take a diagnosis over."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from hikma_tui.clinic import problems
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.problems import Already, Problem, VisitDiagnosis
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import problem_words as words
from hikma_tui.screens.patient_list import PatientList
from hikma_tui.screens.session import not_saved
from hikma_tui.widgets.dialogs import Choice, Choose
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Line, RowList

Found = tuple[list[Problem], list[VisitDiagnosis]]


class ProblemsScreen(PatientList[Found]):
    """The problems of ``patient_id``, and what the last visits found that is none yet."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("problems.add", "1", N_("add"), N_("Add a problem"), more_keys=("f2",)),
        Action("problems.edit", "2", N_("edit"), N_("Status, how sure, severity, days"),
               more_keys=("enter",)),
        Action("problems.turn", "3", N_("resolve"), N_("Resolve it today, or reactivate it")),
        Action("problems.allergies", "4", N_("allergies"), N_("Allergies of this patient")),
        Action("problems.take", "5", N_("from a diagnosis"),
               N_("Make a diagnosis of the last visits a problem")),
        Action("problems.leave", "escape", N_("back")),
    )  # fmt: skip

    def read(self, actor: Actor, patient_id: str) -> Found:
        """The list, and what the key of diagnoses would offer."""
        listed = problems.listed(actor, patient_id)
        return listed, problems.open_diagnoses(actor, patient_id)

    def heading(self, found: Found) -> str:
        """How many are active, and how many diagnoses wait."""
        active = sum(not one.is_over for one in found[0])
        text = ngettext("Problems: {n} active", "Problems: {n} active", active).format(n=active)
        if not found[1]:
            return text
        n = len(found[1])
        waiting = ngettext(
            "{n} diagnosis of visits is not on the list: key 5",
            "{n} diagnoses of visits are not on the list: key 5",
            n,
        ).format(n=n)
        return f"{text}   {waiting}"

    def lines(self, found: Found, width: int) -> list[Line]:
        """One row a problem."""
        return words.lines(found[0], width)

    def _problem(self) -> Problem | None:
        key = self.marked
        return next((one for one in (self.found or ([], []))[0] if one.id == key), None)

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if self.found is None:
            return ""
        if name in ("edit", "turn") and self._problem() is None:
            return _("No problem is marked.")
        if name == "take" and not self.found[1]:
            return _("Every diagnosis of the last visits is on the list, or there is none.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click."""
        event.stop()
        self.action_edit()

    def action_add(self) -> None:
        """1: a form."""
        from hikma_tui.screens.problem_form import ProblemFormScreen

        self.app.push_screen(ProblemFormScreen(self.patient_id), self.told)

    def action_edit(self) -> None:
        """2: the form with what stands there."""
        from hikma_tui.screens.problem_form import ProblemFormScreen

        problem = self._problem()
        if problem is not None:
            self.app.push_screen(ProblemFormScreen(self.patient_id, problem.id), self.told)

    def action_turn(self) -> None:
        """3: resolved today; or active again. Both can be turned back by the same key."""
        problem = self._problem()
        if problem is None:
            return
        if problem.is_over:
            what = _("active again: {problem}").format(problem=problem.label)
            save = self.save(what, problems.reactivate, problem.id)
        else:
            what = _("resolved today: {problem}").format(problem=problem.label)
            save = self.save(what, problems.resolve, problem.id)
        self.run_worker(save, group="save")

    def action_allergies(self) -> None:
        """4."""
        from hikma_tui.screens.allergies import AllergiesScreen

        self.app.push_screen(AllergiesScreen(self.patient_id))

    def action_take(self) -> None:
        """5: which diagnosis becomes a problem; never by itself (decisions.md 16)."""
        offered = self.found[1] if self.found else []
        choices = [
            Choice(str(number), words.diagnosis_text(one)) for number, one in enumerate(offered)
        ]

        def chosen(key: str | None) -> None:
            if key is not None:
                self.run_worker(self._take(offered[int(key)]), group="save")

        self.app.push_screen(Choose(_("Which diagnosis becomes a problem?"), choices), chosen)

    async def _take(self, found: VisitDiagnosis, *, again: bool = False) -> None:
        entry = {"code": found.code, "desc": found.desc}
        try:
            await self.clinic.writing(
                problems.from_diagnosis, self.actor, self.patient_id, entry,
                visit_id=found.visit_id, again=again,
            )  # fmt: skip
        except Already as already:
            await self._when_there(already, found)
            return
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return
        await self.said_saved(found.desc)

    async def _when_there(self, already: Already, found: VisitDiagnosis) -> None:
        choices = [
            Choice("reactivate", _("Reactivate it")),
            Choice("again", _("Add it as a new problem")),
        ]
        if not already.over:
            self.say(not_saved(already), loud=True)
            return
        chosen = await self.app.push_screen_wait(Choose(str(already), choices))
        if chosen == "reactivate":
            await self.save(found.desc, problems.reactivate, already.problem_id)
        elif chosen == "again":
            await self._take(found, again=True)
