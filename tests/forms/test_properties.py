"""Random forms, random answers, random things that others stored: an edit changes one answer."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui.forms import (
    Answers,
    Field,
    Kind,
    answers_of,
    check,
    event_data,
    event_form,
    json_number,
    missing,
    same,
    shown,
    unit_key,
)
from tests.forms.filling import asked, differing, through_json, told

TODAY = date(2026, 11, 22)
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
NAMES = st.sampled_from(["Pulse", "Fever", "diagnosis", "medicine", "النبض", "", "Notes"]) | WORDS
IDS = st.sampled_from(["a", "b", "c", "a#2", 7]) | WORDS
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)


def wrapped(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """As it is, or as an Effect Option."""
    return inner | inner.map(lambda value: {"_tag": "Some", "value": value})


LABELLED = st.fixed_dictionaries(
    {"label": WORDS, "value": WORDS | st.integers(0, 9)},
    optional={"id": IDS, "__isNew__": st.just(True)},
)
OPTIONS = wrapped(st.lists(WORDS | st.integers(0, 9) | LABELLED, max_size=5))
UNITS = wrapped(st.lists(st.sampled_from(["kg", "lb", "°C"]) | LABELLED, max_size=3))
PARTS = st.lists(WORDS, max_size=3)
SHAPES = st.sampled_from(
    [
        ("free-text", "text"), ("free-text", "textarea"), ("free-text", "number"),
        ("free-text", "email"), ("free-text", "number"), ("options", "select"),
        ("options", "radio"), ("options", "checkbox"), ("options", "dropdown"), ("binary", "radio"),
        ("date", "date"), ("medicine", "input-group"), ("diagnosis", "select"), ("file", "file"),
        ("text", None), ("separator", None), ("dosage", "number"), ("custom", "text"),
        ("input-group", "input-group"), ("hologram", "text"), (None, "number"), ("number", None),
    ]
)  # fmt: skip


@st.composite
def raw_fields(draw: st.DrawFn) -> dict[str, Any]:
    field_type, input_type = draw(SHAPES)
    raw: dict[str, Any] = {"id": draw(IDS), "name": draw(NAMES)}
    for key, value in (("fieldType", field_type), ("inputType", input_type)):
        if value is not None:
            raw[key] = value
    return raw | draw(
        st.fixed_dictionaries(
            {},
            optional={
                "options": OPTIONS,
                "units": UNITS,
                "multi": wrapped(st.booleans()),
                "required": st.booleans(),
                "length": wrapped(st.sampled_from(["short", "long"])),
                "fields": st.fixed_dictionaries({}, optional={"route": PARTS, "doseUnits": PARTS}),
                "content": WORDS,
            },
        )
    )


def answers_for(field: Field) -> st.SearchStrategy[Any]:
    """What a person may give to a field of that kind."""
    values = st.sampled_from([option.value for option in field.options] or [""])
    entry = st.fixed_dictionaries({"code": st.just("0000"), "desc": WORDS})
    drug = st.fixed_dictionaries(
        {"id": WORDS, "name": WORDS, "dose": st.integers() | WORDS}, optional={"own": JSON}
    )
    return {
        Kind.NUMBER: st.from_regex(r"-?[0-9]{1,5}(\.[0-9]{1,2})?", fullmatch=True),
        Kind.DATE: st.dates(date(1900, 1, 1), date(2100, 1, 1)).map(date.isoformat),
        Kind.SELECT: values,
        Kind.RADIO: values,
        Kind.MULTISELECT: st.lists(values, unique=True, max_size=3),
        Kind.CHECKBOX: st.booleans(),
        Kind.YES_NO: st.booleans() | st.just(""),
        Kind.DIAGNOSIS: st.lists(entry, max_size=3),
        Kind.MEDICINE: st.lists(drug, max_size=3),
    }.get(field.kind, WORDS)


def drawn_answers(data: st.DataObject, fields: list[Field]) -> Answers:
    answers: Answers = {}
    for field in fields:
        if data.draw(st.booleans()):
            answers[field.id] = data.draw(answers_for(field))
            if field.kind is Kind.NUMBER and field.units:
                answers[unit_key(field)] = data.draw(st.sampled_from(field.units))
    return answers


STRANGE = st.fixed_dictionaries(
    {}, optional={"fieldId": IDS, "name": NAMES, "value": JSON, "fieldType": NAMES, "odd": JSON}
)


@settings(max_examples=150)
@given(st.lists(raw_fields(), min_size=1, max_size=8), st.data())
def test_one_changed_answer_changes_its_item_alone(
    fields: list[dict[str, Any]], data: st.DataObject
) -> None:
    form = event_form({"id": "f", "form_fields": json.dumps(fields)})
    stored = through_json(event_data(form, drawn_answers(data, asked(form))))
    # Others were here: items of theirs among ours, keys of theirs in ours, some of ours gone.
    for item in data.draw(st.lists(STRANGE, max_size=3)):
        stored.insert(data.draw(st.integers(0, len(stored))), dict(item))
    for item in stored:
        if data.draw(st.integers(0, 3)) == 0:
            item["theirs"] = data.draw(JSON)
    stored = [item for item in stored if data.draw(st.integers(0, 5))]
    before = told(stored)

    first, _left = answers_of(form, stored)
    assert told(event_data(form, first, stored)) == before
    second, _left = answers_of(form, through_json(stored))
    assert told(second) == told(first)
    assert told(event_data(form, second, stored)) == before
    missing(form, second)
    shown(form, stored, "ar", TODAY)

    if not asked(form):
        return
    field = data.draw(st.sampled_from(asked(form)))
    answer = data.draw(answers_for(field))
    check(field, answer, TODAY, second.get(field.id))
    after = event_data(form, {**second, field.id: answer}, through_json(stored))
    assert told(stored) == before  # what was given is never written into
    places = differing(stored, after)
    if field.id not in second:
        assert told(after[: len(stored)]) == before
        return
    assert len(after) == len(stored)
    assert len(places) <= 1
    if same(answer, second[field.id]):
        assert places == []
    for place in places:
        old, new = stored[place], after[place]
        ours = {"fieldId", "fieldType", "inputType", "name", "value", "unit", "units"}
        assert told({k: v for k, v in new.items() if k not in ours}) == told(
            {k: v for k, v in old.items() if k not in ours}
        )
        assert str(new["fieldId"]) == str(field.raw.get("id") or field.id)


@settings(max_examples=150)
@given(st.lists(raw_fields(), min_size=1, max_size=8), st.data())
def test_what_was_answered_is_read_and_seen_whatever_became_of_the_form(
    fields: list[dict[str, Any]], data: st.DataObject
) -> None:
    form = event_form({"id": "f", "form_fields": fields})
    answers = drawn_answers(data, asked(form))
    stored = through_json(event_data(form, answers))
    read, left = answers_of(form, stored)
    assert left == []
    for field in asked(form):
        given_one = answers.get(field.id)
        if given_one in (None, "", [], False) or field.kind is Kind.MULTISELECT:
            continue  # of several, "a; b" may be one value or two: upstream's way of storing
        assert told(read[field.id]) == told(given_one)
    # the administrators change the form: fields go, come, and become another's
    other = event_form({"form_fields": data.draw(st.permutations(fields))[1:]})
    changed = event_form(
        {"form_fields": [{**raw, "fieldType": data.draw(SHAPES)[0]} for raw in fields]}
    )
    for now in (other, changed, None):
        said = "\n".join(line.text for line in shown(now, stored, "en", TODAY))
        for item in stored:
            value = item["value"]
            if item["fieldType"] == "free-text" and isinstance(value, str) and value.strip():
                assert value in said
        if now is not None:
            kept = event_data(now, answers_of(now, stored)[0], stored)
            assert told(kept) == told(stored)


@given(st.from_regex(r"[0-9]{1,9}(\.[0-9]{1,4})?", fullmatch=True) | WORDS)
def test_an_amount_becomes_a_number_only_when_no_digit_is_changed(typed: str) -> None:
    stored = json_number(typed)
    if isinstance(stored, str):
        assert stored == typed.strip() or stored.lstrip("-+").replace(".", "").isdigit()
    else:
        assert json.dumps(stored) in (typed.strip(), typed.strip().lstrip("+")) or any(
            not char.isascii() for char in typed
        )
