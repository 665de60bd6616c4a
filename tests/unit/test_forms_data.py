"""What is stored of an event and of a patient: exact shapes, and nothing lost by an edit."""

from __future__ import annotations

import json
from datetime import date, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.days import Birth
from hikma_tui.forms import (
    Answers,
    AttributeValue,
    Field,
    Form,
    Kind,
    answer_of_birth,
    answer_text,
    answers_of,
    birth_of_answer,
    check,
    event_data,
    event_form,
    missing,
    new_medicine,
    patient_answers,
    patient_values,
    registration_form,
    summary,
    typed_diagnoses,
    typed_medicines,
)
from hikma_tui.widgets.form_sheet import Sheet

TODAY = date(2026, 11, 22)
FIELDS: list[dict[str, object]] = [
    {"id": "dx", "name": "ICD 11 Diagnosis", "fieldType": "diagnosis", "inputType": "select"},
    {"id": "n1", "name": "Pulse", "fieldType": "free-text", "inputType": "number",
     "units": [{"label": "BPM", "value": "bpm"}]},
    {"id": "n2", "name": "Fever", "fieldType": "options", "inputType": "select",
     "options": ["Yes", "No"]},
    {"id": "rx", "name": "Medication", "fieldType": "medicine", "inputType": "input-group"},
    {"id": "n5", "name": "Onset", "fieldType": "date", "inputType": "date"},
    {"id": "m", "name": "Signs", "fieldType": "options", "inputType": "select", "multi": True,
     "options": ["a", "b", "c; d"]},
    {"id": "tick", "name": "Seen", "fieldType": "options", "inputType": "checkbox"},
    {"id": "bin", "name": "Smoker", "fieldType": "binary", "inputType": "radio"},
    {"id": "txt", "name": "Complaint", "fieldType": "free-text", "inputType": "text"},
    {"id": "two", "name": "Glucose", "fieldType": "free-text", "inputType": "number",
     "units": ["mg/dL", "mmol/L"]},
    {"id": "note", "name": "N", "fieldType": "text", "content": "Read me"},
    {"id": "file", "name": "Scan", "fieldType": "file", "inputType": "file"},
]  # fmt: skip
FORM = event_form({"id": "f", "form_fields": FIELDS})


def test_form_data_is_upstreams_shape() -> None:
    answers: Answers = {
        "n1": "٠٨٨",
        "n2": "Yes",
        "n5": "2026-01-31",
        "m": ["a", "c; d"],
        "tick": True,
        "bin": False,
        "txt": "cough\x1b[1m [/x]",
        "two": "5,5",
        "two#unit": "mmol/L",
        "dx": [{"code": "1A00", "desc": "Cholera"}],
        "rx": [{"id": "1", "name": "A", "dose": 500}, {"id": "2", "name": "B"}],
    }
    data = event_data(FORM, answers)
    assert [(item["fieldId"], item["value"]) for item in data] == [
        ("n1", "088"),
        ("n2", "Yes"),
        ("n5", "2026-01-31T12:00:00.000Z"),
        ("m", "a; c; d"),
        ("tick", True),
        ("bin", False),
        ("txt", "cough\x1b[1m [/x]"),
        ("two", "5.5"),
        ("file", ""),
        ("dx", [{"code": "1A00", "desc": "Cholera"}]),
        ("rx", [{"id": "1", "name": "A", "dose": 500}, {"id": "2", "name": "B"}]),
    ]
    assert data[0] == {
        "fieldId": "n1",
        "fieldType": "free-text",
        "inputType": "number",
        "name": "Pulse",
        "value": "088",
        "unit": "BPM",
    }
    assert data[7]["unit"] == "mmol/L"
    assert [data[-1]["inputType"], data[-2]["inputType"]] == ["input-group", "input-group"]


def test_what_is_not_answered_is_an_empty_text() -> None:
    data = event_data(FORM, {"tick": False, "txt": None})
    assert {item["fieldId"]: item["value"] for item in data} == {
        **dict.fromkeys(["n1", "n2", "n5", "m", "tick", "bin", "txt", "two", "file"], ""),
        "dx": [],
        "rx": [],
    }
    assert not any("unit" in item for item in data)


