"""A link that costs money: how large a pull will be, and whether that was allowed.

The setting ``metered`` (``store_info``) is ``no``, ``yes`` or ``ask``; where nobody has said any,
this computer's network is asked (``run_nm``). Where it is not ``no``, a pull that is large, or
of unknown size, needs a yes or a bound (``--yes``, ``--max-bytes``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.syncing.peer import PeerFacts
from hikma_tui.wire.shapes import Kind, Trouble

LARGE = 5_000_000  # bytes; below that nobody is asked
_BYTES_A_ROW = 650.0  # a patient's row, measured (wire.md A4)
_DAY = 86_400_000


def estimate(peer: PeerFacts, rows_known: int, now: int, *, everything: bool) -> int | None:
    """About how many bytes a pull will bring; None where nothing is known of this server."""
    per_row = float(peer.more.get("bytes_a_row") or _BYTES_A_ROW)
    if everything:
        known = max(rows_known, int(peer.more.get("rows_there") or 0))
        return None if not peer.watermark else int(known * per_row)
    per_day = peer.more.get("bytes_a_day")
    if peer.last_synced_at is None:
        return None
    days = max(now - peer.last_synced_at, 0) / _DAY
    return int(days * float(per_day if per_day is not None else 100 * per_row))


def learn(peer: PeerFacts, rows: int, size: int, now: int, *, everything: bool) -> dict[str, Any]:
    """What a pull of ``rows`` in ``size`` bytes teaches: facts for ``syncing.peer.update``."""
    more: Mapping[str, Any] = peer.more
    learnt: dict[str, Any] = {}
    if rows >= 50:
        learnt["bytes_a_row"] = round(size / rows, 1)
    if everything:
        learnt["rows_there"] = rows
    elif peer.last_synced_at is not None and now - peer.last_synced_at > _DAY // 24:
        rate = size / ((now - peer.last_synced_at) / _DAY)
        before = more.get("bytes_a_day")
        learnt["bytes_a_day"] = round(rate if before is None else (2 * float(before) + rate) / 3)
    return learnt


def allow(metered: str, size: int | None, *, agreed: bool, max_bytes: int) -> None:
    """Trouble TOO_LARGE, with the bytes as its detail (``?``: unknown), unless it may go on."""
    if metered not in ("yes", "ask") or agreed or max_bytes:
        return
    if size is None or size > LARGE:
        raise Trouble(Kind.TOO_LARGE, "?" if size is None else str(size))
