"""A server so far east that its midnights could mean either day, and nothing tells which."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hikma_tui.clinic import info
from tests.cloud.store import Store as Rows
from tests.unit.sync_running import joined, there


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Tongatapu", "Pacific/Chatham"])
def test_no_birth_date_moves_at_the_server(tmp_path: Path, zone: str) -> None:
    rows = Rows(zone=ZoneInfo(zone))
    with joined(tmp_path / "here", patients=0, rows=rows) as (site, cloud):
        clinic = site.actor.clinic_id
        born = {"date_of_birth": "2001-09-09", "primary_clinic_id": clinic}
        patient = str(cloud.store.put("patients", {"given_name": "Amal", **born})["id"])
        other = str(cloud.store.put("patients", {"given_name": "Noor", **born})["id"])
        site.store.write(info.put, "time_zone", "UTC").result()
        assert "days-doubtful" in site.sync().notices
        site.edit(patient, hometown="Irbid")
        site.edit(other, date_of_birth="2001-09-10")
        report = site.sync()
        # The edited day is one that we know: it goes, and comes back; then all others are known.
        assert there(cloud, other)["date_of_birth"] == "2001-09-10"
        assert there(cloud, patient)["date_of_birth"] == "2001-09-09"
        assert "days-moved" in report.notices
        assert site.sync().waiting == {}
        assert there(cloud, patient)["hometown"] == "Irbid"
        assert there(cloud, patient)["date_of_birth"] == "2001-09-09"
        query = "SELECT date_of_birth FROM patients WHERE id = ?"
        assert (site.one(query, patient), site.one(query, other)) == ("2001-09-09", "2001-09-10")


def test_until_it_is_known_the_row_waits_and_says_why(tmp_path: Path) -> None:
    rows = Rows(zone=ZoneInfo("Pacific/Kiritimati"))
    with joined(tmp_path / "here", patients=0, rows=rows) as (site, cloud):
        born = {"date_of_birth": "2001-09-09", "primary_clinic_id": site.actor.clinic_id}
        patient = str(cloud.store.put("patients", {"given_name": "Amal", **born})["id"])
        site.store.write(info.put, "time_zone", "UTC").result()
        site.sync()
        site.edit(patient, hometown="Irbid")
        report = site.sync()
        assert report.total.pushed == 0
        assert report.waiting == {"not_sent": 1}
        assert site.one("SELECT reason FROM peer_rows WHERE row_id = ?", patient) == "days"
        site.store.write(info.put, "time_zone", "Pacific/Kiritimati").result()
        site.sync(check=True)
        site.sync()
        assert there(cloud, patient)["hometown"] == "Irbid"
        assert there(cloud, patient)["date_of_birth"] == "2001-09-09"
