"""What was measured as lines: a table of days, one measure over time, the digits that choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from hikma_tui import vitals
from hikma_tui.clinic.vitals import Entry
from hikma_tui.clinic.vitals_series import Measured, Value
from hikma_tui.days import short
from hikma_tui.i18n import _, ngettext
from hikma_tui.text import cell_width, fit
from hikma_tui.vitals import entry as vitals_entry
from hikma_tui.widgets.plot import BAR, HIGH, LOW, Dot
from hikma_tui.widgets.row_list import Info, Line, Row

_PRESSURE = ("systolic_bp", "diastolic_bp")
_DAY_CELLS, _LEAST, _MOST = 12, 7, 14


@dataclass(frozen=True)
class _Line:
    """One line of the table: an entry, or the measures of one filled form."""

    key: str
    day: date
    values: Mapping[str, Value]
    late: bool = False


def kinds(measured: Measured) -> list[str]:
    """What can be chosen, in order; the two blood pressures are one."""
    return [key for key in measured.series if key != "diastolic_bp" or "systolic_bp" not in
            measured.series]  # fmt: skip


def label(measured: Measured, key: str) -> str:
    """Its name as a column and as a choice."""
    return _("BP") if key in _PRESSURE else measured.labels[key]


def _lines(measured: Measured) -> list[_Line]:
    """Newest first; of one day in the order of the series."""
    found: dict[str, dict[str, Value]] = {}
    days: dict[str, date] = {}
    for key, values in measured.series.items():
        for value in values:
            found.setdefault(value.record_id, {}).setdefault(key, value)
            days[value.record_id] = value.day
    late = {one.record_id for values in measured.series.values() for one in values if one.late}
    order = {entry.id: -entry.moment for entry in measured.entries}
    lines = [_Line(key, days[key], values, key in late) for key, values in found.items()]
    lines.sort(key=lambda line: order.get(line.key, 0))
    lines.sort(key=lambda line: line.day, reverse=True)
    return lines


def _sign(value: Value) -> str:
    return {"high": HIGH, "low": LOW}.get(value.mark, "")


def _cell(key: str, values: Mapping[str, Value]) -> str:
    """A value with the sign of its mark; with its unit where there are several of them."""
    if key in _PRESSURE:
        both = [values.get(name) for name in _PRESSURE]
        if not any(both):
            return ""
        if all(value is None or value.number is None for value in both):
            return _("nr")
        return "/".join(_short(value) for value in both)
    value = values.get(key)
    return "" if value is None else _short(value)


def _short(value: Value | None) -> str:
    if value is None:
        return "-"
    if value.number is None:
        return _("nr") if value.text == _("not recordable") else value.text
    text = value.text
    if value.one_unit:
        text = text.split(" ")[0].rstrip("%").removesuffix("/min").removesuffix("/10")
    return text + _sign(value)


def title(measured: Measured) -> str:
    """How many entries there are, and when those are not all."""
    count = len(measured.entries)
    said = ngettext("Vital signs: {n} entry", "Vital signs: {n} entries", count)
    if measured.more:
        said = _("Vital signs: newest {n} entries; older ones not shown")
    return said.format(n=count)


def table(measured: Measured, width: int, today: date, first: int) -> tuple[list[Line], int]:
    """The head and the lines of the table from the ``first`` kind on; and how many kinds fit."""
    lines, shown = _lines(measured), kinds(measured)[first:]
    columns: list[tuple[str, int]] = []
    room = width - 4 - _DAY_CELLS
    for key in shown:
        cells = [_cell(key, line.values) for line in lines]
        needed = max([cell_width(label(measured, key)), *map(cell_width, cells)]) + 2
        size = min(max(needed, _LEAST), _MOST)
        if size > room:
            break
        columns.append((key, size))
        room -= size
    head = fit(_("Day"), _DAY_CELLS) + "".join(
        fit(label(measured, key), size - 1) + " " for key, size in columns
    )
    out: list[Line] = [Info(head)]
    for line in lines:
        day = short(line.day.isoformat(), today) + (" *" if line.late else "")
        cells_text = fit(day, _DAY_CELLS) + "".join(
            fit(_cell(key, line.values), size - 1) + " " for key, size in columns
        )
        out.append(Row(line.key, cells_text))
    return out, len(columns)


def over_time(measured: Measured, key: str, today: date) -> list[Line]:
    """One measure, newest first, each value in full: for words, and where there is no plot."""
    out: list[Line] = []
    values = [*measured.series[key], *_alone(measured, key)]
    values.sort(key=lambda one: (one.day, one.at), reverse=True)
    for at, value in enumerate(values):
        word = vitals.mark_word(value.mark)
        cells = fit(short(value.day.isoformat(), today), _DAY_CELLS + 2) + fit(
            " ".join(part for part in (value.text, word) if part), 30
        )
        out.append(Row(f"{value.record_id}:{at}", cells, name=value.source))
    return out


def dots(measured: Measured, key: str) -> list[Dot]:
    """What can be plotted of a measure; nothing for words."""
    if not measured.units.get(key):
        return []
    if key != "systolic_bp":
        return [
            Dot(one.day, one.number, one.mark)
            for one in measured.series[key]
            if one.number is not None
        ]
    lower = {one.record_id: one for one in measured.series.get("diastolic_bp", ())}
    found = []
    for one in measured.series[key]:
        if one.number is not None:
            other = lower.get(one.record_id)
            found.append(
                Dot(one.day, one.number, one.mark, other.number if other else None,
                    other.mark if other else "")
            )  # fmt: skip
    return found


def heading(measured: Measured, key: str, today: date) -> str:
    """The newest value of a measure, its day, and where it goes: ``Weight 61 kg, 20 Nov``."""
    newest = measured.series[key][0]
    text = newest.text
    if key == "systolic_bp":
        lower = next((one for one in measured.series.get("diastolic_bp", ())
                      if one.record_id == newest.record_id), None)  # fmt: skip
        if lower is not None and newest.number is not None and lower.number is not None:
            text = f"{newest.number}/{lower.number} mmHg"
    parts = [label(measured, key), text, vitals.mark_word(newest.mark)]
    said = " ".join(part for part in parts if part)
    said = f"{said}, {short(newest.day.isoformat(), today)}"
    trend, before = measured.trend(key)
    if trend and before == newest.day:
        said += "   " + _("{trend} since earlier that day").format(trend=vitals.trend_word(trend))
    elif trend and before is not None:
        said += "   " + _("{trend} since {day}").format(
            trend=vitals.trend_word(trend), day=short(before.isoformat(), today)
        )
    return said


def legend(shown: Sequence[Dot]) -> str:
    """What the signs of a plot mean."""
    said = _("{high} high, {low} low for the age").format(high=HIGH, low=LOW)
    if any(dot.low_value is not None for dot in shown):
        said += "   " + _("{bar} one pressure").format(bar=BAR)
    return said


def choices(measured: Measured, page: int) -> str:
    """The digits, nine at a time: ``1 BP  2 Pulse``."""
    shown = kinds(measured)[page * 9 : page * 9 + 9]
    named = [f"{n} {label(measured, key)}" for n, key in enumerate(shown, start=1)]
    return "  ".join(named)


def _alone(measured: Measured, key: str) -> list[Value]:
    """The diastolics of pressures without a systolic number. Drawn, they would be taken for one."""
    if key != "systolic_bp":
        return []
    drawn = {one.record_id for one in measured.series[key] if one.number is not None}
    return [
        replace(one, text=_("diastolic alone {value}").format(value=one.text))
        for one in measured.series.get("diastolic_bp", ())
        if one.number is not None and one.record_id not in drawn
    ]


def unplotted(measured: Measured, key: str, today: date) -> str:
    """What has no place in a plot, the newest of it: ``not recordable, 20 Nov and 2 more``."""
    alone = _alone(measured, key)
    told = {one.record_id for one in alone}
    missed = [one for one in measured.series[key] if one.number is None]
    missed = [*alone, *(one for one in missed if one.record_id not in told)]
    if not missed:
        return ""
    newest = max(missed, key=lambda one: (one.day, one.at))
    shown = {"value": newest.text, "day": short(newest.day.isoformat(), today)}
    if len(missed) == 1:
        return _("no dot: {value}, {day}").format(**shown) + "   "
    said = _("no dot: {value}, {day} and {n} more")
    return said.format(**shown, n=len(missed) - 1) + "   "


def in_full(measured: Measured, record_id: str) -> str:
    """One line of the table in full: an entry, or what a filled form says of all measures."""
    entry = next((one for one in measured.entries if one.id == record_id), None)
    if entry is not None:
        return _detail(entry)
    return "   ".join(
        f"{measured.labels[key]} {one.text}, {one.source}"
        for key, values in measured.series.items()
        for one in values
        if one.record_id == record_id
    )


def _detail(entry: Entry) -> str:
    """One entry in full, with who recorded it and whether it was corrected."""
    parts = [vitals.line(entry.row, entry.age_days), entry.provider]
    entered = vitals_entry.typed_as(entry.row)
    if entered:
        parts.append(_("typed as {values}").format(values=", ".join(entered)))
    if entry.late:
        parts.append(_("entered late"))
    if entry.corrected:
        parts.append(_("corrected"))
    return "   ".join(part for part in parts if part)
