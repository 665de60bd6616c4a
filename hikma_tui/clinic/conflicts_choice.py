"""Doing what a person chose where here and the server disagreed (decisions.md 24, 25).

Each choice is one save: the rows, their marks for the next sync, the conflict and the audit entry
with both values stand together. All inside the caller's transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import audit, conflicts_copy, deletion
from hikma_tui.clinic import conflicts_words as words
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.conflicts_sides import WHOLE, Sides, key_of, sides_of
from hikma_tui.clinic.errors import Invalid, NotFound
from hikma_tui.clinic.permissions import Flag, require, require_sight
from hikma_tui.clinic.records import governing_clinic, require_parents
from hikma_tui.clinic.saving import Save
from hikma_tui.i18n import _
from hikma_tui.models import (
    BY_TABLE,
    OWN_COLUMNS,
    Conflict,
    Deletion,
    Patient,
    Synced,
    connection,
    dicts,
)
from hikma_tui.syncing import known
from hikma_tui.syncing.merge import Path, Value, merge
from hikma_tui.syncing.shapes import Disagreement, Reason, State

# What v3 brings back when it is sent again after its deletion (wire.md A6).
REVIVED = frozenset({"appointments", "patient_vitals", "patient_problems"})
_OF_THE_DELETED = (Disagreement.DELETED_HERE, Disagreement.SUGGESTION)
# What is copied under new ids, with what hangs on it. An answer of the registration can't be: its
# pair meets the deleted row again; nor what was handed out: it would be taken from stock twice.
COPIED = frozenset({"patients", "visits", "events", "prescriptions"})


def resolve(actor: Actor, conflict: Conflict, choices: Mapping[str, str]) -> str:
    """See ``conflicts.resolve``."""
    model = BY_TABLE[conflict.table_name]
    row = next(iter(dicts(model.select().where(model.id == conflict.row_id))), None)
    if row is None:
        raise NotFound()
    sides = sides_of(conflict, row if row["tombstone"] is None else None)
    if sides.ours is None and conflict.kind not in _OF_THE_DELETED:
        raise NotFound()  # it waits until its patient is back
    _require(actor, conflict.table_name, row)
    paths = sides.merged().conflicts if sides.by_field else ()
    wanted = [key_of(path) for path in paths] if sides.by_field else [WHOLE]
    _require_choices(wanted, choices)
    with Save(actor) as save:
        if sides.by_field:
            became = _by_field(save, model, row, sides, paths, choices)
        else:
            became = _as_a_whole(actor, save, model, row, sides, choices[WHOLE])
        chosen = {key: choices[key] for key in wanted}
        conflict.resolved_at, conflict.resolved_by = save.now, actor.user_id
        conflict.choice = {**chosen, "became": became}
        conflict.save()
        told = {
            "conflict": conflict.kind, "choices": chosen, "became": became,
            "server": _told(sides.theirs, paths), "here": _told(sides.ours, paths),
        }  # fmt: skip
        save.entries.append(audit.Entry("UPDATE", conflict.table_name, conflict.row_id, told))
    return became


def _require(actor: Actor, table: str, row: Mapping[str, Any]) -> None:
    """Choosing is editing the patient's records; of anything else, administering it."""
    patient_id = row["id"] if table == "patients" else row.get("patient_id")
    patient = next(iter(dicts(Patient.select().where(Patient.id == patient_id))), None)
    if patient is None:
        require(actor, Flag.CLINIC_ADMIN, governing_clinic(table, row))
        return
    require_sight(actor, patient["primary_clinic_id"])
    require(actor, Flag.EDIT_RECORDS, patient["primary_clinic_id"])


def _require_deleting(actor: Actor, table: str, row: Mapping[str, Any]) -> None:
    patient_id = row["id"] if table == "patients" else row.get("patient_id")
    patient = next(iter(dicts(Patient.select().where(Patient.id == patient_id))), None)
    clinic = patient["primary_clinic_id"] if patient else governing_clinic(table, row)
    require(actor, deletion._FLAGS.get(table, Flag.CLINIC_ADMIN), clinic)


