"""Both dialects over real HTTP, with servers that behave and networks that don't."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest

from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.probe import look
from hikma_tui.wire.shapes import Credentials, Kind, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, add_user
from tests.cloud.server import Cloud
from tests.unit.wire_talk import FLASK, ID, ME, acts, patient, talking, trouble, whole

# What goes well


@FLASK
def test_signing_in(flask: bool) -> None:
    with talking(flask) as (cloud, server):
        account = server.sign_in()
        assert (account.email, account.name, account.role) == (EMAIL, "Nora Nurse", "provider")
        assert account.clinic_id in cloud.store.rows["clinics"]
        assert account.clinic_name == ("" if flask else "Hikma Clinic")
        assert [seen.path for seen in cloud.seen] == [
            "/api/login" if flask else "/api/auth/sign-in"
        ]


@FLASK
def test_a_pull_comes_whole_and_in_pieces(flask: bool) -> None:
    with talking(flask) as (_cloud, server):
        found = whole(server)
        assert len(found["changes"]["patients"]["created"]) == 50
        later = whole(server, int(found["timestamp"]) + 1000)
        assert not later["changes"]["patients"]["created"]
        assert server.traffic.requests == 2
        assert server.traffic.down > 20_000
        assert abs(server.traffic.clock_off or 9) < 2
        assert whole(server, -5)  # Flask has no answer to a negative number


@FLASK
def test_a_pushed_row_is_stored(flask: bool) -> None:
    with talking(flask) as (cloud, server):
        server.push({"patients": {"updated": [patient(given_name="آمال \u0001")]}})
        assert cloud.store.rows["patients"][ID]["given_name"] == "آمال \u0001"
        server.alive()


def test_flask_stores_parents_first_whatever_the_order_of_the_changes() -> None:
    visit: dict[str, Any] = {
        "id": ID.replace("8000", "8001"), "patient_id": ID, "clinic_id": None, "provider_id": None,
        "provider_name": None, "check_in_timestamp": 1795345270725, "metadata": {},
        "is_deleted": False, "created_at": 1795345270725, "updated_at": 1795345270725,
    }  # fmt: skip
    with talking(True) as (cloud, server):
        visit |= {"clinic_id": next(iter(cloud.store.rows["clinics"]))}
        visit |= {"provider_id": server.sign_in().user_id}
        server.push({"visits": {"updated": [visit]}, "patients": {"updated": [patient()]}})
        assert visit["id"] in cloud.store.rows["visits"]


def test_flask_stamps_a_deletion_with_its_own_present() -> None:
    """Not with the pusher's last pull: others, who pulled since, would never hear of it."""
    with talking(True) as (cloud, server):
        cloud.store.clock.offset = -400 * 86_400 * 1_000_000
        attribute: dict[str, Any] = {
            "id": ID.replace("8000", "8002"), "patient_id": ID, "attribute_id": "a",
            "attribute": "Camp", "number_value": None, "string_value": "x", "date_value": None,
            "boolean_value": None, "metadata": {}, "is_deleted": False,
            "created_at": 1795345270725, "updated_at": 1795345270725,
        }  # fmt: skip
        table = "patient_additional_attributes"
        server.push({"patients": {"updated": [patient()]}, table: {"updated": [attribute]}})
        others = int(whole(server)["timestamp"])
        server.push({table: {"deleted": [attribute["id"]]}})
        assert whole(server, others)["changes"][table]["deleted"] == [attribute["id"]]
        row = next(iter(cloud.store.rows[table].values()))
        assert abs(int(str(row["deleted_at"])) - cloud.store.now()) < 5_000_000


@FLASK
def test_a_table_that_the_server_would_skip_is_a_mistake_of_ours(flask: bool) -> None:
    with talking(flask) as (cloud, server):
        with pytest.raises(ValueError, match="clinic_inventory"):
            server.push({"clinic_inventory": {"updated": []}})
        assert not cloud.seen


def test_looking() -> None:
    for flask, dialect in ((False, "v3"), (True, "flask")):
        with talking(flask) as (cloud, _server):
            assert look(cloud.url, Options()) == dialect
            assert not [seen for seen in cloud.seen if seen.method == "POST"]


def test_looking_needs_none_of_the_servers_minute() -> None:
    with talking() as (cloud, _server):
        cloud.fault("limit", path="/api/v2/sync", seconds=9)
        assert look(cloud.url, Options()) == "v3"


# Who one is


