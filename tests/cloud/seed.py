"""What a server holds before its first client: a clinic, people, forms, a drug, some patients."""

from __future__ import annotations

import random
import uuid
from datetime import date, timedelta
from typing import Any

from tests.cloud.columns import Row
from tests.cloud.store import Store

EMAIL, PASSWORD = "nurse@clinic.test", "NursePass123"
ADMIN = ("admin@clinic.test", "AdminPass123")
RIGHTS = (
    "can_register_patients", "can_view_history", "can_edit_records", "can_delete_records",
    "is_clinic_admin", "can_edit_other_provider_event", "can_download_patient_reports",
    "can_prescribe_medications", "can_dispense_medications", "can_delete_patient_visits",
    "can_delete_patient_records",
)  # fmt: skip
GIVEN = ("Amal", "Fadia", "Yusuf", "Rosa", "Miguel", "Noor", "Salma", "Omar", "Ana", "Karim")
FAMILY = ("Haddad", "Khoury", "Nasser", "Gomez", "Rivera", "Saleh", "Mansour", "Lopez", "Aziz")


def add_user(
    store: Store, name: str, email: str, password: str, clinic: object, role: str = "provider",
    user_id: str | None = None,
) -> Row:  # fmt: skip
    """An account, with its password as it is."""
    row = store.put(
        "users",
        {
            "id": user_id or str(uuid.uuid4()),
            "name": name,
            "role": role,
            "email": email,
            "hashed_password": "$2b$10$" + "x" * 53,
            "clinic_id": clinic,
        },
    )
    store.passwords[str(row["id"])] = password
    return row


def seed(store: Store, patients: int = 0) -> Row:
    """One clinic with an administrator, a nurse, a form and a drug; the nurse's row."""
    clinic = store.put("clinics", {"name": "Hikma Clinic"})
    admin = add_user(store, "Hikma Admin", *ADMIN, clinic["id"], "super_admin")
    nurse = add_user(store, "Nora Nurse", EMAIL, PASSWORD, clinic["id"])
    for user, rights in ((admin, RIGHTS), (nurse, RIGHTS[:3])):
        given = dict.fromkeys(rights, True)
        store.put("user_clinic_permissions",
                  {"user_id": user["id"], "clinic_id": clinic["id"], **given})  # fmt: skip
    fields = [
        {"id": "f-complaint", "_tag": "free-text", "name": "Chief complaint", "required": True,
         "fieldType": "free-text", "inputType": "text", "description": "", "units": [],
         "length": "short"},
    ]  # fmt: skip
    store.put("event_forms", {"name": "Triage visit", "description": "", "form_fields": fields})
    drug = store.put("drug_catalogue", {
        "generic_name": "Paracetamol", "form": "tablet", "route": "oral",
        "dosage_quantity": "500", "dosage_units": "mg", "sale_price": "1.5",
    })  # fmt: skip
    store.put("clinic_inventory", {
        "clinic_id": clinic["id"], "drug_id": drug["id"], "batch_id": str(uuid.uuid4()),
        "quantity_available": 100, "batch_number": "LOT-1", "batch_expiry_date": "2030-06-30",
    })  # fmt: skip
    store.put("app_config", {"namespace": "system", "key": "operation_mode",
                             "value": "user_choice"})  # fmt: skip
    add_patients(store, patients, clinic["id"])
    return nurse


def add_patients(store: Store, count: int, clinic: object, seed: int = 7) -> None:
    """So many invented people, each with one visit; the same ones for the same seed."""
    dice = random.Random(seed)
    for number in range(count):
        born = date(1940, 1, 1) + timedelta(days=dice.randrange(30_000))
        patient: dict[str, Any] = {
            "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "given_name": dice.choice(GIVEN),
            "surname": dice.choice(FAMILY),
            "date_of_birth": born.isoformat(),
            "sex": dice.choice(("female", "male")),
            "external_patient_id": f"P-{number + 1}",
            "primary_clinic_id": clinic,
        }
        store.put("patients", patient)
        store.put("visits", {
            "id": str(uuid.UUID(int=dice.getrandbits(128), version=4)),
            "patient_id": patient["id"], "clinic_id": clinic, "provider_name": "Nora Nurse",
        })  # fmt: skip
