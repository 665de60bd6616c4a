"""The server's own clock is wrong for a while: what comes all the same, and what no client can see.

Pulls ask by stamps (``last_modified > T``, wire.md A4), so what was written while the clock was
behind lies before the mark of who had synced before. And of most tables an edit bears the server's
stamp, which is what the rule "the later ``updated_at`` wins" then compares with (wire.md A5).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import clock
from hikma_tui.clinic import conflicts, info, patients, records
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import run_newest as sync_run_newest
from tests.cloud import client
from tests.cloud.server import Cloud
from tests.unit.sync_running import Site, joined

HOUR = 3_600_000
DAY = 24 * HOUR
MOMENT = 1_795_000_000_000


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Site, Cloud]]:
    """A site and its server, which agree."""
    with joined(tmp_path / "here", patients=2) as (site, cloud):
        assert site.sync().result == "ok"
        yield site, cloud
    clock._offset_ms = 0


def later(site: Site, cloud: Cloud) -> None:
    """All was seen an hour ago: nothing of it lies within the overlap of five minutes."""
    time_passes(cloud, HOUR)
    assert site.sync().waiting == {}


def time_passes(cloud: Cloud, ms: int, *, server_off: int = 0) -> None:
    """So long after the beginning; the server's clock is wrong by ``server_off`` besides."""
    clock._offset_ms = ms
    cloud.store.clock.offset = (ms + server_off) * 1000


def a_problem(site: Site) -> str:
    """On the server and here."""
    row = {
        "patient_id": site.one("SELECT id FROM patients ORDER BY id LIMIT 1"),
        "problem_code_system": "icd11", "problem_code": "CA40", "problem_label": "Old",
        "clinical_status": "active", "verification_status": "confirmed",
    }  # fmt: skip
    made = site.store.write(records.create, site.actor, "patient_problems", row).result()
    assert site.sync().waiting == {}
    return str(made)


def an_answer(site: Site) -> tuple[str, str]:
    """The same, an answer of registration: its id and its patient."""
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    row = {"patient_id": patient, "attribute_id": "village", "attribute": "Village",
           "string_value": "Old"}  # fmt: skip
    made = site.store.write(patients.put_attribute, site.actor, row).result()
    assert site.sync().waiting == {}
    return str(made), patient


def answers_again(site: Site, patient: str, text: str) -> None:
    row = {"patient_id": patient, "attribute_id": "village", "attribute": "Village",
           "string_value": text}  # fmt: skip
    site.store.write(patients.put_attribute, site.actor, row).result()


def elsewhere(cloud: Cloud, table: str, row_id: str, **values: Any) -> None:
    """Another program edits a row, as a phone does whose own clock is right."""
    row = next(r for r in client.changes(cloud)[table]["created"] if r["id"] == row_id)
    row = {name: row[name][:10] if name in ("date_of_birth", "onset_date", "end_date") and row[name]
           else row[name] for name in row}  # fmt: skip
    client.push(cloud, table, {**row, **values, "updated_at": clock.wall_ms() + HOUR})
    there: Any = cloud.store.find(table, row_id)
    assert {name: there[name] for name in values} == values


def test_what_was_written_while_the_clock_was_behind_comes_though_it_passed_the_mark(
    clinic: tuple[Site, Cloud],
) -> None:
    """For two days it is a day behind: its stamps of the first lie before our mark, and by the
    second its clock has passed the mark, so that nothing seems to have gone back.
    """
    site, cloud = clinic
    time_passes(cloud, HOUR, server_off=-DAY)
    made = cloud.store.put("patients", {"given_name": "Early", "sex": "male"})
    time_passes(cloud, 2 * DAY, server_off=-DAY)
    assert site.sync().result == "ok"
    assert site.sql("SELECT given_name FROM live_patients WHERE id = ?", made["id"]) == [("Early",)]


def test_a_clock_of_ours_that_is_put_right_costs_no_second_look_at_all_rows(
    clinic: tuple[Site, Cloud],
) -> None:
    """The same for us as a server's clock that went back: so much more is asked for, not all."""
    site, cloud = clinic
    time_passes(cloud, 10 * DAY)
    site.sync()
    clock._offset_ms += 2 * HOUR
    site.sync()
    assert "pulled since 1:" not in site.log()


