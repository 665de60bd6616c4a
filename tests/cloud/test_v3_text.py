"""What wire.md says of v3 and no recorded exchange shows, or shows only in part."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.cloud.client import basic, changes, patient, pull, push, sign_in, taken
from tests.cloud.columns import PULLED, Row
from tests.cloud.replay import ask
from tests.cloud.seed import add_user, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store

MS = 1795345270725


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = Store()
    seed(store)
    with Cloud(store) as running:
        yield running


def only(cloud: Cloud, table: str) -> Row:
    [row] = cloud.store.rows[table].values()
    return row


def id_of(cloud: Cloud, table: str, place: int = 0) -> str:
    return str(list(cloud.store.rows[table].values())[place]["id"])


def row_of(cloud: Cloud, table: str, person: str, **columns: Any) -> dict[str, Any]:
    """A full row for one of the tables, as a phone has it."""
    clinic, user = id_of(cloud, "clinics"), id_of(cloud, "users", 1)
    base = {"id": str(uuid.uuid4()), "patient_id": person, "created_at": MS, "updated_at": MS}
    more: dict[str, dict[str, Any]] = {
        "visits": {"clinic_id": clinic, "provider_id": user, "check_in_timestamp": MS},
        "events": {"visit_id": "", "form_id": None, "form_data": [{"a": 1}]},
        "patient_additional_attributes": {"attribute_id": "q", "attribute": "Q"},
        "appointments": {"clinic_id": "", "user_id": "", "current_visit_id": "", "timestamp": MS},
        "prescriptions": {"provider_id": user, "pickup_clinic_id": "", "visit_id": "",
                          "prescribed_at": MS},
        "patient_vitals": {"timestamp": MS, "weight_kg": 61.255},
        "patient_problems": {"problem_code_system": "icd11", "problem_code": "5A11",
                             "problem_label": "x", "clinical_status": "active",
                             "verification_status": "confirmed"},
    }  # fmt: skip
    return base | more[table] | columns


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("UTC", "1990-05-17T00:00:00.000Z"),
        ("Asia/Amman", "1990-05-16T21:00:00.000Z"),
        ("America/New_York", "1990-05-17T04:00:00.000Z"),
    ],
)
def test_a_date_travels_as_the_local_midnight_of_the_server(zone: str, shown: str) -> None:
    """A4, "Time-zone trap", with its own three examples."""
    store = Store(zone=ZoneInfo(zone))
    seed(store)
    with Cloud(store) as cloud:
        assert taken(push(cloud, "patients", patient(date_of_birth="1990-05-17")))
        [row] = changes(cloud)["patients"]["created"]
    assert row["date_of_birth"] == shown


def test_a_password_with_a_colon_signs_in_and_never_syncs(cloud: Cloud) -> None:
    add_user(cloud.store, "C", "c@clinic.test", "pa:ss", id_of(cloud, "clinics"))
    assert sign_in(cloud, "c@clinic.test", "pa:ss").status == 200
    header = basic("c@clinic.test", "pa:ss")
    assert ask(cloud, "GET", "/api/v2/sync", "", header).status == 401


def test_the_case_of_address_and_scheme_matters(cloud: Cloud) -> None:
    assert sign_in(cloud, "Nurse@clinic.test").status == 401
    lower = {"authorization": basic()["authorization"].replace("Basic", "basic")}
    assert ask(cloud, "GET", "/api/v2/sync", "", lower).status == 401
    token = sign_in(cloud).json()["token"]
    for header in ({"authorization": f"Bearer {token}"}, {"cookie": f"token={token}"}):
        assert ask(cloud, "GET", "/api/v2/sync", "", header).status == 401
    valid = ask(cloud, "POST", "/api/auth/is-valid-token", "", {"cookie": f"token={token}"})
    assert valid.json() == {"isValid": True}


def test_sixty_requests_a_minute_share_one_bucket(cloud: Cloud) -> None:
    cloud.store.clock.set(10**15)
    codes = [pull(cloud, 10**12).status for _ in range(61)]
    assert codes == [200] * 60 + [429]
    assert pull(cloud, **{"x-forwarded-for": "10.0.0.9"}).status == 200
    cloud.store.clock.set(10**15 + 61_000_000)
    assert pull(cloud, 10**12).status == 200


def test_wrong_paths_and_methods_answer_with_a_page(cloud: Cloud) -> None:
    for method, path, status in (
        ("GET", "/", 200), ("GET", "/api/login", 200), ("PUT", "/api/v2/sync", 200),
        ("OPTIONS", "/api/v2/sync", 200), ("GET", "/api/v1/sync", 404),
        ("POST", "/rpc/command", 404),
    ):  # fmt: skip
        got = ask(cloud, method, path)
        assert (got.status, got.type) == (status, "text/html; charset=utf-8")
    assert ask(cloud, "HEAD", "/").status == 200
    assert ask(cloud, "GET", "/rpc/heartbeat").json() == {"status": "ok"}


def test_a_hub_parameter_gives_every_account_away(cloud: Cloud) -> None:
    """A7: an ordinary account gets all users with their hashes, and a key named "undefined"."""
    found = pull(cloud, 0, "&peerType=sync_hub").json()["changes"]
    assert list(found) == [*PULLED, "users", "device_pin_codes", "undefined"]
    assert all(user["hashed_password"].startswith("$2b$") for user in found["users"]["created"])
    assert list(pull(cloud, 0, "&peerType=banana").json()["changes"]) == list(PULLED)


def test_a_hubs_key_sees_its_clinics_only(cloud: Cloud) -> None:
    other = cloud.store.put("clinics", {"name": "North"})
    digest = hashlib.sha256(b"hh_1").hexdigest()
    cloud.store.put("undefined", {"name": "Hub", "device_type": "sync_hub",
                                  "api_key_hash": digest, "clinic_ids": [other["id"]]})  # fmt: skip
    push(cloud, "patients", patient(primary_clinic_id=id_of(cloud, "clinics")),
         patient(primary_clinic_id=other["id"]), patient())  # fmt: skip
    target, key = "/api/v2/sync?peerType=sync_hub", {"authorization": "Bearer hh_1"}
    found = ask(cloud, "GET", target, "", key).json()["changes"]
    assert [p["primary_clinic_id"] for p in found["patients"]["created"]] == [other["id"]]
    assert found["event_forms"]["created"]  # no clinic_id column
    verify = ask(cloud, "POST", "/api/hub/verify-key", '{"api_key":"hh_1"}')
    assert verify.status == 200
    assert ask(cloud, "POST", "/api/hub/verify-key", '{"api_key":"hh_2"}').status == 401


def test_a_server_with_a_limited_history_drops_old_rows(cloud: Cloud) -> None:
    day = 86_400_000_000
    cloud.store.clock.offset = -40 * day
    push(cloud, "patients", patient(given_name="old"))
    cloud.store.clock.offset = 0
    push(cloud, "patients", patient(given_name="new"))
    cloud.store.max_history_days = 30
    found = changes(cloud)
    assert [row["given_name"] for row in found["patients"]["created"]] == ["new"]
    assert found["clinics"]["created"]


REVIVAL = {
    "visits": (False, True), "events": (False, True),
    "patient_additional_attributes": (False, True), "prescriptions": (True, True),
    "appointments": (False, False), "patient_vitals": (False, False),
    "patient_problems": (False, False),
}  # fmt: skip


@pytest.mark.parametrize("table", ["patients", *REVIVAL])
def test_an_edit_after_a_delete(cloud: Cloud, table: str) -> None:
    """A6, "Edit after delete, table by table": is_deleted, and whether deleted_at is still set."""
    person = patient()
    push(cloud, "patients", person)
    row = person if table == "patients" else row_of(cloud, table, person["id"])
    assert taken(push(cloud, table, row))
    assert taken(push(cloud, table, row["id"], kind="deleted"))
    newer = row | {"updated_at": 1995345270725, "is_deleted": False, "deleted_at": None}
    assert taken(push(cloud, table, newer, kind="updated"))
    kept = cloud.store.find(table, row["id"])
    assert kept is not None
    gone, marked = REVIVAL.get(table, (False, True))
    assert (kept["is_deleted"], kept["deleted_at"] is not None) == (gone, marked)
    seen = [r["id"] for r in changes(cloud)[table]["created"]]
    assert (row["id"] in seen) is (not gone and not marked)


@pytest.mark.parametrize("kind", ["events", "appointments", "prescriptions"])
def test_a_visit_is_invented_for_a_row_without_one(cloud: Cloud, kind: str) -> None:
    person = patient()
    push(cloud, "patients", person)
    assert taken(push(cloud, kind, row_of(cloud, kind, person["id"])))
    visit = only(cloud, "visits")
    made = {"artificially_created": True, "created_from": "server_event_creation"}
    assert isinstance(visit["metadata"], dict)
    assert (visit["metadata"].items() >= made.items()) is (kind == "events")
    assert (visit["check_in_timestamp"] is not None) is (kind == "events")
    names = {"events": "Hikma Admin", "appointments": "Nora Nurse"}
    assert visit["provider_name"] == names.get(kind, id_of(cloud, "users", 1))


def test_an_invented_visit_goes_with_the_row_that_is_refused(cloud: Cloud) -> None:
    person = patient()
    push(cloud, "patients", person)
    row = row_of(cloud, "appointments", person["id"], duration=100_000)
    assert push(cloud, "appointments", row).status == 500
    assert cloud.store.rows["visits"] == {}


def test_where_created_begins_and_what_a_first_pull_leaves_out(cloud: Cloud) -> None:
    """A4: created is ``>=``; tombstones come with any ``last_pulled_at`` but 0."""
    row, gone = patient(), patient()
    cloud.store.clock.set(MS * 1000)
    push(cloud, "patients", row)
    push(cloud, "patients", gone)
    push(cloud, "patients", gone["id"], kind="deleted")
    kept = cloud.store.find("patients", row["id"])
    assert kept is not None
    kept["server_created_at"] = MS * 1000
    assert [r["id"] for r in changes(cloud, MS)["patients"]["created"]] == [row["id"]]
    assert changes(cloud, MS + 1)["patients"]["created"] == []
    told = [changes(cloud, last)["patients"]["deleted"] for last in (0, 1, -1, 1795345270)]
    assert told == [[], [gone["id"]], [gone["id"]], [gone["id"]]]


def test_a_prescription_is_filled_at_its_first_push_only(cloud: Cloud) -> None:
    person = patient()
    push(cloud, "patients", person)
    row = row_of(cloud, "prescriptions", person["id"], status="pending")
    push(cloud, "prescriptions", row)
    newer = row | {"status": "picked-up", "filled_at": MS, "updated_at": MS + 1}
    push(cloud, "prescriptions", newer, kind="updated")
    stored = only(cloud, "prescriptions")
    assert (stored["status"], stored["filled_at"]) == ("picked-up", None)


def test_a_row_is_stamped_by_the_server_where_it_is(cloud: Cloud) -> None:
    """A5, the table of the conflict rule: a slow device's second edit is dropped for visits."""
    person = patient()
    push(cloud, "patients", person)
    visit = row_of(cloud, "visits", person["id"])
    for add in (0, 1, 2):
        push(cloud, "visits", visit | {"provider_name": str(add), "updated_at": MS + add})
        push(cloud, "patients", person | {"given_name": str(add), "updated_at": MS + add})
    assert only(cloud, "visits")["provider_name"] == "1"
    assert only(cloud, "patients")["given_name"] == "2"


