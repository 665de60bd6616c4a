"""What wire.md says of Flask and no recorded exchange shows, or shows only in part."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from tests.cloud.client import basic, patient
from tests.cloud.columns import FLASK_LACKS, FLASK_TABLES
from tests.cloud.replay import Got, ask
from tests.cloud.seed import seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store

MS = 1795345270725


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = Store()
    seed(store)
    with Cloud(store, flask=True) as running:
        yield running


def full(**columns: Any) -> dict[str, Any]:
    names = FLASK_TABLES["patients"]
    empty = dict.fromkeys(names) | {"additional_data": {}, "created_at": MS, "updated_at": MS}
    return empty | patient() | columns


def send(cloud: Cloud, body: object, last: int = 1) -> Got:
    return ask(cloud, "POST", f"/api/v2/sync?last_pulled_at={last}", json.dumps(body))


def get(cloud: Cloud, last: int = 0) -> Any:
    return ask(cloud, "GET", f"/api/v2/sync?last_pulled_at={last}", "", basic()).json()


def test_it_tells_itself_apart_from_v3(cloud: Cloud) -> None:
    assert ask(cloud, "POST", "/api/auth/sign-in", "{}").status == 404
    assert ask(cloud, "GET", "/").json()["message"] == "Welcome to the Hikma Health backend."
    assert ask(cloud, "GET", "/").headers["access-control-allow-origin"] == "*"


def test_a_bad_row_takes_its_table_with_it_and_leaves_the_one_before(cloud: Cloud) -> None:
    good, bad = full(), full()
    del bad["camp"]
    assert send(cloud, {"patients": {"created": [good, bad]}}).status == 500
    assert cloud.store.rows["patients"] == {}
    body = {"patients": {"created": [good]}, "visits": {"created": [{"id": good["id"]}]}}
    assert send(cloud, body).status == 500
    assert list(cloud.store.rows["patients"]) == [good["id"]]


def test_the_last_push_wins_and_milliseconds_are_lost(cloud: Cloud) -> None:
    row = full(date_of_birth="1990-05-17")
    assert send(cloud, {"patients": {"created": [row]}}).json()["ok"] is True
    send(cloud, {"patients": {"updated": [row | {"given_name": "Old", "updated_at": 1}]}})
    found = get(cloud)
    [shown] = found["changes"]["patients"]["created"]
    assert shown["given_name"] == "Old"
    assert shown["created_at"] == "Sun, 22 Nov 2026 11:01:10 GMT"
    assert shown["date_of_birth"] == "Thu, 17 May 1990 00:00:00 GMT"
    assert not FLASK_LACKS["patients"] & set(shown)
    assert isinstance(found["timestamp"], float)
    assert found["timestamp"] % 1000 == 0


def test_a_text_of_json_comes_back_as_a_text(cloud: Cloud) -> None:
    row = full()
    send(cloud, {"patients": {"created": [row]}})
    event = {"id": row["id"], "patient_id": row["id"], "visit_id": None, "form_id": None,
             "event_type": "x", "form_data": '[{"a":1}]', "metadata": {"b": 1},
             "created_at": MS, "updated_at": MS}  # fmt: skip
    assert send(cloud, {"events": {"created": [event]}}).status == 200
    [shown] = get(cloud)["changes"]["events"]["created"]
    assert (shown["form_data"], shown["metadata"]) == ('[{"a":1}]', {"b": 1})


def test_an_events_deletion_is_dated_by_the_pusher(cloud: Cloud) -> None:
    row = full()
    send(cloud, {"patients": {"created": [row]}})
    event = {"id": row["id"], "patient_id": row["id"], "visit_id": None, "form_id": None,
             "event_type": "x", "form_data": [], "metadata": {},
             "created_at": MS, "updated_at": MS}  # fmt: skip
    send(cloud, {"events": {"created": [event]}})
    send(cloud, {"events": {"deleted": [row["id"]]}}, last=MS)
    assert get(cloud, MS - 1)["changes"]["events"]["deleted"] == [row["id"]]
    assert get(cloud, MS)["changes"]["events"]["deleted"] == []


def test_an_appointment_is_taken_away_from_its_patient(cloud: Cloud) -> None:
    row = full()
    send(cloud, {"patients": {"created": [row]}})
    user = next(iter(cloud.store.rows["users"].values()))
    appointment = {"id": row["id"], "provider_id": None, "clinic_id": user["clinic_id"],
                   "patient_id": row["id"], "user_id": user["id"], "current_visit_id": None,
                   "fulfilled_visit_id": "", "timestamp": MS, "duration": 30, "reason": "",
                   "notes": "", "status": "pending", "metadata": "{}",
                   "created_at": MS, "updated_at": MS}  # fmt: skip
    assert send(cloud, {"appointments": {"created": [appointment]}}).status == 500
    assert len(cloud.store.rows["patients"]) == 2
    appointment["metadata"] = {}
    assert send(cloud, {"appointments": {"created": [appointment]}}).status == 200
    [shown] = get(cloud)["changes"]["appointments"]["created"]
    assert shown["patient_id"] != row["id"]
    assert shown["current_visit_id"] in cloud.store.rows["visits"]


@pytest.mark.parametrize("extra", [[], ["--flask"]])
def test_it_starts_by_hand_and_says_what_it_is(extra: list[str]) -> None:
    command = [sys.executable, "-m", "tests.cloud", "--port", "0", "--patients", "2", *extra]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        said = [process.stdout.readline() for _ in range(8)]
        process.terminate()
    text = "".join(said)
    assert "TEST DOUBLE" in text
    assert "http://127.0.0.1:" in text
    assert "nurse@clinic.test" in text
