"""The push of Flask: in the order of the body, a table at a time, the last one wins (Part B).

Guessed, as no exchange shows it: which columns may be missing beyond ``is_deleted``, and that an
appointment pushed again is taken away from its patient again.
"""

from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC, datetime
from typing import Any

from tests.cloud import values
from tests.cloud.columns import FLASK_PUSHED, FLASK_TABLES, TABLES, Column, Row
from tests.cloud.store import Store

LONG_AGO = values.micros(datetime(2010, 6, 1, tzinfo=UTC))
"""The deletion time of the patients that Flask makes up."""

MISSING = {"is_deleted", "deleted_at", "last_modified", "server_created_at"}
CASCADES = {
    "patients": ("patient_id", ("patient_additional_attributes", "visits", "events",
                                "appointments")),
    "visits": ("visit_id", ("events", "prescriptions")),
}  # fmt: skip


class Refused(Exception):
    """500; the table of the row is as it was before the request."""


class FlaskPush:
    """One request.

    Args:
        last: ``last_pulled_at`` of the request in microseconds: four tables take it as the time of
            their deletions.
    """

    def __init__(self, store: Store, last: int) -> None:
        self.store, self.last = store, last

    def apply(self, body: dict[str, Any]) -> None:
        """Apply the tables in the order of the body's keys; the first bad one ends it."""
        for table, part in body.items():
            if table in FLASK_PUSHED:
                with self.store.lock:
                    before = copy.deepcopy(self.store.rows[table])
                    try:
                        self.table(table, part)
                    except Exception:
                        self.store.rows[table] = before
                        raise

    def table(self, table: str, part: dict[str, list[Any]]) -> None:
        for kind in ("created", "updated"):
            for sent in part.get(kind) or []:
                self.upsert(table, sent)
        for row_id in part.get("deleted") or []:
            self.delete(table, values.read_uuid(row_id))

    def upsert(self, table: str, sent: dict[str, Any]) -> None:
        now = self.store.now()
        sent = dict(sent)
        if table == "events":
            self._event(sent, now)
        elif table == "appointments":
            self._appointment(sent, now)
        new: Row = dict.fromkeys(TABLES[table])
        for name, column in FLASK_TABLES[table].items():
            new[name] = self.taken(table, column, sent, now)
        key = self.store.key(table, new)
        old = self.store.rows[table].get(key)
        if old is not None:
            kept = ("id", "server_created_at", "is_deleted", "deleted_at")
            new.update({name: old[name] for name in kept})
        self.store.rows[table][key] = new

    def taken(self, table: str, column: Column, sent: dict[str, Any], now: int) -> object:
        """The stored value of one column.

        Raises:
            KeyError: the row does not have it.
        """
        name, kind = column.name, column.type
        if name in MISSING:
            return False if name == "is_deleted" else None if name == "deleted_at" else now
        if table == "patients" and name == "metadata":
            return {}
        value = sent[name]
        taken: object
        if kind.startswith("timestamp"):
            taken = _moment(value, now)
        elif kind == "date":
            taken = values.read_date(value, now) if isinstance(value, str) else _day(value, now)
        elif kind == "jsonb":
            taken = _json(name, column, value)
        elif name == "fulfilled_visit_id":
            taken = values.read_uuid(value or None)
        elif name == "number_value" and value is not None:
            taken = float(value)
        else:
            taken = values.read(column, value, now)
        if taken is None and not column.null:
            raise Refused(f"{name} is null")
        if column.fk and taken is not None and taken not in self.store.rows[column.fk]:
            raise Refused(f"no such {column.fk}")
        return taken

    # What it makes up

    def placeholder(self, now: int, **columns: object) -> Row:
        """A patient who never was, deleted from the start."""
        row: Row = dict.fromkeys(TABLES["patients"])
        row |= {"id": str(uuid.uuid1()), "additional_data": {}, "metadata": {}, "is_deleted": True,
                "deleted_at": LONG_AGO, "created_at": now, "updated_at": now, "last_modified": now,
                "server_created_at": now}  # fmt: skip
        row |= columns
        self.store.rows["patients"][str(row["id"])] = row
        return row

    def _event(self, sent: dict[str, Any], now: int) -> None:
        if sent["patient_id"] not in self.store.rows["patients"]:
            made = {"artificially_created": True, "created_from": "server_event_creation",
                    "original_event_id": sent["id"]}  # fmt: skip
            self.placeholder(now, id=values.read_uuid(sent["patient_id"]), metadata=made)
        for name, table in (("visit_id", "visits"), ("form_id", "event_forms")):
            if sent[name] not in self.store.rows[table]:
                sent[name] = None

    def _appointment(self, sent: dict[str, Any], now: int) -> None:
        """Inverted conditions: what exists is replaced by something made up."""
        patient = self.placeholder(now, given_name="Placeholder", surname="Patient")
        if isinstance(sent["metadata"], str):
            raise Refused("metadata is a string")
        visit: Row = dict.fromkeys(TABLES["visits"])
        made = {"artificially_created": True, "created_from": "server_appointment_creation",
                "original_appointment_id": sent["id"]}  # fmt: skip
        visit |= {"id": str(uuid.uuid1()), "patient_id": patient["id"], "is_deleted": False,
                  "clinic_id": sent["clinic_id"], "provider_id": sent["user_id"],
                  "check_in_timestamp": now, "metadata": made, "created_at": now,
                  "updated_at": now, "last_modified": now, "server_created_at": now}  # fmt: skip
        self.store.rows["visits"][str(visit["id"])] = visit
        sent["metadata"] = sent["metadata"] or {}
        sent["patient_id"], sent["current_visit_id"] = patient["id"], visit["id"]

    # Deletes

    def delete(self, table: str, row_id: str | None) -> None:
        now = self.store.now()
        row = self.store.find(table, row_id)
        if row is None:
            if table == "patients":
                self.placeholder(now, id=row_id, deleted_at=now)
            return
        if table not in CASCADES:
            row.update(is_deleted=True, deleted_at=self.last)
            return
        row.update(is_deleted=True, deleted_at=now, last_modified=now)
        reference, children = CASCADES[table]
        for child in children:
            for below in self.store.rows[child].values():
                if below[reference] == row_id:
                    below.update(is_deleted=True, deleted_at=now, last_modified=now)


def _moment(value: object, now: int) -> int | None:
    """Milliseconds; anything else that is not null becomes now."""
    if value is None:
        return None
    return int(value) * 1000 if isinstance(value, int) and not isinstance(value, bool) else now


def _day(value: object, now: int) -> str | None:
    stamp = _moment(value, now)
    return None if stamp is None else values.iso(stamp)[:10]


def _json(name: str, column: Column, value: object) -> object:
    """As it came: a JSON text is stored as a text, and comes back as one."""
    if name == "additional_data" and isinstance(value, str):
        value = json.loads(value or "{}")
    return column.json_default if value is None else value
