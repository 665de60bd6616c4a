"""The declared types of columns: how a value is kept, how it travels, and what is taken at entry.

``models.py`` says which column has which type; every conversion at the edge (export, import, sync)
asks the column, never a list of names (wire.md A9: what a name list forgets is lost).
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from peewee import BigIntegerField, BooleanField, FloatField, IntegerField, TextField

from hikma_tui import json_text, odd_values
from hikma_tui.ids import as_uuid

_LATEST = 4102444800000  # 2100-01-01 in ms: what a clinic can mean by a date ends before it
_LEAST_MS = 10_000_000_000  # a number below it, the spring of 1970, is meant for something else
_EARLIEST = -3786912000000  # 1850-01-01


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T|$)", re.ASCII)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,20}(?:\.[0-9]{0,20})?", re.ASCII)


class BadValue(ValueError):
    """A value that a column cannot hold. ``str()`` is a developer's short English reason."""


def moment_text(ms: int) -> str:
    """Milliseconds since 1970 as the wire's ISO-8601 text (``2026-11-22T11:01:10.725Z``)."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


def moment_of(text: str) -> int:
    """Milliseconds of an ISO-8601 moment or day (a day is its noon in UTC, so no zone moves it)."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise BadValue("not a moment in ISO form") from error
    if len(text.strip()) == 10:
        moment = moment.replace(hour=12)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)


class _Wire:
    """What every declared type can do: ``to_wire`` for export, ``from_wire`` for entry."""

    def to_wire(self, value: Any) -> Any:
        return odd_values.plain(value)

    def from_wire(self, value: Any) -> Any:
        raise NotImplementedError


class _Words(_Wire, TextField):
    """Kept as text. What is none (bytes) is read as an ``Unreadable`` and written as it stood."""

    def db_value(self, value: Any) -> Any:
        return odd_values.kept(value, str)

    def python_value(self, value: Any) -> Any:
        return value if value is None or isinstance(value, str) else odd_values.Unreadable(value)


class Text(_Words):
    """Text with the server's limit in characters (wire.md A5), 0 for none."""

    def __init__(self, limit: int = 0, **options: Any) -> None:
        self.limit = limit
        super().__init__(**options)

    def from_wire(self, value: Any) -> str:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadValue("not text")
        text = str(value)
        if "\x00" in text:
            raise BadValue("holds the character U+0000, which no server takes")
        if any("\ud800" <= character <= "\udfff" for character in text):
            raise BadValue("holds half a character (a lone surrogate)")
        if self.limit and len(text) > self.limit:
            raise BadValue(f"longer than {self.limit} characters")
        return text


class Uuid(_Words):
    """The lower-case UUID of a row, here or in another table. A foreign id becomes a UUIDv5."""

    def __init__(self, table: str = "", **options: Any) -> None:
        self.table = table  # the table that it points to: a foreign id is made ours under that name
        super().__init__(**options)

    def from_wire(self, value: Any) -> str | None:
        if value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int):
            raise BadValue("not an id")
        return as_uuid(self.table, str(value))


class Moment(_Wire, BigIntegerField):
    """A moment: integer milliseconds UTC here, ISO-8601 text on the wire."""

    def db_value(self, value: Any) -> Any:
        return odd_values.kept(value, int)

    def python_value(self, value: Any) -> Any:
        return odd_values.moment(value)

    def to_wire(self, value: Any) -> Any:
        odd = isinstance(value, odd_values.Odd)
        return moment_text(value) if isinstance(value, int) and not odd else odd_values.plain(value)

    def from_wire(self, value: Any) -> int | None:
        if value in ("", 0, "0"):
            return None
        if isinstance(value, bool):
            raise BadValue("not a moment")
        if isinstance(value, str):
            ms = int(value) if value.lstrip("-").isdigit() else moment_of(value)
        elif isinstance(value, int | float) and value == value and abs(value) < 1e15:
            ms = int(value)
        else:
            raise BadValue("not a moment")
        if abs(ms) < _LEAST_MS and ms != 0:
            raise BadValue("seconds or a bare date where milliseconds belong")
        if not _EARLIEST <= ms <= _LATEST:
            raise BadValue("a moment outside 1850 to 2100")
        return ms


