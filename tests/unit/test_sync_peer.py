"""The registered server, and the counts of where the records stand with it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from hikma_tui.clinic import patients, server, setup
from hikma_tui.clinic.actor import actor_named
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.syncing import peer as sync_peer

T = TypeVar("T")
URL = "https://hikma.example.org"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    made = Store.create(tmp_path / "clinic")
    made.write(setup.create_clinic, "Al-Salam", "Nora").result()
    return made


def write(store: Store, function: Callable[..., T], *values: Any, **named: Any) -> T:
    return store.write(function, *values, **named).result()


def put(store: Store, url: str = URL, **more: Any) -> sync_peer.PeerFacts:
    facts = {"dialect": "v3", "email": "n@x", "user_id": "u", "clinic_id": None, "now": 5, **more}
    return write(store, sync_peer.put, url, **facts)


def test_one_server_at_a_time(store: Store) -> None:
    assert store.read(sync_peer.active).result() is None
    peer = put(store)
    assert (peer.url, peer.watermark, peer.east_from, peer.joined_at) == (URL, 0, 12, 5)
    with pytest.raises(sync_peer.OtherServer):
        put(store, "https://another.example.org")
    assert store.read(sync_peer.active).result() == peer
    write(store, sync_peer.leave, peer.id, 6)
    assert store.read(sync_peer.active).result() is None
    other = put(store, "https://another.example.org", dialect="flask")
    assert (other.dialect, other.id == peer.id) == ("flask", False)


def test_what_is_known_of_it_stays(store: Store) -> None:
    peer = put(store)
    write(store, sync_peer.set_watermark, peer.id, 1_795_345_229_058)
    write(store, sync_peer.update, peer.id, needs_check="away", east_from=10)
    write(store, sync_peer.set_synced, peer.id, 9)
    again = put(store, email="m@x", now=7)
    assert (again.id, again.email, again.joined_at) == (peer.id, "m@x", 5)
    assert (again.watermark, again.east_from, again.last_synced_at) == (1_795_345_229_058, 10, 9)
    write(store, sync_peer.update, peer.id, needs_check=None)
    found = store.read(sync_peer.active).result()
    assert found is not None
    assert "needs_check" not in found.more


def mark(store: Store, row_id: str, state: str, sent_seq: int, seq: int) -> None:
    def both() -> None:
        connection().execute("UPDATE patients SET change_seq = ? WHERE id = ?", (seq, row_id))
        connection().execute(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, sent_seq, state, reason, tries)"
            " SELECT id, 'patients', ?, ?, ?, '', 0 FROM peers WHERE status = 'active'",
            (row_id, sent_seq, state),
        )

    write(store, both)


def test_every_state_is_counted_once(store: Store) -> None:
    assert store.read(server.state).result() == server.ServerState()
    put(store)
    nora = store.read(actor_named, "Nora").result()
    ids = [
        write(store, patients.register, nora, {"given_name": f"A {n}", "sex": "female"})
        for n in range(12)
    ]
    marks = [
        ("sent", 4, 4), ("sent", 4, 5), ("awaiting", 4, 4), ("awaiting", 4, 5), ("refused", 4, 4),
        ("refused", 4, 5), ("differs", 4, 4), ("held", 0, 9), ("stays", 0, 9), ("only_here", 0, 0),
        ("only_here", 0, 9),
    ]  # fmt: skip
    for row_id, (state, sent_seq, seq) in zip(ids, marks, strict=False):
        mark(store, row_id, state, sent_seq, seq)
    found = store.read(server.state).result()
    assert (found.sent, found.awaiting, found.refused, found.differs) == (1, 1, 1, 1)
    assert (found.held, found.stays, found.only_here) == (1, 1, 2)
    # the three that were edited since, and the one without a mark
    assert found.not_sent == 4
    assert found.dropped == 1  # it differs, and no conflict asks about it
    assert found.needs_you == found.refused + found.dropped + found.only_here
    assert found.settings > 0  # this clinic's own forms and users: no news for a nurse
    assert not found.up_to_date
    told = found.as_json()
    assert (told["needs_you"], told["up_to_date"]) == (found.needs_you, False)
    assert sum(found.tables["patients"].values()) == 12
    assert store.read(server.confirmed).result() == 0  # the only one agreed is only here
    write(store, lambda: connection().execute("UPDATE patients SET change_seq = 0").fetchall())
    assert store.read(server.confirmed).result() == 12 - 2


def test_confirmed_is_said_only_after_a_sync(store: Store) -> None:
    peer = put(store)
    assert not store.read(server.state).result().up_to_date  # never synced
    write(store, sync_peer.set_synced, peer.id, 9)
    assert store.read(server.state).result().up_to_date
    write(store, sync_peer.update, peer.id, needs_check="away")
    assert not store.read(server.state).result().up_to_date
