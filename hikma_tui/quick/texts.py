"""Diagnoses, medicines and notes of the one-line entry. Pure.

A chosen diagnosis stands in the line as ``[BA00 Essential hypertension]``, one kept as free text
in quotation marks; a star behind it says that it is a problem too (decisions.md 16).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Protocol

from hikma_tui import medicines
from hikma_tui.i18n import _, ngettext
from hikma_tui.quick.numbers import left_out
from hikma_tui.quick.shape import Choice, Edit, Kind, Line, Part, Token, fold
from hikma_tui.quick.words import AND, CONDITION, SAME

NO_CODE = "0000"
"""Upstream's code of a diagnosis that is free text (features.md 1.8)."""

ICD11 = "icd11"
STAR = "*"
REPEAT = "repeat"
"""Among the values of a medicine: the last set is meant, or the entry of it that is."""

_ANY_NAME = "qqq"
_CHOSEN = re.compile(r"(?:([a-z0-9_-]+):)?([A-Za-z0-9.&/+-]+)(?:\s+(.*))?", re.DOTALL)


class DiseaseLike(Protocol):
    """A disease of the list, as much of it as matters here (``codes.Disease``)."""

    @property
    def code(self) -> str:
        """Its code."""

    @property
    def label(self) -> str:
        """Its name in the user's language."""

    @property
    def system(self) -> str:
        """Whose code it is: ``icd11``, ..."""

    @property
    def title(self) -> str:
        """Its name in the list's own language, which is stored; "" where it has only one."""

    @property
    def matched(self) -> str:
        """The other name that was found, if that was not the label."""


def _slice(text: str, tokens: Sequence[Token]) -> str:
    return text[tokens[0].start : tokens[-1].end] if tokens else ""


# Diagnoses ---------------------------------------------------------------------------------


def diagnosis_part(text: str, start: int, keyword_end: int, piece: Sequence[Token]) -> Part:
    """One diagnosis: chosen, free text, or words that are to be looked for in the list."""
    label = _("Diagnosis")
    if not piece:
        return Part(Kind.UNKNOWN, start, keyword_end, label, text[start:keyword_end].strip(),
                    sentence=_("which diagnosis?"), blocks=True,
                    choices=(left_out(start, keyword_end),), at=keyword_end)  # fmt: skip
    at, end = piece[0].start, piece[-1].end
    starred = len(piece) > 1 and piece[-1].text == STAR
    first = piece[0]
    if first.mark == "[":
        match = _CHOSEN.fullmatch(first.inner)
        if match is not None and match[3]:
            system, code, desc = match[1] or ICD11, match[2], match[3].strip()
            return _chosen(start, end, at, (system, code, desc), starred=starred)
    elif first.mark and first.inner:
        return _chosen(start, end, at, ("", NO_CODE, first.inner), starred=starred)
    typed = _slice(text, piece)
    words = typed.rstrip(f" {STAR}") or typed
    values = {"text": words} if words == typed else {"text": words, "problem": "1"}
    return Part(Kind.DIAGNOSIS, start, end, label, typed, values, blocks=True, at=at,
                sentence=_("not looked for yet"))  # fmt: skip


def _chosen(start: int, end: int, at: int, disease: tuple[str, str, str], *, starred: bool) -> Part:
    system, code, desc = disease
    words = said(code, desc)
    values = {"system": system, "code": code, "desc": desc}
    if starred:
        words = _("{diagnosis}, also a problem").format(diagnosis=words)
        values["problem"] = "1"
    return Part(Kind.DIAGNOSIS, start, end, _("Diagnosis"), words, values, at=at)


def said(code: str, desc: str) -> str:
    """A chosen diagnosis in words."""
    return _("{name} (free text)").format(name=desc) if code == NO_CODE else f"{desc} [{code}]"


def code_key(system: str, code: str) -> str:
    """What ``with_diseases`` finds the disease of a code under; no text can be the same."""
    return f"\0{system}:{code}"


def written(system: str, code: str, desc: str) -> str:
    """How a chosen diagnosis stands in the line."""
    desc = " ".join(desc.replace("[", "(").replace("]", ")").split())
    return f"[{code} {desc}]" if system == ICD11 else f"[{system}:{code} {desc}]"


