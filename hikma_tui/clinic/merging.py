"""Saving a form on top of what somebody else saved while it was open (decisions.md 23, 24).

Three states meet: the answers as they were read, as they stand in the form, and as they are stored
now. Only what was changed in the form is written; what both changed, differently, is refused.
"""

from __future__ import annotations

from hikma_tui import forms
from hikma_tui.clinic.errors import Invalid
from hikma_tui.i18n import _, language


class ChangedMeanwhile(Invalid):
    """The same answers were changed in the form and by somebody else; nothing was saved.

    ``field_ids`` are those answers, in form order; ``stored`` are all answers as stored now.
    """

    def __init__(self, form: forms.Form, field_ids: list[str], stored: forms.Answers) -> None:
        names = [
            forms.translate(field.label, language()) or field.name
            for field in form.fields
            if field.id in field_ids
        ]
        sentence = _("Changed by somebody else since you opened it: {fields}.")
        super().__init__(field_ids[0], sentence.format(fields=", ".join(names)))
        self.field_ids = tuple(field_ids)
        self.stored = stored


def changed(form: forms.Form, before: forms.Answers, after: forms.Answers) -> list[str]:
    """The ids of the fields whose answer (or its unit) differs; all sorts of nothing are one."""
    return [field.id for field in form.fields if not _same(field, before, after)]


def _same(field: forms.Field, one: forms.Answers, other: forms.Answers) -> bool:
    first, second = one.get(field.id), other.get(field.id)
    if forms.is_empty(first) and forms.is_empty(second):
        return True
    if type(first) is not type(second) or first != second:
        return False
    key = forms.unit_key(field)
    return len(field.units) < 2 or (one.get(key) or "") == (other.get(key) or "")


def merged(
    form: forms.Form, first: forms.Answers, mine: forms.Answers, stored: forms.Answers
) -> forms.Answers:
    """``stored`` with what ``mine`` changed since ``first`` was read. Raises ChangedMeanwhile.

    What ``mine`` does not name at all was not in the form: it is not taken for emptied.
    """
    by_me = [field_id for field_id in changed(form, first, mine) if field_id in mine]
    by_others = set(changed(form, first, stored)) & set(changed(form, mine, stored))
    both = [field_id for field_id in by_me if field_id in by_others]
    if both:
        raise ChangedMeanwhile(form, both, stored)
    return taken(form, by_me, mine, stored)


def taken(
    form: forms.Form, field_ids: list[str], mine: forms.Answers, stored: forms.Answers
) -> forms.Answers:
    """``stored`` with the answers to ``field_ids`` (and their units) as ``mine`` has them."""
    answers = dict(stored)
    for field in form.fields:
        if field.id in field_ids:
            answers[field.id] = mine.get(field.id, "")
            if len(field.units) > 1:
                answers[forms.unit_key(field)] = mine.get(forms.unit_key(field), "")
    return answers
