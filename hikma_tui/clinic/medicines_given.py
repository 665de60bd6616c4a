"""The medicine entries in a patient's visits, and what became of each (decisions.md 17).

Until the pharmacy exists, medicines are answers in events: any field of the type "medicine", in the
forms that this program brings and in those of a server. *Current* is what is not stopped, not
replaced by a newer entry of the same name and form, and within its duration.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

from hikma_tui import medicines
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.records import require_patient
from hikma_tui.clock import day_of
from hikma_tui.days import as_date
from hikma_tui.forms.entries import entries_of
from hikma_tui.forms.json import as_json, json_of, text_of
from hikma_tui.forms.shape import Item
from hikma_tui.medicines.lasting import end_of, is_once
from hikma_tui.medicines.wording import entered, value_text
from hikma_tui.models import connection

STOPPED_FIELD = "hikma-note-stopped"
STOPPED, RESUMED = "stopped", "resumed"
CURRENT, ENDED, REPLACED = "current", "ended", "replaced"
"""What may have become of an entry, beside ``STOPPED``."""

_PARTS = frozenset(
    ("route", "form", "frequency", "intervals", "dose", "doseUnits", "duration", "durationUnits")
)
_MOST_EVENTS = 2000
_MEDICINE_TEXT = '"medicine'  # no closing mark: JSON text of JSON text has a backslash before it


@dataclass(frozen=True)
class CurrentMedicine:
    """One medicine entry of a patient. ``event_id`` and ``entry_id`` name it.

    ``until`` is the day on which its duration is over, ``days_left`` counts to it; both None when
    it goes on until it is stopped. ``status`` is ``current``, ``ended``, ``stopped`` or
    ``replaced``. ``was`` is the dose that it replaced.
    """

    event_id: str
    entry_id: str
    item: Item
    name: str
    day: date | None  # of its visit; None when nobody has stored one
    by: str  # who entered it
    visit_id: str
    until: date | None = None
    days_left: int | None = None
    status: str = CURRENT
    was: str = ""
    stopped_on: date | None = None
    stopped_by: str = ""
    reason: str = ""
    repeat_of: date | None = None
    given_although: str = ""  # the reason why it is given in spite of an allergy
    duration_unclear: bool = False  # a duration is written that can't be read

    @property
    def words(self) -> str:
        """The entry as one sentence, in the user's language."""
        return medicines.words(self.item)


@dataclass(frozen=True)
class _Mark:
    """One "stopped" or "resumed" of an entry."""

    kind: str
    event_id: str
    entry_id: str
    name: str
    given_on: str
    day: date | None
    reason: str
    by: str
    order: tuple[str, int]


@dataclass
class _Found:
    entries: list[CurrentMedicine] = field(default_factory=list)
    marks: list[_Mark] = field(default_factory=list)


