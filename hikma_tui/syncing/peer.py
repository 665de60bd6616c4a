"""The server that this store is registered with: one line of ``peers``, read and written.

Everything works on the caller's connection, and writes inside the caller's transaction. One server
is active at a time; those that were left stay in the table as ``left`` (decisions.md 28).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hikma_tui import json_text
from hikma_tui.ids import new_id
from hikma_tui.models import connection

ACTIVE, LEFT = "active", "left"
DAYS_UNSURE = "days_unsure"  # in the metadata: which day its midnights mean is not known at all
_COLUMNS = "id, name, last_synced_at, metadata"


class OtherServer(Exception):
    """The store is joined to another server already (decisions.md 28)."""


@dataclass(frozen=True)
class PeerFacts:
    """What is known of the active server.

    ``watermark`` is the server's own timestamp of the last pull that was applied (ms, verbatim,
    0: none), ``asked_at`` our own clock then; ``full_at`` our ms of the last full check;
    ``east_from`` the UTC hour from which a day's midnight belongs to the next day (decisions.md
    30). ``more`` is the whole metadata.
    """

    id: str
    url: str
    name: str
    dialect: str
    email: str
    user_id: str
    clinic_id: str | None
    watermark: int = 0
    asked_at: int | None = None
    full_at: int = 0
    east_from: int = 12
    ca_file: str = ""
    proxy: str = ""
    joined_at: int = 0
    last_synced_at: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


def _facts(row: tuple[Any, ...]) -> PeerFacts:
    more = json_text.read_object(row[3])
    return PeerFacts(
        id=row[0], name=row[1], last_synced_at=row[2], more=more,
        url=str(more.get("url") or ""), dialect=str(more.get("dialect") or "v3"),
        email=str(more.get("email") or ""), user_id=str(more.get("user_id") or ""),
        clinic_id=more.get("clinic_id") or None, watermark=int(more.get("watermark") or 0),
        asked_at=more.get("asked_at"), full_at=int(more.get("full_at") or 0),
        east_from=int(more.get("east_from", 12)),
        ca_file=str(more.get("ca_file") or ""), proxy=str(more.get("proxy") or ""),
        joined_at=int(more.get("joined_at") or 0),
    )  # fmt: skip


def active() -> PeerFacts | None:
    """The server that this store syncs with, None without one."""
    row = (
        connection()
        .execute(f"SELECT {_COLUMNS} FROM peers WHERE status = ? LIMIT 1", (ACTIVE,))
        .fetchone()
    )
    return None if row is None else _facts(row)


def put(
    url: str, *, dialect: str, email: str, user_id: str, clinic_id: str | None, now: int,
    name: str = "", ca_file: str = "", proxy: str = "", joined_at: int | None = None,
) -> PeerFacts:  # fmt: skip
    """Register ``url`` as the active server, or change what is known of it. OtherServer when
    another one is active: leave that first. ``now`` is in ms.
    """
    current = active()
    if current is not None and current.url != url:
        raise OtherServer(current.url)
    rows = connection()
    found = rows.execute(
        f"SELECT {_COLUMNS} FROM peers WHERE peer_id = ?", (f"cloud:{url}",)
    ).fetchone()
    known = dict(_facts(found).more) if found else {}
    known |= {
        "url": url, "dialect": dialect, "email": email, "user_id": user_id,
        "clinic_id": clinic_id, "ca_file": ca_file, "proxy": proxy,
        "joined_at": joined_at or known.get("joined_at") or now,
    }  # fmt: skip
    rows.execute(
        "INSERT INTO peers (id, peer_id, name, public_key, peer_type, is_leader, status,"
        " protocol_version, metadata, created_at, updated_at)"
        " VALUES (?, ?, ?, '', 'cloud_server', 0, ?, '1', ?, ?, ?)"
        " ON CONFLICT (peer_id) DO UPDATE SET name = excluded.name, status = excluded.status,"
        " metadata = excluded.metadata, updated_at = excluded.updated_at",
        (new_id(now), f"cloud:{url}", name or url, ACTIVE, _json(known), now, now),
    )
    peer = active()
    if peer is None:
        raise OtherServer(url)
    return peer


def leave(peer_id: str, now: int) -> None:
    """The server is not ours any more; what stood between us stays for the record."""
    connection().execute(
        "UPDATE peers SET status = ?, updated_at = ? WHERE id = ?", (LEFT, now, peer_id)
    )


def update(peer_id: str, **values: Any) -> None:
    """Change facts in the metadata (``email=...``, ``east_from=...``); None takes one away."""
    rows = connection()
    row = rows.execute("SELECT metadata FROM peers WHERE id = ?", (peer_id,)).fetchone()
    known = json_text.read_object(row[0]) if row else {}
    known |= values
    kept = {name: value for name, value in known.items() if value is not None}
    rows.execute("UPDATE peers SET metadata = ? WHERE id = ?", (_json(kept), peer_id))


def set_watermark(peer_id: str, timestamp: int, asked_at: int | None = None) -> None:
    """All that the server had to tell up to its own ``timestamp`` is applied. ``asked_at`` is what
    our clock said then (ms), None where nobody looked.
    """
    update(peer_id, watermark=int(timestamp), asked_at=asked_at)


def set_synced(peer_id: str, now: int) -> None:
    """A run went through to its read-back at ``now`` (ms)."""
    connection().execute(
        "UPDATE peers SET last_synced_at = ?, updated_at = ? WHERE id = ?", (now, now, peer_id)
    )


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
