"""One save: rows, the marks that a sync needs, the search index and the audit entry, together.

Every change of a synced row goes through ``Save``. It runs inside the store's one transaction, so
either all of a save is there after a power cut or none of it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from types import TracebackType
from typing import Any, Concatenate, ParamSpec, TypeVar

from hikma_tui import json_text, search, tables_rows
from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import NotFound, Refused
from hikma_tui.i18n import _
from hikma_tui.ids import new_id
from hikma_tui.models import (
    OWN_COLUMNS,
    Patient,
    PatientAttribute,
    Synced,
    Visit,
    connection,
)
from hikma_tui.odd_values import Odd

P = ParamSpec("P")
T = TypeVar("T")

# The tables whose rows the search index is made of.
_SEARCHED = {Patient: "id", PatientAttribute: "patient_id", Visit: "patient_id"}


class _Here(threading.local):
    save: Save | None = None  # the one that is open on this thread


_here = _Here()


class Save:
    """The changes of one act by one user. Use as a context manager inside ``Store.write``.

    Within another one of the same user it is that one: an act of several parts (a visit, and what
    is recorded in it) is one transaction in the trail, and is indexed once.
    """

    now: int
    seq: int
    transaction_id: str

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.entries: list[audit.Entry] = []
        self.touched: set[str] = set()  # patients whose search entry is stale
        self._outer: Save | None = None
        self._before = 0  # entries of the outer one when this began

    def __enter__(self) -> Save:
        self._outer = _here.save
        if self._outer is not None and self._outer.actor == self.actor:
            self._before = len(self._outer.entries)
            return self._outer
        _here.save = self
        self.now = info.now_ms()
        self.seq = info.number("change_seq") + 1
        self.transaction_id = new_id(self.now)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _e: BaseException | None, _t: TracebackType | None
    ) -> None:
        if self._outer is not None and self._outer.actor == self.actor:
            if kind is not None:
                del self._outer.entries[self._before :]
            return
        _here.save = self._outer
        if kind is not None or not self.entries:
            return
        info.put("change_seq", self.seq)
        info.put("newest_stamp", self.now)
        audit.append(self.actor, self.transaction_id, self.entries, self.now)
        tables = {entry.table for entry in self.entries}
        if "registration_forms" in tables and search.stale(connection()):
            search.rebuild(connection())  # other fields are searched from now on
            return
        for patient_id in self.touched:
            search.refresh(connection(), patient_id)

    def insert(self, model: type[Synced], values: Mapping[str, Any]) -> str:
        """Add a row; id and stamps are given unless ``values`` has them. Return its id."""
        row = {"id": new_id(self.now), "created_at": self.now, "updated_at": self.now, **values}
        tables_rows.insert(model, {**row, "change_seq": self.seq})
        self._note("CREATE", model, row, {"row_id": row["id"]})
        return str(row["id"])

    def update(self, model: type[Synced], row_id: str, values: Mapping[str, Any]) -> bool:
        """Change columns of a live row; return whether anything differed. NotFound if not live."""
        old = live_row(model, row_id)
        if values.get("unknown"):  # of the columns that we don't know, too, those not given stay
            values = {**values, "unknown": {**(old["unknown"] or {}), **values["unknown"]}}
        changed = {name: v for name, v in values.items() if _differs(old[name], v)}
        for name in changed:
            _refuse_to_lose(name, old[name], changed[name])
        if not changed:
            return False
        if "updated_at" not in changed:
            # Never backwards, and never the same: a second edit in one ms must still win.
            changed["updated_at"] = max(self.now, (old["updated_at"] or 0) + 1)
        self.keep_base(model, old)
        tables_rows.update(model, row_id, {**changed, "change_seq": self.seq})
        told = {n: {"old": old[n], "new": v} for n, v in changed.items() if n != "updated_at"}
        self.touch(model, old)  # whose it was: a choice about a moved visit changes that
        self._note("UPDATE", model, {**old, **changed}, told)
        return True

    def bury(self, model: type[Synced], rows: Iterable[Mapping[str, Any]], deletion: int) -> None:
        """Set the tombstone of live rows (as ``live_row`` gives them); they stay in the file."""
        for row in rows:
            self.keep_base(model, row)
            sets: dict[Any, Any] = {model.tombstone: deletion, model.change_seq: self.seq}
            if "is_deleted" in model._meta.fields:
                sets |= {model.is_deleted: True, model.deleted_at: self.now}  # type: ignore[attr-defined]
            model.update(sets).where(model.id == row["id"]).execute()
            told = {"row_id": row["id"], "deleted_at": self.now}
            self._note("SOFT_DELETE", model, row, told)

    def raise_again(self, model: type[Synced], row: Mapping[str, Any]) -> None:
        """Take the tombstone off one row: the undoing of ``bury``."""
        sets: dict[Any, Any] = {model.tombstone: None, model.change_seq: self.seq}
        if "is_deleted" in model._meta.fields:
            sets |= {model.is_deleted: False, model.deleted_at: None}  # type: ignore[attr-defined]
        model.update(sets).where(model.id == row["id"]).execute()
        self._note("RESTORE", model, row, {"row_id": row["id"]})

    def keep_base(self, model: type[Synced], row: Mapping[str, Any]) -> None:
        """Before the first change of a row that a server has just so: keep what was agreed."""
        if row["change_seq"] != 0:
            return  # it has a base, or the server never had it
        base = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
        connection().execute(
            "INSERT INTO peer_rows (peer_id, table_name, row_id, base, sent_seq, state, reason,"
            " tries) SELECT id, ?, ?, ?, 0, '', '', 0 FROM peers WHERE status = 'active'"
            " ON CONFLICT DO UPDATE SET base = excluded.base, state = '', reason = ''",
            (model._meta.table_name, row["id"], json_text.dumps(base)),
        )

    def _note(
        self, action: str, model: type[Synced], row: Mapping[str, Any], changes: Mapping[str, Any]
    ) -> None:
        table = model._meta.table_name
        self.entries.append(audit.Entry(action, table, str(row["id"]), changes))
        self.touch(model, row)

    def touch(self, model: type[Synced], row: Mapping[str, Any]) -> None:
        """The search entry of the patient whose ``row`` this is will be made anew."""
        if model in _SEARCHED and row.get(_SEARCHED[model]):
            self.touched.add(str(row[_SEARCHED[model]]))


def one_save(
    function: Callable[Concatenate[Actor, P], T],
) -> Callable[Concatenate[Actor, P], T]:
    """An act of several parts, each with its ``Save``: made the parts of one."""

    @wraps(function)
    def whole(actor: Actor, /, *arguments: P.args, **named: P.kwargs) -> T:
        with Save(actor):
            return function(actor, *arguments, **named)

    return whole


def _differs(old: Any, new: Any) -> bool:
    """Whether a value changed; inside JSON ``1`` and ``true`` are two things."""
    if isinstance(old, list | dict) or isinstance(new, list | dict):
        return json.dumps(old, sort_keys=True) != json.dumps(new, sort_keys=True)
    return bool(old != new)


def _refuse_to_lose(column: str, old: Any, new: Any) -> None:
    """What stands in a column and can't be read is somebody's words: nothing goes over it but what
    holds it (``problem_days.kept_metadata``), and the stamp of this save. Refused.
    """
    if isinstance(old, Odd) and str(old).strip() and column != "updated_at":
        kept = new.get("written_as_metadata") if isinstance(new, dict) else None
        if kept != old:
            raise Refused(
                _(
                    "Another program wrote something into this record ({column}) that can't be read"
                    " here. It is left as it is, so this can't be saved over it."
                ).format(column=column)
            )


def live_row(model: type[Synced], row_id: str) -> dict[str, Any]:
    """All columns of one live row. NotFound when it is deleted or was never there."""
    found = tables_rows.read(model, "WHERE id = ? AND tombstone IS NULL", (row_id,))
    if not found:
        raise NotFound()
    return found[0]
