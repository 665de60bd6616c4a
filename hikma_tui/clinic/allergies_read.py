"""What is recorded of a patient's allergies: the reads, which every check of a medicine asks.

Recording and changing them is ``allergies``. Nothing here asks who may see the patient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import info
from hikma_tui.clinic.allergies_known import cause, is_allergy, is_none_known, is_ours
from hikma_tui.clinic.problem_days import kept_metadata, shown_day
from hikma_tui.clinic.problem_rows import rows_of
from hikma_tui.clock import day_of


@dataclass(frozen=True)
class Allergies:
    """What is known of a patient's allergies; "not asked" and "none" are two things."""

    items: tuple[str, ...] = ()  # "penicillin (rash)", the newest last
    none_known: str = ""  # the day on which somebody asked and there was none: "YYYY-MM-DD"

    @property
    def asked(self) -> bool:
        """Whether anybody has asked."""
        return bool(self.items or self.none_known)


@dataclass(frozen=True)
class Allergy:
    """One line of the list of allergies."""

    id: str
    substance: str
    reaction: str
    severity: str  # a key of ``SEVERITIES``
    certainty: str
    medicine_class: str  # as ``medicines.class_of`` names it, or ""
    label: str  # as stored
    counts: bool  # False: refuted or resolved, shown as such and warned of nowhere
    status: str
    as_written: bool  # by another client, in its own way
    day: str  # when it was recorded
    reason: str  # why it was refuted, if that was said

    @property
    def words(self) -> str:
        """``penicillin (rash)``."""
        return f"{self.substance} ({self.reaction})" if self.reaction else self.substance


@dataclass(frozen=True)
class Substance:
    """What a patient does not tolerate, for the check of a medicine."""

    name: str
    medicine_class: str
    words: str


def counts(row: dict[str, Any]) -> bool:
    """Whether anybody is warned of it: neither resolved nor refuted."""
    return not (row["clinical_status"] == "resolved" or row["verification_status"] == "refuted")


def allergy_of(row: dict[str, Any]) -> Allergy:
    """A stored row as a line of the list, whoever wrote it."""
    metadata = kept_metadata(row["metadata"])
    about = metadata.get("allergy")
    about = about if isinstance(about, dict) else {}
    ours = is_ours(row)
    named, reaction = cause(row["problem_label"])
    if ours:
        named = str(about.get("substance") or named)
        reaction = str(about.get("reaction") or "")
    history = metadata.get("history")
    notes = [one for one in history if isinstance(one, dict)] if isinstance(history, list) else []
    created = row["created_at"]
    return Allergy(
        row["id"], named, reaction, str(about.get("severity") or ""),
        row["verification_status"], str(about.get("class") or "") or classes_of(named),
        row["problem_label"], counts(row), row["clinical_status"], not ours,
        "" if created is None else day_of(created, info.zone()).isoformat(),
        str(notes[-1].get("reason") or "") if notes else "",
    )  # fmt: skip


def classes_of(name: str) -> str:
    """The keys of its classes, ``penicillins, nsaids``; "" for what belongs to none."""
    from hikma_tui import medicines  # the table of classes is read only where it is needed

    return ", ".join(medicines.class_of(name))


def rows(patient_id: str) -> list[dict[str, Any]]:
    """The allergies and the "none known" of a patient, the oldest first."""
    found = [row for row in rows_of(patient_id) if is_allergy(row)]
    return sorted(found, key=lambda row: (row["created_at"] or 0, row["pk"]))


def read(found: list[dict[str, Any]]) -> list[Allergy]:
    """The allergies among ``rows``, without what says that none is known."""
    return [allergy_of(row) for row in found if not is_none_known(row)]


def _none_known_day(row: dict[str, Any]) -> str:
    created = row["created_at"]
    day = shown_day(row, "onset")
    return day or ("" if created is None else day_of(created, info.zone()).isoformat())


def of(patient_id: str) -> Allergies:
    """What is known, for the card. For any thread: reads views only. Allergies beat "none known",
    which two clients can both have recorded.
    """
    known = rows(patient_id)
    items = tuple(one.words for one in read(known) if one.counts)
    days = [_none_known_day(row) for row in known if is_none_known(row) and counts(row)]
    return Allergies(items, "" if items else max(days, default=""))


def substances(patient_id: str) -> list[Substance]:
    """What counts against a medicine, each with its class. For any thread."""
    return [
        Substance(one.substance, one.medicine_class, one.words)
        for one in read(rows(patient_id))
        if one.counts
    ]
