"""Confirming as it is stored comes to what meeting row by row comes to, whatever the mixture; but
for the notation, which becomes the server's.
"""

from __future__ import annotations

import copy
import itertools
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.models import BY_TABLE, connection, database, dicts
from hikma_tui.syncing import known
from hikma_tui.syncing.apply_sql import upsert
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet import meet
from hikma_tui.syncing.meet_quick import confirm
from hikma_tui.syncing.values import Decoded
from tests.unit.meeting import DAY_MS, Place
from tests.unit.test_sync_meet_many import TABLES, Came, _Back, _question, a_mixture

MARKS = ("id", "tombstone", "change_seq")


@pytest.fixture(params=["v3", "flask"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    found = Place(tmp_path, request.param)
    yield found
    found.close()


def stored(table: str, rows: list[dict[str, Any]]) -> Iterator[tuple[Decoded, list[Any]]]:
    """Rows in storage form, as a spool has them, each run with the same columns."""
    fields = BY_TABLE[table]._meta.fields
    for names, some in itertools.groupby(
        rows, key=lambda row: tuple(n for n in row if n in fields)
    ):
        run = list(some)
        values = [tuple(fields[name].db_value(row[name]) for name in names) for row in run]
        yield Decoded(table, names, values), run


def quickly(context: Context, table: str, rows: list[dict[str, Any]]) -> int:
    """As ``syncing.apply`` does it; how many were confirmed."""
    done = 0
    for decoded, run in stored(table, rows):
        sure = confirm(context, decoded, set(range(len(run))))
        statement = upsert(context.dialect, table, decoded.columns, agreeing=True)
        connection().executemany(statement, [decoded.rows[n] for n in sorted(sure)])
        done += len(sure)
        for number, theirs in enumerate(run):
            if number not in sure:
                meet(context, table, theirs)
    return done


def content() -> dict[str, dict[str, dict[str, Any]]]:
    return {t: {row["id"]: row for row in dicts(BY_TABLE[t].select())} for t in TABLES}


def marks() -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for query in (
        "SELECT table_name, row_id, state, reason, sent_seq, tries FROM peer_rows",
        "SELECT table_name, row_id, kind, resolved_at IS NULL FROM conflicts",
        "SELECT table_name, row_id FROM deletions",
        "SELECT patient_id FROM index_waiting",
    ):
        found += sorted(map(tuple, connection().execute(query).fetchall()), key=repr)
    return found


def both_ways(place: Place, came: Came) -> tuple[Any, Any, int]:
    done = 0

    def one_way(quick: bool) -> Any:
        nonlocal done
        context = place.context(confirming=True)
        context.now = DAY_MS
        after: Any = None
        try:
            with database.atomic("IMMEDIATE"):
                for table, rows in copy.deepcopy(came):
                    if quick:
                        done += quickly(context, table, rows)
                    else:
                        for theirs in rows:
                            meet(context, table, theirs)
                after = (content(), marks(), context.report.total)
                raise _Back
        except _Back:
            return after

    by_one = place.store.on_writer(one_way, False).result()
    return by_one, place.store.on_writer(one_way, True).result(), done


@pytest.mark.parametrize("seed", range(12))
def test_the_quick_way_comes_to_the_same(place: Place, seed: int) -> None:
    by_one, by_quick, done = both_ways(place, a_mixture(place, random.Random(seed)))
    assert by_quick[1:] == by_one[1:]
    for table, rows in by_one[0].items():
        assert rows.keys() == by_quick[0][table].keys()
        for row_id, row in rows.items():
            other = by_quick[0][table][row_id]
            for name, value in row.items():
                alike = value == other[name] or (
                    name not in MARKS and known.same(name, value, other[name], place.dialect)
                )
                assert alike, (table, name, value, other[name])
    assert done or place.dialect == "flask"  # its moments are cut: they take the longer way


def test_what_is_not_just_so_is_left(place: Place) -> None:
    """Each of these by itself keeps a row from the quick way."""
    patient = place.patient

    def sure(change: Any = None, **differs: Any) -> bool:
        place.agree()
        place.edit("patients", patient, phone=f"{random.random()}")
        place.send("patients", patient)
        row = place.theirs("patients", patient, **differs)
        if change is not None:
            place.store.write(change).result()

        def ask() -> bool:
            [(decoded, _run)] = stored("patients", [row])
            found = False
            try:
                with database.atomic("IMMEDIATE"):
                    found = confirm(place.context(confirming=True), decoded, {0}) == {0}
                    raise _Back
            except _Back:
                return found

        return bool(place.store.on_writer(ask).result())

    def line(**values: Any) -> None:
        for name, value in values.items():
            connection().execute(f"UPDATE peer_rows SET {name} = ?", (value,))

    assert sure()
    assert sure(additional_data={}, metadata={})
    assert not sure(phone="another")
    assert not sure(metadata={"k": 1})
    assert not sure(metadata={"hikma_tui": {"v": 1}})  # carries what only this store knows
    assert not sure(unknown={"new_column": 1})
    assert not sure(partial(line, sent=None))
    assert not sure(partial(line, sent="{}"))
    assert not sure(partial(line, sent_seq=1))  # edited since
    assert not sure(partial(line, state="refused"))
    assert not sure(lambda: connection().execute("UPDATE patients SET tombstone = 1"))
    place.store.write(lambda: connection().execute("UPDATE patients SET tombstone = NULL")).result()
    assert not sure(partial(_question, "patients", patient))
