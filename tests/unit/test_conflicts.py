"""Conflicts: what a person is shown, and what becomes of a choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import (
    audit,
    conflicts,
    deletion,
    drafts,
    finding,
    patients,
    server,
    server_needs,
)
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.models import BY_TABLE, DispensingRecord, connection, dicts, live
from hikma_tui.syncing.meet import deleted, held_patients, meet
from tests.unit.meeting import DAY_MS, NEW, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    assert not found.store.on_writer(audit.problems).result()
    found.close()


def clash(place: Place, **theirs: Any) -> int:
    """Our phone is 2, the server's 3."""
    place.edit("patients", place.patient, phone="2")
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="3", **theirs))
    return int(place.conflicts()[0]["pk"])


def vitals(place: Place, **more: Any) -> str:
    row = {"patient_id": place.patient, "visit_id": place.visit, "timestamp": DAY_MS, **more}
    return place.create("patient_vitals", **row)


def rows(place: Place, table: str) -> list[dict[str, Any]]:
    """The live rows of a table."""
    return place.store.read(lambda: dicts(live(BY_TABLE[table]).select())).result()


def fields(place: Place, pk: int) -> dict[str, conflicts.FieldPair]:
    found = place.store.read(conflicts.fields, place.actor, pk).result()
    return {pair.key: pair for pair in found}


def last_entry(place: Place) -> str:
    def find() -> str:
        query = "SELECT changes FROM event_logs ORDER BY pk DESC LIMIT 1"
        return str(connection().execute(query).fetchone()[0])

    return place.store.on_writer(find).result()


# -- reading, on the reader ----------------------------------------------------------------------


def test_the_list_says_who_and_what(place: Place) -> None:
    came_in = 1_900_000_000_000  # updated_at is made up for the compare-and-swap
    pk = clash(place, last_modified_by=place.actor.user_id, last_modified=came_in)
    [one] = place.read(conflicts.open_conflicts, place.actor)
    assert (one.pk, one.kind, one.fields) == (pk, "edit", 1)
    assert one.patient.given_name == "Ada"
    assert one.label == "Patient"
    assert (one.ours_by, one.theirs_by) == ("Nora", "Nora")
    assert one.ours_at
    assert one.theirs_at == came_in
    assert place.read(conflicts.of_patient, place.patient) == 1
    pair = fields(place, pk)["phone"]
    assert (pair.label, pair.ours, pair.theirs, pair.base) == ("Phone", "2", "3", "1")
    assert not pair.both
    assert not pair.careful
    [(label, shown)] = place.read(conflicts.shown, place.actor, place.patient)
    assert (label, shown.theirs) == ("Patient", "3")


def test_a_date_is_careful_and_reads_as_one(place: Place) -> None:
    place.edit("patients", place.patient, date_of_birth="1990-05-17")
    place.sync(meet, "patients",
               place.theirs("patients", place.patient, date_of_birth="1991-05-17"))  # fmt: skip
    [pair] = fields(place, place.conflicts()[0]["pk"]).values()
    assert pair.careful
    assert (pair.ours, pair.theirs) == ("17 May 1990", "17 May 1991")


def answer(key: str, value: Any, kind: str = "free-text") -> dict[str, Any]:
    return {"fieldId": key, "name": f"Question {key}", "fieldType": kind, "inputType": kind,
            "value": value}  # fmt: skip


def test_answers_by_their_question_and_texts_can_be_both(place: Place) -> None:
    event = place.event([answer("a", "1"), answer("m", "", "medicine")])
    place.agree()
    dose = [{"name": "Paracetamol", "dose": "1"}], [{"name": "Paracetamol", "dose": "2"}]
    place.edit("events", event, form_data=[answer("a", "mine"), answer("m", dose[0], "medicine")])
    data = [answer("a", "theirs"), answer("m", dose[1], "medicine")]
    del data[0]["inputType"]  # not every client says both
    place.sync(meet, "events", place.theirs("events", event, form_data=data))
    pk = place.conflicts()[0]["pk"]
    found = fields(place, pk)
    assert found["form_data/a"].label == "Question a"
    assert found["form_data/a"].both
    assert found["form_data/m"].careful
    assert not found["form_data/m"].both
    with pytest.raises(Invalid):
        place.write(conflicts.resolve, pk, {"form_data/a": "both", "form_data/m": "both"})
    became = place.write(conflicts.resolve, pk, {"form_data/a": "both", "form_data/m": "theirs"})
    assert became == "sent"
    values = {one["fieldId"]: one["value"] for one in place.row("events", event)["form_data"]}
    assert values == {"a": "theirs\nmine", "m": dose[1]}


