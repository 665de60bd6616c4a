"""The server that this store is joined to: its code for the next machine, and leaving it."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from textual import on
from textual.app import ComposeResult
from textual.events import Resize
from textual.widgets import Input, Static

from hikma_tui.clinic import server
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.server import ServerState
from hikma_tui.i18n import _
from hikma_tui.screens.connect_account import AccountDialog
from hikma_tui.screens.connect_code import CodeScreen
from hikma_tui.screens.connect_door import Lines, door
from hikma_tui.screens.connect_plan import wrapped
from hikma_tui.screens.session import PatientSideScreen, not_saved, session
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Dialog
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.page_text import PageText
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine, StateLine


class TypeName(Dialog[bool]):
    """A yes that nobody gives by mistake: the server's name, typed."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("name.done", "f10", N_("leave the server")),
        Action("name.leave", "escape", N_("back, nothing changes")),
    )

    def __init__(self, question: str, more: str, word: str) -> None:
        super().__init__(question, more)
        self._word = word

    def body(self) -> ComposeResult:
        """The field."""
        label = _("Type {word} for yes:").format(word=self._word)
        yield Static(display(label), classes="label", markup=False)
        yield LineInput(id="word")

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter."""
        event.stop()
        self.action_done()

    def action_done(self) -> None:
        """F10: only with the name."""
        if self.query_one(LineInput).value.strip().lower() == self._word.lower():
            self.dismiss(True)
        else:
            self.say(_("Type {word} for yes:").format(word=self._word), loud=True)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(False)


class JoinedScreen(PatientSideScreen):
    """Which server, and the two things that are seldom done with it."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("joined.code", "1", N_("code"), N_("The code for the next computer or a phone")),
        Action("joined.account", "2", N_("another account"),
               N_("Sync with the account of a colleague")),
        Action("joined.depart", "8", N_("leave the server"),
               N_("Leave the server; all records stay"), more_keys=("f8",)),
        Action("joined.leave", "escape", N_("back")),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._state: ServerState | None = None
        self._leaving = False

    def compose(self) -> ComposeResult:
        """State, which server, what joined means, message, keys."""
        yield StateLine()
        yield Headline(id="what")
        yield PageText()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read it."""
        self.query_one(StateLine).show(*session(self).state())
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    async def _read(self) -> None:
        try:
            self._state = await self.clinic.reading(server.state)
        except Refused as error:
            self.say(str(error), loud=True)
            return
        if not self.left:
            self._paint()

    def _paint(self) -> None:
        state = self._state
        if state is None or not state.registered:
            return
        self.query_one("#what", Headline).show(_("Joined: {url}").format(url=state.url))
        lines: Lines = [
            ("", ""),
            (_("Account: {email}. Clinic: {clinic}.").format(
                email=state.email, clinic=state.clinic), ""),
            (_("One server at a time: to join another one, leave this one first."), ""),
            (_("A colleague's account can sync instead, where this one was removed: 2."), ""),
        ]  # fmt: skip
        self.query_one(PageText).show(wrapped(lines, self.size.width))
        self.refresh_keys()

    def why_not(self, action_id: str) -> str:
        """Before it is read, and while it is being left."""
        if self._leaving:
            return _("Just a moment.")
        if action_id != "joined.leave" and self._state is None:
            return _("Just a moment.")
        return ""

    def action_code(self) -> None:
        """1."""
        if self._state is not None:
            self.app.push_screen(CodeScreen(self._state.url))

    def action_account(self) -> None:
        """2: ask for it, and say what came of it."""
        former = self._state.email if self._state else ""

        def changed(said: str | None) -> None:
            if said:
                self.run_worker(self._read(), group="read", exclusive=True)
            self.say(said or _("Nothing was changed."))

        self.app.push_screen(AccountDialog(door(self), former), changed)

    def action_depart(self) -> None:
        """8: after the server's name was typed."""
        self.run_worker(self._depart(), group="depart", exclusive=True)

    async def _depart(self) -> None:
        url = self._state.url if self._state else ""
        word = urlsplit(url).hostname or url
        question = _("Leave {url}?").format(url=url)
        if not await self.app.push_screen_wait(TypeName(question, door(self).leaving(url), word)):
            self.say(_("Nothing was changed."))
            return
        self._leaving = True
        try:
            said = await door(self).leave()
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return
        finally:
            self._leaving = False
        if not self.left:
            app = session(self)
            app.to_search("")
            app.tell(said)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
