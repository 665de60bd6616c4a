"""Patients: registering, editing, the card that every screen of a patient shows, duplicates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from hikma_tui import search
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, SameGovernmentId
from hikma_tui.clinic.permissions import Flag, may_see, require
from hikma_tui.clinic.problem_days import kept_metadata
from hikma_tui.clinic.records import checked, patient_row, refuse_existing, require_patient
from hikma_tui.clinic.saving import Save
from hikma_tui.clinic.standing import HERE, Status, of_metadata
from hikma_tui.days import age_in_years, as_date
from hikma_tui.i18n import _
from hikma_tui.ids import as_uuid, is_uuid
from hikma_tui.models import (
    Patient,
    PatientAttribute,
    RegistrationForm,
    connection,
    dicts,
    live,
    wire_columns,
)
from hikma_tui.search import Draft
from hikma_tui.text import plain

if TYPE_CHECKING:
    from hikma_tui.clinic.allergies_read import Allergies
    from hikma_tui.clinic.measures import Pregnancy

_VALUE_COLUMNS = ("number_value", "string_value", "date_value", "boolean_value")

_PLACEHOLDERS = frozenset({"", "0", "00", "000", "0000", "-", "--", "none", "n/a", "na", "x", "?"})


@dataclass(frozen=True)
class PatientCard:
    """Who this is: what stands at the top of every screen of a patient (decisions.md 12)."""

    id: str
    given_name: str
    surname: str
    sex: str
    date_of_birth: str  # "YYYY-MM-DD" or ""
    birth_estimated: bool
    phone: str
    government_id: str
    external_patient_id: str
    camp: str
    hometown: str
    citizenship: str
    primary_clinic_id: str | None
    created_at: int | None
    updated_at: int | None
    allergies: Allergies | None = None  # None: not read (a line of a list)
    status: Status = HERE
    pregnancy: Pregnancy | None = None

    @property
    def name(self) -> str:
        """The name as it is written on lists; never empty in a record that was made here."""
        return " ".join(part for part in (self.given_name, self.surname) if part.strip())


@dataclass(frozen=True)
class Likeness:
    """A live patient who may be the one being registered."""

    patient_id: str
    label: str  # the name, or "A file exists at <clinic>" where permission hides it
    reasons: tuple[str, ...]
    hidden: bool
    same_government_id: bool


def _card(row: Mapping[str, Any]) -> PatientCard:
    text: dict[str, Any] = {
        name: row[name] or ""
        for name in (
            "given_name", "surname", "sex", "date_of_birth", "phone", "government_id",
            "external_patient_id", "camp", "hometown", "citizenship",
        )
    }  # fmt: skip
    metadata = kept_metadata(row["metadata"])
    return PatientCard(
        id=row["id"],
        birth_estimated=bool(metadata.get("birth_date_estimated")),
        primary_clinic_id=row["primary_clinic_id"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
        status=of_metadata(metadata),
        **text,
    )


def whole_card(row: Mapping[str, Any]) -> PatientCard:
    """The card of a live patient's row with what must stand on every screen: allergies, pregnancy.

    For the reader's thread; whether the actor may see the patient was asked before.
    """
    from hikma_tui.clinic import allergies_read, measures  # not for a line of a list

    found, today = _card(row), info.today()
    known = replace(found, allergies=allergies_read.of(row["id"]))
    if not _may_be_pregnant(found, today):
        return known
    return replace(known, pregnancy=measures.pregnancy_of(row["id"], today))


def _may_be_pregnant(found: PatientCard, today: date) -> bool:
    """Spares reading the answers of those of whom it need not be asked; an unknown sex may be."""
    born = as_date(found.date_of_birth)
    of_age = born is None or 9 <= age_in_years(born, today) <= 60
    return of_age and found.sex.strip().casefold() not in ("male", "m")


def card(actor: Actor, patient_id: str) -> PatientCard:
    """The card of a live patient whom the actor may see. NotFound, NotAllowed."""
    return whole_card(require_patient(actor, patient_id))


def for_editing(
    actor: Actor, patient_id: str
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """A live patient's columns, its attributes and its metadata, for the registration form."""
    row = require_patient(actor, patient_id)
    attributes = live(PatientAttribute)
    rows = dicts(attributes.select().where(attributes.patient_id == patient_id))
    metadata = kept_metadata(row["metadata"])
    return row, rows, metadata


