"""A draft in words, where its form can't be filled any more."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from hikma_tui import forms
from hikma_tui.i18n import language
from hikma_tui.text import plain


def draft_text(form: forms.Form, draft: Mapping[str, Any], today: date) -> str:
    """Every word of a draft, one answer a line; ``form`` gives the names that are still known."""
    answers, unparsed = draft.get("answers") or {}, draft.get("unparsed") or {}
    lines, fields = [], {field.id: field for field in form.fields}
    for field_id in dict.fromkeys([*fields, *answers, *unparsed]):
        field, answer = fields.get(field_id), answers.get(field_id)
        said = unparsed.get(field_id)
        is_list = field is not None and field.kind in (forms.Kind.DIAGNOSIS, forms.Kind.MEDICINE)
        if field is not None and (is_list or not said):
            unit = str(answers.get(forms.unit_key(field)) or "")
            stands = forms.answer_text(field, answer, language(), today, unit)
            said = ", ".join(text for text in (stands, said) if text)
        said = said or ("" if answer in (None, "", [], {}) else str(answer))
        label = (forms.translate(field.label, language()) or field.name) if field else ""
        if said:
            lines.append(plain(f"{label}: {said}" if label else said))
    return "\n".join(lines)
