"""JSON as it is kept in text columns: read so that nothing in it can stop the program. Pure.

What can't be read (no JSON at all, ``NaN``, numbers of thousands of digits, a hundred thousand
brackets; another tool may have written it) is no error: it is a text of the kind ``Unreadable``,
which is written back exactly as it stood. A value of another kind than the column's is no business
of this module: every reader asks for the kind that it can use.
"""

from __future__ import annotations

import json
import re
from typing import Any

from hikma_tui.odd_values import Unreadable, plain

__all__ = ["DEEPEST", "Unreadable", "dumps", "read", "read_object", "write"]

DEEPEST = 64
"""Brackets within brackets; forms have six, and Python ends at a thousand."""

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_NO_BRACKET = re.compile(r"[^\[\]{}]+")


def read(stored: Any) -> Any:
    """The value of a column's text (None for NULL); an ``Unreadable`` of what is no JSON."""
    if stored is None:
        return None
    if not isinstance(stored, str):
        return Unreadable(stored if isinstance(stored, bytes) else str(stored))
    try:
        if _too_deep(stored):
            return Unreadable(stored)
        return _READ(stored)
    except (ValueError, RecursionError):
        return Unreadable(stored)


def read_object(stored: Any) -> dict[str, Any]:
    """The object that a column of the program's own holds; an empty one of anything else."""
    found = read(stored)
    return found if isinstance(found, dict) else {}


def write(value: Any) -> str | bytes | None:
    """The column's text of a value (NULL for None); an ``Unreadable`` as it stood.

    Half characters (lone surrogates) can be written as JSON, but only spelled out.
    """
    if value is None:
        return None
    if isinstance(value, Unreadable):
        return value.stored
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value)
    return text


def dumps(value: Any, *, sort_keys: bool = False) -> str:
    """JSON text of what may hold anything, for a column of the program's own."""
    value = plain(value)
    text = json.dumps(value, ensure_ascii=False, default=str, sort_keys=sort_keys)
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(value, default=str, sort_keys=sort_keys)
    return text


def _refused(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _fraction(digits: str) -> float:
    number = float(digits)
    if number in (float("inf"), float("-inf")):
        raise ValueError("a number without an end")
    return number


_READ = json.JSONDecoder(parse_constant=_refused, parse_float=_fraction).decode


def _too_deep(text: str) -> bool:
    """Whether brackets stand deeper in each other than any code should walk."""
    if text.count("[") + text.count("{") <= DEEPEST:
        return False
    depth = 0
    for bracket in _NO_BRACKET.sub("", _STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        if depth > DEEPEST:
            return True
    return False
