"""Going on after an error of the program: the old screens end, new ones begin on the same store.

Not one screen is repaired. After an error Textual's tasks, layout and keys are in a state that
nobody knows; so the whole app ends, as it would have ended anyway, and what was typed is kept by
the same ways. The store stays open meanwhile, and who is signed in stays so, or stays locked out.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from hikma_tui import text
from hikma_tui.app import EXIT_NO_USER
from hikma_tui.app.main import HikmaApp
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.screens.session import Facts, begin
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.widgets.mishap import Mishap, Restarts

Begun = tuple[Facts, Actor | None] | None


class Make(Protocol):
    """Makes an app; with ``mishap`` one that tells of it first."""

    def __call__(self, store: Store | None, begun: Begun, mishap: Mishap | None) -> HikmaApp:
        """The app, not running yet."""


class Showing:
    """The app that is shown now, and those that follow it. ``run`` runs one to its end."""

    def __init__(
        self, make: Make, run: Callable[[HikmaApp], object], restarts: Restarts | None = None
    ) -> None:
        self._make, self._run = make, run
        self._restarts = restarts or Restarts()
        self.app: HikmaApp | None = None

    def copy_ended(self, code: int) -> None:
        """As ``HikmaApp.copy_ended``, of the app that is shown now."""
        if self.app is not None:
            self.app.copy_ended(code)

    def show(self, store: Store | None, begun: Begun) -> int:
        """Until the user leaves, or errors follow each other too quickly. Gives the exit code; the
        store of the last app is open still (``close``).
        """
        app = self._began(store, begun, None)
        while True:
            self._run_one(app)
            mishap = app.mishap
            if mishap is None or not mishap.goes_on:
                return app.return_code or 0
            store, mishap = app.store, _ended(app, mishap)
            try:
                begun = store.read(begin, app.actor.user_id).result() if store else None
            except (StoreError, Refused) as error:
                sys.stderr.write(text.plain(str(error)) + "\n")
                sys.stderr.write(app.last_words(mishap) + "\n")
                return error.exit_code if isinstance(error, StoreError) else EXIT_NO_USER
            former, app = app, self._began(store, begun, mishap)
            app.locking.locked = app.facts.pins and former.locking.shut
            app.syncing.take_over(former.syncing)

    def close(self) -> None:
        """Let go of the store."""
        if self.app is not None:
            self.app.close_store()

    def _began(self, store: Store | None, begun: Begun, mishap: Mishap | None) -> HikmaApp:
        app = self._make(store, begun, mishap)
        app.restarts = self._restarts
        self.app = app
        return app

    def _run_one(self, app: HikmaApp) -> None:
        try:
            self._run(app)
        except Exception as error:
            known = app.mishap is not None
            app.note_mishap(error)
            if app.mishap is not None and not app.mishap.goes_on and not known:
                sys.stderr.write(app.last_words(app.mishap) + "\n")


def _ended(app: HikmaApp, mishap: Mishap) -> Mishap:
    """Wait for what the old app still wanted to save (the newest state of the drafts)."""
    app.locking.shut = app.locking.locked or app.locking.expired()
    if app.store is None:
        return mishap
    try:
        app.store.write(_nothing).result()
    except (StoreError, Refused):
        return replace(mishap, lost=mishap.forms)
    return replace(mishap, lost=mishap.forms and app.later_failed)


def _nothing() -> None:
    """A save that saves nothing: when it is done, all before it are."""
