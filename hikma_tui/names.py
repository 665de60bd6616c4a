"""Names as they are compared: folding, words, compounds, and how a name sounds. Pure.

``fold`` makes one form of all the ways to write the same letters (case, accents, Arabic letter
forms, vowel signs, tatweel, digits). ``sounds`` makes consonant skeletons in which an Arabic name
and its Latin spellings meet; ``spelled_alike`` says whether two words are one name. The rules aim
at names, not at language: they may let strangers meet (Samir and Samer), never hide a namesake.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from itertools import product

LONGEST_WORD = 40
_DROPPED = dict.fromkeys(map(ord, "'`´’‘‛ʼʻʿʾʹʽ′ـء\u0640\u00ad"))
_LETTERS = str.maketrans(
    {
        "ٱ": "ا", "ى": "ي", "ة": "ه", "ک": "ك", "ڪ": "ك", "گ": "ك", "ی": "ي", "ے": "ي",
        "ې": "ي", "ھ": "ه", "ہ": "ه", "ە": "ه", "ۀ": "ه", "ۃ": "ه", "ۆ": "و", "ۇ": "و",
        "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe",
        "ħ": "h", "ŧ": "t", "ŋ": "n",
    }
)  # fmt: skip
_ASCII_WORDS = re.compile(r"[a-z0-9]+")
_VIRAMA = 9  # the combining class of signs without which an Indic word is another word


@lru_cache(maxsize=65536)
def fold(text: str) -> str:
    """``text`` as words of folded letters and digits with single spaces between them."""
    if text.isascii():
        return " ".join(_ASCII_WORDS.findall(text.casefold().replace("'", "").replace("`", "")))
    plain = unicodedata.normalize("NFKD", text.translate(_DROPPED).casefold())
    out = [_folded_character(c) for c in plain.translate(_LETTERS).translate(_DROPPED)]
    return " ".join("".join(out).split())


@lru_cache(maxsize=4096)
def _folded_character(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Cf" or category == "Cn" or category == "Cs":
        return ""
    if category[0] == "M":
        return character if unicodedata.combining(character) in (0, _VIRAMA) else ""
    return character if category[0] in "LN" else " "


def words(text: str | None) -> list[str]:
    """The folded words of ``text``, each cut to 40 characters."""
    return [word[:LONGEST_WORD] for word in fold(text).split()] if text else []


def is_arabic(word: str) -> bool:
    """Whether ``word`` begins in the Arabic script."""
    return "\u0600" <= word[:1] <= "\u06ff"


def is_latin(word: str) -> bool:
    """Whether a folded ``word`` begins in the Latin script."""
    return "a" <= word[:1] <= "z"


def is_dense(word: str) -> bool:
    """Whether ``word`` is of a script in which one character is a syllable or a word (Chinese)."""
    return word[:1] >= "\u2e80" and not "\ufb00" <= word[:1] <= "\ufdff"


# --- compounds ---------------------------------------------------------------------------------

_ARTICLES = frozenset({"al", "el", "ul", "il", "ال"})
_SERVANT = frozenset(
    {"abd", "abdul", "abdel", "abdal", "abdu", "abdur", "abdus", "abdun", "abdoul", "abed", "عبد"}
)
_BOUND = _ARTICLES | frozenset(
    {"ar", "as", "ash", "ad", "an", "at", "az", "abu", "abou", "abo", "bu", "umm", "um", "ibn"}
    | {"ben", "bin", "ould", "ait", "ابو", "ابي", "ام", "ابن", "بن", "بو", "ال"}
    | {"de", "del", "la", "las", "los", "di", "da", "dos", "van", "von", "der", "mac", "mc", "o"}
)
_ENDS = re.compile(r"(?:(?:a|e|i|u)(?:l|d))?d+[aeiu]+n+e?|ull?ah?|[aeu]ll?ah?|الدين|دين|الله|لله")


def compounds(parts: list[str]) -> list[tuple[int, int, str]]:
    """The names written in several words that others write in one: (first, after last, joined).

    ``abd al rahman`` gives (0, 3, "abdalrahman"); ``nour el din`` gives (0, 3, "noureldin").
    """
    found: list[tuple[int, int, str]] = []
    i = 0
    while i < len(parts) - 1:
        end = _compound_end(parts, i)
        if end:
            found.append((i, end, "".join(parts[i:end])[:LONGEST_WORD]))
            i = end
        else:
            i += 1
    return found


def _compound_end(parts: list[str], i: int) -> int:
    """Where the compound that begins at ``parts[i]`` ends; 0 when none begins there."""
    last = len(parts) - 1
    head, following = parts[i], parts[i + 1]
    if head in _SERVANT:
        return i + 3 if following in _ARTICLES and i + 2 <= last else i + 2
    if head in _BOUND:
        return i + 3 if following in _BOUND and i + 2 <= last else i + 2
    if following in _ARTICLES and i + 2 <= last and _ENDS.fullmatch(parts[i + 2]):
        return i + 3
    return i + 2 if _ENDS.fullmatch(following) else 0


# --- sounds ------------------------------------------------------------------------------------
# The letters of a skeleton: b t j h x(kh) d r z s c(sh) g(gh) f k l m n w y; "a" is a vowel that
# begins or ends the word.

_ARABIC_SOUND = dict(
    zip("بپتطثسصجچحهخدضذظزژرشغفڤقكلمنوي", "bbttsssjchhxddzzzzrcgffkklmnwy", strict=True)
)
_LATIN_PAIRS = {
    "kh": ("x",), "sh": ("c",), "ch": ("c", "x", "k"), "gh": ("g",), "th": ("s", "t", "th"),
    "dh": ("d", "z"), "ph": ("f",), "ck": ("k",), "dj": ("j",), "sch": ("c",), "tch": ("c",),
    "zh": ("z",), "ll": ("l",),
}  # fmt: skip
_LATIN_SOUND: dict[str, tuple[str, ...]] = {
    **{c: (c,) for c in "btdrzsfklmnhx"},
    "p": ("b",), "v": ("f",), "q": ("k",), "c": ("k",), "j": ("j",), "g": ("j", "g"),
    "w": ("w",), "y": ("y",),
}  # fmt: skip
_SERVANT_LATIN = re.compile(
    r"abe?d(?:[aeiou]+l|[aeiou]*(?:r(?=r)|s(?=s)|n(?=n)|d(?=d)|t(?=t)|z(?=z)))(?=.{2})"
)
_DIN = re.compile(r"[aeiou][ld]+d(?:i|e+|ei)ne?$|[aeiou]dd(?:i|e+|ei)ne?$")
_SERVANT_ARABIC = re.compile(r"عبد(?:ال)?(?=.{2})")
_MOST_SOUNDS = 16


@lru_cache(maxsize=32768)
def sounds(word: str, partial: bool = False) -> tuple[str, ...]:
    """The skeletons of a folded ``word``; none for scripts other than Latin and Arabic.

    ``partial`` says that the word may go on: its last vowel then counts for nothing, and each
    skeleton is meant as a prefix of whole ones.
    """
    if is_arabic(word):
        return _arabic_sounds(word, partial)
    return _latin_sounds(word, partial) if is_latin(word) else ()


def _arabic_sounds(word: str, partial: bool) -> tuple[str, ...]:
    if word == "عمرو":
        return ("amr",)
    servant = _SERVANT_ARABIC.match(word)
    if servant:
        return _arabic_variants("abd", word[servant.end() :], partial)
    found = _arabic_variants("", word, partial)
    if word.startswith("ال") and len(word) >= 5:  # an article, or the name Elias
        found = _distinct((*_arabic_variants("", word[2:], partial), *found))
    return found


def _arabic_variants(head: str, word: str, partial: bool) -> tuple[str, ...]:
    head += "a" if word[:1] in ("ا", "ع") else ""
    body = "".join(_ARABIC_SOUND.get(c, "") for c in word[:-1])
    body = body.replace("ww", "w").replace("yy", "y")
    last = word[-1:]
    ends: tuple[str, ...] = (_ARABIC_SOUND.get(last, ""),)
    if last == "ه":
        ends = ("", "h") if partial else ("a", "h")
    elif last == "ا":
        ends = ("",) if partial else ("a",)
    elif last == "ي" and len(body) > 1:
        ends = ("", "y") if partial else ("y", "a")
    return _distinct(head + body + end for end in ends)


def _latin_sounds(word: str, partial: bool) -> tuple[str, ...]:
    found = list(_latin_variants(word, partial))
    if word[:2] in ("al", "el") and len(word) >= 6 and word[2] not in "aeiouyh":
        found += _latin_variants(word[2:].removeprefix("l") or word, partial)
    return _distinct(found)[:_MOST_SOUNDS]


def _latin_variants(word: str, partial: bool) -> list[str]:
    head = ""
    servant = _SERVANT_LATIN.match(word)
    if servant:
        head, word = "abd", word[servant.end() :]
    tail = ""
    faith = _DIN.search(word)
    if faith:
        word, tail = word[: faith.start()], "ldyn"
    pieces = _pieces(word)
    choices: list[tuple[str, ...]] = []
    for i, piece in enumerate(pieces):
        if piece[0] in "aeiouyw":
            last = i == len(pieces) - 1 and not tail
            choices.append(_vowel_sounds(piece, i, last, partial))
        else:
            choices.append(_LATIN_PAIRS.get(piece) or _LATIN_SOUND.get(piece[0], ("",)))
    made = []
    for number, parts in enumerate(product(*choices)):
        if number >= 4 * _MOST_SOUNDS:
            break
        made.append(head + "".join(parts) + tail)
    if word.endswith("ah") and not partial:  # Fatimah has no h in Arabic, Salah has
        made += [sound[:-1] + "h" for sound in made if sound.endswith("a")]
    return sorted(made, key=len)


def _pieces(word: str) -> list[str]:
    """Consonants (doubled ones once, digraphs together) and runs of vowels, in order."""
    pieces: list[str] = []
    i = 0
    while i < len(word):
        size = 1
        if word[i] in "aeiouyw":
            while i + size < len(word) and word[i + size] in "aeiouyw":
                size += 1
        elif word[i : i + 3] in _LATIN_PAIRS:
            size = 3
        elif word[i : i + 2] in _LATIN_PAIRS:
            size = 2
        piece = word[i : i + size]
        silent = piece == "h" and i == len(word) - 1 and pieces and pieces[-1][-1] == "a"
        if not silent and (not pieces or pieces[-1] != piece) and "a" <= piece[0] <= "z":
            pieces.append(piece)
        i += size
    return pieces


def _vowel_sounds(run: str, place: int, last: bool, partial: bool) -> tuple[str, ...]:
    """What a run of Latin vowels (with y and w) may be in Arabic letters.

    ``place`` counts the pieces before it; a vowel that begins a word is an alif or an ayn ("a").
    """
    if place == 0 and run[0] in "yw":
        rest = _vowel_sounds(run[1:], 1, last, partial) if run[1:] else ("",)
        return tuple(run[0] + sound for sound in rest)
    if place == 0:
        return tuple("a" + sound for sound in _inner_vowels(run))
    if last and partial:
        return tuple(dict.fromkeys(("", *_inner_vowels(run))))
    if last and run[-1] == "a":
        return tuple(sound + "a" for sound in _inner_vowels(run[:-1]))
    if last and run == "e":
        return ("a", "")
    if last and run == "i":
        return ("y",)
    return ("w", "") if place == 1 and run == "ou" else _inner_vowels(run)


def _inner_vowels(run: str) -> tuple[str, ...]:
    """Long vowels are written in Arabic, short ones are not; a single Latin i, o, u is either."""
    front = [c for c in run if c in "iy"] + (["ee"] if "ee" in run else [])
    back = [c for c in run if c in "ouw"]
    if not front and not back:
        return ("", "y") if run == "ae" else ("",)
    if not front:
        short = len(back) == 1 and back[0] != "w" and run not in ("au", "ao")
        return ("", "w") if short else ("w",)
    if not back:
        return ("", "y") if run == "i" else ("y",)
    both = "wy" if min(map(run.index, back)) < run.index(front[0]) else "yw"
    return (both, "y") if len(back) == 1 and back[0] != "w" else (both,)


def _distinct(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(sound for sound in found if sound))


# --- one name, two spellings -------------------------------------------------------------------

_ARABIC_END = re.compile(r"[اهيو]+$")


def spelled_alike(one: str, other: str) -> bool:
    """Whether two folded words are spellings of one name, in one script or in two."""
    if one == other:
        return True
    if is_arabic(one) and is_arabic(other):
        return _arabic_stem(one) == _arabic_stem(other)
    if not set(sounds(one)) & set(sounds(other)):
        return False
    return not (is_latin(one) and is_latin(other)) or _vowels_agree(one, other)


def _arabic_stem(word: str) -> str:
    """The word without its article and with one form for the ends that people confuse."""
    word = word[2:] if word.startswith("ال") and len(word) >= 5 else word
    return _ARABIC_END.sub("ا", word) if len(word) > 3 else word.replace("ي", "ا")


@lru_cache(maxsize=32768)
def _vowel_slots(word: str) -> tuple[str, ...]:
    """The runs of vowels before, between and after the consonants of a Latin word."""
    if word[:2] in ("al", "el") and len(word) >= 6 and word[2] not in "aeiouyh":
        word = word[2:]
    slots, vowel = [], ""
    for piece in _pieces(word):
        if piece[0] in "aeiouyw":
            vowel = piece
        else:
            slots.append(vowel)
            vowel = ""
    return (*slots, vowel)


def _vowels_agree(one: str, other: str) -> bool:
    if _SERVANT_LATIN.match(one) or _SERVANT_LATIN.match(other) or _DIN.search(one):
        return True
    first, second = _vowel_slots(one), _vowel_slots(other)
    if len(first) != len(second):
        return False
    if bool(first[0]) != bool(second[0]) or not _ends_agree(first[-1], second[-1]):
        return False
    return all(map(_vowel_agrees, first, second))


def _ends_agree(one: str, other: str) -> bool:
    """Karim is not Karima, Ali is not Alia; a final e may be silent (Marouane)."""
    if "e" in (one, other):
        return True
    return bool(one) == bool(other) and one.endswith("a") == other.endswith("a")


def _vowel_agrees(one: str, other: str) -> bool:
    """Whether two runs of vowels may be one sound: a short one may be absent, e is vague."""
    if not one or not other:
        return len(one + other) <= 1
    if one == "e" or other == "e":
        return True
    return _quality(one) == _quality(other)


def _quality(run: str) -> tuple[bool, bool]:
    front = any(c in run for c in "iy") or "ee" in run
    return front, any(c in run for c in "ouw")
