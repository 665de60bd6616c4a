"""A restored server to which others have written before this machine came: what it lost is told
by the newest rows that it was known to have (decisions.md 33).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import conflicts, deletion, info, records, visits
from tests.cloud import client
from tests.cloud.server import Cloud
from tests.unit.sync_running import Site, joined, there


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Site, Cloud, list[str]]]:
    """A site, its server, and patients whom both have."""
    with joined(tmp_path / "here", patients=12) as (site, cloud):
        for row in cloud.store.rows["user_clinic_permissions"].values():
            row |= {name: True for name in row if name.startswith(("can_", "is_clinic"))}
        assert site.sync().result == "ok"
        yield site, cloud, [row[0] for row in site.sql("SELECT id FROM patients ORDER BY id")]


def _phone_edits(cloud: Cloud, patient: str, **values: Any) -> None:
    """Somebody sends the server's row back whole, changed."""
    row = next(r for r in client.changes(cloud)["patients"]["created"] if r["id"] == patient)
    row |= {"date_of_birth": row["date_of_birth"][:10], **values}
    stamp = cloud.store.now() // 1000
    assert client.taken(client.push(cloud, "patients", {**row, "updated_at": stamp}))


def _asked(site: Site) -> list[tuple[str, str]]:
    found = site.store.read(conflicts.open_conflicts, site.actor).result()
    return [(one.kind, one.row_id) for one in found]


def _choose(site: Site, side: str) -> None:
    for one in site.store.read(conflicts.open_conflicts, site.actor).result():
        site.store.write(conflicts.resolve_all, site.actor, one.pk, side).result()


