"""Vital signs of a patient: recording, correcting, and reading them back (features.md 1.9).

An entry belongs to a visit (decisions.md 18). Values are kept digit for digit; what was typed in
another unit stands in ``metadata.entered``, what could not be measured in
``metadata.not_recordable``.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui import forms, tables_rows, vitals
from hikma_tui.clinic import info, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag, require, require_sight
from hikma_tui.clinic.records import checked, patient_row, require_columns, require_parents
from hikma_tui.clinic.saving import Save, live_row, one_save
from hikma_tui.clock import day_of, noon_of
from hikma_tui.columns import moment_text
from hikma_tui.i18n import _
from hikma_tui.models import Patient, User, Visit, Vitals, dicts, live

_PRESSURE = ("systolic_bp", "diastolic_bp")
_MASS = ("weight_kg", "height_cm")
TABLE = "patient_vitals"
COLUMNS = tuple(one.name for one in vitals.FIELDS if one.name not in ("bmi", "heart_rate"))
"""The columns that can be entered, besides ``bp_position``; the BMI is computed."""


@dataclass(frozen=True)
class Recorded:
    """What a save made."""

    vitals_id: str
    visit_id: str
    new_visit: bool


@dataclass(frozen=True)
class Entry:
    """One stored entry. ``row`` has all its columns; ``age_days`` is the patient's age then."""

    id: str
    visit_id: str | None
    day: date
    moment: int
    age_days: int | None
    row: Mapping[str, Any]
    provider: str
    late: bool  # entered on a later day (decisions.md 18)
    corrected: bool

    @property
    def pieces(self) -> list[vitals.Piece]:
        """Its signs in words, marked by the age then."""
        return vitals.words(self.row, self.age_days)


@dataclass(frozen=True)
class Latest:
    """The newest value of one sign, and how it stands to the one before it."""

    piece: vitals.Piece
    day: date
    trend: str  # "rising", "steady", "falling", or "" where there is nothing before it
    before: date | None  # the day of the value that it is compared with


@one_save
def record(
    actor: Actor,
    patient_id: str,
    day: date,
    values: Mapping[str, object],
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
    not_recordable: Sequence[str] = (),
    entered: Mapping[str, str] | None = None,
) -> Recorded:
    """Save one entry of ``day``, in the stored units. ``entered`` is what was typed in others.

    Raises Invalid naming the first column that can't be, NotAllowed, NotFound.
    """
    patient = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    found = _values(values, not_recordable)
    if not any(value is not None for value in found.values()) and not not_recordable:
        raise Invalid("systolic_bp", _("Nothing was measured: there is nothing to save."))
    place, new_visit = visits.joined(
        actor, patient_id, day, visit_id=visit_id, another_visit=another_visit
    )
    visit = live_row(Visit, place)
    if visit["patient_id"] != patient_id:
        raise Invalid("visit_id", _("This visit belongs to another patient."))
    metadata: dict[str, Any] = {"providerId": actor.user_id, "providerName": actor.user_name}
    if not_recordable:
        metadata["not_recordable"] = list(not_recordable)
    if entered:
        metadata["entered"] = dict(entered)
    row = checked(
        Vitals,
        {
            **found, "patient_id": patient_id, "visit_id": place, "timestamp": _moment(visit, day),
            "recorded_by_user_id": actor.user_id, "metadata": metadata,
        },
    )  # fmt: skip
    require_columns(Vitals, row)
    require_parents(Vitals, row)
    with Save(actor) as save:
        return Recorded(save.insert(Vitals, row), place, new_visit)


def _moment(visit: Mapping[str, Any], day: date) -> int:
    """Now in a visit of today, else noon of the visit's day, so that no zone moves it."""
    check_in = visit["check_in_timestamp"]
    of_visit = day if check_in is None else day_of(check_in, info.zone())
    return info.now_ms() if of_visit == info.today() else noon_of(of_visit, info.zone())


