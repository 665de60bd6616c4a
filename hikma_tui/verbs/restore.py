"""The verb ``restore``: a copy takes the records' place, or what a damaged file still yields."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from hikma_tui.clock import zone_of
from hikma_tui.i18n import _, ngettext
from hikma_tui.store import Store
from hikma_tui.store import backups as store_backups
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store import unlock as store_unlock
from hikma_tui.store.backups import Inside
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import BACKUPS
from hikma_tui.store.salvage import Salvaged
from hikma_tui.syncing import restored as sync_restored
from hikma_tui.syncing.restored import Done, Present
from hikma_tui.verbs import unlock as cli_unlock
from hikma_tui.verbs.backup import listed, moment
from hikma_tui.verbs.codes import OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, directory_of, opened, say


def run(options: argparse.Namespace) -> int:
    """Say what the copy holds and what would be lost, ask, keep the present records, exchange."""
    directory = directory_of(options)
    user = getattr(options, "user", "")
    if options.list:
        say(*listed(directory, None))
        return OK
    _let_in(options)
    if options.salvage:
        return _salvage(options, directory, user)
    path = _chosen(options, directory)
    if path is None:
        return REFUSED
    cli_unlock.for_file(path, options)
    inside = store_backups.look_into(path)
    was = sync_restored.present(directory, path, user=user)
    zone = zone_of(was.facts.get("time_zone", ""))
    for line in _about(directory, path, inside, was, zone):
        say_there(line)
    if not _agreed(options):
        return REFUSED
    _tell_done(sync_restored.put_back(directory, path, was, user=user))
    return OK


def _let_in(options: argparse.Namespace) -> None:
    """Whoever has a PIN for the records that are here shows it. Damaged ones can't ask: then a copy
    is the way out, and its own PINs hold afterwards. NotProven.
    """
    if not Store.exists(directory_of(options)):
        return
    with suppress(StoreError), opened(options) as store:
        acting(store, options)


def _chosen(options: argparse.Namespace, directory: Path) -> Path | None:
    if options.file:
        return Path(options.file).absolute()
    found = store_backups.newest_good(directory / BACKUPS)
    if found is None and (locked := store_unlock.locked_copy(directory)) is not None:
        return locked
    if found is None:
        tell(_("There is no good copy beside the records: name one, such as one on a stick."))
        return None
    return found[0].path


def _about(
    directory: Path, path: Path, inside: Inside, was: Present, zone: ZoneInfo | None
) -> list[str]:
    """What is in the copy, and what putting it back would undo."""
    patients = ngettext("{n} patient", "{n} patients", inside.patients)
    lines = []
    if (
        store_cipher.is_ciphered(path)
        and was.state == "sound"
        and not was.ciphered
        and not store_convert.came_of_plain(path)
    ):
        lines.append(_("The records will be encrypted, with the copy's passphrase."))
    if not store_cipher.is_ciphered(path) and store_convert.protection_of(directory) is not None:
        lines.append(_("The records will be encrypted, with the passphrase that they had."))
    lines += [
        _("The copy: {clinic}, {patients}, last written {moment}. It was checked. ({path})").format(
            clinic=inside.clinic, patients=patients.format(n=inside.patients),
            moment=moment(inside.newest_stamp, zone), path=path,
        )
    ]  # fmt: skip
    if was.state == "none":
        return [*lines, _("There are no records here yet.")]
    if was.state == "damaged":
        return [*lines, _("The records here are damaged; all that they have since is lost."
                          " See also: hikma-tui restore --salvage")]  # fmt: skip
    if was.store_id and was.store_id != inside.store_id:
        lines.append(_("CAREFUL: this is a copy of other records than those here."))
    return [*lines, *_differences(was)]


def _differences(was: Present) -> list[str]:
    now = ngettext("The records here: {n} patient.", "The records here: {n} patients.",
                   was.patients).format(n=was.patients)  # fmt: skip
    found = was.difference
    if found is None:
        return [now]
    if found.nothing:
        return [now, _("They hold the very same records as the copy.")]
    lines = [now]
    rows = {table: n for table, n in found.rows_lost.items() if n}
    if rows:
        said = ", ".join(f"{table} {n}" for table, n in rows.items())
        lines.append(_("LOST, since they were entered later: {rows}").format(rows=said))
    if found.rows_changed:
        lines.append(_("As they were before they were changed: {n} records").format(
            n=found.rows_changed))  # fmt: skip
    if found.rows_back:
        lines.append(_("BACK, though they were deleted since: {n} records").format(
            n=found.rows_back))  # fmt: skip
    return lines


def _agreed(options: argparse.Namespace) -> bool:
    if options.yes:
        return True
    if not sys.stdin.isatty():
        tell(_("say --yes if that is meant; nothing was changed"))
        return False
    say_there(_("Type YES to go on; the records that are here now are kept:"))
    if sys.stdin.readline().strip() in ("YES", _("YES")):
        return True
    tell(_("Nothing was changed."))
    return False


def _salvage(options: argparse.Namespace, directory: Path, user: str) -> int:
    was = sync_restored.present(directory, user=user)
    if was.state != "damaged":
        tell(_("The records here are not damaged: nothing was changed."))
        return REFUSED

    def told(found: Salvaged) -> bool:
        for line in about_salvaged(found):
            say_there(line)
        return _agreed(options)

    done = sync_restored.salvage(directory, was, user=user, told=told)
    if done is None:
        return REFUSED
    _tell_done(done)
    return OK


def about_salvaged(found: Salvaged) -> list[str]:
    """What could be read of a damaged store, and what could not."""
    lines = [ngettext("{n} patient can be read.", "{n} patients can be read.", found.patients
                      ).format(n=found.patients)]  # fmt: skip
    lost = {table: n for table, n in found.unreadable.items() if n}
    if not lost:
        return [*lines, _("Every record could be read.")]
    said = ", ".join(f"{table} {n}" for table, n in lost.items())
    return [*lines, _("NOT readable, at most: {rows}").format(rows=said)]


def _tell_done(done: Done) -> None:
    say(ngettext("Done: {n} patient.", "Done: {n} patients.", done.inside.patients).format(
        n=done.inside.patients))  # fmt: skip
    if done.kept is not None:
        say(_("What stood here before is kept: {path}").format(path=done.kept))
    if done.must_pull:
        say(_("The next sync reads everything from the server before it sends anything."))
