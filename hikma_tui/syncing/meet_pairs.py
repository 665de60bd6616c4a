"""Rows that are one because of what they are about, not because of their id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic import audit
from hikma_tui.ids import new_id
from hikma_tui.models import (
    AppConfig,
    PatientAttribute,
    Synced,
    UserClinicPermissions,
    connection,
    dicts,
)
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context

# The server keeps the id that came first (wire.md A5): the same pair is the same row.
PAIRED: dict[type[Synced], tuple[str, str]] = {
    PatientAttribute: ("patient_id", "attribute_id"),
    UserClinicPermissions: ("user_id", "clinic_id"),
    AppConfig: ("namespace", "key"),
}

# Tables where the server's row simply takes the place of ours (decisions.md 28).
REPLACED = frozenset({"user_clinic_permissions", "app_config"})


def paired(
    context: Context, model: type[Synced], theirs: Mapping[str, Any]
) -> dict[str, Any] | None:
    """The row here that is the server's under another id; it takes the server's id now.

    Its line and its conflicts follow; the audit trail, which can't be rewritten, says so.
    """
    pair = PAIRED.get(model)
    if pair is None:
        return None
    found = dicts(
        model.select()
        .where(*(getattr(model, name) == theirs.get(name) for name in pair))
        .order_by(model.tombstone.is_null(False), model.pk)
    )
    if not found:
        return None
    row, table = found[0], model._meta.table_name
    old, new = row["id"], theirs["id"]
    model.update({model.id: new}).where(model.pk == row["pk"]).execute()
    for statement in (
        "UPDATE peer_rows SET row_id = ?2 WHERE table_name = ?1 AND row_id = ?3",
        "UPDATE conflicts SET row_id = ?2 WHERE table_name = ?1 AND row_id = ?3",
        "UPDATE deletions SET row_id = ?2 WHERE table_name = ?1 AND row_id = ?3",
    ):
        connection().execute(statement, (table, new, old))
    entry = audit.Entry("UPDATE", table, new, {"id": {"old": old, "new": new}})
    audit.append(context.actor, new_id(context.now), [entry], context.now)
    return rows.find(model, new)
