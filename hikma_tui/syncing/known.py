"""What a server is known to change in what it is sent, and what it never stores. Pure.

Rows are in python form (column -> value). ``equal`` says whether a row was read back as it was sent
(decisions.md 26), ``taken`` what is to stand here when the server's row is taken over. The sources
are wire.md A5 ("Conflict rule", "Values that change", "Never stored"), A6, Part B and Appendix 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

Row = Mapping[str, Any]

# Bookkeeping that a server writes over: never compared, and always taken from it. Which table has
# its ``updated_at`` set by the server is one of the things that a client can't rely on: both kinds
# are left out. ``is_deleted`` is no rule of what is live (decisions.md 1).
STAMPS = frozenset(
    {
        "created_at", "updated_at", "last_modified", "server_created_at", "is_deleted",
        "deleted_at",
    }
)  # fmt: skip

# Tables whose ``updated_at`` stays what the client sent: it tells whether ours was taken.
CLIENT_TIMED = frozenset({"patients", "prescriptions", "appointments"})

# Columns that are stored empty, whatever is sent: what is here stays where theirs is empty.
_NEVER: dict[str, dict[str, frozenset[str]]] = {
    "v3": {
        # ``filled_at`` is taken with the first push only; ``filled_by`` of a user whom only this
        # store knows goes as null and has no metadata to travel in.
        "prescriptions": frozenset({"items", "metadata", "filled_at", "filled_by"}),
        "prescription_items": frozenset({"metadata", "recorded_by_user_id"}),
        "patient_vitals": frozenset({"event_id"}),
    },
    "flask": {
        "patients": frozenset({"metadata", "primary_clinic_id", "last_modified_by"}),
        "events": frozenset({"recorded_by_user_id"}),
        "appointments": frozenset({"departments", "is_walk_in"}),
    },
}

# Columns that only a row's first push sets: what is here stays, and the server's is no news.
_FIXED: dict[str, dict[str, frozenset[str]]] = {
    "v3": {
        "dispensing_records": frozenset({"clinic_id", "patient_id"}),
        "prescriptions": frozenset({"prescribed_at"}),
    },
    "flask": {},
}

# Columns that a server fills where nothing is sent: that is no difference, and taken over.
_FILLED: dict[str, frozenset[str]] = {
    "events": frozenset({"visit_id"}),
    "prescriptions": frozenset({"visit_id", "pickup_clinic_id", "prescribed_at"}),
    "appointments": frozenset({"visit_id", "current_visit_id", "clinic_id", "user_id"}),
    "dispensing_records": frozenset({"batch_id"}),
}

# Of an attribute, ``false`` and ``0`` come back as null (v3); they travel in its metadata too.
_FALSE_IS_NULL = frozenset({"boolean_value", "number_value"})

# The columns of other types than text, for comparing by meaning. A test holds them to the models.
MOMENTS = frozenset(
    {
        "created_at", "updated_at", "last_modified", "server_created_at", "deleted_at",
        "image_timestamp", "date_value", "check_in_timestamp", "timestamp", "expiration_date",
        "prescribed_at", "filled_at", "last_counted_at", "dispensed_at",
    }
)  # fmt: skip
DIGITS = frozenset(
    {
        "height_cm", "weight_kg", "bmi", "waist_circumference_cm", "oxygen_saturation",
        "temperature_celsius", "dosage_quantity", "sale_price",
    }
)  # fmt: skip
JSON = frozenset(
    {
        "additional_data", "metadata", "attributes", "form_data", "form_fields", "clinic_ids",
        "translations", "fields", "departments", "additional_capabilities", "items",
    }
)  # fmt: skip
FLAGS = frozenset(
    {
        "is_deleted", "boolean_value", "is_archived", "is_editable", "is_snapshot_form",
        "is_walk_in", "can_dispense_medications", "can_perform_labs", "can_perform_imaging",
        "is_controlled", "requires_refrigeration", "is_active",
    }
)  # fmt: skip


# What ends in ``_id`` and is no UUID: a capital letter is part of it.
NUMBERS_OF_PEOPLE = frozenset({"government_id", "external_patient_id", "attribute_id"})


def never_stored(dialect: str, table: str) -> frozenset[str]:
    """Columns of a table that the server leaves empty: an empty one of its never replaces ours."""
    return _NEVER.get(dialect, {}).get(table, frozenset())


def fixed(dialect: str, table: str) -> frozenset[str]:
    """Columns of a table that the server takes with the first push alone: ours never changes
    because of it, once the row is here.
    """
    return _FIXED.get(dialect, {}).get(table, frozenset())


def filled(table: str) -> frozenset[str]:
    """Columns of a table that a server may fill where nothing is sent."""
    return _FILLED.get(table, frozenset())


def is_nothing(value: Any) -> bool:
    """All sorts of nothing in a column: null, an empty text, list or object."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def same_json(one: Any, other: Any) -> bool:
    """Equality of JSON values as a server's ``jsonb`` keeps them: numbers by value, keys in any
    order; ``true`` is not ``1``.
    """
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same_json(one[k], other[k]) for k in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same_json, one, other))
    return bool(one == other)


