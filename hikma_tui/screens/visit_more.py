"""What is done with a visit and what is recorded in it: edit, add, move, finish, delete."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic import addenda, drafts, visits
from hikma_tui.clinic.chart_visit import Record
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.moving import MOVABLE
from hikma_tui.i18n import _
from hikma_tui.screens import deleting, kept_words, moving, patient_rows, visit_rows
from hikma_tui.screens.identity import saved_line
from hikma_tui.screens.session import VisitFile, not_saved, session
from hikma_tui.screens.visit_reading import WholeVisit
from hikma_tui.widgets.dialogs import AskReason, Choice


class AskAddendum(AskReason):
    """The text of an addendum; None when left."""


def choices(whole: WholeVisit, record: Record | None) -> Sequence[Choice]:
    """All there is, always under the same digit; what can't be done now stands in brackets."""
    what = visit_rows.title_of(record, whole) if record is not None else _("(nothing is marked)")
    over = _("Finish this visit")
    answers = _("Answers to this form over time: {form}").format(form=what)
    move = _("Move to another patient: {what}").format(what=what)
    if record is None or not record.row.get("form_id"):
        answers = f"({answers})"
    if record is None or record.table not in MOVABLE:
        move = f"({move})"
    delete = _("Delete: {what}").format(what=what)
    in_visit = (
        _("Move this whole visit to another patient"), _("Delete this visit"),
        _("Report of this visit"),
    )  # fmt: skip
    move_all, delete_all, report = (one if whole.visit.id else f"({one})" for one in in_visit)
    return (
        Choice("finish", over if whole.visit.open else f"({over})"),
        Choice("answers", answers),
        Choice("move", move),
        Choice("move visit", move_all),
        Choice("delete", delete if record is not None else f"({delete})"),
        Choice("visits", delete_all),
        Choice("report", report),
    )


def edit(screen: VisitFile, whole: WholeVisit, record: Record) -> None:
    """Open a note in its form; vitals in theirs."""
    if record.table == "patient_vitals":
        from hikma_tui.screens.vitals_entry import VitalsEntryScreen

        screen.app.push_screen(VitalsEntryScreen(whole.patient.id, vitals_id=record.id))
        return
    if record.table != "events":
        screen.say(_("This is changed where it is listed: on the patient's screen, 3 or 4."))
        return
    form_id = record.row["form_id"]
    if not form_id or form_id not in whole.forms:
        screen.say(
            _("The form of this note is not there any more: it can't be edited. 6 adds to it.")
        )
        return
    from hikma_tui.screens.event_form import EventFormScreen

    def saved(said: str | None) -> None:
        if said:
            screen.say(said)

    screen.app.push_screen(
        EventFormScreen(
            whole.patient.id, form_id, whole.visit.day or screen.clinic.today,
            event_id=record.id, visit_id=screen.visit_id or None,
        ),
        saved,
    )  # fmt: skip


async def addendum(screen: VisitFile, whole: WholeVisit, record: Record) -> None:
    """Ask for the text and add it. Call it in a worker."""
    what = visit_rows.title_of(record, whole)
    question = _("Addendum to the note: {form}").format(form=what)
    about = _("The answers stay as they are; your text stands below them with your name.")
    patient_id = whole.patient.id
    row_id = f"{screen.visit_id}|{record.id}"
    place = kept_words.place_of(patient_id, kept_words.ADDENDUM, row_id)
    try:
        async with kept_words.begin(screen, place, patient_id) as words:
            text = await words.ask(question, about, dialog=AskAddendum)
            if text is None:
                return
            await screen.clinic.writing(
                drafts.saved, screen.actor, words.hold, addenda.add, screen.actor, record.id, text,
                of_patient=patient_id,
            )  # fmt: skip
    except Refused as error:
        screen.say(not_saved(error), loud=True)
        return
    await screen.reread()
    screen.say(saved_line(whole.patient, screen.clinic.today, _("addendum")))


async def do(screen: VisitFile, choice: str, whole: WholeVisit, record: Record | None) -> None:
    """Do one of ``choices``. Call it in a worker."""
    day = patient_rows.day_text(whole.visit.day)
    if choice in ("finish", "move visit", "visits", "report") and not whole.visit.id:
        screen.say(_("This is in no visit."))
    elif choice == "finish":
        await _finish(screen, whole)
    elif choice == "report":
        from hikma_tui.screens.report import ReportScreen

        screen.app.push_screen(ReportScreen(whole.patient.id, screen.visit_id))
    elif choice == "move visit":
        what = _("Visit of {day}").format(day=day)
        if await moving.move(screen, whole.patient, "visits", screen.visit_id, what):
            _leave(screen)
    elif choice == "visits":
        question = _("Delete the visit of {day}?").format(day=day)
        if await deleting.delete(screen, whole.patient, "visits", screen.visit_id, question):
            _leave(screen)
    elif record is None:
        screen.say(_("Nothing is marked: the arrows move."))
    else:
        await _do_record(screen, choice, whole, record)


async def _do_record(screen: VisitFile, choice: str, whole: WholeVisit, record: Record) -> None:
    what = visit_rows.title_of(record, whole)
    if choice == "answers":
        form_id = record.row.get("form_id")
        if not form_id:
            screen.say(_("Mark a note of a form first."))
            return
        from hikma_tui.screens.form_history import FormHistoryScreen

        screen.app.push_screen(FormHistoryScreen(whole.patient.id, str(form_id)))
    elif choice == "move":
        if record.table not in MOVABLE:
            screen.say(_("This moves with its whole visit only: 9, 4."))
        elif await moving.move(screen, whole.patient, record.table, record.id, what):
            await _read_or_leave(screen)
    elif choice == "delete":
        question = _("Delete the note {form}?").format(form=what)
        if await deleting.delete(screen, whole.patient, record.table, record.id, question):
            await _read_or_leave(screen)


async def _read_or_leave(screen: VisitFile) -> None:
    """What was deleted may have been all that this screen shows."""
    if screen.visit_id:
        await screen.reread()
    else:
        _leave(screen)


async def _finish(screen: VisitFile, whole: WholeVisit) -> None:
    if not whole.visit.open:
        screen.say(_("This visit is not on the open list."))
        return
    try:
        await screen.clinic.writing(visits.finish, screen.actor, screen.visit_id)
    except Refused as error:
        screen.say(not_saved(error), loud=True)
    await screen.reread()


def _leave(screen: VisitFile) -> None:
    """The visit is not here any more: back, with what there is to say about it."""
    from hikma_tui.widgets.title import MessageLine

    said = screen.query_one(MessageLine).message
    screen.dismiss(None)
    session(screen).tell(said)
