"""The rows of the problem list as they are stored, allergies among them."""

from __future__ import annotations

from typing import Any

from hikma_tui import tables_rows
from hikma_tui.models import Problem, live


def rows_of(patient_id: str) -> list[dict[str, Any]]:
    """Every live row of the table, allergies too, the newest change first (features.md 1.10)."""
    rest = "WHERE patient_id = ? ORDER BY updated_at DESC, pk DESC"
    return tables_rows.read(live(Problem), rest, (patient_id,))
