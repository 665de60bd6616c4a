"""Three machines, a phone and a server; edits, deletions, wrong clocks, faults, kills, copies.

After quiet syncs and choices all agree, up to the table of what the server changes, and every save
that was acknowledged is on the server, or was chosen against, or is set aside with its reason.
After each step nothing that was deleted is seen. ``world.py`` has the steps.

HIKMA_TUI_NIGHTLY=1 makes some 12,000 steps of it, other ones each night, with kills of the real
program. Without it the same stories, some 300 steps, are told each time.

``test_found_by_stories.py`` holds what they have found, ``test_server_back.py`` and
``test_server_restored.py`` what is known of restored servers, ``test_clock_of_the_server.py`` of
their clock; ``windows.py`` is what no client can guard.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.sync.world import STEPS, World

NIGHTLY = os.environ.get("HIKMA_TUI_NIGHTLY") == "1"
NAMES = (*STEPS, "sync_and_kill") if NIGHTLY else STEPS
LENGTH = 60 if NIGHTLY else 40
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


@rules(180 if NIGHTLY else 8)
@given(stories)
def test_all_agree_in_the_end(story: list[tuple[str, int, int]]) -> None:
    told(story, flask=False)


@rules(30 if NIGHTLY else 3)
@given(stories)
def test_all_agree_with_the_older_server(story: list[tuple[str, int, int]]) -> None:
    told(story, flask=True)
