"""Moving what was entered on the wrong patient, so that both charts say so (decisions.md 19).

A visit takes along all that was recorded in it; a note, a set of vitals or a problem joins the
right patient's visit of the same day, or makes it. The rows keep their ids: nothing is copied. Each
carries ``metadata.movedFrom``; what was left behind carries ``metadata.movedOut`` (the visit, or
the patient when no visit is left).

What a server does with it: ``patient_id`` and ``visit_id`` are in its update lists but for
``prescription_items``, where they are taken at insert only (wire.md, Appendix 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import audit, info, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.addenda import refuse_moved
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.moving_notes import FROM, OUT, mapping
from hikma_tui.clinic.permissions import Flag, require, require_sight
from hikma_tui.clinic.records import patient_row
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.clock import day_of
from hikma_tui.columns import moment_text
from hikma_tui.i18n import _
from hikma_tui.models import (
    Appointment,
    DispensingRecord,
    Draft,
    Event,
    Patient,
    Prescription,
    PrescriptionItem,
    Problem,
    Synced,
    Visit,
    Vitals,
    dicts,
    live,
)

MOVABLE: dict[str, type[Synced]] = {
    "visits": Visit, "events": Event, "patient_vitals": Vitals, "patient_problems": Problem,
}  # fmt: skip

# What goes along: (child, its column). Unlike a deletion, moving a visit takes its vitals and
# problems too: they were measured on the other person.
_WITH: dict[type[Synced], tuple[tuple[type[Synced], str], ...]] = {
    Visit: (
        (Event, "visit_id"), (Vitals, "visit_id"), (Problem, "visit_id"),
        (Prescription, "visit_id"), (Appointment, "current_visit_id"),
    ),
    Event: ((Vitals, "event_id"),),
    Prescription: ((PrescriptionItem, "prescription_id"),),
    PrescriptionItem: ((DispensingRecord, "prescription_item_id"),),
}  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """What a move did: the visit where it stands now (None: it hangs on none), and how much."""

    visit_id: str | None
    counts: Mapping[str, int]


def consequences(actor: Actor, table: str, row_id: str) -> dict[str, int]:
    """How many live rows of each table would move, the row itself included. For the reader."""
    model = _model(table)
    rows = live(model)
    found = dicts(rows.select().where(rows.id == row_id))
    if not found:
        raise NotFound()
    patients = live(Patient)
    owner = dicts(patients.select().where(patients.id == found[0]["patient_id"]))
    if not owner:
        raise NotFound()
    require_sight(actor, owner[0]["primary_clinic_id"])
    counts: dict[str, int] = {}
    for child, _row in _subtree(model, found[0], only_live=True):
        name = child._meta.table_name
        counts[name] = counts.get(name, 0) + 1
    return counts


def move(
    actor: Actor,
    table: str,
    row_id: str,
    to_patient_id: str,
    reason: str,
    *,
    of_patient: str | None = None,
) -> Moved:
    """Move one visit, event, vital or problem to another live patient, in the caller's transaction.

    Both patients must be visible and editable by the actor, and what others recorded takes the
    right to edit it. ``of_patient`` is in whose file it was read. Raises Invalid (no reason, the
    same patient, before a birth), NotAllowed, NotFound (also when it was moved since).
    """
    if not reason.strip():
        raise Invalid("reason", _("Moving a record needs a reason. Nothing was moved."))
    model = _model(table)
    row = live_row(model, row_id)
    refuse_moved(row, of_patient)
    source = patient_row(actor, str(row["patient_id"] or ""))
    target = patient_row(actor, to_patient_id)
    if source["id"] == target["id"]:
        raise Invalid("patient_id", _("This record is that patient's already."))
    for patient in (source, target):
        require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    moving = list(_subtree(model, row, only_live=False))
    _require_others(actor, moving, source)
    visit = _visit_of(row)
    with Save(actor) as save:
        act = _Act(save, source, target, reason.strip(), moment_text(save.now))
        if model is Visit:
            visits._refuse_before_birth(target, row["check_in_timestamp"] or save.now)
            visit_id: str | None = row_id
        else:
            visit_id = _place_for(act, visit) if visit is not None else None
        counts = _carry(act, model, moving, visit_id)
        if model is Visit:
            _take_back_fulfilled(act, row_id)
        _say_it_left(act, table, row, None if model is Visit else visit)
        _forget_it_left(act, row_id, visit_id)
    return Moved(visit_id, counts)


@dataclass(frozen=True)
class _Act:
    """One move under way."""

    save: Save
    source: Mapping[str, Any]
    target: Mapping[str, Any]
    reason: str
    at: str

    @property
    def signed(self) -> dict[str, Any]:
        """Who moved it, when and why."""
        actor = self.save.actor
        return {
            "at": self.at, "by": actor.user_id, "byName": actor.user_name, "reason": self.reason,
        }  # fmt: skip


def _model(table: str) -> type[Synced]:
    if table not in MOVABLE:
        raise Invalid("table", _("Records of {table} can't be moved.").format(table=table))
    return MOVABLE[table]


def _subtree(
    model: type[Synced], row: Mapping[str, Any], *, only_live: bool
) -> Iterator[tuple[type[Synced], dict[str, Any]]]:
    """A row and what goes along with it, each once; nothing that another patient owns.

    Deleted rows go along too, so that undoing their deletion brings them back where they belong.
    """
    seen = {(model, row["id"])}
    waiting: list[tuple[type[Synced], dict[str, Any]]] = [(model, dict(row))]
    while waiting:
        parent, found = waiting.pop(0)
        yield parent, found
        for child, column in _WITH.get(parent, ()):
            rows = live(child) if only_live else child
            mine = (rows.patient_id == row["patient_id"]) | rows.patient_id.is_null()  # type: ignore[attr-defined]
            for one in dicts(rows.select().where((getattr(rows, column) == found["id"]) & mine)):
                if (child, one["id"]) not in seen:
                    seen.add((child, one["id"]))
                    waiting.append((child, one))


def _require_others(
    actor: Actor, moving: list[tuple[type[Synced], dict[str, Any]]], source: Mapping[str, Any]
) -> None:
    """Taking away what somebody else recorded is editing it (features.md 1.13)."""
    for _table, row in moving:
        author = row.get("recorded_by_user_id") or mapping(row["metadata"]).get("providerId")
        if author and author != actor.user_id and row.get("tombstone") is None:
            require(actor, Flag.EDIT_OTHER_PROVIDER_EVENT, source["primary_clinic_id"])


def _visit_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The visit that a row hangs on, deleted or not: its day and its provider count."""
    if not row.get("visit_id"):
        return None
    return next(iter(dicts(Visit.select().where(Visit.id == row["visit_id"]))), None)


