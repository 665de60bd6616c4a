"""Visits and what is recorded in them: events, which are filled forms.

A visit row is made with the first thing recorded in it (features.md 1.7). What is entered for a
day joins the patient's visit of that day at that clinic; another one is a choice (decisions.md 18).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui import forms, tables_rows
from hikma_tui.clinic import addenda, info, merging, prescribing
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.records import (
    checked,
    patient_row,
    refuse_existing,
    require_columns,
    require_parents,
)
from hikma_tui.clinic.saving import Save, live_row, one_save
from hikma_tui.clock import day_bounds, day_of, noon_of
from hikma_tui.columns import moment_text
from hikma_tui.i18n import _
from hikma_tui.models import Event, EventForm, OpenVisit, Patient, Visit, connection, dicts, live


@dataclass(frozen=True)
class Recorded:
    """What a save of answers made."""

    event_id: str
    visit_id: str
    new_visit: bool


def _check_in(day: date) -> int:
    """Now for today, local noon for a past day; a future day is refused."""
    today = info.today()
    if day > today:
        raise Invalid("check_in_timestamp", _("A visit can't be in the future."))
    return info.now_ms() if day == today else noon_of(day, info.zone())


def visits_of_day(patient_id: str, clinic_id: str | None, day: date) -> list[dict[str, Any]]:
    """The patient's live visits at that clinic on that day, oldest first."""
    start, end = day_bounds(day, info.zone())
    return tables_rows.read(
        live(Visit),
        "WHERE patient_id = ? AND check_in_timestamp >= ? AND check_in_timestamp < ?"
        " AND clinic_id IS ? ORDER BY check_in_timestamp, pk",
        (patient_id, start, end, clinic_id),
    )


def event_forms(actor: Actor) -> list[dict[str, Any]]:
    """The forms that can be filled at the actor's clinic, oldest first.

    Not by name as upstream (features.md 1.7): a form keeps its digit when another one comes.
    """
    rows = tables_rows.read(live(EventForm), "ORDER BY created_at, pk")
    return [row for row in rows if _usable_at(row["clinic_ids"], actor.clinic_id)]


def _usable_at(clinic_ids: Any, clinic_id: str | None) -> bool:
    return not clinic_ids or not isinstance(clinic_ids, list) or clinic_id in clinic_ids


def event_form(form_id: str) -> dict[str, Any] | None:
    """The live form of that id, if it is still there."""
    return next(iter(tables_rows.read(live(EventForm), "WHERE id = ?", (form_id,))), None)


def _refuse_before_birth(patient: Mapping[str, Any], moment: int) -> None:
    """A visit before an exactly known birth is a slip of the date. Estimated births say nothing."""
    birth = patient["date_of_birth"] or ""
    estimated = _mapping(patient["metadata"]).get("birth_date_estimated")
    if birth and not estimated and day_of(moment, info.zone()).isoformat() < birth:
        raise Invalid(
            "check_in_timestamp",
            _("This patient was born on {day}: a visit can't be before it.").format(day=birth),
        )


def create_visit(actor: Actor, row: Mapping[str, Any]) -> str:
    """Add a visit from wire values. Returns its id. Invalid, NotAllowed, NotFound."""
    values = checked(Visit, row)
    patient = patient_row(actor, str(values.get("patient_id") or ""))
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"] or values.get("clinic_id"))
    refuse_existing(Visit, values.get("id"))
    if values.get("check_in_timestamp") is None:
        values["check_in_timestamp"] = info.now_ms()
    if day_of(values["check_in_timestamp"], info.zone()) > info.today():
        raise Invalid("check_in_timestamp", _("A visit can't be in the future."))
    _refuse_before_birth(patient, values["check_in_timestamp"])
    values.setdefault("clinic_id", actor.clinic_id)
    if "provider_id" not in values and "provider_name" not in values:
        values |= {"provider_id": actor.user_id, "provider_name": actor.user_name}
    with Save(actor) as save:
        visit_id = save.insert(Visit, values)
        if day_of(values["check_in_timestamp"], info.zone()) == info.today():
            _open(actor, visit_id)
    return visit_id


def _open(actor: Actor, visit_id: str) -> None:
    connection().execute(
        "INSERT OR IGNORE INTO open_visits (visit_id, user_id, opened_at) VALUES (?, ?, ?)",
        (visit_id, actor.user_id, info.now_ms()),
    )


def finish(actor: Actor, visit_id: str) -> None:
    """Say that a visit is over: it leaves the list of open visits. Nothing of it travels."""
    visit = live_row(Visit, visit_id)
    patient_row(actor, visit["patient_id"])
    OpenVisit.delete().where(OpenVisit.visit_id == visit_id).execute()


