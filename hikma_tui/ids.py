"""Ids of rows: UUIDv7 made here, and a foreign system's id turned into a UUIDv5."""

from __future__ import annotations

import os
import re
import time
import uuid

# Made once for this program: the same foreign id becomes the same UUID on every machine.
_FOREIGN = uuid.UUID("7f0c9f4e-5d0b-5a43-9d0e-6b1d0f6a2c11")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def new_id(now_ms: int | None = None) -> str:
    """A new lower-case UUIDv7 (RFC 9562); Python 3.11 has none of its own."""
    ms = time.time_ns() // 1_000_000 if now_ms is None else now_ms
    value = (ms & (1 << 48) - 1) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return str(uuid.UUID(int=value))


def is_uuid(text: str) -> bool:
    """Whether a server takes ``text`` as a row's id (wire.md A5: v1 to v8, RFC variant)."""
    return _UUID.fullmatch(text) is not None


def as_uuid(table: str, text: str) -> str:
    """``text`` in lower case when it is a UUID, else the UUIDv5 that stands for it in ``table``.

    A patient ``P-17`` of another system gets one id wherever a row names it (decisions.md 2).
    """
    lowered = text.strip().lower()
    return lowered if is_uuid(lowered) else str(uuid.uuid5(_FOREIGN, f"{table}:{text.strip()}"))
