"""What became of a patient: deceased, moved away, referred; and what came of a referral.

Deceased and moved away stand in ``patients.metadata`` under one key each, which merges per key
(decisions.md 23) and travels. A referral is an event of its own in the day's visit: events reach
every client and are shown there with their answers, which a visit's metadata is not
(docs/problems.md). A mistake is taken back with a reason, and what was said stays under its key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.patients import card
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.problem_days import day_bounds_of, kept_metadata
from hikma_tui.clinic.records import checked, patient_row
from hikma_tui.clinic.saving import Save, live_row, one_save
from hikma_tui.clinic.standing import DECEASED, MOVED, of_metadata
from hikma_tui.clinic.visits import create_event, joined
from hikma_tui.clock import day_of
from hikma_tui.columns import moment_text
from hikma_tui.forms.data import items_of
from hikma_tui.i18n import _
from hikma_tui.models import Event, Patient, Visit, dicts, live

__all__ = [
    "DECEASED", "MOVED", "REFERRAL", "URGENCIES", "Referral", "came_of_it", "refer", "referrals",
    "set_deceased", "set_moved", "take_back",
]  # fmt: skip

REFERRAL = "Referral"  # the event's type: data, read by every client
URGENCIES = ("routine", "soon", "urgent", "emergency")
_FIELDS = {
    "where": "Referred to", "why": "Reason", "urgency": "Urgency", "outcome": "What came of it",
    "outcome_day": "Day of the outcome",
}  # fmt: skip
_LONGEST = 1000


@dataclass(frozen=True)
class Referral:
    """One referral; ``outcome`` is "" while nobody has said what came of it."""

    event_id: str
    day: date | None
    where: str
    why: str
    urgency: str
    by: str
    outcome: str
    outcome_day: str


def _say(actor: Actor, patient_id: str, key: str, value: Mapping[str, Any]) -> bool:
    patient = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    metadata = kept_metadata(patient["metadata"])
    before = metadata.get(key)
    said = {**value, "at": moment_text(info.now_ms()), "by": actor.user_id,
            "byName": actor.user_name}  # fmt: skip
    if isinstance(before, Mapping):
        earlier = before.get("before")
        kept = {name: one for name, one in before.items() if name != "before"}
        said["before"] = [*(earlier if isinstance(earlier, list) else []), kept]
    metadata[key] = said
    with Save(actor) as save:
        return save.update(Patient, patient_id, checked(Patient, {"metadata": metadata}))


def _settled(patient: Mapping[str, Any], day: str, text: str) -> tuple[str, str]:
    """The day and the words, made sure of: a day not ahead and not before the birth."""
    text = " ".join(text.split())
    if len(text) > _LONGEST:
        raise Invalid("text", _("At most {n} characters here.").format(n=_LONGEST))
    if day:
        first, last = day_bounds_of(day, "day")
        if first > info.today():
            raise Invalid("day", _("This day is in the future."))
        metadata = kept_metadata(patient["metadata"])
        birth = patient["date_of_birth"] or ""
        exact = birth and not metadata.get("birth_date_estimated")
        if exact and last.isoformat() < birth:
            raise Invalid("day", _("That is before this patient was born."))
    return day, text


def set_deceased(actor: Actor, patient_id: str, day: str, cause: str = "") -> bool:
    """The patient has died: on ``day`` (``2026-11-02``, ``2026-11``, ``2026`` or "" where nobody
    knows), of ``cause`` in words. Invalid, NotAllowed, NotFound.
    """
    day, cause = _settled(patient_row(actor, patient_id), day, cause)
    return _say(actor, patient_id, DECEASED, {"day": day, "cause": cause})


def set_moved(actor: Actor, patient_id: str, day: str, where: str = "") -> bool:
    """The patient has moved away: ``day`` as in ``set_deceased``, ``where`` in words."""
    day, where = _settled(patient_row(actor, patient_id), day, where)
    return _say(actor, patient_id, MOVED, {"day": day, "where": where})


def take_back(actor: Actor, patient_id: str, key: str, reason: str) -> bool:
    """It was a mistake, or is over (somebody came back): ``key`` is DECEASED or MOVED.

    What was said stays under the key, with the reason. Invalid without one; NotFound when
    nothing was said.
    """
    if not reason.strip():
        raise Invalid("reason", _("A reason is needed."))
    patient = patient_row(actor, patient_id)
    found = of_metadata(kept_metadata(patient["metadata"]))
    if (found.deceased if key == DECEASED else found.moved) is None:
        raise NotFound()
    return _say(actor, patient_id, key, {"withdrawn": True, "reason": reason.strip()})


# Referrals -------------------------------------------------------------------------------------


def _item(key: str, value: str) -> dict[str, Any]:
    return {
        "fieldId": f"hikma-referral-{key.replace('_', '-')}", "fieldType": "free-text",
        "inputType": "text", "name": _FIELDS[key], "value": value,
    }  # fmt: skip


@one_save
def refer(
    actor: Actor,
    patient_id: str,
    day: date,
    where: str,
    why: str,
    urgency: str = "routine",
    *,
    visit_id: str | None = None,
) -> str:
    """Send a patient elsewhere: an event in the visit of ``day`` (decisions.md 18). Returns its
    id. Invalid, NotAllowed, NotFound.
    """
    where, why = " ".join(where.split()), why.strip()
    if not where:
        raise Invalid("where", _("Referred to where?"))
    if not why:
        raise Invalid("why", _("Why? The other place has to know."))
    if urgency not in URGENCIES:
        raise Invalid("urgency", _("Choose how urgent it is."))
    for name, text in (("where", where), ("why", why)):
        if len(text) > _LONGEST:
            raise Invalid(name, _("At most {n} characters here.").format(n=_LONGEST))
    place = joined(actor, patient_id, day, visit_id=visit_id)[0]
    form_data = [_item("where", where), _item("why", why), _item("urgency", urgency)]
    return create_event(
        actor,
        {
            "patient_id": patient_id, "visit_id": place, "event_type": REFERRAL,
            "form_data": form_data,
        },
    )  # fmt: skip


def came_of_it(actor: Actor, event_id: str, outcome: str, day: str = "") -> bool:
    """What came of a referral: an addition, so anybody who may edit records can make it.

    Said again, it replaces what was said, which stays in the event's metadata.
    """
    outcome = outcome.strip()
    if not outcome:
        raise Invalid("outcome", _("What came of it?"))
    if len(outcome) > _LONGEST:
        raise Invalid("outcome", _("At most {n} characters here.").format(n=_LONGEST))
    day = day or info.today().isoformat()
    if day_bounds_of(day, "day")[0] > info.today():
        raise Invalid("day", _("This day is in the future."))
    row = live_row(Event, event_id)
    if row["event_type"] != REFERRAL:
        raise NotFound()
    patient = patient_row(actor, row["patient_id"])
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    new = [_item("outcome", outcome), _item("outcome_day", day)]
    ids = {one["fieldId"] for one in new}
    items = items_of(row["form_data"])
    metadata = kept_metadata(row["metadata"])
    before = [one for one in items if one.get("fieldId") in ids]
    if before:
        if [one.get("value") for one in before] == [outcome, day]:
            return False
        reason = _("what came of it")
        note = {"at": moment_text(info.now_ms()), "by": actor.user_id,
                "byName": actor.user_name, "reason": reason, "was": before}  # fmt: skip
        corrections = metadata.get("corrections")
        kept = corrections if isinstance(corrections, list) else []
        metadata["corrections"] = [*kept, note]
    form_data = [*(one for one in items if one.get("fieldId") not in ids), *new]
    values = checked(Event, {"form_data": form_data, "metadata": metadata})
    with Save(actor) as save:
        return save.update(Event, event_id, values)


def referrals(actor: Actor, patient_id: str) -> list[Referral]:
    """The patient's referrals, the newest first. For the reader. NotFound, NotAllowed."""
    card(actor, patient_id)
    model, visits = live(Event), live(Visit)
    where = (model.patient_id == patient_id) & (model.event_type == REFERRAL)
    rows = dicts(model.select().where(where).order_by(model.created_at.desc(), model.pk.desc()))
    ids = {row["visit_id"] for row in rows}
    moments = {
        row["id"]: row["check_in_timestamp"]
        for row in dicts(visits.select().where(visits.id.in_(list(ids))))
    }
    return [_referral(row, moments.get(row["visit_id"])) for row in rows]


def _referral(row: Mapping[str, Any], check_in: int | None) -> Referral:
    said = {
        str(item.get("fieldId")).removeprefix("hikma-referral-"): str(item.get("value") or "")
        for item in items_of(row["form_data"])
    }
    moment = check_in if check_in is not None else row["created_at"]
    metadata = kept_metadata(row["metadata"])
    return Referral(
        row["id"], None if moment is None else day_of(moment, info.zone()),
        said.get("where", ""), said.get("why", ""), said.get("urgency", ""),
        str(metadata.get("providerName") or ""), said.get("outcome", ""),
        said.get("outcome-day", ""),
    )  # fmt: skip
