"""The sync in words and numbers: what runs, how it went, row by row of its table. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from hikma_tui.clinic import server_words
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.session import moment_text
from hikma_tui.screens.sync_door import CHECK, REPAIR, Ended, Step
from hikma_tui.text import cell_width, fit, pieces, plain

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from hikma_tui.clinic.server import Run, ServerState

Lines = list[tuple[str, str]]
Clock = Callable[[int], str]

_COUNTED = ("pulled", "deleted", "pushed", "confirmed", "awaiting", "refused", "differing",
            "conflicts")  # fmt: skip
_NUMBER = 11  # cells of a column of numbers


def clock_of(today: date, zone: ZoneInfo | None) -> Clock:
    """Moments as the clinic's clock shows them."""
    return lambda ms: moment_text(ms, today, zone)


def table_word(table: str) -> str:
    """What the rows of a table are called in a clinic, many of them."""
    words = {
        "patients": _("patients"),
        "patient_additional_attributes": _("further answers"),
        "visits": _("visits"),
        "events": _("notes"),
        "appointments": _("appointments"),
        "prescriptions": _("prescriptions"),
        "prescription_items": _("prescribed medicines"),
        "dispensing_records": _("dispensed medicines"),
        "patient_vitals": _("vitals"),
        "patient_problems": _("problems"),
        "clinics": _("clinics"),
        "users": _("users"),
        "user_clinic_permissions": _("permissions"),
        "app_config": _("settings"),
        "clinic_departments": _("departments"),
        "registration_forms": _("registration forms"),
        "event_forms": _("forms"),
        "drug_catalogue": _("medicines of the pharmacy"),
        "clinic_inventory": _("stock"),
    }
    return words.get(table, table)


def one_word(table: str) -> str:
    """What one row of a table is called."""
    words = {
        "patients": _("registration"),
        "patient_additional_attributes": _("further answer of the registration"),
        "visits": _("visit"),
        "events": _("note"),
        "appointments": _("appointment"),
        "prescriptions": _("prescription"),
        "prescription_items": _("prescribed medicine"),
        "dispensing_records": _("dispensed medicine"),
        "patient_vitals": _("vitals"),
        "patient_problems": _("problem"),
    }
    return words.get(table, table_word(table))


def number(n: float) -> str:
    """``12,300``, as the counts of the search are written."""
    return f"{round(n):,}"


def size(count: float) -> str:
    """Bytes as a person says them: ``410 KB``, ``9.1 MB``."""
    if count < 1000:
        return _("{n} bytes").format(n=round(count))
    if count < 1_000_000:
        return _("{n} KB").format(n=round(count / 1000))
    return _("{n} MB").format(n=f"{count / 1_000_000:.1f}")


