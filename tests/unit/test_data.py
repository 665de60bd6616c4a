"""The forms of a fresh clinic: complete in three languages, and in upstream's shapes."""

from __future__ import annotations

from datetime import date

import pytest

from hikma_tui.data import default_departments, default_event_forms, default_registration_form
from hikma_tui.forms import (
    Field,
    Form,
    Kind,
    answers_of,
    check,
    event_data,
    event_form,
    missing,
    registration_form,
    translate,
)
from hikma_tui.forms.json import json_of, list_of

EVENT_FORMS = [event_form(row) for row in default_event_forms()]
REGISTRATION = registration_form(default_registration_form())
NAMES = ["Consultation", "Chronic disease follow-up", "Antenatal visit", "Child visit"]
RESERVED = {"diagnosis", "medicine", "medications"}  # upstream drops what is called so


FIRST_IDS = [
    "3Gf9CRdqQA7I7Gx3W7Uas",
    "JDHOTTviJ7ass23sERsSp",
    "I7g4Asa1ZFxk_OERyAsKR",
    "qw4xfqO0FoQz51FLq3teG",
]


def by_form(form: Form) -> str:
    return translate(form.name, "en")


def test_there_are_four_forms_without_ids() -> None:
    assert [by_form(form) for form in EVENT_FORMS] == NAMES
    assert not any("id" in row for row in default_event_forms())
    assert "id" not in default_registration_form()


@pytest.mark.parametrize("form", EVENT_FORMS, ids=by_form)
def test_every_text_is_there_in_three_languages(form: Form) -> None:
    shown = [form.name, form.description]
    for field in form.fields:
        if field.kind is Kind.SEPARATOR:
            continue
        shown += [field.label, *(option.label for option in field.options)]
        shown += [texts for texts in (field.description, field.content) if texts]
    for texts in shown:
        assert {"en", "es", "ar"} <= set(texts), texts
        assert any("\u0600" <= char <= "\u06ff" or char.isdigit() for char in texts["ar"]), texts


@pytest.mark.parametrize("form", EVENT_FORMS, ids=by_form)
def test_a_form_asks_ten_to_eighteen_things_that_all_can_be_shown(form: Form) -> None:
    asked = [field for field in form.fields if field.asks]
    assert 10 <= len(asked) <= 18
    assert not [field for field in form.fields if field.kind is Kind.UNKNOWN]
    names = [field.name for field in asked]
    assert len(set(names)) == len(names)
    assert not RESERVED & {name.lower() for name in names}
    ids = [field.id for field in form.fields]
    assert len(set(ids)) == len(ids)
    assert all(len(field_id) == 21 for field_id in ids)
    assert {"Danger signs", "Referred", "Referred to", "Next visit", "Medicines"} <= set(names)
    assert [field.kind for field in asked if field.name == "Medicines"] == [Kind.MEDICINE]


def test_field_ids_never_change() -> None:
    first = [form.fields[0].id for form in EVENT_FORMS]
    assert first == FIRST_IDS


def sample(field: Field) -> object:
    """Some answer to a field."""
    many = [option.value for option in field.options]
    return {
        Kind.NUMBER: "7",
        Kind.DATE: "2026-11-01",
        Kind.MULTISELECT: many,
        Kind.RADIO: many[0] if many else "",
        Kind.SELECT: many[-1] if many else "",
        Kind.DIAGNOSIS: [{"code": "0000", "desc": "flu"}],
        Kind.MEDICINE: [{"id": "1", "name": "ORS"}],
    }.get(field.kind, "text")


@pytest.mark.parametrize("form", EVENT_FORMS, ids=by_form)
def test_a_filled_form_reads_back(form: Form) -> None:
    answers = {field.id: sample(field) for field in form.fields if field.asks}
    today = date(2026, 11, 22)
    for field in form.fields:
        assert check(field, answers.get(field.id), today) is None
    assert missing(form, answers) == []
    read, left = answers_of(form, event_data(form, answers))
    assert left == []
    assert {key: value for key, value in read.items() if "#" not in key} == answers


def test_the_registration_form_is_the_servers() -> None:
    assert [(field.position, field.column) for field in REGISTRATION.fields] == list(
        enumerate(
            ["given_name", "surname", "date_of_birth", "sex", "citizenship", "hometown", "phone",
             "camp", "government_id", "external_patient_id", "primary_clinic_id"],
            start=1,
        )
    )  # fmt: skip
    assert all(field.base for field in REGISTRATION.fields)
    assert [field.column for field in REGISTRATION.fields if field.required] == ["sex"]
    assert [field.column for field in missing(REGISTRATION, {})] == ["given_name", "sex"]
    sex = REGISTRATION.fields[3]
    assert sex.id == "4b9190de-6eeb-11ee-b962-0242ac120002"
    assert [translate(option.label, "ar") for option in sex.options] == ["ذكر", "أنثى", "غير معروف"]
    assert [field.column for field in REGISTRATION.fields if field.search] == [
        "date_of_birth",
        "sex",
    ]
    for field in REGISTRATION.fields:
        assert {"en", "es", "ar"} <= set(field.label)


def test_three_departments() -> None:
    assert [row["name"] for row in default_departments()] == [
        "Reception",
        "Consultation",
        "Pharmacy",
    ]
    assert [row["can_dispense_medications"] for row in default_departments()] == [
        False,
        False,
        True,
    ]


def test_each_reading_is_a_copy_of_its_own() -> None:
    default_registration_form()["name"] = "changed"
    assert default_registration_form()["name"] == "Patient Registration Form"
    assert list_of(json_of(default_registration_form()["fields"]))
