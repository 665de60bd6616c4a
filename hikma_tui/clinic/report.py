"""The report of a patient or of one visit: who may take it out, what is written down of that, and
everything live that belongs into it.

``begin`` is saved before anything leaves (the audit trail's EXPORT), ``gather`` reads in one moment
of the store through the views of what is live.
"""

from __future__ import annotations

from typing import Any

from hikma_tui import __version__
from hikma_tui.clinic import audit, info, patients, vitals
from hikma_tui.clinic import report_chapters as chapters
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound, Refused
from hikma_tui.clinic.moving_notes import went_away
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.permissions import Flag, may_see, require, require_sight
from hikma_tui.clinic.report_records import Records
from hikma_tui.clinic.report_words import (
    away_words,
    birth_words,
    moment_words,
    sex_words,
)
from hikma_tui.days import Birth, age_text
from hikma_tui.i18n import _, language, ngettext
from hikma_tui.ids import new_id
from hikma_tui.models import Patient, Visit, dicts, live
from hikma_tui.report import Line, Part, Report

_EVERYTHING = 1_000_000_000  # entries: no limit


def named(actor: Actor, word: str) -> str:
    """The id of the live patient with exactly this id or card number. NotFound; Refused when
    several that the actor may see have the number.
    """
    model = live(Patient)
    where = (model.id == word) | (model.external_patient_id == word)
    found = dicts(model.select().where(where).limit(50)) if word else []
    if not found:
        raise NotFound(_("There is no patient with this id or number: {word}").format(word=word))
    exact = [row for row in found if row["id"] == word] or found
    # Another clinic's patient with the same number is in nobody's way and is not told of.
    exact = [row for row in exact if may_see(actor, row["primary_clinic_id"])] or exact[:1]
    if len(exact) > 1:
        raise Refused(
            _("{n} patients have the number {word}: give the id instead.").format(
                n=len(exact), word=word
            )
        )
    require_sight(actor, exact[0]["primary_clinic_id"])
    return str(exact[0]["id"])


def may_report(actor: Actor, patient_id: str, visit_id: str | None = None) -> dict[str, Any]:
    """The live patient's row, of whom the actor may take a report out. NotFound, NotAllowed.

    For any thread: reads views only.
    """
    model = live(Patient)
    found = dicts(model.select().where(model.id == patient_id))
    if not found:
        raise NotFound()
    require_sight(actor, found[0]["primary_clinic_id"])
    require(actor, Flag.DOWNLOAD_PATIENT_REPORTS, found[0]["primary_clinic_id"])
    if visit_id is not None:
        visits = live(Visit)
        of_patient = (visits.id == visit_id) & (visits.patient_id == patient_id)
        if not dicts(visits.select(visits.id).where(of_patient)):
            raise NotFound()
    return found[0]


def begin(actor: Actor, patient_id: str, visit_id: str | None, kind: str) -> None:
    """Write down that a report is about to leave: ``kind`` is text, html, screen or pager.

    Saved before it leaves, so that a power cut can't hide it (features.md 1.14: EXPORT with
    ``row_ids`` and ``format``). NotFound, NotAllowed; then nothing is written down and nothing may
    leave.
    """
    may_report(actor, patient_id, visit_id)
    now = info.now_ms()
    changes: dict[str, Any] = {"row_ids": [patient_id], "format": kind}
    if visit_id is not None:
        changes["visit_id"] = visit_id
    audit.append(actor, new_id(now), [audit.Entry("EXPORT", "patients", patient_id, changes)], now)


