"""What only the whole one-line entry shows: said twice, a position apart, a weight that does not
fit the height. Pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hikma_tui import vitals
from hikma_tui.i18n import _
from hikma_tui.quick.numbers import SURE, left_out
from hikma_tui.quick.pressure import UPPER, asking_position
from hikma_tui.quick.shape import Choice, Edit, Kind, Part

_POSITION = "bp_position"
_MEASURED = (Kind.VITAL, Kind.MEASURE)
_MOST = 9  # what a digit can choose


def settled(text: str, parts: tuple[Part, ...], age_days: int | None) -> tuple[Part, ...]:
    """The parts, with what they ask because of each other."""
    return _bmi(text, _twice(text, _positions(parts)), age_days)


def _positions(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """A pressure asks for its position, unless the line says one; one without a pressure asks."""
    alone = [part for part in parts if _POSITION in part.values and UPPER not in part.values]
    taken = [part for part in parts if UPPER in part.values or UPPER in part.unrecordable]
    said = bool(alone) and len(taken) == 1
    found = []
    for part in parts:
        if UPPER in part.values and _POSITION not in part.values and not (part.blocks or said):
            part = asking_position(part)
        elif part in alone and not taken:
            part = replace(part, blocks=True, choices=(left_out(part.start, part.end),),
                           sentence=_("a position, and no blood pressure"))  # fmt: skip
        found.append(part)
    return tuple(found)


def _keys(part: Part) -> set[str]:
    own = {key for key in part.values if not key.endswith("#unit")}
    return own | set(part.unrecordable) if part.kind in _MEASURED else set()


def _twice(text: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The same sign with two values: one of them goes."""
    found = list(parts)
    for index, part in enumerate(parts):
        same = [
            other for other in parts
            if other is not part and _label_of(part, other) and not _equal(part, other)
        ]  # fmt: skip
        if same:
            group = sorted((part, *same), key=lambda one: one.start)
            choices = tuple(_keeping(text, one, group) for one in group[:_MOST])
            found[index] = replace(part, blocks=True, choices=choices,
                                   sentence=_("said twice: which one?"))  # fmt: skip
    return tuple(found)


def _label_of(part: Part, other: Part) -> bool:
    """Whether two parts are about the same sign."""
    if part.kind not in _MEASURED or other.kind not in _MEASURED:
        return False
    return bool(_keys(part) & _keys(other)) or part.label == other.label


def _equal(part: Part, other: Part) -> bool:
    mine, theirs = dict(part.values), dict(other.values)
    shared = mine.keys() & theirs.keys()
    if bool(part.unrecordable) != bool(other.unrecordable) or not shared:
        return False
    return all(mine[key] == theirs[key] for key in shared)


def _keeping(text: str, kept: Part, group: Sequence[Part]) -> Choice:
    edits = tuple(
        Edit(max(part.at, part.start), part.end, "") for part in group if part is not kept
    )
    return Choice(f"{kept.label}: {text[kept.start : kept.end]}", edits)


def _bmi(text: str, parts: tuple[Part, ...], age_days: int | None) -> tuple[Part, ...]:
    """A weight and a height, each possible, that together are nobody's."""
    by_key = {key: part for part in parts if not part.blocks for key in _keys(part)}
    weight, height = by_key.get("weight_kg"), by_key.get("height_cm")
    if weight is None or height is None or weight.sure or height.sure:
        return parts
    values = {**weight.values, **height.values}
    doubts = vitals.doubts(values, age_days)
    if not doubts:
        return parts
    right = Choice(_("It is right: {value}").format(value=f"{weight.words}, {height.words}"),
                   (Edit(weight.end, weight.end, SURE),))  # fmt: skip
    asking = replace(weight, blocks=True, sentence=doubts[0].sentence, choices=(
        right, left_out(weight.start, weight.end), ))  # fmt: skip
    return tuple(asking if part is weight else part for part in parts)
