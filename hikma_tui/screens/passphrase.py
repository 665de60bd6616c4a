"""The passphrase of new records: asked before anything is stored (docs/encryption.md)."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui.i18n import _
from hikma_tui.secrets_kdf import PASSPHRASE_LONGEST, PASSPHRASE_SHORTEST, passphrase_meant
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput


class NewPassphrase(Dialog[str | None]):
    """A new passphrase, typed twice. Gives it, "" for none, or None when left with Esc."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("new_passphrase.done", "f10", N_("encrypt")),
        Action("new_passphrase.leave", "escape", N_("back, nothing changes")),
    )

    def body(self) -> ComposeResult:
        """What hangs on it, and two fields."""
        for line in (
            _("It is asked at each start. Whoever forgets it has lost"),
            _("the records: nobody can open them then. Write it down,"),
            _("and keep the paper away from this computer."),
        ):
            yield Static(display(line), markup=False)
        yield Static(display(_("Passphrase (empty: none):")), classes="label", markup=False)
        yield LineInput(id="first", password=True, max_length=4096)
        yield Static(display(_("Once more:")), classes="label", markup=False)
        yield LineInput(id="again", password=True, max_length=4096)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter: the second field, then done."""
        event.stop()
        if event.input.id == "first":
            self.query_one("#again").focus()
        else:
            self.action_done()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Half a passphrase is none: who pasted it would never know where it was cut."""
        event.stop()
        event.input.value = ""
        self.say(_("Too long: a terminal could not take it at the next start."), loud=True)

    def action_done(self) -> None:
        """F10."""
        first, again = (self.query_one(f"#{name}", LineInput) for name in ("first", "again"))
        meant = [passphrase_meant(field.value) for field in (first, again)]
        wrong = ""
        if first.value and len(meant[0]) < PASSPHRASE_SHORTEST:
            wrong = _("At least {n} characters: some words that belong to nobody's song.").format(
                n=PASSPHRASE_SHORTEST
            )
        elif len(meant[0].encode("utf-8", "surrogatepass")) > PASSPHRASE_LONGEST:
            wrong = _("Too long: a terminal could not take it at the next start.")
        if wrong:
            first.focus()
            self.say(wrong, loud=True)
        elif meant[0] != meant[1]:
            again.value = ""
            again.focus()
            self.say(_("The two are not the same."), loud=True)
        else:
            self.dismiss(first.value)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
