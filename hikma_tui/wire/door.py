"""The one way to a server: ``with open_server(...) as server``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hikma_tui.wire.http import Options, opened
from hikma_tui.wire.shapes import Credentials, Kind, Server, Trouble


@contextmanager
def open_server(
    url: str, dialect: str, credentials: Credentials | None, options: Options
) -> Iterator[Server]:
    """A server, spoken to in its dialect ("v3" or "flask"). Nothing is sent before it is asked.

    Raises:
        Trouble: BAD_TEXT and PLAIN_HTTP for the address, CERTIFICATE for an unreadable file of an
            authority, NOT_HIKMA for a dialect that nobody speaks.
    """
    from hikma_tui.wire.flask import Flask
    from hikma_tui.wire.v3 import V3

    if dialect not in ("v3", "flask"):
        raise Trouble(Kind.NOT_HIKMA, "dialect")
    with opened(url, options, credentials) as client:
        yield V3(client, credentials) if dialect == "v3" else Flask(client, credentials)
