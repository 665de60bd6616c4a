"""What every screen of the clinic stands on: the acting user, and the store's threads by await.

The app that carries them is described here as a protocol, since screens never import the app.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Generic, ParamSpec, Protocol, TypeVar, cast

from hikma_tui.clinic.actor import Actor
from hikma_tui.widgets.base import BaseScreen

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


class ClinicApp(Protocol):
    """What a screen asks of the app. ``reading``, ``counting`` and ``writing`` run a function on
    the store's thread of that name; what fails raises ``Refused``, and its ``str()`` is a sentence
    for the user.
    """

    actor: Actor
    today: date

    def reading(
        self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs
    ) -> Awaitable[R]:
        """Run what only looks."""

    def counting(
        self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs
    ) -> Awaitable[R]:
        """Run what looks and may take long, beside ``reading``."""

    def writing(
        self, function: Callable[P, R], *arguments: P.args, **named: P.kwargs
    ) -> Awaitable[R]:
        """Run what saves; when it returns, the save is durable."""


class ClinicScreen(BaseScreen[T], Generic[T]):
    """A screen that shows or takes records."""

    @property
    def clinic(self) -> ClinicApp:
        """The app, as screens know it."""
        return cast("ClinicApp", self.app)

    @property
    def actor(self) -> Actor:
        """Who is signed in."""
        return self.clinic.actor

    def sync_told(self, ended: bool) -> None:
        """A sync has something new; with ``ended`` the records may be others now. A screen that
        shows records reads them again, where nothing typed is lost by it and no focus moves.
        """

    @property
    def left(self) -> bool:
        """Whether there is nothing to paint any more when an answer comes: the screen was left, or
        the program is being left, and then the screen loses its parts before its workers end.
        """
        return not self.app.is_running or not self.is_attached or self not in self.app.screen_stack
