"""The full check: everything is pulled once more, compared, and every difference in number told.

What is missing here is applied, what differs is met like any pulled row, and what is only here is
marked so and kept (decisions.md 21). The account per table is a partition, so it adds up exactly:

    here = there + (not sent + sent + awaiting + refused + differs + held + stays + only here)
                 - (deleted here, not there yet + hidden here + not taken in)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hikma_tui.clinic import info, server_account
from hikma_tui.clinic.server import SETTINGS, TAKEN
from hikma_tui.models import BY_TABLE, SYNCED, connection
from hikma_tui.store import cipher as store_cipher
from hikma_tui.syncing import meet_rows as sync_meet_rows
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.run_pull import EVERYTHING, Puller
from hikma_tui.syncing.shapes import Phase, Progress, Reason, State
from hikma_tui.syncing.spool import Spool
from hikma_tui.syncing.values import Decoded
from hikma_tui.wire.shapes import Kind, Trouble

FILE_NAME = "sync-check.db"  # the ids that the server sent; no other data, and gone afterwards
HERE_ALONE = (
    "not_sent", "sent", "awaiting", "refused", "differs", "held", "stays", "only_here",
)  # fmt: skip
THERE_ALONE = ("deleted_here", "hidden_here", "not_taken_in")
_BATCH = 500


@dataclass
class Account:
    """One table: rows that the server sends, rows that live here, and why they differ."""

    there: int = 0
    here: int = 0
    here_alone: dict[str, int] = field(default_factory=dict)  # by the words of HERE_ALONE
    there_alone: dict[str, int] = field(default_factory=dict)  # by those of THERE_ALONE

    @property
    def adds_up(self) -> bool:
        """Whether every difference is explained, to the row."""
        here, there = sum(self.here_alone.values()), sum(self.there_alone.values())
        return self.here == self.there + here - there


@dataclass
class Stamps:
    """The oldest ``created_at`` and the newest ``last_modified`` of what a server sent (ms)."""

    oldest: int | None = None
    newest: int | None = None

    def note(self, columns: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
        """Of some rows in storage form."""
        for name in ("created_at", "last_modified"):
            if name not in columns:
                continue
            place = columns.index(name)
            found = [row[place] for row in rows if row[place] is not None]
            if name == "created_at" and found:
                self.oldest = min(found) if self.oldest is None else min(self.oldest, *found)
            elif found:
                self.newest = max(found) if self.newest is None else max(self.newest, *found)


@dataclass
class Found:
    """What the full check found. ``clipped`` counts the only-here rows that are older than
    anything the server sends of their table: probably its history limit (wire.md A4).
    """

    tables: dict[str, Account] = field(default_factory=dict)
    only_here: int = 0
    clipped: int = 0
    restored: bool = False  # rows are gone that are newer than all that the server has
    portal: int | None = None
    notices: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


def check(
    puller: Puller, context: Context, *, portal_number: int | None,
    progress: Callable[[Progress], None], cancelled: Callable[[], bool],
) -> Found:  # fmt: skip
    """Pull everything, take it in, and account for each table. Trouble."""
    context.confirming = True  # edits that only a full pull can show are confirmed by this one
    spool = puller.bring(EVERYTHING, phase=Phase.CHECK, full=True)
    path = puller.store.directory / FILE_NAME
    path.unlink(missing_ok=True)
    try:
        there = _note_ids(spool, path, progress, cancelled)
        puller.take(spool)
        puller.confirmed()
        puller.store.write(_settle_awaited, context).result()
        found = puller.store.on_writer(_accounted, path, there, context).result()
    finally:
        context.confirming = False
        path.unlink(missing_ok=True)
    found.portal = portal_number
    found.sentences = _sentences(found)
    if found.only_here:
        found.notices.append("only-here")
    if found.restored:
        found.notices.append("server-restored")
    if found.clipped:
        found.notices.append("history-clipped")
    return found


def clean(directory: Path) -> None:
    """Take away what a killed check left."""
    for name in (FILE_NAME, f"{FILE_NAME}-journal"):
        (directory / name).unlink(missing_ok=True)


def send_again(peer_id: str) -> int:
    """``--repair``: rows that are only here are sent again as new ones; how many.

    Nothing is deleted. In the caller's write transaction.
    """
    rows = connection()
    seq, number = info.number("change_seq") + 1, 0
    lines = rows.execute(
        "SELECT table_name, row_id FROM peer_rows WHERE peer_id = ? AND state = ?",
        (peer_id, State.ONLY_HERE),
    ).fetchall()
    for table, row_id in lines:
        if table not in BY_TABLE:
            continue
        cursor = rows.execute(
            f"UPDATE {table} SET change_seq = ? WHERE id = ? AND tombstone IS NULL", (seq, row_id)
        )
        number += cursor.rowcount
        rows.execute(
            "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND row_id = ?",
            (peer_id, table, row_id),
        )
    if number:
        info.put("change_seq", seq)
    return number


def try_again(peer_id: str) -> int:
    """``--repair``: rows that the server refused, or said yes to and did not keep, are offered once
    more as they stand; how many. A server may have been mended, or know a form, a clinic or a
    medicine by now. What is refused again says so again.

    In the caller's write transaction. A row with an open question waits for its answer.
    """
    cursor = connection().execute(
        "UPDATE peer_rows SET state = '', tries = 0 WHERE peer_id = ?"
        " AND (state = ? OR state = ? AND reason = ?)"
        " AND NOT EXISTS (SELECT 1 FROM conflicts c WHERE c.table_name = peer_rows.table_name"
        " AND c.row_id = peer_rows.row_id AND c.resolved_at IS NULL)",
        (peer_id, State.REFUSED, State.DIFFERS, Reason.DROPPED),
    )
    return cursor.rowcount


# -- what the server sent ------------------------------------------------------------------------


def _note_ids(
    spool: Spool, path: Path, progress: Callable[[Progress], None], cancelled: Callable[[], bool]
) -> dict[str, Stamps]:
    """The ids of a spool in a file of their own; the stamps of each table that was sent."""
    found: dict[str, Stamps] = {}
    done = 0
    with closing(store_cipher.connect(path, store_cipher.the_key(path.parent))) as ids:
        ids.execute("PRAGMA journal_mode = off")
        ids.execute("PRAGMA synchronous = off")
        ids.execute("CREATE TABLE there (t TEXT, id TEXT, PRIMARY KEY (t, id)) WITHOUT ROWID")
        for table, columns, rows in _rows_of(spool):
            place = columns.index("id")
            ids.executemany(
                "INSERT OR IGNORE INTO there VALUES (?, ?)", ((table, row[place]) for row in rows)
            )
            stamps = found.setdefault(table, Stamps())
            stamps.note(columns, rows)
            done += len(rows)
            progress(Progress(Phase.CHECK, records=done, total=sum(spool.counts.values())))
            if cancelled():
                raise Trouble(Kind.CANCELLED)
        ids.commit()
    return found


def _rows_of(spool: Spool) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    for decoded in spool.read():
        if isinstance(decoded, Decoded) and "id" in decoded.columns:
            yield decoded.table, decoded.columns, decoded.rows


def _settle_awaited(context: Context) -> None:
    """Deletions that no incremental pull can show (wire.md A6), and that a full one did not bring:
    the rows are gone there, too.
    """
    rows = connection()
    for table in TAKEN.get(context.dialect, ()):
        gone = rows.execute(
            f"SELECT r.id, r.tombstone FROM peer_rows p JOIN {table} r ON r.id = p.row_id"
            " WHERE p.peer_id = ? AND p.table_name = ? AND p.state = ?"
            " AND r.tombstone IS NOT NULL AND r.change_seq = p.sent_seq",
            (context.peer_id, table, State.AWAITING),
        ).fetchall()
        for row_id, deletion in gone:
            rows.execute(f"UPDATE {table} SET change_seq = 0 WHERE id = ?", (row_id,))
            sync_meet_rows.drop_line(context, table, row_id)
            sync_meet_rows.mark_sent(context, deletion)
            sync_meet_rows.count(context, table, "confirmed")


# -- the account ---------------------------------------------------------------------------------


def _accounted(path: Path, stamps: dict[str, Stamps], context: Context) -> Found:
    """Every table, on the writer's connection; marks what is only here."""
    rows, found = connection(), Found()
    store_cipher.attach(rows, "seen", str(path), store_cipher.key_of(path))
    try:
        for model in _patients_first():
            table = model._meta.table_name
            if table not in stamps and table not in TAKEN.get(context.dialect, ()):
                if table not in SETTINGS and (stays := _live(table)):
                    found.tables[table] = Account(0, stays, {"stays": stays})
                continue  # this server knows no such table: nothing of it was ever there
            account = _account(table, context)
            found.tables[table] = account
            if table not in SETTINGS:
                found.only_here += account.here_alone.get("only_here", 0)
                known = stamps.get(table, Stamps())
                found.clipped += _only_here(table, "created_at < ?", known.oldest, context)
                newer = _only_here(table, "last_modified > ?", known.newest, context)
                found.restored |= newer > 0
    finally:
        rows.execute("DETACH seen")
    return found