def all_of(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """Every medicine entered for a patient up to a day, the newest first, each with its status.

    For any thread. NotFound, NotAllowed.
    """
    require_patient(actor, patient_id)
    return _of_patient(patient_id, on)


def _of_patient(patient_id: str, on: date) -> list[CurrentMedicine]:
    found = _read(patient_id, on)
    entries = _with_replaced(found.entries)
    if not found.marks:
        return entries
    marks = _Marks(found, on)
    return [_marked(entry, marks.last_of(entry)) for entry in entries]


def current(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """What a patient takes on a day (decisions.md 17), the newest first. As ``all_of``."""
    require_patient(actor, patient_id)
    return current_of(patient_id, on)


def current_of(patient_id: str, on: date) -> list[CurrentMedicine]:
    """``current`` of a patient of whom the caller knows that the user may see it."""
    return [one for one in _of_patient(patient_id, on) if one.status == CURRENT]


def last_set(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """The medicines of the newest day that has any, without those that were stopped."""
    found = all_of(actor, patient_id, on)
    newest = found[0].day if found else None
    return [one for one in found if one.day == newest and one.status not in (STOPPED, REPLACED)]


# -- reading ---------------------------------------------------------------------------------------


def _read(patient_id: str, on: date) -> _Found:
    """One query by the index on (patient, created); the newest visit and its newest note first.

    SQLite passes over the notes that have no text "medicine" anywhere, behind whatever encoding;
    the others are decoded, but only their medicine items are copied.
    """
    rows = connection().execute(
        "SELECT e.id, e.form_data, e.created_at, e.metadata, v.id, v.check_in_timestamp,"
        " v.provider_name"
        " FROM live_events e LEFT JOIN live_visits v ON v.id = e.visit_id"
        " WHERE e.patient_id = ? AND (instr(e.form_data, ?) OR instr(e.form_data, ?))"
        " ORDER BY coalesce(v.check_in_timestamp, e.created_at) DESC, e.created_at DESC LIMIT ?",
        (patient_id, _MEDICINE_TEXT, STOPPED_FIELD, _MOST_EVENTS),
    )
    found, zone = _Found(), info.zone()
    ahead = on >= info.today()  # a phone whose clock is ahead hides nothing from today's list
    for event_id, data, created, metadata, visit_id, check_in, provider in rows.fetchall():
        items = _items(data)
        if not items:
            continue
        moment = created if check_in is None else check_in
        day = None if moment is None else day_of(moment, zone)
        if day is not None and day > on and not ahead:
            continue
        by = _who(metadata) or provider or ""
        for item in items:
            if text_of(item.get("fieldType")) == "medicine":
                found.entries += _entries(item, event_id, visit_id or "", day, by, on)
            if text_of(item.get("fieldId")) == STOPPED_FIELD:
                found.marks += _marks(item, by, created or 0)
    # Two visits of one day stay as they are; what has no day stands last.
    found.entries.sort(key=lambda one: one.day or date.min, reverse=True)
    return found


def _listed(stored: object) -> list[Any]:
    """What a stored JSON column lists, in any shape, nothing copied (``forms.data.items_of``)."""
    found = json_of(stored)
    return found if isinstance(found, list) else [found]


def _items(form_data: object) -> list[Item]:
    """The medicine items and the stops of a note."""
    return [
        item
        for item in _listed(form_data)
        if isinstance(item, dict)
        and (item.get("fieldType") == "medicine" or item.get("fieldId") == STOPPED_FIELD)
    ]


def _who(metadata: object) -> str:
    for about in _listed(metadata)[:1]:
        return _in(about, "providerName")
    return ""


def _in(value: object, key: str) -> str:
    return text_of(value.get(key)) if isinstance(value, Mapping) else ""


def _entries(
    item: Item, event_id: str, visit_id: str, day: date | None, by: str, on: date
) -> Iterator[CurrentMedicine]:
    seen: set[str] = set()
    for number, entry in enumerate(entries_of(item.get("value"), medicine=True)):
        name = value_text(entry.get("name"))
        if not name:
            # Of a shape that nobody has seen yet: raw, and in sight.
            raw = {k: v for k, v in entry.items() if k != "id" and entered(v)}
            if not raw:
                continue
            name = "" if set(raw) <= _PARTS else as_json(raw)
            entry = {**entry, "name": name} if name else entry
        entry_id = value_text(entry.get("id"))
        if not entry_id or entry_id in seen:
            entry_id = f"{entry_id}#{number}"
        seen.add(entry_id)
        until, unclear = end_of(entry, day)
        left = None if until is None else (until - on).days
        over = left is not None and left < 0
        repeats = entry.get("repeatOf")
        yield CurrentMedicine(
            event_id, entry_id, entry, name, day, by, visit_id, until, None if over else left,
            ENDED if over else CURRENT, duration_unclear=unclear,
            repeat_of=as_date(_in(repeats, "day")) if repeats else None,
            given_although=_in(entry.get("allergyOverride"), "reason"),
        )  # fmt: skip


def _marks(item: Item, by: str, created: int) -> Iterator[_Mark]:
    for kind in (STOPPED, RESUMED):
        told = item.get(kind)
        for one in told if isinstance(told, list) else []:
            if isinstance(one, Mapping):
                said = {key: text_of(value) for key, value in one.items()}
                yield _Mark(
                    kind, said.get("eventId", ""), said.get("entryId", ""), said.get("name", ""),
                    said.get("givenOn", ""), as_date(said.get("day", "")), said.get("reason", ""),
                    by, (said.get("at", ""), created),
                )  # fmt: skip


# -- what became of it -----------------------------------------------------------------------------


_substance = lru_cache(maxsize=2048)(medicines.substance)


def _same(one: CurrentMedicine) -> tuple[str, str]:
    return _substance(one.name), value_text(one.item.get("form")).casefold()


def _with_replaced(entries: Sequence[CurrentMedicine]) -> list[CurrentMedicine]:
    """The newer entry of the same name and form replaces one that was still going on.

    In doubt both are shown: of one day (5 mg in the morning, 10 mg at night, each in a line of its
    own), by another route, or when a day is not known; and what was given once takes the place of
    nothing.
    """
    newest: dict[tuple[str, str], int] = {}
    out = list(entries)
    for index, entry in enumerate(entries):
        if is_once(entry.item):
            continue
        same = _same(entry)
        newer_at = newest.get(same)
        if newer_at is None:
            newest[same] = index
            continue
        newer = out[newer_at]
        if _beside(newer, entry):
            continue
        newest[same] = index
        if entry.until is not None and newer.day is not None and entry.until < newer.day:
            continue
        dose = _dose(entry)
        if dose and dose != _dose(newer):
            out[newer_at] = replace(newer, was=dose)
        if entry.status == CURRENT:
            out[index] = replace(entry, status=REPLACED, days_left=None)
    return out


def _beside(newer: CurrentMedicine, entry: CurrentMedicine) -> bool:
    """Whether both are taken. One that was written twice on a day is one."""
    if newer.event_id == entry.event_id:
        return True
    if newer.day == entry.day or newer.day is None or entry.day is None:
        return newer.words != entry.words
    routes = {value_text(one.item.get("route")).casefold() for one in (newer, entry)}
    return "" not in routes and len(routes) == 2


def _dose(entry: CurrentMedicine) -> str:
    """The dose in words; with the strength where that is part of the name."""
    strength = entry.name if any(char.isdigit() for char in entry.name) else ""
    dose = medicines.dose_words(entry.item)
    return f"{strength}, {dose}" if strength and dose else dose


class _Marks:
    """What was said up to a day of each entry, found by its event or by its name and day."""

    def __init__(self, found: _Found, on: date) -> None:
        events = {one.event_id for one in found.entries}
        said = [one for one in found.marks if one.day is None or one.day <= on]
        self._in_order = sorted(said, key=lambda mark: mark.order)
        self._of_entry: dict[tuple[str, str], int] = {}  # the place of the last one
        self._of_name: dict[tuple[str, str], int] = {}
        for place, mark in enumerate(self._in_order):
            if mark.event_id in events:
                self._of_entry[mark.event_id, mark.entry_id] = place
            else:  # The note was moved or came back under another id: stopped stays stopped.
                self._of_name[_substance(mark.name), mark.given_on] = place

    def last_of(self, entry: CurrentMedicine) -> _Mark | None:
        """The last that was said of an entry."""
        last = self._of_entry.get((entry.event_id, entry.entry_id), -1)
        if self._of_name:
            day = entry.day.isoformat() if entry.day else ""
            last = max(last, self._of_name.get((_substance(entry.name), day), -1))
        return self._in_order[last] if last >= 0 else None


def _marked(entry: CurrentMedicine, last: _Mark | None) -> CurrentMedicine:
    """The entry with the last thing that was said of it: stopped, or taken up again."""
    if last is None or last.kind == RESUMED:
        return entry
    return replace(
        entry, status=STOPPED, days_left=None, stopped_on=last.day, stopped_by=last.by,
        reason=last.reason,
    )  # fmt: skip
