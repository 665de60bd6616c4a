"""The dialect of the older Flask server (wire.md Part B)."""

from __future__ import annotations

import time

from hikma_tui.wire.http import Answer
from hikma_tui.wire.shapes import Account, Changes, Kind, Trouble
from hikma_tui.wire.talk import FAR, Spoken, account, encoded, foreign, object_of, other

SYNC = "/api/v2/sync"
LOGIN = "/api/login"
WELCOME = "Hikma Health backend"

# The server applies the tables of a body in the order of its keys.
PUSHED = (
    "patients", "patient_additional_attributes", "visits", "events", "appointments",
    "prescriptions",
)  # fmt: skip


class Flask(Spoken):
    """One Flask server, see ``shapes.Server``."""

    dialect = "flask"
    pushed: tuple[str, ...] = PUSHED
    sync = SYNC

    def sign_in(self) -> Account:
        """Who the credentials are. WRONG_PASSWORD and NO_USER are told apart here."""
        answer = self._signing_in(LOGIN)
        self._judge(answer)
        return account(object_of(answer))

    def push(self, changes: Changes) -> None:
        """Send rows. Taken means 200, JSON and ``ok``.

        Most deletions are stamped with the ``last_pulled_at`` of whoever pushes, and a device that
        pulled after it never hears of them: so the server's own present is sent for it.
        """
        answer = self._client.ask(
            "POST", SYNC, query={"last_pulled_at": self._now()},
            body=encoded(changes, PUSHED), signed=True,
        )  # fmt: skip
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status in (400, 413, 422, 500):
            raise Trouble(Kind.REFUSED, answer.type, status=answer.status)
        self._judge(answer)
        if object_of(answer).get("ok") is not True:
            raise Trouble(Kind.REFUSED, "not ok", status=200)

    def alive(self) -> None:
        """Its welcome, then a pull that must be empty (decisions.md 27)."""
        answer = self._client.ask("GET", "/")
        self._judge(answer)
        if WELCOME not in str(object_of(answer).get("message", "")):
            raise Trouble(Kind.SERVER, "welcome", status=answer.status)
        answer = self._client.ask("GET", SYNC, query={"last_pulled_at": FAR}, signed=True)
        self._judge(answer)
        if not isinstance(object_of(answer).get("changes"), dict):
            raise Trouble(Kind.SERVER, "no changes", status=answer.status)

    def _now(self) -> int:
        """The server's present in ms by the ``Date`` of its last answer (whole seconds, cut off;
        two are added), by this computer's clock where it sent none.
        """
        return round((time.time() + (self.traffic.clock_off or 0.0) + 2) * 1000)

    def _judge(self, answer: Answer) -> None:
        found = foreign(self._client, answer)
        if found:
            raise found
        if answer.status == 200:
            return
        said = _message(answer)
        if answer.status == 401 and answer.is_json:
            raise Trouble(Kind.WRONG_PASSWORD, status=401)
        if answer.status == 404 and said == "User not found":
            raise Trouble(Kind.NO_USER, status=404)
        if answer.status == 500 and self._credentials and ":" in self._credentials.password:
            # It splits the pair at every colon and fails on the third part.
            raise Trouble(Kind.UNAUTHORIZED, "a colon in the password", status=500)
        raise other(answer)


def _message(answer: Answer) -> object:
    """What an answer of whatever status says; None where it says nothing."""
    try:
        value = answer.json() if answer.is_json else None
    except Trouble:
        return None
    return value.get("message") if isinstance(value, dict) else None