def _place_for(act: _Act, visit: Mapping[str, Any]) -> str:
    """The target's visit of that day at that clinic; made like the one that was left, if none."""
    moment = visit["check_in_timestamp"]
    if moment is not None:
        day = day_of(moment, info.zone())
        found = visits.visits_of_day(act.target["id"], visit["clinic_id"], day)
        if found:
            return str(found[-1]["id"])
    row = {
        "patient_id": act.target["id"], "check_in_timestamp": moment,
        **{name: visit[name] for name in ("clinic_id", "provider_id", "provider_name")},
    }  # fmt: skip
    visits._refuse_before_birth(act.target, moment or act.save.now)
    return act.save.insert(Visit, row)


def _carry(
    act: _Act,
    root: type[Synced],
    moving: list[tuple[type[Synced], dict[str, Any]]],
    visit_id: str | None,
) -> dict[str, int]:
    """Give every row its new patient, and the new visit where it left its old one."""
    counts: dict[str, int] = {}
    origin = {"patientId": act.source["id"], "name": _name(act.source), **act.signed}
    ids = {row["id"] for _model_, row in moving}
    for model, row in moving:
        values: dict[str, Any] = {"patient_id": act.target["id"]}
        if root is not Visit and "visit_id" in row and model is not Visit:
            values["visit_id"] = visit_id
        if model is Vitals and row["event_id"] and row["event_id"] not in ids:
            values["event_id"] = None  # that note stays in the other chart
        if model is Appointment and row["fulfilled_visit_id"] not in ids:
            values["fulfilled_visit_id"] = None
        metadata = mapping(row["metadata"])
        before = {"before": metadata[FROM]} if FROM in metadata else {}
        values["metadata"] = {**metadata, FROM: {**origin, **before}}
        _write(act.save, model, row, values)
        if row["tombstone"] is None:
            counts[model._meta.table_name] = counts.get(model._meta.table_name, 0) + 1
        _take_drafts(act, row["id"])
    act.save.touched |= {str(act.source["id"]), str(act.target["id"])}  # both search entries
    return counts


