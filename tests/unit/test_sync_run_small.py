"""The pure parts of a run: whose midnight, why so slow, how much it will cost."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from hikma_tui.syncing.peer import PeerFacts
from hikma_tui.syncing.run_days import USUAL, east_from
from hikma_tui.syncing.run_metered import allow, estimate, learn
from hikma_tui.syncing.run_speed import Speed, cause
from hikma_tui.wire.shapes import Kind, Trouble

# -- days ------------------------------------------------------------------------------------------


def midnights(zone: str) -> tuple[Counter[int], list[tuple[str, str]]]:
    """The hours that a server in ``zone`` sends for many birthdays, and what 12 makes of them."""
    hours: Counter[int] = Counter()
    days = []
    for number in range(400):
        day = datetime(1980, 1, 1, tzinfo=ZoneInfo(zone)) + timedelta(days=37 * number)
        moment = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)
        hours[moment.hour] += 1
        read = moment.date() + timedelta(days=1 if moment.hour >= USUAL else 0)
        days.append((f"{day:%Y-%m-%d}", read.isoformat()))
    return hours, days


ALL_RIGHT = (
    "UTC", "Asia/Amman", "Asia/Kolkata", "Asia/Tokyo", "Australia/Sydney", "Pacific/Noumea",
    "America/New_York", "America/Los_Angeles", "America/Anchorage", "Pacific/Fiji",
)  # fmt: skip


@pytest.mark.parametrize("zone", ALL_RIGHT)
def test_most_zones_are_not_in_doubt(zone: str) -> None:
    hours, days = midnights(zone)
    assert all(ours == read for ours, read in days) or zone == "Pacific/Fiji"
    hour, sure = east_from(hours, [], USUAL)
    assert sure
    assert hour == USUAL or zone == "Pacific/Fiji"


@pytest.mark.parametrize(
    "zone", ["Pacific/Auckland", "Pacific/Tongatapu", "Pacific/Kiritimati", "Pacific/Apia"]
)
def test_the_far_east_is_known_by_our_own_echoes(zone: str) -> None:
    hours, days = midnights(zone)
    recent = Counter({hour: number for hour, number in hours.items() if hour >= 10})
    echoes = [pair for pair in days[-40:] if pair[0] != pair[1]]
    assert echoes
    hour, sure = east_from(recent, echoes, USUAL)
    assert sure
    assert hour < USUAL
    assert all(h >= hour for h in recent)


@pytest.mark.parametrize("zone", ["Pacific/Honolulu", "Pacific/Niue"])
def test_the_far_west_is_known_by_our_own_echoes(zone: str) -> None:
    hours, days = midnights(zone)
    assert east_from(hours, days[-20:], USUAL) == (USUAL, True)
    wrong = [(ours, f"{datetime.fromisoformat(ours) + timedelta(days=1):%Y-%m-%d}")
             for ours, _read in days[-20:]]  # fmt: skip
    assert east_from(hours, wrong, 10) == (USUAL, True)  # it had been taken for the east


def test_new_zealand_is_known_by_its_summers() -> None:
    hours, _days = midnights("Pacific/Auckland")
    assert east_from(hours, [], USUAL) == (10, True)


def test_without_a_witness_the_clinics_own_zone_hints_and_it_stays_in_doubt() -> None:
    only = Counter({11: 500})
    assert east_from(only, [], USUAL) == (USUAL, False)
    assert east_from(only, [], USUAL, ZoneInfo("Pacific/Tongatapu")) == (10, False)
    assert east_from(only, [], USUAL, ZoneInfo("Pacific/Niue")) == (USUAL, False)
    assert east_from(only, [], USUAL, ZoneInfo("Asia/Amman")) == (USUAL, False)


def test_odd_echoes_do_not_count() -> None:
    assert east_from(Counter({11: 5}), [("", "x"), ("1990", "1990-01-01")], USUAL) == (USUAL, False)


# -- speed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speed", "code"),
    [
        (Speed(seconds=19, body_seconds=18, body_bytes=1000), ""),
        (Speed(seconds=60, body_seconds=50, body_bytes=1_000_000), "slow-network"),
        (Speed(seconds=60, heartbeat=3.0), "slow-network"),
        (Speed(seconds=60, push_seconds=50, push_rows=9000, heartbeat=0.1), "many-unsent"),
        (Speed(seconds=60, push_seconds=50, push_rows=40, heartbeat=0.1), "slow-server"),
        (Speed(seconds=60, first_byte=55), "slow-server"),
        (Speed(seconds=60, body_seconds=40, body_bytes=477_000_000), ""),
        (Speed(seconds=60, own_seconds=45), ""),
    ],
)
def test_why_it_was_slow(speed: Speed, code: str) -> None:
    assert cause(speed) == code


# -- a link that costs money -----------------------------------------------------------------------

DAY = 86_400_000


def peer(**more: object) -> PeerFacts:
    return PeerFacts(
        "p", "https://x", "x", "v3", "e", "u", None, watermark=5, last_synced_at=10 * DAY, more=more
    )


def test_the_size_is_learnt_and_estimated() -> None:
    assert estimate(peer(), 1000, 12 * DAY, everything=True) == 650_000
    known = peer(bytes_a_row=1000, rows_there=7000, bytes_a_day=50_000)
    assert estimate(known, 1000, 12 * DAY, everything=True) == 7_000_000
    assert estimate(known, 1000, 12 * DAY, everything=False) == 100_000
    first = PeerFacts("p", "https://x", "x", "v3", "e", "u", None)
    assert estimate(first, 0, 0, everything=True) is None
    assert learn(first, 700, 700_000, 0, everything=True) == {
        "bytes_a_row": 1000.0, "rows_there": 700,
    }  # fmt: skip
    assert learn(known, 3, 4000, 12 * DAY, everything=False) == {"bytes_a_day": 34_000}


def test_large_or_unknown_is_asked_about() -> None:
    for metered in ("yes", "ask"):
        for size, said in ((None, "?"), (6_000_000, "6000000")):
            with pytest.raises(Trouble) as told:
                allow(metered, size, agreed=False, max_bytes=0)
            assert (told.value.kind, told.value.detail) == (Kind.TOO_LARGE, said)
            allow(metered, size, agreed=True, max_bytes=0)
            allow(metered, size, agreed=False, max_bytes=10)
        allow(metered, 4_000_000, agreed=False, max_bytes=0)
    allow("no", None, agreed=False, max_bytes=0)
