"""A report as a plain structure that is written as text or as HTML. Pure.

This is the shape; ``report.text`` and ``report.html`` write it, ``report.files`` puts it on a disk.
Everything in it is words in the user's language already, and outside text as it is stored: whoever
writes it makes it harmless (``text.plain``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TEXT, HTML = "text", "html"
_SUFFIX = {TEXT: "txt", HTML: "html"}
_MOST_NUMBER = 24  # characters of a card number in a file's name


@dataclass(frozen=True)
class Line:
    """A label and what is said; ``text`` may have several lines. ``loud`` must not be missed."""

    label: str
    text: str
    loud: bool = False


@dataclass(frozen=True)
class Table:
    """Rows under one head; the first cell of a row names it (a day). Empty cells are "".

    ``clear`` cells say by themselves what they are: written as text they need no head.
    """

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    clear: bool = False


@dataclass(frozen=True)
class Part:
    """A chapter, a visit, or one record of a visit: a title and what stands below it."""

    title: str
    about: str = ""
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Report:
    """A report of one patient, or of one visit.

    ``who`` is the name; ``number`` and ``day`` (``YYYY-MM-DD``) make a file's name, which never
    holds the name. ``made`` says as of when, where, by whom, and with which version.
    """

    title: str
    language: str
    who: str
    facts: str
    number: str
    day: str
    made: tuple[Line, ...]
    caution: str
    alerts: tuple[Line, ...] = ()
    parts: tuple[Part, ...] = field(default=())


def file_name(report: Report, kind: str) -> str:
    """``report-A-0123-2026-11-22.html``: the number and the day, never the name."""
    number = re.sub(r"[^A-Za-z0-9]+", "-", report.number)[:_MOST_NUMBER].strip("-")
    return "-".join(part for part in ("report", number, report.day) if part) + f".{_SUFFIX[kind]}"
