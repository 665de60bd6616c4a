"""Rows made ready to be sent, and the lines that say what became of them. On the writer.

Each function runs inside the caller's write transaction. A row that can't go gets its line with the
reason (``peer_rows``); one that is about to go gets a line with what is sent, before it is sent, so
that a kill after the request is recognised at the next pull.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic import info
from hikma_tui.columns import Day
from hikma_tui.ids import is_uuid
from hikma_tui.models import BY_TABLE, Deletion, connection, wire_columns
from hikma_tui.syncing import meet_held as sync_meet_held
from hikma_tui.syncing import waiting as sync_waiting
from hikma_tui.syncing.carry import REFERENCES, Facts, restore, to_server
from hikma_tui.syncing.push_bad import bad_columns
from hikma_tui.syncing.shapes import Reason, State
from hikma_tui.syncing.values import encode
from hikma_tui.syncing.waiting import Waiting

_JSON = json_text.dumps
_MORE = 80  # bytes by which a row is longer on the wire, roughly: moments are texts there
CANCELLED = "cancelled"  # the status of an item that can't be deleted any more

# Columns that a server takes with the first push alone: a row that moved (docs/moving.md).
_FIXED = {"prescription_items": ("patient_id",), "dispensing_records": ("patient_id", "clinic_id")}


@dataclass(frozen=True)
class Item:
    """One row ready to go. ``wire`` is None for a deletion.

    ``sent`` is the row in python form, as it is to be read back, as JSON; {} for a deletion.
    ``again``: it has to be deleted at the server before it is sent.
    """

    one: Waiting
    wire: dict[str, Any] | None
    sent: str = "{}"
    size: int = 40
    again: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """(table, id)."""
        return self.one.table, self.one.id


@dataclass
class Taken:
    """The next piece of a table: what goes, and how far we are."""

    items: list[Item] = field(default_factory=list)
    after: tuple[int, str] = (0, "")
    seen: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # (table, id)


def take(
    peer_id: str, facts: Facts, table: str, ceiling: int, after: tuple[int, str], limit: int,
    coming: Container[tuple[str, str]], deleted: bool,
) -> Taken:  # fmt: skip
    """The next rows of a table, made ready; of those that can't go the lines say why."""
    rows = sync_waiting.some(peer_id, table, ceiling, after, limit, deleted=deleted)
    if not rows:
        return Taken()
    found = Taken(after=(rows[-1].seq, rows[-1].id), seen=len(rows))
    held, held_deletions = _all_held(), sync_meet_held.held_deletions()
    missing = {} if deleted else sync_waiting.lacking(peer_id, rows, coming)
    for one in rows:
        if one.deletion in held_deletions or _is_held(one, held):
            continue
        item = _deletion(peer_id, one) if deleted else ready(peer_id, one, facts, missing)
        if isinstance(item, Item):
            found.items.append(item)
        if item is State.REFUSED:
            found.refused.append((one.table, one.id))
    return found


def _all_held() -> dict[str, set[str]]:
    """Charts with an open question about a deletion: nothing of theirs goes (decisions.md 25)."""
    return {
        "patients": sync_meet_held.held_patients(),
        "visits": sync_meet_held.held_visits(),
        "prescriptions": sync_meet_held.held_prescriptions(),
    }


def _is_held(one: Waiting, held: dict[str, set[str]]) -> bool:
    above = sync_waiting.parents_of(one.table, one.row)
    return any(row_id in held.get(table, ()) for table, row_id in (*above, (one.table, one.id)))


def _deletion(peer_id: str, one: Waiting) -> Item | State | None:
    """A deletion to send; None for what the server never had: that is agreed at once."""
    if (one.known or one.was_sent) and is_uuid(one.id):
        return Item(one, None)
    connection().execute(  # without the server's stamp: that says that it is not there
        f"UPDATE {one.table} SET change_seq = 0, server_created_at = NULL"
        " WHERE id = ? AND change_seq = ?",
        (one.id, one.seq),
    )
    connection().execute(
        "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
        (peer_id, one.table, one.id),
    )
    return None