def _values(
    values: Mapping[str, object],
    not_recordable: Sequence[str],
    old: Mapping[str, Any] | None = None,
) -> dict[str, object]:
    """The columns to write, checked; the BMI and the position that a pressure needs with them.

    What stands in ``old``, the entry that is corrected, may go on standing, whatever it is.
    """
    stands = old or {}
    found: dict[str, object] = {}
    for name, value in values.items():
        if name == "bp_position":
            continue
        if name not in COLUMNS:
            raise Invalid(name, _("There is no vital sign of that name: {name}").format(name=name))
        if value in (None, ""):
            found[name] = None
            continue
        if name in stands and str(stands[name]) == str(value):
            found[name] = stands[name]
            continue
        why = vitals.refusal(name, value)
        if why:
            raise Invalid(name, f"{vitals.field(name).label}: {why}")
        found[name] = forms.number_text(str(value))
    for name in not_recordable:
        if name not in COLUMNS:
            raise Invalid(name, _("There is no vital sign of that name: {name}").format(name=name))
        if found.get(name) is not None:
            raise Invalid(
                name,
                _("{field}: measured or not recordable, not both.").format(
                    field=vitals.field(name).label
                ),
            )
    if old is not None and all(found.get(name) == old[name] for name in _PRESSURE):
        found["bp_position"] = values.get("bp_position") or old["bp_position"]
    else:
        found["bp_position"] = _position(values, found)
    if old is not None and all(found.get(name) == old[name] for name in _MASS):
        found["bmi"] = old["bmi"]  # as it came: perhaps of a height that stands elsewhere
    else:
        found["bmi"] = vitals.bmi(found.get("weight_kg"), found.get("height_cm"))
    return found


def _position(values: Mapping[str, object], found: Mapping[str, object]) -> str | None:
    position = str(values.get("bp_position") or "")
    if all(found.get(name) is None for name in _PRESSURE):
        return None
    if not position:
        raise Invalid(
            "bp_position", _("Choose how the patient was: sitting, standing, lying, not known.")
        )
    return position


def _require_edit(actor: Actor, old: Mapping[str, Any], clinic_id: str | None) -> None:
    require(actor, Flag.EDIT_RECORDS, clinic_id)
    author = old["recorded_by_user_id"]
    if author and author != actor.user_id:
        require(actor, Flag.EDIT_OTHER_PROVIDER_EVENT, clinic_id)


def may_record(actor: Actor, patient_id: str) -> str:
    """Why the actor may not record vital signs, in a sentence; empty when it is allowed."""
    try:
        require(actor, Flag.EDIT_RECORDS, _patient(actor, patient_id)["primary_clinic_id"])
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def may_correct(actor: Actor, row: Mapping[str, Any]) -> str:
    """Why the actor may not correct an entry, in a sentence; empty when it is allowed."""
    model = live(Patient)
    found = dicts(model.select().where(model.id == row["patient_id"]))
    if not found:
        return str(NotFound())
    try:
        _require_edit(actor, row, found[0]["primary_clinic_id"])
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def needs_reason(row: Mapping[str, Any]) -> bool:
    """Whether changing this entry is a correction of another day's (decisions.md 18)."""
    return day_of(row["timestamp"], info.zone()) != info.today()


def correct(
    actor: Actor,
    vitals_id: str,
    values: Mapping[str, object],
    reason: str = "",
    *,
    not_recordable: Sequence[str] = (),
    entered: Mapping[str, str] | None = None,
    seen: int | None = None,
) -> bool:
    """Replace all that an entry says; author and moment stay. Returns whether anything changed.

    A change of another day's entry takes a reason, which is kept in ``metadata.corrections``.
    ``seen`` is the entry's ``updated_at`` as it was read: Refused when somebody changed it since.
    """
    old = live_row(Vitals, vitals_id)
    if seen is not None and old["updated_at"] != seen:
        raise Refused(_("Somebody changed this entry meanwhile. Leave, and look at it again."))
    patient = patient_row(actor, old["patient_id"])
    _require_edit(actor, old, patient["primary_clinic_id"])
    found = _values({**dict.fromkeys(COLUMNS), **values}, not_recordable, old)
    if all(found[name] is None for name in COLUMNS) and not not_recordable:
        raise Invalid("systolic_bp", _("Nothing is left of this entry: delete it instead."))
    changed = {name for name in COLUMNS if str(found[name]) != str(old[name])}
    metadata = _said_anew(_mapping(old["metadata"]), changed, not_recordable, entered or {})
    new = checked(Vitals, {**found, "metadata": metadata})
    if all(old[name] == value for name, value in new.items()):
        return False
    if needs_reason(old):
        if not reason.strip():
            raise Invalid("reason", _("A change to an old visit needs a reason."))
        note = {
            "at": moment_text(info.now_ms()), "by": actor.user_id,
            "byName": actor.user_name, "reason": reason.strip(),
            "before": {
                name: old[name]
                for name in found
                if old[name] not in (None, "") and old[name] != new[name]
            },
        }  # fmt: skip
        kept = metadata.get("corrections")  # another client may have written anything there
        metadata["corrections"] = [*(kept if isinstance(kept, list) else []), note]
    with Save(actor) as save:
        return save.update(Vitals, vitals_id, {**new, "metadata": metadata})


