"""Drafts of problems, allergies, status and reasons: the screens that go on with them."""

from __future__ import annotations

from collections.abc import Sequence

from hikma_tui.clinic import drafts
from hikma_tui.clinic.drafts import plain_place
from hikma_tui.clinic.errors import Refused
from hikma_tui.days import as_date
from hikma_tui.i18n import _
from hikma_tui.screens import kept_words
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.kept_words import USERS, WHY
from hikma_tui.screens.session import session
from hikma_tui.widgets.dialogs import Choice, Choose


def open_record(screen: ClinicScreen[object], kind: str, parts: Sequence[str]) -> bool:
    """Take up a draft by the parts of its place after the kind. Whether it was one of these."""
    last = plain_place(parts[-1]) if parts else ""
    if kind == WHY and len(parts) >= 3:
        return _open_why(screen, parts[0], parts[1], plain_place(":".join((kind, *parts))))
    if kind == "choice" and len(parts) == 2:
        screen.run_worker(_open_choice(screen, last, ":".join((kind, *parts))), group="draft")
        return True
    if kind == "connect":
        from hikma_tui.screens.connect import ConnectScreen

        screen.app.push_screen(ConnectScreen(), lambda _done: session(screen).sync_told(True))
        return True
    if kind == USERS and parts:
        from hikma_tui.screens.users import UsersScreen

        screen.app.push_screen(UsersScreen(resume=plain_place(":".join((kind, *parts)))))
        return True
    row_id = None if last in ("", "-") else last
    if kind == "problem" and len(parts) == 4:
        from hikma_tui.screens.problem_form import ProblemFormScreen

        late = ProblemFormScreen(parts[0], day=as_date(parts[2]), visit=last or "-")
        screen.app.push_screen(late)
        return True
    if kind == "problem" and len(parts) == 2:
        from hikma_tui.screens.problem_form import ProblemFormScreen

        screen.app.push_screen(ProblemFormScreen(parts[0], row_id))
        return True
    if kind == "allergy" and len(parts) == 2:
        from hikma_tui.screens.allergy_form import AllergyFormScreen

        screen.app.push_screen(AllergyFormScreen(parts[0], row_id))
        return True
    if kind == "medicine" and len(parts) >= 2:
        from hikma_tui.screens.medicines import MedicinesScreen

        place = plain_place(":".join((kind, *parts)))
        screen.app.push_screen(MedicinesScreen(parts[0], resume=place))
        return True
    if kind == "status" and len(parts) == 3:
        from hikma_tui.screens.status_form import KINDS, StatusForm

        if parts[1] in KINDS:
            screen.app.push_screen(StatusForm(parts[0], parts[1], row_id or ""))
            return True
    return False


def _open_why(screen: ClinicScreen[object], patient_id: str, what: str, place: str) -> bool:
    """Take up words that were typed beside a form, where they are asked."""
    app, row = screen.app, place.split(":", 3)[3]
    if what in (kept_words.STOP, kept_words.REPEAT):
        from hikma_tui.screens.medicines import MedicinesScreen

        app.push_screen(MedicinesScreen(patient_id, resume=place))
    elif what == kept_words.ALLERGY:
        from hikma_tui.screens.allergies import AllergiesScreen

        app.push_screen(AllergiesScreen(patient_id, resume=place))
    elif what == kept_words.STATUS:
        from hikma_tui.screens.status import StatusScreen

        app.push_screen(StatusScreen(patient_id, resume=place))
    elif what == kept_words.ADDENDUM:
        from hikma_tui.screens.visit import VisitScreen

        visit_id, _bar, event_id = row.partition("|")
        note = event_id if visit_id else f"events:{event_id}"
        app.push_screen(VisitScreen(visit_id, note, addendum=True))
    elif what in (kept_words.DELETE, kept_words.MOVE):
        screen.run_worker(_tell_why(screen, patient_id, what, place), group="draft", exclusive=True)
    else:
        return False
    return True


async def _open_choice(screen: ClinicScreen[object], pk: str, place: str) -> None:
    """Take up a choice between here and the server, if it is still to be made."""
    from hikma_tui.clinic import conflicts
    from hikma_tui.screens.conflicts_choice import ChoiceScreen

    def told(said: str | None) -> None:
        if said:
            session(screen).tell(said)

    try:
        found = await screen.clinic.reading(conflicts.open_conflicts, screen.actor)
        if not any(str(one.pk) == pk for one in found):
            await screen.clinic.writing(drafts.discard, screen.actor, place)
    except Refused as error:
        screen.say(str(error), loud=True)
        return
    one = next((one for one in found if str(one.pk) == pk), None)
    if one is not None:
        screen.app.push_screen(ChoiceScreen(one), told)
    else:
        _list_again(screen)
        screen.say(_("This was settled meanwhile: there is nothing to choose."))


async def _tell_why(
    screen: ClinicScreen[object], patient_id: str, what: str, place: str
) -> None:  # fmt: skip
    """Why something is deleted or moved: never begun by one key. Its words, and what to do."""
    try:
        draft = await screen.clinic.reading(drafts.at, screen.actor, place)
    except Refused as error:
        screen.say(str(error), loud=True)
        return
    text = kept_words.words_of(draft or {}).get(WHY, "")
    question = (
        _("You were typing why something is deleted:")
        if what == kept_words.DELETE
        else _("You were typing why something is moved:")
    )
    choices = [
        Choice("open", _("Open the patient; the words are there again when it is asked")),
        Choice("drop", _("Forget what you typed here")),
    ]
    chosen = await screen.app.push_screen_wait(Choose(f"{question}\n{text}", choices))
    if chosen == "open":
        from hikma_tui.screens.patient import PatientScreen

        screen.app.push_screen(PatientScreen(patient_id))
    elif chosen == "drop":
        try:
            await screen.clinic.writing(drafts.discard, screen.actor, place)
        except Refused as error:
            screen.say(str(error), loud=True)
            return
        _list_again(screen)


def _list_again(screen: ClinicScreen[object]) -> None:
    """A draft is forgotten: the list that it was taken from is read again. It was shown already
    when the dialog closed, and may have been read before the draft was gone.
    """
    from hikma_tui.screens.asking import Asker

    asker = getattr(screen, "asker", None)
    if isinstance(asker, Asker):
        asker.ask_again()