def test_what_somebody_may_not_see_is_not_listed(place: Place) -> None:
    pk = clash(place)
    stranger = replace(place.actor, user_id=NEW(), role="provider")
    clinic = place.actor.clinic_id
    place.edit("patients", place.patient, primary_clinic_id=clinic)
    assert place.read(conflicts.open_conflicts, stranger) == []
    with pytest.raises(NotFound):
        place.store.read(conflicts.fields, stranger, pk).result()
    with pytest.raises(NotAllowed):
        place.store.write(conflicts.resolve, stranger, pk, {"phone": "ours"}).result()
    assert place.conflicts()


# -- an edit on both sides -----------------------------------------------------------------------


def test_ours_goes_to_the_server_over_theirs(place: Place) -> None:
    pk = clash(place)
    theirs = place.conflicts()[0]["theirs"]
    assert place.write(conflicts.resolve, pk, {"phone": "ours"}) == "sent"
    row, line = place.row("patients", place.patient), place.line("patients", place.patient)
    assert row["phone"] == "2"
    assert row["change_seq"] > 0
    assert (line["state"], line["base"]["phone"], line["tries"]) == ("", "3", 0)
    assert line["base"]["updated_at"] == theirs["updated_at"]
    assert not place.conflicts()
    [done] = place.conflicts(resolved=True)
    assert done["resolved_by"] == place.actor.user_id
    assert done["choice"]["phone"] == "ours"
    assert '"2"' in last_entry(place)
    assert '"3"' in last_entry(place)
    with pytest.raises(NotFound):
        place.write(conflicts.resolve, pk, {"phone": "ours"})


def test_theirs_is_taken_and_nothing_is_sent(place: Place) -> None:
    pk = clash(place)
    stamp = place.conflicts()[0]["theirs"]["updated_at"]
    assert place.write(conflicts.resolve, pk, {"phone": "theirs"}) == "taken"
    row = place.row("patients", place.patient)
    assert (row["phone"], row["change_seq"], row["updated_at"]) == ("3", 0, stamp)
    assert not place.line("patients", place.patient)
    assert place.waiting() == 0


def test_the_search_finds_what_was_chosen(place: Place) -> None:
    place.edit("patients", place.patient, given_name="Adele")
    place.sync(meet, "patients", place.theirs("patients", place.patient, given_name="Zelda"))
    place.write(conflicts.resolve, place.conflicts()[0]["pk"], {"given_name": "theirs"})
    found = place.store.read(finding.find, place.actor, "zelda").result()
    assert [hit.id for hit in found.hits] == [place.patient]


def test_every_field_must_be_chosen(place: Place) -> None:
    place.edit("patients", place.patient, phone="2", camp="a")
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="3", camp="b"))
    pk = place.conflicts()[0]["pk"]
    for choices in ({}, {"phone": "ours"}, {"phone": "ours", "camp": "maybe"}):
        with pytest.raises(Invalid):
            place.write(conflicts.resolve, pk, choices)
    assert place.conflicts()
    place.write(conflicts.resolve, pk, {"phone": "ours", "camp": "theirs"})
    row = place.row("patients", place.patient)
    assert (row["phone"], row["camp"]) == ("2", "b")
    assert row["change_seq"] > 0


def test_an_edit_made_while_the_question_was_open_is_in_the_choice(place: Place) -> None:
    pk = clash(place)
    place.edit("patients", place.patient, phone="22", hometown="Amman")
    assert fields(place, pk)["phone"].ours == "22"
    place.write(conflicts.resolve, pk, {"phone": "theirs"})
    row = place.row("patients", place.patient)
    assert (row["phone"], row["hometown"]) == ("3", "Amman")
    assert row["change_seq"] > 0


# -- the server altered it -----------------------------------------------------------------------


def _altered(place: Place) -> tuple[str, int]:
    one = vitals(place, weight_kg="61.5", pain_level=3)
    place.send("patient_vitals", one)
    theirs = place.theirs("patient_vitals", one, weight_kg=None)
    place.sync(meet, "patient_vitals", theirs, confirming=True)
    return one, place.conflicts()[0]["pk"]


