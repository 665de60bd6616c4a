"""What happened to a patient: the time line of visits, one visit, one event; and today's work.

Only looks, never saves. A page of the time line costs the same for 2 visits and for 200.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from hikma_tui import tables_rows
from hikma_tui.clinic import chart_loose, drafts, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound
from hikma_tui.clinic.moving_notes import Note, came_from, went_away
from hikma_tui.clinic.patients import PatientCard, _card, whole_card
from hikma_tui.clinic.permissions import require_sight, sight
from hikma_tui.clock import day_bounds, day_of
from hikma_tui.i18n import language
from hikma_tui.models import Event, Patient, Problem, Visit, Vitals, connection, dicts, live

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

PAGE = 24  # visits read at a time: a screenful; more are read when the list comes to its end


@dataclass(frozen=True)
class EventLine:
    """One filled form, as a line."""

    id: str
    form_name: str
    form_id: str | None
    summary: str
    provider: str
    created_at: int | None
    corrected: bool
    addenda: int = 0
    came: Note | None = None  # it was moved here from another patient


@dataclass(frozen=True)
class VisitLine:
    """One visit with what was recorded in it."""

    id: str
    day: date | None
    check_in: int | None
    clinic_id: str | None
    clinic: str
    provider: str
    events: tuple[EventLine, ...]
    late: bool  # something was entered on a later day (decisions.md 18)
    open: bool
    vitals: tuple[Mapping[str, Any], ...] = ()  # rows, oldest first
    problems: tuple[str, ...] = ()  # labels of what was put on the problem list in it
    planned: int = 0  # appointments made in it
    prescribed: int = 0  # prescriptions written in it
    left: tuple[Note, ...] = ()  # what was moved from it to another patient
    came: Note | None = None  # the visit itself was moved here

    @property
    def empty(self) -> bool:
        """Whether nothing at all is recorded in it."""
        return not (self.events or self.vitals or self.problems or self.planned or self.prescribed)


@dataclass(frozen=True)
class Loose:
    """A record that hangs on no live visit, on its own day. ``event`` is a note as a line."""

    table: str
    id: str
    day: date | None
    moment: int | None  # ms
    row: Mapping[str, Any]
    event: EventLine | None = None


@dataclass(frozen=True)
class Chart:
    """A page of a patient's time line."""

    patient: PatientCard
    visits: tuple[VisitLine, ...]
    total: int  # live visits of the patient
    loose: tuple[Loose, ...] = ()  # of the days of this page, newest of each kind first
    left: tuple[Note, ...] = ()  # whole visits that were moved to another patient


@dataclass(frozen=True)
class TodayLine:
    """A patient on today's list."""

    kind: str  # "draft", "open", "seen"
    patient: PatientCard | None
    moment: int
    note: str
    place: str = ""  # of a draft


def _patient(actor: Actor, patient_id: str) -> dict[str, Any]:
    found = tables_rows.read(live(Patient), "WHERE id = ?", (patient_id,))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    return found[0]


def chart(actor: Actor, patient_id: str, limit: int = PAGE, offset: int = 0) -> Chart:
    """A page of a live patient's visits, newest first. NotFound, NotAllowed."""
    patient = _patient(actor, patient_id)
    page = tables_rows.read(
        live(Visit),
        "WHERE patient_id = ? ORDER BY check_in_timestamp DESC, pk DESC LIMIT ? OFFSET ?",
        (patient_id, limit, offset),
    )
    total = connection().execute(
        "SELECT count(*) FROM live_visits WHERE patient_id = ?", (patient_id,)
    ).fetchone()[0]  # fmt: skip
    back_to = page[-1]["check_in_timestamp"] if page and offset + len(page) < total else None
    loose = () if offset else tuple(_loose(patient_id, back_to))
    left = went_away(patient["metadata"])
    return Chart(whole_card(patient), tuple(_lines(page)), total, loose, left)


