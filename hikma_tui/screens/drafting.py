"""Keeping what has been typed: each keystroke's newest state goes to the store, one save at a time.

A save to a slow card may take longer than a keystroke. So there is never more than one on the way,
and the next one carries the newest state: the draft is at most one save behind the keyboard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic import drafts
from hikma_tui.screens.base import ClinicScreen


class DraftKeeper:
    """The draft at one place of one user; ``patient_id`` is whom it is about, if anybody yet."""

    def __init__(self, screen: ClinicScreen[Any], place: str, patient_id: str | None) -> None:
        self._screen = screen
        self._place = place
        self._patient_id = patient_id
        self._newest: Mapping[str, Any] | None = None
        self._saving = False
        self._over = False

    async def begin(self) -> dict[str, Any]:
        """What was kept here before, ``{}`` when nothing was."""
        clinic = self._screen.clinic
        return await clinic.reading(drafts.at, clinic.actor, self._place) or {}

    def keep(self, content: Mapping[str, Any]) -> None:
        """Keep ``content`` soon; returns at once."""
        self._newest = content
        if not self._saving and not self._over:
            self._saving = True
            # On the app, not the screen: what was typed last is kept even if the screen closes.
            self._screen.app.run_worker(self._save(), group="drafts", exit_on_error=False)

    async def _save(self) -> None:
        clinic = self._screen.clinic
        try:
            while self._newest is not None:
                content, self._newest = self._newest, None
                if self._over:
                    return
                await clinic.writing(
                    drafts.keep, clinic.actor, self._place, self._patient_id, content
                )
        finally:
            self._saving = False

    async def discard(self) -> None:
        """Forget the draft: it was saved, or nothing was typed."""
        self._over = True
        self._newest = None
        clinic = self._screen.clinic
        await clinic.writing(drafts.discard, clinic.actor, self._place)
