"""What others wrote survives an edit of ours: each of the ten tables, every column (issue 4).

The server holds a row with every column filled, in the oddest form in which it can hold it; it is
pulled, one column is edited through the clinic's own functions, and pushed. Every other column on
the server is the same value afterwards.
"""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import patients, problems, records, visits, vitals
from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Uuid, Whole
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing.carry import MARK
from tests.cloud.columns import PUSHED, TABLES, Column
from tests.cloud.seed import RIGHTS
from tests.cloud.server import Cloud
from tests.unit.sync_running import Site, joined

ORDER = (*(table for table in PUSHED if table != "dispensing_records"), "dispensing_records")
STAMPS = {"created_at", "updated_at", "last_modified", "server_created_at"}
# wire.md A5 "Never stored": any push empties them, of whatever client; the screen warns of it.
ERASED = {
    "prescriptions": {"items", "metadata"},
    "prescription_items": {"metadata", "recorded_by_user_id"},
    "patient_vitals": {"event_id"},
}
ODD = {
    "lastSeenTimestamp": 7, "": 0, "hikma": {},
    "k": [1, 2.5, None, True, 1e300, 12345678901234567890, "a\u202eb"],
    "deep": {"x": {"y": ["\U0001f476\U0001f3fd", "\\u0041", ""]}},
}  # fmt: skip
TEXT = 'a\u202eb \U0001f9d1\U0001f3fd\u200d\u2695\ufe0f \u0628\u064e\u200f\n\t\\"  '


@dataclass
class Place:
    """Where the rows are."""

    site: Site
    cloud: Cloud
    ids: dict[str, str]

    def there(self, table: str) -> dict[str, Any]:
        row: Any = self.cloud.store.find(table, self.ids[table])
        assert row is not None
        return dict(copy.deepcopy(row))

    def write(self, act: Callable[..., Any], *given: Any) -> None:
        self.site.store.write(act, self.site.actor, *given).result()

    def pushed(self) -> None:
        report = self.site.sync()
        assert report.result == "ok", report
        assert report.total.refused == report.total.conflicts == report.total.differing == 0
        assert report.total.confirmed + report.total.awaiting == report.total.pushed > 0


def _value(column: Column, field: Any, number: int, other_kind: bool) -> Any:
    """An odd value in the form in which the server's database keeps it."""
    if column.type == "jsonb" and other_kind:
        return ODD if column.json_default == [] else [ODD, "x"]
    if column.type == "jsonb":
        return [{"id": "d", "fieldId": "q", **ODD}, 7, "x"] if column.json_default == [] else ODD
    if column.type.startswith("timestamp"):
        return 788_918_400_123_000 + number * 86_400_000_000  # 1995: the trap of 2001
    if column.type == "date":
        return "1995-01-01"
    if column.type.startswith("numeric"):
        return "61.50"
    if column.type == "boolean":
        return True
    if column.type in ("integer", "smallint"):
        return number + 1
    if column.type.startswith("double"):
        return 1e300
    limit = getattr(field, "limit", 0)
    return TEXT + "x" * (limit - len(TEXT)) if limit else TEXT


def _filled(place: Place, other_kind: bool) -> None:
    """A row of each table with every column filled, and one column that we have never heard of.

    ``other_kind``: lists stand where objects belong, and objects where lists belong.
    """
    rows = place.cloud.store
    for table in ORDER:
        fields = wire_columns(BY_TABLE[table])
        given: dict[str, Any] = {}
        for number, (name, column) in enumerate(TABLES[table].items()):
            field = fields.get(name)
            if isinstance(field, Uuid):
                given[name] = place.ids[field.table or table]
            elif name in ("is_deleted", "deleted_at"):
                given[name] = False if name == "is_deleted" else None
            elif name == "item_status":
                given[name] = "active"
            else:
                given[name] = _value(column, field, number, other_kind and table != "visits")
        needed = {"id": place.ids[table], "patient_id": place.ids["patients"], "attribute_id": "q"}
        row = rows.put(table, needed)
        key = rows.key(table, row)
        del rows.rows[table][key]
        now = rows.now()
        row.update(given | dict.fromkeys(STAMPS & set(given), now))
        rows.rows[table][rows.key(table, row)] = row


@pytest.fixture
def other_kind() -> bool:
    return False


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other_kind: bool) -> Any:
    for table in ORDER:
        monkeypatch.setitem(TABLES[table], "mood", Column("mood", "jsonb", null=True))
    with joined(tmp_path / "here", patients=0) as (site, cloud):
        store = cloud.store
        for row in store.rows["user_clinic_permissions"].values():
            row.update(dict.fromkeys(RIGHTS, True))
        nurse = next(u for u in store.rows["users"].values() if u["name"] == "Nora Nurse")
        ids = {table: str(uuid.uuid4()) for table in ORDER} | {
            "users": str(nurse["id"]), "clinics": str(nurse["clinic_id"]),
            "event_forms": next(iter(store.rows["event_forms"])),
            "drug_catalogue": next(iter(store.rows["drug_catalogue"])),
            "drug_batches": next(iter(store.batches)),
        }  # fmt: skip
        found = Place(site, cloud, ids)
        _filled(found, other_kind)
        assert site.sync().result == "ok"
        yield found


def _others(table: str, before: dict[str, Any], *edited: str) -> dict[str, Any]:
    """What an edit may not change; our own mark in the metadata aside (decisions.md 28, 31)."""
    skipped = STAMPS | ERASED.get(table, set()) | set(edited)
    found = {name: value for name, value in before.items() if name not in skipped}
    if isinstance(found.get("metadata"), dict):
        found["metadata"] = {k: v for k, v in found["metadata"].items() if k != MARK}
    return found


