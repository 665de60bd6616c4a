"""The cipher under a store: the only module that knows that SQLCipher exists (docs/encryption.md).

A ciphered file says itself what its key is made with: SQLCipher keeps 16 bytes of salt in front,
and ours begin with a mark and end with the cost of scrypt (RFC 7914). So a copy is one file, and
opens on any machine with its passphrase. The key is derived once for a process and given to
SQLCipher raw: its own derivation would cost a tenth of a second for each connection.

sqlcipher3 is an extra (``hikma-tui[encrypted]``) and is imported when a ciphered file is met or
made, never for a plain store.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from hikma_tui.i18n import _
from hikma_tui.secrets_kdf import passphrase_meant
from hikma_tui.store.errors import StoreError

SALT = 16
PAGE = 4096
ERRORS: tuple[type[Exception], ...] = (sqlite3.Error,)
"""What to catch for an error of either engine: see ``_related``."""

_MARK = b"\x8fhk"  # no text and no other file of ours begins so
_PLAIN = b"SQLite format 3\x00"
_BLOCK = 8
_LOWEST, _HIGHEST = 10, 18  # log2 of scrypt's N in files that are read; 1 and 256 MB
_NEW_LOWEST, _NEW_HIGHEST = 15, 17  # and in those that are made; 32 and 128 MB
_MOST_ROUNDS = 4
_MAC = 64  # bytes of HMAC-SHA512 at a page's end
_TRIED = 16  # pages whose seal is tried before a key counts as wrong


class NoCipher(StoreError):
    """The records are ciphered and the extra is not installed (or this machine has none)."""

    exit_code = 69


class NeedsPassphrase(StoreError):
    """The file is ciphered and its key was not given."""

    exit_code = 77


class WrongPassphrase(NeedsPassphrase):
    """The key that was given does not open the file."""


@dataclass(frozen=True)
class Key:
    """What opens one file and its copies. Shows nothing of itself when it is printed."""

    raw: bytes = field(repr=False)
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.raw) != 32 or len(self.salt) != SALT:
            raise ValueError("not a key")

    @property
    def words(self) -> str:
        """SQLCipher's way to write a raw key with its salt, for PRAGMA key and ATTACH."""
        return f"x'{self.raw.hex()}{self.salt.hex()}'"

    def packed(self) -> bytes:
        """For a pipe to a process of our own; never for a file, an argument or an environment."""
        return self.raw + self.salt

    @classmethod
    def unpacked(cls, packed: bytes) -> Key:
        """The key that ``packed`` gave. ValueError."""
        return cls(packed[:32], packed[32:])


# The engine -------------------------------------------------------------------------------------

_engine: ModuleType | None = None
_loading = threading.Lock()


def available() -> bool:
    """Whether the extra can be imported here. The first time costs some 20 ms."""
    try:
        _loaded()
    except NoCipher:
        return False
    return True


def installed() -> bool:
    """Whether the extra lies here at all, without importing it."""
    return find_spec("sqlcipher3") is not None


def require(*, new: bool = False) -> None:
    """NoCipher, with what to install, where the extra can't be imported.

    ``new``: to encrypt what is not encrypted; then it is not said that it is.
    """
    try:
        _loaded()
    except NoCipher as error:
        if not new:
            raise
        raise NoCipher(
            _("What encrypts is not installed: nothing was changed. Install hikma-tui[encrypted].")
        ) from error


def _loaded() -> ModuleType:
    global _engine
    with _loading:
        if _engine is None:
            try:
                engine = import_module("sqlcipher3.dbapi2")
            except ImportError as error:
                raise NoCipher(
                    _(
                        "These records are encrypted, and what opens them is not installed."
                        " Install hikma-tui[encrypted]."
                    )
                ) from error
            _related(engine)
            quiet = engine.connect(":memory:")
            quiet.execute("PRAGMA cipher_log_level = NONE")  # it would write over the screen
            quiet.close()
            _engine = engine
        return _engine


def _related(engine: ModuleType) -> None:
    """Make the engine's errors SQLite's errors, so that ``except sqlite3.Error`` holds for both."""
    for name in (
        "InterfaceError", "DatabaseError", "DataError", "OperationalError", "IntegrityError",
        "InternalError", "ProgrammingError", "NotSupportedError",
    ):  # fmt: skip
        ours, theirs = getattr(engine, name), getattr(sqlite3, name)
        if not issubclass(ours, theirs):
            ours.__bases__ = (ours.__bases__[0], theirs)


