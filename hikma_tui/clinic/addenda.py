"""What is written to a note after it was saved: addenda, and what a correction changed.

An addendum stands beside the answers and changes none of them, so it is allowed where a form is not
editable (decisions.md 18). Both live in the event's metadata and travel with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.moving_notes import mapping
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.records import patient_row
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.columns import moment_text
from hikma_tui.i18n import _
from hikma_tui.models import Event

MOST = 4000  # characters of one addendum


@dataclass(frozen=True)
class Addendum:
    """A text added to a note, or a correction of it: then ``before`` are the items it changed."""

    at: str
    by: str
    text: str
    correction: bool = False
    before: tuple[Mapping[str, Any], ...] = ()


def add(actor: Actor, event_id: str, text: str, *, of_patient: str | None = None) -> None:
    """Add a text to a note; its answers stay. Invalid (empty, too long), NotAllowed, NotFound.

    ``of_patient`` is in whose file it was read: NotFound when it was moved since.
    """
    text = text.strip()
    if not text:
        raise Invalid("text", _("An addendum needs a text. Nothing was saved."))
    if len(text) > MOST or "\x00" in text:
        raise Invalid("text", _("An addendum has at most {n} characters.").format(n=f"{MOST:,}"))
    event = live_row(Event, event_id)
    refuse_moved(event, of_patient)
    patient = patient_row(actor, str(event["patient_id"] or ""))
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    metadata = mapping(event["metadata"])
    note = {
        "at": moment_text(info.now_ms()), "by": actor.user_id, "byName": actor.user_name,
        "text": text,
    }  # fmt: skip
    kept = metadata.get("addenda")
    addenda = [*(kept if isinstance(kept, list) else []), note]
    with Save(actor) as save:
        save.update(Event, event_id, {"metadata": {**metadata, "addenda": addenda}})


def refuse_moved(row: Mapping[str, Any], of_patient: str | None) -> None:
    """NotFound when a row is no longer that patient's, in whose file it was read (None: any)."""
    if of_patient is not None and row["patient_id"] != of_patient:
        raise NotFound(_("This was moved to another patient meanwhile. Nothing was changed."))


def corrected(actor: Actor, metadata: Any, reason: str, before: object) -> dict[str, Any]:
    """A row's metadata with a correction added: who, when, why, what stood before. Invalid without
    a reason. What another client wrote in the place of the list is left out of it.
    """
    if not reason.strip():
        raise Invalid("reason", _("A change to an old visit needs a reason."))
    found = mapping(metadata)
    note = {
        "at": moment_text(info.now_ms()), "by": actor.user_id, "byName": actor.user_name,
        "reason": reason.strip(), "before": before,
    }  # fmt: skip
    kept = found.get("corrections")
    return {**found, "corrections": [*(kept if isinstance(kept, list) else []), note]}


def replaced(old: object, new: object) -> list[Any]:
    """The items of ``old`` form_data that ``new`` has no more as they were: what a correction
    changed. With what was added alone, nothing.
    """
    items = old if isinstance(old, list) else []
    stays = new if isinstance(new, list) else []
    return [item for item in items if item not in stays]


def of(metadata: Any) -> list[Addendum]:
    """The addenda and corrections of a note, in the order in which they were made."""
    found = mapping(metadata)
    notes = [
        Addendum(
            str(note.get("at") or ""), str(note.get("byName") or ""), str(note.get("text") or "")
        )
        for note in _listed(found.get("addenda"))
    ]
    for note in _listed(found.get("corrections")):
        before = _before(note.get("before"))
        reason = str(note.get("reason") or "")
        at, by = str(note.get("at") or ""), str(note.get("byName") or "")
        notes.append(Addendum(at, by, reason, True, before))
    return sorted(notes, key=lambda note: note.at)


def _before(value: object) -> tuple[Mapping[str, Any], ...]:
    """What a correction replaced: form_data items, or a row's columns as such items."""
    if isinstance(value, Mapping):
        return tuple({"name": str(name), "value": one} for name, one in value.items())
    return tuple(_listed(value))


def _listed(value: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in value if isinstance(one, Mapping))
