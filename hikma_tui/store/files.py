"""The store's files: where they lie, who may read them, what a file is before it is opened."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.schema import APPLICATION_ID
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.errors import Corrupt, NoStore, NotOurs, ReadOnly

FILE_NAME = "hikma.db"
BACKUPS = "backups"
ENVIRONMENT = "HIKMA_TUI_DATA_DIR"


def default_directory(demo: bool = False) -> Path:
    """Where the data lives when nobody says otherwise; the demo's own place beside it."""
    import platformdirs

    chosen = os.environ.get(ENVIRONMENT, "")
    if chosen:
        return Path(chosen) / "demo" if demo else Path(chosen)
    return Path(platformdirs.user_data_dir("hikma-tui-demo" if demo else "hikma-tui", False))


def prepare_directory(directory: Path) -> None:
    """Make the directory, or tighten one that is ours or empty, to mode 0700. ReadOnly if not."""
    try:
        if not directory.exists():
            directory.mkdir(parents=True, mode=0o700)
        mine = not any(directory.iterdir()) or (directory / FILE_NAME).exists()
        if mine and stat.S_IMODE(directory.stat().st_mode) & 0o077:
            directory.chmod(0o700)
        for name in (FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"):
            _tighten(directory / name)
        if mine:
            for name in ("backups", "sync"):  # each may lie here already, made by hand
                _tighten(directory / name, 0o700)
    except OSError as error:
        raise ReadOnly(
            _("The folder for the records can't be used: {reason}. ({path})").format(
                reason=error.strerror or type(error).__name__, path=directory
            )
        ) from error


def _tighten(path: Path, mode: int = 0o600) -> None:
    """What was copied here by hand may be open to others; SQLite gives a file's mode on."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(mode)
    except OSError:
        return  # not there, or somebody else's: what matters more is the directory's mode


def probe(path: Path) -> None:
    """Refuse a file that is not ours, by its header alone: nothing is opened or changed.

    Raises NoStore, NotOurs, Corrupt or ReadOnly; NeedsPassphrase where it is ciphered and its key
    is not held.
    """
    if not path.exists():
        raise NoStore(
            _("There is no clinic here yet. Start with: hikma-tui init ({path})").format(path=path)
        )
    try:
        # a pipe or a device would keep us waiting, and has no header
        header = b""
        if path.is_file():
            with path.open("rb") as file:
                header = file.read(100)
    except OSError as error:
        raise ReadOnly(
            _("The records can't be read: {reason}. ({path})").format(
                reason=error.strerror or type(error).__name__, path=path
            )
        ) from error
    if store_cipher.is_salt(header) and path.stat().st_size >= store_cipher.PAGE:
        store_cipher.key_of(path)
        return
    if header[:16] != b"SQLite format 3\x00" and not store_cipher.is_salt(header):
        raise NotOurs(
            _("This file is not a store of hikma-tui: nothing was changed. ({path})").format(
                path=path
            )
        )
    if len(header) < 100 or store_cipher.is_salt(header):
        raise Corrupt(
            _(
                "The records' file is damaged: nothing was changed."
                " hikma-tui restore puts the newest copy back, and keeps the file. ({path})"
            ).format(path=path)
        )
    if int.from_bytes(header[68:72], "big") != APPLICATION_ID:
        raise NotOurs(
            _("This file is another program's: nothing was changed. ({path})").format(path=path)
        )


def ended_badly(directory: Path) -> bool:
    """Whether the last program that had the store open was killed, or lost its power.

    To be asked before the store is opened: SQLite deletes its journal at a clean end. (While
    another program has it open, it is there as well; then a check is done in vain.)
    """
    try:
        return (directory / f"{FILE_NAME}-wal").stat().st_size > 0
    except OSError:
        return False


def which_file(path: Path) -> tuple[int, int]:
    """Device and inode of what lies there now; (0, 0) when there is nothing. Some 2 µs."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_dev, found.st_ino


def sync_file(path: Path) -> None:
    """Wait until a file or a directory entry is on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