def gather(
    actor: Actor, patient_id: str, visit_id: str | None = None
) -> tuple[PatientCard, Report]:
    """The report and the patient's card. NotFound, NotAllowed. On a thread of the store."""
    row = may_report(actor, patient_id, visit_id)
    card = patients.whole_card(row)
    entries = vitals.history(actor, patient_id, _EVERYTHING)
    records = Records(patient_id, entries)
    if visit_id is None:
        title, parts = _("Report of a patient"), _whole(actor, row, card, records, entries)
    else:
        title, parts = _("Report of a visit"), _one_visit(actor, card, records, visit_id)
    known = [part for part in parts if part is not None]
    report = Report(
        title, language(), _name(card), _facts(card), card.external_patient_id,
        info.today().isoformat(), _made(actor, records), _caution(), tuple(chapters.alerts(card)),
        tuple(known),
    )  # fmt: skip
    return card, report


def _whole(
    actor: Actor, row: dict[str, Any], card: PatientCard, records: Records,
    entries: list[vitals.Entry],
) -> list[Part | None]:  # fmt: skip
    now, *before = chapters.medicine_lists(actor, card, records)
    return [
        chapters.allergy_list(actor, card),
        chapters.problem_list(actor, card, past=False),
        now,
        chapters.vitals_history(entries, records),
        chapters.results(actor, card),
        chapters.appointments(records),
        chapters.referrals(actor, card),
        chapters.problem_list(actor, card, past=True),
        *before,
        chapters.handed_out(card, records),
        chapters.identity(card, records),
        _visits(row, records),
        _in_no_visit(records),
    ]


def _one_visit(
    actor: Actor, card: PatientCard, records: Records, visit_id: str
) -> list[Part | None]:
    """The visit, and below it what a reader must know beside it."""
    row = next((one for one in records.visits if one["id"] == visit_id), None)
    if row is None:
        raise NotFound()
    return [
        records.visit(row, with_loose=True),
        chapters.allergy_list(actor, card),
        chapters.problem_list(actor, card, past=False),
        chapters.medicine_lists(actor, card, records)[0],
    ]


def _visits(row: dict[str, Any], records: Records) -> Part:
    n = len(records.visits)
    about = ngettext("{n} visit, the newest first.", "{n} visits, the newest first.", n)
    lines = tuple(Line("", away_words(note, records.zone)) for note in went_away(row["metadata"]))
    parts = tuple(records.visit(one) for one in records.visits)
    return Part(_("Visits"), about.format(n=n) if n else _("None is recorded."), lines, parts=parts)


def _in_no_visit(records: Records) -> Part | None:
    loose = records.loose()
    if not loose:
        return None
    loose.reverse()
    parts = tuple(records.record(one, None) for one in loose)
    return Part(_("Recorded in no visit"), parts=parts)


def _name(card: PatientCard) -> str:
    """As a clinic writes it on a file: ``HASSAN, Mohammed``; as it is in other scripts."""
    surname, given = card.surname.strip(), card.given_name.strip()
    if surname and given:
        return f"{surname.upper()}, {given}" if surname.isascii() else f"{given} {surname}"
    return surname or given or _("(no name)")


def _facts(card: PatientCard) -> str:
    birth = Birth(card.date_of_birth or None, card.birth_estimated)
    parts = [sex_words(card.sex), age_text(birth, info.today()), birth_words(birth)]
    if card.external_patient_id:
        parts.append(_("number {number}").format(number=card.external_patient_id))
    return ", ".join(parts)


def _made(actor: Actor, records: Records) -> tuple[Line, ...]:
    clinics = records.clinics
    where = clinics.get(actor.clinic_id or "", "")
    demo = (Line(_("DEMO"), _("nobody in this report is real"), loud=True),)
    zone = info.get("time_zone")
    moment = moment_words(info.now_ms(), records.zone)
    return (
        *(demo if info.get("demo") == "1" else ()),
        Line(_("As of"), f"{moment} ({zone})" if zone else moment),
        Line(_("Clinic"), where),
        Line(_("Made by"), actor.user_name),
        Line(_("Program"), f"hikma-tui {__version__}"),
    )


def _caution() -> str:
    return _(
        "Confidential. This report shows what was recorded in this clinic's program at that"
        " moment, and nothing that was recorded elsewhere or later. What is not written here was"
        " not recorded; that does not mean that it was not there."
    )
