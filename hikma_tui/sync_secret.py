"""The password of the server: where it may come from, and where it is kept if the user says so.

A sync that a timer starts must know it, so it may be kept in a file of its own beside the store,
mode 0600. It is not in the store, so no backup, no export and no support file has it. It is never
in an argument, a log or an error, and it leaves the environment as soon as it was read, so that no
child process inherits it.
"""

from __future__ import annotations

import os
from pathlib import Path

from hikma_tui.store_files import sync_file

FILE_NAME = "server-password"
ENVIRONMENT = "HIKMA_TUI_PASSWORD"
_LONGEST = 4096


def keep(directory: Path, password: str) -> None:
    """Keep the password beside the store. OSError when it can't be written."""
    path = directory / FILE_NAME
    building = directory / f".{FILE_NAME}.new"
    building.unlink(missing_ok=True)
    descriptor = os.open(building, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(password)
        file.flush()
        os.fsync(file.fileno())
    building.rename(path)
    sync_file(directory)


def kept(directory: Path) -> str | None:
    """The password that was kept, None without one. A file open to others is closed to them."""
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
