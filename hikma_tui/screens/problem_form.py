"""Add a problem to the list, or change one: a code from the list as one types, or free text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import drafts, problems
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.problems import Already, Problem
from hikma_tui.forms import Kind
from hikma_tui.i18n import _
from hikma_tui.screens import problem_words as words
from hikma_tui.screens.record_form import RecordForm, field
from hikma_tui.screens.suggesting import Suggesting
from hikma_tui.widgets.dialogs import Choice, Choose
from hikma_tui.widgets.entry_picker import Suggestions

_DAYS = ("onset_date", "end_date")


class ProblemFormScreen(RecordForm):
    """A new problem of ``patient_id``, or the one of ``problem_id`` (its code can't be changed)."""

    def __init__(
        self, patient_id: str, problem_id: str | None = None, *, day: date | None = None,
        visit: str = "-",
    ) -> None:  # fmt: skip
        """``day`` and ``visit`` of a new one: the visit's id, ``-`` the day's, ``+`` another."""
        place = f":{day.isoformat()}:{visit}" if day else ""
        super().__init__(patient_id, f"problem:{patient_id}:{problem_id or '-'}{place}")
        self._day, self._another = day, visit == "+"
        self._visit_id = visit if day is not None and visit not in "+-" else None
        self._problem_id = problem_id
        self._problem: Problem | None = None

    def read_stored(self) -> forms.Answers:
        """The columns of the problem that is edited."""
        if self._problem_id is None:
            return {}
        found = problems.one(self.actor, self.patient_id, self._problem_id)
        self._problem = found
        severity = "" if found.severity is None else str(found.severity)
        return {
            "clinical_status": found.status, "verification_status": found.certainty,
            "severity_score": severity, "onset_date": found.onset, "end_date": found.end,
        }  # fmt: skip

    def begun(self) -> forms.Answers:
        """A new one is active and provisional, as upstream's; no onset is guessed."""
        if self._problem_id is not None:
            return {}
        return {"clinical_status": "active", "verification_status": "provisional"}

    def heading(self) -> str:
        """Which problem."""
        if self._problem is None:
            return _("New problem")
        code = f" ({self._problem.code})" if self._problem.code else ""
        return _("Edit the problem: {problem}").format(problem=self._problem.label + code)

    def make_form(self) -> forms.Form:
        """The questions; which problem it is only of a new one."""
        date_help = _("Like 31/1/26, jan 2024 or 2024; blank when not known")
        scores = [(str(n), words.severity_word(n)) for n in range(1, 11)]
        fields = [
            field("clinical_status", Kind.RADIO, _("Status"), options=words.statuses(),
                  required=True),
            field("verification_status", Kind.RADIO, _("How sure"),
                  options=words.certainties(), required=True),
            field("onset_date", Kind.DATE, _("Since when"), date_help),
            field("severity_score", Kind.SELECT, _("Severity"), options=scores),
            field("end_date", Kind.DATE, _("Ended"), date_help),
        ]  # fmt: skip
        if self._problem_id is None:
            which = field(
                "problem", Kind.DIAGNOSIS, _("Problem"),
                _("Some letters of the disease, or its code; or your own words"), required=True,
            )  # fmt: skip
            fields.insert(0, which)
        return forms.Form("problem", {"en": ""}, tuple(fields))

    def _suggest(self) -> Suggestions | None:
        return Suggesting(self, {})

    async def put(self, answers: Mapping[str, Any], place: Hold) -> str | None:
        """Add or change; one that is on the list already is gone to or reactivated."""
        columns = {n: answers.get(n) or None for n in (*_DAYS, "severity_score")}
        columns |= {n: answers.get(n) for n in ("clinical_status", "verification_status")}
        if self._problem is not None:
            first = {n: self._first.get(n) or None for n in columns}
            changed = {n: value for n, value in columns.items() if value != first[n]}
            if not changed:
                self.say(_("Nothing was changed: there is nothing to save."))
                return None
            await self.clinic.writing(
                drafts.saved, self.actor, place, problems.edit, self.actor, self._problem.id,
                changed,
            )  # fmt: skip
            return self._problem.label
        chosen = answers.get("problem")
        entries = [one for one in chosen if isinstance(one, dict)] if chosen else []
        if len(entries) != 1:
            self._point_at("problem", _("NOT SAVED: one problem at a time."))
            return None
        try:
            await self._add(entries[0], columns, place, again=False)
        except Already as already:
            return await self._when_there(already, entries[0], columns, place)
        return str(entries[0].get("desc") or "")

    async def _add(
        self, entry: Mapping[str, Any], columns: dict[str, Any], place: Hold, *, again: bool
    ) -> None:
        await self.clinic.writing(
            drafts.saved, self.actor, place, problems.from_diagnosis, self.actor, self.patient_id,
            entry, columns, again=again,
            day=self._day, visit_id=self._visit_id, another_visit=self._another,
        )  # fmt: skip

    async def _when_there(
        self, already: Already, entry: Mapping[str, Any], columns: dict[str, Any], place: Hold
    ) -> str | None:
        """On the list: nothing is doubled. Of one that is over, the person chooses."""
        desc = str(entry.get("desc") or "")
        if not already.over:
            self._point_at("problem", _("NOT SAVED: {reason}").format(reason=str(already)))
            return None
        choices = [
            Choice("reactivate", _("Reactivate it")),
            Choice("again", _("Add it as a new problem")),
        ]
        chosen = await self.app.push_screen_wait(Choose(str(already), choices))
        if chosen == "reactivate":
            await self.clinic.writing(
                drafts.saved, self.actor, place, problems.reactivate, self.actor,
                already.problem_id,
            )  # fmt: skip
            return desc
        if chosen == "again":
            await self._add(entry, columns, place, again=True)
            return desc
        self.say(_("NOT SAVED: nothing was chosen."), loud=True)
        return None
