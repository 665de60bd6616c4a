"""The dialect of the v3 server (wire.md A2 to A5, A8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

from hikma_tui.wire.http import Answer, Client
from hikma_tui.wire.shapes import Account, Body, Changes, Credentials, Kind, Traffic, Trouble
from hikma_tui.wire.talk import FAR, account, encoded, foreign, other, pulled

SYNC = "/api/v2/sync"
SIGN_IN = "/api/auth/sign-in"
HEARTBEAT = "/rpc/heartbeat"

# Parents first. The server applies dispensing records before prescription items whatever the order
# of a body, so the items have to go in an earlier request (wire.md A5).
PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions", "patient_vitals", "patient_problems", "prescription_items",
    "dispensing_records",
)  # fmt: skip


class V3:
    """One v3 server, see ``shapes.Server``."""

    dialect = "v3"
    pushed: tuple[str, ...] = PUSHED

    def __init__(self, client: Client, credentials: Credentials | None) -> None:
        self.url = client.url
        self._client, self._credentials = client, credentials

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""
        return self._client.traffic

    def sign_in(self) -> Account:
        """Who the credentials are. ``/api/login`` is never used: there a wrong password is a 500.

        UNAUTHORIZED stands for a wrong password, an unknown or removed user, a user of a removed
        clinic: the server tells none of them apart (wire.md A2).
        """
        if self._credentials is None or not self._credentials.password:
            raise Trouble(Kind.NO_PASSWORD)
        pair = {"email": self._credentials.email, "password": self._credentials.password}
        answer = self._client.ask("POST", SIGN_IN, body=json.dumps(pair).encode())
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status == 401 and answer.is_json:
            raise Trouble(Kind.UNAUTHORIZED, "sign-in", status=401)
        if answer.status != 200:
            raise other(answer)
        value = _object(answer)
        return account(value.get("user"))

    @contextmanager
    def pull(self, since: int) -> Iterator[Body]:
        """All that changed since ``since`` (ms by the server's clock, 0: everything)."""
        with pulled(self._client, SYNC, since) as (answer, body):
            self._judge(answer)
            if not answer.is_json:
                raise Trouble(Kind.SERVER, answer.type, status=answer.status)
            yield body

    def push(self, changes: Changes) -> None:
        """Send rows. Taken means 200, JSON and ``success``; nothing less (wire.md A5).

        REFUSED: the server threw on a row (500, or 200 with a text of its own), and may have stored
        those before it. CUT, TIMEOUT and NO_NETWORK may mean that all of it was stored.
        """
        answer = self._client.ask(
            "POST", SYNC, query={"last_pulled_at": 0}, body=encoded(changes, PUSHED), signed=True
        )
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status in (400, 413, 422) or (answer.status == 500 and answer.is_json):
            raise Trouble(Kind.REFUSED, answer.type, status=answer.status)
        self._judge(answer)
        if not answer.is_json:  # "[object Object]": prescription items, nothing stored
            raise Trouble(Kind.REFUSED, answer.type, status=200)
        if _object(answer).get("success") is not True:
            raise Trouble(Kind.REFUSED, "no success", status=200)

    def alive(self) -> None:
        """A heartbeat, then a pull that must be empty (decisions.md 27)."""
        answer = self._client.ask("GET", HEARTBEAT)
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status != 200 or _object(answer).get("status") != "ok":
            raise Trouble(Kind.SERVER, "heartbeat", status=answer.status)
        answer = self._client.ask("GET", SYNC, query={"last_pulled_at": FAR}, signed=True)
        found = foreign(self._client, answer)
        if found:
            raise found
        self._judge(answer)
        if _object(answer).get("success") is not True:
            raise Trouble(Kind.SERVER, "no success", status=answer.status)

    def _judge(self, answer: Answer) -> None:
        if answer.status == 401 and answer.is_json:  # a page is a proxy's, which wants its own
            raise Trouble(Kind.UNAUTHORIZED, "sync", status=401)
        if answer.status != 200:
            raise other(answer)


def _object(answer: Answer) -> dict[str, object]:
    """The answer's JSON object. Trouble SERVER where it is no JSON by its type, else GARBAGE."""
    if not answer.is_json:
        raise Trouble(Kind.SERVER, answer.type, status=answer.status)
    value = answer.json()
    if not isinstance(value, dict):
        raise Trouble(Kind.GARBAGE, "another JSON", status=answer.status)
    return value