def test_what_the_server_clock_hid_is_overwritten_where_no_rule_guards_it(
    clinic: tuple[Site, Cloud],
) -> None:
    """The window of docs/sync.md: the clock was behind, and right again before we synced. Of a
    problem the server takes every push; of an answer of registration it compares with its stamp.
    """
    site, cloud = clinic
    problem = a_problem(site)
    answer, patient = an_answer(site)
    site.sync()
    for _newer in range(sync_run_newest.MOST):  # the newest rows are asked for each time
        site.register("Rosa")
    later(site, cloud)
    time_passes(cloud, 2 * HOUR, server_off=-DAY)
    elsewhere(cloud, "patient_problems", problem, problem_label="Theirs")
    elsewhere(cloud, "patient_additional_attributes", answer, string_value="Theirs")
    time_passes(cloud, 3 * HOUR)
    edit = {"id": problem, "problem_label": "Ours"}
    site.store.write(records.update, site.actor, "patient_problems", edit).result()
    answers_again(site, patient, "Ours")
    assert site.sync().waiting == {}
    there: Any = cloud.store.find("patient_problems", problem)
    assert there["problem_label"] == "Ours"
    there = cloud.store.find("patient_additional_attributes", answer)
    assert there["string_value"] == "Ours"


def test_a_full_check_before_the_push_closes_that_window(clinic: tuple[Site, Cloud]) -> None:
    """It asks without a mark: what was hidden is seen. Its stamp is older than what was confirmed,
    as after a restored server, so somebody is asked.
    """
    site, cloud = clinic
    problem = a_problem(site)
    later(site, cloud)
    time_passes(cloud, 2 * HOUR, server_off=-DAY)
    elsewhere(cloud, "patient_problems", problem, problem_label="Theirs")
    time_passes(cloud, 3 * HOUR)
    site.sync(check=True)
    edit = {"id": problem, "problem_label": "Ours"}
    site.store.write(records.update, site.actor, "patient_problems", edit).result()
    site.sync()
    there: Any = cloud.store.find("patient_problems", problem)
    assert there["problem_label"] == "Theirs"
    [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
    assert (asked.table, asked.row_id) == ("patient_problems", problem)


def test_within_a_month_a_full_check_of_its_own_shows_what_was_hidden(
    clinic: tuple[Site, Cloud],
) -> None:
    """It was written while the clock was behind, and nobody synced before it was right again."""
    site, cloud = clinic
    later(site, cloud)
    time_passes(cloud, 2 * HOUR, server_off=-DAY)
    made = cloud.store.put("patients", {"given_name": "Early", "sex": "male"})
    asked = "SELECT given_name FROM live_patients WHERE id = ?"
    for day in range(1, 30):
        time_passes(cloud, day * DAY)
        assert (site.sync().check, site.sql(asked, made["id"])) == ({}, [])
    time_passes(cloud, 31 * DAY)
    assert site.sync().check
    assert site.sql(asked, made["id"]) == [("Early",)]
    assert site.sync().check == {}


@pytest.mark.parametrize("why", ["metered", "large"])
def test_where_it_costs_much_nobody_looks_again_by_himself(
    clinic: tuple[Site, Cloud], why: str
) -> None:
    """Some 130 MB, or a connection that costs money."""
    site, cloud = clinic
    peer = site.one("SELECT id FROM peers")
    for day in (10, 20, 29):  # never away for 14 days
        time_passes(cloud, day * DAY)
        assert site.sync().check == {}
    if why == "large":
        site.store.write(sync_peer.update, peer, rows_there=200_000).result()
    else:
        site.store.write(info.put, "metered", "yes").result()
    time_passes(cloud, 31 * DAY)
    assert site.sync().check == {}


def test_a_patient_whom_the_server_clock_hid_is_not_overwritten(
    clinic: tuple[Site, Cloud],
) -> None:
    """Patients keep the client's ``updated_at``: the compare-and-swap holds, and we ask."""
    site, cloud = clinic
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    later(site, cloud)
    time_passes(cloud, 2 * HOUR, server_off=-DAY)
    elsewhere(cloud, "patients", patient, hometown="Theirs")
    time_passes(cloud, 3 * HOUR)
    site.edit(patient, hometown="Ours")
    for _time in range(3):
        site.sync()
    there: Any = cloud.store.find("patients", patient)
    assert there["hometown"] == "Theirs"
    assert len(site.store.read(conflicts.open_conflicts, site.actor).result()) == 1


def test_a_history_limit_by_a_clock_that_is_ahead_is_said(clinic: tuple[Site, Cloud]) -> None:
    """It then hides all rows, a change of yesterday, too, and no rule guards a problem: what can be
    known is that its clock is off, and that is said.
    """
    site, cloud = clinic
    problem = a_problem(site)
    later(site, cloud)
    elsewhere(cloud, "patient_problems", problem, problem_label="Theirs")
    cloud.store.max_history_days = 3
    time_passes(cloud, 2 * HOUR, server_off=10 * DAY)
    edit = {"id": problem, "problem_label": "Ours"}
    site.store.write(records.update, site.actor, "patient_problems", edit).result()
    report = site.sync()
    there: Any = cloud.store.find("patient_problems", problem)
    assert there["problem_label"] == "Ours"
    assert "server-clock-off" in report.notices