# Keys -------------------------------------------------------------------------------------------

_held: dict[bytes, Key] = {}
_open: dict[tuple[int, int], list[Key | None]] = {}


def new_salt(seconds: float = 0.8) -> bytes:
    """Salt for a new file, with the cost that takes this machine about ``seconds``.

    At most 128 MB and an eighth of the memory, at least 32 MB: a Raspberry Pi opens the file too.
    """
    begun = time.perf_counter()
    _scrypt(b"probe", b"probe", 13, 1)
    each = (time.perf_counter() - begun) / (1 << 13)
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    power = _NEW_LOWEST
    while (
        power < _NEW_HIGHEST
        and each * (2 << power) <= seconds * 1.3
        and 128 * _BLOCK * (2 << power) <= memory // 8
    ):
        power += 1
    rounds = max(1, min(_MOST_ROUNDS, round(seconds / (each * (1 << power)))))
    return salt_with(power, rounds)


def salt_with(power: int, rounds: int = 1) -> bytes:
    """Random salt that asks for scrypt with N = 2 ** ``power``, r = 8, p = ``rounds``."""
    cost = bytes([(rounds - 1) << 5 | power])
    return _MARK + secrets.token_bytes(SALT - len(_MARK) - 1) + cost


def _cost(salt: bytes) -> tuple[int, int]:
    return salt[-1] & 31, (salt[-1] >> 5) + 1


def is_salt(header: bytes) -> bool:
    """Whether a file that begins so is one of ours, ciphered."""
    salt = header[:SALT]
    return (
        len(salt) == SALT and salt[:3] == _MARK and _LOWEST <= _cost(salt)[0] <= _HIGHEST
    )  # fmt: skip


def derive(passphrase: str, salt: bytes) -> Key:
    """The key of a passphrase and a file's salt; takes as long as the salt says. ValueError."""
    if not is_salt(salt):
        raise ValueError("not a salt of ours")
    meant = passphrase_meant(passphrase).encode("utf-8", "surrogatepass")
    return Key(_scrypt(meant, salt, *_cost(salt)), salt)


def _scrypt(secret: bytes, salt: bytes, power: int, rounds: int) -> bytes:
    n = 1 << power
    room = 128 * _BLOCK * (n + rounds + 4) + (1 << 20)
    return hashlib.scrypt(secret, salt=salt, n=n, r=_BLOCK, p=rounds, maxmem=room, dklen=32)


def hold_key(key: Key) -> None:
    """Remember a key for this process: what has its salt opens with it."""
    _held[key.salt] = key


def forget_keys() -> None:
    """Forget every key that is held."""
    _held.clear()


def held_keys() -> tuple[Key, ...]:
    """The keys that this process holds."""
    return tuple(_held.values())


# Files ------------------------------------------------------------------------------------------


def salt_of(path: Path) -> bytes | None:
    """A ciphered file's salt; None when it is not one of ours that is ciphered. OSError.

    Never of a file that this process has open: closing it would drop SQLite's locks
    (``note_open`` and ``key_of`` know those that are).
    """
    with path.open("rb") as file:
        header = file.read(SALT)
    return header if is_salt(header) else None


def is_ciphered(path: Path) -> bool:
    """Whether a file is one of ours that is ciphered, by its first bytes; False where none is."""
    using = _in_use(path)
    if using:
        return using[0] is not None
    try:
        return path.is_file() and salt_of(path) is not None
    except OSError:
        return False


def is_plain(path: Path) -> bool:
    """Whether a file is a database that is not ciphered, by its first bytes."""
    using = _in_use(path)
    if using:
        return using[0] is None
    try:
        if not path.is_file():  # a pipe would be waited for
            return False
        with path.open("rb") as file:
            return file.read(len(_PLAIN)) == _PLAIN
    except OSError:
        return False


