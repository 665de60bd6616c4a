"""A patient's allergies: what must be known before anything is given (decisions.md 14).

They are rows of the problem list with a fixed code (``allergies_known``), so that they sync and
other clients show them. "None known" is a row too and carries its day; "not asked" is no row.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hikma_tui.clinic import allergies_read, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.allergies_known import (
    ALLERGY,
    NONE_KNOWN,
    PREFIX,
    SYSTEM,
    is_allergy,
    is_none_known,
)
from hikma_tui.clinic.allergies_read import Allergy
from hikma_tui.clinic.errors import Invalid, NotFound, Refused
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.problem_days import kept_metadata
from hikma_tui.clinic.problems import CERTAINTIES, noted, put
from hikma_tui.clinic.records import checked, patient_row, require_patient
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.i18n import _
from hikma_tui.models import Problem as Row

SEVERITIES = {"": None, "mild": 2, "moderate": 5, "severe": 8, "life-threatening": 10}
"""The words for how bad a reaction was, and upstream's score for each (features.md 1.10)."""

LONGEST = 100  # characters of a substance, and of a reaction: the label has room for 255

COMMON = (
    "Penicillin", "Amoxicillin", "Co-trimoxazole", "Sulfonamides", "Cephalosporins",
    "Ceftriaxone", "Aspirin", "Ibuprofen", "Diclofenac", "NSAIDs", "Metronidazole",
    "Ciprofloxacin", "Erythromycin", "Chloroquine", "Quinine", "Codeine", "Morphine",
    "Lidocaine", "Iodine", "Latex", "Eggs", "Peanuts", "Nuts", "Milk", "Fish", "Shellfish",
    "Wheat", "Bee or wasp sting", "House dust", "Pollen", "Cat or dog hair", "Tetanus vaccine",
)  # fmt: skip
"""What is offered while typing. Stored as written here, in English, so that all clients read it."""

REACTIONS = (
    "rash", "itching", "hives", "swelling of face or lips", "breathing difficulty",
    "anaphylaxis", "vomiting", "diarrhoea", "stomach pain", "not known",
)  # fmt: skip


class AllergiesStand(Refused):
    """ "None known" can't be recorded while an allergy stands."""


def listed(actor: Actor, patient_id: str) -> list[Allergy]:
    """Every allergy: those that count first, then the refuted ones. NotFound, NotAllowed."""
    require_patient(actor, patient_id)
    found = allergies_read.read(allergies_read.rows(patient_id))
    return sorted(found, key=lambda one: not one.counts)


def _patient(actor: Actor, patient_id: str) -> None:
    patient = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])


def _values(substance: str, reaction: str, severity: str, certainty: str) -> dict[str, Any]:
    """The columns of an allergy. Invalid names the first value that can't be kept."""
    substance, reaction = " ".join(substance.split()), " ".join(reaction.split())
    if not substance:
        raise Invalid("substance", _("Allergic to what?"))
    for name, text in (("substance", substance), ("reaction", reaction)):
        if len(text) > LONGEST:
            raise Invalid(name, _("At most {n} characters here.").format(n=LONGEST))
    if severity not in SEVERITIES:
        raise Invalid("severity", _("Choose: mild, moderate, severe, life-threatening."))
    if certainty not in CERTAINTIES or certainty == "refuted":
        raise Invalid("certainty", _("Choose: confirmed, provisional or unconfirmed."))
    about = {
        "substance": substance, "class": allergies_read.classes_of(substance),
        "reaction": reaction, "severity": severity, "certainty": certainty,
    }  # fmt: skip
    shown = f"{substance} ({reaction})" if reaction else substance
    return {
        "problem_label": f"{PREFIX}{shown}",
        "verification_status": certainty,
        "severity_score": SEVERITIES[severity],
        "metadata": {"allergy": about},
    }


def add(
    actor: Actor,
    patient_id: str,
    substance: str,
    *,
    reaction: str = "",
    severity: str = "",
    certainty: str = "unconfirmed",
    day: date | None = None,
    visit_id: str | None = None,
) -> str:
    """Record an allergy; what said "none known" is over from now on. Returns its id.

    ``day`` and ``visit_id`` as in ``problems.add``. Invalid (also when it stands already).
    """
    _patient(actor, patient_id)
    values = _values(substance, reaction, severity, certainty)
    rows = allergies_read.rows(patient_id)
    name = values["metadata"]["allergy"]["substance"]
    _refuse_twice(allergies_read.read(rows), name)
    with Save(actor) as save:
        for row in rows:
            if is_none_known(row) and allergies_read.counts(row):
                _end(save, row, _("an allergy was found"), refuted=False)
    about = {
        "patient_id": patient_id, "problem_code_system": SYSTEM, "problem_code": ALLERGY,
        "clinical_status": "active", **values,
    }  # fmt: skip
    return put(actor, about, day=day, visit_id=visit_id)


def _refuse_twice(known: list[Allergy], substance: str, own_id: str = "") -> None:
    for one in known:
        alike = one.substance.casefold() == substance.casefold()
        if alike and one.counts and one.id != own_id:
            raise Invalid(
                "substance", _("Already on the list: {allergy}.").format(allergy=one.words)
            )


