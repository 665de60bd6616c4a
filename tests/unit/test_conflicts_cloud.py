"""Two clinics and one server, in whole runs: what both edit, what one deletes, and the choices."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import audit, conflicts, deletion, records, server
from hikma_tui.models import BY_TABLE, dicts, live
from tests.cloud.seed import RIGHTS
from tests.unit.meeting import DAY_MS
from tests.unit.sync_running import Site, joined, there


@contextmanager
def two(tmp_path: Path) -> Iterator[tuple[Site, Site, Any]]:
    """Two sites that have everything the server has."""
    with joined(tmp_path / "a", patients=3) as (one, cloud):
        for row in cloud.store.live("user_clinic_permissions"):
            row |= dict.fromkeys(RIGHTS, True)
        one.sync()
        other = Site(tmp_path / "b")
        other.join(cloud.url)
        other.sync()
        try:
            yield one, other, cloud
            for site in (one, other):
                assert site.store.on_writer(audit.problems).result() == []
        finally:
            other.store.close()


def write(site: Site, function: Any, *arguments: Any) -> Any:
    return site.store.write(function, site.actor, *arguments).result()


def rows(site: Site, table: str) -> dict[str, dict[str, Any]]:
    """The live rows of a table, by id."""
    found = site.store.read(lambda: dicts(live(BY_TABLE[table]).select())).result()
    return {row["id"]: row for row in found}


def some_patient(site: Site) -> str:
    return min(rows(site, "patients"))


def vitals(site: Site, patient: str, **more: Any) -> str:
    row = {"patient_id": patient, "timestamp": DAY_MS, **more}
    return str(write(site, records.create, "patient_vitals", row))


def questions(site: Site) -> list[conflicts.OpenConflict]:
    return site.store.read(conflicts.open_conflicts, site.actor).result()


def choose(site: Site, side: str) -> str:
    [one] = questions(site)
    return str(write(site, conflicts.resolve_all, one.pk, side))


def settled(*sites: Site) -> None:
    """After quiet syncs all agree, and nothing is left to be sent."""
    for _again in range(2):
        for site in sites:
            report = site.sync()
            assert report.result == "ok", report
    first = sites[0]
    for site in sites:
        assert site.store.read(server.state).result().up_to_date, site.sql(
            "SELECT * FROM peer_rows"
        )
        for table in ("patients", "visits", "patient_vitals"):
            mine, theirs = rows(site, table), rows(first, table)
            assert mine.keys() == theirs.keys(), table
            for row_id, row in mine.items():
                for name in ("phone", "camp", "pain_level", "provider_name", "updated_at"):
                    assert row.get(name) == theirs[row_id].get(name), (table, name)


def test_different_fields_of_one_patient_both_survive(tmp_path: Path) -> None:
    with two(tmp_path) as (one, other, cloud):
        patient = some_patient(one)
        one.edit(patient, phone="111")
        other.edit(patient, camp="here")
        one.sync()
        other.sync()
        row = there(cloud, patient)
        assert (row["phone"], row["camp"]) == ("111", "here")
        settled(one, other)
        assert not questions(other)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_one_field_edited_twice_waits_for_a_choice(tmp_path: Path, side: str) -> None:
    with two(tmp_path) as (one, other, cloud):
        patient = some_patient(one)
        one.edit(patient, phone="111")
        other.edit(patient, phone="222")
        one.sync()
        for _again in range(2):
            report = other.sync()
            assert report.result == "ok"
            assert there(cloud, patient)["phone"] == "111"
            assert rows(other, "patients")[patient]["phone"] == "222"
        assert other.store.read(server.state).result().conflicts == 1
        choose(other, side)
        settled(other, one)
        wanted = "222" if side == "ours" else "111"
        assert there(cloud, patient)["phone"] == wanted


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_patient_deleted_there_with_unsent_work_here(tmp_path: Path, side: str) -> None:
    with two(tmp_path) as (one, other, cloud):
        patient = some_patient(one)
        write(one, deletion.delete, "patients", patient, "double")
        one.sync()
        measured = vitals(other, patient, pain_level=7)
        report = other.sync()
        assert report.result == "ok"
        assert patient in rows(other, "patients")
        assert measured in rows(other, "patient_vitals")
        assert cloud.store.find("patient_vitals", measured) is None  # nothing of it was sent
        [question] = questions(other)
        assert question.kind == "deleted_there"
        other.sync()
        assert len(questions(other)) == 1
        became = choose(other, side)
        assert became == ("copied" if side == "ours" else "gone")
        settled(other, one)
        assert patient not in rows(one, "patients")
        levels = [row["pain_level"] for row in rows(one, "patient_vitals").values()]
        assert levels == ([7] if side == "ours" else [])
        assert len(rows(one, "patients")) == (3 if side == "ours" else 2)
        assert len(rows(one, "visits")) == (3 if side == "ours" else 2)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_vitals_deleted_there_and_edited_here(tmp_path: Path, side: str) -> None:
    with two(tmp_path) as (one, other, _cloud):
        patient = some_patient(one)
        measured = vitals(one, patient, pain_level=7)
        one.sync()
        other.sync()
        write(one, deletion.delete, "patient_vitals", measured, "wrong")
        one.sync()
        write(other, records.update, "patient_vitals", {"id": measured, "pain_level": 8})
        other.sync()
        assert choose(other, side) == ("revived" if side == "ours" else "gone")
        settled(other, one)
        found = rows(one, "patient_vitals")
        assert [row["pain_level"] for row in found.values()] == ([8] if side == "ours" else [])


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_deleted_here_and_changed_there(tmp_path: Path, side: str) -> None:
    with two(tmp_path) as (one, other, _cloud):
        visit = min(rows(one, "visits"))
        write(one, records.update, "visits", {"id": visit, "provider_name": "Mona"})
        write(other, deletion.delete, "visits", visit, "wrong")
        one.sync()
        other.sync()
        assert visit not in rows(other, "visits")
        [question] = questions(other)
        assert question.kind == "deleted_here"
        one.sync()
        assert visit in rows(one, "visits")  # nothing was sent over it
        assert choose(other, side) == ("deleted" if side == "ours" else "back")
        settled(other, one)
        found = rows(one, "visits")
        assert (visit in found) == (side == "theirs")
        if side == "theirs":
            assert found[visit]["provider_name"] == "Mona"


def test_a_new_child_of_a_patient_deleted_here(tmp_path: Path) -> None:
    with two(tmp_path) as (one, other, _cloud):
        patient = some_patient(one)
        measured = vitals(one, patient, pain_level=7)
        write(other, deletion.delete, "patients", patient, "double")
        one.sync()
        other.sync()
        assert patient not in rows(other, "patients")
        assert [question.kind for question in questions(other)] == ["deleted_here"]
        one.sync()
        assert patient in rows(one, "patients")
        assert choose(other, "theirs") == "back"
        settled(other, one)
        assert rows(other, "patient_vitals")[measured]["pain_level"] == 7


def test_both_delete_the_same(tmp_path: Path) -> None:
    with two(tmp_path) as (one, other, _cloud):
        patient = some_patient(one)
        for site in (one, other):
            write(site, deletion.delete, "patients", patient, "double")
        settled(one, other)
        assert not questions(other)
        assert patient not in rows(one, "patients")