def _require_choices(wanted: list[str], choices: Mapping[str, str]) -> None:
    for key in wanted:
        if choices.get(key) not in ("ours", "theirs", "both"):
            raise Invalid(key, _("Every field must be chosen. Nothing was changed."))
    if WHOLE in wanted and choices[WHOLE] == "both":
        raise Invalid(WHOLE, _("Both can be kept of a free text only."))


def _told(side: Mapping[str, Any] | None, paths: tuple[Path, ...]) -> dict[str, Any]:
    return {key_of(path): words.at(side, path) for path in paths}


# -- field by field ------------------------------------------------------------------------------


def _by_field(
    save: Save,
    model: type[Synced],
    row: Mapping[str, Any],
    sides: Sides,
    paths: tuple[Path, ...],
    choices: Mapping[str, str],
) -> str:
    table, theirs = sides.conflict.table_name, sides.theirs or {}
    chosen: dict[Path, Any] = {}
    for path in paths:
        chosen[path] = choices[key_of(path)]
        if chosen[path] == "both":
            value = words.both(path, table, sides.ours, sides.theirs)
            if value is None:
                raise Invalid(key_of(path), _("Both can be kept of a free text only."))
            chosen[path] = Value(value)
    merged = sides.merged(chosen)
    values = {
        n: v for n, v in merged.row.items() if n in row and n not in known.STAMPS and n != "id"
    }
    if values.get("unknown") is None:
        values.pop("unknown", None)
    save.update(model, row["id"], values)
    if deletion.deleted_with(model, row["id"]) is not None:
        raise Invalid(
            next((key_of(path) for path in paths if path[-1].endswith("_id")), WHOLE),
            _("What the server's version belongs to is deleted here: keep what is here."),
        )
    if not merged.ours_differs:
        stamps = {n: theirs[n] for n in known.STAMPS if n in theirs and n in row}
        _set(model, row["id"], {**stamps, "change_seq": 0})
        save.touch(model, row)  # when a patient was registered is searched
        _drop_line(sides.conflict, table, row["id"])
        return "taken"
    _set(model, row["id"], {"change_seq": save.seq})
    _put_line(sides.conflict, table, row["id"], theirs)
    return "sent"


# -- a whole record ------------------------------------------------------------------------------


def _as_a_whole(
    actor: Actor, save: Save, model: type[Synced], row: dict[str, Any], sides: Sides, choice: str
) -> str:
    conflict, table = sides.conflict, sides.conflict.table_name
    if sides.ours is None:  # deleted here
        if choice == "ours":
            _require_deleting(actor, table, row)
            return _delete_there(save, conflict, row)
        return _bring_back(save, model, sides, row)
    if conflict.kind == Disagreement.DIFFERS:  # the server does not show it, three times
        if choice == "ours":
            _set(model, row["id"], {"change_seq": save.seq})
            _put_line(conflict, table, row["id"], sides.base)
            return "sent"
        return _stays(save, model, sides, row)
    if choice == "theirs":
        _require_deleting(actor, table, row)
        _let_go(actor, save, model, row)
        return "gone"
    if table in REVIVED and sides.dialect == "v3":
        stamp = max(save.now, (row["updated_at"] or 0) + 1)
        values = {"updated_at": stamp, "is_deleted": False, "deleted_at": None}
        _set(model, row["id"], {**values, "change_seq": save.seq})
        _put_line(conflict, table, row["id"], None)
        return "revived"
    if table in COPIED:
        number = _record(actor, save, model, row, _("Deleted on the server; kept as a new record"))
        conflicts_copy.copy(save, model, row, number)
        return "copied"
    return _stays(save, model, sides, row)


