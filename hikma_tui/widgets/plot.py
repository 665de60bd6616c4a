"""A plot that a person can read in a plain terminal, on the Linux console too.

Time runs to the right in its true measure, so that a gap in the records is a gap on the screen;
nothing is drawn between two measurements, since nobody measured there. What is outside the limits
has another sign, never another colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from hikma_tui.days import short
from hikma_tui.i18n import _
from hikma_tui.text import cell_width, cut, is_right_to_left

POINT, HIGH, LOW, BAR = "●", "▲", "▼", "│"
_SIGNS = {"high": HIGH, "low": LOW}
_STEPS = (1, 2, 5, 10)
_LEAST_ROOM = 12  # cells


@dataclass(frozen=True)
class Dot:
    """One measurement; ``low_value`` is the second number of a blood pressure."""

    day: date
    value: Decimal
    mark: str = ""
    low_value: Decimal | None = None
    low_mark: str = ""


def _step(span: Decimal, ticks: int) -> Decimal:
    """A round distance between the numbers on the axis: 1, 2 or 5 times a power of ten."""
    wanted = span / max(1, ticks)
    power = Decimal(10) ** wanted.adjusted()
    return next(power * step for step in _STEPS if power * step >= wanted)


def _bounds(dots: Sequence[Dot], ticks: int) -> tuple[Decimal, Decimal, Decimal]:
    """The lowest and the highest number of the axis, and the distance between two."""
    values = [dot.value for dot in dots]
    values += [dot.low_value for dot in dots if dot.low_value is not None]
    low, high = min(values), max(values)
    span = high - low
    if span == 0:
        span = max(abs(high) / 10, Decimal("0.1"))
        low, high = low - span / 2, high + span / 2
    step = _step(span, ticks)
    first = (low / step).to_integral_value(ROUND_FLOOR) * step
    last = (high / step).to_integral_value(ROUND_CEILING) * step
    return first, last, step


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def plot_lines(dots: Sequence[Dot], width: int, height: int, today: date) -> list[str]:
    """The plot as ``height`` lines of at most ``width`` cells; the last two are the days.

    Nothing to plot, or no room for it, gives no lines.
    """
    rows = height - 2
    if not dots or rows < 3 or width < 30:
        return []
    low, high, step = _bounds(dots, max(1, rows // 3))
    labels: dict[int, str] = {}
    at = low
    while at <= high:
        labels.setdefault(_row(at, low, high, rows), _number(at))
        at += step
    margin = max(map(len, labels.values())) + 1
    room = width - margin - 3
    if room < _LEAST_ROOM:  # a number of forty digits from elsewhere
        return []
    first, last = min(dot.day for dot in dots), max(dot.day for dot in dots)
    cells = [[" "] * room for _line in range(rows)]
    columns: dict[int, date] = {}
    for dot in sorted(dots, key=lambda dot: dot.day):
        x = _column(dot.day, first, last, room)
        columns[x] = dot.day
        _draw(cells, x, dot, low, high)
    lines = [
        f"{labels.get(y, ''):>{margin}} {'┤' if y in labels else BAR}{''.join(line)}"
        for y, line in enumerate(cells)
    ]
    lines.append(" " * (margin + 1) + "└" + "─" * room)
    lines.append(" " * (margin + 2) + _days(columns, room, today))
    return [line.rstrip() for line in lines]


def _row(value: Decimal, low: Decimal, high: Decimal, rows: int) -> int:
    return round((high - value) / (high - low) * (rows - 1))


def _column(day: date, first: date, last: date, room: int) -> int:
    days = (last - first).days
    return round((day - first).days / days * (room - 3)) + 1 if days else room // 2


def _draw(cells: list[list[str]], x: int, dot: Dot, low: Decimal, high: Decimal) -> None:
    """A later measurement on the same cell never hides a mark."""
    rows = len(cells)
    top = _row(dot.value, low, high, rows)
    if dot.low_value is not None:
        bottom = _row(dot.low_value, low, high, rows)
        for y in range(min(top, bottom) + 1, max(top, bottom)):
            if cells[y][x] == " ":
                cells[y][x] = BAR
        _put(cells, x, bottom, dot.low_mark)
    _put(cells, x, top, dot.mark)


def _put(cells: list[list[str]], x: int, y: int, mark: str) -> None:
    if mark or cells[y][x] not in (HIGH, LOW):
        cells[y][x] = _SIGNS.get(mark, POINT)


def _days(columns: dict[int, date], room: int, today: date) -> str:
    """The days below the axis: the first and the last, and those between that find room."""
    line = [" "] * room
    order = sorted(columns)
    for x in dict.fromkeys([order[0], order[-1], *order]):
        label = short(columns[x].isoformat(), today)
        if is_right_to_left(label):
            label = columns[x].isoformat()  # digits alone: no terminal turns a row of them around
        size = cell_width(label)
        start = max(0, min(x - size // 2, room - size))
        around = line[max(0, start - 2) : start + size + 2]
        if size <= room and all(cell == " " for cell in around):
            line[start : start + len(label)] = list(label)
    return "".join(line)


class Plot(Widget):
    """Dots over time. ``show`` paints others; it never takes the focus."""

    DEFAULT_CSS = """
    Plot { height: 1fr; width: 100%; }
    """
    can_focus = False

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._dots: tuple[Dot, ...] = ()
        self._today = date.min
        self._lines: list[str] = []

    def show(self, dots: Sequence[Dot], today: date) -> None:
        """Show these dots."""
        self._dots, self._today = tuple(dots), today
        self._plan()

    def on_resize(self) -> None:
        """The room has changed."""
        self._plan()

    def _plan(self) -> None:
        width, height = self.size
        self._lines = plot_lines(self._dots, width - 1, height, self._today)
        if self._dots and not self._lines:
            self._lines = [cut(_("No room for the plot in this window; 0 shows the table."), width)]
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """One line, as Textual asks for it."""
        text = self._lines[y] if y < len(self._lines) else ""
        strip = Strip([Segment(text, self.rich_style)])
        return strip.adjust_cell_length(self.size.width, self.rich_style)