def lasting(seconds: float) -> str:
    """``12 s``, ``2 min``, ``1 h 5 min``."""
    if seconds < 10:
        return _("{n} s").format(n=f"{max(0.0, seconds):.1f}")
    if seconds < 100:
        return _("{n} s").format(n=round(seconds))
    minutes = round(seconds / 60)
    if minutes < 60:
        return _("{n} min").format(n=minutes)
    return _("{h} h {n} min").format(h=minutes // 60, n=minutes % 60)


def wrapped(text: str, width: int) -> list[str]:
    """A sentence in rows of ``width`` cells, broken at spaces."""
    return list(pieces(plain(text), max(8, width))) or [""]


# While it runs ------------------------------------------------------------------------------


def step_text(step: Step | None) -> str:
    """``Fetching: 12,300 records, 9.1 MB, 410 KB/s, about 2 min left``."""
    if step is None:
        return _("Starting")
    parts = []
    if step.total and step.phase != "pull":
        parts.append(_("{n} of {total} records").format(
            n=number(step.records), total=number(step.total)
        ))  # fmt: skip
    elif step.records:
        counted = ngettext("{n} record", "{n} records", step.records)
        parts.append(counted.format(n=number(step.records)))
    if step.bytes:
        whole = step.phase == "pull" and step.total
        parts.append(
            _("{n} of {total}").format(n=size(step.bytes), total=size(step.total or 0))
            if whole
            else size(step.bytes)
        )
    if step.rate >= 1:
        rate = size(step.rate) if step.phase == "pull" else number(step.rate)
        form = _("{rate}/s") if step.phase == "pull" else _("{rate} records/s")
        parts.append(form.format(rate=rate))
    if step.seconds_left is not None:
        parts.append(_("about {time} left").format(time=lasting(step.seconds_left)))
    said = server_words.phase(step.phase)
    return f"{said}: {', '.join(parts)}" if parts else said


def running_lines(
    kind: str, step: Step | None, started_at: int, stopping: bool, clock: Clock, width: int
) -> Lines:
    """What a running sync shows."""
    said = {
        CHECK: _("A full check is running since {time}."),
        REPAIR: _("A repair is running since {time}."),
    }.get(kind, _("The sync is running since {time}."))
    lines = [said.format(time=clock(started_at)), "", step_text(step)]
    if step is not None and step.note:
        lines.append(server_words.notice(step.note))
    lines.append("")
    if stopping:
        lines.append(_("It is being stopped. What was saved stays as it is."))
    else:
        lines.append(_("Go on working: Esc leads back, and the sync goes on. 8 stops it."))
    return _rows(lines, width)


def _rows(sentences: Sequence[str], width: int, style: str = "") -> Lines:
    return [(row, style) for text in sentences for row in wrapped(text, width - 2)]


# What came of it ----------------------------------------------------------------------------


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
        *_rows([sentence], width, style),
        *report_lines(ended.report, width),
        *_rows(["", head], width),
    ]


def run_lines(run: Run, clock: Clock, width: int) -> Lines:
    """One line of the log in full."""
    if run.ended_at is None:
        return _rows([_("It did not end: it is running, or it was cut short."), ""], width)
    seconds = max(0, run.ended_at - run.started_at) / 1000
    head = _("From {start} to {end}, {lasting}.").format(
        start=clock(run.started_at), end=clock(run.ended_at), lasting=lasting(seconds)
    )
    style = "heading" if run.result == "ok" else "loud"
    lines = _rows([result_text(run.result, run.counts)], width, style)
    return [*lines, *_rows([head], width), *report_lines(run.counts, width)]


def report_lines(report: Mapping[str, Any], width: int) -> Lines:
    """The notices (the cause of a slow sync among them), the table, times and bytes."""
    notices = [server_words.notice(str(code)) for code in report.get("notices") or ()]
    lines = _rows(notices, width)
    table = table_rows(report, width)
    if table:
        lines += [("", ""), *table]
    elif report:
        lines += _rows([_("Nothing had changed, here or there.")], width)
    lines += _rows(_cost(report), width)
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
    rows: Lines = [(heading, "ready")]
    for table, counts in tables.items():
        values = "".join(
            fit(number(counts[n]) if counts.get(n) else "-", _NUMBER, align="right") for n in names
        )
        rows.append((fit(table_word(table), label) + values, "ready"))
    return rows


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
    return [*_rows(said, width), *count_lines(server, width)]


def count_lines(server: ServerState, width: int) -> Lines:
    """``3 not sent: 1 visit, 2 notes``, a row for each state that any row is in."""
    lines: Lines = []
    for name in ("not_sent", "held", "sent", "awaiting", "refused", "differs", "only_here",
                 "stays", "settings"):  # fmt: skip
        n = getattr(server, name)
        if not n:
            continue
        by_table = ", ".join(
            f"{table_word(table)} {number(counts[name])}"
            for table, counts in server.tables.items()
            if counts.get(name)
        )
        lines += _rows([f"{number(n)} {server_words.state(name)}: {by_table}"], width)
    if server.conflicts:
        counted = ngettext(
            "{n} record was changed in two places", "{n} records were changed in two places",
            server.conflicts,
        )  # fmt: skip
        lines += _rows([counted.format(n=server.conflicts)], width)
    return lines
