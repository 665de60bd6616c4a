"""What an event form's field asks for, from upstream's type words, new and old. Pure.

features.md 1.8: ``fieldType`` says what the field is, ``inputType`` how it is asked; in older forms
either may be missing, or the one may stand in the other's place.
"""

from __future__ import annotations

from collections.abc import Mapping

from hikma_tui.forms.json import bool_of, unwrap
from hikma_tui.forms.shape import Kind

_BY_WORD = {
    "separator": Kind.SEPARATOR,
    "diagnosis": Kind.DIAGNOSIS,
    "medicine": Kind.MEDICINE,
    "date": Kind.DATE,
    "file": Kind.UNKNOWN,
}
_TEXT_INPUTS = frozenset({"text", "email", "password", "tel", "textarea", "number"})
_CHOICE_INPUTS = frozenset({"select", "radio", "checkbox", "dropdown"})
# Types of upstream's list that no client of theirs renders by themselves: the inputType decides.
_BY_INPUT = frozenset({"", "free-text", "text", "options", "binary", "dosage", "custom",
                       "input-group"})  # fmt: skip


def kind_of(
    raw: Mapping[str, object], field_type: str, input_type: str, *, has_options: bool
) -> Kind:
    """The kind of a field; Kind.UNKNOWN of a type that nobody has seen, or that can't be asked."""
    what, how = field_type.strip().lower(), input_type.strip().lower()
    if what in _TEXT_INPUTS - {"text"} or what in _CHOICE_INPUTS:
        what, how = "", what  # an old form may name the input where the type belongs
    if what in _BY_WORD:
        return _BY_WORD[what]
    if what not in _BY_INPUT or not (what or how):
        return Kind.UNKNOWN
    if how in _BY_WORD:
        return _BY_WORD[how]
    if what == "text" and ("content" in raw or not how):
        return Kind.TEXT_BLOCK
    if what == "binary":
        return _binary(how, has_options=has_options)
    if how in _CHOICE_INPUTS or what == "options":
        return _choice(raw, how, has_options=has_options)
    return _text(raw, how) if how in _TEXT_INPUTS or what in ("free-text", "text") else Kind.UNKNOWN


def _binary(how: str, *, has_options: bool) -> Kind:
    """One of two, whatever it looked like; never several."""
    if not has_options:
        return Kind.YES_NO
    return Kind.SELECT if how in ("select", "dropdown") else Kind.RADIO


def _choice(raw: Mapping[str, object], how: str, *, has_options: bool) -> Kind:
    if not has_options:
        return Kind.CHECKBOX if how == "checkbox" else Kind.UNKNOWN
    if how == "checkbox" or bool_of(raw.get("multi"), default=False):
        return Kind.MULTISELECT
    return Kind.RADIO if how == "radio" else Kind.SELECT


def _text(raw: Mapping[str, object], how: str) -> Kind:
    if how and how not in _TEXT_INPUTS:
        return Kind.UNKNOWN
    if how == "number":
        return Kind.NUMBER
    return Kind.LONG_TEXT if how == "textarea" or unwrap(raw.get("length")) == "long" else Kind.TEXT
