"""Choices between here and the server are a draft until they are saved.

Each is kept with the two values that it was made between: where one of them is another by now,
nothing was chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from hikma_tui.clinic import drafts
from hikma_tui.clinic.conflicts import FieldPair
from hikma_tui.clinic.errors import Refused
from hikma_tui.screens import drafting
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.session import session


class KeptChoices:
    """The draft of one open choice."""

    def __init__(self, screen: ClinicScreen[Any], keeper: DraftKeeper) -> None:
        self._screen = screen
        self._keeper = keeper

    @classmethod
    async def begin(
        cls, screen: ClinicScreen[Any], pk: int, patient_id: str | None, pairs: Sequence[FieldPair]
    ) -> tuple[KeptChoices, dict[str, str]]:
        """The draft about the conflict ``pk``, and what of it still holds. Raises Refused."""
        token = drafting.new_token()
        hold, draft = await screen.clinic.reading(
            drafts.begin, screen.actor, f"choice:{patient_id or '-'}:{pk}", token, drafting.is_alive
        )
        found = draft.get("choices")
        kept = found if isinstance(found, dict) else {}
        choices = {
            pair.key: str(kept[pair.key][0])
            for pair in pairs
            if isinstance(kept.get(pair.key), list)
            and kept[pair.key][1:] == [pair.ours, pair.theirs]
        }
        return cls(screen, DraftKeeper(screen, hold, patient_id or None)), choices

    def keep(self, pairs: Sequence[FieldPair], choices: Mapping[str, str]) -> None:
        """Keep the choices as they are now."""
        self._keeper.keep(_content(pairs, choices))

    async def saving(
        self, save: Callable[[], str], pairs: Sequence[FieldPair],
        choices: Mapping[str, str],
    ) -> str:  # fmt: skip
        """Save, and forget the draft with it. Raises Refused: then it is kept."""
        self._keeper.hold()
        try:
            return await self._screen.clinic.writing(
                drafts.saved, self._screen.actor, self._keeper.mine, save
            )
        except Refused:
            self._keeper.release(_content(pairs, choices))
            raise

    def close(self, *, empty: bool) -> None:
        """The screen goes. An empty choice is no draft."""
        if empty:
            self._keeper.hold()
            session(self._screen).later(drafts.discard, self._screen.actor, self._keeper.mine)
        self._keeper.close()


def _content(pairs: Sequence[FieldPair], choices: Mapping[str, str]) -> dict[str, Any]:
    return {
        "choices": {
            pair.key: [choices[pair.key], pair.ours, pair.theirs]
            for pair in pairs
            if pair.key in choices
        }
    }
