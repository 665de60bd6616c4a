"""Reading the one-line entry from left to right. Pure.

Every word of the line belongs to exactly one part. What is not understood is a part too, and
blocks saving: nothing that was typed is dropped in silence (decisions.md 13).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hikma_tui import vitals
from hikma_tui.i18n import _
from hikma_tui.quick import words
from hikma_tui.quick.numbers import (
    is_not_recordable,
    label_of,
    not_recordable_part,
    number_part,
    possible,
    split_sure,
    value_at,
)
from hikma_tui.quick.pressure import has_unit, is_pressure, pressure_at
from hikma_tui.quick.shape import Kind, Line, Part, Token, fold, tokens
from hikma_tui.quick.texts import diagnosis_part, medicine_part, note_part
from hikma_tui.quick.unknown import unknown_part
from hikma_tui.quick.whole import settled
from hikma_tui.quick.words import Measure, Options

_Found = tuple[Part, int]  # a part, and the index of the first token behind it
_SECTIONS = (words.DIAGNOSIS, words.MEDICINE, words.NOTE)
MOST_PARTS = 60
"""In one line; what goes beyond blocks, as one part."""


def read(text: str, age_days: int | None = None) -> Line:
    """The parts of ``text``. ``age_days``: the patient's, for doubts and marks; None: unknown."""
    reader = _Reader(text, age_days)
    return Line(text, settled(text, tuple(reader.parts()), age_days))


def _bare_keyword(folded: str) -> str:
    return folded.rstrip(":=") or folded


def _parted(found: list[Token]) -> list[Token]:
    """``dx:malaria`` as two words: what follows a text's keyword is the text as it was typed."""
    parted: list[Token] = []
    for token in found:
        head, colon, tail = token.text.partition(":")
        if token.mark or not (colon and tail and any(fold(head) in one for one in _SECTIONS)):
            parted.append(token)
            continue
        middle = token.start + len(head) + 1
        parted.append(Token(token.start, middle, head + colon, fold(head + colon), "", token.comma))
        parted.append(Token(middle, token.end, tail, fold(tail)))
    return parted


def _glued(folded: str, keywords: Callable[[str], bool]) -> tuple[str, str]:
    """A keyword and what is glued to it (``bp140/90``, ``t:37.8``); two empty texts for none."""
    for length in range(min(words.LONGEST_KEYWORD, len(folded) - 1), 0, -1):
        head, tail = folded[:length], folded[length:]
        if keywords(head) and (tail[0].isdecimal() or tail[0] in ":=+-"):
            tail = tail.lstrip(":=")
            if tail:
                return head, tail
    return "", ""


