"""A disease's text and what is typed of it, as the words that are compared. Pure.

The folding is that of names (``names.fold``: case, accents, Arabic letter forms). Two spellings of
English meet in one form (diarrhoea, diarrhea; anaemia, anemia; tumour, tumor).
"""

from __future__ import annotations

import re

from hikma_tui.names import fold
from hikma_tui.search import spelling

LEAST_FORGIVEN = 4  # letters; an error in a shorter word says too little
_MOST_WORDS = 12
_LONGEST_WORD = 40
_CODE = re.compile(r"\b([0-9a-z][a-z][0-9][0-9a-z])\.([0-9a-z]{0,2})", re.IGNORECASE)
_WHOLE_CODE = re.compile(r"(?=.*[0-9])[0-9a-z]{1,4}(\.?[0-9a-z]{0,4})?", re.IGNORECASE)
_EMPTY = frozenset(
    {"a", "al", "an", "and", "by", "con", "de", "del", "due", "el", "en", "for", "in", "la", "las"}
    | {"los", "of", "or", "para", "por", "the", "to", "with", "y"}
)


def spelt(word: str) -> str:
    """The one form of a word that England and America spell in two ways, else the word."""
    if "oe" in word or "ae" in word or "our" in word:
        return word.replace("oe", "e").replace("ae", "e").replace("our", "or")
    return word


def folded(text: str) -> str:
    """``text`` as it is compared, words divided by single spaces; a code in it is one word."""
    return fold(_CODE.sub(r"\1\2", text))


def indexed(text: str) -> set[str]:
    """The words under which ``text`` is found."""
    words = {word[:_LONGEST_WORD] for word in folded(text).split()}
    return words | {spelt(word) for word in words}


def asked(text: str) -> list[str]:
    """The words of what was typed; those that say nothing (of, the, de, la) only when alone."""
    words = [word[:_LONGEST_WORD] for word in folded(text[:200]).split()][:_MOST_WORDS]
    telling = [word for word in words if word not in _EMPTY]
    return list(dict.fromkeys(telling or words))


def begun_code(text: str) -> str:
    """What was typed as the beginning of a code, in capitals; "" if it has no digit or is none."""
    typed = text.strip()
    return typed.upper() if len(typed) <= 20 and _WHOLE_CODE.fullmatch(typed) else ""


def guesses(word: str) -> tuple[list[str], list[str]]:
    """What was meant, if one letter was left out, added, changed or swapped with the next.

    The first list are beginnings of a word; the second are whole words: an error in the last
    letter says too little to guess how it goes on. None for short words and for numbers.
    """
    if len(word) < LEAST_FORGIVEN or not word.isalpha():
        return [], []
    return spelling.guesses(word)
