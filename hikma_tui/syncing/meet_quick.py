"""The shortest way for what was sent and came back: judged as it is stored, row after row.

After a large push, a join's above all, nearly every row of the read-back is here just so. What is
here and what came are compared as the columns hold them, byte for byte, and only a value that is
written differently (the order of keys, ``61.5`` and ``61.50``) is looked into. A row that is equal
loses its mark, and is then taken in like any plain row: in the server's own notation, so that the
next pull finds nothing new in it. Whatever is less simple is left to ``syncing.meet_many``.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from hikma_tui import json_text
from hikma_tui.models import BY_TABLE, Patient, connection
from hikma_tui.syncing import carry as sync_carry
from hikma_tui.syncing import known
from hikma_tui.syncing import meet_rows as rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.meet_pairs import PAIRED, REPLACED
from hikma_tui.syncing.shapes import State
from hikma_tui.syncing.values import Decoded

_NOTHING = frozenset({None, "", "[]", "{}"})
Same = Callable[[Any, Any], bool]


def confirm(context: Context, decoded: Decoded, odd: Collection[int]) -> set[int]:
    """The places, of those in ``odd``, of rows that are confirmed: no line stands any more, they
    are counted, and the caller takes them in (``upsert`` with ``agreeing``, which takes the mark
    off). In the caller's write transaction.
    """
    table = decoded.table
    at = decoded.columns.index("id")
    often = Counter(row[at] for row in decoded.rows)
    places = {decoded.rows[n][at]: n for n in odd if often[decoded.rows[n][at]] == 1}
    places = {row_id: n for row_id, n in places.items() if not _carries(decoded, n)}
    if context.suggesting or table in REPLACED or not places:
        return set()
    if BY_TABLE[table] in PAIRED and not _all_here(table, [decoded.rows[n][at] for n in odd]):
        return set()  # one of them may take another's place
    judges = _judges(context.dialect, table, decoded.columns)
    found: list[tuple[str, int]] = []
    registered = set()  # patients of whom the server has another moment of registration
    made = decoded.columns.index("created_at") if "created_at" in decoded.columns else -1
    for row_id, *ours in _candidates(context, table, decoded.columns, list(places)):
        theirs = decoded.rows[places[row_id]]
        if _equal(judges, ours, theirs):
            found.append((row_id, places[row_id]))
            if made >= 0 and table == "patients" and ours[made] != theirs[made]:
                registered.add(row_id)
    dead = _dead(decoded, [n for _row_id, n in found])
    found = [(row_id, n) for row_id, n in found if n not in dead]
    connection().execute(
        "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ?"
        " AND row_id IN (SELECT value FROM json_each(?))",
        (context.peer_id, table, json.dumps([row_id for row_id, _n in found])),
    )
    for row_id, _n in found:
        if row_id in registered:  # of the others, nothing that changes is searched
            rows.touch(context, Patient, {"id": row_id})
    if found:
        rows.count(context, table, "confirmed", len(found))
    return {n for _row_id, n in found}


def _candidates(
    context: Context, table: str, columns: tuple[str, ...], ids: list[str]
) -> list[tuple[Any, ...]]:
    """Id and columns of live rows that were sent, not edited since, and have no open question."""
    return (
        connection()
        .execute(
            f"SELECT t.id, {', '.join('t.' + name for name in columns)}"
            f" FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value CROSS JOIN peer_rows r"
            " ON r.peer_id = ? AND r.table_name = ? AND r.row_id = t.id"
            " WHERE t.tombstone IS NULL AND t.change_seq > 0 AND t.change_seq = r.sent_seq"
            f" AND r.sent IS NOT NULL AND r.sent != '{{}}' AND r.state != '{State.REFUSED}'"
            " AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE c.resolved_at IS NULL"
            " AND c.table_name = ? AND c.row_id = t.id)",
            (json.dumps(ids), context.peer_id, table, table),
        )
        .fetchall()
    )


def _carries(decoded: Decoded, place: int) -> bool:
    """Whether the row carries what only this store knows: the longer way puts that back."""
    at = decoded.columns.index("metadata") if "metadata" in decoded.columns else -1
    return at >= 0 and sync_carry.MARK in (decoded.rows[place][at] or "")


def _all_here(table: str, ids: list[str]) -> bool:
    found = connection().execute(
        f"SELECT count(*) FROM json_each(?) j CROSS JOIN {table} t ON t.id = j.value",
        (json.dumps(sorted(set(ids))),),
    )
    return int(found.fetchone()[0]) == len(set(ids))


def _dead(decoded: Decoded, places: list[int]) -> set[int]:
    """Those of the places whose row hangs on something that is deleted here."""
    dead: set[int] = set()
    for parent, column in rows.PARENTS.get(BY_TABLE[decoded.table], ()):
        if column not in decoded.columns or not places:
            continue
        at = decoded.columns.index(column)
        ids = sorted({decoded.rows[n][at] for n in places if decoded.rows[n][at]})
        gone = {
            row_id
            for (row_id,) in connection().execute(
                f"SELECT p.id FROM json_each(?) j CROSS JOIN {parent._meta.table_name} p"
                " ON p.id = j.value WHERE p.tombstone IS NOT NULL",
                (json.dumps(ids),),
            )
        }
        dead |= {n for n in places if decoded.rows[n][at] in gone}
    return dead


# -- judging -------------------------------------------------------------------------------------


def _equal(judges: list[tuple[int, Same]], ours: list[Any], theirs: tuple[Any, ...]) -> bool:
    """Whether all that counts of two rows, as they are stored, means the same."""
    for at, same in judges:
        one, other = ours[at], theirs[at]
        if one != other and not same(one, other):
            return False
    return True


@lru_cache(maxsize=100)
def _judges(dialect: str, table: str, columns: tuple[str, ...]) -> list[tuple[int, Same]]:
    """The columns that count, each with the judge of two values that are written differently."""
    quiet = known.STAMPS | known.fixed(dialect, table) | {"id"}
    found: list[tuple[int, Same]] = []
    for at, column in enumerate(columns):
        if column in quiet:
            continue
        judge: Same = _nothing
        if column == "unknown":
            judge = _never
        elif column in known.JSON:
            judge = _json
        elif column in known.DIGITS:
            judge = _digits
        elif column in known.never_stored(dialect, table):
            judge = _left_empty
        elif column in known.filled(table):
            judge = _filled
        found.append((at, judge))
    return found


def _never(_ours: Any, _theirs: Any) -> bool:
    return False


def _nothing(ours: Any, theirs: Any) -> bool:
    return ours in _NOTHING and theirs in _NOTHING


def _left_empty(_ours: Any, theirs: Any) -> bool:
    return theirs in _NOTHING


def _filled(ours: Any, _theirs: Any) -> bool:
    return ours in _NOTHING


def _digits(ours: Any, theirs: Any) -> bool:
    try:
        return Decimal(str(ours)) == Decimal(str(theirs))
    except InvalidOperation:
        return _nothing(ours, theirs)


def _json(ours: Any, theirs: Any) -> bool:
    if _nothing(ours, theirs):
        return True
    one, other = json_text.read(ours), json_text.read(theirs)
    unreadable = isinstance(one, json_text.Unreadable) or isinstance(other, json_text.Unreadable)
    return not unreadable and known.same_json(one, other)