class _Reader:
    """One reading of one line."""

    def __init__(self, text: str, age_days: int | None) -> None:
        self._text = text
        self._age = age_days
        self._tokens = _parted(tokens(text))

    def parts(self) -> list[Part]:
        """All parts, in order."""
        found: list[Part] = []
        index = 0
        while index < len(self._tokens) and len(found) < MOST_PARTS:
            section = self._section(index)
            if section is not None:
                made, index = section
                found += made
                continue
            part, index = (
                self._lasting(index)
                or self._measured(index)
                or self._alone(index)
                or self._unknown(index)
            )
            found.append(part)
        if index < len(self._tokens) or len(found) > MOST_PARTS:
            found = [*found[: MOST_PARTS - 1], self._too_much(found[MOST_PARTS - 1].start)]
        return found

    def _too_much(self, start: int) -> Part:
        """The rest of a line with more parts than anybody can read once more before F10."""
        end = self._tokens[-1].end
        sentence = _("too much for one line: save the first part, then go on")
        typed = self._text[start:end]
        return Part(Kind.UNKNOWN, start, end, "", typed, blocks=True, sentence=sentence)

    def _lasting(self, index: int) -> _Found | None:
        """``pain 5 days``: how long it has lasted is no measure."""
        found = self._measured(index)
        if found is None or found[0].kind is Kind.UNKNOWN or not self._is_span(found[1]):
            return None
        end = found[1] + 1
        return unknown_part(self._text, self._tokens, index, end), end

    def _is_span(self, index: int) -> bool:
        """Whether a word such as "days" stands here, and no measure such as ``w 61`` begins."""
        if index >= len(self._tokens) or self._tokens[index].comma:
            return False
        spans = self._tokens[index].folded in words.LASTING
        return spans and self._measured(index, sure=True) is None

    # Texts: diagnosis, medicine, note --------------------------------------------------------

    def _section(self, index: int) -> tuple[list[Part], int] | None:
        token = self._tokens[index]
        keyword = "" if token.mark else _bare_keyword(token.folded)
        if keyword in words.NOTE:
            return self._note(index)
        if keyword in words.DIAGNOSIS:
            return self._diagnoses(index)
        if keyword in words.MEDICINE:
            end = self._end_of_text(index + 1, in_medicine=True)
            return self._medicines(index, end), end
        return None

    def _note(self, index: int) -> tuple[list[Part], int]:
        """To the end of the line; a quoted one to the end of the quotation."""
        keyword, after = self._tokens[index], index + 1
        if after < len(self._tokens) and self._tokens[after].mark not in ("", "["):
            token = self._tokens[after]
            return [note_part(keyword.start, token.end, token.inner)], after + 1
        end = len(self._text.rstrip())
        return [note_part(keyword.start, end, self._text[keyword.end : end].strip())], len(
            self._tokens
        )

    def _diagnoses(self, index: int) -> tuple[list[Part], int]:
        """One or, with commas, several."""
        found: list[Part] = []
        keyword, start, after = self._tokens[index], self._tokens[index].start, index + 1
        while True:
            end = self._end_of_diagnosis(after)
            piece = self._tokens[after:end]
            found.append(diagnosis_part(self._text, start, keyword.end, piece))
            after = end
            more = after < len(self._tokens) and self._tokens[after].comma and end > index + 1
            if not more or self._starts_part(after, in_medicine=False):
                return found, after
            start = self._tokens[after].start
            keyword = replace(keyword, start=start, end=start)

    def _end_of_diagnosis(self, index: int) -> int:
        """Behind the words of one diagnosis: a comma ends it, and what is enclosed stands alone."""
        if index < len(self._tokens) and self._tokens[index].mark:
            after = index + 1
            starred = after < len(self._tokens) and self._tokens[after].text == "*"
            return after + 1 if starred else after
        if index < len(self._tokens) and self._is_section(index, in_medicine=False):
            return index
        at = min(index + 1, len(self._tokens))
        while at < len(self._tokens) and not (
            self._tokens[at].comma
            or self._tokens[at].mark
            or self._starts_part(at, in_medicine=False)
        ):
            at += 1
        return at

    def _medicines(self, index: int, end: int) -> list[Part]:
        """One or, with semicolons, several."""
        found: list[Part] = []
        keyword = self._tokens[index]
        starts = [index + 1] + [at for at in range(index + 2, end) if self._tokens[at].comma == ";"]
        for number, at in enumerate(starts):
            until = starts[number + 1] if number + 1 < len(starts) else end
            piece = self._tokens[at:until]
            start = keyword.start if number == 0 else piece[0].start
            found.append(medicine_part(self._text, start, keyword.end, piece))
        return found

    def _end_of_text(self, index: int, *, in_medicine: bool) -> int:
        """Behind the words of a text: the next keyword ends it, never its own first word."""
        if index < len(self._tokens) and self._is_section(index, in_medicine=in_medicine):
            return index
        at = min(index + 1, len(self._tokens))
        while at < len(self._tokens) and not self._starts_part(at, in_medicine=in_medicine):
            at += 1
        return at

    def _is_section(self, index: int, *, in_medicine: bool) -> bool:
        token = self._tokens[index]
        keyword = "" if token.mark else _bare_keyword(token.folded)
        if not any(keyword in section for section in _SECTIONS):
            return False
        following = self._tokens[index + 1].folded if index + 1 < len(self._tokens) else ""
        return not (in_medicine and token.folded == "n" and following[:1].isdecimal())

    def _starts_part(self, index: int, *, in_medicine: bool) -> bool:
        """Whether something else than the text begins here: a keyword with a fitting value."""
        if self._is_section(index, in_medicine=in_medicine):
            return True
        token, before = self._tokens[index], self._tokens[index - 1].folded
        short = len(token.folded) == 1 or token.folded == "hr"  # "every 6 hr", "1 t 3 times"
        if in_medicine and short and before[-1:].isdecimal():
            return False
        found = self._measured(index, sure=True)
        if found is None or found[0].kind is Kind.UNKNOWN:
            return False
        if in_medicine and before in words.CONDITION:
            return False  # "if t 38c"
        return not self._is_span(found[1])  # "abdominal pain 3 days"

    # Measures ------------------------------------------------------------------------------

    def _measured(self, index: int, *, sure: bool = False) -> _Found | None:
        """A keyword and its value. ``sure``: only if the value is one that it usually has."""
        token = self._tokens[index]
        if token.mark:
            return None
        return (
            self._pressure(index)
            or self._number(index, sure=sure)
            or self._option(index)
            or self._urine(index)
        )

    def _keyword(self, index: int, known: Callable[[str], bool]) -> tuple[str, str, int] | None:
        """Keyword, the text of its value, and the index of the token that this is in."""
        folded = self._tokens[index].folded
        bare = _bare_keyword(folded)
        if known(bare):
            if index + 1 >= len(self._tokens) or self._tokens[index + 1].mark:
                return bare, "", index
            at = index + 1
            if self._tokens[at].folded in ("=", ":") and at + 1 < len(self._tokens):
                at += 1
            return bare, self._tokens[at].folded.lstrip(":=") or ":", at
        keyword, value = _glued(folded, known)
        return (keyword, value, index) if keyword else None

    def _pressure(self, index: int) -> _Found | None:
        found = self._keyword(index, words.PRESSURE.__contains__)
        if found is None or not found[1]:
            return None
        keyword, value, at = found
        return pressure_at(self._tokens, at, value, keyword, self._tokens[index].start, self._age)

    def _number(self, index: int, *, sure: bool) -> _Found | None:
        found = self._keyword(index, words.BY_KEYWORD.__contains__)
        if found is None or not found[1]:
            return None
        keyword, text, at = found
        measure = words.BY_KEYWORD[keyword]
        start = self._tokens[index].start
        if is_not_recordable(text) and not measure.own:
            span = start, self._tokens[at].end
            return not_recordable_part(Kind.VITAL, (measure.key,), label_of(measure), span), at + 1
        value = value_at(self._tokens, at, text, set(measure.units))
        if value is None or (sure and not possible(measure, value)):
            return None
        span = start, self._tokens[value.after - 1].end
        return number_part(measure, keyword, value, span, self._age), value.after

    def _option(self, index: int) -> _Found | None:
        found = self._keyword(index, words.OPTIONS_BY_KEYWORD.__contains__)
        if found is None:
            return None
        keyword, text, at = found
        return self._result(words.OPTIONS_BY_KEYWORD[keyword], text, index, at)

    def _result(self, options: Options, text: str, index: int, at: int) -> _Found | None:
        stored = options.values.get(text)
        if stored is None:
            return None
        start, end = self._tokens[index].start, self._tokens[at].end
        label, said = words.shown(options.label), words.shown(stored)
        part = Part(Kind.MEASURE, start, end, label, said,
                    {options.key: stored})  # fmt: skip
        return part, at + 1

    def _urine(self, index: int) -> _Found | None:
        """``urine prot 1+ glu neg``: a part for each result; the word belongs to the first."""
        token = self._tokens[index]
        begins = _bare_keyword(token.folded) in words.URINE
        first = index + 1 if begins else index
        if not begins and not self._in_urine(index):
            return None
        if first >= len(self._tokens) or self._tokens[first].mark:
            return None
        found = self._keyword(first, words.URINE_BY_KEYWORD.__contains__)
        if found is None:
            return None
        keyword, text, at = found
        result = self._result(words.URINE_BY_KEYWORD[keyword], text, first, at)
        if result is None:
            return None
        part, after = result
        return replace(part, start=token.start, at=part.start), after

    def _in_urine(self, index: int) -> bool:
        """Whether only results of urine stand between the word and this token."""
        for at in range(index - 1, -1, -1):
            folded = _bare_keyword(self._tokens[at].folded)
            if folded in words.URINE:
                return True
            known = folded in words.URINE_BY_KEYWORD or any(
                folded in one.values for one in words.URINE_BY_KEYWORD.values()
            )
            if not known and not _glued(folded, words.URINE_BY_KEYWORD.__contains__)[0]:
                return False
        return False

    # Values without a keyword --------------------------------------------------------------

    def _alone(self, index: int) -> _Found | None:
        """``61kg``, ``82bpm``, ``37.8C``, ``140/90mmHg``, ``sit``."""
        token = self._tokens[index]
        if token.mark:
            return None
        if has_unit(token.folded) or (
            is_pressure(token.folded) and self._follows(index, words.PRESSURE_UNITS)
        ):
            return pressure_at(self._tokens, index, token.folded, "bp", token.start, self._age)
        position = words.POSITIONS.get(token.folded)
        if position is not None:
            shown = vitals.position_word(position)
            return Part(Kind.VITAL, token.start, token.end, _("Position"), shown,
                        {"bp_position": position}), index + 1  # fmt: skip
        value = value_at(self._tokens, index, token.folded, set(words.BY_UNIT))
        if value is None or not value.unit:
            return None
        measure = _measure(words.BY_UNIT[value.unit])
        span = token.start, self._tokens[value.after - 1].end
        return number_part(measure, measure.keywords[0], value, span, self._age), value.after

    def _follows(self, index: int, units: frozenset[str]) -> bool:
        after = index + 1
        return after < len(self._tokens) and split_sure(self._tokens[after].folded)[0] in units

    def _unknown(self, index: int) -> _Found:
        """What is not understood, up to the next thing that is."""
        end = index + 1
        first = self._tokens[index]
        if not first.mark and not first.folded[:1].isdecimal():
            while end < len(self._tokens) and not self._ends_unknown(end):
                end += 1
        return unknown_part(self._text, self._tokens, index, end), end

    def _ends_unknown(self, index: int) -> bool:
        token: Token = self._tokens[index]
        return bool(
            token.comma
            or token.mark
            or token.folded[:1].isdecimal()
            or self._is_section(index, in_medicine=False)
            or self._measured(index)
            or self._alone(index)
        )


def _measure(key: str) -> Measure:
    return next(one for one in words.MEASURES if one.key == key)
