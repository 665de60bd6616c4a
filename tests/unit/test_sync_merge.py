"""Three versions of a row: what only one side changed survives, what both changed is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui.columns import Digits, Flag, Json, Moment
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing import known
from hikma_tui.syncing.merge import Merged, Value, merge

BASE: dict[str, Any] = {
    "id": "e", "event_type": "Consultation", "visit_id": "v", "updated_at": 10,
    "form_data": [{"fieldId": "a", "value": "1"}, {"fieldId": "b", "value": "2"}],
    "metadata": {"providerId": "n", "lastSeenTimestamp": "2025-01-01"}, "unknown": None,
}  # fmt: skip


def event(**changes: Any) -> dict[str, Any]:
    return {**BASE, **changes}


def answers(**values: str) -> list[dict[str, Any]]:
    return [{"fieldId": key, "value": value} for key, value in values.items()]


def merged(ours: dict[str, Any], theirs: dict[str, Any], base: Any = BASE, **more: Any) -> Merged:
    return merge("events", base, ours, theirs, **more)


def test_different_columns_both_survive() -> None:
    found = merged(event(event_type="Other"), event(visit_id="w", updated_at=20))
    assert (found.row["event_type"], found.row["visit_id"]) == ("Other", "w")
    assert not found.conflicts
    assert found.ours_differs


def test_different_answers_both_survive_and_new_ones_keep_their_place() -> None:
    ours = event(form_data=answers(a="1", x="mine", b="9"))
    theirs = event(form_data=answers(a="7", b="2", y="theirs"))
    found = merged(ours, theirs)
    assert found.row["form_data"] == answers(a="7", x="mine", b="9", y="theirs")
    assert not found.conflicts


def test_the_same_answer_is_a_conflict_and_the_rest_is_not() -> None:
    ours = event(form_data=answers(a="5", b="2"))
    theirs = event(form_data=answers(a="7", b="8"))
    found = merged(ours, theirs)
    assert found.conflicts == (("form_data", "a"),)
    assert found.row["form_data"] == answers(a="5", b="8")
    # what is kept as base finds exactly this conflict again
    again = merged(found.row, theirs, found.base)
    assert again.conflicts == found.conflicts
    assert again.row == found.row


def test_an_answer_taken_away_here_and_changed_there_is_a_conflict() -> None:
    found = merged(event(form_data=answers(b="2")), event(form_data=answers(a="7", b="2")))
    assert found.conflicts == (("form_data", "a"),)
    gone = merged(event(form_data=answers(b="2")), event(visit_id="w"))
    assert gone.row["form_data"] == answers(b="2")


def test_answers_without_an_id_are_one_list() -> None:
    base = event(form_data=[{"name": "Note", "value": "1"}, *answers(a="1")])
    ours = event(form_data=[{"name": "Note", "value": "2"}, *answers(a="1")])
    theirs = event(form_data=[{"name": "Note", "value": "1"}, *answers(a="5")])
    found = merged(ours, theirs, base)
    assert not found.conflicts
    assert {"name": "Note", "value": "2"} in found.row["form_data"]
    assert answers(a="5")[0] in found.row["form_data"]
    theirs = event(form_data=[{"name": "Note", "value": "3"}, *answers(a="1")])
    assert merged(ours, theirs, base).conflicts == (("form_data", ""),)


def test_two_answers_of_one_id_are_never_taken_for_one() -> None:
    base = event(form_data=[*answers(a="1"), *answers(a="2")])
    ours = event(form_data=[*answers(a="1"), *answers(a="3")])
    theirs = event(form_data=[*answers(a="9"), *answers(a="2")])
    assert merged(ours, theirs, base).conflicts == (("form_data", ""),)


def test_metadata_by_key_with_bookkeeping_and_notes() -> None:
    note = [{"at": "2025-01-02", "text": "mine"}]
    other = [{"at": "2025-01-01", "text": "theirs"}]
    ours = event(metadata={**BASE["metadata"], "addenda": note, "lastSeenTimestamp": "2025-03-01"})
    theirs = event(
        metadata={**BASE["metadata"], "addenda": other, "lastSeenTimestamp": "2025-02-01", "k": 1}
    )
    found = merged(ours, theirs)
    assert not found.conflicts
    assert found.row["metadata"]["addenda"] == [*other, *note]
    assert found.row["metadata"]["lastSeenTimestamp"] == "2025-03-01"
    assert found.row["metadata"]["k"] == 1


def test_a_note_that_was_taken_back_stays_so() -> None:
    one, two = {"at": "1", "id": "x"}, {"at": "2", "id": "y"}
    base = event(metadata={"movedOut": [one]})
    found = merged(event(metadata={"movedOut": []}), event(metadata={"movedOut": [one, two]}), base)
    assert found.row["metadata"]["movedOut"] == [two]
    assert not found.conflicts


def test_one_is_not_true() -> None:
    found = merged(event(metadata={"k": True}), event(metadata={"k": 1}), event(metadata={"k": 0}))
    assert found.conflicts == (("metadata", "k"),)
    same = merged(event(metadata={"k": 1.0}), event(metadata={"k": 1}), event(metadata={"k": 0}))
    assert not same.conflicts
    assert not same.ours_differs


def test_stamps_and_the_last_hand_make_no_conflict() -> None:
    base = {"id": "p", "phone": "1", "camp": "x", "updated_at": 1, "last_modified_by": "a"}
    ours = {**base, "phone": "2", "updated_at": 5, "last_modified_by": "b"}
    theirs = {**base, "camp": "y", "updated_at": 4, "last_modified_by": "c"}
    found = merge("patients", base, ours, theirs)
    assert not found.conflicts
    assert found.row["last_modified_by"] == "b"
    assert found.row["updated_at"] == 4
    assert merge("patients", base, base, theirs).row["last_modified_by"] == "c"


def test_without_a_base_something_beats_nothing_and_two_values_clash() -> None:
    ours, theirs = {"id": "p", "phone": "1", "camp": None}, {"id": "p", "phone": "2", "camp": "y"}
    found = merge("patients", None, ours, theirs)
    assert found.conflicts == (("phone",),)
    assert found.row["camp"] == "y"
    assert "phone" not in found.base
    assert merge("patients", found.base, found.row, theirs).conflicts == (("phone",),)
    assert not merge("patients", None, theirs, theirs).conflicts


def test_choices_decide_and_the_rest_is_asked_still() -> None:
    ours = event(form_data=answers(a="5", b="6"), event_type="x")
    theirs = event(form_data=answers(a="7", b="8"), event_type="y")
    chosen = {
        ("form_data", "a"): "theirs",
        ("form_data", "b"): Value({"fieldId": "b", "value": "8\n6"}),
    }
    found = merged(ours, theirs, choices=chosen)
    assert found.conflicts == (("event_type",),)
    assert found.row["form_data"] == answers(a="7", b="8\n6")
    done = merged(ours, theirs, choices={**chosen, ("event_type",): "theirs"})
    assert not done.conflicts
    assert done.ours_differs


def test_every_difference_is_a_conflict_where_that_is_asked() -> None:
    theirs = event(visit_id="w", form_data=answers(a="1", b="3"))
    found = merged(event(), theirs, every=True)
    assert set(found.conflicts) == {("visit_id",), ("form_data", "b")}


def test_a_column_that_the_server_lacks_stays() -> None:
    theirs = {n: v for n, v in event(visit_id="w").items() if n != "event_type"}
    assert merged(event(event_type="kept"), theirs).row["event_type"] == "kept"


# -- properties ----------------------------------------------------------------------------------

scalars = st.one_of(st.none(), st.booleans(), st.integers(-3, 3), st.sampled_from(["", "x", "y"]))
items = st.builds(
    lambda key, value: {"fieldId": key, "value": value} if key else {"value": value},
    st.sampled_from(["", "a", "b", "c", "d"]),
    scalars,
)
events = st.fixed_dictionaries(
    {
        "id": st.just("e"),
        "event_type": st.sampled_from([None, "", "x", "y", "z"]),
        "visit_id": st.sampled_from([None, "v", "w"]),
        "recorded_by_user_id": st.sampled_from([None, "n", "m"]),
        "form_data": st.lists(items, max_size=5),
        "metadata": st.dictionaries(
            st.sampled_from(["k", "l", "m", "allergy"]), scalars, max_size=4
        ),
        "unknown": st.none(),
    }
)


def alike(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return all(known.same(n, one[n], other[n]) for n in one if n not in known.STAMPS)


@given(events, events)
def test_what_one_side_left_alone_is_the_others(base: dict[str, Any], new: dict[str, Any]) -> None:
    mine, theirs = merged(new, base, base), merged(base, new, base)
    assert mine.row == new
    assert not mine.conflicts
    assert mine.ours_differs != alike(new, base)
    assert alike(theirs.row, new)
    assert not theirs.conflicts
    assert not theirs.ours_differs


@given(events, events)
def test_the_same_change_is_no_conflict(base: dict[str, Any], new: dict[str, Any]) -> None:
    for some in (base, None):
        found = merged(new, new, some)
        assert found.row == new
        assert not found.conflicts
        assert not found.ours_differs


@given(events, events, events)
def test_nothing_is_invented_nor_lost(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    found = merged(ours, theirs, base)
    for item in found.row["form_data"]:
        assert _holds(ours["form_data"], item) or _holds(theirs["form_data"], item)
    for key, value in found.row["metadata"].items():
        sides = [s["metadata"][key] for s in (ours, theirs) if key in s["metadata"]]
        assert any(known.same_json(value, one) for one in sides)
    asked = set(found.conflicts)
    for item in [*ours["form_data"], *theirs["form_data"]]:
        path = ("form_data", str(item.get("fieldId") or ""))
        kept = _holds(found.row["form_data"], item) or _holds(base["form_data"], item)
        assert kept or path in asked or ("form_data", "") in asked, item
    # a merge with its own base finds the same questions, and nothing else to do
    again = merged(found.row, theirs, found.base)
    assert set(again.conflicts) == asked
    assert alike(again.row, found.row)


def _holds(values: list[Any], wanted: Any) -> bool:
    return any(known.same_json(one, wanted) for one in values)


@given(events, events, events)
def test_both_sides_see_the_same_questions(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    one, other = merged(ours, theirs, base), merged(theirs, ours, base)
    assert set(one.conflicts) == set(other.conflicts)
    if not one.conflicts:
        for name in ("event_type", "visit_id", "metadata"):
            assert known.same(name, one.row[name], other.row[name])
        key: Callable[[Any], str] = repr
        one_list, other_list = one.row["form_data"], other.row["form_data"]
        assert all(_holds(other_list, i) for i in one_list), (key(one_list), key(other_list))


@given(events, events, events)
def test_choosing_ends_every_question(
    base: dict[str, Any], ours: dict[str, Any], theirs: dict[str, Any]
) -> None:
    paths = merged(ours, theirs, base).conflicts
    done = merged(ours, theirs, base, choices=dict.fromkeys(paths, "theirs"))
    assert not done.conflicts
    every = merged(ours, theirs, base, every=True).conflicts
    taken = merged(ours, theirs, base, every=True, choices=dict.fromkeys(every, "theirs"))
    assert not taken.conflicts
    assert not taken.ours_differs


# -- what a server is known to change ------------------------------------------------------------


def test_the_lists_of_columns_are_those_of_the_models() -> None:
    for kind, listed in ((Moment, known.MOMENTS), (Digits, known.DIGITS), (Json, known.JSON)):
        found = {
            name
            for model in BY_TABLE.values()
            for name, column in wire_columns(model).items()
            if isinstance(column, kind)
        }
        assert found == listed, kind
    flags = {
        name
        for model in BY_TABLE.values()
        for name, column in wire_columns(model).items()
        if isinstance(column, Flag) and not name.startswith(("can_", "is_"))
    }
    assert flags <= known.FLAGS
    for table, columns in {**known._NEVER["v3"], **known._FIXED["v3"]}.items():
        assert columns <= set(wire_columns(BY_TABLE[table])), table


@pytest.mark.parametrize(
    ("dialect", "table", "sent", "theirs", "differing"),
    [
        ("v3", "patient_vitals", {"weight_kg": "61.5"}, {"weight_kg": "61.50"}, ()),
        ("v3", "patient_vitals", {"weight_kg": "61.5"}, {"weight_kg": None}, ("weight_kg",)),
        ("v3", "patient_vitals", {"event_id": "e"}, {"event_id": None}, ()),
        ("v3", "patient_vitals", {"event_id": "e"}, {"event_id": "f"}, ("event_id",)),
        ("v3", "patient_vitals", {"pain_level": 0}, {"pain_level": None}, ("pain_level",)),
        ("v3", "prescriptions", {"items": [{"a": 1}], "metadata": {"a": 1}},
         {"items": [], "metadata": {}}, ()),
        ("v3", "prescriptions", {"status": "picked-up", "filled_at": 5},
         {"status": "picked-up", "filled_at": None}, ()),
        ("v3", "prescriptions", {"status": "a"}, {"status": "b"}, ("status",)),
        ("v3", "patient_additional_attributes", {"boolean_value": False, "number_value": 0},
         {"boolean_value": None, "number_value": None}, ()),
        ("v3", "patient_additional_attributes", {"boolean_value": True}, {"boolean_value": None},
         ("boolean_value",)),
        ("v3", "patient_additional_attributes", {"string_value": ""}, {"string_value": None}, ()),
        ("v3", "visits", {"updated_at": 1, "created_at": 1}, {"updated_at": 9, "created_at": 8},
         ()),
        ("v3", "visits", {"metadata": {"a": 1, "b": True}}, {"metadata": {"b": True, "a": 1.0}},
         ()),
        ("v3", "visits", {"metadata": {"a": 1}}, {"metadata": {"a": True}}, ("metadata",)),
        ("v3", "visits", {"id": "AB"}, {"id": "ab"}, ()),
        ("v3", "visits", {"check_in_timestamp": 1_999}, {"check_in_timestamp": 1_000},
         ("check_in_timestamp",)),
        ("flask", "visits", {"check_in_timestamp": 1_999}, {"check_in_timestamp": 1_000}, ()),
        ("flask", "patients", {"metadata": {"a": 1}}, {"metadata": {}}, ()),
        ("flask", "patients", {"primary_clinic_id": "c", "phone": "1"}, {"phone": "1"}, ()),
        ("v3", "patients", {"metadata": {"a": 1}}, {"metadata": {}}, ("metadata",)),
        ("v3", "patients", {"date_of_birth": ""}, {"date_of_birth": None}, ()),
        ("v3", "events", {"visit_id": None}, {"visit_id": "invented"}, ()),
        ("v3", "dispensing_records", {"patient_id": "a"}, {"patient_id": "b"}, ()),
        ("v3", "appointments", {"is_walk_in": True}, {"is_walk_in": False}, ("is_walk_in",)),
    ],
)  # fmt: skip
def test_known_changes_are_no_difference(
    dialect: str, table: str, sent: Any, theirs: Any, differing: tuple[str, ...]
) -> None:
    assert known.equal(dialect, table, sent, theirs) == differing


def test_what_the_server_never_stores_stays_here() -> None:
    ours = {"items": [1], "metadata": {"a": 1}, "status": "x", "filled_at": 5, "prescribed_at": 3}
    theirs: dict[str, Any] = {
        "items": [],
        "metadata": {},
        "status": "y",
        "filled_at": None,
        "prescribed_at": 4,
    }
    found = known.taken("v3", "prescriptions", ours, theirs)
    assert found == {**ours, "status": "y"}
    newer: dict[str, Any] = {"items": [2], "filled_at": 7}
    assert known.taken("v3", "prescriptions", ours, newer)["items"] == [2]
