"""Blood pressure in the one-line entry: two numbers and a position. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hikma_tui import vitals
from hikma_tui.i18n import _
from hikma_tui.quick import doubts as quick_doubts
from hikma_tui.quick.numbers import SURE, left_out, split_sure, without_zeros
from hikma_tui.quick.shape import Choice, Edit, Kind, Part, Token
from hikma_tui.quick.words import (
    POSITION_CHOICES,
    POSITIONS,
    PRESSURE_LABEL,
    PRESSURE_UNITS,
    shown,
)

UPPER, LOWER = "systolic_bp", "diastolic_bp"
_BOTH = re.compile(r"(\d{1,4}|nr)/(\d{1,4}|nr|palp|p)(.*)")
_OVER = frozenset({"/", "over", "sobre", "على"})
_MISSED = frozenset({"nr", "p", "palp"})


def is_pressure(folded: str) -> bool:
    """Whether a word is two numbers as of a blood pressure: ``140/90``, ``140/90mmHg``."""
    match = _BOTH.fullmatch(split_sure(folded)[0])
    return match is not None and (not match[3] or match[3] in PRESSURE_UNITS)


def has_unit(folded: str) -> bool:
    """Whether it says mmHg, so that it can be nothing else."""
    return is_pressure(folded) and any(folded.endswith(unit) for unit in ("mmhg", "ملم"))


def pressure_at(
    tokens: Sequence[Token], index: int, text: str, keyword: str, start: int,
    age_days: int | None,
) -> tuple[Part, int] | None:  # fmt: skip
    """The blood pressure whose numbers begin with ``text`` at ``index``; and what comes next."""
    if text in vitals.NOT_RECORDABLE:
        end = tokens[index].end
        both = Part(Kind.VITAL, start, end, shown(PRESSURE_LABEL), _("not recordable"),
                    unrecordable=(UPPER, LOWER))  # fmt: skip
        return both, index + 1
    joined, after = _joined(tokens, index, text)
    body, sure = split_sure(joined)
    match = _BOTH.fullmatch(body)
    if match is None:
        return _one_number(tokens, index, text, keyword, start)
    upper, lower, tail = without_zeros(match[1]), without_zeros(match[2]), match[3]
    position = POSITIONS.get(tail) if tail and tail not in PRESSURE_UNITS else None
    if tail and tail not in PRESSURE_UNITS and position is None:
        return None
    while after < len(tokens) and not tokens[after].comma:
        word, sure_too = split_sure(tokens[after].folded)
        if word in PRESSURE_UNITS:
            pass
        elif position is None and word in POSITIONS:
            position = POSITIONS[word]
        elif word != SURE:
            break
        sure, after = sure or sure_too or word == SURE, after + 1
    end = tokens[after - 1].end
    return _part(upper, lower, position, sure, keyword, (start, end), age_days), after


def _joined(tokens: Sequence[Token], index: int, text: str) -> tuple[str, int]:
    """``140 / 90`` and ``140 over 90`` as one word."""
    after = index + 1
    words = [text]
    if text.isdecimal() and after + 1 < len(tokens) and tokens[after].folded in _OVER:
        words += ["/", tokens[after + 1].folded]
        after += 2
    elif (text.endswith("/") and after < len(tokens)) or (
        text.isdecimal() and after < len(tokens) and tokens[after].folded.startswith("/")
    ):
        words.append(tokens[after].folded)
        after += 1
    return "".join(words), after


def _one_number(
    tokens: Sequence[Token], index: int, text: str, keyword: str, start: int
) -> tuple[Part, int] | None:
    """``bp 140``: the other one is missing; ``bp 140 90`` asks."""
    if not re.fullmatch(r"\d{1,4}/?", text):
        return None
    upper, after = text.rstrip("/"), index + 1
    choices: tuple[Choice, ...] = ()
    end = tokens[index].end
    if after < len(tokens) and re.fullmatch(r"\d{1,4}", tokens[after].folded):
        lower, end = tokens[after].folded, tokens[after].end
        edit = Edit(start, end, f"{keyword} {upper}/{lower}")
        choices = (Choice(f"{upper}/{lower} mmHg", (edit,)), left_out(start, end))
        after += 1
    part = Part(Kind.VITAL, start, end, shown(PRESSURE_LABEL), upper, choices=choices, blocks=True,
                sentence=_("two numbers, such as 140/90"))  # fmt: skip
    return part, after


def _part(
    upper: str, lower: str, position: str | None, sure: bool, keyword: str, span: tuple[int, int],
    age_days: int | None,
) -> Part:  # fmt: skip
    start, end = span
    label, words = shown(PRESSURE_LABEL), f"{upper}/{lower} mmHg"
    typed = {UPPER: upper, LOWER: lower}
    values = {key: number for key, number in typed.items() if number not in _MISSED}
    missed = tuple(key for key in typed if key not in values)
    if missed:
        words = _("{upper}/not recordable mmHg").format(upper=upper) if len(missed) == 1 else words
    refusal = next((said for k, n in values.items() if (said := vitals.refusal(k, n))), "")
    if refusal or upper == "nr":
        return Part(Kind.VITAL, start, end, label, words, blocks=True,
                    sentence=refusal or _("two numbers, such as 140/90"),
                    choices=(left_out(start, end),))  # fmt: skip
    marks = {quick_doubts.mark(key, number, age_days) for key, number in values.items()} - {""}
    words = " ".join((words, *sorted(marks)))
    if position is not None:
        values["bp_position"] = position
        words = _("{pressure}, {position}").format(
            pressure=words, position=vitals.position_word(position)
        )
    doubts = vitals.doubts(values, age_days)
    if doubts and not sure:
        said = next((w for p, w in POSITION_CHOICES if p == position), "")
        text = " ".join(piece for piece in (f"{keyword} {upper}/{lower}{SURE}", said) if piece)
        right = Choice(_("It is right: {value}").format(value=words), (Edit(start, end, text),))
        return Part(Kind.VITAL, start, end, label, words, values, (right, left_out(start, end)),
                    doubts[0].sentence, blocks=True, unrecordable=missed)  # fmt: skip
    return Part(Kind.VITAL, start, end, label, words, values, unrecordable=missed, sure=sure)


def asking_position(part: Part) -> Part:
    """The part, asking in which position it was measured."""
    from dataclasses import replace

    choices = tuple(
        Choice(vitals.position_word(position), (Edit(part.end, part.end, f" {word}"),))
        for position, word in POSITION_CHOICES
    )
    return replace(part, choices=choices, blocks=True, sentence=_("in which position?"))
