"""Whose turn it is: which part a patient plays in the demo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hikma_tui.demo.people import Person
from hikma_tui.demo.rows import Deleted


@dataclass(frozen=True)
class Turn:
    """What is particular about the patient whose turn it is."""

    number: int  # counted over all patients, deleted ones too; the card's number
    deleted: bool = False
    whole: bool = False  # one of everything, and one deleted of everything
    today: bool = False
    opened: bool = False  # today's visit is not over yet
    many: bool = False  # hundreds of visits


@dataclass(frozen=True)
class Chart:
    """The patient whose rows are being made."""

    patient_id: str
    clinic: str
    person: Person
    registered: int
    deleted: Deleted | None
    turn: Turn


def deleted_beside(patients: int) -> int:
    """How many deleted patients there are beside so many live ones."""
    return max(3, round(patients / 50))


def turns(patients: int) -> Iterator[Turn]:
    """Who comes: exactly ``patients`` live ones, deleted ones evenly among them."""
    deleted = deleted_beside(patients)
    total = patients + deleted
    seen_today = _evenly(patients, min(max(5, patients // 8), 60, patients), 0)
    often = _evenly(patients, min(max(2, patients // 5000), 20, patients // 10), 2)
    live = 0
    for number in range(total):
        if (number + 1) * deleted // total != number * deleted // total:
            yield Turn(number, deleted=True)
            continue
        nth = seen_today.get(live)
        yield Turn(
            number, whole=live == 0, today=nth is not None, opened=nth in (1, 2, 3),
            many=live in often,
        )  # fmt: skip
        live += 1


def _evenly(patients: int, chosen: int, start: int) -> dict[int, int]:
    """``chosen`` of the patients by their number, each with its place among the chosen."""
    step = patients // chosen if chosen else 0
    return {start + step * nth: nth for nth in range(chosen)}
