"""The recorded exchanges with the real Flask server, in the order in which they were made."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from tests.cloud import values
from tests.cloud.columns import FLASK_PULLED
from tests.cloud.replay import Exchange, exchanges, play
from tests.cloud.seed import add_user
from tests.cloud.server import Cloud
from tests.cloud.store import Store

CLINIC = "193b6de1-f2b5-49cf-8f5a-b6374510bd38"


def rig() -> Store:
    store = Store()
    store.clock.set(exchanges("F1_flask_auth")[0].moment)
    given = {"id": CLINIC, "name": "Hikma Clinic"}
    clinic = store.put("clinics", given)
    made = values.micros(datetime(2026, 11, 22, 11, 11, 42, tzinfo=UTC))
    for name in ("created_at", "updated_at", "last_modified", "server_created_at"):
        clinic[name] = made
    add_user(store, "Admin", "admin@hikmahealth.org", "AdminPass123", CLINIC, "super_admin")
    add_user(store, "Nora Nurse", "nurse@clinic.test", "NursePass123", CLINIC, "provider",
             "2f1a1b0c-11f8-48ff-bbee-4349c166c40b")  # fmt: skip
    return store


def add_forms(store: Store, first_pull: Exchange) -> None:
    """Somebody made forms between F1 and F2; the first pull says which."""
    store.clock.set(first_pull.moment - 300_000)
    changes: dict[str, dict[str, list[dict[str, Any]]]] = json.loads(first_pull.answer)["changes"]
    for table in FLASK_PULLED:
        if table.endswith("_forms"):
            for row in changes[table]["created"]:
                store.put(
                    table, {n: v for n, v in row.items() if not n.endswith(("_at", "_modified"))}
                )


def test_the_double_answers_as_flask_did() -> None:
    """But for the two exchanges with 10,000 patients, whose body was not recorded whole."""
    with Cloud(rig(), flask=True) as cloud:
        found = [*exchanges("F1_flask_auth")]
        wrong = [f"F1 {e.title}: {line}" for e in found for line in play(cloud, e)]
        found = exchanges("F2_flask_sync")
        add_forms(cloud.store, found[0])
        wrong += [f"F2 {e.title}: {line}" for e in found for line in play(cloud, e)]
        for name in ("F3_flask_delete", "F4_flask_bulk", "F5_flask_appointments_and_json"):
            for exchange in exchanges(name):
                if "10k" not in exchange.title:
                    wrong += [f"{name} {exchange.title}: {line}" for line in play(cloud, exchange)]
    assert not wrong, "\n".join(wrong)
