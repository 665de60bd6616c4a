"""Deleting: a tombstone on a row and on all that hangs on it, in one transaction; and its undoing.

What hangs on what is one table (wire.md A6, decisions.md 1). Deleted rows stay in the file. The
deletion itself is a record: who, when, why, and how much went with it. Drafts and the mark of an
open visit stay where they are, unseen while their patient is deleted, and are back after an undo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.addenda import refuse_moved
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag, require, require_sight, rights
from hikma_tui.clinic.records import governing_clinic, require_parents
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.clock import DAY_MS
from hikma_tui.i18n import _
from hikma_tui.models import (
    BY_TABLE,
    Appointment,
    Clinic,
    Deletion,
    DispensingRecord,
    Event,
    Patient,
    PatientAttribute,
    Prescription,
    PrescriptionItem,
    Problem,
    Synced,
    User,
    UserClinicPermissions,
    Visit,
    Vitals,
    dicts,
    live,
    tuples,
)

# What goes with a row: (table of the row) -> (child, its column). A visit leaves its vitals and
# problems; a patient takes everything. Dispensing records of a deleted patient still count for
# stock, through the explicit way to tombstones.
HANGS_ON: dict[type[Synced], tuple[tuple[type[Synced], str], ...]] = {
    Patient: (
        (PatientAttribute, "patient_id"), (Visit, "patient_id"), (Event, "patient_id"),
        (Appointment, "patient_id"), (Vitals, "patient_id"), (Problem, "patient_id"),
        (Prescription, "patient_id"), (PrescriptionItem, "patient_id"),
        (DispensingRecord, "patient_id"),
    ),
    Visit: (
        (Event, "visit_id"), (Prescription, "visit_id"), (Appointment, "current_visit_id"),
    ),
    Prescription: ((PrescriptionItem, "prescription_id"),),
}  # fmt: skip

_FLAGS = {
    "patients": Flag.DELETE_PATIENT_RECORDS,
    "visits": Flag.DELETE_PATIENT_VISITS,
    "events": Flag.DELETE_RECORDS,
    "patient_additional_attributes": Flag.DELETE_RECORDS,
    "appointments": Flag.DELETE_RECORDS,
    "patient_vitals": Flag.DELETE_RECORDS,
    "patient_problems": Flag.DELETE_RECORDS,
    "prescriptions": Flag.DELETE_RECORDS,
    "prescription_items": Flag.DELETE_RECORDS,
    "dispensing_records": Flag.DELETE_RECORDS,
}


@dataclass(frozen=True)
class Deleted:
    """A deletion that can still be undone."""

    number: int
    table: str
    label: str
    reason: str
    user_name: str
    deleted_at: int  # ms
    counts: Mapping[str, int] = field(default_factory=dict)


def _subtree(model: type[Synced], row_id: str) -> Iterator[tuple[type[Synced], str]]:
    """Every live row that goes with one row, itself first, each once."""
    seen = {(model, row_id)}
    waiting = [(model, row_id)]
    while waiting:
        parent, parent_id = waiting.pop(0)
        yield parent, parent_id
        for child, column in HANGS_ON.get(parent, ()):
            rows = live(child)
            for (found,) in tuples(rows.select(rows.id).where(getattr(rows, column) == parent_id)):
                if (child, found) not in seen:
                    seen.add((child, found))
                    waiting.append((child, found))


def consequences(actor: Actor, table: str, row_id: str) -> dict[str, int]:
    """How many rows of each table would go, the row itself included. NotFound, NotAllowed."""
    model = BY_TABLE[table]
    _require(actor, table, _live_as_read(model, row_id))
    counts: dict[str, int] = {}
    for child, child_id in _subtree(model, row_id):
        name = child._meta.table_name
        if child is not PatientAttribute or _holds_something(child_id):
            counts[name] = counts.get(name, 0) + 1
    return counts


def _holds_something(attribute_row_id: str) -> bool:
    """A field of the registration form that was left empty has a row, too: nobody misses it."""
    rows = live(PatientAttribute)
    row = rows.get(rows.id == attribute_row_id)
    values = (row.string_value, row.number_value, row.date_value, row.boolean_value)
    return any(value not in (None, "") for value in values)


def _live_as_read(model: type[Synced], row_id: str) -> dict[str, Any]:
    rows = live(model)
    found = dicts(rows.select().where(rows.id == row_id))
    if not found:
        raise NotFound()
    return found[0]


def _require(actor: Actor, table: str, row: Mapping[str, Any]) -> None:
    patient_id = row["id"] if table == "patients" else row.get("patient_id")
    if patient_id:
        patients = live(Patient)
        patient = patients.get_or_none(patients.id == patient_id)
        if patient is not None:
            require_sight(actor, patient.primary_clinic_id)
            require(actor, _FLAGS.get(table, Flag.CLINIC_ADMIN), patient.primary_clinic_id)
            return
    require(actor, _FLAGS.get(table, Flag.CLINIC_ADMIN), governing_clinic(table, row))


def delete(
    actor: Actor, table: str, row_id: str, reason: str, *, of_patient: str | None = None
) -> int:
    """Delete one row and what hangs on it. Returns the deletion's number, for ``undo``.

    ``of_patient`` is in whose file it was read. Raises NotFound (also when it is deleted already,
    or was moved since), NotAllowed, or Invalid without a reason.
    """
    if not reason.strip():
        raise Invalid("reason", _("A deletion needs a reason. Nothing was deleted."))
    if table not in BY_TABLE:
        raise Invalid("table", _("There is no table of that name: {table}").format(table=table))
    model = BY_TABLE[table]
    row = live_row(model, row_id)
    if model is not Patient and "patient_id" in row:
        refuse_moved(row, of_patient)
    _require(actor, table, row)
    _refuse_locking_out(actor, model, row)
    patient_id = row["id"] if model is Patient else row.get("patient_id")
    with Save(actor) as save:
        record = Deletion.create(
            table_name=table, row_id=row_id, patient_id=patient_id, label=_label(model, row),
            reason=reason.strip(), user_id=actor.user_id, user_name=actor.user_name,
            machine_id=actor.machine_id, deleted_at=save.now,
        )  # fmt: skip
        counts: dict[str, int] = {}
        for child, child_id in list(_subtree(model, row_id)):
            save.bury(child, [live_row(child, child_id)], record.pk)
            counts[child._meta.table_name] = counts.get(child._meta.table_name, 0) + 1
        Deletion.update(counts=counts).where(Deletion.pk == record.pk).execute()
    return int(record.pk)


def _refuse_locking_out(actor: Actor, model: type[Synced], row: Mapping[str, Any]) -> None:
    """Nobody deletes what they stand on: after it no one could reach the records, or undo."""
    if model is User and row["id"] == actor.user_id:
        raise Refused(_("You can't delete yourself. Another administrator can."))
    if model is UserClinicPermissions and row["user_id"] == actor.user_id:
        raise Refused(_("You can't take away your own permissions. Another administrator can."))
    if model is Clinic and _is_in_use(row["id"]):
        raise Refused(_("This clinic has users or patients: archive it instead of deleting it."))


def _is_in_use(clinic_id: str) -> bool:
    users, patients = live(User), live(Patient)
    has_users = users.select(users.pk).where(users.clinic_id == clinic_id).exists()
    of_clinic = patients.primary_clinic_id == clinic_id
    return has_users or patients.select(patients.pk).where(of_clinic).exists()


def _label(model: type[Synced], row: Mapping[str, Any]) -> str:
    """What an administrator reads when undoing: the patient's name, and which note it was."""
    patient = row
    if model is not Patient and row.get("patient_id"):
        patient = live_row(Patient, row["patient_id"])
    names = [patient.get("given_name"), patient.get("surname")]
    parts = [" ".join(str(name) for name in names if name)]
    parts.append(str(row.get("event_type") or row.get("name") or ""))
    return ", ".join(part for part in parts if part) or str(row["id"])


