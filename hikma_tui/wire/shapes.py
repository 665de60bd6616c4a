"""What the dialects of the servers have in common: what can go wrong, and what can be asked.

Nothing here opens a connection, and nothing in ``wire`` knows the store.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol


class Kind(StrEnum):
    """What went wrong with a server, told apart as far as the server lets one."""

    NO_NETWORK = "no-network"  # no route, nothing listens
    NO_NAME = "no-name"  # the server's name (or the proxy's) can't be looked up
    PROXY = "proxy"  # the proxy that is set is none that can be used
    TIMEOUT = "timeout"  # it answered too slowly, or stopped answering
    CUT = "cut"  # the answer ended before its end
    CAPTIVE = "captive"  # a page of the network's own stands in between
    REDIRECT = "redirect"  # it sends elsewhere; never followed to another origin
    CERTIFICATE = "certificate"  # it can't prove who it is
    CLOCK = "clock"  # its certificate is not valid at this computer's time
    NOT_HIKMA = "not-hikma"  # something else answers there
    WRONG_PASSWORD = "wrong-password"
    NO_USER = "no-user"  # the older server alone says so
    UNAUTHORIZED = "unauthorized"  # 401: password, user, clinic or database (decisions.md 32)
    LIMIT = "limit"  # too many requests; ``retry_after`` says when
    SERVER = "server"  # 5xx, a proxy's page, an answer that is no answer
    REFUSED = "refused"  # a push that the server would not take: perhaps one row of it
    GARBAGE = "garbage"  # not JSON, or not the JSON that was asked for
    TOO_LARGE = "too-large"  # more bytes than were allowed
    CANCELLED = "cancelled"  # by the user
    BUSY = "busy"  # another sync of this store runs
    NO_SERVER = "no-server"  # none is registered
    NO_PASSWORD = "no-password"
    STORE = "store"  # this computer's own records could not be read or written
    BAD_TEXT = "bad-text"  # what was pasted is no registration code
    HUB = "hub"  # the code of a local hub: not yet
    PLAIN_HTTP = "plain-http"  # without TLS, and nobody said yes, or to a public address


class Trouble(Exception):
    """Something between here and the server failed.

    ``detail`` is a developer's short English text for the log, without patient data or secrets.
    ``retry_after`` is in seconds, where the server named a time. ``status`` is HTTP's, 0 for none.
    The sentences for users are in ``clinic/server_words.py``.
    """

    def __init__(
        self, kind: Kind, detail: str = "", *, retry_after: float | None = None, status: int = 0
    ) -> None:
        super().__init__(f"{kind}: {detail}" if detail else str(kind))
        self.kind, self.detail = kind, detail
        self.retry_after, self.status = retry_after, status


@dataclass(frozen=True)
class Account:
    """Who a server says has signed in (wire.md A2, Part B). ``email`` is as the server has it."""

    user_id: str
    name: str
    role: str
    email: str
    clinic_id: str | None
    clinic_name: str = ""  # the older server does not say


@dataclass(frozen=True)
class Credentials:
    """What a sync shows the server. Its ``repr`` has no secret."""

    email: str
    password: str

    def __repr__(self) -> str:
        return "Credentials(...)"


@dataclass
class Traffic:
    """What went over the line: requests, bytes of bodies down and up.

    ``clock_off``: by how many seconds the server's clock is ahead of ours; None where unsaid.
    """

    requests: int = 0
    down: int = 0
    up: int = 0
    clock_off: float | None = None


# One table of a push: whole rows in ``updated`` (created and updated are one), ids in ``deleted``.
Changes = Mapping[str, Mapping[str, Sequence[Any]]]


class Body(Protocol):
    """The body of a pull as it comes: pieces of bytes, and how many in all where that was said."""

    total: int | None

    def __iter__(self) -> Iterator[bytes]:
        """The pieces; Trouble CUT, TIMEOUT, NO_NETWORK in the middle."""


class Server(Protocol):
    """One server, spoken to in its dialect."""

    dialect: str  # "v3" or "flask"
    url: str
    pushed: tuple[str, ...]  # the tables that it takes, in the order to send them

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""

    def sign_in(self) -> Account:
        """Who the credentials are. Trouble."""

    def pull(self, since: int) -> AbstractContextManager[Body]:
        """All that changed since the server's own ``since`` (ms, 0: everything). Trouble."""

    def push(self, changes: Changes) -> None:
        """Send rows that ``syncing.values.encode`` made for this dialect. Trouble when not all were
        said to be taken: REFUSED where the rows may be to blame, SERVER and others where not.
        """

    def alive(self) -> None:
        """The canary: a heartbeat, then a request known to be good (decisions.md 27). Trouble."""
