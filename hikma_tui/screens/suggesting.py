"""Where the suggestions of a form come from: the list of diseases, the medicines of this clinic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from hikma_tui import forms
from hikma_tui.clinic import diseases, medicines
from hikma_tui.clinic.errors import Refused
from hikma_tui.forms_entries import NO_CODE
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.widgets.entry_picker import MOST_SUGGESTED, Found, Suggested

ICD11 = "icd11"


def names_of(form: forms.Form, answers: forms.Answers) -> dict[str, str]:
    """The labels, in the user's language, of the diagnoses that stand in ``answers``, by code.

    For a store's thread. A code that the list does not have is shown as it was stored.
    """
    found: dict[str, str] = {}
    for field in form.fields:
        entries = answers.get(field.id) if field.kind is forms.Kind.DIAGNOSIS else None
        for code in _codes(entries if isinstance(entries, list) else []):
            disease = diseases.named(code) if code not in found else None
            if disease is not None:
                found[code] = disease.label
    return found


def _codes(entries: Iterable[object]) -> list[str]:
    codes = [entry.get("code") for entry in entries if isinstance(entry, Mapping)]
    return [code for code in codes if isinstance(code, str) and code not in ("", NO_CODE)]


class Suggesting:
    """Suggestions for the form of ``screen``, read on the store's thread (``Suggestions``)."""

    def __init__(self, screen: ClinicScreen[Any], names: Mapping[str, str]) -> None:
        self.names = names
        self._screen = screen

    async def diagnoses(self, text: str) -> Found:
        """Diseases; what is no ICD-11 code is stored as words alone (decisions.md 16)."""
        try:
            rows = await self._screen.clinic.reading(diseases.find, text, MOST_SUGGESTED)
        except Refused as refusal:
            return Found(trouble=str(refusal))
        return Found(tuple(map(_suggested, rows)))

    async def medicines(self, text: str, field: forms.Field) -> Found:
        """Names: the form's own list, the drug catalogue, what this clinic writes most."""
        options = [option.value for option in field.options]
        try:
            names = await self._screen.clinic.reading(
                medicines.suggestions, text, options, limit=MOST_SUGGESTED
            )
        except Refused as refusal:
            return Found(trouble=str(refusal))
        return Found(tuple(Suggested(name, line=f"{name} ") for name in names))


def _suggested(disease: diseases.Disease) -> Suggested:
    """A row: label and code, and what else was found by; the English title is stored, since other
    clients show it as it is.
    """
    title = disease.title or disease.label
    coded = disease.system == ICD11
    item: forms.Item = {"code": disease.code if coded else NO_CODE, "desc": title}
    label = f"{disease.label} = {disease.matched}" if disease.matched else disease.label
    return Suggested(label, disease.code, item, name=disease.label if coded else "")
