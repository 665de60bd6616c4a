"""What must never be overlooked about a patient, in rows: allergies above all (decisions.md 14).

All allergies stand there, never "+2": where room runs out the reactions are shortened first, then
left out, then the names wrap. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hikma_tui.clinic.standing import Fate
from hikma_tui.days import as_date
from hikma_tui.days.words import month_name
from hikma_tui.i18n import _
from hikma_tui.text import cell_width, cut, display

if TYPE_CHECKING:
    from hikma_tui.clinic.allergies_read import Allergies
    from hikma_tui.clinic.patients import PatientCard

MOST_ROWS = 6
"""Rows that allergies may take before their names are shortened."""

_ROOM = 10  # rows that a screen has for allergies at most, when there is no other way
_WIDE = 60  # cells from which on the names stand below each other
_REACTION = 12  # cells of a shortened reaction


@dataclass(frozen=True)
class Alert:
    """One row, made plain and ordered for the terminal; ``loud`` is bold and reversed."""

    text: str
    loud: bool


def said_day(day: str) -> str:
    """A stored day as it was said, with its year: ``2 Nov 2026``, ``Nov 2026``, ``2026``."""
    if len(day) == 4 and day.isdigit():
        return day
    found = as_date(f"{day}-01" if len(day) == 7 else day)
    if found is None:
        return day
    month = month_name(found.month)
    if len(day) == 7:
        return _("{month} {year}").format(month=month, year=found.year)
    return _("{day} {month} {year}").format(day=found.day, month=month, year=found.year)


def rows(card: PatientCard, width: int) -> list[Alert]:
    """The rows below the name, each of at most ``width`` cells; calm ones last."""
    found: list[Alert] = []
    if card.status.deceased is not None:
        found.append(Alert(cut(_fate(_("DECEASED"), card.status.deceased), width), True))
    if card.status.moved is not None:
        found.append(Alert(cut(_fate(_("MOVED AWAY"), card.status.moved), width), True))
    found = [Alert(display(alert.text), True) for alert in found]
    calm = []
    if card.allergies is not None:
        loud, text = allergy_rows(card.allergies, width)
        found += [Alert(row, True) for row in loud]
        calm += [text] if text else []
    if card.pregnancy is not None:
        calm.append(card.pregnancy.words[:1].upper() + card.pregnancy.words[1:])
    together = "   ".join(calm)
    for text in [together] if cell_width(together) <= width else calm:
        if text:
            found.append(Alert(display(cut(text, width)), False))
    return found


def _fate(what: str, fate: Fate) -> str:
    """``!! DECEASED 2 Nov 2026 (heart failure)``."""
    parts = ["!!", what, said_day(fate.day) if fate.day else ""]
    text = " ".join(part for part in parts if part)
    return f"{text} ({fate.text})" if fate.text else text


def allergy_rows(known: Allergies, width: int) -> tuple[list[str], str]:
    """The loud rows, ready to be shown, and the calm sentence where there is nothing to warn of."""
    if not known.asked:
        return [display(cut(_("!! ALLERGIES NOT ASKED"), width))], ""
    if not known.items:
        return [], _("No known allergies ({day})").format(day=said_day(known.none_known))
    head = _("!! ALLERGY: ")
    found: list[str] = []
    for reaction in (999, _REACTION, 0):
        items = [_shortened(item, reaction, 999) for item in known.items]
        found = _wrapped(head, items, width)
        if len(found) == 1:
            return found, ""
    for name in (60, 30, 20, 12):
        # wrapped: then each reaction has room again, unless there are too many
        for reaction in (_REACTION, 0):
            items = [_shortened(item, reaction, name) for item in known.items]
            found = _wrapped(head, items, width)
            if len(found) <= (3 if reaction else MOST_ROWS):
                return found, ""
    if len(found) > _ROOM:  # more than the top of a screen holds: said, never cut off in silence
        more = _("!! MORE: {n} allergies in all").format(n=len(known.items))
        found = [*found[: _ROOM - 1], display(cut(more, width))]
    return found, ""


def _shortened(item: str, reaction: int, name: int) -> str:
    """``penicillin (rash)`` with at most so many cells of each; 0 leaves the reaction out."""
    substance, bracket, rest = item.partition(" (")
    if not (bracket and rest.endswith(")")):
        return cut(item, name)
    short = cut(substance, name)
    return f"{short} ({cut(rest[:-1], reaction)})" if reaction else short


def _wrapped(head: str, items: Sequence[str], width: int) -> list[str]:
    """The items in rows, broken between items alone; each piece in its terminal's order."""
    indent = " " * (cell_width(head) if width >= _WIDE else 3)
    found: list[str] = []
    line = head
    used = cell_width(head)
    for number, item in enumerate(items):
        text = cut(item, width - cell_width(head) - 1)
        end = "," if number < len(items) - 1 else ""
        gap = "" if line in (head, indent) else " "
        if gap and used + 1 + cell_width(text) + len(end) > width:
            found.append(line)
            line, used, gap = indent, cell_width(indent), ""
        line += gap + display(text) + end
        used += len(gap) + cell_width(text) + len(end)
    return [*found, line]


def in_short(card: PatientCard) -> str:
    """The allergies for the end of a line: ``!! penicillin, aspirin``; "" where not read."""
    known = card.allergies
    if known is None:
        return ""
    if known.items:
        return "!! " + ", ".join(_shortened(item, 0, 30) for item in known.items)
    return _("no known allergies") if known.none_known else _("!! allergies not asked")
