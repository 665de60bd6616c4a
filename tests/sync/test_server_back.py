"""A server that was restored from a backup shows older states of what it had confirmed.

Nothing of it is lost here and nothing is repaired by itself: a person chooses (decisions.md 33).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hikma_tui.clinic import conflicts, visits
from tests.cloud.server import Cloud
from tests.unit.sync_running import Site, joined, there


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Site, Cloud, str]]:
    """A site, its server, and a patient whom both have."""
    with joined(tmp_path / "here", patients=2) as (site, cloud):
        assert site.sync().result == "ok"
        yield site, cloud, site.one("SELECT id FROM patients ORDER BY id LIMIT 1")


def _here(site: Site, patient: str) -> tuple[object, ...]:
    return site.sql("SELECT hometown, phone FROM patients WHERE id = ?", patient)[0]


@pytest.mark.parametrize("check", [False, True])
def test_what_was_confirmed_is_not_overwritten_by_an_older_state(
    clinic: tuple[Site, Cloud, str], check: bool
) -> None:
    site, cloud, patient = clinic
    visit = site.one("SELECT id FROM visits WHERE patient_id = ?", patient)
    backup = cloud.store.snapshot()
    site.edit(patient, hometown="Irbid")
    changed = {"id": visit, "provider_name": "Dr. Saleh"}
    site.store.write(visits.update_visit, site.actor, changed).result()
    assert site.sync().total.confirmed == 2
    cloud.store.restore(backup)
    report = site.sync(check=check)
    assert "server-clock-back" in report.notices
    assert report.waiting["differs"] == report.waiting["conflicts"] == 2
    assert _here(site, patient)[0] == "Irbid"
    assert site.one("SELECT provider_name FROM visits WHERE id = ?", visit) == "Dr. Saleh"
    assert there(cloud, patient)["hometown"] is None  # not repaired by itself, either
    for asked in site.store.read(conflicts.open_conflicts, site.actor).result():
        site.store.write(conflicts.resolve_all, site.actor, asked.pk, "ours").result()
    report = site.sync(check=True)
    assert report.waiting == {}
    assert report.total.confirmed == 2
    assert there(cloud, patient)["hometown"] == "Irbid"


def test_the_older_state_can_be_chosen(clinic: tuple[Site, Cloud, str]) -> None:
    site, cloud, patient = clinic
    backup = cloud.store.snapshot()
    site.edit(patient, hometown="Irbid")
    site.sync()
    cloud.store.restore(backup)
    site.sync()
    [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
    site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result()
    report = site.sync(check=True)
    assert report.waiting == {}
    assert report.total.pushed == 0
    assert _here(site, patient)[0] is None


def test_an_unsent_edit_brings_no_older_state_in(clinic: tuple[Site, Cloud, str]) -> None:
    site, cloud, patient = clinic
    backup = cloud.store.snapshot()
    site.edit(patient, hometown="Irbid")
    site.sync()
    site.edit(patient, phone="0799")
    cloud.store.restore(backup)
    site.sync(check=True)
    assert _here(site, patient) == ("Irbid", "0799")


def test_when_the_server_has_it_again_nobody_is_asked(clinic: tuple[Site, Cloud, str]) -> None:
    site, cloud, patient = clinic
    backup = cloud.store.snapshot()
    site.edit(patient, hometown="Irbid")
    site.sync()
    whole = cloud.store.snapshot()
    cloud.store.restore(backup)
    site.sync()
    cloud.store.restore(whole)
    report = site.sync(check=True)
    assert report.waiting == {}
    assert report.total.pushed == 0
    assert _here(site, patient)[0] == "Irbid"


def test_an_edit_after_the_clock_was_put_right_is_no_older_state(tmp_path: Path) -> None:
    with joined(tmp_path / "here", patients=2) as (site, cloud):
        patient = next(iter(cloud.store.rows["patients"]))
        cloud.store.clock.offset = 5 * 86_400 * 1_000_000
        there(cloud, patient)["hometown"] = "Irbid"
        stamp = cloud.store.now()
        there(cloud, patient).update(last_modified=stamp, updated_at=stamp)
        site.sync()
        cloud.store.clock.offset = 0
        now = {"last_modified": cloud.store.now(), "updated_at": stamp + 1000}
        there(cloud, patient).update(now, hometown="Amman")
        report = site.sync(check=True)
        assert report.waiting == {}
        assert _here(site, patient)[0] == "Amman"
