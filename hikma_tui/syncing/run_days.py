"""Which day a server's midnight means (decisions.md 30).

v3 sends a ``date`` as local midnight of its own process, in UTC. East of Greenwich that is the
evening before (21:00 for Amman), west of it the same day (05:00 for New York). Offsets reach from
-12 to +14, so 10:00, 11:00 and 12:00 can mean either. They are told apart by rows of our own that
came back, else by the other hours of the same server, else by the clinic's own zone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta, tzinfo

USUAL = 12  # the UTC hour from which a midnight belongs to the next day
_EITHER = (10, 11)


def doubtful(hours: Counter[int]) -> set[int]:
    """The hours among those seen that two zones could explain."""
    return {hour for hour in _EITHER if hours[hour]}


def east_from(
    hours: Counter[int],
    echoes: Iterable[tuple[str, str]],
    present: int,
    zone: tzinfo | None = None,
) -> tuple[int, bool]:
    """The hour from which a midnight belongs to the next day, and whether that is sure.

    Args:
        hours: UTC hours of the midnights seen, by how often.
        echoes: Days of rows that we know, as we have them and as they were decoded with
            ``present``.
        present: What was taken until now.
        zone: The clinic's own zone, a last hint.
    """
    either = doubtful(hours)
    if not either:
        return present, True
    earlier, later, same = _votes(echoes)
    if later and later > same + earlier:  # decoded a day too late: it is the west
        return USUAL, True
    if earlier and earlier > same + later:  # a day too early: the east
        return _EITHER[0], True
    if same > earlier + later:
        return present, True
    seen = {hour for hour, number in hours.items() if number}
    if any(hour >= USUAL for hour in seen):  # summer time of a zone at +12
        return _EITHER[0], True
    if any(0 < hour < _EITHER[0] for hour in seen):  # winter and summer of one at -9
        return USUAL, True
    if zone is not None and _midnights(zone) & either:
        offset = datetime(2026, 1, 1, tzinfo=zone).utcoffset() or timedelta()
        return (_EITHER[0] if offset > timedelta() else USUAL), False
    return present, False


def hinted(hours: Counter[int], zone: tzinfo) -> bool:
    """Whether the clinic's own zone explains the doubtful hours among those seen."""
    return bool(_midnights(zone) & doubtful(hours))


def _votes(echoes: Iterable[tuple[str, str]]) -> tuple[int, int, int]:
    """How many echoes came a day too early, a day too late, and right."""
    earlier = later = same = 0
    for ours, theirs in echoes:
        try:
            days = (date.fromisoformat(theirs) - date.fromisoformat(ours)).days
        except (ValueError, TypeError):
            continue
        earlier += days == -1
        later += days == 1
        same += days == 0
    return earlier, later, same


def _midnights(zone: tzinfo) -> set[int]:
    """The UTC hours of midnight in a zone, in winter and in summer."""
    found = set()
    for month in (1, 7):
        offset = datetime(2026, month, 1, tzinfo=zone).utcoffset() or timedelta()
        found.add(-offset // timedelta(hours=1) % 24)
    return found
