"""An event form from upstream's row (features.md 1.8 and 2.3), in all its old shapes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hikma_tui.forms_json import (
    bool_of,
    json_of,
    list_of,
    mapping_of,
    text_of,
    translate,
    translations_of,
    unwrap,
)
from hikma_tui.forms_shape import Field, Form, Kind, Option

_TEXT_INPUTS = frozenset({"", "text", "email", "password", "tel", "textarea", "number"})
_FORM_NAME, _FORM_DESCRIPTION = "__form_name__", "__form_description__"


def event_form(row: Mapping[str, object]) -> Form:
    """The form of an ``event_forms`` row. Never raises: a broken field is Kind.UNKNOWN."""
    language = text_of(row.get("language")).split("-")[0] or "en"
    entries = _translation_entries(row.get("translations"))
    described = entries.get(_FORM_DESCRIPTION, {})
    return Form(
        id=text_of(row.get("id")),
        name=_texts(row.get("name"), language, entries.get(_FORM_NAME, {}).get("name")),
        description=_texts(
            row.get("description"),
            language,
            # Upstream's builder may put the form's description under ``name``.
            translations_of(described.get("description")) or described.get("name"),
        ),
        fields=unique_fields(
            _field(raw, index, language, entries)
            for index, raw in enumerate(list_of(row.get("form_fields")))
        ),
        language=language,
        editable=bool_of(row.get("is_editable"), default=True),
        clinic_ids=tuple(text for text in map(text_of, list_of(row.get("clinic_ids"))) if text),
    )


def _translation_entries(column: object) -> dict[str, dict[str, object]]:
    """The form's translations by field id."""
    entries = (mapping_of(entry) for entry in list_of(column))
    return {text_of(entry.get("fieldId")): entry for entry in entries if entry.get("fieldId")}


def _texts(own: object, language: str, translated: object) -> dict[str, str]:
    """A text of the form in its own language, and over it what the translations say."""
    return {**translations_of(own, language), **translations_of(translated, language)}


def _field(
    came: object, index: int, language: str, entries: Mapping[str, dict[str, object]]
) -> Field:
    raw = mapping_of(came)
    if not raw:
        return broken_field(came, index)
    name = translate(translations_of(raw.get("name"), language), language)
    field_id = text_of(raw.get("id")) or name or f"#{index}"
    entry = entries.get(field_id, {})
    options = _options(raw.get("options"), language, mapping_of(entry.get("options")))
    field_type = text_of(raw.get("fieldType")) or text_of(raw.get("_tag"))
    input_type = text_of(raw.get("inputType"))
    return Field(
        id=field_id,
        kind=_kind(raw, field_type, input_type, has_options=bool(options)),
        name=name,
        label=_texts(raw.get("name"), language, entry.get("name")) or {language: field_id},
        description=_texts(raw.get("description"), language, entry.get("description")),
        required=bool_of(raw.get("required"), default=False),
        options=options,
        units=_units(raw.get("units")),
        content=_content(raw, language, entry),
        position=index,
        field_type=field_type,
        input_type=input_type,
        raw=raw,
    )


def _content(
    raw: Mapping[str, object], language: str, entry: Mapping[str, object]
) -> dict[str, str]:
    """A text block's words; an entry has no place of its own for them but ``description``."""
    translated = entry.get("content") or (not raw.get("description") and entry.get("description"))
    return _texts(raw.get("content"), language, translated or None)


def broken_field(came: object, index: int) -> Field:
    """A field that is no object at all: shown as unknown, kept as it came."""
    field_id = f"#{index}"
    return Field(field_id, Kind.UNKNOWN, "", {"en": field_id}, position=index, raw={"came": came})


def unique_fields(fields: Iterable[Field]) -> tuple[Field, ...]:
    """The fields, each under an id of its own: answers are kept by id."""
    times: dict[str, int] = {}
    out: list[Field] = []
    for field in fields:
        field_id = field.id
        while field_id in times:
            times[field.id] += 1
            field_id = f"{field.id}#{times[field.id]}"
        times[field_id] = 1
        out.append(field if field_id == field.id else replace(field, id=field_id))
    return tuple(out)


def _kind(
    raw: Mapping[str, object], field_type: str, input_type: str, *, has_options: bool
) -> Kind:
    plain = _KIND_BY_TYPE.get(field_type) or _KIND_BY_TYPE.get(input_type)
    if plain is not None:
        return plain
    if field_type == "text" and ("content" in raw or not input_type):
        return Kind.TEXT_BLOCK
    if has_options and field_type in ("options", "binary", ""):
        return _choice_kind(input_type, multi=bool_of(raw.get("multi"), default=False))
    if field_type == "binary":
        return Kind.YES_NO
    if input_type == "checkbox" and field_type in ("options", ""):
        return Kind.CHECKBOX
    if field_type in ("free-text", "text", "") and input_type in _TEXT_INPUTS:
        return _text_kind(raw, field_type, input_type)
    return Kind.UNKNOWN


_KIND_BY_TYPE = {
    "separator": Kind.SEPARATOR,
    "diagnosis": Kind.DIAGNOSIS,
    "medicine": Kind.MEDICINE,
    "date": Kind.DATE,
    "file": Kind.UNKNOWN,
}


def _choice_kind(input_type: str, *, multi: bool) -> Kind:
    if multi or input_type == "checkbox":
        return Kind.MULTISELECT
    return Kind.RADIO if input_type == "radio" else Kind.SELECT


def _text_kind(raw: Mapping[str, object], field_type: str, input_type: str) -> Kind:
    if not field_type and not input_type:
        return Kind.UNKNOWN
    if input_type == "number":
        return Kind.NUMBER
    long = input_type == "textarea" or unwrap(raw.get("length")) == "long"
    return Kind.LONG_TEXT if long else Kind.TEXT


def _options(column: object, language: str, translated: Mapping[str, object]) -> tuple[Option, ...]:
    """Choices written as objects, as plain texts, or as translation objects."""
    found: dict[str, Option] = {}
    for came in list_of(unwrap(json_of(column))):
        option = _option(unwrap(came), language, translated)
        if option is not None:
            found.setdefault(option.value, option)
    return tuple(found.values())


def _option(came: object, language: str, translated: Mapping[str, object]) -> Option | None:
    if not isinstance(came, Mapping):
        value = text_of(came)
        label = _texts(value, language, translated.get(value))
        return Option(value, label, value) if value else None
    shown = translations_of(came.get("label"), language)
    value = text_of(came.get("value")) or translate(shown, language)
    if not value and not {"label", "value", "id"} & set(came):
        shown = translations_of(came)
        value = translate(shown, "en")
    if not value:
        return None
    option_id = text_of(came.get("id")) or value
    return Option(value, {**(shown or {language: value}), **translations_of(
        translated.get(option_id), language)}, option_id)  # fmt: skip


def _units(column: object) -> tuple[str, ...]:
    """Units written as texts or as ``{label, value}``; the label is what is shown and stored."""
    units: dict[str, None] = {}
    for came in list_of(unwrap(json_of(column))):
        unit = mapping_of(came)
        text = text_of(unwrap(came)) or text_of(unit.get("label")) or text_of(unit.get("value"))
        if text:
            units[text] = None
    return tuple(units)
