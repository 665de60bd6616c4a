"""What the line of a visit asks the store while it is typed: diseases, and the last medicines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from hikma_tui import quick
from hikma_tui.clinic import diseases, medicines
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.diseases import Disease
from hikma_tui.clinic.medicines import CurrentMedicine

MOST_DISEASES = 8
"""Offered for a diagnosis: with "as free text" they are nine, which a digit can choose."""


@dataclass(frozen=True)
class Known:
    """By ``quick.asked_of``; ``given`` is the last set, None when it was not asked for.

    ``whole``: whether the list of diseases was ready, and not only the common ones were found.
    """

    diseases: dict[str, tuple[Disease, ...]]
    whole: bool
    given: tuple[CurrentMedicine, ...] | None


def look_up(actor: Actor, patient_id: str, day: date, keys: Sequence[str]) -> Known:
    """On a store's thread: all that is known under these keys. NotAllowed, NotFound."""
    whole = diseases.ready()  # asked before: what comes in between is asked again
    given = None
    if quick.REPEAT_KEY in keys:
        given = tuple(medicines.last_set(actor, patient_id, day))
    found = {key: _diseases(key) for key in keys if key != quick.REPEAT_KEY}
    for one in [one for several in found.values() for one in several]:
        found[quick.code_key(one.system, one.code)] = (one,)
    return Known(found, whole, given)


def _diseases(key: str) -> tuple[Disease, ...]:
    """The diseases for a text, or the one of a code (``quick.code_key``)."""
    if not key.startswith("\0"):
        return tuple(diseases.find(key, MOST_DISEASES))
    system, _colon, code = key[1:].partition(":")
    one = diseases.named(code, system)
    return (one,) if one else ()
