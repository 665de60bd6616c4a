"""Words that are typed beside a form: a reason, an addendum, a name. They are drafts like others.

``KeptWords`` is the draft of one or several such questions. It is offered again where they are
asked, and taken up from the search (``record_drafts``). Whoever saves forgets it by ``hold``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from hikma_tui.clinic import drafts
from hikma_tui.clinic.drafts import Hold
from hikma_tui.clinic.errors import Refused
from hikma_tui.screens import drafting
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.widgets.dialogs import AskReason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

WHY, USERS = "why", "users"
STOP, REPEAT, ALLERGY, STATUS = "stop", "repeat", "allergy", "status"
ADDENDUM, DELETE, MOVE = "addendum", "delete", "move"


def words_of(draft: Mapping[str, Any]) -> dict[str, str]:
    """The typed words in a draft, by their question; nothing of what is no text."""
    found = draft.get("reasons")
    pairs = found.items() if isinstance(found, dict) else ()
    return {str(key): text for key, text in pairs if isinstance(text, str)}


def place_of(patient_id: str, what: str, row_id: str = "") -> str:
    """Where words about ``what`` of a patient's record ``row_id`` are kept."""
    return f"{WHY}:{patient_id}:{what}:{row_id or '-'}"


class KeptWords:
    """Asks, and keeps each key. ``content`` is what else the draft holds (a medicine's line)."""

    def __init__(
        self, screen: ClinicScreen[Any], hold: Hold, patient_id: str | None,
        content: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._screen = screen
        self._content = dict(content)
        self._words = words_of(content)
        self._keeper = DraftKeeper(screen, hold, patient_id)

    @property
    def hold(self) -> Hold:
        """What a save forgets the draft by."""
        return self._keeper.mine

    async def ask(
        self, question: str, more: str = "", *, key: str = WHY, first: str = "",
        dialog: type[AskReason] = AskReason,
    ) -> str | None:  # fmt: skip
        """A typed text, or None when it was left. It is kept either way until ``forget``, or a
        save. To be called in a worker.
        """
        text = self._words.get(key, "")
        asked = dialog(question, more, text=text, first=first, keep=lambda now: self.keep(key, now))
        given: str | None = await self._screen.app.push_screen_wait(asked)
        if self._words.get(key, "") != text:
            await self._keeper.flush(self.content)
        if given is None and not any(self._words.values()) and "line" not in self._content:
            await self.forget()
        return given

    @property
    def content(self) -> dict[str, Any]:
        """What is kept."""
        return {**self._content, "reasons": self._words}

    def keep(self, key: str, text: str) -> None:
        """A key was pressed."""
        self._words = {**self._words, key: text}
        self._keeper.keep(self.content)

    async def forget(self) -> None:
        """Nothing is left to go on with."""
        try:
            await self._keeper.discard()
        except Refused as refusal:
            self._screen.say(str(refusal), loud=True)

    def close(self) -> None:
        """It is over, or the screen goes."""
        self._keeper.close()


@asynccontextmanager
async def begin(
    screen: ClinicScreen[Any], place: str, patient_id: str | None
) -> AsyncIterator[KeptWords]:
    """The words that were typed at ``place``. Raises Refused when they can't be read."""
    token = drafting.new_token()
    hold, content = await screen.clinic.reading(
        drafts.begin, screen.actor, place, token, drafting.is_alive
    )
    async with beside(screen, hold, patient_id, content) as words:
        yield words


@asynccontextmanager
async def beside(
    screen: ClinicScreen[Any], hold: Hold, patient_id: str | None, content: Mapping[str, Any]
) -> AsyncIterator[KeptWords]:
    """Words in a draft that another screen began: its hold and its content."""
    words = KeptWords(screen, hold, patient_id, content)
    try:
        yield words
    finally:
        words.close()
