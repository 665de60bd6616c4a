"""The fields of a record in words, and their values as a person reads them: for conflicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import info
from hikma_tui.clinic.report_words import day_words, moment_words, sex_words, state
from hikma_tui.columns import Day, Flag, Json, Moment, Uuid
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, User, dicts, live
from hikma_tui.odd_values import Odd
from hikma_tui.syncing.merge import Path

_DOSES = frozenset(
    {
        "dosage_instructions", "quantity_prescribed", "quantity_dispensed", "refills_authorized",
        "refills_used", "days_supply", "dosage_quantity", "dosage_units",
    }
)  # fmt: skip
_FREE_TEXT = frozenset(
    {("appointments", "notes"), ("appointments", "reason"), ("prescriptions", "notes"),
     ("prescription_items", "notes"), ("drug_catalogue", "notes"), ("event_forms", "description")}
)  # fmt: skip
_FREE_ANSWERS = frozenset({"free-text", "text", "textarea", "long-text"})


def table_words(table: str) -> str:
    """What a record of a table is called."""
    return {
        "patients": _("Patient"), "patient_additional_attributes": _("Answer of the registration"),
        "visits": _("Visit"), "events": _("Note"), "patient_vitals": _("Vitals"),
        "patient_problems": _("Problem"), "appointments": _("Appointment"),
        "prescriptions": _("Prescription"), "prescription_items": _("Prescribed medicine"),
        "dispensing_records": _("Medicine handed out"), "clinics": _("Clinic"),
        "users": _("User"), "event_forms": _("Form"), "registration_forms": _("Registration form"),
        "drug_catalogue": _("Medicine of the catalogue"), "clinic_inventory": _("Stock"),
        "clinic_departments": _("Department"), "user_clinic_permissions": _("Permissions"),
        "app_config": _("Setting"),
    }.get(table, table)  # fmt: skip


def column_words(column: str) -> str:
    """What a column is called on the screens; an unknown one by its own name."""
    return {
        "given_name": _("First name"), "surname": _("Last name"), "sex": _("Sex"),
        "date_of_birth": _("Date of birth"), "phone": _("Phone"), "camp": _("Camp"),
        "hometown": _("Hometown"), "citizenship": _("Citizenship"),
        "government_id": _("Government id"), "external_patient_id": _("Number on the card"),
        "primary_clinic_id": _("Clinic"), "clinic_id": _("Clinic"), "photo_url": _("Photo"),
        "image_timestamp": _("Day of the photo"), "provider_id": _("Who saw the patient"),
        "provider_name": _("Who saw the patient (name)"), "check_in_timestamp": _("Day and time"),
        "timestamp": _("Day and time"), "event_type": _("Form"), "form_id": _("Form (id)"),
        "visit_id": _("Visit (id)"), "patient_id": _("Patient (id)"),
        "recorded_by_user_id": _("Recorded by"), "form_data": _("Answers"),
        "metadata": _("Added notes"), "additional_data": _("More about the patient"),
        "duration": _("Length in minutes"), "reason": _("Reason"), "notes": _("Notes"),
        "status": _("State"), "departments": _("Departments"), "is_walk_in": _("Walked in"),
        "systolic_bp": _("Blood pressure, upper"), "diastolic_bp": _("Blood pressure, lower"),
        "bp_position": _("Position"), "height_cm": _("Height (cm)"),
        "weight_kg": _("Weight (kg)"), "bmi": _("BMI"),
        "waist_circumference_cm": _("Waist (cm)"), "heart_rate": _("Heart rate"),
        "pulse_rate": _("Pulse"), "oxygen_saturation": _("Oxygen saturation (%)"),
        "respiratory_rate": _("Breaths a minute"), "temperature_celsius": _("Temperature (°C)"),
        "pain_level": _("Pain"), "problem_label": _("Problem"), "problem_code": _("Code"),
        "problem_code_system": _("Code system"), "clinical_status": _("State"),
        "verification_status": _("How sure"), "severity_score": _("Severity"),
        "onset_date": _("Since"), "end_date": _("Until"), "priority": _("Priority"),
        "expiration_date": _("Valid until"), "prescribed_at": _("Prescribed on"),
        "filled_at": _("Handed out on"), "filled_by": _("Handed out by"), "items": _("Medicines"),
        "pickup_clinic_id": _("To be picked up at"), "drug_id": _("Medicine (id)"),
        "dosage_instructions": _("How to take it"), "quantity_prescribed": _("Quantity"),
        "quantity_dispensed": _("Quantity handed out"), "refills_authorized": _("Refills"),
        "refills_used": _("Refills used"), "item_status": _("State"),
        "days_supply": _("For how many days"), "dispensed_by": _("Handed out by"),
        "dispensed_at": _("Handed out on"), "number_value": _("Number"), "string_value": _("Text"),
        "date_value": _("Date"), "boolean_value": _("Yes or no"), "name": _("Name"),
        "address": _("Address"),
    }.get(column, column.replace("_", " "))  # fmt: skip


def note_words(key: str) -> str:
    """A key of a record's metadata; another client's by its own name."""
    return {
        "allergy": _("Allergy"), "corrections": _("Corrections"), "addenda": _("Addenda"),
        "history": _("History"), "movedFrom": _("Moved from"), "movedOut": _("Moved away"),
        "birth_date_estimated": _("Date of birth is an estimate"), "providerName": _("By"),
    }.get(key, key.replace("_", " "))  # fmt: skip


@dataclass(frozen=True)
class Reader:
    """Reads values in words: the clinic's zone and the names of people and clinics."""

    table: str
    today: date
    zone: Any
    names: Mapping[str, str]

    def label(self, path: Path, *sides: Mapping[str, Any] | None) -> str:
        """What stands before a field: an answer by its question, as it was asked."""
        if len(path) == 1:
            if self.table == "patient_additional_attributes" and path[0].endswith("_value"):
                asked = next((s["attribute"] for s in sides if s and s.get("attribute")), "")
                return str(asked) or column_words(path[0])
            return column_words(path[0])
        column, key = path
        if column == "form_data":
            for side in sides:
                item = at(side, path)
                if isinstance(item, Mapping) and item.get("name"):
                    return str(item["name"])
            return _("Other answers") if not key else str(key)
        if column == "departments":
            item = next((i for s in sides if isinstance(i := at(s, path), Mapping)), {})
            return str(item.get("name") or column_words(column))
        return note_words(key) if column == "metadata" else key.replace("_", " ")

    def text(self, path: Path, side: Mapping[str, Any] | None) -> str:
        """A side's value as it is read; "" for nothing."""
        value = at(side, path)
        if value is None or value == "":
            return ""
        column = path[0]
        if column == "form_data":
            items = value if isinstance(value, list) else [value]
            zone: tzinfo = self.zone or UTC
            shown = forms.shown(None, items, "en", self.today, zone)
            return "\n".join(s.text if len(shown) == 1 else f"{s.label}: {s.text}" for s in shown)
        if len(path) == 1:
            return self._column(column, value)
        return _json_words(value)

    def _column(self, column: str, value: Any) -> str:
        field = BY_TABLE[self.table]._meta.fields.get(column)
        if isinstance(value, Odd):
            return str(value)
        if column == "date_value" and isinstance(value, int):
            return day_of(value)
        if isinstance(field, Moment) and isinstance(value, int):
            return moment_words(value, self.zone)
        if isinstance(field, Day):
            return day_words(str(value))
        if isinstance(field, Flag):
            return _("yes") if value else _("no")
        if isinstance(field, Json):
            return _json_words(value)
        if isinstance(field, Uuid):
            return self.names.get(str(value), str(value))
        if column == "sex":
            return sex_words(str(value))
        return state(value) if column.endswith("status") else str(value)


