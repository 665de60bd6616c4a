"""Addenda and corrections: what stood before, who changed it, when and why (decisions.md 18)."""

from __future__ import annotations

from pathlib import Path

import pytest

from hikma_tui.clinic import addenda, moving_notes, visits
from hikma_tui.clinic.errors import Invalid, NotAllowed
from hikma_tui.models import connection
from tests.unit.test_moving import DAYS, Place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path / "store")


def test_a_correction_keeps_what_stood_there(place: Place) -> None:
    made = place.note(place.patients[0], DAYS[0], "headache")
    field = place.form.fields[0]
    place.write(visits.edit, made.event_id, {field.id: "backache"}, "typed wrongly")
    row = place.one("events", made.event_id)
    (note,) = addenda.of(row["metadata"])
    assert note.correction
    assert (note.by, note.text) == ("Nora", "typed wrongly")
    assert [item["value"] for item in note.before] == ["headache"]
    assert row["form_data"][0]["value"] == "backache"


def test_an_addendum_changes_no_answer_of_a_form_that_is_not_editable(place: Place) -> None:
    made = place.note(place.patients[0], DAYS[0], "headache")
    before = place.one("events", made.event_id)

    def lock() -> None:
        connection().execute("UPDATE event_forms SET is_editable = 0")

    place.store.write(lock).result()
    place.write(addenda.add, made.event_id, "  was seen again ")
    place.write(addenda.add, made.event_id, "and is well")
    row = place.one("events", made.event_id)
    assert [note.text for note in addenda.of(row["metadata"])] == [
        "was seen again", "and is well",
    ]  # fmt: skip
    kept = moving_notes.mapping(row["metadata"])
    assert {**kept, "addenda": None} == {**before["metadata"], "addenda": None}
    assert row["form_data"] == before["form_data"]
    assert row["updated_at"] > before["updated_at"]


def test_what_is_no_addendum_is_refused(place: Place) -> None:
    made = place.note(place.patients[0], DAYS[0], "headache")
    for text in ("", "  ", "x" * (addenda.MOST + 1), "a\x00b"):
        with pytest.raises(Invalid):
            place.write(addenda.add, made.event_id, text)

    def take() -> None:
        connection().execute(
            "UPDATE user_clinic_permissions SET is_clinic_admin = 0, can_edit_records = 0"
        )

    place.store.write(take).result()
    with pytest.raises(NotAllowed):
        place.write(addenda.add, made.event_id, "text")
    assert "addenda" not in place.one("events", made.event_id)["metadata"]


@pytest.mark.parametrize("metadata", [None, [], "x", {"addenda": "x"}, {"corrections": [1, {}]}])
def test_any_metadata_is_read(metadata: object) -> None:
    assert isinstance(addenda.of(metadata), list)
