"""Likely duplicates in words: who is alike, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from hikma_tui import forms
from hikma_tui.clinic import patients
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import Likeness
from hikma_tui.days import as_date
from hikma_tui.i18n import _
from hikma_tui.screens.identity import facts
from hikma_tui.search import Draft
from hikma_tui.text import cut
from hikma_tui.widgets.dialogs import Choice

HIDDEN = "hidden:"
"""Begins the key of a choice that permission hides: that a file exists, and where, is all of it."""


def draft_of(form: forms.Form, answers: forms.Answers) -> Draft:
    """The patient being typed, as far as known."""
    by_column = {f.column: answers.get(f.id) for f in form.fields if f.base}
    texts = {
        name: str(by_column.get(name) or "").strip()
        for name in ("given_name", "surname", "sex", "phone", "government_id", "hometown")
    }
    birth = forms.birth_of_answer(by_column.get("date_of_birth")).day or ""
    return Draft(date_of_birth=as_date(birth), **texts)


def reason_in_words(reason: str) -> str:
    """Why a patient may be the same person."""
    words = {
        "same_name": _("same name"),
        "names_swapped": _("names swapped"),
        "similar_name": _("similar name"),
        "same_birth": _("same birth date"),
        "near_birth": _("near birth date"),
        "same_phone": _("same phone"),
        "same_government_id": _("SAME GOVERNMENT ID"),
        "same_hometown": _("same town"),
    }
    return words.get(reason, reason)


def _reasons(one: Likeness) -> str:
    return ", ".join(reason_in_words(reason) for reason in one.reasons)


def sentence(likely: Sequence[Likeness]) -> str:
    """``Alike: Mohammed Hassan (similar name, same phone), and 2 more: F4``; empty for nobody."""
    if not likely:
        return ""
    text = _("Alike: {name} ({reasons})").format(
        name=cut(likely[0].label, 30), reasons=cut(_reasons(likely[0]), 34)
    )
    if len(likely) > 1:
        return _("{alike}, and {n} more").format(alike=text, n=len(likely) - 1)
    return text


def choices(actor: Actor, likely: Sequence[Likeness], today: date) -> list[Choice]:
    """The patients who are alike with what tells them apart; of hidden ones only that they are.

    Reads their cards: call it on the reader's thread. Who is deleted meanwhile is left out.
    """
    found = []
    for number, one in enumerate(likely):
        if one.hidden:
            found.append(Choice(f"{HIDDEN}{number}", f"{one.label} ({_reasons(one)})"))
            continue
        try:
            card = patients.card(actor, one.patient_id)
        except Refused:
            continue
        about = f"{facts(card, today)}  {_reasons(one)}"
        found.append(Choice(one.patient_id, f"{cut(one.label, 24)}  {about}"))
    return found
