"""The clinics of the demo: what stands there before its patients come.

``clinic.setup`` makes the first clinic as it makes a real one. Then its ids are changed for ones
that the seed gives, so that the same seed makes the same clinic, and its moments for the day it
opened, years before its first patient. Other clinics, users, medicines and stock are put beside it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hikma_tui.clinic import audit, info, own_forms
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.permissions import Flag
from hikma_tui.clinic.setup import create_clinic
from hikma_tui.clock import day_bounds, day_of, noon_of
from hikma_tui.demo.seeded import MARK, Ids
from hikma_tui.demo.words import cases
from hikma_tui.ids import new_id
from hikma_tui.models import (
    AppConfig,
    Clinic,
    Deletion,
    Department,
    Drug,
    EventForm,
    EventLog,
    Inventory,
    RegistrationForm,
    Synced,
    User,
    UserClinicPermissions,
    connection,
    dicts,
)

CARD_PREFIX = "DM"
RATION_CARD = "5d0f0f1c-3a77-4c7e-9b0e-64656d6f0001"  # the id of the demo's own field
YEARS = 5
_OPENED = 366 * (YEARS + 1)  # days ago
_MADE = (Clinic, User, UserClinicPermissions, AppConfig, Department, RegistrationForm, EventForm)
_NURSE = (
    Flag.REGISTER_PATIENTS, Flag.VIEW_HISTORY, Flag.EDIT_RECORDS, Flag.DISPENSE_MEDICATIONS,
)  # fmt: skip
_DOCTOR = (
    *_NURSE, Flag.PRESCRIBE_MEDICATIONS, Flag.DELETE_RECORDS, Flag.EDIT_OTHER_PROVIDER_EVENT,
    Flag.DELETE_PATIENT_VISITS, Flag.DOWNLOAD_PATIENT_REPORTS,
)  # fmt: skip


@dataclass(frozen=True)
class Provider:
    """Somebody who sees patients, and the metadata of what that person records."""

    id: str
    name: str
    metadata: str  # JSON: {"providerId", "providerName"}


@dataclass
class Place:
    """Where and when the demo plays."""

    now: int
    zone: ZoneInfo | None
    actor: Actor
    machine_id: str = ""
    clinics: list[str] = field(default_factory=list)
    departments: dict[str, str] = field(default_factory=dict)  # of the first clinic, by name
    providers: dict[str, list[Provider]] = field(default_factory=dict)  # by clinic
    drugs: list[str] = field(default_factory=list)
    batches: list[str] = field(default_factory=list)
    forms: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.today = day_of(self.now, self.zone)
        self.machine_id = self.actor.machine_id
        self._dawn = day_bounds(self.today, self.zone)[0]
        self._noons: list[int] = [self._dawn]
        self._days: dict[int, str] = {}

    @property
    def admin(self) -> Provider:
        """The first clinic's first user."""
        return self.providers[self.clinics[0]][0]

    def moment(self, days_ago: int, after_noon: int) -> int:
        """A moment: ``after_noon`` ms after local noon of a past day; today it is before now."""
        while len(self._noons) <= days_ago:
            day = self.today - timedelta(days=len(self._noons))
            self._noons.append(noon_of(day, self.zone))
        if days_ago:
            return self._noons[days_ago] + after_noon
        return self.now - abs(after_noon) % max(self.now - self._dawn, 1)

    def day(self, days_ago: int) -> str:
        """The day so many days ago, ``YYYY-MM-DD``; kept, as most are asked for often."""
        found = self._days.get(days_ago)
        if found is None:
            number = max(self.today.toordinal() - days_ago, 1)
            found = self._days[days_ago] = date.fromordinal(number).isoformat()
        return found


def found(now: int, ids: Ids) -> Place:
    """Make the clinics, their staff, forms and stock, inside the caller's transaction."""
    actor = create_clinic("Al-Amal Clinic", "Dr. Samira Haddad", demo=True)
    entries, ids_by_old = _with_ids_of_the_seed(ids)
    actor = Actor(
        ids_by_old[actor.user_id], actor.user_name, actor.role,
        ids_by_old[str(actor.clinic_id)], actor.machine_id,
    )  # fmt: skip
    info.put("last_user_id", actor.user_id)
    info.put("card_prefix", CARD_PREFIX)
    place = Place(now, info.zone(), actor)
    opened = place.moment(_OPENED, 0)
    for model in _MADE:
        model.update(created_at=opened, updated_at=opened).execute()
    audit.append(actor, new_id(now), entries, now)
    place.clinics = [str(actor.clinic_id)]
    place.forms = dicts(EventForm.select().order_by(EventForm.pk))
    _add_search_field()
    _Builder(place, ids, opened).everything()
    return place


