"""The older Flask server (wire.md Part B)."""

from __future__ import annotations

from tests.cloud.store import Store
from tests.cloud.web import Answer, Request, answer


class Flask:
    """One server process."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def handle(self, request: Request) -> Answer:
        return answer(404, {"message": "Endpoint not found."})
