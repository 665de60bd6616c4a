"""The log of syncs: when, what became of each, its numbers; each can be opened."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key, Resize, ScreenResume

from hikma_tui.clinic import server
from hikma_tui.clinic.server import Run
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import sync_report
from hikma_tui.screens import sync_words as words
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import PatientSideScreen, session
from hikma_tui.screens.sync_door import CHECK, REPAIR
from hikma_tui.text import fit
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.page_text import PageText
from hikma_tui.widgets.row_list import Info, Line, Row, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

MOST = 200
_WHEN = 15


def kind_word(kind: str) -> str:
    """What a run was."""
    return {CHECK: _("full check"), REPAIR: _("repair")}.get(kind, _("sync"))


class LogScreen(RowScreen):
    """The newest runs; Enter opens one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("log.open", "enter", N_("open"), N_("The numbers of the marked sync")),
        Action("log.leave", "escape", N_("back")),
    )

    def __init__(self) -> None:
        super().__init__()
        self._runs: list[Run] | None = None  # not read yet

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again."""
        self.read_anew()

    async def fetch(self) -> None:
        """The newest runs."""
        self._runs = await self.clinic.reading(server.runs, MOST)

    def paint(self) -> None:
        """A row each; how many."""
        if self._runs is None:
            return
        app, n = session(self), len(self._runs)
        clock = words.clock_of(app.today, app.facts.zone)
        heading = ngettext("{n} sync", "{n} syncs", n).format(n=n)
        if n == MOST:
            heading = _("The last {n} syncs").format(n=n)
        lines: list[Line] = [self._row(number, run, clock) for number, run in enumerate(self._runs)]
        if not lines:
            lines = [Info(""), Info(_("Nothing was synced yet. F9 on the first screen does it."))]
        self.show_rows(heading, lines)

    def _row(self, index: int, run: Run, clock: words.Clock) -> Row:
        cells = fit(clock(run.started_at), _WHEN) + " " + fit(kind_word(run.kind), 11)
        ok = run.result == "ok" or run.ended_at is None
        return Row(str(index), cells, _summary(run), style="" if ok else "warning")

    def why_not(self, action_id: str) -> str:
        """There may be nothing to open."""
        if action_id == "log.open" and not self.marked:
            return _("Nothing was synced yet.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """One sync in full."""
        event.stop()
        if self._runs is not None:
            self.app.push_screen(RunScreen(self._runs[int(event.key)]))

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)


def _summary(run: Run) -> str:
    """The numbers that matter, in a row; else what went wrong."""
    if run.ended_at is None:
        return _("not ended: it is running, or it was cut short")
    if run.result != "ok":
        return sync_report.result_text(run.result, run.counts)
    total = run.counts.get("total") or {}
    parts = [
        form.format(n=words.number(total[name]))
        for name, form in (
            ("confirmed", _("{n} confirmed")),
            ("pulled", _("{n} received")),
            ("deleted", _("{n} deleted")),
            ("conflicts", _("{n} in conflict")),
            ("refused", _("{n} refused")),
            ("differing", _("{n} differ")),
        )
        if total.get(name)
    ]
    return ", ".join(parts) or _("nothing had changed")


class RunScreen(PatientSideScreen):
    """One sync of the log, with its table."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("run.leave", "escape", N_("back"), more_keys=("enter",)),
    )

    def __init__(self, run: Run) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        """Heading, page, message, keys."""
        yield Headline(id="what")
        yield PageText()
        yield MessageLine()
        yield KeyLine()

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew; the first time they are made."""
        app, run = session(self), self._run
        clock = words.clock_of(app.today, app.facts.zone)
        heading = f"{kind_word(run.kind)}, {clock(run.started_at)}"
        self.query_one("#what", Headline).show(heading)
        self.query_one(PageText).show(
            [("", ""), *sync_report.run_lines(run, clock, self.size.width)]
        )

    def on_key(self, event: Key) -> None:
        """Arrows scroll."""
        if self.query_one(PageText).take_key(event.key):
            event.stop()
            return
        super().on_key(event)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
