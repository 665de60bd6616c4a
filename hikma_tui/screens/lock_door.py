"""What the lock's screens ask of the app: to let somebody in."""

from __future__ import annotations

from typing import Any, Protocol, cast

from hikma_tui.clinic.actor import Actor
from hikma_tui.screens.base import ClinicScreen


class Door(Protocol):
    """The app's lock."""

    def unlock(self, actor: Actor) -> None:
        """Let ``actor`` in, who has shown the PIN."""

    def hold_back(self, text: str) -> None:
        """Say this once the lock is gone, if the same user comes back."""

    async def changed(self) -> None:
        """There are PINs now, or other minutes: the idle time counts from now. Refused."""


def locking(screen: ClinicScreen[Any]) -> Door:
    """The lock of the app behind a screen."""
    return cast("Door", screen.app.locking)  # type: ignore[attr-defined]
