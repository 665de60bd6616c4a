"""F8: what needs a person after a sync, with the reason and the way out (decisions.md 26, 27)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from textual import on
from textual.events import ScreenResume

from hikma_tui.clinic import server, server_needs, server_words
from hikma_tui.clinic.server import ServerState
from hikma_tui.clinic.server_needs import Need
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import sync_words as words
from hikma_tui.screens.conflicts_words import short
from hikma_tui.screens.identity import facts, listed_name
from hikma_tui.screens.row_screen import RowScreen
from hikma_tui.screens.session import session
from hikma_tui.screens.sync_door import REPAIR
from hikma_tui.text import fit
from hikma_tui.widgets.dialogs import Ask
from hikma_tui.widgets.keys import N_, Action
from hikma_tui.widgets.row_list import Divider, Info, Line, Row, RowList
from hikma_tui.widgets.title import MessageLine

CONFLICTS = "conflicts"
_WHAT = 16
_WIDE = 70  # from so many columns on the birth date has room


class NeedsScreen(RowScreen):
    """Records grouped by what is wrong with them; Enter opens one."""

    ACTIONS: ClassVar[tuple[Action, ...]] = (
        Action("needs.open", "enter", N_("open"), N_("Open the marked record")),
        Action("needs.conflicts", "1", N_("compare and choose"),
               N_("Records that were changed in two places")),
        Action("needs.repair", "2", N_("offer again"),
               N_("Compare everything, and send again what the server has lost or refused")),
        Action("needs.leave", "escape", N_("back")),
    )  # fmt: skip

    def __init__(self) -> None:
        super().__init__()
        self._needs: list[Need] = []
        self._state = ServerState()
        self._read_once = False

    def on_screen_resume(self, _event: ScreenResume) -> None:
        """Shown, or shown again after something was put right."""
        self.read_anew()

    def on_screen_suspend(self) -> None:
        """What was said is over once something else has been looked at."""
        self.query_one(MessageLine).clear()

    async def fetch(self) -> None:
        """What a sync could not settle, and the numbers behind it."""
        self._state = await self.clinic.reading(server.state)
        self._needs = await self.clinic.reading(server_needs.needs, self.actor)
        self._read_once = True

    def paint(self) -> None:
        """A row each, by what is to be done; how many."""
        if not self._read_once:
            return
        n = self._state.needs_you
        heading = (
            ngettext("{n} thing needs you", "{n} things need you", n).format(n=n)
            if n
            else _("Nothing needs you.")
        )
        self.show_rows(heading, self._lines())

    def _lines(self) -> list[Line]:
        lines: list[Line] = []
        n = self._state.conflicts
        if n:
            said = ngettext(
                "{n} record was changed in two places: Enter compares and chooses",
                "{n} records were changed in two places: Enter compares and chooses", n,
            )  # fmt: skip
            lines += [Info(""), Row(CONFLICTS, said.format(n=n), style="bold")]
        today, room = session(self).today, self.size.width - 4
        group: tuple[str, str] | None = None
        for number, need in enumerate(self._needs):
            if group != (need.state, need.reason):
                group = need.state, need.reason
                lines += self._group(need, room)
            lines.append(_row(str(number), need, today, self.size.width))
        for state in server_needs.STATES:
            listed = sum(need.state == state for need in self._needs)
            more = server_needs.counted(self._state, state) - listed
            if more > 0 and state == "stays":  # of whole tables: which, is what there is to know
                lines += self._tables_that_stay(room)
            elif more > 0:
                counted = ngettext("and {n} more: {state}", "and {n} more: {state}", more)
                said = counted.format(n=words.number(more), state=server_words.state(state))
                lines += [Info(said)]
        return lines or [Info(""), Info(_("What a sync can't settle by itself stands here."))]

    def _tables_that_stay(self, room: int) -> list[Line]:
        """What this server has no place for, by table."""
        stays = {name: n["stays"] for name, n in self._state.tables.items() if n.get("stays")}
        for need in self._needs:
            if need.state == "stays":  # listed above, with its reason
                stays[need.table] = stays.get(need.table, 0) - 1
        title = f"{server_words.state('stays')}: {words.number(sum(stays.values()))}"
        word = server_words.table_word
        named = [f"{word(table)}: {words.number(n)}" for table, n in stays.items() if n > 0]
        why = words.wrapped(server_words.reason("no-table"), room)
        return [Divider(title), *(Info(row) for row in (*why, *named) if row)]

    def _group(self, need: Need, room: int) -> list[Line]:
        why = server_words.reason(need.reason) or _way_out(need.state)
        same = [n for n in self._needs if (n.state, n.reason) == (need.state, need.reason)]
        title = f"{server_words.state(need.state)}: {len(same)}"
        return [Divider(title), *(Info(row) for row in words.wrapped(why, room) if row)]

    # Doing ---------------------------------------------------------------------------------

    def why_not(self, action_id: str) -> str:
        """What there is nothing to do it with."""
        name = action_id.rpartition(".")[2]
        if name == "conflicts" and self._read_once and not self._state.conflicts:
            return _("No record was changed in two places.")
        if name == "repair" and self._read_once and not server_needs.repairable(self._state):
            return _("The server has refused nothing, and lost nothing that a full check knows.")
        if name == "open" and not self.marked:
            return _("There is nothing to open.")
        return ""

    @on(RowList.Opened)
    def opened(self, event: RowList.Opened) -> None:
        """The record, where it can be put right."""
        event.stop()
        if event.key == CONFLICTS:
            self.action_conflicts()
            return
        self._open(self._needs[int(event.key)])

    def _open(self, need: Need) -> None:
        if need.hidden:
            self.say(_("The file belongs to a clinic that you may not see: ask its staff."))
        elif need.state == "aside" and need.patient is None:
            self.say(_("Its number at the server: {id}").format(id=need.row_id))
        elif need.deleted:
            self.say(_("It is deleted here, and the server did not take that: it will be tried."))
        elif need.patient is None:
            self.say(_("It is no patient's record: an administrator can look at it."))
        elif need.table == "patients" or not need.visit_id:
            from hikma_tui.screens.patient import PatientScreen

            self.app.push_screen(PatientScreen(need.patient.id))
        else:
            from hikma_tui.screens.visit import VisitScreen

            event_id = need.row_id if need.table == "events" else None
            self.app.push_screen(VisitScreen(need.visit_id, event_id))

    def action_conflicts(self) -> None:
        """1."""
        from hikma_tui.screens.conflicts import ConflictsScreen

        self.app.push_screen(ConflictsScreen())

    def action_repair(self) -> None:
        """2, after a question."""

        def answered(yes: bool | None) -> None:
            if yes:
                session(self).show_sync(REPAIR)

        self.app.push_screen(
            Ask(
                _("Send again what the server refused, or does not have any more?"),
                _(
                    "Everything is fetched and compared first. Nothing is deleted, here or"
                    " there. If the server was restored from a backup on purpose, ask whoever"
                    " runs it before."
                ),
            ),
            answered,
        )

    def action_leave(self) -> None:
        """Esc."""
        self.dismiss(None)


def _way_out(state: str) -> str:
    """What can be done about a row whose reason says nothing."""
    return {
        "only_here": _("A full check did not find it on the server. 2 offers it again."),
        "differs": _("The server keeps it differently from what was entered."),
        "stays": _("This server has no place for it. It is kept on this computer."),
    }.get(state, _("The server does not take it. It is kept here."))


def _row(key: str, need: Need, today: date, width: int) -> Row:
    what = words.one_word(need.table)
    if need.deleted:
        what = _("{what}, deleted").format(what=what)
    wide = width >= _WIDE
    cells = fit(what, _WHAT if wide else 10)
    if need.patient is None:
        name = _("a file of another clinic") if need.hidden else _("no patient's")
        if need.state == "aside" and not need.hidden:
            name = need.row_id  # what whoever runs the server can find it by
        return Row(key, cells, name)
    # The name last, whatever room is left: its script must not move the facts (decisions.md 37).
    about = fit(facts(need.patient, today), 36) if wide else fit(short(need.patient, today), 14)
    return Row(key, f"{cells} {about}", listed_name(need.patient))