def test_v3_does_not_say_what_is_wrong() -> None:
    for pair in ((EMAIL, "wrong"), ("nobody@clinic.test", PASSWORD), (EMAIL.upper(), PASSWORD)):
        with talking(me=Credentials(*pair)) as (_cloud, server):
            for act in acts(server).values():
                assert trouble(act).kind is Kind.UNAUTHORIZED


def test_flask_does() -> None:
    with talking(True, Credentials(EMAIL, "wrong")) as (_cloud, server):
        assert trouble(server.sign_in).kind is Kind.WRONG_PASSWORD
        assert trouble(lambda: whole(server)).kind is Kind.WRONG_PASSWORD
    with talking(True, Credentials("nobody@clinic.test", PASSWORD)) as (_cloud, server):
        assert trouble(server.sign_in).kind is Kind.NO_USER
        assert trouble(lambda: whole(server)).kind is Kind.NO_USER
        assert trouble(server.alive).kind is Kind.NO_USER


@FLASK
def test_a_colon_signs_in_and_never_syncs(flask: bool) -> None:
    with talking(flask, Credentials("colon@clinic.test", "a:b")) as (cloud, server):
        clinic = next(iter(cloud.store.rows["clinics"]))
        add_user(cloud.store, "Colon", "colon@clinic.test", "a:b", clinic)
        assert server.sign_in().name == "Colon"
        assert trouble(lambda: whole(server)).kind is Kind.UNAUTHORIZED
        assert trouble(server.alive).kind is Kind.UNAUTHORIZED


@FLASK
def test_letters_of_any_script_in_a_password(flask: bool) -> None:
    with talking(flask, Credentials("noor@clinic.test", "كلمة سر ñ")) as (cloud, server):
        clinic = next(iter(cloud.store.rows["clinics"]))
        add_user(cloud.store, "Noor", "noor@clinic.test", "كلمة سر ñ", clinic)
        assert server.sign_in().name == "Noor"
        assert whole(server)


@FLASK
@pytest.mark.parametrize("me", [None, Credentials(EMAIL, "")])
def test_no_password_no_request(flask: bool, me: Credentials | None) -> None:
    with talking(flask, me) as (cloud, server):
        for name in ("sign_in", "pull", "push"):
            assert trouble(acts(server)[name]).kind is Kind.NO_PASSWORD
        assert not cloud.seen


# What goes wrong


@FLASK
@pytest.mark.parametrize(
    ("fault", "how", "kind"),
    [
        ("cut", {"after": 9}, Kind.CUT),
        ("lost", {}, Kind.CUT),
        ("drop", {}, Kind.CUT),
        ("status", {"status": 502}, Kind.SERVER),
        ("status", {"status": 503}, Kind.SERVER),
        ("status", {"status": 500}, Kind.SERVER),  # a page: not the server's own 500
        ("limit", {"seconds": 7}, Kind.LIMIT),
        ("html", {}, Kind.CAPTIVE),
        ("redirect", {}, Kind.CAPTIVE),
        ("garbage", {}, Kind.GARBAGE),
        ("wrong_json", {}, Kind.GARBAGE),
    ],
)
def test_a_fault_has_its_kind(flask: bool, fault: str, how: dict[str, Any], kind: Kind) -> None:
    with talking(flask) as (cloud, server):
        for name, act in acts(server).items():
            if name == "pull" and kind is Kind.GARBAGE:
                continue  # its body is stream.py's to judge
            cloud.faults.clear()
            cloud.fault(fault, **how)
            found = trouble(act)
            assert found.kind is kind, name
            assert found.retry_after == (7 if fault == "limit" else None)
            act()  # and the next one goes well


@FLASK
def test_looking_at_faults(flask: bool) -> None:
    kinds = {
        "drop": Kind.CUT,
        "status": Kind.SERVER,
        "limit": Kind.LIMIT,
        "html": Kind.CAPTIVE,
        "redirect": Kind.CAPTIVE,
        "garbage": Kind.NOT_HIKMA,
        "wrong_json": Kind.NOT_HIKMA,
    }
    with talking(flask) as (cloud, _server):
        for fault, kind in kinds.items():
            cloud.faults.clear()
            cloud.fault(fault, seconds=7)
            assert trouble(lambda: look(cloud.url, Options())).kind is kind, fault


@FLASK
def test_a_pull_cut_in_the_middle(flask: bool) -> None:
    with talking(flask) as (cloud, server):
        cloud.fault("cut", after=5000)
        assert trouble(lambda: whole(server)).kind is Kind.CUT
        assert server.traffic.down <= 5000
        assert whole(server)


