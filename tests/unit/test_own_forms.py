"""The program's own two event forms: made when needed, with fixed ids, and whole."""

from __future__ import annotations

import pytest

from hikma_tui import forms
from hikma_tui.clinic import own_forms
from hikma_tui.data import own_event_forms
from hikma_tui.ids import is_uuid


def test_the_ids_are_fixed() -> None:
    """Answers of different clinics are comparable only while these never change."""
    assert own_forms.id_of("measures") == "6b1f0c52-7a5e-4d0e-9c1b-3f2d8a7e4101"
    assert own_forms.id_of("note") == "6b1f0c52-7a5e-4d0e-9c1b-3f2d8a7e4102"
    assert all(is_uuid(own_forms.id_of(key)) for key in own_forms.KEYS)
    ids = {f["id"] for f in own_event_forms()["note"]["form_fields"]}  # type: ignore[attr-defined]
    assert ids == {
        "hikma-note-diagnoses", "hikma-note-medicines", "hikma-note-stopped", "hikma-note-text",
    }  # fmt: skip


@pytest.mark.parametrize("key", own_forms.KEYS)
def test_every_text_of_them_is_in_all_three_languages(key: str) -> None:
    form = forms.event_form(own_event_forms()[key])
    assert all(field.kind is not forms.Kind.UNKNOWN for field in form.fields)
    texts = [form.name, form.description]
    for field in form.fields:
        texts += [field.label, *([field.description] if field.description else [])]
        texts += [option.label for option in field.options]
    for text in texts:
        assert {"en", "es", "ar"} <= set(text), text


def test_a_number_with_two_units_makes_one_choose() -> None:
    form = forms.event_form(own_event_forms()["measures"])
    two = {field.id: field.units for field in form.fields if len(field.units) > 1}
    assert two == {
        "hikma-measure-muac": ("mm", "cm"),
        "hikma-measure-glucose": ("mg/dL", "mmol/L"),
        "hikma-measure-haemoglobin": ("g/dL", "g/L"),
    }