def same(column: str, one: Any, other: Any, dialect: str = "v3") -> bool:
    """Whether two values of a column mean one thing."""
    if column in JSON:
        return same_json(one, other) or (is_nothing(one) and is_nothing(other))
    if is_nothing(one) or is_nothing(other):
        return is_nothing(one) and is_nothing(other)
    if column in DIGITS:
        return _same_number(one, other)
    if column in FLAGS or column.startswith(("can_", "is_")):
        return bool(one) == bool(other)
    if column in MOMENTS and dialect == "flask":  # it cuts to whole seconds
        return bool(int(one) // 1000 == int(other) // 1000)
    if column == "id" or (column.endswith("_id") and column not in NUMBERS_OF_PEOPLE):
        return str(one).lower() == str(other).lower()
    return bool(one == other)


def _same_number(one: Any, other: Any) -> bool:
    try:
        return Decimal(str(one)) == Decimal(str(other))
    except InvalidOperation:
        return bool(one == other)


def equal(dialect: str, table: str, sent: Row, theirs: Row) -> tuple[str, ...]:
    """The columns in which the server's row truly differs from what was sent; () for none.

    A column that ``theirs`` lacks is one that this server does not have.
    """
    quiet = STAMPS | fixed(dialect, table)
    never, may_fill = never_stored(dialect, table), filled(table)
    found = []
    for column, value in sent.items():
        if column in quiet or column == "unknown" or column not in theirs:
            continue
        got = theirs[column]
        if got is value or (isinstance(got, str) and type(value) is str and got == value):
            continue  # the same in every way of comparing: most are, and there are many
        if same(column, value, got, dialect) or (column in never and is_nothing(got)):
            continue
        if column in may_fill and is_nothing(value):
            continue
        of_attribute = table == "patient_additional_attributes" and column in _FALSE_IS_NULL
        if of_attribute and got is None and not value:
            continue
        found.append(column)
    return tuple(found)


def went_back(agreed: Row, theirs: Row, table: str | None = None) -> bool:
    """Whether the server shows an older state of a row than the one that it had confirmed: it was
    restored from a backup (decisions.md 33). A push raises ``last_modified``, always, and
    ``updated_at`` where that is the client's: also one after the server's clock was put right.
    With ``table``, also whether it lost the row altogether, and has it from somebody else again.
    """
    if table is not None and made_anew(table, agreed, theirs):
        return True
    before, now = agreed.get("last_modified"), theirs.get("last_modified")
    if before is None or now is None or now >= before:
        return False
    if table is not None and table not in CLIENT_TIMED and theirs.get("updated_at") != now:
        return True  # an edit would bear one stamp in both: this is as it was first sent
    return bool((theirs.get("updated_at") or 0) <= (agreed.get("updated_at") or 0))


# Their ``server_created_at`` begins anew with each edit, or each move (wire.md A5, A6).
CREATED_ANEW = frozenset({"patient_vitals", "prescription_items"})


def made_anew(table: str, agreed: Row, theirs: Row) -> bool:
    """Whether the server lost a row and has it again: sent by somebody who had an older state, or
    made up by itself (the visit of a new note, wire.md A5 "Foreign keys and blanks"). An earlier
    stamp says so, too: its clock was ahead when it first took the row.
    """
    before, now = agreed.get("server_created_at"), theirs.get("server_created_at")
    return (
        table not in CREATED_ANEW and before is not None and now is not None and bool(before != now)
    )


def taken(dialect: str, table: str, ours: Row, theirs: Row) -> dict[str, Any]:
    """The server's row as it is to stand here: with what it never stores, and what it does not
    have at all, as we have it.
    """
    never, stays = never_stored(dialect, table), fixed(dialect, table)
    row = dict(ours)
    for column, value in theirs.items():
        kept = column in never and is_nothing(value) and not is_nothing(ours.get(column))
        if kept or (column in stays and not is_nothing(ours.get(column))):
            continue
        row[column] = value
    return row


def confirmed(dialect: str, table: str, ours: Row, theirs: Row) -> dict[str, Any]:
    """Our row, read back and found equal: with the server's stamps and what it filled in."""
    row = dict(ours)
    for column in STAMPS | {"unknown"}:
        if column in theirs:
            row[column] = theirs[column]
    for column in filled(table):
        if column in theirs and is_nothing(row.get(column)):
            row[column] = theirs[column]
    return row
