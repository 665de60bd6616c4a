"""The password of the server, asked for once in a session: masked, and held in memory alone."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.sync_door import door
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput

LONGEST = 1000


class PasswordDialog(Dialog[str | None]):
    """Gives the password, or None when left with Esc."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("password.done", "f10", N_("go on")),
        Action("password.leave", "escape", N_("back")),
    )

    def body(self) -> ComposeResult:
        """The field."""
        yield Static(display(_("Password:")), classes="label", markup=False)
        yield LineInput(id="password", password=True, max_length=LONGEST)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter goes on."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """Give it; an empty one is asked for again."""
        password = self.query_one(LineInput).value
        if password:
            self.dismiss(password)
        else:
            self.say(_("A password is needed."), loud=True)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)


async def ask_password(screen: ClinicScreen[Any]) -> bool:
    """Whether there is a password: from before, or typed now. Call it in a worker."""
    sync = door(screen)
    if not sync.needs_password():
        return True
    email = sync.server.email if sync.server is not None else ""
    more = _("It is held until this program is left, and not written anywhere.")
    question = _("The server's password of {email}:").format(email=email)
    typed = await screen.app.push_screen_wait(PasswordDialog(question, more))
    if typed:
        sync.use_password(typed)
    return bool(typed)
