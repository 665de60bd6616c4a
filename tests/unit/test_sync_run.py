"""A whole run against the double over loopback: what comes, what goes, what is told, what goes
wrong. Every fault leaves the records as they were, and the next run goes on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import audit, info, server
from hikma_tui.syncing import lock as sync_lock
from hikma_tui.syncing import run_speed as sync_run_speed
from hikma_tui.syncing.shapes import Phase, Progress
from hikma_tui.wire.shapes import Kind
from tests.unit.sync_running import Site, joined, there

DAY = 86_400_000


def agree(site: Site, cloud: Any) -> None:
    """Both sides have the same live patients, and the server has confirmed all that is here."""
    known = {str(row["id"]) for row in cloud.store.live("patients")}
    assert {row[0] for row in site.sql("SELECT id FROM live_patients")} == known
    assert site.one("SELECT count(*) FROM patients WHERE change_seq > 0") == 0
    state = site.store.read(server.state).result()
    assert state.up_to_date, state


def test_both_ways_and_again(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=30) as (site, cloud):
        site.register("Amal")
        assert site.store.read(server.state).result().not_sent == 1
        report = site.sync()
        assert (report.result, report.total.pushed, report.total.confirmed) == ("ok", 1, 1)
        assert "confirmed by the server" in report.message
        agree(site, cloud)
        asked = len(cloud.seen)
        again = site.sync()
        assert (again.result, again.total.pulled, again.total.pushed) == ("ok", 0, 0)
        assert len(cloud.seen) - asked == 1  # no push, no read-back, no sign-in
        assert again.requests == 1
        (row,) = site.sql("SELECT count(*), sum(ended_at > 0), max(result) FROM sync_runs")
        assert row == (2, 2, "ok")
        entries = site.sql("SELECT changes FROM event_logs WHERE action_type = 'SYNC'")
        assert [json.loads(one[0])["total"]["pushed"] for one in entries] == [1, 0]
        assert site.store.on_writer(audit.problems).result() == []
        runs = site.store.read(server.runs).result()
        assert [run.counts["total"]["confirmed"] for run in runs] == [0, 1]


def test_the_older_server(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=12, flask=True) as (site, cloud):
        site.register("Amal")
        report = site.sync()
        assert (report.result, report.total.confirmed) == ("ok", 1), report
        agree(site, cloud)


def test_without_a_server_or_a_password(tmp_path: Path) -> None:
    site = Site(tmp_path / "alone")
    assert site.sync().result == Kind.NO_SERVER
    site.store.close()
    with joined(tmp_path / "a") as (other, cloud):
        asked = len(cloud.seen)
        report = other.sync(password=None)
        assert (report.result, len(cloud.seen) - asked) == (Kind.NO_PASSWORD, 0)
        with sync_lock.held(other.directory, 1_795_345_229_058):
            busy = other.sync()
        assert busy.result == Kind.BUSY
        assert "since" in busy.message
        assert other.one("SELECT count(*) FROM sync_runs") == 0


def test_a_401_is_asked_once_and_work_goes_on(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        patient = site.register("Amal")
        asked = len(cloud.seen)
        report = site.sync(password="wrong")
        assert report.result == Kind.UNAUTHORIZED
        assert len(cloud.seen) - asked == 1
        assert site.one("SELECT change_seq FROM patients WHERE id = ?", patient) > 0
        assert "wrong" not in site.log()
        assert site.sync().result == "ok"
        agree(site, cloud)


FAULTS = [
    ("cut", {"after": 300}, {Kind.CUT}),
    ("stall", {"seconds": 3.0}, {Kind.TIMEOUT}),
    ("stall", {"seconds": 2.0, "after": 700}, {Kind.TIMEOUT}),
    ("drop", {}, {Kind.CUT, Kind.NO_NETWORK}),
    ("lost", {}, {Kind.CUT, Kind.NO_NETWORK}),
    ("status", {}, {Kind.SERVER}),
    ("limit", {"seconds": 900}, {Kind.LIMIT}),
    ("html", {}, {Kind.CAPTIVE}),
    ("redirect", {}, {Kind.REDIRECT, Kind.CAPTIVE}),
    ("garbage", {}, {Kind.GARBAGE, Kind.CUT}),
    ("wrong_json", {}, {Kind.GARBAGE, Kind.SERVER}),
    ("wrong_json", {"body": '{"success":true}'}, {Kind.GARBAGE}),
    ("wrong_json", {"body": '{"success":true,"changes":{}}'}, {Kind.GARBAGE, Kind.CUT}),
    ("wrong_json", {"body": '{"success":false,"changes":{},"timestamp":5}'}, {Kind.GARBAGE}),
]  # fmt: skip


@pytest.mark.parametrize(("fault", "how", "kinds"), FAULTS)
def test_a_fault_of_the_pull_changes_nothing(
    tmp_path: Path, fault: str, how: dict[str, Any], kinds: set[Kind]
) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.register("Amal")
        before = site.content()
        cloud.fault(fault, method="GET", times=-1, **how)
        report = site.sync(timeout=0.1)
        assert report.result in kinds, (report.result, site.log())
        assert report.message.endswith(".")
        assert site.content() == before
        assert not list(site.directory.glob("sync/*"))
        cloud.faults.clear()
        assert site.sync().result == "ok"
        agree(site, cloud)


@pytest.mark.parametrize(
    ("fault", "how"),
    [
        ("lost", {}), ("drop", {}), ("status", {}), ("limit", {"seconds": 900}), ("html", {}),
        ("garbage", {}), ("stall", {"seconds": 2.0}),
    ],
)  # fmt: skip
def test_a_fault_of_the_push_loses_nothing(tmp_path: Path, fault: str, how: dict[str, Any]) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        made = {site.register(f"Amal {number}") for number in range(5)}
        cloud.fault(fault, method="POST", path="/api/v2/sync", times=-1, **how)
        report = site.sync(timeout=0.1)
        assert report.result != "ok", report
        waiting = site.store.read(server.state).result()
        assert waiting.not_sent + waiting.sent == 5
        assert not waiting.up_to_date
        cloud.faults.clear()
        assert site.sync().result == "ok"
        agree(site, cloud)
        assert made <= {str(row["id"]) for row in cloud.store.live("patients")}


def test_a_line_that_loses_pushes_again_and_again_is_not_the_servers_word(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        site.register("Amal")
        for _run in range(4):
            cloud.fault("drop", method="POST", path="/api/v2/sync", times=-1)
            assert site.sync(timeout=0.2).result != "ok"
            cloud.faults.clear()
        state = site.store.read(server.state).result()
        assert (state.conflicts, state.differs, state.needs_you) == (0, 0, 0)
        assert site.sync().total.confirmed == 1
        agree(site, cloud)


def test_a_push_that_stops_in_the_middle_is_worked_out(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        for number in range(5):
            site.register(f"Amal {number}")
        cloud.fault("half_push", method="POST", path="/api/v2/sync", times=2, after=2)
        assert site.sync().result == "ok"
        agree(site, cloud)


def test_one_bad_moment_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sync_run_speed, "SLOW_SECONDS", 0.5)  # whose fault a wait is, is known
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        cloud.fault("cut", method="GET", times=1, after=200)
        assert site.sync().result == "ok"
        cloud.fault("limit", method="GET", times=1, seconds=1)
        report = site.sync()
        assert (report.result, report.notices) == ("ok", ["limit"])
        agree(site, cloud)


@pytest.mark.parametrize("phase", [Phase.CONNECT, Phase.PULL, Phase.APPLY, Phase.PUSH,
                                   Phase.CONFIRM])  # fmt: skip
def test_it_can_be_stopped_in_each_phase(tmp_path: Path, phase: Phase) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.register("Amal")
        stop: list[bool] = []

        def told(progress: Progress) -> None:
            if progress.phase == phase:
                stop.append(True)

        report = site.sync(progress=told, cancelled=lambda: bool(stop))
        assert report.result == Kind.CANCELLED
        assert site.one("SELECT result FROM sync_runs") == Kind.CANCELLED
        assert site.sync().result == "ok"
        agree(site, cloud)


def test_an_edit_while_it_runs_is_neither_lost_nor_called_confirmed(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        patient = site.register("Amal")
        other: list[str] = []

        def told(progress: Progress) -> None:
            if progress.phase is Phase.CONFIRM and not other:
                other.append(site.register("Noor"))
                site.edit(patient, phone="070 1")

        assert site.sync(progress=told).result == "ok"
        assert other
        state = site.store.read(server.state).result()
        assert (state.not_sent, state.up_to_date) == (2, False)
        assert site.one("SELECT phone FROM patients WHERE id = ?", patient) == "070 1"
        assert site.sync().result == "ok"
        agree(site, cloud)
        assert there(cloud, patient)["phone"] == "070 1"


def test_what_was_sent_and_not_read_back_is_read_back_next_time(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        site.register("Amal")
        cloud.fault("cut", method="GET", skip=1, times=-1, after=100)
        assert site.sync().result == Kind.CUT
        assert site.store.read(server.state).result().sent == 1
        cloud.faults.clear()
        report = site.sync()
        assert (report.result, report.total.pushed, report.total.confirmed) == ("ok", 0, 1)
        agree(site, cloud)


def test_a_row_that_was_being_written_during_the_last_pull_is_not_missed(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        commit = cloud.store.hold("patients", {"given_name": "Slow", "sex": "female"})
        assert site.sync().result == "ok"
        commit()
        assert site.sync().total.pulled == 1
        agree(site, cloud)


@pytest.mark.parametrize("fault", ["duplicate", "reorder"])
def test_a_pull_in_any_order_and_twice(tmp_path: Path, fault: str) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.register("Amal")
        cloud.fault(fault, method="GET", times=-1)
        assert site.sync().result == "ok"
        report = site.sync(check=True)
        assert report.check["tables"]["patients"]["there"] == 21
        agree(site, cloud)


def test_a_server_whose_clock_went_back(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        cloud.store.clock.offset = 10 * 365 * DAY * 1000
        ahead = site.sync()
        assert "server-clock-off" in ahead.notices
        cloud.store.clock.offset = 0
        made = cloud.store.put("patients", {"given_name": "Late", "sex": "male"})
        report = site.sync()
        assert (report.result, "server-clock-back" in report.notices) == ("ok", True)
        assert site.one("SELECT count(*) FROM live_patients WHERE id = ?", made["id"]) == 1
        again = site.sync()
        assert again.notices == []


def test_a_long_absence_asks_for_a_full_check(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        assert site.sync().result == "ok"
        site.sql("UPDATE peers SET last_synced_at = last_synced_at - ?", 15 * DAY)
        site.store.write(info.put, "metered", "yes").result()
        report = site.sync(agreed=True)
        assert "needs-full-check" in report.notices
        state = site.store.read(server.state).result()
        assert (state.needs_full_check, state.up_to_date) == (True, False)
        site.store.write(info.put, "metered", "no").result()
        done = site.sync()
        assert done.check["tables"]["patients"]["there"] == 5
        agree(site, cloud)


def test_a_metered_link_is_asked_about_and_changes_nothing(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=20) as (site, cloud):
        site.store.write(info.put, "metered", "ask").result()
        before = site.content()
        report = site.sync()
        assert (report.result, report.estimate) == (Kind.TOO_LARGE, 0)
        assert "nobody knows" in report.message
        assert site.content() == before
        assert site.sync(max_bytes=1000).result == Kind.TOO_LARGE
        assert site.content() == before
        assert site.sync(agreed=True).result == "ok"
        assert site.sync().result == "ok"  # small, by what the first one taught
        agree(site, cloud)


def test_nothing_secret_is_in_the_log_or_the_store(tmp_path: Path) -> None:
    with joined(tmp_path / "a") as (site, cloud):
        site.register("Zebulon-Unmistakable")
        site.sync()
        cloud.fault("status", times=-1)
        site.sync()
        assert "Zebulon" not in site.log()
        assert "NursePass123" not in site.log()
        report = json.dumps([run.counts for run in site.store.read(server.runs).result()])
        assert "Zebulon" not in report
        assert b"NursePass123" not in (site.directory / "hikma.db").read_bytes()
        assert (site.directory / "hikma.log").stat().st_mode & 0o077 == 0
