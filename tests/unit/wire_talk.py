"""Servers for the tests of the wire, and what every one of them is asked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from hikma_tui.wire.door import open_server
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Credentials, Server, Trouble
from tests.cloud.seed import EMAIL, PASSWORD, seed
from tests.cloud.server import Cloud
from tests.cloud.store import Store

ME = Credentials(EMAIL, PASSWORD)
ID = "0198c0de-0000-7000-8000-000000000001"
FLASK = pytest.mark.parametrize("flask", [False, True], ids=["v3", "flask"])


def patient(**columns: Any) -> dict[str, Any]:
    return {
        "id": ID, "given_name": "Amal", "surname": "Haddad", "sex": "female",
        "date_of_birth": None, "citizenship": None, "hometown": None, "phone": None, "camp": None,
        "additional_data": {}, "metadata": {}, "image_timestamp": None, "photo_url": None,
        "government_id": None, "external_patient_id": None, "is_deleted": False,
        "created_at": 1795345270725, "updated_at": 1795345270725,
    } | columns  # fmt: skip


@contextmanager
def talking(
    flask: bool = False, me: Credentials | None = ME, *, limits: bool = True, **options: Any
) -> Iterator[tuple[Cloud, Server]]:
    store = Store()
    seed(store, patients=50)
    how = Options(**{"timeout": 5.0, **options})
    with (
        Cloud(store, flask=flask, limits=limits) as cloud,
        open_server(cloud.url, "flask" if flask else "v3", me, how) as server,
    ):
        yield cloud, server


def whole(server: Server, since: int = 0) -> Any:
    with server.pull(since) as body:
        return json.loads(b"".join(body))


def trouble(act: Callable[[], object]) -> Trouble:
    with pytest.raises(Trouble) as found:
        act()
    return found.value


def acts(server: Server) -> dict[str, Callable[[], object]]:
    return {
        "sign_in": server.sign_in,
        "pull": lambda: whole(server),
        "push": lambda: server.push({"patients": {"updated": [patient()]}}),
        "alive": server.alive,
    }
