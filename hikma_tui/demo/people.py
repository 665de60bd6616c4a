"""Patients in families: names of many peoples in their scripts and spellings, births, numbers.

A few names are very common and most are rare, as in life: lists are drawn from by rank (Zipf), and
a tail of made-up surnames and double names gives a million patients tens of thousands of words.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any, NamedTuple

from hikma_tui.demo.words import names

Pair = tuple[str, str]  # a name in its own script, and one of its spellings in Latin letters

_DRAWN = 4096  # names stand this often in a list, the common ones many times: one look draws one
_TAIL_SHARE = 0.13  # of the families have a rare, made-up surname
_YEAR = 365.25
_DIGITS = {
    "arabic": str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"),
    "persian": str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹"),
}


class Person(NamedTuple):
    """One patient before a row is made of it."""

    given_name: str
    surname: str
    sex: str
    age_days: int | None  # None: nobody knows
    estimated: bool
    phone: str | None
    camp: str | None
    hometown: str
    citizenship: str
    government_id: str | None


@dataclass(frozen=True)
class Culture:
    """The names of a people, each list as long as it takes to draw by one random number."""

    key: str
    native_share: float
    double: float
    joined: bool
    patronymic: bool
    male: list[Pair]
    female: list[Pair]
    surnames: list[Pair]
    towns: list[Pair]
    camps: list[str]
    citizenship: list[str]
    phone: str
    tail: tuple[list[str], list[str], list[str]] | None


@lru_cache(maxsize=1)
def cultures() -> list[Culture]:
    """One culture per percent of the patients: drawn by one random number."""
    drawn: list[Culture] = []
    for key, came in names().items():
        drawn += [_culture(key, came)] * int(came["weight"])
    return drawn


def _culture(key: str, came: dict[str, Any]) -> Culture:
    rng = random.Random(f"names:{key}")
    tail = came.get("tail")
    return Culture(
        key, came["native_share"], came["double"], came.get("joined", False),
        came.get("patronymic", False),
        _drawn(came["male"], rng), _drawn(came["female"], rng), _drawn(came["surnames"], rng),
        _drawn(came["towns"], rng, 256), _split(came["camps"]), _split(came["citizenship"]),
        came["phone"],
        (tail["a"].split(), tail["b"].split(), tail["c"].split()) if tail else None,
    )  # fmt: skip


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(";")]


def _drawn(text: str, rng: random.Random, size: int = _DRAWN) -> list[Pair]:
    """The names of a list as often as their rank says, in every spelling."""
    pairs: list[Pair] = []
    weights: list[float] = []
    for rank, entry in enumerate(_split(text)):
        native, _bar, spellings = entry.partition("|")
        latin = spellings.split(",") if spellings else [native]
        total = sum(1 / (n + 1) for n in range(len(latin)))
        for n, spelling in enumerate(latin):
            pairs.append((native, spelling))
            weights.append((rank + 2) ** -0.9 / (n + 1) / total)
    return rng.choices(pairs, cum_weights=list(accumulate(weights)), k=size)


# --- made-up surnames --------------------------------------------------------------------------

_LATIN_LETTERS = "b t j h d r z s sh f q k l m n h w t s kh"
_ROOT = tuple(zip("بتجحدرزسشفقكلمنهوطصخ", _LATIN_LETTERS.split(), strict=True))


def _rare_arabic(rng: random.Random) -> Pair:
    """A surname of three root letters in one of the common shapes, in both scripts."""
    (a, la), (b, lb), (c, lc) = (_ROOT[int(rng.random() * len(_ROOT))] for _n in range(3))
    article, latin_article = ("ال", "Al-") if rng.random() < 0.5 else ("", "")
    shape = int(rng.random() * 5)
    native, latin = (
        (f"{a}{b}ا{c}", f"{la}a{lb}{lb}a{lc}"),
        (f"{a}ا{b}{c}", f"{la}a{lb}i{lc}"),
        (f"{a}{b}و{c}", f"{la}a{lb}u{lc}"),
        (f"م{a}{b}و{c}", f"ma{la}{lb}u{lc}"),
        (f"{a}{b}{c}اوي", f"{la}a{lb}{lc}awi"),
    )[shape]
    return article + native, latin_article + latin.capitalize()


def _rare(culture: Culture, rng: random.Random) -> Pair:
    if culture.key == "arabic":
        return _rare_arabic(rng)
    if culture.tail is None:
        return culture.surnames[int(rng.random() * _DRAWN)]
    first, middle, last = culture.tail
    name = first[int(rng.random() * len(first))]
    if rng.random() < 0.85:
        name += middle[int(rng.random() * len(middle))]
    name += last[int(rng.random() * len(last))]
    return name, name


def _surname(culture: Culture, rng: random.Random) -> Pair:
    random_ = rng.random
    if random_() < _TAIL_SHARE:
        pair = _rare(culture, rng)
    else:
        pair = culture.surnames[int(random_() * _DRAWN)]
    if culture.key == "spanish" and random_() < 0.75:
        second = culture.surnames[int(random_() * _DRAWN)]
        pair = (f"{pair[0]} {second[0]}", f"{pair[1]} {second[1]}")
    return pair


# --- families ----------------------------------------------------------------------------------


class Crowd:
    """An endless line of people, family by family."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._random = rng.random
        self._cultures = cultures()

    def people(self) -> Iterator[Person]:
        """Person after person; those of one family follow one another."""
        while True:
            yield from self._family()

    def _family(self) -> Iterator[Person]:
        random_ = self._random
        culture = self._cultures[int(random_() * len(self._cultures))]
        script = 0 if random_() < culture.native_share else 1
        surname = _surname(culture, self._rng)
        home = (
            culture.towns[int(random_() * 256)][script],
            culture.camps[int(random_() * len(culture.camps))] if random_() < 0.6 else None,
            culture.citizenship[int(random_() * len(culture.citizenship))],
            self._phone(culture),
        )
        for sex, age, father in self._members(culture):
            family_name = father or surname
            own = script if random_() > 0.06 else 1 - script
            yield self._person(culture, own, sex, age, family_name, home)

    def _members(self, culture: Culture) -> list[tuple[str, float, Pair | None]]:
        """Sex, age in years and, where children are called after him, the father's name."""
        random_ = self._random
        mother = 17 + 35 * random_()
        if random_() < 0.35:
            alone = 18 + 65 * random_() ** 1.4
            return [("male" if random_() < 0.45 else "female", alone, None)]
        father = None
        members: list[tuple[str, float, Pair | None]] = [("female", mother, None)]
        if random_() < 0.55:
            members.append(("male", min(mother + 8 * random_() - 1, 80), None))
        if culture.patronymic:
            father = culture.male[int(random_() * _DRAWN)]
        youngest = max(0.0, mother - 44)
        oldest = mother - 16.5
        age = youngest + (oldest - youngest) * random_()
        for _n in range(int(random_() * 4.6)):
            if age < min(24, oldest):
                members.append(("male" if random_() < 0.51 else "female", age, father))
            age += 1.1 + 3 * random_()
        return members

    def _person(
        self, culture: Culture, script: int, sex: str, age: float, surname: Pair,
        home: tuple[str, str | None, str, str | None],
    ) -> Person:  # fmt: skip
        random_ = self._random
        pool = culture.male if sex == "male" else culture.female
        given = pool[int(random_() * _DRAWN)][script]
        if random_() < culture.double:
            more = pool[int(random_() * _DRAWN)][script]
            joined = given + more.lower() if culture.joined else f"{given} {more}"
            given = joined if more != given else given
        family = surname[script]
        town, camp, citizenship, phone = home
        odd = random_()
        if odd < 0.02:
            given, family = given.upper(), family.upper()
        elif odd < 0.025:
            family = ""
        elif odd < 0.035:
            sex = "unknown"
        elif odd < 0.05:
            given, family = given.lower(), family.lower()
        known = random_()
        if phone is not None and age > 15 and random_() < 0.2:
            phone = self._phone(culture)
        return Person(
            given, family, sex, None if known < 0.06 else int(age * _YEAR) + 3, known > 0.7,
            phone, camp, town, citizenship, self._government_id(age),
        )  # fmt: skip

    def _phone(self, culture: Culture) -> str | None:
        """A number in one of the ways that people write it; some have none."""
        random_ = self._random
        way = random_()
        if way < 0.18:
            return None
        code, _space, rest = culture.phone.partition(" ")
        wild = rest.count("#")
        number = rest.rstrip("#") + str(int(random_() * 10**wild)).zfill(wild)
        if way < 0.40:
            return f"0{number}"
        if way < 0.58:
            return f"+{code} {number[:2]} {number[2:5]} {number[5:]}"
        if way < 0.72:
            return f"00{code}{number}"
        if way < 0.84:
            return f"0{number[:2]}-{number[2:5]}-{number[5:]}"
        digits = _DIGITS.get(culture.key)
        return f"0{number}".translate(digits) if digits else f"+{code}{number}"

    def _government_id(self, age: float) -> str | None:
        random_ = self._random
        kind = random_()
        if kind > 0.55 or age < 1:
            return None
        if kind < 0.008:
            return "0" if kind < 0.004 else "none"
        if kind < 0.12:
            letter = "ABCEGHKNPRT"[int(random_() * 11)]
            return f"{letter}{int(random_() * 10**8):08d}"
        return str(10**9 + int(random_() * 9 * 10**9))
