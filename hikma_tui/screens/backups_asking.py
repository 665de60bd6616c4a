"""What is asked before a copy leaves: where to, and how it is protected. In a worker."""

from __future__ import annotations

from typing import Any

from hikma_tui.clinic import copies
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _
from hikma_tui.screens.backups_door import backups
from hikma_tui.screens.backups_words import AskFolder, CopyPassphrase
from hikma_tui.screens.base import ClinicScreen
from hikma_tui.screens.session import session
from hikma_tui.widgets.dialogs import Ask, Choice, Choose

OWN, SAME, PLAIN = "own", "same", "plain"
_OTHER, _LATER = "other", "later"


async def folder_of(
    screen: ClinicScreen[Any], question: str, first: list[Choice], last: list[Choice]
) -> str:
    """A stick that is there, a typed folder, or one of the other choices; "" when left."""
    known = {one.key for one in first}
    found = [
        Choice(one.path, _("{path} ({n} MB free)").format(
            path=one.path, n=one.free // 1_000_000))
        for one in await backups(screen).sticks() if one.path not in known
    ]  # fmt: skip
    choices = [*first, *found, Choice(_OTHER, _("another folder: type it")), *last]
    asked = Choose(question, choices)
    chosen: str | None = await screen.app.push_screen_wait(asked)
    if chosen != _OTHER:
        return chosen or ""
    typed = await screen.app.push_screen_wait(AskFolder(question))
    if typed and not (typed.startswith("/") and await backups(screen).is_folder(typed)):
        raise Refused(_("There is no such folder; is the stick in? {path}").format(path=typed))
    return typed or ""


async def protection(screen: ClinicScreen[Any]) -> str:
    """Choose how copies elsewhere are protected; "" when nothing was chosen. Refused."""
    door, how, key = backups(screen), "", ""
    if door.ciphered():
        choices = [Choice(SAME, _("the records' own passphrase")),
                   Choice(OWN, _("a passphrase of their own"))]  # fmt: skip
        question = _("How are copies elsewhere encrypted?")
        answer = await screen.app.push_screen_wait(Choose(question, choices))
        how = answer or ""
    elif door.can_cipher():
        how = OWN
    else:
        how = await _plain(screen, _("What could encrypt it is not installed:"
                                  " hikma-tui[encrypted]."))  # fmt: skip
    if how == OWN:
        typed = await screen.app.push_screen_wait(CopyPassphrase(_("Passphrase of the copies")))
        if typed is None:
            return ""
        if typed:
            key = await door.key_of(typed)
        else:
            how = SAME if door.ciphered() else await _plain(screen, "")
    if how:
        await screen.clinic.writing(copies.protect, screen.actor, how, key)
        if how == OWN:
            screen.say(_("Copies elsewhere have this passphrase from now on; older ones theirs."))
    return how


async def _plain(screen: ClinicScreen[Any], why: str) -> str:
    more = _("The copy is not ciphered: whoever has it can read every patient's record.")
    more = f"{why} {more}".strip()
    question = _("Copy it readable for everybody?")
    return PLAIN if await screen.app.push_screen_wait(Ask(question, more, careful=True)) else ""


async def place_at_set_up(screen: ClinicScreen[Any]) -> str:
    """A stick that is there, a typed folder, or "" for later. In a worker. Refused."""
    question = _("A copy outside this computer, every day: where to?")
    chosen = await folder_of(screen, question, [], [Choice(_LATER, _("later (Ctrl+P, copies)"))])
    return "" if chosen == _LATER else chosen


async def first_copy(screen: ClinicScreen[Any], folder: str) -> None:
    """Protect and make the first copy at the place that was chosen at the set-up. In a worker."""
    try:
        how = await protection(screen)
        if not how:
            screen.say(_("No copy was made elsewhere. Ctrl+P, copies: does it later."), loud=True)
            return
        screen.say(_("Copying..."))
        screen.say(await backups(screen).copy(folder, keep=True, unciphered=how == PLAIN))
        session(screen).sync_told(True)  # the line of state
    except Refused as error:
        screen.say(str(error), loud=True)
