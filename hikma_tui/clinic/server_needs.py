"""What the sync could not settle by itself, row by row: put aside, refused, differing, only here,
staying.

Read on the reader's connection; nothing is changed. Whose file may not be seen is not named
(decisions.md 20). Conflicts have a module of their own (``clinic/conflicts.py``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import patients, server_aside, server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.server import ServerState
from hikma_tui.models import BY_TABLE, SYNCED, connection

MOST = 200
"""Rows of each state that are listed; the rest is only counted (``server.state``)."""

STATES = ("aside", "refused", "differs", "only_here", "stays")


@dataclass(frozen=True)
class Need:
    """One row that a person may have to do something about."""

    table: str
    row_id: str
    state: str  # a word of ``STATES``
    reason: str  # a code; its sentence is ``server_words.reason``
    tries: int
    deleted: bool  # it is deleted here, and the server does not take that
    patient: PatientCard | None = None  # None: it is nobody's, or nobody's that may be seen
    hidden: bool = False  # it is of a patient of another clinic
    visit_id: str | None = None
    moment: int | None = None  # ms, when it was made


def needs(actor: Actor, most: int = MOST) -> list[Need]:
    """The rows by state in the order of ``STATES``, then by table, parents first."""
    peer = connection().execute("SELECT id FROM peers WHERE status = 'active' LIMIT 1").fetchone()
    if peer is None:
        return []
    cards: dict[str, tuple[PatientCard | None, bool]] = {}
    found = [_aside(actor, one, cards) for one in server_aside.listed(most)]
    for state in STATES[1:]:
        left = most
        for model in SYNCED:
            table = model._meta.table_name
            for row in _rows(peer[0], table, state, left):
                found.append(_need(actor, table, state, row, cards))
                left -= 1
    return found


def _rows(peer_id: str, table: str, state: str, most: int) -> Iterable[tuple[Any, ...]]:
    """Id, reason, tries, whether it is deleted, patient, visit, moment of each row."""
    if most <= 0:
        return []
    fields = BY_TABLE[table]._meta.fields
    patient = "l.id" if table == "patients" else _column("patient_id", fields)
    visit = "l.id" if table == "visits" else _column("visit_id", fields)
    moment = _column("created_at", fields)
    return (
        connection()
        .execute(
            f"SELECT p.row_id, p.reason, p.tries, l.id IS NULL, {patient}, {visit}, {moment}"
            f" FROM peer_rows p LEFT JOIN live_{table} l ON l.id = p.row_id"
            f" LEFT JOIN waiting_{table} w ON w.id = p.row_id"
            " WHERE p.peer_id = ? AND p.table_name = ? AND p.state = ?"
            # what has a question to choose in stands there, and not here once more
            " AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE c.table_name = p.table_name"
            " AND c.row_id = p.row_id AND c.resolved_at IS NULL)"
            " AND (l.id IS NOT NULL OR w.id IS NOT NULL) ORDER BY p.row_id LIMIT ?",
            (peer_id, table, state, most),
        )
        .fetchall()
    )


def _column(name: str, fields: Any) -> str:
    return f"l.{name}" if name in fields else "NULL"


def _need(
    actor: Actor,
    table: str,
    state: str,
    row: tuple[Any, ...],
    cards: dict[str, tuple[PatientCard | None, bool]],
) -> Need:
    row_id, reason, tries, deleted, patient_id, visit_id, moment = row
    card, hidden = None, False
    if patient_id:
        if patient_id not in cards:
            cards[patient_id] = card_of(actor, patient_id)
        card, hidden = cards[patient_id]
    return Need(table, row_id, state, reason, tries, bool(deleted), card, hidden, visit_id, moment)


def _aside(
    actor: Actor,
    one: server_aside.PutAside,
    cards: dict[str, tuple[PatientCard | None, bool]],
) -> Need:
    patient_id = one.patient_id
    card, hidden = None, False
    if patient_id:
        if patient_id not in cards:
            cards[patient_id] = card_of(actor, patient_id)
        card, hidden = cards[patient_id]
    return Need(one.table, one.row_id, "aside", one.reason, 0, False, card, hidden)


def put_aside(most: int = 50) -> list[dict[str, str]]:
    """What was put aside, for scripts: table, the server's id, the reason, what to do. No values
    of the records.
    """
    return [
        {"table": one.table, "id": one.row_id, "reason": one.reason,
         "what_to_do": server_words.reason(one.reason)}
        for one in server_aside.listed(most)
    ]  # fmt: skip


def counted(state: ServerState, name: str) -> int:
    """How many rows of a word of ``STATES`` ``needs`` would list without a limit."""
    if name == "differs":
        return state.dropped
    return int(getattr(state, name)) - (state.questioned if name == "only_here" else 0)


def repairable(state: ServerState) -> int:
    """How many rows ``sync --repair`` would offer again."""
    return state.only_here + state.refused + state.dropped


def card_of(actor: Actor, patient_id: str) -> tuple[PatientCard | None, bool]:
    """The patient where they may be seen and are not deleted; whether they are hidden."""
    found = connection().execute("SELECT 1 FROM live_patients WHERE id = ?", (patient_id,))
    if found.fetchone() is None:
        return None, False
    try:
        return patients.card(actor, patient_id), False
    except Refused:
        return None, True