@pytest.mark.parametrize(("side", "weight"), [("ours", "61.5"), ("theirs", None)])
def test_altered_can_be_sent_again_or_taken(place: Place, side: str, weight: Any) -> None:
    one, pk = _altered(place)
    assert list(fields(place, pk)) == ["weight_kg"]
    place.write(conflicts.resolve, pk, {"weight_kg": side})
    row = place.row("patient_vitals", one)
    assert row["weight_kg"] == weight
    assert (row["change_seq"] > 0) == (side == "ours")
    if side == "ours":
        assert place.line("patient_vitals", one)["state"] == ""


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_what_the_server_never_shows_can_be_sent_again_or_stays(place: Place, side: str) -> None:
    from hikma_tui.syncing.meet import after_readback

    one = vitals(place)
    for _tries in range(3):
        place.send("patient_vitals", one)
        place.sync(after_readback, confirming=True)
    pk = place.conflicts()[0]["pk"]
    assert list(fields(place, pk)) == [""]
    became = place.write(conflicts.resolve, pk, {"": side})
    assert became == ("sent" if side == "ours" else "stays")
    line = place.line("patient_vitals", one)
    assert (line["state"], line["tries"]) == ("" if side == "ours" else "refused", 0)
    assert place.row("patient_vitals", one)["tombstone"] is None
    assert place.row("patient_vitals", one)["change_seq"] > 0


# -- suggestions ---------------------------------------------------------------------------------


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_suggestions_one_by_one_and_all_at_once(place: Place, side: str) -> None:
    place.edit("patients", place.patient, phone="2")
    place.edit("visits", place.visit, provider_name="Mona")
    for table, row_id, old in (
        ("patients", place.patient, {"phone": "1", "camp": "newer"}),
        ("visits", place.visit, {"provider_name": "Nora"}),
    ):
        place.sync(meet, table, place.theirs(table, row_id, **old), suggesting=True)
    assert len(place.conflicts()) == 2
    pk = place.conflicts()[0]["pk"]
    assert set(fields(place, pk)) == {"phone", "camp"}  # everything that differs, whoever did it
    assert place.write(conflicts.resolve_all_suggestions, side) == 2
    patient, visit = place.row("patients", place.patient), place.row("visits", place.visit)
    assert patient["phone"] == ("2" if side == "ours" else "1")
    assert visit["provider_name"] == ("Mona" if side == "ours" else "Nora")
    assert (patient["change_seq"] == 0) == (side == "theirs")
    assert not place.conflicts()


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_a_suggested_deletion(place: Place, side: str) -> None:
    place.write(deletion.delete, "patients", place.patient, "why")
    for table, row_id in (("visits", place.visit), ("patients", place.patient)):
        place.sync(meet, table, place.theirs(table, row_id), suggesting=True)
    [one] = place.read(conflicts.open_conflicts, place.actor)
    assert one.patient.given_name == "Ada"  # as the server has it: here it is deleted
    became = place.write(conflicts.resolve_all, one.pk, side)
    patient = place.row("patients", place.patient)
    assert became == ("deleted" if side == "ours" else "back")
    assert (patient["tombstone"] is None) == (side == "theirs")
    assert place.line("visits", place.visit).get("state", "") == ""
    assert (place.waiting() == 0) == (side == "theirs")
    assert not place.store.write(held_patients).result()


# -- deleted here, changed there -----------------------------------------------------------------


def _deleted_here(place: Place) -> int:
    place.write(deletion.delete, "visits", place.visit, "why")
    place.sync(meet, "visits", place.theirs("visits", place.visit, provider_name="Mona",
                                             metadata={}))  # fmt: skip
    return int(place.conflicts()[0]["pk"])


def test_delete_all_the_same(place: Place) -> None:
    pk = _deleted_here(place)
    assert list(fields(place, pk)) == [""]
    assert place.write(conflicts.resolve, pk, {"": "ours"}) == "deleted"
    row, line = place.row("visits", place.visit), place.line("visits", place.visit)
    assert row["tombstone"] is not None
    assert row["change_seq"] > 0
    assert (line["state"], line["base"]["provider_name"]) == ("", "Mona")
    # and the same row pulled again raises nothing
    theirs = place.theirs("visits", place.visit, provider_name="Mona", is_deleted=False)
    place.sync(meet, "visits", theirs)
    assert not place.conflicts()


