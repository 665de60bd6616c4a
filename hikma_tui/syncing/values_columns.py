"""One column of many pulled rows at once, from the wire's values to what SQLite holds.

Whole columns, since a look at the types of a hundred values costs as much as converting two. A
value that its column can't hold is handed to ``held`` as it came, and the column gets its empty
value: None, or where it may not be null the ``placeholder``.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from types import NoneType
from typing import Any

from hikma_tui.columns import Day, Digits, Flag, Json, Moment, Number, Text, Uuid, Whole
from hikma_tui.syncing.values_moments import Days, Moments, day_of, hours, in_calendar
from hikma_tui.wire.stream import READER, Exact

Held = Callable[[int, Any], None]  # the row's number in the batch, the value as it came

_TEXTS = frozenset({str, NoneType})
_DECIMAL = re.compile(r"[+-]?[0-9]{1,200}(?:\.[0-9]{0,200})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}(?:\.0{0,20})?", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BAD = re.compile("[\x00\ud800-\udfff]")
_DEEP = 100  # levels: a screen must be able to read it again from anywhere
_ENCODINGS = 10  # times that a JSON text is taken out of a JSON text
_FLAGS = {True: 1, False: 0, None: None}
_SAID = {"true": 1, "t": 1, "1": 1, "yes": 1, "false": 0, "f": 0, "0": 0, "no": 0}

dumps: Callable[[Any], str] = json.JSONEncoder(ensure_ascii=False, check_circular=False).encode


def clean(text: str, counts: Counter[str]) -> str:
    """``text`` with U+FFFD for what no file can hold: halves of characters, U+0000."""
    fine, number = _BAD.subn("\ufffd", text)
    counts["replaced"] += number
    return fine


def _too_deep(value: Any) -> bool:
    level, depth = [value], 0
    while level and depth <= _DEEP:
        inner: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                inner.extend(item.values())
            elif isinstance(item, list):
                inner.extend(item)
        level, depth = inner, depth + 1
    return bool(level)


def json_text(value: Any, counts: Counter[str]) -> str:
    """JSON as SQLite holds it. ValueError where it is nested deeper than a screen could read."""
    try:
        text = dumps(value)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return _checked(text, value, counts)


def _checked(text: str, value: Any, counts: Counter[str]) -> str:
    """The JSON ``text`` of ``value``, as it can be kept."""
    if len(text) > 2 * _DEEP and text.count("[") + text.count("{") > _DEEP and _too_deep(value):
        raise ValueError("nested too deep")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:  # U+0000 is escaped in JSON; only halves of characters hurt
            text, number = _SURROGATE.subn("\ufffd", text)
            counts["replaced"] += number
    return text


def keepable(value: Any) -> Any:
    """``value``, or its JSON text where it is nested too deep to be kept as it is."""
    try:
        json_text(value, Counter())
    except ValueError:
        limit = sys.getrecursionlimit()
        sys.setrecursionlimit(limit + 5000)  # what the scanner could read, the writer can write
        try:
            return dumps(value)
        finally:
            sys.setrecursionlimit(limit)
    return value


class Column:
    """A column of a table: texts, which need no conversion when they are sound.

    ``placeholder`` is what stands in a column that may not be null when nothing came: the model's
    default, else nothing that could be taken for a measurement: "" for texts and decimals (also for
    ids: it points nowhere), 0 for numbers, 1970 for moments. It is in storage form.
    """

    nothing: Any = ""

    def __init__(self, field: Any, counts: Counter[str]) -> None:
        self.name: str = field.name
        self.null: bool = field.null
        self.counts = counts
        default = field.default() if callable(field.default) else field.default
        self.placeholder = self.nothing if default is None else self.stored(default)
        self.sound = _TEXTS if self.null else frozenset({str})

    def stored(self, default: Any) -> Any:
        """A default of the model in storage form."""
        return default

    def many(self, values: Sequence[Any], held: Held) -> Sequence[Any]:
        """The column's values in storage form. ``held`` is told what it can't hold."""
        kinds = set(map(type, values))
        if kinds == {NoneType} and self.null:
            return values
        found = self.quick(values, kinds)
        return self.each(values, held) if found is None else found

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        """All values at once where nothing is odd, else None."""
        if kinds <= self.sound and "".join(filter(None, values)).isprintable():
            return values
        return None

    def each(self, values: Sequence[Any], held: Held) -> list[Any]:
        """One by one."""
        found = []
        for number, value in enumerate(values):
            one = None
            try:
                if value is not None:
                    one = self.one(value)
            except (ValueError, OverflowError, RecursionError):
                held(number, value)
            else:
                if one is None and not self.null and self.mentions_null:
                    held(number, value)
            found.append(self.placeholder if one is None and not self.null else one)
        return found

    mentions_null = True  # that a column came as null although it may not be

    def one(self, value: Any) -> Any:
        """One value that is not null. ValueError where the column can't hold it."""
        if isinstance(value, str):
            return clean(value, self.counts)
        return _digits(value)


