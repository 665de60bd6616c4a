"""What is wanted seldom of the sync: the full check's question, the code, password, repair."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from hikma_tui.clinic import info
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.server import ServerState
from hikma_tui.i18n import _
from hikma_tui.screens.session import PatientSideScreen, not_saved, session
from hikma_tui.screens.sync_door import REPAIR, door
from hikma_tui.screens.sync_password import ask_password
from hikma_tui.screens.sync_words import clock_of
from hikma_tui.text import display
from hikma_tui.widgets.dialogs import Ask, Choice, Choose, Dialog
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.prompt import LineInput


class CheckDialog(Dialog[str | None]):
    """What a full check costs. Gives the portal's number of patients ("" where it is not known), or
    None when left with Esc.
    """

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("check.begin", "f10", N_("compare")),
        Action("check.leave", "escape", N_("back, nothing happens")),
    )

    def body(self) -> ComposeResult:
        """The number that the portal shows, to explain a difference."""
        asked = _("How many patients does the portal show? (may stay empty)")
        yield Static(display(asked), classes="label", markup=False)
        yield LineInput(id="portal", max_length=9, restrict="[0-9]*")

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter begins, as F10 does."""
        event.stop()
        self.action_begin()

    def action_begin(self) -> None:
        """Begin."""
        self.dismiss(self.query_one(LineInput).value.strip())

    def action_leave(self) -> None:
        """Not now."""
        self.dismiss(None)


def ask_check(server: ServerState | None) -> CheckDialog:
    """The question before a full check."""
    costs = _(
        "All records that the server has are fetched once more and compared one by one, so it"
        " takes as long as the first sync did. Nothing is deleted, and the program can be used"
        " meanwhile. On a connection that costs money, wait for another."
    )
    if server is not None and server.needs_full_check:
        costs = _("The last good sync is long ago: it is due.") + " " + costs
    return CheckDialog(_("Compare everything with the server?"), costs)


def show_code(screen: PatientSideScreen) -> None:
    """The code of the server's address, for the next computer or a phone."""
    from hikma_tui.screens.connect_code import CodeScreen

    server = door(screen).server
    if server is not None:
        screen.app.push_screen(CodeScreen(server.url))


def choose(screen: PatientSideScreen, told: Callable[[str], None]) -> None:
    """The menu; ``told`` gets what must be started, or ""."""
    sync = door(screen)
    listed = [
        Choice("code", _("The code of this server, for the next computer")),
        Choice("forget", _("Forget the password"))
        if sync.keeps_password()
        else Choice("keep", _("Keep the password on this computer")),
        Choice("other", _("Type the password anew")),
        Choice("metered", _("Say whether this connection costs money")),
        Choice(REPAIR, _("Repair: compare everything, offer again what it lost or refused")),
        Choice("connect", _("The connection itself: sign in, change, leave the server")),
    ]

    def chosen(key: str | None) -> None:
        if key == REPAIR:
            told(REPAIR)
        elif key == "code":
            show_code(screen)
        elif key == "connect":
            from hikma_tui.screens.connect import ConnectScreen

            screen.app.push_screen(ConnectScreen(), lambda _x: session(screen).sync_told(True))
        elif key == "metered":
            screen.run_worker(_metered(screen), group="metered", exclusive=True)
        elif key is not None:
            screen.run_worker(_password(screen, key, told), group="password", exclusive=True)

    screen.app.push_screen(Choose(_("More:"), listed, _last_check(screen)), chosen)


def _last_check(screen: PatientSideScreen) -> str:
    server, app = door(screen).server, session(screen)
    if server is None or not server.last_full_check_ms:
        return _("No full check was made yet.")
    at = clock_of(app.today, app.facts.zone)(server.last_full_check_ms)
    return _("Last full check: {time}").format(time=at)


async def _metered(screen: PatientSideScreen) -> None:
    """Where bytes cost money, how much would come is estimated and asked about."""
    now = await screen.clinic.reading(info.get, "metered")
    listed = [
        Choice("no", _("No: fetch whatever there is")),
        Choice("ask", _("Yes: ask before large amounts")),
        Choice("", _("As this computer's network is marked")),
    ]
    said = {"no": _("Now: no"), "": _("Now: as the network is marked")}.get(now, _("Now: yes"))
    chosen = await screen.app.push_screen_wait(
        Choose(_("Does this connection cost money?"), listed, said)
    )
    if chosen is None:
        return
    try:
        await screen.clinic.writing(info.put, "metered", chosen)
    except Refused as error:
        screen.say(not_saved(error), loud=True)
        return
    screen.say(
        {
            "ask": _("Large amounts are asked about first."),
            "no": _("Nothing is asked about any more."),
        }.get(chosen, _("It is asked where the network is marked as one that costs money."))
    )


async def _password(screen: PatientSideScreen, key: str, told: Callable[[str], None]) -> None:
    sync = door(screen)
    try:
        if key in ("forget", "other"):
            sync.keep_password(False)
        if key == "forget":
            screen.say(_("The password is forgotten; the next sync asks for it."))
            return
        if not await ask_password(screen):
            return
        if key == "other":
            screen.say(_("The next sync uses it."))
            return
        question = Ask(
            _("Keep the password on this computer?"),
            _(
                "Whoever can read this user's files on this computer can then read it: keep it"
                " only where the disk is encrypted or syncs must run by themselves."
            ),
        )
        if await screen.app.push_screen_wait(question):
            sync.keep_password(True)
            screen.say(_("The password is kept."))
    except Refused as error:
        screen.say(str(error), loud=True)
    told("")
