"""The screen of the copies: what there is, one to a stick, a failure, a check, a restore."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app import copies as app_copies
from hikma_tui.app import sync as app_sync
from hikma_tui.clinic import copies as remembered
from hikma_tui.clinic import info, users
from hikma_tui.clinic.actor import actor_named
from hikma_tui.screens.backups import BackupsScreen
from hikma_tui.screens.backups_words import AskFolder, CopyPassphrase
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.setup import SetupScreen
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import outside as store_outside
from hikma_tui.store.backups import copies
from hikma_tui.store.places import mark, mounts_in
from hikma_tui.widgets.dialogs import Ask, Choose
from tests.conftest import CIPHERED
from tests.screens.clinic import Clinic, calm, fill, make_clinic, on, press, running, type_text
from tests.screens.harness import screen_text

WORDS = "four small brown goats"
needs_cipher = pytest.mark.skipif(
    not store_cipher.available() or CIPHERED, reason="a plain store, and a cipher for its copies"
)


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    fill(made)
    yield made
    made.store.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder


async def until(pilot: Any, truth: Any) -> str:
    for _again in range(900):
        await pilot.pause()
        if truth():
            return screen_text(pilot.app)
        await asyncio.sleep(0.01)
    raise AssertionError(screen_text(pilot.app))


async def copies_screen(pilot: Any) -> str:
    pilot.app.action_backups()
    await until(pilot, lambda: on(pilot.app, BackupsScreen))
    return await until(pilot, lambda: "on this computer" in screen_text(pilot.app))


async def passphrase(pilot: Any) -> None:
    await until(pilot, lambda: on(pilot.app, CopyPassphrase))
    for _again in range(2):
        await type_text(pilot, WORDS)
        await pilot.press("enter")


@needs_cipher
async def test_a_stick_is_chosen_and_gets_a_copy_that_nobody_else_reads(
    clinic: Clinic, stick: Path
) -> None:
    async with running(clinic) as (app, pilot):
        shown = await copies_screen(pilot)
        assert "No second place" in shown
        assert "No copy was ever taken" in shown
        await press(pilot, "2")
        await until(pilot, lambda: on(app, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: on(app, AskFolder))
        await type_text(pilot, str(stick / "not there"))
        await pilot.press("enter")
        await until(pilot, lambda: "no such folder" in screen_text(app))
        await press(pilot, "2")
        await until(pilot, lambda: on(app, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: on(app, AskFolder))
        await type_text(pilot, str(stick))
        await pilot.press("enter")
        await passphrase(pilot)
        shown = await until(pilot, lambda: "Checked: it reads" in screen_text(app))
        shown = await until(pilot, lambda: "encrypted    checked: 5 patients" in screen_text(app))
        assert "their own passphrase" in shown
        [copy] = copies(stick)
        assert b"Khalil" not in copy.path.read_bytes()
        await press(pilot, "enter")
        await until(pilot, lambda: on(app, Choose))
        await press(pilot, "1")
        await until(pilot, lambda: "checked now, sound" in screen_text(app))
        await press(pilot, "2")  # forgetting it
        await until(pilot, lambda: on(app, Choose))
        await press(pilot, "2")
        await until(pilot, lambda: "No second place" in screen_text(app))


async def test_a_copy_that_failed_is_told_with_what_to_do(clinic: Clinic, stick: Path) -> None:
    store = clinic.store
    mark(stick, store.read(info.get, "store_id").result())
    store.write(info.put, "backup_path", str(stick)).result()
    store.write(remembered.failed, 1_795_000_000_000, "outside", "DiskFull").result()
    async with running(clinic) as (app, pilot):
        assert "COPY FAILED" in screen_text(app)
        shown = await copies_screen(pilot)
        assert "FAILED:" in shown
        assert "the stick or drive is full" in shown
        shutil.rmtree(stick)
        await pilot.press("escape")
        shown = await copies_screen(pilot)
        assert "not there now" in shown


@needs_cipher
async def test_leaving_the_screen_does_not_lose_sight_of_a_copy(
    clinic: Clinic, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import signal
    import subprocess

    slow: list[subprocess.Popen[bytes]] = []

    def begun(*words: Any, **options: Any) -> subprocess.Popen[bytes]:
        process = started(*words, **options)
        process.send_signal(signal.SIGSTOP)  # a stick that takes its time
        slow.append(process)
        return process

    started = app_sync.start_child
    monkeypatch.setattr(app_copies, "start_child", begun)
    async with running(clinic) as (app, pilot):
        await copies_screen(pilot)
        await press(pilot, "1")
        await until(pilot, lambda: on(app, Choose))
        await pilot.press("2")
        await until(pilot, lambda: slow and "F8 stops it" in screen_text(app))
        await pilot.press("escape")
        await until(pilot, lambda: on(app, FindScreen))
        shown = await copies_screen(pilot)
        await until(pilot, lambda: "F8 stops it" in screen_text(app))
        assert "No copy is being made" not in shown
        slow[0].send_signal(signal.SIGCONT)
        await until(pilot, lambda: "The copy is made and checked" in screen_text(app))
        before = len(copies(clinic.store.directory / "backups"))
        await press(pilot, "1")
        await until(pilot, lambda: on(app, Choose))
        await pilot.press("2")
        await until(pilot, lambda: len(slow) == 2)
        await pilot.press("f8")
        await until(pilot, lambda: "given up" in screen_text(app))
        assert "does not answer" in screen_text(app)
        assert len(copies(clinic.store.directory / "backups")) == before == 1


async def test_only_who_administers_sees_them(clinic: Clinic) -> None:
    store = clinic.store
    store.write(users.add, clinic.actor, "Omar", "provider").result()
    omar = store.read(actor_named, "Omar").result()
    async with running(clinic) as (app, pilot):
        app.actor = omar
        app.action_backups()
        await calm(pilot)
        shown = screen_text(app)
        assert "on this computer" not in shown
        await press(pilot, "1")
        assert not on(app, Choose)


async def test_a_damaged_copy_is_told_and_putting_back_ends_the_screens(clinic: Clinic) -> None:
    good = clinic.store.backup()
    bad = clinic.store.backup()
    whole = bad.read_bytes()
    bad.write_bytes(whole[: len(whole) // 2])
    async with running(clinic) as (app, pilot):
        shown = await copies_screen(pilot)
        if "NOT GOOD" not in shown:
            await press(pilot, "enter")
            await press(pilot, "1")
            await until(pilot, lambda: "NOT GOOD" in screen_text(app))
        await press(pilot, "down")
        await press(pilot, "enter")
        await until(pilot, lambda: on(app, Choose))
        await press(pilot, "2")
        await until(pilot, lambda: on(app, Ask))
        assert "kept as" in screen_text(app)
        await press(pilot, "f10")
        await until(pilot, lambda: app.to_restore != "")
        assert app.to_restore == str(good)


@needs_cipher
async def test_the_set_up_offers_a_place_and_copies_there(tmp_path: Path, stick: Path) -> None:
    from hikma_tui.app.main import HikmaApp

    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        assert "F7" in screen_text(app)
        await press(pilot, "f7")
        await until(pilot, lambda: on(app, Choose))
        assert "later" in screen_text(app)
        await press(pilot, "1")
        await until(pilot, lambda: on(app, AskFolder))
        await type_text(pilot, str(stick))
        await pilot.press("enter")
        await until(pilot, lambda: on(app, SetupScreen) and "every day to" in screen_text(app))
        await type_text(pilot, "Al-Salam")
        await pilot.press("enter")
        await type_text(pilot, "Nora")
        await pilot.press("f10")
        from hikma_tui.screens.lock_pin import NewPin

        await until(pilot, lambda: on(app, NewPin))
        await pilot.press("escape")
        await passphrase(pilot)
        await until(pilot, lambda: on(app, FindScreen) and "Checked" in screen_text(app))
        [copy] = copies(stick)
        assert store_cipher.is_ciphered(copy.path)
        assert app.facts.set_up
        store = app.store
        assert store is not None
        assert store.read(info.get, store_outside.HOW).result() == "own"
    app.close_store()


def test_mounts_are_read_with_their_odd_names() -> None:
    lines = [
        r"36 25 8:17 / /media/nora/STICK\0401 rw,nosuid - vfat /dev/sdb1 rw",
        r"37 25 8:33 / /media/locked ro,nosuid - vfat /dev/sdc1 ro",
        r"38 25 0:44 / /proc rw - proc proc rw",
        "nonsense",
    ]
    assert [str(folder) for _device, folder in mounts_in(lines)] == ["/media/nora/STICK 1"]
