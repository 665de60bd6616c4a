"""Where tokens are written: the tables and their texts, in python form and on the wire."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Any

from tests.sync.ledger import Key, tokens_in

TABLES = (
    "patients", "patient_additional_attributes", "visits", "events", "patient_vitals",
    "patient_problems", "appointments", "prescriptions", "prescription_items",
    "dispensing_records",
)  # fmt: skip
OLDER = (*TABLES[:4], "prescriptions")
"""What the older server takes; of the rest it has nothing, or makes something else (Part B)."""

# The text of each table that is written to.
TEXT = {
    "patients": ("hometown", "camp"),
    "patient_additional_attributes": ("string_value",),
    "visits": ("provider_name",),
    "events": ("answer-a", "answer-b"),
    "patient_vitals": ("bp_position",),
    "patient_problems": ("problem_label",),
    "appointments": ("notes", "reason"),
    "prescriptions": ("notes",),
    "prescription_items": ("dosage_instructions", "notes"),
    "dispensing_records": ("dosage_instructions",),
}
ANSWERS = ("answer-a", "answer-b")


def value_of(row: dict[str, Any], place: str) -> Any:
    """What stands at a place of a row (python or wire form)."""
    if place not in ANSWERS:
        return row.get(place)
    for answer in row.get("form_data") or []:
        if isinstance(answer, dict) and answer.get("fieldId") == place:
            return answer.get("value")
    return None


def with_value(row: dict[str, Any], place: str, token: str) -> dict[str, Any]:
    """The columns to save so that ``token`` stands at a place."""
    if place not in ANSWERS:
        return {place: token}
    answers = [a for a in row.get("form_data") or [] if a.get("fieldId") != place]
    return {"form_data": [*answers, answer(place, token)]}


def answer(place: str, token: str) -> dict[str, Any]:
    """One answer of a note, a free text."""
    return {"fieldId": place, "name": place, "fieldType": "free-text", "inputType": "text",
            "value": token}  # fmt: skip


def name_of(table: str, row: dict[str, Any]) -> str:
    """What a row is one by: its id, but of an attribute its pair (wire.md A5)."""
    if table == "patient_additional_attributes":
        return f"{row['patient_id']}:{row['attribute_id']}"
    return str(row["id"])


def written(table: str, rows: Iterable[dict[str, Any]]) -> set[tuple[Key, str]]:
    """All tokens that stand in some rows."""
    return {
        ((table, name_of(table, row), place), token)
        for row in rows
        for place in TEXT[table]
        for token in tokens_in(value_of(row, place))
    }


def one_of(rows: Sequence[dict[str, Any]], dice: random.Random) -> dict[str, Any]:
    """A row; mostly one of a few, the same ones everywhere, so that people meet."""
    if dice.random() < 0.65:
        return dice.choice(sorted(rows, key=lambda row: str(row["id"]))[:3])
    return dice.choice(rows)
