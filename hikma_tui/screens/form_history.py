"""All answers to one form over time: questions down, days across, the newest first.

Rows are the questions, since a form has many and their names are long; a column is a visit, so that
one number is read along its row. Arrows up and down mark a question, left and right go through the
days, Enter shows all that was ever answered to one question in full.
"""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.events import Resize, ScreenResume

from hikma_tui.clinic import chart_forms
from hikma_tui.clinic.chart_forms import Note, Table
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.patient_rows import day_text
from hikma_tui.screens.session import PatientSideScreen, session
from hikma_tui.screens.who import Who
from hikma_tui.text import cell_width, fit
from hikma_tui.widgets.dialogs import Choice, Choose, Tell
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Info, Line, Row, RowList
from hikma_tui.widgets.title import KeyLine, MessageLine

_QUESTION, _COLUMN = 24, 13


async def choose_form(screen: ClinicScreen[Any], patient_id: str) -> None:
    """Ask which form, where the patient has answers to several, and show it. In a worker."""
    try:
        _card, found = await screen.clinic.reading(chart_forms.answered, screen.actor, patient_id)
    except Refused as error:
        screen.say(str(error), loud=True)
        return
    if not found:
        screen.say(_("No form has been filled for this patient yet. 1 fills one."))
        return
    form_id: str | None = found[0].form_id
    if len(found) > 1:
        listed = [Choice(one.form_id, f"{one.name}   ({one.notes})") for one in found]
        form_id = await screen.app.push_screen_wait(Choose(_("Answers to which form?"), listed))
    if form_id is not None:
        screen.app.push_screen(FormHistoryScreen(patient_id, form_id))


class FormHistoryScreen(PatientSideScreen):
    """Answers of ``patient_id`` to the form ``form_id``."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("answers.open", "enter", N_("in full"), N_("All answers to the marked question")),
        Action("answers.older", "right", N_("older days")),
        Action("answers.newer", "left", N_("newer days")),
        Action("answers.leave", "escape", N_("back")),
    )

    def __init__(self, patient_id: str, form_id: str) -> None:
        super().__init__()
        self._patient_id = patient_id
        self._form_id = form_id
        self._table: Table | None = None
        self._from = 0  # the first note shown

    def compose(self) -> ComposeResult:
        """Who, which form, the days, the answers."""
        yield Who()
        yield Headline(id="what")
        yield Headline(id="days")
        yield RowList()
        yield MessageLine()
        yield KeyLine()

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again."""
        self.run_worker(self._read(), group="read", exclusive=True)

    def on_resize(self, _event: Resize) -> None:
        """Columns follow the width."""
        self._paint()

    async def _read(self) -> None:
        try:
            self._table = await self.clinic.reading(
                chart_forms.over_time, self.actor, self._patient_id, self._form_id
            )
        except Refused as error:
            self.app.notify(str(error))
            self.dismiss(None)
            return
        if not self.left:
            self._paint()

    @property
    def _columns(self) -> int:
        return max(1, (self.size.width - _QUESTION - 4) // (_COLUMN + 1))

    @property
    def _shown(self) -> tuple[Note, ...]:
        notes = self._table.notes if self._table else ()
        return notes[self._from : self._from + self._columns]

    def _paint(self) -> None:
        table = self._table
        if table is None or self.left:
            return
        self.query_one(Who).show_patient(table.patient, session(self).today)
        self.query_one("#what", Headline).show(self._counted(table))
        notes = self._shown
        days = [fit(day_text(note.day), _COLUMN, align="right") for note in notes]
        self.query_one("#days", Headline).show_ready(" ".join([" " * (_QUESTION + 2), *days]))
        lines: list[Line] = [self._row(question, notes) for question in table.questions]
        none = Info(_("There are no answers to this form."))
        self.query_one(RowList).show(lines or [none], keep=True)
        self.refresh_keys()

    def _counted(self, table: Table) -> str:
        n = table.total
        said = ngettext("{form}: {n} note", "{form}: {n} notes", n).format(form=table.name, n=n)
        if len(self._shown) < n:
            first, last = self._from + 1, self._from + len(self._shown)
            where = _("{first} to {last} shown, newest first").format(first=first, last=last)
            said = f"{said}, {where}"
        return said

    @staticmethod
    def _row(question: str, notes: tuple[Note, ...]) -> Row:
        """A question and its answers; a number stands right, under the end of its day."""
        cells = [fit(question, _QUESTION)]
        for note in notes:
            answer = note.answers.get(question, "-")
            short = cell_width(answer) <= _COLUMN
            cells.append(fit(answer, _COLUMN, align="right" if short else "left"))
        return Row(question, " ".join(cells))

    def why_not(self, action_id: str) -> str:
        """Where the days end."""
        total = len(self._table.notes) if self._table else 0
        if action_id == "answers.older" and self._from + self._columns >= total:
            return _("There are no older answers.")
        if action_id == "answers.newer" and not self._from:
            return _("These are the newest answers.")
        return ""

    def action_older(self) -> None:
        """Right: one day further back."""
        self._from += 1
        self._paint()

    def action_newer(self) -> None:
        """Left: one day nearer to now."""
        self._from -= 1
        self._paint()

    def action_open(self) -> None:
        """Enter."""
        self.query_one(RowList).open()

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """All answers to one question, each with its day and who wrote it."""
        event.stop()
        notes = self._table.notes if self._table else ()
        told = [
            f"{day_text(note.day)}  {note.who}\n    {note.answers[event.key]}"
            for note in notes
            if event.key in note.answers
        ]
        self.app.push_screen(Tell(event.key, "\n".join(told)))

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)