class Day(_Words):
    """A day of the calendar: ``YYYY-MM-DD`` text, here and on the wire; it has no zone."""

    def from_wire(self, value: Any) -> str:
        if value == "":
            return ""
        if not isinstance(value, str) or not _DAY.match(value):
            raise BadValue("not a day in the form YYYY-MM-DD")
        try:
            day = datetime.fromisoformat(value[:10])
        except ValueError as error:
            raise BadValue("not a day in the form YYYY-MM-DD") from error
        if len(value) > 10 and not value[10:].startswith("T00:00:00"):
            raise BadValue("a moment where a day belongs")
        if not 1850 <= day.year <= 2100:
            raise BadValue("a day outside 1850 to 2100")
        return value[:10]


class Json(_Wire, TextField):
    """A JSON value, encoded once whatever came in (decisions.md 31)."""

    def db_value(self, value: Any) -> str | bytes | None:
        return json_text.write(value)

    def python_value(self, value: Any) -> Any:
        return json_text.read(value)

    def from_wire(self, value: Any) -> Any:
        """The value behind as many encodings as it came in; text that is no JSON is refused."""
        for _attempt in range(3):
            if not isinstance(value, str):
                break
            try:
                value = json.loads(value)
            except (ValueError, RecursionError) as error:
                raise BadValue("text that is not JSON") from error
        wanted = type(self.default()) if callable(self.default) else None
        if wanted is not None and value is not None and not isinstance(value, wanted):
            raise BadValue("not a JSON object" if wanted is dict else "not a JSON list")
        if "\\u0000" in json.dumps(value):
            raise BadValue("holds the character U+0000, which no server takes")
        return value


class OwnJson(Json):
    """An object that the program alone writes; of what somebody else has put there it is empty."""

    def python_value(self, value: Any) -> Any:
        return None if value is None else json_text.read_object(value)


class Digits(_Words):
    """A decimal kept digit for digit as text, within numeric(precision, scale) of the server."""

    def __init__(self, precision: int, scale: int, **options: Any) -> None:
        self.precision, self.scale = precision, scale
        super().__init__(**options)

    def from_wire(self, value: Any) -> str | None:
        if value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadValue("not a number")
        text = str(value).strip()
        if not _DECIMAL.fullmatch(text):
            raise BadValue("not a number")
        # as the server will round it: 999.999 has no room in numeric(5,2)
        number = round(Decimal(text), self.scale)
        if not number.is_finite() or abs(number) >= Decimal(10) ** (self.precision - self.scale):
            raise BadValue("a number too large for the column")
        return text


class Whole(_Wire, IntegerField):
    """A whole number of 32 bits (16 where ``small``)."""

    def __init__(self, small: bool = False, **options: Any) -> None:
        self.most = 32767 if small else 2147483647
        super().__init__(**options)

    def db_value(self, value: Any) -> Any:
        return odd_values.kept(value, int)

    def python_value(self, value: Any) -> Any:
        return odd_values.whole(value)

    def from_wire(self, value: Any) -> int | None:
        if value == "":
            return None
        if isinstance(value, bool):
            raise BadValue("not a whole number")
        try:
            number = Decimal(str(value))
        except InvalidOperation as error:
            raise BadValue("not a whole number") from error
        if not number.is_finite() or abs(number) > self.most or number != int(number):
            raise BadValue("not a whole number that the column can hold")
        return int(number)


class Number(_Wire, FloatField):
    """A double; whole values travel without a fraction, as JavaScript writes them."""

    def db_value(self, value: Any) -> Any:
        return odd_values.kept(value, float)

    def python_value(self, value: Any) -> Any:
        return odd_values.number(value)

    def to_wire(self, value: Any) -> Any:
        whole = isinstance(value, float) and value.is_integer()
        return int(value) if whole else odd_values.plain(value)

    def from_wire(self, value: Any) -> float | None:
        if value == "":
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise BadValue("not a number")
        try:
            number = float(value)
        except (ValueError, OverflowError) as error:
            raise BadValue("not a number") from error
        if number != number or abs(number) > 1e300:
            raise BadValue("not a number that can be kept")
        return number


class Flag(_Wire, BooleanField):
    """Yes or no; 0 and 1 are taken too."""

    def db_value(self, value: Any) -> Any:
        return odd_values.kept(value, bool)

    def python_value(self, value: Any) -> Any:
        return odd_values.flag(value)

    def to_wire(self, value: Any) -> Any:
        odd = isinstance(value, odd_values.Odd)
        return odd_values.plain(value) if odd or value is None else bool(value)

    def from_wire(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if value in (0, 1):
            return bool(value)
        raise BadValue("neither true nor false")
