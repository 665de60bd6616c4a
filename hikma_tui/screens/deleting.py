"""The questions before a deletion, the deletion, and what is said after it (decisions.md 19)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hikma_tui import clock
from hikma_tui.clinic import deletion, drafts
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.i18n import _, ngettext
from hikma_tui.screens import kept_words
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.identity import facts, listed_name
from hikma_tui.screens.kept_words import KeptWords
from hikma_tui.screens.session import moment_text, not_saved, session
from hikma_tui.text import cut
from hikma_tui.widgets.dialogs import Ask


def in_words(counts: Mapping[str, int]) -> str:
    """``3 visits, 7 notes``: how many rows of each table, the visible ones first."""
    parts = []
    for table, n in counts.items():
        if n:
            parts.append(_counted(table, n))
    return ", ".join(parts)


def _counted(table: str, n: int) -> str:
    if table == "visits":
        return ngettext("{n} visit", "{n} visits", n).format(n=n)
    if table == "events":
        return ngettext("{n} note", "{n} notes", n).format(n=n)
    if table == "appointments":
        return ngettext("{n} appointment", "{n} appointments", n).format(n=n)
    if table == "patient_vitals":
        return ngettext("{n} set of vitals", "{n} sets of vitals", n).format(n=n)
    if table == "patient_problems":
        return ngettext("{n} problem", "{n} problems", n).format(n=n)
    if table == "prescriptions":
        return ngettext("{n} prescription", "{n} prescriptions", n).format(n=n)
    if table == "prescription_items":
        return ngettext("{n} prescribed medicine", "{n} prescribed medicines", n).format(n=n)
    if table == "dispensing_records":
        return ngettext("{n} dispensed medicine", "{n} dispensed medicines", n).format(n=n)
    if table == "patient_additional_attributes":
        return ngettext(
            "{n} further answer of the registration", "{n} further answers of the registration", n
        ).format(n=n)
    if table == "patients":
        return ngettext("{n} patient", "{n} patients", n).format(n=n)
    return ngettext("{n} other record", "{n} other records", n).format(n=n)


async def delete(
    screen: ClinicScreen[Any], card: PatientCard, table: str, row_id: str, question: str
) -> bool:
    """Ask, and delete when a reason was given. Whether it was deleted. Call it in a worker.

    A refusal is said on ``screen`` and stays there.
    """
    place = kept_words.place_of(card.id, kept_words.DELETE, f"{table}|{row_id}")
    try:
        async with kept_words.begin(screen, place, card.id) as words:
            return await _delete(screen, card, table, row_id, question, words)
    except Refused as error:
        screen.say(str(error), loud=True)
        return False


async def _delete(
    screen: ClinicScreen[Any], card: PatientCard, table: str, row_id: str, question: str,
    words: KeptWords,
) -> bool:  # fmt: skip
    app = session(screen)
    reason: str | None = None
    asked_of: Mapping[str, int] | None = None
    while True:
        try:
            counts = await app.reading(deletion.consequences, app.actor, table, row_id)
        except Refused as error:
            screen.say(str(error), loud=True)
            return False
        if reason is not None and counts == asked_of:
            break
        # Asked anew when more hangs on it by the time that the reason has been typed.
        more = _what_goes(screen, card, table, counts)
        if not await screen.app.push_screen_wait(Ask(question, more, careful=True)):
            return False
        if reason is None:
            reason = await words.ask(_("Why is it deleted?"), more)
        if reason is None:
            return False
        asked_of = counts
    try:
        await app.writing(
            drafts.saved, app.actor, words.hold, deletion.delete, app.actor, table, row_id, reason,
            of_patient=card.id,
        )  # fmt: skip
    except Refused as error:
        screen.say(not_saved(error), loud=True)
        return False
    screen.say(told(screen))
    return True


def _what_goes(
    screen: ClinicScreen[Any], card: PatientCard, table: str, counts: Mapping[str, int]
) -> str:
    """Whose it is, what goes with it, and that it can be undone."""
    others = {name: n for name, n in counts.items() if name != table}
    if counts.get(table, 0) > 1:
        others = {table: counts[table] - 1, **others}
    who = f"{cut(listed_name(card), 60)}   {facts(card, session(screen).today)}"
    goes = in_words(others)
    with_it = _("Goes with it: {what}.").format(what=goes) if goes else _("Nothing goes with it.")
    undo = _("It can be undone for a day, by an administrator.")
    return f"{who}\n{with_it}\n{undo}"


def told(screen: ClinicScreen[Any]) -> str:
    """What is said after a deletion: until when, and how, it can be undone."""
    app = session(screen)
    now = max(clock.wall_ms(), app.facts.newest_stamp)
    until = moment_text(now + clock.DAY_MS, app.today, app.facts.zone)
    return _("Deleted. Until {moment} an administrator can undo it: Ctrl+P, undo.").format(
        moment=until
    )
