"""Likely duplicates in words: who is alike, and why."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui import forms
from hikma_tui.clinic.patients import Likeness
from hikma_tui.days import as_date
from hikma_tui.i18n import _
from hikma_tui.search import Draft
from hikma_tui.text import cut


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


def sentence(likely: Sequence[Likeness]) -> str:
    """``Alike: Mohammed Hassan (similar name, same phone), and 2 more``; empty for nobody."""
    if not likely:
        return ""
    first = likely[0]
    reasons = ", ".join(reason_in_words(reason) for reason in first.reasons)
    text = _("Alike: {name} ({reasons})").format(name=cut(first.label, 34), reasons=reasons)
    if len(likely) > 1:
        text += _(", and {n} more").format(n=len(likely) - 1)
    return text
