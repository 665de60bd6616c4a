"""Whose rows wait for a choice: charts with an open question about a deletion (decisions.md 25)."""

from __future__ import annotations

import json

from hikma_tui.models import connection
from hikma_tui.syncing.shapes import Disagreement


def _held(table: str) -> set[str]:
    kinds = (str(Disagreement.DELETED_THERE), str(Disagreement.DELETED_HERE))
    found = connection().execute(
        "SELECT row_id FROM conflicts WHERE resolved_at IS NULL AND table_name = ?"
        f" AND (kind IN (?, ?) OR kind = ? AND row_id IN"
        f" (SELECT id FROM {table} WHERE tombstone IS NOT NULL))",
        (table, *kinds, str(Disagreement.SUGGESTION)),
    )
    return {row[0] for row in found}


def held_patients() -> set[str]:
    """Patients of whom nothing is sent: not the row, not what hangs on it, no deletion."""
    return _held("patients")


def held_visits() -> set[str]:
    """Visits of which nothing is sent, with what hangs on them."""
    return _held("visits")


def held_prescriptions() -> set[str]:
    """Prescriptions of which nothing is sent, with their items; those of held visits, too."""
    found = connection().execute(
        "SELECT p.id FROM json_each(?) j JOIN prescriptions p ON p.visit_id = j.value",
        (json.dumps(list(held_visits())),),
    )
    return _held("prescriptions") | {row[0] for row in found}


def held_deletions() -> set[int]:
    """The numbers of the deletions about which a question is open: nothing of them is sent, also
    not what was moved elsewhere meanwhile and hangs on another record by now.
    """
    found = connection().execute(
        "SELECT d.pk FROM deletions d JOIN conflicts c ON c.table_name = d.table_name"
        " AND c.row_id = d.row_id WHERE d.undone_at IS NULL AND c.resolved_at IS NULL"
        " AND c.kind IN (?, ?)",
        (str(Disagreement.DELETED_HERE), str(Disagreement.SUGGESTION)),
    )
    return {row[0] for row in found}
