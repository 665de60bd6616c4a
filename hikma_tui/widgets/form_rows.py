"""A form as lines of a terminal: labels, values, and the choices of the field under the cursor.

``Layout`` turns fields into lines of styled spans (pure); ``FormRows`` scrolls and paints them. No
sign relies on colour, and every sign is in the Linux console's fonts (style.md C5).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hikma_tui.forms import Field, Kind, is_empty, translate
from hikma_tui.forms.json import as_json
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import cell_width, cut, display, fit, plain
from hikma_tui.widgets.entry_picker import Picker
from hikma_tui.widgets.form_choices import Chooser
from hikma_tui.widgets.form_sheet import ENTRIES, Sheet

Span = tuple[str, str]  # text of known width, and the name of its style
Line = list[Span]

MOST_CHOICES = 8
NOTE_LINES = 5
_MOST_LABEL = 28
_MOST_RAW = 400  # characters of a raw value that are looked at
_MOST_TROUBLES = 4
_INDENT = 6


@dataclass(frozen=True)
class Cursor:
    """The field under the cursor, and how it is being answered."""

    index: int
    chooser: Chooser | None = None  # for a choice, or for the unit of a number
    unit: bool = False
    picker: Picker | None = None  # for a diagnosis or a medicine
    entry: int | None = None  # the entry of a list that is pointed at


class Layout:
    """The lines of a form for one width."""

    def __init__(self, sheet: Sheet, width: int) -> None:
        self.sheet = sheet
        self.width = max(width, 20)
        widths = [cell_width(cut(sheet.label(f), _MOST_LABEL)) for f in sheet.fields if f.asks]
        self.label_width = min(max(widths, default=8) + 2, _MOST_LABEL, self.width // 2)
        self.value_left = 2 + self.label_width + 1
        self.value_width = self.width - self.value_left

    def height(self, index: int, cursor: Cursor) -> int:
        """How many lines one field has, without laying out what has one anyway."""
        field = self.sheet.fields[index]
        if index == cursor.index or field.kind is Kind.TEXT_BLOCK:
            return len(self.lines(index, cursor))
        return 1

    def lines(self, index: int, cursor: Cursor) -> list[Line]:
        """The lines of one field; the first holds its label."""
        field = self.sheet.fields[index]
        if field.kind is Kind.SEPARATOR:
            return [[("-" * self.width, "dim")]]
        if field.kind is Kind.TEXT_BLOCK:
            return self._text_block(field)
        if field.kind is Kind.UNKNOWN:
            return self._unknown(field)
        if index != cursor.index:
            return [[*self._head(field, " "), self._value(field)]]
        return self._open(field, cursor)

    def _head(self, field: Field, sign: str) -> Line:
        problem = bool(self.sheet.problem(field))
        star = " *" if field.required else ""
        label = cut(self.sheet.label(field), self.label_width - len(star)) + star
        style = "cursor" if sign == ">" else "label"
        return [
            (sign + ("!" if problem else " "), style),
            (fit(label, self.label_width), style),
            (" ", "value"),
        ]

    def _value(self, field: Field) -> Span:
        problem = bool(self.sheet.problem(field))
        return fit(self.sheet.shown(field), self.value_width), "problem" if problem else "value"

    def _text_block(self, field: Field) -> list[Line]:
        text = translate(field.content, self.sheet.language) or self.sheet.label(field)
        return [[(fit(line, self.width), "dim")] for line in wrapped(text, self.width)]

    def _unknown(self, field: Field) -> list[Line]:
        kind = plain(field.field_type or field.input_type or "?")
        said = _("{type}: not shown here yet, kept").format(type=cut(kind, 20))
        answer = self.sheet.answer(field)
        if not is_empty(answer):
            said += ": " + (answer if isinstance(answer, str) else as_json(answer))[:_MOST_RAW]
        return [[*self._head(field, " "), (fit(said, self.value_width), "dim")]]

    # -- the field under the cursor

    def _open(self, field: Field, cursor: Cursor) -> list[Line]:
        head = self._head(field, ">")
        if cursor.chooser is not None and not cursor.unit:
            if self.is_inline(cursor.chooser):
                return [[*head, *self._inline(cursor.chooser, self.value_width)]]
            return [[*head, self._chosen(field, cursor.chooser)], *self._list(cursor.chooser)]
        if cursor.chooser is not None:
            return [[*head, *self._unit(field, cursor.chooser)]]
        if field.kind in ENTRIES:
            return [[*head, (" " * self.value_width, "value")], *self._entries(field, cursor)]
        if field.kind is Kind.LONG_TEXT:
            blank: Line = [(" " * self.width, "value")]
            return [[*head, (" " * self.value_width, "value")], *[blank] * (NOTE_LINES - 1)]
        return [[*head, *self._beside_input(field)]]

    def _beside_input(self, field: Field) -> list[Span]:
        units = self.units_beside(field)
        return [(" " * (self.value_width - cell_width(units)), "value"), (units, "dim")]

    def units_beside(self, field: Field) -> str:
        """The units that stand right of a number's editor: one, or the choice among several."""
        if field.kind is not Kind.NUMBER or not field.units:
            return ""
        if len(field.units) == 1:
            return " " + cut(display(field.units[0]), 12)
        units = " ".join(f"{n} {plain(unit)}" for n, unit in enumerate(field.units, 1))
        return " " + cut(_("unit: {units}").format(units=units), self.value_width // 2)

    def _unit(self, field: Field, chooser: Chooser) -> list[Span]:
        number = cut(self.sheet.typed(field), 14)
        choose = " " + _("unit: CHOOSE") + "  "
        room = self.value_width - cell_width(number) - cell_width(choose)
        return [(number, "value"), (choose, "problem"), *self._inline(chooser, room)]

    def is_inline(self, chooser: Chooser) -> bool:
        """Whether all choices fit beside the label."""
        room = self.value_width + 2
        if len(chooser.choices) * 6 > room:  # a digit, a mark, a letter and the gap each
            return False
        texts = (self._text(chooser, index, 0) for index in range(len(chooser.choices)))
        return sum(cell_width(text) + 2 for text in texts) <= room

    def _text(self, chooser: Chooser, index: int, number: int) -> str:
        """One choice; ``number`` is its place among those that match, 0 when it does not."""
        signs = "[]" if chooser.several else "()"
        mark = "x" if chooser.is_chosen(index) else " "
        digit = str(number) if 1 <= number <= 9 else " "
        label = cut(chooser.choices[index].label, self.value_width)
        return f"{digit}{signs[0]}{mark}{signs[1]}{label}"

    def _inline(self, chooser: Chooser, room: int) -> list[Span]:
        spans: list[Span] = []
        pointed = None if chooser.at is None else chooser.matches[chooser.at]
        numbers = {index: number for number, index in enumerate(chooser.matches, 1)}
        for index in range(len(chooser.choices)):
            shown = cut(self._text(chooser, index, numbers.get(index, 0)), room)
            style = "pointed" if index == pointed else "value"
            spans.append((display(shown), style if index in numbers else "dim"))
            room -= cell_width(shown)
            gap = "  "[: max(room, 0)]
            spans.append((gap, "value"))
            room -= len(gap)
        return [*spans, (" " * max(room, 0), "value")]

    def _chosen(self, field: Field, chooser: Chooser) -> Span:
        if chooser.typed:
            return fit(chooser.typed + "_", self.value_width), "value"
        return self._value(field)

    def _list(self, chooser: Chooser) -> list[Line]:
        """At most eight of the matching choices, around the pointer."""
        total = len(chooser.matches)
        rows = min(total, MOST_CHOICES)
        first = min(max((chooser.at or 0) - rows // 2, 0), total - rows)
        room = self.width - _INDENT
        lines: list[Line] = []
        for place in range(first, first + rows):
            pointed = place == chooser.at
            text = fit(self._text(chooser, chooser.matches[place], place + 1), room - 14)
            more = ""
            if place == first + rows - 1 and total > rows:
                more = ngettext("{n} choice", "{n} choices", total).format(n=total)
            lines.append([
                (" " * (_INDENT - 2) + ("> " if pointed else "  "), "cursor"),
                (text, "pointed" if pointed else "value"),
                (fit(more, 14, align="right"), "dim"),
            ])  # fmt: skip
        return lines

    def _entries(self, field: Field, cursor: Cursor) -> list[Line]:
        rows = self._suggested(cursor.picker) if cursor.picker is not None else []
        return rows + [
            self._row(self.sheet.entry_text(field, entry), "", n == cursor.entry, sign="- ")
            for n, entry in enumerate(self.sheet.entries(field))
        ]

    def _suggested(self, picker: Picker) -> list[Line]:
        """What the list has for the typed letters; dim while it answers to earlier ones."""
        lines = []
        for place, row in enumerate(picker.rows):
            number = f"{row.digit} " if row.digit else ""
            style = "dim" if picker.waiting and not row.is_typed else "value"
            lines.append(self._row(number + row.label, row.note, place == picker.at, style))
        return lines

    def _row(
        self, text: str, note: str, pointed: bool, style: str = "value", sign: str = "  "
    ) -> Line:
        room = self.width - _INDENT
        aside = min(cell_width(plain(note)), room // 2)
        return [
            (" " * (_INDENT - 2) + ("> " if pointed else sign), "cursor"),
            (fit(text, room - aside - 1), "pointed" if pointed else style),
            (" " + fit(note, aside, align="right"), "dim"),
        ]


def trouble_lines(sentences: Sequence[str], width: int) -> list[Line]:
    """What stands above a form that could not be read whole: a few lines, and how many more."""
    shown = list(sentences[:_MOST_TROUBLES])
    more = len(sentences) - len(shown)
    if more > 0:
        shown.append(ngettext("... and {n} more.", "... and {n} more.", more).format(n=more))
    return [[(fit("! " + sentence, width), "problem")] for sentence in shown]


def wrapped(text: str, width: int) -> list[str]:
    """``text`` as plain lines of at most ``width`` cells, broken at spaces; at most 40 lines."""
    lines: list[str] = []
    for paragraph in text[: width * 80].splitlines() or [""]:
        line = ""
        for word in plain(paragraph).split(" "):
            longer = f"{line} {word}" if line else word
            if line and cell_width(longer) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines[:40]


class FormRows(ScrollView, can_focus=False, inherit_bindings=False):
    """The painted lines; never focused: the keys come to the editor of the field."""

    COMPONENT_CLASSES = {
        "form-rows--label",
        "form-rows--cursor",
        "form-rows--value",
        "form-rows--dim",
        "form-rows--pointed",
        "form-rows--problem",
    }
    DEFAULT_CSS = """
    FormRows {
        height: 1fr; overflow-x: hidden; overflow-y: hidden; background: transparent;
        & > .form-rows--cursor { text-style: bold; }
        & > .form-rows--dim { text-style: dim; }
        & > .form-rows--pointed { text-style: reverse; }
        & > .form-rows--problem { text-style: bold; color: $text-error; }
    }
    """

    class Clicked(Message):
        """A line was clicked."""

        def __init__(self, line: int) -> None:
            super().__init__()
            self.line = line

    class Resized(Message):
        """There is another width to lay out for."""

    def __init__(self) -> None:
        super().__init__()
        self._heads: list[Line] = []
        self._heights: list[int] = []
        self.starts: list[int] = []
        self._lay: Callable[[int], list[Line]] = lambda index: []
        self._laid: dict[int, list[Line]] = {}

    def show(self, heads: list[Line], heights: list[int], lay: Callable[[int], list[Line]]) -> None:
        """Paint these fields from now on; ``lay`` gives the lines of one when it is to be seen."""
        self._heads, self._heights, self._lay = heads, heights, lay
        self._laid = {}
        self._count()
        self.refresh()

    def _count(self) -> None:
        """Where each field begins, and how long it all is."""
        ends = list(accumulate(self._heights, initial=len(self._heads)))
        self.starts = ends[:-1]
        if self.virtual_size.height != ends[-1]:
            self.virtual_size = Size(self.size.width, ends[-1])

    def put(self, index: int) -> None:
        """Lay one field out anew; only the lines that changed are painted."""
        old, new = self._laid.get(index), self._lay(index)
        if old == new:
            return
        self._laid[index] = new
        start = self.starts[index]
        if self._heights[index] != len(new):
            self._heights[index] = len(new)
            self._count()
            self.refresh_lines(start, self.scroll_offset.y + self.size.height - start)
        else:
            for n, line in enumerate(new):
                if old is None or old[n] != line:
                    self.refresh_line(start + n)

    def extent(self, index: int) -> tuple[int, int]:
        """The first and the last line of a field."""
        return self.starts[index], self.starts[index] + self._heights[index] - 1

    def field_at(self, line: int) -> int:
        """The field that has this line; -1 above the first and below the last one."""
        index = bisect_right(self.starts, line) - 1
        return index if index >= 0 and line <= self.extent(index)[1] else -1

    def _line(self, y: int) -> Line | None:
        if y < len(self._heads):
            return self._heads[y]
        index = self.field_at(y)
        if index < 0:
            return None
        laid = self._laid.get(index)
        if laid is None:
            laid = self._laid[index] = self._lay(index)
        place = y - self.starts[index]
        return laid[place] if place < len(laid) else None

    def bring_to_sight(self, first: int, last: int) -> None:
        """Scroll so that these lines are seen; the first of them above all.

        Never beyond the end, where a form that became shorter would be moved back afterwards.
        """
        height, top = self.size.height, self.scroll_offset.y
        end = max(0, len(self._heads) + sum(self._heights) - height)
        wanted = min(max(top, last - height + 1), first, end)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One painted line."""
        base, width = self.rich_style, self.size.width
        line = self._line(y + self.scroll_offset.y)
        if line is None:
            return Strip.blank(width, base)
        styled = self.get_component_rich_style
        segments = [Segment(text, styled(f"form-rows--{name}")) for text, name in line]
        return Strip(segments).adjust_cell_length(width, base)

    def on_resize(self, event: events.Resize) -> None:
        """Tell the editor."""
        self.virtual_size = Size(event.size.width, len(self._heads) + sum(self._heights))
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """The mouse is optional, and moves the cursor."""
        self.post_message(self.Clicked(event.y + self.scroll_offset.y))
