"""A report as text of at most 78 columns, each line harmless. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hikma_tui.i18n import _
from hikma_tui.report import Line, Part, Report, Table
from hikma_tui.text import cell_width, pieces, plain

WIDTH = 78
_LABEL = 24
_LEAST = 20  # cells that a text always has, however deep it stands


@dataclass(frozen=True, slots=True)
class Written:
    """One line; ``style`` is "heading", "loud" or nothing, for a screen that can show it."""

    text: str
    style: str = ""


def text(report: Report, width: int = WIDTH) -> str:
    """The whole report, with a line break at the end of each line."""
    return "".join(f"{line.text}\n" for line in lines(report, width))


def lines(report: Report, width: int = WIDTH) -> list[Written]:
    """The report line by line, wrapped at ``width`` cells between words where there are any."""
    return [Written(line.text.rstrip(), line.style) for line in _lines(report, width)]


def _lines(report: Report, width: int) -> Iterator[Written]:
    yield from _underlined(report.title.upper(), width, "=")
    yield Written("")
    for piece in wrapped(report.who, width):
        yield Written(piece, "heading")
    for piece in wrapped(report.facts, width):
        yield Written(piece)
    yield Written("")
    for line in report.alerts:
        yield from _labelled(line, width, 0)
    yield Written("")
    for line in report.made:
        yield from _labelled(line, width, 0)
    yield Written("")
    for piece in wrapped(report.caution, width):
        yield Written(piece)
    for part in report.parts:
        yield Written("")
        yield Written("")
        yield from _underlined(part.title, width, "-")
        yield from _part(part, width, 0)
    yield Written("")
    yield Written(_("End of the report."))


def _underlined(title: str, width: int, sign: str) -> Iterator[Written]:
    pieces = list(wrapped(title, width))
    for piece in pieces:
        yield Written(piece, "heading")
    yield Written(sign * max(cell_width(piece) for piece in pieces))


def _part(part: Part, width: int, indent: int) -> Iterator[Written]:
    """What stands below a title."""
    if part.about:
        for piece in wrapped(part.about, width - indent):
            yield Written(" " * indent + piece)
    for line in part.lines:
        yield from _labelled(line, width, indent)
    if part.table is not None:
        yield from _table(part.table, width, indent)
    for inner in part.parts:
        yield Written("")
        for piece in wrapped(inner.title, width - indent):
            yield Written(" " * indent + piece, "heading")
        yield from _part(inner, width, indent + 2)


def _table(table: Table, width: int, indent: int) -> Iterator[Written]:
    """A row is a label and its cells in words: columns for all signs would not fit a page."""
    for row in table.rows:
        cells = [
            cell if table.clear else f"{head} {cell}"
            for head, cell in zip(table.head[1:], row[1:], strict=True)
            if cell
        ]
        yield from _labelled(Line(row[0] or " ", "; ".join(cells)), width, indent)


def _labelled(line: Line, width: int, indent: int) -> Iterator[Written]:
    """The label stands on the first line, or above the text where it is too long for its column."""
    style, gap = "loud" if line.loud else "", " " * indent
    if not line.label:
        for piece in _paragraphs(line.text, width - indent):
            yield Written(gap + piece, style)
        return
    label, column = plain(line.label).strip(), min(_LABEL, width // 3)
    beside = cell_width(label) <= column
    if not beside:
        for piece in wrapped(label, width - indent):
            yield Written(gap + piece, style)
    first = beside
    for piece in _paragraphs(line.text, width - indent - column - 1):
        shown = label + " " * (column - cell_width(label)) if first else " " * column
        yield Written(f"{gap}{shown} {piece}", style)
        first = False


def _paragraphs(said: str, room: int) -> Iterable[str]:
    for paragraph in said.splitlines() or [""]:
        yield from wrapped(paragraph, room)


def wrapped(said: str, room: int) -> Iterator[str]:
    """One paragraph, made plain, in pieces of at most ``room`` cells; at least one piece."""
    return pieces(plain(said), max(_LEAST, room))
