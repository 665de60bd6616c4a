"""What was recorded for a patient, for a report: every live row, under its visit, in words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import TYPE_CHECKING, Any

from hikma_tui import forms, vitals
from hikma_tui.clinic import addenda, info
from hikma_tui.clinic.moving_notes import came_from, mapping, went_away
from hikma_tui.clinic.report_words import (
    away_words,
    came_words,
    day_words,
    kind_of,
    moment_words,
    note_day,
    states,
    strength_words,
)
from hikma_tui.clinic.vitals import Entry
from hikma_tui.clock import day_of
from hikma_tui.i18n import _, language
from hikma_tui.models import (
    Appointment,
    Clinic,
    Drug,
    Event,
    EventForm,
    Prescription,
    PrescriptionItem,
    Problem,
    Synced,
    User,
    Visit,
    Vitals,
    connection,
    dicts,
    live,
)
from hikma_tui.report import Line, Part

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_KINDS: tuple[tuple[type[Synced], str], ...] = (
    (Vitals, "visit_id"), (Event, "visit_id"), (Problem, "visit_id"),
    (Prescription, "visit_id"), (Appointment, "current_visit_id"),
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One live row and where it belongs: ``visit_id`` is that of a live visit, or ""."""

    table: str
    row: Mapping[str, Any]
    visit_id: str
    who: str


