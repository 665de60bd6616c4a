"""What the screens that connect to a server ask of the app; the network is behind it.

Each order may raise ``Refused``: ``str()`` is a sentence for whoever sits there, and nothing was
changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

from hikma_tui.clinic.errors import Refused
from hikma_tui.screens.base import ClinicScreen

Lines = list[tuple[str, str]]  # a paragraph, and "heading", "loud" or ""


class PlainHttp(Refused):
    """The address is without TLS: a person has to say yes first. ``str()`` says what it means."""


class ForAdmin(Refused):
    """``admin`` is a sentence for whoever runs the server."""

    def __init__(self, sentence: str, admin: str = "") -> None:
        super().__init__(sentence)
        self.admin = admin


@dataclass(frozen=True, slots=True)
class Way:
    """How to get there, as typed: the text of the code, a private authority's file, a proxy."""

    text: str
    ca_file: str = ""
    proxy: str = ""


class ConnectDoor(Protocol):
    """One connecting, from the pasted text to the join."""

    async def look(self, way: Way, *, plain_http: bool = False) -> str:
        """What answers there, in a sentence. PlainHttp, ForAdmin, Refused."""

    async def sign_in(self, email: str, password: str) -> None:
        """Show the account to what was looked at. ForAdmin, Refused."""

    async def plan(self, clinic_id: str = "") -> Lines:
        """What joining would do. Invalid ("clinic") where the account has no clinic; Refused."""

    async def join(self, keep_password: bool, told: Callable[[str], None]) -> str:
        """Do it; a sentence that it is done. ``told`` gets a sentence while it goes on. Refused."""

    async def change_account(self, email: str, password: str) -> str:
        """Sync with another account of the joined server; a sentence that it is done. ForAdmin,
        Refused: nothing was changed.
        """

    def leaving(self, url: str) -> str:
        """What leaving does, before the yes."""

    async def leave(self) -> str:
        """Leave the server; a sentence that it is done. Refused."""

    def url(self) -> str:
        """The address that was looked at last."""

    def cancel(self) -> None:
        """Wait for the network no longer; what waits raises Refused."""

    def forget(self) -> None:
        """The password that was typed is forgotten."""


def door(screen: ClinicScreen[Any]) -> ConnectDoor:
    """The app's."""
    return cast("ConnectDoor", screen.app.connecting)  # type: ignore[attr-defined]
