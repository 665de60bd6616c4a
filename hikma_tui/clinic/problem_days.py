"""Onset and end of a problem: a day, or only a month or a year (decisions.md 4).

The wire's column is a day: an imprecise one stands there as the first day of its period, and what
was said is kept beside it in ``metadata`` with the day that it belongs to. A client that knows
nothing of this and sets another day so makes our mark void, not wrong.
"""

from __future__ import annotations

import calendar
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from hikma_tui.clinic.errors import Invalid
from hikma_tui.days import as_date
from hikma_tui.i18n import _

_MARKS = {"onset": "onset_imprecise", "end": "end_imprecise"}


def kept_metadata(value: Any) -> dict[str, Any]:
    """A row's metadata to be added to: also that of a client which wrote it as text (once more
    encoded). What is no object stays under ``written_as_metadata``: an edit drops nothing.
    """
    known = value
    for _turn in range(3):
        if not isinstance(known, str):
            break
        try:
            known = json.loads(known)
        except (ValueError, RecursionError):
            break
    if isinstance(known, dict):
        return dict(known)
    return {} if known in (None, "", [], {}) else {"written_as_metadata": value}


def imprecise(text: str) -> bool:
    """Whether ``text`` is a month or a year: ``2024-01``, ``2024``."""
    return len(text) in (4, 7)


def shown_day(row: Mapping[str, Any], which: str) -> str:
    """``onset`` or ``end`` of a row as it was said: a day, ``2024-01``, ``2024`` or ""."""
    day = str(row[f"{which}_date"] or "")
    metadata = kept_metadata(row["metadata"])
    mark = metadata.get(_MARKS[which])
    if isinstance(mark, dict) and day and mark.get("day") == day:
        said = mark.get("as")
        return said if isinstance(said, str) and imprecise(said) else day
    return day


def day_bounds_of(text: str, column: str) -> tuple[date, date]:
    """The first and the last day that ``text`` can mean. Invalid when it is no day."""
    first = as_date(f"{text}-01-01"[:10]) if imprecise(text) else as_date(text)
    if first is None:
        raise Invalid(column, _("That is not a date: {text}.").format(text=text))
    if len(text) == 4:
        return first, first.replace(month=12, day=31)
    if len(text) == 7:
        return first, first.replace(day=calendar.monthrange(first.year, first.month)[1])
    return first, first


def kept_days(values: dict[str, Any], old: Mapping[str, Any], today: date) -> None:
    """Turn the given ``onset_date`` and ``end_date`` into column and mark, in place.

    Neither may be after ``today``, nor the end before the onset (features.md 1.10); the other day
    of ``old`` counts where only one is given. Raises Invalid.
    """
    given = values.get("metadata")
    metadata = dict(given) if isinstance(given, dict) else {}
    values["metadata"] = metadata
    new = [which for which in _MARKS if f"{which}_date" in values]
    if not new:
        return
    said = {which: shown_day(old, which) if old else "" for which in _MARKS}
    said |= {which: str(values[f"{which}_date"] or "") for which in new}
    bounds = {which: day_bounds_of(text, f"{which}_date") for which, text in said.items() if text}
    for which in new:
        if which in bounds and bounds[which][0] > today:
            raise Invalid(f"{which}_date", _("This day is in the future."))
    if len(bounds) == 2 and bounds["end"][1] < bounds["onset"][0]:
        raise Invalid("end_date", _("The end can't be before the onset."))
    for which in new:
        _keep(values, metadata, which, said[which], [bounds[w][0] for w in bounds])


def _keep(
    values: dict[str, Any], metadata: dict[str, Any], which: str, text: str, firsts: list[date]
) -> None:
    """One day into its column; of an imprecise one the mark. An end never before its onset."""
    metadata.pop(_MARKS[which], None)
    day = "" if not text else day_bounds_of(text, f"{which}_date")[0].isoformat()
    if day and which == "end":
        day = max(firsts).isoformat()
    values[f"{which}_date"] = day or None
    if imprecise(text):
        metadata[_MARKS[which]] = {"day": day, "as": text}
