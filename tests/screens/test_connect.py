"""Connecting to a server on the screen: paste, look, sign in, the plan, the join, leaving."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.events import Key, Paste
from textual.pilot import Pilot

from hikma_tui import i18n
from hikma_tui.clinic import info
from hikma_tui.models import connection
from hikma_tui.screens.connect import CodeScreen, ConnectScreen, JoinedScreen
from hikma_tui.screens.connect_account import AccountDialog
from hikma_tui.screens.connect_plan import PlanScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.prompt import LineInput
from tests.cloud.seed import EMAIL, PASSWORD, add_user, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as CloudStore
from tests.screens.clinic import Clinic, calm, fill, make_clinic, on, press, running, use_utc
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs, screen_text


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> None:
    use_utc(monkeypatch)


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = CloudStore()
    seed(store, 3)
    with Cloud(store, limits=False) as server:
        yield server


@pytest.fixture
def clinic(tmp_path: Path) -> Clinic:
    made = make_clinic(tmp_path / "store")
    fill(made)
    return made


async def paste(pilot: Pilot[Any], text: str) -> None:
    """As a terminal with bracketed paste gives it."""
    focused = pilot.app.focused
    assert focused is not None
    focused.post_message(Paste(text))
    await calm(pilot)


async def looked(pilot: Pilot[int], cloud: Cloud) -> str:
    """From the search to the account's fields."""
    await press(pilot, "f9")
    await paste(pilot, f"\n{cloud.url}  \r\n")
    await press(pilot, "enter")
    return await press(pilot, "f10")


async def planned(pilot: Pilot[int], cloud: Cloud, password: str = PASSWORD) -> str:
    """From the search to the plan."""
    await looked(pilot, cloud)
    await paste(pilot, EMAIL)
    await press(pilot, "enter")
    await paste(pilot, password)
    return await press(pilot, "enter")


def registered(clinic: Clinic) -> bool:
    return clinic.store.read(sync_peer.active).result() is not None


