"""F9: the sync that runs or how the last one went, and all that belongs to it (features.md 3)."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key, Resize, ScreenResume

from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import sync_report
from hikma_tui.screens import sync_words as words
from hikma_tui.screens.session import PatientSideScreen, session
from hikma_tui.screens.sync_door import CHECK, REPAIR, SYNC, TOO_LARGE, Ended, door
from hikma_tui.screens.sync_password import ask_password
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.page_text import PageText
from hikma_tui.widgets.title import KeyLine, MessageLine, StateLine


class SyncScreen(PatientSideScreen):
    """Phases and counts while one runs, its result, the counts now. ``begin``: start one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("sync.begin", "f9", N_("sync"), N_("Exchange records with the server now"),
               more_keys=("enter",)),
        Action("sync.log", "1", N_("log"), N_("The syncs so far, with their numbers")),
        Action("sync.needs", "2", N_("needs you"),
               N_("What the sync could not settle by itself"), more_keys=("f8",)),
        Action("sync.check", "3", N_("check"),
               N_("Fetch everything and compare it record by record")),
        Action("sync.more", "4", N_("more"), N_("Code for the next computer, password, repair")),
        Action("sync.stop", "8", N_("stop"), N_("Stop the sync; what was saved stays")),
        Action("sync.leave", "escape", N_("back"), N_("Back; a sync goes on")),
    )  # fmt: skip

    def __init__(self, *, begin: bool = False, kind: str = SYNC) -> None:
        super().__init__()
        self._begin = begin
        self._kind = kind

    def compose(self) -> ComposeResult:
        """State, which server, what there is to tell, message, keys."""
        yield StateLine()
        yield Headline(id="what")
        yield PageText(id="page")
        yield MessageLine()
        yield KeyLine()

    async def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again: the counts as they are now; the first time a sync begins."""
        self._paint()
        if self._begin and not door(self).running:
            self._begin = False
            self.run_worker(self._start(self._kind), group="start", exclusive=True)
        else:
            self._begin = False
            self.run_worker(self._read(), group="read", exclusive=True)

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one(MessageLine).clear()

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    def on_key(self, event: Key) -> None:
        """Arrows scroll; letters begin a name."""
        if self.query_one(PageText).take_key(event.key):
            event.stop()
            self._paint()
            return
        super().on_key(event)

    def sync_told(self, ended: bool) -> None:
        """New numbers; or it would cost money, and only a person can say yes to that."""
        self._paint()
        last = door(self).ended
        if ended and last is not None and last.result == TOO_LARGE:
            self.run_worker(self._agree(last), group="start", exclusive=True)

    async def _agree(self, last: Ended) -> None:
        question = _("Fetch it all the same?")
        more = sync_report.result_text(last.result, last.report)
        if await self.app.push_screen_wait(Ask(question, more)):
            await self._start(last.kind, "--yes")

    async def _read(self) -> None:
        await door(self).recount()
        self._paint()

    def _paint(self) -> None:
        if self.left or not self.query(PageText):
            return
        app, sync = session(self), door(self)
        self.query_one(StateLine).show(*app.state())
        server = sync.server
        if server is not None:
            heading = _("Server: {url}   {email}").format(url=server.url, email=server.email)
            self.query_one("#what", Headline).show(heading)
        page = self.query_one(PageText)
        page.show(self._lines())
        _first, last, rows = page.place
        line = self.query_one(MessageLine)
        below = _("There is more below: the arrows move.")
        if last < rows and not line.message:
            line.say(below)
        elif last >= rows and line.message == below:
            line.clear()
        self.refresh_keys()

    def _lines(self) -> words.Lines:
        app, sync = session(self), door(self)
        width, clock = self.size.width, words.clock_of(app.today, app.facts.zone)
        if sync.running:
            lines = words.running_lines(
                sync.running, sync.step, sync.started_at, sync.stopping, clock, width
            )
        elif sync.ended is not None:
            lines = sync_report.ended_lines(sync.ended, clock, width)
        elif sync.server is not None:
            return [("", ""), *sync_report.standing_lines(sync.server, clock, width)]
        else:
            lines = []
        if sync.server is not None and not sync.running:
            lines = [*lines, ("", ""), *sync_report.count_lines(sync.server, width)]
        return [("", ""), *lines]

    # Doing ---------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """What can't be done while one runs, or while none does."""
        name, running = action_id.rpartition(".")[2], door(self).running
        if name == "stop" and not running:
            return _("No sync is running.")
        if name in ("begin", "check") and running:
            return _("A sync is running. 8 stops it.")
        return ""

    def action_begin(self) -> None:
        """F9, Enter."""
        self.run_worker(self._start(SYNC), group="start", exclusive=True)

    async def _start(self, kind: str, *options: str) -> None:
        sync = door(self)
        if sync.server is None:
            await sync.recount()
        if not await ask_password(self):
            self.say(_("Nothing was sent or received."))
            self._paint()
            return
        try:
            await sync.start(kind, *options)
        except Refused as error:
            self.say(str(error), loud=True)
        self._paint()

    def action_log(self) -> None:
        """1."""
        from hikma_tui.screens.sync_log import LogScreen

        self.app.push_screen(LogScreen())

    def action_needs(self) -> None:
        """2."""
        from hikma_tui.screens.sync_needs import NeedsScreen

        self.app.push_screen(NeedsScreen())

    def action_check(self) -> None:
        """3, after a question that says what it costs."""
        from hikma_tui.screens.sync_more import ask_check

        def answered(portal: str | None) -> None:
            if portal is not None:
                given = ("--portal-number", portal) if portal else ()
                self.run_worker(self._start(CHECK, *given), group="start", exclusive=True)

        self.app.push_screen(ask_check(door(self).server), answered)

    def action_more(self) -> None:
        """4: what is wanted seldom."""
        from hikma_tui.screens.sync_more import choose

        def chosen(kind: str) -> None:
            if kind == REPAIR:
                self.run_worker(self._start(REPAIR), group="start", exclusive=True)
            self._paint()

        choose(self, chosen)

    def action_stop(self) -> None:
        """8."""
        door(self).cancel()

    def action_leave(self) -> None:
        """Esc: the sync goes on; the line of state says so."""
        self.dismiss(None)
