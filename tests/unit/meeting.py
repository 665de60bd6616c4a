"""A store that is joined to a server which is not there: rows of the server's are made by hand."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from hikma_tui.clinic import info, patients, records, setup, visits
from hikma_tui.clinic.actor import Actor
from hikma_tui.ids import new_id
from hikma_tui.models import BY_TABLE, OWN_COLUMNS, Conflict, Deletion, Peer, connection, dicts
from hikma_tui.store import Store
from hikma_tui.syncing import meet as sync_meet
from hikma_tui.syncing.context import Context
from hikma_tui.syncing.shapes import Report

PEER = "peer-1"
DAY = date(2025, 3, 1)


class Place:
    """One store, one nurse, one patient with a visit; everything agreed with the server."""

    def __init__(self, directory: Path, dialect: str = "v3") -> None:
        self.store = Store.create(directory)
        self.dialect = dialect
        self.actor: Actor = self.store.write(
            setup.create_clinic, "A", "Nora", time_zone=""
        ).result()
        self.store.write(self._join).result()
        self.patient = self.write(
            patients.register, {"given_name": "Ada", "sex": "female", "phone": "1", "camp": "x"}
        )
        self.visit = self.create(
            "visits",
            patient_id=self.patient, clinic_id=self.actor.clinic_id, check_in_timestamp=DAY_MS,
            provider_name="Nora",
        )  # fmt: skip
        self.agree()

    def _join(self) -> None:
        now = info.now_ms()
        Peer.create(
            id=PEER, peer_id="cloud:http://x", name="x", peer_type="cloud_server", status="active",
            metadata={"dialect": self.dialect}, created_at=now, updated_at=now,
        )  # fmt: skip

    def close(self) -> None:
        self.store.close()

    # Doing

    def write(self, function: Any, *arguments: Any, **named: Any) -> Any:
        return self.store.write(function, self.actor, *arguments, **named).result()

    def read(self, function: Any, *arguments: Any) -> Any:
        return self.store.read(function, *arguments).result()

    def create(self, table: str, **row: Any) -> str:
        return str(self.write(records.create, table, row))

    def edit(self, table: str, row_id: str, **row: Any) -> None:
        self.write(records.update, table, {"id": row_id, **row})

    def event(self, form_data: list[Any]) -> str:
        row = {"patient_id": self.patient, "visit_id": self.visit, "form_data": form_data}
        found: str = self.write(visits.create_event, row)
        return found

    def agree(self) -> None:
        """As after a sync: the server has everything just so."""

        def all_of_it() -> None:
            for table in BY_TABLE:
                connection().execute(f"UPDATE {table} SET change_seq = 0")
            connection().execute("DELETE FROM peer_rows")

        self.store.write(all_of_it).result()

    def context(self, **more: Any) -> Context:
        return Context(
            peer_id=PEER, dialect=self.dialect, actor=self.actor, report=Report(),
            now=self.store.read(info.now_ms).result(), **more,
        )  # fmt: skip

    def sync(self, function: Any, *arguments: Any, **more: Any) -> Any:
        """Call a function of the sync as a run would; returns the context, and what it gave."""
        context = self.context(**more)
        gave = self.store.write(function, context, *arguments).result()
        return context, gave

    # Looking

    def row(self, table: str, row_id: str) -> dict[str, Any]:
        """A row with all its columns, live or not; {} for none."""

        def find() -> dict[str, Any]:
            model = BY_TABLE[table]
            return next(iter(dicts(model.select().where(model.id == row_id))), {})

        return self.store.on_writer(find).result()

    def theirs(self, table: str, row_id: str, **changes: Any) -> dict[str, Any]:
        """The row that is here, as the server would have it after somebody's edit."""
        row = {n: v for n, v in self.row(table, row_id).items() if n not in OWN_COLUMNS}
        stamp = (row["updated_at"] or 0) + 5
        return {**row, "unknown": None, "updated_at": stamp, "last_modified": stamp, **changes}

    def line(self, table: str, row_id: str) -> dict[str, Any]:
        """The line of a row; {} for none."""

        def find() -> dict[str, Any]:
            cursor = connection().execute(
                "SELECT base, sent, sent_seq, sent_at, state, reason, tries FROM peer_rows"
                " WHERE table_name = ? AND row_id = ?", (table, row_id),
            )  # fmt: skip
            found = cursor.fetchone()
            if found is None:
                return {}
            names = ("base", "sent", "sent_seq", "sent_at", "state", "reason", "tries")
            line = dict(zip(names, found, strict=True))
            for name in ("base", "sent"):
                line[name] = json.loads(line[name]) if line[name] else None
            return line

        return self.store.on_writer(find).result()

    def conflicts(self, *, resolved: bool = False) -> list[dict[str, Any]]:
        """The open conflicts; with ``resolved`` the closed ones."""

        def find() -> list[dict[str, Any]]:
            query = Conflict.select().where(Conflict.resolved_at.is_null(not resolved))
            return dicts(query.order_by(Conflict.pk))

        return self.store.on_writer(find).result()

    def deletions(self) -> list[dict[str, Any]]:
        return self.store.on_writer(
            lambda: dicts(Deletion.select().order_by(Deletion.pk))
        ).result()  # fmt: skip

    def send(self, table: str, row_id: str, **changes: Any) -> dict[str, Any]:
        """Mark a row as sent just so (a deletion where it is deleted); returns what was sent."""
        row = self.row(table, row_id)
        line = self.line(table, row_id)
        sent: dict[str, Any] = {}
        if row["tombstone"] is None:
            sent = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
            if line.get("base"):
                sent["updated_at"] = line["base"]["updated_at"] + 1
            sent |= changes

        def put() -> None:
            base = line.get("base")
            connection().execute(
                "INSERT OR REPLACE INTO peer_rows (peer_id, table_name, row_id, base, sent,"
                " sent_seq, sent_at, state, reason, tries)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, 'sent', '', ?)",
                (
                    PEER, table, row_id, json.dumps(base) if base else None, json.dumps(sent),
                    row["change_seq"], info.now_ms() + 60_000, line.get("tries") or 0,
                ),
            )  # fmt: skip

        self.store.write(put).result()
        return sent

    def read_back(self, table: str, row: dict[str, Any]) -> tuple[Context, int]:
        """A read-back that brings this one row; gives how many rows are to be sent again."""

        def both(context: Context) -> int:
            sync_meet.meet(context, table, row)
            return sync_meet.after_readback(context)

        context, again = self.sync(both, confirming=True)
        return context, again

    def waiting(self) -> int:
        """Rows that the server has not confirmed."""

        def count() -> int:
            return sum(
                connection().execute(f"SELECT count(*) FROM waiting_{t}").fetchone()[0]
                for t in BY_TABLE
            )

        return self.store.on_writer(count).result()


DAY_MS = 1_740_830_400_000
NEW = new_id
