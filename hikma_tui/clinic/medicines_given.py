"""The medicine entries in a patient's visits, and what became of each (decisions.md 17).

Until the pharmacy exists, medicines are answers in events: any field of the type "medicine", in the
forms that this program brings and in those of a server. *Current* is what is not stopped, not
replaced by a newer entry of the same name and form, and within its duration.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from hikma_tui import medicines
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound
from hikma_tui.clinic.permissions import require_sight
from hikma_tui.clock import day_of
from hikma_tui.days import as_date
from hikma_tui.forms_data import items_of
from hikma_tui.forms_entries import entries_of
from hikma_tui.forms_json import as_json, text_of
from hikma_tui.forms_shape import Item
from hikma_tui.medicines_vocabulary import key_of, longest
from hikma_tui.medicines_words import entered, value_text, whole
from hikma_tui.models import Patient, connection, dicts, live

STOPPED_FIELD = "hikma-note-stopped"
STOPPED, RESUMED = "stopped", "resumed"
CURRENT, ENDED, REPLACED = "current", "ended", "replaced"
"""What may have become of an entry, beside ``STOPPED``."""

_PARTS = frozenset(
    ("route", "form", "frequency", "intervals", "dose", "doseUnits", "duration", "durationUnits")
)
_LONGEST = 36_500  # days: what is longer than a life is no duration
_ONCE = frozenset({"at once", "one dose only"})
_MOST_EVENTS = 2000


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
    day: date  # of its visit
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


def require_patient(actor: Actor, patient_id: str) -> dict[str, Any]:
    """A live patient whom the actor may see, read through its view. NotFound, NotAllowed."""
    model = live(Patient)
    found = dicts(model.select().where(model.id == patient_id))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    return found[0]


def all_of(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """Every medicine entered for a patient up to a day, the newest first, each with its status.

    For any thread. NotFound, NotAllowed.
    """
    require_patient(actor, patient_id)
    found = _read(patient_id, on)
    entries = _with_replaced([_at(entry, on) for entry in found.entries])
    marks = sorted(found.marks, key=lambda mark: mark.order)
    events = {one.event_id for one in found.entries}
    return [_marked(entry, marks, events, on) for entry in entries]


def current(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """What a patient takes on a day (decisions.md 17), the newest first. As ``all_of``."""
    return [one for one in all_of(actor, patient_id, on) if one.status == CURRENT]


def last_set(actor: Actor, patient_id: str, on: date) -> list[CurrentMedicine]:
    """The medicines of the newest day that has any, without those that were stopped."""
    found = all_of(actor, patient_id, on)
    newest = found[0].day if found else None
    return [one for one in found if one.day == newest and one.status not in (STOPPED, REPLACED)]


# -- reading ---------------------------------------------------------------------------------------


def _read(patient_id: str, on: date) -> _Found:
    """One query by the index on (patient, created); the newest visit and its newest note first."""
    rows = connection().execute(
        "SELECT e.id, e.form_data, e.created_at, e.metadata, v.id, v.check_in_timestamp,"
        " v.provider_name"
        " FROM live_events e LEFT JOIN live_visits v ON v.id = e.visit_id"
        " WHERE e.patient_id = ? AND (instr(e.form_data, 'medicine') OR instr(e.form_data, ?))"
        " ORDER BY coalesce(v.check_in_timestamp, e.created_at) DESC, e.created_at DESC LIMIT ?",
        (patient_id, STOPPED_FIELD, _MOST_EVENTS),
    )
    found, zone = _Found(), info.zone()
    ahead = on >= info.today()  # a phone whose clock is ahead hides nothing from today's list
    for event_id, data, created, metadata, visit_id, check_in, provider in rows.fetchall():
        moment = created if check_in is None else check_in
        if moment is None or (day_of(moment, zone) > on and not ahead):
            continue
        day, by = day_of(moment, zone), _who(metadata) or provider or ""
        for item in items_of(data):
            if text_of(item.get("fieldType")) == "medicine":
                found.entries += _entries(item, event_id, visit_id or "", day, by)
            if text_of(item.get("fieldId")) == STOPPED_FIELD:
                found.marks += _marks(item, by, created or 0)
    found.entries.sort(key=lambda one: one.day, reverse=True)  # two visits of one day: stable
    return found


def _who(metadata: object) -> str:
    for about in items_of(metadata)[:1]:
        return text_of(about.get("providerName"))
    return ""


def _in(value: object, key: str) -> str:
    return text_of(value.get(key)) if isinstance(value, Mapping) else ""


def _entries(
    item: Item, event_id: str, visit_id: str, day: date, by: str
) -> Iterable[CurrentMedicine]:
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
        yield CurrentMedicine(
            event_id, entry_id, entry, name, day, by, visit_id,
            repeat_of=as_date(_in(entry.get("repeatOf"), "day")),
            given_although=_in(entry.get("allergyOverride"), "reason"),
        )  # fmt: skip


def _marks(item: Item, by: str, created: int) -> Iterable[_Mark]:
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


def end_of(item: Mapping[str, object], start: date) -> tuple[date | None, bool]:
    """The day on which an entry's duration is over, None for until stopped; and whether a duration
    is written that can't be read (then it counts as not over).
    """
    duration = entered(item.get("duration"))
    if not duration:
        return (start, False) if _is_once(item) else (None, False)
    least, _dash, most = duration.rpartition("-")
    number = whole(most if least else duration)  # "5-7 days": as long as it may last
    unit = longest("spans", [key_of(value_text(item.get("durationUnits")))], 0)
    if number is None or number < 0 or unit is None:
        return None, True
    return _after(start, number, str(unit[1].value))


def _after(start: date, number: int, unit: str) -> tuple[date | None, bool]:
    days = {"hours": -(-number // 24), "days": number, "weeks": 7 * number}.get(unit)
    rough = days if days is not None else number * (31 if unit == "months" else 366)
    if rough > _LONGEST:
        return None, True
    try:
        if days is not None:
            return start + timedelta(days=days), False
        return _months_after(start, number * (12 if unit == "years" else 1)), False
    except (OverflowError, ValueError):
        return None, True


def _months_after(start: date, months: int) -> date:
    """The same day so many months on, or the last of a shorter month."""
    year, month = divmod(start.month - 1 + months, 12)
    first = date(start.year + year, month + 1, 1)
    last = (first.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)
    return first.replace(day=min(start.day, last.day))


def _is_once(item: Mapping[str, object]) -> bool:
    """Whether it was given once and is over: "at once", "one dose only", and nothing beside it."""
    keys = [key_of(word) for word in entered(item.get("frequency")).replace(",", " ").split()]
    at = 0
    while at < len(keys):
        phrase = longest("words", keys, at)
        if phrase is None or phrase[1].value not in _ONCE:
            return False
        at += phrase[0]
    return bool(keys)


def _at(entry: CurrentMedicine, on: date) -> CurrentMedicine:
    """The entry as it stands on a day, by its duration alone."""
    until, unclear = end_of(entry.item, entry.day)
    if until is None:
        return replace(entry, duration_unclear=unclear)
    left = (until - on).days
    if left < 0:
        return replace(entry, until=until, status=ENDED)
    return replace(entry, until=until, days_left=left)


def _same(one: CurrentMedicine) -> tuple[str, str]:
    return medicines.substance(one.name), value_text(one.item.get("form")).casefold()


def _with_replaced(entries: Sequence[CurrentMedicine]) -> list[CurrentMedicine]:
    """The newer entry of the same name and form replaces one that was still going on.

    In doubt both are shown: of one day (5 mg in the morning, 10 mg at night, each in a line of its
    own), by another route; and what was given once takes the place of nothing.
    """
    newest: dict[tuple[str, str], int] = {}
    out = list(entries)
    for index, entry in enumerate(entries):
        same = _same(entry)
        if _is_once(entry.item):
            continue
        newer_at = newest.get(same)
        if newer_at is None:
            newest[same] = index
            continue
        newer = out[newer_at]
        if _beside(newer, entry):
            continue
        newest[same] = index
        if entry.until is not None and entry.until < newer.day:
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
    if newer.day == entry.day:
        return newer.words != entry.words
    routes = {value_text(one.item.get("route")).casefold() for one in (newer, entry)}
    return "" not in routes and len(routes) == 2


def _dose(entry: CurrentMedicine) -> str:
    """The dose in words; with the strength where that is part of the name."""
    strength = entry.name if any(char.isdigit() for char in entry.name) else ""
    dose = medicines.dose_words(entry.item)
    return f"{strength}, {dose}" if strength and dose else dose


def _marked(
    entry: CurrentMedicine,
    marks: Sequence[_Mark],
    events: set[str],
    on: date,
) -> CurrentMedicine:
    """The entry with the last thing that was said of it: stopped, or taken up again."""
    mine = [m for m in marks if (m.day is None or m.day <= on) and _is_of(m, entry, events)]
    if not mine or mine[-1].kind == RESUMED:
        return entry
    last = mine[-1]
    return replace(
        entry, status=STOPPED, days_left=None, stopped_on=last.day, stopped_by=last.by,
        reason=last.reason,
    )  # fmt: skip


def _is_of(mark: _Mark, entry: CurrentMedicine, events: set[str]) -> bool:
    if mark.event_id in events:
        return (mark.event_id, mark.entry_id) == (entry.event_id, entry.entry_id)
    # The note was moved or came back under another id: what was stopped stays stopped.
    same = medicines.substance(mark.name) == medicines.substance(entry.name)
    return same and mark.given_on == entry.day.isoformat()
