"""The chapters of a report before its visits: what is known of a patient now, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from hikma_tui import vitals
from hikma_tui.clinic import allergies, measures, medicines, problems, status
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.medicines_given import CURRENT, REPLACED, STOPPED, CurrentMedicine
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.report_records import Records, drug_names
from hikma_tui.clinic.report_words import day_words, moment_words, state, states
from hikma_tui.clinic.standing import Fate
from hikma_tui.clinic.vitals import Entry
from hikma_tui.days import day_of_moment
from hikma_tui.i18n import _
from hikma_tui.models import DispensingRecord, PatientAttribute, connection, dicts, live
from hikma_tui.odd_values import Odd
from hikma_tui.report import Line, Part, Table
from hikma_tui.vitals.measures import MEASURES

_MOST_POINTS = 20  # of one measure, in its chapter; all of them stand in the visits
_MOST_NOTES = 500  # that measures are looked for in (clinic/measures.py)


def alerts(card: PatientCard) -> Iterator[Line]:
    """What must be known before anything else is read: a death, allergies, a pregnancy."""
    if card.status.deceased is not None:
        yield Line(_("DECEASED"), _fate(card.status.deceased), loud=True)
    if card.status.moved is not None:
        yield Line(_("MOVED AWAY"), _fate(card.status.moved), loud=True)
    known = card.allergies
    if known is None or not known.asked:
        yield Line(_("ALLERGIES"), _("NOT ASKED: nobody has recorded an answer"), loud=True)
    elif known.items:
        yield Line(_("ALLERGIES"), "\n".join(known.items), loud=True)
    else:
        yield Line(
            _("Allergies"), _("none known (asked {day})").format(day=day_words(known.none_known))
        )
    found = card.pregnancy
    if found is not None and (found.weeks is None or found.due is None):
        said = _("pregnant, weeks not known (said on {day})").format(day=day_words(found.said_on))
        yield Line(_("Pregnancy"), said)
    elif found is not None:
        said = _("{weeks} weeks and {days} days today, due {due} (said on {day})").format(
            weeks=found.weeks, days=found.days, due=day_words(found.due),
            day=day_words(found.said_on),
        )  # fmt: skip
        yield Line(_("Pregnancy"), said)


def _fate(fate: Fate) -> str:
    parts = [day_words(fate.day) if fate.day else _("day not known"), fate.text]
    return ": ".join(part for part in parts if part)


def identity(card: PatientCard, records: Records) -> Part:
    """Who it is, as registered."""
    said = (
        (_("First name"), card.given_name), (_("Last name"), card.surname),
        (_("Phone"), card.phone), (_("Government id"), card.government_id),
        (_("Number"), card.external_patient_id), (_("Camp"), card.camp),
        (_("Home town"), card.hometown), (_("Citizenship"), card.citizenship),
        (_("Clinic"), records.clinics.get(card.primary_clinic_id or "", "")),
        (_("Registered"), moment_words(card.created_at, records.zone)),
    )  # fmt: skip
    lines = [Line(label, text) for label, text in said if text]
    model = live(PatientAttribute)
    rows = model.select().where(model.patient_id == card.id).order_by(model.pk)
    for row in dicts(rows):
        text = _attribute(row)
        if text:
            lines.append(Line(row["attribute"] or row["attribute_id"], text))
    return Part(_("Registration"), lines=tuple(lines))


def _attribute(row: dict[str, Any]) -> str:
    odd = next((row[n] for n in ("date_value", "boolean_value") if isinstance(row[n], Odd)), None)
    if odd is not None:
        return str(odd)
    if row["date_value"] is not None:
        from hikma_tui.columns import moment_text

        return day_words(day_of_moment(moment_text(row["date_value"])))
    if row["boolean_value"] is not None and row["string_value"] in (None, ""):
        return _("yes") if row["boolean_value"] else _("no")
    value = row["string_value"] if row["string_value"] not in (None, "") else row["number_value"]
    return "" if value is None else str(value)


def allergy_list(actor: Actor, card: PatientCard) -> Part | None:
    """Each allergy with what is known of it; those refuted too, and that they are."""
    lines = []
    for one in allergies.listed(actor, card.id):
        said = [
            state(one.severity), state(one.certainty), one.medicine_class,
            _("recorded {day}").format(day=day_words(one.day)) if one.day else "",
        ]  # fmt: skip
        if not one.counts:
            said.insert(0, _("NO LONGER HELD TO BE TRUE"))
            said.append(one.reason)
        lines.append(Line(one.words, ", ".join(part for part in said if part)))
    return Part(_("Allergies"), lines=tuple(lines)) if lines else None


def problem_list(actor: Actor, card: PatientCard, *, past: bool) -> Part:
    """The problems that stand, or those that are over."""
    lines = []
    for one in problems.listed(actor, card.id):
        if one.is_over is not past:
            continue
        said = [
            f"{one.system} {one.code}" if one.code else "", states(one.status, one.certainty),
            _("severity {n} of 10").format(n=one.severity) if one.severity is not None else "",
            _("since {day}").format(day=day_words(one.onset)) if one.onset else "",
            _("until {day}").format(day=day_words(one.end)) if one.end else "",
        ]  # fmt: skip
        reasons = [str(note.get("reason") or "") for note in one.history]
        said += [reason for reason in reasons[-1:] if reason]
        lines.append(Line(one.label, ", ".join(part for part in said if part)))
    title = _("Past problems") if past else _("Active problems")
    return Part(title, lines=tuple(lines) or (Line("", _("None is recorded.")),))


def medicine_lists(actor: Actor, card: PatientCard, records: Records) -> list[Part]:
    """Current medicines; then those that were stopped, changed, or are over."""
    today = records.today
    found = medicines.all_of(actor, card.id, today)
    now = tuple(_medicine(one) for one in found if one.status == CURRENT)
    before = tuple(_medicine(one) for one in found if one.status != CURRENT)
    about = _("As recorded here. Interactions between medicines are not checked.")
    if any(one.table == "prescriptions" for one in records.found):
        about += " " + _("Prescriptions to the pharmacy are not among them: see the visits.")
    none = (Line("", _("None is recorded.")),)
    parts = [Part(_("Current medicines on {day}").format(day=day_words(today)), about, now or none)]
    if before:
        parts.append(Part(_("Medicines before"), lines=before))
    return parts


def _medicine(one: CurrentMedicine) -> Line:
    told = [one.words]
    if one.status == STOPPED:
        stopped = _("STOPPED {day} by {user}: {reason}")
        told.append(
            stopped.format(day=day_words(one.stopped_on), user=one.stopped_by, reason=one.reason)
        )
    elif one.status == REPLACED:
        told.append(_("replaced by a newer entry"))
    elif one.until is not None:
        ends = _("until {day}") if one.status == CURRENT else _("was over on {day}")
        told.append(ends.format(day=day_words(one.until)))
    elif one.duration_unclear:
        told.append(_("the duration that is written can't be read"))
    else:
        told.append(_("until it is stopped"))
    if one.was:
        told.append(_("before: {dose}").format(dose=one.was))
    if one.given_although:
        told.append(_("GIVEN IN SPITE OF AN ALLERGY: {reason}").format(reason=one.given_although))
    told.append(_("entered by {user}").format(user=one.by) if one.by else "")
    said = "; ".join(part for part in told[1:] if part)
    return Line(day_words(one.day) if one.day else _("day not known"), f"{told[0]}\n{said}")


def vitals_history(entries: Sequence[Entry], records: Records) -> Part | None:
    """Every entry, newest first, a sign in each column; marks are words."""
    if not entries:
        return None
    heads: dict[str, str] = {}
    for entry in entries:
        heads |= {piece.name: piece.label for piece in entry.pieces}
    order = [one.name for one in vitals.FIELDS if one.name in heads]
    days = [entry.day for entry in entries]
    rows = []
    for entry in entries:
        cells = {
            piece.name: " ".join(p for p in (piece.text, vitals.mark_word(piece.mark)) if p)
            for piece in entry.pieces
        }
        several = days.count(entry.day) > 1
        when = moment_words(entry.moment, records.zone) if several else day_words(entry.day)
        rows.append((when, *(cells.get(name, "") for name in order)))
    table = Table((_("Day"), *(heads[name] for name in order)), tuple(rows))
    about = _("Newest first. HIGH and LOW are by the age then.")
    return Part(_("Vital signs"), about, table=table)


def results(actor: Actor, card: PatientCard) -> Part | None:
    """Measures and bedside results in the answers to forms, the newest first."""
    found = measures.points(actor, card.id)
    rows: list[tuple[str, ...]] = []
    for one in MEASURES:
        points = found.get(one.key, [])
        for point in points[:_MOST_POINTS]:  # each with its name: a page may break between them
            value = " ".join(p for p in (point.text, vitals.mark_word(point.mark)) if p)
            rows.append((one.label, day_words(point.day), value, point.source))
        if len(points) > _MOST_POINTS:
            more = _("and {n} before that: see the visits").format(n=len(points) - _MOST_POINTS)
            rows.append((one.label, more, "", ""))
    if not rows:
        return None
    notes = connection().execute(
        "SELECT count(*) FROM live_events WHERE patient_id = ?", (card.id,)
    )
    about = _("From the answers to forms.")
    if notes.fetchone()[0] > _MOST_NOTES:
        about = _("From the newest {n} notes; older ones stand in the visits.").format(
            n=_MOST_NOTES
        )
    # cells of their own, so that no browser mixes numbers and units into an Arabic line
    table = Table((_("Measure"), _("Day"), _("Value"), _("Recorded in")), tuple(rows), clear=True)
    return Part(_("Measures and bedside results"), about, table=table)


def referrals(actor: Actor, card: PatientCard) -> Part | None:
    """Where the patient was sent, and what came of it."""
    lines = []
    for one in status.referrals(actor, card.id):
        came = one.outcome or _("nobody has said what came of it")
        if one.outcome and one.outcome_day:
            came = f"{day_words(one.outcome_day)}: {one.outcome}"
        said = [f"{one.where} ({one.urgency})" if one.urgency else one.where, one.why, came]
        lines.append(Line(day_words(one.day), "\n".join(part for part in said if part)))
    return Part(_("Referrals"), lines=tuple(lines)) if lines else None


def appointments(records: Records) -> Part | None:
    """Every appointment, the latest first."""
    rows = [one.row for one in records.found if one.table == "appointments"]
    rows.sort(key=lambda row: row["timestamp"] or 0, reverse=True)
    lines = []
    for row in rows:
        _when, *about = records.appointment(row)
        text = "; ".join(line.text for line in about)
        lines.append(Line(moment_words(row["timestamp"], records.zone), text))
    return Part(_("Appointments"), lines=tuple(lines)) if lines else None


def handed_out(card: PatientCard, records: Records) -> Part | None:
    """Medicines that were handed out, the newest first."""
    model = live(DispensingRecord)
    query = model.select().where(model.patient_id == card.id)
    rows = dicts(query.order_by(model.dispensed_at.desc(), model.pk.desc()))
    names = drug_names({row["drug_id"] for row in rows})
    lines = []
    for row in rows:
        name = names.get(row["drug_id"], _("(a medicine that is not in the catalogue)"))
        days = row["days_supply"]
        said = [
            f"{name} x {row['quantity_dispensed']}", row["dosage_instructions"] or "",
            _("for {n} days").format(n=days) if days else "",
            records.users.get(row["dispensed_by"], ""),
        ]  # fmt: skip
        when = moment_words(row["dispensed_at"], records.zone)
        lines.append(Line(when, ", ".join(part for part in said if part)))
    return Part(_("Medicines handed out"), lines=tuple(lines)) if lines else None