def _patients_first() -> list[type[Any]]:
    models = list(SYNCED)
    models.sort(key=lambda model: model._meta.table_name != "patients")
    return models


def _account(table: str, context: Context) -> Account:
    rows = connection()
    there = rows.execute("SELECT count(*) FROM seen.there WHERE t = ?", (table,)).fetchone()[0]
    here = _live(table)
    absent: list[str] = []
    here_alone: Counter[str] = Counter()
    taken = table in TAKEN.get(context.dialect, ())
    for row_id, kind in _alone_here(table, context.peer_id, taken):
        here_alone[kind] += 1
        if kind == "only_here":
            absent.append(row_id)
    _mark(table, absent, context)
    there_alone: Counter[str] = Counter()
    for kind, number in rows.execute(
        f"SELECT CASE WHEN r.id IS NULL THEN 'not_taken_in' WHEN r.change_seq > 0 THEN"
        f" 'deleted_here' ELSE 'hidden_here' END, count(*) FROM seen.there s"
        f" LEFT JOIN {table} r ON r.id = s.id"
        " WHERE s.t = ? AND (r.id IS NULL OR r.tombstone IS NOT NULL) GROUP BY 1",
        (table,),
    ):
        there_alone[kind] += number
    return Account(there, here, dict(here_alone), dict(there_alone))


