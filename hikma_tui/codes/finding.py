"""What was typed, asked of the index: by code, by words, and with a typing error forgiven."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hikma_tui.codes.index import Found, checked, same_text
from hikma_tui.codes.words import asked, begun_code, folded, guesses, spelt

_MOST_READ = 60  # rows that are weighed; they come in the order in which they are offered
_MOST_GUESSED = 40
_SUPPLEMENTARY = "SV"  # the chapters' first letters
_AFTER = "\U0010ffff"
_COLUMNS = "d.id, d.system, d.code, d.common, d.texts, d.sum"
_BY_CODE = (
    f"SELECT {_COLUMNS} FROM disease AS d WHERE code >= ? AND code < ? ORDER BY code, id LIMIT ?"
)
_BY_TEXT = f"SELECT {_COLUMNS} FROM same JOIN disease AS d USING (id) WHERE same.text = ? LIMIT ?"
_BY_WORDS = (
    f"SELECT {_COLUMNS} FROM words JOIN disease AS d ON d.id = words.rowid"
    " WHERE words MATCH ? ORDER BY words.rowid LIMIT ?"
)
_BY_WORDS_AND_CODE = (
    f"SELECT {_COLUMNS} FROM json_each(?) AS picked"
    " JOIN disease AS d ON d.code = picked.value AND d.system = 'icd11'"
    " JOIN words ON words.rowid = d.id WHERE words MATCH ?"
)
_NAMED = f"SELECT {_COLUMNS} FROM disease AS d WHERE code = ? AND system = ?"
_GUESSED = (
    "SELECT DISTINCT word.word FROM json_each(?) AS guess CROSS JOIN word"
    f" ON word.word >= guess.value AND word.word < guess.value || '{_AFTER}' LIMIT ?"
)
_KNOWN = "SELECT word.word FROM json_each(?) AS guess JOIN word ON word.word = guess.value LIMIT ?"


class Answer(NamedTuple):
    """A disease and the text of it that matched best: "" when the code did."""

    found: Found
    text: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """The typed words, each with all that it may stand for, and the whole as it is compared."""

    words: list[tuple[str, ...]]
    whole: str
    language: str
    picked: dict[str, int]


def find(
    connection: sqlite3.Connection,
    text: str,
    limit: int,
    language: str,
    picked: dict[str, int] | None = None,
) -> list[Answer]:
    """The diseases for what was typed, best first.

    ``picked`` are the ICD-11 codes that this clinic chose lately, with how often: they come before
    the common ones. sqlite3.Error or Damaged when the index is not sound.
    """
    typed = asked(text)
    if not typed:
        return []
    wanted = _Asked([(word, spelt(word)) for word in typed], folded(text), language, picked or {})
    answers = [Answer(found, "") for found in _by_code(connection, text, limit)]
    by_words = _by_words(connection, text, wanted, several=len(typed) > 1)
    near, far = _weighed(by_words, wanted, forgiven=False)
    answers += near
    if len(_distinct(answers, limit)) < limit:
        near, farther = _weighed(*_forgiven(connection, typed, wanted), forgiven=True)
        answers += near + far + farther
    return _distinct(answers, limit)


def named(connection: sqlite3.Connection, code: str, system: str) -> Found | None:
    """The disease of a code, letter for letter (capitals or not). sqlite3.Error, Damaged."""
    for written in dict.fromkeys((code.strip(), code.strip().upper())):
        values = connection.execute(_NAMED, (written, system)).fetchone()
        if values is not None:
            return checked(values)
    return None


def _distinct(answers: list[Answer], limit: int) -> list[Answer]:
    seen: dict[int, Answer] = {}
    for answer in answers:
        seen.setdefault(answer.found.id, answer)
    return list(seen.values())[:limit]


def _by_code(connection: sqlite3.Connection, text: str, limit: int) -> list[Found]:
    """The code itself, then those that begin so; the point may be left out."""
    begun = begun_code(text)
    if not begun:
        return []
    written = [begun]
    if "." not in begun and len(begun) > 4:
        written.append(f"{begun[:4]}.{begun[4:]}")
    if "." not in begun and len(begun) > 3:
        written.append(f"{begun[:3]}.{begun[3:]}")  # ICD-10
    return [
        checked(values)
        for code in written
        for values in connection.execute(_BY_CODE, (code, code + _AFTER, limit))
    ]


def _by_words(
    connection: sqlite3.Connection, text: str, wanted: _Asked, several: bool
) -> list[Found]:
    question = _question(wanted.words, several)
    read = list(connection.execute(_BY_TEXT, (same_text(text), _MOST_READ)))
    read += connection.execute(_BY_WORDS, (question, _MOST_READ))
    if wanted.picked:
        codes = json.dumps(list(wanted.picked))
        read += connection.execute(_BY_WORDS_AND_CODE, (codes, question))
    return [checked(values) for values in dict.fromkeys(read)]


def _question(words: Iterable[Sequence[str]], several: bool) -> str:
    """Words as FTS5 is asked. A number beside other words is whole: type 2 is not code 2A00."""
    terms = []
    for choices in words:
        quoted = [
            f'"{word}"' if several and word.isdigit() else f'"{word}" *'
            for word in dict.fromkeys(choices)
        ]
        terms.append("(" + " OR ".join(quoted) + ")")
    return " AND ".join(terms)


def _forgiven(
    connection: sqlite3.Connection, typed: list[str], wanted: _Asked
) -> tuple[list[Found], _Asked]:
    """The same with one error allowed in each word of four letters or more."""
    words: list[tuple[str, ...]] = []
    for word in typed:
        begun, whole = guesses(word)
        near = [row[0] for row in connection.execute(_KNOWN, (json.dumps(whole), _MOST_GUESSED))]
        near += [row[0] for row in connection.execute(_GUESSED, (json.dumps(begun), _MOST_GUESSED))]
        words.append((word, spelt(word), *near))
    if all(len(choices) == 2 for choices in words):
        return [], wanted
    question = _question(words, len(words) > 1)
    read = connection.execute(_BY_WORDS, (question, _MOST_READ)).fetchall()
    forgiving = _Asked(words, wanted.whole, wanted.language, wanted.picked)
    return [checked(values) for values in read], forgiving


def _weighed(
    found: list[Found], wanted: _Asked, *, forgiven: bool
) -> tuple[list[Answer], list[Answer]]:
    """Best first: the very text; then what the clinic picks, what is common, what begins so.

    The second list are the supplementary chapters, traditional medicine and functioning: they come
    after everything, even after what a typing error hid, unless their very text was typed.
    """
    near: list[tuple[tuple[int, ...], Answer]] = []
    far: list[tuple[tuple[int, ...], Answer]] = []
    for disease in found:
        likeness, text = _likeness(disease, wanted)
        icd11 = disease.system == "icd11"
        weight = (
            likeness > 0 or forgiven,
            likeness == 3,
            -wanted.picked.get(disease.code, 0) if icd11 else 0,
            not disease.common,
            likeness,
            disease.id,
        )
        apart = icd11 and disease.code[0] in _SUPPLEMENTARY and likeness > 0
        (far if apart else near).append((weight, Answer(disease, text)))
    return _in_order(near), _in_order(far)


def _in_order(weighed: list[tuple[tuple[int, ...], Answer]]) -> list[Answer]:
    return [answer for _weight, answer in sorted(weighed, key=lambda pair: pair[0])]


def _likeness(disease: Found, wanted: _Asked) -> tuple[int, str]:
    """0 the whole text, 1 its beginning, 2 its words, 3 words of several texts; and that text.

    The label in the user's language comes first, then other languages' labels, then synonyms.
    """
    own = disease.labels.get(wanted.language, "")
    others = [text for text in disease.labels.values() if text != own]
    best = (3, own or others[0])
    for text in (*([own] if own else []), *others, *(text for _l, text in disease.synonyms)):
        likeness = _alike(folded(text), wanted)
        if likeness < best[0]:
            best = (likeness, text)
    return best


def _alike(text: str, wanted: _Asked) -> int:
    if text == wanted.whole:
        return 0
    if text.startswith(wanted.whole):
        return 1
    words = text.split()
    words += [spelt(word) for word in words]
    for choices in wanted.words:
        if not any(word.startswith(choices) for word in words):
            return 3
    return 2
