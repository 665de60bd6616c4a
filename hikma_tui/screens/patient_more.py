"""9 on a patient's screen: what is wanted seldom, and never by one key."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic import visits
from hikma_tui.clinic.chart import Chart, VisitLine
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens import deleting, moving, patient_rows
from hikma_tui.screens.session import PatientFile, not_saved, session
from hikma_tui.widgets.dialogs import Choice, Tell


def choices(visit: VisitLine | None) -> Sequence[Choice]:
    """All there is, always under the same digit; what can't be done now stands in brackets."""
    day = patient_rows.day_text(visit.day) if visit is not None else _("(no visit is marked)")
    over = _("Finish the visit of {day}").format(day=day)
    move = _("Move the visit of {day} to another patient").format(day=day)
    delete = _("Delete the visit of {day}").format(day=day)
    if visit is None:
        over, move, delete = f"({over})", f"({move})", f"({delete})"
    elif not visit.open:
        over = f"({over})"
    return (
        Choice("finish", over),
        Choice("allergies", _("Allergies")),
        Choice("status", _("Deceased, moved away, referred")),
        Choice("measured", _("Vitals and measures over time")),
        Choice("answers", _("Answers to one form over time")),
        Choice("paper", _("Old visits from paper")),
        Choice("move", move),
        Choice("visit", delete),
        Choice("patient", _("Delete this patient and all records")),
    )


def open_row(screen: PatientFile, key: str, found: Chart | None) -> None:
    """A row of the time line: a visit and in it the note that was marked, or what is in none."""
    from hikma_tui.screens.visit import VisitScreen
    from hikma_tui.screens.vitals_history import VitalsHistoryScreen

    app = screen.app
    visit_id, event_id = patient_rows.place_of_row(key)
    if key.startswith(patient_rows.VITALS):
        app.push_screen(VitalsHistoryScreen(screen.patient_id))
    elif key.startswith(patient_rows.LOOSE):
        app.push_screen(VisitScreen("", key.removeprefix(patient_rows.LOOSE)))
    elif visit_id:
        app.push_screen(VisitScreen(visit_id, event_id))
    elif found is not None:
        app.push_screen(
            Tell(
                _("Not in this file any more"),
                patient_rows.told_away(found, key, session(screen).facts.zone),
            )
        )


def report(screen: PatientFile) -> None:
    """The report of the whole patient."""
    from hikma_tui.screens.report import ReportScreen

    screen.app.push_screen(ReportScreen(screen.patient_id))


async def do(screen: PatientFile, choice: str, found: Chart, visit: VisitLine | None) -> None:
    """Do one of ``choices``. Call it in a worker."""
    card = found.patient
    if choice == "allergies":
        from hikma_tui.screens.allergies import AllergiesScreen

        screen.app.push_screen(AllergiesScreen(card.id))
    elif choice == "status":
        from hikma_tui.screens.status import StatusScreen

        screen.app.push_screen(StatusScreen(card.id))
    elif choice == "measured":
        from hikma_tui.screens.vitals_history import VitalsHistoryScreen

        screen.app.push_screen(VitalsHistoryScreen(card.id))
    elif choice == "answers":
        from hikma_tui.screens.form_history import choose_form

        await choose_form(screen, card.id)
    elif choice == "paper":
        from hikma_tui.screens.old_paper import OldPaper

        await OldPaper(screen, card).run()
    elif choice == "patient":
        question = _("Delete this patient?")
        if await deleting.delete(screen, card, "patients", card.id, question):
            said = deleting.told(screen)
            session(screen).to_search("")
            session(screen).tell(said)
    elif visit is None:
        screen.say(_("Mark a visit first: the arrows move."))
    else:
        await _do_visit(screen, choice, found, visit)


async def _do_visit(screen: PatientFile, choice: str, found: Chart, visit: VisitLine) -> None:
    day = patient_rows.day_text(visit.day)
    if choice == "finish":
        if not visit.open:
            screen.say(_("This visit is not on the open list."))
            return
        try:
            await screen.clinic.writing(visits.finish, screen.actor, visit.id)
        except Refused as error:
            screen.say(not_saved(error), loud=True)
        await screen.reread()
    elif choice == "move":
        what = _("Visit of {day}").format(day=day)
        if await moving.move(screen, found.patient, "visits", visit.id, what):
            await screen.reread()
    elif choice == "visit":
        question = _("Delete the visit of {day}?").format(day=day)
        if await deleting.delete(screen, found.patient, "visits", visit.id, question):
            await screen.reread()