def free_text(words: str) -> str:
    """How a diagnosis that is no code stands in the line."""
    return '"' + " ".join(words.replace('"', "'").split()) + '"'


def with_diseases(line: Line, found: Mapping[str, Sequence[DiseaseLike]]) -> Line:
    """The line with what the list of diseases has for the text of each diagnosis.

    ``found`` is by text, and by ``code_key`` for what stands in the line with its code: words that
    are not that code's block, since the list's own are stored. A text that is exactly the name or
    the code of one disease is chosen by itself (``filled`` writes it out); all else asks, also what
    is a synonym of one.
    """
    parts = tuple(
        _offering(part, found[part.values["text"]])
        if part.kind is Kind.DIAGNOSIS and part.values.get("text") in found
        else _verified(part, found)
        for part in line.parts
    )
    return replace(line, parts=parts)


def _verified(part: Part, found: Mapping[str, Sequence[DiseaseLike]]) -> Part:
    """``[BA00 Malaria]`` is no malaria."""
    code = part.values.get("code", NO_CODE)
    if part.kind is not Kind.DIAGNOSIS or code == NO_CODE or part.values.get("text"):
        return part
    known = found.get(code_key(part.values["system"], code))
    if known is None or any(is_named(one, part.values["desc"]) for one in known):
        return part
    choices = tuple(
        Choice(_choice_words(one), _edit(part, written(one.system, one.code, one.label)))
        for one in known
    )
    desc = part.values["desc"]
    free = Choice(_("as free text: {text}").format(text=desc), _edit(part, free_text(desc)))
    sentence = _("{code} is not in the list of diseases.").format(code=f"[{code}]")
    if known:
        sentence = _("{code} is {name}").format(code=f"[{code}]", name=known[0].label)
    return replace(part, choices=(*choices, free), sentence=sentence, blocks=True)


def is_named(one: DiseaseLike, desc: str) -> bool:
    """Whether those are the words of a disease, in the user's language or the list's."""
    names = (one.label, one.title or one.label)
    return fold(written("", "", desc)) in {fold(written("", "", name)) for name in names}


def _edit(part: Part, text: str) -> tuple[Edit, ...]:
    """``text`` in place of what was typed, apart from the keyword; a star that was typed stays."""
    star = STAR if part.values.get("problem") else ""
    return (Edit(part.at, part.end, text + star),)


def _offering(part: Part, diseases: Sequence[DiseaseLike]) -> Part:
    text = part.values["text"]
    same = [one for one in diseases if fold(text) == fold(one.label)]
    codes = [one for one in diseases if fold(text) == fold(one.code)]
    certain = codes if len(codes) == 1 else same
    if len(certain) == 1:
        one = certain[0]
        chosen = _chosen(part.start, part.end, part.at, (one.system, one.code, one.label),
                         starred=bool(part.values.get("problem")))  # fmt: skip
        write = Choice("", _edit(part, written(one.system, one.code, one.label)))
        return replace(chosen, choices=(write,))
    choices = tuple(
        Choice(_choice_words(one), _edit(part, written(one.system, one.code, one.label)))
        for one in diseases
    )
    free = Choice(_("as free text: {text}").format(text=text), _edit(part, free_text(text)))
    sentence = _("not in the list")
    if diseases:
        sentence = ngettext("one like it", "{n} like it", len(diseases)).format(n=len(diseases))
    return replace(part, choices=(*choices, free), sentence=sentence)


def _choice_words(one: DiseaseLike) -> str:
    if one.matched:
        return _("{name} [{code}] ({other})").format(
            name=one.label, code=one.code, other=one.matched
        )
    return f"{one.label} [{one.code}]"


