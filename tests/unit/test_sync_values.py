"""Every column by its declared type: what servers of any age send, and what goes back."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.models import BY_TABLE, SYNCED, wire_columns
from hikma_tui.syncing.values import HELD, Decoder, empty, encode, python_row, python_rows
from hikma_tui.wire.stream import READER

ID = "0193b6de-1f2b-7f5c-b8f5-ab6374510bd3"
MAY = 642902400000  # 1990-05-17T00:00:00Z


def decoded(table: str, dialect: str = "v3", east_from: int = 12, **columns: Any) -> dict[str, Any]:
    """One row as it stands here afterwards, in python form."""
    found = Decoder(dialect, east_from).batch(table, [{"id": ID, **columns}])
    assert len(found) == 1
    assert len(found[0].rows) == 1
    return dict(python_rows(found[0])[0])


def one(table: str, name: str, value: Any, dialect: str = "v3", east_from: int = 12) -> Any:
    """What a column holds after ``value`` came; ``("held", value)`` where it could not."""
    row = decoded(table, dialect, east_from, **{name: value})
    held = (row["unknown"] or {}).get(HELD + name, ...)
    return row[name] if held is ... else ("held", held, row[name])


@pytest.mark.parametrize(
    ("came", "is_here"),
    [
        ("1990-05-17T00:00:00.000Z", MAY),
        ("1990-05-17T00:00:00Z", MAY),
        ("1990-05-17T00:00:00", MAY),
        ("1990-05-17T03:00:00.123+03:00", MAY + 123),
        ("1990-05-17 00:00:00+00", MAY),
        ("1990-05-17T00:00:00.123456Z", MAY + 123),
        ("1990-05-17", MAY + 12 * 3600_000),
        ("Thu, 17 May 1990 00:00:00 GMT", MAY),
        (MAY, MAY),
        (float(MAY), MAY),
        (str(MAY), MAY),
        ("-315619200000", -315619200000),
        (788918400000, 788918400000),  # 1995: v3's trap is none here
        ("1965-01-01T00:00:00.000Z", -157766400000),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
        (0, None),
        ("", None),
        (None, None),
        ("never", ("held", "never", None)),
        (True, ("held", True, None)),
        ([], ("held", [], None)),
        (10**18, ("held", 10**18, None)),
        (-(10**30), ("held", -(10**30), None)),
        ("9" * 400, ("held", "9" * 400, None)),
        ("+275760-09-13T00:00:00.000Z", ("held", "+275760-09-13T00:00:00.000Z", None)),
        ("0001-01-01T00:00:00+14:00", ("held", "0001-01-01T00:00:00+14:00", None)),
        ("0001-01-01T00:00:00.000Z", ("held", "0001-01-01T00:00:00.000Z", None)),
        ("9999-12-31T23:59:59.999Z", ("held", "9999-12-31T23:59:59.999Z", None)),
        ("Thu, 17 Foo 1990 00:00:00 GMT", ("held", "Thu, 17 Foo 1990 00:00:00 GMT", None)),
        ("Thu, 31 Feb 1990 00:00:00 GMT", ("held", "Thu, 31 Feb 1990 00:00:00 GMT", None)),
        ("Thu, 17 May 1990", ("held", "Thu, 17 May 1990", None)),
        ("٢٠٢٤", ("held", "٢٠٢٤", None)),
    ],
)
def test_moments(came: object, is_here: object) -> None:
    assert one("visits", "check_in_timestamp", came) == is_here


@pytest.mark.parametrize(
    ("came", "dialect", "east_from", "is_here"),
    [
        ("1990-05-17", "v3", 12, "1990-05-17"),
        ("1990-05-17T00:00:00.000Z", "v3", 12, "1990-05-17"),
        ("1990-05-16T21:00:00.000Z", "v3", 12, "1990-05-17"),  # Amman
        ("1990-05-16T18:30:00.000Z", "v3", 12, "1990-05-17"),  # Kolkata
        ("1990-05-17T04:00:00.000Z", "v3", 12, "1990-05-17"),  # New York
        ("1990-05-17T11:00:00.000Z", "v3", 12, "1990-05-17"),  # Samoa, west of the line
        ("1990-05-16T11:00:00.000Z", "v3", 11, "1990-05-17"),  # Auckland in summer
        ("1990-05-16T10:00:00.000Z", "v3", 10, "1990-05-17"),  # Kiribati
        ("1990-05-16T22:00:00.000+00:00", "v3", 12, "1990-05-17"),
        ("1990-05-17T00:00:00+03:00", "v3", 12, "1990-05-17"),
        ("1990-05-17T00:00:00", "v3", 12, "1990-05-17"),
        ("Thu, 17 May 1990 00:00:00 GMT", "flask", 12, "1990-05-17"),
        ("Thu, 17 May 1990 00:00:00 GMT", "v3", 0, "1990-05-17"),
        (MAY, "flask", 0, "1990-05-17"),
        (MAY - 3 * 3600_000, "v3", 12, "1990-05-17"),
        (str(MAY), "flask", 0, "1990-05-17"),
        ("1899-12-31T21:36:16.000Z", "v3", 12, "1900-01-01"),  # Amman before its zone
        ("", "v3", 12, None),
        ("1990-02-30", "v3", 12, ("held", "1990-02-30", None)),
        ("9999-12-31T23:00:00.000Z", "v3", 12, ("held", "9999-12-31T23:00:00.000Z", None)),
        ("about 1990", "v3", 12, ("held", "about 1990", None)),
        (False, "v3", 12, ("held", False, None)),
    ],
)
def test_days_do_not_move(came: object, dialect: str, east_from: int, is_here: object) -> None:
    assert one("patients", "date_of_birth", came, dialect, east_from) == is_here


def test_the_hours_of_v3s_midnights_are_counted() -> None:
    decoder = Decoder("v3")
    born = ["1990-05-16T21:00:00.000Z"] * 3 + ["1990-01-16T22:00:00.000Z", None, "1990-01-01"]
    decoder.batch("patients", [{"id": ID, "date_of_birth": day} for day in born])
    assert decoder.hours == Counter({21: 3, 22: 1})


def test_decimals_keep_their_digits() -> None:
    rows = READER.decode('[{"id":"a","weight_kg":61.250},{"id":"b","weight_kg":"61.250"}]')
    found = Decoder("v3").batch("patient_vitals", rows)
    assert [row["weight_kg"] for row in python_rows(found[0])] == ["61.250", "61.250"]
    for came, is_here in (
        (61, "61"), (61.25, "61.25"), ("999999.5", "999999.5"), ("-0.10", "-0.10"), ("", None),
        ("6.125e1", "61.25"), ("1E2", "100"), ("5e-2", "0.05"), (1e22, "10000000000000000000000"),
        ("NaN", ("held", "NaN", None)), (True, ("held", True, None)), ({}, ("held", {}, None)),
        ("1e999", ("held", "1e999", None)), ("٦١", ("held", "٦١", None)),
    ):  # fmt: skip
        assert one("patient_vitals", "weight_kg", came) == is_here


@pytest.mark.parametrize(
    ("table", "name", "came", "is_here"),
    [
        ("patient_vitals", "systolic_bp", 120.0, 120),
        ("patient_vitals", "systolic_bp", "120", 120),
        ("patient_vitals", "systolic_bp", "120.00", 120),
        ("patient_vitals", "systolic_bp", 120.5, ("held", 120.5, None)),
        ("patient_vitals", "systolic_bp", True, ("held", True, None)),
        ("patient_vitals", "systolic_bp", 10**40, ("held", 10**40, None)),
        ("patient_vitals", "systolic_bp", "9" * 400, ("held", "9" * 400, None)),
        ("patient_vitals", "systolic_bp", "", None),
        ("patient_additional_attributes", "number_value", 0, 0.0),
        ("patient_additional_attributes", "number_value", "37.5", 37.5),
        ("patient_additional_attributes", "number_value", 2**53 + 1, ("held", 2**53 + 1, None)),
        ("patient_additional_attributes", "number_value", "much", ("held", "much", None)),
        ("patient_additional_attributes", "boolean_value", False, False),
        ("patient_additional_attributes", "boolean_value", 1, True),
        ("patient_additional_attributes", "boolean_value", "t", True),
        ("patient_additional_attributes", "boolean_value", "FALSE", False),
        ("patient_additional_attributes", "boolean_value", 2, ("held", 2, None)),
        ("patient_additional_attributes", "boolean_value", "maybe", ("held", "maybe", None)),
        ("patients", "metadata", {"a": [1.5, "ب"]}, {"a": [1.5, "ب"]}),
        ("patients", "metadata", '{"a": 1}', {"a": 1}),
        ("patients", "metadata", '"{\\"a\\": 1}"', {"a": 1}),
        ("patients", "metadata", json.dumps(json.dumps(json.dumps({"a": 1}))), {"a": 1}),
        ("patients", "metadata", '"{}"', {}),
        ("patients", "metadata", "", {}),
        ("patients", "metadata", None, {}),
        ("patients", "metadata", "null", {}),
        ("patients", "metadata", [], {}),
        ("patients", "metadata", [1], ("held", [1], {})),
        ("patients", "metadata", "no JSON", ("held", "no JSON", {})),
        ("patients", "metadata", '{"a": NaN}', ("held", '{"a": NaN}', {})),
        ("patients", "metadata", 5, ("held", 5, {})),
        ("events", "form_data", {}, []),
        ("events", "form_data", {"a": 1}, ("held", {"a": 1}, [])),
        ("events", "form_data", '[{"value": "38.2"}]', [{"value": "38.2"}]),
        ("event_forms", "clinic_ids", None, None),
        ("event_forms", "clinic_ids", '["a"]', ["a"]),
        ("patients", "primary_clinic_id", "ABC", "abc"),
        ("patients", "primary_clinic_id", "", None),
        ("patients", "primary_clinic_id", 5, ("held", 5, None)),
        ("patients", "sex", "x" * 300, "x" * 300),
        ("patients", "sex", 5, "5"),
        ("patients", "sex", ["f"], ("held", ["f"], None)),
        ("patients", "given_name", "A\ud83dB\x00", "A\ufffdB\ufffd"),
        ("patients", "given_name", "line\nline\u200f", "line\nline\u200f"),
        ("patients", "given_name", "", ""),
        ("appointments", "status", None, ("held", None, "pending")),
        ("appointments", "timestamp", None, ("held", None, 0)),
        ("appointments", "timestamp", "soon", ("held", "soon", 0)),
        ("appointments", "clinic_id", None, ("held", None, "")),
        ("appointments", "metadata", None, {}),
        ("drug_catalogue", "dosage_quantity", None, ("held", None, "")),
        ("prescription_items", "quantity_prescribed", None, ("held", None, 0)),
        ("clinics", "is_archived", None, ("held", None, False)),
    ],
)
def test_each_type_takes_what_servers_send(
    table: str, name: str, came: object, is_here: object
) -> None:
    assert one(table, name, came) == is_here


@pytest.mark.parametrize("dialect", ["v3", "flask"])
def test_what_could_not_be_held_goes_back_until_it_is_edited(dialect: str) -> None:
    came: dict[str, Any] = {
        "metadata": "no JSON",
        "form_data": {"a": 1},
        "later": [1, {"b": None}],
        "unknown": 5,
    }
    row = decoded("events", dialect, **came)
    assert row["unknown"] == {
        "later": [1, {"b": None}], "unknown": 5, f"{HELD}metadata": "no JSON",
        f"{HELD}form_data": {"a": 1},
    }  # fmt: skip
    sent = encode(dialect, "events", row)
    assert {name: sent[name] for name in came} == came
    row["form_data"] = [{"fieldId": "a"}]
    assert encode(dialect, "events", row)["form_data"] == [{"fieldId": "a"}]
    null = decoded("appointments", dialect, clinic_id=None, status=None, timestamp=None)
    sent = encode(dialect, "appointments", null)
    assert (sent["clinic_id"], sent["status"], sent["timestamp"]) == (None, None, None)


def test_no_number_reaches_a_date_of_v3() -> None:
    for table, model in BY_TABLE.items():
        fields = wire_columns(model)
        dates = [name for name, field in fields.items() if isinstance(field, Moment | Day)]
        for value in (788918400000, 0, -1, 10**18, 999907200000, 1e12, "x"):
            came: dict[str, Any] = dict.fromkeys(dates, value)
            row = decoded(table, **came)
            sent = encode("v3", table, row)
            assert not [n for n in dates if isinstance(sent[n], int | float)]
            raw = encode("v3", table, {"id": ID, **came})
            moments = [n for n in dates if isinstance(fields[n], Moment)]
            assert not [n for n in moments if isinstance(raw[n], int | float)]


@pytest.mark.parametrize("dialect", ["v3", "flask"])
def test_nothing_is_null_for_ids_and_days(dialect: str) -> None:
    """v3 answers "" in a column of ids with 500 (wire.md A5)."""
    for table, model in BY_TABLE.items():
        fields = wire_columns(model)
        blank = [n for n, field in fields.items() if isinstance(field, Uuid | Day) and n != "id"]
        sent = encode(dialect, table, {"id": ID, **dict.fromkeys(blank, "")})
        assert all(sent[name] is None for name in blank)


def test_rows_without_an_id_are_counted() -> None:
    decoder = Decoder("v3")
    rows = [{"given_name": "x"}, {"id": None}, {"id": 7}, {"id": " "}, {"id": "\ud800"}, "x", None,
            [], {"id": ID.upper()}, {}]  # fmt: skip
    found = decoder.batch("patients", rows)
    assert [row for d in found for row in d.rows] == [(ID, None)]
    assert decoder.skipped == Counter({"patients": 9})
    assert decoder.batch("string_ids", [{"id": ID}]) == []
    assert decoder.replaced == 0


def test_rows_of_different_columns_are_told_apart() -> None:
    rows = [
        {"id": "a", "name": "x"},
        {"id": "b", "name": "y"},
        {"id": "c"},
        {"name": "z", "id": "d"},
    ]
    found = Decoder("v3").batch("clinics", rows)
    assert [(d.columns, d.rows) for d in found] == [
        (("id", "name", "unknown"), [("a", "x", None), ("b", "y", None)]),
        (("id", "unknown"), [("c", None)]),
        (("name", "id", "unknown"), [("z", "d", None)]),
    ]


def test_what_is_nested_too_deep_is_kept_as_text() -> None:
    deep: Any = {}
    for _level in range(400):
        deep = {"a": [deep]}
    row = decoded("patients", metadata=deep, later=deep, additional_data=json.dumps(deep))
    assert (row["metadata"], row["additional_data"]) == ({}, {})
    sent = encode("v3", "patients", row)
    for name in ("metadata", "later", "additional_data"):
        assert json.loads(sent[name]) == deep


def fitting(field: Any) -> st.SearchStrategy[Any]:
    """What a column of this store can hold, in python form."""
    found: st.SearchStrategy[Any]
    texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=9)
    if isinstance(field, Uuid):
        found = st.uuids(version=4).map(str)
    elif isinstance(field, Moment):
        found = st.integers(-3786912000000, 4102444800000).filter(bool)
    elif isinstance(field, Day):
        found = st.dates(date(1850, 1, 1), date(2100, 12, 31)).map(str)
    elif isinstance(field, Json):
        values = st.none() | st.booleans() | st.integers() | texts
        wide = st.lists(values | st.dictionaries(texts, values, max_size=2), max_size=3)
        is_list = callable(field.default) and field.default() == []
        found = wide if is_list else st.dictionaries(texts, values | wide, max_size=3)
    elif isinstance(field, Digits):
        found = st.decimals(0, 99, places=2).map(str)
    elif isinstance(field, Whole):
        found = st.integers(-field.most, field.most)
    elif isinstance(field, Number):
        found = st.floats(-1e300, 1e300)
    elif isinstance(field, Flag):
        found = st.booleans()
    else:
        assert isinstance(field, Text)
        found = texts
    return st.none() | found if field.null else found


PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions", "patient_vitals", "patient_problems", "dispensing_records",
    "prescription_items",
)  # fmt: skip


@pytest.mark.parametrize("dialect", ["v3", "flask"])
@pytest.mark.parametrize("table", PUSHED)
@settings(max_examples=8)
@given(data=st.data())
def test_what_is_encoded_is_decoded_the_same(dialect: str, table: str, data: st.DataObject) -> None:
    fields = wire_columns(BY_TABLE[table])
    row = {name: data.draw(fitting(field), label=name) for name, field in fields.items()}
    row["unknown"] = data.draw(st.none() | st.just({"later": [1, "x"], "b": None}))
    wire = json.loads(json.dumps(encode(dialect, table, row)))
    assert decoded(table, dialect, **wire) == row
    read = READER.decode(json.dumps(encode(dialect, table, row), ensure_ascii=False))
    assert decoded(table, dialect, **read) == row


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text()
    | st.text(st.characters(categories=["Cs", "Nd", "Cc"]), max_size=4)
    | st.sampled_from(["1990-05-17", "t", "{}", '"[]"', "61.25", "Thu, 17 May 1990 00:00:00 GMT",
                       "-1", "1e9", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999Z", ""]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@pytest.mark.parametrize("table", [model._meta.table_name for model in SYNCED])
@settings(max_examples=12)
@given(data=st.data())
def test_anything_can_come(table: str, data: st.DataObject) -> None:
    """Nothing raises, the store takes it, it can be read again, sent again."""
    names = [*wire_columns(BY_TABLE[table]), "later", "pk", "tombstone"]
    drawn = st.dictionaries(st.sampled_from(names), ANYTHING, max_size=8)
    rows: list[Any] = data.draw(st.lists(drawn | ANYTHING, max_size=4))
    for row in rows:
        if isinstance(row, dict) and data.draw(st.booleans()):
            row["id"] = ID
    decoder = Decoder(data.draw(st.sampled_from(["v3", "flask"])))
    memory = sqlite3.connect(":memory:")
    taken = 0
    for found in decoder.batch(table, rows):
        taken += len(found.rows)
        assert found.columns[-1] == "unknown"
        place = ", ".join(f'"{name}"' for name in found.columns)
        memory.execute("DROP TABLE IF EXISTS t")
        memory.execute(f"CREATE TABLE t ({place})")
        marks = ", ".join("?" * len(found.columns))
        memory.executemany(f"INSERT INTO t VALUES ({marks})", found.rows)
        for values in memory.execute("SELECT * FROM t").fetchall():
            back = python_row(table, found.columns, values)
            for name, field in wire_columns(BY_TABLE[table]).items():
                assert name not in back or back[name] is not None or field.null
            for dialect in ("v3", "flask"):
                text = json.dumps(encode(dialect, table, back), ensure_ascii=False)
                text.encode()
    memory.close()
    assert taken + decoder.skipped[table] == len(rows)


def test_what_a_new_row_needs() -> None:
    """A row with an id alone can be put into the store."""
    for model in SYNCED:
        table = model._meta.table_name
        needed = {name for name, field in wire_columns(model).items() if not field.null}
        given_here = empty(table)
        assert {"id", *given_here} == needed
        row = python_row(table, list(given_here), list(given_here.values()))
        assert all(value is not None for value in row.values())