def _new(field: Any, old: Any) -> Any:
    """Another value that the column takes."""
    if isinstance(field, Json):
        if isinstance(old, list):
            return [*old, {"fieldId": "new", "id": "new", "value": "v"}]
        return {**(old or {}), "new": "v"}
    if isinstance(field, Day):
        return "1999-12-31"
    if isinstance(field, Moment):
        return 915_148_800_000
    if isinstance(field, Digits):
        return "9.75"
    if isinstance(field, Whole):
        return 3
    if isinstance(field, Number):
        return 4.5
    if isinstance(field, Flag):
        return not old
    return "New"


@pytest.mark.parametrize("other_kind", [False, True])
@pytest.mark.parametrize("table", ORDER)
def test_each_column_alone_changes_no_other(place: Place, table: str) -> None:
    fixed = {"dispensing_records": set(), "prescriptions": {"prescribed_at", "filled_at"}}
    skipped = STAMPS | ERASED.get(table, set()) | fixed.get(table, set())
    for name, field in wire_columns(BY_TABLE[table]).items():
        if name in skipped | {"id", "is_deleted", "deleted_at", "attribute_id"}:
            continue
        if isinstance(field, Uuid):
            continue
        before = place.there(table)
        here = place.site.one(f"SELECT {name} FROM {table} WHERE id = ?", place.ids[table])
        old = field.python_value(here) if here is not None else None
        row = {"id": place.ids[table], name: _new(field, old)}
        place.write(records.update, table, row)
        place.pushed()
        after = place.there(table)
        assert after[name] != before[name], name
        assert _others(table, after, name) == _others(table, before, name), name


def _edited_patient(place: Place) -> tuple[str, ...]:
    columns = {"hometown": "Irbid"}
    place.write(patients.edit, place.ids["patients"], columns)
    return ("hometown", "last_modified_by")


def _edited_answer(place: Place) -> tuple[str, ...]:
    row = {"attribute_id": place.there("patient_additional_attributes")["attribute_id"],
           "patient_id": place.ids["patients"], "string_value": "Irbid"}  # fmt: skip
    place.write(patients.put_attribute, row)
    return ("string_value",)


def _edited_visit(place: Place) -> tuple[str, ...]:
    place.write(visits.update_visit, {"id": place.ids["visits"], "provider_name": "Nora"})
    return ("provider_name",)


def _edited_event(place: Place) -> tuple[str, ...]:
    old: Any = place.there("events")["form_data"]
    answer = {"fieldId": "f-complaint", "name": "Chief complaint", "value": "cough",
              "fieldType": "free-text", "inputType": "text"}  # fmt: skip
    place.write(visits.update_event, {"id": place.ids["events"], "form_data": [*old, answer]})
    place.pushed()
    assert place.there("events")["form_data"] == [*old, answer]
    place.write(visits.update_event, {"id": place.ids["events"], "event_type": "Triage"})
    return ("event_type", "form_data")


def _edited_vitals(place: Place) -> tuple[str, ...]:
    values = {"weight_kg": "62.5", "height_cm": "61.50", "pain_level": 5}
    values |= {"waist_circumference_cm": "61.50", "oxygen_saturation": "61.50"}
    values |= {"temperature_celsius": "61.50"}
    here = "systolic_bp", "diastolic_bp", "bp_position", "pulse_rate"
    stored = place.there("patient_vitals")
    values |= {name: stored[name] for name in (*here, "respiratory_rate")}
    place.write(vitals.correct, place.ids["patient_vitals"], values, "typed wrong")
    return ("weight_kg", "bmi", "pain_level", "metadata")


def _edited_problem(place: Place) -> tuple[str, ...]:
    place.write(problems.edit, place.ids["patient_problems"], {"severity_score": 2})
    return ("severity_score",)


def _edited(table: str, column: str, value: Any) -> Callable[[Place], tuple[str, ...]]:
    def edit(place: Place) -> tuple[str, ...]:
        place.write(records.update, table, {"id": place.ids[table], column: value})
        return (column,)

    return edit


BY_HAND: dict[str, Callable[[Place], tuple[str, ...]]] = {
    "patients": _edited_patient,
    "patient_additional_attributes": _edited_answer,
    "visits": _edited_visit,
    "events": _edited_event,
    "patient_vitals": _edited_vitals,
    "patient_problems": _edited_problem,
    "appointments": _edited("appointments", "notes", "by car"),
    "prescriptions": _edited("prescriptions", "notes", "with food"),
    "prescription_items": _edited("prescription_items", "dosage_instructions", "1-0-1"),
    "dispensing_records": _edited("dispensing_records", "dosage_instructions", "1-0-1"),
}


@pytest.mark.parametrize("table", ORDER)
def test_an_edit_by_hand_changes_what_was_edited_alone(place: Place, table: str) -> None:
    before = {name: place.there(name) for name in ORDER}
    edited = BY_HAND[table](place)
    place.pushed()
    for name in ORDER:
        changed = edited if name == table else ()
        after = place.there(name)
        assert _others(name, after, *changed) == _others(name, before[name], *changed)
    assert place.there(table)[edited[0]] != before[table][edited[0]]
    metadata, was = place.there(table)["metadata"], before[table]["metadata"]
    assert {key: metadata.get(key) for key in was} == was or "metadata" in ERASED.get(table, ())