def test_numbers_are_rounded_and_sent_as_text(cloud: Cloud) -> None:
    person = patient()
    push(cloud, "patients", person)
    push(cloud, "patient_vitals", row_of(cloud, "patient_vitals", person["id"], systolic_bp=120))
    [row] = changes(cloud)["patient_vitals"]["created"]
    assert (row["weight_kg"], row["systolic_bp"], row["event_id"]) == ("61.26", 120, None)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("patient_vitals", "weight_kg", 1000), ("patient_vitals", "bmi", 100),
        ("patient_vitals", "bp_position", "x" * 51), ("patient_vitals", "pain_level", 2.5),
        ("patient_vitals", "recorded_by_user_id", ""), ("patient_problems", "problem_label", None),
        ("patient_problems", "onset_date", 345600000), ("visits", "metadata", [1]),
        ("visits", "provider_id", ""), ("events", "form_id", ""), ("visits", "id", "abc"),
    ],
)  # fmt: skip
def test_what_ends_in_a_500(cloud: Cloud, table: str, column: str, value: object) -> None:
    person = patient()
    push(cloud, "patients", person)
    row = row_of(cloud, table, person["id"])
    got = push(cloud, table, row | {column: value})
    assert (got.status, got.json()["message"]) == (500, "HTTPError")
    assert taken(push(cloud, table, row))