def ready(
    peer_id: str, one: Waiting, facts: Facts, missing: dict[tuple[str, str], State]
) -> Item | State | None:
    """One row to send; else its state (None: it waits for a parent), and its line says why."""
    if not is_uuid(one.id):
        return _stays(peer_id, one, Reason.NOT_A_UUID)
    if facts.days_unsure and _has_their_day(one):
        mark(peer_id, one, State.NOT_SENT, Reason.DAYS)
        return None
    row, again = _as_sent(one, facts.dialect), _moved(one, facts.dialect)
    carried = to_server(one.table, row, facts)
    if isinstance(carried, Reason):
        return _stays(peer_id, one, carried)
    if again and (one.table != "prescription_items" or _was_handed_out(one.id)):
        return _stays(peer_id, one, Reason.NO_PLACE)
    bad = bad_columns(one.table, carried)
    if bad:
        mark(peer_id, one, State.REFUSED, f"{Reason.BAD_ROW}:{','.join(bad)}")
        return State.REFUSED
    for parent in sync_waiting.parents_of(one.table, carried):
        if parent in missing:
            hangs(peer_id, one, missing[parent])
            return None
    wire = encode(facts.dialect, one.table, carried)
    sent = _JSON(restore(one.table, carried))
    return Item(one, wire, sent, len(sent) + _MORE, again)


def _as_sent(one: Waiting, dialect: str) -> dict[str, Any]:
    """The row with the stamps that make it an edit of what the server has (decisions.md 22)."""
    row = dict(one.row)
    if "is_deleted" in row:  # what is deleted goes in ``deleted``, never so (wire.md A6)
        row |= {"is_deleted": False, "deleted_at": None}
    if one.deletion is not None and one.table == "prescription_items":
        row["item_status"] = CANCELLED
    last = (one.base or {}).get("updated_at")
    if dialect == "v3" and last is not None:
        row["updated_at"] = last + 1
    return row


def _has_their_day(one: Waiting) -> bool:
    """Whether a day of the row is as it was read from the server."""
    base = one.base or {}
    return any(
        one.row.get(name) and one.row[name] == base.get(name)
        for name, kind in wire_columns(BY_TABLE[one.table]).items()
        if isinstance(kind, Day)
    )


def _moved(one: Waiting, dialect: str) -> bool:
    base = one.base
    if base is None or dialect != "v3":
        return False
    return any(one.row[name] != base.get(name) for name in _FIXED.get(one.table, ()))


def _was_handed_out(item_id: str) -> bool:
    found = connection().execute(
        "SELECT 1 FROM dispensing_records WHERE prescription_item_id = ? LIMIT 1", (item_id,)
    )
    return found.fetchone() is not None


def variants(peer_id: str, item: Item, facts: Facts) -> list[Item]:
    """Other forms of a row that was refused, if there are any, those that leave out least first:
    with those ids alone that the server has for sure; for a prescription's item that can't be
    deleted, a cancelled one.
    """
    found: list[Item] = []
    if item.wire is None and item.one.table != "prescription_items":
        return found
    step, before = 0, item.wire
    while (less := sync_waiting.doubting(facts, step)) is not None:
        made = ready(peer_id, item.one, less, {})
        if isinstance(made, Item) and made.wire != before:
            found.append(made)
            before = made.wire
        step += 1
    return found


def not_there(item: Item, facts: Facts) -> list[tuple[str, str]]:
    """The ids that a form left out because the server may not have them: (table, id)."""
    kinds = BY_TABLE[item.one.table]._meta.fields
    wire = item.wire or {}
    named = [
        (getattr(kinds.get(name), "table", ""), value)
        for name, value in item.one.row.items()
        if value and name in wire and wire[name] is None
    ]
    return [
        (table, row_id)
        for table, row_id in named
        if table in REFERENCES and not facts.only_here(table, row_id)
    ]


# -- lines -------------------------------------------------------------------------------------