def _stays(save: Save, model: type[Synced], sides: Sides, row: Mapping[str, Any]) -> str:
    """It stays on this computer as it is; an edit sends it once more."""
    conflict = sides.conflict
    _set(model, row["id"], {"change_seq": save.seq})
    content = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
    # Where the server hides another state of it, what we came from is needed to meet that later.
    base = sides.base if conflict.kind == Disagreement.DIFFERS else None
    _put_line(conflict, model._meta.table_name, row["id"], base)
    connection().execute(
        "UPDATE peer_rows SET state = ?, reason = ?, sent = ?, sent_seq = ?"
        " WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (
            str(State.REFUSED), str(Reason.DROPPED), json.dumps(content, ensure_ascii=False),
            save.seq, conflict.peer_id, model._meta.table_name, row["id"],
        ),
    )  # fmt: skip
    return "stays"


def _record(
    actor: Actor, save: Save, model: type[Synced], row: Mapping[str, Any], reason: str
) -> int:
    """A deletion that the server has made already: it can't be undone here."""
    record = Deletion.create(
        table_name=model._meta.table_name, row_id=row["id"], reason=reason,
        patient_id=row["id"] if model is Patient else row.get("patient_id"),
        label=deletion._label(model, row), user_id=actor.user_id, user_name=actor.user_name,
        machine_id=actor.machine_id, deleted_at=save.now, sent_at=save.now,
    )  # fmt: skip
    return int(record.pk)


def _let_go(actor: Actor, save: Save, model: type[Synced], row: Mapping[str, Any]) -> None:
    """The server's deletion is taken over, with all that hangs on it."""
    number = _record(actor, save, model, row, _("Deleted on the server"))
    conflicts_copy.bury(save, list(deletion._subtree(model, row["id"])), number)


def _of_deletion(number: int) -> Iterator[tuple[type[Synced], dict[str, Any]]]:
    for model in BY_TABLE.values():
        for row in dicts(model.select().where(model.tombstone == number)):
            yield model, row


def _delete_there(save: Save, conflict: Conflict, root: Mapping[str, Any]) -> str:
    """The deletion goes to the server, over what was changed there since."""
    for model, row in list(_of_deletion(root["tombstone"])):
        table = model._meta.table_name
        asked: Conflict | None = conflict
        if (table, row["id"]) != (conflict.table_name, conflict.row_id):
            asked = _other(conflict, table, row["id"])
        theirs = asked.theirs if asked is not None else None
        if row["change_seq"] == 0:  # the server has it back
            _put_line(conflict, table, row["id"], theirs or _content(row))
            _set(model, row["id"], {"change_seq": save.seq})
        elif theirs is not None:  # deleted as it stands there now: nothing of it is news again
            _put_line(conflict, table, row["id"], theirs)
        else:
            _release(conflict, table, row["id"])
        if asked is not None and asked.pk != conflict.pk:
            asked.resolved_at, asked.resolved_by = save.now, save.actor.user_id
            asked.choice = {WHOLE: "ours", "became": "deleted"}
            asked.save()
    return "deleted"


def _bring_back(save: Save, model: type[Synced], sides: Sides, root: Mapping[str, Any]) -> str:
    """The deletion is taken back: everything is as the server has it, and our own is to be sent."""
    try:
        require_parents(model, root)
    except Invalid as error:
        raise Invalid(
            WHOLE,
            _("What this belongs to is deleted here: bring that back first, or keep this deleted."),
        ) from error
    conflict, number = sides.conflict, root["tombstone"]
    going = list(_of_deletion(number))
    for child, row in going:
        table = child._meta.table_name
        base = _base(conflict, table, row["id"])
        save.raise_again(child, row)
        if child is model and row["id"] == root["id"] and conflict.theirs:
            _take_theirs(save, child, sides, row, base)
        elif row["change_seq"] > 0 and (
            base is None or known.equal(sides.dialect, table, base, _content(row))
        ):
            _release(conflict, table, row["id"])  # not if a question about it is open
        else:
            stamps = {n: base[n] for n in known.STAMPS if base and n in base and n in row}
            _set(child, row["id"], {**stamps, "change_seq": 0})
            _doubt(conflict, table, row)
    deletion.hide_under_deleted(save, going)
    Deletion.update(undone_at=save.now, undone_by=save.actor.user_id).where(
        Deletion.pk == number
    ).execute()
    return "back"