def test_what_others_wrote_over_an_older_state_is_asked_about(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    site, cloud, people = clinic
    edited, quiet = people[:2]
    backup = cloud.store.snapshot()
    site.edit(edited, hometown="Irbid")
    lost = site.register("Rosa")
    assert site.sync().result == "ok"
    cloud.store.restore(backup)
    _phone_edits(cloud, edited, camp="North")  # with no hometown, as it was before
    _phone_edits(cloud, quiet, camp="South")  # of whom nothing was lost
    report = site.sync()
    assert {"server-clock-back", "only-here", "conflicts"} <= set(report.notices)
    assert _asked(site) == [("differs", edited)]
    assert site.one("SELECT hometown FROM patients WHERE id = ?", edited) == "Irbid"
    assert site.one("SELECT camp FROM patients WHERE id = ?", quiet) == "South"
    assert there(cloud, edited)["hometown"] is None  # nothing is repaired by itself
    _choose(site, "ours")
    assert site.sync(repair=True).result == "ok"
    report = site.sync(check=True)
    assert report.waiting == {}
    assert there(cloud, edited)["hometown"] == "Irbid"
    assert cloud.store.find("patients", lost) is not None


def test_an_unsent_edit_of_what_others_wrote_over_is_asked_about_too(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    site.edit(people[0], hometown="Irbid")
    site.register("Rosa")
    site.sync()
    site.edit(people[0], phone="0799")
    cloud.store.restore(backup)
    _phone_edits(cloud, people[0], camp="North")
    site.sync()
    asked = "SELECT hometown, phone FROM patients WHERE id = ?"
    assert site.sql(asked, people[0]) == [("Irbid", "0799")]
    assert _asked(site) == [("differs", people[0])]
    assert there(cloud, people[0])["hometown"] is None


def test_an_older_state_does_not_come_in_while_another_question_is_open(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    _phone_edits(cloud, people[0], camp="North")
    site.sync()
    _phone_edits(cloud, people[0], hometown="There")
    site.edit(people[0], hometown="Here")
    site.sync()
    assert _asked(site) == [("edit", people[0])]
    cloud.store.restore(backup)
    site.sync(check=True)
    assert _asked(site) == [("differs", people[0])]
    assert site.one("SELECT camp FROM patients WHERE id = ?", people[0]) == "North"


def test_what_was_deleted_with_a_record_that_is_back_is_back_with_it(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """The restored server has both, and somebody has written to the one that they hang on."""
    site, cloud, people = clinic
    visit = site.one("SELECT id FROM visits WHERE patient_id = ?", people[0])
    row = {"patient_id": people[0], "visit_id": visit, "event_type": "Note", "form_data": []}
    note = str(site.store.write(visits.create_event, site.actor, row).result())
    site.sync()
    backup = cloud.store.snapshot()
    site.store.write(deletion.delete, site.actor, "visits", visit, "twice").result()
    site.sync()
    cloud.store.restore(backup)
    changed = next(r for r in client.changes(cloud)["visits"]["created"] if r["id"] == visit)
    changed |= {"provider_name": "Dr. Saleh", "updated_at": cloud.store.now() // 1000}
    client.push(cloud, "visits", changed)
    report = site.sync()
    assert site.sql("SELECT id FROM live_visits WHERE id = ?", visit) == [(visit,)]
    assert site.sql("SELECT id FROM live_events WHERE id = ?", note) == [(note,)]
    assert report.waiting == {}


def test_deletions_are_no_loss(clinic: tuple[Site, Cloud, list[str]]) -> None:
    """Of the newest rows one goes here, one there; nobody takes that for a restored server."""
    site, cloud, people = clinic
    one, other = site.register("Rosa"), site.register("Samia")
    site.sync()
    site.store.write(deletion.delete, site.actor, "patients", one, "twice").result()
    client.push(cloud, "patients", other, kind="deleted")
    site.sync()
    _phone_edits(cloud, people[0], camp="North")
    report = site.sync()
    assert report.waiting == {}
    assert report.notices == []
    assert report.check == {}


def test_what_went_with_a_patient_whom_another_machine_deleted_is_no_loss(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """A server names the patient alone, though the visit was among the newest rows."""
    site, cloud, _people = clinic
    patient = site.register("Rosa")
    visit = site.store.write(
        records.create,
        site.actor,
        "visits",
        {"patient_id": patient, "check_in_timestamp": 1_795_000_000_000},
    ).result()
    site.sync()
    client.push(cloud, "patients", patient, kind="deleted")
    report = site.sync()
    assert site.sql("SELECT id FROM live_visits WHERE id = ?", str(visit)) == []
    assert (report.notices, report.check) == ([], {})


def test_where_a_connection_costs_money_a_loss_is_said_and_not_fetched_unasked(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    lost = site.register("Rosa")
    site.sync()
    cloud.store.restore(backup)
    _phone_edits(cloud, people[0], camp="North")
    site.store.write(info.put, "metered", "yes").result()
    report = site.sync()
    assert "needs-full-check" in report.notices
    assert report.check == {}
    assert site.one("SELECT given_name FROM live_patients WHERE id = ?", lost) == "Rosa"
    assert site.one("SELECT camp FROM patients WHERE id = ?", people[0]) == "North"
    site.store.write(info.put, "metered", "no").result()
    assert "only-here" in site.sync().notices


def test_an_older_state_of_vitals_that_somebody_sent_again_is_asked_about(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """Each edit of vitals makes them anew at the server, so their stamps tell nothing."""
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    visit = site.one("SELECT id FROM visits WHERE patient_id = ?", people[0])
    row = {"patient_id": people[0], "visit_id": visit, "timestamp": 1_795_000_000_000}
    lying = {**row, "bp_position": "lying"}
    vitals = site.store.write(records.create, site.actor, "patient_vitals", lying).result()
    site.sync()
    old = next(r for r in client.changes(cloud)["patient_vitals"]["created"] if r["id"] == vitals)
    changed = {"id": vitals, "bp_position": "sitting"}
    site.store.write(records.update, site.actor, "patient_vitals", changed).result()
    site.sync()
    cloud.store.restore(backup)
    assert site.sync().waiting["only_here"] == 1
    client.push(cloud, "patient_vitals", old)
    site.sync()
    asked = "SELECT bp_position FROM patient_vitals WHERE id = ?"
    assert site.one(asked, vitals) == "sitting"
    assert _asked(site) == [("differs", vitals)]


def test_what_the_server_has_deleted_does_not_go_silently_after_a_chart_was_brought_back(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """The visit's deletion reached the server before the backup, that of the patient after it."""
    site, cloud, people = clinic
    visit = site.one("SELECT id FROM visits WHERE patient_id = ?", people[0])
    site.store.write(deletion.delete, site.actor, "patients", people[0], "twice").result()
    client.push(cloud, "visits", visit, kind="deleted")
    backup = cloud.store.snapshot()
    site.sync()
    cloud.store.restore(backup)
    site.sync()
    assert _asked(site) == [("deleted_here", people[0])]
    _choose(site, "theirs")
    assert site.sql("SELECT id FROM live_visits WHERE id = ?", visit) == [(visit,)]
    site.sync()
    assert site.sql("SELECT id FROM live_visits WHERE id = ?", visit) == [(visit,)]
    assert _asked(site) == [("deleted_there", visit)]
    _choose(site, "ours")  # under a new id: the server revives no visit
    report = site.sync(check=True)
    assert report.waiting == {}
    asked = "SELECT count(*) FROM live_visits WHERE patient_id = ?"
    assert site.one(asked, people[0]) == 1


def test_an_older_state_that_was_sent_while_the_clock_was_behind_is_told_by_its_two_stamps(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """A note keeps the client's stamp until it is edited there: later than the server's, here."""
    site, cloud, people = clinic
    cloud.store.clock.offset = -86_400 * 1_000_000
    visit = site.one("SELECT id FROM visits WHERE patient_id = ?", people[0])
    row = {"patient_id": people[0], "visit_id": visit, "event_type": "Note", "form_data": []}
    note = str(site.store.write(visits.create_event, site.actor, row).result())
    site.sync()
    backup = cloud.store.snapshot()
    changed = {"id": note, "event_type": "Corrected"}
    site.store.write(visits.update_event, site.actor, changed).result()
    site.sync()
    cloud.store.restore(backup)
    site.sync(check=True)
    assert site.one("SELECT event_type FROM events WHERE id = ?", note) == "Corrected"
    assert _asked(site) == [("differs", note)]


def test_a_visit_that_was_lost_and_made_up_is_asked_about_though_it_was_stamped_years_ahead(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """Its clock was years ahead when it took the visit; a note of somebody else's then made the
    restored server invent the visit anew, with a stamp that looks older.
    """
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    cloud.store.clock.offset = 4 * 365 * 86_400 * 1_000_000
    visit = {"patient_id": people[0], "check_in_timestamp": 1_795_000_000_000}
    named = {**visit, "provider_name": "Dr. Saleh"}
    visit_id = str(site.store.write(visits.create_visit, site.actor, named).result())
    note = {"patient_id": people[0], "visit_id": visit_id, "event_type": "Note", "form_data": []}
    site.store.write(visits.create_event, site.actor, note).result()
    site.sync()
    sent = next(
        one for one in client.changes(cloud)["events"]["created"] if one["visit_id"] == visit_id
    )
    cloud.store.clock.offset = 0
    cloud.store.restore(backup)
    client.push(cloud, "events", sent)
    invented = cloud.store.find("visits", visit_id)
    assert invented is not None
    assert invented["provider_name"] != "Dr. Saleh"
    site.sync()
    assert site.one("SELECT provider_name FROM visits WHERE id = ?", visit_id) == "Dr. Saleh"
    assert ("differs", visit_id) in _asked(site)


def test_an_edit_that_went_unconfirmed_with_a_deletion_is_in_the_trail_when_the_record_is_back(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """The server never had it; the record is taken back as the server has it, and it is said so
    (docs/sync.md, "Windows that remain").
    """
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    visit = str(site.one("SELECT id FROM visits WHERE patient_id = ?", people[0]))
    asked = "SELECT provider_name FROM live_visits WHERE id = ?"
    before = site.one(asked, visit)
    changed = {"id": visit, "provider_name": "Dr. Saleh"}
    site.store.write(visits.update_visit, site.actor, changed).result()
    site.store.write(deletion.delete, site.actor, "patients", people[0], "twice").result()
    site.sync()
    cloud.store.restore(backup)
    site.sync()
    assert _asked(site) == [("deleted_here", people[0])]
    _choose(site, "theirs")
    assert site.one(asked, visit) == before
    trail = "SELECT count(*) FROM event_logs WHERE row_id = ? AND changes LIKE '%Dr. Saleh%'"
    assert site.one(trail, visit) == 1


def test_an_older_state_of_what_hangs_on_a_deleted_record_does_not_come_in_with_it(
    clinic: tuple[Site, Cloud, list[str]],
) -> None:
    """The server had the edit and took the deletion; then it was restored from before both."""
    site, cloud, people = clinic
    backup = cloud.store.snapshot()
    visit = str(site.one("SELECT id FROM visits WHERE patient_id = ?", people[0]))
    changed = {"id": visit, "provider_name": "Dr. Saleh"}
    site.store.write(visits.update_visit, site.actor, changed).result()
    site.sync()
    site.store.write(deletion.delete, site.actor, "patients", people[0], "twice").result()
    site.sync()
    cloud.store.restore(backup)
    site.sync()
    assert _asked(site) == [("deleted_here", people[0])]
    _choose(site, "theirs")
    asked = "SELECT provider_name FROM live_visits WHERE id = ?"
    assert site.one(asked, visit) == "Dr. Saleh"
    site.sync()
    assert site.one(asked, visit) == "Dr. Saleh"
    assert _asked(site) == [("differs", visit)]
    _choose(site, "ours")
    assert site.sync(check=True).waiting == {}
    found = cloud.store.find("visits", visit)
    assert found is not None
    assert found["provider_name"] == "Dr. Saleh"
