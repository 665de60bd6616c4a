"""What a new clinic is asked once it is there: a PIN; then its second place, if one was chosen."""

from __future__ import annotations

from typing import Any

from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.lock_pin import own_pin


async def offers(screen: ClinicScreen[Any], place: str) -> None:
    """Ask for a PIN, then copy to ``place``. Each can be left with Esc. In a worker."""
    await own_pin(screen)
    if place:
        from hikma_tui.screens.backups_asking import first_copy

        await first_copy(screen, place)
