"""An event form from upstream's row (features.md 1.8 and 2.3), in all its old shapes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from hikma_tui.forms.choices import medicine_choices, options_of, units_of
from hikma_tui.forms.json import (
    bool_of,
    json_of,
    list_of,
    mapping_of,
    text_of,
    translate,
    translations_of,
    unwrap,
)
from hikma_tui.forms.kinds import kind_of
from hikma_tui.forms.shape import Field, Form, Kind, MedicineChoices
from hikma_tui.forms.trouble import Troubles
from hikma_tui.i18n import _

_FORM_NAME, _FORM_DESCRIPTION = "__form_name__", "__form_description__"


def event_form(row: Mapping[str, object]) -> Form:
    """The form of an ``event_forms`` row. Never raises: a broken field is Kind.UNKNOWN.

    ``trouble`` of the form says what of it can't be asked; no field is left out.
    """
    language = text_of(row.get("language")).split("-")[0] or "en"
    entries = _translation_entries(row.get("translations"))
    described = entries.get(_FORM_DESCRIPTION, {})
    troubles = Troubles()
    return Form(
        id=text_of(row.get("id")),
        name=_texts(row.get("name"), language, entries.get(_FORM_NAME, {}).get("name"))
        or {language: _("Form without a name")},
        description=_texts(
            row.get("description"),
            language,
            # Upstream's builder may put the form's description under ``name``.
            translations_of(described.get("description")) or described.get("name"),
        ),
        fields=unique_fields(
            _field(raw, index, language, entries, troubles)
            for index, raw in enumerate(_listed(row.get("form_fields"), troubles))
        ),
        language=language,
        editable=bool_of(row.get("is_editable"), default=True),
        clinic_ids=tuple(text for text in map(text_of, list_of(row.get("clinic_ids"))) if text),
        trouble=troubles.sentences(),
    )


def _listed(column: object, troubles: Troubles) -> list[object]:
    """The fields as they came; also those of an object that holds them by their ids or numbers."""
    found = unwrap(json_of(column))
    if isinstance(found, list | tuple):
        return list(found)
    if isinstance(found, Mapping) and found:
        if found.keys() & {"fieldType", "inputType", "_tag"}:
            return [found]
        if isinstance(found.get("fields"), list):
            return list(found["fields"])
        if all(isinstance(value, Mapping) for value in found.values()):
            return list(found.values())
    troubles.no_list = not (found is None or found in ("", {}))
    return []


def _translation_entries(column: object) -> dict[str, dict[str, object]]:
    """The form's translations by field id."""
    found = unwrap(json_of(column))
    if isinstance(found, Mapping):  # by field id already
        return {str(key): mapping_of(entry) for key, entry in found.items()}
    entries = map(mapping_of, list_of(found))
    by_id = ((text_of(entry.get("fieldId")), entry) for entry in entries)
    return {field_id: entry for field_id, entry in by_id if field_id}


def _texts(own: object, language: str, translated: object) -> dict[str, str]:
    """A text of the form in its own language, and over it what the translations say."""
    return {**translations_of(own, language), **translations_of(translated, language)}


def _field(
    came: object,
    index: int,
    language: str,
    entries: Mapping[str, dict[str, object]],
    troubles: Troubles,
) -> Field:
    raw = mapping_of(came)
    if not raw:
        troubles.broken += 1
        return broken_field(came, index)
    name = translate(translations_of(raw.get("name"), language), language)
    field_id = text_of(raw.get("id")) or name or f"#{index}"
    entry = entries.get(field_id, {})
    offered = options_of(raw.get("options"), language, mapping_of(entry.get("options")))
    field_type = text_of(raw.get("fieldType")) or text_of(raw.get("_tag"))
    input_type = text_of(raw.get("inputType"))
    kind = kind_of(raw, field_type, input_type, has_options=bool(offered.options))
    shown_name = name or field_id
    if kind is Kind.UNKNOWN:
        is_choice = field_type == "options" and not offered.options
        (troubles.choiceless if is_choice else troubles.unknown).append(shown_name)
    if offered.unreadable:
        troubles.unreadable.append(shown_name)
    if offered.alike:
        troubles.alike.append(shown_name)
    return Field(
        id=field_id,
        kind=kind,
        name=name,
        label=_texts(raw.get("name"), language, entry.get("name")) or {language: field_id},
        description=_description(raw, kind, language, entry),
        required=bool_of(raw.get("required"), default=False),
        options=offered.options,
        units=tuple(dict.fromkeys(units_of(raw.get("units")).values())),
        content=_content(raw, language, entry),
        position=index,
        field_type=field_type,
        input_type=input_type,
        raw=raw,
        medicine=(
            medicine_choices(raw.get("fields")) if kind is Kind.MEDICINE else MedicineChoices()
        ),
    )


def _description(
    raw: Mapping[str, object], kind: Kind, language: str, entry: Mapping[str, object]
) -> dict[str, str]:
    if kind is Kind.TEXT_BLOCK and not raw.get("description"):
        return {}  # what an entry says of it are its words
    return _texts(raw.get("description"), language, entry.get("description"))


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
