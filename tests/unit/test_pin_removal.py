"""A PIN that is taken away, and a recovery code that works once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import audit, pins, setup, users
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import NotAllowed, NotFound, NotProven, Refused
from hikma_tui.models import EventLog
from hikma_tui.secrets_kdf import Work, code_as_meant, hashed, new_code
from hikma_tui.store import Store

LIGHT = Work(1 << 10, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / "store")
    yield made
    assert not made.on_writer(audit.problems).result()
    made.close()


@pytest.fixture
def nora(store: Store) -> Actor:
    """An administrator with a PIN."""
    actor = store.write(setup.create_clinic, "A", "Nora", time_zone="UTC").result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", LIGHT)).result()
    return actor


def with_pin(store: Store, nora: Actor, name: str, role: str = "provider") -> Actor:
    user_id = store.write(users.add, nora, name, role).result()
    store.write(pins.set_pin, nora, user_id, hashed("5678", LIGHT)).result()
    return store.read(actor_named, user_id).result()


def actions(store: Store, row_id: str) -> list[str]:
    def read() -> list[str]:
        rows = EventLog.select().where(EventLog.row_id == row_id).order_by(EventLog.pk)
        return [str(row.action_type) for row in rows]

    return store.on_writer(read).result()


def test_the_last_pin_opens_everything_and_the_code_goes_with_it(store: Store, nora: Actor) -> None:
    store.write(pins.set_recovery, nora, hashed("x", LIGHT)).result()
    store.write(users.remove_pin, nora, nora.user_id).result()
    assert not store.read(pins.in_use).result()
    assert not store.read(pins.has_recovery).result()
    assert actions(store, nora.user_id)[-1] == "SOFT_DELETE"
    with pytest.raises(NotFound):
        store.write(users.remove_pin, nora, nora.user_id).result()


def test_an_administrator_with_a_pin_stays_while_others_have_theirs(
    store: Store, nora: Actor
) -> None:
    with_pin(store, nora, "Omar")
    with pytest.raises(Refused, match="nobody who administers"):
        store.write(users.remove_pin, nora, nora.user_id).result()
    assert nora.user_id in store.read(pins.owners).result()
    with_pin(store, nora, "Rana", "admin")
    store.write(users.remove_pin, nora, nora.user_id).result()
    assert store.read(pins.in_use).result()


def test_ones_own_or_by_an_administrator(store: Store, nora: Actor) -> None:
    omar, rana = with_pin(store, nora, "Omar"), with_pin(store, nora, "Rana")
    with pytest.raises(NotAllowed):
        store.write(users.remove_pin, omar, rana.user_id).result()
    with pytest.raises(NotAllowed):
        store.write(pins.take_away, omar, rana.user_id).result()
    with pytest.raises(NotAllowed):
        store.write(pins.forget, omar, rana.user_id).result()
    store.write(users.remove_pin, omar, omar.user_id).result()
    store.write(users.remove_pin, nora, rana.user_id).result()
    assert store.read(pins.owners).result() == {nora.user_id}


def test_a_recovery_code_works_once(store: Store, nora: Actor) -> None:
    code = code_as_meant(new_code())
    store.write(pins.set_recovery, nora, hashed(code, LIGHT)).result()
    store.write(pins.begin, pins.RECOVERY).result()
    store.write(pins.reset_pin, nora, hashed("4321", LIGHT)).result()
    assert not store.read(pins.has_recovery).result()
    with pytest.raises(NotProven):
        store.write(pins.begin, pins.RECOVERY).result()
    with pytest.raises(NotProven):
        store.write(pins.reset_pin, nora, hashed("9999", LIGHT)).result()
    assert actions(store, pins.RECOVERY) == ["CREATE", "SOFT_DELETE"]
