"""What a form that is being filled looks like: its lines, its hints, its editor in place.

``FormEditor`` gives it life: this half knows where the cursor is and paints, and takes no key.
"""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.widget import Widget
from textual.widgets import Input

from hikma_tui.forms import Field, Kind, translate
from hikma_tui.i18n import _
from hikma_tui.text import cell_width, cut, plain
from hikma_tui.widgets.answer_editors import AnswerInput, Hint, HintLines, NoteArea
from hikma_tui.widgets.entry_picker import Picker
from hikma_tui.widgets.form_choices import Chooser
from hikma_tui.widgets.form_reading import choice_hint, hint
from hikma_tui.widgets.form_rows import NOTE_LINES, Cursor, FormRows, Layout, Line, trouble_lines
from hikma_tui.widgets.form_sheet import SKIPPED, Sheet

_MOST_SAID = 400  # characters of a label or a description that the hints look at


class FormCanvas(Widget):
    """The painted form and its one editor; ``sheet`` holds the answers."""

    DEFAULT_CSS = """
    FormCanvas { height: 1fr; layers: rows editor; }
    FormCanvas > FormRows { layer: rows; }
    FormCanvas > HintLines { layer: rows; dock: bottom; }
    FormCanvas > AnswerInput, FormCanvas > NoteArea { layer: editor; position: absolute; }
    """

    def __init__(self, sheet: Sheet, *, more: str, id: str | None) -> None:
        super().__init__(id=id)
        self.sheet = sheet
        self._stops = [n for n, f in enumerate(sheet.fields) if f.kind not in SKIPPED]
        self._stop = 0
        self._chooser: Chooser | None = None
        self._picker: Picker | None = None
        self._unit = False
        self._entry: int | None = None
        self._text = ""  # what the editor held when it was last read
        self._said = ""  # a sentence that stands until the next key
        self._more = more
        self._layout_now = Layout(sheet, 80)
        self._painted = -1  # the field that was last painted as the one under the cursor
        self._placed: dict[Widget, tuple[int, int, int]] = {}
        self._rows = FormRows()
        self._hints = HintLines()
        self._input = AnswerInput(self._take_key, self._take_paste, self._say_cut, self._take_text)
        self._notes: NoteArea | None = None
        if any(field.kind is Kind.LONG_TEXT for field in sheet.fields):
            self._notes = NoteArea(self._take_key, self._take_paste, self._say_cut)

    def _take_key(self, event: events.Key, source: Widget) -> bool:
        """A key in one of the editors; False leaves it to the editor, and then to the screen."""
        raise NotImplementedError

    def _take_paste(self, text: str, source: Widget) -> bool:
        """A paste into one of the editors; False leaves it to the editor."""
        raise NotImplementedError

    def _take_text(self) -> None:
        """Read the editor into the sheet."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        """The lines, the hints, and one editor of each sort."""
        yield self._rows
        yield self._hints
        # A form that asks nothing takes no key; Textual would focus even what is not displayed.
        self._input.display = self._input.can_focus = bool(self._stops)
        yield self._input
        if self._notes is not None:
            self._notes.display = False
            yield self._notes

    @property
    def current(self) -> Field | None:
        """The field under the cursor; None when the form asks nothing."""
        return self.sheet.fields[self._stops[self._stop]] if self._stops else None

    @property
    def _target(self) -> AnswerInput | NoteArea:
        field = self.current
        if self._notes is not None and field is not None and field.kind is Kind.LONG_TEXT:
            return self._notes
        return self._input

    def _set_input(self, text: str) -> None:
        with self._input.prevent(Input.Changed):
            self._input.value = text
        self._input.cursor_position = len(text)
        self._text = self._input.value

    @on(FormRows.Resized)
    def _resized(self, event: FormRows.Resized) -> None:
        event.stop()
        self.show()

    def _cursor(self) -> Cursor:
        index = self._stops[self._stop] if self._stops else -1
        return Cursor(index, self._chooser, self._unit, self._picker, self._entry)

    def show(self) -> None:
        """Paint the whole form anew; a field is laid out when it comes into sight."""
        if self._rows.size.width and self._layout_now.width != self._rows.size.width:
            self._layout_now = Layout(self.sheet, self._rows.size.width)
        layout, cursor = self._layout_now, self._cursor()
        heights = [layout.height(index, cursor) for index in range(len(self.sheet.fields))]
        self._rows.show(trouble_lines(self._troubles(), layout.width), heights, self._lay)
        self._painted = cursor.index
        self._follow()

    def _troubles(self) -> Sequence[str]:
        """What could not be read of the form, in sentences."""
        return self.sheet.form.trouble

    def _lay(self, index: int) -> list[Line]:
        return self._layout_now.lines(index, self._cursor())

    def _show_current(self) -> None:
        """Paint the field under the cursor anew, and the one that the cursor left."""
        index = self._cursor().index
        for changed in {self._painted, index} - {-1}:
            self._rows.put(changed)
        self._painted = index
        self._follow()

    def _follow(self) -> None:
        """Bring the field under the cursor into sight, its editor, and what is said of it."""
        if self._stops:
            first, last = self._rows.extent(self._stops[self._stop])
            self._rows.bring_to_sight(0 if self._stop == 0 else first, last)
            self._place(first - self._rows.scroll_offset.y)
        self._show_hint()

    def _place(self, y: int) -> None:
        """Put the editor on the value of its row."""
        layout, target, field = self._layout_now, self._target, self.current
        unseen = self._chooser is not None
        width = layout.value_width
        if field is not None and not unseen:
            width -= cell_width(layout.units_beside(field))
        self._input.unseen = unseen
        left = layout.value_left - 1 if unseen else layout.value_left
        wanted = (left, y, 1 if unseen else width)
        if wanted == self._placed.get(target):
            return
        self._placed[target] = wanted
        target.styles.offset = (left, y)
        target.styles.width = wanted[2]
        if isinstance(target, NoteArea):
            target.styles.height = NOTE_LINES

    def _say_cut(self, kept: int, dropped: int) -> None:
        self._said = _("Too long: {kept} characters were taken, {dropped} were not.").format(
            kept=kept, dropped=dropped
        )
        self._show_hint()

    def _show_hint(self) -> None:
        field = self.current
        if field is None:
            self._hints.show(Hint(more=self._more))
            return
        place = _("{n} of {total}").format(n=self._stop + 1, total=len(self._stops))
        accepts = choice_hint() if self._is_one_choice(field) else hint(field)
        said = self._said or self._echo(field)
        self._hints.show(Hint(said, bool(self._said), accepts, place, self._more))

    def _is_one_choice(self, field: Field) -> bool:
        return self._chooser is not None and not self._chooser.several

    def _echo(self, field: Field) -> str:
        """What was understood, or what is wrong, or else what the form says about the field."""
        if self._chooser is not None and self._chooser.refused:
            return _('No choice has "{text}".').format(text=plain(self._chooser.refused))
        if self._entry is not None:
            if field.kind is Kind.MEDICINE:
                return _("Enter changes this entry, Delete takes it out.")
            return _("Delete takes this entry out.")
        if self._picker is not None and self._picker.echo:
            return self._picker.echo
        problem = self.sheet.problem(field)
        if problem:
            return problem
        echo = self.sheet.reading(field).echo if self._chooser is None else ""
        if echo:
            return "= " + echo
        label = self.sheet.label(field)[:_MOST_SAID]
        cut_label = label if cut(label, self._layout_now.label_width) != plain(label) else ""
        texts = (cut_label, translate(field.description, self.sheet.language)[:_MOST_SAID])
        return ". ".join(text for text in texts if text)
