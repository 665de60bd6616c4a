"""What time it is, on machines whose clock may be wrong (decisions.md 7).

A Raspberry Pi has no battery clock: after a power cut it may believe in a day long past. Our now is
the later of the wall clock and the newest stamp that was ever saved, so time never runs backwards
in the records; and a clock that can't be right is asked about before anything is entered.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from hikma_tui import BUILD_DAY, odd_values

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

DAY_MS = 86_400_000
_JUMP = timedelta(days=180)  # a machine switched off for longer than this asks, too

_offset_ms = 0  # set when somebody said which day it is; for this process only


def wall_ms() -> int:
    """Milliseconds since 1970 by this machine's clock, put right by what the user said."""
    return time.time_ns() // 1_000_000 + _offset_ms


def zone_of(name: str) -> ZoneInfo | None:
    """The time zone of that name, None for this machine's own (also where the name is unknown)."""
    if not name:
        return None
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError  # most clinics need no other zone

    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def day_of(ms: int, zone: ZoneInfo | None = None) -> date:
    """The day of the calendar on which a moment falls in the clinic's zone; of an odd one an
    ``OddDay``.
    """
    if isinstance(odd_values.moment(ms), odd_values.Odd):
        odd: date = odd_values.OddDay(ms)
        return odd
    moment = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)
    return moment.astimezone(zone).date()


def local(ms: int, zone: ZoneInfo | None = None) -> datetime:
    """A moment as the clinic's wall clock shows it. ValueError for one that no calendar has."""
    if isinstance(odd_values.moment(ms), odd_values.Odd):
        raise ValueError(odd_values.shown(ms))
    return (datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=ms)).astimezone(zone)


def noon_of(day: date, zone: ZoneInfo | None = None) -> int:
    """Local noon of a day in ms: what a past visit carries, so that no zone moves it."""
    noon = datetime(day.year, day.month, day.day, 12)  # noqa: DTZ001 (the zone follows)
    return round((noon.replace(tzinfo=zone) if zone else noon.astimezone()).timestamp() * 1000)


def day_bounds(day: date, zone: ZoneInfo | None = None) -> tuple[int, int]:
    """The first ms of a local day and the first of the next (days of 23 and 25 hours included)."""
    after = day + timedelta(days=1)
    start, end = (datetime(d.year, d.month, d.day) for d in (day, after))  # noqa: DTZ001
    if zone:
        start, end = start.replace(tzinfo=zone), end.replace(tzinfo=zone)
    else:
        start, end = start.astimezone(), end.astimezone()
    return round(start.timestamp() * 1000), round(end.timestamp() * 1000)


def doubtful(newest_stamp_ms: int) -> bool:
    """Whether the wall clock can't be right: before the build, behind the records, or far ahead.

    ``newest_stamp_ms`` is the newest stamp ever saved here, 0 for an empty store.
    """
    now = wall_ms()
    build = date.fromisoformat(BUILD_DAY)
    if day_of(now) < build:
        return True
    if not newest_stamp_ms:
        return False
    behind = now < newest_stamp_ms - DAY_MS
    return behind or now > newest_stamp_ms + _JUMP // timedelta(milliseconds=1)


def set_today(day: date, zone: ZoneInfo | None = None) -> None:
    """Take ``day`` for today in the clinic's zone until the program ends; the hour stays the
    machine's.
    """
    global _offset_ms
    _offset_ms = 0
    days = (day - day_of(wall_ms(), zone)).days
    _offset_ms = days * DAY_MS
