"""Rows of any table from plain values: checked by each column's declared type and the server's
limits, then saved. Registration, visits and ``import`` all end here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.clinic.permissions import Flag, require, require_sight, rights
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.columns import BadValue, Json, Uuid
from hikma_tui.i18n import _
from hikma_tui.ids import as_uuid
from hikma_tui.models import (
    BY_TABLE,
    OWN_COLUMNS,
    Patient,
    Synced,
    UserClinicPermissions,
    connection,
    dicts,
    live,
    wire_columns,
)

# What creating and changing a row of a table takes. Configuration belongs to a clinic's admin.
FLAGS: dict[str, Flag] = {
    "patients": Flag.EDIT_RECORDS,
    "patient_additional_attributes": Flag.EDIT_RECORDS,
    "visits": Flag.EDIT_RECORDS,
    "events": Flag.EDIT_RECORDS,
    "appointments": Flag.EDIT_RECORDS,
    "patient_vitals": Flag.EDIT_RECORDS,
    "patient_problems": Flag.EDIT_RECORDS,
    "prescriptions": Flag.PRESCRIBE_MEDICATIONS,
    "prescription_items": Flag.PRESCRIBE_MEDICATIONS,
    "dispensing_records": Flag.DISPENSE_MEDICATIONS,
}

_DEEPEST = 64  # levels of JSON in a column: far beyond any form, far below Python's own limit

# Rows that hang on a patient: what is checked is that patient's clinic.
_MUST_BE_LIVE = ("patient_id", "visit_id", "prescription_id", "current_visit_id")


def checked(model: type[Synced], row: Mapping[str, Any]) -> dict[str, Any]:
    """Wire values turned into ours, column by column. Invalid names the first that can't be kept.

    Columns that we don't know are returned under ``unknown``. Only the given columns are returned.
    """
    known = wire_columns(model)
    values: dict[str, Any] = {}
    unknown: dict[str, Any] = {}
    for name, value in row.items():
        if name in OWN_COLUMNS:
            continue
        field = known.get(name)
        if field is None:
            unknown[name] = value
        elif name == "id":
            if not _is_blank(value):
                values["id"] = _own_id(model, field, value)
        elif value is None or (isinstance(field, Uuid) and _is_blank(value)):
            values[name] = _without_value(model, name, field)
        else:
            values[name] = _converted(model, name, field, value)
            if values[name] is None:
                values[name] = _without_value(model, name, field)
    if unknown:
        _refuse_unsound(model, "unknown", unknown)
        values["unknown"] = unknown
    return values


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _own_id(model: type[Synced], field: Any, value: Any) -> str:
    """A row's own id; a foreign system's becomes a UUIDv5 under the name of its table, which is
    where the columns that point to it look for it (decisions.md 2).
    """
    _converted(model, "id", field, value)
    return as_uuid(model._meta.table_name, str(value))


def _converted(model: type[Synced], name: str, field: Any, value: Any) -> Any:
    try:
        found = field.from_wire(value)
    except BadValue as error:
        raise Invalid(name, f"{model._meta.table_name}.{name}: {error}") from error
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise Invalid(name, f"{model._meta.table_name}.{name}: not a value that can be kept") from (
            error
        )
    if isinstance(field, Json):
        _refuse_unsound(model, name, found)
    return found


def _refuse_unsound(model: type[Synced], name: str, value: Any) -> None:
    """Invalid for JSON that can't be stored, or that another program could not read back."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()  # half a character can't be
        sound = "\\u0000" not in text and not _deeper_than(value, _DEEPEST)
    except (ValueError, RecursionError):
        sound = False
    if not sound:
        raise Invalid(
            name,
            f"{model._meta.table_name}.{name}: holds NaN, U+0000, half a character, or is nested"
            f" deeper than {_DEEPEST}",
        )


