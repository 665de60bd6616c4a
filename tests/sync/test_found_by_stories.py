"""Bugs that the stories of ``world.py`` have found, each told directly."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import search
from hikma_tui.clinic import conflicts, deletion, moving, records, visits
from hikma_tui.clinic.errors import Invalid
from hikma_tui.models import connection
from tests.cloud import client
from tests.cloud.server import Cloud
from tests.unit.sync_running import Site, joined


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Site, Cloud]]:
    """A site and its server, which agree; the account may do everything."""
    with joined(tmp_path / "here", patients=3) as (site, cloud):
        for row in cloud.store.rows["user_clinic_permissions"].values():
            row |= {name: True for name in row if name.startswith(("can_", "is_clinic"))}
        assert site.sync().result == "ok"
        yield site, cloud


def _another(tmp_path: Path, cloud: Cloud) -> Site:
    site = Site(tmp_path / "there", "Omar")
    site.join(cloud.url)
    assert site.sync().result == "ok"
    return site


def test_a_visit_that_was_moved_leaves_the_search_entry_of_whose_it_was(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """When a patient was last seen is in the index: both patients' entries are made anew."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        visit, source = site.sql("SELECT id, patient_id FROM visits ORDER BY id LIMIT 1")[0]
        target = site.one("SELECT id FROM patients WHERE id <> ? LIMIT 1", source)
        other.store.write(moving.move, other.actor, "visits", visit, target, "wrong chart").result()
        assert other.sync().result == "ok"
        assert site.sync().result == "ok"
        assert site.one("SELECT patient_id FROM visits WHERE id = ?", visit) == target
        assert site.store.on_writer(lambda: search.check(connection())).result() == []
    finally:
        other.store.close()


def _visit(site: Site, patient: str) -> str:
    row = {
        "patient_id": patient, "clinic_id": site.actor.clinic_id, "provider_name": "Dr. Saleh",
        "check_in_timestamp": 1_795_000_000_000,
    }  # fmt: skip
    return str(site.store.write(visits.create_visit, site.actor, row).result())


