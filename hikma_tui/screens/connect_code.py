"""The server's code, for the next computer or a phone: what the portal shows, the bare address."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Resize

from hikma_tui.i18n import _
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.qr_code import QrCode
from hikma_tui.widgets.title import KeyLine, MessageLine


class CodeScreen(PatientSideScreen):
    """The code of ``url`` and its text; the text alone where there is no room for the code."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("code.leave", "escape", N_("back"), more_keys=("enter",)),
    )

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def compose(self) -> ComposeResult:
        """The text, the code, whether it has room, keys."""
        yield Headline(id="what")
        yield QrCode(self._url)
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """The text stands above the code in any case."""
        self.query_one("#what", Headline).show(self._url)

    def on_resize(self, _event: Resize) -> None:
        """There may be room now, or none any more."""
        self.call_after_refresh(self._say_whether_it_fits)

    def _say_whether_it_fits(self) -> None:
        if self.left:
            return
        if self.query_one(QrCode).fits:
            self.say(_("Scan it, or type the address above."))
        else:
            self.say(_("This screen is too small for the code: type the address above."))

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
