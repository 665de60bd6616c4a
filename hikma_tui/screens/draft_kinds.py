"""What the drafts are called, from the place where each is kept."""

from __future__ import annotations

from hikma_tui.i18n import _
from hikma_tui.screens import kept_words
from hikma_tui.screens.kept_words import USERS, WHY


def draft_kind(place: str) -> str:
    """What a draft is of, from the place where it is kept."""
    if place.startswith("patient:new"):
        return _("new patient")
    if place.startswith("patient:"):
        return _("edit of the registration")
    if place.startswith("quick:"):
        return _("one-line entry")
    if place.startswith("vitals:"):
        return _("vital signs")
    return kind_word(place) or _("visit note")


def kind_word(place: str) -> str:
    """What a draft at ``place`` is of; "" for one of another kind."""
    return {
        "problem": _("problem"), "allergy": _("allergy"), "medicine": _("medicine"),
        "status": _("deceased, moved away, referred"), "choice": _("choice: here or the server"),
        USERS: _("name of a user"), "connect": _("connection to a server"), WHY: _why_word(place),
    }.get(place.partition(":")[0], "")  # fmt: skip


def _why_word(place: str) -> str:
    """What words beside a form are about."""
    return {
        kept_words.ADDENDUM: _("addendum"), kept_words.DELETE: _("why it is deleted"),
        kept_words.MOVE: _("why it is moved"),
    }.get((*place.split(":"), "", "")[2], _("a reason"))  # fmt: skip
