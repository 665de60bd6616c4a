"""Medicines of a patient: what is current, prescribing, stopping, changing, repeating.

They are answers in events until the pharmacy exists (decisions.md 17). What this program enters
goes into its own form "note": prescribing adds entries to a medicine field, stopping adds a line to
"Stopped medicines" whose item carries which entries are meant, so no note of another provider is
touched. As upstream (features.md 1.8, 1.13) this needs the right to create events, not the one to
write prescriptions. Interactions between medicines are not checked.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from hikma_tui import medicines
from hikma_tui.clinic import info, own_forms, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.medicines_given import (
    CURRENT,
    ENDED,
    REPLACED,
    RESUMED,
    STOPPED,
    STOPPED_FIELD,
    CurrentMedicine,
    all_of,
    current,
    last_set,
)
from hikma_tui.clinic.medicines_suggesting import suggestions
from hikma_tui.clinic.prescribing import OVERRIDE, warnings
from hikma_tui.clinic.records import patient_row
from hikma_tui.clinic.saving import one_save
from hikma_tui.columns import moment_text
from hikma_tui.forms.shape import Item
from hikma_tui.i18n import _
from hikma_tui.medicines.wording import value_text

__all__ = [
    "CURRENT", "ENDED", "REPLACED", "STOPPED", "CurrentMedicine", "all_of", "carried", "change",
    "current", "last_set", "prescribe", "repeat", "resume", "stop", "suggestions", "warnings",
]  # fmt: skip

MEDICINES_FIELD = "hikma-note-medicines"

Key = tuple[str, str]
"""An entry: the id of its event and its own."""


def prescribe(
    actor: Actor,
    patient_id: str,
    day: date,
    entries: Sequence[Mapping[str, object]],
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
    reasons: Mapping[str, str] | None = None,
) -> visits.Recorded:
    """Save medicine entries (as ``medicines.read`` gives them) for a day, in one note.

    ``reasons`` say, by the medicine's name, why it is given in spite of an allergy; without one
    such a medicine is refused. Invalid, NotAllowed, NotFound.
    """
    return _note(
        actor, patient_id, day, _checked(actor, patient_id, entries, reasons or {}), [],
        visit_id=visit_id, another_visit=another_visit,
    )  # fmt: skip


def stop(
    actor: Actor,
    patient_id: str,
    keys: Sequence[Key],
    reason: str,
    day: date,
    *,
    visit_id: str | None = None,
) -> visits.Recorded:
    """Say that medicines are taken no more from ``day`` on, and why. A reason is needed."""
    items = [_mark_item(actor, patient_id, keys, reason, day, STOPPED)]
    return _note(actor, patient_id, day, [], items, visit_id=visit_id)


def resume(
    actor: Actor,
    patient_id: str,
    keys: Sequence[Key],
    reason: str,
    day: date,
    *,
    visit_id: str | None = None,
) -> visits.Recorded:
    """Take back that medicines were stopped; they go on as they were prescribed."""
    items = [_mark_item(actor, patient_id, keys, reason, day, RESUMED)]
    return _note(actor, patient_id, day, [], items, visit_id=visit_id)


def change(
    actor: Actor,
    patient_id: str,
    key: Key,
    entry: Mapping[str, object],
    reason: str,
    day: date,
    *,
    visit_id: str | None = None,
    reasons: Mapping[str, str] | None = None,
) -> visits.Recorded:
    """Stop one entry and prescribe another in its place, in one note: both or neither."""
    items = [_mark_item(actor, patient_id, [key], reason, day, STOPPED)]
    entries = _checked(actor, patient_id, [entry], reasons or {})
    return _note(actor, patient_id, day, entries, items, visit_id=visit_id)


def carried(old: Mapping[str, object], entry: Mapping[str, object]) -> Item:
    """A changed entry with what the old one says beside it: another client's notes go along."""
    left = (OVERRIDE, "repeatOf", "id")
    return {**{k: v for k, v in old.items() if k not in left}, **entry}


def repeat(
    actor: Actor,
    patient_id: str,
    day: date,
    *,
    keys: Sequence[Key] | None = None,
    visit_id: str | None = None,
    another_visit: bool = False,
    reasons: Mapping[str, str] | None = None,
) -> visits.Recorded:
    """Prescribe the last set again (of it only ``keys``, where they are given).

    Each new entry says what it repeats (``repeatOf``: event and day). A reason that was given in
    spite of an allergy is not repeated: it is asked for again.
    """
    wanted = last_set(actor, patient_id, day)
    if keys is not None:
        wanted = [one for one in wanted if (one.event_id, one.entry_id) in set(keys)]
        if len(wanted) < len(set(keys)):
            raise NotFound(_("These medicines have changed meanwhile. Look at them again."))
    if not wanted:
        raise NotFound(_("There are no medicines to repeat."))
    entries = [again(one) for one in wanted]
    return prescribe(
        actor, patient_id, day, entries, visit_id=visit_id, another_visit=another_visit,
        reasons=reasons,
    )  # fmt: skip


