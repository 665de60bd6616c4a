"""What the screen of the copies asks of the app, which has the files and the child processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

from hikma_tui.screens.base import ClinicScreen

if TYPE_CHECKING:
    from hikma_tui.clinic.copies import Kept

UNSEEN, SOUND, BAD, LOCKED = "", "sound", "bad", "locked"


@dataclass(frozen=True, slots=True)
class Seen:
    """A copy: where, when made (ms), bytes; what is in it, as far as it was looked into.

    ``state`` is UNSEEN until all its pages were walked through on this screen; LOCKED where its
    passphrase is not known here; ``reason`` says why it is BAD.
    """

    path: str
    made_ms: int
    size: int
    outside: bool
    kind: str
    ciphered: bool
    patients: int | None = None
    newest_ms: int = 0
    state: str = UNSEEN
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """The copies, newest first, and where the second place stands.

    ``place`` is in words, "" when there is none; ``there`` whether it can be reached now; ``plain``
    how many copies there everybody can read.
    """

    seen: tuple[Seen, ...]
    place: str
    there: bool
    plain: int


@dataclass(frozen=True, slots=True)
class Stick:
    """A medium that can be taken away and is mounted now."""

    path: str
    free: int


class BackupsDoor(Protocol):
    """The copies, as the screens know them."""

    @property
    def running(self) -> bool:
        """Whether a copy that was asked for here is being made."""

    @property
    def progress(self) -> tuple[int, int]:
        """Bytes that are on the medium, and all; (0, 0) while they are not known."""

    @property
    def seconds(self) -> int:
        """For how long the copy has been being made."""

    @property
    def cancelled(self) -> bool:
        """Whether it was told to stop."""

    def can_cipher(self) -> bool:
        """Whether a copy can be ciphered here."""

    def ciphered(self) -> bool:
        """Whether the records are."""

    async def look(self, kept: Kept) -> Looked:
        """The copies here and at the second place, by a quick look into each."""

    async def check(self, kept: Kept, seen: Seen) -> Seen:
        """Walk through all pages of one."""

    async def sticks(self) -> list[Stick]:
        """The sticks that are mounted."""

    async def is_folder(self, path: str) -> bool:
        """Whether a typed path is a folder that is there; False too where it does not answer."""

    async def key_of(self, passphrase: str) -> str:
        """The key of a new passphrase, packed for the store's settings. Refused."""

    async def copy(self, folder: str, *, keep: bool = False, unciphered: bool = False) -> str:
        """Make a copy, in ``folder`` or, with "", here; gives what to say. Refused.

        It goes on when the screen is left, and then says on the next one how it ended.
        """

    def cancel(self) -> None:
        """Give the copy up that is being made."""

    async def remove_plain(self, kept: Kept) -> int:
        """Delete the copies at the second place that everybody can read; how many went."""

    def restore(self, path: str) -> None:
        """End the screens, ask on the terminal, put the copy back, begin anew."""


def backups(screen: ClinicScreen[Any]) -> BackupsDoor:
    """The copies behind a screen."""
    return cast("BackupsDoor", screen.app.backups)  # type: ignore[attr-defined]
