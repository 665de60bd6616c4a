"""Many patients at once are indexed as one by one, and as a rebuild does."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hikma_tui import search
from hikma_tui.search import sql
from tests.unit.test_search import NOW, TODAY, Register

NAMES = ("Ada", "Amina", "Muhammad Ali", "محمد", "Ana", "Omar", "Zoe", "")


@pytest.fixture
def here() -> Iterator[sqlite3.Connection]:
    register = Register()
    yield register.connection
    register.connection.close()


def put(here: sqlite3.Connection, pk: int, given: str, seen: int, clinic: str = "a") -> None:
    here.execute(
        "INSERT OR REPLACE INTO patients (pk, id, given_name, primary_clinic_id, metadata,"
        " created_at) VALUES (?, ?, ?, ?, '{}', ?)",
        (pk, f"id{pk}", given, clinic, seen),
    )


def standing(here: sqlite3.Connection) -> dict[int, Any]:
    return {pk: (seen, tokens) for _place, pk, seen, tokens in here.execute(sql.ALL_STANDING)}


steps = st.lists(
    st.lists(
        st.tuples(
            st.integers(1, 30),
            st.sampled_from(NAMES),
            st.integers(0, 12),
            st.sampled_from(["", "visit", "dead", "live"]),
        ),
        max_size=12,
    ),
    max_size=6,
)


@given(steps)
def test_it_is_as_if_each_had_been_refreshed(history: list[Any]) -> None:
    many, single = Register().connection, Register().connection
    for step in history:
        changed = []
        for pk, given_name, hours, what in step:
            for here in (many, single):
                put(here, pk, given_name, NOW + hours * 3_600_000, "b" if hours % 2 else "a")
                if what == "visit":
                    here.execute(
                        "INSERT OR REPLACE INTO visits (id, patient_id, check_in_timestamp)"
                        " VALUES (?, ?, ?)",
                        (f"v{pk}", f"id{pk}", NOW + hours * 7_200_000),
                    )
                if what in ("dead", "live"):
                    here.execute(
                        "UPDATE patients SET tombstone = ? WHERE pk = ?",
                        (1 if what == "dead" else None, pk),
                    )
            changed.append(f"id{pk}")
        search.refresh_many(many, [*dict.fromkeys(changed), "nobody"])
        for patient_id in changed:
            search.refresh(single, patient_id)
        assert search.check(many) == []
        assert standing(many) == standing(single)
        order = many.execute("SELECT seen FROM search_patients ORDER BY place").fetchall()
        assert [-seen for (seen,) in order] == sorted(-seen for (seen,) in order)
        for text in ("am", "mo", "محمد", "muhamad"):
            found = [hit.pk for hit in search.find(many, text, today=TODAY).hits]
            asked = [hit.pk for hit in search.find(single, text, today=TODAY).hits]
            assert sorted(found) == sorted(asked)
    many.close()
    single.close()


def test_from_nothing_it_is_as_after_a_rebuild(here: sqlite3.Connection) -> None:
    for pk in range(1, 700):
        put(here, pk, NAMES[pk % len(NAMES)], NOW - pk * pk * 1000)
    total = search.begin_all(here)
    assert total == 699
    for at in range(0, total, 100):
        search.next_all(here, at, 100)
        if at == 300:  # a save in between, of one who stands and of one who does not
            put(here, 500, "Nur", NOW + 1000)
            search.refresh(here, "id500")
            put(here, 3, "Lea", NOW - 5)
            search.refresh(here, "id3")
    search.deepen(here)
    search.end_all(here)
    pages = -50
    while search.settle(here, pages):
        pages = 50
    assert search.check(here) == []
    assert not search.stale(here)
    before = standing(here)
    search.rebuild(here)
    assert standing(here) == before
