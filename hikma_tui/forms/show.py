"""Answers as they are read: one answer on the screen, one line for a whole event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, tzinfo

from hikma_tui.days import birth_text, day_of_moment, in_words
from hikma_tui.forms.data import answer_in, items_of, matched, stored_unit, unit_of, yes_or_no
from hikma_tui.forms.entries import diagnosis_line, entries_of, medicine_line, medicine_short
from hikma_tui.forms.json import as_json, text_of, translate, unwrap
from hikma_tui.forms.registration import birth_of_answer
from hikma_tui.forms.shape import Answer, Field, Form, Item, Kind, is_empty
from hikma_tui.i18n import _

_MEASURED = frozenset({Kind.NUMBER, Kind.TEXT, Kind.LONG_TEXT})  # what may have a unit
_READS_TEXT = _MEASURED | {Kind.SELECT, Kind.RADIO, Kind.MULTISELECT}
_LONGEST_PART = 200  # characters of one answer that a summary looks at


def answer_text(field: Field, answer: Answer, language: str, today: date, unit: str = "") -> str:
    """How an answer reads: labels in ``language``, dates in words, numbers with their unit."""
    if is_empty(answer):
        return ""
    if isinstance(answer, bool):
        return _("yes") if answer else _("no")
    if field.kind is Kind.BIRTH:
        birth = birth_of_answer(answer)
        return birth_text(birth) if birth.estimated or not birth.day else in_words(birth.day, today)
    if field.kind is Kind.DATE:
        return in_words(text_of(answer), today)
    if field.kind in (Kind.DIAGNOSIS, Kind.MEDICINE):
        medicine = field.kind is Kind.MEDICINE
        line_of = medicine_line if medicine else diagnosis_line
        return ", ".join(map(line_of, entries_of(answer, medicine=medicine)))
    if field.kind is Kind.NUMBER:
        return _with_unit(field, text_of(answer), unit)
    if field.kind in _MEASURED and isinstance(answer, str):
        return _with_unit(field, answer, unit)
    if field.kind is Kind.UNKNOWN:
        return answer if isinstance(answer, str) else text_of(answer) or as_json(answer)
    values = answer if isinstance(answer, list | tuple) else [answer]
    return ", ".join(_label(field, text_of(value), language) for value in values)


@dataclass(frozen=True)
class Shown:
    """One answer of an event, for reading."""

    label: str  # the question; as it was asked then, when the form words it otherwise today
    text: str  # may have several lines: one for each diagnosis or medicine
    field_id: str = ""  # the form's field; "" when the form does not ask it any more


def shown(
    form: Form | None, form_data: object, language: str, today: date, zone: tzinfo = UTC
) -> list[Shown]:
    """Every answer that ``form_data`` holds: in form order, then what no field asks for any more.

    Nothing that was answered is left out, whatever became of the form since: ``form`` is None when
    it is gone, and questions may have been renamed, retyped, removed or made mere text.
    """
    items = items_of(form_data)
    asked = form.fields if form is not None else ()
    stored, left = matched(form, items) if form is not None else ({}, items)
    found = [
        _shown_field(field, stored[field.id], language, today, zone)
        for field in asked
        if field.id in stored
    ]
    found += [_shown_item(item, today, zone) for item in left]
    return [line for line in found if line.text.strip()]


def _shown_field(field: Field, item: Item, language: str, today: date, zone: tzinfo) -> Shown:
    label = translate(field.label, language) or field.name
    then = text_of(item.get("name")).strip()
    if then and field.name and then.casefold() != field.name.strip().casefold():
        label = then
    text = ""
    if not _is_of_another_type(field, item):
        answer = answer_in(field, item, zone)
        if field.kind in (Kind.DIAGNOSIS, Kind.MEDICINE):
            text = _entry_lines(answer, medicine=field.kind is Kind.MEDICINE)
        else:
            text = answer_text(field, answer, language, today, stored_unit(field, item))
            if text and field.kind not in _MEASURED:  # was a number once
                text = _number(text, unit_of(item))
    return Shown(label, text or _item_text(item, today, zone), field.id)


def _is_of_another_type(field: Field, item: Item) -> bool:
    """Whether the question was of a type then that would be misread now: ``0`` is no "no"."""
    then = text_of(item.get("fieldType"))
    if not then or then == field.field_type:
        return False
    return field.kind not in _READS_TEXT or isinstance(item.get("value"), list | Mapping)


def _shown_item(item: Item, today: date, zone: tzinfo) -> Shown:
    label = text_of(item.get("name")) or text_of(item.get("fieldId")) or "?"
    return Shown(label, _item_text(item, today, zone))


def _item_text(item: Item, today: date, zone: tzinfo) -> str:
    """What an item holds, read by the type that is stored with it."""
    if "value" not in item:
        told = {key: value for key, value in item.items() if key not in _ABOUT}
        return as_json(told) if told else ""
    value, field_type = unwrap(item["value"]), text_of(item.get("fieldType"))
    if value is None or value in ("", [], {}):
        return ""
    if field_type in ("diagnosis", "medicine"):
        return _entry_lines(value, medicine=field_type == "medicine")
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field_type == "date" and isinstance(value, str):
        return in_words(day_of_moment(value, zone) or value, today)
    text = value if isinstance(value, str) else text_of(value) or as_json(value)
    return _number(text, unit_of(item))


def _entry_lines(value: object, *, medicine: bool) -> str:
    line_of = medicine_line if medicine else diagnosis_line
    return "\n".join(map(line_of, entries_of(value, medicine=medicine)))


_ABOUT = frozenset({"fieldId", "fieldType", "inputType", "name", "unit", "units"})


def _number(number: str, unit: str) -> str:
    return f"{number} {unit}" if unit else number


def _with_unit(field: Field, text: str, unit: str) -> str:
    return _number(text, unit or (field.units[0] if len(field.units) == 1 else ""))


def _label(field: Field, value: str, language: str) -> str:
    option = field.by_value.get(value)
    return value if option is None else translate(option.label, language)


def summary(form_data: object, width_hint: int = 60) -> str:
    """An event in one line: complaint, diagnoses, medicines, what is "yes", then the rest.

    Needs no form and takes any garbage; cut to about ``width_hint`` characters.
    """
    groups: dict[int, list[str]] = {}
    for item in items_of(form_data):
        rank, parts = _parts(item)
        if rank == _TEXT and _TEXT in groups:
            rank = _REST
        groups.setdefault(rank, []).extend(part for part in parts if part)
    said = "; ".join(part for rank in sorted(groups) for part in groups[rank])
    return said if len(said) <= width_hint else said[: max(width_hint - 1, 0)].rstrip(" ;,") + "…"


_TEXT, _DIAGNOSES, _MEDICINES, _YES, _REST = range(5)


def _parts(item: Item) -> tuple[int, list[str]]:
    """What one item says in a summary, and where it stands in it."""
    value, field_type = item.get("value"), text_of(item.get("fieldType"))
    if field_type == "diagnosis":
        return _DIAGNOSES, _lines(value, diagnosis_line, medicine=False)
    if field_type == "medicine":
        return _MEDICINES, _lines(value, medicine_short, medicine=True)
    name = _short(text_of(item.get("name")))
    if is_empty(value) or field_type in ("date", "file") or isinstance(value, Mapping | list):
        return _REST, []
    truth = yes_or_no(value) if field_type != "free-text" else ""
    if isinstance(truth, bool):
        return _YES, [name] if truth else []
    text = _short(text_of(value))
    if field_type == "free-text" and text_of(item.get("inputType")) != "number":
        return _TEXT, [text]
    return _REST, [_number(f"{name} {text}".strip(), unit_of(item))]


def _lines(
    value: object, line_of: Callable[[Mapping[str, object]], str], *, medicine: bool
) -> list[str]:
    return [_short(line_of(entry)) for entry in entries_of(value, medicine=medicine)]


def _short(text: str) -> str:
    return " ".join(text[:_LONGEST_PART].split())
