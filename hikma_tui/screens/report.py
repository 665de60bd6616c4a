"""The report of a patient or of one visit, to read here, to write to a file, or in the pager."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult, SuspendNotSupported
from textual.events import Key, Resize, ScreenResume
from textual.widgets import Input

from hikma_tui.clinic import report
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import _
from hikma_tui.report import HTML, TEXT, Report, file_name
from hikma_tui.report import files as report_files
from hikma_tui.report import text as report_text
from hikma_tui.report.html import html
from hikma_tui.screens import report_pager
from hikma_tui.screens.session import PatientSideScreen, session
from hikma_tui.screens.who import Who
from hikma_tui.widgets.dialogs import Dialog, paste_cut_text
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.page_text import PageText
from hikma_tui.widgets.prompt import LineInput
from hikma_tui.widgets.title import KeyLine, MessageLine

SCREEN, PAGER = "screen", "pager"
_LEAST_WIDTH = 40


class AskPath(Dialog[str | None]):
    """Where to write the file; None when left."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("path.done", "f10", N_("write the file")),
        Action("path.leave", "escape", N_("back, nothing is written")),
    )

    def __init__(self, proposed: Path) -> None:
        super().__init__(
            _("Write the report to which file?"),
            _(
                "The file leaves this program's protection: whoever has it can read it, and this"
                " program does not delete it. The name of the file holds no patient's name."
            ),
        )
        self._proposed = str(proposed)

    def body(self) -> ComposeResult:
        """The path."""
        yield LineInput(self._proposed, id="path")

    @on(Input.Submitted)
    def entered(self, event: Input.Submitted) -> None:
        """Enter writes, as F10 does."""
        event.stop()
        self.action_done()

    @on(LineInput.PasteCut)
    def cut(self, event: LineInput.PasteCut) -> None:
        """Say what was cut."""
        self.say(paste_cut_text(event))

    def action_done(self) -> None:
        """Give the path; an empty one is asked for again."""
        typed = self.query_one(LineInput).value.strip()
        if typed:
            self.dismiss(typed)
        else:
            self.say(_("A path is needed."), loud=True)

    def action_leave(self) -> None:
        """Give nothing."""
        self.dismiss(None)


class ReportScreen(PatientSideScreen):
    """The report of ``patient_id``, or of its visit ``visit_id`` alone."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("report.text", "1", N_("text file"), N_("Write it to a file as text"),
               more_keys=("f5",)),
        Action("report.html", "2", N_("HTML file"), N_("Write it to a file to print or to send"),
               more_keys=("f6",)),
        Action("report.pager", "3", N_("pager"), N_("Read and search it in the pager less"),
               more_keys=("f7",)),
        Action("report.leave", "escape", N_("back")),
    )  # fmt: skip

    def __init__(self, patient_id: str, visit_id: str | None = None) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._visit_id = visit_id
        self._report: Report | None = None
        self._told = False  # that it is shown here is in the audit trail

    def compose(self) -> ComposeResult:
        """Who, which report and where in it, the text, message, keys."""
        yield Who()
        yield Headline(id="what")
        yield PageText()
        yield MessageLine()
        yield KeyLine()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again: what is live now."""
        if self._report is None:
            self.say(_("Just a moment."))
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_resize(self, _event: Resize) -> None:
        """Lines are broken anew."""
        self._paint()

    async def _read(self) -> None:
        try:
            if not self._told:
                await self.clinic.writing(
                    report.begin, self.actor, self._patient_id, self._visit_id, SCREEN
                )
                self._told = True
            card, found = await self._gathered()
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if self.left:
            return
        if self._report is None:
            self.say("")
        self._report = found
        self.query_one(Who).show_patient(card, session(self).today)
        self._paint()

    async def _gathered(self) -> tuple[PatientCard, Report]:
        return await self.clinic.reading(
            report.gather, self.actor, self._patient_id, self._visit_id
        )

    def _paint(self) -> None:
        if self._report is None or self.left:
            return
        width = max(_LEAST_WIDTH, min(report_text.WIDTH, self.size.width - 2))
        lines = report_text.lines(self._report, width)
        self.query_one(PageText).show([(line.text, line.style) for line in lines])
        self.call_after_refresh(self._say_where)  # once the rows on top have their height
        self.refresh_keys()

    def _say_where(self) -> None:
        if self._report is None or self.left:
            return
        first, last, total = self.query_one(PageText).place
        where = _("lines {first} to {last} of {total}").format(
            first=f"{first:,}", last=f"{last:,}", total=f"{total:,}"
        )
        self.query_one("#what", Headline).show(f"{self._report.title}   {where}")

    def on_key(self, event: Key) -> None:
        """Arrows and pages scroll; letters are the next name."""
        if self.query_one(PageText).take_key(event.key):
            event.stop()
            event.prevent_default()
            self._say_where()

    # Doing ---------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """Nothing leaves before it could be read here."""
        waits = self._report is None and not action_id.endswith("leave")
        return _("Just a moment.") if waits else ""

    def action_text(self) -> None:
        """1: a file of text."""
        self.run_worker(self._to_file(TEXT), group="out", exclusive=True)

    def action_html(self) -> None:
        """2: a file of HTML."""
        self.run_worker(self._to_file(HTML), group="out", exclusive=True)

    def action_pager(self) -> None:
        """3: the pager."""
        self.run_worker(self._to_pager(), group="out", exclusive=True)

    async def _to_file(self, kind: str) -> None:
        if self._report is None:
            return
        name = file_name(self._report, kind)
        proposed = await asyncio.to_thread(report_files.free_place, Path.home(), name)
        typed = await self.app.push_screen_wait(AskPath(proposed))
        if typed is None:
            return
        try:
            path = await asyncio.to_thread(report_files.place_of, typed, name)
            found = await self._leaves(kind)
            written = html(found) if kind == HTML else report_text.text(found)
            await asyncio.to_thread(report_files.write_new, path, written)
        except (Refused, report_files.NotWritten) as error:
            self.say(str(error), loud=True)
            return
        self.say(_("Written: {path}. Whoever has this file can read it.").format(path=path))

    async def _leaves(self, kind: str) -> Report:
        """The report as it is now, once the audit trail tells that it leaves. Raises Refused."""
        await self.clinic.writing(report.begin, self.actor, self._patient_id, self._visit_id, kind)
        return (await self._gathered())[1]

    async def _to_pager(self) -> None:
        words = report_pager.command()
        if not words:
            self.say(_("There is no pager here that can be made safe: less is not installed."))
            return
        try:
            found = await self._leaves(PAGER)
            with self.app.suspend():
                report_pager.page(words, report_text.text(found))
        except (Refused, SuspendNotSupported, OSError) as error:
            self.say(str(error) or _("This terminal can't be lent to a pager."), loud=True)

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
