"""The store's JSON columns with text that is no JSON, or JSON that nobody meant, in all tables.

Another tool wrote it by SQL. Every reader works or refuses in known words, the push says which
column can't go, and no save goes over such a text without keeping it.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import json_text, search
from hikma_tui.clinic import (
    addenda,
    conflicts,
    deletion,
    patients,
    problems,
    status,
    visits,
    vitals,
)
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.columns import Json
from hikma_tui.exchange.rows_out import Export, chosen
from hikma_tui.models import BY_TABLE, connection
from hikma_tui.store import Store
from hikma_tui.syncing import push_rows as sync_push_rows
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.push_bad import bad_columns
from tests.faults.kills import NIGHTLY
from tests.faults.test_fuzz import (
    _filled,
    _of_the_clinic,
    _quietly,
    inputs,
    read_everything,
    read_patient,
    spoiled,
    told,
)
from tests.screens.clinic import TODAY, Clinic, fill, make_clinic

GARBAGE: list[str | bytes] = [
    "", " ", "{", "}", "not json", "Zeinabu {", "'a'", "{}x", "NaN", "[NaN]", '{"a": Infinity}',
    "[-Infinity]", "1e999", "[1e999]", "9" * 5000, f"[{'9' * 4000}]", f'{{"a": {10**400}}}',
    "[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000,
    '[{"value":' * 40_000 + "1" + "}]" * 40_000, "[" * 60 + "]" * 60, "[" * 900 + "]" * 900,
    '"\\ud800"', '{"name": "\\ud800", "\\udfff": 1}', '[{"name": "\\ud800", "value": "\\udc00"}]',
    "\x00", "{\x00}", '{"a": "\\u0000"}', "\x1b]52;c;aGk=\x07", "\u202e{}", b"\xff\xfe", b"{}", b"",
    b'{"a": 1}', "[]", "{}", "null", "true", "5", "-0", '"text"', '"{\\"a\\": 1}"', '"{"',
    "[[[[1]]]]", '[null, 5, "a", {}]', '{"a": {"a": {"a": []}}}', "0x10", "[1,]", "// no\n{}",
    f"[{10**400}]", f'[{{"fieldId": "a", "value": {10**400}}}]', "\ufeff{}", '{"a":1,"a":2}',
]  # fmt: skip
NO_JSON = "Zeinabu {not json"
LOCAL = {
    "deletions": ("counts",), "drafts": ("content",), "peers": ("metadata",),
    "peer_rows": ("base", "sent"), "conflicts": ("base", "theirs", "choice"),
    "sync_runs": ("counts",), "event_logs": ("changes",),
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path) -> tuple[Clinic, str]:
    """A clinic with something of everything, joined to a server that has confirmed nothing."""
    clinic = make_clinic(tmp_path / "store")
    patient = fill(clinic)["A-0300"]
    _filled(clinic.store, clinic.actor, patient)
    clinic.note(patient, TODAY, "cough")

    def join() -> None:
        rows = connection()
        rows.execute(
            "INSERT INTO peers (id, peer_id, name, public_key, is_leader, peer_type, status,"
            " protocol_version, metadata, created_at, updated_at) VALUES ('p', 'p', 'x', '', 0,"
            " 'cloud_server', 'active', '1', ?, 1, 1)",
            (json.dumps({"url": "https://x.example.org", "dialect": "v3"}),),
        )
        whole = json.dumps({"id": patient, "given_name": "Amal", "updated_at": 1})
        rows.execute(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, base, sent, sent_seq, state,"
            " reason, tries) VALUES ('p', 'patients', ?, ?, ?, 0, '', '', 0)",
            (patient, whole, whole),
        )
        rows.execute(
            "INSERT INTO sync_runs (peer_id, kind, started_at, result, counts)"
            " VALUES ('p', 'sync', 1, 'ok', '{}')"
        )

    clinic.store.write(join).result()
    return clinic, patient


def columns() -> list[tuple[str, str]]:
    """Every JSON column of every table."""
    found = [
        (table, name)
        for table, model in BY_TABLE.items()
        for name, field in model._meta.fields.items()
        if isinstance(field, Json)
    ]
    return found + [(table, name) for table, names in LOCAL.items() for name in names]


def test_no_column_is_forgotten(place: tuple[Clinic, str]) -> None:
    assert len(columns()) > 30
    for table, name in columns():
        place[0].store.on_writer(
            lambda q: connection().execute(q).fetchone(), f"SELECT {name} FROM {table}"
        ).result()
    place[0].store.close()


def pushed(actor: Actor) -> list[tuple[str, str]]:
    """What a push would send or say of each row; the columns of those that can't go."""
    facts = sync_waiting.facts("p", "v3")
    bad = []
    for table in BY_TABLE:
        ceiling = sync_waiting.begin("p")
        for deleted in (False, True):
            after = (0, "")
            for _turn in range(20):
                taken = sync_push_rows.take("p", facts, table, ceiling, after, 500, set(), deleted)
                if not taken.seen:
                    break
                after = taken.after
                for item in taken.items:
                    text = json.dumps(item.wire, allow_nan=False)  # it can be sent
                    assert len(text) < 1_000_000
                bad += taken.refused
    return bad


def everything(store: Store, actor: Actor, patient: str) -> None:
    store.write(lambda: search.refresh(connection(), patient)).result()
    read_patient(store, actor, patient)
    for ask, *arguments in _of_the_clinic(actor):
        _quietly(store, ask, *arguments)
    for pair in _quietly(store, conflicts.open_conflicts, actor) or ():
        _quietly(store, conflicts.fields, actor, pair.pk)
    assert store.on_writer(lambda: search.check(connection())).result() == []
    store.write(pushed, actor).result()


SAVES = 9


