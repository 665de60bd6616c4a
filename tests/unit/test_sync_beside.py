"""The search index of a first pull, made by another process: the same, whatever happens to it."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import search
from hikma_tui.clinic import deletion, info, patients
from hikma_tui.models import connection
from hikma_tui.search import beside
from hikma_tui.store import Store
from hikma_tui.syncing import apply as sync_apply
from hikma_tui.syncing import beside as sync_beside
from hikma_tui.syncing.apply_index import ALL
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report
from tests.unit.meeting import Place
from tests.unit.pulling import body, child, clinic_body, content, nothing_left, patient, spooled

TODAY = date(2026, 11, 22)
SEARCH = ("patients", "words", "sounds", "parts", "totals", "meta")
QUERIES = ("name3", "hadd", "70000012", "nme4", "1990", "saida", "ada")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """For pulls of this size, too; on any machine."""
    monkeypatch.setattr(sync_beside, "LEAST", 10)
    monkeypatch.setattr(sync_beside, "room", lambda: True)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    found = Place(tmp_path / "place")
    yield found
    found.close()


class Course:
    """One pull: applied, and indexed, with room for something in between."""

    def __init__(self, place: Place, text: bytes) -> None:
        self.place, self.context = place, place.context()
        self.context.first = True
        self.spool = spooled(place.store, text)
        self.apply()

    def apply(self) -> None:
        sync_apply.apply(
            self.place.store, self.spool, self.context,
            progress=lambda _p: None, cancelled=lambda: False,
        )  # fmt: skip

    def made(self) -> bool:
        """Wait for the other process."""
        assert self.context.beside is not None
        return self.context.beside.wait(lambda _p: None, lambda: False)

    def index(self) -> list[str]:
        """Finish; what is wrong with the index."""
        store = self.place.store
        sync_apply.index(store, self.context, progress=lambda _p: None, cancelled=lambda: False)
        self.spool.path.unlink()
        assert nothing_left(store.directory)
        return store.on_writer(lambda: search.check(connection())).result()


def index_of(store: Store) -> dict[str, Any]:
    """The tables of the search, and what some queries find."""

    def read() -> dict[str, Any]:
        here = connection()
        found: dict[str, Any] = {
            table: sorted(map(tuple, here.execute(f"SELECT * FROM search_{table}").fetchall()))
            for table in SEARCH
        }
        for text in QUERIES:
            found["?" + text] = search.find(here, text, today=TODAY)
        return found

    return store.on_writer(read).result()


def tables_of(store: Store) -> list[tuple[Any, ...]]:
    def read() -> list[tuple[Any, ...]]:
        rows = connection().execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        # A table that was renamed stands in quotes.
        return [(name, re.sub("[\"']", "", sql or "")) for name, sql in rows]

    return store.on_writer(read).result()


def ask_for(place: Place, field: dict[str, Any]) -> None:
    """Let the registration form have a field that is searched for."""
    fields = json.dumps([{"isSearchField": True, **field}])

    def change() -> None:
        connection().execute("UPDATE registration_forms SET fields = ?", (fields,))

    place.store.write(change).result()


def test_it_is_as_if_it_had_been_made_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = clinic_body(1200)
    stores = [Store.create(tmp_path / name) for name in ("there", "here")]
    found = []
    for store, least in zip(stores, (10, 10_000), strict=True):
        monkeypatch.setattr(sync_beside, "LEAST", least)
        spool = spooled(store, text)
        context = Context("peer-1", "v3", None, Report(), 1_795_000_000_000)  # type: ignore[arg-type]
        sync_apply.apply(store, spool, context, progress=lambda _p: None, cancelled=lambda: False)
        assert (context.beside is not None) == (least == 10)
        sync_apply.index(store, context, progress=lambda _p: None, cancelled=lambda: False)
        assert store.on_writer(lambda: search.check(connection())).result() == []
        assert store.on_writer(info.get, ALL).result() == ""
        found.append((index_of(store), content(store), tables_of(store), store.check()))
        store.close()
    assert found[0] == found[1]
    assert len(found[0][0]["patients"]) == 1200


def test_the_process_makes_it_and_what_was_here_stays_found(place: Place) -> None:
    course = Course(place, clinic_body(60))
    assert course.made()
    assert course.index() == []
    hits = place.read(lambda: search.find(connection(), "ada", today=TODAY).hits)
    assert [hit.id for hit in hits] == [place.patient]


def test_who_is_saved_edited_or_deleted_meanwhile_is_found_as_saved(place: Place) -> None:
    course = Course(place, clinic_body(60))
    assert course.made()
    new = place.write(patients.register, {"given_name": "Meanwhile", "sex": "female"})
    place.edit("patients", patient(5)["id"], given_name="Edited")
    place.write(deletion.delete, "patients", patient(6)["id"], "duplicate")
    place.create(
        "visits", patient_id=patient(7)["id"], clinic_id=place.actor.clinic_id,
        check_in_timestamp=1_795_000_000_000, provider_name="Nora",
    )  # fmt: skip
    assert course.index() == []
    for text, wanted in (("meanwhile", new), ("edited", patient(5)["id"])):
        hits = place.read(lambda text=text: search.find(connection(), text, today=TODAY).hits)
        assert [hit.id for hit in hits if not hit.forgiving] == [wanted]


def test_what_was_changed_behind_every_rule_is_noticed(place: Place) -> None:
    course = Course(place, clinic_body(60))
    assert course.made()

    def behind() -> None:
        here = connection()
        here.execute("UPDATE patients SET surname = 'Zz' WHERE id = ?", (patient(3)["id"],))
        here.execute("UPDATE visits SET check_in_timestamp = 5 WHERE id = ?", (child(4, "")["id"],))
        here.execute("DELETE FROM patients WHERE id = ?", (patient(8)["id"],))
        here.execute("UPDATE patients SET tombstone = 9 WHERE id = ?", (patient(9)["id"],))

    place.store.write(behind).result()
    assert course.index() == []


def test_a_row_that_came_twice_is_found_as_it_came_last(place: Place) -> None:
    rows = [patient(n) for n in range(40)] + [patient(7, given_name="Second")]
    course = Course(place, body({"patients": rows}))
    assert course.made()
    assert course.index() == []


@pytest.mark.parametrize("how", ["killed", "garbage", "gone", "another form"])
def test_without_it_the_index_is_made_in_place(place: Place, how: str) -> None:
    course = Course(place, clinic_body(60))
    helper = course.context.beside
    assert helper is not None
    if how == "killed":
        os.kill(helper.process.pid, signal.SIGKILL)
    else:
        assert course.made()
    if how == "garbage":
        size = helper.path.stat().st_size
        helper.path.write_bytes(os.urandom(size))
    elif how == "gone":
        helper.path.unlink()
    elif how == "another form":
        ask_for(place, {"column": "citizenship", "baseField": True})
    assert course.index() == []
    standing = place.store.on_writer(
        lambda: connection().execute("SELECT count(*) FROM search_patients").fetchone()[0]
    )
    assert standing.result() == 61


def test_a_form_that_asks_for_answers_is_not_for_it(place: Place) -> None:
    ask_for(place, {"id": "a"})
    course = Course(place, clinic_body(60))
    assert not course.made()
    assert course.index() == []
    hits = place.read(lambda: search.find(connection(), "saida", today=TODAY).hits)
    assert len(hits) == 50


def test_a_run_that_ends_before_the_index_leaves_nothing(place: Place) -> None:
    course = Course(place, clinic_body(60))
    helper = course.context.beside
    assert helper is not None
    process, path = helper.process, helper.path
    del helper
    course.context.beside = None
    assert process.poll() is not None
    assert not path.exists()


def test_a_damaged_spool_ends_it(place: Place) -> None:
    spool = spooled(place.store, clinic_body(60))
    whole = spool.path.read_bytes()
    spool.path.write_bytes(whole[: len(whole) // 2] + b"?" + whole[len(whole) // 2 + 1 :])
    with pytest.raises(Exception, match="damaged"):
        sync_apply.apply(
            place.store, spool, place.context(), progress=lambda _p: None, cancelled=lambda: False
        )
    assert not (spool.path.parent / "index.db").exists()


def test_a_step_that_fails_changes_nothing(place: Place) -> None:
    """The last step raises behind its changes: the next try finds all as it was."""
    course = Course(place, clinic_body(60))
    assert course.made()
    before = index_of(place.store)
    helper = course.context.beside
    assert helper is not None

    def half() -> None:
        here = connection()
        taking = beside.Takeover(here)
        taking.attach(str(helper.path))
        try:
            for step in taking.steps():
                here.execute("BEGIN IMMEDIATE")
                step()
                if step == taking._change_places:
                    here.rollback()
                else:
                    here.commit()
            here.execute("BEGIN IMMEDIATE")
            taking.undo()
            here.commit()
        finally:
            taking.detach()

    place.store.on_writer(half).result()
    assert index_of(place.store) == before
    assert course.index() == []


def test_small_pulls_and_small_machines_are_left_alone(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    spool = spooled(place.store, clinic_body(9))
    assert sync_beside.start(place.store, spool) is None
    spool = spooled(place.store, clinic_body(20))
    monkeypatch.undo()
    monkeypatch.setattr(sync_beside, "LEAST", 10)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _pid: {0}, raising=False)
    assert sync_beside.start(place.store, spool) is None
