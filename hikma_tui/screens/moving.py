"""The questions before an entry is moved to another patient, and what is said after it.

The right patient is searched, both are shown side by side, a reason is typed (decisions.md 19).
"""

from __future__ import annotations

from datetime import date
from typing import Any

from hikma_tui.clinic import drafts, moving, patients, server, server_words
from hikma_tui.clinic.errors import Refused
from hikma_tui.clinic.patients import PatientCard
from hikma_tui.days import age_text, birth_text
from hikma_tui.i18n import _
from hikma_tui.screens import kept_words
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.deleting import in_words
from hikma_tui.screens.identity import birth_of, facts, listed_name, sex_letter
from hikma_tui.screens.session import not_saved, session
from hikma_tui.text import cell_width, cut, is_right_to_left, plain
from hikma_tui.widgets.dialogs import Ask

_COLUMN = 30


async def move(
    screen: ClinicScreen[Any], card: PatientCard, table: str, row_id: str, what: str
) -> bool:
    """Ask whose it is, show both, ask why, and move. Whether it was moved. Call it in a worker.

    A refusal is said on ``screen`` and stays there.
    """
    from hikma_tui.screens.moving_target import ChoosePatient

    app = session(screen)
    target_id = await screen.app.push_screen_wait(ChoosePatient(card, what))
    if target_id is None:
        return False
    try:
        target = await app.reading(patients.card, app.actor, target_id)
        counts = await app.reading(moving.consequences, app.actor, table, row_id)
        erases = await app.reading(server.erased_with, table, row_id)
    except Refused as error:
        screen.say(str(error), loud=True)
        return False
    others = {name: n for name, n in counts.items() if name != table}
    goes = in_words(others)
    more = [side_by_side(card, target, app.today)]
    if target.status.deceased is not None:
        more.append(_("Take care: the right patient is recorded as deceased."))
    more.append(
        _("Goes with it: {what}.").format(what=goes) if goes else _("Nothing goes with it.")
    )
    if erases:
        more.append(server_words.erases())
    more.append(_("Both files will say that it was moved, when, by whom and why."))
    text = "\n".join(more)
    question = _("Move to the other patient: {what}?").format(what=what)
    if not await screen.app.push_screen_wait(Ask(question, text, careful=True)):
        return False
    place = kept_words.place_of(card.id, kept_words.MOVE, f"{table}|{row_id}")
    try:
        async with kept_words.begin(screen, place, card.id) as words:
            reason = await words.ask(_("Why is it moved?"), text)
            if reason is None:
                return False
            await app.writing(
                drafts.saved, app.actor, words.hold, moving.move, app.actor, table, row_id,
                target_id, reason, of_patient=card.id,
            )  # fmt: skip
    except Refused as error:
        screen.say(not_saved(error), loud=True)
        return False
    screen.say(
        _("Moved: {what}. It stands now in the file of {name}  {facts}").format(
            what=what, name=cut(listed_name(target), 24), facts=facts(target, app.today)
        )
    )
    return True


def side_by_side(card: PatientCard, target: PatientCard, today: date) -> str:
    """Both identities in two columns, line by line: what differs stands beside each other."""
    left, right = _identity(card, today), _identity(target, today)
    heads = (_("STANDS IN THE FILE OF"), _("BELONGS TO"))
    if is_right_to_left(left[0] + right[0]):  # on lines of their own (decisions.md 37)
        lines = [heads[0], left.pop(0), heads[1], right.pop(0)]
    else:
        lines = [f"{_cell(heads[0])}  {heads[1]}"]
    lines += [
        f"{_cell(one)}  {cut(plain(other), _COLUMN)}"
        for one, other in zip(left, right, strict=True)
        if one or other
    ]
    return "\n".join(lines)


def _cell(text: str) -> str:
    shown = cut(plain(text), _COLUMN)
    return shown + " " * (_COLUMN - cell_width(shown))


def _identity(card: PatientCard, today: date) -> list[str]:
    birth = birth_of(card)
    return [
        listed_name(card),
        f"{sex_letter(card.sex)}  {age_text(birth, today)}  {birth_text(birth, today)}",
        card.external_patient_id,
        card.phone,
        card.government_id,
        ", ".join(part for part in (card.hometown, card.camp) if part),
    ]
