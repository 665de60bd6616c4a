"""Copies that the open program has made: by a process of its own, at low priority.

So no key and no start waits for a copy, the end of the program doesn't either, and a copy that is
being made outlives the terminal. The process decides whether one is due (verbs/backup.py).
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from pathlib import Path

from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.session import Facts, local, moment_text
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import BACKUPS

ENVIRONMENT = "HIKMA_TUI_AUTOMATIC_COPIES"
"""0 in the environment: no copies by themselves (a timer of the system's makes them)."""
DAMAGED = 74  # the exit code of store_errors.Corrupt
_FIRST = 20.0  # seconds after the start, when nobody waits for anything any more
_AGAIN = 3 * 3600.0  # a program that is never left has its daily copy too


class Copying:
    """Starts the process some seconds after the program's start, then every few hours."""

    def __init__(
        self, directory: Path, *, unclean: bool = False, wait: float = _FIRST, again: float = _AGAIN
    ) -> None:
        self._directory = directory
        self._unclean = unclean
        self._wait, self._again = wait, again
        self._over = threading.Event()
        self._told: Callable[[int], None] | None = None

    def begin(self, told: Callable[[int], None]) -> None:
        """Go on in a thread; ``told`` is given each process's exit code, on that thread."""
        if os.environ.get(ENVIRONMENT) == "0":
            return
        self._told = told
        threading.Thread(target=self._keep_on, name="copies", daemon=True).start()

    def _keep_on(self) -> None:
        wait = self._wait
        while not self._over.wait(wait):
            process = self._start(self._unclean)
            if process is not None:
                code = process.wait()
                if self._told is not None and not self._over.is_set():
                    with suppress(RuntimeError):  # the app has just gone
                        self._told(code)
            self._unclean, wait = False, self._again

    def end(self, *, copy: bool = True) -> None:
        """The program ends: one more, which nobody waits for, unless the records are needed by
        another program at once.
        """
        self._over.set()
        if copy and os.environ.get(ENVIRONMENT) != "0":
            self._start(False)

    def _start(self, unclean: bool) -> subprocess.Popen[bytes] | None:
        words = [sys.executable, "-P", "-m", "hikma_tui", "backup", "--automatic"]
        words += ["--unclean"] if unclean else []
        from hikma_tui.store.unlock import handed_over  # seldom, and not at the start

        try:
            with handed_over(self._directory) as keys:
                return self._started([*words, *(f"--key-fd={key}" for key in keys)], keys)
        except (OSError, StoreError):
            return None

    def _started(self, words: list[str], keys: list[int]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [*words, "--data-dir", str(self._directory)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # the terminal's end is not the copy's
            pass_fds=keys,
        )


def newest_copy(directory: Path, facts: Facts, today: date) -> str:
    """When the newest copy was made; a copy in the same folder is no copy outside it."""
    newest = 0.0
    try:
        for path in (directory / BACKUPS).glob("*.db"):
            newest = max(newest, path.stat().st_mtime)
    except OSError:
        newest = 0.0
    only = _("this computer only")
    if newest:
        moment = moment_text(int(newest * 1000), today, facts.zone)
        only = _("this computer only, copy of {moment}").format(moment=moment)
    at, place = facts.copied_outside
    if at:
        moment = moment_text(at, today, facts.zone)
        only = _("copy outside of {moment}").format(moment=moment)
        if place == "disk":  # that it can be taken away is not known
            only = _("copy on another disk of {moment}").format(moment=moment)
    if facts.copy_failed:
        return _("COPY FAILED (Ctrl+P, copies)") + (f", {only}" if at else "")
    return only


def outside_age(facts: Facts, today: date) -> str:
    """How old the last copy outside is, shortly, for a line that says more; "" where none is."""
    if facts.copy_failed:
        return _("COPY FAILED (Ctrl+P, copies)")
    at, _place = facts.copied_outside
    made = local(at, facts.zone) if at else None
    if made is None:
        return ""
    days = max(0, (today - made.date()).days)
    if not days:
        return _("copy outside: today")
    return ngettext("copy outside: {n} day old", "copy outside: {n} days old", days).format(n=days)
