"""The tables of a Hikma server as data: ``tables.json``, from wire.md Appendix 1."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

Row = dict[str, object]

PULLED = (
    "patients", "patient_additional_attributes", "clinics", "visits", "events", "event_forms",
    "registration_forms", "appointments", "prescriptions", "patient_vitals", "patient_problems",
    "clinic_departments", "drug_catalogue", "clinic_inventory", "dispensing_records",
    "prescription_items", "user_clinic_permissions", "app_config",
)  # fmt: skip
"""The 18 tables of a pull, in the order in which v3 sends them (wire.md A4)."""

PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions", "patient_vitals", "patient_problems", "dispensing_records",
    "prescription_items",
)  # fmt: skip
"""The tables that a push may change, in the order in which v3 applies them (wire.md A5)."""

FLASK_PULLED = (
    "appointments", "clinics", "event_forms", "events", "patient_additional_attributes",
    "patients", "prescriptions", "registration_forms", "string_content", "string_ids", "visits",
)  # fmt: skip
FLASK_PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions",
)  # fmt: skip
FLASK_LACKS = {
    "patients": {"primary_clinic_id", "last_modified_by"},
    "events": {"recorded_by_user_id"},
    "appointments": {"departments", "is_walk_in"},
    "event_forms": {"clinic_ids", "translations"},
    "clinics": {"is_archived"},
}
"""Columns that later migrations added, so that Flask has none of them (wire.md Appendix 2)."""

SERVER_MADE = {"last_modified", "server_created_at"}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: Postgres' type, whether it may be null, what a push may do with it."""

    name: str
    type: str
    null: bool
    push: str = "yes"
    fk: str = ""
    default: str = ""

    @property
    def json_default(self) -> object:
        """The value of a column of JSON or of a list when none is given."""
        return [] if "[]" in self.default or self.type.endswith("[]") else {}


def _read() -> dict[str, dict[str, Column]]:
    text = Path(__file__).with_name("tables.json").read_text(encoding="utf-8")
    return {
        table: {column["name"]: Column(**column) for column in columns}
        for table, columns in json.loads(text).items()
    }


TABLES = _read()
FLASK_TABLES = {
    table: {
        name: column
        for name, column in TABLES[table].items()
        if name not in FLASK_LACKS.get(table, ())
    }
    for table in FLASK_PULLED
    if table in TABLES
}