def test_a_body_that_is_too_large() -> None:
    with talking(max_bytes=10_000) as (_cloud, server):
        assert trouble(lambda: whole(server)).kind is Kind.TOO_LARGE
        server.alive()


@pytest.mark.parametrize("after", [0, 3000])
def test_silence_ends(after: int) -> None:
    """Before the first byte a server may think longer than between two."""
    with talking(timeout=0.15) as (cloud, server):
        cloud.fault("stall", after=after, seconds=5)
        start = time.monotonic()
        assert trouble(lambda: whole(server)).kind is Kind.TIMEOUT
        assert time.monotonic() - start < 3
        cloud.fault("stall", seconds=5)
        assert trouble(server.alive).kind is Kind.TIMEOUT


@pytest.mark.parametrize("after", [0, 3000])
def test_a_cancel_is_heard_while_nothing_comes(after: int) -> None:
    stop = threading.Event()
    with talking(cancelled=stop.is_set, timeout=20.0) as (cloud, server):
        cloud.fault("stall", after=after, seconds=5)
        threading.Timer(0.2, stop.set).start()
        start = time.monotonic()
        assert trouble(lambda: whole(server)).kind is Kind.CANCELLED
        assert time.monotonic() - start < 1.5
        assert trouble(server.sign_in).kind is Kind.CANCELLED  # nothing more is begun
        assert trouble(server.alive).kind is Kind.CANCELLED


def test_a_refused_row_is_not_a_sick_server() -> None:
    with talking() as (_cloud, server):
        bad = {"updated": [patient(sex="x" * 25)]}
        found = trouble(lambda: server.push({"patients": bad}))
        assert (found.kind, found.status) == (Kind.REFUSED, 500)
        server.alive()
        item = {"updated": [{"id": ID, "prescription_id": ID, "patient_id": ID, "drug_id": ID}]}
        found = trouble(lambda: server.push({"prescription_items": item}))
        assert (found.kind, found.status) == (Kind.REFUSED, 200)  # "[object Object]"
        server.alive()
    with talking(True) as (_cloud, server):
        found = trouble(lambda: server.push({"patients": {"updated": [{"id": ID}]}}))
        assert (found.kind, found.status) == (Kind.REFUSED, 500)
        server.alive()


@FLASK
def test_what_is_no_json_is_refused_before_it_is_sent(flask: bool) -> None:
    with talking(flask) as (cloud, server):
        for value in (float("nan"), float("inf"), object(), b"x"):
            rows = {"patients": {"updated": [patient(camp=value)]}}
            assert trouble(lambda rows=rows: server.push(rows)).kind is Kind.REFUSED  # type: ignore[misc]
        assert not cloud.seen


@pytest.mark.parametrize("body", ['{"success":false}', "{}", '{"success":1}', '{"ok":"yes"}'])
@FLASK
def test_a_push_is_taken_only_when_it_says_so(flask: bool, body: str) -> None:
    with talking(flask) as (cloud, server):
        cloud.fault("wrong_json", body=body, times=-1)
        assert trouble(acts(server)["push"]).kind is Kind.REFUSED
        assert trouble(server.alive).kind is not Kind.REFUSED


def test_the_limit_of_v3() -> None:
    with talking() as (_cloud, server):

        def sixty_one() -> None:
            for _ in range(61):
                server.alive()

        found = trouble(sixty_one)
        assert found.kind is Kind.LIMIT
        assert found.retry_after is not None
        assert 0 < found.retry_after <= 60


def test_nobody_there() -> None:
    with Cloud() as cloud:
        url = cloud.url
    wanted = {url: Kind.NO_NETWORK, "https://hikma.invalid": Kind.NO_NAME}
    for address, kind in wanted.items():
        found = trouble(lambda address=address: look(address, Options(timeout=3)))  # type: ignore[misc]
        assert found.kind is kind


@pytest.mark.parametrize(
    "url", ["http://hikma.example.org", "http://8.8.8.8", "http://x:y@127.0.0.1"]
)
def test_the_door_is_shut_to_plain_http_elsewhere(url: str) -> None:
    with pytest.raises(Trouble) as found, open_server(url, "v3", ME, Options()):
        raise AssertionError("not reached")
    assert found.value.kind in {Kind.PLAIN_HTTP, Kind.BAD_TEXT}
