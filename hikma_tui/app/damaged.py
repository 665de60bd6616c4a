"""The records are damaged: a plain question on the terminal before any screen is painted.

No screen of Textual, on purpose: it must work on a bare console, through SSH and in the dark.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hikma_tui import clock, text
from hikma_tui.clinic.errors import Refused
from hikma_tui.i18n import _, ngettext
from hikma_tui.store import backups as store_backups
from hikma_tui.store.backups import Copy, Inside
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import BACKUPS
from hikma_tui.store.salvage import Salvaged
from hikma_tui.syncing import restored as sync_restored
from hikma_tui.syncing.restored import Done, Present


def ask(directory: Path, said: str, user: str) -> bool:
    """Offer the newest good copy, and saving what can be read; whether there are records again.

    Whatever is chosen, the damaged file is kept.
    """
    found = store_backups.newest_good(directory / BACKUPS)
    _say(said, "")
    if found is not None:
        _say(_("1  Put back the newest good copy: {copy}").format(copy=_in_words(*found)))
    else:
        _say(_("   There is no good copy beside the records. If one is on a stick:"
               " hikma-tui restore FILE"))  # fmt: skip
    _say(
        _("2  See what can still be read of the damaged file, before you choose"),
        _("3  Leave; nothing is changed"),
        "",
        _("The damaged file is kept in each case."),
    )
    while True:
        try:
            chosen = _answer(_("1, 2 or 3, then Enter: "))
            if chosen == 3:
                return False
            if chosen == 1 and found is not None:
                return _told(sync_restored.put_back(directory, found[0].path, _was(), user=user))
            if chosen == 2:
                done = sync_restored.salvage(directory, _was(), user=user, told=_go_on)
                if done is not None:
                    return _told(done)
        except (StoreError, Refused) as error:
            _say(str(error))


def _was() -> Present:
    return Present("damaged")


def _in_words(copy: Copy, inside: Inside) -> str:
    patients = ngettext("{n} patient", "{n} patients", inside.patients).format(n=inside.patients)
    return _("{moment}, {patients}, last entry {last}").format(
        moment=f"{clock.local(copy.made_ms, None):%Y-%m-%d %H:%M}", patients=patients,
        last=f"{clock.local(inside.newest_stamp, None):%Y-%m-%d %H:%M}",
    )  # fmt: skip


def _go_on(found: Salvaged) -> bool:
    """What could be read; whether to go on with that."""
    _say(ngettext("{n} patient can be read.", "{n} patients can be read.", found.patients).format(
        n=found.patients))  # fmt: skip
    lost = ", ".join(f"{table} {n}" for table, n in found.unreadable.items() if n)
    if lost:
        _say(_("NOT readable, at most: {rows}").format(rows=lost))
    return _answer(_("1  go on with what can be read   2  don't: ")) == 1


def _told(done: Done) -> bool:
    _say(ngettext("Done: {n} patient.", "Done: {n} patients.", done.inside.patients).format(
        n=done.inside.patients))  # fmt: skip
    if done.kept is not None:
        _say(_("What stood here before is kept: {path}").format(path=done.kept))
    if done.must_pull:
        _say(_("The next sync reads everything from the server before it sends anything."))
    _answer(_("Enter goes on: "))
    return True


def _answer(question: str) -> int:
    """The number that was typed (in any digits); 3, to leave, where nobody answers any more."""
    sys.stderr.write(text.plain(question))
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        return 3
    try:
        return int(line.strip())
    except ValueError:
        return 0


def _say(*lines: str) -> None:
    for line in lines:
        sys.stderr.write(text.plain(line) + "\n")
    sys.stderr.flush()