def again(one: CurrentMedicine) -> Item:
    """A new entry that repeats one, and says so; never with the reason given for an allergy."""
    kept = {k: v for k, v in one.item.items() if k not in (OVERRIDE, "repeatOf", "id")}
    source = {"eventId": one.event_id, "day": one.day.isoformat() if one.day else ""}
    return {"id": _new_id(), **kept, "repeatOf": source}


# -- the note --------------------------------------------------------------------------------------


def _new_id() -> str:
    return os.urandom(10).hex()


def _checked(
    actor: Actor,
    patient_id: str,
    entries: Sequence[Mapping[str, object]],
    reasons: Mapping[str, str],
) -> list[Item]:
    """The entries to store: each with a name and an id, and with the reason where one is needed."""
    if not entries:
        raise Invalid("medicines", _("There is no medicine to save."))
    found = []
    for entry in entries:
        name = value_text(entry.get("name"))
        if not name:
            raise Invalid("name", _("Which medicine? Write its name first."))
        item: Item = {**entry, "id": value_text(entry.get("id")) or _new_id()}
        against = warnings(actor, patient_id, [name])
        if against:
            item[OVERRIDE] = _override(actor, item, against, reasons.get(name, ""))
        found.append(item)
    return found


def _override(
    actor: Actor, item: Item, against: Sequence[medicines.Conflict], reason: str
) -> dict[str, Any]:
    """Why it is given all the same (decisions.md 14). Invalid when nobody has said."""
    causes = list(dict.fromkeys(one.allergy for one in against))
    told = item.get(OVERRIDE)
    if not reason.strip() and isinstance(told, dict) and str(told.get("reason") or "").strip():
        known = told.get("against")
        if isinstance(known, list | tuple) and set(causes) <= set(known):
            return told
    if not reason.strip():
        raise Invalid("allergy", against[0].sentence + " " + _("Going on needs a reason."))
    return {
        "reason": reason.strip(), "against": causes, "by": actor.user_id,
        "at": moment_text(info.now_ms()),
    }  # fmt: skip


def _mark_item(
    actor: Actor, patient_id: str, keys: Sequence[Key], reason: str, day: date, kind: str
) -> Item:
    """The item of "Stopped medicines": a line that every client shows, and which entries it means.

    Invalid without a reason; NotFound when an entry is not there (any more).
    """
    patient_row(actor, patient_id)
    if not reason.strip():
        raise Invalid("reason", _("A reason is needed."))
    here = {(one.event_id, one.entry_id): one for one in all_of(actor, patient_id, info.today())}
    if not keys or any(key not in here for key in keys):
        raise NotFound(_("These medicines have changed meanwhile. Look at them again."))
    meant = [here[key] for key in keys]
    for one in meant:
        if one.day is not None and day < one.day <= info.today():
            raise Invalid("day", _("{name} was given later than that.").format(name=one.name))
        if (one.status == STOPPED) == (kind == STOPPED):
            sentence = (
                _("{name} is stopped already.") if kind == STOPPED else _("{name} is not stopped.")
            )
            raise Invalid("medicine", sentence.format(name=one.name))
    said = _("Stopped: {medicines} ({reason})") if kind == STOPPED else _(
        "Taken up again: {medicines} ({reason})"
    )  # fmt: skip
    return {
        "fieldId": STOPPED_FIELD,
        "fieldType": "free-text",
        "inputType": "text",
        "name": "Stopped medicines",
        "value": said.format(
            medicines="; ".join(_short(one) for one in meant), reason=reason.strip()
        ),
        kind: [
            {
                "eventId": one.event_id, "entryId": one.entry_id, "name": one.name,
                "givenOn": one.day.isoformat() if one.day else "", "day": day.isoformat(),
                "reason": reason.strip(), "at": moment_text(info.now_ms()),
            }
            for one in meant
        ],
    }  # fmt: skip


def _short(one: CurrentMedicine) -> str:
    return " ".join(part for part in (one.name, medicines.dose_words(one.item)) if part)


@one_save
def _note(
    actor: Actor,
    patient_id: str,
    day: date,
    entries: Sequence[Item],
    items: Sequence[Item],
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
) -> visits.Recorded:
    """One event of the form "note" in the visit that this goes into (decisions.md 18)."""
    form_id = own_forms.ensure(actor, "note")
    visit, new = visits.joined(
        actor, patient_id, day, visit_id=visit_id, another_visit=another_visit
    )
    data = list(items)
    if entries:
        data.append(
            {
                "fieldId": MEDICINES_FIELD, "fieldType": "medicine", "inputType": "input-group",
                "name": "Medicines", "value": list(entries),
            }
        )  # fmt: skip
    values = {
        "patient_id": patient_id, "visit_id": visit, "form_id": form_id,
        "event_type": own_forms.name_of("note"), "form_data": data,
    }  # fmt: skip
    return visits.Recorded(visits.create_event(actor, values), visit, new)
