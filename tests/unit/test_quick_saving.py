"""The one-line entry, saved: all of a line in one transaction, or nothing of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import allergies, drafts, info, medicines, patients, problems, quick, setup
from hikma_tui.clinic import vitals as clinic_vitals
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound, Refused
from hikma_tui.store import Store

LINE = (
    'bp 150/95 sit hr 82 wt 134lb hb 11 g/dl dx [BA00 Essential hypertension]* dx "odd [thing"'
    " rx amlodipine 5mg od 30d; metformin 500mg bd 30d n sleeps badly"
)
ALL = ("visits", "events", "patient_vitals", "patient_problems", "event_logs")


@pytest.fixture
def place(tmp_path: Path) -> Iterator[tuple[Store, Actor, str, date]]:
    store = Store.create(tmp_path / "store")
    actor = store.write(setup.create_clinic, "Al-Salam", "Nora", time_zone="").result()
    row = {
        "given_name": "Mohammed", "surname": "Hassan", "sex": "male",
        "date_of_birth": "1972-03-11", "primary_clinic_id": actor.clinic_id,
    }  # fmt: skip
    patient = store.write(patients.register, actor, row).result()
    yield store, actor, patient, store.read(info.today).result()
    store.close()


def rows(store: Store, table: str) -> list[dict[str, Any]]:
    def read() -> list[dict[str, Any]]:
        from hikma_tui.models import connection

        cursor = connection().execute(f"SELECT * FROM {table}")
        names = [one[0] for one in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return store.on_writer(read).result()


def save(place: tuple[Store, Actor, str, date], text: str, **more: Any) -> quick.Saved:
    store, actor, patient, today = place
    day = more.pop("day", today)
    return store.write(quick.save, actor, patient, day, text, **more).result()


def answers(row: dict[str, Any]) -> dict[str, Any]:
    return {item["fieldId"]: item for item in json.loads(row["form_data"])}


def test_a_line_is_saved_in_one_visit(place: tuple[Store, Actor, str, date]) -> None:
    store, actor, patient, _today = place
    saved = save(place, LINE)
    (visit,) = rows(store, "visits")
    assert saved.visit_id == visit["id"]
    assert saved.new_visit
    (vitals,) = store.read(clinic_vitals.history, actor, patient).result()
    assert vitals.id == saved.vitals_id
    assert [vitals.row[n] for n in ("systolic_bp", "diastolic_bp", "bp_position")] == [
        150, 95, "sitting"
    ]  # fmt: skip
    assert str(vitals.row["weight_kg"]) == "60.78"
    assert vitals.row["metadata"]["entered"] == {"weight_kg": "134 lb"}
    events = {row["id"]: answers(row) for row in rows(store, "events")}
    assert events[saved.measures_id or ""]["hikma-measure-haemoglobin"]["value"] in ("11", 11)
    note = events[saved.note_id or ""]
    assert note[quick.DIAGNOSES]["value"][0]["code"] == "BA00"
    assert note[quick.DIAGNOSES]["value"][0]["desc"] == "Essential hypertension"
    assert note[quick.DIAGNOSES]["value"][1] == {"code": "0000", "desc": "odd [thing"}
    assert [one["name"] for one in note[quick.MEDICINES]["value"]] == ["amlodipine", "metformin"]
    assert note[quick.TEXT]["value"] == "sleeps badly"
    (problem,) = store.read(problems.listed, actor, patient).result()
    assert (problem.code, problem.id) == ("BA00", saved.problem_ids[0])
    assert {row["visit_id"] for row in rows(store, "events")} == {visit["id"]}


def test_a_second_line_joins_the_visit_of_the_day(place: tuple[Store, Actor, str, date]) -> None:
    store, _actor, _patient, today = place
    first = save(place, "wt 61")
    second = save(place, "n later")
    assert second.visit_id == first.visit_id
    assert not second.new_visit
    other = save(place, "hr 80", another_visit=True)
    assert other.visit_id != first.visit_id
    past = save(place, "wt 60 n old paper", day=today - timedelta(days=3))
    assert past.new_visit
    assert len(rows(store, "visits")) == 3


REFUSED = [
    "", "  ,", "t 37.8", "bp 150/95", "wt 61 foo", "dx hypertension", "dx [ZZ99.99 made up] wt 61",
    "wt 61 hr 900", "hr 82 hr 90", "wt 61 rx", "wt 61 82",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_unresolved_is_refused_and_nothing_is_saved(
    place: tuple[Store, Actor, str, date], text: str
) -> None:
    store = place[0]
    before = {table: rows(store, table) for table in ALL}
    with pytest.raises(Refused) as refusal:
        save(place, text)
    assert str(refusal.value)
    assert {table: rows(store, table) for table in ALL} == before


def test_a_problem_that_is_listed_already_is_not_added_twice(
    place: tuple[Store, Actor, str, date],
) -> None:
    store, actor, patient, _today = place
    save(place, "dx [BA00 Essential hypertension]*")
    saved = save(place, "wt 61 dx [BA00 Essential hypertension]* n text")
    assert (saved.problem_ids, bool(saved.note_id)) == ((), True)
    assert len(store.read(problems.listed, actor, patient).result()) == 1


def test_the_words_of_another_code_are_refused(place: tuple[Store, Actor, str, date]) -> None:
    """What is stored is the list's own title: it must be what was read."""
    with pytest.raises(Invalid):
        save(place, "dx [BA00 Malaria]")
    assert not rows(place[0], "events")


