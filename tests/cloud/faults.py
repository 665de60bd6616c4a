"""How the double misbehaves on purpose: one ``Fault`` is used up by the requests it fits."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from typing import Any

KINDS = (
    "cut",  # the answer's body ends after ``after`` bytes and the connection is closed
    "stall",  # ``seconds`` of silence after ``after`` bytes (0: before the first)
    "lost",  # the request is carried out, but the connection is closed without an answer
    "drop",  # the connection is closed before anything is carried out
    "status",  # ``status`` with an HTML page, as a proxy gives it (502)
    "limit",  # 429 with Retry-After: ``seconds``
    "html",  # 200 text/html: a captive portal
    "redirect",  # 302 to a portal's page
    "garbage",  # 200 application/json, bytes that are none
    "wrong_json",  # 200 application/json, JSON of another kind (``body`` if given)
    "file",  # 200 application/json, the bytes of the file ``body``: a pull of any size
    "duplicate",  # each created and updated row of a pull twice
    "reorder",  # tables and rows of a pull in another order
    "half_push",  # only the first ``after`` rows of a push are stored, then 500
)


@dataclass
class Fault:
    """What to do wrong.

    Attributes:
        kind: One of ``KINDS``.
        method: Only requests with this method; "" for any.
        path: Only paths that begin so.
        times: How many requests it spoils; negative: all, until it is cleared.
        skip: How many fitting requests go through first.
    """

    kind: str
    method: str = ""
    path: str = "/"
    times: int = 1
    skip: int = 0
    after: int = 0
    seconds: float = 0.0
    status: int = 502
    body: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"unknown fault: {self.kind}")


@dataclass
class Faults:
    """The faults that are set; the first that fits is taken."""

    waiting: list[Fault] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        with self.lock:
            self.waiting.append(fault)

    def clear(self) -> None:
        with self.lock:
            self.waiting.clear()

    def take(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.waiting:
                if fault.method not in ("", method) or not path.startswith(fault.path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault
        return None


def spoiled(body: dict[str, Any], fault: Fault) -> dict[str, Any]:
    """A pull's body with its rows doubled or in another order."""
    changes: dict[str, dict[str, list[Any]]] = body["changes"]
    tables = list(changes)
    random.Random(fault.seed).shuffle(tables)
    mixed: dict[str, dict[str, list[Any]]] = {}
    for table in changes if fault.kind == "duplicate" else tables:
        mixed[table] = {}
        for kind, rows in changes[table].items():
            again = [*rows, *rows] if fault.kind == "duplicate" else rows[::-1]
            mixed[table][kind] = again
    return {**body, "changes": mixed}