class Records:
    """Everything live of one patient, read in the caller's one moment of the store."""

    def __init__(self, patient_id: str, entries: Sequence[Entry]) -> None:
        self.zone: ZoneInfo | None = info.zone()
        self.in_force: tzinfo = info.zone_in_force()
        self.today: date = info.today()
        self.users = _named(User)
        self.clinics = _named(Clinic)
        self._entries = {entry.id: entry for entry in entries}
        visits = live(Visit)
        mine = visits.select().where(visits.patient_id == patient_id)
        order = (visits.check_in_timestamp.desc(), visits.pk.desc())
        self.visits: list[dict[str, Any]] = dicts(mine.order_by(*order))
        self.open = {row[0] for row in connection().execute("SELECT visit_id FROM open_visits")}
        self.found = list(self._found(patient_id, {row["id"] for row in self.visits}))
        self._items = _items_of(patient_id)
        self._forms: dict[str, forms.Form | None] = {}

    def _found(self, patient_id: str, visit_ids: set[str]) -> Iterator[Found]:
        """In the order of recording. A visit that is not live is not named."""
        for model, column in _KINDS:
            rows = live(model)
            where = rows._meta.fields["patient_id"] == patient_id
            created = rows._meta.fields["created_at"]
            for row in dicts(rows.select().where(where).order_by(created, rows.pk)):
                place = row[column] if row[column] in visit_ids else ""
                yield Found(model._meta.table_name, row, place or "", self._who(row))

    def _who(self, row: Mapping[str, Any]) -> str:
        author = row.get("recorded_by_user_id") or row.get("provider_id") or row.get("user_id")
        said = mapping(row["metadata"]).get("providerName")
        return str(said or self.users.get(author or "") or "")

    def day_of(self, ms: int | None) -> date | None:
        """The day of a moment in the clinic's zone."""
        return None if ms is None else day_of(ms, self.zone)

    # A visit -------------------------------------------------------------------------------

    def visit(self, row: Mapping[str, Any], *, with_loose: bool = False) -> Part:
        """One visit with all its records, in the order of recording.

        ``with_loose`` adds the vitals of its day that hang on no visit, and says so.
        """
        day = self.day_of(row["check_in_timestamp"])
        mine = [one for one in self.found if one.visit_id == row["id"]]
        if with_loose:
            mine += [one for one in self.loose() if self._is_vitals_of(one, day)]
        mine.sort(key=lambda one: one.row["created_at"] or 0)
        about = [
            self.clinics.get(row["clinic_id"] or "", ""), row["provider_name"] or "",
            _("still open") if row["id"] in self.open else "",
            _("entered late") if any(self._is_late(one, day) for one in mine) else "",
        ]  # fmt: skip
        lines = [Line("", away_words(n, self.zone)) for n in went_away(row["metadata"])]
        came = came_from(row["metadata"])
        if came is not None:
            lines.insert(0, Line(_("Moved here"), came_words(came, self.zone)))
        if not mine:
            lines.append(Line("", _("Nothing is recorded in this visit.")))
        title = _("Visit of {day}").format(day=day_words(day))
        parts = tuple(self.record(one, day) for one in mine)
        return Part(title, "; ".join(part for part in about if part), tuple(lines), parts=parts)

    def loose(self) -> list[Found]:
        """What hangs on no live visit: vitals, notes, prescriptions, appointments. A problem is on
        the problem list in any case.
        """
        return [one for one in self.found if not one.visit_id and one.table != "patient_problems"]

    def _is_vitals_of(self, one: Found, day: date | None) -> bool:
        return one.table == "patient_vitals" and self.day_of(one.row["timestamp"]) == day

    def _is_late(self, one: Found, day: date | None) -> bool:
        created = self.day_of(one.row["created_at"])
        return created is not None and day is not None and created > day

    # A record ------------------------------------------------------------------------------

    def record(self, one: Found, day: date | None) -> Part:
        """One row: what it is, who recorded it when, its answers, and what came afterwards."""
        row = one.row
        about = [one.who, _("recorded {moment}").format(
            moment=moment_words(row["created_at"], self.zone))]  # fmt: skip
        if self._is_late(one, day):
            about.append(_("entered late"))
        if not one.visit_id and one.table == "patient_vitals":
            about.append(_("in no visit"))
        notes = addenda.of(row["metadata"])
        if any(note.correction for note in notes):
            about.append(_("corrected"))
        lines = [*self._content(one), *self._afterwards(row, notes)]
        return Part(self._title(one), "; ".join(part for part in about if part), tuple(lines))

    def _title(self, one: Found) -> str:
        if one.table != "events":
            return kind_of(one.table)
        form = self._form(one.row["form_id"])
        name = forms.translate(form.name, language()) if form is not None else ""
        return name or str(one.row["event_type"] or "") or _("(no form)")

    def _form(self, form_id: str | None) -> forms.Form | None:
        """The form, where it is live; read once."""
        if not form_id:
            return None
        if form_id not in self._forms:
            model = live(EventForm)
            found = dicts(model.select().where(model.id == form_id))
            self._forms[form_id] = forms.event_form(found[0]) if found else None
        return self._forms[form_id]

    def _content(self, one: Found) -> Iterator[Line]:
        row = one.row
        if one.table == "events":
            form = self._form(row["form_id"])
            for answer in forms.shown(
                form, row["form_data"], language(), self.today, self.in_force
            ):
                yield Line(answer.label, answer.text)
        elif one.table == "patient_vitals":
            yield from self._vitals(row)
        elif one.table == "patient_problems":
            yield from _problem(row)
        elif one.table == "appointments":
            yield from self.appointment(row)
        else:
            yield from self._prescription(row)

    def _vitals(self, row: Mapping[str, Any]) -> Iterator[Line]:
        entry = self._entries.get(row["id"])
        yield Line(_("Measured"), moment_words(row["timestamp"], self.zone))
        for piece in entry.pieces if entry is not None else []:
            pressure = piece.name == "systolic_bp"
            label = _("Blood pressure") if pressure else vitals.field(piece.name).label
            said = (piece.text, vitals.mark_word(piece.mark))
            yield Line(label, " ".join(part for part in said if part))
        for name, typed in mapping(mapping(row["metadata"]).get("entered")).items():
            yield Line(_("Entered as"), f"{_sign(name)}: {typed}")

    def appointment(self, row: Mapping[str, Any]) -> Iterator[Line]:
        """An appointment as lines."""
        yield Line(_("Planned for"), moment_words(row["timestamp"], self.zone))
        said = (
            (_("Clinic"), self.clinics.get(row["clinic_id"], "")), (_("Reason"), row["reason"]),
            (_("Notes"), row["notes"]), (_("Status"), states(row["status"])),
        )  # fmt: skip
        yield from (Line(label, str(text)) for label, text in said if text)

    def _prescription(self, row: Mapping[str, Any]) -> Iterator[Line]:
        yield Line(_("Prescribed"), moment_words(row["prescribed_at"], self.zone))
        for item in self._items.get(row["id"], ()):
            yield Line(_("Medicine"), item)
        for label, text in ((_("Status"), states(row["status"])), (_("Notes"), row["notes"])):
            if text:
                yield Line(label, str(text))

    def _afterwards(
        self, row: Mapping[str, Any], notes: Iterable[addenda.Addendum]
    ) -> Iterator[Line]:
        """Where it came from, what was added, what a correction changed and what stood before."""
        came = came_from(row["metadata"])
        if came is not None:
            yield Line(_("Moved here"), came_words(came, self.zone))
        for note in notes:
            label = _("Corrected") if note.correction else _("Addendum")
            told = [f"{note_day(note.at, self.zone)}, {note.by}: {note.text}"]
            told += [_("before: {answer}").format(answer=self._before(i)) for i in note.before]
            yield Line(label, "\n".join(told))

    def _before(self, item: Mapping[str, Any]) -> str:
        name = str(item.get("name") or "")
        if "fieldId" not in item:  # a column of vitals
            return f"{_sign(name)}: {item.get('value')}"
        shown = forms.shown(None, [item], language(), self.today, self.in_force)
        text = "; ".join(one.text.replace("\n", ", ") for one in shown) or _("(empty)")
        return f"{name}: {text}" if name else text


