"""Where here and the server disagree, until a person chooses (decisions.md 24, 25).

Everything here but the choosing works on the reader, through the views of live rows: of a record
that is deleted here, what is shown is the server's, which the conflict holds itself.
``conflicts_choice`` does what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import conflicts_words as words
from hikma_tui.clinic import info, patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.conflicts_sides import WHOLE, Sides, key_of, sides_of
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.clinic.permissions import may_see
from hikma_tui.clinic.report_words import day_words, moment_words
from hikma_tui.clock import day_of
from hikma_tui.i18n import _
from hikma_tui.models import (
    BY_TABLE,
    Conflict,
    Patient,
    User,
    connection,
    database,
    dicts,
    live,
)
from hikma_tui.syncing.shapes import Disagreement


@dataclass(frozen=True)
class OpenConflict:
    """A record about which somebody has to choose."""

    pk: int
    kind: str  # a word of ``syncing.shapes.Disagreement``
    table: str
    row_id: str
    patient_id: str | None
    patient: PatientCard | None  # None: the record is nobody's
    label: str  # the record in words, with its day where it has one
    found_at: int  # ms
    fields: int  # how many choices it takes
    ours_by: str = ""  # who changed it here last, as far as known
    ours_at: int | None = None
    theirs_by: str = ""
    theirs_at: int | None = None


@dataclass(frozen=True)
class FieldPair:
    """One field with both its values, in words. ``key`` is what ``resolve`` takes."""

    key: str
    label: str
    ours: str
    theirs: str
    base: str = ""  # what both came from, where that is known
    both: bool = False  # a free text, of which both can be kept
    careful: bool = False  # a dose or a date: ask once more
    same: bool = False  # shown for context, nothing to choose
    ours_by: str = ""
    ours_at: int | None = None
    theirs_by: str = ""
    theirs_at: int | None = None


# -- reading -------------------------------------------------------------------------------------


def open_conflicts(actor: Actor) -> list[OpenConflict]:
    """Every open conflict about a record that the actor may see, oldest first."""
    cards: dict[str, PatientCard | None] = {}
    found = []
    for conflict in _open():
        one = _told(actor, conflict, cards)
        if one is not None:
            found.append(one)
    return found


def of_patient(patient_id: str) -> int:
    """How many records of a patient differ, for the mark on the patient."""
    return sum(1 for conflict in _open(patient_id) if _is_shown(conflict))


def fields(actor: Actor, pk: int) -> list[FieldPair]:
    """The fields to choose in one conflict. NotFound when it is none any more, or not for them."""
    conflict = _one(pk)
    if _told(actor, conflict, {}) is None:
        raise NotFound()
    return _fields(sides_of(conflict, _live(conflict)))


def shown(actor: Actor, patient_id: str) -> list[tuple[str, FieldPair]]:
    """Both values of everything of a patient that differs: the record in words, and the field.
    NotFound, NotAllowed.
    """
    patients.card(actor, patient_id)
    found = []
    for conflict in _open(patient_id):
        row = _live(conflict)
        if _is_shown(conflict):
            sides = sides_of(conflict, row)
            label = _label(conflict.table_name, row or conflict.theirs or conflict.base or {})
            found += [(label, pair) for pair in _fields(sides)]
    return found


def _open(patient_id: str | None = None) -> list[Conflict]:
    query = Conflict.select().where(Conflict.resolved_at.is_null())
    if patient_id is not None:
        query = query.where(Conflict.patient_id == patient_id)
    return list(query.order_by(Conflict.found_at, Conflict.pk))


def _one(pk: int) -> Conflict:
    found = Conflict.get_or_none((Conflict.pk == pk) & Conflict.resolved_at.is_null())
    if found is None:
        raise NotFound(_("This has been decided already."))
    return found


def _live(conflict: Conflict) -> dict[str, Any] | None:
    model = live(BY_TABLE[conflict.table_name])
    return next(iter(dicts(model.select().where(model.id == conflict.row_id))), None)


def _is_shown(conflict: Conflict) -> bool:
    """What is deleted here with its patient is no question of its own, until it is back."""
    about_deletion = conflict.kind in (Disagreement.DELETED_HERE, Disagreement.SUGGESTION)
    return about_deletion or _live(conflict) is not None


def _told(
    actor: Actor, conflict: Conflict, cards: dict[str, PatientCard | None]
) -> OpenConflict | None:
    row = _live(conflict)
    if not _is_shown(conflict):
        return None
    whole = row or conflict.theirs or conflict.base or {}
    card = None
    if conflict.patient_id:
        if conflict.patient_id not in cards:
            cards[conflict.patient_id] = _card(conflict, whole)
        card = cards[conflict.patient_id]
        if card is not None and not may_see(actor, card.primary_clinic_id):
            return None
    sides = sides_of(conflict, row)
    ours_by, ours_at = _hand(conflict, None)
    theirs_by, theirs_at = _their_hand(conflict.table_name, conflict.theirs)
    return OpenConflict(
        conflict.pk, conflict.kind, conflict.table_name, conflict.row_id, conflict.patient_id,
        card, _label(conflict.table_name, whole), conflict.found_at, len(_fields(sides)),
        ours_by, ours_at, theirs_by, theirs_at,
    )  # fmt: skip


def _card(conflict: Conflict, whole: Mapping[str, Any]) -> PatientCard | None:
    """The patient's card; of one who is deleted here, as the server has it."""
    model = live(Patient)
    found = dicts(model.select().where(model.id == conflict.patient_id))
    if found:
        return patients.whole_card(found[0])
    named = {"id", "metadata", "primary_clinic_id", "given_name"} <= whole.keys()
    return patients._card(whole) if conflict.table_name == "patients" and named else None


