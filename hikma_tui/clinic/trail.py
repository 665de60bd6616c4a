"""Reading the audit trail: what was done with one patient's file, by whom, on which machine.

Deleted rows belong to it: their entries are why a trail is kept. So these run on the writer's
connection (``Store.on_writer``), the explicit way to tombstones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.i18n import _
from hikma_tui.models import BY_TABLE, connection


@dataclass(frozen=True)
class Told:
    """One entry. ``changes`` has per column ``{"old", "new"}``, or what else was noted."""

    number: int
    at: int  # ms
    action: str
    table: str
    row_id: str
    user: str  # the name, or the id of who is not known here
    machine: str  # "" for this one
    changes: dict[str, Any]


@dataclass(frozen=True)
class Head:
    """The end of the chain: printed and kept elsewhere, it proves that nothing before changed."""

    entries: int
    number: int
    hash: str


def head() -> Head | None:
    """The chain's last entry; None for an empty trail."""
    row = connection().execute(
        "SELECT (SELECT count(*) FROM event_logs), pk, hash FROM event_logs"
        " ORDER BY pk DESC LIMIT 1"
    ).fetchone()  # fmt: skip
    return Head(int(row[0]), int(row[1]), str(row[2])) if row else None


def of_patient(actor: Actor, word: str) -> list[Told]:
    """What was done with a patient's file, oldest first; ``word`` is the id or the card number,
    of a deleted patient too. For administrators of the patient's clinic. NotFound, NotAllowed.
    """
    found = connection().execute(
        "SELECT id, primary_clinic_id FROM patients WHERE id = ? OR external_patient_id = ?"
        " ORDER BY id = ? DESC, tombstone IS NOT NULL, pk LIMIT 1",
        (word, word, word),
    ).fetchone()  # fmt: skip
    if found is None or not word:
        raise NotFound(_("There is no patient with this id or number: {word}").format(word=word))
    require(actor, Flag.CLINIC_ADMIN, found[1])
    users = dict(connection().execute("SELECT id, name FROM users").fetchall())
    here = info.get("machine_id")
    ids = [str(found[0]), *_rows_of(str(found[0]))]
    return [
        Told(row[0], row[1], row[2], row[3], row[4], users.get(row[5], row[5]),
             "" if row[6] == here else row[6], _changes(row[7]))
        for row in _entries(ids)
    ]  # fmt: skip


def _rows_of(patient_id: str) -> Iterator[str]:
    for table, model in BY_TABLE.items():
        if "patient_id" in model._meta.fields:
            query = f"SELECT id FROM {table} WHERE patient_id = ?"
            for (row_id,) in connection().execute(query, (patient_id,)):
                yield str(row_id)


def _entries(ids: list[str]) -> list[tuple[Any, ...]]:
    return connection().execute(
        "SELECT pk, created_at, action_type, table_name, row_id, user_id, device_id, changes"
        " FROM event_logs WHERE row_id IN (SELECT value FROM json_each(?)) ORDER BY pk",
        (json.dumps(ids),),
    ).fetchall()  # fmt: skip


def _changes(text: str) -> dict[str, Any]:
    found = json_text.read(text)
    if isinstance(found, json_text.Unreadable):
        return {"damaged": True}
    return found if isinstance(found, dict) else {"value": found}
