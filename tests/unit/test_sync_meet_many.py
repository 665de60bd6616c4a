"""Confirming by the hundred comes to what meeting row by row comes to, whatever the mixture."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import deletion, visits
from hikma_tui.models import connection, database
from hikma_tui.syncing.meet import meet
from hikma_tui.syncing.meet_many import meet_many
from tests.unit.meeting import DAY_MS, NEW, PEER, Place

TABLES = ("patients", "patient_additional_attributes", "visits", "events", "prescriptions")
LOOKED_AT = (*TABLES, "peer_rows", "conflicts", "deletions", "index_waiting")
Came = list[tuple[str, list[dict[str, Any]]]]


@pytest.fixture(params=["v3", "flask"])
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    found = Place(tmp_path, request.param)
    yield found
    found.close()


def _content() -> dict[str, list[tuple[Any, ...]]]:
    """All columns of all rows, but for when a new line of ours was written."""
    found = {}
    for table in LOOKED_AT:
        rows = connection().execute(f"SELECT * FROM {table}").fetchall()
        found[table] = sorted(map(tuple, rows), key=repr)
    return found


class _Back(Exception):
    """Takes a transaction back."""


def outcomes(place: Place, came: Came, **how: Any) -> tuple[Any, Any, int]:
    """The store after meeting row by row, and after the short way; how many it confirmed."""
    short = 0

    def one_way(many: bool) -> Any:
        nonlocal short
        context = place.context(**{"confirming": True, **how})
        context.now = DAY_MS
        after: Any = None
        try:
            with database.atomic("IMMEDIATE"):
                for table, rows in copy.deepcopy(came):
                    left = meet_many(context, table, rows) if many else rows
                    short += len(rows) - len(left)
                    for theirs in left:
                        meet(context, table, theirs)
                after = (_content(), context.report, context.stale)
                raise _Back
        except _Back:
            return after

    by_one = place.store.on_writer(one_way, False).result()
    by_many = place.store.on_writer(one_way, True).result()
    return by_one, by_many, short


def a_store(place: Place, chance: random.Random) -> list[tuple[str, str]]:
    """Rows of five tables; some agreed, some edited since."""
    made: list[tuple[str, str]] = []
    for number in range(12):
        patient = place.create("patients", given_name=f"P{number}", phone=str(number))
        visit = place.create(
            "visits", patient_id=patient, clinic_id=place.actor.clinic_id,
            check_in_timestamp=DAY_MS + number,
        )  # fmt: skip
        data = [{"fieldId": "f", "value": number}]
        event = place.write(
            visits.create_event, {"patient_id": patient, "visit_id": visit, "form_data": data}
        )
        attribute = place.create(
            "patient_additional_attributes", patient_id=patient, attribute_id=f"a{number % 3}",
            string_value="x", boolean_value=chance.choice([None, False, True]),
        )  # fmt: skip
        prescription = place.create(
            "prescriptions", patient_id=patient, provider_id=place.actor.user_id,
            visit_id=chance.choice([visit, None]), expiration_date=DAY_MS, status="pending",
            pickup_clinic_id=place.actor.clinic_id,
            priority="normal", notes="n", prescribed_at=DAY_MS,
        )  # fmt: skip
        ids = (patient, attribute, visit, event, prescription)
        made += zip(TABLES, ids, strict=True)
    return made


_TEXT = {
    "patients": "camp", "patient_additional_attributes": "string_value", "visits": "provider_name",
    "events": "event_type", "prescriptions": "notes",
}  # fmt: skip


def _shown(
    place: Place, chance: random.Random, table: str, row_id: str, made: list[tuple[str, str]]
) -> list[dict[str, Any]]:
    """What the server shows of a row that is as it is here, or nearly so: mostly that."""
    theirs = place.theirs(table, row_id)
    visits_here = [one for name, one in made if name == "visits"]
    match chance.randrange(20):
        case 0:
            theirs[_TEXT[table]] = "theirs"
        case 1:
            theirs["unknown"] = {"new_column": [1, "é"]}
        case 2 if "visit_id" in theirs and theirs["visit_id"] is None:
            theirs["visit_id"] = chance.choice(visits_here)
        case 3 if table == "patient_additional_attributes":
            theirs["id"] = NEW()
        case 4:
            theirs |= {"server_created_at": DAY_MS + 9, "created_at": DAY_MS + 7}
        case 5:
            return [{**theirs, _TEXT[table]: "twice"}, theirs]
        case 6:
            del theirs["metadata"]
        case 7:
            return [{**theirs, "id": NEW()}, theirs]
        case 8:
            return []
    return [theirs]


def _happens(place: Place, chance: random.Random, table: str, row_id: str, what: str) -> None:
    """To a row that was sent, meanwhile."""
    if place.row(table, row_id)["tombstone"] is not None:
        return
    if what == "edit":
        place.edit(table, row_id, **{_TEXT[table]: "once more"})
    elif what == "ask":
        place.store.write(_question, table, row_id).result()
    else:
        place.write(deletion.delete, table, row_id, reason="wrong")
        if chance.random() < 0.5:  # as an item that could only be cancelled there
            place.store.write(_sent_as_it_is, table, row_id).result()


def a_mixture(place: Place, chance: random.Random) -> Came:
    """Whatever may have become of rows that were sent, and what the server shows of them."""
    made = a_store(place, chance)
    agreed_before = chance.random() < 0.3
    if agreed_before:
        place.agree()
        for table, row_id in made:
            place.edit(table, row_id, **{_TEXT[table]: "edited"})
    came: dict[str, list[dict[str, Any]]] = {table: [] for table in TABLES}
    after: list[tuple[str, str, str]] = []
    for table, row_id in made:
        fate = chance.random()
        if fate > 0.1:
            place.send(table, row_id)
        came[table] += _shown(place, chance, table, row_id, made)
        if 0.15 < fate < 0.3:
            after.append((table, row_id, chance.choice(["edit", "delete", "ask"])))
    for table, row_id, what in after:
        _happens(place, chance, table, row_id, what)
    for rows in came.values():
        chance.shuffle(rows)
    return list(came.items())


def _sent_as_it_is(table: str, row_id: str) -> None:
    connection().execute(
        f"UPDATE peer_rows SET sent_seq = (SELECT change_seq FROM {table} WHERE id = ?1)"
        " WHERE row_id = ?1",
        (row_id,),
    )


def _question(table: str, row_id: str) -> None:
    connection().execute(
        "INSERT INTO conflicts (peer_id, table_name, row_id, kind, base, theirs, found_at)"
        " VALUES (?, ?, ?, 'differs', NULL, '{}', 1)",
        (PEER, table, row_id),
    )


@pytest.mark.parametrize("seed", range(12))
def test_the_short_way_comes_to_the_same(place: Place, seed: int) -> None:
    chance = random.Random(seed)
    came = a_mixture(place, chance)
    how = {"suggesting": seed == 11, "confirming": seed % 4 != 3}
    by_one, by_many, short = outcomes(place, came, **how)
    for table in LOOKED_AT:
        assert by_many[0][table] == by_one[0][table], table
    assert by_many[1:] == by_one[1:]
    assert short > 15 or how["suggesting"]


def test_what_came_back_under_something_deleted_is_met_one_by_one(place: Place) -> None:
    event = place.event([{"fieldId": "f", "value": "1"}])
    place.send("events", event)
    theirs = place.theirs("events", event)
    place.write(deletion.delete, "visits", place.visit, reason="wrong")
    place.store.write(_raise, event).result()
    by_one, by_many, short = outcomes(place, [("events", [theirs])])
    assert by_one == by_many
    assert short == 0


def _raise(event: str) -> None:
    connection().execute("UPDATE events SET tombstone = NULL WHERE id = ?", (event,))


def test_a_text_of_unknown_columns_is_left_as_it_stands(place: Place) -> None:
    place.edit("patients", place.patient, phone="3")

    def as_a_pull_wrote_it() -> None:
        text = json.dumps({"new": [1, 2]}, separators=(",", ":"))
        connection().execute("UPDATE patients SET unknown = ?", (text,))

    place.store.write(as_a_pull_wrote_it).result()
    place.send("patients", place.patient)
    theirs = place.theirs("patients", place.patient, unknown={"new": [1, 2]})
    by_one, by_many, short = outcomes(place, [("patients", [theirs])])
    assert by_one == by_many
    assert short == 1
