"""The sync in words and numbers: tables, sizes, times, what a running one tells. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TYPE_CHECKING

from hikma_tui.clinic import server_words
from hikma_tui.clinic.server_words import table_word
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.session import moment_text
from hikma_tui.screens.sync_door import CHECK, REPAIR, Step
from hikma_tui.text import pieces, plain

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


Lines = list[tuple[str, str]]
Clock = Callable[[int], str]


def clock_of(today: date, zone: ZoneInfo | None) -> Clock:
    """Moments as the clinic's clock shows them."""
    return lambda ms: moment_text(ms, today, zone)


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
    if step is not None and step.note == "limit" and step.seconds_left:
        lines.append(server_words.waiting_for_limit(step.seconds_left))
    elif step is not None and step.note:
        lines.append(server_words.notice(step.note))
    lines.append("")
    if stopping:
        lines.append(_("It is being stopped. What was saved stays as it is."))
    else:
        lines.append(_("Go on working: Esc leads back, and the sync goes on. 8 stops it."))
    return rows(lines, width)


def rows(sentences: Sequence[str], width: int, style: str = "") -> Lines:
    """Sentences as lines of a page."""
    return [(row, style) for text in sentences for row in wrapped(text, width - 2)]
