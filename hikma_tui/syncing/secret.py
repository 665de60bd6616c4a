"""The password of the server: where it may come from, and where it is kept if the user says so.

A sync that a timer starts must know it, so it may be kept in a file of its own beside the store,
mode 0600, ciphered with the store's key where the store is. It is not in the store, so no backup,
no export and no support file has it. It is never in an argument, a log or an error, and it leaves
the environment as soon as it was read, so that no child process inherits it.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import Key
from hikma_tui.store.errors import StoreError
from hikma_tui.store.files import sync_file

FILE_NAME = "server-password"
ENVIRONMENT = "HIKMA_TUI_PASSWORD"
_LONGEST = 4096


def keep(directory: Path, password: str) -> None:
    """Keep the password beside the store. OSError when it can't be written."""
    try:
        key = store_cipher.the_key(directory)
    except StoreError as error:  # locked: nobody asks for a password then
        raise OSError(str(error)) from error
    path = directory / FILE_NAME
    building = directory / f".{FILE_NAME}.new"
    building.unlink(missing_ok=True)
    descriptor = os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        if key is None:
            file.write(password)
            file.flush()
        else:
            _write_ciphered(building, key, password)
        os.fsync(file.fileno())
    building.rename(path)
    sync_file(directory)


def kept(directory: Path) -> str | None:
    """The password that was kept, None without one. A file open to others is closed to them; one
    that is less protected than the store is written anew.
    """
    found = _kept(directory)
    if found is not None:
        with suppress(StoreError, OSError):
            path = directory / FILE_NAME
            if store_cipher.key_of(path) != store_cipher.the_key(directory):
                keep(directory, found)
    return found


def seal(directory: Path) -> bool:
    """After the store's key changed: the kept password follows. Whether one is kept."""
    return kept(directory) is not None


def _write_ciphered(path: Path, key: Key, password: str) -> None:
    with closing(store_cipher.connect(path, key, isolation_level=None)) as file:
        file.execute("CREATE TABLE kept (password TEXT)")
        file.execute("INSERT INTO kept VALUES (?)", (password,))


def _read_ciphered(path: Path) -> str | None:
    try:
        with closing(store_cipher.open_file(path)) as file:
            row = file.execute("SELECT password FROM kept").fetchone()
    except (StoreError, sqlite3.Error):
        return None  # of another passphrase: it is asked for again
    return str(row[0]) if row and row[0] else None


def _kept(directory: Path) -> str | None:
    path = directory / FILE_NAME
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return None
    with os.fdopen(descriptor, "r", encoding="utf-8", errors="replace") as file:
        if os.fstat(descriptor).st_mode & 0o077:
            try:
                os.fchmod(descriptor, 0o600)
            except OSError:
                return None  # somebody else's file, readable by all: no secret of ours
        if store_cipher.is_ciphered(path):
            return _read_ciphered(path)
        return file.read(_LONGEST) or None


def forget(directory: Path) -> bool:
    """Take the kept password away; whether there was one."""
    path = directory / FILE_NAME
    there = path.exists()
    path.unlink(missing_ok=True)
    return there


def from_environment() -> str | None:
    """The password that ``HIKMA_TUI_PASSWORD`` gives; it is gone from the environment then."""
    return os.environ.pop(ENVIRONMENT, "") or None


def from_descriptor(number: int) -> str | None:
    """The first line of an open file descriptor, which is closed then. OSError if it is none."""
    text = b""
    while len(text) < _LONGEST and b"\n" not in text:
        piece = os.read(number, _LONGEST)
        if not piece:
            break
        text += piece
    os.close(number)
    line = text.partition(b"\n")[0]
    return line.decode("utf-8", "surrogateescape").rstrip("\r") or None


def found(directory: Path, descriptor: int | None = None) -> str | None:
    """The password without asking anybody: ``descriptor``, the environment, the kept file."""
    environment = from_environment()  # taken out of the environment in any case
    if descriptor is not None:
        return from_descriptor(descriptor)
    return environment or kept(directory)
