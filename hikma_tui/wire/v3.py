"""The dialect of the v3 server (wire.md A2 to A5, A8)."""

from __future__ import annotations

from hikma_tui.wire.http import Answer
from hikma_tui.wire.shapes import Account, Changes, Kind, Trouble
from hikma_tui.wire.talk import FAR, Spoken, account, encoded, foreign, object_of, other

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


class V3(Spoken):
    """One v3 server, see ``shapes.Server``."""

    dialect = "v3"
    pushed: tuple[str, ...] = PUSHED
    sync = SYNC

    def sign_in(self) -> Account:
        """Who the credentials are. ``/api/login`` is never used: there a wrong password is a 500.

        UNAUTHORIZED stands for a wrong password, an unknown or removed user, a user of a removed
        clinic: the server tells none of them apart (wire.md A2).
        """
        answer = self._signing_in(SIGN_IN)
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status == 401 and answer.is_json:
            raise Trouble(Kind.UNAUTHORIZED, "sign-in", status=401)
        if answer.status != 200:
            raise other(answer)
        value = object_of(answer)
        return account(value.get("user"))

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
        if object_of(answer).get("success") is not True:
            raise Trouble(Kind.REFUSED, "no success", status=200)

    def alive(self) -> None:
        """A heartbeat, then a pull that must be empty (decisions.md 27)."""
        answer = self._client.ask("GET", HEARTBEAT)
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status != 200 or object_of(answer).get("status") != "ok":
            raise Trouble(Kind.SERVER, "heartbeat", status=answer.status)
        answer = self._client.ask("GET", SYNC, query={"last_pulled_at": FAR}, signed=True)
        found = foreign(self._client, answer)
        if found:
            raise found
        self._judge(answer)
        if object_of(answer).get("success") is not True:
            raise Trouble(Kind.SERVER, "no success", status=answer.status)

    def _judge(self, answer: Answer) -> None:
        if answer.status == 401 and answer.is_json:  # a page is a proxy's, which wants its own
            raise Trouble(Kind.UNAUTHORIZED, "sync", status=401)
        if answer.status != 200:
            raise other(answer)
