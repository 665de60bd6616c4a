"""PINs: how they are read and hashed, who may give one, waits that grow and end, what is kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui import clock, secrets_kdf
from hikma_tui.clinic import info, pins, setup, users
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import Invalid, MustWait, NotAllowed, NotProven, Refused
from hikma_tui.models import Proof
from hikma_tui.secrets_kdf import Work, as_meant, code_as_meant, hashed, matches, tuned
from hikma_tui.store import Store

LIGHT = Work(1 << 10, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    made = Store.create(tmp_path / "store")
    made.write(setup.create_clinic, "Al-Salam", "Nora").result()
    yield made
    made.close()
    clock._offset_ms = 0


@pytest.fixture
def nora(store: Store) -> Actor:
    actor = store.read(actor_named, "Nora").result()
    store.write(pins.set_pin, actor, actor.user_id, hashed("1234", LIGHT)).result()
    return actor


def fail(store: Store, actor: Actor) -> int:
    store.write(pins.begin, actor.user_id).result()
    return store.write(pins.wrong, actor, actor.user_id).result()


# The hash ---------------------------------------------------------------------------------------


def test_a_hash_holds_its_work_and_costs_a_moment() -> None:
    work = tuned()
    assert 128 * 8 * work.n <= 32 << 20
    begun = time.perf_counter()
    kept = hashed("1234", work)
    assert 0.02 < time.perf_counter() - begun < 2
    assert kept.startswith(f"scrypt${work.n}${work.p}$")
    assert "1234" not in kept.split("$")[3:]
    assert matches("1234", kept)
    assert not matches("1235", kept)
    assert hashed("1234", LIGHT) != hashed("1234", LIGHT)


@pytest.mark.parametrize("typed", ["١٢٣٤", "۱۲۳۴", "1234\n", "１２３４", " 1234\r\n"])
def test_digits_of_any_script_are_digits(typed: str) -> None:
    assert matches(typed, hashed("1234", LIGHT))


@pytest.mark.parametrize(
    "kept", ["", "x", "scrypt$$$$", "scrypt$99999999999$1$aa$aa", "scrypt$1024$1$aa$", "a$1$1$aa$b"]
)
def test_a_hash_that_cannot_be_read_matches_nothing(kept: str) -> None:
    assert not matches("1234", kept)
    assert not matches("", kept)


def test_short_ones_are_refused_and_long_ones_whole() -> None:
    for bad in ("", "1", "123", "  12 ", "123\n"):
        with pytest.raises(Invalid):
            pins.check_shape(bad)
    long = "صباح الخير 👩 " * 40
    pins.check_shape(long)
    kept = hashed(long, LIGHT)
    assert matches(long, kept)
    assert not matches(long[:-5] + "x", kept)
    assert matches("\ud800abcd", hashed("\ud800abcd", LIGHT))  # a broken paste


def test_a_code_is_itself_however_it_is_typed() -> None:
    code = secrets_kdf.new_code()
    assert code_as_meant(code.lower().replace("-", "  ")) == code_as_meant(code)
    assert len(code_as_meant(code)) == 16
    assert as_meant("ٱ٣") == as_meant("ٱ3")


# Who may ----------------------------------------------------------------------------------------


def test_the_first_pin_is_an_administrators_own(store: Store) -> None:
    nora = store.read(actor_named, "Nora").result()
    omar_id = store.write(users.add, nora, "Omar", "provider").result()
    omar = store.read(actor_named, "Omar").result()
    with pytest.raises(NotAllowed):
        store.write(pins.set_pin, omar, omar_id, "x").result()
    with pytest.raises(NotAllowed):
        store.write(pins.set_pin, nora, omar_id, "x").result()
    assert not store.read(pins.in_use).result()
    store.write(pins.set_pin, nora, nora.user_id, "x").result()
    store.write(pins.set_pin, nora, omar_id, "y").result()
    store.write(pins.set_pin, omar, omar_id, "z").result()
    with pytest.raises(NotAllowed):
        store.write(pins.set_pin, omar, nora.user_id, "z").result()
    with pytest.raises(NotAllowed):
        store.write(pins.set_recovery, omar, "z").result()


# Waiting ----------------------------------------------------------------------------------------


def test_waits_grow_and_end(store: Store, nora: Actor) -> None:
    waits = []
    for _again in range(12):
        wait = fail(store, nora)
        waits.append(wait)
        if wait:
            with pytest.raises(MustWait):
                store.write(pins.begin, nora.user_id).result()
            clock._offset_ms += wait * 1000
    assert waits == [0, 0, 5, 15, 30, 60, 120, 300, 300, 300, 300, 300]
    store.write(pins.begin, nora.user_id).result()
    store.write(pins.right, nora, nora.user_id).result()
    assert fail(store, nora) == 0


def test_a_try_counts_before_it_is_looked_at(store: Store, nora: Actor) -> None:
    for _again in range(3):
        store.write(pins.begin, nora.user_id).result()  # and killed
    with pytest.raises(MustWait):
        store.write(pins.begin, nora.user_id).result()


def test_a_clock_that_goes_back_years_does_not_lock_out(store: Store, nora: Actor) -> None:
    for _again in range(3):
        fail(store, nora)
    clock._offset_ms -= 5 * 365 * 86_400_000
    with pytest.raises(MustWait) as refused:
        store.write(pins.begin, nora.user_id).result()
    assert refused.value.seconds <= 300


# Services and sessions --------------------------------------------------------------------------


def test_a_service_acts_until_it_is_revoked(store: Store, nora: Actor) -> None:
    token = secrets_kdf.new_token()
    store.write(pins.make_service, nora, "night", token).result()
    with pytest.raises(Refused):
        store.write(pins.make_service, nora, "Night", "other").result()
    acts = store.write(pins.serve, token).result()
    assert (acts.user_id, acts.user_name) == (nora.user_id, "night (Nora)")
    store.write(pins.revoke_service, nora, "night").result()
    for bad in (token, "", "x"):
        with pytest.raises(NotProven):
            store.write(pins.serve, bad).result()


def test_a_session_is_used_once_and_soon(store: Store, nora: Actor) -> None:
    store.write(pins.open_session, nora, "one").result()
    assert store.write(pins.use_session, "one").result().user_id == nora.user_id
    with pytest.raises(NotProven):
        store.write(pins.use_session, "one").result()
    store.write(pins.open_session, nora, "two").result()
    store.write(lambda: Proof.update(made_at=Proof.made_at - 61_000).execute()).result()
    with pytest.raises(NotProven):
        store.write(pins.use_session, "two").result()
    assert store.read(pins.lock_seconds).result() == 300
    store.write(info.put, pins.LOCK_MINUTES, "nonsense").result()
    assert store.read(pins.lock_seconds).result() == 300
