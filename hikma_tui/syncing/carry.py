"""What this store knows and a server can't have: how it travels all the same. Pure.

A server refuses an id that it does not know (a form, a user or a clinic made here before the clinic
joined, decisions.md 28), and v3 stores ``false`` and ``0`` of an attribute as nothing (decisions.md
31). ``to_server`` sends null there and puts what was meant into ``metadata["hikma_tui"]``, with the
person's name for clients that don't know us; ``restore`` is its exact inverse. The mark::

    {"v": 1, "ids": {column: id}, "names": {column: name}, "values": {column: false or 0},
     "filled": {column: [what we filled in, what stood there]}, "was": ..., "metadata": ...}

Where the server stores no metadata (``prescriptions`` and ``prescription_items`` of v3,
``patients`` of Flask) such an id goes as null and is not carried: this store keeps it, others never
see it.
Where the column may not be null, or a blank would be filled with somebody else, the row stays here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from hikma_tui.columns import Uuid
from hikma_tui.ids import is_uuid
from hikma_tui.models import BY_TABLE, wire_columns
from hikma_tui.syncing.shapes import Reason
from hikma_tui.syncing.values_wire import HELD

MARK = "hikma_tui"
_VERSION = 1

# What no client may send: a server knows these from others, or not at all (wire.md A5).
REFERENCES = frozenset({"users", "clinics", "event_forms", "drug_catalogue", "drug_batches"})

# Tables whose ``metadata`` the server keeps (wire.md A5 "Never stored", Part B).
_KEEPS = {
    "v3": frozenset({
        "patients", "patient_additional_attributes", "visits", "events", "appointments",
        "patient_vitals", "patient_problems", "dispensing_records",
    }),
    "flask": frozenset({"patient_additional_attributes", "visits", "events", "prescriptions"}),
}  # fmt: skip

# May be null, but the server fills the blank with a visit that nobody made (wire.md A5 "Foreign
# keys and blanks").
_FILLED = {
    "v3": frozenset({("events", "visit_id"), ("prescriptions", "visit_id")}),
    "flask": frozenset(),
}

# Ids that the server has no column for, or drops (wire.md Appendix 1 and 2).
_DROPPED = {
    "v3": frozenset({("patient_vitals", "event_id")}),
    "flask": frozenset({("events", "recorded_by_user_id")}),
}
_EMPTIED = {"boolean_value": False, "number_value": 0}


@dataclass(frozen=True)
class Facts:
    """What must be known about the store to send its rows.

    ``local`` has the ids that the server can't have, by table; ``known`` those that it has for
    sure. What is in neither (an account of the server that no pull names, or an id that another
    store of this program carried) is believed to be there, unless its table is in ``doubting``:
    after a refusal.
    ``names`` are the users' by id; ``user_id`` is the joined user's, which the server knows.
    """

    dialect: str = "v3"
    user_id: str = ""
    local: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known: Mapping[str, frozenset[str]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    doubting: frozenset[str] = frozenset()
    days_unsure: bool = False  # which day a midnight of the server's means (decisions.md 30)

    def only_here(self, table: str, row_id: object) -> bool:
        """Whether the server can't know that id of that table."""
        if row_id == self.user_id:
            return False
        if table in self.doubting and row_id not in self.known.get(table, ()):
            return True
        return row_id in self.local.get(table, ())


def to_server(table: str, row: Mapping[str, Any], facts: Facts) -> dict[str, Any] | Reason:
    """The row as this server can have it, both in python form; a Reason when it has to stay here.

    NO_PLACE: a column that may not be empty points to what the server can't have, or is empty where
    the server would make something up. NOT_A_UUID: an id that no server takes.
    """
    sent = dict(row)
    mark: dict[str, Any] = {}
    for column, kind in _ids(table):
        value = sent.get(column)
        verdict = _verdict(table, column, kind, value, facts)
        if isinstance(verdict, Reason):
            return verdict
        if verdict:
            continue
        sent[column] = None
        mark.setdefault("ids", {})[column] = value
        name = facts.names.get(str(value)) if kind.table == "users" else None
        if name:
            mark.setdefault("names", {})[column] = name
    if table == "visits" and "provider_id" in mark.get("ids", ()):
        _name_the_provider(sent, mark)
    if table == "patient_additional_attributes" and facts.dialect == "v3":
        empty = {c: v for c, v in _EMPTIED.items() if row.get(c) is not None and row[c] == v}
        if empty:
            mark["values"] = empty
    if table in _KEEPS[facts.dialect]:
        _put_mark(sent, mark)
    return sent


