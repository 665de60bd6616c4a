"""The Textual app: which screen comes when, who is signed in, the store behind all of them."""

from __future__ import annotations

import asyncio
import gc
import os
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, TypeVar

from textual.binding import BindingType
from textual.screen import Screen

from hikma_tui import clock, first_words, i18n, logs, text
from hikma_tui.app.copying import BACKUPS
from hikma_tui.app.going import GoingApp
from hikma_tui.app.lock import LOCK, PIN, USERS, Locking
from hikma_tui.app.sync import Syncing
from hikma_tui.clinic import info, pins
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.find import FindScreen
from hikma_tui.screens.session import Facts, begin, facts, not_saved
from hikma_tui.store import Store
from hikma_tui.store import unlock as store_unlock
from hikma_tui.store.errors import StoreError
from hikma_tui.widgets.base import HELP, LEAVE, PALETTE, BaseScreen
from hikma_tui.widgets.keys import N_, Action, bindings
from hikma_tui.widgets.mishap import Mishap
from hikma_tui.widgets.title import StateLine

if TYPE_CHECKING:
    from hikma_tui.app.connect import Connecting

P = ParamSpec("P")
T = TypeVar("T")

_NOBODY = Actor("", "", "", None, "")


class StoreRefused(Refused):
    """The store could not do it; ``str()`` is the store's own sentence."""


