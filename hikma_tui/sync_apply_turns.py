"""How the sync writes: one short transaction after the other, each in its turn with the saves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from hikma_tui.models import connection, database
from hikma_tui.store import Store
from hikma_tui.store_turn import turn

_WAL_PAGES = 4000  # of the journal, before it is written back
_FASTER = {"cache_size": -40000, "synchronous": 1, "wal_autocheckpoint": _WAL_PAGES}


def in_turn(store: Store, function: Callable[..., Any], *arguments: Any) -> Any:
    """Run a function in one transaction, in turn with the other writers of this store."""
    with turn(store.directory), database.atomic("IMMEDIATE"):
        return function(*arguments)


@contextmanager
def quickly(store: Store) -> Iterator[None]:
    """A larger cache, and no waiting for the disk: a pulled row is not an acknowledged save.

    The watermark and the next save are: their commit waits for all that was written before it.
    """
    before = store.on_writer(_pragmas, _FASTER).result()
    try:
        yield
    finally:
        store.on_writer(_pragmas, before).result()


def _pragmas(wanted: dict[str, int]) -> dict[str, int]:
    before = {}
    for name, value in wanted.items():
        before[name] = connection().execute(f"PRAGMA {name}").fetchone()[0]
        connection().execute(f"PRAGMA {name} = {value}")
    return before
