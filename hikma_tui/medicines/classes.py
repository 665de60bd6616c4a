"""Medicines against allergies: by substance, by class, by likeness of the name. Pure.

The table (``data/medicine_classes.json``) is small and written by hand (decisions.md 14). It finds
what it knows; that it finds nothing does not say that a medicine is safe. Interactions between
medicines are not checked anywhere.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from itertools import product
from typing import Any

from hikma_tui.i18n import _
from hikma_tui.names import fold

SAME, CLASS, CROSS, LIKE = "same", "class", "cross", "like"
_LEAST_LETTERS = 6  # of a word that may be a misspelling of another
_LONGEST_PHRASE = 4
_STRENGTH = re.compile(r"\d")
_GROWN = re.compile(r"\b([^\W\d_]{4,})(\d+)")
_LEAST_SHORTENED = 5
# Words that say nothing of which substance it is.
_IDLE = frozenset(
    ("allergy", "allergic", "alergia", "alergico", "alergica", "to", "a", "al", "la", "el",
     "los", "las", "de", "of", "the", "and", "y", "or", "with", "con", "acid", "acido",
     "sulfate", "sulphate", "sulfato", "sodium", "sodica", "sodico", "potassium",
     "hydrochloride", "mg", "ml", "g", "mcg", "tab", "tablet", "tablets", "capsule",
     "syrup", "injection", "cream", "drops", "oral", "medicine", "antibiotic", "vaccine",
     "unknown", "none", "other",)
)  # fmt: skip


@dataclass(frozen=True)
class Conflict:
    """A medicine that an allergy speaks against.

    ``kind`` is ``same`` (this substance), ``class``, ``cross`` (may cross-react) or ``like`` (a
    name that looks like it). ``classes`` are the keys of the classes in question.
    """

    medicine: str
    allergy: str
    kind: str
    classes: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The warning, for the user."""
        if self.kind == SAME:
            said = _("ALLERGY to {allergy}: {medicine} is the same.")
        elif self.kind == CLASS:
            said = _("ALLERGY to {allergy}: {medicine} is of the same class ({classes}).")
        elif self.kind == CROSS:
            said = _("ALLERGY to {allergy}: {medicine} may cross-react ({classes}).")
        else:
            said = _("ALLERGY to {allergy}: {medicine} looks like it. Check the spelling.")
        labels = ", ".join(class_names().get(one, one) for one in self.classes)
        return said.format(allergy=self.allergy, medicine=self.medicine, classes=labels)


@dataclass
class _Table:
    """Phrase of folded words -> the substances and the classes that it names."""

    substances: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    classes: dict[tuple[str, ...], set[str]] = field(default_factory=dict)
    class_of: dict[str, set[str]] = field(default_factory=dict)  # by substance
    cross: dict[str, set[str]] = field(default_factory=dict)
    long_words: dict[str, tuple[str, ...]] = field(default_factory=dict)  # word -> its phrase


@dataclass(frozen=True)
class _Told:
    """What a text names."""

    words: tuple[str, ...]
    substances: frozenset[str]
    classes: frozenset[str]  # of its substances, and those that it names itself
    liked: frozenset[tuple[str, ...]]  # phrases that one of its words is a misspelling of


@cache
def _table() -> _Table:
    data = json.loads(files("hikma_tui.data").joinpath("medicine_classes.json").read_text("utf-8"))
    table = _Table()
    for key, about in data["classes"].items():
        table.cross[key] = set(about["may_cross_react"])
        for name in about["names"]:
            table.classes.setdefault(_phrase(name), set()).add(key)
        for member in about["members"]:
            _put(table, member, {member[0]})
            table.class_of.setdefault(member[0], set()).add(key)
    for names in data["alone"]:
        _put(table, names, {names[0]})
    for combination in data["combinations"]:
        _put(table, combination["names"], set(combination["of"]))
    for phrase in (*table.substances, *table.classes):
        if len(phrase) == 1 and len(phrase[0]) >= _LEAST_LETTERS:
            table.long_words[phrase[0]] = phrase
    return table


def _put(table: _Table, names: Iterable[str], substances: set[str]) -> None:
    for name in names:
        table.substances.setdefault(_phrase(name), set()).update(substances)


def _phrase(text: str) -> tuple[str, ...]:
    """The words of a text; a strength that grew onto one is parted from it: ``amoxicillin500mg``"""
    return tuple(_GROWN.sub(r"\1 \2", fold(text)).split())


def class_names() -> Mapping[str, str]:
    """The classes that are known, each with its name in the user's language."""
    return {
        "penicillins": _("penicillins"),
        "cephalosporins": _("cephalosporins"),
        "carbapenems": _("carbapenems"),
        "sulfonamides": _("sulfonamides"),
        "nsaids": _("NSAIDs, aspirin"),
        "macrolides": _("macrolides"),
        "tetracyclines": _("tetracyclines"),
        "quinolones": _("quinolones"),
        "aminoglycosides": _("aminoglycosides"),
        "nitroimidazoles": _("nitroimidazoles"),
        "opioids": _("opioids"),
        "iodine": _("iodine"),
        "quinolines": _("quinine and its relatives"),
        "local anaesthetics": _("local anaesthetics"),
        "ace inhibitors": _("ACE inhibitors"),
        "aromatic antiepileptics": _("antiepileptics of the aromatic kind"),
    }


