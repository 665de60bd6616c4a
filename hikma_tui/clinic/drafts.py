"""What has been typed and not saved yet: one draft per user and place, kept until saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.ids import is_uuid
from hikma_tui.models import Draft, Event, Patient, live

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Kept:
    """A draft, and whose it is about."""

    place: str
    patient_id: str | None
    patient_name: str
    content: dict[str, Any]
    updated_at: int


def keep(actor: Actor, place: str, patient_id: str | None, content: Mapping[str, Any]) -> None:
    """Keep what has been typed at ``place``, over what was kept there before."""
    row = {
        "user_id": actor.user_id, "place": place, "patient_id": patient_id,
        "content": dict(content), "updated_at": info.now_ms(),
    }  # fmt: skip
    Draft.insert(row).on_conflict(
        conflict_target=[Draft.user_id, Draft.place],
        preserve=[Draft.patient_id, Draft.content, Draft.updated_at],
    ).execute()


def at(actor: Actor, place: str) -> dict[str, Any] | None:
    """What the actor had typed at ``place``, if anything."""
    row = Draft.get_or_none((Draft.user_id == actor.user_id) & (Draft.place == place))
    return None if row is None else dict(row.content)


def discard(actor: Actor, place: str) -> None:
    """Forget the draft at ``place``: it was saved, or the user said so."""
    Draft.delete().where((Draft.user_id == actor.user_id) & (Draft.place == place)).execute()


def saved(
    actor: Actor, place: str, save: Callable[P, T], *arguments: P.args, **named: P.kwargs
) -> T:
    """Run a save and forget the draft that it came from, in the same transaction.

    Done apart, a power cut between the two would offer the draft of what is saved already, and a
    patient would be registered twice.
    """
    result = save(*arguments, **named)
    discard(actor, place)
    return result


def changed_event(place: str) -> str:
    """The id of the event that a draft at ``place`` changes; empty for new answers."""
    last = place.rpartition(":")[2] if place.startswith("event:") else ""
    return last if is_uuid(last) else ""


def waiting(actor: Actor) -> list[Kept]:
    """The actor's drafts, newest first; none of a patient who is deleted, nor a change of a note
    that is: they could not be saved, and are back after an undo.
    """
    found = []
    events = live(Event)
    drafts = Draft.select().where(Draft.user_id == actor.user_id).order_by(Draft.updated_at.desc())
    patients = live(Patient)
    for draft in drafts:
        name = ""
        event_id = changed_event(draft.place)
        if event_id and events.get_or_none(events.id == event_id) is None:
            continue
        if draft.patient_id:
            patient = patients.get_or_none(patients.id == draft.patient_id)
            if patient is None:
                continue
            name = " ".join(part for part in (patient.given_name, patient.surname) if part)
        found.append(Kept(draft.place, draft.patient_id, name, draft.content, draft.updated_at))
    return found
