"""What the parts of one run share: which server, who acts, what has been counted so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hikma_tui.clinic.actor import Actor
from hikma_tui.syncing.shapes import Report

if TYPE_CHECKING:
    from hikma_tui.syncing.beside import Beside


@dataclass
class Context:
    """One run against one server. Parts change ``report``, ``stale``, ``asked`` and ``refused``."""

    peer_id: str  # ``peers.id``
    dialect: str  # "v3" or "flask"
    actor: Actor  # for the audit trail and for what is created here because of the server
    report: Report
    now: int  # ms, when the run began
    full: bool = False  # the pull that is applied is one from 0
    first: bool = False  # nothing of this server is here yet: the very first pull
    confirming: bool = False  # it is the read-back: what was sent is compared (decisions.md 26)
    suggesting: bool = False  # a clone or a restored copy: unsent edits are suggestions (33)
    stale: set[str] = field(default_factory=set)  # patients whose search entry must be made anew
    refused: set[tuple[str, str]] = field(default_factory=set)  # counted: once, whatever the rounds
    beside: Beside | None = None  # who makes the search index of the pull that is applied
    lost_after: int | None = None  # the server was restored: rows stamped later may be lost (33)
    doubts: bool = False  # what came shows that more may differ: a full check is due
    asked: int = 0  # requests that the pushes of this run spent on finding bad rows (27)