def test_take_the_servers_and_all_of_it_is_back(place: Place) -> None:
    event = place.event([answer("a", "1")])
    place.agree()
    unsent = place.event([answer("b", "1")])
    pk = _deleted_here(place)
    assert place.write(conflicts.resolve, pk, {"": "theirs"}) == "back"
    visit = place.row("visits", place.visit)
    assert (visit["tombstone"], visit["provider_name"]) == (None, "Mona")
    assert visit["change_seq"] > 0  # the note that was added here changed its metadata
    assert (place.row("events", event)["change_seq"], place.row("events", event)["tombstone"]) == (
        0, None,
    )  # fmt: skip
    assert place.row("events", unsent)["change_seq"] > 0
    assert place.row("events", unsent)["tombstone"] is None
    assert place.deletions()[0]["undone_at"] is not None
    assert not place.line("events", event)


@pytest.mark.parametrize("side", ["ours", "theirs"])
def test_edited_here_then_deleted_here_and_edited_there(place: Place, side: str) -> None:
    place.edit("visits", place.visit, provider_name="here", metadata={"mine": 1})
    place.write(deletion.delete, "visits", place.visit, "why")
    theirs = place.theirs("visits", place.visit, provider_name="there", metadata={},
                          is_deleted=False, deleted_at=None)  # fmt: skip
    place.sync(meet, "visits", theirs)
    place.write(conflicts.resolve, place.conflicts()[0]["pk"], {"": side})
    place.sync(meet, "visits", theirs)  # the overlap brings it once more
    assert not place.conflicts()
    row = place.row("visits", place.visit)
    assert row["change_seq"] > 0
    if side == "ours":
        assert row["tombstone"] is not None
        assert place.line("visits", place.visit)["base"]["provider_name"] == "there"
    else:
        assert (row["tombstone"], row["provider_name"], row["metadata"]) == (
            None, "there", {"mine": 1},
        )  # fmt: skip


def test_what_belongs_to_something_deleted_is_not_brought_back_alone(place: Place) -> None:
    pk = _deleted_here(place)
    place.write(deletion.delete, "patients", place.patient, "why")
    with pytest.raises(Invalid, match="bring that back first"):
        place.write(conflicts.resolve, pk, {"": "theirs"})
    assert place.write(conflicts.resolve, pk, {"": "ours"}) == "deleted"


def test_deleting_takes_the_right_to_delete(place: Place) -> None:
    pk = _deleted_here(place)

    def take_away() -> None:
        connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_delete_patient_visits = 0"
        )
        connection().execute("UPDATE users SET role = 'provider'")

    place.store.write(take_away).result()
    nurse = replace(place.actor, role="provider")
    with pytest.raises(NotAllowed):
        place.store.write(conflicts.resolve, nurse, pk, {"": "ours"}).result()
    place.store.write(conflicts.resolve, nurse, pk, {"": "theirs"}).result()


# -- deleted there, edited here ------------------------------------------------------------------


def test_vitals_are_revived(place: Place) -> None:
    one = vitals(place, pain_level=3)
    place.agree()
    place.edit("patient_vitals", one, pain_level=4)
    place.sync(deleted, "patient_vitals", one)
    pk = place.conflicts()[0]["pk"]
    assert place.write(conflicts.resolve, pk, {"": "ours"}) == "revived"
    row, line = place.row("patient_vitals", one), place.line("patient_vitals", one)
    assert (row["tombstone"], row["pain_level"], row["deleted_at"]) == (None, 4, None)
    assert row["change_seq"] > 0
    assert (line["base"], line["state"]) == (None, "")
    # the overlap announces the old tombstone once more
    place.sync(deleted, "patient_vitals", one)
    assert not place.conflicts()
    assert place.row("patient_vitals", one)["tombstone"] is None


def test_an_answer_of_the_registration_stays_here(place: Place) -> None:
    about = {"patient_id": place.patient, "attribute_id": "a1", "attribute": "Tribe"}
    one = place.write(patients.put_attribute, {**about, "string_value": "x"})
    place.agree()
    place.write(patients.put_attribute, {**about, "string_value": "mine"})
    place.sync(deleted, "patient_additional_attributes", one)
    pk = place.conflicts()[0]["pk"]
    assert place.write(conflicts.resolve, pk, {"": "ours"}) == "stays"
    line = place.line("patient_additional_attributes", one)
    assert (line["state"], line["sent_seq"]) == (
        "refused", place.row("patient_additional_attributes", one)["change_seq"],
    )  # fmt: skip