def _doubt(conflict: Conflict, table: str, row: Mapping[str, Any]) -> None:
    """A row is back whose deletion the server may have: a full check has to tell, and if it is
    announced as deleted again, that is asked about (``syncing.meet_deleted``).
    """
    here, place = connection(), (conflict.peer_id, table, row["id"])
    sent = here.execute(
        "SELECT 1 FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?"
        " AND sent IS NOT NULL",
        place,
    ).fetchone()
    _drop_line(conflict, table, row["id"])
    if row["change_seq"] > 0 and sent is None:
        return
    here.execute(
        "INSERT INTO peer_rows (peer_id, table_name, row_id, sent_seq, state, reason, tries)"
        " VALUES (?, ?, ?, 0, ?, '', 0)",
        (*place, str(State.ONLY_HERE)),
    )
    here.execute(
        "UPDATE peers SET metadata = json_set(metadata, '$.needs_check', 'brought-back')"
        " WHERE id = ?",
        (conflict.peer_id,),
    )


def _take_theirs(
    save: Save, model: type[Synced], sides: Sides, row: Mapping[str, Any],
    base: Mapping[str, Any] | None,
) -> None:  # fmt: skip
    """A row that is back as the server has it, with what was changed here before the deletion and
    is no question there.
    """
    table, mine = model._meta.table_name, _content(row)
    theirs = known.taken(sides.dialect, table, mine, sides.conflict.theirs)
    if row["change_seq"] == 0:
        base = mine
    paths = merge(table, base, mine, theirs, dialect=sides.dialect).conflicts
    chosen = dict.fromkeys(paths, "theirs")
    found = merge(table, base, mine, theirs, dialect=sides.dialect, choices=chosen)
    _set(model, row["id"], {n: v for n, v in found.row.items() if n in row and n != "id"})
    save.touch(model, found.row)  # perhaps another's by now
    if found.ours_differs:
        _put_line(sides.conflict, table, row["id"], theirs)
    else:
        _set(model, row["id"], {"change_seq": 0})
        _drop_line(sides.conflict, table, row["id"])


# -- marks ---------------------------------------------------------------------------------------


def _content(row: Mapping[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}


def _set(model: type[Synced], row_id: str, values: Mapping[str, Any]) -> None:
    fields = {getattr(model, n): v for n, v in values.items() if n in model._meta.fields}
    model.update(fields).where(model.id == row_id).execute()


def _base(conflict: Conflict, table: str, row_id: str) -> dict[str, Any] | None:
    found = connection().execute(
        "SELECT base FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (conflict.peer_id, table, row_id),
    ).fetchone()  # fmt: skip
    return json_text.read_object(found[0]) if found and found[0] else None


def _drop_line(conflict: Conflict, table: str, row_id: str) -> None:
    connection().execute(
        "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (conflict.peer_id, table, row_id),
    )


def _put_line(conflict: Conflict, table: str, row_id: str, base: Mapping[str, Any] | None) -> None:
    """To be sent, over ``base``; nothing of earlier attempts counts."""
    text = None if base is None else json.dumps(base, ensure_ascii=False)
    connection().execute(
        "INSERT OR REPLACE INTO peer_rows (peer_id, table_name, row_id, base, sent, sent_seq,"
        " sent_at, state, reason, tries) VALUES (?, ?, ?, ?, NULL, 0, NULL, '', '', 0)",
        (conflict.peer_id, table, row_id, text),
    )


def _release(conflict: Conflict, table: str, row_id: str) -> None:
    """A line that was held is to be sent again, unless another question about it is open."""
    if _other(conflict, table, row_id) is None:
        connection().execute(
            "UPDATE peer_rows SET state = '', reason = '', tries = 0"
            " WHERE peer_id = ? AND table_name = ? AND row_id = ?",
            (conflict.peer_id, table, row_id),
        )


def _other(conflict: Conflict, table: str, row_id: str) -> Conflict | None:
    """Another open question about a row."""
    model = Conflict
    return model.get_or_none(
        (model.table_name == table)
        & (model.row_id == row_id)
        & model.resolved_at.is_null()
        & (model.pk != conflict.pk)
    )
