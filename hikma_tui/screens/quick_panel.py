"""The one-line entry as it is shown: the field, and a row for each part of the line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.events import Key

from hikma_tui import quick
from hikma_tui.i18n import _, ngettext
from hikma_tui.quick import Kind, Part
from hikma_tui.text import cell_width, fit
from hikma_tui.widgets.keys import digit_of
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.row_list import Divider, Info, Line, Row

PART, CHOICE = "part:", "choice:"
_LABEL_CELLS, _STATE_CELLS, _SAID_CELLS = 18, 12, 22
_MOST_ROWS = 8  # of one part, below its own


class QuickInput(LineInput):
    """The field. What it does not take as text goes to ``taken`` first: digits that choose or open
    a form, and all of it while a save is under way.
    """

    def __init__(self, taken: Callable[[Key], bool]) -> None:
        example = _("such as: {line}").format(line="bp 140/90 sit hr 82 dx flu rx paracetamol 1g")
        super().__init__(placeholder=example, max_length=quick.LONGEST, id="quick")
        self._taken = taken

    def on_key(self, event: Key) -> None:
        """A key that is not text here."""
        if self._taken(event):
            event.stop()
            event.prevent_default()


def digit(event: Key) -> int | None:
    """The digit of a key, of any script."""
    return digit_of(event.character)


def part_lines(line: quick.Line, width: int, *, pointing: bool, choosing: int | None) -> list[Line]:
    """A row for each part; those that can be pointed at are ``Row``, the others ``Info``.

    While one is being chosen, its choices stand below it, numbered.
    """
    found: list[Line] = []
    for number, part in enumerate(line.parts):
        text, more = _part_text(part, width)
        found.append(Row(f"{PART}{number}", text) if pointing else Info(text))
        found += [Info(row) for row in more]
        if number == choosing:
            found += [
                Row(f"{CHOICE}{at}", f"    {at + 1}  {fit(choice.words, width - 12)}")
                for at, choice in enumerate(part.choices)
            ]
    return found


def _part_text(part: Part, width: int) -> tuple[str, list[str]]:
    """The row of a part, and those below it for what it has no room for: a dose is never cut."""
    said = part.sentence if part.kind is Kind.UNKNOWN and not part.label else part.words
    room = max(10, width - 3 - _LABEL_CELLS - _STATE_CELLS - 2)
    told = part.sentence if part.sentence not in said else ""
    both = ": ".join(piece for piece in (said, told) if piece)
    indent = " " * min(_LABEL_CELLS + 1, width // 8)
    below = max(10, width - 4 - len(indent))
    if cell_width(both) <= room:
        rows = [both]
    else:
        first, *rest = _wrapped(said, room) or [""]
        if cell_width(first) > room:
            first, rest = "", [first, *rest]
        rows = [first, *_wrapped(" ".join(rest), below), *_wrapped(told, below)]
        if len(rows) > _MOST_ROWS:  # of a long note; said of it first what blocks
            rows = [*rows[: _MOST_ROWS - 1], "…", *_wrapped(told, below)]
    label = part.label or _("?")
    text = f"{fit(label, _LABEL_CELLS)} {fit(rows[0], room)} {fit(_state(part), _STATE_CELLS)}"
    return text, [f"{indent}{fit(row, below)}" for row in rows[1:]]


def _wrapped(text: str, width: int) -> list[str]:
    """The words of a text in rows of at most so many cells; one that is longer is alone."""
    rows: list[str] = []
    for word in text.split():
        if rows and cell_width(f"{rows[-1]} {word}") <= width:
            rows[-1] += f" {word}"
        else:
            rows.append(word)
    return rows


def _state(part: Part) -> str:
    if part.asks:
        return _("CHOOSE of {n}").format(n=len(part.choices))
    return _("CHANGE") if part.blocks else _("not saved")


def below(forms: Sequence[str]) -> list[Line]:
    """What stands below the parts: the line must be empty for digits to open forms."""
    named = "  ".join(f"{number} {name}" for number, name in enumerate(forms[:9], start=1))
    n = len(forms)
    told = ngettext("{n} form, when the line is empty", "{n} forms, when the line is empty", n)
    return [Divider(told.format(n=n)), Info(named)]


def saved_words(line: quick.Line) -> str:
    """What was saved, in a few words."""
    found = []
    if line.of(Kind.VITAL):
        found.append(_("vital signs"))
    if line.of(Kind.MEASURE):
        found.append(_("measures"))
    diagnoses, medicines = line.of(Kind.DIAGNOSIS), line.of(Kind.MEDICINE)
    if diagnoses:
        n = len(diagnoses)
        found.append(ngettext("{n} diagnosis", "{n} diagnoses", n).format(n=n))
    if medicines:
        n = len(medicines)
        found.append(ngettext("{n} medicine", "{n} medicines", n).format(n=n))
    if line.of(Kind.NOTE):
        found.append(_("note"))
    said = ", ".join(found)
    if cell_width(said) <= _SAID_CELLS:
        return said
    n = len(line.parts)  # who it was saved for must not be cut (decisions.md 12)
    return ngettext("{n} entry", "{n} entries", n).format(n=n)
