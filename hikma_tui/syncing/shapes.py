"""The words of the sync: states of a row, kinds of disagreement, what a run tells while it runs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """Where one row stands with the server (decisions.md 26).

    The value is what ``peer_rows.state`` holds. *Confirmed* has no line at all: ``change_seq`` 0.
    """

    NOT_SENT = ""
    SENT = "sent"  # not read back yet
    AWAITING = "awaiting"  # sent; only a full check can show it
    REFUSED = "refused"  # the server does not take it; ``reason``
    DIFFERS = "differs"  # the server has altered it; a conflict of that kind tells how
    STAYS = "stays"  # this server has no place for it; ``reason``
    ONLY_HERE = "only_here"  # a full check did not find it there (change_seq may be 0)
    HELD = "held"  # a conflict or a suggestion stands in the way: nothing is sent until a choice


class Reason(StrEnum):
    """Why a row is in its state: ``peer_rows.reason``. Sentences: ``clinic/server_words.py``."""

    NONE = ""
    NO_TABLE = "no-table"  # this server has no such table, or takes no such rows from clients
    NO_PLACE = "no-place"  # a column that may not be empty points to what the server can't have
    NOT_A_UUID = "not-a-uuid"
    BAD_ROW = "bad-row"  # the server refused it alone, all else being well
    PARENT = "parent"  # it hangs on a row that was refused or waits
    DAYS = "days"  # it has a day of the server's, and which one that is, is not certain yet
    ALTERED = "altered"  # taken, but not as it was sent
    DROPPED = "dropped"  # said to be taken, and not there: three times
    CONFLICT = "conflict"
    SUGGESTION = "suggestion"  # from a copy or a restored backup (decisions.md 33)


class Disagreement(StrEnum):
    """Kinds of conflict: ``conflicts.kind``."""

    EDIT = "edit"  # the same column or answer was changed in both places
    DELETED_THERE = "deleted_there"  # deleted on the server; unsent work here
    DELETED_HERE = "deleted_here"  # deleted here; changed on the server since
    DIFFERS = "differs"  # the server altered what was sent
    SUGGESTION = "suggestion"  # an unsent change of a clone or a restored backup


class Phase(StrEnum):
    """What a run is doing."""

    CONNECT = "connect"
    PULL = "pull"
    APPLY = "apply"
    INDEX = "index"
    PUSH = "push"
    CONFIRM = "confirm"
    CHECK = "check"
    DONE = "done"


@dataclass
class Progress:
    """One line of progress. ``total`` is None where nobody can know it."""

    phase: Phase
    records: int = 0
    total: int | None = None
    bytes: int = 0
    rate: float = 0.0  # records a second; bytes a second while pulling
    seconds_left: float | None = None
    note: str = ""  # a code: "limit" (waiting for the server's limit), "slow", "many-unsent", ...

    def as_json(self) -> dict[str, Any]:
        """As a line of the progress stream."""
        return {"progress": {**asdict(self), "phase": str(self.phase)}}


@dataclass
class Counts:
    """The numbers of one run, or of one table of it."""

    pulled: int = 0  # rows that came and changed something here
    deleted: int = 0  # rows that went here, since the server said so
    pushed: int = 0  # rows said to be taken
    confirmed: int = 0  # rows read back and equal
    refused: int = 0
    differing: int = 0
    conflicts: int = 0  # new ones
    awaiting: int = 0
    aside: int = 0  # rows that came and could not be held here (sync_apply_aside)


@dataclass
class Report:
    """What became of a run: ``sync --json``, and the log of syncs."""

    kind: str = "sync"
    result: str = "ok"  # or a wire.shapes.Kind
    started_at: int = 0  # ms
    ended_at: int = 0
    total: Counts = field(default_factory=Counts)
    tables: dict[str, Counts] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)  # by phase
    bytes_down: int = 0
    bytes_up: int = 0
    requests: int = 0
    waiting: dict[str, int] = field(default_factory=dict)  # by state, after the run
    put_aside: list[dict[str, str]] = field(default_factory=list)  # server_needs.put_aside
    notices: list[str] = field(default_factory=list)  # codes, see clinic/server_words.py
    message: str = ""  # one sentence for a person
    check: dict[str, Any] = field(default_factory=dict)  # the full check's account (sync_check)
    estimate: int = 0  # bytes that were not allowed (metered link); 0: unknown

    def of(self, table: str) -> Counts:
        """The counts of one table."""
        return self.tables.setdefault(table, Counts())

    def as_json(self) -> dict[str, Any]:
        """Plain values; tables of which there is nothing to tell are left out."""
        told = asdict(self)
        told["tables"] = {name: one for name, one in told["tables"].items() if any(one.values())}
        return told