def _with_ids_of_the_seed(ids: Ids) -> tuple[list[audit.Entry], dict[str, str]]:
    """Give what set-up made its final ids, wherever they stand; take its audit entries back."""
    new = {row.id: ids.new() for model in _MADE for row in model.select().order_by(model.pk)}
    new |= {own_forms.id_of(key): own_forms.id_of(key) for key in own_forms.KEYS}  # fixed for ever

    def renamed(text: str) -> str:
        for old, now in new.items():
            text = text.replace(old, now)
        return text

    for model in _MADE:
        names = [name for name in model._meta.sorted_field_names if name != "pk"]
        table, sets = model._meta.table_name, ", ".join(f"{name} = ?" for name in names)
        rows = connection().execute(f"SELECT pk, {', '.join(names)} FROM {table}").fetchall()
        for pk, *came in rows:
            values = [renamed(value) if isinstance(value, str) else value for value in came]
            connection().execute(f"UPDATE {table} SET {sets} WHERE pk = ?", (*values, pk))
    entries = [
        audit.Entry(
            log.action_type, log.table_name, renamed(log.row_id), json.loads(renamed(log.changes))
        )
        for log in EventLog.select().order_by(EventLog.pk)
    ]
    EventLog.delete().execute()
    return entries, new


def _add_search_field() -> None:
    """A field of this clinic's own in its registration form, searched like the others."""
    form = RegistrationForm.get()
    label = {"en": "Ration card", "ar": "بطاقة التموين", "es": "Tarjeta de racionamiento"}
    form.fields = [
        *form.fields,
        {
            "id": RATION_CARD, "position": len(form.fields) + 1, "column": "Ration%20card",
            "label": label, "fieldType": "text", "options": [], "required": False,
            "baseField": False, "visible": True, "isSearchField": True, "deleted": False,
            "showsInSummary": False,
        },
    ]  # fmt: skip
    form.save()


