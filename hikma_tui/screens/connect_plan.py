"""What joining a server would do, to read before the yes; then the join (decisions.md 28)."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.events import Key, Resize

from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.connect_door import Lines, door
from hikma_tui.screens.session import not_saved, session
from hikma_tui.screens.sync_door import SYNC
from hikma_tui.text import pieces, plain
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.page_text import PageText
from hikma_tui.widgets.title import KeyLine, MessageLine, StateLine

_LEAST_WIDTH = 30
_OURS = ("hikma_tui.screens.find", "hikma_tui.screens.connect", "hikma_tui.screens.sync")


def wrapped(lines: Lines, width: int) -> Lines:
    """Paragraphs in lines of at most ``width`` cells, an empty one before each heading."""
    found: Lines = []
    for text, style in lines:
        if style == "heading":
            found += [("", ""), (plain(text), style)]
            continue
        room = max(_LEAST_WIDTH, width - 4)
        found += [(f"  {line}", style) for line in pieces(plain(text), room)]
    return found


class PlanScreen(ClinicScreen[bool]):
    """The plan. True when the store was joined; then the first sync is shown instead of this."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("plan.join", "f10", N_("join"), N_("Join this server, after a question")),
        Action("plan.keep", "2", N_("keep the password"),
               N_("Keep the password on this computer, or not"), more_keys=("f5",)),
        Action("plan.leave", "escape", N_("back, nothing changes")),
    )  # fmt: skip

    def __init__(self, lines: Lines) -> None:
        super().__init__()
        self._lines = lines
        self._keep = False
        self._joining = False

    def compose(self) -> ComposeResult:
        """The state, the plan, message, keys."""
        yield StateLine()
        yield Headline(id="what")
        yield PageText()
        yield MessageLine()
        yield KeyLine()

    def on_mount(self) -> None:
        """Read first."""
        self.query_one(StateLine).show(*session(self).state())
        self.query_one("#what", Headline).show(_("Before you join: please read"))
        self._paint()

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    def _paint(self) -> None:
        kept = _("It is kept on this computer, readable to whoever can read this user's files.")
        if not self._keep:
            kept = _("It is not kept: the first sync of each session asks for it.")
        password: Lines = [(_("The password"), "heading"), (kept, "")]
        self.query_one(PageText).show(wrapped([*self._lines, *password], self.size.width))
        self.call_after_refresh(self._say_where)

    def _say_where(self) -> None:
        if self.left or self._joining:
            return
        _first, last, total = self.query_one(PageText).place
        self.say(_("Further down there is more.") if last < total else "")

    def on_key(self, event: Key) -> None:
        """Arrows scroll. A letter does nothing: what was signed in to would be lost."""
        if self.query_one(PageText).take_key(event.key):
            event.stop()
            self._say_where()

    def why_not(self, action_id: str) -> str:
        """While the join runs, or while something else is open below."""
        if self._joining:
            return _("Joining: wait until it is done.")
        others = [
            one for one in self.app.screen_stack[1:] if not type(one).__module__.startswith(_OURS)
        ]
        if action_id == "plan.join" and others:
            return _("Something is open below: leave it first (Esc), then connect.")
        return ""

    def action_keep(self) -> None:
        """2."""
        self._keep = not self._keep
        self._paint()
        self.say(_("The password will be kept.") if self._keep else _("It will not be kept."))

    def action_join(self) -> None:
        """F10."""
        self.run_worker(self._join(), group="join", exclusive=True)

    async def _join(self) -> None:
        question = _("Join {url}?").format(url=door(self).url())
        more = _("A copy of all records is made first. Then this store belongs to that server.")
        if not await self.app.push_screen_wait(Ask(question, more, careful=True)):
            return
        self._joining = True
        self.refresh_keys()
        try:
            said = await door(self).join(self._keep, self.say)
        except Refused as error:
            self._joining = False
            self.refresh_keys()
            self.say(not_saved(error), loud=True)
            return
        if self.left:
            return
        self._joining = False
        now = await self.app.push_screen_wait(
            Ask(
                _("Sync now?"),
                said + "\n" + _("Nothing has been sent or fetched yet. The first sync fetches all"
                                " that the server has; you can go on working meanwhile."),
            )
        )  # fmt: skip
        self._show_sync(begin=now)

    def _show_sync(self, *, begin: bool) -> None:
        """To the search, and over it the sync where it was wanted."""
        app = session(self)
        app.to_search("")
        if begin:
            app.show_sync(SYNC)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(False)
