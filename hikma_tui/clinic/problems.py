"""The problem list: what a patient has, since when, how sure, and what became of it.

Values are upstream's (features.md 1.10). A problem carries its true code system, and only what
``diseases.named`` knows is stored as ICD-11 (decisions.md 16); anything else is free text, system
and code "custom". Allergies stand in the same table and in a list of their own (``allergies``).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from hikma_tui.clinic import allergies_known, diseases, info, records
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, NotFound, Refused
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clinic.problem_days import kept_days, kept_metadata, shown_day
from hikma_tui.clinic.problem_rows import rows_of
from hikma_tui.clinic.records import (
    checked,
    patient_row,
    require_columns,
    require_parents,
    require_patient,
)
from hikma_tui.clinic.saving import Save, live_row, one_save
from hikma_tui.clinic.visits import joined, visits_of_day
from hikma_tui.clock import day_of
from hikma_tui.columns import moment_text
from hikma_tui.forms.data import items_of
from hikma_tui.forms.entries import NO_CODE, entries_of
from hikma_tui.i18n import _
from hikma_tui.models import Event, Visit, dicts, live
from hikma_tui.models import Problem as Row

STATUSES = ("active", "remission", "resolved", "unknown")
CERTAINTIES = ("provisional", "confirmed", "refuted", "unconfirmed")

FREE_TEXT = "custom"
"""Code and code system of what has no true code. The code is upstream's; the system is not
"icd11" as upstream's screen writes, since nothing may pass for ICD-11 that is not."""

_NO_CODES = frozenset({"", FREE_TEXT, NO_CODE})
_EDITABLE = (
    "clinical_status", "verification_status", "severity_score", "onset_date", "end_date",
)  # fmt: skip


class Already(Refused):
    """The problem is on the list; ``problem_id`` is where, ``over`` whether it is resolved."""

    def __init__(self, sentence: str, problem_id: str, *, over: bool) -> None:
        super().__init__(sentence)
        self.problem_id = problem_id
        self.over = over