def _said_anew(
    metadata: dict[str, Any],
    changed: Container[str],
    not_recordable: Sequence[str],
    entered: Mapping[str, str],
) -> dict[str, Any]:
    """The metadata with what a correction says. What stands there of a sign that was not changed,
    or that is not entered here, stays.
    """
    was = metadata.get("not_recordable")
    others = [name for name in was if name not in COLUMNS] if isinstance(was, list) else []
    missed = [*not_recordable, *others]
    if set(map(str, missed)) != set(map(str, was if isinstance(was, list) else ())):
        metadata.pop("not_recordable", None)
        metadata |= {"not_recordable": missed} if missed else {}
    typed = _mapping(metadata.get("entered"))
    said = {name: text for name, text in typed.items() if name not in changed}
    said |= {name: text for name, text in entered.items() if name in changed}
    if said != typed:
        metadata.pop("entered", None)
        metadata |= {"entered": said} if said else {}
    return metadata


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def one(actor: Actor, vitals_id: str) -> Entry:
    """One live entry. NotFound, NotAllowed."""
    model = live(Vitals)
    found = dicts(model.select().where(model.id == vitals_id))
    if not found:
        raise NotFound()
    return _entries(found, _patient(actor, found[0]["patient_id"]))[0]


def history(actor: Actor, patient_id: str, limit: int = 200) -> list[Entry]:
    """The newest entries of a live patient, newest first. NotFound, NotAllowed."""
    patient = _patient(actor, patient_id)
    rest = 'WHERE patient_id = ? ORDER BY "timestamp" DESC, pk DESC LIMIT ?'
    return _entries(tables_rows.read(live(Vitals), rest, (patient_id, limit)), patient)


def of_visit(actor: Actor, visit_id: str) -> list[Entry]:
    """The live entries of one visit, oldest first. NotAllowed."""
    model = live(Vitals)
    rows = dicts(model.select().where(model.visit_id == visit_id).order_by(model.timestamp))
    return _entries(rows, _patient(actor, rows[0]["patient_id"])) if rows else []


def _patient(actor: Actor, patient_id: str) -> dict[str, Any]:
    found = tables_rows.read(live(Patient), "WHERE id = ?", (patient_id,))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    return found[0]


def _entries(rows: list[dict[str, Any]], patient: Mapping[str, Any]) -> list[Entry]:
    zone, users = info.zone(), live(User)
    names = {row["id"]: row["name"] for row in dicts(users.select(users.id, users.name))}
    entries = []
    for row in rows:
        day, metadata = day_of(row["timestamp"], zone), _mapping(row["metadata"])
        created = row["created_at"]
        named = metadata.get("providerName") or names.get(row["recorded_by_user_id"]) or ""
        entries.append(
            Entry(
                row["id"], row["visit_id"], day, row["timestamp"],
                vitals.age_days(patient["date_of_birth"], day), row, str(named),
                created is not None and day_of(created, zone) > day,
                bool(metadata.get("corrections")),
            )
        )  # fmt: skip
    return entries


def latest(actor: Actor, patient_id: str, limit: int = 50) -> list[Latest]:
    """The newest value of each sign, in the order of the fields, each with its day and trend.

    A sign that could not be measured last says so; it is not compared with anything.
    """
    return latest_of(history(actor, patient_id, limit))


def latest_of(entries: Sequence[Entry]) -> list[Latest]:
    """``latest`` from entries that were read already, newest first."""
    found: dict[str, Latest] = {}
    for at, entry in enumerate(entries):
        for piece in entry.pieces:
            if piece.name not in found:
                found[piece.name] = _latest(piece, entry, entries[at + 1 :])
    order = [one.name for one in vitals.FIELDS]
    return sorted(found.values(), key=lambda one: order.index(one.piece.name))


def _latest(piece: vitals.Piece, entry: Entry, older: Sequence[Entry]) -> Latest:
    value = entry.row.get(piece.name)
    before = next((one for one in older if one.row.get(piece.name) is not None), None)
    if value is None or before is None:
        return Latest(piece, entry.day, "", None)
    trend = vitals.trend(piece.name, value, before.row[piece.name])
    return Latest(piece, entry.day, trend, before.day)
