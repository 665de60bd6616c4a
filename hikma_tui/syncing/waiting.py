"""Which rows are to be sent, in which order, and what stays here. On the writer's connection.

Some tables stay here as a whole, by rule and without a line in ``peer_rows`` for each row: those
that no client may push (clinics, users, forms, departments, catalogue, permissions, settings,
stock), and on the older server all that it has no table for, or would attach to a patient whom it
makes up (appointments, wire.md Part B). ``TAKEN`` says which don't: whoever counts what is not sent
counts the rest as ``stays``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Container, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import info, own_forms
from hikma_tui.columns import Uuid
from hikma_tui.models import BY_TABLE, OWN_COLUMNS, connection, dicts, wire_columns
from hikma_tui.syncing.carry import REFERENCES, Facts
from hikma_tui.syncing.peer import DAYS_UNSURE
from hikma_tui.syncing.shapes import Disagreement, Reason, State
from hikma_tui.syncing.values import python_row

# What a server takes from a client, parents first: the order in which v3 applies a body, but for
# its last two, which need requests of their own (wire.md A5).
TAKEN: dict[str, tuple[str, ...]] = {
    "v3": (
        "patients", "patient_additional_attributes", "visits", "events", "appointments",
        "prescriptions", "patient_vitals", "patient_problems", "prescription_items",
        "dispensing_records",
    ),
    "flask": ("patients", "patient_additional_attributes", "visits", "events", "prescriptions"),
}  # fmt: skip

_LISTED = ("users", "clinics", "event_forms", "drug_catalogue")
_LEARNED = "sync_not_there"  # ids that a server refused and took without: JSON, table -> ids

# What was handed out outlives the prescription that it was handed out for.
_HANDED_OUT = (
    "JOIN prescription_items i ON i.prescription_id = r.id"
    " JOIN dispensing_records c ON c.prescription_item_id = i.id WHERE c.tombstone IS NULL"
)

# Rows deleted before they were ever sent on which something still stands that must be sent.
_LEANED_ON = {
    "visits": (
        "EXISTS (SELECT 1 FROM patient_vitals c WHERE c.visit_id = t.id AND c.tombstone IS NULL)"
        " OR EXISTS (SELECT 1 FROM patient_problems c"
        " WHERE c.visit_id = t.id AND c.tombstone IS NULL)"
        " OR EXISTS (SELECT 1 FROM appointments c"
        " WHERE c.fulfilled_visit_id = t.id AND c.tombstone IS NULL)"
        f" OR EXISTS (SELECT 1 FROM prescriptions r {_HANDED_OUT} AND r.visit_id = t.id)"
    ),
    "prescriptions": f"EXISTS (SELECT 1 FROM prescriptions r {_HANDED_OUT} AND r.id = t.id)",
    # with what was handed out, an item can't be deleted at the server (wire.md A6): it is cancelled
    "prescription_items": (
        "EXISTS (SELECT 1 FROM dispensing_records c WHERE c.prescription_item_id = t.id"
        " AND (c.tombstone IS NULL OR c.change_seq = 0 AND c.server_created_at IS NOT NULL"
        " OR EXISTS (SELECT 1 FROM peer_rows d"
        " WHERE d.table_name = 'dispensing_records' AND d.row_id = c.id"
        " AND (d.base IS NOT NULL OR d.sent IS NOT NULL))))"
    ),
}


@dataclass(frozen=True)
class Waiting:
    """One row that the server has not confirmed. ``row`` is in python form, with ``unknown``."""

    table: str
    id: str
    seq: int
    deletion: int | None  # the number of the deletion that took it, None for a live row
    base: dict[str, Any] | None
    was_sent: bool  # once, with whatever result
    row: dict[str, Any]

    @property
    def known(self) -> bool:
        """Whether the server has the row, in an older state."""
        return self.base is not None


@dataclass(frozen=True)
class Why:
    """Why a row is not at the server: for the user's way out.

    ``columns`` are those that may be to blame; ``parent`` is the row it waits for.
    """

    state: State
    reason: Reason
    columns: tuple[str, ...] = ()
    parent: tuple[str, str] | None = None


def stays(dialect: str) -> frozenset[str]:
    """The tables whose rows that server takes from nobody (State.STAYS, Reason.NO_TABLE)."""
    return frozenset(BY_TABLE) - frozenset(TAKEN[dialect])


def parents_of(table: str, row: dict[str, Any]) -> tuple[tuple[str, str], ...]:
    """The rows that must be at the server before this one: (table, id)."""
    return tuple((there, row[column]) for column, there in _leads(table) if row.get(column))


@lru_cache(maxsize=40)
def _leads(table: str) -> tuple[tuple[str, str], ...]:
    """(column, table that it points to), where clients make that table's rows."""
    return tuple(
        (column, kind.table)
        for column, kind in wire_columns(BY_TABLE[table]).items()
        if isinstance(kind, Uuid) and kind.table in TAKEN["v3"]
        and (table, column) != ("patient_vitals", "event_id")  # no server keeps that
    )  # fmt: skip


