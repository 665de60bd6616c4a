"""The lock: nothing of a patient, the names of the users, and a PIN to go on (decisions.md 20).

It is also where users change. A digit (of any script) chooses who, then the PIN is typed. Where
nobody has a PIN the choice alone is enough.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key
from textual.widgets import Input

from hikma_tui.clinic import pins
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.lock_door import locking
from hikma_tui.screens.lock_rows import known, rows, used_up
from hikma_tui.screens.session import not_saved
from hikma_tui.secrets_kdf import as_meant, code_as_meant, hashed, matches
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action, digit_of
from hikma_tui.widgets.prompt import Labelled, LineInput
from hikma_tui.widgets.row_list import RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

_WHO, _PIN, _CODE, _NEW, _AGAIN = "who", "pin", "code", "new", "again"


class LockScreen(ClinicScreen[None]):
    """Who, and the PIN. It stays until somebody is let in."""

    IS_LOCK: ClassVar[bool] = True

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("lock.go_on", "enter", N_("go on"), N_("Choose who; then unlock with the PIN")),
        Action("lock.back", "escape", N_("somebody else"), N_("Choose another user")),
        Action("lock.forgotten", "f6", N_("forgotten"),
               N_("A new PIN with the recovery code on paper")),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._everyone: tuple[Actor, ...] = ()
        self._with_pin: frozenset[str] = frozenset()
        self._in_use = False
        self._chosen: Actor | None = None
        self._stage = ""
        self._new = ""
        self._busy = False
        self._recovery = False

    def compose(self) -> ComposeResult:
        """Heading, who, the field, message, keys."""
        yield Headline(id="who")
        yield Labelled(_("PIN:"), LineInput(id="pin", password=True, max_length=1024), id="asked")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Names are read; the field is there when it is known whose PIN it takes."""
        self.query_one(Headline).show(_("Locked"))
        self.query_one("#asked").display = False
        self.run_worker(self._read(), group="read", exclusive=True)

    def key_actions(self) -> tuple[Action, ...]:
        """Its own alone, those that can be done now."""
        return tuple(one for one in self.ACTIONS if not self.why_not(one.id))

    def why_not(self, action_id: str) -> str:
        """What the stage does not have."""
        choosing = self._stage in ("", _WHO)
        if action_id == "lock.back" and choosing:
            return _("Choose who you are.")
        if action_id == "lock.forgotten" and self._stage != _PIN:
            return _("Choose who you are.")
        return ""

    async def _read(self) -> None:
        try:
            everyone, with_pin, in_use, recovery = await self.clinic.reading(known)
        except Refused as error:
            self.say(str(error), loud=True)
            return
        if self.left:
            return
        self._everyone, self._with_pin, self._in_use = everyone, with_pin, in_use
        self._recovery = recovery
        mine = next((a for a in everyone if a.user_id == self.actor.user_id), None)
        if in_use and mine is not None and mine.user_id in with_pin:
            self._choose(mine)
        else:
            self._ask_who()

    # Who -----------------------------------------------------------------------------------

    def _ask_who(self) -> None:
        self._stage, self._chosen = _WHO, None
        self.query_one("#asked").display = False
        self.set_focus(None)
        lines = rows(self._everyone, self._with_pin, in_use=self._in_use)
        shown = self.query_one(RowList)
        shown.show(lines)
        shown.highlight(self.actor.user_id)
        self.query_one(Headline).show(_("Locked. Who are you?"))
        self.refresh_keys()

    def on_key(self, event: Key) -> None:
        """A digit chooses; the arrows move."""
        if self._stage == _WHO:
            number = digit_of(event.character)
            if number and number <= len(self._everyone):
                event.stop()
                self._take(self._everyone[number - 1])
                return
            super().on_key(event)

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """Enter on a name."""
        event.stop()
        one = next((a for a in self._everyone if a.user_id == event.key), None)
        if one is not None and self._stage == _WHO:
            self._take(one)

    def _take(self, one: Actor) -> None:
        if not self._in_use:
            locking(self).unlock(one)
        elif one.user_id not in self._with_pin:
            self.say(
                _("{user} has no PIN on this computer yet: an administrator gives one.").format(
                    user=one.user_name
                ),
                loud=True,
            )
        else:
            self._choose(one)

    def _choose(self, one: Actor) -> None:
        self._chosen = one
        self.query_one(RowList).show([])
        self._ask(_PIN, _("PIN:"), _("Locked. {user}").format(user=one.user_name))

    def _ask(self, stage: str, label: str, heading: str) -> None:
        self._stage = stage
        field = self.query_one(LineInput)
        field.value = ""
        field.password = stage != _CODE
        asked = self.query_one("#asked", Labelled)
        asked.display = True
        asked.relabel(label)
        self.query_one(Headline).show(heading)
        field.focus()
        self.refresh_keys()

    # The PIN -------------------------------------------------------------------------------

    @on(Input.Submitted)
    async def entered(self, event: Input.Submitted) -> None:
        """Enter in the field."""
        event.stop()
        await self.action_do("lock.go_on")

    def action_go_on(self) -> None:
        """Enter: the marked name, or what was typed."""
        if self._stage == _WHO:
            self.query_one(RowList).open()
        elif self._stage and not self._busy and self.query_one(LineInput).value:
            self._busy = True
            self.run_worker(self._go_on(), group="unlock")

    async def _go_on(self) -> None:
        field = self.query_one(LineInput)
        typed, field.value = field.value, ""
        try:
            if self._stage in (_PIN, _CODE):
                await self._try(typed)
            elif self._stage == _NEW:
                pins.check_shape(typed)
                self._new = typed
                self._ask(_AGAIN, _("Once more:"), self._heading())
            elif as_meant(typed) != as_meant(self._new):
                self._ask(_NEW, _("New PIN:"), self._heading())
                self.say(_("The two were not the same."), loud=True)
            else:
                await self._keep(typed)
        except Invalid as error:
            self.say(str(error), loud=True)
        except Refused as error:
            self.say(str(error) if self._stage != _AGAIN else not_saved(error), loud=True)
        finally:
            self._busy = False

    def _heading(self) -> str:
        name = self._chosen.user_name if self._chosen else ""
        return _("A new PIN for {user}").format(user=name)

    async def _try(self, typed: str) -> None:
        """Count the try, look at it beside the screen, end it. Refused."""
        who = self._chosen
        assert who is not None
        code = self._stage == _CODE
        owner = pins.RECOVERY if code else who.user_id
        tried = await self.clinic.writing(pins.begin, owner)
        meant = code_as_meant(typed) if code else typed
        if await asyncio.to_thread(matches, meant, tried.hash):
            await self.clinic.writing(pins.right, who, owner)
            if code:
                self.say("")
                self._ask(_NEW, _("New PIN:"), self._heading())
            else:
                locking(self).unlock(who)
            return
        wait = await self.clinic.writing(pins.wrong, who, owner)
        said = _("The code is not right.") if code else _("The PIN is not right.")
        if wait:
            said += " " + _("The next try counts in {n} s.").format(n=wait)
        self.say(said, loud=True)

    async def _keep(self, typed: str) -> None:
        who = self._chosen
        assert who is not None
        made = await asyncio.to_thread(hashed, typed)
        await self.clinic.writing(pins.reset_pin, who, made)
        locking(self).hold_back(used_up())
        locking(self).unlock(who)

    def action_back(self) -> None:
        """Esc: somebody else; what was begun is forgotten."""
        self._new = ""
        self.say("")
        self._ask_who()

    def action_forgotten(self) -> None:
        """F6: the code on paper instead."""
        if not self._recovery:
            self.say(_("No recovery code was made: an administrator can give you a new PIN."))
            return
        name = self._chosen.user_name if self._chosen else ""
        self._ask(
            _CODE, _("Recovery code:"), _("The code on paper, for a new PIN of {user}").format(
                user=name
            ),
        )  # fmt: skip
