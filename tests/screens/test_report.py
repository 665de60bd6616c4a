"""The report on the screen, to a file, and in the pager."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic.permissions import Flag
from hikma_tui.models import connection
from hikma_tui.screens import report_pager
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.patient import PatientScreen
from hikma_tui.screens.report import AskPath, ReportScreen
from hikma_tui.screens.visit import VisitScreen
from hikma_tui.widgets.prompt import LineInput
from tests.screens.clinic import (
    TODAY,
    Clinic,
    fill,
    make_clinic,
    on,
    press,
    running,
    type_text,
    use_utc,
)
from tests.screens.harness import assert_nothing_to_obey, screen_text


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    home = tmp_path / "at-home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    found = make_clinic(tmp_path / "store")
    yield found
    found.store.close()


def exports(clinic: Clinic) -> list[str]:
    query = "SELECT changes FROM event_logs WHERE action_type = 'EXPORT' ORDER BY pk"
    rows: list[Any] = clinic.store.on_writer(
        lambda: connection().execute(query).fetchall()
    ).result()
    return [row[0] for row in rows]


def files(home: Path) -> list[Path]:
    return sorted(home.glob("report*"))


async def test_six_shows_it_and_digits_write_it(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    for day in range(12):
        clinic.note(patient, TODAY - timedelta(days=day), f"cough {day}")
    home = Path(os.environ["HOME"])
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter")
        text = await press(pilot, "6")
        assert on(app, ReportScreen)
        assert "HASSAN, Mohammed" in text
        assert "NOT ASKED" in text
        assert "Report of a patient   lines 1 to" in text
        assert len(exports(clinic)) == 1
        assert '"format": "screen"' in exports(clinic)[0]
        end = await press(pilot, "end")
        assert "End of the report." in end
        assert "cough 11" in end
        assert await press(pilot, "home") == text
        assert await press(pilot, "pagedown") != text
        asked = await press(pilot, "2")
        assert isinstance(app.screen, AskPath)
        assert "protection" in asked
        assert app.screen.query_one(LineInput).value == str(home / "report-A-0123-2026-11-22.html")
        said = await press(pilot, "enter")
        assert "Written:" in said
        (file,) = files(home)
        assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert '"format": "html"' in exports(clinic)[1]
        await press(pilot, "f5")
        assert isinstance(app.screen, AskPath)
        app.screen.query_one(LineInput).value = str(file)
        assert "already" in await press(pilot, "f10")
        assert on(app, ReportScreen)
        assert file.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
        await press(pilot, "1")
        await press(pilot, "escape")
        assert on(app, ReportScreen)
        assert files(home) == [file]
        await press(pilot, "escape")
        assert on(app, PatientScreen)


async def test_a_letter_is_the_next_name(clinic: Clinic) -> None:
    fill(clinic)
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter", "6", "a")
        assert on(app, FindScreen)


async def test_of_a_visit_under_nine(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    clinic.note(patient, TODAY, "cough today")
    clinic.note(patient, TODAY - timedelta(days=400), "an older one")
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter", "enter")
        assert on(app, VisitScreen)
        assert "Report of this visit" in await press(pilot, "9")
        shown = await press(pilot, "7")
        assert on(app, ReportScreen)
        whole = shown + await press(pilot, "pagedown")
        assert "Report of a visit" in shown
        assert "cough today" in whole
        assert "an older one" not in whole + await press(pilot, "end")


async def test_without_the_right_nothing_is_shown(clinic: Clinic) -> None:
    fill(clinic)

    def take() -> None:
        flags = ", ".join(f"{flag} = {int(flag == Flag.VIEW_HISTORY)}" for flag in Flag)
        connection().execute(f"UPDATE user_clinic_permissions SET {flags}")
        connection().execute("UPDATE users SET role = 'provider'")

    clinic.store.on_writer(take).result()
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        said = await press(pilot, "enter", "6")
        assert on(app, PatientScreen)
        assert "no permission to take reports" in said
        assert exports(clinic) == []


async def test_hostile_names_reach_no_terminal(clinic: Clinic) -> None:
    clinic.register(
        "[red]\x1b[31m<script>", "\u202egnp", external_patient_id="H-1", hometown="\x9b2J[/x]"
    )
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "H-1")
        shown = await press(pilot, "enter", "6")
        assert on(app, ReportScreen)
        assert "[red]" in shown
        assert_nothing_to_obey(shown.replace("\u200e", ""))
        assert_nothing_to_obey((await press(pilot, "end")).replace("\u200e", ""))


async def test_two_hundred_visits_scroll_without_waiting(clinic: Clinic) -> None:
    patient = fill(clinic)["A-0123"]
    for day in range(200):
        clinic.note(patient, TODAY - timedelta(days=3 * day), f"cough {day}")
    async with running(clinic) as (app, pilot):
        await type_text(pilot, "A-0123")
        await press(pilot, "enter", "6")
        began = time.perf_counter()
        await press(pilot, "end", "pageup", "pageup", "home")
        assert time.perf_counter() - began < 2
        assert "HASSAN" in screen_text(app)


def test_the_pager_is_closed_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A real program in less's place tells how it was called."""
    less = tmp_path / "less"
    out = tmp_path / "out"
    less.write_text(f'#!/bin/sh\n{{ echo "$# $LESSSECURE $LESS $LESSOPEN"; cat; }} > "{out}"\n')
    less.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setenv("LESS", "-olog")
    monkeypatch.setenv("LESSOPEN", "|cat %s")
    monkeypatch.setenv("PAGER", "more -x")
    assert report_pager.command() == [str(less)]
    monkeypatch.setenv("PAGER", "less -R +!sh")
    assert report_pager.command() == [str(less)]
    assert report_pager.page(report_pager.command(), "محمد\n") == 0
    assert out.read_text(encoding="utf-8").split() == ["0", "1", "محمد"]
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert report_pager.command() == []


def test_ctrl_c_in_the_pager_does_not_end_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The terminal sends both to every program of the group; less alone may act on them."""
    less = tmp_path / "less"
    less.write_text("#!/bin/sh\nkill -INT $PPID; kill -TSTP $PPID; cat > /dev/null; exit 3\n")
    less.chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTSTP)
    assert report_pager.page(report_pager.command(), "x\n") == 3
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTSTP)) == before