OLD: list[object] = [
    {"fieldId": "n1", "fieldType": "free-text", "inputType": "number", "name": "Pulse",
     "value": 88, "extra": {"k": 1}},
    {"fieldId": "gone", "name": "Old question", "value": "kept"},
    {"name": "Fever", "value": "Maybe"},
    {"fieldId": "n5", "fieldType": "date", "inputType": "date", "name": "Onset",
     "value": "2026-01-30T22:10:00.000Z"},
    {"fieldId": "file", "fieldType": "file", "value": ["resource"], "odd": True},
    {"fieldId": "two", "value": "99", "unit": "mg/dL"},
    {"fieldId": "bin", "value": "no"},
    "garbage",
    {"fieldId": "rx", "fieldType": "medicine", "value": [{"name": "A", "why": "old"}]},
]  # fmt: skip


def test_an_edit_changes_only_what_was_changed() -> None:
    amman = timezone(timedelta(hours=3))
    answers, left = answers_of(FORM, json.dumps(json.dumps(OLD)), amman)
    assert left == [OLD[1], {"value": "garbage"}]
    assert answers["n5"] == "2026-01-31"
    assert (answers["n1"], answers["n2"], answers["bin"]) == ("88", "Maybe", False)
    assert answers["two#unit"] == "mg/dL"
    same = event_data(FORM, answers, OLD, amman)
    assert same == [item if isinstance(item, dict) else {"value": item} for item in OLD]

    changed = event_data(FORM, {**answers, "n1": "90", "two#unit": "mmol/L"}, OLD, amman)
    by_id = {item.get("fieldId", item.get("name")): item for item in changed}
    assert by_id["n1"]["value"] == "90"
    assert by_id["n1"]["extra"] == {"k": 1}
    assert by_id["two"]["unit"] == "mmol/L"
    assert by_id["two"]["value"] == "99"
    assert by_id["n5"] == OLD[3]


def test_one_day_later_is_a_change_and_an_answer_taken_back_is_gone() -> None:
    answers, _left = answers_of(FORM, OLD)
    data = event_data(FORM, {**answers, "n5": "2026-01-31", "n1": "", "rx": []}, OLD)
    by_id = {item.get("fieldId"): item for item in data}
    assert by_id["n5"]["value"] == "2026-01-31T12:00:00.000Z"
    assert by_id["n1"]["value"] == ""
    assert by_id["rx"]["value"] == []


def test_a_field_that_the_answers_do_not_name_keeps_what_it_has() -> None:
    data = event_data(FORM, {"txt": "new"}, OLD)
    by_id = {item.get("fieldId"): item for item in data}
    assert by_id["n1"] == OLD[0]
    assert by_id["rx"] == OLD[8]
    assert by_id["txt"]["value"] == "new"


def one(**raw: object) -> Form:
    return event_form({"form_fields": [{"id": "a", "name": "A", **raw}]})


def test_what_upstream_stores_as_a_number_or_a_truth_is_stored_so() -> None:
    choice = {"fieldType": "options", "inputType": "select"}
    options: list[object] = [1, {"label": "Half", "value": 0.5}, {"label": "Yes", "value": True}]
    form = one(**choice, options=[*options, "1a"])
    for typed, stored in (("1", 1), ("0.5", 0.5), ("true", True), ("1a", "1a"), ("old", "old")):
        (item,) = event_data(form, {"a": typed})
        assert (item["value"], type(item["value"])) == (stored, type(stored))
        assert answers_of(form, [item])[0]["a"] == typed
    form = event_form({"form_fields": [{"id": 7, "fieldType": "free-text", "inputType": "text"}]})
    assert event_data(form, {"7": "x"})[0]["fieldId"] == 7


def test_a_new_number_has_the_unit_that_stands_beside_it() -> None:
    number = {"fieldType": "free-text", "inputType": "number"}
    form = one(**number, units=["lb"])
    old: list[dict[str, object]] = [{"fieldId": "a", "name": "A", "value": "70", "unit": "kg"}]
    read, _left = answers_of(form, old)
    assert read == {"a": "70", "a#unit": "kg"}
    assert event_data(form, read, old) == old
    assert event_data(form, {**read, "a": "150"}, old)[0]["unit"] == "lb"
    sheet = Sheet(form, read, language="en", today=TODAY)
    assert sheet.shown(form.fields[0]) == "70 kg"
    sheet.type(form.fields[0], "150")
    assert sheet.shown(form.fields[0]) == "150 lb"
    several = one(**number, units=["lb", "kg"])
    assert event_data(several, {**read, "a": "71"}, old)[0]["unit"] == "kg"
    assert "unit" not in event_data(several, {**read, "a": ""}, old)[0]
    theirs = [{**old[0], "unit": None, "units": {"label": "lb", "value": "pound"}}]
    assert answers_of(several, theirs)[0]["a#unit"] == "lb"
    assert event_data(several, {"a": "70", "a#unit": "kg"}, theirs)[0]["units"] == "kg"


