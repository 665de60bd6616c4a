"""On a patient: what differs between here and the server, and the key that leads to choosing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens.session import PatientFile, PatientSideScreen, session
from hikma_tui.widgets.title import MessageLine

if TYPE_CHECKING:
    from hikma_tui.clinic.conflicts import FieldPair

_SHORT = 60  # characters of both values together that are shown on the patient themselves


class ConflictMark(MessageLine):
    """Loud rows, there only while something differs (decisions.md 24)."""

    def __init__(self) -> None:
        super().__init__(id="differs")
        self.display = False

    def look(self, patient_id: str) -> None:
        """See what is open about the patient, once the file is on the screen."""
        screen = self.screen
        if isinstance(screen, PatientSideScreen) and session(screen).facts.server:
            screen.run_worker(self._look(screen, patient_id), group="differs", exclusive=True)

    async def _look(self, screen: PatientSideScreen, patient_id: str) -> None:
        from hikma_tui.clinic import conflicts  # not on the way to the first paint

        try:
            found = await screen.clinic.reading(conflicts.shown, screen.actor, patient_id)
        except Refused:
            return
        if screen.left:
            return
        self.display = bool(found)
        self.say(mark_text(found), loud=bool(found))


def mark_text(found: list[tuple[str, FieldPair]]) -> str:
    """``Phone: here 070, server 071. 7 chooses`` where it is one and short; else how many."""
    if not found:
        return ""
    n, (_record, pair) = len(found), found[0]
    if n == 1 and pair.key and len(pair.ours) + len(pair.theirs) <= _SHORT:
        return _("DIFFERS: {label}: here {ours}, server {theirs}. 7 chooses").format(
            label=pair.label, ours=pair.ours or _("(empty)"), theirs=pair.theirs or _("(empty)")
        )
    if n == 1 and not pair.key:  # deleted on one side
        return _("{record}: here {ours}, server {theirs}. 7 chooses").format(
            record=found[0][0], ours=pair.ours, theirs=pair.theirs
        )
    return ngettext(
        "{n} value differs between here and the server: 7 shows both",
        "{n} values differ between here and the server: 7 shows both",
        n,
    ).format(n=n)


def show_both(screen: PatientFile) -> None:
    """7 on a patient: what differs, to choose; where nothing does, it says so."""
    if not screen.query_one(ConflictMark).display:
        screen.say(_("Nothing of this patient differs between here and the server."))
        return
    from hikma_tui.screens.conflicts import ConflictsScreen

    screen.app.push_screen(ConflictsScreen(screen.patient_id))
