"""Whole rows to the test servers and back: every column of every table, in several zones."""

from __future__ import annotations

import json
import random
import re
from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Uuid, Whole
from hikma_tui.ids import new_id
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing.values import Decoder, encode, python_rows
from hikma_tui.wire.shapes import Kind, Trouble
from hikma_tui.wire.stream import Batch, batches
from tests.cloud.client import basic, pull
from tests.cloud.columns import FLASK_LACKS, FLASK_PUSHED, PUSHED
from tests.cloud.replay import ask
from tests.cloud.seed import seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store

ORDER = (*(table for table in PUSHED if table != "dispensing_records"), "dispensing_records")
SERVERS_OWN = {"created_at", "updated_at", "last_modified", "server_created_at", "deleted_at"}
# wire.md A5, "Never stored"
NEVER_STORED = {
    "prescriptions": {"items", "metadata"},
    "prescription_items": {"metadata", "recorded_by_user_id"},
    "patient_vitals": {"event_id"},
}
DAYS = ("1899-12-31", "1955-03-01", "1969-12-31", "1970-01-01", "1995-01-01", "2000-02-29",
        "2001-09-09", "2016-11-06", "2024-03-31", "2026-09-27")  # fmt: skip


class World:
    """A server with all that a row can point to."""

    def __init__(self, zone: str) -> None:
        self.store = Store(zone=ZoneInfo(zone))
        nurse = seed(self.store)
        self.drug = next(iter(self.store.rows["drug_catalogue"]))
        self.batch = next(iter(self.store.batches))
        form = next(iter(self.store.rows["event_forms"]))
        self.ids: dict[str, str] = {table: new_id() for table in PUSHED}
        self.ids |= {
            "users": str(nurse["id"]), "clinics": str(nurse["clinic_id"]), "event_forms": form,
            "drug_catalogue": self.drug, "drug_batches": self.batch,
        }  # fmt: skip

    def row(self, table: str, day: str) -> dict[str, Any]:
        """A row of this store with every column filled, each in its own way."""
        row: dict[str, Any] = {"unknown": None}
        for number, (name, field) in enumerate(wire_columns(BY_TABLE[table]).items()):
            row[name] = self.value(table, name, field, number, day)
        return row | {"id": self.ids[table], "is_deleted": False, "deleted_at": None}

    def value(self, table: str, name: str, field: Any, number: int, day: str) -> Any:
        if isinstance(field, Uuid):
            return self.ids[field.table] if field.table else self.ids[table]
        if isinstance(field, Moment):
            return 788918400000 + number * 86_400_123  # 1995, where v3's trap lies
        if isinstance(field, Day):
            return day
        if isinstance(field, Json):
            inner = {"b": [1, 2.5, None, True, "ب"], "a": {"c": "é"}}
            return [inner] if callable(field.default) and field.default() == [] else inner
        if isinstance(field, Digits):
            return "61.25"
        if isinstance(field, Whole):
            return number + 1
        if isinstance(field, Number):
            return 37.25
        if isinstance(field, Flag):
            return True
        return f"{name} ب\n" if not field.limit else "x" * field.limit


def told(cloud: Cloud, body: dict[str, Any]) -> None:
    got = ask(cloud, "POST", "/api/v2/sync?last_pulled_at=1", json.dumps(body), basic())
    assert got.status == 200, got.body
    assert got.json().get("success") is True or got.json().get("ok") is True