def key_of(path: Path) -> Key | None:
    """The key that this process holds for a file; None for a plain file, or where none is.

    Raises:
        NeedsPassphrase: the file is ciphered and its key was not given.
    """
    using = _in_use(path)
    if using:
        return using[0]
    try:
        salt = salt_of(path) if path.is_file() else None
    except OSError:
        salt = None
    if salt is None:
        return None
    if salt not in _held:
        raise NeedsPassphrase(
            _("These records are encrypted: the passphrase is needed. ({path})").format(path=path)
        )
    return _held[salt]


def the_key(directory: Path) -> Key | None:
    """The key of the store that lies in ``directory``: what is put beside it is ciphered with it.

    None for a plain store, or none. NeedsPassphrase.
    """
    return key_of(directory / "hikma.db")


def note_open(path: Path, key: Key | None) -> tuple[int, int]:
    """Remember that this process has ``path`` open with ``key``; for ``note_closed``."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    mine = found.st_dev, found.st_ino
    _open.setdefault(mine, []).append(key)
    return mine


def note_closed(mine: tuple[int, int]) -> None:
    """What ``note_open`` gave is not open any more."""
    using = _open.get(mine)
    if using:
        using.pop()
        if not using:
            with suppress(KeyError):
                del _open[mine]


def _in_use(path: Path) -> list[Key | None]:
    try:
        found = path.stat()
    except OSError:
        return []
    return _open.get((found.st_dev, found.st_ino), [])


def fits(path: Path, key: Key) -> bool:
    """Whether ``key`` is the file's: some of its pages carry a seal made with it.

    So a wrong passphrase is told from a damaged page, which SQLCipher itself does not. False also
    for a file whose tried pages are all damaged. OSError. Not of a file that is open here.
    """
    mac = hashlib.pbkdf2_hmac("sha512", key.raw, bytes(b ^ 0x3A for b in key.salt), 2, 32)
    with path.open("rb") as file:
        if file.read(SALT) != key.salt:
            return False
        pages = file.seek(0, os.SEEK_END) // PAGE
        for number in _spread(pages):
            file.seek((number - 1) * PAGE)
            page = file.read(PAGE)
            body = page[SALT if number == 1 else 0 : -_MAC] + number.to_bytes(4, "little")
            if hmac.compare_digest(hmac.digest(mac, body, "sha512"), page[-_MAC:]):
                return True
    return False


def _spread(pages: int) -> list[int]:
    """The first pages, and some over the whole file."""
    step = max(1, pages // _TRIED)
    return sorted({*range(1, min(pages, _TRIED) + 1), *range(1, pages + 1, step)})


# Connections ------------------------------------------------------------------------------------


def connect(
    path: Path | str, key: Key | None, *, attaches: bool = False, **as_sqlite3: Any
) -> sqlite3.Connection:
    """Like ``sqlite3.connect``, for a file with this key (None: a plain one).

    Args:
        path: The file, or a URI with ``uri=True``.
        key: What the file is, or if there is none yet: will be.
        attaches: That a ciphered file is to be attached to a plain one.
        as_sqlite3: What sqlite3.connect takes.

    Raises:
        NoCipher: the extra is not installed.
        sqlite3.Error: as sqlite3 does; with a wrong key "file is not a database".
    """
    if key is None and not attaches:
        return cast("sqlite3.Connection", sqlite3.connect(path, **as_sqlite3))
    connection = _loaded().connect(str(path), **as_sqlite3)
    try:
        if key is not None:
            connection.execute(f'PRAGMA key = "{key.words}"')
    except BaseException:
        connection.close()
        raise
    return cast("sqlite3.Connection", connection)


def open_file(path: Path, **as_sqlite3: Any) -> sqlite3.Connection:
    """``connect`` with the key that is held for a file that is there. NeedsPassphrase."""
    return connect(path, key_of(path), **as_sqlite3)


def attach(connection: sqlite3.Connection, name: str, where: str, key: Key | None) -> None:
    """Attach the file (or URI) ``where`` as ``name`` to a connection that ``connect`` gave."""
    if type(connection).__module__ == "sqlite3":
        if key is not None:
            raise ValueError("a ciphered file can't be attached to sqlite3's own connection")
        connection.execute(f"ATTACH ? AS {name}", (where,))
        return
    connection.execute(f"ATTACH ? AS {name} KEY ?", (where, key.words if key else ""))
