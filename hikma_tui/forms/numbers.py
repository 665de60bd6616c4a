"""Numbers as they are typed: any script's digits, a decimal point or comma. Pure."""

from __future__ import annotations

import re
import unicodedata

_MOST_DIGITS = 15  # a double keeps no more, and nothing measured in a clinic needs them
_NUMBER = re.compile(r"([+-]?)(\d+)(?:([.,])(\d+))?")


def number_text(typed: str) -> str | None:
    """``typed`` with ASCII digits and a decimal point, digit for digit; None if it is no number.

    ``1,250`` is None: it may be 1250 or 1.25, and nothing is guessed (decisions.md 13).
    """
    match = _NUMBER.fullmatch(_ascii(typed)) if len(typed) <= 64 else None
    if match is None:
        return None
    sign, whole, mark, rest = match.groups()
    if mark == "," and len(rest) == 3 and whole.lstrip("0"):
        return None
    minus = "-" if sign == "-" else ""
    return minus + whole + (f".{rest}" if rest else "")


def is_thousands_doubt(typed: str) -> bool:
    """Whether ``typed`` is refused only because its comma may mean thousands."""
    match = _NUMBER.fullmatch(_ascii(typed)) if len(typed) <= 64 else None
    return match is not None and number_text(typed) is None


def is_absurd(number: str) -> bool:
    """Whether a number has more digits than a column or a measurement can have."""
    return sum(char.isdigit() for char in number) > _MOST_DIGITS


def number_value(typed: str) -> float | int | None:
    """The number typed, for a number column; None when there is none."""
    text = number_text(typed)
    if text is None or is_absurd(text):
        return None
    return float(text) if "." in text else int(text)


def json_number(typed: str) -> float | int | str:
    """A number as upstream's entries hold it, when no digit is changed by that; else its text.

    ``7`` and ``2.5`` become numbers; ``2.50``, ``007`` and ``as needed`` stay texts.
    """
    text = number_text(typed)
    if text is None or is_absurd(text):
        return typed.strip()
    number = float(text) if "." in text else int(text)
    return number if repr(number) == text else text


def _ascii(typed: str) -> str:
    """Digits of every script as ASCII, the Arabic decimal mark as a point, the minus as ``-``."""
    out: list[str] = []
    for char in typed.strip():
        if unicodedata.category(char) == "Cf":
            continue
        digit = unicodedata.decimal(char, None)
        out.append({"٫": ".", "−": "-"}.get(char, char) if digit is None else str(digit))
    return "".join(out)
