"""What passes between the transport (server.py) and the two servers (v3.py, flask.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

PAGE = (
    '<!DOCTYPE html><html lang="en"><head><meta charSet="utf-8"/>'
    "<title>Hikma Health EHR</title></head><body>{text}</body></html>"
)
"""Stands for the web application's shell; the real one is full of scripts."""


@dataclass
class Request:
    """One request; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        """Parameters; the first value of each, empty ones too."""
        found = parse_qs(urlsplit(self.target).query, keep_blank_values=True)
        return {name: given[0] for name, given in found.items()}

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is none, or no UTF-8.
        """
        return json.loads(self.body.decode("utf-8"), parse_constant=_refuse)


def _refuse(word: str) -> Any:
    raise ValueError(word)


@dataclass
class Answer:
    """One answer.

    Attributes:
        data: Of a pull, for the faults that change it; ``body`` is empty then.
    """

    status: int
    body: bytes = b""
    type: str = "application/json"
    reason: str = ""
    chunked: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] | None = None


def compact(value: Any, *, sort: bool = False) -> bytes:
    """JSON as Node and Flask print it: no spaces, no escapes beyond what JSON needs."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=sort)
    return text.encode("utf-8", "surrogatepass")


def answer(status: int, value: Any, **headers: str) -> Answer:
    return Answer(
        status, compact(value), headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def page(status: int, text: str = "") -> Answer:
    return Answer(status, PAGE.format(text=text).encode(), "text/html; charset=utf-8")