@dataclass(frozen=True)
class Problem:
    """One line of the list. Days are ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY``, or ""."""

    id: str
    system: str
    code: str  # "" for free text
    label: str
    status: str
    certainty: str
    severity: int | None
    onset: str
    end: str
    visit_id: str | None
    updated_at: int | None
    history: tuple[Mapping[str, Any], ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether it is resolved or was never true: it stands below and is counted nowhere."""
        return self.status == "resolved" or self.certainty == "refuted"


@dataclass(frozen=True)
class VisitDiagnosis:
    """A diagnosis of a visit that is no problem yet."""

    code: str
    desc: str
    day: date | None
    event_id: str
    visit_id: str | None


def problem_of(row: Mapping[str, Any]) -> Problem:
    """A stored row as a line of the list, whoever wrote it."""
    metadata = kept_metadata(row["metadata"])
    history = metadata.get("history")
    code = "" if row["problem_code"] in _NO_CODES else row["problem_code"]
    return Problem(
        row["id"], row["problem_code_system"], code, row["problem_label"],
        row["clinical_status"], row["verification_status"], row["severity_score"],
        shown_day(row, "onset"), shown_day(row, "end"), row["visit_id"], row["updated_at"],
        tuple(one for one in history if isinstance(one, dict)) if isinstance(history, list) else (),
    )  # fmt: skip


def of_patient(patient_id: str) -> list[Problem]:
    """The problems without the allergies: active, in remission, unknown, then those over."""
    found = [problem_of(r) for r in rows_of(patient_id) if not allergies_known.is_allergy(r)]
    return sorted(found, key=_rank)


def _rank(problem: Problem) -> int:
    order = {"active": 0, "remission": 1, "resolved": 3}
    return 4 if problem.certainty == "refuted" else order.get(problem.status, 2)


def listed(actor: Actor, patient_id: str) -> list[Problem]:
    """``of_patient`` for a live patient whom the actor may see. NotFound, NotAllowed."""
    require_patient(actor, patient_id)
    return of_patient(patient_id)


def one(actor: Actor, patient_id: str, problem_id: str) -> Problem:
    """One problem of the list. For the reader. NotFound, NotAllowed."""
    for problem in listed(actor, patient_id):
        if problem.id == problem_id:
            return problem
    raise NotFound()


def add(
    actor: Actor,
    patient_id: str,
    columns: Mapping[str, Any],
    *,
    day: date | None = None,
    visit_id: str | None = None,
    another_visit: bool = False,
    again: bool = False,
) -> str:
    """Put a problem on the list. Returns its id.

    ``columns`` are wire values; ``problem_label`` or a code is needed, days may be ``2024-01`` or
    ``2024``. With ``day`` or ``visit_id`` it goes into that visit, which is made if there is none
    (decisions.md 18); without, into today's if there is one. ``again`` adds what was resolved
    before as a new problem. Raises Already, Invalid, NotAllowed, NotFound.
    """
    patient = patient_row(actor, patient_id)
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    values: dict[str, Any] = {
        "clinical_status": "active", "verification_status": "provisional",
        **{name: value for name, value in columns.items() if value is not None},
        "patient_id": patient_id,
    }  # fmt: skip
    _settle_code(values)
    kept_days(values, {}, info.today())
    _refuse_nonsense(values)
    _refuse_twice(patient_id, values, again=again)
    return put(actor, values, day=day, visit_id=visit_id, another_visit=another_visit)


@one_save
def put(
    actor: Actor,
    values: Mapping[str, Any],
    *,
    day: date | None = None,
    visit_id: str | None = None,
    another_visit: bool = False,
) -> str:
    """Insert a row that has been looked at, into its visit; for problems and allergies alike."""
    patient_id = str(values["patient_id"])
    if day is not None or visit_id is not None:
        place = joined(
            actor, patient_id, day or info.today(), visit_id=visit_id, another_visit=another_visit
        )[0]
    else:
        found = visits_of_day(patient_id, actor.clinic_id, info.today())
        place = str(found[-1]["id"]) if found else ""
    metadata = values.get("metadata")
    provider = {"providerId": actor.user_id, "providerName": actor.user_name}
    row = checked(
        Row,
        {
            **values,
            "visit_id": place or None,
            "recorded_by_user_id": actor.user_id,
            "metadata": {**provider, **(metadata if isinstance(metadata, dict) else {})},
        },
    )
    records.require_right(actor, "patient_problems", row)
    require_columns(Row, row)
    require_parents(Row, row)
    with Save(actor) as save:
        return save.insert(Row, row)


def from_diagnosis(
    actor: Actor, patient_id: str, diagnosis: Mapping[str, Any],
    columns: Mapping[str, Any] | None = None, *, day: date | None = None,
    visit_id: str | None = None, another_visit: bool = False, again: bool = False,
) -> str:  # fmt: skip
    """Make a visit's diagnosis ``{code, desc}`` a problem: only ever because somebody said so.

    Its onset is not guessed from the visit. What is no ICD-11 code becomes free text, and the
    code as it stood is kept in the metadata. Returns the id.
    """
    code = str(diagnosis.get("code") or "").strip()
    desc = str(diagnosis.get("desc") or diagnosis.get("label") or "").strip()
    about: dict[str, Any] = {"problem_label": desc}
    if code not in _NO_CODES:
        if diseases.named(code) is not None:
            about |= {"problem_code": code, "problem_code_system": "icd11"}
        else:
            about["problem_label"] = desc or code
            about["metadata"] = {"diagnosis_code": code}
    place: dict[str, Any] = {"visit_id": visit_id, "another_visit": another_visit, "again": again}
    return add(actor, patient_id, {**about, **(columns or {})}, day=day, **place)


def _settle_code(values: dict[str, Any]) -> None:
    """The true code system, and a label: ICD-11 only for what the list knows."""
    code = str(values.get("problem_code") or "").strip()
    system = str(values.get("problem_code_system") or "").strip().lower()
    label = " ".join(str(values.get("problem_label") or "").split())
    if code in _NO_CODES:
        system, code = FREE_TEXT, FREE_TEXT
    elif system in ("", "icd11"):
        disease = diseases.named(code)
        if disease is None:
            said = _("{code} is not in the ICD-11 list. Write the problem in words.")
            raise Invalid("problem_code", said.format(code=code))
        system, label = "icd11", label or disease.title
    if not label:
        raise Invalid("problem_label", _("Which problem is it? Choose one, or write it in words."))
    values |= {"problem_code": code, "problem_code_system": system, "problem_label": label}


def _refuse_nonsense(values: Mapping[str, Any], given: Container[str] | None = None) -> None:
    """``given`` are the columns that somebody enters now: what another client wrote into the others
    keeps nobody from ending a problem.
    """
    given = values if given is None else given
    if "clinical_status" in given and values["clinical_status"] not in STATUSES:
        raise Invalid("clinical_status", _("Choose: active, in remission, resolved or unknown."))
    if "verification_status" in given and values["verification_status"] not in CERTAINTIES:
        raise Invalid(
            "verification_status", _("Choose: provisional, confirmed, refuted or unconfirmed.")
        )
    severity = values.get("severity_score")
    stands = "severity_score" not in given or severity in (None, "")
    if not stands and str(severity) not in {str(n) for n in range(1, 11)}:
        raise Invalid("severity_score", _("The severity is a whole number from 1 to 10."))
    if values.get("end_date") and values["clinical_status"] == "active":
        raise Invalid("end_date", _("An active problem has no end yet. Is it resolved?"))


def same(one: Mapping[str, Any], code: str, label: str) -> bool:
    """Whether a row is the problem with that code; without a code, with those words."""
    if code not in _NO_CODES and one["problem_code"] not in _NO_CODES:
        return bool(one["problem_code"] == code)
    return bool(_folded(one["problem_label"]) == _folded(label))


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())


def _refuse_twice(patient_id: str, values: Mapping[str, Any], *, again: bool) -> None:
    found = [
        problem_of(row)
        for row in rows_of(patient_id)
        if same(row, values["problem_code"], values["problem_label"])
        and not allergies_known.is_allergy(row)
    ]
    for problem in sorted(found, key=_rank):
        if not problem.is_over:
            raise Already(
                _("Already on the list: {problem}.").format(problem=problem.label),
                problem.id,
                over=False,
            )
        if not again and values["clinical_status"] == "active":
            sentence = _("It was on the list before: {problem}. Reactivate it, or add a new one.")
            raise Already(sentence.format(problem=problem.label), problem.id, over=True)


def _own_row(actor: Actor, problem_id: str) -> dict[str, Any]:
    row = live_row(Row, problem_id)
    patient = patient_row(actor, row["patient_id"])
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])
    return row


def edit(actor: Actor, problem_id: str, columns: Mapping[str, Any], reason: str = "") -> bool:
    """Change status, certainty, severity, onset or end; the code can't be changed.

    What the status and its days were stays in the metadata's history. Returns whether anything
    differed. Invalid, NotAllowed, NotFound.
    """
    old = _own_row(actor, problem_id)
    for name in columns:
        if name not in _EDITABLE:
            raise Invalid(name, _("Only its status, certainty, severity and days can be changed."))
    values = dict(columns)
    before = problem_of(old)
    metadata = kept_metadata(old["metadata"])
    values["metadata"] = metadata
    kept_days(values, old, info.today())
    changed = {n: v for n, v in values.items() if n != "metadata" and v != old[n]}
    if changed:
        _refuse_nonsense({**old, **values}, changed)
    told = ("clinical_status", "verification_status")
    if any(name in changed for name in told):
        note = noted(actor, reason) | {
            "was": {"status": before.status, "certainty": before.certainty, "end": before.end}
        }
        metadata = values["metadata"]
        history = metadata.get("history")
        metadata["history"] = [*(history if isinstance(history, list) else []), note]
    with Save(actor) as save:
        return save.update(Row, problem_id, checked(Row, values))


def noted(actor: Actor, reason: str) -> dict[str, Any]:
    """Who changed something, when and why: an entry of a row's history in its metadata."""
    note: dict[str, Any] = {
        "at": moment_text(info.now_ms()), "by": actor.user_id, "byName": actor.user_name,
    }  # fmt: skip
    return note | ({"reason": reason.strip()} if reason.strip() else {})


def resolve(actor: Actor, problem_id: str, end: str = "") -> bool:
    """It is over: ``end`` is a day, a month or a year, today unless said."""
    end = end or info.today().isoformat()
    return edit(actor, problem_id, {"clinical_status": "resolved", "end_date": end})


def reactivate(actor: Actor, problem_id: str, reason: str = "") -> bool:
    """It is there again: the end that it had stays in its history."""
    row = live_row(Row, problem_id)
    values = {"clinical_status": "active", "end_date": None}
    if row["verification_status"] == "refuted":
        values["verification_status"] = "unconfirmed"
    return edit(actor, problem_id, values, reason)


def open_diagnoses(actor: Actor, patient_id: str, visits: int = 12) -> list[VisitDiagnosis]:
    """The diagnoses of the last visits that are no problems, newest first, each once.

    One whose problem is over counts again when it was made after that end. For the reader.
    """
    require_patient(actor, patient_id)
    model, events = live(Visit), live(Event)
    order = (model.check_in_timestamp.desc(), model.pk.desc())
    last = dicts(
        model.select().where(model.patient_id == patient_id).order_by(*order).limit(visits)
    )
    days = {v["id"]: v["check_in_timestamp"] for v in last}
    rows = rows_of(patient_id)
    found: list[VisitDiagnosis] = []
    seen: list[dict[str, str]] = []
    query = events.select().where(events.visit_id.in_(list(days)))
    by_visit: dict[str, list[dict[str, Any]]] = {}
    for event in dicts(query.order_by(events.created_at)):
        by_visit.setdefault(event["visit_id"], []).append(event)
    for visit_id, moment in days.items():
        day = None if moment is None else day_of(moment, info.zone())
        for event in by_visit.get(visit_id, []):
            for code, desc in diagnoses_in(event["form_data"]):
                if any(same(one, code, desc) for one in seen) or _is_listed(rows, code, desc, day):
                    continue
                seen.append({"problem_code": code, "problem_label": desc})
                found.append(VisitDiagnosis(code, desc, day, event["id"], visit_id))
    return found


def diagnoses_in(form_data: Any) -> list[tuple[str, str]]:
    """Every (code, words) that the answers of an event hold."""
    return [
        (str(entry.get("code") or "").strip(), str(entry.get("desc") or entry.get("label") or ""))
        for item in items_of(form_data)
        if item.get("fieldType") == "diagnosis"
        for entry in entries_of(item.get("value"), medicine=False)
        if entry.get("desc") or entry.get("label")
    ]


def _is_listed(rows: Sequence[Mapping[str, Any]], code: str, desc: str, day: date | None) -> bool:
    for row in rows:
        if same(row, code, desc):
            problem = problem_of(row)
            ended = problem.end[:10]
            if not problem.is_over or not ended or day is None or day.isoformat() <= ended:
                return True
    return False
