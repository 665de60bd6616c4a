"""What the seed gives: ids. And the mark by which a deleted record of the demo is known."""

from __future__ import annotations

import random

# What every deleted record of the demo carries in its text, and no live one does.
MARK = "Tombstone"

# The moment in every id of a demo. Not that of the record: the same seed gives the same ids on
# any day, and ids that grow in the order of making keep the indexes on them quick to build.
_IDS_FROM_MS = 1_704_067_200_000


class Ids:
    """UUIDv7 made of a seeded randomness and a counter."""

    def __init__(self, seed: int) -> None:
        self._bits = random.Random(f"ids:{seed}").getrandbits
        self._made = _IDS_FROM_MS

    def new(self) -> str:
        """The next id."""
        self._made = now = self._made + 1
        bits = self._bits(74)
        return "%08x-%04x-7%03x-%04x-%012x" % (  # noqa: UP031  (half the time of an f-string)
            now >> 16,
            now & 0xFFFF,
            bits >> 62,
            0x8000 | bits >> 48 & 0x3FFF,
            bits & 0xFFFFFFFFFFFF,
        )
