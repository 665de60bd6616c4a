"""The pharmacy's tables: prescriptions, the catalogue, stock, what was handed out."""

from __future__ import annotations

from typing import Any

from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Text, Uuid, Whole
from hikma_tui.tables import Stamped


def _object() -> dict[str, Any]:
    return {}


def _list() -> list[Any]:
    return []


class Prescription(Stamped):
    """What was prescribed in a visit."""

    patient_id = Uuid("patients")
    provider_id = Uuid("users")
    filled_by = Uuid("users", null=True)
    pickup_clinic_id = Uuid("clinics")
    visit_id = Uuid("visits", null=True)
    priority = Text(null=True, default="normal")
    expiration_date = Moment(null=True)
    prescribed_at = Moment()
    filled_at = Moment(null=True)
    status = Text(default="pending")
    items = Json(default=_list)
    notes = Text(default="")
    metadata = Json(default=_object)

    class Meta:
        table_name = "prescriptions"


class Drug(Stamped):
    """A medicine of the catalogue."""

    barcode = Text(50, null=True)
    generic_name = Text(255)
    brand_name = Text(255, null=True)
    form = Text(100)
    route = Text(100)
    dosage_quantity = Digits(10, 4)
    dosage_units = Text(20)
    manufacturer = Text(255, null=True)
    sale_price = Digits(10, 2, default="0")
    sale_currency = Text(3, null=True)
    min_stock_level = Whole(null=True, default=0)
    max_stock_level = Whole(null=True)
    is_controlled = Flag(null=True, default=False)
    requires_refrigeration = Flag(null=True, default=False)
    is_active = Flag(null=True, default=True)
    notes = Text(null=True)
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "drug_catalogue"


class Inventory(Stamped):
    """A batch of a medicine in a clinic's stock."""

    clinic_id = Uuid("clinics")
    drug_id = Uuid("drug_catalogue")
    batch_id = Uuid("drug_batches")
    quantity_available = Whole()
    reserved_quantity = Whole(null=True, default=0)
    last_counted_at = Moment(null=True)
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)
    batch_number = Text(100, null=True)
    batch_expiry_date = Day(null=True)

    class Meta:
        table_name = "clinic_inventory"


class PrescriptionItem(Stamped):
    """One medicine of a prescription."""

    prescription_id = Uuid("prescriptions")
    patient_id = Uuid("patients")
    drug_id = Uuid("drug_catalogue")
    clinic_id = Uuid("clinics")
    dosage_instructions = Text()
    quantity_prescribed = Whole()
    quantity_dispensed = Whole(null=True, default=0)
    refills_authorized = Whole(null=True, default=0)
    refills_used = Whole(null=True, default=0)
    item_status = Text(50, null=True, default="active")
    notes = Text(null=True)
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "prescription_items"


class DispensingRecord(Stamped):
    """Medicine handed out."""

    clinic_id = Uuid("clinics")
    drug_id = Uuid("drug_catalogue")
    batch_id = Uuid("drug_batches", null=True)
    prescription_item_id = Uuid("prescription_items", null=True)
    patient_id = Uuid("patients")
    quantity_dispensed = Whole()
    dosage_instructions = Text(null=True)
    days_supply = Whole(null=True)
    dispensed_by = Uuid("users")
    dispensed_at = Moment()
    recorded_by_user_id = Uuid("users", null=True)
    metadata = Json(default=_object)

    class Meta:
        table_name = "dispensing_records"
