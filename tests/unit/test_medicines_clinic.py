"""Medicines of a patient: what is current on which day, stopping, changing, repeating, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import medicines as words
from hikma_tui.clinic import allergies, deletion, medicines, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound
from hikma_tui.medicines.lasting import end_of
from hikma_tui.models import connection
from tests.screens.clinic import TODAY, Clinic, make_clinic, stop_the_clock, use_utc


@pytest.fixture
def clinic(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clinic]:
    use_utc(monkeypatch)
    clinic = make_clinic(tmp_path / "store")
    yield clinic
    clinic.store.close()
    from hikma_tui import clock

    clock._offset_ms = 0


@pytest.fixture
def patient(clinic: Clinic) -> str:
    return clinic.register("Zed", "Alone", date_of_birth="1980-01-01")


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def give(clinic: Clinic, patient: str, day: date, *lines: str, **more: Any) -> visits.Recorded:
    entries = [words.read(line).item for line in lines]
    made: visits.Recorded = clinic.store.write(
        medicines.prescribe, clinic.actor, patient, day, entries, **more
    ).result()
    return made


def listed(clinic: Clinic, patient: str, on: date = TODAY) -> list[medicines.CurrentMedicine]:
    found: list[medicines.CurrentMedicine] = clinic.store.read(
        medicines.all_of, clinic.actor, patient, on
    ).result()
    return found


def names(clinic: Clinic, patient: str, on: date = TODAY) -> list[str]:
    found = clinic.store.read(medicines.current, clinic.actor, patient, on).result()
    return [one.name for one in found]


def key(one: medicines.CurrentMedicine) -> tuple[str, str]:
    return one.event_id, one.entry_id


def test_current_is_what_is_within_its_duration(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(20), "amlodipine 5mg od 30d", "amoxicillin 500mg tds 7d",
         "metformin 500mg bd", "diazepam 10 mg im stat", "iron 200 mg od 1 month")  # fmt: skip
    assert names(clinic, patient) == ["amlodipine", "metformin", "iron"]
    first = listed(clinic, patient)[0]
    assert (first.day, first.by, first.days_left) == (ago(20), "Nora", 10)
    assert first.until == ago(20) + timedelta(days=30)
    assert names(clinic, patient, ago(14)) == ["amlodipine", "amoxicillin", "metformin", "iron"]
    assert "amoxicillin" in names(clinic, patient, ago(13))
    assert names(clinic, patient, ago(12)) == ["amlodipine", "metformin", "iron"]
    assert names(clinic, patient, ago(21)) == []
    ended = [one.name for one in listed(clinic, patient) if one.status == medicines.ENDED]
    assert ended == ["amoxicillin", "diazepam"]


@pytest.mark.parametrize(
    ("duration", "unit", "until"),
    [
        (7, "days", date(2026, 2, 7)),
        ("7", "Days", date(2026, 2, 7)),
        ("5-7", "days", date(2026, 2, 7)),
        (2, "semanas", date(2026, 2, 14)),
        (1, "months", date(2026, 2, 28)),
        (12, "months", date(2027, 1, 31)),
        (1, "years", date(2027, 1, 31)),
        (36, "hours", date(2026, 2, 2)),
        (0, "days", None),
        ("", "days", None),
        ("a while", "days", None),
        (7, "moons", None),
        (10**9, "years", None),
        (10**400, "years", None),
        (-3, "days", None),
        (True, "days", None),
    ],
)
def test_durations_of_all_shapes(duration: object, unit: str, until: date | None) -> None:
    start = date(2026, 1, 31)
    found, unclear = end_of({"duration": duration, "durationUnits": unit}, start)
    assert found == until
    assert unclear == (duration in ("a while", 10**9, -3) or unit == "moons"
                       or (isinstance(duration, int) and duration > 10**8))  # fmt: skip


def test_entries_of_any_form_and_shape_are_found(clinic: Clinic, patient: str) -> None:
    made = give(clinic, patient, TODAY, "zinc 20 mg od")
    shapes: list[Any] = [
        [{"fieldType": "medicine", "name": "Rx", "value": [{"name": "Ibuprofen", "dose": "400"}]}],
        [{"fieldType": "medicine", "value": '[{"name": "Quinine", "duration": 3}]'}],
        [{"fieldType": "medicine", "value": {"_tag": "Some", "value": [{"name": "Tramadol"}]}}],
        [{"fieldType": "medicine", "value": "some ORS"}],
        [{"fieldType": "medicine", "value": ""}, {"fieldType": "medicine"}, {"value": [1]}],
        [{"fieldType": "medicine", "value": [{"id": "1", "name": "A"}, {"id": "1", "name": "B"}]}],
    ]
    for data in shapes:
        row = {"patient_id": patient, "visit_id": made.visit_id, "event_type": "Old",
               "form_data": data}  # fmt: skip
        clinic.store.write(visits.create_event, clinic.actor, row).result()
    found = listed(clinic, patient)
    assert {one.name for one in found} == {
        "zinc", "Ibuprofen", "Quinine", "Tramadol", "some ORS", "A", "B"
    }  # fmt: skip
    assert len({key(one) for one in found}) == len(found)


def test_a_newer_entry_of_the_same_name_and_form_replaces(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(40), "amlodipine 2.5mg tab od 90d")
    give(clinic, patient, ago(20), "Amlodipine 5mg tab od 90d")
    give(clinic, patient, ago(1), "amlodipine 5mg syrup od 90d")
    found = listed(clinic, patient)
    assert [one.status for one in found] == ["current", "current", "replaced"]
    assert found[1].was == "2.5 mg"
    assert found[0].was == ""
    give(clinic, patient, TODAY, "insulin 10 units mane", "insulin 6 units nocte")
    assert names(clinic, patient)[:2] == ["insulin", "insulin"]
    give(clinic, patient, ago(300), "zinc 10 mg od 10d")
    give(clinic, patient, ago(5), "zinc 20 mg od 10d")
    zinc = [one for one in listed(clinic, patient) if one.name == "zinc"]
    assert [(one.status, one.was) for one in zinc] == [("current", ""), ("ended", "")]


def test_stop_and_resume(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(9), "amlodipine 5mg od 30d", "metformin 500mg bd")
    one = listed(clinic, patient)[0]
    with pytest.raises(Invalid):
        clinic.store.write(medicines.stop, clinic.actor, patient, [key(one)], " ", TODAY).result()
    made = clinic.store.write(
        medicines.stop, clinic.actor, patient, [key(one)], "swelling", TODAY
    ).result()
    stopped = listed(clinic, patient)[0]
    assert (stopped.status, stopped.reason, stopped.stopped_on) == ("stopped", "swelling", TODAY)
    assert names(clinic, patient) == ["metformin"]
    assert names(clinic, patient, ago(1)) == ["amlodipine", "metformin"]
    row = clinic.store.read(
        lambda: connection().execute(
            "SELECT form_data FROM live_events WHERE id = ?", (made.event_id,)
        ).fetchone()
    ).result()  # fmt: skip
    assert "Stopped: amlodipine 5 mg (swelling)" in row[0]
    with pytest.raises(Invalid):
        clinic.store.write(
            medicines.stop, clinic.actor, patient, [key(one)], "again", TODAY
        ).result()
    clinic.store.write(
        medicines.resume, clinic.actor, patient, [key(one)], "was wrong", TODAY
    ).result()
    assert names(clinic, patient) == ["amlodipine", "metformin"]
    clinic.store.write(medicines.stop, clinic.actor, patient, [key(one)], "again", TODAY).result()
    assert names(clinic, patient) == ["metformin"]
    with pytest.raises(NotFound):
        clinic.store.write(
            medicines.stop, clinic.actor, patient, [("x", "y")], "no", TODAY
        ).result()


def test_a_deleted_note_takes_its_medicines_and_its_stops(clinic: Clinic, patient: str) -> None:
    made = give(clinic, patient, ago(9), "amlodipine 5mg od 30d")
    one = listed(clinic, patient)[0]
    stop = clinic.store.write(
        medicines.stop, clinic.actor, patient, [key(one)], "swelling", TODAY
    ).result()
    clinic.store.write(
        deletion.delete, clinic.actor, "events", stop.event_id, "wrong patient"
    ).result()
    assert names(clinic, patient) == ["amlodipine"]
    clinic.store.write(deletion.delete, clinic.actor, "events", made.event_id, "wrong").result()
    assert listed(clinic, patient) == []


def test_a_change_is_both_or_neither(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(9), "enalapril 5mg od", "metformin 500mg bd")
    clinic.store.write(allergies.add, clinic.actor, patient, "Penicillin", reaction="rash").result()
    one = listed(clinic, patient)[0]
    bad = words.read("amoxicillin 500mg tds 7d").item
    with pytest.raises(Invalid):
        clinic.store.write(
            medicines.change, clinic.actor, patient, key(one), bad, "no reason", TODAY
        ).result()
    assert names(clinic, patient) == ["enalapril", "metformin"]
    good = words.read("losartan 50mg od").item
    made = clinic.store.write(
        medicines.change, clinic.actor, patient, key(one), good, "cough", TODAY
    ).result()
    assert names(clinic, patient) == ["losartan", "metformin"]
    assert [m.status for m in listed(clinic, patient)] == ["current", "stopped", "current"]
    assert listed(clinic, patient)[0].event_id == made.event_id


def test_the_last_set_again_says_so(clinic: Clinic, patient: str) -> None:
    with pytest.raises(NotFound):
        clinic.store.write(medicines.repeat, clinic.actor, patient, TODAY).result()
    give(clinic, patient, ago(200), "zinc 20 mg od 10d")
    give(clinic, patient, ago(60), "amlodipine 5mg od 30d", "metformin 500mg bd 30d", "iron 1 tab")
    iron = listed(clinic, patient)[2]
    clinic.store.write(medicines.stop, clinic.actor, patient, [key(iron)], "sick", ago(50)).result()
    clinic.store.write(medicines.repeat, clinic.actor, patient, TODAY).result()
    again = [one for one in listed(clinic, patient) if one.day == TODAY]
    assert [one.name for one in again] == ["amlodipine", "metformin"]
    assert {one.repeat_of for one in again} == {ago(60)}
    assert all(one.status == "current" and one.days_left == 30 for one in again)
    assert len({one.entry_id for one in listed(clinic, patient)}) == len(listed(clinic, patient))


def test_an_allergy_asks_for_a_reason_that_is_kept(clinic: Clinic, patient: str) -> None:
    clinic.store.write(allergies.add, clinic.actor, patient, "Penicillin", reaction="rash").result()
    found = clinic.store.read(
        medicines.warnings, clinic.actor, patient, ["Augmentin", "ceftriaxone", "zinc"]
    ).result()
    assert [(one.medicine, one.kind) for one in found] == [
        ("Augmentin", "class"), ("ceftriaxone", "cross"),
    ]  # fmt: skip
    assert all("Penicillin (rash)" in one.sentence for one in found)
    with pytest.raises(Invalid, match="Going on needs a reason"):
        give(clinic, patient, TODAY, "amoxicillin 500mg tds 7d")
    give(clinic, patient, ago(1), "amoxicillin 500mg tds 7d", reasons={"amoxicillin": "no other"})
    one = listed(clinic, patient)[0]
    assert one.given_although == "no other"
    override = one.item["allergyOverride"]
    assert isinstance(override, dict)
    assert override["against"] == ["Penicillin (rash)"]
    with pytest.raises(Invalid):  # a repeat asks anew
        clinic.store.write(medicines.repeat, clinic.actor, patient, TODAY).result()


def test_who_may_not_is_refused(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, TODAY, "zinc 20 mg od")
    clinic.store.write(
        lambda: connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_edit_records = 0"
        )
    ).result()
    with pytest.raises(NotAllowed):
        give(clinic, patient, TODAY, "iron 1 tab")
    clinic.store.write(
        lambda: connection().execute(
            "UPDATE user_clinic_permissions SET can_view_history = 0, is_clinic_admin = 0"
        )
    ).result()
    with pytest.raises(NotAllowed):
        listed(clinic, patient)


def test_two_hundred_visits_are_read(clinic: Clinic, patient: str) -> None:
    def many() -> None:
        for n in range(200):
            entries = [words.read(f"medicine{n} {m} mg od 30d").item for m in (5, 10, 15)]
            medicines.prescribe(clinic.actor, patient, ago(n), entries)

    clinic.store.write(many).result()
    found = listed(clinic, patient)
    assert len(found) == 600
    assert sum(one.status == "current" for one in found) == 31 * 3


def test_suggestions(clinic: Clinic, patient: str) -> None:
    stop_the_clock()
    for n in range(5):
        give(clinic, patient, ago(n), "Amlodipine 5mg od", "amitriptyline 25mg nocte")
    give(clinic, patient, TODAY, "Amoxicilina 500 mg tds 7d", "Amlodipine 5mg od")
    clinic.store.write(_drug, "Amikacin", "Amikin", "500.0000", "mg").result()

    def ask(text: str, options: tuple[str, ...] = (), limit: int = 8) -> list[str]:
        found: list[str] = clinic.store.read(medicines.suggestions, text, options, limit).result()
        return found

    assert ask("am") == [
        "Amlodipine", "amitriptyline", "Amoxicilina", "Amikacin 500 mg", "Amikin 500 mg",
    ]  # fmt: skip
    assert ask("amox", ("Amoxicillin 250mg",)) == ["Amoxicillin 250mg", "Amoxicilina"]
    assert ask("ÁMOX") == ["Amoxicilina"]
    assert ask("500 ami") == ["Amikacin 500 mg", "Amikin 500 mg"]
    assert ask("am", limit=2) == ["Amlodipine", "amitriptyline"]
    assert ask("", ("A", "B"), 1) == ["A"]
    assert ask("zzz") == []


def _drug(generic: str, brand: str, quantity: str, units: str) -> None:
    from hikma_tui.ids import new_id
    from hikma_tui.models import Drug

    Drug.insert(
        {
            "id": new_id(1), "generic_name": generic, "brand_name": brand, "form": "injection",
            "route": "im", "dosage_quantity": quantity, "dosage_units": units, "created_at": 1,
            "updated_at": 1,
        }
    ).execute()  # fmt: skip


def test_a_note_without_a_visit_and_one_that_came_back_under_another_id(
    clinic: Clinic, patient: str
) -> None:
    made = give(clinic, patient, TODAY, "amlodipine 5mg od", "zinc 20 mg od")
    one = listed(clinic, patient)[0]
    clinic.store.write(medicines.stop, clinic.actor, patient, [key(one)], "sick", TODAY).result()

    def outside() -> None:
        connection().execute(
            "UPDATE events SET visit_id = NULL, id = 'moved' WHERE id = ?", (made.event_id,)
        )

    clinic.store.write(outside).result()
    found = listed(clinic, patient)
    assert [(m.event_id, m.name, m.status) for m in found] == [
        ("moved", "amlodipine", "stopped"), ("moved", "zinc", "current"),
    ]  # fmt: skip


def test_what_is_given_once_replaces_nothing(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(3), "furosemide 40mg od 30d")
    give(clinic, patient, ago(1), "furosemide 40mg stat")
    assert names(clinic, patient) == ["furosemide"]
    assert listed(clinic, patient)[1].status == "current"


def test_two_lines_of_one_day_stand_beside_each_other(clinic: Clinic, patient: str) -> None:
    """The line says "write two medicines" of two doses: the second must not hide the first."""
    give(clinic, patient, TODAY, "insulin 10 units mane")
    give(clinic, patient, TODAY, "insulin 6 units nocte")
    assert names(clinic, patient) == ["insulin", "insulin"]
    give(clinic, patient, TODAY, "insulin 6 units nocte")
    assert names(clinic, patient) == ["insulin", "insulin"], "the same twice is one"


def test_another_route_replaces_nothing(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(3), "metronidazole 400mg po tds 14d")
    give(clinic, patient, ago(1), "metronidazole 500mg iv tds 7d")
    assert len(names(clinic, patient)) == 2
    give(clinic, patient, TODAY, "metronidazole 400mg iv tds 7d")
    assert [one.item["dose"] for one in listed(clinic, patient) if one.status == "current"] == [
        400, 400,
    ]  # fmt: skip


def test_an_entry_of_a_shape_never_seen_is_shown_raw(clinic: Clinic, patient: str) -> None:
    values = [{"drugName": "A12"}, {"medication": "A11", "dose": 5}, {"id": "x"}, {"dose": 5}]

    def entered(actor: Actor) -> None:
        visit, _new = visits.joined(actor, patient, TODAY)
        item = {"fieldId": "f", "fieldType": "medicine", "name": "M", "value": values}
        visits.create_event(
            actor,
            {"patient_id": patient, "visit_id": visit, "event_type": "X", "form_data": [item]},
        )

    clinic.store.write(entered, clinic.actor).result()
    told = " ".join(one.words for one in listed(clinic, patient))
    assert "A11" in told
    assert "A12" in told
    assert len(listed(clinic, patient)) == 3


def test_the_notes_of_another_client_go_along_with_a_change() -> None:
    old = {"id": "1", "name": "x", "dose": 5, "notes": "by tube", "repeatOf": {"day": "2026-01-01"},
           "allergyOverride": {"reason": "none else"}}  # fmt: skip
    new = medicines.carried(old, words.read("x 10mg od").item)
    assert (new["dose"], new["notes"]) == (10, "by tube")
    assert new["id"] != "1"
    assert not {"repeatOf", "allergyOverride"} & set(new)


def test_what_was_written_twice_is_repeated_once(clinic: Clinic, patient: str) -> None:
    give(clinic, patient, ago(9), "amlodipine 5mg od")
    give(clinic, patient, ago(9), "amlodipine 5mg od")
    clinic.store.write(medicines.repeat, clinic.actor, patient, TODAY).result()
    assert names(clinic, patient) == ["amlodipine"]


def test_a_clock_that_is_ahead_hides_no_medicine(clinic: Clinic, patient: str) -> None:
    made = give(clinic, patient, TODAY, "warfarin 5mg od")
    sql = "UPDATE visits SET check_in_timestamp = check_in_timestamp + 3 * 86400000 WHERE id = ?"
    clinic.store.write(lambda: connection().execute(sql, (made.visit_id,))).result()
    (one,) = listed(clinic, patient)
    assert one.status == "current"
    assert names(clinic, patient, ago(1)) == []
    key = (one.event_id, one.entry_id)
    clinic.store.write(medicines.stop, clinic.actor, patient, [key], "bleeding", TODAY).result()
    assert names(clinic, patient) == []
