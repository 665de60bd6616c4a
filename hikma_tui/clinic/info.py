"""Facts and settings of this store, by key (table ``store_info``).

``store_id`` and ``machine_id``, ``generation`` (decisions.md 33), ``change_seq`` and
``newest_stamp`` (kept by ``saving``), ``time_zone``, ``language``, ``card_prefix``, ``card_next``,
``recent_on_empty_search`` (decisions.md 20), ``demo``, ``last_user_id``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from typing import TYPE_CHECKING

from hikma_tui import clock
from hikma_tui.models import connection

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


def get(key: str, default: str = "") -> str:
    """The value kept under ``key``, or ``default``."""
    row = connection().execute("SELECT value FROM store_info WHERE key = ?", (key,)).fetchone()
    return default if row is None else str(row[0])


def number(key: str) -> int:
    """The whole number kept under ``key``, 0 when there is none."""
    return int(get(key, "0"))


def put(key: str, value: str | int) -> None:
    """Keep ``value`` under ``key``; inside the caller's transaction."""
    connection().execute(
        "INSERT INTO store_info (key, value) VALUES (?, ?)"
        " ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, str(value)),
    )


def has_server() -> bool:
    """Whether a server is registered (features.md 2.2)."""
    query = "SELECT 1 FROM peers WHERE status = 'active' LIMIT 1"
    return connection().execute(query).fetchone() is not None


def clinics() -> dict[str, str]:
    """Names of the live clinics that are not archived, by id."""
    query = "SELECT id, name FROM live_clinics WHERE is_archived = 0 ORDER BY name"
    return {row[0]: row[1] or "" for row in connection().execute(query)}


def zone() -> ZoneInfo | None:
    """The clinic's time zone; None for this machine's own."""
    return clock.zone_of(get("time_zone"))


def zone_in_force() -> tzinfo:
    """The zone that days are read in: the clinic's, else this machine's own."""
    return zone() or datetime.now().astimezone().tzinfo or UTC


def now_ms() -> int:
    """The later of the wall clock and the newest stamp saved here (decisions.md 7)."""
    return max(clock.wall_ms(), number("newest_stamp"))


def believe_clock() -> int:
    """Take the wall clock for right, since a person has said which day it is.

    Without this one save under a clock far ahead would date everything after it. Rows stay in
    order all the same: an edit's ``updated_at`` is always above the row's last one. Returns the
    stamp that counts as the newest from now on.
    """
    put("newest_stamp", min(number("newest_stamp"), clock.wall_ms()))
    return number("newest_stamp")


def today() -> date:
    """Today in the clinic's zone."""
    return clock.day_of(now_ms(), zone())