def _digits(value: Any) -> str:
    if isinstance(value, Exact):
        return value.text
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no text")
    return str(value)


class _Ids(Column):
    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        if not kinds <= self.sound or "" in values:
            return None
        joined = "".join(filter(None, values))
        return values if joined.isprintable() and joined == joined.lower() else None

    def one(self, value: Any) -> Any:
        if not isinstance(value, str):
            raise ValueError("no id")
        return clean(value, self.counts).lower() or None


class _Moments(Column):
    nothing = 0

    def __init__(self, field: Any, counts: Counter[str], memory: Moments) -> None:
        super().__init__(field, counts)
        self.memory = memory

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        if not kinds <= self.sound:
            return None
        self.memory.learn(values)
        try:
            found = list(map(self.memory.__getitem__, values))
        except ValueError:
            return None
        return found if self.null or None not in found else None

    def one(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.memory[value]
        return in_calendar(_ms(value)) if value != 0 or isinstance(value, bool) else None


def _ms(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("no moment")
    return int(value)


class _Days(Column):
    def __init__(self, field: Any, counts: Counter[str], memory: Days, seen: Counter[int]) -> None:
        super().__init__(field, counts)
        self.memory, self.seen = memory, seen

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        if not kinds <= self.sound:
            return None
        try:
            found = list(map(self.memory.__getitem__, values))
        except ValueError:
            return None
        if not self.null and None in found:
            return None
        self.seen.update(hours(list(values)))
        return found

    def one(self, value: Any) -> Any:
        if isinstance(value, str):
            found = self.memory[value]
            self.seen.update(hours([value]))
            return found
        return day_of(_ms(value), self.memory.east_from)


class _Json(Column):
    mentions_null = False  # an empty object or list says the same

    def __init__(self, field: Any, counts: Counter[str]) -> None:
        self.wanted = list if callable(field.default) and field.default() == [] else dict
        self.nothing = self.empty = "[]" if self.wanted is list else "{}"
        super().__init__(field, counts)

    def stored(self, default: Any) -> Any:
        return dumps(default)

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        if kinds != {self.wanted}:
            return None
        if not any(values):
            return [self.empty] * len(values)
        empty, counts = self.empty, self.counts
        try:
            return [json_text(value, counts) if value else empty for value in values]
        except ValueError:
            return None

    def one(self, value: Any) -> Any:
        text = ""
        for _encoding in range(_ENCODINGS):
            if not isinstance(value, str):
                break
            if not value.strip():
                return None if self.null else self.empty
            text, value = value, READER.decode(value)
        if value is None:
            return None
        if not isinstance(value, self.wanted):
            if value == {} or value == []:  # v3's default of events.form_data is {}
                return self.empty
            raise ValueError("another kind of JSON")
        if text and "\\u" not in text:
            return _checked(text.strip(), value, self.counts)
        return json_text(value, self.counts)


class _Digits(Column):
    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        return None

    def one(self, value: Any) -> Any:
        text = value.strip() if isinstance(value, str) else _digits(value)
        if not text:
            return None
        if not _DECIMAL.fullmatch(text):
            text = _plain(text)
        return text


def _plain(text: str) -> str:
    """``6.1e1`` as ``61``: the digits of a decimal with an exponent. ValueError for others."""
    found = re.fullmatch(r"([+-]?)([0-9]{1,40})(?:\.([0-9]{0,40}))?[eE]([+-]?[0-9]{1,2})", text)
    if not found:
        raise ValueError("no decimal")
    sign, whole, rest, exponent = found[1], found[2], found[3] or "", int(found[4])
    digits, point = whole + rest, len(whole) + exponent
    digits = digits.rjust(len(digits) + max(1 - point, 0), "0").ljust(max(point, 1), "0")
    point = max(point, 1)
    left, right = digits[:point].lstrip("0") or "0", digits[point:]
    return f"{sign}{left}.{right}" if right else sign + left


class _Wholes(Column):
    nothing = 0

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        fit = kinds <= {int, NoneType} and (self.null or NoneType not in kinds)
        return values if fit and all(v is None or -(2**31) <= v < 2**31 for v in values) else None

    def one(self, value: Any) -> Any:
        if isinstance(value, str):
            if not value.strip():
                return None
            if not _WHOLE.fullmatch(value.strip()):
                raise ValueError("no whole number")
            value = int(value.strip().partition(".")[0])
        if isinstance(value, bool) or not isinstance(value, int | float) or value % 1 != 0:
            raise ValueError("no whole number")
        if not -(2**63) <= value < 2**63:
            raise ValueError("too large")
        return int(value)


class _Numbers(Column):
    nothing = 0.0

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        return None

    def one(self, value: Any) -> Any:
        if isinstance(value, str):
            if not value.strip():
                return None
            if not _DECIMAL.fullmatch(value.strip()):
                raise ValueError("no number")
        elif isinstance(value, bool) or not isinstance(value, int | float):
            raise ValueError("no number")
        number = float(value)
        if number - number != 0 or (isinstance(value, int) and number != value):
            raise ValueError("no double holds it")
        return number


class _Flags(Column):
    nothing = 0

    def stored(self, default: Any) -> Any:
        return int(default)

    def quick(self, values: Sequence[Any], kinds: set[type]) -> Sequence[Any] | None:
        fit = kinds <= {bool, NoneType} and (self.null or NoneType not in kinds)
        return list(map(_FLAGS.__getitem__, values)) if fit else None

    def one(self, value: Any) -> Any:
        if isinstance(value, str):
            value = value.strip().lower()
            if value not in _SAID and value:
                raise ValueError("neither yes nor no")
            return _SAID.get(value)
        if not isinstance(value, int | float) or value not in (0, 1):
            raise ValueError("neither yes nor no")
        return int(value)


_KINDS: tuple[tuple[type, type[Column]], ...] = (
    (Uuid, _Ids),
    (Json, _Json),
    (Digits, _Digits),
    (Whole, _Wholes),
    (Number, _Numbers),
    (Flag, _Flags),
    (Text, Column),
)


class Columns:
    """The columns of one decoder, with the memory and the counts that they share."""

    def __init__(self, east_from: int) -> None:
        self.counts: Counter[str] = Counter()
        self.hours: Counter[int] = Counter()
        self.moments, self.days = Moments(), Days(east_from)

    def of(self, field: Any) -> Column:
        """The column of a model's field."""
        if isinstance(field, Moment):
            return _Moments(field, self.counts, self.moments)
        if isinstance(field, Day):
            return _Days(field, self.counts, self.days, self.hours)
        return next(make(field, self.counts) for kind, make in _KINDS if isinstance(field, kind))