def update_visit(actor: Actor, row: Mapping[str, Any]) -> str:
    """Change the given columns of a visit. Returns its id."""
    values = checked(Visit, row)
    visit_id = str(values.pop("id", "") or "")
    old = live_row(Visit, visit_id)
    patient = patient_row(actor, old["patient_id"])
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"] or old["clinic_id"])
    require_parents(Visit, values)
    _refuse_moving(old, values)
    moment = values.get("check_in_timestamp")
    if moment is not None and day_of(moment, info.zone()) > info.today():
        raise Invalid("check_in_timestamp", _("A visit can't be in the future."))
    if moment is not None and moment != old["check_in_timestamp"]:
        _refuse_before_birth(patient, moment)
    with Save(actor) as save:
        save.update(Visit, visit_id, values)
    return visit_id


def _refuse_moving(old: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """A row that changed its patient or visit by itself would leave what hangs on it behind."""
    for name in ("patient_id", "visit_id"):
        if name in values and values[name] != old.get(name):
            raise Invalid(
                name, _("{column} of a saved record can't be changed.").format(column=name)
            )


@one_save
def record(
    actor: Actor,
    patient_id: str,
    form_id: str,
    day: date,
    answers: forms.Answers,
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
) -> Recorded:
    """Save a filled form for a day: into ``visit_id``, else the day's visit, else a new one.

    Raises Invalid naming the first field that lacks, NotAllowed, NotFound.
    """
    row = event_form(form_id)
    if row is None:
        raise Invalid("form_id", _("This form is not there any more. What you typed is kept."))
    form = forms.event_form(row)
    _refuse_missing(form, answers)
    _refuse_wrong(form, answers)
    prescribing.refuse_allergies(actor, patient_id, form, {}, answers)
    return _add(
        actor,
        patient_id,
        day,
        {"form_id": form_id, "event_type": row["name"]},
        forms.event_data(form, answers, zone=info.zone_in_force()),
        visit_id,
        another_visit,
    )


def joined(
    actor: Actor,
    patient_id: str,
    day: date,
    *,
    visit_id: str | None = None,
    another_visit: bool = False,
) -> tuple[str, bool]:
    """The visit that what is entered for ``day`` goes into, and whether it was made now.

    ``visit_id`` where it is given, else the day's last visit, else a new one (decisions.md 18).
    Whatever is recorded in a visit (answers, vitals, problems) finds its place here.
    """
    if visit_id is not None:
        return visit_id, False
    found = [] if another_visit else visits_of_day(patient_id, actor.clinic_id, day)
    if found:
        return str(found[-1]["id"]), False
    row = {"patient_id": patient_id, "check_in_timestamp": _check_in(day)}
    return create_visit(actor, row), True


def _add(
    actor: Actor,
    patient_id: str,
    day: date,
    about: Mapping[str, Any],
    form_data: Sequence[Mapping[str, Any]],
    visit_id: str | None,
    another_visit: bool,
) -> Recorded:
    visit_id, new_visit = joined(
        actor, patient_id, day, visit_id=visit_id, another_visit=another_visit
    )
    values = {**about, "patient_id": patient_id, "visit_id": visit_id, "form_data": form_data}
    return Recorded(create_event(actor, values), visit_id, new_visit)


def create_event(actor: Actor, row: Mapping[str, Any]) -> str:
    """Add an event from wire values; its form's required fields are checked. Returns its id."""
    values = checked(Event, row)
    patient = patient_row(actor, str(values.get("patient_id") or ""))
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    refuse_existing(Event, values.get("id"))
    require_columns(Event, values)
    require_parents(Event, values)
    if not values.get("visit_id"):
        raise Invalid("visit_id", _("An event needs its visit."))
    visit = live_row(Visit, values["visit_id"])
    if visit["patient_id"] != patient["id"]:
        raise Invalid("visit_id", _("This visit belongs to another patient."))
    _check_form_data(values)
    if "recorded_by_user_id" not in values:
        values["recorded_by_user_id"] = actor.user_id
        provider = {"providerId": actor.user_id, "providerName": actor.user_name}
        values["metadata"] = {**provider, **_mapping(values.get("metadata"))}
    with Save(actor) as save:
        event_id = save.insert(Event, values)
        metadata = _mapping(visit["metadata"])
        added = moment_text(min(values.get("created_at") or save.now, save.now))
        if added > str(metadata.get("lastEventAddedTimestamp") or ""):  # not for what came later
            stamp = {"lastEventAddedTimestamp": added}
            save.update(Visit, visit["id"], {"metadata": {**metadata, **stamp}})
    return event_id


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def answers_in(form: forms.Form, form_data: Any) -> forms.Answers:
    """The answers to ``form`` that stored ``form_data`` holds, days read in the clinic's zone."""
    return forms.answers_of(form, form_data, zone=info.zone_in_force())[0]


def _check_form_data(values: dict[str, Any]) -> None:
    """Answers must be upstream's list; those of a form that is here must satisfy it."""
    if not isinstance(values.get("form_data", []), list):
        raise Invalid("form_data", _("The answers are not a list."))
    form_id = values.get("form_id")
    if not form_id:
        return
    row = event_form(form_id)
    if row is None:
        return  # of a form that was deleted, or of another system: kept as it came
    form = forms.event_form(row)
    answers = answers_in(form, values.get("form_data", []))
    _refuse_missing(form, answers)
    if not values.get("event_type"):
        values["event_type"] = row["name"]


def _refuse_missing(form: forms.Form, answers: forms.Answers) -> None:
    for field in forms.missing(form, answers):
        raise Invalid(field.id, _("{field} is required.").format(field=field.name))


def _refuse_wrong(form: forms.Form, answers: forms.Answers) -> None:
    today = info.today()
    for field in form.fields:
        sentence = _wrong(field, answers, today)
        if sentence:
            raise Invalid(field.id, f"{field.name}: {sentence}")


def _wrong(field: forms.Field, answers: forms.Answers, today: date) -> str:
    """What is wrong with one answer, in a sentence; nothing is guessed (decisions.md 13)."""
    if forms.needs_unit(field, answers):
        return _("choose the unit.")
    return forms.check(field, answers.get(field.id), today) or ""


def _require_edit(actor: Actor, event: Mapping[str, Any], clinic_id: str | None) -> None:
    require(actor, Flag.EDIT_RECORDS, clinic_id)
    author = event["recorded_by_user_id"] or _mapping(event["metadata"]).get("providerId")
    if author and author != actor.user_id:
        require(actor, Flag.EDIT_OTHER_PROVIDER_EVENT, clinic_id)
    form = event_form(event["form_id"]) if event["form_id"] else None
    if form is not None and form["is_editable"] is False:
        raise NotAllowed(_("Answers to this form can't be changed once they are saved."))


def may_edit(actor: Actor, event: Mapping[str, Any]) -> str:
    """Why the actor may not edit an event, in a sentence; empty when it is allowed.

    For the reader's thread: what is live is read through its view.
    """
    model = live(Patient)
    patients = dicts(model.select().where(model.id == event["patient_id"]))
    if not patients:
        return str(NotFound())
    try:
        _require_edit(actor, event, patients[0]["primary_clinic_id"])
    except NotAllowed as refusal:
        return str(refusal)
    return ""


def needs_reason(visit: Mapping[str, Any]) -> bool:
    """Whether changing what was recorded in this visit is a correction of an old one."""
    moment = visit["check_in_timestamp"]
    return moment is not None and day_of(moment, info.zone()) != info.today()


def edit(
    actor: Actor,
    event_id: str,
    answers: forms.Answers,
    reason: str = "",
    *,
    first: forms.Answers | None = None,
    of_patient: str | None = None,
) -> bool:
    """Save changed answers of an event; provider and metadata stay, a correction is noted.

    ``reason`` is required for a visit of another day (decisions.md 18). ``first`` are the answers
    as they were read when the form was opened: only what differs from them is written, and the
    same answer changed by both raises ChangedMeanwhile. ``of_patient`` is in whose file it
    was opened: NotFound when it was moved since. Returns whether anything changed.
    """
    old = live_row(Event, event_id)
    addenda.refuse_moved(old, of_patient)
    row = event_form(old["form_id"]) if old["form_id"] else None
    if row is None:
        raise NotAllowed(_("The form of these answers is not there any more."))
    form = forms.event_form(row)
    previous = old["form_data"]
    before = answers_in(form, previous)
    if first is not None:
        answers = merging.merged(form, first, answers, before)
    _refuse_missing(form, answers)
    by_id = {field.id: field for field in form.fields}
    for field_id in merging.changed(form, before, answers):
        # a value that stood before may stand, whatever it is
        sentence = _wrong(by_id[field_id], answers, info.today())
        if sentence:
            raise Invalid(field_id, f"{by_id[field_id].name}: {sentence}")
    prescribing.refuse_allergies(actor, old["patient_id"], form, before, answers)
    data = forms.event_data(form, answers, previous, zone=info.zone_in_force())
    return _change_event(actor, old, {"form_data": data}, reason, ask_reason=True)


def update_event(actor: Actor, row: Mapping[str, Any]) -> str:
    """Change the given columns of an event from wire values. Returns its id."""
    values = checked(Event, row)
    event_id = str(values.pop("id", "") or "")
    old = live_row(Event, event_id)
    _refuse_moving(old, values)
    _check_form_data({**old, **values})
    _change_event(actor, old, values, "", ask_reason=False)
    return event_id


def _change_event(
    actor: Actor, old: dict[str, Any], values: dict[str, Any], reason: str, *, ask_reason: bool
) -> bool:
    patient = patient_row(actor, old["patient_id"])
    _require_edit(actor, old, patient["primary_clinic_id"])
    if all(old[name] == value for name, value in values.items()):
        return False
    if ask_reason and needs_reason({"check_in_timestamp": _moment_of(old)}):
        before = addenda.replaced(old["form_data"], values.get("form_data"))
        told = addenda.corrected(actor, old["metadata"], reason, before)
        values = {**values, "metadata": told}
    with Save(actor) as save:
        return save.update(Event, old["id"], values)


def _moment_of(event: Mapping[str, Any]) -> int | None:
    """When an event happened: its live visit's check-in, else when it was entered."""
    rows = live(Visit)
    found = dicts(rows.select().where(rows.id == event["visit_id"])) if event["visit_id"] else []
    moment: int | None = found[0]["check_in_timestamp"] if found else event["created_at"]
    return moment