def _end(save: Save, row: dict[str, Any], reason: str, *, refuted: bool) -> None:
    """Take a row out of what counts; what it was and why stays in its metadata."""
    metadata = kept_metadata(row["metadata"])
    history = metadata.get("history")
    was = {"status": row["clinical_status"], "certainty": row["verification_status"]}
    note = noted(save.actor, reason) | {"was": was}
    metadata["history"] = [*(history if isinstance(history, list) else []), note]
    today = info.today().isoformat()
    values = {
        "clinical_status": "resolved",  # phones show this one, not the certainty
        "end_date": max(today, row["onset_date"] or ""),
        "metadata": metadata,
    }
    if refuted:
        values["verification_status"] = "refuted"
    save.update(Row, row["id"], checked(Row, values))


def _own_row(actor: Actor, allergy_id: str) -> dict[str, Any]:
    row = live_row(Row, allergy_id)
    _patient(actor, row["patient_id"])
    if not is_allergy(row):
        raise NotFound()
    return row


def change(actor: Actor, allergy_id: str, *, reaction: str, severity: str, certainty: str) -> bool:
    """Change what is known of an allergy; the substance stays. Returns whether anything differed.

    One that another client wrote takes our convention with it; its label as it was is kept.
    """
    row = _own_row(actor, allergy_id)
    known = allergies_read.allergy_of(row)
    values = _values(known.substance, reaction, severity, certainty)
    metadata = kept_metadata(row["metadata"])
    about = metadata.get("allergy")
    values["metadata"] = {
        **metadata,
        "allergy": {**(about if isinstance(about, dict) else {}), **values["metadata"]["allergy"]},
    }
    if known.as_written:
        values["metadata"]["written_as"] = row["problem_label"]
        values |= {"problem_code_system": SYSTEM, "problem_code": ALLERGY}
    if severity == known.severity:
        del values["severity_score"]  # another client's number says more than our four words
    with Save(actor) as save:
        return save.update(Row, allergy_id, checked(Row, values))


def refute(actor: Actor, allergy_id: str, reason: str) -> None:
    """It is not true: nobody is warned any more, the line stays with its reason. Invalid."""
    row = _own_row(actor, allergy_id)
    if not reason.strip():
        raise Invalid("reason", _("Say why: others have relied on this allergy."))
    with Save(actor) as save:
        _end(save, row, reason, refuted=True)


def reinstate(actor: Actor, allergy_id: str, reason: str = "") -> None:
    """A refuted or resolved one counts again; "none known" is over. Invalid when it stands."""
    row = _own_row(actor, allergy_id)
    rows = allergies_read.rows(row["patient_id"])
    _refuse_twice(allergies_read.read(rows), allergies_read.allergy_of(row).substance, allergy_id)
    metadata = kept_metadata(row["metadata"])
    history = metadata.get("history")
    was = {"status": row["clinical_status"], "certainty": row["verification_status"]}
    note = noted(actor, reason) | {"was": was}
    metadata["history"] = [*(history if isinstance(history, list) else []), note]
    with Save(actor) as save:
        for other in rows:
            if is_none_known(other) and allergies_read.counts(other):
                _end(save, other, _("an allergy was found"), refuted=False)
        certainty = row["verification_status"]
        values = {
            "clinical_status": "active", "end_date": None, "metadata": metadata,
            "verification_status": "unconfirmed" if certainty == "refuted" else certainty,
        }  # fmt: skip
        save.update(Row, allergy_id, checked(Row, values))


def none_known(
    actor: Actor, patient_id: str, day: date | None = None, *, visit_id: str | None = None
) -> str:
    """Somebody asked on ``day`` (today) and there is no allergy. Returns the row's id.

    The row of an earlier asking takes the new day. AllergiesStand, Invalid.
    """
    _patient(actor, patient_id)
    asked = day or info.today()
    if asked > info.today():
        raise Invalid("onset_date", _("This day is in the future."))
    rows = allergies_read.rows(patient_id)
    standing = [one.words for one in allergies_read.read(rows) if one.counts]
    if standing:
        raise AllergiesStand(
            _("These allergies stand: {names}. Refute them first, each with its reason.").format(
                names=", ".join(standing)
            )
        )
    for row in rows:
        if is_none_known(row) and allergies_read.counts(row):
            with Save(actor) as save:
                latest = max(asked.isoformat(), row["onset_date"] or "")
                save.update(Row, row["id"], {"onset_date": latest})
            return str(row["id"])
    about = {
        "patient_id": patient_id, "problem_code_system": SYSTEM, "problem_code": NONE_KNOWN,
        "problem_label": "No known allergies", "clinical_status": "active",
        "verification_status": "confirmed", "onset_date": asked.isoformat(),
        "metadata": {"allergy": {"none_known": asked.isoformat()}},
    }  # fmt: skip
    return put(actor, about, day=day, visit_id=visit_id)


def not_asked(actor: Actor, patient_id: str, reason: str) -> None:
    """Take a mistaken "none known" back: from now on nobody has asked. Invalid, without reason."""
    _patient(actor, patient_id)
    if not reason.strip():
        raise Invalid("reason", _("A reason is needed."))
    with Save(actor) as save:
        for row in allergies_read.rows(patient_id):
            if is_none_known(row) and allergies_read.counts(row):
                _end(save, row, reason, refuted=True)