def _sign(name: str) -> str:
    return next((one.label for one in vitals.FIELDS if one.name == name), name)


def _named(model: type[User] | type[Clinic]) -> dict[str, str]:
    rows = live(model)
    return {row["id"]: row["name"] or "" for row in dicts(rows.select(rows.id, rows.name))}


def _problem(row: Mapping[str, Any]) -> Iterator[Line]:
    yield Line(_("Problem"), str(row["problem_label"]))
    yield Line(_("Status"), states(row["clinical_status"], row["verification_status"]))
    for label, name in ((_("Since"), "onset_date"), (_("Until"), "end_date")):
        if row[name]:
            yield Line(label, day_words(str(row[name])))


def _items_of(patient_id: str) -> dict[str, list[str]]:
    """The medicines of the patient's prescriptions, in words, by prescription."""
    items = live(PrescriptionItem)
    rows = dicts(items.select().where(items.patient_id == patient_id).order_by(items.pk))
    names = drug_names({row["drug_id"] for row in rows})
    found: dict[str, list[str]] = {}
    for row in rows:
        parts = [
            names.get(row["drug_id"], _("(a medicine that is not in the catalogue)")),
            row["dosage_instructions"] or "",
            _("prescribed {n}").format(n=row["quantity_prescribed"]),
        ]
        if row["quantity_dispensed"]:
            parts.append(_("handed out {n}").format(n=row["quantity_dispensed"]))
        parts += [states(row["item_status"]), row["notes"] or ""]
        found.setdefault(row["prescription_id"], []).append(", ".join(p for p in parts if p))
    return found


def drug_names(ids: set[str]) -> dict[str, str]:
    """Name, strength and form of the live drugs of these ids."""
    drugs = live(Drug)
    named = {}
    for row in dicts(drugs.select().where(drugs.id.in_(list(ids)))):
        strength = strength_words(row)
        name = row["generic_name"] or row["brand_name"] or ""
        named[row["id"]] = " ".join(part for part in (name, strength, row["form"]) if part)
    return named
