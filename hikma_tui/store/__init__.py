"""The store: one SQLite file with everything in it. The door.

``Store`` opens it. The rooms: ``opened`` (its threads), ``files`` and ``places`` (where it lies),
``errors``, ``cipher``, ``turn`` (fair turns between processes), ``backups``, ``repair`` and
``salvage``, ``speed``, ``wipe``. ``Store`` is imported when it is first asked for: the small rooms
are entered by commands that need no table.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hikma_tui.store.opened import Store

__all__ = ["Store"]


def __getattr__(name: str) -> Any:
    """``Store`` (PEP 562)."""
    if name != "Store":
        raise AttributeError(name)
    from hikma_tui.store.opened import Store

    globals()["Store"] = Store
    return Store
