"""A typed medicine line cut into numbers, words and signs, each with its place. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hikma_tui.forms.numbers import is_absurd, is_thousands_doubt, number_text
from hikma_tui.medicines.vocabulary import key_of

_PARTS = re.compile(
    r"(?P<whole>\d{1,2}:\d{2,6}(?!\d)|(?<!\w)3TC(?!\w))"
    r"|(?P<number>\d+(?:[.,٫]\d+)*|(?<![\w.,])[.,٫]\d+)(?P<half>[½¼¾])?"
    r"|(?P<part>[½¼¾])"
    r"|(?P<times>[x×](?=\s*\d))"
    r"|(?P<every>q(?!1d\b)(?=\d+(?:-\d+)?(?:h|hrs?|hours?|d|days?|w|wks?|weeks?|mo|months?)?(?!\w)))"
    r"|(?P<word>[^\W\d_](?:[\w'’.\u0300-\u036f-]*\w)?\.?|_+\w*)"
    r"|(?P<sign>[^\w\s])",
    re.IGNORECASE,
)
_FRACTIONS = {"½": "5", "¼": "25", "¾": "75"}
_ENDING = frozenset(",;،؛")
_SEPARATORS = frozenset(",;.:()[]،؛")


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of the line: ``text`` stands at ``start`` and ends before ``end``.

    ``number`` is its value as text when it is one; ``key`` is what a word is looked up by.
    """

    text: str
    start: int
    end: int
    key: str
    number: str = ""
    glued: bool = False  # nothing stands between it and the one before
    parted: bool = False  # a comma or the like stands before it


def tokens_of(line: str) -> list[Token]:
    """The pieces of a line in order; commas and the like between words only part them."""
    found: list[Token] = []
    last = 0
    parted = False
    for match in _PARTS.finditer(line):
        text, start, end = match.group(), match.start(), match.end()
        if text in _SEPARATORS:
            parted = parted or text in _ENDING
            continue
        glued = start == last and start > 0
        last = end
        number = ""
        if match.group("number"):
            number = _value(match.group("number"), match.group("half"))
        elif match.group("part"):
            number = f"0.{_FRACTIONS[text]}"
        found.append(Token(text, start, end, key_of(text), number, glued, parted))
        parted = False
    return found


def _value(digits: str, half: str | None) -> str:
    """The number as ASCII text, or ``?`` for what is no number that can be read one way."""
    text = number_text(f"0{digits}" if digits[0] in ".,٫" else digits)
    if text is None or is_absurd(text) or (half and "." in text):
        return "?"
    return f"{text}.{_FRACTIONS[half]}" if half else text


def number_doubts(typed: str) -> tuple[str, ...] | None:
    """What a doubtful number may mean (the ISMP's list); None when there is no doubt about it.

    ``.5`` is taken for 5, ``5.0`` for 50; ``1,250`` may be 1250 or 1.25.
    """
    mark = next((char for char in typed if char in ".,٫"), "")
    if not mark:
        return None
    before, _mark, after = typed.partition(mark)
    if not before:
        return (f"0.{after}", after)
    if is_thousands_doubt(typed):
        return (before + after, f"{before}.{after}".rstrip("0").rstrip("."))
    if any(char in ".,٫" for char in after):
        groups = re.split(r"[.,٫]", typed)
        grouped = 0 < len(groups[0]) < 4 and all(len(one) == 3 for one in groups[1:])
        one_mark = len({char for char in typed if char in ".,٫"}) == 1
        return ("".join(groups),) if grouped and one_mark else ()
    if not after.strip("0٠۰"):
        return (before, before + after)
    if after[-1] in "0٠۰":
        return (f"{before}.{after.rstrip('0٠۰')}",)
    if after and before.lstrip("0٠۰")[:1] == "" and len(before) > 1:
        return (f"0.{after}",)
    return None