def test_another_questions_second_answer_is_not_taken_by_name() -> None:
    text = {"fieldType": "free-text", "inputType": "text", "name": "A"}
    form = event_form({"form_fields": [{"id": "a", **text}, {"id": "b", **text}]})
    items: list[dict[str, object]] = [
        {"fieldId": "a", "name": "A", "value": "first"},
        {"fieldId": "a", "name": "A", "value": "second"},
        {"fieldId": "gone", "name": "A", "value": "made anew"},
    ]
    assert answers_of(form, items) == ({"a": "first", "b": "made anew"}, [items[1]])


def test_the_second_of_two_with_one_id_is_answered_later() -> None:
    text = {"fieldType": "free-text", "inputType": "text", "name": "A"}
    form = event_form({"form_fields": [{"id": "a", **text}, {"id": "a", **text}]})
    assert event_data(form, {}, []) == []
    data = event_data(form, {"a#2": "second"}, [])
    assert answers_of(form, data)[0] == {"a": "", "a#2": "second"}


def test_a_new_medicine_has_upstreams_types() -> None:
    made = new_medicine(
        " Amoxicillin ", dose="500", doseUnits="mg", frequency="3", duration="7.50", route="oral"
    )
    assert list(made) == [
        "id", "name", "route", "form", "frequency", "intervals", "dose", "doseUnits", "duration",
        "durationUnits",
    ]  # fmt: skip
    assert {**made, "id": ""} == {
        "id": "", "name": "Amoxicillin", "route": "oral", "form": "", "frequency": 3,
        "intervals": "", "dose": 500, "doseUnits": "mg", "duration": "7.50", "durationUnits": "",
    }  # fmt: skip
    assert new_medicine("x")["id"] != new_medicine("x")["id"]


def test_typed_lines_keep_the_entries_that_still_read_the_same() -> None:
    stored: list[dict[str, object]] = [{"code": "1A00", "desc": "Cholera"}]
    assert typed_diagnoses("flu\n\n Cholera  (1A00) ", stored) == [
        {"code": "0000", "desc": "flu"},
        {"code": "1A00", "desc": "Cholera"},
    ]
    first, second = typed_medicines("amoxicillin 500\namoxicillin 500")
    assert first["name"] == "amoxicillin 500"
    assert (first["dose"], first["route"], first["form"]) == ("", "", "")
    assert first["id"] != second["id"]
    drug: dict[str, object] = {"id": "9", "name": "ORS", "dose": 1, "doseUnits": "sachet"}
    assert typed_medicines("ORS 1 sachet", [drug]) == [drug]


def test_a_summary_says_the_clinical_things_first() -> None:
    data = event_data(
        FORM,
        {
            "txt": "headache\n3 days",
            "n1": "88",
            "bin": True,
            "n2": "No",
            "dx": typed_diagnoses("tension headache"),
            "rx": typed_medicines("paracetamol"),
        },
    )
    assert (
        summary(data, 90) == "headache 3 days; tension headache; paracetamol; Smoker; Pulse 88 BPM"
    )
    assert summary(data, 20) == "headache 3 days; te…"
    assert summary(json.dumps(data), 15 + 1) == "headache 3 days…"
    garbages: list[object] = [
        None,
        "",
        "{",
        5,
        {"a": 1},
        [None, 1, "x", {"value": {"a": []}}],
        [[[]]],
    ]
    for garbage in garbages:
        assert isinstance(summary(garbage), str)


# -- properties ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
WORDS = ["text", "free-text", "options", "number", "select", "radio", "checkbox", "date", "binary",
         "medicine", "diagnosis", "file", "separator", "input-group", "boolean", ""]  # fmt: skip
KEYS = st.sampled_from(
    ["id", "name", "fieldType", "_tag", "inputType", "options", "units", "multi", "label", "value",
     "column", "position", "visible", "deleted", "required", "content", "fields", "length",
     "baseField", "translations", "form_fields", "language", "is_editable", "clinic_ids"]
)  # fmt: skip
WILD = st.dictionaries(KEYS, st.sampled_from(WORDS) | JSON | st.lists(JSON, max_size=2), max_size=8)
WILD_FORM = st.lists(WILD | JSON, max_size=4)


def events(fields: object, names: object = None) -> Form:
    return event_form({"form_fields": fields, "name": names, "translations": names})


