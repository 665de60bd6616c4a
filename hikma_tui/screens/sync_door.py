"""The sync as the screens see it: what runs, what it told last, how it ended, and its few orders.

The app has the child process (``app.sync``); screens know neither it nor the network.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

from hikma_tui.screens.base import ClinicScreen

if TYPE_CHECKING:
    from hikma_tui.clinic.server import ServerState

SYNC, CHECK, REPAIR = "sync", "check", "repair"
TOO_LARGE = "too-large"
REFUSED_PASSWORDS = frozenset({"wrong-password", "no-user", "unauthorized", "no-password"})
"""Results after which the password must be asked for again (decisions.md 32: no retries)."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a running sync told last; ``seconds_left`` and ``total`` are None where unknown."""

    phase: str
    records: int = 0
    total: int | None = None
    bytes: int = 0
    rate: float = 0.0  # bytes a second while receiving, else records a second
    seconds_left: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a sync ended: ``result`` is "ok" or a code, ``report`` the numbers (may be empty)."""

    kind: str
    result: str
    started_at: int  # ms
    ended_at: int
    report: Mapping[str, Any] = field(default_factory=dict)
    said: str = ""  # what the process said on its error stream


class SyncDoor(Protocol):
    """What a screen may ask of the sync."""

    @property
    def running(self) -> str:
        """``sync``, ``check`` or ``repair`` while one runs, else ""."""

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop and has not ended yet."""

    @property
    def started_at(self) -> int:
        """When the running one began, ms."""

    @property
    def step(self) -> Step | None:
        """What it told last."""

    @property
    def ended(self) -> Ended | None:
        """How the last one of this session ended."""

    @property
    def server(self) -> ServerState | None:
        """The counts as last read; None until they have been."""

    def needs_password(self) -> bool:
        """Whether it must be asked for: neither typed in this session nor kept."""

    def keeps_password(self) -> bool:
        """Whether a password lies beside the store."""

    def use_password(self, password: str) -> None:
        """Hold it for this session, in memory alone."""

    def keep_password(self, keep: bool) -> None:
        """Write the one of this session beside the store, or forget both. Refused."""

    async def start(self, kind: str, *words: str) -> None:
        """Begin one; ``words`` go to the command line. Refused when it can't be begun."""

    def cancel(self) -> None:
        """Tell it to stop; nothing that was saved is lost."""

    def recount_soon(self) -> None:
        """Read the counts anew in the background: another program may have synced."""

    async def recount(self) -> ServerState | None:
        """Read the counts anew."""


def door(screen: ClinicScreen[Any]) -> SyncDoor:
    """The sync behind a screen."""
    return cast("SyncDoor", screen.app.syncing)  # type: ignore[attr-defined]