async def test_from_a_pasted_code_to_a_joined_clinic(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        text = await press(pilot, "f9")
        assert on(app, ConnectScreen)
        golden("connect", text)
        await press(pilot, "escape")
        text = await looked(pilot, cloud)
        assert f"A Hikma Health server answers at {cloud.url}" in text
        await paste(pilot, EMAIL)
        await press(pilot, "enter")
        await paste(pilot, PASSWORD)
        assert PASSWORD not in screen_text(app)
        text = await press(pilot, "enter")
        assert on(app, PlanScreen)
        assert "Before you join" in text
        assert "5 patients" in text + await press(pilot, "pagedown")
        assert not registered(clinic)
        await press(pilot, "f10")
        assert on(app, Ask)
        text = await press(pilot, "enter")  # not enough for this question
        assert "Press F10 for yes" in text
        text = await press(pilot, "f10")
        assert "Sync now?" in text
        assert registered(clinic)
        text = await press(pilot, "escape")
        assert on(app, FindScreen)
        assert "Hikma Clinic" in text
        assert "Nora Nurse" in text
        assert app.actor.user_name == "Nora Nurse"
        assert not app.syncing.needs_password()  # the one just typed is this session's
        assert sync_secret.kept(clinic.store.directory) is None
        # and she works on, under the account's name
        await press(pilot, "f2")
        for _field in range(2):
            await press(pilot, "tab")
        await press(pilot, "escape")


async def test_the_password_is_kept_only_after_a_key_says_so(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (_app, pilot):
        await planned(pilot, cloud)
        await press(pilot, "end")
        text = await press(pilot, "2")
        assert "It is kept on this computer" in text
        await press(pilot, "f10", "f10")
        assert sync_secret.kept(clinic.store.directory) == PASSWORD


async def test_back_from_the_plan_changes_nothing_and_forgets_the_password(
    clinic: Clinic, cloud: Cloud
) -> None:
    async with running(clinic) as (app, pilot):
        await planned(pilot, cloud)
        await press(pilot, "x")  # a letter does not take the plan away
        assert on(app, PlanScreen)
        text = await press(pilot, "escape")
        assert on(app, ConnectScreen)
        assert "Nothing was changed" in text
        assert EMAIL in text
        assert app.screen.query_one("#password", LineInput).value == ""
        assert app.connecting._state.credentials is None
        assert not registered(clinic)
        await press(pilot, "escape")
        assert on(app, FindScreen)


async def test_failures_keep_what_was_typed_but_the_password(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        text = await planned(pilot, cloud, password="wrong-one")
        assert "one of them is not right" in text
        assert EMAIL in text
        assert app.focused is app.screen.query_one("#password")
        assert app.screen.query_one("#password", LineInput).value == ""
        await paste(pilot, "has:colon")
        text = await press(pilot, "enter")
        assert "colon" in text
        cloud.fault("limit", seconds=120)
        await paste(pilot, PASSWORD)
        text = await press(pilot, "enter")
        assert "asked too often" in text
        await paste(pilot, PASSWORD)
        await press(pilot, "enter")
        assert on(app, PlanScreen)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nothing of the kind", "not the text of a registration code"),
        ('{"type":"sync_hub","url":"http://10.0.0.5:4001","id":"x","pk":"y"}', "Hubs can't be"),
        ("http://hikma.example.org", "not protected (http)"),
        ("[/bold]\x1b]0;x\x07\u202e\ud800\x00" * 200, "not the text of a registration code"),
        ("http://127.0.0.1:1", "no connection to the server"),
    ],
)
async def test_what_is_no_server_gets_one_sentence(clinic: Clinic, text: str, said: str) -> None:
    async with running(clinic) as (app, pilot):
        await press(pilot, "f9")
        await paste(pilot, text)
        shown = await press(pilot, "enter")
        if isinstance(app.screen, Ask):
            shown = await press(pilot, "f10")
        assert said in " ".join(shown.split())
        assert on(app, ConnectScreen)
        assert_nothing_to_obey(shown)
        assert app.screen.query_one("#code", LineInput).value != ""


async def test_no_to_http_sends_nothing(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        await press(pilot, "f9")
        await paste(pilot, cloud.url)
        text = await press(pilot, "enter")
        assert "is not protected" in text
        await press(pilot, "escape")
        assert on(app, ConnectScreen)
        assert not cloud.seen


async def test_another_code_is_looked_at_anew(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        await looked(pilot, cloud)
        assert app.screen.query_one("#row_email").display
        await press(pilot, "up")
        await paste(pilot, "http://127.0.0.1:1")
        text = screen_text(app)
        assert "answers at" not in text
        assert not app.screen.query_one("#row_email").display


async def test_waiting_for_a_server_leaves_the_screen_alive_and_esc_stops_it(
    clinic: Clinic, cloud: Cloud
) -> None:
    async with running(clinic) as (app, pilot):
        await looked(pilot, cloud)
        await paste(pilot, EMAIL)
        await press(pilot, "enter")
        await paste(pilot, PASSWORD)
        cloud.fault("stall", seconds=8)
        await pilot.press("enter")
        await pilot.pause()
        assert "Asking the server" in screen_text(app)
        await pilot.press("f10")
        await pilot.pause()
        assert "Waiting for the server" in screen_text(app)
        await pilot.press("escape")
        await asyncio.wait_for(calm(pilot), 4)
        assert "Nothing was changed" in screen_text(app)
        assert on(app, ConnectScreen)
        assert not registered(clinic)


async def test_an_account_without_a_clinic_is_asked_for_one(clinic: Clinic, cloud: Cloud) -> None:
    nurse = next(row for row in cloud.store.live("users") if row["email"] == EMAIL)
    place, nurse["clinic_id"] = nurse["clinic_id"], None
    async with running(clinic) as (app, pilot):
        text = await planned(pilot, cloud)
        assert "belongs to no clinic" in " ".join(text.split())
        assert app.focused is app.screen.query_one("#clinic")
        await paste(pilot, str(place))
        await press(pilot, "enter")
        assert on(app, PlanScreen)


async def test_a_demo_is_told_before_the_network_is_asked(clinic: Clinic, cloud: Cloud) -> None:
    clinic.store.write(info.put, "demo", 1).result()
    async with running(clinic) as (_app, pilot):
        await press(pilot, "f9")
        await paste(pilot, cloud.url)
        assert "It joins no server" in await press(pilot, "enter")
        assert not cloud.seen


async def test_something_open_below_is_finished_first(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        await press(pilot, "f2")
        app.action_connect()
        await calm(pilot)
        await paste(pilot, cloud.url)
        await press(pilot, "enter", "f10")
        await paste(pilot, EMAIL)
        await press(pilot, "enter")
        await paste(pilot, PASSWORD)
        await press(pilot, "enter")
        text = await press(pilot, "f10")
        assert on(app, PlanScreen)
        assert "Something is open below" in text
        assert not registered(clinic)


async def test_a_join_that_can_not_be_saved_says_so_loudly(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        await planned(pilot, cloud)
        backups = clinic.store.directory / "backups"
        backups.write_text("in the way")
        text = await press(pilot, "f10", "f10")
        assert "NOT SAVED" in text
        assert on(app, PlanScreen)
        assert app.actor.user_name == "Nora"
        assert not registered(clinic)


async def test_the_server_is_shown_its_code_drawn_and_it_is_left_by_its_name(
    clinic: Clinic, cloud: Cloud
) -> None:
    async with running(clinic) as (app, pilot):
        await planned(pilot, cloud)
        await press(pilot, "f10", "f10", "escape")
        app.action_connect()
        await calm(pilot)
        assert on(app, JoinedScreen)
        text = await press(pilot, "1")
        assert on(app, CodeScreen)
        assert cloud.url in text
        assert "█" in text
        assert "Scan it" in text
        await press(pilot, "escape")
        text = await press(pilot, "8")
        assert "Type 127.0.0.1 for yes" in text
        await press(pilot, "enter")
        assert registered(clinic)
        await paste(pilot, "127.0.0.1")
        text = await press(pilot, "enter")
        assert not registered(clinic)
        assert on(app, FindScreen)
        assert "this computer only" in text
        rows = clinic.store.read(
            lambda: connection().execute("SELECT count(*) FROM live_patients").fetchone()[0]
        ).result()
        assert rows == 5


async def test_a_colleagues_account_goes_on_where_the_first_was_removed(
    clinic: Clinic, cloud: Cloud
) -> None:
    nurse = cloud.store.user(EMAIL, None)
    assert nurse is not None
    add_user(cloud.store, "Omar", "omar@clinic.test", "OmarPass1", nurse["clinic_id"])
    add_user(
        cloud.store,
        "Far",
        "far@clinic.test",
        "FarPass1",
        cloud.store.put("clinics", {"name": "Far"})["id"],
    )
    async with running(clinic) as (app, pilot):
        await planned(pilot, cloud)
        await press(pilot, "2", "f10", "f10", "escape")  # with the password kept
        app.action_connect()
        await calm(pilot)
        await press(pilot, "2")
        assert on(app, AccountDialog)
        assert "Now: nurse@clinic.test" in screen_text(app)
        text = await press(pilot, "f10")
        assert "The e-mail of the other account is needed" in text
        # Another clinic's account, and a wrong password, change nothing; the e-mail stays.
        await paste(pilot, "far@clinic.test")
        await press(pilot, "enter")
        await paste(pilot, "FarPass1")
        text = await press(pilot, "enter")
        assert "belongs to another clinic" in " ".join(text.split())
        assert "FarPass1" not in text
        email = app.screen.query_one("#email", LineInput)
        assert email.value == "far@clinic.test"
        email.value = "omar@clinic.test"
        await paste(pilot, "wrong")
        await press(pilot, "enter")
        assert on(app, AccountDialog)
        peer = clinic.store.read(sync_peer.active).result()
        assert peer is not None
        assert peer.email == EMAIL
        assert app.screen.query_one("#password", LineInput).value == ""
        await paste(pilot, "OmarPass1")
        text = await press(pilot, "f10")
        assert on(app, JoinedScreen)
        assert "Account: omar@clinic.test." in text
        assert "From now on omar@clinic.test syncs" in text
        peer = clinic.store.read(sync_peer.active).result()
        assert peer is not None
        assert peer.email == "omar@clinic.test"
        assert sync_secret.kept(clinic.store.directory) is None  # it was the former one's
        assert not app.syncing.needs_password()  # the new one is this session's
        text = await press(pilot, "2", "escape")
        assert "Nothing was changed" in text


async def test_esc_stops_waiting_for_the_other_account(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        await planned(pilot, cloud)
        await press(pilot, "f10", "f10", "escape")
        app.action_connect()
        await calm(pilot)
        cloud.fault("stall", path="/api/auth", seconds=20)
        await press(pilot, "2")
        for key in (*"omar", "enter", *"secret"):  # typed ahead: no pause for the screen
            app.post_message(Key(key, key if len(key) == 1 else None))
        await calm(pilot)
        assert app.screen.query_one("#email", LineInput).value == "omar"
        assert app.screen.query_one("#password", LineInput).value == "secret"
        await pilot.press("enter")
        await pilot.pause(0.3)
        assert "Esc stops that" in screen_text(app)
        text = await press(pilot, "escape")
        assert on(app, AccountDialog)
        assert "Stopped. Nothing was changed." in text
        await press(pilot, "escape")
        assert on(app, JoinedScreen)


async def test_the_code_in_a_small_window_and_on_the_console(
    clinic: Clinic, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with running(clinic, (80, 16)) as (app, pilot):
        app.push_screen(CodeScreen(cloud.url))
        await calm(pilot)
        text = screen_text(app)
        assert "too small for the code" in text
        assert cloud.url in text
    monkeypatch.setenv("TERM", "linux")
    again = make_clinic(clinic.store.directory.parent / "another")
    async with running(again, (80, 40)) as (app, pilot):
        app.push_screen(CodeScreen(cloud.url))
        await calm(pilot)
        assert not missing_glyphs(screen_text(app))
        assert "Scan it" in screen_text(app)


async def test_all_of_it_in_arabic(
    clinic: Clinic, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIKMA_TUI_LANGUAGE", "ar")
    async with running(clinic) as (app, pilot):
        text = await planned(pilot, cloud)
        assert on(app, PlanScreen)
        assert cloud.url in text
        assert_nothing_to_obey(text)
        await press(pilot, "f10", "f10", "escape")
        assert registered(clinic)
        assert i18n.language() == "ar"


async def test_the_console_has_all_the_glyphs(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (_app, pilot):
        assert not missing_glyphs(await press(pilot, "f9"))
        await press(pilot, "escape")
        assert not missing_glyphs(await planned(pilot, cloud))
        assert not missing_glyphs(await press(pilot, "f10"))
