"""A store in trouble, for the tests of screens: full, locked, changed by another process."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from textual.app import App
from textual.events import Key
from textual.pilot import Pilot
from textual.screen import ModalScreen

from hikma_tui.clinic import drafts
from hikma_tui.models import connection
from hikma_tui.store import Store
from tests.screens.clinic import Clinic, calm
from tests.screens.harness import screen_text

P = ParamSpec("P")
T = TypeVar("T")


@contextmanager
def full_disk(clinic: Clinic) -> Iterator[None]:
    """SQLite finds no room for another page, as on a full disk. (A short row still finds room in
    the pages that are there: what is to fail must be longer than a page.)
    """

    def pages(most: int) -> None:
        connection().execute(f"PRAGMA max_page_count = {most}")

    clinic.store.on_writer(pages, 1).result()  # SQLite makes it as many as there are
    try:
        yield
    finally:
        clinic.store.on_writer(pages, 1_000_000).result()


@contextmanager
def locked(clinic: Clinic) -> Iterator[None]:
    """Another program writes and does not let go; our patience with it is cut short."""

    def patience(ms: int) -> None:
        connection().execute(f"PRAGMA busy_timeout = {ms}")

    clinic.store.on_writer(patience, 50).result()
    other = sqlite3.connect(clinic.store.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()
        clinic.store.on_writer(patience, 5000).result()


def by_another_process(clinic: Clinic, *lines: dict[str, Any]) -> None:
    """Let the command line, in a process of its own, apply these lines."""
    done = subprocess.run(
        [sys.executable, "-m", "hikma_tui", "import", "-", "--data-dir",
         str(clinic.store.directory), "--user", clinic.actor.user_name],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True, text=True, check=False, env=dict(os.environ), timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def stored(clinic: Clinic, function: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
    """What the store holds, also after the app has closed it."""
    if clinic.store._closed:
        clinic.store = Store.open(clinic.store.directory)
    return clinic.store.on_writer(function, *arguments, **named).result()


def drafts_of(clinic: Clinic) -> list[drafts.Kept]:
    """The drafts that wait for the user."""
    return stored(clinic, drafts.waiting, clinic.actor)


async def hit(pilot: Pilot[Any], *keys: str) -> str:
    """Press keys as ``clinic.press`` does, several times as fast; what stands on the screen then.

    A key waits until every message of the one before and every worker is done, not for a frame;
    only the last one waits until the screen is painted.
    """
    app = pilot.app
    for key in keys:
        name = _NAMES.get(key, key)
        character = key if len(key) == 1 else _CHARACTERS.get(key)
        event = Key(name, character)
        event.set_sender(app)
        app.post_message(event)
        await _quiet(app)
    await calm(pilot)
    return screen_text(app)


async def write(pilot: Pilot[Any], text: str) -> str:
    """Type a text."""
    return await hit(pilot, *text)


async def _quiet(app: App[Any]) -> None:
    """Wait until nothing is under way but a question to the user."""
    turns = 0
    while turns < 4:
        await asyncio.sleep(0.001)
        nodes = [app, *app.screen_stack, *app.screen.walk_children(with_self=False)]
        busy = any(node.message_queue_size or node._next_callbacks for node in nodes)
        if not isinstance(app.screen, ModalScreen):
            busy = busy or any(not worker.is_finished for worker in app.workers)
        turns = 0 if busy else turns + 1


_NAMES = {
    " ": "space",
    "-": "minus",
    "/": "slash",
    "[": "left_square_bracket",
    "!": "exclamation_mark",
}
_CHARACTERS = {"space": " ", "minus": "-", "slash": "/", "enter": "\r", "tab": "\t"}
