"""An event's answers as upstream's ``form_data`` and back (features.md 1.8 "Saving", 2.3). Pure.

What was stored and is not changed stays byte for byte; what the form does not show stays too.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime, tzinfo

from hikma_tui.days import as_date, day_of_moment, moment_of
from hikma_tui.forms.choices import units_of
from hikma_tui.forms.entries import entries_of
from hikma_tui.forms.json import as_json, json_of, text_of, unwrap
from hikma_tui.forms.numbers import number_text
from hikma_tui.forms.shape import Answer, Answers, Field, Form, Item, Kind, is_empty, same, unit_key

_ENTRY_KINDS = frozenset({Kind.DIAGNOSIS, Kind.MEDICINE})
_YES = frozenset({"true", "yes", "y", "1", "si", "sí", "نعم"})
_NO = frozenset({"false", "no", "n", "0", "لا"})
_BETWEEN = "; "  # upstream's mark between the values of a multiple choice
_LONGEST_RUN = 32  # marks inside one option that are looked for; bounds the time, loses nothing


def event_data(
    form: Form, answers: Mapping[str, Answer], previous: object = None, zone: tzinfo = UTC
) -> list[Item]:
    """Upstream's ``form_data`` for ``answers``.

    A new entry (``previous`` is None) has one item a field, diagnoses and medicines last. Of an
    edited one, ``previous`` is the stored form_data: only the items whose answer changed are
    written anew, each in its place, and a question that had none gets one when it is answered.
    What ``answers`` do not name, and what ``form`` does not show, stays as it is. ``zone`` is the
    one that ``answers_of`` was given.
    """
    items = items_of(previous)
    stored, _left = matched(form, items)
    fields = {id(item): field for field in form.fields if (item := stored.get(field.id))}
    out = [
        _item(fields[id(item)], answers, item, zone) if id(item) in fields else item
        for item in items
    ]
    plain: list[Item] = []
    entries: list[Item] = []
    for field in _without_item(form, answers, stored, everything=previous is None):
        into = entries if field.kind in _ENTRY_KINDS else plain
        into.append(_item(field, answers, None, zone))
    return [*out, *plain, *entries]


def _without_item(
    form: Form, answers: Mapping[str, Answer], stored: Mapping[str, Item], *, everything: bool
) -> list[Field]:
    """The fields that get an item now: all of a new entry, of an edited one those answered."""
    lacking = [
        field
        for field in form.fields
        if field.asks and field.id not in stored and _has_place(field)
    ]
    if everything:
        return lacking
    # Of two fields with one id, both items are needed to tell whose answer it is.
    answered = {_upstream_id(field) for field in lacking if not is_empty(answers.get(field.id))}
    return [field for field in lacking if _upstream_id(field) in answered]


def answers_of(form: Form, form_data: object, zone: tzinfo = UTC) -> tuple[Answers, list[Item]]:
    """The answers that ``form_data`` holds, and the items that this form does not show.

    Items are found by fieldId, else by name. ``zone`` is the clinic's, for moments made elsewhere.
    """
    stored, left = matched(form, items_of(form_data))
    answers: Answers = {}
    for field in form.fields:
        item = stored.get(field.id)
        if item is not None:
            answers[field.id] = answer_in(field, item, zone)
            unit = stored_unit(field, item)
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


def matched(form: Form, items: Sequence[Item]) -> tuple[dict[str, Item], list[Item]]:
    """Each field's item, by id, name and type, then by less; and the items of no field."""
    left = list(items)
    stored: dict[str, Item] = {}
    asked = [field for field in form.fields if field.asks]
    ids = {_upstream_id(field) for field in form.fields}
    for of_field, of_item in (
        (lambda field: (_upstream_id(field), field.name, field.field_type), _whole),
        (lambda field: (_upstream_id(field), field.name), lambda item: _whole(item)[:2]),
        (_upstream_id, lambda item: text_of(item.get("fieldId"))),
        # A question that was made anew under its old name; never another's second item.
        (lambda field: field.name, lambda item: _name_only(item, ids)),
    ):
        waiting = _waiting(left, of_item)
        for field in asked:
            found = waiting.get(of_field(field)) if field.id not in stored else None
            if found:
                stored[field.id] = found.popleft()
        taken = {id(item) for item in stored.values()}
        left = [item for item in left if id(item) not in taken]
    return stored, left


def _whole(item: Item) -> tuple[str, ...]:
    return tuple(text_of(item.get(key)) for key in ("fieldId", "name", "fieldType"))


def _name_only(item: Item, ids: Container[str]) -> str:
    return "" if text_of(item.get("fieldId")) in ids else text_of(item.get("name"))


def _waiting(
    items: Sequence[Item], of_item: Callable[[Item], Sequence[str]]
) -> dict[Sequence[str], deque[Item]]:
    found: dict[Sequence[str], deque[Item]] = {}
    for item in items:
        key = of_item(item)
        if any(key):
            found.setdefault(key, deque()).append(item)
    return found


def _upstream_id(field: Field) -> str:
    return text_of(field.raw.get("id")) or field.id


def _stored_id(field: Field) -> object:
    """The field's id as its form has it: a number stays one."""
    came = field.raw.get("id")
    return came if text_of(came) and not isinstance(came, bool) else field.id


