"""What became of a patient: deceased, moved away, referrals and what came of them."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from hikma_tui.clinic import status
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.status import DECEASED, MOVED, Referral
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.alerts import said_day
from hikma_tui.screens.kept_words import STATUS
from hikma_tui.screens.patient_list import PatientList
from hikma_tui.screens.status_form import StatusForm, urgency_word
from hikma_tui.text import fit
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Divider, Info, Line, Row, RowList


class StatusScreen(PatientList[list[Referral]]):
    """The status of ``patient_id``; each mistake can be taken back with a reason."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("status.refer", "1", N_("refer"), N_("Refer to another place"), more_keys=("f2",)),
        Action("status.outcome", "2", N_("what came of it"),
               N_("What came of the marked referral"), more_keys=("enter",)),
        Action("status.moved", "3", N_("moved away"),
               N_("Moved away; or take back that they have")),
        Action("status.deceased", "4", N_("deceased"),
               N_("Deceased; or take back a mistaken one")),
        Action("status.leave", "escape", N_("back")),
    )  # fmt: skip

    def read(self, actor: Actor, patient_id: str) -> list[Referral]:
        """The referrals; the rest stands on the card."""
        return status.referrals(actor, patient_id)

    def heading(self, found: list[Referral]) -> str:
        """How many referrals, and how many nobody has heard of."""
        n = len(found)
        text = ngettext("Status: {n} referral", "Status: {n} referrals", n).format(n=n)
        silent = sum(not one.outcome for one in found)
        if silent:
            text += "   " + _("{n} without an outcome").format(n=silent)
        return text

    def lines(self, found: list[Referral], width: int) -> list[Line]:
        """What is said of the patient, then the referrals, the newest first."""
        known = self.card.status if self.card is not None else None
        lines: list[Line] = []
        if known is None or (known.deceased is None and known.moved is None):
            lines.append(Info(_("Neither deceased nor moved away is recorded.")))
        else:
            lines.append(Info(_("What stands above can be taken back with a reason: 3 or 4.")))
        lines.append(Divider(_("referrals")))
        if not found:
            lines.append(Info(_("No referral. 1 writes one into today's visit.")))
        return lines + [self._row(one) for one in found]

    @staticmethod
    def _row(one: Referral) -> Row:
        day = said_day(one.day.isoformat()) if one.day else _("no day")
        outcome = one.outcome
        if outcome and one.outcome_day:
            outcome = f"{said_day(one.outcome_day)}: {outcome}"
        cells = fit(day, 13) + fit(urgency_word(one.urgency), 10) + fit(one.where, 20)
        text = f"{one.why} -> {outcome or _('no outcome yet')}"
        return Row(one.event_id, cells, text)

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        if action_id == "status.outcome" and self.found is not None and self.marked is None:
            return _("No referral is marked. 1 writes one.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A click."""
        event.stop()
        self.action_outcome()

    def action_refer(self) -> None:
        """1."""
        self.app.push_screen(StatusForm(self.patient_id, "referral"), self.told)

    def action_outcome(self) -> None:
        """2."""
        if self.marked is not None:
            form = StatusForm(self.patient_id, "outcome", self.marked)
            self.app.push_screen(form, self.told)

    def action_moved(self) -> None:
        """3."""
        known = self.card.status.moved if self.card is not None else None
        self._say_or_take_back(MOVED, known is not None)

    def action_deceased(self) -> None:
        """4."""
        known = self.card.status.deceased if self.card is not None else None
        self._say_or_take_back(DECEASED, known is not None)

    def _say_or_take_back(self, key: str, stands: bool) -> None:
        if stands:
            self.run_worker(self._take_back(key), group="save")
        else:
            self.app.push_screen(StatusForm(self.patient_id, key), self.told)

    async def _take_back(self, key: str) -> None:
        if key == DECEASED:
            question, what = _("Take back that the patient is deceased. Why?"), _("not deceased")
        else:
            question, what = _("Take back that the patient moved away. Why?"), _("not moved away")
        await self.save_why(what, question, (STATUS, key), status.take_back, self.patient_id, key)

    def take_up(self, place: str) -> None:
        """The reason that was being typed."""
        key, known = place.rpartition(":")[2], self.card.status if self.card is not None else None
        if known and {DECEASED: known.deceased, MOVED: known.moved}.get(key) is not None:
            self.run_worker(self._take_back(key), group="save")
