"""What both dialects do alike: a pull's head judged, a push encoded, an account read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from hikma_tui.wire import answers
from hikma_tui.wire.http import Answer, Client
from hikma_tui.wire.shapes import Account, Body, Changes, Credentials, Kind, Traffic, Trouble

FAR = 4_102_444_800_000  # ms, the year 2100: a pull from there is empty
KINDS = ("created", "updated", "deleted")


def foreign(client: Client, answer: Answer, *, known: bool = True) -> Trouble | None:
    """Trouble that has nothing to do with a dialect: limits, gateways, pages of the network."""
    found = answers.by_status(answer.status, answer.headers, answer.type, answer.body)
    if found is None and answer.status < 400 and answers.is_page(answer.type, answer.body):
        kind = answers.page_kind(client.plain, answer.body, known=known)
        return Trouble(kind, "a page", status=answer.status)
    return found


def other(answer: Answer) -> Trouble:
    """Trouble for a status that nobody expects here."""
    if answer.status in (404, 405, 410):
        return Trouble(Kind.NOT_HIKMA, answer.type, status=answer.status)
    return Trouble(Kind.SERVER, answer.type, status=answer.status)


@contextmanager
def pulled(client: Client, path: str, since: int) -> Iterator[tuple[Answer, Body]]:
    """A pull whose head is good: 200 and JSON; of any other head the caller judges the rest."""
    since = max(0, int(since))
    with client.stream(path, {"last_pulled_at": since}, large=since == 0) as (answer, body):
        found = foreign(client, answer)
        if found:
            raise found
        yield answer, body


def encoded(changes: Changes, pushed: Sequence[str]) -> bytes:
    """The body of a push, its tables in the order in which the server has to take them.

    Raises:
        ValueError: For a table that the server would skip without a word: a mistake of ours.
        Trouble: REFUSED where a value has no place in JSON, so that its row can be found.
    """
    strange = set(changes) - set(pushed)
    if strange:
        raise ValueError(f"not pushed to this server: {', '.join(sorted(strange))}")
    body = {
        table: {kind: list(changes[table].get(kind, ())) for kind in KINDS}
        for table in pushed
        if table in changes
    }
    try:
        text = json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8")
    except UnicodeEncodeError:  # half a character; escaped it is the server's to judge
        return json.dumps(body, allow_nan=False, separators=(",", ":")).encode("ascii")
    except (ValueError, TypeError, RecursionError) as error:
        raise Trouble(Kind.REFUSED, f"no JSON: {type(error).__name__}") from None


def account(found: Any) -> Account:
    """Who signed in. Trouble GARBAGE where it is no account."""
    if not isinstance(found, Mapping):
        raise Trouble(Kind.GARBAGE, "account")
    user_id, email = found.get("id"), found.get("email")
    if not (isinstance(user_id, str) and user_id and isinstance(email, str) and email):
        raise Trouble(Kind.GARBAGE, "account")
    return Account(
        user_id=user_id,
        name=_text(found.get("name")),
        role=_text(found.get("role")),
        email=email,
        clinic_id=_text(found.get("clinic_id")) or None,
        clinic_name=_text(found.get("clinic_name")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def object_of(answer: Answer) -> dict[str, object]:
    """The answer's JSON object. Trouble SERVER where it is no JSON by its type, else GARBAGE."""
    if not answer.is_json:
        raise Trouble(Kind.SERVER, answer.type, status=answer.status)
    value = answer.json()
    if not isinstance(value, dict):
        raise Trouble(Kind.GARBAGE, "another JSON", status=answer.status)
    return value


class Spoken:
    """What both dialects have in common: whose line it is, what signs in, how a pull comes."""

    sync = ""  # the path of the sync

    def __init__(self, client: Client, credentials: Credentials | None) -> None:
        self.url = client.url
        self._client, self._credentials = client, credentials

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""
        return self._client.traffic

    def _signing_in(self, path: str) -> Answer:
        """The answer to e-mail and password. Trouble NO_PASSWORD without one."""
        if self._credentials is None or not self._credentials.password:
            raise Trouble(Kind.NO_PASSWORD)
        pair = {"email": self._credentials.email, "password": self._credentials.password}
        return self._client.ask("POST", path, body=json.dumps(pair).encode())

    @contextmanager
    def pull(self, since: int) -> Iterator[Body]:
        """All that changed since ``since`` (ms by the server's clock, 0: everything)."""
        with pulled(self._client, self.sync, since) as (answer, body):
            self._judge(answer)
            if not answer.is_json:
                raise Trouble(Kind.SERVER, answer.type, status=answer.status)
            yield body

    def _judge(self, answer: Answer) -> None:
        """Trouble where the answer is not what was asked for."""
        raise NotImplementedError
