"""What a run writes down about itself: its line in the log of syncs, one entry in the audit trail.

On the writer's connection, inside the caller's transaction.
"""

from __future__ import annotations

import json

from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.server import state
from hikma_tui.ids import new_id
from hikma_tui.models import connection
from hikma_tui.syncing.shapes import Report

KILLED = "killed"
_STATES = (
    "not_sent", "sent", "awaiting", "refused", "differs", "held", "stays", "only_here",
    "conflicts", "aside",
)  # fmt: skip


def close_killed(now: int) -> int:
    """Runs that never ended were killed, since the lock is ours: say so. How many there were."""
    cursor = connection().execute(
        "UPDATE sync_runs SET ended_at = ?, result = ? WHERE ended_at IS NULL", (now, KILLED)
    )
    return cursor.rowcount


def forget_old(keep: int = 2000) -> None:
    """The log keeps so many runs: with a timer they would grow for ever. The trail keeps all."""
    connection().execute(
        "DELETE FROM sync_runs WHERE pk <= (SELECT max(pk) - ? FROM sync_runs)", (keep,)
    )


def open_run(peer_id: str, kind: str, now: int) -> int:
    """The line of a run that begins; its number."""
    forget_old()
    cursor = connection().execute(
        "INSERT INTO sync_runs (peer_id, kind, started_at, result, counts)"
        " VALUES (?, ?, ?, '', '{}')",
        (peer_id, kind, now),
    )
    return int(cursor.lastrowid or 0)


def close_run(pk: int, peer_id: str, actor: Actor, report: Report) -> None:
    """The run has ended: its numbers, and the one entry of the audit trail (decisions.md 9)."""
    now = info.now_ms()
    report.ended_at = max(now, report.started_at)
    counts = report.as_json()
    connection().execute(
        "UPDATE sync_runs SET ended_at = ?, result = ?, counts = ? WHERE pk = ?",
        (report.ended_at, report.result, json.dumps(counts, ensure_ascii=False), pk),
    )
    said = {
        "run": pk, "kind": report.kind, "result": report.result, "total": counts["total"],
        "tables": counts["tables"], "notices": report.notices,
    }  # fmt: skip
    audit.append(actor, new_id(now), [audit.Entry("SYNC", "", peer_id, said)], now)


def waiting() -> dict[str, int]:
    """How many rows are in which state, after the run (``Report.waiting``)."""
    found = state()
    return {name: getattr(found, name) for name in _STATES if getattr(found, name)}


def anything_sent(peer_id: str) -> bool:
    """Whether rows were sent and not read back: by this run, or by one that was killed."""
    row = connection().execute(
        "SELECT 1 FROM peer_rows WHERE state = 'sent' AND peer_id = ? LIMIT 1", (peer_id,)
    )
    return row.fetchone() is not None


def rows_known() -> int:
    """About how many rows this store has, dead ones too: by the tables' highest keys."""
    tables = ("patients", "visits", "events", "patient_additional_attributes", "patient_vitals")
    total = 0
    for table in tables:
        total += connection().execute(f"SELECT max(pk) FROM {table}").fetchone()[0] or 0
    return total
