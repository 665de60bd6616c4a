"""The patient at a glance as rows: problems, vitals, medicines, what is next. Pure.

Each part has a fixed share of rows, so that thirty problems never push the visits off; what has no
room is counted with the key that shows it. Allergies stand above, in ``Who``: they are never
counted. A part that has nothing says which key begins it (screens.md, Manners).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from hikma_tui import medicines
from hikma_tui import vitals as signs
from hikma_tui.clinic.glance import Glance, Planned
from hikma_tui.clinic.medicines_given import CurrentMedicine
from hikma_tui.clinic.problems import Problem
from hikma_tui.clinic.vitals import Entry, latest_of
from hikma_tui.days import short
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.patient_rows import day_text
from hikma_tui.text import cell_width, cut, display, fit
from hikma_tui.widgets.title import broken

_LABEL = 11
_GAP = "  "
_NARROW = 60  # cells in which no row holds a day and a blood pressure
_PROBLEMS, _VITALS, _TREND, _MEDICINES = 2, 2, 2, 4  # rows at most
LOW = 18
"""A screen of fewer rows has one row for each part."""


def glance_rows(found: Glance, today: date, width: int, height: int = 24) -> list[str]:
    """The rows between who it is and the visits, each ready for the terminal."""
    if height < LOW:
        return _low(found, today, width)
    rows = _part(_("Problems"), _problems(found.problems), width, _PROBLEMS, _more("3"))
    rows += _vitals_rows(found.vitals, today, width)
    taken = _medicines(found.medicines, today)
    rows += _part(_("Medicines"), taken, width, _MEDICINES, _more("4"))
    # each in its row: neither pushes the other off, however long its reason is
    planned = [cut(one, _room(width)) for one in _planned(found, today)]
    return rows + (_part(_("Next visit"), planned, width, 2, lambda _n: "") if planned else [])


def _low(found: Glance, today: date, width: int) -> list[str]:
    """One row for each part: a low screen needs its rows for the visits and the keys."""
    rows = _part(_("Problems"), _problems(found.problems), width, 1, _more("3", width))
    signs_ = _signs(found.vitals, today) or [_("No vitals yet. 2 adds them.")]
    rows += _part(_("Vitals"), signs_, width, 2 if width < _NARROW else 1, _more("2", width))
    rows += _part(_("Medicines"), _medicines(found.medicines, today), width, 1, _more("4", width))
    days = [
        text.format(day=short(one.day.isoformat(), today))
        for text, one in ((_("MISSED: {day}"), found.missed), ("{day}", found.next))
        if one is not None
    ]
    return rows + (_part(_("Next visit"), ["; ".join(days)], width, 1, str) if days else [])


def _room(width: int) -> int:
    return width - _LABEL - 3


def _more(key: str, width: int = 80) -> Callable[[int], str]:
    def said(n: int) -> str:
        if width < _NARROW:
            return _("+{n}: {key}").format(n=n, key=key)
        return ngettext("and {n} more: {key}", "and {n} more: {key}", n).format(n=n, key=key)

    return said


def _part(
    label: str, pieces: Sequence[str], width: int, most: int, more: Callable[[int], str]
) -> list[str]:
    """A labelled part: its pieces in at most ``most`` rows."""
    room = _room(width)
    rows = flow(pieces, room, most, more)
    shown = [fit(label, _LABEL)] + [" " * _LABEL] * (len(rows) - 1)
    return [f" {left} {row}" for left, row in zip(shown, rows, strict=True)]


def flow(pieces: Sequence[str], room: int, most: int, more: Callable[[int], str]) -> list[str]:
    """``pieces`` in at most ``most`` rows of ``room`` cells; what has no room is counted by
    ``more`` at the end. Only a piece that is wider than a row is broken, and cut after two rows.
    """
    for kept in range(len(pieces), -1, -1):
        left = len(pieces) - kept
        tail = [more(left)] if left and more(left) else []
        rows = _rows([*pieces[:kept], *tail], room, min(2, most))
        if len(rows) <= most:
            return rows
    return [display(cut(more(len(pieces)), room))]


def _rows(pieces: Sequence[str], room: int, longest: int) -> list[str]:
    rows: list[str] = []
    used = 0
    for piece in pieces:
        cells = cell_width(piece)
        if rows and used + len(_GAP) + cells <= room:
            rows[-1] += _GAP + display(piece)
            used += len(_GAP) + cells
        else:
            own = broken(piece, room, longest)
            rows += [display(row) for row in own]
            used = cell_width(own[-1]) if len(own) == 1 else room
    return rows


def _problems(problems: Sequence[Problem]) -> list[str]:
    """The labels, with what makes them less than sure or not active."""
    if not problems:
        return [_("No active problem is recorded. 3 adds one.")]
    words = []
    for problem in problems:
        marks = []
        if problem.status == "remission":
            marks.append(_("in remission"))
        if problem.certainty == "unconfirmed":  # "provisional" is what nobody has chosen
            marks.append(_("not confirmed"))
        said, label = ", ".join(marks), problem.label.strip() or _("(no name)")
        words.append(f"{label} ({said})" if said else label)
    return [f"{word};" for word in words[:-1]] + words[-1:]


def _vitals_rows(entries: Sequence[Entry], today: date, width: int) -> list[str]:
    """The newest entry in full, then how it goes, and what was measured before it alone."""
    if not entries:
        return _part(_("Vitals"), [_("No vitals yet. 2 adds them.")], width, 1, _more("2"))
    rows = _part(_("Vitals"), _newest(entries, today), width, _VITALS, _more("2"))
    trends = [*_trends(entries, today), *_older(entries, today)]
    return rows + (_part("", trends, width, _TREND, _more("2")) if trends else [])


def _newest(entries: Sequence[Entry], today: date) -> list[str]:
    """The day of the newest entry and its signs. A day to come is a wrong clock: it says so."""
    newest = entries[0]
    day = f"{short(newest.day.isoformat(), today)}:"
    if newest.day > today:
        day = _("IN THE FUTURE, {day}").format(day=day)
    return [day, *(piece.words for piece in newest.pieces)]


def _signs(entries: Sequence[Entry], today: date) -> list[str]:
    if not entries:
        return []
    return [*_newest(entries, today), *_trends(entries, today), *_older(entries, today)]


def _trends(entries: Sequence[Entry], today: date) -> list[str]:
    """Blood pressure and weight of the last days, oldest first, and where the newest goes."""
    said = []
    for name, label in (("systolic_bp", _("BP")), ("weight_kg", _("weight"))):
        values = [(e.day, e) for e in entries if e.row.get(name) not in (None, "")]
        if len(values) < 2 or values[0][1] is not entries[0]:
            continue
        word = signs.trend_word(signs.trend(name, values[0][1].row[name], values[1][1].row[name]))
        before = ", ".join(
            f"{_value(entry, name)} {short(day.isoformat(), today)}"
            for day, entry in reversed(values[1:3])
        )
        said.append(_("{label} before: {values}; {trend}").format(
            label=label, values=before, trend=word
        ))  # fmt: skip
    return said


def _value(entry: Entry, name: str) -> str:
    if name == "systolic_bp":
        return f"{entry.row[name]}/{entry.row['diastolic_bp'] or '-'}"
    return str(entry.row[name])


def _older(entries: Sequence[Entry], today: date) -> list[str]:
    """The last value of each sign that the newest entry lacks, with its day."""
    return [
        f"{one.piece.words} ({short(one.day.isoformat(), today)})"
        for one in latest_of(entries)
        if one.day != entries[0].day and one.piece.name not in ("bmi", "pain_level")
    ]


def _medicines(taken: Sequence[CurrentMedicine], today: date) -> list[str]:
    """Each with the day on which it was given and when it ends; the newest first."""
    if not taken:
        return [_("No current medicine is recorded. 4 adds one.")]
    said = []
    for one in taken:
        day = short(one.day.isoformat(), today) if one.day else _("day not known")
        if one.until is not None:
            until = short(one.until.isoformat(), today)
            days = _("({day} to {until})").format(day=day, until=until)
            item = {**one.item, "duration": "", "durationUnits": "", **_by_mouth(one)}
            words = medicines.words(item)
        else:
            days, words = f"({day})", one.words
        said.append(f"{words} {days}")
    return said


def _by_mouth(one: CurrentMedicine) -> dict[str, str]:
    """A tablet or a capsule by mouth needs no route on a short line."""
    swallowed = one.item.get("form") in ("tablet", "capsule") and one.item.get("route") == "oral"
    return {"route": ""} if swallowed else {}


def _planned(found: Glance, today: date) -> list[str]:
    parts = []
    if found.missed is not None:
        said = _("MISSED: {day}").format(day=day_text(found.missed.day))
        parts.append(f"{said}, {found.missed.reason}" if found.missed.reason else said)
    if found.next is not None:
        parts.append(_appointment(found.next, today))
    return parts


def _appointment(planned: Planned, today: date) -> str:
    day = _("today") if planned.day == today else day_text(planned.day)
    return f"{day}, {planned.reason}" if planned.reason else day
