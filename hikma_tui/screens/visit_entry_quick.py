"""Choosing in the one-line entry of a visit's screen. Saving is ``visit_entry_saving``.

The field has the focus as long as the screen is shown. While the line is empty, digits and arrows
belong to the list of forms; once something is typed the list shows what was understood of it.
"""

from __future__ import annotations

from textual import on
from textual.events import Key
from textual.widgets import Input

from hikma_tui import quick
from hikma_tui.i18n import _
from hikma_tui.quick import Kind
from hikma_tui.screens import quick_panel
from hikma_tui.screens.quick_panel import CHOICE, PART, QuickInput
from hikma_tui.screens.visit_entry_line import QuickLine
from hikma_tui.widgets.row_list import RowList


class QuickSide(QuickLine):
    """What keys do with the line."""

    def take_key(self, event: Key) -> bool:
        """Before the field: a digit that opens or chooses, Down into the rows, a save's wait."""
        if self._saving:
            if event.is_printable and event.character:
                self._ahead += event.character
                self.say(_("Saving ..."))
            return event.is_printable or event.key in ("backspace", "enter", "delete")
        number = quick_panel.digit(event)
        if number is not None and self._choosing is not None:
            self._choose(number - 1)
            return True
        if number is not None and not self.query_one(QuickInput).value:
            self._open_number(number)
            return True
        if event.key != "down" or not self._line.parts or self._pointing:
            return False
        if self._choosing is not None:
            return False
        self._pointing = True
        self._paint()
        return True

    @on(Input.Submitted, "#quick")
    async def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        await self.action_do("entry.open")

    def _enter(self) -> None:
        """Enter, with something in the line."""
        row = self.query_one(RowList).highlighted
        if row is not None and (self._choosing is not None or self._pointing):
            self._open_quick(row.key)
        else:
            self._look_once_more()
            self._fill_line()

    def _look_once_more(self) -> None:
        """Where the list of diseases was not whole, it may be now."""
        if self._incomplete:
            self._ask_anew()
            self._read_again(self._line.text)

    def _open_quick(self, key: str) -> None:
        """Enter or a click on a part or a choice."""
        if key.startswith(CHOICE):
            self._choose(int(key.removeprefix(CHOICE)))
        elif key.startswith(PART):
            number = int(key.removeprefix(PART))
            self._pointing = False
            if self._line.parts[number].asks:
                self._ask(number)
            else:
                self._fill_line()

    def _choose(self, number: int) -> None:
        part = self._line.parts[self._choosing or 0]
        if not 0 <= number < len(part.choices):
            self.say(_("Choose one of {n}.").format(n=len(part.choices)))
            return
        self._choosing = None
        self._write(quick.choose(self._line.text, part.choices[number]))
        self._fill_line()

    def _ask(self, number: int) -> None:
        self._choosing = number
        self._paint()
        self.query_one(RowList).highlight(f"{CHOICE}0")
        part = self._line.parts[number]
        what = self._line.text[part.start : part.end]
        self.say(_("{what}: {why}").format(what=what, why=part.sentence))

    def _fill_line(self) -> None:
        """To the first thing to choose; when there is none, ready to be saved."""
        self._pointing = False
        if self._asked:
            self._fill_when_found = True
            return
        self._fill_when_found = False
        text = quick.filled(self._line)
        if text != self._line.text:
            self._write(text)
        for number, part in enumerate(self._line.parts):
            if part.asks:
                self._ask(number)
                return
        self._paint()
        for part in self._line.blocking:
            self.say(f"{self._line.text[part.start : part.end]}: {part.sentence}", loud=True)
            return
        if self._line.ready:
            self.say(_("Read it once more: nothing is saved yet. F10 saves."))

    def action_star(self) -> None:
        """F7: a diagnosis is a problem too, or no longer (decisions.md 16)."""
        row = self.query_one(RowList).highlighted
        pointed = int(row.key.removeprefix(PART)) if self._pointing and row else -1
        text = quick.filled(self._line)
        if text != self._line.text:
            self._write(text)
        known = [
            number for number, part in enumerate(self._line.parts)
            if part.kind is Kind.DIAGNOSIS and not part.blocks
        ]  # fmt: skip
        chosen = [pointed] if pointed in known else known
        if len(chosen) == 1:
            self._write(quick.starred(self._line.text, self._line.parts[chosen[0]]))
        elif known:
            self.say(_("Which diagnosis? Move to it with Down, then F7."))
        else:
            self.say(_("There is no chosen diagnosis in the line."))
