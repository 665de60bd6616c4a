"""Putting a report on a disk: whole or not at all, for its owner's eyes, never over a file. Pure
but for the disk.
"""

from __future__ import annotations

import errno
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from hikma_tui.i18n import _

# What a disk says that knows no second name for a file (FAT on a stick).
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class NotWritten(Exception):
    """The file was not written; ``str()`` is a sentence, and nothing is left behind."""


def place_of(typed: str, proposed: str) -> Path:
    """The path that somebody typed: ``~`` is the home, as is what begins nowhere; a directory takes
    the proposed name. NotWritten.
    """
    try:
        path = Path.home() / Path(typed.strip()).expanduser()
        return path / proposed if path.is_dir() else path
    except (OSError, RuntimeError, ValueError) as error:
        raise NotWritten(_("This path can't be used: {path}").format(path=typed)) from error


def free_place(directory: Path, name: str) -> Path:
    """``name`` in the directory, or ``name-2``, ``name-3`` ... where it is taken."""
    first = directory / name
    place, number = first, 1
    while number < 1000 and os.path.lexists(place):
        number += 1
        place = first.with_name(f"{first.stem}-{number}{first.suffix}")
    return place


def write_new(path: Path, text: str) -> None:
    """Write a new file of mode 0600. NotWritten when it exists, or can't be written whole."""
    try:
        _write(path, text.encode("utf-8", "replace"))
    except IsADirectoryError as error:
        raise NotWritten(
            _("This is a directory, not the name of a file: {path}").format(path=path)
        ) from error
    except FileExistsError as error:
        raise NotWritten(
            _("There is a file of this name already, and it stays: {path}").format(path=path)
        ) from error
    except ValueError as error:  # a path with a NUL in it
        raise NotWritten(_("This path can't be used: {path}").format(path=path)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise NotWritten(
            _("The report was not written: {reason}. ({path})").format(reason=reason, path=path)
        ) from error


def _write(path: Path, data: bytes) -> None:
    """Beside its place first, so that the name is there only once all of it is on the disk."""
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if os.path.lexists(path):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
    handle, name = tempfile.mkstemp(prefix=".report-", dir=path.parent)  # mode 0600
    beside = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _name(beside, path)
    finally:
        with suppress(FileNotFoundError):
            beside.unlink()
    with suppress(OSError):  # not every disk can be asked; the file itself is there
        _settle(path.parent)


def _name(beside: Path, path: Path) -> None:
    """Give the file its name, unless another took it meanwhile."""
    try:
        os.link(beside, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            beside.replace(path)
        except OSError:
            path.unlink()  # the empty one, which was ours
            raise


def _settle(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