def _write(
    save: Save, model: type[Synced], row: Mapping[str, Any], values: Mapping[str, Any]
) -> None:
    """Save a live row; a deleted one is written as it is, with its entry in the audit trail."""
    if row["tombstone"] is None:
        save.update(model, str(row["id"]), values)
        return
    save.keep_base(model, row)
    model.update({**values, "change_seq": save.seq}).where(model.id == row["id"]).execute()
    told = {name: {"old": row[name], "new": value} for name, value in values.items()}
    save.entries.append(audit.Entry("UPDATE", model._meta.table_name, str(row["id"]), told))


def _take_drafts(act: _Act, row_id: str) -> None:
    """A draft that changes a moved note, or adds to a moved visit, is the other patient's now."""
    old, new = f"event:{act.source['id']}:", f"event:{act.target['id']}:"
    for draft in Draft.select().where(Draft.patient_id == act.source["id"]):
        place = str(draft.place)
        last = place.removeprefix(old).rpartition(":")[2]
        if place.startswith(old) and last.removeprefix("@").partition("#s")[0] == row_id:
            draft.place, draft.patient_id = new + place.removeprefix(old), act.target["id"]
            draft.save()


def _take_back_fulfilled(act: _Act, visit_id: str) -> None:
    """An appointment that the moved visit had fulfilled was not kept by this patient."""
    rows = live(Appointment)
    where = (rows.fulfilled_visit_id == visit_id) & (rows.patient_id == act.source["id"])
    for row in dicts(rows.select().where(where)):
        status = "pending" if row["status"] == "completed" else row["status"]
        act.save.update(Appointment, row["id"], {"fulfilled_visit_id": None, "status": status})


def _say_it_left(
    act: _Act, table: str, row: Mapping[str, Any], visit: Mapping[str, Any] | None
) -> None:
    """The chart that it left says so: in the visit where that is still there, else the patient."""
    moment = visit["check_in_timestamp"] if visit else row.get("check_in_timestamp")
    moment = moment or row.get("timestamp") or row.get("created_at")
    note = {
        **act.signed, "table": table, "id": row["id"], "what": str(row.get("event_type") or ""),
        "day": day_of(moment, info.zone()).isoformat() if moment else "",
        "toPatientId": act.target["id"],
    }  # fmt: skip
    if visit is not None and visit["tombstone"] is None:
        _put_out(act, Visit, str(visit["id"]), [*_listed(live_row(Visit, visit["id"])), note])
    else:
        source = live_row(Patient, act.source["id"])
        _put_out(act, Patient, str(source["id"]), [*_listed(source), note])


def _forget_it_left(act: _Act, row_id: str, visit_id: str | None) -> None:
    """What comes back to a chart is not away from it any more. The audit trail keeps both moves."""
    places: list[tuple[type[Synced], str]] = [(Patient, str(act.target["id"]))]
    if visit_id is not None:
        places.append((Visit, visit_id))
    for model, place_id in places:
        notes = _listed(live_row(model, place_id))
        left = [one for one in notes if mapping(one).get("id") != row_id]
        if len(left) < len(notes):
            _put_out(act, model, place_id, left)


def _listed(row: Mapping[str, Any]) -> list[Any]:
    found = mapping(row["metadata"]).get(OUT)
    return list(found) if isinstance(found, list) else []


def _put_out(act: _Act, model: type[Synced], row_id: str, notes: list[Any]) -> None:
    metadata = mapping(live_row(model, row_id)["metadata"])
    act.save.update(model, row_id, {"metadata": {**metadata, OUT: notes}})


def _name(patient: Mapping[str, Any]) -> str:
    return " ".join(str(patient[n]) for n in ("given_name", "surname") if patient[n])
