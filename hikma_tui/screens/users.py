"""The users of these records: who they are, what they may do, and their PINs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on

from hikma_tui.clinic import drafts, pins, users
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.permissions import Flag, in_words
from hikma_tui.clinic.users import Person
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import kept_words
from hikma_tui.screens.kept_words import USERS
from hikma_tui.screens.lock_door import locking
from hikma_tui.screens.lock_pin import NewPin, no_pin, own_pin, recovery, shown
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import not_saved
from hikma_tui.secrets_kdf import hashed
from hikma_tui.text import fit
from hikma_tui.widgets.dialogs import Ask, AskReason, Choice, Choose
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Line, Row, RowList


class AskName(AskReason):
    """A name. Gives it, or None when left with Esc."""

    LONGEST = users.LONGEST_NAME

    @property
    def label(self) -> str:
        """What stands above the field."""
        return _("Name:")

    @property
    def lacks(self) -> str:
        """What is said when the field is empty."""
        return _("A name is needed.")


class UsersScreen(RowScreen):
    """A list of people; Enter says what can be done with one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("users.open", "enter", N_("change"), N_("PIN, name, permissions, removal")),
        Action("users.add", "f2", N_("add"), N_("Add a user")),
        Action("users.recovery", "f6", N_("recovery code"), N_("Make a new recovery code")),
        Action("users.leave", "escape", N_("back"), N_("Back")),
    )  # fmt: skip

    def __init__(self, *, resume: str = "") -> None:
        """``resume`` is the place of the draft to go on with."""
        super().__init__()
        self._people: tuple[Person, ...] = ()
        self._resume = resume

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one("#what", Headline).show(_("Users"))
        self.read_anew()

    async def fetch(self) -> None:
        """Everybody who may work here."""
        self._people = tuple(await self.clinic.reading(users.people, self.actor))

    def paint(self) -> None:
        """One row each; how many."""
        n = len(self._people)
        if not n:
            return  # not read yet: who looks is one of them
        names = [one.name.casefold() for one in self._people]
        lines: list[Line] = []
        for one in self._people:
            twice = names.count(one.name.casefold()) > 1
            said = [f"…{one.id[-4:]}"] if twice else []
            said.append(_("PIN") if one.has_pin else _("no PIN"))
            said += [_("from the server")] if one.from_server else []
            cells = fit(one.role, 12) + " " + fit(", ".join(said), 30) + " "
            lines.append(Row(one.id, cells, one.name))
        self.show_rows(ngettext("{n} user", "{n} users", n).format(n=n), lines)
        self._take_up()

    def _take_up(self) -> None:
        """The name that was being typed."""
        resume, self._resume = self._resume, ""
        one = next((one for one in self._people if resume == f"{USERS}:{one.id}"), None)
        if one is not None:
            self.run_worker(self._doing(self._rename, one), group="users", exclusive=True)
        elif resume:
            self.action_add()

    # What can be done ----------------------------------------------------------------------

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """Ask what to do with the marked user."""
        event.stop()
        one = next((one for one in self._people if one.id == event.key), None)
        if one is not None:
            self.run_worker(self._doing(self._change, one), group="users", exclusive=True)

    def action_add(self) -> None:
        """F2."""
        self.run_worker(self._doing(self._add), group="users", exclusive=True)

    def action_recovery(self) -> None:
        """F6."""
        self.run_worker(self._doing(self._recovery), group="users", exclusive=True)

    async def _doing(self, act: Callable[..., Any], *arguments: Any) -> None:
        try:
            await act(*arguments)
        except Refused as error:
            self.say(not_saved(error), loud=True)
        await self.reread()

    async def _recovery(self) -> None:
        await self.clinic.reading(
            pins.require_master, self.actor, _("Only an administrator can make a recovery code.")
        )
        if await shown(self):
            await recovery(self)

    async def _add(self) -> None:
        async with kept_words.begin(self, f"{USERS}:add", None) as words:
            name = await words.ask(_("A new user of this clinic"), dialog=AskName)
            role = await self._role(name) if name is not None else None
            if name is None or role is None:
                return
            user_id = await self.clinic.writing(
                drafts.saved, self.actor, words.hold, users.add, self.actor, name, role
            )
        self.say(_("{user} was added.").format(user=name))
        if await self.clinic.reading(pins.in_use):
            await self._give_pin(user_id, name)

    async def _role(self, name: str) -> str | None:
        choices = [
            Choice("provider", _("provider: sees and records patients, prescribes")),
            Choice("registrar", _("registrar: registers patients, sees them")),
            Choice("admin", _("administrator: everything at this clinic")),
        ]
        return await self.app.push_screen_wait(
            Choose(_("What is {user} here?").format(user=name), choices)
        )

    async def _change(self, one: Person) -> None:
        choices = [
            Choice("pin", _("PIN: give a new one")),
            Choice("rename", _("another name")),
            Choice("role", _("another role: {role} now").format(role=one.role)),
            Choice("flags", _("permissions: {n} of {all} now").format(
                n=len(one.flags), all=len(Flag))),
            Choice("remove", _("remove this user")),
            Choice("no pin", _("PIN: take it away") if one.has_pin else _("(PIN: there is none)")),
        ]  # fmt: skip
        more = ""
        if one.from_server:
            more = _("Comes from the server: name and permissions are changed there. A PIN holds on"
                     " this computer only.")  # fmt: skip
        chosen = await self.app.push_screen_wait(Choose(one.name, choices, more))
        if chosen == "pin" and one.id == self.actor.user_id:
            await own_pin(self)
        elif chosen == "pin":
            await self._give_pin(one.id, one.name)
        elif chosen == "no pin" and one.has_pin:
            await no_pin(self, one.id, one.name)
        elif chosen == "rename":
            await self._rename(one)
        elif chosen == "role":
            if (role := await self._role(one.name)) is not None:
                await self.clinic.writing(users.change_role, self.actor, one.id, role)
        elif chosen == "flags":
            await self._flags(one)
        elif chosen == "remove":
            await self._remove(one)

    async def _rename(self, one: Person) -> None:
        async with kept_words.begin(self, f"{USERS}:{one.id}", None) as words:
            question = _("Another name for {user}").format(user=one.name)
            name = await words.ask(question, first=one.name, dialog=AskName)
            if name is not None:
                await self.clinic.writing(
                    drafts.saved, self.actor, words.hold, users.rename, self.actor, one.id, name
                )

    async def _give_pin(self, user_id: str, name: str) -> None:
        typed = await self.app.push_screen_wait(
            NewPin(_("A PIN for {user}").format(user=name),
                   _("{user} can change it later.").format(user=name))
        )  # fmt: skip
        if typed is None:
            return
        made = await asyncio.to_thread(hashed, typed)
        await self.clinic.writing(pins.set_pin, self.actor, user_id, made)
        await locking(self).changed()
        self.say(_("{user} has a new PIN.").format(user=name))

    async def _flags(self, one: Person) -> None:
        """One flag is turned at a time, until Esc."""
        while True:
            choices = [
                Choice(flag.value, f"[{'x' if flag in one.flags else ' '}] {in_words(flag)}")
                for flag in Flag
            ]
            asked = Choose(_("What may {user} do?").format(user=one.name), choices)
            chosen = await self.app.push_screen_wait(asked)
            if chosen is None:
                return
            flag = Flag(chosen)
            on, off = ((), (flag,)) if flag in one.flags else ((flag,), ())
            await self.clinic.writing(users.set_flags, self.actor, one.id, on, off)
            one = await self.clinic.reading(users.person_named, self.actor, one.id)

    async def _remove(self, one: Person) -> None:
        more = _("They are not let in any more. What they wrote stays, under their name.")
        if await self.app.push_screen_wait(
            Ask(_("Remove {user}?").format(user=one.name), more, careful=True)
        ):
            await self.clinic.writing(users.remove, self.actor, one.id)
            self.say(_("{user} is removed.").format(user=one.name))
