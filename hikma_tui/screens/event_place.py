"""Where the draft of a form that is being filled is kept, and which visit it will belong to.

A place is ``event:<patient>:<form>:<day>:<which>``. ``which`` is the event that is changed, or for
new answers ``-`` (the day's first visit), ``#2`` (its second) or ``@<visit>`` (another clinic's).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hikma_tui.clinic import visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.drafts import Hold

FIRST = "-"
_NTH, THIS = "#", "@"


def of(patient_id: str, form_id: str, day: date, which: str) -> str:
    """The place."""
    return f"event:{patient_id}:{form_id}:{day.isoformat()}:{which}"


@dataclass(frozen=True)
class BegunLine:
    """The draft of a one-line entry that a screen goes on with."""

    hold: Hold
    line: str
    reasons: dict[str, str]


def of_line(patient_id: str, day: date, which: str) -> str:
    """The place of a one-line entry."""
    return f"quick:{patient_id}:{day.isoformat()}:{which}"


def is_which(text: str) -> bool:
    """Whether this last part of a place stands for new answers, not for an event's id."""
    return text[:1] in (FIRST, _NTH, THIS)


def which_of(visit_ids: Sequence[str], visit_id: str | None, *, another: bool) -> str:
    """The last part for a visit of the day, whose visits are ``visit_ids``, oldest first."""
    if another:
        return _nth(len(visit_ids) + 1)
    if visit_id is None:
        return FIRST
    if visit_id in visit_ids:
        return _nth(visit_ids.index(visit_id) + 1)
    return THIS + visit_id


def _nth(number: int) -> str:
    return FIRST if number == 1 else f"{_NTH}{number}"


def visit_of(actor: Actor, patient_id: str, day: date, which: str) -> tuple[str | None, bool]:
    """The visit that ``which`` stands for, if it is there; and whether another one must begin."""
    if which.startswith(THIS):
        return which.removeprefix(THIS), False
    digits = which.removeprefix(_NTH)
    number = int(digits) if digits.isdecimal() else 1
    found = visits.visits_of_day(patient_id, actor.clinic_id, day)
    if len(found) >= number:
        return found[number - 1]["id"], False
    return None, bool(found)
