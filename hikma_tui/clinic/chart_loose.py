"""What hangs on no live visit of its patient: entered alone, or left by a visit that is gone.

Another client may write a note, vitals, a prescription or an appointment without a visit, or under
one that never came. They are records like any other and stand on the time line by their own day.
"""

from __future__ import annotations

from typing import Any

from peewee import fn

from hikma_tui.models import (
    Appointment,
    Event,
    Prescription,
    Synced,
    Visit,
    Vitals,
    dicts,
    live,
)

MOST = 1000  # of each kind that a time line shows at once; it says so when there are more

# (table, the column that names its visit, the columns that say when it was: the first that does)
_KINDS: tuple[tuple[type[Synced], str, tuple[str, ...]], ...] = (
    (Vitals, "visit_id", ("timestamp",)),
    (Event, "visit_id", ("created_at",)),
    (Prescription, "visit_id", ("prescribed_at", "created_at")),
    (Appointment, "current_visit_id", ("created_at", "timestamp")),
)


def loose(
    patient_id: str, start: int | None = None, end: int | None = None
) -> list[tuple[str, int | None, dict[str, Any]]]:
    """Table, moment (ms) and columns of each such record, from ``start`` on and before ``end``;
    the newest of each kind first. What has no moment comes where neither limit is given.
    """
    found: list[tuple[str, int | None, dict[str, Any]]] = []
    for kind in _KINDS:
        found += _of_kind(kind, patient_id, start, end)
    return found


def loose_vitals(patient_id: str, start: int, end: int) -> list[dict[str, Any]]:
    """The sets of vitals among them that were measured in that time."""
    return [row for _table, _moment, row in _of_kind(_KINDS[0], patient_id, start, end)]


def _of_kind(
    kind: tuple[type[Synced], str, tuple[str, ...]],
    patient_id: str,
    start: int | None,
    end: int | None,
) -> list[tuple[str, int | None, dict[str, Any]]]:
    table, column, moments = kind
    model, visits = live(table), live(Visit)
    fields = model._meta.fields
    told = [fields[name] for name in moments]
    moment = fn.COALESCE(*told) if len(told) > 1 else told[0]
    place = fields[column]
    hangs = visits.select(visits.pk).where(
        (visits.id == place) & (visits.patient_id == fields["patient_id"])
    )
    where = (fields["patient_id"] == patient_id) & (place.is_null() | ~fn.EXISTS(hangs))
    if start is not None:
        where &= moment >= start
    if end is not None:
        where &= moment < end
    rows = dicts(model.select().where(where).order_by(moment.desc(), model.pk.desc()).limit(MOST))
    name = str(table._meta.table_name)
    return [
        (name, next((row[m] for m in moments if row[m] is not None), None), row) for row in rows
    ]
