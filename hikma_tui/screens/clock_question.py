"""Which day is it? Asked before anything else where the clock can't be right (decisions.md 7)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Input, Static

from hikma_tui import BUILD_DAY, clock
from hikma_tui.days import DayError, in_words, parse_day
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine

_NEAR = timedelta(days=60)  # of the clock or of this program: such a day may be offered
_FAR = timedelta(days=2 * 366)  # ahead of all that is known: such a day is asked once more
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
        days = [clock.day_of(clock.wall_ms(), zone), _build_day()]
        if self._newest:
            days.append(clock.day_of(self._newest, zone))
        return max(days)

    @property
    def offered(self) -> bool:
        """Whether a plain Enter may take the likely day: one bad stamp must not become the day."""
        near = (clock.day_of(clock.wall_ms(), session(self).facts.zone), _build_day())
        return any(abs(self.likely - day) <= _NEAR for day in near) and not self.far(self.likely)

    def far(self, day: date) -> bool:
        """Whether a day is years ahead of this program and of the records; the clock, which is in
        doubt, says nothing for it.
        """
        known = [_build_day()]
        if self._newest:
            known.append(clock.day_of(self._newest, session(self).facts.zone))
        return all(day - one > _FAR for one in known)

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
            asked = _(" Which day is today?")
            if self.offered:
                asked = _(" Is today {day}?").format(day=in_words(self.likely.isoformat(), wall))
            yield Static(display(asked), markup=False, classes="question")
            yield Static("")
            label = _("Today's date:")
            if self.offered:
                label = _("Enter for yes, or type today's date:")
            yield Labelled(label, LineInput(id="day"))
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
            return self.likely if self.offered else _("Type today's date.")
        try:
            found = date.fromisoformat(parse_day(text, self.likely, future=True).day)
        except DayError as error:
            return str(error)
        if found < _build_day():
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
        if not self.far(found):
            session(self).clock_is_right(found)
            return

        def sure(yes: bool | None) -> None:
            if yes:
                session(self).clock_is_right(found)

        years = (found - _build_day()).days // 365
        ahead = ngettext(
            "{day} is {n} year ahead of this program. Is that right?",
            "{day} is {n} years ahead of this program. Is that right?",
            years,
        ).format(day=in_words(found.isoformat(), found), n=years)
        self.app.push_screen(Ask(ahead, careful=True), sure)


def _build_day() -> date:
    return date.fromisoformat(BUILD_DAY)
