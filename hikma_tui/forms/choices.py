"""What a form's field offers: options, units, the parts of a medicine, in every old shape. Pure.

Texts, numbers, ``{id, label, value}``, translation objects, nested field objects, Effect Options
and JSON text of any of these (features.md 1.8, 2.3).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hikma_tui.forms.json import (
    as_json,
    json_of,
    list_of,
    mapping_of,
    text_of,
    translate,
    translations_of,
    unwrap,
)
from hikma_tui.forms.shape import MedicineChoices, Option

_DEEPEST = 4  # a list in an Option in a nested field in a list: nobody wrote it deeper
_MOST_LISTED = 10_000  # of one list of a medicine's parts; far beyond what a person can choose from


@dataclass(frozen=True)
class Offered:
    """The options of a field, and whether all of them could be read and told apart."""

    options: tuple[Option, ...]
    unreadable: int = 0
    alike: int = 0  # left out, since an earlier one is stored as the same text


def options_of(column: object, language: str, translated: Mapping[str, object]) -> Offered:
    """Choices written as objects, as plain texts or numbers, or as translation objects."""
    found: dict[str, Option] = {}
    unreadable = alike = 0
    for came in list_of(unwrap(json_of(column))):
        option = _option(unwrap(came), language, translated)
        if option is None:
            unreadable += 1
        elif option.value not in found:
            found[option.value] = option
        elif found[option.value].label != option.label:
            alike += 1
    return Offered(tuple(found.values()), unreadable, alike)


def _option(came: object, language: str, translated: Mapping[str, object]) -> Option | None:
    if not isinstance(came, Mapping):
        value = _stored_text(came)
        shown = {language: value, **translations_of(translated.get(value), language)}
        return Option(value, shown, value, _other_than_text(came)) if value else None
    shown = translations_of(came.get("label"), language)
    stored = unwrap(came.get("value"))
    value = _stored_text(stored)
    if not value:
        stored, value = None, translate(shown, language)
    if not value and not {"label", "value", "id"} & set(came):
        shown = translations_of(came)
        value = translate(shown, "en")
    if not value:
        return None
    option_id = text_of(came.get("id")) or value
    said = translations_of(translated.get(option_id), language)
    return Option(
        value, {**(shown or {language: value}), **said}, option_id, _other_than_text(stored)
    )


def _stored_text(value: object) -> str:
    """The text that stands for an option's value: a number's digits, ``true``."""
    return as_json(value) if isinstance(value, bool) else text_of(value)


def _other_than_text(value: object) -> object:
    """A number or a truth, which is stored as what it is; None of a text."""
    return value if isinstance(value, bool | int | float) else None


def units_of(column: object) -> dict[str, str]:
    """Each unit's label (shown and stored) by what may stand for it: the label and the value."""
    known: dict[str, str] = {}
    values: dict[str, str] = {}
    for came in list_of(unwrap(json_of(column))):
        unit = mapping_of(came)
        value = text_of(unwrap(unit.get("value")))
        label = text_of(unwrap(came)) or translate(translations_of(unit.get("label")), "en")
        label = (label or value).strip()
        if label:
            known[label] = label
            values.setdefault(value, label)
    return {**{value: label for value, label in values.items() if value}, **known}


def medicine_choices(column: object) -> MedicineChoices:
    """What a medicine field's ``fields`` offer for the parts of an entry.

    Upstream's ``{route: [...], form: [...], doseUnits: [...], durationUnits: [...]}``, older nested
    field objects (``{dose: {units: [...]}}``), or a list of such with their names.
    """
    parts = _parts(column)
    return MedicineChoices(
        routes=_listed(parts.get("route")),
        forms=_listed(parts.get("form")),
        dose_units=_listed(parts.get("doseunits")) or _units_within(parts.get("dose")),
        duration_units=_listed(parts.get("durationunits")) or _units_within(parts.get("duration")),
    )


def _parts(column: object) -> dict[str, object]:
    parts = {_key(key): part for key, part in mapping_of(column).items()}
    for came in list_of(unwrap(json_of(column))):
        nested = mapping_of(came)
        for key in ("name", "id", "label"):
            name = text_of(unwrap(nested.get(key))).strip()
            if name:
                parts.setdefault(_key(name), nested)
    return parts


def _key(name: str) -> str:
    """``Dose units``, ``dose_units`` and ``doseUnits`` as one."""
    return name.replace(" ", "").replace("_", "").lower()


def _units_within(part: object) -> tuple[str, ...]:
    """The units of a nested field; its options would be amounts."""
    return _listed(mapping_of(part).get("units"))


def _listed(part: object) -> tuple[str, ...]:
    """The words that a list offers; a bare text is a default and offers no choice."""
    words: dict[str, None] = {}
    for word in _words(part, _DEEPEST):
        words[word] = None
        if len(words) == _MOST_LISTED:
            break
    return tuple(words)


def _words(part: object, deep: int) -> Iterator[str]:
    found = unwrap(json_of(part)) if isinstance(part, str | bytes | Mapping) else part
    if isinstance(found, Mapping):
        yield from _words(found.get("options") or found.get("units"), deep - 1) if deep else ()
    elif isinstance(found, list | tuple):
        for came in found:
            option = _option(unwrap(came), "en", {})
            if option is not None:
                yield option.value