def test_the_last_set_is_repeated_and_says_so(place: tuple[Store, Actor, str, date]) -> None:
    store, actor, patient, today = place
    with pytest.raises(Invalid):
        save(place, "wt 61 rx same")
    assert not rows(store, "visits")
    day = today - timedelta(days=20)
    first = save(place, "rx amlodipine 5mg od 30d; metformin 500mg bd 30d", day=day)
    shown = store.read(medicines.last_set, actor, patient, today).result()
    saved = save(place, "wt 61 rx igual; paracetamol 1g tds 3d")
    (event,) = [row for row in rows(store, "events") if row["id"] == saved.note_id]
    items = answers(event)[quick.MEDICINES]["value"]
    source = {"eventId": first.note_id, "day": day.isoformat()}
    assert [item.get("repeatOf") for item in items] == [source, source, None]
    old = [row for row in rows(store, "events") if row["id"] == first.note_id]
    for new, one in zip(items, answers(old[0])[quick.MEDICINES]["value"], strict=False):
        assert new["id"] != one["id"]
        assert {k: v for k, v in new.items() if k not in ("id", "repeatOf")} == {
            k: v for k, v in one.items() if k != "id"
        }
    with pytest.raises(NotFound):  # another set than the one that was read on the screen
        save(place, "rx same", repeats=[(one.event_id, one.entry_id) for one in shown])


def test_what_is_repeated_is_checked_against_allergies_too(
    place: tuple[Store, Actor, str, date],
) -> None:
    store, actor, patient, today = place
    save(place, "rx amoxicillin 500mg tds 7d", day=today - timedelta(days=9))
    store.write(allergies.add, actor, patient, "penicillin").result()
    with pytest.raises(quick.NeedsReason):
        save(place, "rx same")
    save(place, "rx same", reasons={"amoxicillin": "watched"})


def test_a_refusal_at_the_very_end_leaves_nothing(place: tuple[Store, Actor, str, date]) -> None:
    """The problem is on the list, over: vitals and note, written before it, go too."""
    store, actor, patient, today = place
    (problem,) = save(place, "dx [BA00 Essential hypertension]*").problem_ids
    store.write(problems.resolve, actor, problem, today.isoformat()).result()
    before = {table: rows(store, table) for table in ALL}
    with pytest.raises(problems.Already):
        save(place, "wt 61 dx [BA00 Essential hypertension]* n text")
    assert {table: rows(store, table) for table in ALL} == before
    save(place, "wt 61 dx [BA00 essential hypertension] n text")
    assert len(store.read(problems.listed, actor, patient).result()) == 1


def test_an_allergy_takes_a_reason(place: tuple[Store, Actor, str, date]) -> None:
    store, actor, patient, _today = place
    store.write(allergies.add, actor, patient, "penicillin").result()
    text = "wt 61 rx amoxicillin 500mg tds 7d; paracetamol 1g qid 3d"
    with pytest.raises(quick.NeedsReason) as refusal:
        save(place, text)
    (one,) = refusal.value.unreasoned
    assert one.medicine == "amoxicillin"
    assert not rows(store, "events")
    with pytest.raises(quick.NeedsReason):
        save(place, text, reasons={"amoxicillin": "  "})
    saved = save(place, text, reasons={"amoxicillin": "no other drug; watched"})
    (row,) = rows(store, "events")
    assert row["id"] == saved.note_id
    first, second = answers(row)[quick.MEDICINES]["value"]
    assert first["allergyOverride"]["reason"] == "no other drug; watched"
    assert "allergyOverride" not in second


def test_the_draft_goes_with_the_save(place: tuple[Store, Actor, str, date]) -> None:
    store, actor, patient, today = place
    spot = f"quick:{patient}:{today.isoformat()}:-"
    store.write(drafts.keep, actor, spot, patient, {"line": "wt 61"}).result()
    with pytest.raises(Invalid):
        store.write(drafts.saved, actor, spot, quick.save, actor, patient, today, "wt").result()
    assert store.read(drafts.at, actor, spot).result() is not None
    store.write(drafts.saved, actor, spot, quick.save, actor, patient, today, "wt 61").result()
    assert store.read(drafts.at, actor, spot).result() is None
