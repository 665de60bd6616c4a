"""What is typed to connect to a server is a draft like others, but for the password."""

from __future__ import annotations

from contextlib import suppress

from textual import on

from hikma_tui.clinic import drafts
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import drafting
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.drafting import DraftKeeper
from hikma_tui.screens.session import session
from hikma_tui.widgets.prompt import Labelled, LineInput

PLACE = "connect:server"
_KEPT = ("code", "ca_file", "proxy", "email", "clinic")


class ConnectDraft(ClinicScreen[None]):
    """The fields of ``ConnectScreen`` by their names, and their draft."""

    def __init__(self) -> None:
        super().__init__()
        self._keeper: DraftKeeper | None = None
        self._typed: dict[str, str] = {}

    def _row(self, name: str) -> Labelled:
        return self.query_one(f"#row_{name}", Labelled)

    def _value(self, name: str) -> str:
        return self.query_one(f"#{name}", LineInput).value.strip()

    async def _take_draft(self) -> None:
        """What was typed before. Never the password."""
        token = drafting.new_token()
        try:
            hold, draft = await self.clinic.reading(
                drafts.begin, self.actor, "connect:server", token, drafting.is_alive
            )
        except Refused:
            return
        self._keeper = DraftKeeper(self, hold, None)
        before = {name: str(draft.get(name) or "") for name in _KEPT}
        if any(self._value(name) for name in _KEPT) or not any(before.values()):
            return
        for name, text in before.items():
            self.query_one(f"#{name}", LineInput).value = text
        if before["ca_file"] or before["proxy"]:
            self._row("ca_file").display = self._row("proxy").display = True
        self.say(_("What you had typed is back."))

    @on(LineInput.Changed)
    def keep_typed(self) -> None:
        """Keep what stands in the fields, but the password."""
        typed = {name: self._value(name) for name in _KEPT}
        if self._keeper is not None and typed != self._typed:
            self._typed = typed
            if any(typed.values()):
                self._keeper.release(typed)
            else:
                self.run_worker(self._forget(), group="drafts")

    async def _forget(self) -> None:
        """All is emptied: forgotten now, not when the screen has gone, which is too late for the
        list of drafts under it.
        """
        if self._keeper is not None and not any(self._typed.values()):
            with suppress(Refused):  # tried again at the end
                await self._keeper.discard()

    def on_unmount(self) -> None:
        """Gone: what is not in the store yet is sent; nothing is kept of what was joined, nor of
        empty fields.
        """
        empty = bool(self._typed) and not any(self._typed.values())
        if self._keeper is not None and (empty or session(self).facts.server):
            self._keeper.hold()
            session(self).later(drafts.discard, self.actor, self._keeper.mine)
        if self._keeper is not None:
            self._keeper.close()
