"""The sentences of a full check: why the numbers here and on the server are not the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui.clinic.server_words import table_word
from hikma_tui.i18n import _, ngettext


def _why(kind: str) -> str:
    said = {
        "not_sent": _("not sent yet"),
        "sent": _("sent, not confirmed yet"),
        "awaiting": _("sent, awaiting a full check"),
        "refused": _("refused by the server"),
        "differs": _("kept differently by the server"),
        "held": _("waiting for a choice"),
        "stays": _("without a place on this server"),
        "only_here": _("confirmed once, and not there any more"),
        "deleted_here": _("deleted here, and not there yet"),
        "hidden_here": _("deleted here with what they belong to"),
        "not_taken_in": _("could not be read here"),
    }
    return said.get(kind, kind)


def account(table: str, numbers: Mapping[str, Any]) -> str:
    """One table, every difference named with its number (``syncing.check.Account`` as a dict)."""
    name = table_word(table)
    said = _("{table}: {here} here, {there} on the server").format(
        table=name[:1].upper() + name[1:], here=numbers["here"], there=numbers["there"]
    )
    for title, kinds in (
        (_("only here"), numbers["here_alone"]),
        (_("only there"), numbers["there_alone"]),
    ):
        listed = ", ".join(f"{number} {_why(kind)}" for kind, number in kinds.items() if number)
        if listed:
            said += f"; {title}: {listed}"
    return f"{said}."


def clipped(number: int) -> str:
    """So many of the only-here rows are older than anything that the server sends."""
    return ngettext(
        "{n} of those only here is older than anything the server sends: it probably sends only"
        " recent records (its history limit).",
        "{n} of those only here are older than anything the server sends: it probably sends only"
        " recent records (its history limit).",
        number,
    ).format(n=number)


def portal(number: int, there: int, here: int) -> str:
    """The portal's own number of patients, against what the server sends and what lives here."""
    if number == there:
        said = _("The portal's number, {n}, is what the server sends.").format(n=number)
    else:
        said = _(
            "The portal says {portal}, but the server sends {there}: its own count differs from"
            " what it sends by {k}. That can be records that were changed after they were"
            " deleted, a history limit, or another database behind the portal: ask the"
            " administrator of the server."
        ).format(portal=number, there=there, k=abs(number - there))
    if here == there:
        return said + " " + _("Here are as many as the server sends.")
    return said + " " + _("Why there are {here} here is told above.").format(here=here)
