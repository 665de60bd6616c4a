"""The verb ``backup``: copies here, elsewhere, by themselves (docs/backups.md)."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from hikma_tui import clock
from hikma_tui.clinic import audit, copies, info
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.copies import require_master
from hikma_tui.clinic.errors import NotFound
from hikma_tui.i18n import _, ngettext
from hikma_tui.ids import new_id
from hikma_tui.models import connection
from hikma_tui.store import Store
from hikma_tui.store import backups as store_backups
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import outside as store_outside
from hikma_tui.store import places as store_places
from hikma_tui.store.backups import AUTOMATIC, Copy
from hikma_tui.store.cipher import NeedsPassphrase
from hikma_tui.store.errors import (
    Corrupt,
    DiskFull,
    DiskTrouble,
    NoStore,
    ReadOnly,
    StoreError,
    from_sqlite,
)
from hikma_tui.store.files import BACKUPS
from hikma_tui.store.outside import Protection
from hikma_tui.store.places import Place
from hikma_tui.verbs import copies as cli_copies
from hikma_tui.verbs.codes import OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, directory_of, opened, say


def run(options: argparse.Namespace) -> int:
    """Make a copy; or list them; or say where they go by themselves."""
    if options.automatic:
        return _automatic(options)
    if options.list:
        directory, zone = directory_of(options), _zone(options)
        say(*listed(directory, zone), *_listed_outside(options, zone))
        return OK
    if options.keep_nowhere:
        with opened(options) as store:
            store.write(copies.forget_place, _administers(store, options)).result()
            say(_("Copies are kept beside the records only, from now on."))
        return OK
    if options.progress_json:
        _end_when_told()
    with opened(options) as store:
        folder = options.to or options.keep_at
        if folder is None:
            say(str(_here(store)))
            return OK
        return _outside(store, options, Path(folder).absolute(), remember=bool(options.keep_at))


# What is there ----------------------------------------------------------------------------------


def _zone(options: argparse.Namespace) -> ZoneInfo | None:
    with suppress(StoreError), opened(options) as store:
        return store.read(info.zone).result()
    return None


def moment(ms: int, zone: ZoneInfo | None) -> str:
    """A moment in the clinic's own time."""
    return f"{clock.local(ms, zone):%Y-%m-%d %H:%M}"


def listed(directory: Path, zone: ZoneInfo | None) -> list[str]:
    """A line for each copy beside the records, newest first: checked, and what is in it."""
    lines = [_line(copy, zone) for copy in store_backups.copies(directory / BACKUPS)]
    return lines or [_("There are no copies beside the records.")]


