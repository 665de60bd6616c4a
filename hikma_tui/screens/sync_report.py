"""How a sync went, row by row of its table, and where the store stands. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from hikma_tui.clinic import server_words
from hikma_tui.clinic.server_words import table_word
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.sync_door import CHECK, REPAIR, Ended
from hikma_tui.screens.sync_words import (
    Clock,
    Lines,
    lasting,
    number,
    rows,
    size,
    wrapped,
)
from hikma_tui.text import cell_width, fit

if TYPE_CHECKING:
    from hikma_tui.clinic.server import Run, ServerState

_COUNTED = ("pulled", "deleted", "pushed", "confirmed", "awaiting", "refused", "differing",
            "conflicts")  # fmt: skip
_NUMBER = 11  # cells of a column of numbers


def result_text(result: str, report: Mapping[str, Any], said: str = "") -> str:
    """One calm sentence about how a sync ended."""
    if report.get("message"):
        return str(report["message"])
    if result == "ok":
        return _("Synced.")
    if result == "broken":
        broke = _("The sync broke off. Your records here are safe; sync again later.")
        return f"{broke} ({said})" if said else broke
    return server_words.trouble(result)


def ended_lines(ended: Ended, clock: Clock, width: int) -> Lines:
    """How the last sync of this session went: the sentence, the causes, the numbers."""
    done = {
        CHECK: _("Full check, ended {time} after {lasting}."),
        REPAIR: _("Repair, ended {time} after {lasting}."),
    }.get(ended.kind, _("Ended {time} after {lasting}."))
    seconds = max(0, ended.ended_at - ended.started_at) / 1000
    head = done.format(time=clock(ended.ended_at), lasting=lasting(seconds))
    style = "heading" if ended.result == "ok" else "loud"
    sentence = result_text(ended.result, ended.report, ended.said)
    return [
        *rows([sentence], width, style),
        *report_lines(ended.report, width),
        *rows(["", head], width),
    ]


def run_lines(run: Run, clock: Clock, width: int) -> Lines:
    """One line of the log in full."""
    if run.ended_at is None:
        return rows([_("It did not end: it is running, or it was cut short."), ""], width)
    seconds = max(0, run.ended_at - run.started_at) / 1000
    head = _("From {start} to {end}, {lasting}.").format(
        start=clock(run.started_at), end=clock(run.ended_at), lasting=lasting(seconds)
    )
    style = "heading" if run.result == "ok" else "loud"
    lines = rows([result_text(run.result, run.counts)], width, style)
    return [*lines, *rows([head], width), *report_lines(run.counts, width)]


def report_lines(report: Mapping[str, Any], width: int) -> Lines:
    """The notices (the cause of a slow sync among them), the table, times and bytes."""
    notices = [server_words.notice(str(code)) for code in report.get("notices") or ()]
    lines = rows(notices, width)
    told = (report.get("check") or {}).get("sentences") or ()
    lines += rows(["", *map(str, told)] if told else [], width)
    table = table_rows(report, width)
    if table:
        lines += [("", ""), *table]
    elif report.get("result") == "ok" and report.get("kind") == "sync" and not notices:
        lines += rows([_("Nothing had changed, here or there.")], width)
    lines += rows(_cost(report), width)
    return lines


def _cost(report: Mapping[str, Any]) -> list[str]:
    found = []
    phases = [
        f"{server_words.phase(phase)} {lasting(float(seconds))}"
        for phase, seconds in (report.get("seconds") or {}).items()
        if float(seconds) >= 0.05
    ]
    if phases:
        found += ["", ", ".join(phases)]
    if report.get("bytes_down") or report.get("bytes_up"):
        found.append(_("{down} received, {up} sent").format(
            down=size(report.get("bytes_down") or 0), up=size(report.get("bytes_up") or 0)
        ))  # fmt: skip
    return found


def _heading(name: str) -> str:
    return {
        "pulled": _("received"), "deleted": _("deleted"), "pushed": _("sent"),
        "confirmed": _("confirmed"), "awaiting": _("awaiting"), "refused": _("refused"),
        "differing": _("differ"), "conflicts": _("conflicts"),
    }[name]  # fmt: skip


def table_rows(report: Mapping[str, Any], width: int) -> Lines:
    """The numbers by table: only columns and tables where there is one. Where the columns have no
    room, each table is a row of words.
    """
    tables = {t: c for t, c in (report.get("tables") or {}).items() if isinstance(c, Mapping)}
    names = [n for n in _COUNTED if any(c.get(n) for c in tables.values())]
    tables = {t: c for t, c in tables.items() if any(c.get(n) for n in names)}
    if not names:
        return []
    label = max(cell_width(table_word(table)) for table in tables) + 1
    if label + _NUMBER * len(names) > width - 2:
        return [
            (row, "")
            for table, counts in tables.items()
            for row in wrapped(f"{table_word(table)}: {_in_words(names, counts)}", width - 2)
        ]
    heading = " " * label + "".join(fit(_heading(n), _NUMBER, align="right") for n in names)
    shown: Lines = [(heading, "ready")]
    for table, counts in tables.items():
        values = "".join(
            fit(number(counts[n]) if counts.get(n) else "-", _NUMBER, align="right") for n in names
        )
        shown.append((fit(table_word(table), label) + values, "ready"))
    return shown


def _in_words(names: Sequence[str], counts: Mapping[str, Any]) -> str:
    return ", ".join(f"{_heading(n)} {number(counts[n])}" for n in names if counts.get(n))


# Where the store stands ---------------------------------------------------------------------


def standing_lines(server: ServerState, clock: Clock, width: int) -> Lines:
    """The counts by state, as they are now, for the screen of the sync before anything ran."""
    said = []
    at = server.last_confirmed_ms
    if at is None:
        said.append(_("Nothing was ever synced with this server."))
    elif server.up_to_date:
        said.append(_("All that was entered here was confirmed {time}.").format(time=clock(at)))
    else:
        said.append(_("Last confirmed {time}.").format(time=clock(at)))
    if server.needs_full_check:
        said.append(server_words.notice("needs-full-check"))
    return [*rows(said, width), *count_lines(server, width)]


def count_lines(server: ServerState, width: int) -> Lines:
    """``3 not sent: 1 visit, 2 notes``, a row for each state that any row is in."""
    lines: Lines = []
    for name in ("not_sent", "held", "sent", "awaiting", "refused", "differs", "only_here",
                 "aside", "stays"):  # fmt: skip
        n = getattr(server, name)
        if not n:
            continue
        by_table = ", ".join(
            f"{table_word(table)} {number(counts[name])}"
            for table, counts in server.tables.items()
            if counts.get(name)
        )
        lines += rows([f"{number(n)} {server_words.state(name)}: {by_table}"], width)
    if server.conflicts:
        counted = ngettext(
            "{n} record was changed in two places", "{n} records were changed in two places",
            server.conflicts,
        )  # fmt: skip
        lines += rows([counted.format(n=server.conflicts)], width)
    return lines
