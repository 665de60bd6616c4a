"""The words of the register that a typed word may mean: beginnings, sounds, parts, errors."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence

from hikma_tui.names import is_arabic, is_dense, is_latin, sounds, spelled_alike
from hikma_tui.search import sql
from hikma_tui.search.rows import after, ask
from hikma_tui.search.tokens import SHORTEST_PART

INDEXED_PREFIX = 5  # the longest prefix index of search_index, with the kind
MOST_WORDS = 200  # each costs a query some microseconds; the most common come first
_MOST_PREFIXED = 64
_LEAST_FORGIVEN = 4
_LEAST_FORGIVEN_TWICE = 8
_MOST_COMPARED = 400
_BUNDLE = 16
_NOBODY = "0"  # no kind of token begins so
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنهوي"


def beginning(connection: sqlite3.Connection, token: str) -> tuple[str, ...]:
    """The tokens of words that begin with ``token``, or the prefix itself when that is cheaper."""
    if len(token) <= INDEXED_PREFIX:
        return (token + "*",)
    found = _words(connection, sql.WORDS_FROM, token, after(token), _MOST_PREFIXED + 1)
    return (token + "*",) if len(found) > _MOST_PREFIXED else tuple(found)


def sounding(connection: sqlite3.Connection, word: str, most: int = MOST_WORDS) -> tuple[str, ...]:
    """Other spellings of the name ``word``; in the other script, of names that begin so."""
    if not (is_latin(word) or is_arabic(word)) or len(word) < 2:
        return ()
    own, other = ("a", "l") if is_arabic(word) else ("l", "a")
    found: list[str] = []
    for sound in sounds(word):
        same = _words(connection, sql.WORDS_SOUNDING, own + sound, own + sound + "\x01")
        found += [token for token in same if spelled_alike(word, token[1:])]
        found += _words(connection, sql.WORDS_SOUNDING, other + sound, other + sound + "\x01")
    for sound in sounds(word, partial=True):
        if len(sound.removeprefix("a")) >= 2:  # consonants; "al" would be half of all families
            found += _words(connection, sql.WORDS_SOUNDING, other + sound, after(other + sound))
    return tuple(dict.fromkeys(found))[:most]


def having(connection: sqlite3.Connection, word: str, most: int = MOST_WORDS) -> tuple[str, ...]:
    """The words of names that have ``word`` inside them."""
    if len(word) < (1 if is_dense(word) else SHORTEST_PART):
        return ()
    return tuple(_words(connection, sql.WORDS_HAVING, word, after(word), most))


def forgiven(connection: sqlite3.Connection, word: str) -> tuple[str, ...]:
    """The words that one error (two in a long word) away begin with ``word``."""
    if len(word) < _LEAST_FORGIVEN or not word.isalpha():
        return ()
    begun, whole = guesses(word)
    found = _words(connection, sql.WORDS_GUESSED, json.dumps([k + g for k in "nc" for g in begun]))
    found += _words(connection, sql.WORDS_EQUAL, json.dumps([k + g for k in "nc" for g in whole]))
    if not found and len(word) >= _LEAST_FORGIVEN_TWICE:
        near = _words(
            connection, sql.WORDS_FROM, "n" + word[:3], after("n" + word[:3]), _MOST_COMPARED
        )
        found = [token for token in near if distance(word, token[1:], 2) <= 2]
    return tuple(dict.fromkeys(found))[:MOST_WORDS]


def _words(connection: sqlite3.Connection, statement: str, *values: str | int) -> list[str]:
    if not isinstance(values[-1], int):
        values = (*values, MOST_WORDS)
    return [row[0] for row in ask(connection, statement, values)]


def guesses(word: str) -> tuple[list[str], list[str]]:
    """What was meant, if one letter was left out, added, changed or swapped with the next.

    The first list may go on (a name half typed); the second are whole words: an error in the last
    letter, or in a short word, says too little to guess how it goes on.
    """
    letters = _ARABIC if is_arabic(word) else _LATIN if is_latin(word) else "".join(set(word))
    last = len(word) - 1
    begun: set[str] = set()
    for i in range(last):
        head, tail = word[:i], word[i + 1 :]
        begun.add(head + tail)
        begun.add(head + word[i + 1] + word[i] + word[i + 2 :])
        begun.update(head + c + tail for c in letters)
    for i in range(last + 1):
        head, tail = word[:i], word[i:]
        begun.update(head + c + tail for c in letters)
    begun.discard(word)
    short = {guess for guess in begun if len(guess) < _LEAST_FORGIVEN}
    whole = {word[:last], *(word[:last] + c for c in letters)} | short
    return sorted(begun - short), sorted(whole - {word})


def distance(one: str, other: str, most: int) -> int:
    """Letters to change, add, drop or swap from ``one`` to ``other``; ``most`` + 1 if more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    above = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        row = [i]
        for j, against in enumerate(other, start=1):
            cost = min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
        before, above = above, row
    return above[-1]


def quoted(tokens: Sequence[str]) -> str:
    """Tokens as an FTS5 expression; a final ``*`` is a prefix. Tokens hold no quotes.

    FTS5 looks at every branch of an OR at each step, and makes one OR of nested ones. So many
    tokens are put in bundles, kept apart by a NOT of a token that nobody has: the steps of 256
    words then cost 32 looks, not 256.
    """
    terms = [f'"{token[:-1]}" *' if token.endswith("*") else f'"{token}"' for token in tokens]
    if len(terms) <= _BUNDLE * 2:
        return " OR ".join(terms)
    bundles = [terms[i : i + _BUNDLE] for i in range(0, len(terms), _BUNDLE)]
    return " OR ".join(f'(({" OR ".join(bundle)}) NOT "{_NOBODY}")' for bundle in bundles)
