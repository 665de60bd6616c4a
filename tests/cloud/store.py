"""What the double keeps: rows in memory, its own clock, accounts, and copies to go back to."""

from __future__ import annotations

import copy
import hashlib
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tests.cloud import values
from tests.cloud.columns import TABLES, Row

FINAL = {"'active'::text": "active", "'en'::text": "en", "60": 60, "3": 3, "0": 0,
         "true": True, "false": False, "'normal'::character varying": "normal",
         "'pending'::character varying": "pending", "'active'::character varying": "active",
         "'string'::character varying": "string", "''::text": "",
         "''::character varying": ""}  # fmt: skip


@dataclass
class Clock:
    """The server's time in microseconds: it never stands still, so that two saves differ.

    Attributes:
        offset: Microseconds added to the real time: a server whose clock is years off.
        fixed: Stands there and goes on by a microsecond at each reading.
    """

    offset: int = 0
    fixed: int | None = None
    last: int = 0

    def now(self) -> int:
        base = self.fixed if self.fixed is not None else time.time_ns() // 1000 + self.offset
        self.last = base if base > self.last or self.last - base > 1_000_000 else self.last + 1
        return self.last

    def set(self, stamp: int) -> None:
        """Stand at ``stamp`` from now on."""
        self.fixed, self.last = stamp, 0


@dataclass
class Store:
    """The database of one server.

    Attributes:
        rows: Table to key to row, in kept form (values.py). The key is the id, but
            ``patient:attribute`` in patient_additional_attributes.
        passwords: Plain, by id of the user: a test double has nothing to guard.
        batches: Known drug batches: id to the drug.
    """

    zone: ZoneInfo = field(default_factory=lambda: ZoneInfo("UTC"))
    clock: Clock = field(default_factory=Clock)
    rows: dict[str, dict[str, Row]] = field(default_factory=lambda: {t: {} for t in TABLES})
    passwords: dict[str, str] = field(default_factory=dict)
    batches: dict[str, str] = field(default_factory=dict)
    hidden: set[tuple[str, str]] = field(default_factory=set)
    max_history_days: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock)

    def now(self) -> int:
        return self.clock.now()

    def live(self, table: str) -> list[Row]:
        return [row for row in self.rows[table].values() if row.get("is_deleted") is not True]

    def find(self, table: str, row_id: object) -> Row | None:
        if table == "patient_additional_attributes":
            return next((r for r in self.rows[table].values() if r["id"] == row_id), None)
        return self.rows[table].get(str(row_id))

    def key(self, table: str, row: Row) -> str:
        if table == "patient_additional_attributes":
            return f"{row['patient_id']}:{row['attribute_id']}"
        return str(row["id"])

    def put(self, table: str, given: dict[str, Any]) -> Row:
        """Insert as an administrator's own SQL would: defaults, the server's stamps, no rules.

        Args:
            given: Column to value in the form of a push (or, for moments, of a pull).
        """
        with self.lock:
            now = self.now()
            row: Row = {}
            for name, column in TABLES[table].items():
                if name in given:
                    row[name] = values.read(column, given[name], now)
                elif name in {"created_at", "updated_at", "last_modified", "server_created_at"}:
                    row[name] = now
                elif name == "id":
                    row[name] = str(uuid.uuid4())
                elif column.type == "jsonb" or column.type.endswith("[]"):
                    row[name] = None if column.null and not column.default else column.json_default
                else:
                    row[name] = FINAL.get(column.default)
            self.rows[table][self.key(table, row)] = row
            if table == "clinic_inventory":
                self.batches[str(row["batch_id"])] = str(row["drug_id"])
            return row

    def hold(self, table: str, given: dict[str, Any]) -> Callable[[], None]:
        """A row of a transaction that is not committed yet; call the result to commit it.

        Its stamps are those of its beginning: pulls in between do not see it, and later ones
        with their ``timestamp`` never will (wire.md A4, "Missed rows").
        """
        row = self.put(table, given)
        place = (table, self.key(table, row))
        self.hidden.add(place)
        return lambda: self.hidden.discard(place)

    def snapshot(self) -> dict[str, Any]:
        """A backup of the database, to be restored with ``restore``."""
        with self.lock:
            return copy.deepcopy(
                {"rows": self.rows, "passwords": self.passwords, "batches": self.batches}
            )

    def restore(self, backup: dict[str, Any]) -> None:
        """Go back to a backup, as an administrator does after a broken disk."""
        with self.lock:
            kept = copy.deepcopy(backup)
            self.rows, self.passwords = kept["rows"], kept["passwords"]
            self.batches = kept["batches"]

    # Accounts

    def user(self, email: str, password: str | None, *, any_case: bool = False) -> Row | None:
        """The account, if the password is right; ``None`` as password asks for no check."""
        for row in self.rows["users"].values():
            mail = str(row["email"])
            same = mail.lower() == email.lower() if any_case else mail == email
            if same and (password is None or self.passwords[str(row["id"])] == password):
                return row
        return None

    def may_enter(self, user: Row) -> bool:
        """v3: a deleted user, an odd role or a deleted clinic is a 401 (wire.md A2)."""
        clinic = self.rows["clinics"].get(str(user["clinic_id"]))
        return (
            user["is_deleted"] is not True
            and user["role"] in {"registrar", "provider", "admin", "super_admin"}
            and (clinic is None or clinic["is_deleted"] is not True)
        )

    def device(self, key: str) -> Row | None:
        """The hub whose API key this is."""
        digest = hashlib.sha256(key.encode()).hexdigest()
        found = (r for r in self.rows["undefined"].values() if r["api_key_hash"] == digest)
        return next(found, None)
