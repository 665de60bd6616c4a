"""Where this store stands with its server: for the line of state, the screen and ``status``.

Read on the reader's connection from the marks alone; no network, and nothing is changed. A row is
*confirmed* when its ``change_seq`` is 0; all others are counted here by their state
(decisions.md 26).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import server_aside
from hikma_tui.models import SYNCED, connection

# What each server takes from a client (wire.md A5, Part B); the rest of a store stays here.
TAKEN: Mapping[str, frozenset[str]] = {
    "v3": frozenset({
        "patients", "patient_additional_attributes", "visits", "events", "appointments",
        "prescriptions", "patient_vitals", "patient_problems", "dispensing_records",
        "prescription_items",
    }),
    "flask": frozenset({
        # Not appointments: it would attach them to a patient whom it makes up (wire.md Part B).
        "patients", "patient_additional_attributes", "visits", "events", "prescriptions",
    }),
}  # fmt: skip

# Local marks of configuration, which no server takes from anybody: no news for a nurse.
SETTINGS = frozenset({
    "clinics", "users", "user_clinic_permissions", "app_config", "clinic_departments",
    "registration_forms", "event_forms", "drug_catalogue", "clinic_inventory",
})  # fmt: skip
_OVERTAKEN = frozenset({"sent", "awaiting", "refused", "differs"})  # an edit since: not sent again


@dataclass(frozen=True)
class Run:
    """One line of the log of syncs."""

    kind: str
    started_at: int
    ended_at: int | None
    result: str
    counts: Mapping[str, Any]


@dataclass(frozen=True)
class ServerState:
    """The counts, at this moment. Times are ms; ``stays`` counts records of care only, what is
    never sent of the clinic's own settings is ``settings``.
    """

    registered: bool = False
    url: str = ""
    name: str = ""
    dialect: str = ""
    email: str = ""
    clinic: str = ""
    not_sent: int = 0
    sent: int = 0
    awaiting: int = 0
    refused: int = 0
    differs: int = 0
    held: int = 0
    stays: int = 0
    only_here: int = 0
    settings: int = 0
    conflicts: int = 0
    aside: int = 0  # rows of the server's that can't be stored here
    dropped: int = 0  # of those that differ, the ones without a conflict to choose in
    questioned: int = 0  # of those that are only here, the ones with a conflict to choose in
    last_confirmed_ms: int | None = None
    last_full_check_ms: int | None = None
    needs_full_check: bool = False
    last_run: Run | None = None
    tables: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # by table and state

    @property
    def needs_you(self) -> int:
        """How many things wait for a person; a record with a conflict is counted by that alone."""
        lost = self.only_here - self.questioned
        return self.conflicts + self.refused + self.dropped + lost + self.aside

    @property
    def up_to_date(self) -> bool:
        """Whether all is confirmed, as far as an incremental sync may say so (decisions.md 34).

        What stays here is on no server: it would be lost with this computer.
        """
        open_ones = self.not_sent + self.sent + self.awaiting + self.held + self.differs
        open_ones += self.stays
        open_ones += self.needs_you
        confirmed = self.last_confirmed_ms is not None
        return self.registered and confirmed and not open_ones and not self.needs_full_check

    def as_json(self) -> dict[str, Any]:
        """Plain values, for ``status --json``."""
        return {**asdict(self), "needs_you": self.needs_you, "up_to_date": self.up_to_date}


def state() -> ServerState:
    """Where the store stands now; for the reader. Without a server only ``registered`` says so."""
    row = (
        connection()
        .execute(
            "SELECT id, name, last_synced_at, metadata FROM peers WHERE status = 'active' LIMIT 1"
        )
        .fetchone()
    )
    if row is None:
        return ServerState()
    more = json_text.read_object(row[3])
    dialect = str(more.get("dialect") or "v3")
    tables = _by_table(row[0], dialect)
    total: Counter[str] = Counter()
    for counts in tables.values():
        total.update(counts)
    return ServerState(
        registered=True, url=str(more.get("url") or ""), name=row[1], dialect=dialect,
        email=str(more.get("email") or ""), clinic=_clinic(more.get("clinic_id")),
        conflicts=_open_conflicts(), dropped=_of(row[0], "differs", asked=False),
        questioned=_of(row[0], "only_here", asked=True), last_confirmed_ms=row[2],
        last_full_check_ms=more.get("full_at") or None,
        needs_full_check=bool(more.get("needs_check")), last_run=_last_run(row[0]),
        tables=tables, **{name: total[name] for name in _COUNTED},
    )  # fmt: skip


_COUNTED = (
    "not_sent", "sent", "awaiting", "refused", "differs", "held", "stays", "only_here", "settings",
    "aside",
)  # fmt: skip


def _by_table(peer_id: str, dialect: str) -> dict[str, dict[str, int]]:
    taken = TAKEN.get(dialect, TAKEN["v3"])
    found: dict[str, dict[str, int]] = {}
    for model in SYNCED:
        table = model._meta.table_name
        counts = _counts(peer_id, table, table in taken)
        if counts:
            found[table] = counts
    for table, number in server_aside.counts().items():
        found.setdefault(table, {})["aside"] = number
    return found


def _counts(peer_id: str, table: str, taken: bool) -> dict[str, int]:
    """How many rows of one table are in which state; confirmed ones are not counted."""
    rows = connection()
    waiting = rows.execute(f"SELECT count(*) FROM waiting_{table}").fetchone()[0]
    counts: Counter[str] = Counter()
    lines = rows.execute(
        f"SELECT p.state, w.change_seq > p.sent_seq, count(*) FROM waiting_{table} w"
        " JOIN peer_rows p ON p.peer_id = ? AND p.table_name = ? AND p.row_id = w.id"
        " WHERE p.state > '' GROUP BY 1, 2"
        if waiting < 1000
        else f"SELECT p.state, w.change_seq > p.sent_seq, count(*) FROM peer_rows p"
        f" CROSS JOIN waiting_{table} w ON w.id = p.row_id"
        " WHERE p.peer_id = ? AND p.table_name = ? AND p.state > '' GROUP BY 1, 2",
        (peer_id, table),
    )
    told = 0
    for state_, overtaken, number in lines:
        told += number
        counts["not_sent" if overtaken and state_ in _OVERTAKEN else state_] += number
    counts["not_sent"] += waiting - told
    if not taken:  # whatever the marks say: nothing of it is ever sent
        kind = "settings" if table in SETTINGS else "stays"
        counts[kind] += counts.pop("not_sent")
        if kind == "settings":
            counts[kind] += counts.pop("stays", 0)
    counts["only_here"] += _agreed_only_here(peer_id, table)
    return {name: number for name, number in counts.items() if number}


def _agreed_only_here(peer_id: str, table: str) -> int:
    """Rows that were agreed once and that a full check did not find (decisions.md 21)."""
    found = connection().execute(
        f"SELECT count(*) FROM peer_rows p JOIN live_{table} l ON l.id = p.row_id"
        " WHERE p.peer_id = ? AND p.table_name = ? AND p.state = 'only_here' AND l.change_seq = 0",
        (peer_id, table),
    )
    return int(found.fetchone()[0])


def confirmed() -> int:
    """How many live records of care the server has just so. It counts all of them, so it is not in
    ``state``, which is read after each save; for the reader.
    """
    peer = connection().execute(
        "SELECT id, json_extract(CASE WHEN json_valid(metadata) THEN metadata END, '$.dialect')"
        " FROM peers WHERE status = 'active' LIMIT 1"
    ).fetchone()  # fmt: skip
    if peer is None:
        return 0
    return sum(
        connection()
        .execute(f"SELECT count(*) FROM live_{table} WHERE change_seq = 0")
        .fetchone()[0]
        - _agreed_only_here(peer[0], table)
        for table in TAKEN.get(peer[1] or "v3", TAKEN["v3"])
    )


def _open_conflicts() -> int:
    query = "SELECT count(*) FROM conflicts WHERE resolved_at IS NULL"
    return int(connection().execute(query).fetchone()[0])


def _of(peer_id: str, state_: str, *, asked: bool) -> int:
    """How many rows of one state have an open conflict, or have none."""
    exists = "EXISTS" if asked else "NOT EXISTS"
    found = connection().execute(
        "SELECT count(*) FROM peer_rows p WHERE p.peer_id = ? AND p.state = ?"
        f" AND {exists} (SELECT 1 FROM conflicts c WHERE c.table_name = p.table_name"
        " AND c.row_id = p.row_id AND c.resolved_at IS NULL)",
        (peer_id, state_),
    )
    return int(found.fetchone()[0])


def _clinic(clinic_id: Any) -> str:
    row = (
        connection().execute("SELECT name FROM live_clinics WHERE id = ?", (clinic_id,)).fetchone()
    )
    return "" if row is None else row[0] or ""


def _last_run(peer_id: str) -> Run | None:
    found = runs(1, peer_id)
    return found[0] if found else None


def erased_with(table: str, row_id: str) -> int:
    """How many prescriptions of a row (a visit's, or the one itself) hold what v3 erases when it
    gets them again: ``items`` and ``metadata`` of another program (wire.md A5 "Never stored",
    decisions.md 31). What we noted there ourselves was never on the server. For the reader.
    """
    column = {"visits": "visit_id", "prescriptions": "id"}.get(table)
    if column is None:
        return 0
    found = connection().execute(
        f"SELECT count(*) FROM live_prescriptions WHERE {column} = ?"
        " AND server_created_at IS NOT NULL"
        " AND (coalesce(items, '') NOT IN ('', '[]', '{}', 'null') OR"
        " json_remove(CASE WHEN json_valid(metadata) THEN metadata END, '$.movedFrom')"
        " NOT IN ('[]', '{}', 'null'))"
        " AND EXISTS (SELECT 1 FROM peers WHERE status = 'active'"
        " AND coalesce(json_extract("
        "CASE WHEN json_valid(metadata) THEN metadata END, '$.dialect'), 'v3') = 'v3')",
        (row_id,),
    )
    return int(found.fetchone()[0])


def runs(limit: int = 50, peer_id: str = "") -> list[Run]:
    """The log of syncs, the newest first; for the reader."""
    rows = connection().execute(
        "SELECT kind, started_at, ended_at, result, counts FROM sync_runs"
        " WHERE ? IN ('', peer_id) ORDER BY pk DESC LIMIT ?",
        (peer_id, limit),
    )
    return [Run(k, s, e, r, json_text.read_object(c)) for k, s, e, r, c in rows]