def _line(copy: Copy, zone: ZoneInfo | None) -> str:
    try:
        inside = store_backups.look_into(copy.path)
        patients = ngettext("{n} patient", "{n} patients", inside.patients)
        what = patients.format(n=inside.patients)
    except NeedsPassphrase:
        what = _("of another passphrase")
    except StoreError as error:
        what = _("NOT GOOD: {reason}").format(reason=error)
    if store_cipher.is_ciphered(copy.path):
        what += ", " + _("encrypted")
    size = max(1, copy.size // 1_000_000)
    return f"{moment(copy.made_ms, zone)}  {what}  {size} MB  {copy.path}"


def _listed_outside(options: argparse.Namespace, zone: ZoneInfo | None) -> list[str]:
    """The copies at the remembered place, when the stick is in."""
    with suppress(StoreError), opened(options) as store:
        facts = store.on_writer(_facts).result()
        there = store_places.mounted(facts.folder, facts.store_id)
        if facts.folder and there is None:
            return [_("Not there now: {path}").format(path=facts.folder)]
        if there is not None:
            if facts.protection is not None and facts.protection.key is not None:
                store_cipher.hold_key(facts.protection.key)
            return [_line(copy, zone) for copy in store_places.own(there, facts.store_id)]
    return []


def _here(store: Store) -> Path:
    """A copy beside the records; an older failure there is over."""
    path = store.backup()
    store.write(copies.succeeded, copies.HERE).result()
    return path


# Elsewhere --------------------------------------------------------------------------------------


def _administers(store: Store, options: argparse.Namespace) -> Actor:
    """All records leave the machine: that is for whoever administers the clinic. NotAllowed."""
    actor = acting(store, options)
    store.read(require_master, actor).result()
    return actor


def _outside(store: Store, options: argparse.Namespace, folder: Path, *, remember: bool) -> int:
    told = _progress if options.progress_json else _quiet
    told(0, 0)
    actor = _administers(store, options)
    if not folder.is_dir():
        tell(_("There is no such folder; is the stick in? {path}").format(path=folder))
        return REFUSED
    place = store_places.place_of(folder, store.directory)
    if place is Place.MEMORY:
        tell(_("That folder is in this computer's memory, and gone with the power: {path}").format(
            path=folder))  # fmt: skip
        return REFUSED
    if place is Place.SAME:
        say_there(_("That is on the same disk as the records: it does not outlive this disk."))
    protection = cli_copies.chosen(store, options)
    if protection is None:
        return REFUSED
    store_id = store.read(info.get, "store_id").result()
    copy = store_backups.of_path(_here(store))
    try:
        if remember:
            store_places.mark(folder, store_id)
        path = store_outside.take_out(
            copy, folder, store_id, protection, keep_all=not remember, now=clock.wall_ms(),
            told=told,
        )  # fmt: skip
    except (StoreError, OSError) as error:
        found = error if isinstance(error, StoreError) else from_sqlite(error, folder)
        if not isinstance(found, DiskFull | DiskTrouble | ReadOnly):
            raise
        # its own words speak of the records
        failure = copies.Failure(clock.wall_ms(), copies.OUTSIDE, type(found).__name__)
        tell(copies.reason(failure))
        return found.exit_code
    kept = (folder, protection) if remember else None
    store.write(_note_outside, actor, path, place, kept).result()
    say(str(path))
    say_there(_("Checked: it reads as it was written ({where}).").format(
        where=store_places.in_words(place)))  # fmt: skip
    if remember:
        say_there(_("Copies go there every day from now on, when the folder is there."))
    cli_copies.plain_ones(folder, store_id, path, remove=options.remove_plain)
    return OK


def _quiet(_done: int, _total: int) -> None:
    return None


def _progress(done: int, total: int) -> None:
    """For the screens: how far the bytes are. The copy is made to its end where they are gone."""
    try:
        print(json.dumps({"progress": [done, total]}), flush=True)
    except OSError:
        _forget_output()


def _forget_output() -> None:
    """Nobody reads any more: what would be said goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _end_when_told() -> None:
    """A screen's F8 ends this process at once, whatever it is in the middle of, and what it has
    half written goes. In a thread: the others can be within one long call of SQLite's.
    """
    wanted = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, wanted)  # later threads inherit it

    def wait() -> None:
        signal.sigwait(wanted)
        store_backups.drop_half_written()
        os._exit(130)

    threading.Thread(target=wait, name="told-to-end", daemon=True).start()


def _note_outside(
    actor: Actor, path: Path, place: Place, remember: tuple[Path, Protection] | None
) -> None:
    """The trail says that all records left; the line of state, when and where to."""
    now = info.now_ms()
    entry = audit.Entry("EXPORT", "", "", {"copy": path.name, "place": str(place)})
    audit.append(actor, new_id(now), [entry], now)
    if remember is not None:
        folder, protection = remember
        info.put(store_places.SETTING, str(folder))
        info.put(store_outside.HOW, protection.how)
        info.put(store_outside.KEY, store_outside.packed(protection))
    if str(path.parent) == info.get(store_places.SETTING):  # another stick does not mend that place
        copies.succeeded(copies.OUTSIDE)
    if place is not Place.SAME:
        info.put("copied_outside_at", clock.wall_ms())
        info.put("copied_outside_place", str(place))


# By themselves ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Facts:
    store_id: str
    mark: tuple[int, int]
    folder: str
    size: int
    actor: Actor
    settings: tuple[str, str]

    @property
    def protection(self) -> Protection | None:
        return store_outside.of_settings(*self.settings)


def _facts() -> _Facts:
    try:
        actor = actor_named()
    except NotFound:
        actor = Actor("", "", "", None, info.get("machine_id"))
    rows = connection()
    pages = rows.execute("PRAGMA page_count").fetchone()[0]
    size = int(pages) * int(rows.execute("PRAGMA page_size").fetchone()[0])
    return _Facts(
        info.get("store_id"), store_backups.mark_of(rows), info.get(store_places.SETTING), size,
        actor, cli_copies.settings(),
    )  # fmt: skip


def _automatic(options: argparse.Namespace) -> int:
    """The day's copy, where one is due: started by the program itself, beside it, at low priority.

    With ``--unclean`` the records are checked as well: the program before was killed, or the power
    failed. Says nothing when all is well.
    """
    with suppress(OSError):
        os.nice(15)
    try:
        store = Store.open(directory_of(options))
    except NoStore:
        return OK
    try:
        facts = store.on_writer(_facts).result()
        if options.unclean:
            _check(store)
        with store_backups.alone(store.directory / BACKUPS) as alone:
            if alone:
                try:
                    _todays(store, facts)
                except Corrupt as error:
                    _check(store)  # the records themselves? else it was the copy's medium
                    raise DiskTrouble(str(error)) from error
    finally:
        store.close()
    return OK


def _check(store: Store) -> None:
    """Corrupt when the file is not sound."""

    def quick() -> str:
        return str(connection().execute("PRAGMA quick_check(1)").fetchone()[0])

    if store.on_writer(quick).result() != "ok":
        raise Corrupt(
            _("The records' file is damaged. Leave the program, then: hikma-tui restore ({path})")
            .format(path=store.path)
        )  # fmt: skip


def _todays(store: Store, facts: _Facts) -> None:
    """Make the copy, take it out where the stick is there, rotate. What fails is remembered."""
    here, now = store.directory / BACKUPS, clock.wall_ms()
    there = store_places.mounted(facts.folder, facts.store_id)
    out = there is not None and store_backups.due(
        store_places.own(there, facts.store_id), facts.mark, now
    )
    if not out and not store_backups.due(store_backups.copies(here), facts.mark, now):
        return
    where = copies.HERE
    try:
        store_backups.make_room(store_backups.copies(here), here, facts.size)
        path = store.backup(AUTOMATIC)
        store_backups.rotate(store_backups.copies(here), path, now)
        store.write(copies.succeeded, where).result()
        if out and there is not None:
            where = copies.OUTSIDE
            copy = store_backups.of_path(path)
            place = _place(there, store.directory)
            protection = store_outside.of_the_day(*facts.settings, ciphered=store.key is not None)
            made = store_outside.take_out(
                copy, there, facts.store_id, protection, keep_all=False, now=now
            )
            store.write(_note_outside, facts.actor, made, place, None).result()
    except StoreError as error:
        with suppress(StoreError):
            store.write(copies.failed, now, where, type(error).__name__).result()
        raise


def _place(folder: Path, store: Path) -> Place:
    try:
        return store_places.place_of(folder, store)
    except OSError as error:
        raise from_sqlite(error, folder) from error
