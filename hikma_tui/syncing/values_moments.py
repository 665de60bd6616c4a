"""Moments and days as servers write them: ISO-8601, RFC 1123, milliseconds, digits in a text.

A reader raises ``ValueError`` for what it cannot read and nothing else; ``""`` is no value. What is
read can always be shown: years 2 to 9998, so that no zone leads out of the calendar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - taken from what is said to be UTC
_MS = timedelta(milliseconds=1)
_DAY = timedelta(days=1)
_FIRST = (datetime(2, 1, 1, tzinfo=UTC) - _EPOCH) // _MS
_LAST = (datetime(9998, 12, 31, tzinfo=UTC) - _EPOCH) // _MS
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}
_REMEMBERED = 20_000
_TWO = {f"{number:02d}": number for number in range(60)}


def _rfc1123(text: str) -> datetime:
    """``Thu, 17 May 1990 00:00:00 GMT``, as Flask prints every date (wire.md Part B)."""
    parts = text[4:].split()
    hour, minute, second = parts[3].split(":")
    if len(parts) != 5 or parts[4] not in ("GMT", "UTC", "+0000", "-0000"):
        raise ValueError("not in GMT")
    when = datetime(int(parts[2]), _MONTHS[parts[1]], int(parts[0]), tzinfo=UTC)
    return when.replace(hour=int(hour), minute=int(minute), second=int(second))


def _read(text: str) -> datetime | int:
    """A moment, or milliseconds where only digits stand."""
    try:
        if text[3:4] == ",":
            return _rfc1123(text)
        if text.isascii() and text.lstrip("-").isdigit() and len(text) < 20:
            return int(text)
        return datetime.fromisoformat(text)
    except (LookupError, OverflowError) as error:
        raise ValueError("no moment") from error


def in_calendar(ms: int) -> int:
    """``ms`` itself. ValueError outside of the years that can be shown."""
    if not _FIRST <= ms <= _LAST:
        raise ValueError("outside of the calendar")
    return ms


def moment(text: str) -> int | None:
    """Milliseconds of a moment; without an offset it is UTC, a bare day is its noon there."""
    text = text.strip()
    if text in ("", "0"):
        return None
    found = _read(text)
    if isinstance(found, int):
        return in_calendar(found)
    if len(text) == 10:
        found = found.replace(hour=12)
    if found.tzinfo is None:
        found = found.replace(tzinfo=UTC)
    return in_calendar((found - _EPOCH) // _MS)


def day_of(ms: int, east_from: int) -> str:
    """The day whose midnight somewhere on earth is ``ms`` (wire.md A4, the time-zone trap).

    From the UTC hour ``east_from`` on it is the next day's: the server runs east of Greenwich.
    """
    found = _EPOCH + in_calendar(ms) * _MS
    return (found + _DAY if found.hour >= east_from else found).date().isoformat()


def day(text: str, east_from: int) -> str | None:
    """The day ``YYYY-MM-DD`` that a server means, wherever it stands; it does not move.

    A day is itself; RFC 1123, a moment without an offset or with one that is not UTC's was written
    where its midnight is; a moment in UTC is the server's local midnight: ``day_of``.
    """
    text = text.strip()
    if not text:
        return None
    if len(text) == 10 and text[4] == "-":
        return date.fromisoformat(text).isoformat()
    found = _read(text)
    if isinstance(found, int):
        return day_of(found, east_from)
    if found.utcoffset() == timedelta(0) and text[3] != ",":
        return day_of((found - _EPOCH) // _MS, east_from)
    return found.date().isoformat()


class Moments(dict[str | None, int | None]):
    """``moment`` with a memory: the four stamps of a row are mostly the same text.

    The two forms that servers print are read without a detour; 700,000 rows have a million.
    """

    def __init__(self) -> None:
        super().__init__()
        self.midnights: dict[str, int] = {}  # of "17 May 1990"

    def __missing__(self, text: str | None) -> int | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = found = None if text is None else self.read(text)
        return found

    def learn(self, texts: Iterable[str | None]) -> None:
        """Remember many texts in v3's form, ``2026-11-22T11:01:10.725Z``; pass over all others."""
        if len(self) >= _REMEMBERED:
            self.clear()
        read, epoch, first, last = datetime.fromisoformat, _NAIVE_EPOCH, _FIRST, _LAST
        for text in [text for text in set(texts) if text not in self]:
            if text and len(text) == 24 and text[23] == "Z" and text[10:20:3] == "T::.":
                try:
                    passed = read(text[:23]) - epoch
                except ValueError:
                    continue
                ms = passed.days * 86_400_000 + passed.seconds * 1000 + passed.microseconds // 1000
                if first <= ms <= last:
                    self[text] = ms

    def read(self, text: str) -> int | None:
        """``moment``, faster for Flask's form."""
        if len(text) == 29 and text[25:] == " GMT" and text[16:23:3] == " ::" and text[3] == ",":
            try:
                seconds = _TWO[text[17:19]] * 3600 + _TWO[text[20:22]] * 60 + _TWO[text[23:25]]
                return in_calendar(self.midnight(text[5:16]) + seconds * 1000)
            except KeyError:
                pass
        return moment(text)

    def midnight(self, day: str) -> int:
        """Milliseconds of ``17 May 1990``. ValueError."""
        if day not in self.midnights:
            found = moment(f"Day, {day} 00:00:00 GMT")
            if len(self.midnights) >= _REMEMBERED:
                self.midnights.clear()
            self.midnights[day] = found or 0
        return self.midnights[day]


class Days(dict[str | None, str | None]):
    """``day`` with a memory."""

    def __init__(self, east_from: int) -> None:
        super().__init__()
        self.east_from = east_from

    def __missing__(self, text: str | None) -> str | None:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[text] = found = None if text is None else day(text, self.east_from)
        return found


def hours(texts: list[str | None]) -> Counter[int]:
    """How often which UTC hour stands in moments (``1990-05-16T21:00:00.000Z``)."""
    found = [text[11:13] for text in texts if text is not None and text[-1:] == "Z"]
    return Counter(int(hour) for hour in found if hour.isascii() and hour.isdigit())
