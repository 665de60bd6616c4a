"""Forms and answers that nobody should have made: never an exception, and never a long wait."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from hikma_tui.forms import (
    Answers,
    answer_text,
    answers_of,
    check,
    event_data,
    event_form,
    missing,
    same,
    shown,
    summary,
)
from hikma_tui.forms.json import as_json

TODAY = date(2026, 11, 22)
MANY = 10_000
SECONDS = 3.0  # ten times what it takes here; a square of MANY takes minutes


def timed(what: Callable[[], Any]) -> Any:
    started = time.process_time()
    done = what()
    assert time.process_time() - started < SECONDS
    return done


def many(same_id: bool, **raw: object) -> list[dict[str, object]]:
    return [
        {"id": "a" if same_id else f"q{n}", "name": "Pulse" if same_id else f"Question {n}",
         "fieldType": "free-text", "inputType": "number", "units": ["kg", "lb"], **raw}
        for n in range(MANY)
    ]  # fmt: skip


@pytest.mark.parametrize("same_id", [False, True])
def test_ten_thousand_questions(same_id: bool) -> None:
    form = timed(lambda: event_form({"form_fields": many(same_id)}))
    assert len(form.fields) == MANY
    answers: Answers = {field.id: str(n) for n, field in enumerate(form.fields)}
    data = timed(lambda: event_data(form, answers))
    read, left = timed(lambda: answers_of(form, data))
    assert (read, left) == (answers, [])
    after = timed(lambda: event_data(form, {**read, form.fields[-1].id: "x"}, data))
    assert after[:-1] == data[:-1]
    assert after[-1]["value"] == "x"
    assert timed(lambda: missing(form, answers)) == []
    assert len(timed(lambda: shown(form, data, "en", TODAY))) == MANY
    assert timed(lambda: summary(data))


def test_ten_thousand_choices_of_which_all_are_chosen() -> None:
    values = [f"value {n}; and more" for n in range(MANY)]
    raw = {"id": "a", "fieldType": "options", "inputType": "select", "multi": True}
    form = timed(lambda: event_form({"form_fields": [{**raw, "options": values}]}))
    data = event_data(form, {"a": values})
    read, _left = timed(lambda: answers_of(form, data))
    assert read["a"] == values
    field = form.fields[0]
    assert timed(lambda: check(field, values, TODAY)) is None
    assert timed(lambda: check(field, [*values, "new"], TODAY, [*values, "old"]))
    assert timed(lambda: answer_text(field, values, "en", TODAY))


def test_an_option_full_of_the_mark_between_answers() -> None:
    raw = {"id": "a", "fieldType": "options", "inputType": "select", "multi": True}
    form = event_form({"form_fields": [{**raw, "options": ["; " * 50_000, "x"]}]})
    read, _left = timed(lambda: answers_of(form, [{"fieldId": "a", "value": "x; " * 50_000 + "x"}]))
    assert read["a"] == ["x"] * 50_001


def test_labels_of_a_megabyte() -> None:
    long = "ل" * 1_000_000
    raw = {"id": long, "name": long, "fieldType": long, "options": [long], "units": [long]}
    form = timed(lambda: event_form({"name": long, "form_fields": [raw, long, {**raw, "id": "b"}]}))
    assert len(form.fields) == 3
    assert form.fields[0].name == long
    assert all(len(sentence) < 400 for sentence in form.trouble)
    assert any("…" in sentence for sentence in form.trouble)


def nested(depth: int) -> object:
    inner: object = "x"
    for turn in range(depth):
        inner = [inner] if turn % 2 else {"fields": inner, "value": 1}
    return inner


@pytest.mark.parametrize("depth", [100, 900, 50_000])
def test_nesting_without_end(depth: int) -> None:
    deep, twin = nested(depth), nested(depth)
    fields = [
        {"id": "m", "fieldType": "medicine", "options": deep, "fields": deep, "units": deep},
        {"id": "t", "fieldType": "free-text", "inputType": "text", "name": deep, "length": deep},
        {"id": "g", "fieldType": "input-group", "fields": deep, "multi": deep},
        {"id": "o", "fieldType": "options", "inputType": "select", "options": ["a", deep]},
        deep,
    ]
    form = timed(lambda: event_form({"form_fields": fields, "translations": deep}))
    data = [
        {"fieldId": key, "value": nested(depth), "unit": deep, "name": deep}
        for key in ("m", "t", "g", "o", "gone")
    ]
    answers, _left = answers_of(form, data)
    again = event_data(form, answers, data)
    assert [item["fieldId"] for item in again] == ["m", "t", "g", "o", "gone"]
    for field in form.fields:
        check(field, answers.get(field.id), TODAY)
        answer_text(field, answers.get(field.id), "en", TODAY)
    assert same(deep, twin)
    assert not same(deep, nested(depth + 1))
    assert len(shown(form, data, "en", TODAY)) == 5
    summary(data)


def test_a_form_that_holds_itself() -> None:
    raw: dict[str, Any] = {"id": "a", "name": "A", "fieldType": "medicine"}
    raw["fields"] = raw["options"] = raw["units"] = [raw]
    raw["route"] = raw
    form = timed(lambda: event_form({"form_fields": [raw]}))
    assert form.fields[0].id == "a"
    assert as_json(raw).startswith("(")


def test_trouble_names_what_it_means_and_counts_the_rest() -> None:
    fields: list[object] = [
        {"id": f"h{n}", "name": f"Hologram {n}", "fieldType": "hologram"} for n in range(5)
    ]
    form = event_form({"form_fields": [*fields, None, "x"]})
    assert form.trouble == (
        "2 questions of this form could not be read.",
        "Can't be answered here, only seen: Hologram 0, Hologram 1, Hologram 2 and 2 more.",
    )
    assert event_form({"form_fields": [None]}).trouble == (
        "1 question of this form could not be read.",
    )
    assert event_form({"id": "only its name is wanted", "name": "N"}).trouble == ()


def test_same_is_as_json() -> None:
    nan = float("nan")
    assert same({"a": [1, nan], "b": None}, {"b": None, "a": [1, nan]})
    for one, other in ((1, 1.0), (1, True), ("1", 1), (0, False), ("", None), ([], {}), ([1], [])):
        assert not same(one, other)
    assert not same({"a": 1}, {"b": 1})
