"""The app's lock: when it falls, what waits meanwhile, and who is let in (decisions.md 20).

The lock is a screen over all others, which stay as they are. While it stands no other screen can be
pushed over it or taken away under it: what a save that was under way wants to do then is done after
the unlocking. One timer looks now and then at how long ago the last key was; it paints nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from textual.await_complete import AwaitComplete
from textual.events import InputEvent, Key, Paste
from textual.screen import Screen

from hikma_tui.clinic import info, pins
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.widgets.base import BaseApp
from hikma_tui.widgets.keys import N_, Action, same_keys

if TYPE_CHECKING:
    from textual.events import Event

    from hikma_tui.app.main import HikmaApp

T = TypeVar("T")

LOCK = Action(
    "app.lock", "ctrl+l", N_("lock"), N_("Lock the screen; another user signs in"), show=False
)
PIN = Action("app.pin", "", N_("PIN"), N_("Set or change your PIN"), show=False)
USERS = Action("app.users", "", N_("users"), N_("Who uses these records, and their PINs"),
               show=False)  # fmt: skip

_LOOK_EVERY = 5.0  # seconds at most: a computer that slept has no timer that ran
_PATIENCE = 5.0  # for a save that is under way when the lock falls
_LOCK_KEYS = frozenset(same_keys("ctrl+l"))


def _now() -> tuple[float, float]:
    """Two clocks in seconds: one that nobody sets, and goes on while the computer sleeps where the
    system has such a clock; and the wall's, which goes on in any case.
    """
    steady = time.monotonic()
    if hasattr(time, "CLOCK_BOOTTIME"):
        steady = time.clock_gettime(time.CLOCK_BOOTTIME)
    return steady, time.time()


class Locking:
    """The lock of one app. ``locked``: nothing of a patient is shown, and no key does anything but
    on the lock's own screen.
    """

    def __init__(self, app: HikmaApp) -> None:
        self._app = app
        self.locked = False
        self.holding = False  # other screens wait under the lock
        self.saving = 0  # saves under way
        self.shut = False  # was so, or was due, when the app ended
        self._touched = _now()
        self._timer: asyncio.TimerHandle | None = None
        self._waiting: list[Callable[[], Any]] = []
        self._told: list[str] = []
        self._open = asyncio.Event()

    # When ----------------------------------------------------------------------------------

    def touch(self) -> None:
        """Somebody is there."""
        self._touched = _now()

    @property
    def idle(self) -> float:
        """Seconds since somebody was there. A wall clock that is set back makes it no shorter; one
        that jumps ahead may be a computer that slept, or was a machine put aside: it counts.
        """
        return max(now - then for now, then in zip(_now(), self._touched, strict=True))

    async def changed(self) -> None:
        """PINs or the minutes are others now."""
        app = self._app
        app.facts = replace(
            app.facts,
            pins=await app.reading(pins.in_use),
            lock_seconds=await app.reading(pins.lock_seconds),
        )
        self.watch()

    def watch(self) -> None:
        """Lock after the idle minutes, from now on, where there are PINs."""
        self.touch()
        self._again()

    def _again(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        facts = self._app.facts
        if facts.pins and not self.locked:
            left = max(0.05, facts.lock_seconds - self.idle)
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(left, _LOOK_EVERY), self._look)

    def _look(self) -> None:
        if self.expired():
            self._app.call_later(self.lock)
        elif self._app.is_running:
            self._again()

    def expired(self) -> bool:
        """Whether nobody has been there for too long."""
        facts = self._app.facts
        return facts.pins and not self.locked and self.idle >= facts.lock_seconds

    # The lock ------------------------------------------------------------------------------

    async def lock(self) -> None:
        """Cover everything. A save that is under way ends first, so that its screen can go."""
        app = self._app
        if self.locked or not app.facts.set_up or not app.is_running:
            return
        self.locked = True
        for _again in range(round(_PATIENCE / 0.02)):
            if not self.saving:
                break
            await asyncio.sleep(0.02)
        await asyncio.sleep(0)
        app.clear_notifications()
        from hikma_tui.screens.lock import LockScreen

        app.push_screen(LockScreen())
        self.holding = True
        self._open.clear()

    def unlock(self, actor: Actor) -> None:
        """Somebody was let in: the same user goes on in place, another begins at the search."""
        # On the app, not on the lock's screen, which goes meanwhile.
        self._app.run_worker(self._unlock(actor), group="unlock", exclusive=True)

    async def _unlock(self, actor: Actor) -> None:
        app = self._app
        with suppress(Refused):
            await self.changed()
        same = actor.user_id == app.actor.user_id
        held, self.holding = self.holding, False
        waiting, self._waiting = self._waiting, []
        if held and same:
            self.locked = False
            await app.pop_screen()
            for act in waiting:
                act()
        else:
            await self._begin_anew(actor)
        self._open.set()
        told, self._told = self._told, []
        if same:
            for text in told:
                app.tell(text)
        self.watch()
        app.counts_told()

    async def _begin_anew(self, actor: Actor) -> None:
        """The former user's screens go (their drafts are kept, as theirs), then the search."""
        app = self._app
        while len(app.screen_stack) > 1:
            await app.pop_screen()
        drafts = [one for one in app.workers if one.group == "drafts"]
        with suppress(Exception):
            await app.workers.wait_for_complete(drafts)
        if app.actor.user_id != actor.user_id:
            app.later(info.put, "last_user_id", actor.user_id)
        app.actor = actor
        self.locked = False
        await app.push_screen(app.first_screen())  # the first of all screens can't be switched

    # What waits ----------------------------------------------------------------------------

    def defer(self, act: Callable[[], Any]) -> None:
        """Do this after the unlocking, if the same user comes back."""
        self._waiting.append(act)

    def hold_back(self, text: str) -> None:
        """Say this after the unlocking, if the same user comes back."""
        self._told.append(text)

    async def opened(self) -> None:
        """Wait until nothing is locked."""
        while self.holding:
            await self._open.wait()