def _loose(patient_id: str, back_to: int | None) -> Iterator[Loose]:
    zone, found = info.zone(), chart_loose.loose(patient_id, back_to)
    names = _form_names() if any(table == "events" for table, _moment, _row in found) else {}
    for table, moment, row in found:
        day = None if moment is None else day_of(moment, zone)
        event = _event_line(row, names) if table == "events" else None
        yield Loose(table, row["id"], day, moment, row, event)


def chart_of_loose(actor: Actor, patient_id: str, row_id: str) -> tuple[PatientCard, Loose] | None:
    """A live patient and the record of that id, if it hangs on no visit. NotFound, NotAllowed."""
    patient = _patient(actor, patient_id)
    found = next((one for one in _loose(patient_id, None) if one.id == row_id), None)
    return (whole_card(patient), found) if found is not None else None


def visit(actor: Actor, visit_id: str) -> tuple[PatientCard, VisitLine]:
    """One live visit and its patient. NotFound, NotAllowed."""
    model = live(Visit)
    found = dicts(model.select().where(model.id == visit_id))
    if not found:
        raise NotFound()
    return whole_card(_patient(actor, found[0]["patient_id"])), _lines(found)[0]


def event(actor: Actor, event_id: str) -> tuple[PatientCard, dict[str, Any], VisitLine | None]:
    """One live event with all its columns, its patient, and its visit. NotFound, NotAllowed."""
    model = live(Event)
    found = dicts(model.select().where(model.id == event_id))
    if not found:
        raise NotFound()
    row = found[0]
    visits = live(Visit)
    of_visit = dicts(visits.select().where(visits.id == row["visit_id"]))
    line = _lines(of_visit)[0] if of_visit else None
    return whole_card(_patient(actor, row["patient_id"])), row, line


def _lines(rows: list[dict[str, Any]]) -> list[VisitLine]:
    """Visits with their events, read in one query for the whole page."""
    zone = info.zone()
    ids = [row["id"] for row in rows]
    owners = {row["patient_id"] for row in rows}
    events = _by_visit(Event, ids, owners)
    vitals = _by_visit(Vitals, ids, owners)
    problems = _by_visit(Problem, ids, owners)
    planned = _counted("appointments", "current_visit_id", ids)
    prescribed = _counted("prescriptions", "visit_id", ids)
    clinics = dict(connection().execute("SELECT id, name FROM live_clinics").fetchall())
    names = _form_names()
    opened = {row[0] for row in connection().execute("SELECT visit_id FROM open_visits")}
    lines = []
    for row in rows:
        moment, visit_id = row["check_in_timestamp"], row["id"]
        day = None if moment is None else day_of(moment, zone)
        mine, measured = events.get(visit_id, []), vitals.get(visit_id, [])
        found = problems.get(visit_id, [])
        lines.append(
            VisitLine(
                visit_id, day, moment, row["clinic_id"], clinics.get(row["clinic_id"], "") or "",
                row["provider_name"] or "", tuple(_event_line(event, names) for event in mine),
                any(_entered_later(one, day, zone) for one in (*mine, *measured, *found)),
                visit_id in opened, tuple(measured),
                tuple(str(one["problem_label"]) for one in found),
                planned.get(visit_id, 0), prescribed.get(visit_id, 0),
                went_away(row["metadata"]), came_from(row["metadata"]),
            )
        )  # fmt: skip
    return lines


def _by_visit(
    model: type[Event] | type[Vitals] | type[Problem], ids: Sequence[str], owners: set[str]
) -> dict[str, list[dict[str, Any]]]:
    """The live rows of these visits, in the order in which they were recorded, in one query.

    A row that names another patient than its visit does stands in that patient's file alone.
    """
    found: dict[str, list[dict[str, Any]]] = {}
    marks = ", ".join("?" * len(ids))
    rest = f"WHERE visit_id IN ({marks}) ORDER BY created_at, pk"
    for row in tables_rows.read(live(model), rest, ids):
        if row["patient_id"] in owners or row["patient_id"] is None:
            found.setdefault(row["visit_id"], []).append(row)
    return found


