"""Writing a store anew under another key: ciphered, under another passphrase, or plain again.

The new file is written beside the old one, compared with it row by row, and only then takes its
place by one rename. A power cut or a kill leaves the one or the other, whole (docs/encryption.md).
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import repair as store_repair
from hikma_tui.store.backups import alone, copies, forget_cached, look_into, room_for, sync_folder
from hikma_tui.store.cipher import Key, NeedsPassphrase
from hikma_tui.store.errors import Corrupt, StoreError, from_sqlite
from hikma_tui.store.files import BACKUPS, FILE_NAME, probe

ORIGIN = "copy_of"
"""In a copy elsewhere: "plain" where the records that it was made of are not ciphered."""
_ROWS = 500  # compared at a time
_NAMES = "SELECT type, name, sql FROM {schema}.sqlite_master WHERE name NOT LIKE 'sqlite_%'"
Told = Callable[[str], None]


@dataclass
class Copies:
    """The copies beside a store by how they are protected now."""

    plain: list[Path] = field(default_factory=list)
    other: list[Path] = field(default_factory=list)  # under another passphrase
    same: list[Path] = field(default_factory=list)


def rewrite(source: Path, target: Path, key: Key | None) -> None:
    """Write the closed store ``source`` to the new file ``target`` (0600) with ``key``, compared.

    Raises:
        Corrupt: the new file does not hold what the old one holds: it is deleted.
        NeedsPassphrase, NoCipher, DiskFull: nothing was written.
    """
    was = store_cipher.key_of(source)
    where = f"{source.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(store_cipher.connect(where, was, attaches=True, uri=True)) as rows:
        _rewrite(rows, target, key, source.stat().st_size)


def _rewrite(rows: sqlite3.Connection, target: Path, key: Key | None, size: int) -> None:
    try:
        room_for(target.parent, size)
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        store_cipher.attach(rows, "made", str(target), key)
        try:
            rows.execute("PRAGMA made.journal_mode = OFF")  # a half file is nobody's file
            rows.execute("PRAGMA made.synchronous = OFF")  # it is synced as a whole
            rows.execute("SELECT sqlcipher_export('made')")
            for name in ("user_version", "application_id"):
                value = int(rows.execute(f"PRAGMA main.{name}").fetchone()[0])
                rows.execute(f"PRAGMA made.{name} = {value}")
            rows.execute("PRAGMA made.synchronous = FULL")
        finally:
            rows.execute("DETACH made")
        forget_cached(target)  # what is compared is what the medium gives back
        store_cipher.attach(rows, "made", str(target), key)
        try:
            _compare(rows, target)
        finally:
            rows.execute("DETACH made")
    except BaseException as error:
        with suppress(OSError):
            target.unlink()
        if isinstance(error, sqlite3.Error | OSError):
            raise from_sqlite(_begun(error), target) from error
        raise


def _begun(error: sqlite3.Error | OSError) -> sqlite3.Error | OSError:
    """What went wrong first: detaching half a file that a full disk left fails in its turn."""
    while isinstance(error.__context__, sqlite3.Error | OSError):
        error = error.__context__
    return error


def _compare(rows: sqlite3.Connection, target: Path) -> None:
    """Corrupt unless both files hold the same definitions and, in the same order, the same rows."""
    if rows.execute("PRAGMA made.integrity_check(1)").fetchone()[0] != "ok":
        raise _differs(target)
    here, there = (set(rows.execute(_NAMES.format(schema=name))) for name in ("main", "made"))
    if here != there:
        raise _differs(target)
    for kind, name, sql in sorted(here, key=lambda one: (one[0], one[1])):
        if kind != "table" or str(sql).startswith("CREATE VIRTUAL"):
            continue  # a virtual table's rows are in tables of its own
        one, two = (
            rows.execute(f"SELECT * FROM {schema}.'{name}' NOT INDEXED")
            for schema in ("main", "made")
        )
        while (some := one.fetchmany(_ROWS)) == two.fetchmany(_ROWS):
            if not some:
                break
        else:
            raise _differs(target)


def _differs(path: Path) -> Corrupt:
    return Corrupt(
        _("What was written does not read as it was: nothing was changed. ({path})").format(
            path=path
        )
    )


# The store --------------------------------------------------------------------------------------


def convert(directory: Path, key: Key | None, settle: Callable[[Path], None]) -> None:
    """Put the store in ``directory`` under ``key`` (None: plain), while nobody else has it open.

    ``settle`` is given the folder of the new store before it takes the old one's place. The old
    key stays held, for the copies that have it. StoreError: nothing was changed.
    """
    path = directory / FILE_NAME
    probe(path)
    work = store_repair.empty_work(directory)
    if key is not None:
        store_cipher.require(new=True)
        store_cipher.hold_key(key)
    try:
        with store_repair.alone_with(directory, attaches=True) as rows:
            if rows is None:
                raise Corrupt(
                    _("The records' file is damaged: nothing was changed. ({path})").format(
                        path=path
                    )
                )
            _rewrite(rows, work / FILE_NAME, key, path.stat().st_size)
            settle(work)
            store_repair.require_closed(work)
            look_into(work / FILE_NAME)
            # before the exchange: a power cut after it must not leave them less protected
            _forget_working_files(directory)
            store_repair.exchange(directory, work)
    finally:
        store_repair.discard(work)


def _forget_working_files(directory: Path) -> None:
    """What a killed sync or copy left has the old key, or none: the next one asks the server again,
    and half a copy is nobody's. To be called while nobody else has the store open.
    """
    patterns = ["sync/*", "sync-check.db*"]
    with ExitStack() as here:
        backups = directory / BACKUPS
        if backups.is_dir() and here.enter_context(alone(backups)):
            patterns.append(f"{BACKUPS}/*.part*")
        for path in (one for pattern in patterns for one in directory.glob(pattern)):
            if path.is_file():
                path.unlink(missing_ok=True)


def came_of_plain(path: Path) -> bool:
    """Whether a copy that is ciphered was made of records that are not (``store.outside`` says so
    in it). False where it can't be read.
    """
    where = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    try:
        with closing(store_cipher.connect(where, store_cipher.key_of(path), uri=True)) as rows:
            found = rows.execute("SELECT value FROM store_info WHERE key = ?", (ORIGIN,)).fetchone()
    except (sqlite3.Error, NeedsPassphrase):
        return False
    return found is not None and found[0] == "plain"


# The copies -------------------------------------------------------------------------------------


def copies_of(directory: Path) -> Copies:
    """The copies in ``backups`` (and damaged stores that were kept there)."""
    found = Copies()
    mine = None
    with suppress(StoreError):
        mine = store_cipher.the_key(directory)
    paths = [copy.path for copy in copies(directory / BACKUPS)]
    paths += sorted((directory / BACKUPS).glob("*/" + FILE_NAME))
    for path in paths:
        try:
            key = store_cipher.key_of(path)
        except NeedsPassphrase:
            found.other.append(path)
            continue
        if key is None:
            found.plain.append(path)
        else:
            (found.same if key == mine else found.other).append(path)
    return found


def convert_copy(path: Path, key: Key | None) -> None:
    """Put one copy under ``key`` in its own place, compared; its name and date stay. StoreError."""
    if any(one.stat().st_size for one in _beside(path)):
        raise StoreError(
            _("A damaged store and its journal, kept as they were: they stay so, or are deleted.")
        )
    made = path.with_name(f"{path.name}.part")
    made.unlink(missing_ok=True)
    try:
        with ExitStack() as undo:
            undo.callback(made.unlink, missing_ok=True)
            rewrite(path, made, key)
            look_into(made)
            times = path.stat()
            os.utime(made, ns=(times.st_atime_ns, times.st_mtime_ns))
            made.rename(path)
            sync_folder(path.parent)
    except OSError as error:
        raise from_sqlite(error, path) from error


def delete_copy(path: Path) -> None:
    """Delete a copy, or a damaged store that was kept, with its journal and its folder. OSError."""
    for one in (*_beside(path), path):
        one.unlink()
    if path.parent.name != BACKUPS:
        with suppress(OSError):  # somebody put more into it
            path.parent.rmdir()


def _beside(path: Path) -> list[Path]:
    """The journals of a store's file that are there."""
    found = [path.with_name(f"{path.name}{end}") for end in ("-wal", "-journal")]
    return [one for one in found if one.exists()]


def protection_of(directory: Path) -> Key | None:
    """The key that the records here have, None where they are plain. Of a store that lost its head,
    or is gone, its newest copy tells. NeedsPassphrase.
    """
    path = directory / FILE_NAME
    if store_cipher.is_ciphered(path) or store_cipher.is_plain(path):
        return store_cipher.key_of(path)
    newest = next(iter(copies(directory / BACKUPS)), None)
    return store_cipher.key_of(newest.path) if newest is not None else None


def same_protection(directory: Path, copy: Path, work: Path) -> None:
    """The store made of ``copy`` in ``work`` gets the key of the store that it will replace: what
    was ciphered stays so. Where none stands there, or a plain one, it keeps the copy's; but a copy
    that was ciphered only to leave this machine makes plain records plain again. StoreError.
    """
    key = protection_of(directory)
    theirs = store_cipher.key_of(copy)
    if key == theirs:
        return
    if key is None and not ((directory / FILE_NAME).exists() and came_of_plain(copy)):
        return
    convert_copy(work / FILE_NAME, key)
