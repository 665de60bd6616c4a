"""All that was ever measured of a patient, by what was measured: for tables, plots and trends.

Entries of vital signs and answers to forms stand in one series, so that a trend does not depend on
where a number was entered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from hikma_tui import vitals
from hikma_tui.clinic import measures, patients
from hikma_tui.clinic import vitals as records
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.vitals import Entry
from hikma_tui.i18n import _
from hikma_tui.vitals.fields import decimal_of
from hikma_tui.vitals.measures import MEASURES, measure

_LIMIT = 500


@dataclass(frozen=True)
class Value:
    """One value. ``number`` is None for words and for what was not recordable."""

    day: date
    text: str
    number: Decimal | None
    mark: str
    source: str  # the form's name; empty for an entry of vital signs
    record_id: str  # of the entry, or of the event
    late: bool  # entered on a later day (decisions.md 18)
    at: int  # when it was entered, in ms: the order within a day
    one_unit: bool = True  # every value of this measure has the same unit


@dataclass(frozen=True)
class Measured:
    """Everything: the entries, and each series newest first, in the order in which they are read.

    ``units`` says in which unit a series is compared; a series of words has none. ``more`` says
    that there are older entries than these.
    """

    card: PatientCard
    entries: tuple[Entry, ...]
    series: Mapping[str, tuple[Value, ...]]
    units: Mapping[str, str]
    labels: Mapping[str, str]
    more: bool = False

    def trend(self, key: str) -> tuple[str, date | None]:
        """The direction of the newest number against the one before it, and of which day that is.

        Nothing when the newest could not be recorded.
        """
        found = self.series[key]
        numbers = [one for one in found if one.number is not None]
        if len(numbers) < 2 or found[0].number is None or not self.units.get(key):
            return "", None
        return _trend(key, numbers[0].number, numbers[1].number), numbers[1].day


def _trend(key: str, newest: Decimal | None, before: Decimal | None) -> str:
    if key in _SIGNS:
        return vitals.trend(key, newest, before)
    if newest is None or before is None:
        return ""
    if abs(newest - before) <= _SAME.get(key, Decimal(0)):
        return "steady"
    return "rising" if newest > before else "falling"


_SIGNS = frozenset(one.name for one in vitals.FIELDS)
# What measuring twice gives, in each measure's own unit.
_SAME = {
    "muac": Decimal(2), "head": Decimal("0.3"), "glucose": Decimal(10), "hba1c": Decimal("0.2"),
    "haemoglobin": Decimal("0.3"), "fundal_height": Decimal("0.5"), "fetal_heart": Decimal(9),
}  # fmt: skip


def measured(actor: Actor, patient_id: str) -> Measured:
    """All that was measured of a live patient. NotFound, NotAllowed."""
    card = patients.card(actor, patient_id)
    entries = tuple(records.history(actor, patient_id, _LIMIT + 1))
    more, entries = len(entries) > _LIMIT, entries[:_LIMIT]
    points = measures.points(actor, patient_id)
    keys = list(dict.fromkeys([*(one.name for one in vitals.FIELDS), *(m.key for m in MEASURES)]))
    labels = {one.key: one.short for one in MEASURES} | {
        one.name: one.short for one in vitals.FIELDS
    }
    units = {one.key: one.unit for one in MEASURES} | {one.name: one.unit for one in vitals.FIELDS}
    series = {}
    for key in keys:
        found = [*_of_entries(key, entries), *_of_points(points.get(key, ()))]
        if found:
            found.sort(key=lambda one: (one.day, one.at), reverse=True)
            series[key] = tuple(found)
    return Measured(card, entries, series, units, labels, more)


def _of_entries(key: str, entries: tuple[Entry, ...]) -> list[Value]:
    found = []
    for entry in entries:
        value, at = entry.row.get(key), entry.row["created_at"] or 0
        if value not in (None, ""):
            mark = vitals.mark(key, value, entry.age_days)
            text = vitals.number(key, value)
            found.append(
                Value(entry.day, text, decimal_of(value), mark, "", entry.id, entry.late, at)
            )
        elif key in _missed(entry):
            found.append(
                Value(entry.day, _("not recordable"), None, "", "", entry.id, entry.late, at)
            )
    return found


def _missed(entry: Entry) -> tuple[str, ...]:
    metadata = entry.row.get("metadata")
    named = metadata.get("not_recordable") if isinstance(metadata, dict) else None
    return tuple(map(str, named)) if isinstance(named, list) else ()


def _of_points(points: Sequence[measures.Point]) -> list[Value]:
    return [
        Value(
            one.day,
            one.text,
            one.number,
            one.mark,
            one.source,
            one.event_id,
            one.late, one.at,
            _one_unit(one.key),
        )
        for one in points
    ]  # fmt: skip


def _one_unit(key: str) -> bool:
    return key in _SIGNS or not measure(key).factors