class LockableApp(BaseApp[int]):
    """An app over which a lock can stand."""

    locking: Locking

    async def on_event(self, event: Event) -> None:
        """Before any other part sees a key: is the lock due, is it what the key asks for?"""
        locking = self.locking
        if isinstance(event, InputEvent | Paste) and not event.is_forwarded:
            lock_key = isinstance(event, Key) and event.key in _LOCK_KEYS
            if locking.expired() or (lock_key and not locking.locked):
                await locking.lock()
                return
            if locking.locked and not self._at_the_lock():
                return  # the lock is falling: what is typed belongs to nobody
            if not isinstance(event, InputEvent) or not locking.locked:
                locking.touch()
        await super().on_event(event)

    def _at_the_lock(self) -> bool:
        return bool(self.screen_stack) and getattr(self.screen, "IS_LOCK", False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Under the lock one can only leave; what Textual itself does with keys goes on."""
        if self.locking.locked and (
            action == "command_palette" or (action == "do" and parameters != ("app.leave",))
        ):
            return False
        return super().check_action(action, parameters)

    def push_screen(self, *arguments: Any, **named: Any) -> Any:
        """Not over the lock."""
        if self.locking.holding:
            self.locking.defer(lambda: super(LockableApp, self).push_screen(*arguments, **named))
            return AwaitComplete(_nothing())
        return super().push_screen(*arguments, **named)

    async def push_screen_wait(self, *arguments: Any, **named: Any) -> Any:
        """Not over the lock: whoever asks waits."""
        await self.locking.opened()
        return await super().push_screen_wait(*arguments, **named)

    def pop_screen(self) -> AwaitComplete:
        """Not the lock."""
        if self.locking.holding:
            self.locking.defer(self.pop_screen)
            return AwaitComplete(_nothing())
        return super().pop_screen()

    def switch_screen(self, screen: Screen[Any] | str) -> AwaitComplete:
        """Not the lock."""
        if self.locking.holding:
            self.locking.defer(lambda: self.switch_screen(screen))
            return AwaitComplete(_nothing())
        return super().switch_screen(screen)

    def notify(self, message: str, **named: Any) -> None:
        """Nothing is said over the lock."""
        if self.locking.locked:
            self.locking.hold_back(message)
            return
        super().notify(message, **named)

    def notice(self, message: str, **named: Any) -> None:
        """Nothing is said over the lock."""
        if not self.locking.locked:
            super().notice(message, **named)

    async def action_lock(self) -> None:
        """Ctrl+L."""
        await self.locking.lock()

    def action_pin(self) -> None:
        """One's own PIN; the first of all with a recovery code."""
        from hikma_tui.screens.lock_pin import own_pin

        if isinstance(self.screen, ClinicScreen):
            self.run_worker(own_pin(self.screen), group="pin", exclusive=True)

    def action_users(self) -> None:
        """The list of users, for an administrator."""
        from hikma_tui.screens.users import UsersScreen

        if isinstance(self.screen, ClinicScreen) and not isinstance(self.screen, UsersScreen):
            self.push_screen(UsersScreen())


async def _nothing() -> None:
    return None
