"""The first start: names make a clinic, hostile ones too; a clock in doubt is asked about first."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from hikma_tui import BUILD_DAY, clock
from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import users
from hikma_tui.screens.clock_question import ClockScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.lock_pin import NewPin
from hikma_tui.screens.session import begin
from hikma_tui.screens.setup import SetupScreen
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.widgets.prompt import LineInput
from tests.screens.clinic import (
    TODAY,
    calm,
    make_clinic,
    on,
    press,
    running,
    stop_the_clock,
    type_text,
    use_utc,
)
from tests.screens.harness import golden, screen_text
from tests.screens.trouble import locked


@pytest.fixture(autouse=True)
def same_day(monkeypatch: pytest.MonkeyPatch) -> None:
    use_utc(monkeypatch)
    stop_the_clock()


async def without_pin(app: HikmaApp, pilot: Pilot[int]) -> str:
    """The set-up asks for a PIN; left with Esc, the first screen warns."""
    while not on(app, NewPin):
        await pilot.pause(0.01)
    return await press(pilot, "escape")


async def test_two_names_and_enter_make_a_clinic(tmp_path: Path) -> None:
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        app.screen.query_one("#zone", LineInput).value = "Asia/Beirut"
        await pilot.pause()
        golden("setup", screen_text(app))
        await type_text(pilot, "Al-Salam")
        await press(pilot, "enter")
        await type_text(pilot, "Nora")
        await press(pilot, "enter")
        await press(pilot, "enter")
        text = await without_pin(app, pilot)
        assert on(app, FindScreen)
        assert "No PIN: whoever has this computer sees everything" in text
        assert "Al-Salam" in text
        assert "Nora" in text
        assert "this computer only" in text
        golden("find_empty_clinic", text)
    app.close_store()
    store = Store.open(tmp_path / "store")
    assert [user.user_name for user in store.read(users).result()] == ["Nora"]
    store.close()


async def test_what_lacks_or_is_wrong_gets_the_cursor_and_nothing_is_made(tmp_path: Path) -> None:
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        assert "The clinic needs a name" in await press(pilot, "f10")
        await type_text(pilot, "x")
        assert "Your name is needed" in await press(pilot, "f10")
        await type_text(pilot, "y")
        app.screen.query_one("#zone", LineInput).value = "Nowhere/Land"
        assert "No such time zone" in await press(pilot, "f10")
        assert app.focused is app.screen.query_one("#zone")
        assert not Store.exists(tmp_path / "store")
    app.close_store()


async def test_any_characters_make_a_name(tmp_path: Path) -> None:
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        app.screen.query_one("#clinic", LineInput).value = "[/x] \x1b[31m عيادة 👩"
        app.screen.query_one("#user", LineInput).value = "[bold]نورا"
        await press(pilot, "f10")
        text = await without_pin(app, pilot)
        assert on(app, FindScreen)
        assert "[/x] ·[31m عيادة" in text
        assert "[bold]نورا" in text
    app.close_store()


async def test_a_folder_that_cannot_be_used_is_said_and_the_names_stay(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    app = HikmaApp(tmp_path / "file" / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        await type_text(pilot, "Clinic")
        await press(pilot, "enter")
        await type_text(pilot, "Nora")
        text = await press(pilot, "f10")
        assert "NOT SAVED" in text
        assert on(app, SetupScreen)
        assert app.screen.query_one("#user", LineInput).value == "Nora"
    app.close_store()


async def test_a_clock_behind_the_program_asks_for_the_day_first(tmp_path: Path) -> None:
    clock._offset_ms -= 40 * 365 * clock.DAY_MS
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        assert on(app, ClockScreen)
        assert "Is today" in screen_text(app)
        await type_text(pilot, "1/1/2001")
        assert "younger than that day" in await press(pilot, "enter")
        app.screen.query_one(LineInput).value = ""
        await type_text(pilot, "31/12/2027")
        assert "31 Dec 2027, Fri" in screen_text(app)
        await press(pilot, "enter")
        assert on(app, SetupScreen)
        assert app.today == date(2027, 12, 31)
    app.close_store()


async def test_yes_to_the_day_takes_the_day_that_was_offered(tmp_path: Path) -> None:
    clock._offset_ms -= 40 * 365 * clock.DAY_MS
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        await press(pilot, "y", "enter")
        assert app.today == date.fromisoformat(BUILD_DAY)
    app.close_store()


async def test_a_day_that_was_confirmed_counts_for_more_than_a_stamp_of_the_future(
    tmp_path: Path,
) -> None:
    """One save under a clock years ahead must not date every later visit years ahead."""
    clinic = make_clinic(tmp_path / "store")
    ahead = clock.wall_ms() + 3 * 365 * clock.DAY_MS
    clinic.store.write(info.put, "newest_stamp", ahead).result()
    async with running(clinic) as (app, pilot):
        assert on(app, ClockScreen)
        await type_text(pilot, TODAY.isoformat())
        await press(pilot, "enter")
        assert app.today == TODAY
        assert clinic.store.read(info.today).result() == TODAY


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
async def test_the_day_that_was_typed_is_today_in_the_clinics_zone(
    tmp_path: Path, zone: str
) -> None:
    """The machine is in UTC: at any hour it is another day there than in one of the two."""
    clinic = make_clinic(tmp_path / "store")
    clinic.store.write(info.put, "time_zone", zone).result()
    clinic.store.write(info.put, "newest_stamp", clock.wall_ms() + 3000 * clock.DAY_MS).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "2026-11-24")
        await press(pilot, "enter")
        assert on(app, FindScreen)
        assert app.today == date(2026, 11, 24)
        assert clinic.store.read(info.today).result() == date(2026, 11, 24)


async def test_a_locked_store_keeps_the_question_of_the_day(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "store")
    clinic.store.write(info.put, "newest_stamp", clock.wall_ms() + 3000 * clock.DAY_MS).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, TODAY.isoformat())
        with locked(clinic):
            assert "NOT SAVED" in await press(pilot, "enter")
            assert on(app, ClockScreen)
        await press(pilot, "enter")
        assert on(app, FindScreen)
        assert app.today == TODAY


async def test_a_day_that_one_bad_stamp_would_make_must_be_typed(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "store")
    clinic.store.write(info.put, "newest_stamp", clock.wall_ms() + 3000 * clock.DAY_MS).result()
    async with running(clinic) as (app, pilot):
        for keys in (("enter",), ("y", "enter")):
            assert "Type today's date" in await press(pilot, *keys)
            assert on(app, ClockScreen)
        app.screen.query_one(LineInput).value = TODAY.isoformat()
        await press(pilot, "enter")
        assert app.today == TODAY


async def test_a_day_years_ahead_of_all_that_is_known_is_asked_once_more(tmp_path: Path) -> None:
    clinic = make_clinic(tmp_path / "store")
    clinic.store.write(info.put, "newest_stamp", clock.wall_ms()).result()
    clock._offset_ms -= 40 * 365 * clock.DAY_MS
    app = HikmaApp(tmp_path / "store", clinic.store, clinic.store.read(begin, "").result())
    async with app.run_test() as pilot:
        await calm(pilot)
        await type_text(pilot, "2036-11-22")
        assert "10 years ahead of this program" in await press(pilot, "enter", "enter")
        await press(pilot, "escape")
        assert on(app, ClockScreen)
        await press(pilot, "enter", "f10")
        assert app.today == date(2036, 11, 22)
    app.close_store()


def paste(app: HikmaApp, text: str) -> None:
    """Into the field that has the cursor."""
    assert app.screen.focused is not None
    app.screen.focused.post_message(Paste(text))


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
async def test_half_of_a_pasted_passphrase_is_none(tmp_path: Path) -> None:
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        await press(pilot, "f6")
        paste(app, "word " * 2000)  # more than the field takes
        await calm(pilot)
        assert "Too long" in screen_text(app)
        assert app.screen.query_one("#first", Input).value == ""
        for _field in range(2):
            paste(app, "word " * 300)  # more than a terminal may take
            await calm(pilot)
            await press(pilot, "enter")
        assert "Too long" in screen_text(app)
        for name in ("#first", "#again"):
            app.screen.query_one(name, Input).value = ""
        app.screen.query_one("#first").focus()
        paste(app, "some words of mine ")
        await calm(pilot)
        await press(pilot, "enter")
        await type_text(pilot, "some words of mine ")
        await press(pilot, "enter")
        assert "will be encrypted with your passphrase" in screen_text(app)


@pytest.mark.skipif(not store_cipher.installed(), reason="sqlcipher3 is not installed")
async def test_a_passphrase_ciphers_the_store_from_its_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap = store_cipher.salt_with(10)
    monkeypatch.setattr(store_cipher, "new_salt", lambda: cheap)
    app = HikmaApp(tmp_path / "store")
    async with app.run_test() as pilot:
        await calm(pilot)
        assert "NOT encrypted" in screen_text(app)
        await press(pilot, "f6")
        await type_text(pilot, "too short")
        await press(pilot, "f10")
        assert "At least 10" in screen_text(app)
        await type_text(pilot, "er words")
        await press(pilot, "enter")
        await type_text(pilot, "too shorter words")
        await press(pilot, "enter")
        assert "will be encrypted with your passphrase" in screen_text(app)
        await type_text(pilot, "Al-Salam")
        await press(pilot, "enter")
        await type_text(pilot, "Nora")
        await press(pilot, "f10")
        await without_pin(app, pilot)
        key = store_cipher.derive("too shorter words", cheap)
        assert app.store is not None
        assert app.store.key == key
        app.close_store()
    path = tmp_path / "store" / "hikma.db"
    try:
        assert store_cipher.is_ciphered(path)
        assert store_cipher.fits(path, key)
        assert b"Al-Salam" not in path.read_bytes()
    finally:
        store_cipher.forget_keys()
