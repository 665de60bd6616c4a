"""What was measured of a patient: a table of days, and each measure over time as a plot."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Key, Resize, ScreenResume

from hikma_tui.clinic import measures, vitals_series
from hikma_tui.clinic import vitals as records
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.vitals import Entry
from hikma_tui.clinic.vitals_series import Measured
from hikma_tui.days import short
from hikma_tui.i18n import _
from hikma_tui.screens import deleting, vitals_rows
from hikma_tui.screens.session import PatientSideScreen
from hikma_tui.screens.who import Who
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action, digit_of
from hikma_tui.widgets.plot import Plot
from hikma_tui.widgets.row_list import Info, Line, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine


class VitalsHistoryScreen(PatientSideScreen):
    """All that was measured of ``patient_id``. Digits choose a measure, 0 the table."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("measured.open", "enter", N_("in full"), N_("Show the marked line in full")),
        Action("measured.new", "f2", N_("new"), N_("Type a new set of vital signs")),
        Action("measured.edit", "f5", N_("correct"), N_("Correct the marked vital signs")),
        Action("measured.tests", "f4", N_("tests"), N_("Measures, pregnancy, bedside results")),
        Action("measured.page", "f6", N_("more"), N_("The digits mean the next nine measures")),
        Action("measured.delete", "f8", N_("delete"), N_("Delete the marked vital signs")),
        Action("measured.leave", "escape", N_("back")),
    )

    def __init__(self, patient_id: str) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._measured: Measured | None = None
        self._kind = ""  # the measure that is shown; empty for the table
        self._first = 0  # the table's first column
        self._fits = 1
        self._page = 0  # which nine measures the digits mean

    def compose(self) -> ComposeResult:
        """Who, what is shown, the table or the plot, the digits, message, keys."""
        yield Who()
        yield Headline(id="what")
        yield RowList()
        yield Plot()
        yield MessageLine(id="legend")
        yield MessageLine(id="digits")
        yield MessageLine(id="message")
        yield KeyLine()

    def on_mount(self) -> None:
        """The plot comes when a measure is chosen."""
        super().on_mount()
        self.query_one(Plot).display = False

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again after something was saved."""
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        self._paint()

    def say(self, text: str, *, loud: bool = False) -> None:
        """The message has a line of its own."""
        self.query_one("#message", MessageLine).say(text, loud=loud)

    async def _read(self) -> None:
        try:
            self._measured = await self.clinic.reading(
                vitals_series.measured, self.actor, self._patient_id
            )
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if self._kind not in self._measured.series:
            self._kind = ""
        if not self.left:
            self._paint()

    # Showing -------------------------------------------------------------------------------

    def _paint(self) -> None:
        found = self._measured
        if found is None or self.left:
            return
        today = self.clinic.today
        self.query_one(Who).show_patient(found.card, today)
        if self._kind:
            self._paint_measure(found)
        else:
            self._paint_table(found)
        pages = (len(vitals_rows.kinds(found)) + 8) // 9
        digits = vitals_rows.choices(found, self._page % max(1, pages))
        self.query_one("#digits", MessageLine).say(f"{digits}  0 {_('table')}" if digits else "")
        self.refresh_keys()

    def _paint_table(self, found: Measured) -> None:
        lines, self._fits = vitals_rows.table(
            found, self.size.width, self.clinic.today, self._first
        )
        hidden = len(vitals_rows.kinds(found)) - self._first - self._fits
        more = _("Right: more columns") if hidden > 0 else ""
        if not found.series:
            lines = [Info(""), Info(_("Nothing was measured yet. F2 types the first vital signs."))]
        self.query_one("#what", Headline).show(f"{vitals_rows.title(found)}   {more}")
        self._show(lines, plot=False)
        said = f"{vitals_rows.legend([])}   {_('* entered late')}" if found.series else ""
        self.query_one("#legend", MessageLine).say(said)

    def _paint_measure(self, found: Measured) -> None:
        today = self.clinic.today
        self.query_one("#what", Headline).show(vitals_rows.heading(found, self._kind, today))
        dots = vitals_rows.dots(found, self._kind)
        self._show(vitals_rows.over_time(found, self._kind, today), plot=bool(dots))
        self.query_one(Plot).show(dots, today)
        said = vitals_rows.unplotted(found, self._kind, today) + vitals_rows.legend(dots)
        self.query_one("#legend", MessageLine).say(said if dots else "")

    def _show(self, lines: list[Line], *, plot: bool) -> None:
        self.query_one(Plot).display = plot
        self.query_one(RowList).display = not plot
        self.query_one(RowList).show(lines, keep=True)

    # Choosing ------------------------------------------------------------------------------

    def on_key(self, event: Key) -> None:
        """A digit of any script is a measure; Left and Right move the columns of the table."""
        digit, found = digit_of(event.character), self._measured
        if found is None:
            return
        if digit is not None:
            event.stop()
            self._choose(found, digit)
        elif event.key in ("left", "right") and not self._kind:
            event.stop()
            last = max(0, len(vitals_rows.kinds(found)) - 1)
            if event.key == "left":
                self._first = max(0, self._first - 1)
            elif self._first + self._fits <= last:
                self._first += 1
            self._paint()

    def _choose(self, found: Measured, digit: int) -> None:
        kinds = vitals_rows.kinds(found)
        at = self._page * 9 + digit - 1
        self.say("")
        if digit == 0:
            self._kind = ""
        elif at < len(kinds):
            self._kind = kinds[at]
        else:
            self.say(_("There is no {n}.").format(n=digit))
            return
        self._paint()

    def action_page(self) -> None:
        """F6: the next nine measures."""
        count = len(vitals_rows.kinds(self._measured)) if self._measured else 0
        self._page = (self._page + 1) % max(1, (count + 8) // 9)
        self._paint()

    # Doing ---------------------------------------------------------------------------------

    def _marked(self) -> Entry | None:
        key = (self.query_one(RowList).highlighted_key or "").partition(":")[0]
        entries = self._measured.entries if self._measured else ()
        return next((entry for entry in entries if entry.id == key), None)

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if self._measured is None or name not in ("edit", "delete"):
            return ""
        if self.query_one(Plot).display:
            return _("0 shows the table; mark a line of it.")
        entry = self._marked()
        if entry is None:
            return _("This line is not an entry of vital signs: it belongs to a form of the visit.")
        return ""

    def action_open(self) -> None:
        """Enter: the marked line in full."""
        self.query_one(RowList).open()

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """A line was chosen: say it in full."""
        event.stop()
        if self._measured is not None:
            self.say(vitals_rows.in_full(self._measured, event.key.partition(":")[0]))

    def action_new(self) -> None:
        """F2: a new set."""
        from hikma_tui.screens.vitals_entry import VitalsEntryScreen

        self.app.push_screen(VitalsEntryScreen(self._patient_id))

    def action_edit(self) -> None:
        """F5: correct the marked entry."""
        from hikma_tui.screens.vitals_entry import VitalsEntryScreen

        entry = self._marked()
        if entry is not None:
            self.app.push_screen(VitalsEntryScreen(self._patient_id, vitals_id=entry.id))

    async def action_tests(self) -> None:
        """F4: the form for measures and bedside results, made where the store lacks it."""
        from hikma_tui.screens.event_form import EventFormScreen

        try:
            form_id = await self.clinic.writing(measures.form_for, self.actor, self._patient_id)
        except Refused as error:
            self.say(str(error), loud=True)
            return
        self.app.push_screen(EventFormScreen(self._patient_id, form_id, self.clinic.today))

    def action_delete(self) -> None:
        """F8: delete the marked entry, after asking why."""
        entry = self._marked()
        if entry is not None:
            self.run_worker(self._delete(entry), group="delete", exclusive=True)

    async def _delete(self, entry: Entry) -> None:
        day = short(entry.day.isoformat(), self.clinic.today)
        question = _("Delete the vital signs of {day}?").format(day=day)
        card = self._measured.card if self._measured else None
        if card and await deleting.delete(self, card, records.TABLE, entry.id, question):
            await self._read()

    def action_leave(self) -> None:
        """Esc: from a measure to the table, from the table to the patient."""
        if self._kind:
            self._kind = ""
            self._paint()
        else:
            self.dismiss(None)