def saves(clinic: Clinic, patient: str, dice: random.Random) -> Iterator[str]:
    """Saves of the kinds that read a JSON column before they write it; what each refused."""
    store, actor = clinic.store, clinic.actor

    def first(query: str) -> Any:
        row = store.on_writer(lambda: connection().execute(query, (patient,)).fetchone()).result()
        return row[0] if row else ""

    event = first("SELECT id FROM events WHERE patient_id = ? ORDER BY pk DESC LIMIT 1")
    problem = first("SELECT id FROM patient_problems WHERE patient_id = ? LIMIT 1")
    vital = first("SELECT id FROM patient_vitals WHERE patient_id = ? LIMIT 1")
    visit = first("SELECT id FROM visits WHERE patient_id = ? ORDER BY pk DESC LIMIT 1")
    phone = {"phone": str(dice.random())}
    acts: tuple[tuple[Any, ...], ...] = (
        (patients.edit, actor, patient, phone),
        (patients.edit, actor, patient, {"metadata": {"birth_date_estimated": True}}),
        (addenda.add, actor, event, "later"),
        (problems.edit, actor, problem, {"severity_score": 2}, "seen again"),
        (vitals.correct, actor, vital, {"systolic_bp": 130}, "misread"),
        (status.set_moved, actor, patient, "2026-11-20", "Saida"),
        (visits.update_visit, actor, {"id": visit, "metadata": {"a": 1}}),
        (visits.update_event, actor, {"id": event, "form_data": []}),
        (deletion.delete, actor, "events", event, "wrong patient"),
    )
    for save, *arguments in acts:
        try:
            store.write(save, *arguments).result()
            yield ""
        except Refused as error:
            yield str(error)


def test_no_save_goes_over_what_can_not_be_read(place: tuple[Clinic, str]) -> None:
    """In every column of the chart at once; it stands there afterwards, or inside what does."""
    clinic, patient = place
    store = clinic.store

    def spoil() -> None:
        for table, name in columns():
            if table in BY_TABLE and name != "unknown":
                connection().execute(f"UPDATE {table} SET {name} = ?", (NO_JSON,))

    def lost() -> list[str]:
        found = []
        for table, name in columns():
            if table in BY_TABLE and name != "unknown":
                query = f"SELECT {name} FROM {table} WHERE instr({name}, ?) = 0"
                found += [
                    f"{table}.{name}: {row[0][:100]}"
                    for row in connection().execute(query, (NO_JSON,))
                    if NO_JSON not in str(json_text.read(row[0]))
                ]
        return found

    store.write(spoil).result()
    said = list(saves(clinic, patient, random.Random(1)))
    print(said)
    assert len(said) == SAVES
    assert not said[0]  # a phone number can be changed all the same
    assert not said[-1]
    assert any("can't be read" in one for one in said)
    assert store.on_writer(lost).result() == []
    refused = store.on_writer(pushed, clinic.actor).result()
    [form] = {row_id for table, row_id in refused if table == "registration_forms"}
    why = store.read(sync_waiting.why, "p", "registration_forms", form).result()
    assert set(why.columns) >= {"fields", "metadata"}
    store.close()


def test_what_can_not_be_read_is_exported_as_the_text_that_it_is(
    place: tuple[Clinic, str],
) -> None:
    clinic, _patient = place

    def spoil() -> None:
        connection().execute("UPDATE patients SET metadata = ?", (NO_JSON,))

    clinic.store.write(spoil).result()
    blocks = b"".join(Export(clinic.store, clinic.actor, chosen(["patients"])).blocks())
    rows = [json.loads(line)["row"] for line in blocks.splitlines()]
    assert {row["metadata"] for row in rows} == {NO_JSON}
    assert bad_columns("patients", {"metadata": json_text.read(NO_JSON)}) == ("metadata",)
    assert bad_columns("patients", {"metadata": "text"}) == ()
    clinic.store.close()


@pytest.mark.parametrize("lane", range(2))
def test_any_text_in_any_json_column(place: tuple[Clinic, str], lane: int) -> None:
    clinic, patient = place
    store, actor = clinic.store, clinic.actor
    every = columns()

    def pick(dice: random.Random) -> tuple[str, str, Any, Any]:
        table, name = dice.choice(every)
        key = "row_id" if table == "peer_rows" else "rowid"
        rows = connection().execute(f"SELECT {key}, {name} FROM {table}").fetchall()
        return (table, name, *dice.choice(rows)) if rows else pick(dice)

    def put(table: str, name: str, key: Any, text: Any) -> None:
        column = "row_id" if table == "peer_rows" else "rowid"
        connection().execute(f"UPDATE {table} SET {name} = ? WHERE {column} = ?", (text, key))

    def text_for(before: Any, dice: random.Random) -> Any:
        if dice.random() < 0.8:
            return dice.choice(GARBAGE)
        try:
            value = spoiled(json.loads(before or "{}"), dice)
        except ValueError:
            value = {}
        text = json.dumps(value)
        return text[: dice.randrange(len(text))] if dice.random() < 0.7 else text

    for number, dice in inputs(f"garbage{lane}", 5_000 if NIGHTLY else 10):
        picked = [store.on_writer(pick, dice).result() for _n in range(dice.randrange(1, 9))]
        places = {one[:3]: one[3] for one in picked}
        texts = {one: text_for(before, dice) for one, before in places.items()}
        with told("garbage", number, {k: repr(v)[:80] for k, v in texts.items()}):
            for one, text in texts.items():
                store.write(put, *one, text).result()
            everything(store, actor, patient)
            if number % 20 == 0:
                store.write(lambda: search.rebuild(connection())).result()
                read_everything(store, actor)
            for one, before in places.items():
                store.write(put, *one, before).result()
    store.close()
