"""Forms in a real store: recorded, corrected, shown; who may change them, and where."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import forms
from hikma_tui.clinic import info, patients, records, setup, visits
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import Invalid, NotAllowed
from hikma_tui.clinic.permissions import Flag
from hikma_tui.models import Event, connection, dicts, live
from hikma_tui.store import Store
from tests.forms.filling import CORPUS, answer_to, asked, differing, filled, load

FLAGS = (Flag.EDIT_RECORDS, Flag.EDIT_OTHER_PROVIDER_EVENT, Flag.VIEW_HISTORY)


class Place:
    """A clinic with one patient."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.admin: Actor = store.write(setup.create_clinic, "A", "Nora").result()
        self.patient = self.write(
            patients.register, self.admin,
            {"given_name": "Mona", "primary_clinic_id": self.admin.clinic_id},
        )  # fmt: skip
        self.today: date = store.read(info.today).result()

    def write(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        return self.store.write(function, *arguments, **named).result()

    def form(self, fields: Any, **row: Any) -> str:
        row = {"name": "Form", "form_fields": fields, **row}
        return str(self.write(records.create, self.admin, "event_forms", row))

    def parsed(self, form_id: str) -> forms.Form:
        row = self.store.read(visits.event_form, form_id).result()
        assert row is not None
        return forms.event_form(row)

    def event(self, event_id: str) -> dict[str, Any]:
        model = live(Event)
        return dict(
            self.store.read(lambda: dicts(model.select().where(model.id == event_id))).result()[0]
        )

    def colleague(self, *flags: Flag) -> Actor:
        row = {"name": "Sami", "role": "provider", "clinic_id": self.admin.clinic_id}
        user_id = self.write(records.create, self.admin, "users", row)
        rights = {"user_id": user_id, "clinic_id": self.admin.clinic_id}
        rights |= {flag.value: True for flag in flags}
        self.write(records.create, self.admin, "user_clinic_permissions", rights)
        actor: Actor = self.store.read(actor_named, user_id).result()
        return actor


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    store = Store.create(tmp_path / "store")
    yield Place(store)
    store.close()


def case_named(name: str) -> dict[str, Any]:
    return next(load(path) for path in CORPUS if path.stem == name)


@pytest.mark.parametrize(
    "name", ["sixty", "arabic", "several_entries", "reserved_names", "units", "choices", "binary"]
)
def test_recorded_and_corrected_answer_by_answer(place: Place, name: str) -> None:
    case = case_named(name)
    form_id = place.form(case["form"]["form_fields"])
    form = place.parsed(form_id)
    made = place.write(
        visits.record, place.admin, place.patient, form_id, place.today, filled(form)
    )
    stored = place.event(made.event_id)
    changed_in_all = 0
    for turn, field in enumerate(asked(form), start=1):
        before = place.event(made.event_id)
        first = place.store.read(visits.answers_in, form, before["form_data"]).result()
        answers = {**first, field.id: answer_to(field, turn)}
        changed = place.write(visits.edit, place.admin, made.event_id, answers, first=first)
        after = place.event(made.event_id)
        places = differing(before["form_data"], after["form_data"])
        assert len(places) == (1 if changed else 0), field.id
        if changed:
            changed_in_all += 1
            assert after["form_data"][places[0]]["fieldId"] == field.raw["id"]
    assert changed_in_all > len(asked(form)) / 3
    now = place.event(made.event_id)
    for column in set(stored) - {"form_data", "updated_at", "change_seq"}:
        assert now[column] == stored[column], column


def test_a_colleagues_correction_keeps_who_recorded_it_and_what_others_keep_there(
    place: Place,
) -> None:
    form_id = place.form([{"id": "a", "name": "A", "fieldType": "free-text", "inputType": "text"}])
    visit = place.write(visits.create_visit, place.admin, {"patient_id": place.patient})
    item = {"fieldId": "a", "fieldType": "free-text", "inputType": "text", "name": "A"}
    event_id = place.write(
        visits.create_event, place.admin,
        {"patient_id": place.patient, "visit_id": visit, "form_id": form_id,
         "form_data": [{**item, "value": "one", "theirs": {"k": 1.0}}, {"odd": [None, 1.5]}],
         "metadata": {"theirs": ["kept"]}},
    )  # fmt: skip
    sami = place.colleague(*FLAGS)
    assert place.write(visits.edit, sami, event_id, {"a": "two"}, first={"a": "one"})
    row = place.event(event_id)
    assert row["recorded_by_user_id"] == place.admin.user_id
    assert row["metadata"]["providerName"] == "Nora"
    assert row["metadata"]["theirs"] == ["kept"]
    assert row["form_data"] == [
        {**item, "value": "two", "theirs": {"k": 1.0}}, {"odd": [None, 1.5]}
    ]  # fmt: skip
    # and a correction of an old visit adds its reason to what is there
    yesterday = place.today - timedelta(days=1)
    made = place.write(visits.record, place.admin, place.patient, form_id, yesterday, {"a": "old"})
    place.write(visits.edit, sami, made.event_id, {"a": "new"}, "misread")
    row = place.event(made.event_id)
    assert (row["metadata"]["providerName"], row["recorded_by_user_id"]) == (
        "Nora", place.admin.user_id,
    )  # fmt: skip
    assert [note["byName"] for note in row["metadata"]["corrections"]] == ["Sami"]


def test_answers_that_are_no_list_outlive_an_edit(place: Place) -> None:
    form_id = place.form([{"id": "a", "name": "A", "fieldType": "free-text", "inputType": "text"}])
    made = place.write(
        visits.record, place.admin, place.patient, form_id, place.today, {"a": "one"}
    )
    strange = {"fieldId": "gone", "name": "Gone", "value": "kept"}
    place.store.on_writer(
        lambda: connection().execute(
            "UPDATE events SET form_data = ? WHERE id = ?", (json.dumps(strange), made.event_id)
        )
    ).result()
    assert place.write(visits.edit, place.admin, made.event_id, {"a": "two"})
    data = place.event(made.event_id)["form_data"]
    assert data[0] == strange
    assert (data[1]["fieldId"], data[1]["value"]) == ("a", "two")


def test_a_form_that_changed_in_between_takes_an_edit_of_what_it_still_asks(place: Place) -> None:
    old: list[dict[str, Any]] = [
        {"id": "a", "name": "BP", "fieldType": "free-text", "inputType": "text"},
        {"id": "b", "name": "Gone", "fieldType": "options", "inputType": "radio", "options": ["x"]},
        {"id": "c", "name": "Stays", "fieldType": "free-text", "inputType": "text"},
    ]
    form_id = place.form(old)
    given = {"a": "120/80", "b": "x", "c": "one"}
    made = place.write(visits.record, place.admin, place.patient, form_id, place.today, given)
    before = place.event(made.event_id)["form_data"]
    now = [
        {**old[0], "name": "Blood pressure", "fieldType": "binary"},
        old[2],
        {**old[2], "id": "d"},
    ]
    place.write(records.update, place.admin, "event_forms", {"id": form_id, "form_fields": now})
    form = place.parsed(form_id)
    first = place.store.read(visits.answers_in, form, before).result()
    assert not place.write(visits.edit, place.admin, made.event_id, first, first=first)
    assert place.write(visits.edit, place.admin, made.event_id, {**first, "c": "two"}, first=first)
    after = place.event(made.event_id)["form_data"]
    assert differing(before, after) == [2]
    lines = [(line.label, line.text) for line in forms.shown(form, after, "en", place.today)]
    assert lines == [("BP", "120/80"), ("Stays", "two"), ("Gone", "x")]


def test_answers_to_a_form_that_is_not_editable_stay(place: Place) -> None:
    fields = [{"id": "a", "name": "A", "fieldType": "free-text", "inputType": "text"}]
    for editable, allowed in ((False, False), (0, False), (True, True), (None, True)):
        form_id = place.form(fields, is_editable=editable)
        made = place.write(
            visits.record, place.admin, place.patient, form_id, place.today, {"a": "one"}
        )
        event = place.event(made.event_id)
        assert bool(place.store.read(visits.may_edit, place.admin, event).result()) != allowed
        if allowed:
            assert place.write(visits.edit, place.admin, made.event_id, {"a": "two"})
        else:
            with pytest.raises(NotAllowed, match="can't be changed"):
                place.write(visits.edit, place.admin, made.event_id, {"a": "two"})
        stored = place.event(made.event_id)["form_data"][0]["value"]
        assert stored == ("two" if allowed else "one")


def test_a_form_limited_to_clinics_is_offered_there_only(place: Place) -> None:
    other = place.write(records.create, place.admin, "clinics", {"name": "B"})
    mine = place.admin.clinic_id
    limits = {"all": [], "null": None, "here": [mine], "both": [other, mine], "there": [other],
              "text": json.dumps(json.dumps([other]))}  # fmt: skip
    for name, clinic_ids in limits.items():
        place.form([], name=name, clinic_ids=clinic_ids)
    offered = {
        row["name"] for row in place.store.read(visits.event_forms, place.admin).result()
    } & set(limits)
    assert offered == {"all", "null", "here", "both"}


def test_a_hostile_form_stops_only_what_can_not_be_answered(place: Place) -> None:
    case = case_named("wrong_types")
    form_id = place.form([*case["form"]["form_fields"], {"id": "q", "fieldType": "binary",
                          "name": "Needed", "required": True}])  # fmt: skip
    form = place.parsed(form_id)
    assert form.trouble
    with pytest.raises(Invalid, match="Needed"):
        place.write(visits.record, place.admin, place.patient, form_id, place.today, {"z2": "x"})
    made = place.write(
        visits.record, place.admin, place.patient, form_id, place.today, {"z2": "x", "q": False}
    )
    data = place.event(made.event_id)["form_data"]
    answers, left = forms.answers_of(form, data)
    assert (answers["z2"], answers["q"], left) == ("x", False, [])
