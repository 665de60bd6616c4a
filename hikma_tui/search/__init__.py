"""The patient search: the door."""

from __future__ import annotations

from hikma_tui.search.index import check, create, forget, rebuild, refresh, stale

__all__ = ["check", "create", "forget", "rebuild", "refresh", "stale"]
