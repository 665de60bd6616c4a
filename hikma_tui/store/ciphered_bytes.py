"""Bytes in a ciphered file: what looks like a file that is written once, then read.

SQLCipher ciphers databases; so the bytes stand in one, in pieces. For what is put beside a ciphered
store for a while (the spool of a pull): no journal, no waiting for the disk, and what a kill leaves
of it is of no use to anybody.
"""

from __future__ import annotations

import io
import os
import sqlite3
from pathlib import Path
from typing import Any, BinaryIO, cast

from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.cipher import Key

_PIECE = 1 << 18


def new(path: Path, key: Key | None) -> BinaryIO:
    """A new file (0600) to be written and read, ciphered where there is a key. OSError."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
    if key is None:
        return os.fdopen(descriptor, "w+b", buffering=_PIECE)
    os.close(descriptor)
    return cast("BinaryIO", _Pieces(path, key, writable=True))


def reading(path: Path) -> BinaryIO:
    """A file that ``new`` made, to be read. OSError, NeedsPassphrase."""
    key = store_cipher.key_of(path)
    if key is None:
        return path.open("rb")
    return cast("BinaryIO", _Pieces(path, key, writable=False))


class _Pieces(io.RawIOBase):
    """Bytes are added at the end, and read anywhere. SQLite's errors come as OSError."""

    def __init__(self, path: Path, key: Key, *, writable: bool) -> None:
        super().__init__()
        self._may_write = writable
        self._at = self._size = 0
        self._last = bytearray()  # the piece that is being filled
        self._cached = -1, b""
        try:
            self._rows = store_cipher.connect(path, key, isolation_level=None)
            if writable:
                self._rows.execute("PRAGMA journal_mode = OFF")
                self._rows.execute("PRAGMA synchronous = OFF")
                self._rows.execute("PRAGMA cache_size = -512")  # KiB: what comes goes to the disk
                self._rows.execute("BEGIN")
                self._rows.execute("CREATE TABLE pieces (n INTEGER PRIMARY KEY, bytes BLOB)")
            else:
                n, length = self._rows.execute(
                    "SELECT n, length(bytes) FROM pieces ORDER BY n DESC LIMIT 1"
                ).fetchone() or (0, 0)
                self._size = n * _PIECE + length
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def readable(self) -> bool:
        """Always."""
        return True

    def writable(self) -> bool:
        """While it is being made."""
        return self._may_write

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Where the next byte is read, or was written."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go there. OSError before the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            raise OSError("before the beginning")
        self._at = base + offset
        return self._at

    def write(self, data: Any) -> int:
        """Add bytes at the end. OSError."""
        view = bytes(data)
        self._last += view
        while len(self._last) >= _PIECE:
            self._put(bytes(self._last[:_PIECE]), self._size // _PIECE)
            self._size = (self._size // _PIECE + 1) * _PIECE
            del self._last[:_PIECE]
        self._size = self._size // _PIECE * _PIECE + len(self._last)
        self._at = self._size
        return len(view)

    def read(self, size: int = -1) -> bytes:
        """The next ``size`` bytes, fewer at the end. OSError."""
        end = self._size if size < 0 else min(self._size, self._at + size)
        found = []
        while self._at < end:
            n, inside = divmod(self._at, _PIECE)
            some = self._piece(n)[inside : inside + end - self._at]
            if not some:
                raise OSError("a piece is missing")
            found.append(some)
            self._at += len(some)
        return found[0] if len(found) == 1 else b"".join(found)

    def flush(self) -> None:
        """What was written stands in the file; whole only when it is closed."""
        if not self.closed and self._may_write and self._last:
            self._put(bytes(self._last), self._size // _PIECE)

    def close(self) -> None:
        """Write the rest."""
        if self.closed:
            return
        try:
            self.flush()
            if self._may_write:
                self._rows.execute("COMMIT")
        except sqlite3.Error as error:
            raise OSError(str(error)) from error
        finally:
            self._may_write = False  # closing flushes once more
            self._rows.close()
            super().close()

    def _put(self, piece: bytes, n: int) -> None:
        try:
            self._rows.execute("INSERT OR REPLACE INTO pieces VALUES (?, ?)", (n, piece))
        except sqlite3.Error as error:
            raise OSError(str(error)) from error

    def _piece(self, n: int) -> bytes:
        if self._may_write and n == self._size // _PIECE:
            return bytes(self._last)
        if self._cached[0] != n:
            try:
                row = self._rows.execute("SELECT bytes FROM pieces WHERE n = ?", (n,)).fetchone()
            except sqlite3.Error as error:
                raise OSError(str(error)) from error
            self._cached = n, row[0] if row else b""
        return self._cached[1]
