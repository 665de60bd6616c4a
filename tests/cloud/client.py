"""A bare client for the double's own tests: it knows the wire and nothing else."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any

from tests.cloud.replay import Got, ask
from tests.cloud.seed import EMAIL, PASSWORD
from tests.cloud.server import Cloud

Changes = dict[str, dict[str, list[Any]]]


def basic(email: str = EMAIL, password: str = PASSWORD) -> dict[str, str]:
    pair = base64.b64encode(f"{email}:{password}".encode()).decode()
    return {"authorization": f"Basic {pair}"}


def pull(cloud: Cloud, last: object = 0, more: str = "", **headers: str) -> Got:
    return ask(cloud, "GET", f"/api/v2/sync?last_pulled_at={last}{more}", "", basic() | headers)


def changes(cloud: Cloud, last: object = 0) -> Changes:
    got = pull(cloud, last)
    assert got.status == 200, got.body
    found: Changes = got.json()["changes"]
    return found


def push(cloud: Cloud, table: str, *rows: Any, kind: str = "created") -> Got:
    body = json.dumps({table: {"created": [], "updated": [], "deleted": [], kind: list(rows)}})
    return ask(cloud, "POST", "/api/v2/sync?last_pulled_at=1", body, basic())


def taken(got: Got) -> bool:
    """Success as Part C has it: 200, JSON, and it says so."""
    return got.status == 200 and "json" in got.type and got.json() == {"success": True}


def sign_in(cloud: Cloud, email: str = EMAIL, password: str = PASSWORD) -> Got:
    body = json.dumps({"email": email, "password": password})
    return ask(cloud, "POST", "/api/auth/sign-in", body)


def patient(**columns: Any) -> dict[str, Any]:
    return {"id": str(uuid.uuid4()), "given_name": "Amal", "updated_at": 1795345270725} | columns