def registration_form(actor: Actor) -> dict[str, Any]:
    """The form that drives registration; {} without any. A joined server's form for this clinic or
    for all goes before the local ones (decisions.md 28), else the clinic's own, else the oldest.
    """
    joined = connection().execute("SELECT 1 FROM peers LIMIT 1").fetchone() is not None

    def place(row: Mapping[str, Any]) -> int:
        own = row["clinic_id"] == actor.clinic_id
        of_server = row["change_seq"] == 0 or row["server_created_at"] is not None
        if joined and of_server and row["fields"] and (own or not row["clinic_id"]):
            return 0 if own else 1
        return 2 if own else 3

    model = live(RegistrationForm)
    rows = dicts(model.select().order_by(model.created_at, model.pk))
    return min(rows, key=place, default={})


def answered_attributes(patient_id: str) -> list[str]:
    """The ids of the registration's questions, beyond the columns, that the patient answered."""
    query = (
        "SELECT attribute_id FROM live_patient_additional_attributes WHERE patient_id = ? AND"
        " coalesce(number_value, string_value, date_value, boolean_value) IS NOT NULL ORDER BY pk"
    )
    return [row[0] for row in connection().execute(query, (patient_id,))]


clinics = info.clinics


def next_card_number() -> str:
    """The card number to offer a new patient: this machine's prefix and the next free number."""
    prefix, number = info.get("card_prefix", "A"), max(1, info.number("card_next"))
    while card_is_taken(f"{prefix}-{number:04d}"):
        number += 1
    return f"{prefix}-{number:04d}"


def card_is_taken(card_number: str) -> bool:
    """Whether a live patient has this number."""
    found = connection().execute(
        "SELECT 1 FROM live_patients WHERE external_patient_id = ?", (card_number,)
    )
    return found.fetchone() is not None


def register(
    actor: Actor,
    columns: Mapping[str, Any],
    attributes: Sequence[Mapping[str, Any]] = (),
    *,
    same_government_id_ok: bool = False,
) -> str:
    """Add a patient with its attributes. Returns the id, once the transaction is committed.

    ``columns`` are wire values of ``patients``; each attribute has ``attribute_id``, ``attribute``
    and a value column. Raises Invalid, NotAllowed, SameGovernmentId.
    """
    values = checked(Patient, columns)
    _foreign_id(columns, values)
    _require_name(values)
    _refuse_future_birth(values)
    clinic_id = values.get("primary_clinic_id")
    require(actor, Flag.REGISTER_PATIENTS, clinic_id)
    _require_clinic(clinic_id)
    refuse_existing(Patient, values.get("id"))
    if not same_government_id_ok:
        _refuse_same_government_id(actor, values.get("government_id"), "")
    with Save(actor) as save:
        by = values.get("last_modified_by") or actor.user_id
        patient_id = save.insert(Patient, {**values, "last_modified_by": by})
        for attribute in attributes:
            _put_attribute(save, patient_id, attribute)
    _count_card(values.get("external_patient_id"))
    return patient_id


def edit(
    actor: Actor,
    patient_id: str,
    columns: Mapping[str, Any],
    attributes: Sequence[Mapping[str, Any]] = (),
    *,
    same_government_id_ok: bool = False,
) -> bool:
    """Change the given columns and attributes; all others stay. Returns whether any differed."""
    old = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, old["primary_clinic_id"])
    values = checked(Patient, columns)
    values.pop("id", None)
    _require_name({**old, **values})
    if values.get("date_of_birth") != old["date_of_birth"]:
        _refuse_future_birth(values)
    clinic_id = values.get("primary_clinic_id")
    if clinic_id != old["primary_clinic_id"] and "primary_clinic_id" in values:
        require(actor, Flag.REGISTER_PATIENTS, clinic_id)
        _require_clinic(clinic_id)
    government_id = values.get("government_id")
    if not same_government_id_ok and government_id != old["government_id"]:
        _refuse_same_government_id(actor, government_id, patient_id)
    with Save(actor) as save:
        changed = save.update(Patient, patient_id, values)
        for attribute in attributes:
            changed |= _put_attribute(save, patient_id, attribute)
        if changed and old["last_modified_by"] != actor.user_id:
            save.update(Patient, patient_id, {"last_modified_by": actor.user_id})
    return changed


def put_attribute(actor: Actor, row: Mapping[str, Any]) -> str:
    """Set one attribute of a patient, by (patient, attribute). Returns its id (decisions.md 2)."""
    values = checked(PatientAttribute, row)
    old = patient_row(actor, str(values.get("patient_id") or ""))
    require(actor, Flag.EDIT_RECORDS, old["primary_clinic_id"])
    if not values.get("attribute_id"):
        raise Invalid("attribute_id", _("An attribute needs its attribute_id."))
    with Save(actor) as save:
        _put_attribute(save, old["id"], row)
        return str(_attribute_row(old["id"], values["attribute_id"])["id"])