def _counted(table: str, column: str, ids: Sequence[str]) -> dict[str, int]:
    marks = ", ".join("?" * len(ids))
    query = f"SELECT {column}, count(*) FROM live_{table} WHERE {column} IN ({marks}) GROUP BY 1"
    return dict(connection().execute(query, tuple(ids)).fetchall())


def _entered_later(row: Mapping[str, Any], day: date | None, zone: ZoneInfo | None) -> bool:
    created = row["created_at"]
    return created is not None and day is not None and day_of(created, zone) > day


def _form_names() -> dict[str, str]:
    """The forms' names in the user's language, by id; none where they are stored in it."""
    if language() == "en":
        return {}
    from hikma_tui import forms

    query = "SELECT id, name, translations FROM live_event_forms"
    named = {}
    for form_id, name, translations in connection().execute(query):
        form = forms.event_form({"id": form_id, "name": name, "translations": translations})
        named[form_id] = forms.translate(form.name, language())
    return named


def _event_line(row: Mapping[str, Any], names: Mapping[str, str]) -> EventLine:
    from hikma_tui import forms  # not before a patient is opened: the search needs no forms

    metadata = row["metadata"] if isinstance(row["metadata"], dict) else {}
    name = names.get(row["form_id"] or "") or row["event_type"] or ""
    addenda = metadata.get("addenda")
    return EventLine(
        row["id"], name, row["form_id"], forms.summary(row["form_data"]),
        str(metadata.get("providerName") or ""), row["created_at"],
        bool(metadata.get("corrections")), len(addenda) if isinstance(addenda, list) else 0,
        came_from(metadata),
    )  # fmt: skip


def today(actor: Actor, limit: int = 200) -> list[TodayLine]:
    """What the empty search shows: the actor's drafts, open visits, and who was seen today.

    Empty but for drafts where the clinic's setting says so (decisions.md 20).
    """
    kept = drafts.waiting(actor)
    rows = _today_rows(limit) if info.get("recent_on_empty_search", "today") == "today" else []
    ids = {draft.patient_id for draft in kept if draft.patient_id} | {row[0] for row in rows}
    cards = _cards_seen(actor, ids)
    found = [
        TodayLine("draft", cards.get(draft.patient_id or ""), draft.updated_at, "", draft.place)
        for draft in kept
    ]
    for kind in ("open", "seen"):
        for patient_id, moment, row_kind, provider in rows:
            if row_kind == kind and patient_id in cards:
                found.append(TodayLine(kind, cards[patient_id], moment, provider or ""))
    return found


def _today_rows(limit: int) -> list[tuple[str, int, str, str | None]]:
    """Visits of today, and open ones of other days: (patient, check-in, open or seen, provider).

    The few open visits are walked first (CROSS JOIN): SQLite would walk all visits instead.
    """
    start, end = day_bounds(info.today(), info.zone())
    of_today = connection().execute(
        "SELECT v.patient_id, v.check_in_timestamp,"
        " CASE WHEN o.visit_id IS NULL THEN 'seen' ELSE 'open' END, v.provider_name"
        " FROM live_visits v LEFT JOIN open_visits o ON o.visit_id = v.id"
        " WHERE v.check_in_timestamp >= ? AND v.check_in_timestamp < ?"
        " ORDER BY v.check_in_timestamp DESC LIMIT ?",
        (start, end, limit),
    )
    older = connection().execute(
        "SELECT v.patient_id, v.check_in_timestamp, 'open', v.provider_name"
        " FROM open_visits o CROSS JOIN live_visits v ON v.id = o.visit_id"
        " WHERE v.check_in_timestamp < ? ORDER BY v.check_in_timestamp DESC LIMIT ?",
        (start, limit),
    )
    return [*of_today.fetchall(), *older.fetchall()]


def _cards_seen(actor: Actor, ids: set[str]) -> dict[str, PatientCard]:
    """The cards of those live patients whom the actor may see, by id."""
    model = live(Patient)
    clinics = sight(actor).clinic_ids
    return {
        row["id"]: _card(row)
        for row in dicts(model.select().where(model.id.in_(ids)))
        if clinics is None or not row["primary_clinic_id"] or row["primary_clinic_id"] in clinics
    }