@lru_cache(maxsize=4096)
def substance(name: str) -> str:
    """A medicine's name for comparing entries: folded, without strength, brand names kept."""
    words: list[str] = []
    for word in fold(
        re.sub(r"(?<!\w)\d[\d.,/]*\s*(?:mg|mcg|ml|g|l|%|units|ui|iu)?\b", " ", name)
    ).split():
        if not _STRENGTH.search(word) or not words:
            words.append(word)
        elif not word[0].isdigit():
            words.append(word)  # "vitamin b12"
    return " ".join(words) or fold(name)


@lru_cache(maxsize=2048)
def _told(text: str) -> _Told:
    """What a text names, by phrases of the table in it, the longest first."""
    table = _table()
    words = _phrase(text)
    substances: set[str] = set()
    classes: set[str] = set()
    liked: set[tuple[str, ...]] = set()
    at = 0
    while at < len(words):
        for length in range(min(_LONGEST_PHRASE, len(words) - at), 0, -1):
            phrase = words[at : at + length]
            if phrase in table.substances or phrase in table.classes:
                substances |= table.substances.get(phrase, set())
                classes |= table.classes.get(phrase, set())
                at += length
                break
        else:
            liked |= _likes(words[at])
            at += 1
    classes |= {key for one in substances for key in table.class_of.get(one, ())}
    return _Told(words, frozenset(substances), frozenset(classes), frozenset(liked))


def _likes(word: str) -> set[tuple[str, ...]]:
    """The known words that ``word`` misspells by one letter, shortens, or begins with."""
    if len(word) < _LEAST_SHORTENED or word in _IDLE:
        return set()
    return {
        phrase
        for known, phrase in _table().long_words.items()
        if known.startswith(word)  # "azithro"
        or (len(word) >= _LEAST_LETTERS and (word.startswith(known) or one_letter_off(word, known)))
    }


def one_letter_off(one: str, other: str) -> bool:
    """Whether two words differ by one letter put in, left out, changed or swapped with the next."""
    if abs(len(one) - len(other)) > 1 or one == other:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    swapped = len(a) > 1 and len(b) > 1 and a[:2] == b[1::-1] and a[2:] == b[2:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or swapped


def class_of(name: str) -> tuple[str, ...]:
    """The classes that a medicine belongs to, or that the text itself names; sorted keys."""
    return tuple(sorted(_told(name).classes))


def conflicts(names: Sequence[str], allergies: Sequence[str]) -> list[Conflict]:
    """What speaks against these medicines, the surest kind of each pair, in the order given."""
    found = (_conflict(name, allergy) for name, allergy in product(names, allergies))
    return [conflict for conflict in found if conflict is not None]


def _conflict(name: str, allergy: str) -> Conflict | None:
    medicine, against = _told(name), _told(allergy)
    if medicine.substances & against.substances or _contains(medicine.words, against.words):
        return Conflict(name, allergy, SAME)
    shared = medicine.classes & against.classes
    if shared:
        return Conflict(name, allergy, CLASS, tuple(sorted(shared)))
    cross = _table().cross
    crossing = {key for key in medicine.classes if cross.get(key, set()) & against.classes}
    if crossing:
        return Conflict(name, allergy, CROSS, tuple(sorted(crossing)))
    if _looks_like(medicine, against):
        return Conflict(name, allergy, LIKE)
    return None


def _contains(one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the telling words of one text all stand in the other: ``iron``, ``iron sucrose``."""
    first, second = _telling(one), _telling(other)
    return bool(first and second and (first <= second or second <= first))


def _telling(words: tuple[str, ...]) -> set[str]:
    return {word for word in words if word not in _IDLE and not _STRENGTH.search(word)}


def _looks_like(medicine: _Told, against: _Told) -> bool:
    """Whether a misspelling stands between the two: of a known name, or of one another's words."""
    table = _table()

    def meant(told: _Told) -> tuple[set[str], set[str]]:
        substances = {s for phrase in told.liked for s in table.substances.get(phrase, ())}
        classes = {c for phrase in told.liked for c in table.classes.get(phrase, ())}
        classes |= {c for s in substances for c in table.class_of.get(s, ())}
        return substances | told.substances, classes | told.classes

    (one, its), (other, theirs) = meant(medicine), meant(against)
    if (medicine.liked or against.liked) and (one & other or its & theirs):
        return True
    if any(table.cross.get(key, set()) & theirs for key in its):
        return True
    return any(
        one_letter_off(a, b)
        for a, b in product(_telling(medicine.words), _telling(against.words))
        if min(len(a), len(b)) >= _LEAST_LETTERS
    )


def known_substance(word: str) -> bool:
    """Whether one word is the name of a medicine in the table, generic or brand."""
    return _phrase(word) in _table().substances and fold(word) not in _IDLE


def known_names() -> tuple[str, ...]:
    """Generic and brand names of the table, for those who test it."""
    table: Any = _table()
    return tuple(" ".join(phrase) for phrase in table.substances)
