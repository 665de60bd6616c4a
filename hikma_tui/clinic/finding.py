"""Finding a patient: the search, narrowed to whom the acting user may see, on the clinic's day."""

from __future__ import annotations

from hikma_tui import search
from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.permissions import sight
from hikma_tui.models import connection

PAGE = 50


def find(
    actor: Actor, text: str, filters: search.Filters | None = None, limit: int = PAGE
) -> search.Found:
    """The first ``limit`` live patients whom ``text`` and the filters mean, best first."""
    return search.find(
        connection(), text, sight=sight(actor), filters=filters or search.Filters(),
        today=info.today(), limit=limit,
    )  # fmt: skip


def count(actor: Actor, text: str, filters: search.Filters | None = None) -> tuple[int, int]:
    """How many patients ``find`` could list in all, and how many the actor may see."""
    shown, today = sight(actor), info.today()
    everyone = search.count(connection(), "", sight=shown, filters=search.Filters(), today=today)
    wanted = filters or search.Filters()
    if not text.strip() and wanted == search.Filters():
        return everyone, everyone
    found = search.count(connection(), text, sight=shown, filters=wanted, today=today)
    return found, everyone
