"""Which day is it? Asked before anything else where the clock can't be right (decisions.md 7)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from hikma_tui import BUILD_DAY, clock
from hikma_tui.days import DayError, in_words, parse_day
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session
from hikma_tui.text import display
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine

_YES = frozenset({"", "y", "yes", "s", "si", "sí", "نعم", "ن", "غ"})  # غ: where y stands


class ClockScreen(ClinicScreen[None]):
    """Asks for the day. ``newest_stamp`` is the newest moment that was ever saved here."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("clock.go_on", "enter", N_("yes"), N_("Yes, or the day that you typed")),
    )

    def __init__(self, newest_stamp: int) -> None:
        super().__init__()
        self._newest = newest_stamp

    @property
    def likely(self) -> date:
        """The day to offer: the clock's, unless the records or this program are younger."""
        zone = session(self).facts.zone
        days = [clock.day_of(clock.wall_ms(), zone), date.fromisoformat(BUILD_DAY)]
        if self._newest:
            days.append(clock.day_of(self._newest, zone))
        return max(days)

    def compose(self) -> ComposeResult:
        """The question, the field, its echo."""
        wall = clock.day_of(clock.wall_ms(), session(self).facts.zone)
        with Vertical():
            yield Static("")
            said = _(" This computer's clock says {day}. That does not fit the records.").format(
                day=in_words(wall.isoformat(), wall)
            )
            yield Static(display(said), markup=False)
            yield Static("")
            asked = _(" Is today {day}?").format(day=in_words(self.likely.isoformat(), wall))
            yield Static(display(asked), markup=False, classes="question")
            yield Static("")
            yield Labelled(_("Enter for yes, or type today's date:"), LineInput(id="day"))
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()

    @on(Input.Changed)
    def typed(self, event: Input.Changed) -> None:
        """The day that is understood, in words."""
        found = self._read(event.value)
        self.say(in_words(found.isoformat(), found) if isinstance(found, date) else "")

    def _read(self, text: str) -> date | str:
        """The day that was typed, or a sentence that says why it is none."""
        if text.strip().casefold() in _YES:
            return self.likely
        try:
            found = date.fromisoformat(parse_day(text, self.likely, future=True).day)
        except DayError as error:
            return str(error)
        if found < date.fromisoformat(BUILD_DAY):
            return _("This program is younger than that day: check the year.")
        return found

    @on(Input.Submitted)
    async def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        await self.action_do("clock.go_on")

    def action_go_on(self) -> None:
        """Take the day for today, and go on."""
        found = self._read(self.query_one(LineInput).value)
        if isinstance(found, str):
            self.say(found, loud=True)
            return
        session(self).clock_is_right(found)
