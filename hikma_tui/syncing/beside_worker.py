"""A process that makes the search index of a first pull while another takes the rows in.

It reads the spool, which was verified, and never touches the store: what it makes stands in a file
beside it (``search.beside``). Started by ``syncing.beside`` with one line of JSON on its input; it
says how far it is, a line each, and ends with 0 once the file is whole. It ends, too, when whoever
started it is gone.
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from hikma_tui.search import beside, sql_beside
from hikma_tui.syncing import spool_frames as sync_spool_frames

UNFIT = 3
"""Its exit code where the index can't be made of the spool alone."""

_TABLES = {
    "patients": (sql_beside.ADD_PATIENT, sql_beside.PATIENT),
    "visits": (sql_beside.ADD_VISIT, sql_beside.VISIT),
    "registration_forms": (sql_beside.ADD_FORM, sql_beside.FORM),
}


def main() -> int:
    """What the process does. Returns its exit code."""
    asked = json.loads(sys.stdin.readline())
    path = Path(asked["file"])
    os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    parent = os.getppid()

    def tell(done: int, total: int) -> None:
        if os.getppid() != parent:
            path.unlink(missing_ok=True)
            sys.exit(1)
        sys.stdout.write(f"{done} {total}\n")
        sys.stdout.flush()

    here = sqlite3.connect(path, isolation_level=None)
    beside.begin(here)
    here.execute("BEGIN IMMEDIATE")
    here.executemany(sql_beside.ADD_FORM, asked["forms"])
    here.executemany(sql_beside.ADD_PEER, asked["peers"])
    for number, (table, columns, rows) in enumerate(_frames(Path(asked["spool"]))):
        if table in _TABLES:
            statement, wanted = _TABLES[table]
            here.executemany(statement, _chosen(columns, rows, wanted))
        if number % 100 == 0:
            tell(0, 0)
    here.execute("COMMIT")
    try:
        beside.build(here, tell)
    except beside.Unfit:
        return UNFIT
    here.close()
    return 0


def _frames(path: Path) -> Iterator[tuple[str, tuple[str, ...], list[tuple[Any, ...]]]]:
    with path.open("rb") as file:
        for _after, (kind, table, columns, rows) in sync_spool_frames.frames(file):
            if kind == sync_spool_frames.END:
                return
            if kind == sync_spool_frames.ROWS:
                yield table, columns, rows
    raise sync_spool_frames.broken()


def _chosen(
    columns: tuple[str, ...], rows: list[tuple[Any, ...]], wanted: tuple[str, ...]
) -> Iterable[tuple[Any, ...]]:
    """Of each row the columns that are wanted, None for one that did not come."""
    missing = len(columns)
    places = [columns.index(name) if name in columns else missing for name in wanted]
    if missing in places:
        rows = [(*row, None) for row in rows]
    lists = list(zip(*rows, strict=True))
    return zip(*[lists[place] for place in places], strict=True)


if __name__ == "__main__":
    sys.exit(main())
