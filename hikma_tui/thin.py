"""Fewer bytes to a terminal: of what is drawn, only the cells that changed.

Textual writes whole strips of a line, each with all its colours, whether or not they differ from
what stands there. ``Thin`` stands behind it: it keeps the screen as the terminal has it and as it
was drawn, understands the few sequences that drawing is made of (move, colours, text) and gives
back what leads from the one to the other. A sequence that it does not know passes as it came, after
which nothing is taken for known. Pure: bytes are written by ``widgets/thin_driver.py``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

Style = tuple[frozenset[int], str, str]
"""The attributes that are on (1 bold ... 9 struck), the foreground's and background's codes."""

PLAIN: Style = (frozenset(), "", "")
_OFF = {1: "22", 2: "22", 3: "23", 4: "24", 5: "25", 7: "27", 8: "28", 9: "29"}
_ON = {22: (1, 2), 23: (3,), 24: (4, 21), 25: (5, 6), 27: (7,), 28: (8,), 29: (9,)}
_SEEN_ON_BLANKS = frozenset({4, 7, 9, 21, 53})  # attributes that show where there is no letter
_NEAR = 5  # a gap of so many unchanged cells costs less than a move over it
_MANY = 4  # from so many changed lines on they are sent whole: a few bytes more, but zlib packs a
# list of whole lines by a tenth better than the same with the likes of "1993" cut out of them

_TOKEN = re.compile(
    r"\x1b\[([0-9;?<>=!]*)([ -/]*[@-~])"  # CSI: parameters, final
    r"|(\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b[^\[]?)"  # OSC, DCS and other escapes
    r"|([^\x00-\x1f\x7f]+)"  # text
    r"|([\x00-\x1f\x7f])"  # one control character
)
_HARMLESS_MODES = re.compile(r"\?(?:25|2026|2004|1004|1000|1003|1006|1015|2048|12)")


@dataclass
class _Cell:
    """What stands in one column. The second half of a wide letter has an empty text."""

    text: str
    style: Style


_UNKNOWN = _Cell("\x00", PLAIN)


class Thin:
    """A screen between the program and the terminal. ``width`` tells how wide a letter is."""

    def __init__(self, columns: int, rows: int, width: Callable[[str], int]) -> None:
        self._width = width
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        """The terminal has another size: nothing on it is known any more."""
        self._columns, self._rows = columns, rows
        blank = _Cell(" ", PLAIN)
        self._drawn = [[blank] * columns for _row in range(rows)]
        self._shown = [[_UNKNOWN] * columns for _row in range(rows)]
        self._row = self._column = 0  # where drawing stands
        self._style = PLAIN
        self._at: tuple[int, int] | None = None  # where the terminal's cursor stands, if known
        self._wraps = True  # whether a letter after the last column may go to the next line
        self._has: Style | None = None  # its colours, if known

    def forget(self) -> None:
        """Somebody else wrote to the terminal (or it was suspended): nothing is known of it."""
        for row in self._shown:
            row[:] = [_UNKNOWN] * self._columns
        self._at = self._has = None

    def write(self, data: str) -> str:
        """Take what the program writes; give what has to be sent for it."""
        out: list[str] = []
        dirty: dict[int, tuple[int, int]] = {}
        position = 0
        for token in _TOKEN.finditer(data):
            if token.start() != position:
                break
            position = token.end()
            parameters, final, escape, text, control = token.groups()
            if text is not None:
                self._draw(text, dirty)
            elif final == "m" and "?" not in parameters and ">" not in parameters:
                self._style = _styled(self._style, parameters)
            elif final == "H" and _is_move(parameters):
                self._move(parameters)
            elif control == "\n":
                self._row = min(self._row + 1, self._rows - 1)
            elif final in ("h", "l") and _HARMLESS_MODES.fullmatch(parameters):
                self._settle(dirty, out)
                out.append(token.group())
            else:
                self._settle(dirty, out)
                out.append(token.group())
                if (
                    parameters == "?7"
                ):  # whatever widths a terminal has: it leaves no line by itself
                    self._wraps = final != "l"
                if escape is None or len(escape) < 3:  # a title or a shape changes no cell
                    self.forget()
        self._settle(dirty, out)
        if position != len(data):  # what this pattern can't read is the terminal's to make out
            out.append(data[position:])
            self.forget()
        if out or dirty or position:
            self._place_cursor(out)
        return "".join(out)

    # Drawing -------------------------------------------------------------------------------------

    def _move(self, parameters: str) -> None:
        row, _, column = parameters.partition(";")
        self._row = min(max(int(row or 1), 1), self._rows) - 1
        self._column = min(max(int(column or 1), 1), self._columns) - 1

    def _draw(self, text: str, dirty: dict[int, tuple[int, int]]) -> None:
        row, column, style = self._drawn[self._row], self._column, self._style
        first = column
        for letter in text:
            wide = 1 if "\x20" <= letter < "\u0300" else self._width(letter)
            if not wide:
                if column:
                    before = row[column - 1]
                    row[column - 1] = _Cell(before.text + letter, before.style)
                    first = min(first, column - 1)
                continue
            if column + wide > self._columns:
                break
            row[column] = _Cell(letter, style)
            if wide > 1:
                row[column + 1] = _Cell("", style)
            column += wide
        low, high = dirty.get(self._row, (first, column))
        dirty[self._row] = (min(low, first), max(high, column))
        self._column = min(column, self._columns - 1)

    # Sending -------------------------------------------------------------------------------------

    def _settle(self, dirty: dict[int, tuple[int, int]], out: list[str]) -> None:
        """Send what differs in the lines that were drawn on."""
        changed = [
            (number, *span)
            for number, span in sorted(dirty.items())
            if self._drawn[number][slice(*span)] != self._shown[number][slice(*span)]
        ]
        for number, low, high in changed:
            drawn, shown = self._drawn[number], self._shown[number]
            runs = self._runs(drawn, shown, low, high)
            if any(len(cell.text) > 1 for cell in drawn[low:high]):
                runs = [(runs[0][0], high)] if runs else []  # widths may be disputed: all of it
            if len(changed) >= _MANY and 2 * sum(end - start for start, end in runs) > (
                runs[-1][1] - runs[0][0]
            ):
                runs = [(0, self._columns)]
            for start, end in runs:
                self._send(number, start, end, out)
        dirty.clear()

    @staticmethod
    def _runs(drawn: list[_Cell], shown: list[_Cell], low: int, high: int) -> list[tuple[int, int]]:
        """The stretches to send: those that differ, joined where little lies between them."""
        runs: list[tuple[int, int]] = []
        for column in range(low, high):
            if drawn[column] == shown[column]:
                continue
            start = column
            while start > 0 and drawn[start].text == "":  # a wide letter goes whole
                start -= 1
            end = column + 1
            while end < len(drawn) and drawn[end].text == "":
                end += 1
            if runs and start - runs[-1][1] <= _NEAR:
                runs[-1] = (runs[-1][0], max(end, runs[-1][1]))
            else:
                runs.append((start, end))
        return runs

    def _send(self, number: int, start: int, end: int, out: list[str]) -> None:
        drawn, shown = self._drawn[number], self._shown[number]
        blank_from = end
        if end == self._columns:
            while blank_from > start and _is_blank(drawn[blank_from - 1]):
                blank_from -= 1
            if end - blank_from < 4:
                blank_from = end
        if self._at != (number, start):
            out.append(self._way(number, start))
        column = start
        while column < blank_from:
            cell = drawn[column]
            if cell.style != self._has:
                out.append(_to_style(self._has, cell.style))
                self._has = cell.style
            out.append(cell.text)
            column += 1
        if blank_from < end:
            if self._has is None or self._has[2] or self._has[0] & _SEEN_ON_BLANKS:
                out.append("\x1b[m")
                self._has = PLAIN
            out.append("\x1b[K")
        shown[start:end] = drawn[start:end]
        # After the last column terminals differ in where the cursor is, but not in the line.
        self._at = None if self._wraps and blank_from == self._columns else (number, blank_from)

    def _way(self, number: int, column: int) -> str:
        """The shortest way to a place."""
        if self._at is not None and self._at[0] == number and column > self._at[1]:
            return f"\x1b[{column - self._at[1]}C"
        if self._at is not None and not self._wraps and (number - 1, 0) == (self._at[0], column):
            return "\r\n"
        return f"\x1b[{number + 1};{column + 1}H" if column else f"\x1b[{number + 1}H"

    def _place_cursor(self, out: list[str]) -> None:
        if self._at != (self._row, self._column):
            out.append(self._way(self._row, self._column))
            self._at = (self._row, self._column)


def _is_move(parameters: str) -> bool:
    return re.fullmatch(r"[0-9]{0,4}(?:;[0-9]{0,4})?", parameters) is not None


def _is_blank(cell: _Cell) -> bool:
    flags, _foreground, background = cell.style
    return cell.text == " " and not background and not flags & _SEEN_ON_BLANKS


@lru_cache(maxsize=4096)
def _styled(style: Style, parameters: str) -> Style:
    """The style after an SGR sequence with these parameters."""
    flags, foreground, background = set(style[0]), style[1], style[2]
    codes = [int(code) if code.isdigit() else 0 for code in parameters.split(";")]
    position = 0
    while position < len(codes):
        code = codes[position]
        position += 1
        if code in (38, 48):
            length = {5: 2, 2: 4}.get(codes[position] if position < len(codes) else 0, 1)
            colour = ";".join(str(c) for c in (code, *codes[position : position + length]))
            position += length
            foreground, background = (colour, background) if code == 38 else (foreground, colour)
        elif code == 0:
            flags, foreground, background = set(), "", ""
        elif code in _ON:
            flags -= set(_ON[code])
        elif 30 <= code <= 37 or 90 <= code <= 97:
            foreground = str(code)
        elif 40 <= code <= 47 or 100 <= code <= 107:
            background = str(code)
        elif code == 39:
            foreground = ""
        elif code == 49:
            background = ""
        else:
            flags.add(code)
    return frozenset(flags), foreground, background


@lru_cache(maxsize=4096)
def _to_style(before: Style | None, after: Style) -> str:
    """The shortest sequence from one style to another; from an unknown one all of it."""
    whole = [*(str(flag) for flag in sorted(after[0])), *(code for code in after[1:] if code)]
    if before is None:
        return f"\x1b[{';'.join(['0', *whole])}m" if whole else "\x1b[m"
    if not whole:
        return "\x1b[m"
    if any(flag not in _OFF for flag in before[0] - after[0]):
        return f"\x1b[{';'.join(['0', *whole])}m"
    gone = {_OFF[flag] for flag in before[0] - after[0]}
    again = {flag for flag in after[0] if _OFF.get(flag) in gone}
    steps = [*sorted(gone), *(str(flag) for flag in sorted((after[0] - before[0]) | again))]
    for old, new, off in ((before[1], after[1], "39"), (before[2], after[2], "49")):
        if old != new:
            steps.append(new or off)
    short, long = f"\x1b[{';'.join(steps)}m", f"\x1b[{';'.join(['0', *whole])}m"
    return short if len(short) <= len(long) else long
