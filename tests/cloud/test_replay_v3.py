"""The recorded exchanges with the real v3 server, in the order in which they were made."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from tests.cloud import values
from tests.cloud.columns import PULLED
from tests.cloud.replay import Exchange, exchanges, play
from tests.cloud.seed import add_user
from tests.cloud.server import Cloud
from tests.cloud.store import Store

CLINIC, NORTH = "15d84917-fcb0-45db-b3a6-e86ae4977360", "d5221f10-e663-11f1-b200-eb76c0f868e8"
STAMPS = ("created_at", "updated_at", "last_modified", "server_created_at")
PEOPLE = (
    ("60d4eac8-dd9b-486b-aa81-454f5350b658", "Hikma Admin", "admin", "AdminPass123", CLINIC),
    ("d52c7f50-e663-11f1-b200-eb76c0f868e8", "Nora Nurse", "nurse", "NursePass123", CLINIC),
    ("d53558f0-e663-11f1-b200-eb76c0f868e8", "North Nurse", "north", "NorthPass123", NORTH),
    ("d53e0b80-e663-11f1-b200-eb76c0f868e8", "Rana Registrar", "registrar", "RegPass123", NORTH),
    ("d546be10-e663-11f1-b200-eb76c0f868e8", "Colon", "colon", "pa:ss:word1", CLINIC),
    ("d54f4990-e663-11f1-b200-eb76c0f868e8", "Unicode", "unicode", "пароль123", CLINIC),
)
DEVICE_KEY = "hh_a66f46cd5c61f7c81f8362f5d4dfd16d1b94f05b3ea0e41f338256e790581ce7"


def rig() -> Store:
    """The database as it was at the first exchange: its first pull says what was in it."""
    [first] = exchanges("02_pull_first")
    store = Store()
    store.clock.set(first.moment)
    for user_id, name, mail, password, clinic in PEOPLE:
        row = add_user(store, name, f"{mail}@clinic.test", password, clinic, "provider", user_id)
        row.update(dict.fromkeys(STAMPS, values.parse_moment("2026-11-22T10:59:47.782Z")))
    changes: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(first.answer)["changes"]
    for table in PULLED:
        for row_given in changes[table]["created"]:
            store.put(table, row_given)
    return store


def played(cloud: Cloud, found: list[Exchange], *, lengths: bool = True) -> list[str]:
    return [f"{e.title}: {line}" for e in found for line in play(cloud, e, lengths=lengths)]


def another_clinics_deleted_patient(cloud: Cloud) -> None:
    """What transcript 08, which is not here, left behind: one tombstone."""
    store = cloud.store
    now = store.now()
    row = store.put("patients", {})
    row.update(is_deleted=True, deleted_at=now)


CHAIN = (
    "01_login", "02_pull_first", "03_push_created", "04_pull_incremental", "05_push_updated",
    "06_push_deleted", "07_tombstones_cascade", "09_errors", "10_conflicts_clock",
    "11_last_pulled_at", "12_rate_limit",
)  # fmt: skip


def test_the_double_answers_as_the_server_did() -> None:
    """One database from the first exchange to the last, as it was with the real server."""
    with Cloud(rig()) as cloud:
        wrong = []
        for name in CHAIN:
            if name == "09_errors":
                another_clinics_deleted_patient(cloud)
            wrong += [f"{name}: {line}" for line in played(cloud, exchanges(name))]
        wrong += odd_accounts_hubs_and_the_missed_row(cloud)
    assert not wrong, "\n".join(wrong)


def odd_accounts_hubs_and_the_missed_row(cloud: Cloud) -> list[str]:
    """Transcript 18: between the requests somebody worked in the database itself."""
    found = exchanges("18_more")
    store = cloud.store
    users = store.rows["users"]
    store.clock.set(found[0].moment - 1_500_000)
    commit = store.hold("patients", {"id": "12d69bcf-4909-45c1-a7ba-88b8d7ea21d8",
                                     "given_name": "SlowCommit"})  # fmt: skip
    wrong = played(cloud, found[:1])
    commit()
    wrong += played(cloud, found[1:2])
    users[PEOPLE[4][0]]["is_deleted"] = True
    users[PEOPLE[5][0]]["role"] = "janitor"
    wrong += played(cloud, found[2:5])
    store.rows["clinics"][NORTH]["is_deleted"] = True
    wrong += played(cloud, found[5:7])
    store.rows["clinics"][NORTH].update(
        is_deleted=False, is_archived=True, last_modified=found[7].moment
    )
    digest = hashlib.sha256(DEVICE_KEY.encode()).hexdigest()
    store.put("undefined", {"name": "Hub", "device_type": "sync_hub", "api_key_hash": digest,
                            "clinic_ids": [CLINIC]})  # fmt: skip
    return wrong + played(cloud, found[7:])


def other_rig() -> Store:
    """The second database of the recordings, of which only the ids in the requests are known."""
    store = Store()
    clinic = store.put("clinics", {"id": "8c6f1716-5303-459d-b720-340719947d2e", "name": "Hikma"})
    add_user(store, "Nora Nurse", "nurse@clinic.test", "NursePass123", clinic["id"], "provider",
             "f995c1f0-e666-11f1-9b64-09171857eeee")  # fmt: skip
    store.put("event_forms", {"id": "f9cfbdb0-e666-11f1-9b64-09171857eeee", "name": "t"})
    store.put("drug_catalogue", {"id": "e4faba8e-9a32-48f2-9d16-7f19a4b0f1cc"})
    return store


@pytest.mark.parametrize("name", ["22_misc", "23_checks"])
def test_the_last_checks(name: str) -> None:
    with Cloud(other_rig()) as cloud:
        wrong = played(cloud, exchanges(name), lengths=False)
    assert not wrong, "\n".join(wrong)
