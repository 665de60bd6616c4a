"""The lock: nothing of a patient under it, PINs, another user, idle time, saves under way."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from textual.widgets import Input

from hikma_tui.app.sync import own_command, start_child
from hikma_tui.clinic import drafts, info, pins, users
from hikma_tui.clinic.actor import actor_named
from hikma_tui.models import EventLog, Proof
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.lock import LockScreen
from hikma_tui.screens.lock_pin import NewPin, Paper
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.users import UsersScreen
from hikma_tui.secrets_kdf import Work, code_as_meant, hashed
from hikma_tui.store import Store
from hikma_tui.widgets.dialogs import Ask, Choose
from tests.screens.clinic import Clinic, calm, fill, make_clinic, on, press, running, type_text
from tests.screens.harness import assert_nothing_to_obey, screen_text

LIGHT = Work(1 << 10, 1)
CODE = "ABCD-EFGH-JKMN-PQRS"


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    """A clinic with patients; nobody has a PIN."""
    made = make_clinic(tmp_path / "store")
    fill(made)
    yield made
    made.store.close()


@pytest.fixture
def locked(clinic: Clinic) -> Clinic:
    """Nora has the PIN 1234, Omar (a provider) 5678, Rana none; there is a recovery code."""
    store, nora = clinic.store, clinic.actor
    store.write(pins.set_pin, nora, nora.user_id, hashed("1234", LIGHT)).result()
    omar = store.write(users.add, nora, "Omar", "provider").result()
    store.write(pins.set_pin, nora, omar, hashed("5678", LIGHT)).result()
    store.write(users.add, nora, "Rana", "provider").result()
    store.write(pins.set_recovery, nora, hashed(code_as_meant(CODE), LIGHT)).result()
    return clinic


def trail(store: Store) -> list[str]:
    """What the audit trail says of PINs."""

    def found() -> list[str]:
        rows = EventLog.select().where(EventLog.table_name == "proofs").order_by(EventLog.pk)
        return [f"{row.action_type} {row.changes}" for row in rows]

    return store.read(found).result()


async def until(pilot: Any, truth: Any) -> None:
    for _again in range(500):
        if truth():
            return
        await asyncio.sleep(0.01)
        await pilot.pause()
    raise AssertionError("it did not come")


async def enter_pin(pilot: Any, pin: str) -> str:
    await type_text(pilot, pin)
    await pilot.press("enter")
    await until(pilot, lambda: not getattr(pilot.app.screen, "_busy", False))
    await until(pilot, lambda: all(w.is_finished for w in pilot.app.workers if w.group == "unlock"))
    await calm(pilot)
    return screen_text(pilot.app)


async def test_the_start_shows_the_lock_and_no_patient(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        assert on(app, LockScreen)
        shown = screen_text(app)
        assert "Nora" in shown
        assert "Hassan" not in shown
        assert_nothing_to_obey(shown)
        for key in ("f1", "f2", "f9", "ctrl+p", "escape", "a"):  # nothing leads past it
            await press(pilot, key)
            assert on(app, LockScreen)
        await press(pilot, "1")
        assert "not right" in await enter_pin(pilot, "9999")
        assert on(app, LockScreen)
        shown = await enter_pin(pilot, "١٢٣٤")
        assert on(app, FindScreen)
        assert "5 patients" in shown
    with again(locked) as store:
        said = trail(store)
    assert any(line.startswith("WRONG_PIN") for line in said)
    assert said[-1].startswith("UNLOCK")
    assert not any(pin in line for line in said for pin in ("1234", "9999"))


async def test_ctrl_l_covers_a_patient_and_the_same_user_goes_on_in_place(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        await type_text(pilot, "khalil")
        shown = await press(pilot, "enter")
        assert on(app, PatientScreen)
        assert "KHALIL" in shown
        shown = await press(pilot, "ctrl+l")
        assert on(app, LockScreen)
        assert "KHALIL" not in shown
        app.notify("Amal KHALIL is saved")
        app.tell("Amal KHALIL")
        await calm(pilot)
        assert "KHALIL" not in screen_text(app)
        await enter_pin(pilot, "1234")
        assert on(app, PatientScreen)
        assert "KHALIL" in screen_text(app)


async def test_what_a_screen_wants_to_do_meanwhile_is_done_after_the_unlocking(
    locked: Clinic,
) -> None:
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        await type_text(pilot, "khalil")
        await press(pilot, "enter")
        patient = app.screen
        await press(pilot, "ctrl+l")
        answers: list[bool] = []

        async def asks() -> None:
            answers.append(bool(await app.push_screen_wait(Ask("Amal KHALIL?"))))

        patient.dismiss()  # a save that ended
        app.run_worker(asks())
        await pilot.pause()
        assert on(app, LockScreen)
        assert "KHALIL" not in screen_text(app)
        await pilot.press(*"1234", "enter")
        await until(pilot, lambda: on(app, Ask))
        assert patient not in app.screen_stack
        await press(pilot, "enter")
        assert answers == [True]


async def test_another_user_begins_at_the_search_and_the_drafts_stay_whose_they_are(
    locked: Clinic,
) -> None:
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        await press(pilot, "f2")
        await type_text(pilot, "Fatima")
        await press(pilot, "ctrl+l")
        await press(pilot, "escape", "2")
        await enter_pin(pilot, "5678")
        assert on(app, FindScreen)
        assert app.actor.user_name == "Omar"
        assert len(app.screen_stack) == 2
        assert "Fatima" not in screen_text(app)
        store = locked.store
        omar = store.read(actor_named, "Omar").result()
        assert store.read(drafts.waiting, omar).result() == []
        assert store.read(drafts.waiting, locked.actor).result()
        await until(pilot, lambda: store.read(info.get, "last_user_id").result() == omar.user_id)


async def test_without_a_pin_of_ones_own_one_is_not_let_in_once_there_are_pins(
    locked: Clinic,
) -> None:
    async with running(locked) as (app, pilot):
        shown = await press(pilot, "escape", "3")
        assert on(app, LockScreen)
        assert "Rana has no PIN" in shown


async def test_wrong_tries_wait_longer_and_a_restart_does_not_forget_them(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        shown = ""
        for _again in range(3):
            shown = await enter_pin(pilot, "0000")
        assert "counts in 5 s" in shown
        shown = await enter_pin(pilot, "1234")  # the right one, too early
        assert "Too many wrong tries" in shown
        assert on(app, LockScreen)
    with again(locked) as store:
        tries = store.read(lambda: Proof.get(Proof.owner == locked.actor.user_id).tries).result()
        assert tries == 3


async def test_the_code_on_paper_gives_a_new_pin(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        await press(pilot, "f6")
        assert "not right" in await enter_pin(pilot, "AAAA")
        shown = await enter_pin(pilot, "abcd efgh jkmn pqrs")
        assert "A new PIN for Nora" in shown
        assert "at least 4" in await enter_pin(pilot, "123")
        await enter_pin(pilot, "8642")
        await enter_pin(pilot, "8642")
        assert on(app, FindScreen)
        await press(pilot, "ctrl+l")
        await enter_pin(pilot, "1234")
        assert on(app, LockScreen)
        await enter_pin(pilot, "8642")
        assert on(app, FindScreen)


@pytest.mark.parametrize("clocks", [(100.0, 100.0), (100.0, -5000.0), (0.0, 100.0)])
async def test_the_screen_locks_after_the_idle_time(
    locked: Clinic, clocks: tuple[float, float]
) -> None:
    """By the clock that nobody sets, also when the wall's was set back; and when that one jumps."""
    locked.store.write(info.put, "lock_minutes", "0.02").result()  # 1 s
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        await type_text(pilot, "khalil")
        await press(pilot, "enter")
        assert on(app, PatientScreen)
        await until(pilot, lambda: on(app, LockScreen))
        assert "KHALIL" not in screen_text(app)
        await enter_pin(pilot, "1234")
        await press(pilot, "escape")
        # As after a sleep of the computer: no timer ran, and the first key only locks.
        if app.locking._timer:
            app.locking._timer.cancel()
        steady, wall = app.locking._touched
        app.locking._touched = (steady - clocks[0], wall - clocks[1])
        await press(pilot, "f2")
        assert on(app, LockScreen)


