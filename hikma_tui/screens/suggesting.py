"""Where the suggestions of a form come from: the list of diseases, the medicines of this clinic."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from hikma_tui import forms
from hikma_tui.clinic import diseases, medicines
from hikma_tui.clinic.errors import Refused
from hikma_tui.forms.entries import NO_CODE, diagnosis_key
from hikma_tui.names import fold
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.widgets.entry_picker import MOST_SUGGESTED, Found, Suggested

ICD11 = "icd11"


def names_of(form: forms.Form, answers: forms.Answers) -> dict[str, str]:
    """The labels, in the user's language, of the diagnoses in ``answers``, by their key.

    For a store's thread. A code that the list does not have, or that stands there with other words
    than the list has for it, is shown as it was stored: the words are what was meant.
    """
    found: dict[str, str] = {}
    entries = [
        entry
        for field in form.fields
        if field.kind is forms.Kind.DIAGNOSIS and isinstance(answers.get(field.id), list)
        for entry in cast("list[object]", answers[field.id])
        if isinstance(entry, Mapping)
    ]
    for entry in entries:
        code, key = entry.get("code"), diagnosis_key(entry)
        if not isinstance(code, str) or code in ("", NO_CODE) or key in found:
            continue
        disease = diseases.named(code)
        said = fold(str(entry.get("desc") or ""))
        if disease is not None and said in ("", fold(disease.title), fold(disease.label)):
            found[key] = disease.label
    return found


async def prepare(screen: ClinicScreen[Any], form: forms.Form) -> None:
    """Have the index of the diseases made or opened before anyone types a diagnosis into ``form``.

    Called when the form has been painted; it returns before the index is there.
    """
    if any(field.kind is forms.Kind.DIAGNOSIS for field in form.fields):
        with suppress(Refused):
            await screen.clinic.reading(diseases.prepare)


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
