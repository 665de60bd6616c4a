"""Where the rows of the search lead: a patient, a draft that is taken up again, a new patient.

The screens are imported when they are first wanted: the start should not wait for them.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hikma_tui.i18n import _
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session

DRAFT = "draft:"


def open_row(screen: ClinicScreen[Any], key: str) -> None:
    """Open what a row of the list stands for."""
    if key.startswith(DRAFT):
        open_draft(screen, key.removeprefix(DRAFT))
    else:
        open_patient(screen, key)


def open_patient(screen: ClinicScreen[Any], patient_id: str) -> None:
    """A patient's file."""
    from hikma_tui.screens.patient import PatientScreen

    screen.app.push_screen(PatientScreen(patient_id))


def register(screen: ClinicScreen[Any], typed: str) -> None:
    """A new patient, beginning with what was typed."""
    from hikma_tui.screens.register import RegisterScreen

    screen.app.push_screen(RegisterScreen(typed=typed))


def open_draft(screen: ClinicScreen[Any], place: str) -> None:
    """Take up a draft where it was left; ``place`` says what it is of."""
    kind, _colon, rest = place.partition(":")
    if kind == "patient":
        from hikma_tui.screens.register import RegisterScreen

        screen.app.push_screen(
            RegisterScreen(None if rest.startswith("new") else rest, place=place)
        )
        return
    parts = rest.split(":")
    if kind == "quick" and len(parts) == 3:
        _open_line(screen, *parts)
        return
    if kind == "vitals" and len(parts) == 3:
        _open_vitals(screen, *parts)
        return
    from hikma_tui.screens.record_drafts import open_record

    if open_record(screen, kind, parts):
        return
    if kind != "event" or len(parts) != 4:
        screen.say(_("This draft can't be opened here; it is kept."))
        return
    patient_id, form_id, day, what = parts
    from hikma_tui.screens.event_form import EventFormScreen

    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        screen.say(_("This draft can't be opened here; it is kept."))
        return
    event_id = None if what in ("", "-") else what
    screen.app.push_screen(EventFormScreen(patient_id, form_id, chosen, event_id=event_id))


def _open_vitals(screen: ClinicScreen[Any], patient_id: str, day: str, which: str) -> None:
    """A draft of vital signs, by the last three parts of its place."""
    from hikma_tui.screens.vitals_entry import VitalsEntryScreen

    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        screen.say(_("This draft can't be opened here; it is kept."))
        return
    screen.app.push_screen(VitalsEntryScreen(patient_id, chosen, which=which))


def _open_line(screen: ClinicScreen[Any], patient_id: str, day: str, which: str) -> None:
    """A draft of the one-line entry, by the last three parts of its place."""
    from hikma_tui.screens.visit_entry import VisitEntryScreen

    try:
        chosen = date.fromisoformat(day)
    except ValueError:
        screen.say(_("This draft can't be opened here; it is kept."))
        return
    screen.app.push_screen(VisitEntryScreen(patient_id, chosen, which=which))


def sync(screen: ClinicScreen[Any]) -> None:
    """F9: the sync, which begins at once; without a server the screen that connects to one."""
    if not session(screen).facts.server:
        from hikma_tui.screens.connect import ConnectScreen

        screen.app.push_screen(ConnectScreen(), lambda _done: session(screen).sync_told(True))
        return
    from hikma_tui.screens.sync import SyncScreen

    screen.app.push_screen(SyncScreen(begin=True))


def sync_ended(screen: ClinicScreen[Any], said: str) -> None:
    """A sync that did not go through is told, where nothing else (``said``) is being told."""
    from hikma_tui.screens.sync_door import door
    from hikma_tui.screens.sync_report import result_text

    last = door(screen).ended
    if last is not None and last.result != "ok" and said in ("", _no_pin()):
        screen.say(result_text(last.result, last.report, last.said))


def needs(screen: ClinicScreen[Any]) -> None:
    """F8: what the sync could not settle by itself."""
    if not session(screen).facts.server:
        screen.say(_("No server is registered: these records are on this computer only."))
        return
    from hikma_tui.screens.sync_needs import NeedsScreen

    screen.app.push_screen(NeedsScreen())


def warn_of_no_pin(screen: ClinicScreen[Any], message: str) -> None:
    """A standing warning where nobody has a PIN, when nothing else is said."""
    facts = session(screen).facts
    if facts.set_up and not (facts.pins or facts.demo or message):
        screen.say(_no_pin())


def _no_pin() -> str:
    return _("No PIN: whoever has this computer sees everything. Ctrl+P, then PIN.")
