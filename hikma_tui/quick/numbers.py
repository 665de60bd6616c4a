"""Numbers of the one-line entry: a value with its unit, echoed in words, doubted, refused. Pure.

A missing unit and a doubtful number are choices that block saving; ``!`` after a number says that
it was looked at and is right (decisions.md 13, 15).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from hikma_tui import vitals
from hikma_tui.i18n import _
from hikma_tui.quick import doubts as quick_doubts
from hikma_tui.quick.shape import Choice, Edit, Kind, Part, Token
from hikma_tui.quick.words import Measure, Unit, rounded, shown

SURE = "!"
_NUMBER = re.compile(r"(\d{1,6}(?:[.,]\d{1,4})?)(.*)", re.DOTALL)
_THOUSANDS = re.compile(r"\d+,\d{3}")


@dataclass(frozen=True, slots=True)
class Value:
    """A number as typed (with a point), its unit as typed or empty, ``!``, and what comes next."""

    number: str
    unit: str
    sure: bool
    after: int  # index of the first token behind it

    @property
    def exactly(self) -> Decimal:
        """The number."""
        return Decimal(self.number)


def split_sure(folded: str) -> tuple[str, bool]:
    """The text without the ``!`` at its end, and whether it had one."""
    return (folded[:-1], True) if len(folded) > 1 and folded.endswith(SURE) else (folded, False)


def without_zeros(number: str) -> str:
    """A number without zeros in front, which the store would not keep either."""
    return re.sub(r"^0+(?=\d)", "", number)


def value_at(
    tokens: Sequence[Token], index: int, text: str, units: Sequence[str] | set[str]
) -> Value | None:
    """The value that begins with ``text`` (the token ``index``, or what is glued to a keyword).

    A unit may be glued or the next word. None when this is no number, or one that can be read in
    two ways (``61,500``).
    """
    body, sure = split_sure(text)
    match = _NUMBER.fullmatch(body)
    if match is None or _THOUSANDS.fullmatch(match[1]):
        return None
    number, unit = without_zeros(match[1].replace(",", ".")), match[2]
    after = index + 1
    if unit and unit not in units:
        return None
    if not unit and not sure and after < len(tokens) and not tokens[after].comma:
        following, sure_too = split_sure(tokens[after].folded)
        if following in units:
            unit, sure, after = following, sure_too, after + 1
    if not sure and after < len(tokens) and tokens[after].folded == SURE:
        sure, after = True, after + 1
    return Value(number, unit, sure, after)


def unit_of(measure: Measure, value: Value) -> Unit | None:
    """The unit of a value; None where it must be chosen."""
    if value.unit:
        return measure.units[value.unit]
    low, high = measure.bare
    if measure.default is None or not low <= value.exactly <= high:
        return None
    return measure.default


def stored(value: Value, unit: Unit) -> str:
    """The number in the stored unit: digit for digit, or converted."""
    return value.number if unit.convert is None else rounded(unit.convert(value.exactly))


def said(value: Value, unit: Unit) -> str:
    """The value in words; both where it was converted: ``134 lb = 60.78 kg``."""
    text = _spaced(value.number, unit.shown)
    if unit.convert is None:
        return text
    return f"{text} = {_spaced(stored(value, unit), unit.stored)}"


def _spaced(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit[0] in "/%" else f"{number} {unit}"


def possible(measure: Measure, value: Value) -> bool:
    """Whether the value, in some unit, is what such a measure usually is."""
    unit = unit_of(measure, value)
    units = (unit,) if unit else measure.ask
    return any(measure.low <= Decimal(stored(value, one)) <= measure.high for one in units)


def number_part(
    measure: Measure, keyword: str, value: Value, span: tuple[int, int], age_days: int | None
) -> Part:
    """The part of a keyword and its value. ``keyword`` is written again where a choice rewrites."""
    start, end = span
    kind = Kind.MEASURE if measure.own else Kind.VITAL
    label, unit = label_of(measure), unit_of(measure, value)

    def rewritten(unit_text: str, sure: bool) -> tuple[Edit, ...]:
        text = f"{keyword} {value.number}{unit_text}{SURE if sure else ''}"
        return (Edit(start, end, text),)

    if unit is None:
        choices = tuple(
            Choice(said(value, one), rewritten(one.shown, value.sure))
            for one in measure.ask
            if not quick_doubts.refusal(measure.key, stored(value, one), one.stored)
        ) or (left_out(start, end),)
        return Part(kind, start, end, label, value.number, choices=choices, blocks=True,
                    sentence=_("which unit?"))  # fmt: skip
    number = stored(value, unit)
    values = {measure.key: number}
    if measure.own:
        values[f"{measure.key}#unit"] = unit.stored
    words = said(value, unit)
    refusal = quick_doubts.refusal(measure.key, number, unit.stored)
    if refusal:
        return Part(kind, start, end, label, words, blocks=True, sentence=refusal,
                    choices=(left_out(start, end),))  # fmt: skip
    doubt = quick_doubts.doubt(measure.key, number, unit.stored, age_days, label)
    if doubt and not value.sure:
        said_unit = unit.shown if value.unit or unit is not measure.default else ""
        right = Choice(_("It is right: {value}").format(value=words), rewritten(said_unit, True))
        return Part(kind, start, end, label, words, values, (right, left_out(start, end)),
                    doubt, blocks=True)  # fmt: skip
    mark = quick_doubts.mark(measure.key, number, age_days)
    if mark:
        words = _("{value} {mark}").format(value=words, mark=mark)
    entered = "" if unit.convert is None else _spaced(value.number, unit.shown)
    return Part(kind, start, end, label, words, values, sentence=doubt, sure=value.sure,
                entered=entered)  # fmt: skip


def label_of(measure: Measure) -> str:
    """Its name in the user's language; a vital sign has the one that it has everywhere."""
    return shown(measure.label) if measure.own else vitals.field(measure.key).label


def left_out(start: int, end: int) -> Choice:
    """The choice that takes a piece of the line away."""
    return Choice(_("Leave it out"), (Edit(start, end, ""),))


def not_recordable_part(
    kind: Kind, keys: tuple[str, ...], label: str, span: tuple[int, int]
) -> Part:
    """It was tried and can't be measured: an answer too (decisions.md 15)."""
    return Part(kind, *span, label, _("not recordable"), unrecordable=keys)


def is_not_recordable(folded: str) -> bool:
    """Whether this word says so."""
    return folded in vitals.NOT_RECORDABLE
