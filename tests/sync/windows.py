"""Where the protocol lets a push go over what its sender could not see (docs/sync.md, "Windows that
remain"): the one thing for which the ledger forgives, and no wider.

A row is in the window when all of this holds at the moment of a push:

* the server has a text in it that the machine does not know of (neither in its ``base``, nor sent);
* the pull that the machine just made does not bring it, as the double itself answers: its stamps
  lie before the question, since the server's clock was wrong when it was written, or a history
  limit clips it (wire.md A4: ``last_modified > T``, "Missed rows", MAX_HISTORY_DAYS_SYNC);
* no rule of the server's guards it: the table has none (wire.md A5, "Conflict rule": problems and
  prescribed medicines; Part B: the older server), or the row bears a stamp of the wrong clock, so
  that ours is the later one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from hikma_tui.syncing import run_newest as sync_run_newest
from tests.cloud.flask import Flask
from tests.cloud.pull import pull
from tests.cloud.server import Cloud
from tests.sync.ledger import Key
from tests.sync.places import name_of, written

if TYPE_CHECKING:
    from tests.sync.people import Machine

OVERLAP = 300_000  # ms by which a pull asks for more than it needs (wire.md A4, "Missed rows")
WITHOUT_A_RULE = ("patient_problems", "prescription_items")
_ASKED = re.compile(r"pulled since (\d+):")


class Window:
    """Watches the pushes of one machine. ``after``, when they are done, says what was lost."""

    def __init__(self, machine: Machine, cloud: Cloud, tables: tuple[str, ...]) -> None:
        self.machine, self.cloud, self.tables = machine, cloud, tables
        self.at_risk: set[tuple[Key, str]] = set()

    def before_a_push(self, since: int | None = None) -> None:
        """Note what the next push can overwrite unseen. ``since``: what the pull before it asked
        for (ms); None: as the log has it.
        """
        if since is None:
            since = int(_ASKED.findall(self.machine.log())[-1])
        for table in self.tables:
            brought = self._brought(table, since)
            mine = {name_of(table, row): row for row in self.machine.live(table)}
            for row in self.cloud.store.rows[table].values():
                name = name_of(table, row)
                if name in mine and name not in brought:
                    self.at_risk |= self._unguarded(table, mine[name], row)

    def before_a_killed_run(self) -> None:
        """The same where nobody can look on: what its pull will ask for follows from its mark."""
        found = "SELECT metadata FROM peers WHERE status = 'active'"
        more = json.loads(self.machine.one(found))
        mark = int(more.get("watermark") or 0)
        back = self.cloud.store.now() // 1000 < mark - OVERLAP
        since = sync_run_newest.begin(sync_run_newest.read(more.get("newest")), mark - OVERLAP)
        self.before_a_push(1 if back or not mark else since)

    def after(self, still_there: set[tuple[Key, str]]) -> set[tuple[Key, str]]:
        """What the server does not have any more of what was at risk."""
        return self.at_risk - still_there

    def _brought(self, table: str, since: int) -> set[str]:
        """The rows of a table that the pull has brought."""
        app, store = self.cloud.app, self.cloud.store
        if isinstance(app, Flask):
            there = app._table(table, since * 1000)
        else:
            there = pull(store, since * 1000)["changes"][table]
        return {name_of(table, row) for kind in ("created", "updated") for row in there[kind]}

    def _unguarded(
        self, table: str, mine: dict[str, Any], row: dict[str, Any]
    ) -> set[tuple[Key, str]]:
        """What the server has in a row that the machine does not know, if no rule guards it."""
        if not mine["change_seq"]:
            return set()  # nothing of it is sent
        line = self.machine.sql(
            "SELECT base, sent FROM peer_rows WHERE table_name = ? AND row_id = ?",
            table, mine["id"],
        )  # fmt: skip
        base, sent = (json.loads(one) if one else None for one in (line or [(None, None)])[0])
        known = [one for one in (mine, base, sent) if one]
        unknown = written(table, [row]) - written(table, known)
        if isinstance(self.cloud.app, Flask) or table in WITHOUT_A_RULE:
            return unknown
        goes_as = base["updated_at"] + 1 if base else mine["updated_at"]
        return unknown if goes_as > int(str(row["updated_at"])) // 1000 else set()