# -- what the server knows ---------------------------------------------------------------------


def facts(peer_id: str, dialect: str) -> Facts:
    """What ``syncing.carry`` must know of this store, at this moment.

    Known to the server is what it sent (``change_seq`` 0, or a base), the account that signed in,
    and who has permissions there; local is what has a row here that it never sent.
    """
    rows = connection()
    found = rows.execute("SELECT metadata FROM peers WHERE id = ?", (peer_id,)).fetchone()
    peer = json_text.read_object(found[0]) if found else {}
    user_id, clinic_id = str(peer.get("user_id") or ""), str(peer.get("clinic_id") or "")
    known: dict[str, frozenset[str]] = {}
    local: dict[str, frozenset[str]] = {}
    for table in _LISTED:
        agreed: set[str] = set()
        others: set[str] = set()
        for row_id, here in rows.execute(
            f"SELECT t.id, t.change_seq > 0 AND p.base IS NULL FROM {table} t LEFT JOIN peer_rows p"
            " ON p.peer_id = ? AND p.table_name = ? AND p.row_id = t.id",
            (peer_id, table),
        ):
            (others if here else agreed).add(row_id)
        known[table], local[table] = frozenset(agreed), frozenset(others)
    there = rows.execute("SELECT user_id FROM user_clinic_permissions WHERE change_seq = 0")
    known["users"] |= {row[0] for row in there} | {user_id}
    known["clinics"] |= {clinic_id}
    local["event_forms"] |= {own_forms.id_of(key) for key in own_forms.KEYS}
    stock = "SELECT batch_id, min(change_seq) FROM clinic_inventory GROUP BY batch_id"
    batches = [(row[0], row[1] > 0) for row in rows.execute(stock)]
    known["drug_batches"] = frozenset(one for one, here in batches if not here)
    local["drug_batches"] = frozenset(one for one, here in batches if here)
    # Accounts that synced before: theirs is what they wrote, unless the server refuses it.
    former = frozenset(peer.get("former_users") or ())
    known["users"], local["users"] = known["users"] - former, local["users"] - former
    for table, ids in _learned(peer_id).items():
        local[table] = local.get(table, frozenset()) | frozenset(ids)
    return Facts(
        dialect=dialect,
        user_id=user_id,
        local={table: ids - known.get(table, frozenset()) for table, ids in local.items()},
        known=known,
        days_unsure=bool(peer.get(DAYS_UNSURE)),
        names=dict(rows.execute("SELECT id, name FROM users WHERE name != ''")),
    )


# What to doubt after a refusal, one step after the other. Forms, clinics and drugs come in every
# pull, so one that is not here is hardly there; accounts are sent to no client (wire.md A4).
_DOUBTS = (REFERENCES - {"users"}, REFERENCES)


