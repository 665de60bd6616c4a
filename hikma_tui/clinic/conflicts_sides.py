"""The versions of a record about which here and the server disagree, and what can be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hikma_tui import json_text
from hikma_tui.clinic.errors import NotFound
from hikma_tui.models import OWN_COLUMNS, Conflict, connection
from hikma_tui.syncing import known
from hikma_tui.syncing.merge import Merged, Path, merge
from hikma_tui.syncing.shapes import Disagreement

WHOLE = ""  # the key of the one choice about a whole record
_SURE_OF = (Disagreement.EDIT, Disagreement.DIFFERS, Disagreement.SUGGESTION)


@dataclass(frozen=True)
class Sides:
    """What a conflict is about: the versions in python form; ``ours`` None where it is deleted."""

    conflict: Conflict
    dialect: str
    ours: dict[str, Any] | None
    theirs: dict[str, Any] | None
    base: dict[str, Any] | None

    @property
    def by_field(self) -> bool:
        """Whether it is decided field by field; else as a whole record."""
        return (
            self.conflict.kind in _SURE_OF and self.ours is not None and self.theirs is not None
        ) or (
            self.conflict.kind == Disagreement.DELETED_HERE
            and self.ours is not None
            and self.theirs is not None
        )

    def merged(self, choices: Mapping[Path, Any] | None = None) -> Merged:
        """The merge as it stands, with what was chosen."""
        if self.ours is None or self.theirs is None:
            raise NotFound()
        table = self.conflict.table_name
        theirs = known.taken(self.dialect, table, self.ours, self.theirs)
        every = self.conflict.kind != Disagreement.EDIT
        quiet: dict[Path, Any] = {}
        if every:  # what the server never stores is nothing to choose
            differing = known.equal(self.dialect, table, self.ours, self.theirs)
            found = merge(table, self.base, self.ours, theirs, every=True, dialect=self.dialect)
            quiet = {p: "ours" for p in found.conflicts if p[0] not in differing}
        chosen = {**quiet, **(choices or {})}
        return merge(
            table, self.base, self.ours, theirs, choices=chosen, every=every, dialect=self.dialect
        )


def sides_of(conflict: Conflict, row: Mapping[str, Any] | None) -> Sides:
    """The versions of a conflict; ``row`` is ours with all its columns, None where not live."""
    found = connection().execute(
        "SELECT p.metadata, r.base FROM peers p LEFT JOIN peer_rows r ON r.peer_id = p.id"
        " AND r.table_name = ? AND r.row_id = ? WHERE p.id = ?",
        (conflict.table_name, conflict.row_id, conflict.peer_id),
    ).fetchone()  # fmt: skip
    metadata = json_text.read_object(found[0]) if found else {}
    base = json_text.read_object(found[1]) if found and found[1] else None
    ours = None
    if row is not None:
        ours = {n: v for n, v in row.items() if n not in OWN_COLUMNS or n == "unknown"}
    dialect = str(metadata.get("dialect") or "v3")
    return Sides(conflict, dialect, ours, conflict.theirs, base)


def key_of(path: Path) -> str:
    """A path as one text: ``phone``, ``form_data/<fieldId>``."""
    return "/".join(path)
