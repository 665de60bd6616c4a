"""Connect to a server: the text of its code, what answers there, the account (features.md 3)."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.i18n import _
from hikma_tui.screens.connect_code import CodeScreen
from hikma_tui.screens.connect_door import ForAdmin, PlainHttp, Way, door
from hikma_tui.screens.connect_draft import ConnectDraft
from hikma_tui.screens.connect_joined import JoinedScreen
from hikma_tui.screens.connect_plan import PlanScreen
from hikma_tui.screens.session import session
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Ask, paste_cut_text
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import Labelled, LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine, StateLine

__all__ = ["CodeScreen", "ConnectScreen", "JoinedScreen"]

_LONGEST_CODE = 4000


class CodeInput(LineInput):
    """The field for the code. A code that was broken over lines is one word again."""

    def take(self, text: str) -> None:
        """A paste replaces what stands there: two codes one after the other are none."""
        self.value = ""
        super().take("".join(line.strip() for line in text.splitlines()))


class ConnectScreen(ConnectDraft):
    """Address, then account, then the plan. Where a server is joined, that one is shown."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("connect.next", "enter", N_("next"), N_("Next field; after the last one go on")),
        Action("connect.previous", "up", N_("field above"), show=False,
               more_keys=("shift+tab",)),
        Action("connect.go_on", "f10", N_("go on"), N_("Ask the server, then sign in to it"),
               more_keys=("ctrl+s",)),
        Action("connect.more", "f6", N_("private network"),
               N_("A private authority's file, a proxy")),
        Action("connect.leave", "escape", N_("back")),
    )  # fmt: skip

    # Before any field sees it: what is typed ahead on a slow line belongs to the next field.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "do('connect.next')", show=False, priority=True)
    ]

    def __init__(self) -> None:
        super().__init__()
        self._looked: Way | None = None  # what was answered; other text must be looked at anew
        self._busy = False

    def compose(self) -> ComposeResult:
        """What this is, the fields as they are needed, what answers."""
        yield StateLine()
        with Vertical():
            yield Static("")
            for line in (
                _(" Connect to a server"),
                "",
                _(" Paste the text of the code that the portal shows (Register Mobile App), or"),
                _(" type the server's address. Nothing is sent before you have seen what happens."),
                "",
            ):
                yield Static(display(line), markup=False)
            yield Labelled(_("Code or address:"), CodeInput(id="code", max_length=_LONGEST_CODE))
            yield Labelled(_("Authority file: "), LineInput(id="ca_file"), id="row_ca_file")
            yield Labelled(_("Proxy:          "), LineInput(id="proxy"), id="row_proxy")
            yield Static("", id="answer", markup=False)
            yield Labelled(_("E-mail:         "), LineInput(id="email"), id="row_email")
            yield Labelled(
                _("Password:       "), LineInput(id="password", password=True), id="row_password"
            )
            yield Labelled(_("Clinic's id:    "), LineInput(id="clinic"), id="row_clinic")
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Type or paste at once."""
        self.query_one(StateLine).show(*session(self).state())
        for name in ("ca_file", "proxy", "email", "password", "clinic"):
            self._row(name).display = False
        self.query_one("#code", LineInput).focus()
        if session(self).facts.server:  # there is nothing to connect
            self.app.switch_screen(JoinedScreen())
        else:
            self.run_worker(self._take_draft(), group="draft")

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut of a paste."""
        self.say(paste_cut_text(event))

    @on(LineInput.Changed, "#code")
    def other_code(self) -> None:
        """What answered belongs to another text."""
        if self._looked is not None and self._way() != self._looked:
            self._looked = None
            self.query_one("#answer", Static).update("")
            for name in ("email", "password", "clinic"):
                self._row(name).display = False

    def _way(self) -> Way:
        return Way(self._value("code"), self._value("ca_file"), self._value("proxy"))

    # Going on ------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """While the server is waited for."""
        if self._busy and action_id != "connect.leave":
            return _("Waiting for the server. Esc stops that.")
        return ""

    def action_next(self) -> None:
        """The next field that is shown; after the last one go on."""
        fields = [field for field in self.query(LineInput) if self._shown(field)]
        focused = self.focused
        if focused in fields and focused is not fields[-1] and self._looked is not None:
            self.set_focus(fields[fields.index(focused) + 1])
        else:
            fields[-1].call_later(self.action_go_on)

    def _shown(self, field: LineInput) -> bool:
        return field.parent is not None and bool(getattr(field.parent, "display", False))

    def action_previous(self) -> None:
        """The field above."""
        fields = [field for field in self.query(LineInput) if self._shown(field)]
        if self.focused in fields:
            self.set_focus(fields[max(0, fields.index(self.focused) - 1)])

    def action_more(self) -> None:
        """F6: two more fields."""
        for name in ("ca_file", "proxy"):
            self._row(name).display = True
        self.query_one("#ca_file", LineInput).focus()
        self.say(_("Leave empty what the administrator has not given you."))

    def action_go_on(self) -> None:
        """F10: look, or sign in to what was looked at."""
        if self._busy:
            return
        if not self._value("code"):
            self.say(_("The text of the code is needed."), loud=True)
            self.query_one("#code", LineInput).focus()
        elif self._looked != self._way():
            self._start(self._look())
        elif not self._value("email"):
            self.say(_("The e-mail of your account on the server is needed."), loud=True)
            self.query_one("#email", LineInput).focus()
        elif not self.query_one("#password", LineInput).value:
            self.say(_("The password of your account on the server is needed."), loud=True)
            self.query_one("#password", LineInput).focus()
        else:
            self._start(self._sign_in())

    def _start(self, work: object) -> None:
        self._busy = True
        self.say(_("Asking the server. Esc stops that."))
        self.run_worker(work, group="connect", exclusive=True)  # type: ignore[arg-type]

    async def _look(self) -> None:
        way = self._way()
        try:
            try:
                answer = await door(self).look(way)
            except PlainHttp as warning:
                question = _("Use an address without protection?")
                if not await self.app.push_screen_wait(Ask(question, str(warning), careful=True)):
                    self.say("")
                    return
                answer = await door(self).look(way, plain_http=True)
        except Refused as error:
            self._refused(error)
            return
        finally:
            self._busy = False
        if self.left or self._way() != way:
            return
        self._looked = way
        self.query_one("#answer", Static).update(display(f" {answer}"))
        for name in ("email", "password"):
            self._row(name).display = True
        self.query_one("#email", LineInput).focus()
        self.say(_("Now your account on that server."))

    async def _sign_in(self) -> None:
        field = self.query_one("#password", LineInput)
        try:
            await door(self).sign_in(self._value("email"), field.value)
            lines = await door(self).plan(self._value("clinic"))
        except Invalid as error:
            if error.column == "clinic":
                self._row("clinic").display = True
                self.query_one("#clinic", LineInput).focus()
            else:
                field.value = ""
            self._refused(error)
            return
        except Refused as error:
            field.value = ""
            field.focus()
            self._refused(error)
            return
        finally:
            self._busy = False
        if self.left:
            return
        field.value = ""
        self.say("")
        self.app.push_screen(PlanScreen(lines), self._not_joined)

    def _not_joined(self, _done: bool | None) -> None:
        """The plan was left; a join leads to the search instead."""
        door(self).forget()
        self.query_one("#password", LineInput).focus()
        self.say(_("Nothing was changed."))

    def _refused(self, error: Refused) -> None:
        admin = error.admin if isinstance(error, ForAdmin) else ""
        self.say(f"{error} ({admin})" if admin else str(error), loud=True)

    def action_leave(self) -> None:
        """Esc: stop waiting, else back."""
        door(self).cancel()
        if not self._busy:
            door(self).forget()
            self.dismiss(None)