@settings(max_examples=200)
@given(WILD_FORM, JSON | WILD_FORM, st.booleans())
def test_no_foreign_form_and_no_foreign_data_raises(
    fields: list[object], data: object, encode: bool
) -> None:
    stored = json.dumps(data) if encode else data
    for form in (events(fields, data), registration_form({"fields": fields, "name": data})):
        answers, left = answers_of(form, stored)
        again = event_data(form, answers, stored)
        assert len(again) >= len(left)
        missing(form, answers)
        for field in form.fields:
            check(field, answers.get(field.id), TODAY)
            answer_text(field, answers.get(field.id), "es", TODAY)
        values = patient_values(form, answers)
        patient_answers(form, values.columns, values.attributes, values.metadata)
    summary(stored)


@settings(max_examples=200)
@given(
    WILD_FORM, st.lists(WILD | st.fixed_dictionaries({"fieldId": KEYS, "value": JSON}), max_size=4)
)
def test_saving_what_was_read_changes_nothing(
    fields: list[object], items: list[dict[str, object]]
) -> None:
    form = events(fields)
    answers, _left = answers_of(form, items)
    data = event_data(form, answers, items)
    for item in items:
        assert repr(item) in map(repr, data)  # repr, since NaN is not equal to itself
    assert repr(event_data(form, answers_of(form, data)[0], data)) == repr(data)


TEXTS = st.text(st.characters(codec="utf-8"), max_size=20)
ANSWERS = st.fixed_dictionaries(
    {},
    optional={
        "txt": TEXTS,
        "n1": st.from_regex(r"-?[0-9٠-٩]{1,6}([.,][0-9]{1,2})?", fullmatch=True),
        "n2": st.sampled_from(["Yes", "No", ""]),
        "n5": st.dates(date(1850, 1, 1), date(2120, 1, 1)).map(date.isoformat),
        "m": st.lists(st.sampled_from(["a", "b", "c; d"]), unique=True),
        "tick": st.booleans(),
        "bin": st.booleans(),
        "two": st.sampled_from(["", "7.10"]),
        "two#unit": st.sampled_from(["mg/dL", "mmol/L"]),
        "dx": st.lists(st.builds(lambda text: {"code": "0000", "desc": text}, TEXTS)),
        "rx": st.lists(st.builds(lambda text: {"id": "1", "name": text}, TEXTS)),
    },
)


@given(ANSWERS)
def test_answers_to_data_to_answers_to_data_is_stable(answers: Answers) -> None:
    data = event_data(FORM, answers)
    read, left = answers_of(FORM, json.loads(json.dumps(data)))
    assert left == []
    assert event_data(FORM, read) == data
    assert event_data(FORM, read, data) == data
    for key, answer in answers.items():
        if key in ("txt", "n2", "n5", "m", "bin", "dx", "rx"):
            assert read[key] == answer


@given(ANSWERS, ANSWERS, st.sets(st.sampled_from([str(field["id"]) for field in FIELDS])))
def test_a_form_that_shows_fewer_fields_loses_nothing(
    first: Answers, second: Answers, hidden: set[str]
) -> None:
    data = event_data(FORM, first)
    smaller = events([field for field in FIELDS if field["id"] not in hidden])
    edited = event_data(smaller, second, data)
    for item in data:
        if item["fieldId"] in hidden:
            assert item in edited
    assert {item["fieldId"] for item in edited} == {item["fieldId"] for item in data}


# -- patients --------------------------------------------------------------------------------------

SEX = [
    {"en": "male", "ar": "ذكر", "es": "masculino"},
    {"en": "female", "ar": "أنثى", "es": "femenino"},
]
REGISTRATION = registration_form(
    {
        "fields": [
            {"id": "g", "column": "given_name", "fieldType": "text", "label": {"en": "First"}},
            {"id": "d", "column": "date_of_birth", "fieldType": "date"},
            {"id": "x", "column": "sex", "fieldType": "select", "options": SEX},
            {"id": "p", "column": "phone", "fieldType": "number"},
            {"id": "c", "column": "primary_clinic_id", "fieldType": "select"},
            {"id": "kids", "column": "Children", "fieldType": "number"},
            {"id": "langs", "column": "Languages", "fieldType": "checkbox",
             "options": [{"en": "Arabic", "es": "Árabe"}, {"en": "Kurdish"}]},
            {"id": "came", "column": "Arrived", "fieldType": "date"},
            {"id": "poor", "column": "Exempt", "fieldType": "boolean"},
            {"id": "odd", "column": "Odd", "fieldType": "hologram"},
        ]
    }
)  # fmt: skip


