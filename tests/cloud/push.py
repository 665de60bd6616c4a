"""The push of v3: row by row, without a transaction, the last ``updated_at`` wins (wire.md A5, A6).

That an invented visit of a refused row is not left behind, and that those of appointments and
prescriptions have neither a check-in time nor metadata, follows from the lengths of later pulls.
What is only guessed (no exchange shows it): a dispensing record edited after its deletion becomes a
zombie like an event; unknown visits of appointments and prescriptions are refused.
"""

from __future__ import annotations

import os
import uuid
from typing import Any

from tests.cloud import values
from tests.cloud.columns import PUSHED, TABLES, Column, Row
from tests.cloud.store import Store
from tests.cloud.values import BadValue

STAMPS = {"created_at", "updated_at"}
BLANK_IS_NULL = {
    "patients": {"photo_url"},
    "patient_additional_attributes": {"string_value", "number_value", "boolean_value"},
    "appointments": {"provider_id", "fulfilled_visit_id"},
}
"""Columns whose empty, zero or false value is stored as null."""

KEPT = {
    "prescriptions": {"prescribed_at", "filled_at", "is_deleted"},
    "dispensing_records": {"clinic_id", "patient_id"},
    "prescription_items": {"updated_at", "last_modified", "is_deleted"},
}
"""Columns that only the first push sets."""

SERVER_TIMED = {
    "visits", "events", "dispensing_records", "patient_additional_attributes", "patient_vitals",
    "patient_problems",
}  # fmt: skip
"""Tables whose ``updated_at`` becomes the server's now at every update."""

TAKES_DELETED_AT = {"patient_vitals", "patient_problems"}
HUB_ROWS = {
    "patients": "primary_clinic_id", "visits": "clinic_id", "appointments": "clinic_id",
    "prescriptions": "pickup_clinic_id", "dispensing_records": "clinic_id",
    "prescription_items": "clinic_id", "clinic_departments": "clinic_id",
}  # fmt: skip
CASCADES = {
    "patients": ("patient_id", (
        "patient_additional_attributes", "appointments", "prescriptions", "events", "visits",
        "prescription_items", "patient_vitals", "patient_problems",
    )),
    "visits": ("visit_id", ("events", "prescriptions", "appointments")),
}  # fmt: skip


class ObjectObject(Exception):
    """A failure in prescription_items: the answer is 200 ``[object Object]``."""