def filled(line: Line) -> str:
    """The text of the line with every diagnosis that needs no choosing written out."""
    text = line.text
    for part in reversed(line.parts):
        if part.kind is Kind.DIAGNOSIS and not part.blocks and part.choices:
            for edit in part.choices[0].edits:
                text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def starred(text: str, part: Part) -> str:
    """The line with a chosen diagnosis marked as a problem too, or no longer."""
    if part.kind is not Kind.DIAGNOSIS or part.blocks or part.choices:
        return text
    if part.values.get("problem"):
        return text[: part.end].rstrip().removesuffix(STAR).rstrip() + text[part.end :]
    return f"{text[: part.end]}{STAR}{text[part.end :]}"


# Medicines ---------------------------------------------------------------------------------


def medicine_part(text: str, start: int, keyword_end: int, piece: Sequence[Token]) -> Part:
    """One medicine, as ``medicines.read`` understands it; its doubts are choices."""
    label = _("Medicine")
    if not piece:
        return Part(Kind.UNKNOWN, start, keyword_end, label, text[start:keyword_end].strip(),
                    sentence=_("which medicine?"), blocks=True,
                    choices=(left_out(start, keyword_end),), at=keyword_end)  # fmt: skip
    at, end = piece[0].start, piece[-1].end
    typed = text[at:end]
    if len(piece) == 1 and piece[0].folded in SAME:
        return Part(Kind.MEDICINE, start, end, label, typed, {REPEAT: typed}, at=at, blocks=True,
                    sentence=_("not looked for yet"))  # fmt: skip
    reading = medicines.read(typed)
    part = Part(Kind.MEDICINE, start, end, label, reading.words or typed, {"text": typed}, at=at)
    two = _two_medicines(text, piece)
    if two:
        return replace(part, choices=two, blocks=True,
                       sentence=_("two medicines? A semicolon parts them."))  # fmt: skip
    if not reading.doubts:
        return part
    doubt = reading.doubts[0]
    choices = tuple(
        Choice(choice, (Edit(at, end, medicines.choose(typed, doubt, choice)),))
        for choice in doubt.choices
    )
    return replace(part, choices=choices, sentence=doubt.sentence, blocks=True)


def _two_medicines(text: str, piece: Sequence[Token]) -> tuple[Choice, ...]:
    """What to choose where a comma, an "and" or a full stop may part two medicines; else nothing.

    A comma does if a name follows; the others only where a dose or how often stands before, since
    "amoxicillin and clavulanic acid 625mg" is one.
    """
    at, end = piece[0].start, piece[-1].end
    for before, token in pairwise(piece):
        joint = token.folded in AND
        if not (token.comma == "," or joint or before.folded.endswith(".")):
            continue
        start = token.end if joint else token.start
        if not _names(text[start:end]) or not (
            token.comma or _dosed(text[at : before.end].rstrip("."))
        ):
            continue
        one = text[at : before.end].rstrip(" ,،.")
        rest = text[start:end].strip()
        parted = Choice(
            _("two medicines: {one} | {other}").format(one=one, other=rest),
            (Edit(at, end, f"{one}; {rest}"),),
        )
        if not token.comma:
            return (parted,)
        joined = f"{one} {rest}"
        whole = _("one medicine: {words}").format(words=medicines.read(joined).words or joined)
        return (parted, Choice(whole, (Edit(at, end, joined),)))
    return ()


def _names(text: str) -> bool:
    """Whether a text has the name of something in it, as "after food" and "5 days" have not.

    What comes first is always read as the name; behind another name only what is no direction.
    """
    name = str(medicines.read(text).item["name"]).strip(" .,") if text.strip() else ""
    if not name or fold(name.split()[0]) in CONDITION:
        return False
    return str(medicines.read(f"{_ANY_NAME} {name}").item["name"]) != _ANY_NAME


def _dosed(text: str) -> bool:
    item = medicines.read(text).item
    return any(item[key] not in ("", None) for key in ("dose", "frequency", "intervals"))


# Notes -------------------------------------------------------------------------------------


def note_part(start: int, end: int, words: str) -> Part:
    """Free text."""
    words = words.lstrip(":=").strip()
    if not words:
        return Part(Kind.UNKNOWN, start, end, _("Note"), "", sentence=_("nothing is written"),
                    blocks=True, choices=(left_out(start, end),), at=end)  # fmt: skip
    return Part(Kind.NOTE, start, end, _("Note"), words, {"text": words}, at=start)
