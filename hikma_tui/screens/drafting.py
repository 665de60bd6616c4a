"""Keeping what has been typed: each keystroke's newest state goes to the store, one save at a time.

A save to a slow card may take longer than a keystroke. So there is never more than one on the way,
and the next one carries the newest state: the draft is at most one save behind the keyboard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual.timer import Timer
from textual.worker import Worker

from hikma_tui.clinic import drafts
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session

RETRY_AFTER = 2.0
"""Seconds after which a draft that could not be kept is tried again, without a keystroke."""


class DraftKeeper:
    """The draft at one place of one user; ``patient_id`` is whom it is about, if anybody yet."""

    def __init__(self, screen: ClinicScreen[Any], place: str, patient_id: str | None) -> None:
        self.place = place
        self.trouble = ""  # why what was typed last could not be kept
        self._screen = screen
        self._patient_id = patient_id
        self._newest: Mapping[str, Any] | None = None  # typed, and not in the store yet
        self._worker: Worker[None] | None = None
        self._retry: Timer | None = None  # only while keeping fails
        self._held = False

    def keep(self, content: Mapping[str, Any]) -> None:
        """Keep ``content`` soon; returns at once."""
        self._newest = content
        self._start()

    def _start(self) -> None:
        if self._retry is not None:
            self._retry.stop()
            self._retry = None
        if self._newest is None:
            return
        if not self._held and (self._worker is None or self._worker.is_finished):
            # On the app, not the screen: what was typed last is kept even if the screen closes.
            self._worker = self._screen.app.run_worker(self._save(), group="drafts")

    async def _save(self) -> None:
        while self._newest is not None and not self._held:
            content = self._newest
            try:
                await self._screen.clinic.writing(
                    drafts.keep, self._screen.actor, self.place, self._patient_id, content
                )
            except Refused as refusal:
                self._say_trouble(str(refusal))
                self._try_again_later()
                return
            self._say_trouble("")
            if self._newest is content:
                self._newest = None

    def _try_again_later(self) -> None:
        if not self._held and self._screen.is_attached:
            self._retry = self._screen.set_timer(RETRY_AFTER, self._start)

    def _say_trouble(self, reason: str) -> None:
        was, self.trouble = self.trouble, reason
        if reason:
            self._screen.say(
                _("NOT SAVED, not as a draft either: {reason}").format(reason=reason), loud=True
            )
        elif was:
            self._screen.say(_("What you typed is kept as a draft again. F10 saves it."))

    async def flush(self, content: Mapping[str, Any]) -> str:
        """Keep ``content`` and wait for it. Returns why it could not be kept, or nothing."""
        self.keep(content)
        while self._worker is not None and not self._worker.is_finished:
            await self._worker.wait()
        return self.trouble

    def hold(self) -> None:
        """A save begins: from now on no draft is written that would outlive it."""
        self._held = True

    def release(self, content: Mapping[str, Any]) -> None:
        """The save failed: ``content`` is a draft still."""
        self._held = False
        self.keep(content)

    async def discard(self) -> None:
        """Forget the draft. Raises Refused when the store could not."""
        self._held, self._newest = True, None
        try:
            await self._screen.clinic.writing(drafts.discard, self._screen.actor, self.place)
        except Refused:
            self._held = False
            raise

    def close(self) -> None:
        """The screen goes: what is not in the store yet is sent without waiting for it."""
        if self._newest is not None and not self._held:
            session(self._screen).later(
                drafts.keep, self._screen.actor, self.place, self._patient_id, self._newest
            )
