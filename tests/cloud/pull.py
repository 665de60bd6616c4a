"""The pull of v3 (wire.md A4 and A7)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

from tests.cloud import values
from tests.cloud.columns import PULLED, TABLES, Row
from tests.cloud.store import Store

UNDELETED = {"user_clinic_permissions", "app_config"}
HUB = ("users", "device_pin_codes", "undefined")
SETTINGS = {
    "clinics", "event_forms", "registration_forms", "clinic_departments", "drug_catalogue",
    "clinic_inventory", "user_clinic_permissions", "app_config", *HUB,
}  # fmt: skip
DAY = 86_400_000_000
HUB_CLINIC = {"patients": "primary_clinic_id", "prescriptions": "pickup_clinic_id"}
HUB_FREE = {"events", "patient_vitals", "patient_problems", "patient_additional_attributes"}


def since(text: str | None) -> int:
    """``last_pulled_at`` as JavaScript's ``new Date(Number(text))`` has it, in microseconds.

    Raises:
        values.BadValue: it is no number, or no date: the server answers 500.
    """
    text = (text or "").strip()
    try:
        number = float(text) if text else 0.0
    except ValueError as error:
        raise values.BadValue(text) from error
    if not math.isfinite(number) or abs(number) > 8.64e15:
        raise values.BadValue(text)
    return int(number) * 1000


def pull(
    store: Store, last: int, *, hub: bool = False, clinics: Iterable[str] | None = None
) -> Any:
    """The body of a pull from ``last`` (microseconds): ``success``, ``changes``, ``timestamp``.

    Args:
        hub: ``peerType=sync_hub``: users, PIN codes and devices too.
        clinics: Those of a hub's key; tables with a clinic are limited to them.
    """
    with store.lock:
        timestamp = store.now() // 1000
        tables = (*PULLED, *HUB) if hub else PULLED
        allowed = None if clinics is None else set(clinics)
        changes = {table: _table(store, table, last, allowed) for table in tables}
    return {"success": True, "changes": changes, "timestamp": timestamp}


def _stamp(row: Row, name: str) -> int:
    value = row.get(name)
    return value if isinstance(value, int) else 0


def _limited(table: str, row: Row, clinics: set[str] | None) -> bool:
    """Whether a hub's key keeps the row from it."""
    if clinics is None or table in HUB_FREE:
        return False
    name = "id" if table == "clinics" else HUB_CLINIC.get(table, "clinic_id")
    return name in TABLES[table] and row.get(name) not in clinics


def _table(store: Store, table: str, last: int, clinics: set[str] | None) -> dict[str, list[Any]]:
    made, changed = "server_created_at", "last_modified"
    if table in UNDELETED:
        made, changed = "created_at", "updated_at"
    first = last == 0
    if store.max_history_days and table not in SETTINGS:
        last = max(last, store.now() - store.max_history_days * DAY)
    found: dict[str, list[Any]] = {"created": [], "updated": [], "deleted": []}
    columns = TABLES[table]
    for key, row in store.rows[table].items():
        if (table, key) in store.hidden or _limited(table, row, clinics):
            continue
        if table not in UNDELETED and (row["is_deleted"] or row["deleted_at"] is not None):
            gone = row["deleted_at"]
            if row["is_deleted"] and not first and isinstance(gone, int) and gone > last:
                found["deleted"].append(row["id"])
            continue
        if _stamp(row, made) >= last:
            kind = "created"
        elif _stamp(row, changed) > last:
            kind = "updated"
        else:
            continue
        shown = {n: values.show(column, row[n], store.zone) for n, column in columns.items()}
        found[kind].append(shown)
    return found
