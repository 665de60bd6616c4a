"""A form as lines of a terminal: labels, values, and the choices of the field under the cursor.

``Layout`` turns fields into lines of styled spans (pure); ``FormRows`` scrolls and paints them. No
sign relies on colour, and every sign is in the Linux console's fonts (style.md C5).
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from hikma_tui.forms import Field, Kind, is_empty, translate
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import cell_width, cut, display, fit, plain
from hikma_tui.widgets.form_choices import Chooser
from hikma_tui.widgets.form_sheet import ENTRIES, Sheet, entry_text

Span = tuple[str, str]  # text of known width, and the name of its style
Line = list[Span]

MOST_CHOICES = 8
NOTE_LINES = 5
_MOST_LABEL = 28
_INDENT = 6


@dataclass(frozen=True)
class Cursor:
    """The field under the cursor, and how it is being answered."""

    index: int
    chooser: Chooser | None = None  # for a choice, or for the unit of a number
    unit: bool = False
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
            said += f": {answer}"
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
        return sum(cell_width(text) + 2 for text in self._texts(chooser)) <= self.value_width + 2

    def _texts(self, chooser: Chooser) -> list[str]:
        signs = "[]" if chooser.several else "()"
        texts = []
        for index, choice in enumerate(chooser.choices):
            mark = "x" if chooser.is_chosen(index) else " "
            number = chooser.matches.index(index) + 1 if index in chooser.matches else 0
            digit = str(number) if 1 <= number <= 9 else " "
            texts.append(f"{digit}{signs[0]}{mark}{signs[1]}{cut(choice.label, self.value_width)}")
        return texts

    def _inline(self, chooser: Chooser, room: int) -> list[Span]:
        spans: list[Span] = []
        pointed = None if chooser.at is None else chooser.matches[chooser.at]
        for index, text in enumerate(self._texts(chooser)):
            shown = cut(text, room)
            style = "pointed" if index == pointed else "value"
            spans.append((display(shown), style if index in chooser.matches else "dim"))
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
        texts = self._texts(chooser)
        room = self.width - _INDENT
        lines: list[Line] = []
        for place in range(first, first + rows):
            pointed = place == chooser.at
            text = fit(texts[chooser.matches[place]], room - 14)
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
        return [
            [
                (" " * (_INDENT - 2) + ("> " if n == cursor.entry else "- "), "cursor"),
                (fit(entry_text(field, entry), self.width - _INDENT),
                 "pointed" if n == cursor.entry else "value"),
            ]
            for n, entry in enumerate(self.sheet.entries(field))
        ]  # fmt: skip


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
        self._lines: list[Line] = []

    def show(self, lines: list[Line]) -> None:
        """Paint these lines from now on."""
        if len(lines) != len(self._lines):
            self.virtual_size = Size(self.size.width, len(lines))
        self._lines = lines
        self.refresh()

    def bring_to_sight(self, first: int, last: int) -> None:
        """Scroll so that these lines are seen; the first of them above all."""
        height, top = self.size.height, self.scroll_offset.y
        wanted = min(max(top, last - height + 1), first)
        if wanted != top:
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """One painted line."""
        base, width = self.rich_style, self.size.width
        y += self.scroll_offset.y
        if y >= len(self._lines):
            return Strip.blank(width, base)
        styled = self.get_component_rich_style
        segments = [Segment(text, styled(f"form-rows--{name}")) for text, name in self._lines[y]]
        return Strip(segments).adjust_cell_length(width, base)

    def on_resize(self, event: events.Resize) -> None:
        """Tell the editor."""
        self.virtual_size = Size(event.size.width, len(self._lines))
        self.post_message(self.Resized())

    def on_click(self, event: events.Click) -> None:
        """The mouse is optional, and moves the cursor."""
        self.post_message(self.Clicked(event.y + self.scroll_offset.y))
