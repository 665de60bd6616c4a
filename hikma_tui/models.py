"""The tables: upstream's names and columns, their declared wire types, and what "live" means.

Columns are the union of the server's (wire.md Appendix 1) and the phone's (features.md 2.2), with
the wire's nullability. Beside them every synced table has four columns of our own:

``pk``          an INTEGER primary key; the search index hangs on it (decisions.md 2)
``unknown``     JSON of columns that a server sent and we don't know; they go back as they came
``tombstone``   NULL for a live row, else the number of the deletion (``deletions.pk``) that took it
``change_seq``  the number of the last local save that touched the row; 0: a server has it just so
                (it sent it, or it was read back and found equal)

**Live** is said once, here: the views ``live_<table>``. A reader's connection can reach synced
tables only through them (``store.py`` has the engine refuse the rest), so no query of a screen,
report or count can show a deleted row.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.local_tables import (
    LOCAL,
    Conflict,
    Deletion,
    Draft,
    EventLog,
    IndexWaiting,
    OpenVisit,
    Peer,
    PeerRow,
    Proof,
    StoreInfo,
    SyncRun,
)
from hikma_tui.pharmacy_tables import (
    DispensingRecord,
    Drug,
    Inventory,
    Prescription,
    PrescriptionItem,
)
from hikma_tui.tables import Base, Stamped, Synced, connection, database, dicts, tuples

__all__ = [
    "BY_TABLE", "LOCAL", "OWN_COLUMNS", "SYNCED", "AppConfig", "Appointment", "Base", "Clinic",
    "Conflict", "Deletion", "Department", "DispensingRecord", "Draft", "Drug", "Event",
    "EventForm", "EventLog", "IndexWaiting", "Inventory", "OpenVisit", "Patient",
    "PatientAttribute", "Peer", "PeerRow", "Prescription", "PrescriptionItem", "Problem", "Proof",
    "RegistrationForm", "Stamped", "StoreInfo", "SyncRun", "Synced", "User",
    "UserClinicPermissions", "Visit", "Vitals", "connection", "database", "dicts", "live",
    "tuples", "wire_columns",
]  # fmt: skip


def _object() -> dict[str, Any]:
    return {}


def _list() -> list[Any]:
    return []


class Patient(Stamped):
    """A person with a file here."""

    given_name = Text(null=True)
    surname = Text(null=True)
    date_of_birth = Day(null=True)
    citizenship = Text(null=True)
    hometown = Text(null=True)
    phone = Text(null=True)
    sex = Text(24, null=True)
    camp = Text(50, null=True)
    additional_data = Json(default=_object)
    image_timestamp = Moment(null=True)
    metadata = Json(default=_object)
    photo_url = Text(null=True)
    government_id = Text(100, null=True)
    external_patient_id = Text(100, null=True)
    primary_clinic_id = Uuid("clinics", null=True)
    last_modified_by = Uuid("users", null=True)

    class Meta:
        table_name = "patients"


class PatientAttribute(Stamped):
    """An answer of the registration form that is no column of ``patients``."""

    patient_id = Uuid("patients")
    attribute_id = Text()
    attribute = Text(default="")
    number_value = Number(null=True)
    string_value = Text(null=True)
    date_value = Moment(null=True)  # typed as a day: its noon in UTC (decisions.md 4)
    boolean_value = Flag(null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "patient_additional_attributes"
        indexes = ((("patient_id", "attribute_id"), True),)


class Clinic(Stamped):
    """A clinic of the organisation."""

    name = Text(null=True)
    attributes = Json(default=_list)
    metadata = Json(default=_object)
    address = Text(null=True)
    is_archived = Flag(default=False)

    class Meta:
        table_name = "clinics"


class User(Stamped):
    """Somebody who works with these records."""

    name = Text()
    role = Text(default="provider")
    email = Text(default="")
    hashed_password = Text(null=True)
    instance_url = Text(null=True)
    clinic_id = Uuid("clinics", null=True)

    class Meta:
        table_name = "users"


class Visit(Stamped):
    """A patient's visit to a clinic."""

    patient_id = Uuid("patients", null=True)
    clinic_id = Uuid("clinics", null=True)
    provider_id = Uuid("users", null=True)
    provider_name = Text(null=True)
    check_in_timestamp = Moment(null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "visits"


class Event(Stamped):
    """A form filled in a visit."""

    patient_id = Uuid("patients", null=True)
    visit_id = Uuid("visits", null=True)
    form_id = Uuid("event_forms", null=True)
    event_type = Text(null=True)
    form_data = Json(default=_list)
    metadata = Json(default=_object)
    recorded_by_user_id = Uuid("users", null=True)

    class Meta:
        table_name = "events"


class EventForm(Stamped):
    """A form that can be filled in a visit."""

    name = Text(null=True)
    description = Text(null=True)
    language = Text(default="en")
    is_editable = Flag(null=True, default=True)
    is_snapshot_form = Flag(null=True, default=False)
    form_fields = Json(default=_list)
    metadata = Json(default=_object)
    clinic_ids = Json(null=True, default=_list)
    translations = Json(null=True, default=_list)

    class Meta:
        table_name = "event_forms"


class RegistrationForm(Stamped):
    """The form that patients are registered with."""

    clinic_id = Uuid("clinics", null=True)
    name = Text(default="")
    fields = Json(default=_list)
    metadata = Json(default=_object)

    class Meta:
        table_name = "registration_forms"


class Appointment(Stamped):
    """A visit that is planned."""

    provider_id = Uuid("users", null=True)
    clinic_id = Uuid("clinics")
    patient_id = Uuid("patients")
    user_id = Uuid("users")
    current_visit_id = Uuid("visits")
    fulfilled_visit_id = Uuid("visits", null=True)
    timestamp = Moment()
    duration = Whole(small=True, default=60)
    reason = Text(default="")
    notes = Text(default="")
    is_walk_in = Flag(default=False)
    departments = Json(default=_list)
    status = Text(default="pending")
    metadata = Json(default=_object)

    class Meta:
        table_name = "appointments"


class Vitals(Stamped):
    """Vital signs measured at one moment."""

    patient_id = Uuid("patients")
    visit_id = Uuid("visits", null=True)
    timestamp = Moment()
    systolic_bp = Whole(null=True)
    diastolic_bp = Whole(null=True)
    bp_position = Text(50, null=True)
    height_cm = Digits(5, 2, null=True)
    weight_kg = Digits(5, 2, null=True)
    bmi = Digits(4, 2, null=True)
    waist_circumference_cm = Digits(5, 2, null=True)
    heart_rate = Whole(null=True)
    pulse_rate = Whole(null=True)
    oxygen_saturation = Digits(5, 2, null=True)
    respiratory_rate = Whole(null=True)
    temperature_celsius = Digits(4, 2, null=True)
    pain_level = Whole(null=True)
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)
    event_id = Uuid("events", null=True)

    class Meta:
        table_name = "patient_vitals"


