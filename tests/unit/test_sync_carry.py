"""What only this store knows goes up unseen by the server, and comes back as it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.columns import Digits, Flag, Json, Moment, Number, Uuid, Whole
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing.carry import MARK, REFERENCES, Facts, restore, to_server
from hikma_tui.syncing.shapes import Reason

PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions", "patient_vitals", "patient_problems", "prescription_items",
    "dispensing_records",
)  # fmt: skip
ID = "018f6b5e-0000-7000-8000-{:012d}"
HERE = frozenset(ID.format(n) for n in range(5))  # only this store knows them
IDS = [ID.format(n) for n in range(10)]
FACTS = Facts(
    dialect="v3",
    user_id=ID.format(3),
    local=dict.fromkeys(REFERENCES, HERE),
    names={ID.format(n): f"Person {n}" for n in range(10)},
)
plain = st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3)
marks = st.fixed_dictionaries(
    {},
    optional={
        "v": st.just(1) | plain,
        "ids": plain
        | st.dictionaries(st.sampled_from(["form_id", "id", "x"]), st.sampled_from(IDS)),
        "values": plain | st.dictionaries(st.sampled_from(["boolean_value"]), plain),
        "filled": plain | st.dictionaries(st.just("provider_name"), st.lists(plain, max_size=2)),
        "was": plain,
        "metadata": plain,
    },
)
objects = st.dictionaries(st.sampled_from(["a", "b"]), plain, max_size=2)
metadata = (
    objects | st.none() | st.lists(plain, max_size=2)
    | st.builds(lambda o, m: {**o, MARK: m}, objects, marks | plain)
)  # fmt: skip


def row(table: str, draw: Callable[[Any], Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, kind in wire_columns(BY_TABLE[table]).items():
        if name == "metadata":
            value: Any = draw(metadata)
        elif isinstance(kind, Uuid):
            ids = st.sampled_from(IDS)
            value = draw((st.none() | ids) if kind.null else ids)
        elif isinstance(kind, Flag):
            value = draw(st.none() | st.booleans())
        elif isinstance(kind, Moment | Whole | Number):
            value = draw(st.none() | st.integers(0, 2))
        elif isinstance(kind, Digits | Json):
            value = None
        else:
            value = draw(st.sampled_from([None, "", "Amal", "Person 1"]))
        found[name] = value
    return {**found, "unknown": None}


@pytest.mark.parametrize("dialect", ["v3", "flask"])
@pytest.mark.parametrize("table", PUSHED)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_what_comes_back_is_what_went(table: str, dialect: str, data: st.DataObject) -> None:
    before = row(table, data.draw)
    facts = Facts(dialect, FACTS.user_id, FACTS.local, {}, FACTS.names)
    frozen = json.dumps(before)
    sent = to_server(table, before, facts)
    assert json.dumps(before) == frozen, "the row itself is never changed"
    if isinstance(sent, Reason):
        return
    for name, kind in wire_columns(BY_TABLE[table]).items():
        if isinstance(kind, Uuid) and kind.table in REFERENCES:
            assert sent[name] not in HERE - {FACTS.user_id}
    expected = before
    keeps = "metadata" in sent and (
        (dialect == "v3" and table not in ("prescriptions", "prescription_items"))
        or (
            dialect == "flask"
            and table in ("patient_additional_attributes", "visits", "events", "prescriptions")
        )
    )
    if not keeps:  # nothing can be carried there: it goes as null, and this store keeps its own
        expected = {name: sent[name] for name in before}
    elif dialect == "v3" and table == "patient_additional_attributes":
        sent = {**sent, **{n: sent[n] or None for n in ("boolean_value", "number_value")}}
    elif dialect == "v3" and table == "patient_vitals":
        assert sent["event_id"] is None
    if keeps:
        assert restore(table, sent) == expected


@pytest.mark.parametrize("table", PUSHED)
@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_nothing_from_outside_is_trusted(table: str, data: st.DataObject) -> None:
    theirs = row(table, data.draw)
    found = restore(table, theirs)
    for name, value in found.items():
        if name in ("metadata", "boolean_value", "number_value", "provider_name"):
            continue
        if theirs.get(name) is not None:
            assert value == theirs[name]
    assert found["id"] == theirs["id"]


def test_an_event_of_a_form_and_a_user_made_here() -> None:
    event: dict[str, Any] = {
        "id": IDS[9], "patient_id": IDS[8], "visit_id": IDS[7], "form_id": IDS[1],
        "recorded_by_user_id": IDS[2], "metadata": {"late": True},
    }  # fmt: skip
    sent = to_server("events", event, FACTS)
    assert isinstance(sent, dict)
    assert (sent["form_id"], sent["recorded_by_user_id"]) == (None, None)
    assert sent["metadata"]["late"] is True
    assert sent["metadata"][MARK]["names"] == {"recorded_by_user_id": "Person 2"}
    assert restore("events", sent) == event
    # what somebody has said since at the server is not overruled
    assert restore("events", {**sent, "form_id": IDS[9]})["form_id"] == IDS[9]
    # and nobody's row becomes another patient's by a mark
    forged = {**sent, "patient_id": None}
    forged["metadata"] = {MARK: {"v": 1, "ids": {"patient_id": IDS[1], "form_id": "../x"}}}
    assert restore("events", forged)["patient_id"] is None
    assert restore("events", forged)["form_id"] is None


def test_another_user_never_becomes_the_joined_one() -> None:
    appointment: dict[str, Any] = {
        "id": IDS[9], "clinic_id": IDS[8], "patient_id": IDS[8], "user_id": IDS[1],
        "current_visit_id": IDS[7], "provider_id": None, "metadata": {},
    }  # fmt: skip
    assert to_server("appointments", appointment, FACTS) is Reason.NO_PLACE
    mine = {**appointment, "user_id": FACTS.user_id}
    assert to_server("appointments", mine, FACTS) == mine
    assert to_server("appointments", {**mine, "clinic_id": ""}, FACTS) is Reason.NO_PLACE
    assert to_server("appointments", {**mine, "clinic_id": "P-1"}, FACTS) is Reason.NOT_A_UUID


def test_the_server_never_makes_up_a_visit() -> None:
    event: dict[str, Any] = {"id": IDS[9], "patient_id": IDS[8], "visit_id": None, "metadata": {}}
    assert to_server("events", event, FACTS) is Reason.NO_PLACE
    assert isinstance(to_server("events", event, Facts("flask")), dict)


def test_a_provider_made_here_is_named() -> None:
    visit: dict[str, Any] = {
        "id": IDS[9],
        "provider_id": IDS[1],
        "provider_name": None,
        "metadata": {},
    }
    sent = to_server("visits", visit, FACTS)
    assert isinstance(sent, dict)
    assert (sent["provider_id"], sent["provider_name"]) == (None, "Person 1")
    assert restore("visits", sent) == visit
    assert restore("visits", {**sent, "provider_name": "Dr Amal"})["provider_name"] == "Dr Amal"


def test_after_a_refusal_only_what_the_server_has_for_sure_is_sent() -> None:
    event: dict[str, Any] = {"id": IDS[9], "visit_id": IDS[7], "form_id": IDS[8], "metadata": {}}
    assert to_server("events", event, FACTS) == event
    sent = to_server("events", event, Facts("v3", "", FACTS.local, {}, {}, REFERENCES))
    assert isinstance(sent, dict)
    assert sent["form_id"] is None
    assert restore("events", sent) == event
    sure = Facts("v3", "", FACTS.local, {"event_forms": frozenset({IDS[8]})}, {}, REFERENCES)
    assert to_server("events", event, sure) == event
