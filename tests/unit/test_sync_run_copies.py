"""Clones, restored backups, restored servers, servers in far zones: whole runs (decisions.md 30,
33).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hikma_tui.clinic import info, server
from hikma_tui.clinic.actor import actor_named
from hikma_tui.store import Store
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing.shapes import Phase, Progress
from tests.cloud.store import Store as Rows
from tests.unit.sync_running import Site, joined, there


def reopened(site: Site, directory: Path) -> Site:
    """Another site on a store that is there."""
    other = Site.__new__(Site)
    other.store = Store.open(directory)
    other.actor = other.store.read(actor_named, site.actor.user_id).result()
    return other


def copied(site: Site, directory: Path) -> Callable[[], Site]:
    """A copy of the store's file alone, as a backup has it."""
    copy = site.store.backup()
    directory.mkdir(mode=0o700, exist_ok=True)
    shutil.copy(copy, directory / "hikma.db")
    return lambda: reopened(site, directory)


def test_a_clone_pulls_before_it_pushes_and_its_old_edits_are_suggestions(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=6) as (site, cloud):
        site.sync()
        ids = [row[0] for row in site.sql("SELECT id FROM live_patients ORDER BY id")]
        site.edit(ids[0], phone="070 old")
        site.register("Never sent")
        wake = copied(site, tmp_path / "b")
        site.edit(ids[0], phone="070 new")
        assert site.sync().result == "ok"
        site.store.close()
        clone = wake()
        clone.store.write(info.put, "machine_fingerprint", "e" * 32).result()
        before = clone.store.read(info.get, "machine_id").result()
        report = clone.sync()
        assert (report.result, "clone" in report.notices) == ("ok", True)
        assert clone.store.read(info.get, "machine_id").result() != before
        assert there(cloud, ids[0])["phone"] == "070 new"
        assert clone.one("SELECT phone FROM patients WHERE id = ?", ids[0]) == "070 old"
        state = clone.store.read(server.state).result()
        assert (state.conflicts, state.held, state.not_sent) == (1, 1, 0)
        assert clone.one("SELECT kind FROM conflicts") == "suggestion"
        assert not clone.store.read(info.get, "suggesting").result()
        clone.edit(ids[1], phone="071 1")  # from now on an edit is an edit
        assert clone.sync().total.confirmed == 1
        clone.store.close()


def test_a_restored_backup_learns_what_was_deleted_meanwhile(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=6) as (site, cloud):
        site.sync()
        site.sync()
        copied(site, tmp_path / "b")
        gone = site.one("SELECT id FROM live_patients ORDER BY id")
        row = there(cloud, gone)
        row["is_deleted"], row["deleted_at"] = True, cloud.store.now()
        made = site.register("After the backup")
        assert site.sync().result == "ok"
        assert site.one("SELECT count(*) FROM live_patients WHERE id = ?", gone) == 0
        site.store.close()
        shutil.copy(tmp_path / "b" / "hikma.db", tmp_path / "a")  # put back where it was
        other = reopened(site, tmp_path / "a")
        report = other.sync()
        assert (report.result, "restored" in report.notices) == ("ok", True)
        assert other.one("SELECT count(*) FROM live_patients WHERE id = ?", gone) == 0
        assert other.one("SELECT count(*) FROM live_patients WHERE id = ?", made) == 1
        assert other.one("SELECT value FROM store_info WHERE key = 'generation'") == "2"
        assert other.sync().notices == []
        other.store.close()


def test_a_clone_that_is_killed_before_its_pull_still_suggests(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=6) as (site, cloud):
        site.sync()
        one = site.one("SELECT id FROM live_patients ORDER BY id")
        site.edit(one, phone="070 old")
        site.store.write(info.put, "machine_fingerprint", "e" * 32).result()
        row = there(cloud, one)
        row["phone"], row["updated_at"] = "070 theirs", cloud.store.now()
        row["last_modified"] = row["updated_at"]
        cloud.fault("cut", method="GET", times=-1, after=100)
        assert site.sync().result == "cut"
        cloud.faults.clear()
        assert site.sync().result == "ok"
        assert there(cloud, one)["phone"] == "070 theirs"
        assert site.one("SELECT kind FROM conflicts") == "suggestion"


def test_a_restored_server_is_reported_and_nothing_is_repaired(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=6) as (site, cloud):
        site.sync()
        backup = cloud.store.snapshot()
        site.register("Confirmed once")
        assert site.sync().total.confirmed == 1
        cloud.store.restore(backup)
        assert site.sync().result == "ok"
        report = site.sync(check=True)
        assert "server-restored" in report.notices
        assert report.waiting["only_here"] == 1
        assert len(cloud.store.live("patients")) == 6
        assert site.one("SELECT count(*) FROM live_patients") == 7


ZONES = (
    "UTC", "Asia/Amman", "America/New_York", "Asia/Kolkata", "Pacific/Auckland",
    "Pacific/Honolulu", "Pacific/Tongatapu", "Pacific/Chatham", "Pacific/Niue",
)  # fmt: skip


@pytest.mark.parametrize("zone", ZONES)
def test_birth_dates_stay_on_their_day(tmp_path: Path, zone: str) -> None:
    with joined(tmp_path / "a", patients=40, rows=Rows(zone=ZoneInfo(zone))) as (site, cloud):
        ours = site.register("Amal", date_of_birth="1990-05-17")
        assert site.sync().result == "ok"
        assert site.one("SELECT date_of_birth FROM patients WHERE id = ?", ours) == "1990-05-17"
        known = {str(r["id"]): str(r["date_of_birth"]) for r in cloud.store.live("patients")}
        here = dict(site.sql("SELECT id, date_of_birth FROM live_patients"))
        assert here == known
        assert site.one("SELECT count(*) FROM conflicts") == 0
        assert site.store.read(server.state).result().up_to_date
        peer = site.store.read(sync_peer.active).result()
        assert peer is not None
        assert site.sync().notices == []


def test_a_pull_that_was_being_applied_goes_on_without_asking_again(tmp_path: Path) -> None:
    with joined(tmp_path / "a", patients=30) as (site, cloud):
        stop: list[bool] = []

        def told(progress: Progress) -> None:
            if progress.phase is Phase.APPLY:
                stop.append(True)

        assert site.sync(progress=told, cancelled=lambda: bool(stop)).result == "cancelled"
        cloud.fault("status", times=-1)
        report = site.sync(timeout=0.2)  # the server is ill now; what had come is taken in
        assert report.result == "server"
        assert "going on with the pull of a killed run" in site.log()
        assert site.one("SELECT count(*) FROM live_patients") == 30
        cloud.faults.clear()
        assert site.sync().result == "ok"
