"""A server that lost what it was known to have: it was restored from a backup (decisions.md 33).

An ordinary pull asks for what is new, so it does not show that something old is gone. Therefore the
newest few rows that the server showed are remembered, and every pull asks from before them: it must
bring each of them again, or say that it was deleted. One that is missing makes
the run pull everything, and compare.

What others have written meanwhile over an older state is stamped later than all that we know, and
looks like any edit. But a backup holds all that was written before it was made. So whatever the
full pull shows with the very stamp that it has here tells that the backup was made after that
stamp, and only rows of ours that are stamped later still can have been lost: where those came with
another stamp, a person decides (``lost_after``).

Prescribed medicines are no witnesses: they are deleted without a word, and edits have no stamp.
"""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hikma_tui.clinic.server import TAKEN
from hikma_tui.models import BY_TABLE, connection
from hikma_tui.syncing.shapes import State
from hikma_tui.syncing.spool import Deleted, Spool
from hikma_tui.syncing.values import Decoded

MOST = 8  # so many are remembered
_LARGE = 50_000  # rows of a pull: it is not read again for them, they are looked up here
_UNSEEN = frozenset({"prescription_items"})


@dataclass(frozen=True, order=True)
class Witness:
    """A row that the server showed, with its stamp (``last_modified``, ms)."""

    stamp: int
    table: str
    id: str


def read(kept: object) -> list[Witness]:
    """As it was remembered in the facts of a server."""
    found = kept if isinstance(kept, list) else []
    return [Witness(int(stamp), str(table), str(row_id)) for stamp, table, row_id in found]


def written(found: Iterable[Witness]) -> list[list[object]]:
    """To be remembered."""
    return [[one.stamp, one.table, one.id] for one in found]


def begin(found: Iterable[Witness], since: int) -> int:
    """From where a pull from ``since`` has to ask, so that it brings them again."""
    return min([since, *(one.stamp - 1 for one in found)])


def look_up(peer_id: str, dialect: str) -> list[Witness]:
    """The newest rows here that the server has, where none are remembered. On the reader."""
    found: list[Witness] = []
    for table in _tables(dialect):
        rows = connection().execute(
            f"SELECT t.last_modified, t.id FROM live_{table} t"
            " WHERE t.change_seq = 0 AND t.last_modified IS NOT NULL AND NOT EXISTS"
            " (SELECT 1 FROM peer_rows p WHERE p.peer_id = ? AND p.table_name = ?"
            " AND p.row_id = t.id) ORDER BY t.last_modified DESC LIMIT ?",
            (peer_id, table, MOST),
        )
        found += [Witness(stamp, table, row_id) for stamp, row_id in rows.fetchall()]
    return heapq.nlargest(MOST, found)


def newest(spool: Spool, before: Iterable[Witness], dialect: str) -> list[Witness]:
    """What to remember after a pull: the newest of its rows, and of those ``before`` that it did
    not bring (but only if they are still to be expected: the caller leaves out the others).
    """
    if sum(spool.counts.values()) > _LARGE:
        return []
    found = {(one.table, one.id): one for one in before}
    found |= {(one.table, one.id): one for one in _rows(spool, dialect)}
    return heapq.nlargest(MOST, found.values())


def missing(spool: Spool, expected: Iterable[Witness], dialect: str) -> list[Witness]:
    """Those that a pull should have brought, and neither brought nor called deleted. (One that it
    brought in an older state is found out when that is met; or its clock was put right.)
    """
    left = {(one.table, one.id): one for one in expected}
    if not left:
        return []
    for one in _rows(spool, dialect):
        left.pop((one.table, one.id), None)
    for item in spool.read():
        if isinstance(item, Deleted):
            for row_id in item.rows:
                left.pop((item.table, row_id), None)
    return list(left.values())


def not_expected(peer_id: str, found: Iterable[Witness]) -> set[Witness]:
    """Those that are deleted here, or known to be only here, by now. On the writer."""
    gone = set()
    for one in found:
        row = connection().execute(
            f"SELECT 1 FROM {one.table} t WHERE t.id = ? AND t.tombstone IS NULL AND NOT EXISTS"
            " (SELECT 1 FROM peer_rows p WHERE p.peer_id = ? AND p.table_name = ?"
            " AND p.row_id = t.id AND p.state = ?)",
            (one.id, peer_id, one.table, str(State.ONLY_HERE)),
        )
        if row.fetchone() is None:
            gone.add(one)
    return gone


def gone_with(spool: Spool, found: Iterable[Witness]) -> set[Witness]:
    """Those whose patient or visit the pull calls deleted: a server does not name what went with
    it (wire.md A6), and that is no loss. On the writer, before the spool is applied.
    """
    deleted: dict[str, set[str]] = {"patients": set(), "visits": set()}
    for item in spool.read():
        if isinstance(item, Deleted) and item.table in deleted:
            deleted[item.table].update(item.rows)
    gone = set()
    for one in found:
        known = BY_TABLE[one.table]._meta.fields
        for column, table in (("patient_id", "patients"), ("visit_id", "visits")):
            if column in known and deleted[table]:
                asked = f"SELECT {column} FROM {one.table} WHERE id = ?"
                row = connection().execute(asked, (one.id,)).fetchone()
                if row is not None and row[0] in deleted[table]:
                    gone.add(one)
    return gone


def lost_after(spool: Spool, dialect: str) -> int:
    """A moment of the server's after which it may have lost what was written: the newest stamp
    (ms) that one row has there and here. On the writer, before the spool is applied.
    """
    last = 0
    for item in spool.read():
        if not isinstance(item, Decoded) or item.table not in TAKEN[dialect]:
            continue
        if "last_modified" in item.columns:
            at, stamp = item.columns.index("id"), item.columns.index("last_modified")
            row = connection().execute(
                f"SELECT max(t.last_modified) FROM json_each(?) j CROSS JOIN {item.table} t"
                " ON t.id = j.value ->> 0 WHERE t.last_modified = j.value ->> 1",
                (json.dumps([[row[at], row[stamp]] for row in item.rows]),),
            )
            last = max(last, row.fetchone()[0] or 0)
    return last


def _tables(dialect: str) -> list[str]:
    return [table for table in TAKEN[dialect] if table not in _UNSEEN]


def _rows(spool: Spool, dialect: str) -> Iterator[Witness]:
    tables = set(_tables(dialect))
    for item in spool.read():
        if isinstance(item, Decoded) and item.table in tables and "last_modified" in item.columns:
            at, stamp = item.columns.index("id"), item.columns.index("last_modified")
            for row in item.rows:
                if row[stamp] is not None:
                    yield Witness(row[stamp], item.table, row[at])
