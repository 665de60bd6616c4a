"""Ask for a day: typed as people type it, echoed in words, past allowed, future never."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input, Static

from hikma_tui.days import DayError, as_date, in_words, parse_day
from hikma_tui.i18n import _
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput

_LONG_AGO = 50
"""Years after which a day typed with two digits of its year may have meant the next century."""


class DayInput(LineInput):
    """A field that is closed the moment Enter or F10 comes.

    Textual acts on those keys only after they have gone up to the app, and letters at once: the
    keys typed ahead of the next screen would be part of the day by then ("t-3", Enter, "0").
    """

    def __init__(self, value: str, id: str) -> None:
        super().__init__(value, id=id)
        self.closed = False

    async def _on_key(self, event: Key) -> None:
        """Every key comes here first."""
        taken = event.key in ("enter", "f10")
        if self.closed or taken:
            event.stop()
            event.prevent_default()
        if self.closed:
            return
        if taken:
            self.closed = True
            self.post_message(self.Submitted(self, self.value))
            return
        await super()._on_key(event)


class AskDay(Dialog[date | None]):
    """Gives the day, or None when left with Esc."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("day.done", "enter", N_("take this day"), more_keys=("f10",)),
        Action("day.leave", "escape", N_("back")),
    )

    def __init__(self, day: date, today: date) -> None:
        super().__init__(
            _("The day of the visit"),
            _("For example: t (today), t-3, -2w, 31/1/26, 2026-01-31"),
        )
        self._day = day
        self._today = today

    def body(self) -> ComposeResult:
        """The field, and under it what was understood."""
        yield DayInput("" if self._day == self._today else self._day.isoformat(), id="day")
        yield Static(id="echo", markup=False)

    def on_mount(self) -> None:
        """Show what stands there now."""
        super().on_mount()
        self._echo()

    @on(Input.Changed)
    def changed(self, event: Input.Changed) -> None:
        """Echo each keystroke in words."""
        event.stop()
        self._echo()

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter and F10 take the day that stood there when they were pressed."""
        event.stop()
        self._take(event.value)

    def _read(self, text: str) -> date:
        text = text.strip() or "t"
        found = as_date(parse_day(text, self._today).day)
        if found is None:
            raise DayError(_("A visit needs one day."))
        if found.year < self._today.year - _LONG_AGO:
            # 1/1/27 typed in 2026 is a slip into the future, not a visit of 1927.
            meant = as_date(parse_day(text, self._today, future=True).day)
            if meant is None or meant > self._today:
                raise DayError(_("This day is in the future."))
        return found

    def _echo(self) -> None:
        try:
            typed = self.query_one("#day", DayInput).value
            text = in_words(self._read(typed).isoformat(), self._today)
        except DayError as error:
            text = str(error)
        self.query_one("#echo", Static).update(display(text))

    def action_done(self) -> None:
        """F10, when the field is not where the keys go."""
        self._take(self.query_one("#day", DayInput).value)

    def _take(self, typed: str) -> None:
        """Give the day, or say what is wrong with it."""
        if not self.is_current:
            return  # given already
        try:
            self.dismiss(self._read(typed))
        except DayError as error:
            self.query_one("#day", DayInput).closed = False
            self.say(str(error), loud=True)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)