def _live(table: str) -> int:
    query = f"SELECT count(*) FROM {table} WHERE tombstone IS NULL"
    return int(connection().execute(query).fetchone()[0])


def _alone_here(table: str, peer_id: str, taken: bool) -> Iterator[tuple[str, str]]:
    """Ids that live here and were not sent by the server, each with the word for why."""
    found = connection().execute(
        f"SELECT r.id, r.change_seq, p.state, p.base IS NOT NULL, p.sent_seq FROM {table} r"
        " LEFT JOIN peer_rows p ON p.peer_id = ? AND p.table_name = ? AND p.row_id = r.id"
        " WHERE r.tombstone IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM seen.there s WHERE s.t = ? AND s.id = r.id)",
        (peer_id, table, table),
    )
    for row_id, seq, state, has_base, _sent_seq in found:
        if seq == 0 or state == State.ONLY_HERE:
            yield row_id, "only_here"
        elif not taken:
            yield row_id, "stays"
        elif state in (State.REFUSED, State.STAYS, State.HELD, State.DIFFERS):
            yield row_id, str(state)
        elif has_base:
            yield row_id, "only_here"  # the server had it, and has it no more; edited here since
        elif state in (State.SENT, State.AWAITING):
            yield row_id, str(state)
        else:
            yield row_id, "not_sent"


def _mark(table: str, absent: list[str], context: Context) -> None:
    """Mark what is only here; take the mark off what the server sends again."""
    rows = connection()
    with_settings = table in SETTINGS  # nobody can send those: they are no news for a person
    rows.execute("BEGIN IMMEDIATE")
    try:
        rows.execute(
            "UPDATE peer_rows SET state = '' WHERE peer_id = ? AND table_name = ? AND state = ?",
            (context.peer_id, table, State.ONLY_HERE),
        )
        for row_id in () if with_settings else absent:
            rows.execute(
                "INSERT INTO peer_rows (peer_id, table_name, row_id, sent_seq, state, reason,"
                " tries) VALUES (?, ?, ?, 0, ?, '', 0)"
                " ON CONFLICT DO UPDATE SET state = excluded.state",
                (context.peer_id, table, row_id, State.ONLY_HERE),
            )
        rows.execute(
            "DELETE FROM peer_rows WHERE peer_id = ? AND table_name = ? AND state = ''"
            f" AND base IS NULL AND sent IS NULL AND tries = 0 AND row_id IN"
            f" (SELECT id FROM {table} WHERE change_seq = 0)",
            (context.peer_id, table),
        )
        rows.execute("COMMIT")
    except BaseException:
        rows.execute("ROLLBACK")
        raise


def _only_here(table: str, which: str, stamp: int | None, context: Context) -> int:
    """How many of the rows that are only here are older, or newer, than all that were sent."""
    if stamp is None:
        return 0
    row = connection().execute(
        f"SELECT count(*) FROM peer_rows p JOIN {table} r ON r.id = p.row_id"
        f" WHERE p.peer_id = ? AND p.table_name = ? AND p.state = ? AND r.{which}",
        (context.peer_id, table, State.ONLY_HERE, stamp),
    )
    return int(row.fetchone()[0])


def _sentences(found: Found) -> list[str]:
    """The account in sentences: patients first, then each table that differs, then the portal."""
    said = []
    for table, account in found.tables.items():
        if table == "patients" or (table not in SETTINGS and account.here != account.there):
            said.append(server_account.account(table, asdict(account)))
    if found.clipped:
        said.append(server_account.clipped(found.clipped))
    patients = found.tables.get("patients")
    if found.portal is not None and patients is not None:
        said.append(server_account.portal(found.portal, patients.there, patients.here))
    return said
