"""How v3 reads a pushed value, keeps it, and prints it in a pull (wire.md A4 and A5).

Kept: a moment as whole microseconds since 1970 in UTC, a date as ``YYYY-MM-DD``, a numeric as the
text that Postgres prints, JSON as Python's values.
"""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from tests.cloud.columns import Column

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.I)
LIMITS = {"smallint": 2**15, "integer": 2**31}


class BadValue(Exception):
    """Postgres or the server refuses the value: the whole request ends in a 500."""


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // MICRO


def iso(stamp: int) -> str:
    """As JavaScript prints a moment: UTC, cut to whole milliseconds, ``Z``."""
    moment = EPOCH + timedelta(microseconds=stamp // 1000 * 1000)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


def midnight(day: str, zone: ZoneInfo) -> str:
    """A date in a pull: local midnight of the server's process, as a moment (the zone trap)."""
    year, month, dom = map(int, day.split("-"))
    return iso(micros(datetime(year, month, dom, tzinfo=zone).astimezone(UTC)))


def is_uuid(value: object) -> bool:
    return isinstance(value, str) and bool(UUID.fullmatch(value))


def parse_moment(text: str) -> int | None:
    """Microseconds of an ISO date or moment; without an offset it is taken as UTC."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return micros(found if found.tzinfo else found.replace(tzinfo=UTC))


def safe_moment(number: float, now: int) -> int:
    """``toSafeDateString``: the trap of 2001. Outside 1850 to 2120 it becomes now."""
    stamp = round(number * 1000) if number < 0 or number > 1e12 else round(number * 1_000_000)
    low, high = micros(datetime(1850, 1, 1, tzinfo=UTC)), micros(datetime(2120, 1, 1, tzinfo=UTC))
    return stamp if low <= stamp <= high else now // 1000 * 1000


def read_moment(value: object, now: int) -> int | None:
    """A pushed moment. 0, "0" and "" are null; what cannot be read is refused."""
    if value is None or value is False or value in ("", 0, "0"):
        return None
    if isinstance(value, str) and re.fullmatch(r"\d{10,13}", value):
        value = int(value)
    if isinstance(value, int | float):
        if 1e9 < abs(value) < 1e14:
            return safe_moment(value, now)
        raise BadValue(f"not a moment: {value}")
    found = parse_moment(value) if isinstance(value, str) else None
    if found is None:
        raise BadValue(f"not a moment: {value!r}")
    return found


def read_stamp(value: object, now: int) -> int:
    """``created_at`` and ``updated_at``: missing or unreadable is the server's now."""
    try:
        found = read_moment(value, now)
    except BadValue:
        found = None
    return now // 1000 * 1000 if found is None else found


def read_date(value: object, now: int) -> str | None:
    """A pushed date; one with an offset becomes the day in UTC."""
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        try:
            return date.fromisoformat(value).isoformat()
        except ValueError as error:
            raise BadValue(value) from error
    stamp = read_moment(value, now)
    return None if stamp is None else (EPOCH + timedelta(microseconds=stamp)).date().isoformat()


def read_text(value: object, column: Column) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if "\0" in text:
        raise BadValue("U+0000")
    limit = re.search(r"\((\d+)\)", column.type)
    if limit and len(text.rstrip(" ")) > int(limit[1]):
        raise BadValue(f"{column.name} is too long")
    return text


def read_uuid(value: object) -> str | None:
    if value is None:
        return None
    try:
        # Postgres takes any 32 hexadecimal digits: versions are asked of a patient's id only.
        return str(uuid.UUID(value)) if isinstance(value, str) else _refuse(value)
    except ValueError as error:
        raise BadValue(f"not a uuid: {value!r}") from error


def _refuse(value: object) -> str:
    raise BadValue(repr(value))


def read_number(value: object, column: Column) -> int | float | str | None:
    if value is None:
        return None
    try:
        number = Decimal(str(value) if isinstance(value, float) else str(value).strip())
    except InvalidOperation as error:
        raise BadValue(f"{column.name}: {value!r}") from error
    if isinstance(value, bool) or not number.is_finite():
        raise BadValue(f"{column.name}: {value!r}")
    if column.type in LIMITS:
        if number != int(number) or not -LIMITS[column.type] <= number < LIMITS[column.type]:
            raise BadValue(f"{column.name}: {value!r}")
        return int(number)
    if column.type.startswith("numeric"):
        precision, scale = map(int, re.findall(r"\d+", column.type))
        rounded = number.quantize(Decimal(1).scaleb(-scale), rounding=ROUND_HALF_UP)
        if abs(rounded) >= 10 ** (precision - scale):
            raise BadValue(f"{column.name}: numeric overflow")
        return str(rounded)
    return javascript_number(float(number))


def read_bool(value: object) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    known = {"1": True, "t": True, "true": True, "0": False, "f": False, "false": False, "": False}
    found = known.get(str(value).lower())
    if found is None:
        raise BadValue(f"not a boolean: {value!r}")
    return found


def javascript_number(number: float) -> int | float:
    """A double as JSON.stringify prints it: 61.0 as 61."""
    return int(number) if number.is_integer() and abs(number) < 2**53 else number


def jsonb(value: Any) -> Any:
    """As it comes out of a ``jsonb`` column and Node: keys by length and bytes, 1.0 as 1."""
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {str(read_text(key, ANY)): jsonb(value[key]) for key in keys}
    if isinstance(value, list):
        return [jsonb(item) for item in value]
    if isinstance(value, str):
        return read_text(value, ANY)
    return javascript_number(value) if isinstance(value, float) else value


ANY = Column("json", "text", null=True)


def read_json(value: object, column: Column) -> object:
    """A value, or a value as a JSON text. What cannot be read, or is encoded twice, is emptied."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, dict | list):
        return column.json_default
    return jsonb(value)


def read(column: Column, value: object, now: int) -> object:
    """The kept form of a pushed value.

    Raises:
        BadValue: where Postgres would.
    """
    kind = column.type
    if kind.startswith("timestamp"):
        return read_moment(value, now)
    if kind == "date":
        return read_date(value, now)
    if kind == "uuid":
        return read_uuid(value)
    if kind == "boolean":
        return read_bool(value)
    if kind == "jsonb":
        return read_json(value, column)
    if kind in LIMITS or kind.startswith(("numeric", "double")):
        return read_number(value, column)
    if kind.endswith("[]"):
        return value if isinstance(value, list) else []
    return read_text(value, column)


def show(column: Column, value: object, zone: ZoneInfo) -> object:
    """The value as a pull of v3 carries it."""
    if isinstance(value, int) and column.type.startswith("timestamp"):
        return iso(value)
    if isinstance(value, str) and column.type == "date":
        return midnight(value, zone)
    return value