def doubting(found: Facts, step: int) -> Facts | None:
    """The same, believing less of what the server has: step 0, 1; None when all is doubted."""
    return replace(found, doubting=_DOUBTS[step]) if step < len(_DOUBTS) else None


def learn(peer_id: str, not_there: Iterable[tuple[str, str]]) -> None:
    """Remember ids that the server has not: (table, id). Inside the caller's transaction."""
    learned = _learned(peer_id)
    for table, row_id in not_there:
        ids = learned.setdefault(table, [])
        if row_id not in ids:
            ids.append(row_id)
            del ids[:-1000]
    info.put(f"{_LEARNED}:{peer_id}", json.dumps(learned))


def _learned(peer_id: str) -> dict[str, list[str]]:
    return json_text.read_object(info.get(f"{_LEARNED}:{peer_id}", "{}"))


# -- which rows --------------------------------------------------------------------------------


def begin(peer_id: str) -> int:
    """Open a push: what was sent and not confirmed is to be sent again. Returns the number of the
    last save that belongs to this push. Inside the caller's transaction.
    """
    connection().execute(
        "UPDATE peer_rows SET state = '' WHERE peer_id = ? AND state = ?", (peer_id, State.SENT)
    )
    return info.number("change_seq")


def total(peer_id: str, dialect: str, ceiling: int) -> int:
    """How many rows a push has to look at."""
    return sum(
        connection()
        .execute(f"SELECT count(*) {_from(table)}", (peer_id, table, ceiling, table))
        .fetchone()[0]
        for table in TAKEN[dialect]
    )


def _from(table: str) -> str:
    """What a push looks at: not held, not in a conflict, not refused as it stands now."""
    return (
        f"FROM {table} t LEFT JOIN peer_rows p"
        " ON p.peer_id = ? AND p.table_name = ? AND p.row_id = t.id"
        " WHERE t.change_seq > 0 AND t.change_seq <= ?"
        # a question about values waits for no answer when the row was deleted since
        f" AND (coalesce(p.state, '') NOT IN ('{State.HELD}', '{State.DIFFERS}')"
        " OR t.tombstone IS NOT NULL AND coalesce(p.sent, '') != '{}')"
        f" AND NOT (coalesce(p.state, '') IN ('{State.REFUSED}', '{State.AWAITING}')"
        f" AND p.reason != '{Reason.PARENT}' AND p.sent IS NOT NULL AND p.sent_seq = t.change_seq)"
        " AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE c.table_name = ? AND c.row_id = t.id"
        " AND c.resolved_at IS NULL AND (t.tombstone IS NULL"
        f" OR c.kind IN ('{Disagreement.DELETED_HERE}', '{Disagreement.SUGGESTION}')))"
    )


def some(
    peer_id: str, table: str, ceiling: int, after: tuple[int, str], limit: int, *, deleted: bool
) -> list[Waiting]:
    """The next rows of a table, in the order of their saves, after (change_seq, id).

    ``deleted``: the tombstones; else the live rows, and those deleted ones that have to be there
    all the same before they can be deleted or cancelled.
    """
    never = "p.base IS NULL AND p.sent IS NULL" if table != "prescription_items" else "1"
    leaned = f"({never}) AND ({_LEANED_ON[table]})" if table in _LEANED_ON else "0"
    which = "t.tombstone IS NOT NULL" if deleted else f"(t.tombstone IS NULL OR ({leaned}))"
    if deleted:
        which += f" AND NOT ({leaned})"  # the first pass had its turn with it
    lines = (
        connection()
        .execute(
            f"SELECT t.id, p.base, p.sent IS NOT NULL {_from(table)} AND {which}"
            " AND (t.change_seq, t.id) > (?, ?) ORDER BY t.change_seq, t.id LIMIT ?",
            (peer_id, table, ceiling, table, *after, limit),
        )
        .fetchall()
    )
    columns = (*wire_columns(BY_TABLE[table]), "unknown")
    rows = {
        row[2]: row
        for row in connection().execute(
            f"SELECT t.change_seq, t.tombstone, {', '.join('t.' + name for name in columns)}"
            f" FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value",
            (json.dumps([line[0] for line in lines]),),
        )
    }
    return [
        Waiting(
            table, row_id, rows[row_id][0], rows[row_id][1],
            json_text.read_object(base) if base else None, bool(sent),
            python_row(table, columns, rows[row_id][2:]),
        )
        for row_id, base, sent in lines
    ]  # fmt: skip


