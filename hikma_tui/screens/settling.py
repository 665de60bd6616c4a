"""The same answer changed here and by somebody else: nobody wins by default (decisions.md 24)."""

from __future__ import annotations

from datetime import date
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic.merging import ChangedMeanwhile
from hikma_tui.i18n import _, language
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.text import cut
from hikma_tui.widgets.dialogs import Choice, Choose


async def ask(
    screen: ClinicScreen[Any], form: forms.Form, answers: forms.Answers, clash: ChangedMeanwhile
) -> list[str] | None:
    """Ask for each answer of ``clash``; the ids of those to be taken as they are stored.

    None when it is put off with Esc. Call it in a worker.
    """
    theirs: list[str] = []
    for field in form.fields:
        if field.id not in clash.field_ids:
            continue
        question = _question(field, answers, clash.stored, screen.clinic.today)
        choice = await screen.app.push_screen_wait(question)
        if choice is None:
            return None
        if choice == "theirs":
            theirs.append(field.id)
    return theirs


def _question(
    field: forms.Field, answers: forms.Answers, stored: forms.Answers, today: date
) -> Choose:
    """Both values, in full view."""
    label = forms.translate(field.label, language()) or field.name
    question = _("{field} was changed by somebody else since you opened it.").format(field=label)
    mine = _("Keep what I typed: {value}").format(value=_in_words(field, answers, today))
    theirs = _("Take what is stored: {value}").format(value=_in_words(field, stored, today))
    return Choose(question, [Choice("mine", mine), Choice("theirs", theirs)])


def _in_words(field: forms.Field, answers: forms.Answers, today: date) -> str:
    unit = str(answers.get(forms.unit_key(field)) or "")
    text = forms.answer_text(field, answers.get(field.id), language(), today, unit)
    return cut(text, 44) or _("(empty)")
