"""Which of the known causes made a slow sync slow (the FAQ's list), from what was measured."""

from __future__ import annotations

from dataclasses import dataclass

SLOW_SECONDS = 20.0
_SLOW_BYTES = 60_000.0  # a second: under half a megabit
_SLOW_ANSWER = 1.5  # seconds for a heartbeat there and back
_MANY_ROWS = 1000
_ROWS_A_SECOND = 100.0  # a healthy v3 server takes some 1000 (wire.md A5)


@dataclass
class Speed:
    """What one run measured. Seconds, bytes, rows.

    ``heartbeat`` is the shortest time of a request that costs the server nothing; None: not asked.
    """

    seconds: float = 0.0
    first_byte: float = 0.0  # the longest wait for the first byte of a pull
    body_seconds: float = 0.0
    body_bytes: int = 0
    push_seconds: float = 0.0
    push_rows: int = 0
    own_seconds: float = 0.0  # applying, indexing: this computer
    heartbeat: float | None = None


def cause(speed: Speed) -> str:
    """The code of the notice, "" when the run was not slow.

    The order is the FAQ's: the network first, then thousands of unsent records, then the server.
    """
    if speed.seconds < SLOW_SECONDS:
        return ""
    if speed.own_seconds > speed.seconds / 2:
        return ""  # much was taken in here: neither the network's fault nor the server's
    if speed.heartbeat is not None and speed.heartbeat > _SLOW_ANSWER:
        return "slow-network"
    share = speed.body_seconds / speed.seconds
    if share > 0.3 and speed.body_bytes / max(speed.body_seconds, 0.001) < _SLOW_BYTES:
        return "slow-network"
    rate = speed.push_rows / max(speed.push_seconds, 0.001)
    if speed.push_rows >= _MANY_ROWS and rate >= _ROWS_A_SECOND:
        return "many-unsent"
    if speed.body_bytes > 20_000_000 and share > 0.5:
        return ""  # a large pull at a good rate
    return "slow-server"