def test_a_visit_that_the_server_made_up_is_not_taken_for_ours(
    clinic: tuple[Site, Cloud],
) -> None:
    """A phone's new note makes a restored server invent the visit that it lost (wire.md A5)."""
    site, cloud = clinic
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    backup = cloud.store.snapshot()
    visit = _visit(site, patient)
    assert site.sync().result == "ok"
    cloud.store.restore(backup)
    note = {"id": str(uuid.uuid4()), "patient_id": patient, "visit_id": visit}
    assert client.taken(client.push(cloud, "events", {**note, "event_type": "Note"}))
    site.sync()
    assert site.one("SELECT provider_name FROM visits WHERE id = ?", visit) == "Dr. Saleh"
    [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
    site.store.write(conflicts.resolve_all, site.actor, asked.pk, "ours").result()
    assert site.sync(check=True).waiting == {}
    there: Any = cloud.store.find("visits", visit)
    assert there["provider_name"] == "Dr. Saleh"


def test_an_older_state_that_somebody_sent_again_does_not_overwrite(
    clinic: tuple[Site, Cloud],
) -> None:
    """The server lost a row, and a client that had not seen our last edit sends it anew."""
    site, cloud = clinic
    backup = cloud.store.snapshot()
    patient = site.register("Rosa", hometown="Jerash")
    site.sync()
    old = next(row for row in client.changes(cloud)["patients"]["created"] if row["id"] == patient)
    site.edit(patient, hometown="Irbid")
    site.sync()
    cloud.store.restore(backup)
    client.push(cloud, "patients", old)
    site.sync()
    assert site.one("SELECT hometown FROM patients WHERE id = ?", patient) == "Irbid"
    assert site.one("SELECT kind FROM conflicts WHERE resolved_at IS NULL") == "differs"


def test_a_deleted_row_that_somebody_sent_again_is_asked_about(
    clinic: tuple[Site, Cloud],
) -> None:
    """It was lost there together with its deletion; who sent it had not heard of that."""
    site, cloud = clinic
    backup = cloud.store.snapshot()
    patient = site.register("Rosa")
    site.sync()
    old = next(row for row in client.changes(cloud)["patients"]["created"] if row["id"] == patient)
    site.store.write(deletion.delete, site.actor, "patients", patient, "twice").result()
    site.sync()
    cloud.store.restore(backup)
    client.push(cloud, "patients", old)
    site.sync()
    assert site.sql("SELECT id FROM live_patients WHERE id = ?", patient) == []
    assert site.one("SELECT kind FROM conflicts WHERE resolved_at IS NULL") == "deleted_here"


def test_what_hangs_on_a_record_that_is_only_here_waits_for_it(
    clinic: tuple[Site, Cloud],
) -> None:
    """It is not sent to be refused: when its parent has been sent again, it goes too."""
    site, cloud = clinic
    backup = cloud.store.snapshot()
    patient = site.register("Rosa")
    site.sync()
    cloud.store.restore(backup)
    assert site.sync(check=True).waiting["only_here"] == 1
    _visit(site, patient)
    report = site.sync()
    assert report.total.refused == 0
    report = site.sync(repair=True)
    assert report.waiting == {}


def test_a_record_that_is_deleted_while_a_question_about_it_is_open_is_deleted_there(
    clinic: tuple[Site, Cloud],
) -> None:
    """The question is no question any more, and must not keep the deletion here for ever."""
    site, cloud = clinic
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    visit = _visit(site, patient)
    site.sync()
    backup = cloud.store.snapshot()
    edited = {"id": visit, "provider_name": "Here"}
    site.store.write(visits.update_visit, site.actor, edited).result()
    site.sync()
    cloud.store.restore(backup)
    assert site.sync().waiting["conflicts"] == 1
    site.store.write(deletion.delete, site.actor, "visits", visit, "twice").result()
    site.sync()
    there: Any = cloud.store.find("visits", visit)
    assert there["is_deleted"] is True
    assert site.sync().waiting == {}


def test_what_was_kept_here_after_three_vain_tries_is_not_overwritten(
    clinic: tuple[Site, Cloud],
) -> None:
    """A server with a history limit hid the row that somebody had changed there (decisions 24)."""
    site, cloud = clinic
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    row = next(r for r in client.changes(cloud)["patients"]["created"] if r["id"] == patient)
    row["date_of_birth"] = row["date_of_birth"][:10]
    stamp = site.one("SELECT updated_at FROM patients WHERE id = ?", patient) + 60_000
    client.push(cloud, "patients", {**row, "hometown": "There", "updated_at": stamp})
    place = ("patients", patient)
    cloud.store.hidden.add(place)
    site.edit(patient, hometown="Here")
    for _time in range(3):
        site.sync()
    [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
    assert site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result() == (
        "stays"
    )
    cloud.store.hidden.discard(place)
    site.sync(check=True)
    assert site.one("SELECT hometown FROM patients WHERE id = ?", patient) == "Here"
    assert site.one("SELECT kind FROM conflicts WHERE resolved_at IS NULL") == "edit"


def test_a_choice_about_whose_a_visit_is_leaves_no_stale_search_entry(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """It goes from one patient to another by the choice: both entries are made anew."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        first, second, third = (row[0] for row in site.sql("SELECT id FROM patients ORDER BY id"))
        visit = _visit(site, first)
        site.sync()
        other.sync()
        other.store.write(moving.move, other.actor, "visits", visit, third, "his").result()
        other.sync()
        site.store.write(moving.move, site.actor, "visits", visit, second, "hers").result()
        site.sync()
        [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
        site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result()
        assert site.one("SELECT patient_id FROM visits WHERE id = ?", visit) == third
        assert site.store.on_writer(lambda: search.check(connection())).result() == []
    finally:
        other.store.close()


def test_who_wrote_a_note_is_known_at_another_machine_of_the_older_server(tmp_path: Path) -> None:
    """It has no column for it: the id travels in the metadata, and is put back at a first pull."""
    with joined(tmp_path / "here", patients=1, flask=True) as (site, cloud):
        site.sync()
        patient = site.one("SELECT id FROM patients")
        note = {
            "patient_id": patient, "visit_id": _visit(site, patient), "event_type": "Note",
            "form_data": [], "recorded_by_user_id": site.actor.user_id,
        }  # fmt: skip
        written = site.store.write(visits.create_event, site.actor, note).result()
        assert site.sync().result == "ok"
        other = _another(tmp_path, cloud)
        try:
            asked = "SELECT recorded_by_user_id FROM events WHERE id = ?"
            assert other.one(asked, written) == site.actor.user_id
        finally:
            other.store.close()


def test_a_note_that_was_moved_under_a_deleted_patient_is_not_shown_by_an_undo(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """Its visit was deleted here; elsewhere it was moved to a patient who is deleted here, too."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        first, second = (row[0] for row in site.sql("SELECT id FROM patients LIMIT 2"))
        visit = _visit(site, first)
        row = {"patient_id": first, "visit_id": visit, "event_type": "Note", "form_data": []}
        note = str(site.store.write(visits.create_event, site.actor, row).result())
        site.sync()
        other.sync()
        number = site.store.write(deletion.delete, site.actor, "visits", visit, "twice").result()
        site.store.write(deletion.delete, site.actor, "patients", second, "twice").result()
        other.store.write(moving.move, other.actor, "events", note, second, "hers").result()
        other.sync()
        site.sync()
        if site.one("SELECT tombstone FROM events WHERE id = ?", note) == number:
            site.store.write(deletion.undo, site.actor, number).result()
        shown = (
            "SELECT e.id FROM live_events e JOIN patients p ON p.id = e.patient_id"
            " WHERE p.tombstone IS NOT NULL"
        )
        assert site.one("SELECT patient_id FROM events WHERE id = ?", note) == second
        assert site.sql(shown) == []
    finally:
        other.store.close()


def test_an_edit_goes_though_the_visit_was_deleted_before_the_server_showed_it(
    clinic: tuple[Site, Cloud],
) -> None:
    """Vitals outlive their visit; the server has it, deleted in the very push that brought it."""
    site, _cloud = clinic
    patient = site.one("SELECT id FROM patients ORDER BY id LIMIT 1")
    visit = _visit(site, patient)
    row = {
        "patient_id": patient, "visit_id": visit, "timestamp": 1_795_000_000_000,
        "bp_position": "sitting",
    }  # fmt: skip
    vitals = str(site.store.write(records.create, site.actor, "patient_vitals", row).result())
    site.store.write(deletion.delete, site.actor, "visits", visit, "twice").result()
    assert site.sync().waiting == {}
    edited = {"id": vitals, "bp_position": "standing"}
    site.store.write(records.update, site.actor, "patient_vitals", edited).result()
    assert site.sync().total.confirmed == 1
    assert site.sync().waiting == {}


def test_a_choice_does_not_bring_a_visit_to_a_patient_who_is_deleted(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """It was moved both here and elsewhere, and whose it is there was deleted before we chose."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        first, second, third = (row[0] for row in site.sql("SELECT id FROM patients ORDER BY id"))
        visit = _visit(site, first)
        site.sync()
        other.sync()
        other.store.write(moving.move, other.actor, "visits", visit, third, "his").result()
        other.sync()
        site.store.write(moving.move, site.actor, "visits", visit, second, "hers").result()
        site.sync()
        client.push(cloud, "patients", third, kind="deleted")  # it names no visit (wire.md A6)
        site.sync()
        [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
        with pytest.raises(Invalid):
            site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result()
        assert site.one("SELECT patient_id FROM live_visits WHERE id = ?", visit) == second
        site.store.write(conflicts.resolve_all, site.actor, asked.pk, "ours").result()
        site.sync()
        assert site.one("SELECT patient_id FROM live_visits WHERE id = ?", visit) == second
    finally:
        other.store.close()


def test_a_question_about_a_deletion_shows_what_the_server_has_of_what_differed_before(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """The visit was asked about already, then deleted here; then its note was changed there."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        visit = _visit(site, site.one("SELECT id FROM patients ORDER BY id LIMIT 1"))
        patient = site.one("SELECT patient_id FROM visits WHERE id = ?", visit)
        row = {"patient_id": patient, "visit_id": visit, "event_type": "Note", "form_data": []}
        note = str(site.store.write(visits.create_event, site.actor, row).result())
        site.sync()
        other.sync()
        for one, name in ((other, "There"), (site, "Here")):
            edited = {"id": visit, "provider_name": name}
            one.store.write(visits.update_visit, one.actor, edited).result()
            one.sync()
        site.store.write(deletion.delete, site.actor, "visits", visit, "twice").result()
        more = {"id": note, "event_type": "Another note"}
        other.store.write(visits.update_event, other.actor, more).result()
        other.sync()
        site.sync()
        [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
        assert asked.kind == "deleted_here"
        site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result()
        assert site.one("SELECT provider_name FROM live_visits WHERE id = ?", visit) == "There"
    finally:
        other.store.close()


def test_an_edit_is_not_moved_out_of_sight_to_a_patient_who_is_deleted_here(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """Somebody moves the vitals that we have edited to a patient whom we have deleted."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        first, second = (row[0] for row in site.sql("SELECT id FROM patients LIMIT 2"))
        row = {"patient_id": first, "visit_id": _visit(site, first), "bp_position": "sitting",
               "timestamp": 1_795_000_000_000}  # fmt: skip
        vitals = str(site.store.write(records.create, site.actor, "patient_vitals", row).result())
        site.sync()
        other.sync()
        edited = {"id": vitals, "bp_position": "standing"}
        site.store.write(records.update, site.actor, "patient_vitals", edited).result()
        site.store.write(deletion.delete, site.actor, "patients", second, "twice").result()
        other.store.write(
            moving.move, other.actor, "patient_vitals", vitals, second, "hers"
        ).result()
        other.sync()
        site.sync()
        shown = "SELECT patient_id, bp_position FROM live_patient_vitals WHERE id = ?"
        assert site.sql(shown, vitals) == [(first, "standing")]
        asked = site.store.read(conflicts.open_conflicts, site.actor).result()
        assert {one.row_id: one.kind for one in asked} == {vitals: "edit", second: "deleted_here"}
        for one in sorted(asked, key=lambda one: one.row_id == vitals):  # the patient is back first
            site.store.write(conflicts.resolve_all, site.actor, one.pk, "theirs").result()
        assert site.sync().waiting == {}
        assert site.sql(shown, vitals) == [(second, "standing")]
    finally:
        other.store.close()


def test_a_note_that_was_moved_out_of_a_deleted_chart_is_not_deleted_before_somebody_chose(
    clinic: tuple[Site, Cloud], tmp_path: Path
) -> None:
    """The deletion is asked about, since somebody wrote there; the note is another's by then."""
    site, cloud = clinic
    other = _another(tmp_path, cloud)
    try:
        first, second = (row[0] for row in site.sql("SELECT id FROM patients LIMIT 2"))
        visit = _visit(site, first)
        row = {"patient_id": first, "visit_id": visit, "event_type": "Note", "form_data": []}
        note = str(site.store.write(visits.create_event, site.actor, row).result())
        site.sync()
        other.sync()
        site.store.write(deletion.delete, site.actor, "patients", first, "twice").result()
        other.store.write(moving.move, other.actor, "events", note, second, "hers").result()
        other.sync()
        site.sync()
        site.sync()
        there: Any = cloud.store.find("events", note)
        assert (there["patient_id"], there["is_deleted"]) == (second, False)
        [asked] = site.store.read(conflicts.open_conflicts, site.actor).result()
        site.store.write(conflicts.resolve_all, site.actor, asked.pk, "theirs").result()
        site.sync()
        assert site.one("SELECT patient_id FROM live_events WHERE id = ?", note) == second
    finally:
        other.store.close()
