"""One line of the exchange: a JSON object as text. Pure: nothing here knows a table.

What is written holds no character that a terminal could obey. What is read is refused when two
programs could understand it differently: a key twice, NaN, half a character, endless nesting.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from hikma_tui.i18n import _

LONGEST_LINE = 4 << 20
"""Bytes of a line that are taken; a longer one is refused without being kept in memory."""

DEEPEST = 64
"""How deep arrays and objects may nest: far beyond any form, far below Python's own limit."""

_LONGEST_NUMBER = 25  # digits; the widest column holds fewer

# JSON itself escapes U+0000 to U+001F. Beyond it: DEL and the C1 controls (an 8-bit terminal obeys
# them), what turns the direction of a line, and what some programs take for the end of a line.
_OBEYED = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


class BadLine(ValueError):
    """A line that can't be understood. ``str()`` is a sentence for the user."""


def written(value: Any) -> str:
    """``value`` as one line of JSON without its end; never a control character in it."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    except ValueError:  # NaN or infinity in a row that came from elsewhere: JSON has neither
        text = json.dumps(_without_nan(value), ensure_ascii=False)
    return _OBEYED.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_nan(inner) for inner in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    return value


def parsed(raw: bytes) -> dict[str, Any]:
    """The object on a line of UTF-8 text. BadLine says what is wrong with it."""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadLine(_("this is not UTF-8 text")) from error
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_int=_whole,
            parse_float=_fraction,
        )
    except RecursionError as error:
        raise BadLine(_("this is nested too deeply")) from error
    except BadLine:
        raise
    except ValueError as error:
        raise BadLine(_("this is not JSON")) from error
    if not isinstance(value, dict):
        raise BadLine(_("this is not a JSON object"))
    if _deeper_than(value, DEEPEST):
        raise BadLine(_("this is nested too deeply"))
    if _has_half_characters(text) and _holds(value, _is_half):
        raise BadLine(_("this holds half a character (a lone surrogate)"))
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _value in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise BadLine(_("the key {key} stands twice").format(key=twice[:60]))
    return found


def _no_number(text: str) -> Any:
    raise BadLine(_("{text} is not a number of JSON").format(text=text))


def _whole(text: str) -> int:
    if len(text) > _LONGEST_NUMBER:
        raise BadLine(_("a number has too many digits"))
    return int(text)


def _fraction(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise BadLine(_("a number is too large"))
    return number


def _deeper_than(value: Any, most: int) -> bool:
    """Whether ``value`` nests more than ``most`` levels; walks level by level, not by recursion."""
    level = [value]
    for _depth in range(most):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return False
    return True


def _inside(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, dict | list)]
    return []


def _has_half_characters(text: str) -> bool:
    """A quick look: only an escape can bring half a character through UTF-8."""
    lowered = text.lower()
    return any(f"\\ud{digit}" in lowered for digit in "89abcdef")


def _is_half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _holds(value: Any, wanted: Callable[[str], bool]) -> bool:
    """Whether any text in ``value``, keys too, is ``wanted``. Its depth was checked before."""
    if isinstance(value, str):
        return wanted(value)
    if isinstance(value, dict):
        return any(wanted(key) or _holds(inner, wanted) for key, inner in value.items())
    return isinstance(value, list) and any(_holds(inner, wanted) for inner in value)
