"""The double misbehaves when it is told to, and only then."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cloud.client import basic, changes, patient, pull, push, sign_in, taken
from tests.cloud.faults import KINDS, Fault
from tests.cloud.replay import Got, ask
from tests.cloud.seed import seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store


@pytest.fixture
def cloud() -> Iterator[Cloud]:
    store = Store()
    seed(store, 20)
    with Cloud(store) as running:
        yield running


def order(cloud: Cloud, what: str, **given: Any) -> Got:
    return ask(cloud, "POST", f"/_double/{what}", json.dumps(given))


@pytest.mark.parametrize("after", [0, 1, 500])
def test_a_body_is_cut(cloud: Cloud, after: int) -> None:
    cloud.fault("cut", after=after)
    with pytest.raises(http.client.IncompleteRead):
        pull(cloud)
    assert pull(cloud).status == 200


@pytest.mark.parametrize("after", [0, 100])
def test_an_answer_is_late(cloud: Cloud, after: int) -> None:
    cloud.fault("stall", seconds=0.2, after=after)
    start = time.monotonic()
    assert len(changes(cloud)["patients"]["created"]) == 20
    assert time.monotonic() - start >= 0.2


def test_an_answer_is_lost_after_the_work_is_done(cloud: Cloud) -> None:
    row = patient()
    cloud.fault("lost", method="POST", path="/api/v2/sync")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        push(cloud, "patients", row)
    assert cloud.store.find("patients", row["id"])
    other = patient()
    cloud.fault("drop", method="POST")
    with pytest.raises((http.client.RemoteDisconnected, ConnectionError)):
        push(cloud, "patients", other)
    assert cloud.store.find("patients", other["id"]) is None


@pytest.mark.parametrize(
    ("kind", "status", "type_"),
    [
        ("status", 502, "text/html; charset=utf-8"), ("html", 200, "text/html; charset=utf-8"),
        ("redirect", 302, "text/html"), ("garbage", 200, "application/json"),
        ("wrong_json", 200, "application/json"), ("limit", 429, "application/json"),
    ],
)  # fmt: skip
def test_somebody_else_answers(cloud: Cloud, kind: str, status: int, type_: str) -> None:
    cloud.fault(kind, seconds=7)
    got = pull(cloud)
    assert (got.status, got.type) == (status, type_)
    if kind == "limit":
        assert got.headers["retry-after"] == "7"
    if kind == "garbage":
        with pytest.raises(ValueError, match="Expecting"):
            got.json()
    assert pull(cloud).status == 200


def test_rows_come_twice_or_in_another_order(cloud: Cloud) -> None:
    plain = pull(cloud).json()["changes"]
    cloud.fault("duplicate")
    twice = pull(cloud).json()["changes"]
    assert twice["patients"]["created"] == plain["patients"]["created"] * 2
    cloud.fault("reorder", seed=3)
    mixed = pull(cloud).json()["changes"]
    assert list(mixed) != list(plain)
    assert mixed["visits"]["created"] == plain["visits"]["created"][::-1]


def test_half_a_push(cloud: Cloud) -> None:
    rows = [patient() for _ in range(3)]
    cloud.fault("half_push", method="POST", after=2)
    assert push(cloud, "patients", *rows).status == 500
    assert [bool(cloud.store.find("patients", row["id"])) for row in rows] == [True, True, False]
    assert taken(push(cloud, "patients", *rows))


def test_a_body_of_any_size_from_a_file(cloud: Cloud, tmp_path: Path) -> None:
    body = tmp_path / "body.json"
    body.write_text('{"success":true,"changes":{},"timestamp":1}', encoding="utf-8")
    cloud.fault("file", body=str(body))
    assert pull(cloud).json()["timestamp"] == 1


def test_a_fault_waits_for_its_request(cloud: Cloud) -> None:
    cloud.fault("status", method="GET", path="/api/v2", skip=1, times=2)
    assert sign_in(cloud).status == 200
    assert [pull(cloud).status for _ in range(4)] == [200, 502, 502, 200]
    assert [seen.status for seen in cloud.seen] == [200, 200, 502, 502, 200]


def test_orders_over_http(cloud: Cloud) -> None:
    assert order(cloud, "fault", kind="status", status=503, times=-1).status == 200
    assert [pull(cloud).status for _ in range(3)] == [503] * 3
    order(cloud, "clear")
    assert pull(cloud).status == 200
    assert order(cloud, "fault", kind="nonsense").status == 400
    assert order(cloud, "nonsense").status == 400
    assert order(cloud, "status").json()["rows"]["patients"] == 20


def test_a_restored_database_forgets(cloud: Cloud) -> None:
    order(cloud, "snapshot", name="monday")
    row = patient()
    push(cloud, "patients", row)
    before = pull(cloud).json()["timestamp"]
    order(cloud, "restore", name="monday")
    assert cloud.store.find("patients", row["id"]) is None
    assert len(changes(cloud)["patients"]["created"]) == 20
    assert changes(cloud, before)["patients"]["created"] == []
    push(cloud, "patients", row)  # the backup itself stays as it was
    order(cloud, "restore", name="monday")
    assert cloud.store.find("patients", row["id"]) is None


def test_a_clock_years_off(cloud: Cloud) -> None:
    now = pull(cloud).json()["timestamp"]
    order(cloud, "clock", seconds=-10 * 365 * 86_400)
    assert pull(cloud).json()["timestamp"] < now - 9 * 365 * 86_400_000
    order(cloud, "history", days=1)
    assert cloud.store.max_history_days == 1


def test_a_body_in_chunks_is_read(cloud: Cloud) -> None:
    row = patient()
    body = json.dumps({"patients": {"created": [row]}}).encode()
    connection = http.client.HTTPConnection("127.0.0.1", int(cloud.url.rpartition(":")[2]))
    pieces = iter([body[:10], body[10:]])
    for _ in range(2):  # the second on the same connection: nothing was left unread
        connection.request("POST", "/api/v2/sync", pieces, basic(), encode_chunked=True)
        assert connection.getresponse().read() == b'{"success":true}'
        pieces = iter([b"{}"])
    connection.close()
    assert cloud.store.find("patients", row["id"])


def test_every_kind_is_known_and_no_other() -> None:
    assert [Fault(kind).kind for kind in KINDS] == list(KINDS)
    with pytest.raises(ValueError, match="unknown fault"):
        Fault("else")
