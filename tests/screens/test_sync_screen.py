"""F9 and what belongs to it: the numbers, the log, what needs a person, the line of state."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic import records, server_aside
from hikma_tui.clinic.server import Run, ServerState
from hikma_tui.models import connection
from hikma_tui.screens import sync_report
from hikma_tui.screens import sync_words as words
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.sync import SyncScreen
from hikma_tui.screens.sync_door import Ended, Step
from hikma_tui.screens.sync_log import LogScreen, RunScreen
from hikma_tui.screens.sync_needs import NeedsScreen
from hikma_tui.screens.sync_password import PasswordDialog
from hikma_tui.screens.sync_state import state_text
from hikma_tui.syncing import peer as sync_peer
from tests.screens.clinic import (
    TODAY,
    Clinic,
    calm,
    fill,
    make_clinic,
    on,
    press,
    running,
    type_text,
)
from tests.screens.harness import assert_nothing_to_obey, golden, missing_glyphs, screen_text
from tests.screens.server import AT, agreed, connected, ended, logged, marked

REPORT: dict[str, Any] = {
    "kind": "sync", "result": "ok", "started_at": AT - 12_000, "ended_at": AT,
    "message": "Synced. 1 record needs you.", "notices": ["slow-network"],
    "total": {"pulled": 12_345, "confirmed": 3, "refused": 1},
    "tables": {
        "patients": {"pulled": 12_000, "pushed": 1, "confirmed": 1},
        "events": {"pulled": 345, "deleted": 2, "pushed": 3, "confirmed": 2, "refused": 1},
        "visits": {"pulled": 0},
    },
    "seconds": {"connect": 0.2, "pull": 9.4, "push": 1.1}, "bytes_down": 9_100_000,
    "bytes_up": 2_100, "requests": 4, "waiting": {},
}  # fmt: skip


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    made = make_clinic(tmp_path / "store")
    yield made
    made.store.close()


async def counted(app: HikmaApp, pilot: Any) -> str:
    await app.syncing.recount()
    await calm(pilot)
    return screen_text(app)


# Words --------------------------------------------------------------------------------------


def test_the_state_line_says_what_is_not_confirmed_and_since_when() -> None:
    def said(running: bool = False, **counts: Any) -> str:
        return state_text(ServerState(registered=True, **counts), running, TODAY, None)

    assert state_text(None, False, TODAY, None) == ""
    assert said() == "never synced"
    assert said(last_confirmed_ms=AT).startswith("all confirmed ")
    assert said(last_confirmed_ms=AT, not_sent=3).startswith("3 not sent, confirmed ")
    assert said(last_confirmed_ms=AT, sent=1).startswith("1 unconfirmed, confirmed ")
    assert said(conflicts=1, refused=1, not_sent=2) == (
        "needs you: 2 (F8), 2 not sent, never synced"
    )
    assert said(True, not_sent=2) == "syncing, 2 not sent, never synced"
    # after a long absence an incremental sync is no proof (decisions.md 34)
    assert said(last_confirmed_ms=AT, needs_full_check=True).startswith("confirmed ")


def test_a_running_sync_tells_phase_counts_rate_and_time() -> None:
    step = Step("pull", 12_300, None, 9_100_000, 410_000.0, 125.0)
    assert words.step_text(step) == ("Fetching: 12,300 records, 9.1 MB, 410 KB/s, about 2 min left")
    assert words.step_text(Step("apply", 5, 1000, 0, 200.0)) == (
        "Taking in: 5 of 1,000 records, 200 records/s"
    )
    assert words.step_text(Step("pull", 1, 2_000_000, 1_000_000)) == (
        "Fetching: 1 record, 1.0 MB of 2.0 MB"
    )
    assert words.step_text(Step("connect")) == "Reaching the server"
    assert words.step_text(None) == "Starting"


def test_the_table_has_only_columns_and_rows_with_a_number() -> None:
    rows = [text for text, _style in sync_report.table_rows(REPORT, 80)]
    assert rows[0].split() == ["received", "deleted", "sent", "confirmed", "refused"]
    assert [row.split()[0] for row in rows[1:]] == ["patients", "notes"]
    assert rows[1].split() == ["patients", "12,000", "-", "1", "1", "-"]
    narrow = [text for text, _style in sync_report.table_rows(REPORT, 40)]
    assert all(len(row) <= 38 for row in narrow)
    assert narrow[0] == "patients: received 12,000, sent 1,"


def test_a_run_without_a_report_has_words() -> None:
    broken = Ended("sync", "broken", AT, AT, {}, "hikma-tui: the disk is full")
    text = "\n".join(row for row, _s in sync_report.ended_lines(broken, lambda _ms: "12:00", 80))
    assert "broke off" in text
    assert "the disk is full" in text
    cut = sync_report.run_lines(Run("sync", AT, None, "", {}), lambda _ms: "12:00", 80)
    assert "cut short" in cut[0][0]


# Screens ------------------------------------------------------------------------------------


async def test_the_line_of_state_follows_what_is_saved(clinic: Clinic) -> None:
    fill(clinic)
    peer = connected(clinic)
    async with running(clinic) as (app, pilot):
        assert "never synced" in await counted(app, pilot)
        agreed(clinic, peer)
        text = await counted(app, pilot)
        assert "all confirmed" in text.splitlines()[0]
        await app.writing(_rename, clinic)
        await calm(pilot)
        assert "1 not sent, confirmed" in screen_text(app).splitlines()[0]


def _rename(clinic: Clinic) -> None:
    from hikma_tui.clinic import patients
    from hikma_tui.models import Patient

    row_id = Patient.select().first().id
    patients.edit(clinic.actor, row_id, {"camp": "Other"})


async def test_without_a_password_it_is_asked_for_and_esc_sends_nothing(clinic: Clinic) -> None:
    connected(clinic)
    async with running(clinic) as (app, pilot):
        await press(pilot, "f9")
        assert on(app, PasswordDialog)
        await type_text(pilot, "secret")
        text = screen_text(app)
        assert "secret" not in text
        assert "nora@example.org" in text
        golden("sync_password", text)
        text = await press(pilot, "escape")
        assert on(app, SyncScreen)
        assert "Nothing was sent or received." in text
        assert app.syncing.running == ""


async def test_a_server_that_is_gone_is_one_calm_sentence(clinic: Clinic) -> None:
    connected(clinic)
    async with running(clinic) as (app, pilot):
        await press(pilot, "f9")
        await type_text(pilot, "secret")
        await press(pilot, "enter")
        assert on(app, SyncScreen)
        text = await ended(app, pilot)
        assert "There is no connection to the server." in text, text
        assert "Nothing had changed" not in text  # nobody knows that
        assert app.syncing.ended is not None
        assert app.syncing.ended.result == "no-network"
        text = await press(pilot, "1")
        assert on(app, LogScreen)
        assert "1 sync" in text
        assert "There is no connection" in text


async def test_the_result_with_its_table(clinic: Clinic) -> None:
    connected(clinic)
    async with running(clinic) as (app, pilot):
        app.syncing.ended = Ended("sync", "ok", AT - 12_000, AT, REPORT)
        app.push_screen(SyncScreen())
        await calm(pilot)
        text = screen_text(app)
        assert "Synced. 1 record needs you." in text
        assert "because the network is slow" in text
        assert not missing_glyphs(text)
        golden("sync_result", text)
        assert "No sync is running." in await press(pilot, "8")


async def test_a_letter_on_the_sync_is_a_name(clinic: Clinic) -> None:
    connected(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(SyncScreen())
        await calm(pilot)
        text = await press(pilot, "h")
        assert "Find: h" in text


async def test_the_log_opens_each_sync(clinic: Clinic) -> None:
    peer = connected(clinic)
    logged(clinic, peer, {}, ended_at=None)
    logged(clinic, peer, {}, result="server")
    logged(clinic, peer, REPORT)
    async with running(clinic) as (app, pilot):
        app.push_screen(LogScreen())
        await calm(pilot)
        text = screen_text(app)
        assert "3 syncs" in text
        assert "3 confirmed, 12,345 received, 1 refused" in text
        golden("sync_log", text)
        text = await press(pilot, "enter")
        assert on(app, RunScreen)
        assert "12,000" in text
        await press(pilot, "escape")
        assert on(app, LogScreen)


async def test_an_empty_log_teaches(clinic: Clinic) -> None:
    connected(clinic)
    async with running(clinic) as (app, pilot):
        app.push_screen(LogScreen())
        await calm(pilot)
        assert "Nothing was synced yet." in screen_text(app)
        assert "Nothing was synced yet." in await press(pilot, "enter")


async def test_what_needs_a_person_says_why_and_opens_the_patient(clinic: Clinic) -> None:
    ids = fill(clinic)
    peer = connected(clinic)
    agreed(clinic, peer)
    note = clinic.note(ids["A-0300"], TODAY, "headache")
    marked(clinic, peer, "patients", ids["A-0123"], "refused", "bad-row")
    marked(clinic, peer, "events", note.event_id, "stays", "no-place")
    async with running(clinic) as (app, pilot):
        text = await counted(app, pilot)
        assert "needs you: 1 (F8)" in text.splitlines()[0]
        text = await press(pilot, "f8")
        assert on(app, NeedsScreen)
        assert "The server does not take this record." in text
        assert "HASSAN, Mohammed" in text
        assert "A-0123" in text
        assert_nothing_to_obey(text)
        golden("sync_needs", text)
        await press(pilot, "enter")
        assert on(app, PatientScreen)


async def test_what_could_not_be_stored_says_why_and_which_it_is(clinic: Clinic) -> None:
    ids = fill(clinic)
    peer = connected(clinic)
    agreed(clinic, peer)

    def put() -> None:
        row = {"id": "0190bbbb-0000-7000-8000-000000000001", "patient_id": ids["A-0123"]}
        why = "twice:patient_id,attribute_id"
        server_aside.keep("patient_additional_attributes", row, why)
        server_aside.keep("visits", {**row, "patient_id": "nobody [/b]"}, "unfit:provider_name")

    clinic.store.write(put).result()
    async with running(clinic) as (app, pilot):
        text = await counted(app, pilot)
        assert "needs you: 2 (F8)" in text.splitlines()[0]
        text = await press(pilot, "f8")
        assert "put aside: does not fit in here" in text
        assert "The server has it twice" in text
        assert "It is about: Who saw the patient (name)." in " ".join(text.split())
        assert "HASSAN, Mohammed" in text
        assert "0190bbbb-0000-7000-8000-000000000001" in text  # nobody's: by its number
        assert not missing_glyphs(text)
        assert_nothing_to_obey(text)
        golden("sync_aside", text)
        await press(pilot, "enter")
        assert on(app, PatientScreen)


async def test_what_the_older_server_has_no_place_for_is_named(clinic: Clinic) -> None:
    ids = fill(clinic)
    peer = connected(clinic)
    agreed(clinic, peer)
    clinic.store.write(sync_peer.update, peer, dialect="flask").result()
    for number in range(2):
        row = {"patient_id": ids["A-0123"], "heart_rate": 80 + number,
               "timestamp": "2026-11-20T12:00:00.000Z"}  # fmt: skip
        clinic.store.write(records.create, clinic.actor, "patient_vitals", row).result()
    note = clinic.note(ids["A-0300"], TODAY, "headache")
    marked(clinic, peer, "events", note.event_id, "stays", "no-place")
    async with running(clinic) as (app, pilot):
        await counted(app, pilot)
        text = await press(pilot, "f8")
        assert "stays on this computer: 2" in text
        assert "vitals: 2" in text
        assert "notes:" not in text  # it is listed, with its reason
        assert_nothing_to_obey(text)


async def test_in_forty_columns_nothing_breaks(clinic: Clinic) -> None:
    ids = fill(clinic)
    peer = connected(clinic)
    marked(clinic, peer, "patients", ids["A-0040"], "refused", "bad-row")
    logged(clinic, peer, REPORT)
    async with running(clinic, (40, 24)) as (app, pilot):
        app.syncing.ended = Ended("sync", "ok", AT - 12_000, AT, REPORT)
        for screen in (SyncScreen(), NeedsScreen(), LogScreen()):
            app.push_screen(screen)
            await calm(pilot)
            assert all(len(row) <= 41 for row in screen_text(app).splitlines())
            if isinstance(screen, NeedsScreen):
                assert "محمد" in screen_text(app)  # the name, too


async def test_records_of_another_clinic_are_not_named(clinic: Clinic) -> None:
    from hikma_tui.clinic import server_needs

    ids = fill(clinic)
    peer = connected(clinic)
    marked(clinic, peer, "patients", ids["A-0123"], "refused", "bad-row")

    def forbid() -> None:
        connection().execute("UPDATE user_clinic_permissions SET is_clinic_admin = 0,"
                             " can_view_history = 0")  # fmt: skip

    clinic.store.write(forbid).result()
    (need,) = clinic.store.read(server_needs.needs, clinic.actor).result()
    assert need.hidden
    assert need.patient is None
