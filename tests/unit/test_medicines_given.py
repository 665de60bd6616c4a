"""What is read of medicines in passing over most notes is what reading every note would give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from hikma_tui import medicines as words
from hikma_tui.clinic import glance, info, medicines, report
from hikma_tui.clinic import medicines_given as fast
from hikma_tui.clinic.errors import Invalid
from hikma_tui.clock import DAY_MS, day_of, noon_of
from hikma_tui.forms.data import items_of
from hikma_tui.forms.json import text_of
from hikma_tui.medicines import lasting as medicines_lasting
from hikma_tui.models import connection
from hikma_tui.quick import known as quick_known
from hikma_tui.quick import reading as quick_read
from hikma_tui.report import text as report_text
from hikma_tui.screens.medicine_rows import lines_of
from hikma_tui.screens.patient_glance import glance_rows
from tests.screens.clinic import TODAY, Clinic, make_clinic, use_utc

NOW = noon_of(TODAY)


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


# -- every note, read the long way -----------------------------------------------------------------


def every_note(patient_id: str, on: date) -> list[medicines.CurrentMedicine]:
    """No guard, no filter, nothing remembered: each note decoded and copied whole."""
    medicines_lasting._length.cache_clear()
    medicines_lasting._says_once.cache_clear()
    rows = connection().execute(
        "SELECT e.id, e.form_data, e.created_at, e.metadata, v.id, v.check_in_timestamp,"
        " v.provider_name FROM live_events e LEFT JOIN live_visits v ON v.id = e.visit_id"
        " WHERE e.patient_id = ?"
        " ORDER BY coalesce(v.check_in_timestamp, e.created_at) DESC, e.created_at DESC",
        (patient_id,),
    )
    found: list[medicines.CurrentMedicine] = []
    marks: list[fast._Mark] = []
    for event_id, data, created, metadata, visit_id, check_in, provider in rows.fetchall():
        moment = created if check_in is None else check_in
        day = None if moment is None else day_of(moment, info.zone())
        if day is not None and day > on and on < info.today():
            continue
        about = items_of(metadata)[:1]
        by = text_of(about[0].get("providerName")) if about else ""
        by = by or provider or ""
        for item in items_of(data):
            if text_of(item.get("fieldType")) == "medicine":
                found += fast._entries(item, event_id, visit_id or "", day, by, on)
            if text_of(item.get("fieldId")) == fast.STOPPED_FIELD:
                marks += fast._marks(item, by, created or 0)
    found.sort(key=lambda one: one.day or date.min, reverse=True)
    marks.sort(key=lambda mark: mark.order)
    events = {one.event_id for one in found}
    return [with_marks(one, marks, events, on) for one in fast._with_replaced(found)]


def with_marks(
    entry: medicines.CurrentMedicine, marks: list[fast._Mark], events: set[str], on: date
) -> medicines.CurrentMedicine:
    """Each mark held against the entry, one after the other."""
    last = None
    for mark in marks:
        if mark.day is not None and mark.day > on:
            continue
        if mark.event_id in events:
            mine = (mark.event_id, mark.entry_id) == (entry.event_id, entry.entry_id)
        else:
            same = words.substance(mark.name) == words.substance(entry.name)
            mine = same and mark.given_on == (entry.day.isoformat() if entry.day else "")
        last = mark if mine else last
    return fast._marked(entry, last)


# -- notes of every shape --------------------------------------------------------------------------

days_back = st.integers(-3, 40)
names = st.sampled_from(["zinc", "Zinc 20 mg", "iron", "أموكسيسيلين", "", '"medicine"', "a\\b"])
parts = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["1", "2", 3, None, ""]),
        "name": names | st.just({"_tag": "Some", "value": "zinc"}) | st.integers(),
        "dose": st.sampled_from([0, 5, "5", 2.5, "", None, [1]]),
        "doseUnits": st.sampled_from(["mg", "tablet", ""]),
        "form": st.sampled_from(["tablet", "syrup", 5]),
        "route": st.sampled_from(["oral", "nasal", ""]),
        "frequency": st.sampled_from(["at once", 2, "one dose only", "at night, at once", {}]),
        "duration": st.sampled_from([0, 7, "5-7", "x", "40", -1, 10**9, None, float("nan")]),
        "durationUnits": st.sampled_from(["days", "hours", "months", "moons", "", None]),
        "repeatOf": st.sampled_from([{"day": "2026-11-01"}, {"day": 5}, "x", None]),
        "allergyOverride": st.sampled_from([{"reason": "none else"}, {}, "x"]),
    },
)
listed: st.SearchStrategy[list[Any]] = st.lists(
    parts | st.sampled_from(["zinc 20 mg", "", None, 5, [], {}]), max_size=3
)
values = listed | parts | listed.map(json.dumps) | st.sampled_from(["zinc", None, 0])
marks = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "eventId": st.sampled_from(["e0", "e1", "e2", "gone"]),
            "entryId": st.sampled_from(["1", "2", "3", "#0", "1#1"]),
            "name": names,
            "givenOn": days_back.map(lambda n: (TODAY - timedelta(days=n)).isoformat())
            | st.just(""),
            "day": days_back.map(lambda n: (TODAY - timedelta(days=n)).isoformat()),
            "at": st.sampled_from(["2026-11-01", "2026-11-02", ""]),
            "reason": st.just("sick"),
        },
    )
    | st.sampled_from([None, "x"]),
    max_size=3,
)
items = st.fixed_dictionaries(
    {"value": values},
    optional={
        "fieldType": st.sampled_from(
            ["medicine"] * 6 + ["Medicine", "free-text", None, 5, ["medicine"], {"a": "medicine"}]
        ),
        "fieldId": st.sampled_from(["m", fast.STOPPED_FIELD, fast.STOPPED_FIELD, 7]),
        "stopped": marks | st.just("x"),
        "resumed": marks,
        "name": st.sampled_from(["Medicines", "medicine"]),
    },
)
shapes = st.lists(items | st.sampled_from(["medicine", None, 5, ["medicine"]]), max_size=3) | items


def stored(value: object, times: int, how: str) -> object:
    """The text of a column: encoded once or more, tightly or not, or broken."""
    text = json.dumps(value, ensure_ascii=how == "ascii")
    for _turn in range(times - 1):
        text = json.dumps(text, ensure_ascii=how == "ascii")
    if how == "tight" and times == 1:
        text = json.dumps(value, separators=(",", ":"))
    if how == "indented" and times == 1:
        text = json.dumps(value, indent=1)
    if how == "cut":
        text = text[:-1]
    return text.encode() if how == "bytes" else text


texts = st.builds(
    stored,
    shapes,
    st.sampled_from([1, 1, 1, 2, 3, 4]),
    st.sampled_from(["plain", "plain", "ascii", "tight", "indented", "bytes", "cut"]),
)
metadata = st.sampled_from(
    ["{}", '{"providerName": "Ann"}', '"{\\"providerName\\": \\"Ann\\"}"', "x", "[]", '["Ann"]',
     '[{"providerName": "Ann"}]', '{"providerName": 5}', "null"]
)  # fmt: skip
moments = st.none() | days_back.map(lambda n: NOW - n * DAY_MS)
notes = st.lists(st.tuples(texts, moments, moments, st.booleans(), metadata), max_size=4)

ONE = [{"fieldType": "medicine", "fieldId": "m", "value": [{"id": "1", "name": "zinc"}]}]
TWICE = '[{"fieldType": "text", "fieldType": "medicine", "value": [{"name": "zinc"}]}]'
NAN = '[{"fieldType": "medicine", "value": [{"name": "zinc", "dose": NaN}]}]'


def put_notes(patient: str, actor: object, found: list[Any]) -> None:
    execute = connection().execute
    execute("DELETE FROM events")
    execute("DELETE FROM visits")
    for number, (text, created, check_in, in_visit, about) in enumerate(found):
        execute(
            "INSERT INTO events (id, change_seq, patient_id, visit_id, form_data, metadata,"
            " created_at) VALUES (?, 0, ?, ?, ?, ?, ?)",
            (f"e{number}", patient, f"v{number}" if in_visit else None, text, about, created),
        )
        execute(
            "INSERT INTO visits (id, change_seq, patient_id, provider_name, check_in_timestamp,"
            " metadata) VALUES (?, 0, ?, 'Bob', ?, '{}')",
            (f"v{number}", patient, check_in),
        )


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(found=notes, back=st.sampled_from([0, 0, 0, 5, 20, -2]))
@example(found=[(stored(ONE, 2, "plain"), NOW, None, False, "{}")], back=0)
@example(found=[(stored(ONE, 3, "ascii"), None, None, False, "{}")], back=0)
@example(found=[(stored(ONE[0], 1, "bytes"), NOW, NOW, True, "{}")], back=5)
@example(found=[(TWICE, NOW, NOW, True, "{}"), (NAN, NOW, NOW, True, "{}")], back=0)
def test_it_is_what_reading_every_note_gives(
    clinic: Clinic, patient: str, found: list[Any], back: int
) -> None:
    clinic.store.write(put_notes, patient, clinic.actor, found).result()
    on = TODAY - timedelta(days=back)

    def both() -> tuple[list[Any], list[Any], list[Any]]:
        every = every_note(patient, on)
        return every, fast.all_of(clinic.actor, patient, on), fast.current_of(patient, on)

    every, quickly, current = clinic.store.read(both).result()
    assert repr(quickly) == repr(every)  # a number that is none equals nothing, itself neither
    assert repr(current) == repr([one for one in every if one.status == medicines.CURRENT])


few_days = st.integers(-1, 3)
plain_entries = st.lists(
    st.builds(
        lambda number, name: {"id": number, "name": name},
        st.sampled_from(["1", "2"]),
        st.sampled_from(["zinc", "iron"]),
    ),
    min_size=1, max_size=2,
)  # fmt: skip
plain_marks = st.lists(
    st.builds(
        lambda event, entry, name, given_on, day, at: {
            "eventId": event, "entryId": entry, "name": name, "reason": f"{event} {at}", "at": at,
            "givenOn": (TODAY - timedelta(days=given_on)).isoformat(),
            "day": (TODAY - timedelta(days=day)).isoformat(),
        },
        st.sampled_from(["e0", "e0", "gone"]), st.sampled_from(["1", "2"]),
        st.sampled_from(["zinc", "iron"]), few_days, few_days, st.sampled_from(["a", "b", "c"]),
    ),
    min_size=1, max_size=3,
)  # fmt: skip


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=plain_entries, stopped=plain_marks, resumed=plain_marks, day=few_days,
    back=st.integers(0, 2),
)  # fmt: skip
def test_the_last_that_was_said_of_an_entry_counts(
    clinic: Clinic, patient: str, entries: list[Any], stopped: list[Any], resumed: list[Any],
    day: int, back: int,
) -> None:  # fmt: skip
    moment = NOW - day * DAY_MS
    said = {"fieldId": fast.STOPPED_FIELD, "stopped": stopped, "resumed": resumed}
    note = [{"fieldType": "medicine", "value": entries}]
    found = [(json.dumps(one), moment, None, False, "{}") for one in (note, [said])]
    clinic.store.write(put_notes, patient, clinic.actor, found).result()
    on = TODAY - timedelta(days=back)
    quickly, every = clinic.store.read(
        lambda: (fast.all_of(clinic.actor, patient, on), every_note(patient, on))
    ).result()
    assert quickly == every


@pytest.mark.parametrize(
    "text",
    [stored(ONE, n, how) for n in (1, 2, 3) for how in ("plain", "ascii", "tight", "bytes")]
    + [stored(ONE[0], 1, "indented"), TWICE, NAN],
)
def test_no_encoding_hides_a_medicine(clinic: Clinic, patient: str, text: object) -> None:
    note = [(text, NOW, NOW, True, "{}")]
    clinic.store.write(put_notes, patient, clinic.actor, note).result()
    found = clinic.store.read(medicines.current, clinic.actor, patient, TODAY).result()
    assert [one.name for one in found] == ["zinc"]


def undated(clinic: Clinic, patient: str, *lines: str) -> list[medicines.CurrentMedicine]:
    """The medicines of a note that has neither a visit's day nor one of its own."""
    entries = [words.read(line).item for line in lines]
    clinic.store.write(medicines.prescribe, clinic.actor, patient, TODAY, entries).result()

    def outside() -> None:
        connection().execute("UPDATE events SET created_at = NULL, visit_id = NULL")

    clinic.store.write(outside).result()
    found: list[medicines.CurrentMedicine] = clinic.store.read(
        medicines.all_of, clinic.actor, patient, TODAY
    ).result()
    return found


