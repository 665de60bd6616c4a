"""One save: the marks and base versions that a sync will need, for several peers, and the trail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hikma_tui.clinic import audit, deletion, patients, setup
from hikma_tui.clinic.actor import Actor
from hikma_tui.models import connection
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


def agree(store: Store, peer: str, patient_id: str) -> None:
    """As a sync will say it: this peer and we agree on the row as it stands."""
    (seq,) = ask(store, "SELECT change_seq FROM patients WHERE id = ?", patient_id)[0]
    store.write(
        lambda: connection().execute(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, agreed_seq, base)"
            " VALUES (?, 'patients', ?, ?, NULL)",
            (peer, patient_id, seq),
        )
    ).result()


def base(store: Store, peer: str, patient_id: str) -> dict[str, Any] | None:
    ((text,),) = ask(
        store, "SELECT base FROM peer_rows WHERE peer_id = ? AND row_id = ?", peer, patient_id
    )
    return None if text is None else dict(json.loads(text))


def unsent(store: Store, peer: str) -> set[str]:
    """The rows that this peer must be sent, by the rule in docs/architecture.md."""
    rows = ask(
        store,
        "SELECT p.id FROM patients p LEFT JOIN peer_rows r ON r.table_name = 'patients'"
        " AND r.row_id = p.id AND r.peer_id = ? WHERE p.change_seq > coalesce(r.agreed_seq, 0)",
        peer,
    )
    return {row[0] for row in rows}


def test_the_first_edit_keeps_what_each_peer_agreed_to(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    assert unsent(store, "cloud") == unsent(store, "hub") == {mona}
    agree(store, "cloud", mona)
    assert unsent(store, "cloud") == set()
    assert unsent(store, "hub") == {mona}

    store.write(patients.edit, who, mona, {"given_name": "Muna"}).result()
    agree(store, "hub", mona)
    store.write(patients.edit, who, mona, {"given_name": "Mouna"}).result()
    cloud, hub = base(store, "cloud", mona), base(store, "hub", mona)
    assert cloud is not None
    assert hub is not None
    assert (cloud["given_name"], hub["given_name"]) == ("Mona", "Muna")
    assert unsent(store, "cloud") == unsent(store, "hub") == {mona}


def test_an_edit_that_changes_nothing_marks_nothing(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    agree(store, "cloud", mona)
    entries = ask(store, "SELECT count(*) FROM event_logs")
    assert not store.write(patients.edit, who, mona, {"given_name": "Mona"}).result()
    assert unsent(store, "cloud") == set()
    assert base(store, "cloud", mona) is None
    assert ask(store, "SELECT count(*) FROM event_logs") == entries


def test_a_deletion_is_marked_and_its_undoing_too(store: Store) -> None:
    who = actor(store)
    mona = store.write(patients.register, who, {"given_name": "Mona"}).result()
    agree(store, "cloud", mona)
    number = store.write(deletion.delete, who, "patients", mona, "wrong person").result()
    assert unsent(store, "cloud") == {mona}
    kept = base(store, "cloud", mona)
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
