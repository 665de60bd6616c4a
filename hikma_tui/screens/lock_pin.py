"""Giving a PIN, and the recovery code that goes with the first one (decisions.md 20)."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui.clinic import pins, users
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.lock_door import locking
from hikma_tui.screens.session import not_saved
from hikma_tui.secrets_kdf import LONGEST, as_meant, code_as_meant, hashed, matches, new_code
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Ask, Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput


class NewPin(Dialog[str | None]):
    """A new PIN, typed twice. Gives it as typed, or None when left with Esc."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("new_pin.done", "f10", N_("keep")),
        Action("new_pin.leave", "escape", N_("back, nothing changes")),
    )

    def body(self) -> ComposeResult:
        """Two fields."""
        yield Static(display(_("PIN or passphrase:")), classes="label", markup=False)
        yield LineInput(id="first", password=True, max_length=LONGEST)
        yield Static(display(_("Once more:")), classes="label", markup=False)
        yield LineInput(id="again", password=True, max_length=LONGEST)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter: the second field, then done."""
        event.stop()
        if event.input.id == "first":
            self.query_one("#again").focus()
        else:
            self.action_done()

    def action_done(self) -> None:
        """F10."""
        first, again = (self.query_one(f"#{name}", LineInput) for name in ("first", "again"))
        try:
            pins.check_shape(first.value)
        except Invalid as error:
            self.say(str(error), loud=True)
            first.focus()
            return
        if as_meant(first.value) != as_meant(again.value):
            again.value = ""
            again.focus()
            self.say(_("The two are not the same."), loud=True)
            return
        self.dismiss(first.value)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)


class OnePin(Dialog[str | None]):
    """The PIN that one has now, before it is changed. Gives it, or None when left with Esc."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("one_pin.done", "f10", N_("go on")),
        Action("one_pin.leave", "escape", N_("back, nothing changes")),
    )

    def body(self) -> ComposeResult:
        """The field."""
        yield LineInput(id="pin", password=True, max_length=LONGEST)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter goes on."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """F10."""
        self.dismiss(self.query_one(LineInput).value or None)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)


class Paper(Dialog[bool]):
    """The recovery code, to be written down and typed once from the paper; whether it was."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("paper.done", "f10", N_("I have written it down")),
        Action("paper.leave", "escape", N_("without a code")),
    )

    def __init__(self, code: str) -> None:
        more = "\n".join(
            (
                _("Write it on paper, and keep the paper away from this computer."),
                _("It gives a new PIN to whoever has forgotten theirs. It is not shown again."),
            )
        )
        super().__init__(_("Recovery code: {code}").format(code=code), more)
        self._code = code

    def body(self) -> ComposeResult:
        """The field, once the code is hidden."""
        yield Static(display(_("Type it from the paper:")), classes="label", markup=False)
        yield LineInput(id="code", max_length=100)

    def on_mount(self) -> None:
        """First it is only read."""
        self.query_one(LineInput).display = False
        self.query_one(".label").display = False
        self.set_focus(None)

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter is F10."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """F10: hide it; then hold what was typed against it."""
        field = self.query_one(LineInput)
        if not field.display:
            self.query_one(".question", Static).update(display(_("Is it right on the paper?")))
            self.query_one(".label").display = field.display = True
            field.focus()
        elif code_as_meant(field.value) == code_as_meant(self._code):
            self.dismiss(True)
        else:
            field.value = ""
            self.query_one(".question", Static).update(display(self.question))
            self.say(_("That was not the code. Look at it once more."), loud=True)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(False)


async def own_pin(screen: ClinicScreen[Any], why: str = "") -> None:
    """Ask for a PIN of who is signed in, and make a recovery code where there is none. In a worker.

    Whoever has a PIN shows it first: a screen left open must not be enough to change it.
    """
    actor = screen.actor
    try:
        if not await shown(screen):
            return
        typed = await screen.app.push_screen_wait(
            NewPin(_("A PIN for {user}").format(user=actor.user_name), why or _rules())
        )
        if typed is None:
            return
        made = await asyncio.to_thread(hashed, typed)
        await screen.clinic.writing(pins.set_pin, actor, actor.user_id, made)
        await locking(screen).changed()
        screen.say(_("{user} has a new PIN. Ctrl+L locks the screen.").format(user=actor.user_name))
        if not await screen.clinic.reading(pins.has_recovery):
            await recovery(screen)
    except Refused as error:
        screen.say(not_saved(error), loud=True)


async def no_pin(screen: ClinicScreen[Any], user_id: str, name: str) -> None:
    """Take a PIN away, after asking; whoever does it shows their own first. In a worker. Refused.

    What that means stands in the question: to the last PIN all are let in without one.
    """
    actor = screen.actor
    last = await screen.clinic.reading(pins.owners) == {user_id}
    more = _("{user} is not let in any more until an administrator gives a new one.").format(
        user=name
    )
    if last:
        more = _("It is the last one: whoever has this computer sees everything then.")
    question = _("Take the PIN of {user} away?").format(user=name)
    if not await shown(screen):
        return
    if await screen.app.push_screen_wait(Ask(question, more, careful=True)):
        await screen.clinic.writing(users.remove_pin, actor, user_id)
        await locking(screen).changed()
        screen.say(_("{user} has no PIN any more.").format(user=name), loud=last)


async def shown(screen: ClinicScreen[Any]) -> bool:
    """Whether who is signed in typed the PIN that they have, or has none. Refused."""
    actor = screen.actor
    if actor.user_id not in await screen.clinic.reading(pins.owners):
        return True
    typed = await screen.app.push_screen_wait(
        OnePin(_("The PIN that {user} has now:").format(user=actor.user_name))
    )
    if typed is None:
        return False
    tried = await screen.clinic.writing(pins.begin, actor.user_id)
    if await asyncio.to_thread(matches, typed, tried.hash):
        await screen.clinic.writing(pins.right, actor, actor.user_id)
        return True
    await screen.clinic.writing(pins.wrong, actor, actor.user_id)
    screen.say(_("The PIN is not right. Nothing was changed."), loud=True)
    return False


async def recovery(screen: ClinicScreen[Any]) -> None:
    """A recovery code on paper, tried once before it counts. Refused."""
    code = new_code()
    if not await screen.app.push_screen_wait(Paper(code)):
        screen.say(
            _("Without a recovery code only an administrator can give a new PIN."), loud=True
        )
        return
    made = await asyncio.to_thread(hashed, code_as_meant(code))
    await screen.clinic.writing(pins.set_recovery, screen.actor, made)
    screen.say(_("The recovery code is right. Keep the paper."))


def _rules() -> str:
    return _(
        "At least 4 digits or letters; longer is safer. After some idle minutes, and at the"
        " start, nothing of a patient is shown without it."
    )