def _require_undo(actor: Actor, record: Deletion) -> None:
    """An administrator may undo until it has been sent or for a day (decisions.md 19)."""
    found = rights(actor)
    if not found.at(Flag.CLINIC_ADMIN, actor.clinic_id):
        raise NotAllowed(_("Only an administrator can undo a deletion. Nothing was changed."))
    if record.undone_at is not None:
        raise Refused(_("This deletion was undone already."))
    if record.sent_at is not None:
        raise Refused(_("This deletion was sent to a server: it can't be undone here."))
    if info.now_ms() - record.deleted_at > DAY_MS:
        raise Refused(_("A deletion can be undone for a day only. Nothing was changed."))


def undo(actor: Actor, number: int) -> None:
    """Bring back all that one deletion took. NotFound, NotAllowed, or Refused with the reason."""
    record = Deletion.get_or_none(Deletion.pk == number)
    if record is None:
        raise NotFound()
    _require_undo(actor, record)
    root = BY_TABLE[record.table_name]
    for row in dicts(root.select().where(root.id == record.row_id)):
        # not under a patient deleted since, nor under a visit with which it would have gone
        stays = "visit_id" in row and (root, "visit_id") not in HANGS_ON[Visit]
        require_parents(root, {**row, "visit_id": None} if stays else row)
    with Save(actor) as save:
        going = [
            (model, row)
            for model in BY_TABLE.values()
            for row in dicts(model.select().where(model.tombstone == number))
        ]
        for model, row in going:
            save.raise_again(model, row)
        hide_under_deleted(save, going)
        Deletion.update(undone_at=save.now, undone_by=actor.user_id).where(
            Deletion.pk == number
        ).execute()


def hide_under_deleted(save: Save, back: list[tuple[type[Synced], dict[str, Any]]]) -> None:
    """Of rows that were brought back, those stay deleted whose record is deleted by now.

    While they were deleted here, somebody elsewhere had moved them to a record that another
    deletion took: they go with that one.
    """
    again = True
    while again:  # what hangs on a row that is hidden is hidden in the next round
        again = False
        for child, row in back:
            number = deleted_with(child, row["id"])
            if number is not None:
                model: Any = child
                sets = {model.tombstone: number, model.change_seq: save.seq}
                model.update(sets).where(model.id == row["id"]).execute()
                again = True


def deleted_with(child: type[Synced], row_id: str) -> int | None:
    """The deletion of a record that a live row hangs on; None where it may be seen."""
    row = next(iter(dicts(child.select().where(child.id == row_id, child.tombstone.is_null()))), {})
    for parent, children in HANGS_ON.items():
        for model, column in children:
            if model is child and row.get(column):
                for one in dicts(parent.select().where(parent.id == row[column])):
                    if one["tombstone"] is not None:
                        return int(one["tombstone"])
    return None


def undoable(actor: Actor) -> list[Deleted]:
    """The deletions that the actor can still undo, newest first; none for who may not."""
    if not rights(actor).at(Flag.CLINIC_ADMIN, actor.clinic_id):
        return []
    since = info.now_ms() - DAY_MS
    rows = (
        Deletion.select()
        .where(
            Deletion.undone_at.is_null(),
            Deletion.sent_at.is_null(),
            Deletion.deleted_at >= since,
            Deletion.user_id.is_null(False),
        )
        .order_by(Deletion.pk.desc())
    )
    return [
        Deleted(r.pk, r.table_name, r.label, r.reason, r.user_name, r.deleted_at, r.counts)
        for r in rows
    ]
