"""Keeping what has been typed: each keystroke's newest state goes to the store, one save at a time.

A save to a slow card may take longer than a keystroke. So there is never more than one on the way,
and the next one carries the newest state: the draft is at most one save behind the keyboard.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
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

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_numbers = itertools.count(1)
_open: set[str] = set()  # the tokens of the screens that are open in this process


def new_token() -> str:
    """The mark of one open screen: this run of the machine, this process, a number."""
    return f"{_boot()}.{os.getpid()}.{next(_numbers)}"


def _boot() -> str:
    """Tells runs of the machine apart, since process numbers come back after a power cut."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return "?"


def is_alive(token: str) -> bool:
    """Whether the screen that marked a draft so is still open, as far as can be known."""
    parts = token.split(".")
    if len(parts) != 3 or not parts[1].isdecimal() or parts[0] != _boot():
        return False
    if int(parts[1]) == os.getpid():
        return token in _open
    if os.name != "posix":
        return False  # asking would end the process there
    try:
        os.kill(int(parts[1]), 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


def anything_open() -> bool:
    """Whether a form is open in this process whose words are kept as a draft."""
    return bool(_open)


class DraftKeeper:
    """The draft of one open screen; ``patient_id`` is whom it is about, if anybody yet."""

    def __init__(
        self, screen: ClinicScreen[Any], hold: drafts.Hold, patient_id: str | None
    ) -> None:
        self.mine = hold
        _open.add(hold.token)
        self.trouble = ""  # why what was typed last could not be kept
        self._screen = screen
        self._actor = screen.actor  # whose it is stays so, also when another user is let in
        self._patient_id = patient_id
        self._newest: Mapping[str, Any] | None = None  # typed, and not in the store yet
        self._worker: Worker[None] | None = None
        self._retry: Timer | None = None  # only while keeping fails
        self._held = False

    def keep(self, content: Mapping[str, Any]) -> None:
        """Keep ``content`` soon; returns at once."""
        self.mine = replace(self.mine, left=False)
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
                    drafts.keep, self._actor, self.mine, self._patient_id, content
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
        """Keep ``content`` as that of a screen that is left, and wait for it. Returns why it could
        not be kept, or nothing.
        """
        self.keep(content)
        self.mine = replace(self.mine, left=True)
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
            await self._screen.clinic.writing(drafts.discard, self._actor, self.mine)
        except Refused:
            self._held = False
            raise

    def close(self) -> None:
        """The screen goes: what is not in the store yet is sent without waiting for it."""
        _open.discard(self.mine.token)
        self.mine = replace(self.mine, left=True)
        if self._newest is not None and not self._held:
            session(self._screen).later(
                drafts.keep, self._actor, self.mine, self._patient_id, self._newest
            )
