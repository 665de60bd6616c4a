"""What the one-line entry is read into: parts, what is still to be chosen, edits. Pure.

The line itself is always the whole truth: a choice is an edit of its text, and what was chosen is
read from it again (decisions.md 13).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

LONGEST = 1000
"""Characters that a line may have; the field takes no more."""


class Kind(Enum):
    """What a part of the line is."""

    VITAL = "vital"  # values: columns of patient_vitals
    MEASURE = "measure"  # values: field ids of the form "Measures and tests"
    DIAGNOSIS = "diagnosis"  # values: code, system, desc; or text while nothing is chosen
    MEDICINE = "medicine"  # values: text, for ``medicines.read``
    NOTE = "note"  # values: text
    UNKNOWN = "unknown"  # not understood: blocks saving


@dataclass(frozen=True, slots=True)
class Edit:
    """``text`` in the place of what stands from ``start`` to ``end`` of the line."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to what a part asks: its words, and what it does to the line."""

    words: str
    edits: tuple[Edit, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the line, from ``start`` to ``end``, and what it was read as.

    ``label`` and ``words`` echo it in the user's language. ``blocks``: it can't be saved so;
    ``sentence`` says why (or, without ``blocks``, what to look at) and ``choices`` settle it.
    ``unrecordable`` names the columns that were tried and can't be measured.
    """

    kind: Kind
    start: int
    end: int
    label: str
    words: str
    values: Mapping[str, str] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    sentence: str = ""
    blocks: bool = False
    unrecordable: tuple[str, ...] = ()
    at: int = -1  # where what follows the keyword begins
    sure: bool = False  # a doubtful number that was said to be right
    entered: str = ""  # number and unit as typed, where they were converted

    @property
    def asks(self) -> bool:
        """Whether there is something to choose."""
        return self.blocks and bool(self.choices)


@dataclass(frozen=True, slots=True)
class Line:
    """A line and its parts, in the order they stand."""

    text: str
    parts: tuple[Part, ...]

    @property
    def ready(self) -> bool:
        """Whether there is something to save, and nothing is left to choose or not understood."""
        return bool(self.parts) and not self.blocking

    @property
    def blocking(self) -> tuple[Part, ...]:
        """The parts that keep the line from being saved."""
        return tuple(part for part in self.parts if part.blocks)

    def of(self, *kinds: Kind) -> tuple[Part, ...]:
        """The parts of these kinds."""
        return tuple(part for part in self.parts if part.kind in kinds)


def choose(text: str, choice: Choice) -> str:
    """The line ``text`` after a choice of one of its parts."""
    for edit in sorted(choice.edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text.strip()


# Tokens ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Token:
    """A word of the line; ``folded`` is how it is compared. ``mark`` is what it is enclosed in,
    ``[`` or a quotation mark, or nothing. ``comma``: a comma or semicolon stands before it.
    """

    start: int
    end: int
    text: str
    folded: str
    mark: str = ""
    comma: str = ""

    @property
    def inner(self) -> str:
        """What stands between the marks."""
        return self.text[1:-1].strip() if self.mark else self.text


_QUOTES = {'"': '"', "“": "”", "«": "»"}
_COMMA = r"[,،]"
# A comma between digits is decimal, so it is part of the word.
_TOKEN = re.compile(
    r"\[[^\[\]]*\]"
    r'|"[^"]*"|“[^”]*”|«[^»]*»'
    rf"|(?:[^\s,،;؛\[\"“«]|(?<=\d){_COMMA}(?=\d))+"
    r"|[\[\"“«]"
    r"|[,،;؛]"
)


def tokens(line: str) -> list[Token]:
    """The words of ``line``; separators are no words, but remembered by the word after them."""
    found: list[Token] = []
    comma = ""
    for match in _TOKEN.finditer(line):
        text = match.group()
        if text in ",،;؛":
            comma = ";" if text in ";؛" or comma == ";" else ","
            continue
        mark = text[0] if len(text) > 1 and (text[0] == "[" or text[0] in _QUOTES) else ""
        folded = "" if mark else fold(text)
        found.append(Token(match.start(), match.end(), text, folded, mark, comma))
        comma = ""
    return found


_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "٫": ".", "٬": ",", "،": ",", "⁄": "/", "÷": "/"})


def _decomposed(character: str) -> str:
    """Letter and accent apart; a half or a raised two is no digit and stays what it is."""
    if unicodedata.category(character) == "No":
        return character
    return unicodedata.normalize("NFKD", character)


@lru_cache(maxsize=4096)
def fold(word: str) -> str:
    """``word`` as it is compared: small letters without accents, hamzas and vowel signs, digits of
    any script as ASCII, the Arabic decimal sign as a point.
    """
    letters = []
    plain = word.casefold().replace("°", "").replace("º", "")
    for character in "".join(map(_decomposed, plain)):
        digit = unicodedata.decimal(character, None)
        if digit is not None:
            letters.append(str(digit))
        elif unicodedata.category(character) not in ("Mn", "Cf") and character != "ـ":
            letters.append(character)
    return "".join(letters).translate(_ALIKE)
