"""A report as one HTML file: no script, nothing from outside, everything escaped. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from hikma_tui.i18n import _
from hikma_tui.report import Line, Part, Report, Table
from hikma_tui.text import plain

_RIGHT_TO_LEFT = frozenset({"ar"})

_STYLE = """
body { font: 10.5pt/1.4 sans-serif; color: #000; background: #fff; max-width: 52em;
  margin: 1.5em auto; padding: 0 1em; }
h1 { font-size: 1.1em; margin: 0; text-transform: uppercase; letter-spacing: .05em; }
.who { font-size: 1.6em; font-weight: bold; margin: .2em 0 0; }
.facts { font-size: 1.1em; margin: 0 0 .6em; }
h2 { font-size: 1.15em; border-bottom: 2px solid #000; margin: 1.6em 0 .4em; }
h3 { font-size: 1em; border-bottom: 1px solid #777; margin: 1.3em 0 .3em; }
h4 { font-size: 1em; margin: .9em 0 .2em; }
.about { margin: 0 0 .3em; color: #333; }
.in { margin-inline-start: 1.2em; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: start; vertical-align: top; padding: .12em .6em .12em 0; }
table.lines th { width: 12em; font-weight: normal; color: #333; }
table.grid th, table.grid td { border: 1px solid #999; padding: .15em .4em; }
table.lines .loud th, table.lines .loud td { font-weight: bold; color: #000;
  border: 2px solid #000; padding: .2em .5em; }
.made { font-size: .9em; margin-top: .8em; }
.caution { font-size: .9em; border: 1px solid #777; padding: .3em .6em; }
.wide { overflow-x: auto; }
@media print { body { margin: 0; max-width: none; padding: 0; font-size: 9.5pt; }
  h2, h3, h4, .about { break-after: avoid; } tr { break-inside: avoid; } }
@page { margin: 14mm; }
"""


def html(report: Report) -> str:
    """The whole file. Its title, which a browser puts into its history, holds no name."""
    return "\n".join(_file(report)) + "\n"


def _file(report: Report) -> Iterator[str]:
    direction = "rtl" if report.language in _RIGHT_TO_LEFT else "ltr"
    yield "<!DOCTYPE html>"
    yield f'<html lang="{_said(report.language)}" dir="{direction}">'
    yield '<head><meta charset="utf-8">'
    # Even a mistake of ours could load nothing and run nothing.
    yield (
        '<meta http-equiv="Content-Security-Policy"'
        " content=\"default-src 'none'; style-src 'unsafe-inline'\">"
    )
    yield '<meta name="viewport" content="width=device-width">'
    yield '<meta name="referrer" content="no-referrer">'
    titled = " ".join(part for part in (report.title, report.number, report.day) if part)
    yield f"<title>{_said(titled)}</title>"
    yield f"<style>{_STYLE}</style></head>"
    yield "<body>"
    yield f"<header><h1>{_said(report.title)}</h1>"
    yield f'<p class="who" dir="auto">{_said(report.who)}</p>'
    yield f'<p class="facts" dir="auto">{_said(report.facts)}</p>'
    yield from _lines(report.alerts)
    yield '<div class="made">'
    yield from _lines(report.made)
    yield f'</div><p class="caution">{_said(report.caution)}</p></header>'
    for part in report.parts:
        yield "<section>"
        yield from _part(part, 2)
        yield "</section>"
    yield f'<p class="made">{_said(_("End of the report."))}</p>'
    yield "</body></html>"


def _part(part: Part, level: int) -> Iterator[str]:
    yield f'<h{level} dir="auto">{_said(part.title)}</h{level}>'
    if part.about:
        yield f'<p class="about" dir="auto">{_said(part.about)}</p>'
    if level > 3:
        yield '<div class="in">'
    yield from _lines(part.lines)
    if part.table is not None:
        yield from _table(part.table)
    for inner in part.parts:
        yield from _part(inner, min(level + 1, 6))
    if level > 3:
        yield "</div>"


def _lines(lines: Iterable[Line]) -> Iterator[str]:
    found = list(lines)
    if not found:
        return
    yield '<table class="lines">'
    for line in found:
        loud = ' class="loud"' if line.loud else ""
        if line.label:
            label, text = _said(line.label), _said(line.text)
            yield f'<tr{loud}><th dir="auto">{label}</th><td dir="auto">{text}</td></tr>'
        else:
            yield f'<tr{loud}><td colspan="2" dir="auto">{_said(line.text)}</td></tr>'
    yield "</table>"


def _table(table: Table) -> Iterator[str]:
    yield '<div class="wide"><table class="grid"><thead><tr>'
    yield "".join(f'<th dir="auto">{_said(cell)}</th>' for cell in table.head)
    yield "</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(f'<td dir="auto">{_said(cell)}</td>' for cell in row[1:])
        yield f'<tr><th dir="auto">{_said(row[0])}</th>{cells}</tr>'
    yield "</tbody></table></div>"


def _said(text: str) -> str:
    """Outside text: nothing that a browser or a reader's eye could obey; its lines kept."""
    return "<br>".join(escape(plain(line)) for line in text.splitlines())
