"""The server as others see and change it: a phone, an administrator, a restored database."""

from __future__ import annotations

import random
import time
from typing import Any

from hikma_tui.syncing.carry import restore
from hikma_tui.syncing.values import Decoder, python_row
from tests.cloud import client
from tests.cloud.server import Cloud
from tests.sync.ledger import Key, Ledger, Row
from tests.sync.places import (
    ANSWERS,
    OLDER,
    TABLES,
    TEXT,
    name_of,
    one_of,
    value_of,
    with_value,
    written,
)

# Where a second edit meets the server's own rule (wire.md A5): problems and prescribed medicines
# have none.
RULED = tuple(t for t in TABLES if t not in ("patient_problems", "prescription_items"))


class Phone:
    """A client of the other kind: it reads the server's row, changes one thing, sends it whole."""

    def __init__(self, cloud: Cloud, ledger: Ledger, *, flask: bool = False) -> None:
        self.cloud, self.ledger, self.flask = cloud, ledger, flask
        self.tables = OLDER if flask else TABLES

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The live rows of a table, as a first pull has them."""
        return list(client.changes(self.cloud).get(table, {"created": []})["created"])

    def decoded(self) -> dict[str, dict[str, dict[str, Any]]]:
        """All that a first pull has, in python form, by table and id."""
        dialect = "flask" if self.flask else "v3"
        changes = client.changes(self.cloud)
        found: dict[str, dict[str, dict[str, Any]]] = {table: {} for table in TABLES}
        for table in self.tables:
            for batch in Decoder(dialect).batch(table, changes[table]["created"]):
                for row in batch.rows:
                    one = restore(table, python_row(table, batch.columns, row))
                    found[table][one["id"]] = one
        return found

    def held(self) -> set[tuple[Key, str]]:
        """Every token that the server has, in deleted rows too."""
        rows = self.cloud.store.rows
        return {pair for t in TABLES for pair in written(t, list(rows[t].values()))}

    def edit_one(self, table: str, dice: random.Random) -> None:
        """Another token in one text of one record."""
        if table == "prescription_items":
            return  # see ``Machine.edit_one``
        rows = self.rows(table)
        if not rows:
            return
        row, place = one_of(rows, dice), dice.choice(TEXT[table])
        token, old = self.ledger.new(), value_of(row, place)
        if self.flask:  # in the portal: the older server's app has another idea of a row
            here: Any = self.cloud.store.find(table, row["id"])
            here |= with_value(here, place, token)
            here["updated_at"] = here["last_modified"] = self.cloud.store.now()
            self.ledger.wrote((table, name_of(table, row), place), token, old)
            return
        changed = {**row, **with_value(row, place, token)}
        for name in ("date_of_birth", "onset_date", "end_date"):
            if isinstance(changed.get(name), str):
                changed[name] = changed[name][:10]
        changed["updated_at"] = int(time.time() * 1000) + self.cloud.store.clock.offset // 1000
        client.push(self.cloud, table, changed, kind="updated")
        now = next((r for r in self.rows(table) if r["id"] == row["id"]), {})
        if value_of(now, place) == token:  # a row stamped in the future takes no honest edit
            self.ledger.wrote((table, name_of(table, row), place), token, old)

    def delete_one(self, table: str, dice: random.Random) -> None:
        """Delete one record; the server deletes what hangs on it (wire.md A6)."""
        rows = self.rows(table)
        if not rows:
            return
        row_id = one_of(rows, dice)["id"]
        before = self._ids()
        client.push(self.cloud, table, row_id, kind="deleted")
        cause = f"the phone {row_id}"
        self.ledger.delete([(table, row_id), *(before - self._ids())], cause)
        # a client that hears of it deletes what hangs on it there: more than the server does
        hanging = {
            (name, name_of(name, one))
            for name in TABLES[1:]
            for one in self.cloud.store.rows[name].values()
            if row_id in (one.get("patient_id"), one.get("visit_id"), one.get("current_visit_id"))
            and (table == "patients" or name not in ("patient_vitals", "patient_problems"))
        }
        self.ledger.delete(hanging, cause)

    def _ids(self) -> set[Row]:
        return {(t, name_of(t, row)) for t in self.tables for row in self.rows(t)}

    # -- an administrator ------------------------------------------------------------------------

    def restore(self, backup: dict[str, Any], machines: set[tuple[Key, str]]) -> None:
        """Put an older database back. ``machines``: the tokens that some machine has.

        What only the server had is gone. What it had overwritten since is noticed by who has it,
        unless the older row is stamped as late (its clock was moved; the older server tells whole
        seconds), or is written to first
        (``Ledger.unseen``): then no client can tell.
        """
        store = self.cloud.store
        before, rows = self.held(), {t: dict(store.rows[t]) for t in TABLES}
        store.restore(backup)
        after = self.held()
        self.ledger.told.append("the server was restored")
        self.ledger.forgive(before - after - machines)
        for key, token in before - after:
            table, name, _place = key
            old = next((r for r in store.rows[table].values() if name_of(table, r) == name), None)
            new = next(r for r in rows[table].values() if name_of(table, r) == name)
            if old is None:
                continue
            was, is_now = int(str(old["last_modified"])), int(str(new["last_modified"]))
            unit = 1_000_000 if self.flask else 1  # it tells whole seconds (wire.md Part B)
            if was // unit >= is_now // unit:
                self.ledger.forgive([(key, token)])
            else:
                self.ledger.unseen.setdefault(key, set()).add(token)


__all__ = ["ANSWERS", "RULED", "Phone"]