def _label(table: str, row: Mapping[str, Any]) -> str:
    """The record in words: ``Note Consultation, 2 Nov 2026``."""
    name = row.get("event_type") or row.get("problem_label") or row.get("attribute") or ""
    first = f"{words.table_words(table)} {name or words.drug_name(row.get('drug_id'))}".strip()
    moment = row.get("check_in_timestamp") or row.get("timestamp") or row.get("prescribed_at")
    if table == "events":
        moment = row.get("created_at")
    if not isinstance(moment, int):
        return first
    return f"{first}, {day_words(day_of(moment, info.zone()))}"


def _fields(sides: Sides) -> list[FieldPair]:
    conflict, table = sides.conflict, sides.conflict.table_name
    if not sides.by_field:
        return [_whole(sides)]
    reader = words.reader(table)
    theirs_by, theirs_at = _their_hand(sides.conflict.table_name, sides.theirs)
    found = []
    for path in sides.merged().conflicts:
        ours_by, ours_at = _hand(conflict, path[0])
        versions = (sides.ours, sides.theirs, sides.base)
        found.append(
            FieldPair(
                key_of(path), reader.label(path, *versions), reader.text(path, sides.ours),
                reader.text(path, sides.theirs), reader.text(path, sides.base),
                words.both(path, table, sides.ours, sides.theirs) is not None,
                words.careful(table, path, *versions), False,
                ours_by, ours_at, theirs_by, theirs_at,
            )
        )  # fmt: skip
    return found


def _whole(sides: Sides) -> FieldPair:
    """The one choice about a record that is deleted on one side, or not shown there."""
    kind = sides.conflict.kind
    gone_there = _("deleted") if kind == Disagreement.DELETED_THERE else _("not there")
    here = _("there, with what was not sent") if sides.ours is not None else _("deleted")
    ours_by, ours_at = _hand(sides.conflict, None)
    theirs_by, theirs_at = _their_hand(sides.conflict.table_name, sides.theirs)
    there = gone_there if sides.theirs is None else _("there")
    if theirs_at is not None and sides.theirs is not None:
        there = _("there, changed {when}").format(when=moment_words(theirs_at, info.zone()))
    return FieldPair(
        WHOLE, _("The whole record"), here, there, careful=True, ours_by=ours_by, ours_at=ours_at,
        theirs_by=theirs_by, theirs_at=theirs_at,
    )  # fmt: skip


def _hand(conflict: Conflict, column: str | None) -> tuple[str, int | None]:
    """Who changed the record here last (that column of it, if the trail says so), and when."""
    rows = connection().execute(
        "SELECT user_id, created_at, changes, action_type FROM event_logs WHERE row_id = ?"
        " AND table_name = ? AND action_type != 'VIEW' ORDER BY pk DESC LIMIT 20",
        (conflict.row_id, conflict.table_name),
    ).fetchall()  # fmt: skip
    for user_id, at, changes, action in rows:
        if column is None or action == "CREATE" or column in json_text.read_object(changes):
            return _name(user_id), at
    return "", None


def _their_hand(table: str, theirs: Mapping[str, Any] | None) -> tuple[str, int | None]:
    """Who changed the server's version, where it says so (patients alone do), and when it came in.

    ``updated_at`` is no time of an edit: it is made up for the compare-and-swap (decisions.md 22).
    Of prescribed medicines the server stamps no edit at all, so nothing is said.
    """
    if not theirs or table == "prescription_items":
        return "", None
    at = theirs.get("last_modified") or theirs.get("updated_at")
    return _name(theirs.get("last_modified_by")), at


def _name(user_id: Any) -> str:
    users = live(User)
    found = dicts(users.select(users.name).where(users.id == user_id)) if user_id else []
    return str(found[0]["name"]) if found else ""


# -- choosing ------------------------------------------------------------------------------------


def resolve(actor: Actor, pk: int, choices: Mapping[str, str]) -> str:
    """Do what was chosen, in the caller's transaction. Returns what became of it, as a code.

    ``choices``: each field's key -> "ours", "theirs" or "both"; of a whole record the key is "".
    Codes: "sent" (it is to be sent), "taken" (as the server has it), "revived", "copied", "stays",
    "gone" (deleted here too), "deleted" (to be deleted there), "back".
    Raises Invalid (a field was not chosen), NotAllowed, NotFound (decided already).
    """
    from hikma_tui.clinic import conflicts_choice

    return conflicts_choice.resolve(actor, _one(pk), choices)


def resolve_all(actor: Actor, pk: int, side: str) -> str:
    """All fields of one conflict the same way: "ours" or "theirs". As ``resolve``."""
    from hikma_tui.clinic import conflicts_choice

    conflict = _one(pk)
    pairs = _fields(sides_of(conflict, _live(conflict)))
    return conflicts_choice.resolve(actor, conflict, {pair.key: side for pair in pairs})


def resolve_all_suggestions(actor: Actor, side: str) -> int:
    """All suggestions of a copy the same way (decisions.md 33). Returns how many; one that can't
    be decided so stays open.
    """
    wanted = [c.pk for c in open_conflicts(actor) if c.kind == Disagreement.SUGGESTION]
    done = 0
    for pk in wanted:
        try:
            with database.atomic():
                resolve_all(actor, pk, side)
        except Invalid:
            continue
        done += 1
    return done
