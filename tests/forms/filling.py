"""An answer to any field, and what differs between two states of an event's form_data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hikma_tui.forms import Answers, Field, Form, Item, Kind, new_medicine, unit_key

CORPUS = sorted(Path(__file__).parent.glob("*.json"))


def load(path: Path) -> dict[str, Any]:
    """One case of the corpus."""
    case: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return case


def answer_to(field: Field, turn: int) -> object:
    """An answer that the field takes; another one for every ``turn`` where there are several."""
    values = [option.value for option in field.options]
    if field.kind in (Kind.SELECT, Kind.RADIO):
        return values[turn % len(values)]
    if field.kind is Kind.MULTISELECT:
        return [value for n, value in enumerate(values) if n % 2 == turn % 2] or values
    if field.kind in (Kind.CHECKBOX, Kind.YES_NO):
        return turn % 2 == 0
    if field.kind is Kind.DIAGNOSIS:
        return [{"code": "1A00", "desc": f"Cholera {turn}"}, {"code": "0000", "desc": "tired"}]
    if field.kind is Kind.MEDICINE:
        made = new_medicine(f"Amoxicillin {turn}", dose="500", doseUnits="mg", duration="7.5")
        return [{**made, "id": f"0.{turn}"}]
    if field.kind is Kind.NUMBER:
        return f"{turn}.50"
    return (
        f"2026-01-{turn % 28 + 1:02}" if field.kind is Kind.DATE else f"answer {turn} \n[/x] سعال"
    )


def filled(form: Form, turn: int = 0) -> Answers:
    """Answers to everything that can be answered; of several units, the last."""
    answers: Answers = {}
    for field in asked(form):
        answers[field.id] = answer_to(field, turn)
        if field.kind is Kind.NUMBER and field.units:
            answers[unit_key(field)] = field.units[-1]
    return answers


def asked(form: Form) -> list[Field]:
    """The fields that a person can answer."""
    return [field for field in form.fields if field.asks and field.kind is not Kind.UNKNOWN]


def through_json(data: list[Item]) -> list[Item]:
    """As a store gives it back."""
    back: list[Item] = json.loads(json.dumps(data))
    return back


def told(data: object) -> str:
    """``data`` as one text in which 1, 1.0, "1" and true differ."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True)


def differing(before: list[Item], after: list[Item]) -> list[int]:
    """The places whose items differ; those that only one of the two has differ too."""
    most = max(len(before), len(after))
    return [n for n in range(most) if told(before[n : n + 1]) != told(after[n : n + 1])]
