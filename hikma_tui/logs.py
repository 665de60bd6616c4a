"""The program's log: one family of files beside the records, bounded, safe to send to somebody.

What gets in: moments, codes, counts, the kinds of errors, places in the source. What never does: an
exception's own words, local variables, arguments of commands. All of them may hold a patient's
data (style.md C5). ``hikma.log`` is the newest file, ``hikma.log.3`` the oldest; each is mode 0600.

Several processes write at once (the screens, a sync, copies). Each entry is one ``write`` of a file
that is opened to append; who writes holds a lock on the file meanwhile, and who waited for the lock
looks whether the file was exchanged. A log that can't be written stops nothing.
"""

from __future__ import annotations

import hashlib
import os
import re
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui import __version__
from hikma_tui.text import plain

try:
    import fcntl
except ImportError:  # entries are still whole there, the size is not held so exactly
    _LOCKS = False
else:
    _LOCKS = True

FILE_NAME = "hikma.log"
LARGEST = 512_000
"""Bytes of one file."""
OLDER = 3
"""Older files that are kept: with the newest at most 2 MB."""
LONGEST = 16_000
"""Bytes of one entry."""

# Not through a link, and not into a pipe that nobody reads.
_HOW = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK
_PATIENCE = 0.2  # seconds for the lock; then the entry is written without looking at the size
_DEEPEST = 10  # causes of causes
_FRAMES = 40  # places of one error: a recursion has a thousand
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # none is mistaken for another when read aloud
_KIND = re.compile(r"[\w.]{1,80}", re.ASCII)

_here: list[Path] = []  # where this process writes, once it is known


def use(directory: Path) -> None:
    """From now on this process' errors go to the log in ``directory``; those of its threads and of
    objects that go, too, which Python would print with all their words.
    """
    _here[:] = [directory]
    if threading.excepthook is threading.__excepthook__:
        threading.excepthook = lambda what: _unforeseen(f"thread {_thread(what)}", what.exc_value)
        sys.unraisablehook = lambda what: _unforeseen("clean-up", what.exc_value)


def _thread(what: threading.ExceptHookArgs) -> str:
    return what.thread.name if what.thread is not None else "?"


def _unforeseen(part: str, error: BaseException | None) -> None:
    if error is not None and not isinstance(error, SystemExit):
        failed(part, error)


def newest(directory: Path | None = None) -> Path:
    """The file that is written to: in ``directory``, else where ``use`` said, else in the system's
    place for such files (before there are records, or when their folder is gone).
    """
    for folder in (directory, *_here):
        if folder is not None and folder.is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return folder / FILE_NAME
    return elsewhere()


def elsewhere() -> Path:
    """The newest file of the log that has no records beside it."""
    import platformdirs

    return Path(platformdirs.user_state_dir("hikma-tui", False)) / FILE_NAME


def family(path: Path) -> list[Path]:
    """The files of the log whose newest one is ``path``, the oldest first."""
    files = [path, *(_older(path, number) for number in range(1, OLDER + 1))]
    return [one for one in reversed(files) if one.is_file() and not one.is_symlink()]


def recent(path: Path, lines: int) -> list[str]:
    """The last lines of the log, of as many files as are needed."""
    found: list[str] = []
    for one in reversed(family(path)):
        with suppress(OSError):
            found[:0] = one.read_text(encoding="utf-8", errors="replace").splitlines()
        if len(found) >= lines:
            break
    return found[-lines:]


def say(part: str, text: str, directory: Path | None = None) -> bool:
    """One entry of ``part`` of the program (one word); whether it was written. ``text`` is for the
    technical lead, in English, and must not have come from a person or a server.
    """
    moment = datetime.now(UTC).isoformat(timespec="milliseconds")
    first, *more = (plain(line) for line in text.split("\n"))
    lines = [f"{moment} {os.getpid()} {plain(part)}: {first}", *(f"    {line}" for line in more)]
    entry = "\n".join(lines).encode("utf-8", "replace")[:LONGEST]
    try:
        _write(newest(directory), entry.decode("utf-8", "ignore").encode() + b"\n")
    except OSError:
        return False
    return True


