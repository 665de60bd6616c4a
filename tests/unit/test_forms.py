"""Forms in every shape they come in, and what is wrong with answers."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from hikma_tui.forms import (
    Field,
    Form,
    Kind,
    allows_future,
    answer_text,
    answers_of,
    check,
    event_data,
    event_form,
    missing,
    needs_unit,
    number_text,
    registration_form,
    translate,
)

TODAY = date(2026, 11, 22)


def field_of(**raw: object) -> Field:
    return event_form({"form_fields": [{"id": "a", "name": "A", **raw}]}).fields[0]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"fieldType": "free-text", "inputType": "text"}, Kind.TEXT),
        ({"fieldType": "free-text", "inputType": "tel"}, Kind.TEXT),
        ({"fieldType": "free-text"}, Kind.TEXT),
        ({"_tag": "free-text", "inputType": "text", "length": "long"}, Kind.LONG_TEXT),
        ({"fieldType": "free-text", "inputType": "textarea"}, Kind.LONG_TEXT),
        ({"fieldType": "free-text", "inputType": "number"}, Kind.NUMBER),
        ({"inputType": "number"}, Kind.NUMBER),
        ({"fieldType": "date", "inputType": "date"}, Kind.DATE),
        ({"fieldType": "options", "inputType": "select", "options": ["x"]}, Kind.SELECT),
        ({"fieldType": "options", "inputType": "dropdown", "options": ["x"]}, Kind.SELECT),
        (
            {
                "fieldType": "options",
                "inputType": "select",
                "options": {"_tag": "Some", "value": ["x"]},
                "multi": {"_tag": "Some", "value": True},
            },
            Kind.MULTISELECT,
        ),
        (
            {"fieldType": "options", "inputType": "checkbox", "multi": True, "options": ["x"]},
            Kind.MULTISELECT,
        ),
        ({"fieldType": "options", "inputType": "checkbox"}, Kind.CHECKBOX),
        (
            {"fieldType": "options", "inputType": "checkbox", "options": ["x"]},
            Kind.MULTISELECT,
        ),
        ({"fieldType": "options", "inputType": "radio", "options": ["x"]}, Kind.RADIO),
        ({"fieldType": "options", "inputType": "select"}, Kind.UNKNOWN),
        (
            {"fieldType": "options", "inputType": "select", "options": {"_tag": "None"}},
            Kind.UNKNOWN,
        ),
        ({"fieldType": "binary", "inputType": "radio"}, Kind.YES_NO),
        ({"fieldType": "binary", "inputType": "radio", "options": ["Yes", "No"]}, Kind.RADIO),
        ({"fieldType": "medicine", "inputType": "input-group"}, Kind.MEDICINE),
        (
            {"fieldType": "medicine", "fields": {"name": {"id": "n", "route": {"options": []}}}},
            Kind.MEDICINE,
        ),
        ({"fieldType": "diagnosis", "inputType": "select", "options": []}, Kind.DIAGNOSIS),
        ({"fieldType": "text", "content": "Read me", "size": "md"}, Kind.TEXT_BLOCK),
        ({"fieldType": "text", "inputType": "text"}, Kind.TEXT),
        ({"fieldType": "separator"}, Kind.SEPARATOR),
        ({"fieldType": "file", "inputType": "file"}, Kind.UNKNOWN),
        ({"fieldType": "dosage"}, Kind.UNKNOWN),
        ({"fieldType": "hologram", "inputType": "text"}, Kind.UNKNOWN),
        ({"fieldType": {"a": 1}, "inputType": 7}, Kind.UNKNOWN),
        ({}, Kind.UNKNOWN),
    ],
)
def test_every_shape_of_a_field(raw: dict[str, object], kind: Kind) -> None:
    assert field_of(**raw).kind is kind


def test_units_as_texts_and_as_objects() -> None:
    number: dict[str, object] = {"fieldType": "free-text", "inputType": "number"}
    assert field_of(**number, units=["kg", "lb"]).units == ("kg", "lb")
    assert field_of(**number, units=[{"label": "BPM", "value": "bpm"}]).units == ("BPM",)
    assert field_of(**number, units={"_tag": "Some", "value": ["kg"]}).units == ("kg",)
    assert field_of(**number, units="kg").units == ()
    two = field_of(**number, units=["kg", "lb"])
    assert needs_unit(two, {"a": "5"})
    assert not needs_unit(two, {"a": ""})
    assert not needs_unit(two, {"a": "5", "a#unit": "kg"})


@pytest.mark.parametrize("times", [0, 1, 2])
def test_columns_as_objects_as_text_and_as_text_of_text(times: int) -> None:
    def wrapped(value: object) -> object:
        for _turn in range(times):
            value = json.dumps(value)
        return value

    form = event_form(
        {
            "id": "f",
            "name": "Visit",
            "language": "en-US",
            "is_editable": 0,
            "clinic_ids": wrapped(["c1"]),
            "form_fields": wrapped(
                [
                    {"id": "q", "name": "Fever", "fieldType": "options", "inputType": "radio",
                     "options": [{"id": "o1", "label": "Yes", "value": "Yes"}, "No"]},
                    "garbage",
                    None,
                ]
            ),
            "translations": wrapped(
                [
                    {"fieldId": "__form_name__", "name": {"es": "Visita"}},
                    {"fieldId": "__form_description__", "name": {"es": "Para todos"}},
                    {"fieldId": "q", "name": {"ar": "حمى"}, "description": {"ar": "اسأل"},
                     "options": {"o1": {"ar": "نعم"}, "No": {"ar": "لا"}}},
                    "garbage",
                ]
            ),
        }
    )  # fmt: skip
    fever, broken, gone = form.fields
    assert (form.id, form.editable, form.clinic_ids, form.language) == ("f", False, ("c1",), "en")
    assert translate(form.name, "es") == "Visita"
    assert translate(form.name, "ar") == "Visit"
    assert translate(form.description, "es") == "Para todos"
    assert translate(fever.label, "ar") == "حمى"
    assert translate(fever.description, "ar") == "اسأل"
    assert [option.value for option in fever.options] == ["Yes", "No"]
    assert [translate(option.label, "ar") for option in fever.options] == ["نعم", "لا"]
    assert [translate(option.label, "es") for option in fever.options] == ["Yes", "No"]
    assert broken.kind is gone.kind is Kind.UNKNOWN
    assert broken.raw == {"came": "garbage"}


@pytest.mark.parametrize("column", [None, "", "{", "[", 5, {}, {"a": 1}, "null", '"x"', True])
def test_fields_that_are_no_list_are_no_fields(column: object) -> None:
    assert event_form({"form_fields": column}).fields == ()
    assert registration_form({"fields": column}).fields == ()


def test_two_fields_of_one_id_are_two_fields() -> None:
    same = {"id": "a", "name": "A", "fieldType": "free-text", "inputType": "text"}
    form = event_form({"form_fields": [same, same, {**same, "id": "a#2"}]})
    assert len({field.id for field in form.fields}) == 3


@pytest.mark.parametrize(
    ("translations", "language", "text"),
    [
        ({"en": "E", "ar": "A"}, "ar", "A"),
        ({"en": "E", "ar": "A"}, "es", "E"),
        ({"en-US": "U", "ar": "A"}, "es", "U"),
        ({"ar": "A", "fr": "F"}, "es", "A"),
        ({"es": "S"}, "es-MX", "S"),
        ({}, "es", ""),
    ],
)
def test_translation_by_upstreams_rule(
    translations: dict[str, str], language: str, text: str
) -> None:
    assert translate(translations, language) == text


def registration(*fields: dict[str, object]) -> Form:
    return registration_form({"id": "r", "name": "R", "fields": json.dumps(fields)})


def test_registration_fields_are_sorted_and_the_hidden_ones_dropped() -> None:
    form = registration(
        {"id": "3", "position": 3, "column": "phone", "fieldType": "text"},
        {"id": "x", "column": "extra", "fieldType": "text", "label": "Extra"},
        {"id": "1", "position": 1, "column": "given_name", "fieldType": "text", "visible": True},
        {"id": "d", "position": 0, "column": "camp", "fieldType": "text", "deleted": True},
        {"id": "h", "position": 0, "column": "hometown", "fieldType": "text", "visible": False},
        {"id": "2", "position": 2, "column": "date_of_birth", "fieldType": "date"},
        {"id": "4", "position": "4", "column": "primary_clinic_id", "fieldType": "select"},
        {"id": "5", "position": 5, "column": "a%20b", "fieldType": "boolean", "baseField": False},
    )
    assert [(field.id, field.kind, field.base) for field in form.fields] == [
        ("1", Kind.TEXT, True),
        ("2", Kind.BIRTH, True),
        ("3", Kind.TEXT, True),
        ("4", Kind.CLINIC, True),
        ("5", Kind.YES_NO, False),
        ("x", Kind.TEXT, False),
    ]
    assert translate(form.fields[4].label, "es") == "a b"


def test_one_of_the_two_names_is_needed_whatever_the_form_requires() -> None:
    form = registration(
        {"id": "g", "position": 1, "column": "given_name", "fieldType": "text"},
        {"id": "s", "position": 2, "column": "surname", "fieldType": "text"},
        {"id": "x", "position": 3, "column": "sex", "fieldType": "text", "required": True},
    )
    assert [field.id for field in missing(form, {})] == ["g", "x"]
    assert [field.id for field in missing(form, {"s": "Haddad", "x": " "})] == ["x"]
    assert missing(form, {"g": "Amal", "x": "female"}) == []


def test_no_and_nought_count_as_given() -> None:
    form = event_form(
        {
            "form_fields": [
                {"id": "y", "fieldType": "binary", "required": True},
                {"id": "n", "fieldType": "free-text", "inputType": "number", "required": True},
                {"id": "d", "fieldType": "diagnosis", "required": True},
                {"id": "f", "fieldType": "file", "required": True},
                {"id": "t", "fieldType": "text", "content": "x", "required": True},
            ]
        }
    )
    assert missing(form, {"y": False, "n": "0", "d": [{"code": "0000", "desc": "flu"}]}) == []
    assert [field.id for field in missing(form, {"y": None, "n": " ", "d": []})] == ["y", "n", "d"]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("36.5", "36.5"),
        ("36,5", "36.5"),
        ("٣٦٫٥", "36.5"),
        ("۳۶", "36"),
        ("007.50", "007.50"),
        ("-3", "-3"),
        ("0,125", "0.125"),
        (" 5 ", "5"),
        ("1,250", None),
        ("1.2.3", None),
        ("5 kg", None),
        ("1e5", None),
        ("", None),
        ("nan", None),
        ("²", None),
        ("9" * 100_000, None),
    ],
)
def test_a_number_digit_for_digit(typed: str, number: str | None) -> None:
    assert number_text(typed) == number


def test_answers_that_are_wrong_say_why() -> None:
    number = field_of(fieldType="free-text", inputType="number")
    assert check(number, "36,5", TODAY) is None
    assert "not a number" in (check(number, "warm", TODAY) or "")
    assert "thousands" in (check(number, "1,250", TODAY) or "")
    assert "too many digits" in (check(number, "1234567890123456", TODAY) or "")
    assert check(number, "warm", TODAY, stored="warm") is None
    choice = field_of(fieldType="options", inputType="select", options=["x", "y"])
    assert check(choice, "x", TODAY) is None
    assert "choices" in (check(choice, "z", TODAY) or "")
    assert check(choice, "z", TODAY, stored="z") is None
    several = field_of(fieldType="options", inputType="select", options=["x", "y"], multi=True)
    assert check(several, ["x", "old"], TODAY, stored=["old"]) is None
    assert "choices" in (check(several, ["x", "new"], TODAY, stored=["old"]) or "")
    day = field_of(fieldType="date", inputType="date")
    assert check(day, "2026-12-24", TODAY) is None
    assert allows_future(day)
    assert "no day 31" in (check(day, "2026-02-31", TODAY) or "")
    assert "year-month-day" in (check(day, "31/1/2026", TODAY) or "")
    text = field_of(fieldType="free-text", inputType="text")
    assert check(text, "\x1b[31m[/x] 😀\n", TODAY) is None
    assert "cannot be stored" in (check(text, "a\0b", TODAY) or "")
    assert "cannot be stored" in (check(text, "\ud800", TODAY) or "")
    drug = field_of(fieldType="medicine")
    assert "cannot be stored" in (check(drug, [{"name": "a\0"}], TODAY) or "")


def test_the_columns_limits_are_held_at_entry() -> None:
    form = registration(
        {"id": "camp", "column": "camp", "fieldType": "text"},
        {"id": "gov", "column": "government_id", "fieldType": "text"},
        {"id": "sex", "column": "sex", "fieldType": "select", "options": [{"en": "x" * 25}]},
        {"id": "dob", "column": "date_of_birth", "fieldType": "date"},
        {"id": "since", "column": "since", "fieldType": "date"},
        {"id": "home", "column": "hometown", "fieldType": "text"},
    )
    by_id = {field.id: field for field in form.fields}
    assert check(by_id["camp"], "x" * 50, TODAY) is None
    assert "51 characters" in (check(by_id["camp"], "x" * 51, TODAY) or "")
    assert "at most 100" in (check(by_id["gov"], "1" * 101, TODAY) or "")
    assert "at most 24" in (check(by_id["sex"], "x" * 25, TODAY) or "")
    assert check(by_id["home"], "x" * 100_000, TODAY) is None
    assert check(by_id["dob"], "~1990-01-01", TODAY) is None
    assert check(by_id["dob"], "?", TODAY) is None
    assert "Nobody" in (check(by_id["dob"], "1890-01-01", TODAY) or "")
    assert "future" in (check(by_id["dob"], "2027-01-01", TODAY) or "")
    assert "future" in (check(by_id["since"], "2027-01-01", TODAY) or "")


def test_how_an_answer_reads() -> None:
    weight = field_of(fieldType="free-text", inputType="number", units=["kg"])
    assert answer_text(weight, "36.5", "en", TODAY) == "36.5 kg"
    assert answer_text(weight, "36.5", "en", TODAY, "lb") == "36.5 lb"
    day = field_of(fieldType="date")
    assert answer_text(day, "2026-04-03", "en", TODAY) == "3 Apr 2026, Fri"
    assert answer_text(field_of(fieldType="binary"), False, "en", TODAY) == "no"
    several = field_of(fieldType="options", inputType="select", multi=True,
                       options=[{"value": "x", "label": {"en": "Ex", "es": "Equis"}}])  # fmt: skip
    assert answer_text(several, ["x", "old"], "es", TODAY) == "Equis, old"
    drug = field_of(fieldType="medicine")
    entry = {"name": "Amoxicillin", "dose": 500, "doseUnits": "mg", "frequency": 3, "duration": 0}
    assert answer_text(drug, [entry], "en", TODAY) == "Amoxicillin 500 mg, 3 times a day"
    dx = field_of(fieldType="diagnosis")
    both = [{"code": "0000", "desc": "flu"}, {"code": "1A00", "desc": "Cholera"}]
    assert answer_text(dx, both, "en", TODAY) == "flu, Cholera (1A00)"
    assert answer_text(field_of(fieldType="file"), {"a": 1}, "en", TODAY) == '{"a": 1}'


@pytest.mark.parametrize("known", ["2024-01", "2024", "2024-01-31"])
def test_a_date_known_by_its_month_is_stored_and_shown_as_no_more_than_that(known: str) -> None:
    field = Field("d", Kind.DATE, "Onset", {"en": "Onset"}, field_type="date", input_type="date")
    form = Form("f", {"en": "F"}, (field,))
    assert check(field, known, date(2026, 11, 22)) is None
    data = event_data(form, {"d": known})
    answers, _rest = answers_of(form, data)
    assert answers["d"] == known
    shown = answer_text(field, answers["d"], "en", date(2026, 11, 22))
    assert shown == {"2024-01": "Jan 2024", "2024": "2024", "2024-01-31": "31 Jan 2024, Wed"}[known]
    in_registration = replace(field, column="onset")
    assert (check(in_registration, known, date(2026, 11, 22)) is None) == (len(known) == 10)
