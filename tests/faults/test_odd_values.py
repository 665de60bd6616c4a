"""Columns that are no JSON, holding values of another kind: a moment ``yesterday``.

Another tool wrote them by SQL. Every reader works and shows them as they are or refuses in known
words, the push says which column can't go, and no save goes over them.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from hikma_tui import search
from hikma_tui.clinic import glance, patients, report, vitals
from hikma_tui.clinic.errors import Refused
from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.exchange.rows_out import Export, chosen
from hikma_tui.models import BY_TABLE, connection
from hikma_tui.odd_values import Odd
from hikma_tui.report.text import lines as report_lines
from hikma_tui.syncing import waiting as sync_waiting
from tests.faults.kills import NIGHTLY
from tests.faults.test_fuzz import inputs, read_everything, told
from tests.faults.test_garbage import everything, place, pushed
from tests.screens.clinic import Clinic

__all__ = ["place"]

BROKEN = "CAST(x'41ff42' AS TEXT)"
ODD = {
    Moment: ("'yesterday'", "x'00ff'", "1.5", "9e999", "9223372036854775807", "''", "-9e999",
             "-9223372036854775808", BROKEN, "1e300", "'2026-11-20'", "0", "-1"),
    Whole: ("'high'", "x'ff'", "1.5", "9e999", "9223372036854775807", "''", BROKEN, "-9e999"),
    Number: ("'high'", "x'ff'", "9e999", "-9e999", "''", "1e300", BROKEN),
    Flag: ("'no'", "x'00'", "2", "-1", "0.5", "9e999", "''", BROKEN),
    Day: ("'yesterday'", "x'ff'", "''", "'2026-13-45'", "'0000-00-00'", "5", BROKEN, "'9999-12-31'",
          "'-271821-04-20'", "'2026'"),
    Digits: ("'many'", "x'ff'", "'NaN'", "'Infinity'", "'1e999999'", "''", BROKEN, "'-'"),
    Text: ("x'ff'", "x''", BROKEN, "''", "char(0)", "x'41'",
           "replace(hex(zeroblob(9999)), '00', 'x')"),
    Uuid: ("x'ff'", "'not an id'", "''", BROKEN, "'5'"),
}  # fmt: skip
OWN = {"pk", "id", "patient_id", "unknown", "tombstone", "change_seq"}


def columns(kind: type | None = None) -> list[tuple[str, str, type]]:
    """Every column of every table that a server knows too, but JSON and what rows hang by."""
    return [
        (table, name, type(field))
        for table, model in BY_TABLE.items()
        for name, field in model._meta.fields.items()
        if name not in OWN and not isinstance(field, Json) and kind in (None, type(field))
    ]


def spoil(table: str, name: str, odd: str, where: str = "1") -> None:
    connection().execute(f"UPDATE OR IGNORE {table} SET {name} = {odd} WHERE {where}")


def test_a_pressure_of_yesterday(place: tuple[Clinic, str]) -> None:
    """It is shown, exported and reported as it is; not sent, and not saved over."""
    clinic, patient = place
    store, actor = clinic.store, clinic.actor
    store.write(spoil, "patient_vitals", "timestamp", "'yesterday'").result()
    found = store.read(vitals.history, actor, patient).result()
    assert "yesterday" in str(found)
    store.read(glance.glance, actor, patient).result()
    made = store.read(report.gather, actor, patient).result()
    assert "yesterday" in str(report_lines(made[1], 80))
    blocks = b"".join(Export(store, actor, chosen(["patient_vitals"])).blocks())
    assert {json.loads(one)["row"]["timestamp"] for one in blocks.splitlines()} == {"yesterday"}
    refused = store.on_writer(pushed, actor).result()
    [row] = {row_id for table, row_id in refused if table == "patient_vitals"}
    assert "timestamp" in store.read(sync_waiting.why, "p", "patient_vitals", row).result().columns
    store.write(vitals.correct, actor, row, {"weight_kg": 61}, "misread").result()
    query = "SELECT count(*) FROM patient_vitals WHERE timestamp = 'yesterday'"
    assert store.on_writer(lambda: connection().execute(query).fetchone()).result() == (1,)
    store.close()


def test_nothing_is_saved_over_it(place: tuple[Clinic, str]) -> None:
    clinic, patient = place
    store, actor = clinic.store, clinic.actor
    for name, odd in (("phone", "x'ff'"), ("surname", BROKEN)):
        store.write(spoil, "patients", name, odd, f"id = '{patient}'").result()
        with pytest.raises(Refused, match="can't be read"):
            store.write(patients.edit, actor, patient, {name: "new"}).result()
        store.write(patients.edit, actor, patient, {"hometown": name}).result()
        query = f"SELECT typeof({name}), hex({name}) FROM patients WHERE id = ?"
        kept = store.on_writer(lambda q: connection().execute(q, (patient,)).fetchone(), query)
        assert kept.result() == (("blob", "FF") if name == "phone" else ("text", "41FF42"))
    store.close()


@pytest.mark.parametrize("kind", ODD)
def test_every_value_is_read_as_one_that_its_readers_can_use(kind: type) -> None:
    field: Any = kind(5, 2) if kind is Digits else kind()
    for value in (b"\xff", "high", 1.5, float("inf")):
        if isinstance(value, str) and kind in (Text, Uuid, Day, Digits):
            continue
        found = field.python_value(value)
        if kind is Number and value == 1.5:
            assert found == value
            continue
        assert isinstance(found, Odd)
        assert field.db_value(found) == value
        assert json.dumps(field.to_wire(found), allow_nan=False) == json.dumps(str(found))


@pytest.mark.parametrize("lane", range(2))
def test_anything_in_any_column(place: tuple[Clinic, str], lane: int) -> None:
    clinic, patient = place
    store, actor = clinic.store, clinic.actor
    every = columns()

    for number, dice in inputs(f"odd{lane}", 5_000 if NIGHTLY else 10):
        rows = []
        for table, name, kind in (dice.choice(every) for _n in range(dice.randrange(1, 9))):
            rows.append((table, name, dice.choice(ODD[kind])))
        before = {
            table: store.on_writer(lambda t: connection().execute(f"SELECT * FROM {t}").fetchall(),
                                   table).result()
            for table, _name, _odd in rows
        }  # fmt: skip
        with told("odd", number, rows):
            for one in rows:
                store.write(spoil, *one).result()
            store.write(lambda: search.rebuild(connection())).result()
            everything(store, actor, patient)
            if number % 20 == 0:
                read_everything(store, actor)
            for table, kept in before.items():
                store.write(back, table, kept).result()
    store.close()


def back(table: str, rows: list[tuple[Any, ...]]) -> None:
    connection().execute(f"DELETE FROM {table}")
    for row in rows:
        marks = ", ".join("?" * len(row))
        connection().execute(f"INSERT INTO {table} VALUES ({marks})", row)