def test_a_patient_is_stored_as_columns_and_attributes() -> None:
    values = patient_values(
        REGISTRATION,
        {
            "g": " Amal ",
            "d": "~1992-11-22",
            "x": "female",
            "p": "٠٧٠-١٢٣",
            "c": "",
            "kids": "٣",
            "langs": ["Arabic", "Kurdish"],
            "came": "2026-01-31",
            "poor": False,
            "odd": "?",
        },
    )
    assert values.columns == {
        "given_name": "Amal",
        "date_of_birth": "1992-11-22",
        "sex": "female",
        "phone": "٠٧٠-١٢٣",
        "primary_clinic_id": None,
    }
    assert values.attributes == [
        AttributeValue("kids", "Children", number_value=3),
        AttributeValue("langs", "Languages", string_value="Arabic\x1fKurdish"),
        AttributeValue("came", "Arrived", date_value="2026-01-31"),
        AttributeValue("poor", "Exempt", boolean_value=False),
    ]
    assert values.metadata == {"birth_date_estimated": True}
    assert patient_values(REGISTRATION, {"d": "1992-11-22"}).metadata == {
        "birth_date_estimated": None
    }
    assert patient_values(REGISTRATION, {"d": "?"}).columns["date_of_birth"] == ""
    assert len(patient_values(REGISTRATION, {}).attributes) == 4


@pytest.mark.parametrize("stored", ["female", "أنثى", "femenino", "Female", " FEMENINO"])
def test_a_select_is_read_in_any_language(stored: str) -> None:
    answers = patient_answers(REGISTRATION, {"sex": stored})
    assert answers["x"] == "female"
    assert patient_values(REGISTRATION, answers).columns["sex"] == "female"


def test_a_stored_patient_is_read_in_every_shape() -> None:
    answers = patient_answers(
        REGISTRATION,
        {"given_name": "Amal", "date_of_birth": "1992-03-11T00:00:00.000Z", "sex": "other"},
        [
            {"attribute_id": "kids", "attribute": "Children", "string_value": "4"},
            {"attribute_id": "other id", "attribute": "Languages", "string_value": "Árabe\x1fZ"},
            {"attribute_id": "came", "attribute": "Arrived", "date_value": 1769817600000},
            {"attribute_id": "poor", "attribute": "Exempt", "boolean_value": 1},
        ],
        '"{\\"birth_date_estimated\\": true}"',
    )
    assert answers == {
        "g": "Amal",
        "d": "~1992-03-11",
        "x": "other",
        "p": "",
        "c": "",
        "kids": "4",
        "langs": ["Arabic", "Z"],
        "came": "2026-01-31",
        "poor": True,
    }
    values = patient_values(REGISTRATION, answers)
    assert values.columns["sex"] == "other"
    odd: dict[str, object] = {"attribute_id": "kids", "attribute": "c", "string_value": "many"}
    kept = patient_values(REGISTRATION, patient_answers(REGISTRATION, {}, [odd])).attributes[0]
    assert kept.string_value == "many"


@pytest.mark.parametrize(
    ("birth", "answer"),
    [
        (Birth("1992-03-11"), "1992-03-11"),
        (Birth("1955-01-01", True), "~1955-01-01"),
        (Birth(None), "?"),
    ],
)
def test_births_as_answers(birth: Birth, answer: str) -> None:
    assert answer_of_birth(birth) == answer
    assert birth_of_answer(answer) == birth
    assert birth_of_answer("") == Birth(None)


PATIENTS = st.fixed_dictionaries(
    {
        "g": st.text(st.characters(codec="utf-8"), max_size=12).map(str.strip),
        "d": st.sampled_from(["", "1990-01-31", "~1990-01-31"]),
        "x": st.sampled_from(["", "male", "female", "intersex"]),
        "p": st.sampled_from(["", "0123", "5"]),
        "c": st.sampled_from(["", "clinic-1"]),
        "kids": st.sampled_from(["", "0", "3", "2.5"]),
        "langs": st.lists(st.sampled_from(["Arabic", "Kurdish", "old"]), unique=True),
        "came": st.sampled_from(["", "2026-01-31"]),
        "poor": st.sampled_from(["", True, False]),
    }
)


@given(PATIENTS)
def test_a_patient_reads_back_as_it_was_entered(answers: Answers) -> None:
    values = patient_values(REGISTRATION, answers)
    read = patient_answers(REGISTRATION, values.columns, values.attributes, values.metadata)
    assert read == answers
    assert patient_values(REGISTRATION, read) == values


def test_a_field_asks_unless_it_only_shows() -> None:
    assert [field.id for field in FORM.fields if not field.asks] == ["note"]
    assert not Field("s", Kind.SEPARATOR, "", {}).asks
