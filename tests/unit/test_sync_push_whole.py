"""Whole syncs against the test double: what went up is confirmed, and stays as it was here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import sync
from hikma_tui.clinic import deletion
from hikma_tui.ids import new_id
from hikma_tui.models import connection
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.carry import MARK
from hikma_tui.syncing.shapes import Report, State
from tests.cloud.seed import PASSWORD
from tests.unit.test_sync_push import NOW, Place, Poisoned, everything, filled


def whole(place: Place, **options: Any) -> Report:
    report = sync.run(
        place.store, user=place.actor, password=PASSWORD, options=sync.RunOptions(**options),
        progress=place.tell, cancelled=lambda: place.stop,
    )  # fmt: skip
    assert report.result == "ok", report
    return report


def waiting(place: Place) -> dict[str, Any]:
    """What is not confirmed, of the tables that the server takes: id -> state and reason."""

    def run() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for table in sync_waiting.TAKEN[place.dialect]:
            for row_id, state, reason in connection().execute(
                f"SELECT w.id, p.state, p.reason FROM waiting_{table} w"
                " LEFT JOIN peer_rows p ON p.table_name = ? AND p.row_id = w.id", (table,),
            ).fetchall():  # fmt: skip
                found[row_id] = (table, state, reason)
        return found

    return place.store.on_writer(run).result()


@pytest.fixture(params=["v3", "flask"])
def both(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    made = Place(tmp_path / "store", request.param)
    with made.cloud:
        yield made
        made.store.close()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path / "store")
    with made.cloud:
        yield made
        made.store.close()


def test_all_that_went_up_is_confirmed(both: Place) -> None:
    place = both
    other = place.save("users", name="Sami", role="provider")
    form = place.save("event_forms", name="Our form")
    made = everything(place)
    visit = {"patient_id": made["patients"], "visit_id": made["visits"]}
    event = place.save("events", **visit, form_id=form, recorded_by_user_id=other)
    answers = [
        place.save("patient_additional_attributes", patient_id=made["patients"],
                   attribute_id=name, **{column: value})
        for name, column, value in (("a", "boolean_value", False), ("b", "number_value", 0))
    ]  # fmt: skip
    before = {(t, i): place.here(t, i) for t, i in [*made.items(), ("events", event)]}
    report = whole(place)
    assert waiting(place) == {}
    assert report.total.confirmed == len(made) + 3
    report = whole(place)
    assert (report.total.pushed, waiting(place)) == (0, {})
    stamps = {"created_at", "updated_at", "last_modified", "server_created_at", "change_seq"}
    if place.dialect == "flask":
        # it cuts moments to whole seconds (wire.md Part B)
        stamps |= {"image_timestamp", "check_in_timestamp", "date_value", "prescribed_at",
                   "filled_at", "expiration_date"}  # fmt: skip
    for (table, row_id), row in before.items():
        now = place.here(table, row_id)
        changed = {n for n in row if row[n] != now[n]} - stamps - {"batch_id", "deleted_at"}
        assert changed == set(), table
    assert place.here("patient_additional_attributes", answers[0])["boolean_value"] is False
    assert place.here("patient_additional_attributes", answers[1])["number_value"] == 0
    there = place.there.find("events", event)
    assert there is not None
    assert MARK in there["metadata"]  # type: ignore[operator]


def test_edits_are_confirmed_too(place: Place) -> None:
    made = everything(place)
    whole(place)
    for table, row_id in made.items():
        if table != "prescription_items":
            column = "number_value" if table == "patient_additional_attributes" else "metadata"
            value: Any = 9 if column == "number_value" else {"late": True}
            place.edit(table, row_id, **{column: value})
    place.edit("prescription_items", made["prescription_items"], quantity_prescribed=3)
    whole(place)
    assert waiting(place) == {}


def test_a_cancelled_item_stays_deleted_here(place: Place) -> None:
    made = everything(place)
    item = made["prescription_items"]
    whole(place)
    place.delete("prescription_items", item)
    whole(place)
    for _again in range(4):
        whole(place, check=True)
        assert waiting(place) == {}
        assert place.here("prescription_items", item)["tombstone"] is not None
    there = place.there.find("prescription_items", item)
    assert there is not None
    assert there["item_status"] == "cancelled"
    # and one that was cancelled before it had ever been sent
    of = {"patient_id": made["patients"], "prescription_id": made["prescriptions"]}
    drug = {"clinic_id": place.clinic, "drug_id": place.drug}
    new = place.save("prescription_items", **filled("prescription_items", 6, **of, **drug,
                     metadata={}, recorded_by_user_id=None))  # fmt: skip
    place.save("dispensing_records", **drug, patient_id=made["patients"], dispensed_by=place.user,
               prescription_item_id=new, quantity_dispensed=1, dispensed_at=NOW)  # fmt: skip
    place.delete("prescription_items", new)
    whole(place)
    assert waiting(place) == {}
    assert place.here("prescription_items", new)["tombstone"] is not None


def test_deletions_are_confirmed(both: Place) -> None:
    place = both
    made = everything(place)
    place.edit("patients", made["patients"], primary_clinic_id=place.actor.clinic_id)
    whole(place)
    place.store.write(deletion.delete, place.actor, "patients", made["patients"], "double").result()
    report = whole(place)
    left = {table for table, _state, _reason in waiting(place).values()}
    assert left <= {"prescription_items"}, waiting(place)
    assert report.total.conflicts == 0


def test_somebody_was_faster(place: Place) -> None:
    patient = place.patient(phone="1")
    whole(place)
    place.edit("patients", patient, hometown="Irbid")

    def meanwhile() -> None:
        row = place.there.find("patients", patient)
        assert row is not None
        row["phone"], row["updated_at"] = "2", int(str(row["updated_at"])) + 60_000_000
        row["last_modified"] = place.there.now()

    place.first_of["push"] = meanwhile
    whole(place)
    there = place.there.find("patients", patient)
    assert there is not None
    assert (there["phone"], there["hometown"]) == ("2", "Irbid")
    here = place.here("patients", patient)
    assert (here["phone"], here["hometown"], here["change_seq"]) == ("2", "Irbid", 0)


class Watched(Poisoned):
    """A table that calls when a row is stored."""

    def __init__(self, rows: dict[str, Any], then: Callable[[], None]) -> None:
        super().__init__(rows, set())
        self.then = then

    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self.then()


def test_an_edit_while_the_server_works_is_not_lost(place: Place) -> None:
    patient = place.patient()
    edits: list[str] = []

    def meanwhile() -> None:
        if not edits:
            edits.append("0791")
            place.edit("patients", patient, phone="0791")

    place.there.rows["patients"] = Watched({}, meanwhile)
    whole(place)
    assert edits
    here, there = place.here("patients", patient), place.there.rows["patients"].values()
    assert here["phone"] == "0791"
    sent = next(iter(there))["phone"] == "0791"
    assert (here["change_seq"] == 0) == sent, "only what the server has is agreed"
    whole(place)
    assert place.here("patients", patient)["change_seq"] == 0
    assert next(iter(place.there.rows["patients"].values()))["phone"] == "0791"


def test_the_budget_is_for_the_whole_run(place: Place) -> None:
    rows = [place.patient(surname=f"S{number}") for number in range(200)]
    real: dict[str, Any] = {}
    place.there.rows["patients"] = Poisoned(real, set(rows[5::20]))
    runs = 0
    while runs < 8:
        runs += 1
        before = len(place.posts())
        whole(place)
        assert len(place.posts()) - before <= 30 + 6
        states = [state for _table, state, _reason in waiting(place).values()]
        if states == [State.REFUSED] * 10:
            break
    assert len(real) == 190
    assert runs > 1


def test_unknown_ids_of_another_store(place: Place) -> None:
    patient = place.patient()
    visit = place.visit(patient)
    form = new_id()
    event = place.save("events", patient_id=patient, visit_id=visit, form_id=form)
    whole(place)
    assert waiting(place) == {}
    assert place.here("events", event)["form_id"] == form
