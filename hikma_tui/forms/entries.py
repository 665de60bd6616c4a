"""Diagnoses and medicines of an event as typed lines and as upstream's entries. Pure.

A typed diagnosis has no code (``0000``, decisions.md 16); a typed medicine is kept as its name and
nothing in it is guessed (decisions.md 13). A line that still reads as an entry that is already
stored keeps that entry whole, so editing one line loses nothing of the others.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping

from hikma_tui.forms.json import as_json, json_of, text_of, unwrap
from hikma_tui.forms.numbers import json_number
from hikma_tui.forms.shape import Item
from hikma_tui.medicines.wording import words

NO_CODE = "0000"
ALLERGY_OVERRIDE = (
    "allergyOverride"  # in a medicine: why it is given all the same (decisions.md 14)
)
_MEDICINE_KEYS = (
    "route", "form", "frequency", "intervals", "dose", "doseUnits", "duration", "durationUnits",
)  # fmt: skip


def typed_diagnoses(text: str, stored: Iterable[Mapping[str, object]] = ()) -> list[Item]:
    """One ``{code, desc}`` for every line of ``text``."""
    return _typed(text, stored, diagnosis_line, _diagnosis)


def typed_medicines(text: str, stored: Iterable[Mapping[str, object]] = ()) -> list[Item]:
    """One medication entry for every line of ``text``."""
    return _typed(text, stored, medicine_line, _medicine)


def new_medicine(name: str, **parts: str) -> Item:
    """A medication entry of upstream's ten keys, in their order, from what was typed.

    ``parts`` are some of route, form, frequency, intervals, dose, doseUnits, duration,
    durationUnits. Amounts are stored as numbers, as the reference app does (features.md 2.3), when
    no digit is changed by that; other texts as they are. What was not entered is ``""``: upstream's
    0 would say that it was. Entries that are stored already keep the types that they have.
    """
    amounts = ("frequency", "intervals", "dose", "duration")
    given: Item = {
        key: json_number(parts.get(key, "")) if key in amounts else parts.get(key, "").strip()
        for key in _MEDICINE_KEYS
    }
    return {"id": os.urandom(10).hex(), "name": " ".join(name.split()), **given}


def _diagnosis(line: str) -> Item:
    return {"code": NO_CODE, "desc": line}


def _medicine(line: str) -> Item:
    return {"id": os.urandom(10).hex(), "name": line, **dict.fromkeys(_MEDICINE_KEYS, "")}


def _typed(
    text: str,
    stored: Iterable[Mapping[str, object]],
    line_of: Callable[[Mapping[str, object]], str],
    made: Callable[[str], Item],
) -> list[Item]:
    left = [dict(entry) for entry in stored]
    out: list[Item] = []
    for line in (" ".join(line.split()) for line in text.splitlines()):
        known = next((entry for entry in left if line_of(entry) == line), None)
        if known is not None:
            left.remove(known)
            out.append(known)
        elif line:
            out.append(made(line))
    return out


def entries_of(value: object, *, medicine: bool) -> list[Item]:
    """The entries that a stored answer holds; a bare text is one entry."""
    found = unwrap(json_of(value))
    listed = found if isinstance(found, list) else [found]
    return [entry for came in listed for entry in _entry(came, medicine=medicine)]


def _entry(came: object, *, medicine: bool) -> list[Item]:
    if isinstance(came, Mapping):
        return [{str(key): value for key, value in came.items()}] if came else []
    line = " ".join((text_of(came) or ("" if came in (None, "") else as_json(came))).split())
    if not line:
        return []
    return [_medicine(line) | {"id": ""} if medicine else _diagnosis(line)]


def diagnosis_line(entry: Mapping[str, object]) -> str:
    """A diagnosis as one line: its words, then its code when it has a true one."""
    said = _words(entry.get("desc")) or _words(entry.get("label"))
    code = _words(entry.get("code"))
    if not code or (code == NO_CODE and said):
        return said or _as_it_is(entry)
    return f"{said} ({code})" if said else code


def diagnosis_key(entry: Mapping[str, object]) -> str:
    """What tells a diagnosis from others: its code and its words, since a code that came with other
    words than the list has for it must not be given the list's.
    """
    return f"{entry.get('code') or ''}\t{entry.get('desc') or ''}"


def medicine_line(entry: Mapping[str, object]) -> str:
    """A medicine in words, all of it that was entered (``medicines.words``)."""
    return words(entry) or _as_it_is(entry)


def medicine_short(entry: Mapping[str, object]) -> str:
    """A medicine as a summary tells it: its name and the dose, ``Amoxicillin 500 mg``."""
    dose = _words(entry.get("dose"))  # upstream's default of 0 says that none was entered
    dose = "" if dose in ("", "0") else f"{dose} {_words(entry.get('doseUnits'))}"
    return f"{_words(entry.get('name'))} {dose}".strip() or _as_it_is(entry)


def _as_it_is(entry: Mapping[str, object]) -> str:
    """What an entry holds when it has none of the words looked for; ``""`` when it is blank."""
    told = {key: value for key, value in entry.items() if key != "id" and value not in ("", None)}
    return as_json(told) if told else ""


def _words(value: object) -> str:
    return " ".join(text_of(unwrap(value)).split())
