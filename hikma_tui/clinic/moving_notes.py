"""What charts say of records that were moved between patients (decisions.md 19).

``metadata.movedFrom`` stands on what came, ``metadata.movedOut`` (a list) on the visit that it
left, or on the patient. Read here, written by ``moving``; this part is light enough for lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FROM, OUT = "movedFrom", "movedOut"


@dataclass(frozen=True)
class Note:
    """That something came from another patient, or went to one."""

    at: str  # the moment of the move, ISO
    by: str  # who moved it, by name
    reason: str
    table: str = ""  # of what went away
    what: str = ""  # the form's name, where it was a note
    day: str = ""  # the day it was recorded for, "YYYY-MM-DD"
    name: str = ""  # of the patient it came from


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object, or nothing where something else stands."""
    return dict(value) if isinstance(value, Mapping) else {}


def came_from(metadata: Any) -> Note | None:
    """Where a row came from, if it was moved here."""
    found = mapping(metadata).get(FROM)
    return _note(found) if isinstance(found, Mapping) else None


def went_away(metadata: Any) -> tuple[Note, ...]:
    """What was moved away from a visit or a patient, oldest first."""
    found = mapping(metadata).get(OUT)
    listed = found if isinstance(found, list) else []
    return tuple(_note(one) for one in listed if isinstance(one, Mapping))


def _note(row: Mapping[str, Any]) -> Note:
    texts = {name: str(row.get(name) or "") for name in ("at", "reason", "table", "what", "day")}
    return Note(by=str(row.get("byName") or ""), name=str(row.get("name") or ""), **texts)
