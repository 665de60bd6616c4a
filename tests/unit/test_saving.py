"""One save: the marks and base versions that a sync will need, and the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui import search
from hikma_tui.clinic import audit, deletion, info, patients, quick, setup
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.saving import Save, one_save
from hikma_tui.models import Patient, connection, database
from hikma_tui.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store.create(tmp_path / "store")
    opened.write(setup.create_clinic, "A", "Nora").result()
    yield opened
    opened.close()


def actor(store: Store) -> Actor:
    from hikma_tui.clinic.actor import actor_named

    return store.read(actor_named).result()


def ask(store: Store, query: str, *values: Any) -> list[tuple[Any, ...]]:
    """Straight from the file, tombstones and all."""
    return store.on_writer(lambda: connection().execute(query, values).fetchall()).result()


def agree(store: Store, patient_id: str) -> None:
    """As a sync will say it: the server has the row just so."""

    def say() -> None:
        connection().execute(
            "INSERT OR IGNORE INTO peers (id, peer_id, name, public_key, peer_type, is_leader,"
            " status, protocol_version, created_at, updated_at)"
            " VALUES ('cloud', 'cloud:https://a.example', 'A', '', 'cloud_server', 0, 'active',"
            " '1', 1, 1)"
        )
        connection().execute("DELETE FROM peer_rows WHERE row_id = ?", (patient_id,))
        connection().execute("UPDATE patients SET change_seq = 0 WHERE id = ?", (patient_id,))

    store.write(say).result()


def base(store: Store, patient_id: str) -> dict[str, Any] | None:
    found = ask(store, "SELECT base FROM peer_rows WHERE row_id = ?", patient_id)
    return dict(json.loads(found[0][0])) if found and found[0][0] is not None else None


def unsent(store: Store) -> set[str]:
    """The rows that the server must be sent, by the rule in docs/architecture.md."""
    return {row[0] for row in ask(store, "SELECT id FROM waiting_patients")}


def test_the_first_edit_keeps_what_was_agreed_to(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    assert unsent(store) == {mona}
    store.write(patients.edit, who, mona, {"given_name": "Moona"}).result()
    assert base(store, mona) is None  # no server ever had it
    agree(store, mona)
    assert unsent(store) == set()

    store.write(patients.edit, who, mona, {"given_name": "Muna"}).result()
    store.write(patients.edit, who, mona, {"given_name": "Mouna"}).result()
    kept = base(store, mona)
    assert kept is not None
    assert kept["given_name"] == "Moona"
    assert unsent(store) == {mona}


def test_an_edit_that_changes_nothing_marks_nothing(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    agree(store, mona)
    entries = ask(store, "SELECT count(*) FROM event_logs")
    assert not store.write(patients.edit, who, mona, {"given_name": "Mona"}).result()
    assert unsent(store) == set()
    assert base(store, mona) is None
    assert ask(store, "SELECT count(*) FROM event_logs") == entries


def test_a_deletion_is_marked_and_its_undoing_too(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    agree(store, mona)
    number = store.write(deletion.delete, who, "patients", mona, "wrong person").result()
    assert unsent(store) == {mona}
    kept = base(store, mona)
    assert kept is not None
    assert kept["given_name"] == "Mona"
    assert ask(store, "SELECT tombstone FROM patients WHERE id = ?", mona) == [(number,)]
    store.write(deletion.undo, who, number).result()
    assert ask(store, "SELECT tombstone, is_deleted FROM patients") == [(None, 0)]


def test_each_save_leaves_its_entry_with_old_and_new(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    store.write(patients.edit, who, mona, {"phone": "070 123"}).result()
    rows = ask(store, "SELECT action_type, user_id, changes FROM event_logs WHERE row_id = ?", mona)
    assert [row[0] for row in rows] == ["CREATE", "UPDATE"]
    assert {row[1] for row in rows} == {who.user_id}
    assert json.loads(rows[1][2])["phone"] == {"old": None, "new": "070 123"}
    assert store.read(audit.problems).result() == []


def test_edits_within_one_millisecond_still_move_the_stamp(store: Store) -> None:
    """The server takes only a later ``updated_at`` (wire.md, Conflict rule)."""
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    stamps = [ask(store, "SELECT updated_at FROM patients")[0][0]]
    for name in ("Muna", "Mouna", "Moona"):
        store.write(patients.edit, who, mona, {"given_name": name}).result()
        stamps.append(ask(store, "SELECT updated_at FROM patients")[0][0])
    assert stamps == sorted(set(stamps))


def trail(store: Store) -> list[tuple[str, str, str]]:
    """Transaction, action and table of each entry of the trail."""
    query = "SELECT transaction_id, action_type, table_name FROM event_logs ORDER BY pk"
    return [(row[0], row[1], row[2]) for row in ask(store, query)]


def test_an_act_of_several_parts_is_one_save(store: Store) -> None:
    nora = actor(store)
    mona = store.write(patients.register, nora, {"given_name": "Mona", "sex": "female"}).result()
    before = len(trail(store))
    today = store.read(info.today).result()
    store.write(quick.save, nora, mona, today, "bp 120/80 sitting hr 80").result()
    entries = trail(store)[before:]
    assert [entry[1:] for entry in entries][:2] == [
        ("CREATE", "visits"), ("CREATE", "patient_vitals")
    ]  # fmt: skip
    assert len({entry[0] for entry in entries}) == 1
    numbers = ask(
        store, "SELECT change_seq FROM visits UNION SELECT change_seq FROM patient_vitals"
    )
    assert numbers == [(int(store.read(info.get, "change_seq").result()),)]
    assert store.on_writer(audit.problems).result() == []
    assert store.on_writer(lambda: search.check(connection())).result() == []


def test_a_part_that_failed_is_not_in_the_trail(store: Store) -> None:
    """Where somebody goes on after a refusal, only what was kept is told; and the next save is a
    save of its own."""
    nora = actor(store)

    @one_save
    def act(actor: Actor) -> None:
        with Save(actor) as save:
            save.insert(Patient, {"given_name": "Mona"})
        try:
            with database.atomic(), Save(actor) as save:
                save.insert(Patient, {"given_name": "Lost"})
                raise ValueError
        except ValueError:
            pass
        with Save(actor) as save:
            save.insert(Patient, {"given_name": "Samir"})

    before = len(trail(store))
    store.write(act, nora).result()
    assert ask(store, "SELECT given_name FROM patients ORDER BY pk") == [("Mona",), ("Samir",)]
    assert len(trail(store)) - before == 2
    assert store.on_writer(lambda: search.check(connection())).result() == []
    with pytest.raises(ValueError, match="whole"):
        store.write(_refused, nora).result()
    assert len(trail(store)) - before == 2
    store.write(patients.register, nora, {"given_name": "Next", "sex": "male"}).result()
    assert trail(store)[-1][0] not in {entry[0] for entry in trail(store)[:-2]}


@one_save
def _refused(actor: Actor) -> None:
    with Save(actor) as save:
        save.insert(Patient, {"given_name": "Gone"})
    raise ValueError("whole")