def pulled(cloud: Cloud, decoder: Decoder) -> dict[str, dict[str, dict[str, Any]]]:
    """All rows of the server by table and id, in python form."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for part in batches([pull(cloud).body]):
        if isinstance(part, Batch) and part.kind != "deleted":
            for decoded in decoder.batch(part.table, part.rows):
                for row in python_rows(decoded):
                    found.setdefault(part.table, {})[row["id"]] = dict(row)
    assert not decoder.skipped
    return found


ZONES = [
    ("UTC", 12), ("Asia/Amman", 12), ("America/New_York", 12), ("Pacific/Auckland", 10),
    ("Pacific/Auckland", 11), ("Pacific/Kiritimati", 10), ("Pacific/Pago_Pago", 12),
]  # fmt: skip


@pytest.mark.parametrize(("zone", "east_from"), ZONES)
def test_a_whole_row_comes_back_from_v3_as_it_was(zone: str, east_from: int) -> None:
    world = World(zone)
    decoder = Decoder("v3", east_from)
    with Cloud(world.store, limits=False) as cloud:
        for day in DAYS:
            if zone == "Pacific/Kiritimati" and day < "1996":
                continue  # until then it lay on the other side of the line: no hour tells
            world.ids |= {table: new_id() for table in PUSHED}
            rows = {table: world.row(table, day) for table in ORDER}
            for table in ORDER:
                told(cloud, {table: {"created": [encode("v3", table, rows[table])]}})
            there = pulled(cloud, decoder)
            for table in ORDER:
                skipped = SERVERS_OWN | NEVER_STORED.get(table, set())
                left = {n: v for n, v in rows[table].items() if n not in skipped}
                came = there[table][world.ids[table]]
                assert {n: came[n] for n in left} == left
    assert sum(decoder.hours.values()) > 0


@pytest.mark.parametrize("table", ORDER)
def test_an_edit_of_one_column_changes_no_other_on_v3(table: str) -> None:
    """What another client wrote, in the server's own spelling, survives our edit (issue 4)."""
    world = World("Asia/Amman")
    with Cloud(world.store, limits=False) as cloud:
        for name in ORDER:
            told(cloud, {name: {"created": [encode("v3", name, world.row(name, DAYS[4]))]}})
        before = json.loads(pull(cloud).body)["changes"][table]
        decoder = Decoder("v3")
        row = pulled(cloud, decoder)[table][world.ids[table]]
        row["updated_at"] = row["updated_at"] + 1
        told(cloud, {table: {"updated": [encode("v3", table, row)]}})
        after = json.loads(pull(cloud).body)["changes"][table]
    old, new = (next(r for kind in ("created", "updated") for r in part[kind]
                     if r["id"] == world.ids[table]) for part in (before, after))  # fmt: skip
    stamps = {"created_at", "updated_at", "last_modified", "server_created_at"}
    assert {n: v for n, v in new.items() if n not in stamps} == {
        n: v for n, v in old.items() if n not in stamps
    }


def test_a_whole_row_comes_back_from_flask_as_it_was() -> None:
    """Up to its seconds, what it has no column for, and its appointments (wire.md Part B)."""
    world = World("UTC")
    decoder = Decoder("flask")
    with Cloud(world.store, flask=True, limits=False) as cloud:
        for day in DAYS:
            world.ids |= {table: new_id() for table in PUSHED}
            rows = {table: world.row(table, day) for table in FLASK_PUSHED}
            for table in FLASK_PUSHED:
                told(cloud, {table: {"created": [encode("flask", table, rows[table])]}})
            there = pulled(cloud, decoder)
            for table in FLASK_PUSHED:
                skipped = SERVERS_OWN | FLASK_LACKS.get(table, set())
                if table == "patients":
                    skipped |= {"metadata"}
                if table == "appointments":
                    skipped |= {"patient_id", "current_visit_id"}
                came = there[table][world.ids[table]]
                for name, value in rows[table].items():
                    if name in skipped:
                        continue
                    if isinstance(BY_TABLE[table]._meta.fields[name], Moment):
                        value = value // 1000 * 1000
                    assert came[name] == value, name


def test_a_sparse_row_is_whole_for_flask() -> None:
    """It refuses a row that lacks a column of its insert."""
    with Cloud(World("UTC").store, flask=True, limits=False) as cloud:
        told(cloud, {"patients": {"created": [encode("flask", "patients", {"id": new_id()})]}})


SPOT = re.compile(rb'": ?("[^"]*"|null|true|false|[0-9.]+|\{\}|\[\])')
PIECES = (
    b"null", b"[]", b"{}", b'"\\ud800"', b'"\\u0000"', b"1e999", b"-1", b"99999999999999999999",
    b"true", b'"x"', b"NaN", b'"1990"', b'""', b"[[{}]]", b"1.50", b'"{\\"a\\":1}"', b"\xff",
)  # fmt: skip


@pytest.mark.parametrize("dialect", ["v3", "flask"])
def test_a_pull_of_any_values_is_read_or_refused(dialect: str) -> None:
    """Values of a true pull are replaced, bytes spoilt: Trouble or rows, never anything else."""
    store = Store()
    seed(store, patients=3)
    with Cloud(store, limits=False, flask=dialect == "flask") as cloud:
        body = pull(cloud).body
    spots = [match.span(1) for match in SPOT.finditer(body)]
    results: Counter[str] = Counter()
    for number in range(400):
        dice = random.Random(number)
        spoilt = bytearray(body)
        for start, end in sorted(dice.sample(spots, dice.randrange(1, 9)), reverse=True):
            spoilt[start:end] = dice.choice(PIECES[: -1 if number % 8 else None])
        if number % 9 == 0:
            del spoilt[dice.randrange(len(spoilt)) :]
        decoder = Decoder(dialect)
        try:
            for part in batches([bytes(spoilt)]):
                if isinstance(part, Batch) and part.kind != "deleted":
                    for decoded in decoder.batch(part.table, part.rows):
                        for row in python_rows(decoded):
                            sent = encode(dialect, decoded.table, row)
                            json.dumps(sent, ensure_ascii=False).encode()
            results["whole"] += 1
        except Trouble as trouble:
            results[trouble.kind] += 1
    assert results.keys() == {"whole", Kind.CUT, Kind.GARBAGE}, results