def _python(row: dict[str, Any]) -> dict[str, Any]:
    return {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}


def lacking(
    peer_id: str, rows: Sequence[Waiting], coming: Container[tuple[str, str]] = ()
) -> dict[tuple[str, str], State]:
    """The parents of some rows that the server does not have: (table, id) -> the parent's state.

    ``coming`` go in the same request, before them. A parent that has no row here counts as there
    only for a row whose base names it as well.
    """
    wanted: dict[str, set[str]] = {}
    trusted: set[tuple[str, str]] = set()
    untrusted: set[tuple[str, str]] = set()
    for one in rows:
        base = parents_of(one.table, one.base) if one.base is not None else ()
        for parent in parents_of(one.table, one.row):
            if parent in coming:
                continue
            wanted.setdefault(parent[0], set()).add(parent[1])
            (trusted if parent in base else untrusted).add(parent)
    missing: dict[tuple[str, str], State] = {}
    for table, ids in wanted.items():
        held = {row_id for there, row_id in trusted if there == table}
        states = _states(peer_id, table, ids, held)
        for row_id in ids:
            state = states.get(row_id, State.NOT_SENT)
            gone = row_id not in states and (table, row_id) in untrusted
            if gone or (row_id in states and state is not None):
                missing[table, row_id] = state or State.NOT_SENT
    return missing


def _states(
    peer_id: str, table: str, ids: Collection[str], held: Collection[str]
) -> dict[str, State | None]:
    """The state of each row that is here; None for one that the server has. ``held`` are named by
    rows that it has: it may never have shown them, since they went there and were deleted at once.
    """
    marks = ", ".join("?" * len(ids))
    there = (State.SENT, State.AWAITING, State.DIFFERS)
    found: dict[str, State | None] = {}
    for row_id, agreed, based, dead, state in connection().execute(
        # a row that was deleted before it was ever sent is agreed, and yet not there
        # and one that is only here is not there either
        "SELECT t.id, t.change_seq = 0 AND (t.tombstone IS NULL OR t.server_created_at IS NOT"
        f" NULL) AND coalesce(p.state, '') != '{State.ONLY_HERE}', p.base IS NOT NULL"
        f" AND coalesce(p.state, '') != '{State.ONLY_HERE}',"
        f" t.change_seq = 0 AND t.tombstone IS NOT NULL, coalesce(p.state, '') FROM {table} t"
        " LEFT JOIN peer_rows p ON p.peer_id = ? AND p.table_name = ? AND p.row_id = t.id"
        f" WHERE t.id IN ({marks})",
        (peer_id, table, *ids),
    ):
        is_there = agreed or based or state in there or (dead and row_id in held)
        found[row_id] = None if is_there else State(state)
    return found


def why(peer_id: str, table: str, row_id: str) -> Why:
    """Why one row is not confirmed, and what to look at. For the writer (it may be deleted)."""
    line = (
        connection()
        .execute(
            "SELECT state, reason FROM peer_rows"
            " WHERE peer_id = ? AND table_name = ? AND row_id = ?",
            (peer_id, table, row_id),
        )
        .fetchone()
    )
    state, text = line or ("", "")
    reason, _colon, columns = str(text).partition(":")
    parent = None
    if reason == Reason.PARENT:
        model = BY_TABLE[table]
        for row in dicts(model.select().where(model.id == row_id)):
            one = Waiting(table, row_id, 0, None, None, False, _python(row))
            parent = next(iter(lacking(peer_id, [one])), None)
    return Why(State(state), Reason(reason), tuple(filter(None, columns.split(","))), parent)
