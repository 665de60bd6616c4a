"""The verb ``wipe``: delete every record from this machine, as far as it can be reached."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hikma_tui import logs
from hikma_tui.clinic import server
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.i18n import _, ngettext
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store.errors import StoreError
from hikma_tui.store.wipe import found, refuse_if_open, wipe
from hikma_tui.verbs.codes import OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, directory_of, opened, say


def run(options: argparse.Namespace) -> int:
    """Say what would go, ask twice, delete, say what could not be reached."""
    directory = directory_of(options, unlock=False)
    if not directory.is_dir():
        tell(_("There is nothing here: {path}").format(path=directory))
        return REFUSED
    name = _told(options, directory)
    if not _agreed(options, name):
        tell(_("Nothing was deleted."))
        return REFUSED
    refuse_if_open(directory)
    left = wipe(directory) + _without_logs()
    for path in left:
        say(_("Could not be deleted: {path}").format(path=path))
    say(*_out_of_reach())
    return REFUSED if left else OK


def _told(options: argparse.Namespace, directory: Path) -> str:
    """Say whose records these are and what is in no other place; the name to be typed."""
    clinic = ""
    if Store.exists(directory):
        try:
            clinic = _about_the_store(options)
        except StoreError as error:
            say_there(_("These records can't be read any more: {reason}").format(reason=error))
    ours, others = found(directory)
    copies = sum("backups" in path.parts for path in ours)
    say_there(ngettext("{n} file would be deleted, {copies} of them copies.",
                       "{n} files would be deleted, {copies} of them copies.", len(ours)
                       ).format(n=len(ours), copies=copies))  # fmt: skip
    for path in others:
        say_there(_("Not this program's, stays: {path}").format(path=path))
    return clinic or "wipe"


def _about_the_store(options: argparse.Namespace) -> str:
    with opened(options) as store:
        actor = acting(store, options)
        store.read(require, actor, Flag.CLINIC_ADMIN, actor.clinic_id).result()
        patients, clinic = store.read(_facts, actor.clinic_id).result()
        state = store.read(server.state).result()
    say_there(ngettext("{clinic}: {n} patient.", "{clinic}: {n} patients.", patients).format(
        clinic=clinic, n=patients))  # fmt: skip
    if not state.registered:
        say_there(_("No server has them: what is not in a copy elsewhere is lost for ever."))
    elif state.up_to_date:
        say_there(_("The server has confirmed every record."))
    else:
        say_there(
            _("{n} records are not confirmed by the server: they would be lost for ever.").format(
                n=state.not_sent + state.sent + state.awaiting + state.held + state.refused
                + state.differs + state.stays + state.only_here
            )
        )  # fmt: skip
    return str(clinic)


def _facts(clinic_id: str | None) -> tuple[int, str]:
    rows = connection()
    clinic = rows.execute("SELECT name FROM live_clinics WHERE id = ?", (clinic_id,)).fetchone()
    patients = rows.execute("SELECT count(*) FROM live_patients").fetchone()[0]
    return int(patients), str(clinic[0] or "") if clinic else ""


def _agreed(options: argparse.Namespace, name: str) -> bool:
    """Twice: the clinic's name, then a word. A script says both as options."""
    if options.confirm is not None:
        return bool(options.confirm == name)
    if not sys.stdin.isatty():
        tell(_("say --confirm {name}, or run this on a terminal").format(name=name))
        return False
    if name == "wipe":  # nothing can be read: the clinic's name is not known
        say_there(_("Deleted records can't be brought back. Type the word wipe to go on:"))
    else:
        say_there(_("Deleted records can't be brought back. Type the clinic's name to go on:"))
    if sys.stdin.readline().strip() != name:
        return False
    say_there(_("And once more, the word DELETE:"))
    return sys.stdin.readline().strip() in ("DELETE", _("DELETE"))


def _without_logs() -> list[Path]:
    """Delete the log that lies in no folder of records; gives what could not be deleted."""
    left: list[Path] = []
    for path in logs.family(logs.elsewhere()):
        try:
            path.unlink()
        except OSError:
            left.append(path)
    return left


def _out_of_reach() -> list[str]:
    return [
        _("Deleted. What this program can't reach:"),
        _("- copies on other machines and on sticks, exports, reports, support files;"),
        _("- what the server has; another administrator can delete it there;"),
        _("- old blocks of a solid-state disk or a card, which keep what was deleted for a while:"
          " only a ciphered disk, or destroying it, makes sure."),
    ]  # fmt: skip
