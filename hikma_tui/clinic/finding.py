"""Finding a patient: the search, narrowed to whom the acting user may see, on the clinic's day."""

from __future__ import annotations

from hikma_tui import search
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.permissions import sight
from hikma_tui.models import connection

PAGE = search.PAGE
EVERYONE = search.Filters()


def find(
    actor: Actor, text: str, filters: search.Filters = EVERYONE, limit: int = PAGE
) -> search.Found:
    """The first ``limit`` live patients whom ``text`` and the filters mean, best first.

    Without a text: those seen last, whatever their name.
    """
    shown, today = sight(actor), info.today()
    if not text.strip():
        return search.recent(connection(), today=today, filters=filters, sight=shown, limit=limit)
    return search.find(connection(), text, today=today, filters=filters, sight=shown, limit=limit)


def count(
    actor: Actor, text: str, filters: search.Filters = EVERYONE, limit: int = PAGE
) -> tuple[int, int]:
    """How many patients ``find`` could list in all, and how many the actor may see.

    ``limit`` is that of the list: it decides whether typing errors are looked for.
    """
    shown, today = sight(actor), info.today()
    everyone = search.total(connection(), shown)
    if not text.strip():
        return search.total(connection(), shown, today=today, filters=filters), everyone
    found = search.count(connection(), text, today=today, filters=filters, sight=shown, limit=limit)
    return found, everyone


def take_in(limit: int = 50) -> int:
    """Make the search entries of some patients whom a sync fetched before it was killed.

    Returns how many; 0 when nobody waits any more, or when all do (the next sync does those). In
    a save of its own, short enough that nobody waits for it.
    """
    if info.get("index_all"):
        return 0
    rows = connection().execute("SELECT patient_id FROM index_waiting LIMIT ?", (limit,)).fetchall()
    if rows:
        search.refresh_many(connection(), [row[0] for row in rows])
        connection().executemany("DELETE FROM index_waiting WHERE patient_id = ?", rows)
    return len(rows)
