"""Deceased or moved away, as ``patients.metadata`` says it (``status`` writes it). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DECEASED, MOVED = "deceased", "moved_away"


@dataclass(frozen=True)
class Fate:
    """Deceased or moved away: ``day`` as said (a day, a month, a year or ""), and the words."""

    day: str
    text: str  # the cause, or the place


@dataclass(frozen=True)
class Status:
    """What ``patients.metadata`` says of a patient."""

    deceased: Fate | None = None
    moved: Fate | None = None


HERE = Status()
"""Nothing is said: the patient is alive and here."""


def of_metadata(metadata: Any) -> Status:
    """The status that a patient's metadata holds; whatever is not ours is nothing."""
    known = metadata if isinstance(metadata, Mapping) else {}
    return Status(_fate(known.get(DECEASED), "cause"), _fate(known.get(MOVED), "where"))


def _fate(value: Any, name: str) -> Fate | None:
    if not isinstance(value, Mapping) or value.get("withdrawn"):
        return None
    return Fate(str(value.get("day") or ""), str(value.get(name) or ""))
