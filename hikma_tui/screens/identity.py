"""Who am I looking at: the line that stands on every screen of a patient (decisions.md 12).

Name, sex, age, birth, number. Where room runs out the name is cut, never what follows it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from hikma_tui.days import Birth, age_text, birth_text
from hikma_tui.i18n import _
from hikma_tui.screens.alerts import in_short
from hikma_tui.text import cell_width, cut, display, trim

if TYPE_CHECKING:
    from hikma_tui.clinic.patients import PatientCard


def listed_name(card: PatientCard) -> str:
    """The name as a clinic writes it on a file: ``HASSAN, Mohammed``; as it is in other scripts."""
    surname, given = card.surname.strip(), card.given_name.strip()
    if surname and given:
        return f"{surname.upper()}, {given}" if surname.isascii() else f"{given} {surname}"
    return surname or given or _("(no name)")


def sex_letter(sex: str) -> str:
    """``M``, ``F``, or ``?``: a letter, never a colour alone."""
    folded = sex.strip().casefold()
    if folded in ("male", "m", "ذكر", "masculino"):
        return _("M")
    if folded in ("female", "f", "أنثى", "femenino"):
        return _("F")
    return "?"


def birth_of(card: PatientCard) -> Birth:
    """The birth that the card holds."""
    return Birth(card.date_of_birth or None, card.birth_estimated)


def facts(card: PatientCard, today: date) -> str:
    """Sex, age, birth and number, in the order of every line about a patient."""
    birth = birth_of(card)
    parts = [sex_letter(card.sex), age_text(birth, today)]
    if birth.day:
        parts.append(birth_text(birth, today))
    if card.external_patient_id:
        parts.append(cut(card.external_patient_id, 16))
    return "  ".join(parts)


def identity_line(card: PatientCard, today: date, width: int, more: str = "") -> str:
    """One row of at most ``width`` cells, made plain: the name left, the facts right of it."""
    right = facts(card, today) + (f"  {more}" if more else "")
    room = max(8, width - cell_width(right) - 3)
    name = cut(listed_name(card), room)
    gap = " " * max(2, width - 1 - cell_width(name) - cell_width(right))
    return trim(f"{display(name)}{gap}{display(right)}", width)


def saved_line(card: PatientCard, today: date, what: str, width: int = 78) -> str:
    """What a screen says after a save: what was saved, and for whom, with the allergies.

    The name is cut for a row of ``width`` cells, so that what follows it can be read; the birth
    date, which the row on top of the screen has, is left out.
    """
    parts = [sex_letter(card.sex), age_text(birth_of(card), today)]
    if card.external_patient_id:
        parts.append(cut(card.external_patient_id, 16))
    known = in_short(card)
    facts_short = "  ".join([*parts, known] if known else parts)
    sentence = _("Saved: {what}. {name}  {facts}")
    taken = cell_width(sentence.format(what=what, name="", facts=facts_short))
    name = cut(listed_name(card), max(16, min(30, width - taken)))
    return sentence.format(what=what, name=name, facts=facts_short)