def day_of(ms: int) -> str:
    """The day in UTC of a moment that stands for a day (decisions.md 4)."""
    return day_words(datetime.fromtimestamp(ms / 1000, UTC).date())


def _json_words(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, Mapping):
        parts = [f"{note_words(str(k))}: {_json_words(v)}" for k, v in value.items()]
        return "; ".join(part for part in parts if not part.endswith(": "))
    if isinstance(value, list):
        return "\n".join(_json_words(one) for one in value)
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def at(side: Mapping[str, Any] | None, path: Path) -> Any:
    """What stands at a path of a row; None for nothing. ("form_data", "") is what has no id."""
    value = (side or {}).get(path[0])
    if len(path) == 1:
        return value
    if isinstance(value, Mapping):
        return value.get(path[1])
    if not isinstance(value, list):
        return None
    name = "fieldId" if path[0] == "form_data" else "id"
    if path[1]:
        found = (i for i in value if isinstance(i, Mapping) and str(i.get(name)) == path[1])
        return next(found, None)
    return [i for i in value if not (isinstance(i, Mapping) and i.get(name))] or None


def careful(table: str, path: Path, *sides: Mapping[str, Any] | None) -> bool:
    """A choice about a dose or a date is asked once more (decisions.md 24)."""
    column = path[0]
    if column == "form_data":
        items = [at(side, path) for side in sides]
        flat = [i for one in items for i in (one if isinstance(one, list) else [one])]
        kinds = {str(i.get("fieldType") or "") for i in flat if isinstance(i, Mapping)}
        kinds |= {str(i.get("inputType") or "") for i in flat if isinstance(i, Mapping)}
        return bool(kinds & {"medicine", "date", "input-group"})
    if column in _DOSES or column == "items":
        return True
    field = BY_TABLE[table]._meta.fields.get(column)
    return len(path) == 1 and isinstance(field, Day | Moment)


def both(path: Path, table: str, ours: Any, theirs: Any) -> Any:
    """Both values of a free text in one, or None where that can't be: (decisions.md 24)."""
    first, second = at(ours, path), at(theirs, path)
    if path[0] == "form_data" and path[1:] != ("",):
        if not (isinstance(first, Mapping) and isinstance(second, Mapping)):
            return None
        kinds = {str(i.get(k) or "") for i in (first, second) for k in ("fieldType", "inputType")}
        kinds.discard("")  # not every client says both
        values = (first.get("value"), second.get("value"))
        if (
            not kinds
            or not kinds <= _FREE_ANSWERS
            or not all(isinstance(v, str) and v for v in values)
        ):
            return None
        return {**second, "value": _joined(*values)}
    texts = isinstance(first, str) and isinstance(second, str) and first and second
    return _joined(first, second) if (table, path[0]) in _FREE_TEXT and texts else None


def _joined(one: Any, other: Any) -> str:
    """Both texts, the same one once."""
    first, second = str(one).strip(), str(other).strip()
    if first in second:
        return second
    return first if second in first else f"{second}\n{first}"


def drug_name(drug_id: Any) -> str:
    """The medicine that a prescription or a handing out means; "" for none that is known."""
    from hikma_tui.clinic.report_records import drug_names

    return drug_names({str(drug_id)}).get(str(drug_id), "") if drug_id else ""


def reader(table: str) -> Reader:
    """For the reader's thread."""
    users = live(User)
    names = {row["id"]: row["name"] for row in dicts(users.select(users.id, users.name))}
    from hikma_tui.clinic.patients import clinics

    return Reader(table, info.today(), info.zone(), {**clinics(), **names})