def _whole_patient(place: Place) -> dict[str, str]:
    """A patient with a bit of everything, agreed; and one unsent note."""
    prescription = place.create(
        "prescriptions", patient_id=place.patient, provider_id=place.actor.user_id,
        visit_id=place.visit, pickup_clinic_id=place.actor.clinic_id, prescribed_at=DAY_MS,
    )  # fmt: skip
    drug = place.create("drug_catalogue", generic_name="P", form="t", route="o",
                        dosage_quantity="500", dosage_units="mg")  # fmt: skip
    item = place.create(
        "prescription_items", prescription_id=prescription, patient_id=place.patient, drug_id=drug,
        clinic_id=place.actor.clinic_id, dosage_instructions="1-0-1", quantity_prescribed=5,
    )  # fmt: skip
    handed = place.create(
        "dispensing_records", clinic_id=place.actor.clinic_id, drug_id=drug,
        prescription_item_id=item, patient_id=place.patient, quantity_dispensed=5,
        dispensed_by=place.actor.user_id, dispensed_at=DAY_MS,
    )  # fmt: skip
    about = {"patient_id": place.patient, "attribute_id": "a1", "attribute": "Tribe"}
    place.write(patients.put_attribute, {**about, "string_value": "x"})
    one, old = vitals(place), place.event([answer("a", "old")])
    place.agree()
    new = place.event([answer("a", "new")])
    return {"dispensing_records": handed, "patient_vitals": one, "old": old, "new": new}


def test_a_patient_is_copied_with_everything_and_handed_out_once(place: Place) -> None:
    ids = _whole_patient(place)
    place.write(drafts.keep, f"patient:{place.patient}", place.patient, {"x": 1})
    place.sync(deleted, "patients", place.patient)
    pk = place.conflicts()[0]["pk"]
    assert place.write(conflicts.resolve, pk, {"": "ours"}) == "copied"
    [patient] = rows(place, "patients")
    assert patient["id"] != place.patient
    assert patient["metadata"]["copiedFrom"]["id"] == place.patient
    assert patient["change_seq"] > 0
    [visit] = rows(place, "visits")
    assert visit["patient_id"] == patient["id"]
    events = rows(place, "events")
    assert {one["form_data"][0]["value"] for one in events} == {"old", "new"}
    for table in ("events", "patient_vitals", "prescriptions"):
        for row in rows(place, table):
            assert (row["patient_id"], row["visit_id"]) == (patient["id"], visit["id"]), table
            assert row["change_seq"] > 0
            assert row["id"] not in ids.values()
    [item] = rows(place, "prescription_items")
    [handed] = rows(place, "dispensing_records")
    assert handed["id"] == ids["dispensing_records"]  # not a second time from stock
    assert (handed["patient_id"], handed["prescription_item_id"]) == (patient["id"], item["id"])
    [attribute] = rows(place, "patient_additional_attributes")
    assert attribute["patient_id"] == patient["id"]
    old = place.row("patients", place.patient)
    assert old["tombstone"] is not None
    assert old["change_seq"] == 0
    assert place.deletions()[-1]["sent_at"] is not None  # can't be undone here
    draft = place.store.on_writer(
        lambda: connection().execute("SELECT place, patient_id FROM drafts").fetchone()
    ).result()
    assert draft == (f"patient:{patient['id']}", patient["id"])
    # the tombstone, announced again, does not touch the copy
    place.sync(deleted, "patients", place.patient)
    assert len(rows(place, "patients")) == 1
    assert not place.conflicts()


def test_a_note_is_copied_into_its_visit(place: Place) -> None:
    event = place.event([answer("a", "1")])
    one = vitals(place, event_id=event)
    place.agree()
    place.edit("events", event, form_data=[answer("a", "2")])
    place.sync(deleted, "events", event)
    place.write(conflicts.resolve, place.conflicts()[0]["pk"], {"": "ours"})
    [copy] = rows(place, "events")
    assert copy["id"] != event
    assert (copy["visit_id"], copy["form_data"][0]["value"]) == (place.visit, "2")
    assert place.row("patient_vitals", one)["event_id"] == copy["id"]