def failed(part: str, error: BaseException, directory: Path | None = None) -> str:
    """Note where ``error`` happened; gives its code (``code_of``). Never raises."""
    code = code_of(error)
    with suppress(Exception):  # an error while an error is noted helps nobody
        about = f"unexpected error {code} hikma-tui {__version__} Python {sys.version.split()[0]}"
        say(part, "\n".join([about, *places(error)]), directory)
    return code


# An error without anybody's data -----------------------------------------------------------


def code_of(error: BaseException) -> str:
    """The code of the place where it began: the same for the same place, however it was reached.

    Of the error behind all others: its kind, the innermost of our own functions, and the innermost
    of all, each with module and line. So the code of a version can be looked up, not decoded.
    """
    began = list(_chain(error))[-1]
    frames = traceback.extract_tb(began.__traceback__)
    ours = [frame for frame in frames if "hikma_tui" in Path(frame.filename).parts]
    if isinstance(began, RecursionError):  # where it ends is chance, where it goes in is not
        ours, frames = ours[:1], traceback.StackSummary()
    place = [_kind(began), *(_place(frame) for frame in (*ours[-1:], *frames[-1:]))]
    number = int.from_bytes(hashlib.sha256("|".join(place).encode()).digest()[:5], "big")
    letters = "".join(_LETTERS[(number >> shift) & 31] for shift in (25, 20, 15, 10, 5, 0))
    return f"{letters[:3]}-{letters[3:]}"


def places(error: BaseException) -> list[str]:
    """The kinds of ``error`` and its causes, each with the places in the source that it passed.

    No messages and no local variables.
    """
    lines: list[str] = []
    for one in _chain(error):
        frames = [f"  {_place(frame)}" for frame in traceback.extract_tb(one.__traceback__)]
        if len(frames) > _FRAMES:
            half = _FRAMES // 2
            frames[half:-half] = [f"  ... {len(frames) - 2 * half} more ..."]
        lines += [_kind(one), *frames]
    return lines


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error``, what caused it, and so on; a worker's own error is behind Textual's."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < _DEEPEST:
        seen.add(id(current))
        yield current
        behind = current.error if type(current).__name__ == "WorkerFailed" else None  # type: ignore[attr-defined]
        context = None if current.__suppress_context__ else current.__context__
        current = behind if isinstance(behind, BaseException) else current.__cause__ or context


def _kind(error: BaseException) -> str:
    name = f"{type(error).__module__}.{type(error).__qualname__}".replace("<locals>", "_")
    return name if _KIND.fullmatch(name) else type(error).__mro__[1].__name__


def _place(frame: traceback.FrameSummary) -> str:
    """The end of the path alone: what is before it may be a person's name."""
    parts = Path(frame.filename).parts
    if "hikma_tui" in parts:
        parts = parts[len(parts) - 1 - parts[::-1].index("hikma_tui") :]
    return f"{'/'.join(parts[-3:])}:{frame.lineno} {frame.name}"


# The files ---------------------------------------------------------------------------------


def _older(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _write(path: Path, entry: bytes) -> None:
    """Append; OSError when it can't be done."""
    path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
    until = time.monotonic() + _PATIENCE
    while True:
        file = os.open(path, _HOW, 0o600)
        try:
            if not _locked(file, until):
                os.write(file, entry)
                return
            if not _is_there(file, path):
                continue  # another process has just put it aside
            found = os.fstat(file)
            if found.st_mode & 0o077:
                os.fchmod(file, 0o600)
            if found.st_size and found.st_size + len(entry) > LARGEST:
                _put_aside(path)
                continue
            os.write(file, entry)
            return
        finally:
            os.close(file)  # and with it the lock


def _locked(file: int, until: float) -> bool:
    """Whether the lock was got in time: a process that was stopped may hold it for ever."""
    while _LOCKS:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(0.002)
        except OSError:
            return True  # a file system without locks
        else:
            return True
    return True


def _is_there(file: int, path: Path) -> bool:
    try:
        found, mine = path.lstat(), os.fstat(file)
    except FileNotFoundError:
        return False
    return (found.st_dev, found.st_ino) == (mine.st_dev, mine.st_ino)


def _put_aside(path: Path) -> None:
    for number in range(OLDER, 0, -1):
        source = _older(path, number - 1) if number > 1 else path
        with suppress(FileNotFoundError):
            source.replace(_older(path, number))