class HikmaApp(GoingApp):
    """A clinic. ``store`` is None until the set-up has made one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        HELP,
        PALETTE,
        Action(
            "app.undo_deletion", "", N_("undo a deletion"),
            N_("Undo a deletion of the last day"), show=False,
        ),
        Action(
            "app.connect", "", N_("server"),
            N_("Connect to a server, its code, leave it"), show=False,
        ),
        LOCK,
        PIN,
        USERS,
        BACKUPS,
        LEAVE,
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [*bindings((LOCK,))]

    def __init__(
        self,
        directory: Path,
        store: Store | None = None,
        begun: tuple[Facts, Actor | None] | None = None,
        *,
        demo: bool = False,
        after: Mishap | None = None,
    ) -> None:
        """``after``: an error ended the app before this one; it is told first."""
        self.locking = Locking(self)
        super().__init__()
        self.directory = directory
        self.store = store
        self.facts = begun[0] if begun else Facts(False, 0, None, "", "terminal", demo, {})
        self.actor = (begun[1] if begun else None) or _NOBODY
        self.locking.locked = self.facts.pins
        self.demo = demo or self.facts.demo
        self.log_directory = directory
        self._after = after
        self.later_failed = False  # something was not saved that nobody waits for
        self.syncing = Syncing(self)
        self.technical_lead = self.facts.technical_lead
        self._speak()

    @cached_property
    def connecting(self) -> Connecting:
        """The way to a server that is not joined yet; loaded when it is first wanted."""
        from hikma_tui.app.connect import Connecting

        return Connecting(self)

    def _speak(self) -> None:
        """Take the language and the direction of writing: the environment's, else the setting."""
        chosen = os.environ.get("HIKMA_TUI_LANGUAGE") or self.facts.language
        i18n.use_language(chosen or i18n.language_of_environment())
        if self.facts.bidi in ("terminal", "app", "off"):
            text.use_bidi(self.facts.bidi)  # type: ignore[arg-type]

    # The start and the end -----------------------------------------------------------------

    def on_load(self) -> None:
        """Just before Textual takes the terminal."""
        first_words.clear()

    def get_default_screen(self) -> Screen[Any]:
        """The search, where nothing has to be asked first.

        Given to Textual as its default screen, since a screen pushed over an empty one is a second
        screen to lay out before anything is seen.
        """
        self.look_at_copies()
        asked = self._after is not None or clock.doubtful(self.facts.newest_stamp)
        if self.facts.set_up and not asked:
            return self.first_screen()
        return super().get_default_screen()

    def on_mount(self) -> None:
        """What must be asked before the search: the day where the clock can't be right, names."""
        asked = self._asked_first()
        if asked is not None:
            self.push_screen(asked)
        elif not self.facts.set_up:
            self.push_screen(self.first_screen())

    def _asked_first(self) -> Screen[Any] | None:
        """What stands before the search, if anything: an error to be told, the day to be asked."""
        if self._after is not None:
            from hikma_tui.screens.crash import CrashScreen

            log = logs.newest(self.directory)
            return CrashScreen(self._after, self.technical_lead, log, self._go_on_after)
        if clock.doubtful(self.facts.newest_stamp):
            from hikma_tui.screens.clock_question import ClockScreen

            return ClockScreen(self.facts.newest_stamp)
        return None

    def _go_on_after(self) -> None:
        """The error was read about: go on as at a start."""
        if self.restarts is not None:
            self.restarts.go_on()
        self._after = None
        self.switch_screen(self._asked_first() or self.first_screen())

    def clock_is_right(self, day: date | None) -> None:
        """The question about the day was answered: with a day, or that the clock is right."""
        if day is not None:
            clock.set_today(day, self.facts.zone)
        self.run_worker(self._go_on_at(), group="clock", exclusive=True)

    async def _go_on_at(self) -> None:
        """What a person said about the day counts for more than a stamp of the past."""
        if self.store is not None:
            try:
                stamp = await self.writing(info.believe_clock)
            except Refused as error:
                self.tell(not_saved(error))
                return
            self.facts = replace(self.facts, newest_stamp=stamp)
        self.switch_screen(self.first_screen())

    def first_screen(self) -> Screen[Any]:
        """The lock where there are PINs, else the search; the set-up before there is a clinic."""
        if self.locking.locked:
            from hikma_tui.screens.lock import LockScreen

            return LockScreen()
        if self.facts.set_up:
            return FindScreen()
        from hikma_tui.screens.setup import SetupScreen

        return SetupScreen()

    def on_ready(self) -> None:
        """The first screen is painted: what was kept out of the way of the start comes back."""
        gc.freeze()
        gc.enable()
        self.locking.watch()
        self.syncing.recount_soon()
        if self.facts.server:
            self.run_worker(self.syncing.finish_index(), group="index")

    def can_encrypt(self) -> bool:
        """Whether a store can be made with a passphrase here."""
        return store_unlock.can_encrypt()

    async def set_up(self, clinic: str, user: str, zone: str, passphrase: str = "") -> None:
        """Make the store and the clinic in it, then show the search. Raises Refused."""
        from hikma_tui.clinic import setup

        try:
            if self.store is None:
                key = await asyncio.to_thread(store_unlock.new_key, passphrase)
                self.store = await asyncio.to_thread(Store.create, self.directory, key)
        except StoreError as error:
            raise StoreRefused(str(error)) from error
        self.actor = await self.writing(
            setup.create_clinic, clinic, user, time_zone=zone, demo=self.demo
        )
        self.facts = await self.reading(facts)
        self.switch_screen(self.first_screen())
        if not self.demo:
            self.call_later(self._after_set_up)

    def _after_set_up(self) -> None:
        """A PIN, then the first copy at the second place, where one was chosen."""
        from hikma_tui.screens.setup_after import offers

        if isinstance(self.screen, ClinicScreen):
            asked = offers(self.screen, self.first_place)
            self.run_worker(asked, group="pin", exclusive=True)

    def close_store(self) -> None:
        """Let go of the file. Waits for a running save, and shortly for a sync to stop."""
        self.syncing.stop()
        if self.store is not None:
            self.store.close()

    # The store's threads, by await ---------------------------------------------------------

    async def reading(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run what only looks, on the reader's thread. Raises Refused."""
        return await self._answer(self._open_store().read(function, *arguments, **named))

    async def counting(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run what looks and may take long. Raises Refused, also when it was stopped."""
        return await self._answer(self._open_store().count(function, *arguments, **named))

    async def writing(self, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Run what saves; durable when it returns. Raises Refused, and then nothing was saved."""
        self.locking.saving += 1
        try:
            done = await self._answer(self._open_store().write(function, *arguments, **named))
        finally:
            self.locking.saving -= 1
        self.syncing.recount_soon()
        return done

    async def proof(self) -> str:
        """What lets a program that this one starts act as who is signed in: once, within a minute;
        empty where there are no PINs. Refused.
        """
        from hikma_tui.secrets_kdf import new_token

        if not await self.reading(pins.in_use):
            return ""
        token = new_token()
        await self.writing(pins.open_session, self.actor, token)
        return token

    def stop_counting(self) -> None:
        """Stop the count that runs now."""
        if self.store is not None:
            self.store.interrupt_count()

    def later(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Save something that nobody waits for; when it fails, the log alone says so."""
        future = self._open_store().write(function, *arguments)
        future.add_done_callback(self._log_failure)

    @staticmethod
    async def _answer(future: Future[T]) -> T:
        try:
            return await asyncio.wrap_future(future)
        except StoreError as error:
            raise StoreRefused(str(error)) from error

    def _open_store(self) -> Store:
        if self.store is None:
            raise StoreRefused(_("There is no clinic here yet."))
        return self.store

    def _log_failure(self, future: Future[Any]) -> None:
        error = future.exception() if not future.cancelled() else None
        if error is None:
            return
        self.later_failed = True
        logs.failed("later", error, self.directory)

    # What every screen shows ---------------------------------------------------------------

    @property
    def today(self) -> date:
        """Today in the clinic's zone, by the clock that is believed (decisions.md 7)."""
        return clock.day_of(max(clock.wall_ms(), self.facts.newest_stamp), self.facts.zone)

    def state(self) -> tuple[str, str, str]:
        """Clinic, user, and what is not safe: with a server what it has not confirmed, else the age
        of the newest copy.
        """
        clinic = self.facts.clinics.get(self.actor.clinic_id or "", "")
        state = self._newest_copy
        if self.facts.server:
            from hikma_tui.screens.sync_state import state_text

            running, zone = bool(self.syncing.running), self.facts.zone
            state = self.with_copies(state_text(self.syncing.server, running, self.today, zone))
        elif self.demo:
            state = _("DEMO: nobody here is real")
        return clinic, self.actor.user_name, state

    def counts_told(self) -> None:
        """What is not sent was counted anew: the line of state follows, where one is shown."""
        if self.is_running:  # else the screens are going already
            for line in self.screen.query(StateLine):
                line.show(*self.state())

    def sync_told(self, ended: bool) -> None:
        """The sync has something new: the screen may show it; at the end all is read again."""
        if not self.is_running:
            return
        if ended:
            self.run_worker(self._after_sync(), group="sync")
            return
        self.counts_told()
        if isinstance(self.screen, ClinicScreen):
            self.screen.sync_told(False)

    async def _after_sync(self) -> None:
        """Names of clinics, settings, the counts; then the screen that is shown now."""
        with suppress(Refused):
            self.facts = await self.reading(facts)
        self.look_at_copies()
        await self.syncing.recount()
        if isinstance(self.screen, ClinicScreen):
            self.screen.sync_told(True)

    def circumstances(self) -> Mishap:
        """What an error interrupted."""
        from hikma_tui.screens import drafting

        return Mishap(
            forms=drafting.anything_open(),
            saving=self.locking.saving > 0,
            syncing=bool(self.syncing.running),
        )

    # Going about ---------------------------------------------------------------------------

    def tell(self, text: str) -> None:
        """Say something on the screen that is shown now."""
        if self.locking.locked:
            self.locking.hold_back(text)
        elif isinstance(self.screen, BaseScreen):
            self.screen.say(text)

    async def action_quit(self) -> None:
        """Textual's own way out leaves as ours does."""
        self.action_leave()


__all__ = ["HikmaApp", "StoreRefused", "begin"]
