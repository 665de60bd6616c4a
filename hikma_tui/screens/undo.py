"""The deletions that can still be undone, and their undoing (decisions.md 19)."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from hikma_tui.clinic import deletion
from hikma_tui.clinic.deletion import Deleted
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import deleting
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import moment_text, not_saved, session
from hikma_tui.text import fit
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.headline import Headline
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Info, Line, Row, RowList


def label_of(one: Deleted) -> str:
    """What was deleted, in words: a name or a form; a visit has neither."""
    if one.table in ("patients", "events"):
        return one.label
    return f"{deleting.in_words({one.table: 1})}: {one.label}"


class UndoScreen(RowScreen):
    """A list of what was deleted within a day; Enter brings one back after a question."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("undo.open", "enter", N_("undo"), N_("Bring back what is marked")),
        Action("undo.leave", "escape", N_("back"), N_("Back, nothing changes")),
    )

    def __init__(self) -> None:
        super().__init__()
        self._deleted: tuple[Deleted, ...] | None = None  # not read yet

    def on_mount(self) -> None:
        """Read the list."""
        self.query_one("#what", Headline).show(_("Deletions that can be undone"))
        self.read_anew()

    async def fetch(self) -> None:
        """The deletions that this user may undo."""
        self._deleted = tuple(await self.clinic.reading(deletion.undoable, self.actor))

    def paint(self) -> None:
        """One row each; how many."""
        if self._deleted is None:
            return
        n = len(self._deleted)
        said = ngettext("{n} deletion can be undone", "{n} deletions can be undone", n).format(n=n)
        lines: list[Line] = [self._row(one) for one in self._deleted]
        if not lines:
            lines = [Info(""), Info(_("Nothing here. What an administrator can still bring back"))]
            lines.append(Info(_("stands here for a day after it was deleted.")))
        self.show_rows(said, lines)

    def _row(self, one: Deleted) -> Row:
        app = session(self)
        when = moment_text(one.deleted_at, app.today, app.facts.zone)
        cells = fit(when, 13) + fit(one.user_name, 10) + " " + fit(one.reason, 26)
        return Row(str(one.number), cells, label_of(one))

    def why_not(self, action_id: str) -> str:
        """Nothing to undo, or nothing that this user may."""
        if action_id == "undo.open" and not self._deleted:
            return _("There is nothing to undo.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """Ask, then undo."""
        event.stop()
        one = next((d for d in self._deleted or () if str(d.number) == event.key), None)
        if one is not None:
            self.run_worker(self._undo(one), group="undo", exclusive=True)

    async def _undo(self, one: Deleted) -> None:
        question = _("Bring back {what}?").format(what=label_of(one))
        back = _("Comes back: {what}.").format(what=deleting.in_words(one.counts))
        more = f"{back}\n" + _("Deleted by {user}: {reason}").format(
            user=one.user_name, reason=one.reason
        )
        if not await self.app.push_screen_wait(Ask(question, more)):
            return
        try:
            await self.clinic.writing(deletion.undo, self.actor, one.number)
        except Refused as error:
            self.say(not_saved(error), loud=True)
            return
        self.say(_("{what} is back.").format(what=label_of(one)))
        await self.reread()
