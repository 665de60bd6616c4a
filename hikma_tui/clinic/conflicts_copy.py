"""A record that the server has deleted for good, kept under new ids with all that hangs on it.

Where the server can't bring a row back (wire.md A6: patients, visits, notes, prescriptions), what
was entered here goes there as a new one; the old ids are deleted here too. What was handed out is
not copied: under a new id it would be taken from stock a second time. It follows its patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hikma_tui.clinic.deletion import _subtree
from hikma_tui.clinic.moving_notes import mapping
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.columns import Uuid, moment_text
from hikma_tui.ids import new_id
from hikma_tui.models import (
    BY_TABLE,
    OWN_COLUMNS,
    SYNCED,
    Conflict,
    Deletion,
    DispensingRecord,
    Draft,
    OpenVisit,
    Synced,
    connection,
    dicts,
    live,
    wire_columns,
)

FROM = "copiedFrom"  # in the metadata of the root: which record it was, when and by whom

_ROOTS = frozenset({"patients", "visits", "events", "prescriptions", "prescription_items"})


def copy(save: Save, root: type[Synced], row: Mapping[str, Any], number: int) -> str:
    """Copy a live row and what hangs on it; the old rows get the tombstone ``number``. The new id.

    What hung on it and does not go with it (a deleted visit leaves its vitals) hangs on the copy.
    """
    going = [
        (model, row_id)
        for model, row_id in _subtree(root, row["id"])
        if model is not DispensingRecord
    ]
    ids = {(model._meta.table_name, row_id): new_id(save.now) for model, row_id in going}
    for model in SYNCED:  # parents first
        for one, row_id in going:
            if one is model:
                _copy_row(save, model, live_row(model, row_id), ids, is_root=row_id == row["id"])
    _lead_to_copy(save, ids)
    bury(save, going, number)
    _take_drafts(ids)
    return ids[root._meta.table_name, row["id"]]


def _copy_row(
    save: Save,
    model: type[Synced],
    row: Mapping[str, Any],
    ids: Mapping[tuple[str, str], str],
    *,
    is_root: bool,
) -> None:
    table = model._meta.table_name
    values = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
    values |= _led(model, row, ids)
    values |= {
        "id": ids[table, row["id"]], "updated_at": save.now, "last_modified": None,
        "server_created_at": None, "is_deleted": False, "deleted_at": None,
    }  # fmt: skip
    if is_root:
        actor = save.actor
        note = {
            "table": table, "id": row["id"], "at": moment_text(save.now), "by": actor.user_id,
            "byName": actor.user_name,
        }  # fmt: skip
        values["metadata"] = {**mapping(row["metadata"]), FROM: note}
    save.insert(model, {n: v for n, v in values.items() if n in model._meta.fields})


def _led(
    model: type[Synced], row: Mapping[str, Any], ids: Mapping[tuple[str, str], str]
) -> dict[str, str]:
    """The columns of a row that point to something copied, pointing to the copy."""
    return {
        name: ids[field.table, row[name]]
        for name, field in wire_columns(model).items()
        if isinstance(field, Uuid) and (field.table, row[name]) in ids
    }


def _lead_to_copy(save: Save, ids: Mapping[tuple[str, str], str]) -> None:
    """Live rows that stay and point to something copied point to the copy from now on."""
    old: dict[str, list[str]] = {}
    for table, row_id in ids:
        old.setdefault(table, []).append(row_id)
    for model in BY_TABLE.values():
        for name, field in wire_columns(model).items():
            if not isinstance(field, Uuid) or field.table not in old or field.table not in _ROOTS:
                continue
            rows = live(model)
            where = getattr(rows, name).in_(old[field.table])
            for row in dicts(rows.select().where(where)):
                if (model._meta.table_name, row["id"]) not in ids:
                    save.update(model, row["id"], _led(model, row, ids))


def bury(save: Save, going: Iterable[tuple[type[Synced], str]], number: int) -> None:
    """Tombstones of rows that are gone on the server: agreed, nothing of them is sent."""
    counts: dict[str, int] = {}
    for model, row_id in going:
        table = model._meta.table_name
        row = live_row(model, row_id)
        save.bury(model, [row], number)
        model.update({model.change_seq: 0}).where(model.id == row_id).execute()
        connection().execute(
            "DELETE FROM peer_rows WHERE table_name = ? AND row_id = ?", (table, row_id)
        )
        Conflict.update(resolved_at=save.now, choice={"itself": "deleted"}).where(
            Conflict.table_name == table,
            Conflict.row_id == row_id,
            Conflict.resolved_at.is_null(),
        ).execute()
        counts[table] = counts.get(table, 0) + 1
    Deletion.update(counts=counts).where(Deletion.pk == number).execute()


def _take_drafts(ids: Mapping[tuple[str, str], str]) -> None:
    """What is being written about the old ids is about the new ones; open visits stay open."""
    for (table, old), new in ids.items():
        if table not in ("patients", "visits", "events"):
            continue
        for draft in Draft.select().where(Draft.place.contains(old)):
            draft.place = str(draft.place).replace(old, new)
            if draft.patient_id == old:
                draft.patient_id = new
            draft.save()
        if table == "visits":
            OpenVisit.update(visit_id=new).where(OpenVisit.visit_id == old).execute()