def about_to_send(peer_id: str, items: Sequence[Item]) -> list[Item]:
    """Write down what is about to go; return the items that are still as they were made ready.

    One that somebody has edited, deleted or brought back meanwhile waits for the next push.
    What a server may have of a deletion can't be undone any more.
    """
    rows, now = connection(), info.now_ms()
    as_they_are = _as_they_are(items)
    still = [i for i in items if as_they_are.get(i.key) == (i.one.seq, i.one.deletion)]
    rows.executemany(
        "INSERT INTO peer_rows (peer_id, table_name, row_id, sent, sent_seq, sent_at, state,"
        " reason, tries) VALUES (?, ?, ?, ?, ?, ?, ?, '', 0) ON CONFLICT DO UPDATE SET"
        " sent = excluded.sent, sent_seq = excluded.sent_seq, sent_at = excluded.sent_at,"
        " state = excluded.state, reason = ''",
        [(peer_id, *item.key, item.sent, item.one.seq, now, State.SENT) for item in still],
    )
    numbers = {item.one.deletion for item in still if item.one.deletion is not None}
    if numbers:
        sent_at = Deletion.sent_at.is_null()
        Deletion.update(sent_at=now).where(Deletion.pk.in_(numbers) & sent_at).execute()
    return still


def _as_they_are(items: Sequence[Item]) -> dict[tuple[str, str], tuple[int, int | None]]:
    """The number of the last save of each row, and of its deletion."""
    ids: dict[str, list[str]] = {}
    for item in items:
        ids.setdefault(item.one.table, []).append(item.one.id)
    return {
        (table, row_id): (seq, deletion)
        for table, some in ids.items()
        for row_id, seq, deletion in connection().execute(
            "SELECT t.id, t.change_seq, t.tombstone"
            f" FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value",
            (json.dumps(some),),
        )
    }


def mark(peer_id: str, one: Waiting, state: State, reason: str) -> None:
    """Say of a row why it does not go.

    What was sent of it before stays on its line, with its number: it may be what the server has.
    Where nothing was, the number says which save was judged.
    """
    connection().execute(
        "INSERT INTO peer_rows (peer_id, table_name, row_id, sent_seq, state, reason, tries)"
        " VALUES (?, ?, ?, ?, ?, ?, 0) ON CONFLICT DO UPDATE SET"
        " state = excluded.state, reason = excluded.reason,"
        " sent_seq = CASE WHEN sent IS NULL THEN excluded.sent_seq ELSE sent_seq END",
        (peer_id, one.table, one.id, one.seq, state, reason),
    )


def _stays(peer_id: str, one: Waiting, reason: Reason) -> State:
    mark(peer_id, one, State.STAYS, reason)
    return State.STAYS


def hangs(peer_id: str, one: Waiting, parent: State) -> None:
    """A row waits for its parent: with it it stays here, else it is not sent yet. Only the parent
    itself counts as refused: that is the one to look at.
    """
    state = State.STAYS if parent is State.STAYS else State.NOT_SENT
    mark(peer_id, one, state, Reason.PARENT)


def leave(peer_id: str, items: Iterable[Item]) -> None:
    """What was sent and refused together with others is *not sent*, until it is known better: in
    the next run (without ``sent_at`` no round of this one looks at it again).
    """
    for item in items:
        mark(peer_id, item.one, State.NOT_SENT, Reason.NONE)
        connection().execute(
            "UPDATE peer_rows SET sent_at = NULL"
            " WHERE peer_id = ? AND table_name = ? AND row_id = ?",
            (peer_id, *item.key),
        )


def refuse(peer_id: str, item: Item) -> None:
    """The server refused it alone. It is not sent again before somebody edits it."""
    one, columns = item.one, _suspects(item)
    reason = f"{Reason.BAD_ROW}:{','.join(columns)}" if columns else str(Reason.BAD_ROW)
    mark(peer_id, one, State.REFUSED, reason)


def _suspects(item: Item) -> tuple[str, ...]:
    """Of a row that the server has in an older state: the columns changed since, if not many."""
    base = item.one.base
    if base is None or item.wire is None:
        return ()
    changed = [
        name
        for name, value in item.one.row.items()
        if name in base and base[name] != value and name not in ("updated_at", "last_modified_by")
    ]
    return tuple(changed) if len(changed) <= 3 else ()


def doubted(gone: Iterable[tuple[str, str]], facts: Facts) -> Facts:
    """The facts after a form was taken: what it left out is local from now on."""
    local = dict(facts.local)
    for table, row_id in gone:
        local[table] = local.get(table, frozenset()) | {row_id}
    return replace(facts, local=local)
