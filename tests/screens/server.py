"""A clinic that has a server, for the tests of screens: its line, its marks, what differs."""

from __future__ import annotations

from typing import Any

from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic.saving import Save
from hikma_tui.models import (
    BY_TABLE,
    OWN_COLUMNS,
    Conflict,
    PeerRow,
    Prescription,
    SyncRun,
    connection,
    dicts,
)
from hikma_tui.syncing import peer as sync_peer
from tests.screens.clinic import NOON, Clinic, calm
from tests.screens.harness import screen_text

AT = round(NOON.timestamp() * 1000)
NOBODY = "http://127.0.0.1:9"  # the port of discard: nothing listens there


def connected(clinic: Clinic) -> str:
    """Register a server that nobody can reach; the id of its line."""
    peer = clinic.store.write(
        sync_peer.put, NOBODY, dialect="v3", email="nora@example.org", user_id="u",
        clinic_id=clinic.actor.clinic_id, now=AT,
    ).result()  # fmt: skip
    return peer.id


def agreed(clinic: Clinic, peer_id: str) -> None:
    """As if everything had been read back from the server at noon."""

    def put() -> None:
        for table in ("patients", "visits", "events", "patient_additional_attributes"):
            connection().execute(f"UPDATE {table} SET change_seq = 0")
        sync_peer.set_synced(peer_id, AT)

    clinic.store.write(put).result()


def marked(clinic: Clinic, peer_id: str, table: str, row_id: str, state: str, reason: str) -> None:
    def put() -> None:
        connection().execute(f"UPDATE {table} SET change_seq = 1 WHERE id = ?", (row_id,))
        PeerRow.insert(
            peer_id=peer_id, table_name=table, row_id=row_id, state=state, reason=reason, tries=1,
            sent_seq=1,
        ).execute()  # fmt: skip

    clinic.store.write(put).result()


def logged(clinic: Clinic, peer_id: str, counts: dict[str, Any], **more: Any) -> None:
    def put() -> None:
        row = {"peer_id": peer_id, "kind": "sync", "started_at": AT - 12_000, "ended_at": AT,
               "result": "ok", "counts": counts, **more}  # fmt: skip
        SyncRun.insert(row).execute()

    clinic.store.write(put).result()


def differ(
    clinic: Clinic, peer_id: str, table: str, row_id: str, kind: str = "edit", **theirs: Any
) -> int:
    """As if the server had these values in a row that was changed here too; the conflict's pk.

    ``deleted=True``: the server has deleted it.
    """

    def put() -> int:
        row = dicts(BY_TABLE[table].select().where(BY_TABLE[table].id == row_id))[0]
        ours = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
        gone = theirs.pop("deleted", False)
        stamp = {"updated_at": AT - 3_600_000} if "updated_at" in ours else {}
        PeerRow.insert(
            peer_id=peer_id, table_name=table, row_id=row_id, state="held", reason="conflict",
            base={**ours, **dict.fromkeys(theirs)},
        ).on_conflict_replace().execute()  # fmt: skip
        connection().execute(f"UPDATE {table} SET change_seq = 1 WHERE id = ?", (row_id,))
        patient = row_id if table == "patients" else row.get("patient_id")
        return int(
            Conflict.insert(
                peer_id=peer_id, table_name=table, row_id=row_id, patient_id=patient, kind=kind,
                theirs=None if gone else {**ours, **stamp, **theirs}, found_at=AT,
            ).execute()
        )  # fmt: skip

    return clinic.store.write(put).result()


async def ended(app: HikmaApp, pilot: Any) -> str:
    """Wait until the child has ended and what it told is on the screen."""
    for _turn in range(1200):
        if not app.syncing.running:
            break
        await pilot.pause(0.05)
    assert not app.syncing.running
    await calm(pilot)
    return screen_text(app)


def prescribed_elsewhere(
    clinic: Clinic, patient_id: str, visit_id: str | None, **more: object
) -> str:
    """A prescription that another program made and the server sent; its id."""

    def put() -> str:
        row = {"patient_id": patient_id, "visit_id": visit_id, "provider_id": clinic.actor.user_id,
               "pickup_clinic_id": clinic.actor.clinic_id, "prescribed_at": AT, "notes": "",
               **more}  # fmt: skip
        with Save(clinic.actor) as save:
            made = save.insert(Prescription, row)
        connection().execute(
            "UPDATE prescriptions SET change_seq = 0, server_created_at = ? WHERE id = ?",
            (AT, made),
        )
        return made

    return clinic.store.write(put).result()
