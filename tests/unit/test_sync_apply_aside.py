"""A pulled row that breaks a constraint is put aside; everything else goes in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import search
from hikma_tui.clinic import info, server, server_aside, server_needs
from hikma_tui.models import connection
from tests.unit.meeting import Place
from tests.unit.pulling import body, child, patient, take

ATTRIBUTES = "patient_additional_attributes"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "place")
    yield found
    checked = found.store.on_writer(lambda: search.check(connection())).result()
    found.close()
    assert checked == []


def attribute(number: int, kind: str, value: str) -> dict[str, Any]:
    return child(
        number, patient(1)["id"], attribute_id=kind, attribute=kind, string_value=value
    )  # fmt: skip


def kept(place: Place) -> list[server_aside.PutAside]:
    found: list[server_aside.PutAside] = place.read(server_aside.listed, 10)
    return found


def values(place: Place) -> dict[str, tuple[str, str]]:
    def read() -> dict[str, tuple[str, str]]:
        query = (
            f"SELECT id, attribute_id, string_value FROM {ATTRIBUTES}"
            " WHERE tombstone IS NULL AND patient_id = ?"
        )
        rows = connection().execute(query, (patient(1)["id"],)).fetchall()
        return {row[0]: (row[1], row[2]) for row in rows}

    return place.store.on_writer(read).result()


def begun(place: Place) -> None:
    """One patient with two answers, agreed."""
    rows = {"patients": [patient(1)], ATTRIBUTES: [attribute(1, "a", "x"), attribute(2, "b", "y")]}
    take(place.store, place.context(), body(rows))


def test_a_row_that_does_not_fit_is_kept_aside_and_the_others_go_in(place: Place) -> None:
    begun(place)
    context = place.context()
    # Number 1 takes the question of number 2, which stays as it is: no table can hold both.
    changes = {
        "patients": [patient(2)],
        ATTRIBUTES: {"updated": [attribute(1, "b", "z"), attribute(3, "c", "w")]},
        "visits": [child(9, patient(2)["id"], check_in_timestamp="2026-02-03T10:00:00.000Z")],
    }
    take(place.store, context, body(changes))
    assert values(place) == {
        attribute(1, "a", "")["id"]: ("a", "x"),
        attribute(2, "b", "")["id"]: ("b", "y"),
        attribute(3, "c", "")["id"]: ("c", "w"),
    }
    assert place.row("visits", child(9, "")["id"])["patient_id"] == patient(2)["id"]
    [one] = kept(place)
    assert (one.table, one.row["string_value"]) == (ATTRIBUTES, "z")
    assert one.reason == "twice:patient_id,attribute_id"
    counts = context.report.tables[ATTRIBUTES]
    assert (counts.aside, counts.pulled, context.report.total.aside) == (1, 1, 1)
    assert context.report.notices == ["aside"]
    log = (place.store.directory / "hikma.log").read_text()
    assert f"{ATTRIBUTES}, IntegrityError UNIQUE constraint failed" in log


def test_it_is_kept_once_however_often_it_comes(place: Place) -> None:
    begun(place)
    for value in ("z", "newer"):
        take(place.store, place.context(), body({ATTRIBUTES: [attribute(1, "b", value)]}))
    [one] = kept(place)
    assert one.row["string_value"] == "newer"


@pytest.mark.parametrize("how", ["newer", "deleted"])
def test_it_is_forgotten_when_a_newer_one_fits_or_it_is_deleted(place: Place, how: str) -> None:
    begun(place)
    take(place.store, place.context(), body({ATTRIBUTES: [attribute(1, "b", "z")]}))
    assert kept(place)
    changes = {"updated": [attribute(1, "a", "now")]}
    if how == "deleted":
        changes = {"deleted": [attribute(1, "a", "")["id"]]}
    context = place.context()
    take(place.store, context, body({ATTRIBUTES: changes}))
    assert kept(place) == []
    assert context.report.notices == []


def test_one_row_makes_room_for_another_whatever_their_order(place: Place) -> None:
    begun(place)
    context = place.context()
    rows = [attribute(1, "b", "z"), attribute(2, "c", "y")]  # 1 fits once 2 has moved
    take(place.store, context, body({ATTRIBUTES: {"updated": rows}}))
    assert values(place) == {rows[0]["id"]: ("b", "z"), rows[1]["id"]: ("c", "y")}
    assert (kept(place), context.report.notices) == ([], [])
    assert context.report.tables[ATTRIBUTES].pulled == 2


def test_a_special_row_that_does_not_fit_stops_nothing(place: Place) -> None:
    begun(place)

    def edited() -> None:
        connection().execute(
            f"UPDATE {ATTRIBUTES} SET change_seq = 5, string_value = 'ours' WHERE id = ?",
            (attribute(1, "a", "")["id"],),
        )

    place.store.write(edited).result()

    def forbidden() -> None:  # a constraint that only the special row breaks
        for when in (f"UPDATE ON {ATTRIBUTES}", "INSERT ON conflicts"):
            connection().execute(
                f"CREATE TRIGGER no_{when[:6]} BEFORE {when} BEGIN"
                " SELECT RAISE(ABORT, 'does not fit'); END"
            )

    place.store.write(forbidden).result()
    context = place.context()
    rows = [attribute(1, "a", "z"), attribute(3, "c", "w")]
    rows[0]["updated_at"] = rows[0]["last_modified"] = "2026-12-01T00:00:00.000Z"
    take(place.store, context, body({"patients": [patient(2)], ATTRIBUTES: rows}))
    assert values(place)[attribute(3, "c", "")["id"]] == ("c", "w")
    assert place.row("patients", patient(2)["id"])["surname"] == "Haddad"
    assert [one.row["string_value"] for one in kept(place)] == ["z"]
    total = context.report.total
    assert (total.aside, total.conflicts, total.pulled) == (1, 0, 2)


def test_of_two_ids_for_one_pair_the_last_stays_and_counts(place: Place) -> None:
    context = place.context()
    rows = [attribute(1, "a", "old"), attribute(2, "a", "new")]
    for expected in (1, 0):
        take(place.store, context, body({"patients": [patient(1)], ATTRIBUTES: rows}))
        assert values(place) == {rows[1]["id"]: ("a", "new")}
        assert context.report.tables[ATTRIBUTES].pulled == expected
        context = place.context()
        context.report.of(ATTRIBUTES)


def test_a_damaged_entry_stops_nothing_and_is_named(place: Place) -> None:
    begun(place)
    row_id = attribute(1, "a", "")["id"]
    place.store.write(info.put, f"aside:{ATTRIBUTES}:{row_id}", "{no row").result()
    take(place.store, place.context(), body({"patients": [patient(5)]}))
    assert place.row("patients", patient(5)["id"])["surname"] == "Haddad"
    assert [(one.row_id, one.reason) for one in kept(place)] == [(row_id, "unfit")]


def test_what_is_aside_needs_a_person_who_is_told_why_and_what_to_do(place: Place) -> None:
    begun(place)
    place.agree()
    assert place.read(server.state).needs_you == 0
    take(place.store, place.context(), body({ATTRIBUTES: [attribute(1, "b", "z")]}))
    state = place.read(server.state)
    assert (state.aside, state.needs_you, state.up_to_date) == (1, 1, False)
    assert state.tables[ATTRIBUTES]["aside"] == 1
    [need] = [one for one in place.read(server_needs.needs, place.actor) if one.state == "aside"]
    assert need.patient is not None
    assert need.patient.id == patient(1)["id"]
    [told] = place.read(server_needs.put_aside)
    assert (told["table"], told["id"]) == (ATTRIBUTES, attribute(1, "", "")["id"])
    assert "twice" in told["what_to_do"]
    assert "full check" in told["what_to_do"]
    assert "'z'" not in str(told)  # no values
    # A full check brings everything once more, and what made it impossible is gone by now.
    everything = [attribute(1, "b", "z"), attribute(2, "c", "y")]
    context = place.context(full=True)
    take(place.store, context, body({"patients": [patient(1)], ATTRIBUTES: everything}))
    assert place.read(server.state).needs_you == 0
    assert values(place)[attribute(1, "", "")["id"]] == ("b", "z")


def test_a_server_that_was_left_leaves_nothing_aside(place: Place) -> None:
    begun(place)
    take(place.store, place.context(), body({ATTRIBUTES: [attribute(1, "b", "z")]}))
    place.store.write(info.put, "aside", "stays").result()
    place.store.write(info.put, "asides", "stays").result()
    place.store.write(server_aside.forget).result()
    assert kept(place) == []
    assert (place.read(info.get, "aside"), place.read(info.get, "asides")) == ("stays", "stays")


def test_half_a_character_is_kept_until_it_fits(place: Place) -> None:
    begun(place)
    odd = {**attribute(4, "d", ""), "string_value": "\ud83d"}
    place.store.write(server_aside.keep, ATTRIBUTES, odd, "unfit:").result()
    [one] = kept(place)
    assert one.row["string_value"] == "\ud83d"
