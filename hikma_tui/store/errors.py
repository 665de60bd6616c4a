"""What can be wrong with a store, each with one sentence for the user and an exit code.

In every case nothing was changed: a store is only ever written inside a transaction.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from hikma_tui.i18n import _


class StoreError(Exception):
    """A store that can't be opened or written. ``str()`` is the sentence for the user."""

    exit_code = 70


class NoStore(StoreError):
    """There is no store in the directory yet."""

    exit_code = 66


class NotOurs(StoreError):
    """The file was not made by this program."""

    exit_code = 65


class TooNew(StoreError):
    """The store was made by a newer version of this program."""

    exit_code = 71


class Corrupt(StoreError):
    """The file is damaged."""

    exit_code = 74


class ReadOnly(StoreError):
    """The file or its directory can't be written."""

    exit_code = 77


class Locked(StoreError):
    """Another program holds the store and did not let go in time."""

    exit_code = 75


class DiskFull(StoreError):
    """There is no room left on the disk."""

    exit_code = 73


class DiskTrouble(StoreError):
    """The disk did not take what was written: a quota, a card that fails, a stick that is gone."""

    exit_code = 73


_ROOM = 1 << 20  # bytes; what SQLite takes at a time is less
# SQLite's names of errors that say nothing of the file's own state.
_NOT_TAKEN = ("WRITE", "FSYNC", "TRUNCATE", "SHMSIZE", "SHMOPEN", "SHMMAP", "DELETE", "CLOSE")


class Replaced(StoreError):
    """Another file lies where the store was opened, or none."""

    exit_code = 75


def replaced(path: Path) -> Replaced:
    """The error for records that were exchanged or taken away under the running program."""
    return Replaced(
        _(
            "The records' file was replaced or removed while this program ran:"
            " nothing was saved. Leave the program, then start it again. ({path})"
        ).format(path=path)
    )


def _ciphered(path: Path) -> bool:
    """Of a ciphered file a damaged page reads like another file's: its key was tried before."""
    from hikma_tui.store.cipher import is_ciphered

    return is_ciphered(path)


def _no_room(path: Path) -> bool:
    """Whether the disk is full: the cipher's engine calls what a write, or the shared memory beside
    the file, could not get "disk I/O error" and no more. A damaged page is "malformed" there.
    """
    try:
        found = os.statvfs(path.parent)
    except OSError:
        return False
    return found.f_bavail * found.f_frsize < _ROOM


def from_sqlite(error: sqlite3.Error | OSError, path: Path) -> StoreError:
    """The error of ours that an error of SQLite or of the system stands for."""
    text = str(error).lower()
    code = getattr(error, "sqlite_errorname", "") or ""
    full = "FULL" in code or "disk is full" in text or getattr(error, "errno", 0) == 28
    if full or (code == "SQLITE_IOERR" and _no_room(path)):
        return DiskFull(
            _("The disk is full: nothing was saved. Make room, then try again. ({path})").format(
                path=path
            )
        )
    if "BUSY" in code or "LOCKED" in code or "is locked" in text:
        return Locked(
            _(
                "Another program is using the records and did not let go: nothing was saved."
                " Close it, then try again. ({path})"
            ).format(path=path)
        )
    if "READONLY" in code or "CANTOPEN" in code or "readonly" in text or "unable to open" in text:
        return ReadOnly(
            _(
                "The records can't be written here: nothing was changed."
                " Check who may write this file and its folder. ({path})"
            ).format(path=path)
        )
    if isinstance(error, PermissionError) or getattr(error, "errno", 0) in (13, 30):
        return ReadOnly(
            _(
                "The records can't be written here: nothing was changed."
                " Check who may write this file and its folder. ({path})"
            ).format(path=path)
        )
    if ("NOTADB" in code or "not a database" in text) and not _ciphered(path):
        return NotOurs(
            _("This file is not a store of hikma-tui: nothing was changed. ({path})").format(
                path=path
            )
        )
    if code.startswith("SQLITE_IOERR_") and code.endswith(_NOT_TAKEN):
        return DiskTrouble(
            _(
                "The disk did not take it: nothing was saved. It may be full for you, failing, or"
                " not there any more. ({path})"
            ).format(path=path)
        )
    words = ("disk image is malformed", "disk i/o", "not a database")
    if "CORRUPT" in code or "IOERR" in code or any(word in text for word in words):
        return Corrupt(
            _(
                "The records' file is damaged: nothing was changed."
                " hikma-tui restore puts the newest copy back, and keeps the file. ({path})"
            ).format(path=path)
        )
    return StoreError(
        _("The records can't be used: nothing was changed. ({path}: {reason})").format(
            path=path, reason=type(error).__name__
        )
    )
