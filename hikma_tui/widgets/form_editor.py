"""The widget in which a nurse fills a form: registration and event forms alike, by keyboard.

The form is painted as lines (``form_rows``); one editor stands on the field under the cursor
(``answer_editors``); what is typed goes into a ``Sheet`` (``form_sheet``). See screens.md, "Visit".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from textual import events, on
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea

from hikma_tui.forms import Answer, Answers, Field, Form, Kind
from hikma_tui.i18n import _
from hikma_tui.text import plain
from hikma_tui.widgets.answer_editors import EDITING, NoteArea
from hikma_tui.widgets.entry_picker import Suggestions
from hikma_tui.widgets.form_choices import Choice, Chooser
from hikma_tui.widgets.form_entries import FormEntries
from hikma_tui.widgets.form_reading import limit
from hikma_tui.widgets.form_rows import FormRows
from hikma_tui.widgets.form_sheet import CHOICES, Sheet
from hikma_tui.widgets.prompt import LineInput, one_line

_STEPS = {"tab": 1, "down": 1, "shift+tab": -1, "up": -1}
_PAGES = {"pagedown": 1, "pageup": -1}
_OURS = frozenset({"enter", *_STEPS, *_PAGES})
_MOST_PASTED_LETTERS = 60


class FormEditor(FormEntries):
    """Fill ``form``, beginning with ``answers`` (and ``unparsed`` of a draft).

    ``language`` chooses among the form's own translations; ``today`` is the day that typed dates
    are measured from; ``clinics`` are the choices of a clinic field, name by id;
    ``duplicates_hint`` is a line of the screen's own above the hints; ``stored`` are the answers
    that the record already holds when ``answers`` come from a draft (what is unchanged is never
    refused); ``suggest`` finds diagnoses and medicines as they are typed.
    """

    class Changed(Message):
        """A keystroke changed the answers: keep the draft."""

        def __init__(self, field_id: str, answers: Answers) -> None:
            super().__init__()
            self.field_id = field_id
            self.answers = answers

    class AtEnd(Message):
        """Enter, Tab on the last field: there is nothing more to fill."""

    class AtStart(Message):
        """Shift+Tab, Up on the first field."""

    def __init__(
        self,
        form: Form,
        answers: Mapping[str, Answer],
        *,
        language: str,
        today: date,
        clinics: Mapping[str, str] | None = None,
        duplicates_hint: str | None = None,
        unparsed: Mapping[str, str] | None = None,
        stored: Mapping[str, Answer] | None = None,
        suggest: Suggestions | None = None,
        id: str | None = None,
    ) -> None:
        sheet = Sheet(
            form,
            answers,
            language=language,
            today=today,
            clinics=clinics,
            unparsed=unparsed,
            stored=stored,
            names=suggest.names if suggest is not None else None,
        )
        super().__init__(sheet, suggest=suggest, more=duplicates_hint or "", id=id)

    def on_mount(self) -> None:
        """Open the first field."""
        self._open()

    # -- for the screen

    @property
    def answers(self) -> Answers:
        """A copy of all answers, with what is being typed now."""
        self._take_text()
        return self.sheet.answers

    @property
    def unparsed(self) -> dict[str, str]:
        """What was typed and is no answer yet, by field id; belongs into a draft."""
        self._take_text()
        return dict(self.sheet.unparsed)

    @property
    def duplicates_hint(self) -> str:
        """The screen's own line above the hints."""
        return self._more

    @duplicates_hint.setter
    def duplicates_hint(self, text: str) -> None:
        self._more = text
        self._show_hint()

    def problems(self) -> list[tuple[str, str]]:
        """``(field id, sentence)`` for every field that keeps the form from being saved."""
        self._take_text()
        return self.sheet.problems()

    def go_to(self, field_id: str) -> None:
        """Put the cursor on a field; nothing happens when it is not one to answer."""
        for stop, index in enumerate(self._stops):
            if self.sheet.fields[index].id == field_id:
                self._go(stop)
                self.focus()

    def finish(self) -> None:
        """Take what is being typed as it stands, as before a save."""
        self._leave()
        self._open()

    def focus(self, scroll_visible: bool = True) -> FormEditor:
        """Give the focus to the editor of the current field."""
        self.screen.set_focus(self._target, scroll_visible)
        return self

    # -- moving

    def _go(self, stop: int) -> None:
        self._leave()
        self._stop = stop
        self._open()

    def _step(self, step: int) -> None:
        stop = self._stop + step
        if 0 <= stop < len(self._stops):
            self._go(stop)
            return
        self._leave()
        self._open()
        self.post_message(self.AtEnd() if step > 0 else self.AtStart())

    def _page(self, direction: int) -> None:
        """Move by what fits the screen, to the first or last field at most."""
        height = max(self._rows.size.height - 1, 1)
        starts = self._rows.starts
        wanted = starts[self._stops[self._stop]] + direction * height
        stops = range(len(self._stops))
        self._go(min(stops, key=lambda stop: abs(starts[self._stops[stop]] - wanted)))

    def _leave(self) -> None:
        self._take_text()
        self._leave_picker()

    def _open(self) -> None:
        """Set the editor up for the field under the cursor."""
        field = self.current
        self._unit, self._entry, self._said = False, None, ""
        self._open_picker()
        is_choice = field is not None and field.kind in CHOICES
        self._chooser = self.sheet.chooser(field) if field is not None and is_choice else None
        self._text = "" if field is None or is_choice else self.sheet.typed(field)
        target = self._target
        had_focus = self.screen.focused in (None, self._input, self._notes)
        if isinstance(target, NoteArea):
            with target.prevent(TextArea.Changed):
                target.load_text(self._text)
            self._text = target.text
            target.move_cursor(target.document.end)
        else:
            self._input.max_length = limit(field) if field is not None else 0
            self._set_input(self._text)
        target.display = bool(self._stops)
        if had_focus and self._stops:
            self.screen.set_focus(target)
        if self._notes is not None:
            other = self._input if target is self._notes else self._notes
            other.display = False
        if self._painted == -1:
            self.show()
        else:
            self._show_current()

    # -- typing

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _text_changed(self, event: Message) -> None:
        event.stop()
        self._take_text()

    def _take_text(self) -> None:
        """Read the editor into the sheet. Reading it again, or late, changes nothing."""
        field, target = self.current, self._target
        if field is None or self._chooser is not None:
            return
        text = target.text if isinstance(target, NoteArea) else target.value
        if text == self._text:
            return
        self._text = text
        self._entry = None
        self.sheet.type(field, text)
        self._line_changed(text)
        self._changed()

    def _changed(self) -> None:
        if self.current is not None:
            self._changed_entry(self.current)

    def _changed_entry(self, field: Field) -> None:
        self.post_message(self.Changed(field.id, self.sheet.answers))
        if field is not self.current and self._painted != -1:
            self._rows.put(self.sheet.fields.index(field))
        self._show_current()

    def _take_key(self, event: events.Key, source: Widget) -> bool:
        """A key in one of the editors; False leaves it to the editor, and then to the screen."""
        target, key = self._target, event.key
        if source is not target and (event.is_printable or key in _OURS or key in EDITING):
            target.post_message(events.Key(key, event.character))  # typed ahead of the focus
            return True
        self._take_text()
        if self._said and key not in _OURS:
            self._said = ""
            self._show_hint()
        if isinstance(target, NoteArea) and self._stays_in_note(target, key):
            return False
        if self._chooser is not None and self._choose_key(self._chooser, event):
            return True
        if self._entry_key(event):
            return True
        return self._move_key(key)

    def _move_key(self, key: str) -> bool:
        if key == "enter":
            self._accept()
        elif key in _STEPS:
            self._step(_STEPS[key])
        elif key in _PAGES:
            self._page(_PAGES[key])
        else:
            return False
        return True

    @staticmethod
    def _stays_in_note(note: NoteArea, key: str) -> bool:
        """Up and Down move within a note until its first or last line."""
        return (key == "up" and not note.at_top) or (key == "down" and not note.at_bottom)

    def _accept(self) -> None:
        """Enter: what was typed is taken and the cursor goes on, or it is said why not."""
        field = self.current
        if field is None:
            self.post_message(self.AtEnd())
            return
        if field.kind is Kind.NUMBER and self.sheet.reading(field).needs_unit:
            units = [Choice(unit, plain(unit)) for unit in field.units]
            self._chooser, self._unit = Chooser(units, [], several=False), True
            self._show_current()
            return
        self._said = self.sheet.problem(field)
        if self._said:
            self._show_hint()
        else:
            self._step(1)

    def _take_paste(self, text: str, source: Widget) -> bool:
        """A paste while choosing is letters; elsewhere it is the editor's."""
        target = self._target
        if source is not target:
            target.post_message(events.Paste(text))  # pasted ahead of the focus
            return True
        self._take_text()
        if self._chooser is None:
            return False
        for character in one_line(text)[:_MOST_PASTED_LETTERS]:
            if not self._chooser.type(character):
                break
        self._chose()
        return True

    # -- choosing

    def _choose_key(self, chooser: Chooser, event: events.Key) -> bool:
        """A key while choosing; False when it means something else (go on, go back)."""
        key, character = event.key, event.character
        if key == "enter":
            return self._choose_enter(chooser)
        steps = {"left": -1, "right": 1}
        if not self._unit and not self._layout_now.is_inline(chooser):
            steps |= {"up": -1, "down": 1}
        if key in steps:
            moved = chooser.move(steps[key])
            self._show_current()
            return moved or key in ("left", "right")
        if key in ("delete", "backspace"):
            return self._choose_erase(chooser, key)
        if character is None or not event.is_printable:
            return False
        if character == " " and not chooser.takes_space():
            chooser.pick()
        elif not chooser.pick_number(character):
            chooser.type(character)
        self._chose()
        return True

    def _choose_enter(self, chooser: Chooser) -> bool:
        """Take what is pointed at. Of several, Enter takes only what letters were typed for."""
        pointed = chooser.pointed
        if pointed is None or (chooser.several and not chooser.typed):
            if self._unit:
                self._said = _("Choose the unit.")
                self._show_hint()
            return self._unit
        if pointed.value in chooser.chosen:
            chooser.pick_again()
        else:
            chooser.pick()
        was_unit = self._unit
        self._chose()
        return chooser.several or was_unit

    def _choose_erase(self, chooser: Chooser, key: str) -> bool:
        if self._unit:
            self._open()  # back to the number
            return True
        if key == "delete":
            chooser.clear()
        else:
            chooser.erase()
        self._chose()
        return True

    def _chose(self) -> None:
        """Store the state of the chooser; a chosen unit completes its number."""
        field, chooser = self.current, self._chooser
        if field is None or chooser is None:
            return
        if not self._unit:
            self.sheet.choose(field, chooser)
            self._changed()
            return
        if not chooser.chosen:
            self._show_current()
            return
        self._chooser, self._unit = None, False
        self._set_input(f"{self.sheet.typed(field)} {chooser.chosen[0]}")
        self.sheet.type(field, self._text)
        self._changed()
        self._accept()

    # -- the mouse, and what the editor reports

    @on(FormRows.Clicked)
    def _clicked(self, event: FormRows.Clicked) -> None:
        event.stop()
        index = self._rows.field_at(event.line)
        if index in self._stops:
            self._go(self._stops.index(index))
            self.focus()

    @on(LineInput.PasteCut)
    def _paste_cut(self, event: LineInput.PasteCut) -> None:
        event.stop()
        self._take_text()
        self._say_cut(event.kept, event.dropped)
