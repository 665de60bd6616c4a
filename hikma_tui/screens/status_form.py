"""The forms of what became of a patient: deceased, moved away, a referral, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import drafts, status
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.status import DECEASED, MOVED, URGENCIES
from hikma_tui.forms import Kind
from hikma_tui.i18n import _
from hikma_tui.screens.record_form import RecordForm, field

REFERRAL, OUTCOME = "referral", "outcome"
KINDS = (DECEASED, MOVED, REFERRAL, OUTCOME)


def urgency_word(urgency: str) -> str:
    """How urgent, in the user's language."""
    return {
        "routine": _("routine"), "soon": _("soon"), "urgent": _("urgent"),
        "emergency": _("emergency"),
    }.get(urgency, urgency)  # fmt: skip


class StatusForm(RecordForm):
    """``kind`` is DECEASED, MOVED, REFERRAL or OUTCOME (of the event ``event_id``)."""

    def __init__(self, patient_id: str, kind: str, event_id: str = "") -> None:
        super().__init__(patient_id, f"status:{patient_id}:{kind}:{event_id or '-'}")
        self._kind = kind
        self._event_id = event_id

    def heading(self) -> str:
        """What is asked."""
        return {
            DECEASED: _("The patient has died"), MOVED: _("The patient has moved away"),
            REFERRAL: _("Referral, in the visit of today"), OUTCOME: _("What came of the referral"),
        }[self._kind]  # fmt: skip

    def make_form(self) -> forms.Form:
        """The questions of this kind."""
        day_help = _("Like 31/1/26, jan 2024 or 2024; blank when not known")
        day = field("day", Kind.DATE, _("Day"), day_help)
        fields = {
            DECEASED: [day, field("text", Kind.TEXT, _("Cause, in words"))],
            MOVED: [day, field("text", Kind.TEXT, _("Where to"))],
            REFERRAL: [
                field("where", Kind.TEXT, _("Referred to"), required=True),
                field("why", Kind.LONG_TEXT, _("Why"), required=True),
                field("urgency", Kind.RADIO, _("How urgent"), required=True,
                      options=[(one, urgency_word(one)) for one in URGENCIES]),
            ],
            OUTCOME: [
                field("outcome", Kind.LONG_TEXT, _("What came of it"), required=True),
                field("day", Kind.DATE, _("Day"), _("Blank for today")),
            ],
        }[self._kind]  # fmt: skip
        return forms.Form("status", {"en": ""}, tuple(fields))

    async def put(self, answers: Mapping[str, Any], place: Hold) -> str | None:
        """Save what this kind is."""
        said = {name: str(value or "") for name, value in answers.items()}
        day, actor, writing = said.get("day", ""), self.actor, self.clinic.writing
        if self._kind == REFERRAL:
            await writing(
                drafts.saved, actor, place, status.refer, actor, self.patient_id,
                self.clinic.today, said.get("where", ""), said.get("why", ""),
                said.get("urgency", ""),
            )  # fmt: skip
            return _("referral")
        if self._kind == OUTCOME:
            await writing(
                drafts.saved, actor, place, status.came_of_it, actor, self._event_id,
                said.get("outcome", ""), day,
            )  # fmt: skip
            return _("outcome of the referral")
        save = status.set_deceased if self._kind == DECEASED else status.set_moved
        await writing(
            drafts.saved, actor, place, save, actor, self.patient_id, day, said.get("text", "")
        )
        return _("deceased") if self._kind == DECEASED else _("moved away")
