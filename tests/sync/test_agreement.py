"""Three machines, a phone and a server; edits, deletions, wrong clocks, faults, kills, copies.

After quiet syncs and choices all agree, up to the table of what the server changes, and every save
that was acknowledged is on the server, or was chosen against, or is set aside with its reason.
After each step nothing that was deleted is seen. ``world.py`` has the steps.

HIKMA_TUI_NIGHTLY=1 makes some 12,000 steps of it, other ones each night, with kills of the real
program; without it the same few hundred are made each time. Hypothesis prints
how to run a failure again.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sync.world import STEPS, World

NIGHTLY = os.environ.get("HIKMA_TUI_NIGHTLY") == "1"
NAMES = (*STEPS, "sync_and_kill") if NIGHTLY else STEPS
LENGTH = 60 if NIGHTLY else 45
stories = st.lists(
    st.tuples(st.sampled_from(NAMES), st.integers(0, 2), st.integers(0, 2**32)),
    min_size=LENGTH if NIGHTLY else 20, max_size=LENGTH,
)  # fmt: skip


def told(story: list[tuple[str, int, int]], *, flask: bool) -> None:
    world = World(flask=flask)
    try:
        for name, which, number in story:
            world.step(name, which, number)
        world.end()
    finally:
        world.close()


def rules(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck), print_blob=True, derandomize=not NIGHTLY,
    )  # fmt: skip


# OPEN, found by these stories and not yet explained: a search entry that is stale after a sync that
# followed a cancelled one; questions (kind "differs") that stay open after a copy and a restored
# server; on the older server ``events.recorded_by_user_id``. Nightly is red until they are.
found_open = pytest.mark.xfail(not NIGHTLY, reason="three findings are open", strict=False)


@found_open
@rules(180 if NIGHTLY else 5)
@given(stories)
def test_all_agree_in_the_end(story: list[tuple[str, int, int]]) -> None:
    told(story, flask=False)


@found_open
@rules(30 if NIGHTLY else 1)
@given(stories)
def test_all_agree_with_the_older_server(story: list[tuple[str, int, int]]) -> None:
    told(story, flask=True)
