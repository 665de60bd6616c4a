"""What answers at an address: v3, the older Flask server, or something else."""

from __future__ import annotations

from hikma_tui.wire import flask, v3
from hikma_tui.wire.http import Answer, Client, Options, opened
from hikma_tui.wire.shapes import Kind, Trouble
from hikma_tui.wire.talk import foreign

_NOT_FOUND = "Endpoint not found."


def look(url: str, options: Options) -> str:
    """The dialect that is spoken there, "v3" or "flask". No password is sent, nobody signs in.

    v3 is known by its heartbeat and by how it refuses a sync without credentials; Flask by how it
    says that there is no heartbeat, and by its welcome (wire.md A8, Part B).

    Raises:
        Trouble: NOT_HIKMA, CAPTIVE, REDIRECT, CERTIFICATE, CLOCK, NO_NETWORK, TIMEOUT, LIMIT,
            SERVER and the others of a request.
    """
    with opened(url, options) as client:
        answer = _asked(client, v3.HEARTBEAT)
        if answer.status == 200 and _said(answer, "status") == "ok":
            return _v3(client)
        if answer.status == 404 and _said(answer, "message") == _NOT_FOUND:
            return _flask(client)
        raise Trouble(Kind.NOT_HIKMA, "heartbeat", status=answer.status)


def _asked(client: Client, path: str) -> Answer:
    answer = client.ask("GET", path)
    found = foreign(client, answer, known=False)
    if found:
        raise found
    return answer


def _said(answer: Answer, key: str) -> str:
    """A text of a JSON answer; "" where it is none."""
    try:
        value = answer.json() if answer.is_json else None
    except Trouble:
        return ""
    said = value.get(key) if isinstance(value, dict) else None
    return said if isinstance(said, str) else ""


def _v3(client: Client) -> str:
    answer = client.ask("GET", v3.SYNC, query={"last_pulled_at": 0})
    if answer.status == 429 or (answer.status == 401 and _said(answer, "error") == "Unauthorized"):
        return "v3"
    found = foreign(client, answer, known=False)
    raise found or Trouble(Kind.NOT_HIKMA, "sync", status=answer.status)


def _flask(client: Client) -> str:
    if flask.WELCOME in _said(_asked(client, "/"), "message"):
        return "flask"
    # Behind a proxy the welcome may be another page; the sign-in then says what it misses.
    answer = client.ask("POST", flask.LOGIN, body=b"{}")
    if answer.status == 400 and _said(answer, "message").startswith("Required data not supplied"):
        return "flask"
    raise Trouble(Kind.NOT_HIKMA, "welcome", status=answer.status)
