"""Each form of this folder: read, shown, filled, saved, read again, and changed answer by answer.

A case holds a row of ``event_forms`` as it may come, what its fields must be read as, and events
that others stored for it with every line that a reader must see. ``…`` at the end of a line stands
for wording that belongs to the medicines.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.forms import (
    Kind,
    answers_of,
    check,
    event_data,
    event_form,
    is_empty,
    missing,
    shown,
    translate,
    unit_key,
)
from hikma_tui.forms.data import items_of
from tests.forms.filling import (
    CORPUS,
    answer_to,
    asked,
    differing,
    filled,
    load,
    through_json,
    told,
)

TODAY = date(2026, 11, 22)


@pytest.fixture(params=CORPUS, ids=lambda path: path.stem)
def case(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    return load(path)


def test_the_corpus_is_there() -> None:
    assert len(CORPUS) >= 35
    assert max(len(load(path)["kinds"]) for path in CORPUS) == 60


def test_its_fields_are_read_as_what_they_are(case: dict[str, Any]) -> None:
    form = event_form(case["form"])
    assert [[field.id, str(field.kind)] for field in form.fields] == case["kinds"]
    assert list(form.trouble) == case["trouble"]
    for field_id, expected in case.get("medicine", {}).items():
        field = next(field for field in form.fields if field.id == field_id)
        offered = {
            "options": [option.value for option in field.options],
            "routes": list(field.medicine.routes),
            "forms": list(field.medicine.forms),
            "dose_units": list(field.medicine.dose_units),
            "duration_units": list(field.medicine.duration_units),
        }
        assert offered == expected


def test_its_texts_are_in_the_users_language(case: dict[str, Any]) -> None:
    form, language = event_form(case["form"]), case["language"]
    if "texts" not in case:
        return
    expected = case["texts"]
    assert [translate(form.name, language), translate(form.description, language)] == (
        expected["form"]
    )
    for field, texts in zip(form.fields, expected["fields"], strict=True):
        labels = [option.label for option in field.options]
        said = [field.label, field.description, field.content, *labels]
        assert [translate(text, language) for text in said] == texts


def test_every_answer_that_others_stored_is_seen(case: dict[str, Any]) -> None:
    form = event_form(case["form"])
    for event in case["events"]:
        lines = shown(form, event["form_data"], case["language"], TODAY)
        assert len(lines) == len(event["shown"])
        for line, (label, text) in zip(lines, event["shown"], strict=True):
            assert line.label == label
            assert fits(line.text, text), (line.text, text)
        # and when the form is gone, all of it can be read still
        bare = shown(None, event["form_data"], case["language"], TODAY)
        assert len(bare) >= len(lines)


def fits(text: str, expected: str) -> bool:
    pairs = list(zip(text.split("\n"), expected.split("\n"), strict=True))
    return all(
        line.startswith(wanted[:-1]) if wanted.endswith("…") else line == wanted
        for line, wanted in pairs
    )


def test_opening_and_saving_changes_nothing_that_others_stored(case: dict[str, Any]) -> None:
    form = event_form(case["form"])
    for event in case["events"]:
        answers, _left = answers_of(form, event["form_data"])
        if event["form_data"] is not None:
            again = event_data(form, answers, event["form_data"])
            assert told(again) == told(items_of(event["form_data"]))


def test_one_changed_answer_changes_one_item_of_what_others_stored(case: dict[str, Any]) -> None:
    form = event_form(case["form"])
    for event in case["events"]:
        before = items_of(event["form_data"])
        answers, _left = answers_of(form, event["form_data"])
        for field in asked(form):
            other = {**answers, field.id: answer_to(field, 91)}
            after = event_data(form, other, before)
            places = differing(before, after)
            if field.id in answers:
                assert len(places) <= 1, field.id
                assert len(after) == len(before)
                for place in places:
                    kept = {k: v for k, v in before[place].items() if k not in WRITTEN}
                    assert kept.items() <= after[place].items()
            else:
                # Nothing was stored for it: items are added (two where two fields share an id).
                assert all(place >= len(before) for place in places)
                given = [item for item in after[len(before) :] if not is_empty(item["value"])]
                assert len(given) <= 1


WRITTEN = {"fieldId", "fieldType", "inputType", "name", "value", "unit", "units"}


def test_filled_saved_read_and_changed_answer_by_answer(case: dict[str, Any]) -> None:
    form = event_form(case["form"])
    answers = filled(form)
    assert missing(form, answers) == []
    assert [check(field, answers[field.id], TODAY) for field in asked(form)] == [None] * len(
        asked(form)
    )
    data = through_json(event_data(form, answers))
    read, left = answers_of(form, data)
    assert left == []
    for field in asked(form):
        assert read[field.id] == answers[field.id], field.id
        assert read.get(unit_key(field), "") == (field.units[-1] if field.units else "")
    assert told(event_data(form, read, data)) == told(data)
    for turn, field in enumerate(asked(form), start=1):
        after = event_data(form, {**read, field.id: answer_to(field, turn)}, data)
        places = differing(data, after)
        if told(answer_to(field, turn)) == told(read[field.id]):
            assert places == []
        else:
            assert len(places) == 1, field.id
            changed, was = after[places[0]], data[places[0]]
            assert {k for k in changed if told(changed[k]) != told(was.get(k))} == {"value"}
            # an open tick is upstream's "", as one that was never touched
            wanted = answer_to(field, turn) or ("" if field.kind is Kind.CHECKBOX else False)
            assert answers_of(form, after)[0][field.id] == wanted
        if after != data:
            data, read = after, answers_of(form, after)[0]


def test_a_new_item_is_upstreams() -> None:
    """Key by key, and in the reference app's order (features.md 2.3)."""
    path = next(path for path in CORPUS if path.stem == "documented")
    case = load(path)
    form, stored = event_form(case["form"]), case["events"][0]["form_data"]
    answers, _left = answers_of(form, stored)
    data = event_data(form, answers)
    bare = [{k: v for k, v in item.items() if k != "unit"} for item in data]
    day = {"2026-01-31T12:00:00.000Z": "2026-01-31T10:00:00.000Z"}  # ours is noon
    bare = [{**item, "value": day.get(str(item["value"]), item["value"])} for item in bare]
    wanted = [item for item in stored if item["fieldType"] not in ("medicine", "diagnosis")]
    wanted += [item for item in stored if item not in wanted]
    assert told(bare) == told(wanted)
    assert list(bare[0]) == (["fieldId", "fieldType", "inputType", "name", "value"])
    assert json.loads(json.dumps(data)) == data
