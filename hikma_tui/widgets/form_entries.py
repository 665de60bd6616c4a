"""Diagnoses and medicines in a form that is being filled: the rows below the line, and the entries.

Suggestions come from the screen (``Suggestions``). One search is under way at a time and the next
one is for what stands in the line then, so that a slow list never piles up behind the keyboard.
"""

from __future__ import annotations

import asyncio

from textual import events
from textual.message import Message

from hikma_tui.forms import Field, Item, Kind
from hikma_tui.forms.entries import diagnosis_key
from hikma_tui.i18n import _
from hikma_tui.widgets.entry_picker import Found, Outcome, Picker, Suggestions, picker_of
from hikma_tui.widgets.form_canvas import FormCanvas
from hikma_tui.widgets.form_sheet import ENTRIES, Sheet
from hikma_tui.widgets.keys import digit_of

PATIENCE_S = 3.0
"""Seconds after which a search that has not answered is given up: free text is possible then."""


class FormEntries(FormCanvas):
    """A form with its lists of entries; ``FormEditor`` adds all other keys."""

    class EntryOpened(Message):
        """Enter on a medicine of the list: the screen lets it be changed (``replace_entry``)."""

        def __init__(self, field: Field, index: int, item: Item) -> None:
            super().__init__()
            self.field = field
            self.index = index
            self.item = item

    def __init__(
        self, sheet: Sheet, *, suggest: Suggestions | None, more: str, id: str | None
    ) -> None:
        super().__init__(sheet, more=more, id=id)
        self._suggest = suggest
        self._asked: tuple[Picker, str] | None = None
        self._asking = False
        self._told = ""  # what Enter said of the line

    def replace_entry(self, field_id: str, index: int, was: Item, item: Item) -> None:
        """Put ``item`` in the place of entry ``index``; nothing if ``was`` does not stand there."""
        field = next((f for f in self.sheet.fields if f.id == field_id), None)
        if field is None or self.sheet.entries(field)[index : index + 1] != [was]:
            return
        self.sheet.replace_entry(field, index, item)
        self._changed_entry(field)

    def _changed_entry(self, field: Field) -> None:
        """An answer changed without a key in its line."""
        raise NotImplementedError

    # -- the line

    def _open_picker(self) -> None:
        """Set up the rows of the field under the cursor."""
        field = self.current
        self._picker = self._asked = None
        if field is not None and field.kind in ENTRIES:
            searched = self._suggest is not None
            self._picker = picker_of(field, self.sheet.typed(field), searched=searched)
            self._ask()

    def _line_changed(self, text: str) -> None:
        if self._picker is not None:
            self._picker.type(text)
            self._ask()

    def _leave_picker(self) -> None:
        """The field is left: a line that can mean one thing only is taken."""
        field, picker = self.current, self._picker
        if field is not None and picker is not None:
            item = picker.leave()
            if item is not None:
                self.sheet.add_entry(field, item)
        self._picker = self._asked = None

    # -- searching

    def _ask(self) -> None:
        """Have the list searched for the line as it is now."""
        picker = self._picker
        self._asked = (picker, picker.wanted) if picker is not None and picker.wanted else None
        if self._asked is not None and not self._asking:
            self._asking = True
            self.run_worker(self._answer(), group="suggest")

    async def _answer(self) -> None:
        try:
            while self._asked is not None:
                asked = picker, text = self._asked
                found = await self._search(picker, text)
                if self._asked is not asked:
                    continue  # of earlier letters
                self._asked = None
                picker.found(found)
                self._unsay()
                self._show_current()
        finally:
            self._asking = False

    async def _search(self, picker: Picker, text: str) -> Found:
        assert self._suggest is not None
        if picker.field.kind is Kind.MEDICINE:
            search = self._suggest.medicines(text, picker.field)
        else:
            search = self._suggest.diagnoses(text)
        try:
            return await asyncio.wait_for(search, PATIENCE_S)
        except TimeoutError:
            return Found(trouble=_("The list does not answer. Enter takes what is typed."))

    # -- keys

    def _entry_key(self, event: events.Key) -> bool:
        """A key in a list of entries; False when it means something else (go on, a letter)."""
        field, picker = self.current, self._picker
        if field is None or picker is None:
            return False
        key = event.key
        if key == "enter":
            return self._entry_enter(field, picker)
        if key in ("delete", "backspace") and self._entry is not None:
            self.sheet.remove_entry(field, self._entry)
            self._entry = None
            self._changed_entry(field)
            return True
        if key == "backspace" and picker.back():
            self._show_current()
            return True
        if key in ("up", "down"):
            return self._entry_move(field, picker, 1 if key == "down" else -1)
        number = digit_of(event.character)
        outcome = picker.take_digit(number) if number else None
        if outcome is None:
            return False
        self._take_outcome(field, outcome)
        return True

    def _entry_move(self, field: Field, picker: Picker, step: int) -> bool:
        """Down through the rows, then the entries; up the same way to the line."""
        count = len(self.sheet.entries(field))
        if self._entry is not None:
            if step > 0 and self._entry == count - 1:
                return bool(picker.text.strip())
            self._entry = self._entry + step if self._entry + step >= 0 else None
        elif step > 0 and not picker.text.strip() and count:
            self._entry = 0
        elif not picker.move(step):
            return False
        self._unsay()
        self._show_current()
        return True

    def _entry_enter(self, field: Field, picker: Picker) -> bool:
        if self._entry is not None and not picker.text.strip():
            if field.kind is not Kind.MEDICINE:
                return False
            item = self.sheet.entries(field)[self._entry]
            self.post_message(self.EntryOpened(field, self._entry, dict(item)))
            return True
        outcome = picker.enter()
        if outcome == Outcome():
            return False
        self._take_outcome(field, outcome)
        return True

    def _take_outcome(self, field: Field, outcome: Outcome) -> None:
        if outcome.item is not None:
            row = self._picker.pointed if self._picker is not None else None
            if row is not None and row.name:
                self.sheet.names = {**self.sheet.names, diagnosis_key(outcome.item): row.name}
            self.sheet.add_entry(field, outcome.item)
            self._set_line("")
            self._changed_entry(field)
        elif outcome.line is not None:
            self.sheet.type(field, outcome.line)
            self._set_line(outcome.line)
            self._changed_entry(field)
        else:
            self._said = self._told = outcome.said
            self._show_current()

    def _unsay(self) -> None:
        """What Enter said is not so any more."""
        if self._told and self._said == self._told:
            self._said = ""
        self._told = ""

    def _set_line(self, text: str) -> None:
        """Put ``text`` into the editor and begin its rows anew."""
        self._set_input(text)
        if self._picker is not None:
            self._picker.type(text)
            self._ask()
