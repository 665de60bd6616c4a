"""The next visit that a note asks for: the date answered to "Next visit" in a form of ours.

Only looks. A phone's appointment has a table of its own (``glance.appointments``); a nurse who has
no appointments writes the day into the note, and it must not be overlooked there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from hikma_tui.clinic import info
from hikma_tui.days import as_date, day_of_moment
from hikma_tui.forms.data import items_of
from hikma_tui.models import connection

FIELDS = frozenset(
    ("vEyIeg6Pv0JE0f_lCFZ_Q", "t0dqbVp6rKbbosz2KZX24", "rfxcthJUB8qPepNRcmUVM",
     "ndGHEH34YAY6y1wf-DrzL")
)  # fmt: skip
"""The ids of "Next visit" in the forms that a clinic begins with (data/event_forms.json)."""

_NOTES = 40  # newest notes that are looked at
_NEWEST = (
    "SELECT event_type, form_data FROM live_events WHERE patient_id = ?"
    " ORDER BY created_at DESC, pk DESC LIMIT ?"
)


@dataclass(frozen=True)
class Asked:
    """A day on which the patient was asked to come again, and the form that says so."""

    day: date
    form: str


def asked_for(patient_id: str) -> Asked | None:
    """What the newest note with such an answer asks for, when that is today or still to come."""
    for name, text in connection().execute(_NEWEST, (patient_id, _NOTES)):
        if not isinstance(text, str) or not any(one in text for one in FIELDS):
            continue
        for item in items_of(text):
            if item.get("fieldId") in FIELDS and isinstance(item.get("value"), str):
                day = as_date(day_of_moment(str(item["value"]), info.zone_in_force()))
                if day is not None:
                    return Asked(day, name or "") if day >= info.today() else None
    return None
