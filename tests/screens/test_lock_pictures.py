"""The lock and the users, as they stand on the screen, in three languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import pins, users
from hikma_tui.screens.lock import LockScreen
from hikma_tui.screens.users import UsersScreen
from hikma_tui.secrets_kdf import Work, code_as_meant, hashed
from tests.screens.clinic import calm, fill, make_clinic, on, press, running
from tests.screens.harness import assert_nothing_to_obey, golden, screen_text

LIGHT = Work(1 << 10, 1)


@pytest.mark.parametrize("language", ["en", "es", "ar"])
async def test_lock_pin_code_users_and_a_new_pin(
    tmp_path: Path, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIKMA_TUI_LANGUAGE", language)
    clinic = make_clinic(tmp_path / "store")
    fill(clinic)
    store, nora = clinic.store, clinic.actor
    store.write(pins.set_pin, nora, nora.user_id, hashed("1234", LIGHT)).result()
    store.write(users.add, nora, "Omar", "provider").result()
    store.write(pins.set_recovery, nora, hashed(code_as_meant("ABCD"), LIGHT)).result()
    async with running(clinic) as (app, pilot):
        assert on(app, LockScreen)
        await calm(pilot)
        pictures = {"lock_pin": screen_text(app)}
        pictures["lock_code"] = await press(pilot, "f6")
        pictures["lock_who"] = await press(pilot, "escape")
        app.locking.unlock(nora)
        await calm(pilot)
        await pilot.pause()
        app.push_screen(UsersScreen())
        await calm(pilot)
        pictures["users"] = screen_text(app)
        await press(pilot, "down", "enter")
        pictures["users_pin"] = await press(pilot, "1")
        await press(pilot, "escape")
    for name, text in pictures.items():
        assert_nothing_to_obey(text)
        assert "Hassan" not in text
        golden(f"{name}_{language}", text)
