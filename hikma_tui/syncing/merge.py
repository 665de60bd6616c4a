"""Three versions of one row become one: per column, and per answer or key inside JSON. Pure.

decisions.md 23 and 24: what only one side changed is taken, the same change on both sides is none,
and where both changed a thing differently nobody wins: it is a conflict until a person chooses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hikma_tui.syncing import known

Path = tuple[str, ...]  # (column,) or (column, key); a key of "" is all that has no key
Row = Mapping[str, Any]

_KEYED = frozenset({"metadata", "additional_data"})  # objects, merged key by key
_LISTED = {"form_data": "fieldId", "departments": "id"}  # lists, merged item by item
# Lists of signed notes inside metadata: entries are only ever added, or taken back whole.
_NOTES = frozenset({"corrections", "addenda", "history", "movedOut"})
_BOOKKEEPING = re.compile(r"last\w*Timestamp")
_LAST_HAND = "last_modified_by"  # whoever's change is left over

_NONE = object()  # there is nothing at this place


@dataclass(frozen=True)
class Merged:
    """What came of three versions.

    ``row`` has ours where there is a conflict. ``base`` is what both sides now have in common: to
    be kept as the base while the conflict is open, so that a later merge finds exactly it again.
    ``ours_differs``: something is left that the server does not have.
    """

    row: dict[str, Any]
    base: dict[str, Any]
    conflicts: tuple[Path, ...]
    ours_differs: bool


@dataclass
class _Merging:
    """One merge under way."""

    choices: Mapping[Path, Any]  # decided values, or "ours" and "theirs"
    every: bool  # whatever differs is a conflict
    dialect: str
    conflicts: list[Path] = field(default_factory=list)

    def leaf(
        self, path: Path, base: Any, ours: Any, theirs: Any, alike: Callable[[Any, Any], bool]
    ) -> tuple[Any, Any]:
        """One value: what it becomes, and the base that remains."""
        if alike(ours, theirs):
            return ours, theirs
        if not self.every:
            if alike(base, ours):
                return theirs, theirs
            if alike(base, theirs):
                return ours, theirs
            if base is _NONE and len(path) == 1:  # made on both sides: something beats nothing
                if known.is_nothing(ours):
                    return theirs, theirs
                if known.is_nothing(theirs):
                    return ours, theirs
        chosen = self.choices.get(path)
        if chosen is None:
            self.conflicts.append(path)
            return ours, base
        if chosen == "ours":
            return ours, theirs
        return (theirs if chosen == "theirs" else chosen.value), theirs


@dataclass(frozen=True)
class Value:
    """A choice that is neither side's: the value itself."""

    value: Any


def merge(
    table: str,
    base: Row | None,
    ours: Row,
    theirs: Row,
    *,
    choices: Mapping[Path, Any] | None = None,
    every: bool = False,
    dialect: str = "v3",
) -> Merged:
    """Merge two rows that come from ``base`` (None: both were made on their own).

    ``choices`` decides conflicts: path -> "ours", "theirs" or a ``Value``. With ``every`` whatever
    differs is a conflict, whoever changed it. A column that ``theirs`` lacks stays as it is here.
    """
    doing = _Merging(choices or {}, every, dialect)
    row, kept = dict(ours), dict(base or {})
    for column in theirs:
        before = _NONE if base is None else base.get(column, _NONE)
        mine, other = ours.get(column), theirs[column]
        if column == "unknown" or column in known.STAMPS:
            row[column] = kept[column] = other
        elif column == "id":
            row[column] = kept[column] = mine if mine is not None else other
        elif column != _LAST_HAND:
            row[column], remains = _column(doing, column, before, mine, other)
            kept.pop(column, None)
            if remains is not _NONE:
                kept[column] = remains
    differs = any(
        not known.same(column, row[column], theirs[column], dialect)
        for column in theirs
        if column not in known.STAMPS and column not in ("unknown", "id", _LAST_HAND)
    )
    if _LAST_HAND in theirs:
        before = kept.get(_LAST_HAND)
        # After a choice nothing of ours may be left, and then no hand of ours either.
        only_ours = before == theirs[_LAST_HAND] and base is not None and not doing.choices
        if not (differs or only_ours):
            row[_LAST_HAND] = theirs[_LAST_HAND]
        differs |= row.get(_LAST_HAND) != theirs[_LAST_HAND] and only_ours
        kept[_LAST_HAND] = theirs[_LAST_HAND]
    return Merged(row, kept, tuple(doing.conflicts), differs)


def _column(doing: _Merging, column: str, base: Any, ours: Any, theirs: Any) -> tuple[Any, Any]:
    def alike(one: Any, other: Any) -> bool:
        if one is _NONE or other is _NONE:
            return one is other
        return known.same(column, one, other, doing.dialect)

    # A whole column that only one side touched keeps its order too.
    if alike(ours, theirs) or (not doing.every and (alike(base, ours) or alike(base, theirs))):
        return doing.leaf((column,), base, ours, theirs, alike)
    if column in _KEYED and isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        return _object(doing, column, base if isinstance(base, Mapping) else {}, ours, theirs)
    if column in _LISTED and isinstance(ours, list) and isinstance(theirs, list):
        return _list(doing, column, base if isinstance(base, list) else [], ours, theirs)
    return doing.leaf((column,), base, ours, theirs, alike)


