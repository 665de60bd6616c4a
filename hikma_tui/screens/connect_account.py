"""Another account for the server that is joined (decisions.md 32): asked for, tried, taken."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.connect_door import ConnectDoor, ForAdmin
from hikma_tui.screens.sync_password import LONGEST
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput


class AccountDialog(Dialog[str | None]):
    """Gives the sentence that it is done, or None when left: then nothing was changed."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("account.next", "enter", N_("next"), show=False),
        Action("account.done", "f10", N_("sign in")),
        Action("account.leave", "escape", N_("back, nothing changes")),
    )

    # Before a field sees it: what is typed ahead, a password, belongs to the next field.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "do('account.next')", show=False, priority=True)
    ]

    def __init__(self, door: ConnectDoor, former: str) -> None:
        super().__init__(
            _("Sync with another account?"),
            _(
                "Now: {email}. The other account has to be of the same clinic. No record changes"
                " and nothing is sent by this; what waits goes with it from then on, and each"
                " record keeps its author."
            ).format(email=former),
        )
        self._door = door
        self._busy = False

    def body(self) -> ComposeResult:
        """E-mail and password."""
        yield Labelled(_("E-mail:         "), LineInput(id="email", max_length=LONGEST))
        yield Labelled(
            _("Password:       "), LineInput(id="password", password=True, max_length=LONGEST)
        )

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#email", LineInput).focus()

    def action_next(self) -> None:
        """Enter: on to the password, and from there signs in, with all that was typed before it."""
        field = self.query_one("#password", LineInput)
        if self.focused is field:
            field.call_later(self.action_done)
        else:
            self.set_focus(field)

    def action_done(self) -> None:
        """F10."""
        if self._busy:
            return
        for name, said in (
            ("email", _("The e-mail of the other account is needed.")),
            ("password", _("A password is needed.")),
        ):
            field = self.query_one(f"#{name}", LineInput)
            if not field.value.strip():
                field.focus()
                self.say(said, loud=True)
                return
        self._busy = True
        self.say(_("Asking the server. Esc stops that."))
        self.run_worker(self._sign_in(), group="account", exclusive=True)

    async def _sign_in(self) -> None:
        email = self.query_one("#email", LineInput).value.strip()
        field = self.query_one("#password", LineInput)
        try:
            said = await self._door.change_account(email, field.value)
        except Refused as error:
            field.value = ""
            field.focus()
            admin = error.admin if isinstance(error, ForAdmin) else ""
            self.say(f"{error} ({admin})" if admin else str(error), loud=True)
        else:
            self.dismiss(said)
        finally:
            self._busy = False

    def action_leave(self) -> None:
        """Esc: stop waiting, else back."""
        if self._busy:
            self._door.cancel()
        else:
            self.dismiss(None)