class _Builder:
    """Adds the other clinics, the staff and the stock, and one deleted record of each kind."""

    def __init__(self, place: Place, ids: Ids, opened: int) -> None:
        self.place, self.ids, self.opened = place, ids, opened

    def everything(self) -> None:
        first = self.place.clinics[0]
        for row in Department.select().order_by(Department.pk):
            self.place.departments[row.name] = row.id
        second = self._clinic("Camp 5 Health Post", "Village 5", ("Reception", "Consultation"))
        third = self._clinic("Harbour Clinic", "Old harbour", ("Reception", "Pharmacy"))
        actor = self.place.actor
        self._provider(actor.user_id, actor.user_name, first)
        every = tuple(Flag)
        for clinic in (second, third):
            self._permission(actor.user_id, clinic, every)
        self._user("Amal Khoury", "provider", first, (first, _NURSE))
        self._user("Dr. Luis Peña", "provider", second, (second, _DOCTOR))
        self._user("Dr. Hawa Keïta", "provider", third, (third, _DOCTOR))
        viewer = (Flag.VIEW_HISTORY,)
        self._user("Noor Barzani", "registrar", first, (first, viewer), sees_patients=False)
        self._stock(first)
        self._deleted_ones(first)

    def _put(self, model: type[Synced], **values: Any) -> str:
        row = {"id": self.ids.new(), "created_at": self.opened, "updated_at": self.opened, **values}
        model.insert({**row, "change_seq": 1}).execute()
        return str(row["id"])

    def _clinic(self, name: str, address: str, departments: tuple[str, ...]) -> str:
        clinic = self._put(Clinic, name=name, address=address)
        self.place.clinics.append(clinic)
        for department in departments:
            pharmacy = department == "Pharmacy"
            self._put(
                Department, clinic_id=clinic, name=department, code=department[:3].upper(),
                can_dispense_medications=pharmacy,
            )  # fmt: skip
        return clinic

    def _user(
        self, name: str, role: str, clinic: str, permission: tuple[str, tuple[Flag, ...]],
        *, sees_patients: bool = True,
    ) -> str:  # fmt: skip
        email = name.lower().replace("dr. ", "").replace(" ", ".") + "@example.org"
        user = self._put(User, name=name, role=role, clinic_id=clinic, email=email)
        self._permission(user, *permission)
        if sees_patients:
            self._provider(user, name, clinic)
        return user

    def _provider(self, user: str, name: str, clinic: str) -> None:
        metadata = json.dumps({"providerId": user, "providerName": name}, ensure_ascii=False)
        known = self.place.providers.setdefault(clinic, [])
        known.append(Provider(user, name, metadata))

    def _permission(self, user: str, clinic: str, flags: tuple[Flag, ...], **more: Any) -> str:
        allowed = {flag.value: flag in flags for flag in Flag}
        by = self.place.actor.user_id
        return self._put(
            UserClinicPermissions, user_id=user, clinic_id=clinic, created_by=by, **allowed, **more
        )

    def _drug(self, name: str, brand: str, form: str, route: str, dose: str, unit: str) -> str:
        return self._put(
            Drug, generic_name=name, brand_name=brand or None, form=form, route=route,
            dosage_quantity=dose, dosage_units=unit, sale_price="0", min_stock_level=50,
        )  # fmt: skip

    def _stock(self, clinic: str) -> None:
        for number, drug in enumerate(cases()["drugs"]):
            drug_id = self._drug(*drug)
            batch = self.ids.new()
            self.place.drugs.append(drug_id)
            self.place.batches.append(batch)
            self._put(Inventory, **self._batch(clinic, drug_id, batch, number))

    def _batch(self, clinic: str, drug: str, batch: str, number: int) -> dict[str, Any]:
        return {
            "clinic_id": clinic, "drug_id": drug, "batch_id": batch,
            "quantity_available": 120 + 37 * number, "batch_number": f"B-{number + 1:03d}",
            "batch_expiry_date": self.place.day(-200 - 30 * number),
            "last_counted_at": self.place.moment(7, 0),
        }  # fmt: skip

    # -- deleted ---------------------------------------------------------------------------------

    def _deleted_ones(self, first: str) -> None:
        """One deleted record of each kind that is no patient's."""
        clinic = self._put(Clinic, name=f"{MARK} Clinic")
        user = self._put(User, name=f"{MARK} User", email="tombstone@example.org")
        department = self._put(Department, clinic_id=clinic, name=f"{MARK} Department")
        permission = self._permission(user, clinic, (Flag.VIEW_HISTORY,))
        own = self._put(Department, clinic_id=first, name=f"{MARK} Laboratory")
        drug = self._drug(f"{MARK} Syrup", "", "syrup", "oral", "5", "mg")
        batch = self._batch(clinic, drug, self.ids.new(), 0)
        stock = self._put(Inventory, **{**batch, "batch_number": f"{MARK}-1"})
        config = self._put(
            AppConfig, namespace="demo", key="tombstone", value=MARK, display_name=MARK
        )
        event_form = self._put(EventForm, name=f"{MARK} form", description="Not used any more")
        form = self._put(RegistrationForm, clinic_id=clinic, name=f"{MARK} registration form")
        self._delete(
            [(Clinic, clinic), (Department, department), (UserClinicPermissions, permission),
             (RegistrationForm, form)],
            f"{MARK} Clinic",
        )  # fmt: skip
        self._delete([(User, user)], f"{MARK} User")
        self._delete([(Department, own)], f"{MARK} Laboratory")
        self._delete([(Drug, drug), (Inventory, stock)], f"{MARK} Syrup")
        self._delete([(AppConfig, config)], MARK)
        self._delete([(EventForm, event_form)], f"{MARK} form")

    def _delete(self, rows: list[tuple[type[Synced], str]], label: str) -> None:
        """Put one tombstone on the first of ``rows`` and on those that go with it."""
        actor, at = self.place.actor, self.place.moment(30, 0)
        counts = {model._meta.table_name: 1 for model, _row_id in rows}
        record = Deletion.create(
            table_name=rows[0][0]._meta.table_name, row_id=rows[0][1], label=label, counts=counts,
            reason="Not used any more", user_id=actor.user_id, user_name=actor.user_name,
            machine_id=actor.machine_id, deleted_at=at,
        )  # fmt: skip
        for model, row_id in rows:
            sets: dict[str, Any] = {"tombstone": record.pk}
            if "is_deleted" in model._meta.fields:
                sets |= {"is_deleted": True, "deleted_at": at}
            model.update(**sets).where(model.id == row_id).execute()