def _put_attribute(save: Save, patient_id: str, row: Mapping[str, Any]) -> bool:
    """Insert, change or revive the one row of (patient, attribute).

    A row that was deleted comes back with what is given now and with nothing of what it held.
    """
    values = {**checked(PatientAttribute, row), "patient_id": patient_id}
    found = _attribute_row(patient_id, values["attribute_id"])
    if not found:
        save.insert(PatientAttribute, values)
        return True
    if found["tombstone"] is not None:
        save.raise_again(PatientAttribute, found)
        empty = dict.fromkeys(_VALUE_COLUMNS)
        save.update(PatientAttribute, found["id"], {**empty, "metadata": {}, "unknown": None})
        found = _attribute_row(patient_id, values["attribute_id"])
    values.pop("id", None)
    if isinstance(values.get("metadata"), dict) and isinstance(found["metadata"], dict):
        values["metadata"] = {**found["metadata"], **values["metadata"]}
    return save.update(PatientAttribute, found["id"], values)


def _attribute_row(patient_id: str, attribute_id: str) -> dict[str, Any]:
    model = PatientAttribute
    where = (model.patient_id == patient_id) & (model.attribute_id == attribute_id)
    return next(iter(dicts(model.select().where(where))), {})


def _foreign_id(columns: Mapping[str, Any], values: dict[str, Any]) -> None:
    """A foreign system's id becomes a UUIDv5; the original stays where staff can search it."""
    given = columns.get("id")
    if given in (None, ""):
        values.pop("id", None)
        return
    values["id"] = as_uuid("patients", str(given))
    if is_uuid(str(given).strip().lower()):
        return
    room = wire_columns(Patient)["external_patient_id"].limit
    if not values.get("external_patient_id") and len(str(given)) <= room:
        values["external_patient_id"] = str(given)
        return
    metadata = values.get("metadata")
    kept = metadata if isinstance(metadata, dict) else {}
    values["metadata"] = {**kept, "foreign_id": str(given)}


def _require_name(values: Mapping[str, Any]) -> None:
    names = (values.get("given_name"), values.get("surname"))
    if not any(plain(str(name or "")).strip() for name in names):  # one that shows nothing is none
        raise Invalid("given_name", _("A patient needs a name: first name or last name."))


def _require_clinic(clinic_id: str | None) -> None:
    if clinic_id and clinic_id not in clinics():
        raise Invalid("primary_clinic_id", _("There is no such clinic here."))


def _refuse_same_government_id(actor: Actor, government_id: Any, own_id: str) -> None:
    text = str(government_id or "").strip()
    if text.casefold() in _PLACEHOLDERS:
        return
    # Through the index: "ab 12" and "AB-12" are one id.
    alike = search.alike(connection(), Draft(government_id=text), today=info.today())
    same = next((one for one in alike if one.same_government_id and one.hit.id != own_id), None)
    if same is None:
        return
    seen = may_see(actor, same.primary_clinic_id)
    names = (same.hit.given_name, same.hit.surname)
    name = " ".join(part for part in names if part) if seen else _file_at(same.primary_clinic_id)
    raise SameGovernmentId(
        _("Another patient has this government id: {name}.").format(name=name),
        same.hit.id if seen else "",
    )


def _refuse_future_birth(values: Mapping[str, Any]) -> None:
    if str(values.get("date_of_birth") or "") > info.today().isoformat():
        raise Invalid("date_of_birth", _("A birth can't be in the future."))


def _file_at(clinic_id: str | None) -> str:
    return _("a file exists at {clinic}").format(clinic=clinics().get(clinic_id or "", "?"))


def _count_card(card_number: Any) -> None:
    """The number after this one is offered next, when it was one of this machine's."""
    prefix, _dash, number = str(card_number or "").partition("-")
    ours = prefix == info.get("card_prefix") and number.isascii() and number.isdigit()
    if ours and len(number) <= 9 and int(number) >= info.number("card_next"):
        info.put("card_next", int(number) + 1)


def likely(actor: Actor, draft: Draft, today: date) -> list[Likeness]:
    """Live patients like the one being typed, best first, over all of them; with the reasons."""
    found = []
    for alike in search.alike(connection(), draft, today=today):
        hidden = not may_see(actor, alike.primary_clinic_id)
        names = (alike.hit.given_name, alike.hit.surname)
        label = _file_at(alike.primary_clinic_id) if hidden else " ".join(n for n in names if n)
        found.append(
            Likeness(
                "" if hidden else alike.hit.id,
                label,
                tuple(str(reason) for reason in alike.reasons),
                hidden,
                alike.same_government_id,
            )
        )
    return found