class Problem(Stamped):
    """A disease or an allergy on the patient's problem list."""

    patient_id = Uuid("patients")
    visit_id = Uuid("visits", null=True)
    problem_code_system = Text(50)
    problem_code = Text(100)
    problem_label = Text(255)
    clinical_status = Text(50)
    verification_status = Text(50)
    severity_score = Whole(null=True)
    onset_date = Day(null=True)
    end_date = Day(null=True)
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "patient_problems"


class Department(Stamped):
    """A department of a clinic."""

    clinic_id = Uuid("clinics")
    name = Text()
    code = Text(null=True)
    description = Text(null=True)
    status = Text(null=True, default="active")
    can_dispense_medications = Flag(default=False)
    can_perform_labs = Flag(default=False)
    can_perform_imaging = Flag(default=False)
    additional_capabilities = Json(null=True, default=_list)
    metadata = Json(default=_object)

    class Meta:
        table_name = "clinic_departments"


class UserClinicPermissions(Synced):
    """The eleven flags of a user at a clinic."""

    user_id = Uuid("users")
    clinic_id = Uuid("clinics")
    can_register_patients = Flag(null=True, default=False)
    can_view_history = Flag(null=True, default=False)
    can_edit_records = Flag(null=True, default=False)
    can_delete_records = Flag(null=True, default=False)
    is_clinic_admin = Flag(null=True, default=False)
    can_edit_other_provider_event = Flag(null=True, default=False)
    can_download_patient_reports = Flag(null=True, default=False)
    can_prescribe_medications = Flag(null=True, default=False)
    can_dispense_medications = Flag(null=True, default=False)
    can_delete_patient_visits = Flag(null=True, default=False)
    can_delete_patient_records = Flag(null=True, default=False)
    created_by = Uuid("users", null=True)
    last_modified_by = Uuid("users", null=True)
    created_at = Moment(null=True)
    updated_at = Moment(null=True)

    class Meta:
        table_name = "user_clinic_permissions"


class AppConfig(Synced):
    """A setting of the organisation."""

    namespace = Text(128)
    key = Text(128)
    value = Text(null=True, default="")
    data_type = Text(32, default="string")
    display_name = Text(255, null=True)
    last_modified_by = Uuid("users", null=True)
    created_at = Moment(null=True)
    updated_at = Moment(null=True)
    last_modified = Moment(null=True)

    class Meta:
        table_name = "app_config"


# Parents before children: the order of export, import and push (wire.md A5).
SYNCED: tuple[type[Synced], ...] = (
    Clinic, User, UserClinicPermissions, AppConfig, Department, RegistrationForm, EventForm,
    Drug, Inventory, Patient, PatientAttribute, Visit, Event, Appointment, Vitals, Problem,
    Prescription, PrescriptionItem, DispensingRecord,
)  # fmt: skip


BY_TABLE: dict[str, type[Synced]] = {model._meta.table_name: model for model in SYNCED}
OWN_COLUMNS = frozenset({"pk", "unknown", "tombstone", "change_seq"})

S = TypeVar("S", bound=Synced)
_live: dict[type[Synced], type[Synced]] = {}


def live(model: type[S]) -> type[S]:
    """The model read through its view ``live_<table>``: deleted rows are not in it."""
    if model not in _live:
        meta = type("Meta", (), {"table_name": f"live_{model._meta.table_name}"})
        _live[model] = type(f"Live{model.__name__}", (model,), {"Meta": meta})
    return _live[model]  # type: ignore[return-value]


@lru_cache(maxsize=100)
def wire_columns(model: type[Synced]) -> dict[str, Any]:
    """The columns that travel, by name: all but our own four. Not to be changed: it is kept."""
    fields = {name: field for name, field in model._meta.fields.items() if name not in OWN_COLUMNS}
    return {"id": fields.pop("id"), **fields}