@lru_cache(maxsize=40)
def _ids(table: str) -> tuple[tuple[str, Uuid], ...]:
    columns = wire_columns(BY_TABLE[table]).items()
    return tuple((name, kind) for name, kind in columns if isinstance(kind, Uuid))


def _verdict(table: str, column: str, kind: Uuid, value: Any, facts: Facts) -> bool | Reason:
    """Whether an id goes as it is (True) or as null (False), or why the row can't go at all."""
    if value in (None, ""):
        blank = kind.null and (table, column) not in _FILLED[facts.dialect]
        return True if blank else Reason.NO_PLACE
    if not is_uuid(str(value)):
        return Reason.NOT_A_UUID
    if (table, column) in _DROPPED[facts.dialect]:
        return False
    if kind.table not in REFERENCES or not facts.only_here(kind.table, value):
        return True
    # of a blank batch the server takes the newest from stock
    return False if kind.null and column != "batch_id" else Reason.NO_PLACE


def _name_the_provider(sent: dict[str, Any], mark: dict[str, Any]) -> None:
    """Other clients show ``provider_name``: say there who it was, if nothing stands there."""
    name = mark.get("names", {}).get("provider_id")
    if name and not sent.get("provider_name"):
        mark["filled"] = {"provider_name": [name, sent.get("provider_name")]}
        sent["provider_name"] = name


def _put_mark(sent: dict[str, Any], mark: dict[str, Any]) -> None:
    metadata = sent.get("metadata")
    unknown = sent.get("unknown")
    if isinstance(unknown, Mapping) and HELD + "metadata" in unknown and not metadata:
        return  # another kind of JSON stands there, and goes back as it came: there is no place
    if not isinstance(metadata, dict):
        if not mark:
            return
        mark["metadata"], metadata = metadata, {}
    elif MARK in metadata:  # somebody else's, or a garbled one of ours: it comes back as it was
        mark["was"] = metadata[MARK]
    if mark:
        sent["metadata"] = {**metadata, MARK: {"v": _VERSION, **mark}}


def restore(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as it was before ``to_server``, both in python form; the mark is gone.

    A column that has a value on the server keeps that: somebody said something newer. What stands
    under the mark and is not ours, or is not right, stays as it is. The result may have a column
    that ``row`` lacks (an id that the older server has no column for).
    """
    found = dict(row)
    metadata = found.get("metadata")
    mark = metadata.get(MARK) if isinstance(metadata, dict) else None
    if not isinstance(metadata, dict) or not isinstance(mark, dict) or mark.get("v") != _VERSION:
        return found
    kinds = wire_columns(BY_TABLE[table])
    for column, value in _entries(mark, "ids"):
        fits = _may_carry(table, column, kinds.get(column)) and isinstance(value, str)
        if fits and is_uuid(value) and found.get(column) in (None, ""):
            found[column] = value
    if table == "patient_additional_attributes":
        for column, value in _entries(mark, "values"):
            if column in _EMPTIED and value == _EMPTIED[column] and found.get(column) is None:
                found[column] = _EMPTIED[column]
    if table == "visits":
        for column, pair in _entries(mark, "filled"):
            known = column == "provider_name" and isinstance(pair, list) and len(pair) == 2
            if known and found.get(column) == pair[0] and pair[1] in (None, ""):
                found[column] = pair[1]
    rest = {key: value for key, value in metadata.items() if key != MARK}
    if "was" in mark:
        rest[MARK] = mark["was"]
    found["metadata"] = mark["metadata"] if "metadata" in mark and not rest else rest
    return found


def _may_carry(table: str, column: str, kind: object) -> bool:
    """Whether ``to_server`` ever carries that column; none of those says whose row it is."""
    if not isinstance(kind, Uuid) or not kind.null:
        return False
    return kind.table in REFERENCES or any((table, column) in some for some in _DROPPED.values())


def _entries(mark: Mapping[str, Any], part: str) -> list[tuple[str, Any]]:
    found = mark.get(part)
    return list(found.items()) if isinstance(found, dict) else []