def test_rows_before_a_bad_one_stay(cloud: Cloud) -> None:
    good, bad, after = (patient(given_name=name) for name in ("a", "b", "c"))
    assert push(cloud, "patients", good, bad | {"sex": "x" * 25}, after).status == 500
    assert [row["given_name"] for row in cloud.store.live("patients")] == ["a"]


def test_a_phones_row_loses_nothing_but_what_the_server_drops(cloud: Cloud) -> None:
    """Milliseconds, JSON as texts, _status and _changed, last_modified: 0 (A9)."""
    phone = patient(
        metadata='{"src":"phone"}', additional_data="{}", _status="created", _changed="",
        last_modified=0, server_created_at=0, image_timestamp=0, photo_url="", camp="",
        date_of_birth="1990-05-17", created_at=MS, deleted_at=None, camelCase=1,
    )  # fmt: skip
    body = {"patients": {"created": [phone], "updated": [], "deleted": []},
            "peers": {"created": [{"id": "1"}], "updated": [], "deleted": []},
            "event_logs": {"created": [{"id": "1"}], "updated": [], "deleted": []}}  # fmt: skip
    assert taken(ask(cloud, "POST", "/api/v2/sync?last_pulled_at=0", json.dumps(body), basic()))
    [row] = changes(cloud)["patients"]["created"]
    assert row["metadata"] == {"src": "phone"}
    assert (row["image_timestamp"], row["photo_url"], row["camp"]) == (None, None, "")
    assert row["created_at"] == "2026-11-22T11:01:10.725Z"
    assert row["last_modified"][:4] != "1970"
    assert not {"_status", "_changed", "camelCase"} & set(row)


def test_a_row_committed_late_is_missed_for_good(cloud: Cloud) -> None:
    cloud.store.clock.offset = -2_000_000  # its transaction began two seconds ago
    commit = cloud.store.hold("patients", {"given_name": "late"})
    cloud.store.clock.offset = 0
    first = pull(cloud, 0).json()
    assert first["changes"]["patients"]["created"] == []
    commit()
    assert changes(cloud, first["timestamp"])["patients"]["created"] == []
    assert changes(cloud, first["timestamp"] - 60_000)["patients"]["created"] != []
