"""An error of the program itself: what is told of it, and whether the screens begin anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

QUICK = 3.0
"""Seconds after going on within which a second error ends the program."""
MOST = 5
WINDOW = 600.0
"""More than ``MOST`` errors within so many seconds end the program too."""


@dataclass(frozen=True)
class Mishap:
    """An error, and what was being done. Nothing in it is from a record."""

    code: str = ""
    goes_on: bool = False  # the screens begin anew; else the program has ended
    forms: bool = False  # a form was open: what was typed is kept as a draft
    lost: bool = False  # what was typed could not be kept
    saving: bool = False  # a save was on its way, and nobody saw what became of it
    syncing: bool = False  # a sync ran, and was stopped


class Restarts:
    """How often the screens may begin anew: not when they fail again at once, not for ever."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._errors: list[float] = []
        self._went_on: float | None = None

    def go_on(self) -> None:
        """The screen that told of the error was left."""
        self._went_on = self._now()

    def allow(self) -> bool:
        """Whether the screens may begin anew after the error that has just happened."""
        now = self._now()
        before, self._errors = self._errors, [at for at in self._errors if now - at < WINDOW]
        self._errors.append(now)
        if before and (self._went_on is None or now - self._went_on < QUICK):
            return False
        self._went_on = None
        return len(self._errors) <= MOST
