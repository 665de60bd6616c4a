"""F9 with a server that answers: the child process, its end, and what the screens then show."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import info
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.sync import SyncScreen
from hikma_tui.screens.sync_password import PasswordDialog
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.prompt import SearchPrompt
from tests.cloud.seed import PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store as Rows
from tests.screens.clinic import Clinic, calm, on, press, running, stop_the_clock, type_text
from tests.screens.harness import screen_text
from tests.screens.server import ended
from tests.unit.sync_running import Site


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    rows = Rows()
    seed(rows, patients=20)
    with Cloud(rows, limits=False) as server:
        yield server


@pytest.fixture
def clinic(tmp_path: Path, cloud: Cloud) -> Iterator[Clinic]:
    stop_the_clock()
    site = Site(tmp_path / "store")
    site.join(cloud.url)
    yield Clinic(site.store, site.actor)
    site.store.close()


async def begun(app: HikmaApp, pilot: Any, password: str = PASSWORD) -> None:
    """F9, and the password."""
    await press(pilot, "f9")
    assert on(app, PasswordDialog)
    await type_text(pilot, password)
    await pilot.press("enter")
    for _turn in range(200):
        if app.syncing._process is not None or app.syncing.ended is not None:
            return
        await pilot.pause(0.02)
    raise AssertionError("no child was started")


async def stalled(cloud: Cloud, pilot: Any, app: HikmaApp) -> None:
    """Wait until the server has heard of the child and lets it wait."""
    for _turn in range(400):
        if app.syncing.step is not None and app.syncing.step.phase == "pull":
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it never began to fetch: {app.syncing.step}, {app.syncing.ended}")


def told(pid: int, name: str) -> bytes:
    """What every program of this user may read of a process."""
    return Path(f"/proc/{pid}/{name}").read_bytes()


async def test_what_comes_is_on_the_screen_and_what_is_typed_stays(
    clinic: Clinic, cloud: Cloud
) -> None:
    cloud.fault("stall", method="GET", path="/api/v2/sync", after=2000, seconds=3)
    async with running(clinic) as (app, pilot):
        assert "never synced" in screen_text(app).splitlines()[0]
        await begun(app, pilot)
        await stalled(cloud, pilot, app)
        await press(pilot, "escape")
        assert on(app, FindScreen)
        await type_text(pilot, "amal")
        assert "Nobody found for: amal" in screen_text(app)
        assert "syncing" in screen_text(app).splitlines()[0]
        await ended(app, pilot)
        await calm(pilot)
        text = screen_text(app)
        assert "all confirmed" in text.splitlines()[0], text
        assert app.screen.query_one(SearchPrompt).value == "amal"
        assert app.focused is app.screen.query_one(SearchPrompt)
        assert "Amal" in text
        await press(pilot, "f9")
        assert on(app, SyncScreen)  # the password is asked for once
        text = await ended(app, pilot)
        assert "Synced." in text
        assert "Nothing had changed" in text


async def test_a_patient_who_is_open_is_read_again(clinic: Clinic, cloud: Cloud) -> None:
    async with running(clinic) as (app, pilot):
        app.syncing.use_password(PASSWORD)
        await app.syncing.start("sync")
        await ended(app, pilot)
        row = cloud.store.live("patients")[0]
        app.push_screen(PatientScreen(str(row["id"])))
        await calm(pilot)
        row["phone"] = "079 424242"
        row["last_modified"] = cloud.store.now()
        await app.syncing.start("sync")
        text = await ended(app, pilot)
        await calm(pilot)
        assert "079 424242" in screen_text(app), text


async def test_a_digit_stops_it_and_nothing_is_half_there(clinic: Clinic, cloud: Cloud) -> None:
    cloud.fault("stall", method="GET", path="/api/v2/sync", after=2000, seconds=60)
    async with running(clinic) as (app, pilot):
        await begun(app, pilot)
        await stalled(cloud, pilot, app)
        assert "A sync is running" in await press(pilot, "f9")
        text = await press(pilot, "8")
        assert "being stopped" in text or "stopped" in text
        text = await ended(app, pilot)
        assert "The sync was stopped." in text, text
        await press(pilot, "escape")
        assert "no patient" in screen_text(app)
        assert "never synced" in screen_text(app).splitlines()[0]


async def test_a_wrong_password_is_said_and_asked_for_again(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        await begun(app, pilot, "Wrong")
        text = await ended(app, pilot)
        assert app.syncing.ended is not None
        assert app.syncing.ended.result in ("unauthorized", "wrong-password"), text
        await press(pilot, "f9")
        assert on(app, PasswordDialog)


async def test_the_password_is_in_no_argument_and_no_environment(
    clinic: Clinic, cloud: Cloud
) -> None:
    cloud.fault("stall", method="GET", path="/api/v2/sync", after=10, seconds=60)
    async with running(clinic) as (app, pilot):
        await begun(app, pilot)
        await stalled(cloud, pilot, app)
        process = app.syncing._process
        assert process is not None
        for name in ("cmdline", "environ"):
            assert PASSWORD.encode() not in told(process.pid, name)
        assert os.getpriority(os.PRIO_PROCESS, process.pid) > 0
        assert os.getpgid(process.pid) == process.pid


async def test_leaving_the_program_stops_the_child(clinic: Clinic, cloud: Cloud) -> None:
    cloud.fault("stall", method="GET", path="/api/v2/sync", after=10, seconds=60)
    async with running(clinic) as (app, pilot):
        await begun(app, pilot)
        await stalled(cloud, pilot, app)
        process = app.syncing._process
        assert process is not None
        before = time.monotonic()
        await asyncio.to_thread(app.close_store)
        assert process.poll() is not None
        assert time.monotonic() - before < 6


async def test_where_bytes_cost_money_it_asks_first(clinic: Clinic) -> None:
    clinic.store.write(info.put, "metered", "ask").result()
    async with running(clinic) as (app, pilot):
        await begun(app, pilot)
        await ended(app, pilot)
        assert on(app, Ask), screen_text(app)
        text = await press(pilot, "escape")
        assert "never synced" in text.splitlines()[0]
        await press(pilot, "f9")
        await ended(app, pilot)
        assert on(app, Ask)
        await pilot.press("enter")
        for _turn in range(100):
            if app.syncing.running:
                break
            await pilot.pause(0.02)
        text = await ended(app, pilot)
        assert "all confirmed" in text.splitlines()[0], text


async def test_a_failure_in_the_background_is_told_on_the_first_screen(
    clinic: Clinic, cloud: Cloud
) -> None:
    cloud.fault("status", status=502, times=-1)
    async with running(clinic) as (app, pilot):
        await begun(app, pilot)
        await press(pilot, "escape")
        assert on(app, FindScreen)
        text = await ended(app, pilot)
        assert "The server has trouble of its own." in text


async def test_a_line_that_says_nothing_does_no_harm(clinic: Clinic) -> None:
    async with running(clinic) as (app, pilot):
        app.syncing._progress({"records": 3})
        app.syncing._progress({"phase": "apply", "records": 3, "nobody": "knows"})
        assert app.syncing.step is not None
        assert app.syncing.step.records == 3
        await calm(pilot)
