"""Bodies of pulls made by hand, and taking them in as a run does."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hikma_tui.models import BY_TABLE, connection
from hikma_tui.store import Store
from hikma_tui.syncing import apply as sync_apply
from hikma_tui.syncing import spool as sync_spool
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.spool import Spool
from hikma_tui.syncing.values import Decoder, encode

STAMP = "2026-03-01T10:00:00.000Z"


class Bytes:
    """A body of given bytes, in pieces."""

    def __init__(self, text: bytes, piece: int = 4096) -> None:
        self.text, self.piece = text, piece
        self.total: int | None = len(text)

    def __iter__(self) -> Iterator[bytes]:
        for at in range(0, len(self.text), self.piece):
            yield self.text[at : at + self.piece]


def on_wire(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """A row in python form as v3 sends it."""
    return encode("v3", table, row)


def body(changes: dict[str, Any], timestamp: int = 1_795_000_000_000) -> bytes:
    """What v3 answers. ``changes``: table -> rows, or table -> {"deleted": ids, ...}."""
    found = {}
    for table, rows in changes.items():
        kinds = rows if isinstance(rows, dict) else {"created": rows}
        found[table] = {"created": [], "updated": [], "deleted": [], **kinds}
    text = {"success": True, "changes": found, "timestamp": timestamp}
    return json.dumps(text, ensure_ascii=False).encode()


def patient(number: int, **more: Any) -> dict[str, Any]:
    """A patient as v3 sends it."""
    return {
        "id": f"0190aaaa-0000-7000-8000-{number:012x}", "given_name": f"Name{number % 7}",
        "surname": "Haddad", "date_of_birth": "1990-05-17T00:00:00.000Z", "sex": "female",
        "phone": f"+96170{number:06}", "additional_data": {}, "metadata": {},
        "created_at": STAMP, "updated_at": STAMP, "last_modified": STAMP,
        "server_created_at": STAMP, "deleted_at": None, "is_deleted": False, **more,
    }  # fmt: skip


def child(number: int, patient_id: str, **more: Any) -> dict[str, Any]:
    """What all rows under a patient have."""
    return {
        "id": f"0190bbbb-0000-7000-8000-{number:012x}", "patient_id": patient_id, "metadata": {},
        "created_at": STAMP, "updated_at": STAMP, "last_modified": STAMP,
        "server_created_at": STAMP, "deleted_at": None, "is_deleted": False, **more,
    }  # fmt: skip


def clinic_body(patients: int) -> bytes:
    """Patients with a visit, an event and an attribute each."""
    rows = [patient(n) for n in range(patients)]
    ids = [row["id"] for row in rows]
    form = [{"fieldId": "f", "value": "fever"}]
    return body({
        "patients": rows,
        "visits": [
            child(n, one, check_in_timestamp=f"2026-0{n % 9 + 1}-03T10:00:00.000Z")
            for n, one in enumerate(ids)
        ],
        "events": [
            child(n, one, visit_id=f"0190bbbb-0000-7000-8000-{n:012x}", form_data=form)
            for n, one in enumerate(ids)
        ],
        "patient_additional_attributes": [
            child(n, one, attribute_id="a", attribute="village", string_value="Saida")
            for n, one in enumerate(ids)
        ],
    })  # fmt: skip


def spooled(store: Store, text: bytes, dialect: str = "v3") -> Spool:
    """A body in a spool."""
    return sync_spool.fill(
        Bytes(text), Decoder(dialect), store.directory / sync_spool.FILE_NAME,
        progress=lambda _p: None, cancelled=lambda: False,
    )  # fmt: skip


def take(
    store: Store, context: Context, text: bytes, cancelled: Callable[[], bool] = lambda: False
) -> Spool:
    """Spool, apply, index."""
    spool = spooled(store, text, context.dialect)
    sync_apply.apply(store, spool, context, progress=lambda _p: None, cancelled=cancelled)
    sync_apply.index(store, context, progress=lambda _p: None, cancelled=lambda: False)
    return spool


def content(store: Store) -> dict[str, Any]:
    """All synced rows, by table and id, without their numbers; and who stands in the search."""

    def read() -> dict[str, Any]:
        found: dict[str, Any] = {}
        for table, model in BY_TABLE.items():
            names = [name for name in model._meta.fields if name != "pk"]
            rows = connection().execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY id")
            found[table] = [dict(zip(names, row, strict=True)) for row in rows.fetchall()]
        standing = connection().execute(
            "SELECT p.id, s.seen, s.tokens FROM search_patients s JOIN patients p ON p.pk = s.pk"
            " ORDER BY p.id"
        )
        found["search"] = standing.fetchall()
        return found

    return store.on_writer(read).result()


def nothing_left(directory: Path) -> bool:
    """Whether no spool, whole or not, lies beside a store."""
    return not list((directory / "sync").glob("*"))
