"""The eleven flags, checked where the work is done and not on the screens (features.md 1.13)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import chart, deletion, finding, patients, records, setup, visits
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import NotAllowed
from hikma_tui.clinic.permissions import Flag, rights
from hikma_tui.exchange.rows_out import Export
from hikma_tui.ids import new_id
from hikma_tui.store import Store


class Place:
    """A clinic with one patient, a visit and a note of the administrator; and a second user."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.admin = store.write(setup.create_clinic, "A", "Nora").result()
        self.patient = self.write(
            patients.register, self.admin,
            {"given_name": "Mona", "primary_clinic_id": self.admin.clinic_id},
        )  # fmt: skip
        self.visit = self.write(visits.create_visit, self.admin, {"patient_id": self.patient})
        self.event = self.write(
            visits.create_event, self.admin,
            {"patient_id": self.patient, "visit_id": self.visit, "event_type": "Note",
             "form_data": []},
        )  # fmt: skip
        self.drug = self.write(
            records.create, self.admin, "drug_catalogue",
            {"generic_name": "Amoxicillin", "form": "tablet", "route": "oral",
             "dosage_quantity": "500", "dosage_units": "mg"},
        )  # fmt: skip

    def write(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return self.store.write(function, *arguments, **named).result()

    def user(self, *flags: Flag) -> Actor:
        """A second user who has just these flags at the clinic."""
        user_id = self.write(
            records.create, self.admin, "users",
            {"name": f"Sami {new_id()}", "role": "provider", "clinic_id": self.admin.clinic_id},
        )  # fmt: skip
        row = {"user_id": user_id, "clinic_id": self.admin.clinic_id}
        self.write(
            records.create, self.admin, "user_clinic_permissions",
            {**row, **{flag.value: True for flag in flags}},
        )  # fmt: skip
        return self.store.read(actor_named, user_id).result()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = Store.create(tmp_path / "store")
    yield Place(store)
    store.close()


def register(place: Place, who: Actor) -> None:
    place.write(
        patients.register, who, {"given_name": "X", "primary_clinic_id": place.admin.clinic_id}
    )


def see(place: Place, who: Actor) -> None:
    place.store.read(chart.chart, who, place.patient).result()


def edit(place: Place, who: Actor) -> None:
    place.write(patients.edit, who, place.patient, {"phone": "1"})


def edit_the_note_of_another(place: Place, who: Actor) -> None:
    place.write(visits.update_event, who, {"id": place.event, "event_type": "Changed"})


def prescribe(place: Place, who: Actor) -> None:
    row = {
        "patient_id": place.patient, "provider_id": who.user_id, "visit_id": place.visit,
        "pickup_clinic_id": who.clinic_id, "prescribed_at": "2026-01-31T10:00:00.000Z",
    }  # fmt: skip
    place.write(records.create, who, "prescriptions", row)


def dispense(place: Place, who: Actor) -> None:
    row = {
        "patient_id": place.patient, "clinic_id": who.clinic_id, "drug_id": place.drug,
        "quantity_dispensed": 1, "dispensed_by": who.user_id,
        "dispensed_at": "2026-01-31T10:00:00.000Z",
    }  # fmt: skip
    place.write(records.create, who, "dispensing_records", row)


def delete_event(place: Place, who: Actor) -> None:
    place.write(deletion.delete, who, "events", place.event, "wrong")


def delete_visit(place: Place, who: Actor) -> None:
    place.write(deletion.delete, who, "visits", place.visit, "wrong")


def delete_patient(place: Place, who: Actor) -> None:
    place.write(deletion.delete, who, "patients", place.patient, "wrong")


def administer(place: Place, who: Actor) -> None:
    place.write(
        records.create, who, "clinic_departments", {"clinic_id": who.clinic_id, "name": "Lab"}
    )


def take_out(place: Place, who: Actor) -> None:
    for _block in Export(place.store, who, ["patients"]).blocks():
        pass


SEES = (Flag.VIEW_HISTORY,)
ACTS: dict[Flag, tuple[Callable[[Place, Actor], None], tuple[Flag, ...]]] = {
    Flag.REGISTER_PATIENTS: (register, ()),
    Flag.VIEW_HISTORY: (see, ()),
    Flag.EDIT_RECORDS: (edit, SEES),
    Flag.DELETE_RECORDS: (delete_event, SEES),
    Flag.CLINIC_ADMIN: (administer, SEES),
    Flag.EDIT_OTHER_PROVIDER_EVENT: (edit_the_note_of_another, (*SEES, Flag.EDIT_RECORDS)),
    Flag.DOWNLOAD_PATIENT_REPORTS: (take_out, SEES),
    Flag.PRESCRIBE_MEDICATIONS: (prescribe, SEES),
    Flag.DISPENSE_MEDICATIONS: (dispense, SEES),
    Flag.DELETE_PATIENT_VISITS: (delete_visit, SEES),
    Flag.DELETE_PATIENT_RECORDS: (delete_patient, SEES),
}


@pytest.mark.parametrize("flag", Flag, ids=str)
def test_each_flag_opens_what_it_names_and_nothing_else_does(place: Place, flag: Flag) -> None:
    act, needed = ACTS[flag]
    others = tuple(other for other in Flag if other not in (flag, Flag.CLINIC_ADMIN))
    with pytest.raises(NotAllowed):
        act(place, place.user(*others))
    act(place, place.user(flag, *needed))


@pytest.mark.parametrize("flag", Flag, ids=str)
def test_a_clinic_admin_may_do_all_of_it_and_sees_the_patients(place: Place, flag: Flag) -> None:
    ACTS[flag][0](place, place.user(Flag.CLINIC_ADMIN))


def test_without_a_row_nothing_is_allowed_and_nobody_is_seen(place: Place) -> None:
    stranger = replace(place.admin, user_id=new_id(), role="provider")
    for act, _needed in ACTS.values():
        with pytest.raises(NotAllowed):
            act(place, stranger)
    assert not place.store.read(finding.find, stranger, "mona").result().hits
    assert place.store.read(finding.count, stranger, "mona").result() == (0, 0)


def test_an_empty_primary_clinic_is_the_same_as_none(place: Place) -> None:
    """Upstream hides such a patient from everybody (features.md 1.4)."""
    walk_in = place.write(patients.register, place.admin, {"given_name": "Amal"})
    viewer = place.user(Flag.VIEW_HISTORY)
    found = place.store.read(finding.find, viewer, "amal").result().hits
    assert [hit.id for hit in found] == [walk_in]


def test_a_super_admin_and_a_switched_off_check_may_do_everything(place: Place) -> None:
    boss = replace(place.admin, user_id=new_id(), role="super_admin")
    assert place.store.read(rights, boss).result().everything
    row = {"namespace": "auth", "key": "disable-mobile-permissions-checking", "value": "true"}
    place.write(records.create, place.admin, "app_config", row)
    assert place.store.read(rights, place.user()).result().everything
