"""Users: adding, naming, removing them, what each may do; nobody is left locked out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import patients, pins, setup, users
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag
from hikma_tui.store import Store
from hikma_tui.verbs.options_users import FLAGS


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / "store")
    made.write(setup.create_clinic, "Al-Salam", "Nora").result()
    yield made
    made.close()


@pytest.fixture
def nora(store: Store) -> Actor:
    return store.read(actor_named, "Nora").result()


def test_the_command_line_knows_all_flags() -> None:
    assert tuple(flag.value for flag in Flag) == FLAGS


def test_a_role_begins_with_its_flags_and_they_hold(store: Store, nora: Actor) -> None:
    store.write(users.add, nora, "Rana", "registrar").result()
    rana = store.read(actor_named, "Rana").result()
    row = {"given_name": "Amal", "primary_clinic_id": nora.clinic_id}
    store.write(patients.register, rana, row).result()
    with pytest.raises(NotAllowed):
        store.write(users.add, rana, "X", "admin").result()
    store.write(users.set_flags, nora, rana.user_id, (), (Flag.REGISTER_PATIENTS,)).result()
    with pytest.raises(NotAllowed):
        store.write(patients.register, rana, row).result()
    with pytest.raises(NotAllowed):
        store.write(users.set_flags, rana, rana.user_id, tuple(Flag)).result()
    with pytest.raises(NotAllowed):
        store.write(users.change_role, rana, rana.user_id, "admin").result()


@pytest.mark.parametrize("name", ["", "   ", "\x1b\x00\x07", "\u202e\u200b"])
def test_a_name_that_nobody_can_see_is_refused(store: Store, nora: Actor, name: str) -> None:
    with pytest.raises(Invalid):
        store.write(users.add, nora, name, "provider").result()


def test_hostile_names_are_kept_harmless_and_two_may_be_the_same(store: Store, nora: Actor) -> None:
    one = store.write(users.add, nora, "Omar\x1b]52;c;x\x07\n[bold]", "provider").result()
    two = store.write(users.add, nora, "Omar ]52;c;x [bold]", "provider").result()
    names = [p.name for p in store.read(users.people, nora).result() if p.id in (one, two)]
    assert names[0] == names[1] == "Omar ]52;c;x [bold]"
    with pytest.raises(NotFound, match="Several"):
        store.read(users.person_named, nora, names[0]).result()
    assert store.read(users.person_named, nora, two).result().id == two


def test_oneself_and_the_last_administrator_stay(store: Store, nora: Actor) -> None:
    omar_id = store.write(users.add, nora, "Omar", "admin").result()
    omar = store.read(actor_named, "Omar").result()
    with pytest.raises(Refused):
        store.write(users.remove, nora, nora.user_id).result()
    store.write(pins.set_pin, nora, nora.user_id, "x").result()
    # Omar administers, but has no PIN: without Nora nobody could let him in.
    with pytest.raises(Refused):
        store.write(users.remove, omar, nora.user_id).result()
    with pytest.raises(Refused):
        store.write(users.set_flags, omar, nora.user_id, (), (Flag.CLINIC_ADMIN,)).result()
    store.write(pins.set_pin, nora, omar_id, "y").result()
    store.write(users.remove, omar, nora.user_id).result()
    assert [p.name for p in store.read(users.people, omar).result()] == ["Omar"]
    assert store.read(pins.owners).result() == {omar_id}
    with pytest.raises(Refused):
        store.write(users.set_flags, omar, omar_id, (), (Flag.CLINIC_ADMIN,)).result()


def test_nobody_rises_above_an_administrator_of_everything(store: Store, nora: Actor) -> None:
    with pytest.raises(NotAllowed):
        store.write(users.add, nora, "Root", "super_admin").result()
    with pytest.raises(Invalid):
        store.write(users.add, nora, "Root", "emperor").result()
