"""Answers as they are read: one answer on the screen, one line for a whole event. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from hikma_tui.days import birth_text, in_words
from hikma_tui.forms_data import items_of, yes_or_no
from hikma_tui.forms_entries import diagnosis_line, entries_of, medicine_line
from hikma_tui.forms_json import as_json, text_of, translate
from hikma_tui.forms_registration import birth_of_answer
from hikma_tui.forms_shape import Answer, Field, Item, Kind, is_empty
from hikma_tui.i18n import _

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
        return _number(text_of(answer), unit or (field.units[0] if len(field.units) == 1 else ""))
    if field.kind is Kind.UNKNOWN:
        return answer if isinstance(answer, str) else text_of(answer) or as_json(answer)
    values = answer if isinstance(answer, list | tuple) else [answer]
    return ", ".join(_label(field, text_of(value), language) for value in values)


def _number(number: str, unit: str) -> str:
    return f"{number} {unit}" if unit else number


def _label(field: Field, value: str, language: str) -> str:
    for option in field.options:
        if option.value == value:
            return translate(option.label, language)
    return value


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
        return _MEDICINES, _lines(value, medicine_line, medicine=True)
    name = _short(text_of(item.get("name")))
    if is_empty(value) or field_type in ("date", "file") or isinstance(value, Mapping | list):
        return _REST, []
    truth = yes_or_no(value) if field_type != "free-text" else ""
    if isinstance(truth, bool):
        return _YES, [name] if truth else []
    text = _short(text_of(value))
    if field_type == "free-text" and text_of(item.get("inputType")) != "number":
        return _TEXT, [text]
    return _REST, [_number(f"{name} {text}".strip(), text_of(item.get("unit")))]


def _lines(
    value: object, line_of: Callable[[Mapping[str, object]], str], *, medicine: bool
) -> list[str]:
    return [_short(line_of(entry)) for entry in entries_of(value, medicine=medicine)]


def _short(text: str) -> str:
    return " ".join(text[:_LONGEST_PART].split())