def test_a_medicine_without_a_day_is_shown_and_said(clinic: Clinic, patient: str) -> None:
    found = undated(clinic, patient, "warfarin 5mg od", "zinc 20 mg od 10d", "iron 1 tab stat")
    assert [(one.name, one.day, one.status) for one in found] == [
        ("warfarin", None, "current"), ("zinc", None, "current"), ("iron", None, "current"),
    ]  # fmt: skip
    assert [one.duration_unclear for one in found] == [False, True, True]
    seen = clinic.store.read(glance.glance, clinic.actor, patient).result()
    assert [one.name for one in seen.medicines] == ["warfarin", "zinc", "iron"]
    assert "day not known" in "\n".join(str(row) for row in glance_rows(seen, TODAY, 120))
    assert "day not known" in str(lines_of(found[0]))
    _card, whole = clinic.store.read(report.gather, clinic.actor, patient).result()
    assert report_text.text(whole).count("day not known") == 3
    line = quick_known.with_repeated(quick_read.read("rx same"), found, TODAY)
    assert ["day not known" in part.sentence for part in line.parts] == [True] * 3


def test_a_medicine_without_a_day_is_stopped_and_repeated(clinic: Clinic, patient: str) -> None:
    warfarin, zinc = undated(clinic, patient, "warfarin 5mg od", "zinc 20 mg od")
    keys = [(warfarin.event_id, warfarin.entry_id)]
    stop = clinic.store.write(medicines.stop, clinic.actor, patient, keys, "bleeding", TODAY)
    stop.result()
    with pytest.raises(Invalid, match="stopped already"):
        clinic.store.write(medicines.stop, clinic.actor, patient, keys, "again", TODAY).result()
    clinic.store.write(medicines.repeat, clinic.actor, patient, TODAY).result()
    found = clinic.store.read(medicines.current, clinic.actor, patient, TODAY).result()
    assert [(one.name, one.day) for one in found] == [("zinc", TODAY)]
    # The note comes back under another id: what was stopped stays stopped.
    moved = "UPDATE events SET id = 'moved' WHERE id = ?"
    clinic.store.write(lambda: connection().execute(moved, (zinc.event_id,))).result()
    every = clinic.store.read(medicines.all_of, clinic.actor, patient, TODAY).result()
    assert {(one.name, one.day): one.status for one in every} == {
        ("warfarin", None): "stopped", ("zinc", None): "replaced", ("zinc", TODAY): "current",
    }  # fmt: skip


def test_of_two_doses_the_one_without_a_day_stays_in_sight(clinic: Clinic, patient: str) -> None:
    undated(clinic, patient, "warfarin 5mg od")
    entries = [words.read("warfarin 3mg od").item]
    clinic.store.write(medicines.prescribe, clinic.actor, patient, TODAY, entries).result()
    found = clinic.store.read(medicines.current, clinic.actor, patient, TODAY).result()
    assert [(one.day, one.item["dose"]) for one in found] == [(TODAY, 3), (None, 5)]