async def test_without_pins_there_is_a_warning_and_users_still_change(clinic: Clinic) -> None:
    clinic.store.write(users.add, clinic.actor, "Omar", "provider").result()
    async with running(clinic) as (app, pilot):
        assert on(app, FindScreen)
        assert "No PIN: whoever has this computer" in screen_text(app)
        shown = await press(pilot, "ctrl+l")
        assert on(app, LockScreen)
        assert "KHALIL" not in shown
        await press(pilot, "2")
        await until(pilot, lambda: on(app, FindScreen))
        assert app.actor.user_name == "Omar"


async def test_the_first_pin_comes_with_a_code_that_is_tried_once(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        app.action_pin()
        await until(pilot, lambda: on(app, NewPin))
        await type_text(pilot, "123")
        assert "at least 4" in await press(pilot, "f10")
        await type_text(pilot, "4")
        await press(pilot, "enter")
        await type_text(pilot, "1234")
        await pilot.press("f10")
        await until(pilot, lambda: on(app, Paper))
        await calm(pilot)
        code = cast("Paper", app.screen)._code
        assert code in screen_text(app)
        assert code not in await press(pilot, "f10")
        await type_text(pilot, "nonsense")
        assert "not the code" in await press(pilot, "f10")
        await press(pilot, "f10")
        app.screen.query_one("#code", Input).value = code.lower().replace("-", " ")
        await pilot.press("f10")
        await until(pilot, lambda: on(app, FindScreen))
        await until(pilot, lambda: "Keep the paper" in screen_text(app))
        assert app.facts.pins
        await press(pilot, "ctrl+l")
        assert on(app, LockScreen)
    with again(clinic) as store:
        kept = store.read(lambda: [row.hash for row in Proof.select()]).result()
        assert len(kept) == 2
        assert not any(code in one or "1234$" in one for one in kept)


async def test_the_list_of_users_adds_gives_pins_and_removes(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        app.action_users()
        await until(pilot, lambda: on(app, UsersScreen))
        await calm(pilot)
        assert "no PIN" in screen_text(app)
        await press(pilot, "f2")
        await type_text(pilot, "Samir")
        await press(pilot, "enter", "1")
        await until(pilot, lambda: on(app, NewPin))
        await type_text(pilot, "2468")
        await press(pilot, "enter")
        await type_text(pilot, "2468")
        await pilot.press("enter")
        await until(pilot, lambda: on(app, UsersScreen))
        await until(pilot, lambda: "Samir has a new PIN" in screen_text(app))
        await press(pilot, "end", "enter")
        assert on(app, Choose)
        await press(pilot, "5")
        await press(pilot, "f10")
        await until(pilot, lambda: "Samir is removed" in screen_text(app))
        await until(pilot, lambda: "3 users" in screen_text(app))


async def test_somebody_who_is_no_administrator_changes_nobody(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        await press(pilot, "escape", "2")
        await enter_pin(pilot, "5678")
        app.action_users()
        await until(pilot, lambda: on(app, UsersScreen))
        await calm(pilot)
        await press(pilot, "f2")
        await type_text(pilot, "Samir")
        await press(pilot, "enter", "3")
        await until(pilot, lambda: "no administrator" in screen_text(app))


async def test_a_program_that_the_unlocked_screen_starts_is_let_in_once(locked: Clinic) -> None:
    async with running(locked) as (app, pilot):
        await enter_pin(pilot, "1234")
        proof = await app.proof()
        command = [*own_command(), "undo", "--data-dir", str(locked.store.directory)]
        for wanted in (0, 77):
            child = await asyncio.to_thread(start_child, command, locked.store.directory, "", proof)
            _out, said = await asyncio.to_thread(child.communicate)
            assert child.returncode == wanted, said
            assert proof.encode() not in said


class again:
    """The store opened anew, as after a restart."""

    def __init__(self, clinic: Clinic) -> None:
        self._store = Store.open(clinic.store.directory)

    def __enter__(self) -> Store:
        return self._store

    def __exit__(self, *_all: object) -> None:
        self._store.close()
