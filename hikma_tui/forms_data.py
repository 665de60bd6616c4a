"""An event's answers as upstream's ``form_data`` and back (features.md 1.8 "Saving", 2.3). Pure.

What was stored and is not changed stays byte for byte; what the form does not show stays too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from hikma_tui.days import as_date, day_of_moment, moment_of
from hikma_tui.forms_entries import entries_of
from hikma_tui.forms_json import as_json, json_of, text_of, unwrap
from hikma_tui.forms_numbers import number_text
from hikma_tui.forms_shape import Answer, Answers, Field, Form, Item, Kind, is_empty, unit_key

_ENTRY_KINDS = frozenset({Kind.DIAGNOSIS, Kind.MEDICINE})
_YES = frozenset({"true", "yes", "y", "1", "si", "sí", "نعم"})
_NO = frozenset({"false", "no", "n", "0", "لا"})
_BETWEEN = "; "  # upstream's mark between the values of a multiple choice


def event_data(
    form: Form, answers: Mapping[str, Answer], previous: object = None, zone: tzinfo = UTC
) -> list[Item]:
    """Upstream's ``form_data`` for ``answers``: one item a field, diagnoses and medicines last.

    ``previous`` is the stored form_data of an event that is edited. A field that ``answers`` do not
    name keeps its stored item; items that ``form`` does not show are kept at the end. ``zone`` is
    the one that ``answers_of`` was given.
    """
    stored, left = _matched(form, items_of(previous))
    plain: list[Item] = []
    entries: list[Item] = []
    for field in form.fields:
        if field.asks and (field.id in stored or _has_place(field)):
            into = entries if field.kind in _ENTRY_KINDS else plain
            into.append(_item(field, answers, stored.get(field.id), zone))
    return [*plain, *entries, *left]


def answers_of(form: Form, form_data: object, zone: tzinfo = UTC) -> tuple[Answers, list[Item]]:
    """The answers that ``form_data`` holds, and the items that this form does not show.

    Items are found by fieldId, else by name. ``zone`` is the clinic's, for moments made elsewhere.
    """
    stored, left = _matched(form, items_of(form_data))
    answers: Answers = {}
    for field in form.fields:
        item = stored.get(field.id)
        if item is not None:
            answers[field.id] = _answer(field, item.get("value"), zone)
            unit = _stored_unit(field, item)
            if unit:
                answers[unit_key(field)] = unit
    return answers, left


def items_of(form_data: object) -> list[Item]:
    """The items of a stored form_data in any shape; what is no item is kept as the value of one."""
    found = json_of(form_data)
    if found is None or found == {} or found == "":
        return []
    listed = found if isinstance(found, list | tuple) else [found]
    return [
        {str(key): value for key, value in item.items()}
        if isinstance(item, Mapping)
        else {"value": item}
        for item in listed
    ]


def _matched(form: Form, items: Sequence[Item]) -> tuple[dict[str, Item], list[Item]]:
    """Each field's item, by fieldId first and then by name, and the items of no field."""
    left = list(items)
    stored: dict[str, Item] = {}
    for by_name in (False, True):
        waiting = _by_key(left, "name" if by_name else "fieldId")
        for field in form.fields:
            key = field.name if by_name else _upstream_id(field)
            if field.id in stored or not field.asks or not key or not waiting.get(key):
                continue
            stored[field.id] = waiting[key].pop(0)
        taken = {id(item) for item in stored.values()}
        left = [item for item in left if id(item) not in taken]
    return stored, left


def _by_key(items: Sequence[Item], key: str) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for item in items:
        text = text_of(item.get(key))
        if text:
            found.setdefault(text, []).append(item)
    return found


def _upstream_id(field: Field) -> str:
    return text_of(field.raw.get("id")) or field.id


def _has_place(field: Field) -> bool:
    """Whether the field can have an item at all (a broken one can only keep what it has)."""
    return field.kind is not Kind.UNKNOWN or "id" in field.raw


# -- to upstream -----------------------------------------------------------------------------------


def _item(field: Field, answers: Mapping[str, Answer], stored: Item | None, zone: tzinfo) -> Item:
    """The item to store: the stored one itself when nothing about it was changed."""
    if stored is not None and _is_unchanged(field, answers, stored, zone):
        return dict(stored)
    item: Item = {
        **(stored or {}),
        "fieldId": _upstream_id(field),
        "fieldType": field.field_type,
        "inputType": "input-group" if field.kind in _ENTRY_KINDS else field.input_type,
        "name": field.name,
        "value": _value(field, _given(field, answers, stored, zone)),
    }
    unit = _chosen_unit(field, answers, stored)
    if unit and item["value"] != "":
        item["unit"] = unit
    elif field.units:
        item.pop("unit", None)
    return item