def _has_place(field: Field) -> bool:
    """Whether the field can have an item at all (a broken one can only keep what it has)."""
    return field.kind is not Kind.UNKNOWN or "id" in field.raw


# -- to upstream -----------------------------------------------------------------------------------


def _item(field: Field, answers: Mapping[str, Answer], stored: Item | None, zone: tzinfo) -> Item:
    """The item to store: the stored one itself when nothing about it was changed."""
    if stored is not None and _is_unchanged(field, answers, stored, zone):
        return stored
    item: Item = {
        **(stored or {}),
        "fieldId": _stored_id(field),
        "fieldType": field.field_type,
        "inputType": "input-group" if field.kind in _ENTRY_KINDS else field.input_type,
        "name": field.name,
        "value": _value(field, _given(field, answers, stored, zone)),
    }
    _set_unit(item, field, "" if item["value"] == "" else _chosen_unit(field, answers, stored))
    return item


def _given(
    field: Field, answers: Mapping[str, Answer], stored: Item | None, zone: tzinfo
) -> Answer:
    if field.id in answers or stored is None:
        return answers.get(field.id)
    return answer_in(field, stored, zone)


def _is_unchanged(field: Field, answers: Mapping[str, Answer], stored: Item, zone: tzinfo) -> bool:
    """Whether the answer and its unit are what the stored item reads as."""
    if field.kind is Kind.UNKNOWN:
        return True
    answer, read = answers.get(field.id), answer_in(field, stored, zone)
    if field.id in answers and not same(answer, read) and not (is_empty(answer) and is_empty(read)):
        return False
    given = text_of(answers.get(unit_key(field)))
    return is_empty(read) or given in ("", stored_unit(field, stored))


def _chosen_unit(field: Field, answers: Mapping[str, Answer], stored: Item | None) -> str:
    """The unit of an answer that was changed: the only one, since it stands beside the editor."""
    if len(field.units) == 1:
        return field.units[0]
    return text_of(answers.get(unit_key(field))) or stored_unit(field, stored or {})


def _set_unit(item: Item, field: Field, unit: str) -> None:
    """Under ``unit``, a key of our own: phones store none and drop it when they edit the event."""
    if unit:
        item["unit"] = unit
        if "units" in item:  # another program's key, which must not go on saying something else
            item["units"] = unit
    elif field.units:
        item.pop("unit", None)
        item.pop("units", None)


def stored_unit(field: Field, item: Item) -> str:
    """The stored unit; a field with only one means that one, as the reference app stores none."""
    unit = unit_of(item)
    if unit and unit not in field.units:
        return units_of(field.raw.get("units")).get(unit, unit)
    return unit or (field.units[0] if len(field.units) == 1 else "")


def unit_of(item: Item) -> str:
    """The unit that an item holds, under ``unit`` or ``units``, as a text or ``{label, value}``."""
    for key in ("unit", "units"):
        came = unwrap(item.get(key))
        if isinstance(came, list | tuple):  # a list of several is the form's, and chooses nothing
            came = unwrap(came[0]) if len(came) == 1 else None
        if isinstance(came, Mapping):
            came = came.get("label") or came.get("value")
        if text_of(came).strip():
            return text_of(came).strip()
    return ""


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
    if field.kind in (Kind.SELECT, Kind.RADIO):
        option = field.by_value.get(text)
        return text if option is None or option.stored is None else option.stored
    if field.kind is Kind.NUMBER:
        return number_text(text) or text.strip()
    if field.kind is Kind.DATE and len(text) == 10 and as_date(text) is not None:
        return moment_of(text)
    return text


# -- from upstream ---------------------------------------------------------------------------------


def answer_in(field: Field, item: Item, zone: tzinfo) -> Answer:
    """The answer to ``field`` that a stored item holds, however it was once written."""
    came = item.get("value")
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
    if isinstance(value, list | tuple) and value and all(map(text_of, value)):
        return _BETWEEN.join(map(text_of, value))  # was a multiple choice once
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
    """The option's stored value, also when a label was stored, or yes as true; else the text."""
    if text in field.by_value:
        return text
    if text in field.by_label:
        return field.by_label[text].value
    if text in ("true", "false"):
        truths = [value for value in field.by_value if yes_or_no(value) is (text == "true")]
        return truths[0] if len(truths) == 1 else text
    return text


def _chosen(field: Field, value: object) -> list[str]:
    """The values of a multiple choice: a list, or one text joined with ``"; "``."""
    if isinstance(value, list | tuple):
        return [_option_value(field, _text(part)) for part in value]
    parts = _text(value).split(_BETWEEN) if value != "" else []
    longest = 1 + max((option.count(_BETWEEN) for option in field.by_value), default=0)
    longest = min(longest, _LONGEST_RUN)
    chosen: list[str] = []
    at = 0
    while at < len(parts):
        # A value may hold the mark itself: the longest run of parts that is an option wins.
        most = min(longest, len(parts) - at)
        runs = ((n, _BETWEEN.join(parts[at : at + n])) for n in range(most, 1, -1))
        length, run = next(((n, run) for n, run in runs if run in field.by_value), (1, parts[at]))
        chosen.append(_option_value(field, run))
        at += length
    return [part for part in chosen if part]