def test_let_go_takes_the_unsent_work_with_it_because_a_person_said_so(place: Place) -> None:
    ids = _whole_patient(place)
    place.sync(deleted, "patients", place.patient)
    pk = place.conflicts()[0]["pk"]
    assert place.write(conflicts.resolve, pk, {"": "theirs"}) == "gone"
    for table in ("patients", "visits", "events", "patient_vitals", "prescriptions"):
        assert rows(place, table) == [], table
    assert place.row("events", ids["new"])["change_seq"] == 0
    assert place.waiting() == 0
    assert place.deletions()[-1]["user_id"] == place.actor.user_id


def test_a_question_under_a_deleted_patient_waits_until_it_is_back(place: Place) -> None:
    one = vitals(place, pain_level=3)
    place.agree()
    place.edit("patient_vitals", one, pain_level=4)
    place.write(deletion.delete, "patients", place.patient, "why")
    place.sync(meet, "patient_vitals", place.theirs("patient_vitals", one, pain_level=5))
    shown = place.read(conflicts.open_conflicts, place.actor)
    assert [found.table for found in shown] == ["patients"]
    place.write(conflicts.resolve_all, shown[0].pk, "theirs")
    [left] = place.read(conflicts.open_conflicts, place.actor)
    assert (left.table, left.kind) == ("patient_vitals", "edit")
    assert fields(place, left.pk)["pain_level"].theirs == "5"
    assert place.row("patient_vitals", one)["pain_level"] == 4
    assert place.line("patient_vitals", one)["state"] == "held"


def test_nothing_of_stock_changes_by_a_copy(place: Place) -> None:
    _whole_patient(place)
    count = place.store.on_writer(lambda: DispensingRecord.select().count()).result()
    place.sync(deleted, "patients", place.patient)
    place.write(conflicts.resolve, place.conflicts()[0]["pk"], {"": "ours"})
    after = place.store.on_writer(lambda: DispensingRecord.select().count()).result()
    assert after == count


def test_whoever_chooses_a_dose_is_told_the_medicine(place: Place) -> None:
    _whole_patient(place)
    place.agree()
    item = rows(place, "prescription_items")[0]["id"]
    drug = rows(place, "drug_catalogue")[0]["id"]
    padded = place.theirs("drug_catalogue", drug, dosage_quantity="500.0000")  # as servers do
    place.sync(meet, "drug_catalogue", padded)
    place.edit("prescription_items", item, dosage_instructions="2-0-2")
    theirs = place.theirs("prescription_items", item, dosage_instructions="0-0-1")
    place.sync(meet, "prescription_items", theirs)
    [one] = place.read(conflicts.open_conflicts, place.actor)
    assert one.label == "Prescribed medicine P 500 mg t"
    assert one.theirs_at is None  # of these the server stamps no edit


def test_what_was_taken_from_the_server_leaves_nothing_to_send(place: Place) -> None:
    # The portal changes a phone without saying whose hand it was; here somebody else's hand is.
    def touched() -> None:
        connection().execute("UPDATE patients SET last_modified_by = ?", (place.actor.user_id,))

    before = place.row("patients", place.patient)["last_modified_by"]
    place.edit("patients", place.patient, phone="2")
    place.store.write(touched).result()
    row = place.theirs("patients", place.patient, phone="3", last_modified_by=before)
    place.sync(meet, "patients", row)
    pk = int(place.conflicts()[0]["pk"])
    assert place.write(conflicts.resolve, pk, {"phone": "theirs"}) == "taken"
    found = place.row("patients", place.patient)
    assert (found["phone"], found["last_modified_by"], found["change_seq"]) == ("3", before, 0)
    assert place.line("patients", place.patient) == {}


def test_what_has_a_question_needs_a_person_once(place: Place) -> None:
    pk = clash(place)
    for state in ("differs", "only_here", "held"):

        def put(state: str = state) -> None:
            connection().execute("UPDATE peer_rows SET state = ?", (state,))

        place.store.write(put).result()
        found = place.read(server.state)
        assert (found.needs_you, found.conflicts) == (1, 1), state
        assert place.read(server_needs.needs, place.actor) == []
        assert all(server_needs.counted(found, name) == 0 for name in server_needs.STATES), state
    place.write(conflicts.resolve, pk, {"phone": "theirs"})
    assert place.read(server.state).needs_you == 0
