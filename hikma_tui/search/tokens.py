"""A patient as tokens: one letter for the kind, then the folded word. Pure.

n  a word of the name                      p  a phone number, and each of its ends of 3+ digits
j  a name of several words, joined         i  an id: whole, its parts, without leading zeros
c  a word of a place or search field       y  year, m  month (yyyymm), d  day of birth (yyyymmdd)
k  the clinic (``k0``: none)               x  the sex (``x``: not given)
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from hikma_tui.names import LONGEST_WORD, compounds, fold, is_dense, words

WORD_KINDS = "njc"  # the kinds that stand in search_words
COUNTED_KINDS = "njck"  # the kinds whose patients are counted
NAME_KINDS = "nj"  # of these, the kinds that have sounds and parts
LONGEST_PHONE = 15  # E.164
SHORTEST_PART = 3
NO_CLINIC = "k0"
PLACEHOLDERS = frozenset(
    {"", "none", "na", "nil", "null", "no", "unknown", "x", "xx", "xxx", "test"}
    | {"ninguno", "لايوجد", "بدون"}
)
_ID_PARTS = re.compile(r"\d+|[^\W\d_]+")
_BIRTH = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_PLAIN_PHONE = re.compile(r"\+?[0-9]{3,40}")  # what most are: no word of it is worth remembering
_PHONES = re.compile(r"[/,;|&\n]|\b(?:or|y|o|and)\b")
# Country codes of one and two digits; all others have three (ITU-T E.164).
_SHORT_CODES = re.compile("1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]")


def of_patient(row: Mapping[str, Any], others: Iterable[str] = ()) -> str:
    """The tokens of a patient, a sorted text; ``others`` are the texts of more search fields."""
    found: set[str] = set()
    found.update(name_tokens(row["given_name"], row["surname"]))
    for text in (row["camp"], row["hometown"], *others):
        found.update(["c" + word for word in words_of(text)])
    found.update(phone_tokens(row["phone"]))
    for text in (row["government_id"], row["external_patient_id"]):
        found.update(id_tokens(text))
    found.update(birth_tokens(row["date_of_birth"]))
    found.add(clinic_token(row["primary_clinic_id"]))
    found.add(sex_token(row["sex"]))
    return " ".join(sorted(found))


@lru_cache(maxsize=16384)
def words_of(text: str | None) -> tuple[str, ...]:
    """The folded words of a column."""
    return tuple(words(_text(text)))


def _text(value: object) -> str:
    return value[:400] if isinstance(value, str) else "" if value is None else str(value)


@lru_cache(maxsize=16384)
def name_tokens(given: str | None, surname: str | None) -> tuple[str, ...]:
    """The words of a name and its compounds; those that span both names as well."""
    parts = [*words_of(given), *words_of(surname)]
    joined = ["j" + name for _first, _after, name in compounds(parts)]
    return (*["n" + word for word in parts], *joined)


def phone_numbers(text: str | None) -> list[str]:
    """The digits of each number in ``text``, at most three numbers."""
    if text and _PLAIN_PHONE.fullmatch(text):
        return [text.lstrip("+")[-LONGEST_PHONE:]]
    digits = [re.sub(r"\D", "", fold(part)) for part in _PHONES.split(_text(text).lower())]
    return [number[-LONGEST_PHONE:] for number in digits if len(number) >= SHORTEST_PART][:3]


def national(digits: str, international: bool) -> str:
    """A number without its country code (when it is written with + or 00) and leading zeros."""
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if international and len(digits) > 7:
        code = _SHORT_CODES.match(digits)
        digits = digits[code.end() if code else 3 :]
    return digits.lstrip("0") or digits


def phone_tokens(text: str | None) -> tuple[str, ...]:
    """Every end of 3 or more digits of each number."""
    found = []
    for number in phone_numbers(text):
        found += ["p" + number[i:] for i in range(len(number) - SHORTEST_PART + 1)]
    return tuple(found)


def normal_id(text: str | None) -> str:
    """An id's letters and digits, folded, without punctuation: what equal ids have in common."""
    return fold(_text(text)).replace(" ", "")[:LONGEST_WORD]


def is_placeholder(text: str | None) -> bool:
    """Whether an id says that there is none ("0", "000", "none", "-", "n/a")."""
    plain = normal_id(text)
    return plain in PLACEHOLDERS or not plain.strip("0") or bool(re.fullmatch(r"9{3,}", plain))


def id_tokens(text: str | None) -> tuple[str, ...]:
    """An id whole, its parts, and both without leading zeros."""
    if not text:
        return ()
    parts = _id_parts(text)
    bare = [part.lstrip("0") for part in parts]
    every = ("".join(parts), "".join(bare), *parts, *bare)
    return tuple(dict.fromkeys(["i" + word[:LONGEST_WORD] for word in every if word]))


def _id_parts(text: str | None) -> list[str]:
    text = _text(text)
    # Most are one plain word, which is folded already and seen but once.
    plain = text.lower() if text.isascii() and text.isalnum() else fold(text)
    return _ID_PARTS.findall(plain)[:8]


def id_forms(text: str) -> tuple[str, ...]:
    """How a typed id may stand in the index as a whole."""
    parts = _id_parts(text)
    forms = ("".join(parts), "".join(part.lstrip("0") for part in parts))
    return tuple(dict.fromkeys(form[:LONGEST_WORD] for form in forms if form))


def birth_tokens(day: str | None) -> tuple[str, ...]:
    """The year, month and day of birth, as far as known."""
    match = _BIRTH.match(_text(day))
    if not match:
        return ()
    year, month, mday = match.groups()
    if not month:
        return ("y" + year,)
    if not mday:
        return "y" + year, f"m{year}{month}"
    return "y" + year, f"m{year}{month}", f"d{year}{month}{mday}"


@lru_cache(maxsize=1024)
def clinic_token(clinic_id: str | None) -> str:
    """The clinic's token; an empty id is no clinic (features.md 1.4's bug not repeated)."""
    if not clinic_id:
        return NO_CLINIC
    return "k" + hashlib.sha256(clinic_id.lower().encode("utf-8", "replace")).hexdigest()[:16]


@lru_cache(maxsize=1024)
def sex_token(sex: str | None) -> str:
    """The sex as one token."""
    return "x" + fold(_text(sex)).replace(" ", "")[:24]


def parts_of(word: str) -> list[str]:
    """The proper ends of a word (without its kind): 3 letters and more, or 1 in dense scripts."""
    least = 1 if is_dense(word) else SHORTEST_PART
    return [word[i:] for i in range(1, len(word) - least + 1)]