def _alike(one: Any, other: Any) -> bool:
    if one is _NONE or other is _NONE:
        return one is other
    return known.same_json(one, other)


def _object(
    doing: _Merging, column: str, base: Row, ours: Row, theirs: Row
) -> tuple[dict[str, Any], dict[str, Any]]:
    """An object key by key; nested values as wholes, but for lists of notes and bookkeeping."""
    merged: dict[str, Any] = {}
    left: dict[str, Any] = {}
    for key in [*ours, *(key for key in theirs if key not in ours)]:
        before, mine, other = (side.get(key, _NONE) for side in (base, ours, theirs))
        if column == "metadata" and _BOOKKEEPING.fullmatch(key):
            value = _later(mine, other)
            kept: Any = other
        elif column == "metadata" and key in _NOTES and not doing.every and _are_lists(mine, other):
            value = _notes(before if isinstance(before, list) else [], mine, other)
            kept = other
        else:
            value, kept = doing.leaf((column, key), before, mine, other, _alike)
        if value is not _NONE:
            merged[key] = value
        if kept is not _NONE:
            left[key] = kept
    for key in base:  # gone on both sides, or still to be decided
        if key not in ours and key not in theirs:
            left.pop(key, None)
    return merged, left


def _are_lists(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values)


def _later(one: Any, other: Any) -> Any:
    """The later of two times in the same notation; else what the server has."""
    if one is _NONE or other is _NONE:
        return other if one is _NONE else one
    if isinstance(one, str) and isinstance(other, str):
        return max(one, other)
    numbers = (int, float)
    if isinstance(one, numbers) and isinstance(other, numbers):
        return max(one, other)
    return other


def _notes(base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]) -> list[Any]:
    """Notes of both sides in the order in which they were written; one taken back stays so."""
    kept = [one for one in base if _has(ours, one) and _has(theirs, one)]
    new = [one for one in theirs if not _has(base, one)]
    new += [one for one in ours if not _has(base, one) and not _has(new, one)]
    if all(isinstance(one, Mapping) and isinstance(one.get("at"), str) for one in new):
        new.sort(key=lambda one: str(one["at"]))
    return [*kept, *new]


def _has(notes: Sequence[Any], wanted: Any) -> bool:
    return any(known.same_json(one, wanted) for one in notes)


def _list(
    doing: _Merging, column: str, base: Sequence[Any], ours: Sequence[Any], theirs: Sequence[Any]
) -> tuple[list[Any], list[Any]]:
    """A list item by item; what has no key of its own is compared as one list."""
    name = _LISTED[column]
    sides = (base, ours, theirs)
    single = {key for side in sides for key in _keys(side, name)}
    single -= {key for side in sides for key in _twice(side, name)}
    by_key = [{k: one for one in side if (k := _key(one, name)) in single} for side in sides]
    rest = [[one for one in side if _key(one, name) not in single] for side in sides]
    merged: list[Any] = []
    left: list[Any] = []
    for key in _order(*(list(side) for side in by_key)):
        before, mine, other = (side.get(key, _NONE) for side in by_key)
        value, kept = doing.leaf((column, key), before, mine, other, _alike)
        if value is not _NONE:
            merged.append(value)
        if kept is not _NONE:
            left.append(kept)
    value, kept = doing.leaf((column, ""), rest[0], rest[1], rest[2], _alike)
    merged += value
    for side in (theirs, ours):  # all that is left is a question of order
        if _same_items(merged, side):
            return list(side), [*left, *kept]
    return merged, [*left, *kept]


def _same_items(one: Sequence[Any], other: Sequence[Any]) -> bool:
    left = list(other)
    for item in one:
        place = next((n for n, there in enumerate(left) if known.same_json(item, there)), None)
        if place is None:
            return False
        del left[place]
    return not left


def _key(item: Any, name: str) -> str:
    found = item.get(name) if isinstance(item, Mapping) else None
    return "" if isinstance(found, bool) or found in (None, "") else str(found)


def _keys(items: Sequence[Any], name: str) -> list[str]:
    return [key for key in (_key(item, name) for item in items) if key]


def _twice(items: Sequence[Any], name: str) -> set[str]:
    keys = _keys(items, name)
    return {key for key in keys if keys.count(key) > 1}


def _order(base: list[str], ours: list[str], theirs: list[str]) -> list[str]:
    """All keys: in our order unless only the server changed it; a new one after its neighbour."""
    first, second = (theirs, ours) if [k for k in ours if k in base] == base else (ours, theirs)
    order = list(first)
    for number, key in enumerate(second):
        if key not in order:
            before = second[number - 1] if number else None
            order.insert(order.index(before) + 1 if before in order else 0, key)
    return order