def _given(
    field: Field, answers: Mapping[str, Answer], stored: Item | None, zone: tzinfo
) -> Answer:
    if field.id in answers or stored is None:
        return answers.get(field.id)
    return _answer(field, stored.get("value"), zone)


def _is_unchanged(field: Field, answers: Mapping[str, Answer], stored: Item, zone: tzinfo) -> bool:
    """Whether the answer and its unit are what the stored item reads as."""
    if field.kind is Kind.UNKNOWN:
        return True
    answer, read = answers.get(field.id), _answer(field, stored.get("value"), zone)
    same = answer == read and type(answer) is type(read)
    if field.id in answers and not same and not (is_empty(answer) and is_empty(read)):
        return False
    unit = _chosen_unit(field, answers, stored)
    return is_empty(read) or unit == _stored_unit(field, stored)


def _chosen_unit(field: Field, answers: Mapping[str, Answer], stored: Item | None) -> str:
    return text_of(answers.get(unit_key(field))) or _stored_unit(field, stored or {})


def _stored_unit(field: Field, item: Item) -> str:
    """The stored unit; a field with only one means that one, as the reference app stores none."""
    return text_of(item.get("unit")) or (field.units[0] if len(field.units) == 1 else "")


def _value(field: Field, answer: Answer) -> object:
    """The value to store: upstream's table in features.md 1.8."""
    if field.kind in _ENTRY_KINDS:
        return [dict(entry) for entry in answer] if isinstance(answer, list | tuple) else []
    if field.kind is Kind.YES_NO and isinstance(answer, bool):
        return answer  # upstream would blank a "no"; a "no" that was asked is worth keeping
    if field.kind is Kind.UNKNOWN:
        return "" if answer is None else answer
    if isinstance(answer, bool):
        return True if answer else ""
    if isinstance(answer, list | tuple):
        return _BETWEEN.join(map(str, answer))
    text = text_of(answer)
    if field.kind is Kind.NUMBER:
        return number_text(text) or text.strip()
    if field.kind is Kind.DATE and len(text) == 10 and as_date(text) is not None:
        return moment_of(text)
    return text


# -- from upstream ---------------------------------------------------------------------------------


def _answer(field: Field, came: object, zone: tzinfo) -> Answer:
    if field.kind is Kind.UNKNOWN:
        return came
    value = unwrap(came)
    if field.kind in _ENTRY_KINDS:
        return entries_of(value, medicine=field.kind is Kind.MEDICINE)
    if field.kind in (Kind.CHECKBOX, Kind.YES_NO):
        return yes_or_no(value)
    if field.kind is Kind.MULTISELECT:
        return _chosen(field, value)
    text = _text(value)
    if field.kind is Kind.DATE:
        return _day(value, zone) or text
    if field.kind in (Kind.SELECT, Kind.RADIO):
        return _option_value(field, text)
    return text


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else text_of(value) or as_json(value)


def yes_or_no(value: object) -> bool | str:
    """True or False in any of its shapes; any other text stays as it is, nothing is ``""``."""
    if isinstance(value, bool):
        return value
    text = _text(value)
    word = text.strip().lower()
    return True if word in _YES else False if word in _NO else text


def _day(value: object, zone: tzinfo) -> str:
    """The day of an ISO text, or of milliseconds since 1970."""
    if isinstance(value, str):
        return day_of_moment(value, zone)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    try:
        return datetime.fromtimestamp(value / 1000, UTC).astimezone(zone).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _option_value(field: Field, text: str) -> str:
    """The option's stored value, also when a label was stored; else the text itself."""
    for option in field.options:
        if option.value == text:
            return text
    for option in field.options:
        if text in option.label.values():
            return option.value
    return text


def _chosen(field: Field, value: object) -> list[str]:
    """The values of a multiple choice: a list, or one text joined with ``"; "``."""
    if isinstance(value, list | tuple):
        return [_option_value(field, _text(part)) for part in value]
    parts = _text(value).split(_BETWEEN) if value != "" else []
    values = {option.value for option in field.options}
    longest = 1 + max((option.count(_BETWEEN) for option in values), default=0)
    chosen: list[str] = []
    while parts:
        # A value may hold the mark itself: the longest run of parts that is an option wins.
        runs = ((n, _BETWEEN.join(parts[:n])) for n in range(min(longest, len(parts)), 1, -1))
        length, run = next(((n, run) for n, run in runs if run in values), (1, parts[0]))
        chosen.append(_option_value(field, run))
        del parts[:length]
    return [part for part in chosen if part]
