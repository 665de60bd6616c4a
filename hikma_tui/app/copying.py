"""The copies in the app: what the line of state says of them, and the way to their screen."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, cast

from hikma_tui.app.backups import DAMAGED, newest_copy, outside_age
from hikma_tui.app.lock import LockableApp
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import Facts, facts
from hikma_tui.widgets.keys import N_, Action

if TYPE_CHECKING:
    from hikma_tui.app.copies import Backups
    from hikma_tui.app.main import HikmaApp

BACKUPS = Action(
    "app.backups", "", N_("copies"), N_("Copies of the records: make, check, put back"), show=False
)


class CopyingApp(LockableApp):
    """An app that knows how old the copies of its records are."""

    facts: Facts
    first_place = ""
    """The second place that was chosen before there was a store."""
    to_restore = ""
    """The copy that is put back when the screens have ended."""

    def __init__(self) -> None:
        super().__init__()
        self._newest_copy = ""

    @cached_property
    def backups(self) -> Backups:
        """The copies, loaded when they are first wanted."""
        from hikma_tui.app.copies import Backups

        return Backups(cast("HikmaApp", self))

    def action_backups(self) -> None:
        """The list of copies, for an administrator."""
        from hikma_tui.screens.backups import BackupsScreen

        here = isinstance(self.screen, ClinicScreen) and not isinstance(self.screen, BackupsScreen)
        if self.facts.set_up and here:
            self.push_screen(BackupsScreen())

    def look_at_copies(self) -> None:
        """Read anew what the line of state says of them."""
        app = cast("HikmaApp", self)
        self._newest_copy = newest_copy(app.directory, self.facts, app.today)

    def with_copies(self, state: str) -> str:
        """What a server has confirmed, with the age of the last copy outside, or that it failed."""
        said = [state, outside_age(self.facts, cast("HikmaApp", self).today)]
        return ", ".join(part for part in said if part)

    def copy_ended(self, code: int) -> None:
        """A copy was made, was not due, or failed; told on another thread (app/backups.py)."""
        self.call_from_thread(self._copied, code)

    def _copied(self, code: int) -> None:
        app = cast("HikmaApp", self)
        if code == DAMAGED:
            app.tell(_("The records' file is damaged. Leave the program, then start it again."))
        elif self.facts.set_up and self.is_running:
            self.run_worker(self._copies_anew(), group="copied", exclusive=True)

    async def _copies_anew(self) -> None:
        app = cast("HikmaApp", self)
        try:
            self.facts = await app.reading(facts)
        except Refused:
            return
        self.look_at_copies()
        app.counts_told()
