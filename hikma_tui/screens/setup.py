"""The first start: the clinic's name and the user's, and at work in under a minute."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from hikma_tui import clock
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import not_saved, session
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import paste_cut_text
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine

_LONGEST_NAME = 200


def guessed_zone() -> str:
    """The time zone that this machine is set to (``Asia/Beirut``); empty when it says none."""
    candidates = [os.environ.get("TZ", "").lstrip(":")]
    with suppress(OSError, UnicodeDecodeError):
        candidates.append(Path("/etc/timezone").read_text(encoding="utf-8").strip())
    with suppress(OSError):
        candidates.append(str(Path("/etc/localtime").readlink()).partition("zoneinfo/")[2])
    return next((name for name in candidates if clock.zone_of(name) is not None), "")


class SetupScreen(ClinicScreen[None]):
    """Three answers make a clinic. Nothing leaves this computer."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("setup.next", "enter", N_("next"), N_("Next field; after the last one begin")),
        Action("setup.begin", "f10", N_("begin"), N_("Make the clinic and begin"),
               more_keys=("ctrl+s",)),
        Action("setup.encrypt", "f6", N_("encrypt"),
               N_("Encrypt the records with a passphrase")),
        Action("setup.place", "f7", N_("copies"),
               N_("A second place, where a copy goes every day: a stick, a drive")),
    )  # fmt: skip

    # Before any field sees it: what is typed ahead on a slow line belongs to the next field.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "do('setup.next')", show=False, priority=True)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._making = False
        self._passphrase = ""

    def compose(self) -> ComposeResult:
        """What this is, and the three fields."""
        with Vertical():
            yield Static("")
            for line in (
                _(" A new clinic"),
                "",
                _(" The records stay on this computer. No internet and no account are needed."),
                _(" A server can be joined later, or never."),
                "",
            ):
                yield Static(display(line), markup=False)
            yield Static(self._shown(), id="protection", markup=False)
            yield Static(display(self._copies()), id="copies", markup=False)
            yield Static("")
            yield Labelled(
                _("Name of the clinic:"), LineInput(id="clinic", max_length=_LONGEST_NAME)
            )
            yield Labelled(_("Your name:         "), LineInput(id="user", max_length=_LONGEST_NAME))
            yield Labelled(_("Time zone:         "), LineInput(guessed_zone(), id="zone"))
        yield MessageLine()
        yield KeyLine()

    def _protection(self) -> str:
        """What stands between the records and another program, or who holds the disk."""
        if self._passphrase:
            return _(" The records will be encrypted with your passphrase.")
        bare = _(" NOT encrypted: any program, and whoever takes the disk, can read them.")
        if session(self).can_encrypt():
            return "\n".join((bare, _(" F6 encrypts them with a passphrase.")))
        return "\n".join((bare, _(" To encrypt: leave, install hikma-tui[encrypted].")))

    def _shown(self) -> str:
        return "\n".join(display(line) for line in self._protection().split("\n"))

    def action_encrypt(self) -> None:
        """F6: ask for a passphrase, or take it back."""
        from hikma_tui.screens.passphrase import NewPassphrase

        if not session(self).can_encrypt():
            self.say(" ".join(self._protection().split()), loud=True)
            return
        self.app.push_screen(NewPassphrase(_("Encrypt the records")), self._chosen)

    def _chosen(self, passphrase: str | None) -> None:
        if passphrase is not None:
            self._passphrase = passphrase
            self.query_one("#protection", Static).update(self._shown())

    def _copies(self) -> str:
        """Where copies will go."""
        if place := session(self).first_place:
            return _(" A copy goes every day to {path}").format(path=place)
        return _(" Copies on this computer only. F7 chooses a stick for a copy every day.")

    def action_place(self) -> None:
        """F7: a second place for copies."""
        self.run_worker(self._place(), group="place", exclusive=True)

    async def _place(self) -> None:
        from hikma_tui.screens.backups_asking import place_at_set_up

        try:
            session(self).first_place = await place_at_set_up(self)
        except Refused as error:
            self.say(str(error), loud=True)
        self.query_one("#copies", Static).update(display(self._copies()))

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one("#clinic", LineInput).focus()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut of a paste."""
        self.say(paste_cut_text(event))

    def action_next(self) -> None:
        """The next field; after the last one begin, when it has taken all that was typed."""
        fields = list(self.query(LineInput))
        focused = self.focused
        if focused in fields and focused is not fields[-1]:
            self.set_focus(fields[fields.index(focused) + 1])
        else:
            fields[-1].call_later(self.action_begin)

    def action_begin(self) -> None:
        """F10: make the clinic; a field that lacks gets the cursor."""
        clinic, user, zone = (
            self.query_one(f"#{name}", LineInput) for name in ("clinic", "user", "zone")
        )
        wrong = ""
        if not clinic.value.strip():
            wrong = _("The clinic needs a name.")
            clinic.focus()
        elif not user.value.strip():
            wrong = _("Your name is needed: it stands beside what you write.")
            user.focus()
        elif zone.value.strip() and clock.zone_of(zone.value.strip()) is None:
            wrong = _("No such time zone. Write it like Asia/Beirut, or leave it empty.")
            zone.focus()
        if wrong:
            self.say(wrong, loud=True)
        elif not self._making:
            self._making = True
            values = (clinic.value, user.value, zone.value.strip())
            self.run_worker(self._make(*values), group="make")

    async def _make(self, clinic: str, user: str, zone: str) -> None:
        try:
            await session(self).set_up(clinic, user, zone, self._passphrase)
        except Refused as error:
            self.say(not_saved(error), loud=True)
        finally:
            self._making = False
