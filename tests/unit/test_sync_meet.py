"""A pulled row meets the one that is here: every state of it, and what is decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import deletion, info, patients
from hikma_tui.models import connection
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet import after_readback, deleted, held_patients, held_visits, meet
from hikma_tui.syncing.shapes import Disagreement, State
from tests.unit.meeting import DAY_MS, NEW, Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path)
    yield found
    found.close()


def vitals(place: Place, **more: Any) -> str:
    row = {"patient_id": place.patient, "visit_id": place.visit, "timestamp": DAY_MS, **more}
    return place.create("patient_vitals", **row)


def agreed(place: Place, table: str, row_id: str) -> bool:
    return place.row(table, row_id)["change_seq"] == 0 and not place.line(table, row_id)


# -- an edit that was not sent -------------------------------------------------------------------


def test_a_new_row_is_stored_as_agreed(place: Place) -> None:
    theirs = place.theirs("patients", place.patient, id=NEW(), given_name="Bea")
    context, _ = place.sync(meet, "patients", theirs)
    row = place.row("patients", theirs["id"])
    assert (row["given_name"], row["change_seq"], row["tombstone"]) == ("Bea", 0, None)
    assert theirs["id"] in context.stale
    assert context.report.total.pulled == 1


def test_a_patient_whom_an_open_program_took_from_the_list_is_put_there_again(place: Place) -> None:
    """It makes search entries of its own while the sync still applies (docs/sync.md)."""

    towns = ("Irbid", "Jerash")
    came = [place.theirs("patients", place.patient, hometown=town) for town in towns]

    def both(context: Context) -> None:
        for theirs in came:
            connection().execute("DELETE FROM index_waiting")
            meet(context, "patients", theirs)

    place.sync(both)
    [found] = place.store.on_writer(
        lambda: connection().execute("SELECT patient_id FROM index_waiting").fetchall()
    ).result()
    assert tuple(found) == (place.patient,)


def test_edits_of_different_columns_are_merged_and_still_sent(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    seq = place.row("patients", place.patient)["change_seq"]
    theirs = place.theirs("patients", place.patient, phone="1", camp="y")
    context, _ = place.sync(meet, "patients", theirs)
    row, line = place.row("patients", place.patient), place.line("patients", place.patient)
    assert (row["phone"], row["camp"], row["change_seq"]) == ("2", "y", seq)
    assert (line["state"], line["base"]["camp"], line["base"]["phone"]) == ("", "y", "1")
    assert line["base"]["updated_at"] == theirs["updated_at"]
    assert not place.conflicts()
    assert place.patient in context.stale
    # the search entry will be made anew even if the run dies now
    found = place.store.on_writer(
        lambda: connection().execute("SELECT patient_id FROM index_waiting").fetchall()
    ).result()
    assert found == [(place.patient,)]


def test_the_same_edit_on_both_sides_is_agreed(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    theirs = place.theirs("patients", place.patient, phone="2")
    place.sync(meet, "patients", theirs)
    assert agreed(place, "patients", place.patient)
    assert place.row("patients", place.patient)["updated_at"] == theirs["updated_at"]


def test_a_clash_is_a_conflict_and_what_does_not_clash_is_shown(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    theirs = place.theirs("patients", place.patient, phone="3", camp="y")
    context, _ = place.sync(meet, "patients", theirs)
    row, line = place.row("patients", place.patient), place.line("patients", place.patient)
    assert (row["phone"], row["camp"]) == ("2", "y")
    assert row["change_seq"] > 0
    assert line["state"] == State.HELD
    [conflict] = place.conflicts()
    assert conflict["kind"] == Disagreement.EDIT
    assert conflict["theirs"]["phone"] == "3"
    assert conflict["base"]["phone"] == "1"
    assert conflict["patient_id"] == place.patient
    assert context.report.total.conflicts == 1
    # the overlap brings it again: nothing new
    context, _ = place.sync(meet, "patients", theirs)
    assert len(place.conflicts()) == 1
    assert context.report.total.conflicts == 0


def test_what_does_not_clash_goes_on_following_the_server(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    for camp in ("y", "x"):
        theirs = place.theirs("patients", place.patient, phone="3", camp=camp)
        place.sync(meet, "patients", theirs)
        assert place.row("patients", place.patient)["camp"] == camp
    assert len(place.conflicts()) == 1


def test_a_conflict_follows_the_server_and_ends_by_itself(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="3"))
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="4"))
    assert place.conflicts()[0]["theirs"]["phone"] == "4"
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="2"))
    assert not place.conflicts()
    assert place.conflicts(resolved=True)[0]["resolved_by"] is None
    assert agreed(place, "patients", place.patient)


def test_answers_of_both_sides_survive(place: Place) -> None:
    event = place.event([{"fieldId": "a", "value": "1"}, {"fieldId": "b", "value": "2"}])
    place.agree()
    place.edit("events", event, form_data=[{"fieldId": "a", "value": "9"},
                                           {"fieldId": "b", "value": "2"}])  # fmt: skip
    data = [{"fieldId": "a", "value": "1"}, {"fieldId": "b", "value": "8"}]
    place.sync(meet, "events", place.theirs("events", event, form_data=data))
    values = [one["value"] for one in place.row("events", event)["form_data"]]
    assert values == ["9", "8"]


def test_a_refused_row_is_tried_again_when_it_became_another(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    _mark(place, "patients", place.patient, "refused")
    same = place.theirs("patients", place.patient, phone="1")
    place.sync(meet, "patients", {**same, "camp": "x"})
    assert place.line("patients", place.patient)["state"] == "refused"
    place.sync(meet, "patients", {**same, "camp": "z", "updated_at": same["updated_at"] + 1})
    assert place.line("patients", place.patient)["state"] == ""


def _mark(place: Place, table: str, row_id: str, state: str) -> None:
    def put() -> None:
        connection().execute(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, state, sent_seq, reason, tries)"
            " VALUES ('peer-1', ?, ?, ?, 0, '', 0)"
            " ON CONFLICT DO UPDATE SET state = excluded.state", (table, row_id, state),
        )  # fmt: skip

    place.store.write(put).result()


def test_only_here_and_found_again(place: Place) -> None:
    _mark(place, "patients", place.patient, "only_here")
    place.sync(meet, "patients", place.theirs("patients", place.patient, camp="z"))
    assert agreed(place, "patients", place.patient)
    assert place.row("patients", place.patient)["camp"] == "z"


def test_what_the_server_never_stores_is_not_lost(place: Place) -> None:
    row = {
        "patient_id": place.patient, "provider_id": place.actor.user_id, "visit_id": place.visit,
        "pickup_clinic_id": place.actor.clinic_id, "prescribed_at": DAY_MS, "items": [{"a": 1}],
        "notes": "n",
    }  # fmt: skip
    one = place.create("prescriptions", **row)
    place.agree()
    place.edit("prescriptions", one, notes="mine")
    theirs = place.theirs("prescriptions", one, notes="n", items=[], status="ready")
    place.sync(meet, "prescriptions", theirs)
    found = place.row("prescriptions", one)
    assert (found["items"], found["notes"], found["status"]) == ([{"a": 1}], "mine", "ready")


# -- what was sent -------------------------------------------------------------------------------


@pytest.mark.parametrize("confirming", [True, False])
def test_read_back_and_equal_is_confirmed_also_after_a_killed_run(
    place: Place, confirming: bool
) -> None:
    one = vitals(place, weight_kg="61.5")
    place.send("patient_vitals", one)
    theirs = place.theirs("patient_vitals", one, weight_kg="61.50", created_at=7)
    context, _ = place.sync(meet, "patient_vitals", theirs, confirming=confirming)
    assert agreed(place, "patient_vitals", one)
    assert place.row("patient_vitals", one)["created_at"] == 7
    assert place.row("patient_vitals", one)["weight_kg"] == "61.5"
    assert context.report.total.confirmed == 1


def test_an_edit_made_while_the_sync_ran_is_neither_lost_nor_marked_as_sent(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    sent = place.send("patients", place.patient)
    place.edit("patients", place.patient, camp="later")
    seq = place.row("patients", place.patient)["change_seq"]
    theirs = {**sent, "last_modified": 99}
    context, again = place.read_back("patients", theirs)  # fmt: skip
    row, line = place.row("patients", place.patient), place.line("patients", place.patient)
    assert (row["phone"], row["camp"], row["change_seq"]) == ("2", "later", seq)
    assert line["base"]["phone"] == "2"
    assert line["base"]["camp"] == "x"
    assert (line["state"], again) == ("", 0)
    assert context.report.total.confirmed == 1


def test_dropped_is_sent_again_three_times_at_most(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    # somebody touched the row without changing it: our stamp was too low
    for tries in (1, 2):
        place.send("patients", place.patient)
        theirs = place.theirs("patients", place.patient, phone="1")
        _, again = place.read_back("patients", theirs)  # fmt: skip
        line = place.line("patients", place.patient)
        assert (line["tries"], line["state"], again) == (tries, "", 1)
        assert line["base"]["updated_at"] == theirs["updated_at"]
        assert place.row("patients", place.patient)["phone"] == "2"
    place.send("patients", place.patient)
    theirs = place.theirs("patients", place.patient, phone="1")
    _, again = place.read_back("patients", theirs)  # fmt: skip
    line = place.line("patients", place.patient)
    assert (line["state"], line["reason"], again) == ("differs", "dropped", 0)
    assert place.conflicts()[0]["kind"] == Disagreement.DIFFERS


def test_a_third_party_was_faster_merged_and_sent_again_in_this_run(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    place.send("patients", place.patient)
    theirs = place.theirs("patients", place.patient, phone="1", camp="theirs")
    _, again = place.read_back("patients", theirs)  # fmt: skip
    row = place.row("patients", place.patient)
    assert (row["phone"], row["camp"]) == ("2", "theirs")
    assert row["change_seq"] > 0
    assert again == 1


def test_altered_by_the_server_is_said(place: Place) -> None:
    one = vitals(place, weight_kg="61.5", pain_level=3)
    place.send("patient_vitals", one)
    theirs = place.theirs("patient_vitals", one, weight_kg=None)
    context, _ = place.sync(meet, "patient_vitals", theirs, confirming=True)
    line = place.line("patient_vitals", one)
    assert (line["state"], line["reason"]) == ("differs", "altered")
    assert place.row("patient_vitals", one)["weight_kg"] == "61.5"
    assert place.conflicts()[0]["kind"] == Disagreement.DIFFERS
    assert context.report.total.differing == 1
    # it is right after all: the question ends
    place.sync(meet, "patient_vitals", {**theirs, "weight_kg": "61.50"})
    assert not place.conflicts()
    assert agreed(place, "patient_vitals", one)


def test_altered_is_told_by_our_own_stamp(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    sent = place.send("patients", place.patient)
    theirs = {**sent, "phone": "cut", "camp": "cut"}
    place.sync(meet, "patients", theirs, confirming=True)
    assert place.line("patients", place.patient)["reason"] == "altered"


def test_taken_and_then_edited_by_somebody_else_is_simply_newer(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    sent = place.send("patients", place.patient)
    theirs = {**sent, "camp": "newer", "updated_at": sent["updated_at"] + 9}
    place.sync(meet, "patients", theirs, confirming=True)
    assert agreed(place, "patients", place.patient)
    assert place.row("patients", place.patient)["camp"] == "newer"
    assert place.row("patients", place.patient)["phone"] == "2"


def test_an_answer_altered_where_the_server_makes_the_stamps(place: Place) -> None:
    place.edit("visits", place.visit, provider_name="Mona")
    sent = place.send("visits", place.visit)
    theirs = {**sent, "provider_name": "Mo", "updated_at": 99}
    place.sync(meet, "visits", theirs, confirming=True)
    # neither ours nor what was there before: somebody else's, or cut; a person decides either way
    assert len(place.conflicts()) == 1
    assert place.row("visits", place.visit)["provider_name"] == "Mona"


def test_not_seen_at_all(place: Place) -> None:
    one = vitals(place)
    place.send("patient_vitals", one)
    line: dict[str, Any] = {}
    for tries in (1, 2, 3):
        _context, _ = place.sync(after_readback, confirming=True)
        line = place.line("patient_vitals", one)
        assert line["tries"] == tries
        if tries < 3:
            place.send("patient_vitals", one)
    assert (line["state"], line["reason"]) == ("differs", "dropped")
    assert place.conflicts()[0]["theirs"] is None


def _item(place: Place) -> str:
    row = {
        "patient_id": place.patient, "provider_id": place.actor.user_id, "visit_id": place.visit,
        "pickup_clinic_id": place.actor.clinic_id, "prescribed_at": DAY_MS,
    }  # fmt: skip
    prescription = place.create("prescriptions", **row)
    drug = place.create("drug_catalogue", generic_name="P", form="t", route="o",
                        dosage_quantity="500", dosage_units="mg")  # fmt: skip
    return place.create(
        "prescription_items", prescription_id=prescription, patient_id=place.patient, drug_id=drug,
        clinic_id=place.actor.clinic_id, dosage_instructions="1-0-1", quantity_prescribed=5,
    )  # fmt: skip


def test_edits_and_deletions_of_items_wait_for_a_full_check(place: Place) -> None:
    item = _item(place)
    place.agree()
    place.edit("prescription_items", item, quantity_prescribed=7)
    sent = place.send("prescription_items", item)
    context, again = place.sync(after_readback, confirming=True)
    assert (place.line("prescription_items", item)["state"], again) == ("awaiting", 0)
    assert context.report.total.awaiting == 1
    place.sync(meet, "prescription_items", sent, full=True)
    assert agreed(place, "prescription_items", item)
    number = place.write(deletion.delete, "prescription_items", item, "wrong")
    place.send("prescription_items", item)
    place.sync(after_readback, confirming=True)
    assert place.line("prescription_items", item)["state"] == "awaiting"
    # the full check finds it gone, and says so
    place.sync(deleted, "prescription_items", item)
    assert agreed(place, "prescription_items", item)
    assert place.deletions()[-1]["pk"] == number
    assert place.deletions()[-1]["sent_at"] is not None


# -- a clone -------------------------------------------------------------------------------------


def test_unsent_edits_of_a_copy_are_suggestions(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    theirs = place.theirs("patients", place.patient, phone="1")
    place.sync(meet, "patients", theirs, suggesting=True)
    [conflict] = place.conflicts()
    assert conflict["kind"] == Disagreement.SUGGESTION
    line = place.line("patients", place.patient)
    assert (line["state"], line["reason"]) == ("held", "suggestion")
    assert place.row("patients", place.patient)["phone"] == "2"
    # the other copy has sent the same meanwhile
    place.sync(meet, "patients", {**theirs, "phone": "2"}, suggesting=True)
    assert not place.conflicts()
    assert agreed(place, "patients", place.patient)


def test_an_edit_that_the_server_has_is_no_suggestion(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    place.sync(meet, "patients", place.theirs("patients", place.patient), suggesting=True)
    assert not place.conflicts()
    assert agreed(place, "patients", place.patient)


def test_a_deletion_in_a_copy_is_one_suggestion(place: Place) -> None:
    place.write(deletion.delete, "patients", place.patient, "why")
    for table, row_id in (("visits", place.visit), ("patients", place.patient)):
        place.sync(meet, table, place.theirs(table, row_id), suggesting=True)
    [conflict] = place.conflicts()
    assert (conflict["kind"], conflict["table_name"]) == ("suggestion", "patients")
    assert place.store.write(held_patients).result() == {place.patient}


# -- deleted here --------------------------------------------------------------------------------


def test_a_deletion_that_is_not_sent_stays_to_be_sent(place: Place) -> None:
    place.write(deletion.delete, "visits", place.visit, "why")
    same = place.theirs("visits", place.visit)
    place.sync(meet, "visits", {**same, "is_deleted": False, "deleted_at": None})
    assert not place.conflicts()
    row = place.row("visits", place.visit)
    assert row["tombstone"] is not None
    assert row["change_seq"] > 0


def test_deleted_here_and_changed_there_is_asked(place: Place) -> None:
    place.write(deletion.delete, "visits", place.visit, "why")
    theirs = place.theirs("visits", place.visit, provider_name="Mona")
    place.sync(meet, "visits", theirs)
    place.sync(meet, "visits", theirs)
    [conflict] = place.conflicts()
    assert conflict["kind"] == Disagreement.DELETED_HERE
    assert conflict["theirs"]["provider_name"] == "Mona"
    row = place.row("visits", place.visit)
    assert row["tombstone"] is not None
    assert place.line("visits", place.visit)["state"] == "held"
    assert place.store.write(held_visits).result() == {place.visit}


def test_a_changed_child_asks_about_the_whole_deletion(place: Place) -> None:
    one = vitals(place, pain_level=3)
    place.agree()
    place.write(deletion.delete, "patients", place.patient, "why")
    place.sync(meet, "patient_vitals", place.theirs("patient_vitals", one, pain_level=5))
    [conflict] = place.conflicts()
    assert (conflict["kind"], conflict["row_id"]) == ("deleted_here", place.patient)
    assert place.row("patient_vitals", one)["pain_level"] == 5
    assert place.row("patient_vitals", one)["tombstone"] is not None


def test_a_new_child_under_a_deletion_not_sent_is_hidden_and_asked(place: Place) -> None:
    one = vitals(place)
    place.agree()
    theirs = place.theirs("patient_vitals", one, id=NEW(), pain_level=1)
    place.write(deletion.delete, "patients", place.patient, "why")
    place.sync(meet, "patient_vitals", theirs)
    row = place.row("patient_vitals", theirs["id"])
    patient = place.row("patients", place.patient)
    assert row["tombstone"] == patient["tombstone"]
    assert row["change_seq"] > 0
    assert place.line("patient_vitals", theirs["id"])["base"]["pain_level"] == 1
    assert [c["row_id"] for c in place.conflicts()] == [place.patient]


def test_a_new_child_under_an_agreed_deletion_is_hidden_with_it(place: Place) -> None:
    one = vitals(place)
    theirs = place.theirs("patient_vitals", one, id=NEW())
    place.write(deletion.delete, "patients", place.patient, "why")
    place.agree()
    place.sync(meet, "patient_vitals", theirs)
    row = place.row("patient_vitals", theirs["id"])
    assert row["tombstone"] == place.row("patients", place.patient)["tombstone"]
    assert row["change_seq"] == 0
    assert not place.conflicts()


def test_a_child_of_a_deleted_visit_goes_with_it_but_vitals_do_not(place: Place) -> None:
    event, one = place.event([]), vitals(place)
    new_event = place.theirs("events", event, id=NEW())
    new_vitals = place.theirs("patient_vitals", one, id=NEW())
    place.agree()
    place.write(deletion.delete, "visits", place.visit, "why")
    place.agree()
    place.sync(meet, "events", new_event)
    place.sync(meet, "patient_vitals", new_vitals)
    assert place.row("events", new_event["id"])["tombstone"] is not None
    assert place.row("patient_vitals", new_vitals["id"])["tombstone"] is None


def test_revived_on_the_server_lives_again(place: Place) -> None:
    one = vitals(place)
    place.write(deletion.delete, "patient_vitals", one, "why")
    place.agree()
    place.sync(meet, "patient_vitals", place.theirs("patient_vitals", one, pain_level=2,
                                                    is_deleted=False, deleted_at=None))  # fmt: skip
    row = place.row("patient_vitals", one)
    assert (row["tombstone"], row["pain_level"], row["change_seq"]) == (None, 2, 0)
    assert row["is_deleted"] is False


def test_revived_under_a_deleted_patient_stays_hidden(place: Place) -> None:
    one = vitals(place)
    place.write(deletion.delete, "patient_vitals", one, "why")
    place.write(deletion.delete, "patients", place.patient, "why")
    place.agree()
    place.sync(meet, "patient_vitals", place.theirs("patient_vitals", one, pain_level=2))
    row = place.row("patient_vitals", one)
    assert row["tombstone"] == place.row("patients", place.patient)["tombstone"]


def test_a_server_that_went_back_shows_no_deleted_row(place: Place) -> None:
    one = vitals(place)
    place.write(deletion.delete, "patient_vitals", one, "why")
    place.agree()
    row = place.row("patient_vitals", one)
    theirs = place.theirs("patient_vitals", one, updated_at=row["updated_at"],
                          last_modified=row["last_modified"], is_deleted=False)  # fmt: skip
    place.sync(meet, "patient_vitals", theirs)
    assert place.row("patient_vitals", one)["tombstone"] is not None
    assert [c["kind"] for c in place.conflicts()] == ["deleted_here"]


# -- deleted there -------------------------------------------------------------------------------


def test_a_tombstone_takes_all_that_is_agreed(place: Place) -> None:
    one, event = vitals(place), place.event([])
    place.agree()
    context, _ = place.sync(deleted, "patients", place.patient)
    [record] = place.deletions()
    for table, row_id in (("patients", place.patient), ("visits", place.visit),
                          ("patient_vitals", one), ("events", event)):  # fmt: skip
        row = place.row(table, row_id)
        assert (row["tombstone"], row["change_seq"]) == (record["pk"], 0), table
    assert record["user_id"] is None
    assert record["sent_at"] is not None
    assert record["reason"]
    assert record["counts"]["patient_vitals"] == 1
    assert context.report.total.deleted == sum(record["counts"].values())
    assert place.patient in context.stale
    assert place.waiting() == 0
    context, _ = place.sync(deleted, "patients", place.patient)  # announced again
    assert len(place.deletions()) == 1
    assert context.report.total.deleted == 0


def test_an_unknown_id_is_nothing(place: Place) -> None:
    place.sync(deleted, "patients", NEW())
    place.sync(deleted, "no_such_table", NEW())
    assert not place.deletions()


def test_nothing_unsent_is_cascaded_away(place: Place) -> None:
    one = vitals(place)  # not sent
    place.sync(deleted, "patients", place.patient)
    for table, row_id in (("patients", place.patient), ("visits", place.visit),
                          ("patient_vitals", one)):  # fmt: skip
        assert place.row(table, row_id)["tombstone"] is None, table
    [conflict] = place.conflicts()
    assert (conflict["kind"], conflict["row_id"]) == ("deleted_there", place.patient)
    assert conflict["theirs"] is None
    assert place.store.write(held_patients).result() == {place.patient}
    place.sync(deleted, "patients", place.patient)
    assert len(place.conflicts()) == 1


@pytest.mark.parametrize("children_first", [True, False])
def test_a_chart_with_unsent_work_stays_whole_in_whatever_order_it_went(
    place: Place, children_first: bool
) -> None:
    event = place.event([])
    place.agree()
    one = vitals(place)  # not sent
    gone = [("patients", place.patient), ("visits", place.visit), ("events", event)]

    def all_of_them(context: Context) -> None:
        for table, row_id in reversed(gone) if children_first else gone:
            deleted(context, table, row_id)

    place.sync(all_of_them)
    for table, row_id in [*gone, ("patient_vitals", one)]:
        row = place.row(table, row_id)
        assert (row["tombstone"], row["is_deleted"]) == (None, False), table
    assert [c["row_id"] for c in place.conflicts()] == [place.patient]


def test_an_edit_of_the_deleted_row_itself_is_held(place: Place) -> None:
    place.edit("visits", place.visit, provider_name="Mona")
    place.sync(deleted, "visits", place.visit)
    assert place.line("visits", place.visit)["state"] == "held"
    assert place.store.write(held_visits).result() == {place.visit}


def test_an_edit_conflict_becomes_one_about_the_deletion(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    place.sync(meet, "patients", place.theirs("patients", place.patient, phone="3"))
    place.sync(deleted, "patients", place.patient)
    [conflict] = place.conflicts()
    assert (conflict["kind"], conflict["theirs"]) == ("deleted_there", None)


def test_our_own_deletion_is_confirmed(place: Place) -> None:
    number = place.write(deletion.delete, "visits", place.visit, "why")
    place.send("visits", place.visit)
    context, _ = place.sync(deleted, "visits", place.visit, confirming=True)
    assert agreed(place, "visits", place.visit)
    assert context.report.total.confirmed == 1
    assert place.deletions()[number - 1]["sent_at"] is not None


def test_a_deletion_that_was_not_taken_is_sent_again(place: Place) -> None:
    place.write(deletion.delete, "visits", place.visit, "why")
    place.send("visits", place.visit)
    theirs = place.theirs("visits", place.visit)
    _, again = place.read_back("visits", theirs)  # fmt: skip
    line = place.line("visits", place.visit)
    assert (line["state"], line["tries"], again) == ("", 1, 1)


def test_a_deleted_row_that_is_there_again_ends_the_question(place: Place) -> None:
    one = vitals(place, pain_level=3)
    place.agree()
    place.edit("patient_vitals", one, pain_level=4)
    place.sync(deleted, "patient_vitals", one)
    place.sync(meet, "patient_vitals", place.theirs("patient_vitals", one, pain_level=3))
    assert not place.conflicts()
    assert place.row("patient_vitals", one)["pain_level"] == 4
    assert place.line("patient_vitals", one)["state"] == ""


# -- one row under two ids -----------------------------------------------------------------------


def test_an_attribute_takes_the_servers_id_and_its_line_follows(place: Place) -> None:
    about = {"patient_id": place.patient, "attribute_id": "a1", "attribute": "Tribe"}
    ours = place.write(patients.put_attribute, {**about, "string_value": "x"})
    place.agree()
    place.write(patients.put_attribute, {**about, "string_value": "mine"})
    theirs = place.theirs(
        "patient_additional_attributes", ours, id=NEW(), string_value="x", metadata={"k": 1}
    )
    place.sync(meet, "patient_additional_attributes", theirs)
    assert not place.row("patient_additional_attributes", ours)
    row = place.row("patient_additional_attributes", theirs["id"])
    assert (row["string_value"], row["metadata"]) == ("mine", {"k": 1})
    assert not place.conflicts()
    assert row["change_seq"] > 0
    assert place.line("patient_additional_attributes", theirs["id"])["base"]["metadata"] == {"k": 1}


def test_an_attribute_made_on_both_sides_clashes_or_agrees(place: Place) -> None:
    for value, kinds in (("same", []), ("other", ["edit"])):
        about = {"patient_id": place.patient, "attribute_id": value, "attribute": "T"}
        ours = place.write(patients.put_attribute, {**about, "string_value": "same"})
        theirs = place.theirs("patient_additional_attributes", ours, id=NEW(), string_value=value)
        place.sync(meet, "patient_additional_attributes", theirs)
        assert [c["kind"] for c in place.conflicts()] == kinds
        row = place.row("patient_additional_attributes", theirs["id"])
        assert row["string_value"] == "same"
        assert (row["change_seq"] == 0) == (not kinds)


def test_the_servers_permissions_take_the_place_of_ours(place: Place) -> None:
    def find() -> str:
        found = connection().execute("SELECT id FROM user_clinic_permissions").fetchone()
        return str(found[0])

    ours = place.store.on_writer(find).result()
    theirs = place.theirs("user_clinic_permissions", ours, id=NEW(), can_delete_records=False)
    place.sync(meet, "user_clinic_permissions", theirs)
    row = place.row("user_clinic_permissions", theirs["id"])
    assert row["can_delete_records"] is False
    assert row["change_seq"] == 0
    assert not place.row("user_clinic_permissions", ours)


# -- twice is once -------------------------------------------------------------------------------


def test_meeting_the_same_row_twice_changes_nothing_more(place: Place) -> None:
    place.edit("patients", place.patient, phone="2")
    theirs = place.theirs("patients", place.patient, phone="1", camp="y")
    place.sync(meet, "patients", theirs)
    before = place.row("patients", place.patient), place.line("patients", place.patient)
    context, _ = place.sync(meet, "patients", theirs)
    assert before == (place.row("patients", place.patient), place.line("patients", place.patient))
    assert context.report.total.pulled == 0
    assert place.store.read(info.now_ms).result() > 0