def uuid7(now: int) -> str:
    """A new id as the server makes them."""
    number = (now // 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    number = number & ~(0xF << 76) | 0x7 << 76
    return str(uuid.UUID(int=number & ~(0x3 << 62) | 0x2 << 62))


class Push:
    """One request of one caller.

    Args:
        caller: The account's row; ``None`` for a hub's key.
        clinics: Those of a hub's key: rows of others are skipped without a word.
        hub: ``peerType=sync_hub``: clinic departments are taken too.
        budget: A fault: so many rows are stored, then the request fails.
    """

    def __init__(
        self,
        store: Store,
        caller: Row | None,
        *,
        hub: bool = False,
        clinics: set[str] | None = None,
        budget: int | None = None,
    ) -> None:
        self.store, self.caller, self.hub, self.clinics = store, caller, hub, clinics
        self.budget = budget
        self.invented = ""

    def apply(self, body: object) -> None:
        """Apply a whole body.

        Raises:
            BadValue: anything that the server answers with 500. What came before is stored.
            ObjectObject: a failure in prescription_items.
        """
        if not isinstance(body, dict | list):
            raise BadValue("no object")
        changes = body if isinstance(body, dict) else {}
        for table in (*PUSHED, *(("clinic_departments",) if self.hub else ())):
            part = changes.get(table)
            if not part:
                continue
            if not isinstance(part, dict):
                raise BadValue("not a table")
            try:
                self.table(table, part)
            except BadValue as error:
                if table == "prescription_items":
                    raise ObjectObject from error
                raise

    def table(self, table: str, part: dict[str, Any]) -> None:
        for kind in ("created", "updated"):
            for sent in _list(part.get(kind)):
                row = sent if isinstance(sent, dict) else {}
                name = HUB_ROWS.get(table)
                clinic = row.get(name) if name and self.clinics is not None else None
                if clinic and self.clinics is not None and clinic not in self.clinics:
                    continue
                self.spend()
                with self.store.lock:
                    self.upsert(table, row)
        for row_id in _list(part.get("deleted")):
            with self.store.lock:
                self.delete(table, row_id)

    def spend(self) -> None:
        if self.budget is not None:
            self.budget -= 1
            if self.budget < 0:
                raise BadValue("a fault")

    # One row

    def upsert(self, table: str, sent: dict[str, Any]) -> None:
        store, now = self.store, self.store.now()
        self.invented = ""
        try:
            new = self.built(table, self.filled(table, sent, now), now)
        except BadValue:
            store.rows["visits"].pop(self.invented, None)  # it goes with its row
            raise
        key = store.key(table, new)
        old = store.rows[table].get(key)
        if old is None:
            store.rows[table][key] = new
            if table == "dispensing_records":
                self.dispense(new, now)
            return
        if not _newer(new, old) and table != "patient_problems":
            return
        kept = {"id", "server_created_at", "created_at", "deleted_at", *KEPT.get(table, ())}
        if table == "appointments":
            kept -= {"created_at", "deleted_at"}
        if table in TAKES_DELETED_AT:
            kept -= {"created_at", "deleted_at"}
            new["created_at"] = now
        if table == "patient_vitals":
            kept -= {"server_created_at"}
        if table in SERVER_TIMED:
            new["updated_at"] = now
        new.update({name: old[name] for name in kept})
        del store.rows[table][key]  # as in a heap: what was touched last comes last
        store.rows[table][key] = new

    def built(self, table: str, sent: dict[str, Any], now: int) -> Row:
        """The whole row that Postgres would be asked to store."""
        row: Row = {}
        for name, column in TABLES[table].items():
            value = sent.get(name)
            if name in {"last_modified", "server_created_at"}:
                row[name] = now
            elif name in STAMPS:
                own = column.push == "server"
                row[name] = now if own else values.read_stamp(value, now)
            elif name == "deleted_at":
                takes = table in TAKES_DELETED_AT
                row[name] = values.read_moment(value, now) if takes else None
            elif column.push != "yes":
                row[name] = self._own(name, column.json_default, column.type)
            else:
                row[name] = self._taken(table, column, value, now)
            if column.fk:
                self.reference(column.fk, row[name])
        if table == "clinic_departments":
            row["is_deleted"] = False
        return row

    def _taken(self, table: str, column: Column, value: object, now: int) -> object:
        """The value that is stored of what the client sent for one column."""
        name = column.name
        if not value and name in BLANK_IS_NULL.get(table, ()):
            value = None
        if table == "visits" and name == "metadata":
            _object_only(value)
        taken = values.read(column, value, now)
        if name == "form_data" and taken == {} and value not in ({}, "{}"):
            return []  # what cannot be read
        if name == "is_deleted":
            return taken or False
        if taken is None and not column.null:
            return self._default(name, column.default, now)
        return taken

    @staticmethod
    def _own(name: str, empty: object, kind: str) -> object:
        return False if name == "is_deleted" else empty if kind == "jsonb" else None

    @staticmethod
    def _default(name: str, default: str, now: int) -> object:
        if not default or default.startswith("gen_"):
            raise BadValue(f"{name} is null")
        if default == "CURRENT_TIMESTAMP":
            return now
        if default in {"true", "false"}:
            return default == "true"
        return int(default) if default.isdigit() else default.partition("::")[0].strip("'")

    def reference(self, table: str, value: object) -> None:
        """A foreign key: rows deleted softly are still there."""
        if value is None:
            return
        rows = self.store.batches if table == "drug_batches" else self.store.rows[table]
        if value not in rows:
            raise BadValue(f"no such {table}: {value}")

    # What the server fills in by itself

    def filled(self, table: str, sent: dict[str, Any], now: int) -> dict[str, Any]:
        sent = dict(sent)
        if table == "patients" and not values.is_uuid(sent.get("id")):
            sent["id"] = uuid7(now)
        elif table == "events":
            self._event_visit(sent, now)
        elif table == "appointments":
            self._appointment(sent, now)
        elif table == "prescriptions":
            self._prescription(sent, now)
        elif table == "dispensing_records" and not sent.get("batch_id"):
            drug = sent.get("drug_id")
            known = [batch for batch, of in self.store.batches.items() if of == drug]
            sent["batch_id"] = known[-1] if known else None
        return sent

    def _event_visit(self, sent: dict[str, Any], now: int) -> None:
        visit = sent.get("visit_id")
        if visit and self.store.find("visits", values.read_uuid(visit)):
            return
        first = next(iter(self.store.rows["users"].values()))
        sent["visit_id"] = self.invent("event", sent, first, str(first["name"]), now, visit)

    def _appointment(self, sent: dict[str, Any], now: int) -> None:
        if not (sent.get("clinic_id") and sent.get("user_id") and sent.get("current_visit_id")):
            if self.caller is None:
                raise BadValue("a hub is no user")
            sent["clinic_id"] = sent.get("clinic_id") or self.caller["clinic_id"]
            sent["user_id"] = sent.get("user_id") or self.caller["id"]
        if not sent.get("current_visit_id") and self.caller is not None:
            name = str(self.caller["name"])
            sent["current_visit_id"] = self.invent("appointment", sent, self.caller, name, now)

    def _prescription(self, sent: dict[str, Any], now: int) -> None:
        provider = self.store.find("users", sent.get("provider_id"))
        if provider is None:
            return  # the foreign key refuses it
        if not sent.get("pickup_clinic_id"):
            sent["pickup_clinic_id"] = provider["clinic_id"]
        if not sent.get("visit_id"):
            name = str(provider["id"])  # the server puts the id where the name belongs
            sent["visit_id"] = self.invent("prescription", sent, provider, name, now)

    def invent(
        self,
        kind: str,
        sent: dict[str, Any],
        user: Row,
        name: str,
        now: int,
        visit: object = None,
    ) -> str:
        """A visit that nobody made, for a row that names none; its id."""
        visit_id = values.read_uuid(visit) if visit else str(uuid.uuid1())
        made: dict[str, Any] = {
            "id": visit_id,
            "patient_id": sent.get("patient_id"),
            "clinic_id": user["clinic_id"],
            "provider_id": user["id"],
            "provider_name": name,
        }
        if kind == "event":
            made["check_in_timestamp"] = values.iso(now)
            made["metadata"] = {
                "artificially_created": True,
                "created_from": "server_event_creation",
                "original_event_id": sent.get("id"),
            }
        row = self.built("visits", made, now)
        self.invented = str(row["id"])
        self.store.rows["visits"][self.invented] = row
        return self.invented

    def dispense(self, record: Row, now: int) -> None:
        """The trigger AFTER INSERT: stock goes down; an edit or a delete never brings it back."""
        place = ("clinic_id", "drug_id", "batch_id")
        for stock in self.store.rows["clinic_inventory"].values():
            if all(stock[name] == record[name] for name in place):
                had, given = stock["quantity_available"], record["quantity_dispensed"]
                left = int(str(had)) - int(str(given))
                stock.update(quantity_available=left, updated_at=now, last_modified=now)

    # Deletes

    def delete(self, table: str, sent: object) -> None:
        if sent is None:
            return
        row_id = values.read_uuid(sent)
        store, now = self.store, self.store.now()
        if table == "prescription_items":
            records = store.rows["dispensing_records"].values()
            if any(record["prescription_item_id"] == row_id for record in records):
                raise BadValue("still referenced")
            store.rows[table].pop(str(row_id), None)
            return
        row = store.find(table, row_id)
        if row is None:
            return
        if table in TAKES_DELETED_AT:
            row.update(is_deleted=True, deleted_at=now // 1000 * 1000)
        else:
            row.update(is_deleted=True, deleted_at=now, updated_at=now, last_modified=now)
        reference, children = CASCADES.get(table, ("", ()))
        for child in children:
            name = "current_visit_id" if (table, child) == ("visits", "appointments") else reference
            for below in store.rows[child].values():
                if below[name] == row_id and not below["is_deleted"]:
                    below.update(is_deleted=True, last_modified=now)  # no deleted_at: not told


def _newer(new: Row, old: Row) -> bool:
    return int(str(new["updated_at"])) > int(str(old["updated_at"]))


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadValue("not iterable")
    return value


def _object_only(value: object) -> None:
    if isinstance(value, list) or (isinstance(value, str) and value.strip().startswith("[")):
        raise BadValue("visits.metadata is an array")
