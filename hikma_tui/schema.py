"""The store's schema: making it, its version, and the way up from every older version.

``APPLICATION_ID`` marks a file as ours, ``VERSION`` says which schema it holds; both stand in the
file's header. An upgrade is one step per version, all in one transaction, after a backup.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping

import hikma_tui.search as search_index
from hikma_tui.models import (
    LOCAL,
    SYNCED,
    Conflict,
    IndexWaiting,
    PeerRow,
    Proof,
    SyncRun,
    database,
)

APPLICATION_ID = 0x48694B6D  # "HiKm"
VERSION = 3

Upgrade = Callable[[sqlite3.Connection], None]


# Partial: only live rows are ever looked for by these columns.
_LIVE_INDEXES = {
    "patients": ("primary_clinic_id", "government_id", "external_patient_id"),
    "visits": ("patient_id, check_in_timestamp DESC", "check_in_timestamp"),
    "events": ("visit_id, created_at", "patient_id, created_at"),
    "appointments": ("patient_id", "current_visit_id", "timestamp"),
    "patient_vitals": ("patient_id, timestamp", "visit_id"),
    "patient_problems": ("patient_id", "visit_id"),
    "prescriptions": ("patient_id", "visit_id"),
    "prescription_items": ("prescription_id", "patient_id", "drug_id"),
    "dispensing_records": ("patient_id", "prescription_item_id", "drug_id"),
    "clinic_inventory": ("drug_id",),
    "user_clinic_permissions": ("user_id, clinic_id",),
}


def live_views() -> list[str]:
    """The SQL of the views that say what is live; made anew after every upgrade."""
    statements = []
    for model in SYNCED:
        table = model._meta.table_name
        statements.append(f"DROP VIEW IF EXISTS live_{table}")
        statements.append(
            f"CREATE VIEW live_{table} AS SELECT * FROM {table} WHERE tombstone IS NULL"
        )
        # What a server has not confirmed, deleted rows too, by id alone: for counting.
        statements.append(f"DROP VIEW IF EXISTS waiting_{table}")
        statements.append(
            f"CREATE VIEW waiting_{table} AS SELECT id, change_seq,"
            f" tombstone IS NOT NULL AS deleted FROM {table} WHERE change_seq > 0"
        )
    return statements


def _indexes() -> list[str]:
    statements = []
    for table, keys in _LIVE_INDEXES.items():
        for number, columns in enumerate(keys, start=1):
            statements.append(
                f"CREATE INDEX {table}_live_{number} ON {table} ({columns}) WHERE tombstone IS NULL"
            )
        # Undoing a deletion finds what it took by its number.
    for model in SYNCED:
        table = model._meta.table_name
        statements.append(
            f"CREATE INDEX {table}_deleted ON {table} (tombstone) WHERE tombstone IS NOT NULL"
        )
    return [*statements, *_waiting_indexes()]


def _waiting_indexes() -> list[str]:
    tables = [model._meta.table_name for model in SYNCED]
    return [
        f"CREATE INDEX {t}_waiting ON {t} (change_seq, id) WHERE change_seq > 0" for t in tables
    ]


def _make_ready_for_servers(connection: sqlite3.Connection) -> None:
    """Version 1 had room for servers and could not reach one: its marks are empty."""
    connection.execute("DROP TABLE peer_rows")
    database.create_tables([PeerRow, Conflict, SyncRun, IndexWaiting], safe=False)
    for statement in _waiting_indexes():
        connection.execute(statement)


def _make_ready_for_pins(_connection: sqlite3.Connection) -> None:
    """Version 2 let anybody in."""
    database.create_tables([Proof], safe=False)


# Version n holds what must be done to a store of version n to make it n + 1.
UPGRADES: Mapping[int, Upgrade] = {1: _make_ready_for_servers, 2: _make_ready_for_pins}


def create(connection: sqlite3.Connection) -> None:
    """Make every table, index and view in an empty file, inside the caller's transaction.

    ``models.database`` must be connected to that file by this thread.
    """
    database.create_tables([*SYNCED, *LOCAL], safe=False)
    for statement in [*_indexes(), *live_views()]:
        connection.execute(statement)
    search_index.create(connection)


def steps_from(version: int, upgrades: Mapping[int, Upgrade], target: int) -> list[Upgrade]:
    """The upgrades that lead from ``version`` to ``target``, in order. KeyError when one lacks."""
    return [upgrades[number] for number in range(version, target)]