def _deeper_than(value: Any, most: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return most == 0 or any(_deeper_than(one, most - 1) for one in inner)


def _without_value(model: type[Synced], name: str, field: Any) -> Any:
    if field.null:
        return None
    if field.default is not None:
        return field.default() if callable(field.default) else field.default
    raise Invalid(
        name, _("{table}.{column} needs a value.").format(table=model._meta.table_name, column=name)
    )


def require_columns(model: type[Synced], values: Mapping[str, Any]) -> None:
    """Invalid when a column that may not be empty has neither a value nor a default."""
    for name, field in wire_columns(model).items():
        if name == "id" or field.null or field.default is not None:
            continue
        if values.get(name) is None:
            _without_value(model, name, field)


def require_parents(
    model: type[Synced], values: Mapping[str, Any], old: Mapping[str, Any] | None = None
) -> None:
    """Invalid when a row would hang on a record that is deleted, not there or another patient's.

    What an ``old`` row hangs on already may stay: vitals outlive their visit (decisions.md 1).
    """
    patient_id = {**(old or {}), **values}.get("patient_id")
    for name in _MUST_BE_LIVE:
        field = wire_columns(model).get(name)
        row_id = values.get(name)
        if row_id is None or not isinstance(field, Uuid) or field.table not in BY_TABLE:
            continue
        if old is not None and old.get(name) == row_id:
            continue
        owner = "id" if field.table == "patients" else "patient_id"
        found = connection().execute(
            f"SELECT {owner} FROM {field.table} WHERE id = ? AND tombstone IS NULL", (row_id,)
        ).fetchone()  # fmt: skip
        if found is not None and patient_id and found[0] and found[0] != patient_id:
            raise Invalid(
                name, _("{column}: that record belongs to another patient.").format(column=name)
            )
        if found is None:
            raise Invalid(
                name,
                _("{column}: there is no such record in {table}.").format(
                    column=name, table=field.table
                ),
            )


def clinic_of(row: Mapping[str, Any]) -> str | None:
    """The clinic whose permissions govern a row: its patient's, else its own."""
    patient_id = row.get("patient_id")
    if patient_id:
        found = connection().execute(
            "SELECT primary_clinic_id FROM patients WHERE id = ? AND tombstone IS NULL",
            (patient_id,),
        ).fetchone()  # fmt: skip
        if found:
            return found[0] or row.get("clinic_id")
    return row.get("primary_clinic_id") or row.get("clinic_id") or row.get("pickup_clinic_id")


def governing_clinic(table: str, row: Mapping[str, Any]) -> str | None:
    """The clinic at which a right over this row is needed; None for the acting user's own.

    A clinic that is here governs itself; a new one takes an administrator of the user's own.
    """
    if table != "clinics":
        return clinic_of(row)
    found = connection().execute("SELECT id FROM clinics WHERE id = ?", (row.get("id"),)).fetchone()
    return found[0] if found else None


def require_right(actor: Actor, table: str, row: Mapping[str, Any]) -> None:
    """NotAllowed unless the actor may create or change this row, and may see its patient."""
    clinic_id = governing_clinic(table, row)
    if row.get("patient_id"):
        found = connection().execute(
            "SELECT primary_clinic_id FROM patients WHERE id = ? AND tombstone IS NULL",
            (row["patient_id"],),
        ).fetchone()  # fmt: skip
        if found:
            require_sight(actor, found[0])
    require(actor, FLAGS.get(table, Flag.CLINIC_ADMIN), clinic_id)


def refuse_existing(model: type[Synced], row_id: str | None) -> None:
    """Invalid when the id is taken, by a live row or by a deleted one."""
    if row_id and model.select(model.pk).where(model.id == row_id).exists():
        raise Invalid("id", _("A record with this id is here already: {id}").format(id=row_id))


def create(actor: Actor, table: str, row: Mapping[str, Any]) -> str:
    """Add one row of a table that has no rules of its own. Returns its id."""
    model = _model(table)
    values = checked(model, row)
    require_right(actor, table, values)
    refuse_existing(model, values.get("id"))
    require_columns(model, values)
    require_parents(model, values)
    _refuse_self_promotion(actor, table, values)
    with Save(actor) as save:
        row_id = save.insert(model, values)
        if table == "clinics":
            _let_administer(save, row_id)
        return row_id


def _let_administer(save: Save, clinic_id: str) -> None:
    """Who adds a clinic administers it; without this nobody could put a user or a patient there.

    Not when patients of that clinic are here already: then it would open their files.
    """
    taken = connection().execute(
        "SELECT 1 FROM patients WHERE primary_clinic_id = ? LIMIT 1", (clinic_id,)
    )
    if taken.fetchone() is None:
        user_id = save.actor.user_id
        row = {"user_id": user_id, "clinic_id": clinic_id, "created_by": user_id}
        save.insert(UserClinicPermissions, {**row, **{flag.value: True for flag in Flag}})


def _refuse_self_promotion(actor: Actor, table: str, values: Mapping[str, Any]) -> None:
    """An administrator of one clinic can't make a user who may do everything at each."""
    if table == "users" and values.get("role") == "super_admin" and not rights(actor).everything:
        raise NotAllowed(_("Only a super admin can make a super admin. Nothing was changed."))


def _refuse_locking_out(old: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Nobody takes the administrator's flag from themselves: it may be the last one."""
    if old["is_clinic_admin"] and values.get("is_clinic_admin") is False:
        raise NotAllowed(_("You can't take away your own permissions. Another administrator can."))


def update(actor: Actor, table: str, row: Mapping[str, Any]) -> str:
    """Change the given columns of one live row; those not given stay. Returns its id."""
    model = _model(table)
    values = checked(model, row)
    row_id = values.pop("id", None)
    if not row_id:
        raise Invalid("id", _("An update needs the record's id."))
    old = live_row(model, row_id)
    require_right(actor, table, old)
    if "patient_id" in values and values["patient_id"] != old.get("patient_id"):
        raise Invalid("patient_id", _("A record can't be moved to another patient this way."))
    merged = {**old, **values}
    if clinic_of(merged) != clinic_of(old):
        require_right(actor, table, merged)
    if old.get("role") != "super_admin":
        _refuse_self_promotion(actor, table, values)
    if table == "user_clinic_permissions" and old["user_id"] == actor.user_id:
        _refuse_locking_out(old, values)
    require_parents(model, values, old)
    with Save(actor) as save:
        save.update(model, row_id, values)
    return str(row_id)


def _model(table: str) -> type[Synced]:
    if table not in BY_TABLE:
        raise Invalid("table", _("There is no table of that name: {table}").format(table=table))
    return BY_TABLE[table]


def require_patient(actor: Actor, patient_id: str) -> dict[str, Any]:
    """A live patient whom the actor may see, read through its view. NotFound, NotAllowed."""
    model = live(Patient)
    found = dicts(model.select().where(model.id == patient_id))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    return found[0]


def patient_row(actor: Actor, patient_id: str) -> dict[str, Any]:
    """A live patient whom the actor may see. NotFound or NotAllowed."""
    row = live_row(Patient, patient_id)
    require_sight(actor, row["primary_clinic_id"])
    return row
