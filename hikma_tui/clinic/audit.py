"""The audit trail: one entry for each row created, changed, deleted, viewed or exported.

Upstream's columns (features.md 1.14) in a chain: each entry's hash covers the previous one's and
what is really stored, so the trail can be checked again from the file alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hikma_tui import __version__, json_text
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.ids import new_id
from hikma_tui.models import connection

APP_ID = f"hikma-tui {__version__}"
FIRST = "0" * 64  # what the first entry names as its previous one

_COLUMNS = (
    "id, transaction_id, action_type, table_name, row_id, changes, device_id, app_id, user_id,"
    " ip_address, metadata, synced, created_at, previous_hash, hash"
)


@dataclass(frozen=True)
class Entry:
    """One line of the trail, before it has a place in the chain."""

    action: str  # CREATE UPDATE SOFT_DELETE PERMANENT_DELETE VIEW EXPORT RESTORE
    table: str
    row_id: str
    changes: Mapping[str, Any]


def _hash(previous: str, parts: tuple[str, ...]) -> str:
    return hashlib.sha256("|".join((previous, *parts)).encode("utf-8", "surrogatepass")).hexdigest()


def append(actor: Actor, transaction_id: str, entries: list[Entry], now: int) -> None:
    """Write entries at the end of the chain, inside the caller's transaction."""
    last = connection().execute("SELECT hash FROM event_logs ORDER BY pk DESC LIMIT 1").fetchone()
    previous = last[0] if last else FIRST
    rows = []
    for entry in entries:
        changes = json_text.dumps(entry.changes, sort_keys=True)
        entry_id = new_id(now)
        parts = (
            entry_id, transaction_id, entry.action, entry.table, entry.row_id, changes,
            actor.machine_id, APP_ID, actor.user_id, "", str(now),
        )  # fmt: skip
        digest = _hash(previous, parts)
        rows.append(
            (entry_id, transaction_id, entry.action, entry.table, entry.row_id, changes,
             actor.machine_id, APP_ID, actor.user_id, None, None, 0, now, previous, digest)
        )  # fmt: skip
        previous = digest
    connection().executemany(
        f"INSERT INTO event_logs ({_COLUMNS}) VALUES ({', '.join('?' * 15)})", rows
    )


def viewed(actor: Actor, patient_id: str) -> None:
    """Record that a patient's file was opened. Called off the key path (decisions.md 9)."""
    now = info.now_ms()
    entry = Entry("VIEW", "patients", patient_id, {"row_id": patient_id})
    append(actor, new_id(now), [entry], now)


def export_begun(actor: Actor, tables: Sequence[str]) -> None:
    """Record that rows of these tables are about to leave: a power cut can't hide an export."""
    now = info.now_ms()
    append(actor, new_id(now), [Entry("EXPORT", "", "", {"begun": list(tables)})], now)


def exported(actor: Actor, counts: Mapping[str, int]) -> None:
    """Record that rows left the store: how many of each table."""
    now = info.now_ms()
    append(actor, new_id(now), [Entry("EXPORT", "", "", {"rows": dict(counts)})], now)


def problems() -> list[str]:
    """Walk the whole chain; say where it does not hold (``entry <n>: ...``), empty when it does."""
    found = []
    previous = FIRST
    query = (
        "SELECT pk, id, transaction_id, action_type, table_name, row_id, changes, device_id,"
        " app_id, user_id, ip_address, created_at, previous_hash, hash FROM event_logs ORDER BY pk"
    )
    for row in connection().execute(query):
        parts = tuple(str(value) if value is not None else "" for value in row[1:12])
        if row[12] != previous:
            found.append(f"entry {row[0]}: an entry before it is missing or was changed")
        elif row[13] != _hash(previous, parts):
            found.append(f"entry {row[0]}: was changed")
        previous = row[13]
    return found
