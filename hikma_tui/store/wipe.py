"""Deleting a store and all that this program has put beside it; what is somebody else's stays.

What is deleted is known by name. An SSD or an SD card may keep old blocks whatever is written over
them, so nothing is overwritten: docs/cli.md says so, and what is the real answer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from fnmatch import fnmatch
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import NeedsPassphrase, NoCipher
from hikma_tui.store.errors import Locked
from hikma_tui.store.files import BACKUPS, FILE_NAME, sync_file

# What the program writes into its directory; patterns of names, no paths.
OURS = (
    FILE_NAME, f"{FILE_NAME}-*", f"{FILE_NAME}.new", "server-password", ".server-password.new",
    "*.log", "*.log.[0-9]", "codes-*.db*", "diseases*", "sync.lock", "sync.state*",
    "sync-*", ".sync-*",
)  # fmt: skip
FOLDERS = (BACKUPS, "sync", "restoring")


def refuse_if_open(directory: Path) -> None:
    """Locked when another program has the store open: its next save would go nowhere."""
    path = directory / FILE_NAME
    if not path.exists():
        return
    try:
        connection = store_cipher.open_file(path, timeout=2)
    except (NeedsPassphrase, NoCipher):  # who has lost the passphrase may still want it gone
        if _locked(path):
            raise _in_use() from None
        return
    try:
        # Leaving the WAL needs the file for oneself, so it tells whether anybody else has it.
        mode = connection.execute("PRAGMA journal_mode = delete").fetchone()[0]
    except sqlite3.OperationalError:
        mode = "wal"
    except sqlite3.DatabaseError:
        mode = "delete"  # damaged: nobody works with it
    finally:
        connection.close()
    if mode == "wal":
        raise _in_use()


def _in_use() -> Locked:
    return Locked(
        _(
            "Another program has these records open: nothing was deleted."
            " Close it everywhere, then try again."
        )
    )


def _locked(path: Path) -> bool:
    """Whether a process holds SQLite's shared lock on a file (sqlite.org/fileformat2: the bytes
    from 1 GiB + 2), as each does that has a store open.
    """
    descriptor = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 510, (1 << 30) + 2)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def found(directory: Path) -> tuple[list[Path], list[Path]]:
    """The files that would be deleted, and those of others that would stay."""
    ours: list[Path] = []
    others: list[Path] = []
    for path in sorted(directory.iterdir()):
        if path.is_dir() and not path.is_symlink() and path.name in FOLDERS:
            ours.extend(sorted(one for one in path.rglob("*") if not one.is_dir()))
        elif not path.is_dir() and any(fnmatch(path.name, pattern) for pattern in OURS):
            ours.append(path)
        else:
            others.append(path)
    return ours, others


def wipe(directory: Path) -> list[Path]:
    """Delete all that is ours; gives what could not be deleted. The store's file goes first, so
    that a power cut leaves no records without their copies' fate being plain.
    """
    left: list[Path] = []
    ours, _others = found(directory)
    for path in sorted(ours, key=lambda one: one.name != FILE_NAME):
        try:
            path.unlink()
        except OSError:
            left.append(path)
    for name in FOLDERS:
        folder = directory / name
        if folder.is_dir() and not folder.is_symlink():
            for inner in sorted(folder.rglob("*"), reverse=True):
                _remove_empty(inner)
            _remove_empty(folder)
    try:
        sync_file(directory)
    except OSError:
        return left
    _remove_empty(directory)
    return left


def _remove_empty(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # somebody else's file is in it
