"""After any sequence of saves and deletions the index is right: the dead gone, the live found."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hikma_tui import search
from hikma_tui.models import connection as store_connection
from hikma_tui.names import fold
from hikma_tui.search import Draft
from hikma_tui.search.tokens import phone_numbers
from hikma_tui.store import Store
from tests.unit.test_search import NOW, TODAY, A, B, Register

NAMES = st.one_of(
    st.sampled_from(
        [
            "Mohamed",
            "محمد",
            "Abd al-Rahman",
            "عبد الرحمن",
            "José",
            "O'Brien",
            "Hassan",
            "حسن",
            "",
            "王小明",
        ]
    ),
    st.text(max_size=12),
)
PATIENT = st.fixed_dictionaries(
    {
        "given_name": NAMES,
        "surname": NAMES,
        "phone": st.sampled_from([None, "", "070 123456", "+961 70 123456 / 03-999888", "12"]),
        "external_patient_id": st.sampled_from([None, "A-0123", "0007", "x/Y 9"]),
        "date_of_birth": st.sampled_from([None, "", "1992-03-11", "2026-11-22"]),
        "camp": st.sampled_from(["", "Burj el-Barajneh"]),
        "primary_clinic_id": st.sampled_from([None, "", A, B]),
    }
)
STEP = st.one_of(
    st.tuples(st.just("add"), PATIENT),
    st.tuples(st.just("change"), st.integers(1, 9), PATIENT),
    st.tuples(st.just("delete"), st.integers(1, 9)),
    st.tuples(st.just("revive"), st.integers(1, 9)),
    st.tuples(st.just("visit"), st.integers(1, 9), st.integers(-3, 10**6)),
    st.tuples(st.just("rebuild")),
)


def play(steps: Iterable[tuple[object, ...]]) -> Register:
    register = Register()
    for number, (act, *values) in enumerate(steps):
        patient = f"id{values[0]}" if values else ""
        known = bool(values) and isinstance(values[0], int) and values[0] <= register.pks
        if act == "add":
            register.add(**values[0])  # type: ignore[arg-type]
        elif act == "rebuild":
            search.rebuild(register.connection)
        elif not known:
            continue
        elif act == "change":
            register.set(patient, **values[1])  # type: ignore[arg-type]
        elif act == "visit":
            register.visit(patient, NOW + number + int(str(values[1])) * 60_000)
        else:
            register.set(patient, tombstone=1 if act == "delete" else None)
    return register


def own_queries(row: sqlite3.Row) -> list[str]:
    """What must find this patient: each word, beginnings of words, the phone, the card number."""
    texts = []
    for word in fold(f"{row['given_name'] or ''} {row['surname'] or ''}").split():
        texts += [word[:40], word[:1], word[:2], word[:3]]
    for number in phone_numbers(row["phone"]):
        texts += [number, number[-4:]]
    return [*texts, *([row["external_patient_id"]] if row["external_patient_id"] else [])]


@settings(max_examples=80, deadline=None)
@given(st.lists(STEP, max_size=14))
def test_any_sequence(steps: list[tuple[object, ...]]) -> None:
    register = play(steps)
    connection = register.connection
    assert search.check(connection) == []
    connection.row_factory = sqlite3.Row
    rows = connection.execute("SELECT * FROM patients").fetchall()
    live = {row["id"] for row in rows if row["tombstone"] is None}
    assert search.total(connection) == len(live)
    assert {hit.id for hit in search.recent(connection, today=TODAY).hits} == live
    for row in rows:
        for text in own_queries(row):
            found = search.find(connection, text, today=TODAY)
            ids = {hit.id for hit in found.hits}
            assert ids <= live
            assert row["id"] in ids or row["id"] not in live, text
            assert search.count(connection, text, today=TODAY) == len(ids)
        draft = Draft(row["given_name"] or "", row["surname"] or "", phone=row["phone"] or "")
        assert {one.hit.id for one in search.alike(connection, draft, today=TODAY)} <= live
    seen = [hit.seen for hit in search.recent(connection, today=TODAY).hits]
    assert seen == sorted(seen, reverse=True)
    connection.close()


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.text(alphabet="\"*()^:-+ANDORT0179/.\x00 '", max_size=40))
def test_any_text_is_harmless(one: str, other: str) -> None:
    register = Register()
    register.add("Mohamed", "Hassan", phone="070 123456")
    for text in (one, other, f"moh {other}", f"{one} {other}"):
        found = search.find(register.connection, text, today=TODAY)
        assert search.count(register.connection, text, today=TODAY) == len(found.hits)
        search.alike(register.connection, Draft(one, other, phone=other), today=TODAY)
    register.connection.close()


def test_many_saves_keep_the_order_and_the_index() -> None:
    register = Register()
    for number in range(300):
        register.add("Ana", f"Paz{number % 7}")
    for number in range(300):  # all at one noon, then one by one before and after it
        register.visit(f"id{number + 1}", NOW)
    for number in range(0, 300, 3):
        register.visit(f"id{number + 1}", NOW + number + 1)
    assert search.check(register.connection) == []
    seen = [hit.seen for hit in search.recent(register.connection, today=TODAY, limit=300).hits]
    assert len(seen) == 300
    first = search.find(register.connection, "ana", today=TODAY, limit=50).hits
    assert [hit.seen for hit in first] == [NOW + number + 1 for number in range(297, 147, -3)]


def test_a_reader_of_the_real_store_may_ask_everything(tmp_path: Path) -> None:
    """The store's authorizer refuses base tables; the search must not need them to read."""
    store = Store.create(tmp_path / "store")
    try:

        def save() -> None:
            connection = store_connection()
            connection.execute(
                "INSERT INTO patients (id, given_name, surname, additional_data, metadata, "
                "created_at, updated_at, last_modified, server_created_at, unknown, change_seq) "
                "VALUES ('p1', 'Mohammed', 'Hassan', '{}', '{}', 1, 1, 1, 1, '{}', 0)"
            )
            search.refresh(connection, "p1")

        def ask() -> tuple[int, int, int, int]:
            connection = store_connection()
            return (
                len(search.find(connection, "محمد", today=TODAY).hits),
                search.count(connection, "mohamned", today=TODAY),
                len(search.recent(connection, today=TODAY).hits),
                len(search.alike(connection, Draft("Mohamed", "Hasan"), today=TODAY)),
            )

        store.write(save).result()
        assert store.read(ask).result() == (1, 1, 1, 1)
        assert store.on_writer(lambda: search.check(store_connection())).result() == []
        store.on_writer(lambda: search.rebuild(store_connection())).result()
        assert store.read(ask).result() == (1, 1, 1, 1)
    finally:
        store.close()


def test_a_failed_rebuild_changes_nothing() -> None:
    register = Register()
    patient = register.add("Ana", "Paz")

    def stop(_done: int, _total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        search.rebuild(register.connection, stop)
    assert register.ids("ana") == [patient]
    assert search.check(register.connection) == []
    register.connection.close()
