"""Copies that leave this machine: under a passphrase of their own (docs/backups.md).

The copy is first written anew beside the records, with the copies' key, and compared row by row;
then its bytes go to the stick in one stream, are synced piece by piece, so that what is told of
the way is true, and are checked there once more with that key.

The derived key is kept in the store's settings, for the daily copies: the store holds all that the
copy holds. A copy that is not ciphered goes without that key.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store.backups import PATIENCE, Copy, half_written, name_for, place, rotate
from hikma_tui.store.cipher import Key, NeedsPassphrase
from hikma_tui.store.convert import ORIGIN
from hikma_tui.store.errors import from_sqlite
from hikma_tui.store.places import own, own_name

HOW, KEY = "copy_protection", "copy_key"
"""The settings: how copies elsewhere are protected, and the key of their passphrase."""
OWN, SAME, PLAIN = "own", "same", "plain"
_ASK = "ask"  # in a plain copy that was made while copies had a passphrase: it is asked anew
_PIECE = 1 << 20
_SYNC_EVERY = 8 << 20  # bytes; a stick's cache must not make the way look shorter than it is

Told = Callable[[int, int], None]  # bytes done, bytes in all; may raise to stop


@dataclass(frozen=True)
class Protection:
    """How a copy leaves: OWN with its key, SAME as the records, PLAIN."""

    how: str
    key: Key | None = field(default=None, repr=False)


def of_settings(how: str, packed: str) -> Protection | None:
    """What the store's settings say; None when nothing was chosen, or it can't be read."""
    if how == OWN:
        with suppress(ValueError):
            return Protection(OWN, Key.unpacked(bytes.fromhex(packed)))
        return None
    return Protection(how) if how in (SAME, PLAIN) else None


def of_the_day(how: str, packed: str, *, ciphered: bool) -> Protection:
    """How the day's copy leaves, as ``of_settings``; where nothing was ever chosen, as the records
    are, which was agreed to when the place was chosen.

    NeedsPassphrase where it was to be ciphered and can't be any more (the records were decrypted
    since, the key can't be read): nobody agreed that it leaves readable for all.
    """
    found = Protection(SAME) if not how else of_settings(how, packed)
    if found is None or (how == SAME and not ciphered):
        raise NeedsPassphrase(
            _("Copies elsewhere were encrypted, and this one could not be: it was not taken there."
              " Ctrl+P, copies: 3 chooses a passphrase.")
        )  # fmt: skip
    return found


def packed(protection: Protection) -> str:
    """The setting KEY of a protection."""
    return protection.key.packed().hex() if protection.key else ""


def new_key(passphrase: str) -> Key:
    """The key of a new passphrase; takes about a second. NoCipher."""
    store_cipher.require(new=True)
    return store_cipher.derive(passphrase, store_cipher.new_salt())


# Making -----------------------------------------------------------------------------------------


@contextmanager
def _as_it_leaves(copy: Copy, protection: Protection) -> Iterator[Path]:
    """The file whose bytes go out: the copy itself, or one made of it that goes at the end."""
    ciphered = store_cipher.is_ciphered(copy.path)
    if protection.how != OWN and (ciphered or not _holds_key(copy.path)):
        yield copy.path
        return
    made = copy.path.with_name(f"{copy.path.name}.out.part")
    made.unlink(missing_ok=True)
    with half_written(made):
        yield _written_anew(copy.path, made, protection, ciphered=ciphered)


def _written_anew(source: Path, made: Path, protection: Protection, *, ciphered: bool) -> Path:
    try:
        if protection.key is not None:
            store_cipher.require(new=True)
            store_cipher.hold_key(protection.key)
            store_convert.rewrite(source, made, protection.key)
        else:
            _same_bytes(source, made, None)
        with closing(store_cipher.connect(made, protection.key)) as rows:
            _sign(rows, "encrypted" if ciphered else "plain", keyless=protection.key is None)
    except (sqlite3.Error, OSError) as error:
        raise from_sqlite(error, made) from error
    return made


def _holds_key(path: Path) -> bool:
    with closing(
        sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    ) as rows:
        return bool(rows.execute("SELECT 1 FROM store_info WHERE key = ?", (KEY,)).fetchall())


def _sign(rows: sqlite3.Connection, origin: str, *, keyless: bool) -> None:
    """Say in the copy what it was made of; take the key out of one that everybody can read."""
    rows.execute("PRAGMA secure_delete = ON")
    rows.execute("PRAGMA journal_mode = MEMORY")
    rows.execute("BEGIN IMMEDIATE")
    rows.execute("DELETE FROM store_info WHERE key = ?", (ORIGIN,))
    rows.execute("INSERT INTO store_info (key, value) VALUES (?, ?)", (ORIGIN, origin))
    if keyless:
        rows.execute("DELETE FROM store_info WHERE key = ?", (KEY,))
        rows.execute("UPDATE store_info SET value = ? WHERE key = ?", (_ASK, HOW))
    rows.commit()


def _same_bytes(source: Path, target: Path, told: Told | None) -> None:
    total, done, unsynced = source.stat().st_size, 0, 0
    descriptor = os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with source.open("rb") as read, os.fdopen(descriptor, "wb", buffering=0) as written:
        while piece := read.read(_PIECE):
            left = memoryview(piece)
            while left:
                left = left[written.write(left) :]
            done, unsynced = done + len(piece), unsynced + len(piece)
            if told is not None:
                if unsynced >= _SYNC_EVERY:
                    os.fsync(written.fileno())
                    unsynced = 0
                told(done, total)


def take_out(
    copy: Copy,
    folder: Path,
    store_id: str,
    protection: Protection,
    *,
    keep_all: bool,
    now: int,
    told: Told | None = None,
) -> Path:
    """Bring a checked copy into ``folder`` as ``protection`` says, checked there again.

    The older ones there are rotated unless ``keep_all``. Gives the file. StoreError: then there is
    no file with a copy's name there.
    """
    _sweep(folder, store_id)
    path = folder / name_for(own_name(store_id), copy.made_ms)
    with _as_it_leaves(copy, protection) as source:
        place(path, source.stat().st_size, lambda part: _same_bytes(source, part, told or _quiet))
    if not keep_all:
        rotate(own(folder, store_id), path, now)
    return path


def _quiet(_done: int, _total: int) -> None:
    return None


def _sweep(folder: Path, store_id: str) -> None:
    """What a pulled stick or a kill left half written, and nobody writes any more."""
    for part in folder.glob(f"{own_name(store_id)}-*.part*"):
        with suppress(OSError):
            if abs(time.time() - part.stat().st_mtime) > 2 * PATIENCE:
                part.unlink()


# What is there ----------------------------------------------------------------------------------


def readable_by_all(folder: Path, store_id: str) -> list[Copy]:
    """This store's copies in a folder elsewhere that are not ciphered, newest first."""
    return [one for one in own(folder, store_id) if not store_cipher.is_ciphered(one.path)]
