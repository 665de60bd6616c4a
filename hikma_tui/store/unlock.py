"""Where the key of a ciphered store comes from when nobody is asked, and how a child gets it.

A passphrase is never an argument. The derived key goes to a process of our own through a pipe that
it inherits; a timer gives the passphrase on an open descriptor or, where nothing else can be had,
in the environment (docs/encryption.md says who can read that).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.backups import copies
from hikma_tui.store.cipher import Key, NeedsPassphrase, WrongPassphrase
from hikma_tui.store.files import BACKUPS, FILE_NAME

ENVIRONMENT = "HIKMA_TUI_PASSPHRASE"
_LONGEST = 65536


def to_unlock(directory: Path) -> Path | None:
    """The file whose passphrase is needed before the records here can be used; None when none is.

    The store; where it lost its head, or is gone, its newest copy: that has the same passphrase.
    """
    path = directory / FILE_NAME
    if store_cipher.is_ciphered(path):
        return None if _held(path) else path
    if store_cipher.is_plain(path):
        return None
    for copy in copies(directory / BACKUPS):
        if store_cipher.is_ciphered(copy.path):
            return None if _held(copy.path) else copy.path
    return None


def locked_copy(directory: Path) -> Path | None:
    """The newest copy beside the records that is ciphered with a passphrase not given yet."""
    found = (copy.path for copy in copies(directory / BACKUPS))
    return next((p for p in found if store_cipher.is_ciphered(p) and not _held(p)), None)


def is_locked(path: Path) -> bool:
    """Whether a file is ciphered and its passphrase was not given yet."""
    return store_cipher.is_ciphered(path) and not _held(path)


def _held(path: Path) -> bool:
    try:
        return store_cipher.key_of(path) is not None
    except NeedsPassphrase:
        return False


def unlock(path: Path, passphrase: str) -> Key:
    """Derive the key of a ciphered file, try it and hold it. Takes about a second.

    Raises:
        WrongPassphrase: it opens no page of the file.
        NoCipher: the extra is not installed.
        OSError: the file can't be read.
    """
    store_cipher.require()
    salt = store_cipher.salt_of(path)
    if salt is None:
        raise ValueError("not a ciphered file")
    key = store_cipher.derive(passphrase, salt)
    if not any(store_cipher.fits(one, key) for one in (path, *_copies_like(path, salt))):
        raise wrong(path)
    store_cipher.hold_key(key)
    return key


def _copies_like(path: Path, salt: bytes) -> Iterator[Path]:
    """Copies beside a store that have its passphrase: where all of the store is damaged, they tell
    that it is the right one, and the way to them is open.
    """
    found = [copy.path for copy in copies(path.parent / BACKUPS)] if path.name == FILE_NAME else []
    for copy in found:
        with suppress(OSError):
            if store_cipher.salt_of(copy) == salt:
                yield copy
                return


def can_encrypt() -> bool:
    """Whether a new store can be ciphered here; nothing is imported for the answer."""
    return store_cipher.installed()


def new_key(passphrase: str) -> Key | None:
    """The key for a new store, at what this machine can do in about a second; None for "".
    NoCipher.
    """
    if not passphrase:
        return None
    store_cipher.require(new=True)
    return store_cipher.derive(passphrase, store_cipher.new_salt())


def wrong(path: Path) -> WrongPassphrase:
    """The error for a passphrase that opens nothing."""
    return WrongPassphrase(
        _("The passphrase is not right, or the file is damaged all over. ({path})").format(
            path=path
        )
    )


def from_environment() -> str | None:
    """The passphrase that ``HIKMA_TUI_PASSPHRASE`` gives; it is gone from the environment then."""
    return os.environ.pop(ENVIRONMENT, "") or None


def from_descriptor(number: int) -> str:
    """The first line of an open descriptor, which is closed then. OSError if it is none.

    Nobody is waited for once the line is there: a terminal, or who holds the other end of a pipe,
    never says that no more comes.
    """
    line = _read(number, to_line_end=True).partition(b"\n")[0]
    return line.decode("utf-8", "surrogateescape").rstrip("\r")


def _read(number: int, *, to_line_end: bool) -> bytes:
    raw = b""
    try:
        while len(raw) < _LONGEST and (piece := os.read(number, _LONGEST - len(raw))):
            raw += piece
            if to_line_end and b"\n" in piece:
                break
    finally:
        if number > 2:
            os.close(number)
    return raw


# From process to process ------------------------------------------------------------------------


@contextmanager
def handed_over(directory: Path) -> Iterator[list[int]]:
    """Descriptors for a child that works with the store: ``[]`` for a plain one, else one that
    gives its key. Name it to the child as ``--key-fd N`` and in ``pass_fds``.
    """
    key = store_cipher.the_key(directory)
    if key is None:
        yield []
        return
    reading, writing = os.pipe()
    try:
        try:
            os.write(writing, key.packed())
        finally:
            os.close(writing)
        yield [reading]
    finally:
        os.close(reading)


def take_key(number: int) -> None:
    """Hold the key that ``handed_over`` gives; the descriptor is closed. OSError, ValueError."""
    store_cipher.hold_key(Key.unpacked(_read(number, to_line_end=False)))
