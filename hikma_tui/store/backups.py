"""Copies of the store: made whole or not at all, read back before they count, rotated.

A copy is one SQLite file that needs no other (its journal is folded in). It is written under
another name, synced, read again from the medium, and only then renamed; what fails on the way is
deleted. Where a copy lies, and whether that is outside this machine, is in ``store.places``.
"""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui.clock import DAY_MS, wall_ms
from hikma_tui.i18n import _
from hikma_tui.schema import VERSION
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store.errors import Corrupt, DiskFull, Locked, StoreError, TooNew
from hikma_tui.store.errors import from_sqlite as _of_sqlite
from hikma_tui.store.files import BACKUPS, probe, sync_file

AUTOMATIC, BY_HAND = "automatic", "backup"
DAYS, WEEKS, MONTHS = 7, 4, 12
SPECIAL_AT_LEAST, SPECIAL_AT_MOST, SPECIAL_DAYS = 3, 12, 90
"""Of each kind made before something (an upgrade, a restore, a join): these many stay whatever
their age, never more than those many, and in between those younger than so many days.
"""
EVERY_MS = 20 * 3_600_000  # "once a day", so that a clinic's mornings all get theirs
PATIENCE = 600.0  # seconds for one copy; a slow card with 100,000 patients takes a fraction
_MARGIN = 32_000_000  # bytes that a copy leaves free
_SPARE = 500_000_000  # what copies made by themselves leave for the records, at least
_NAME = re.compile(r"(?P<kind>.+)-(?P<moment>\d{8}T\d{6}(?:\d{6})?)\.db")
_STEP = 2000  # pages between two looks at the clock
_half: set[Path] = set()  # what this process has half written


@dataclass(frozen=True)
class Copy:
    """A copy's file, by its name alone. ``made_ms`` is UTC."""

    path: Path
    kind: str  # automatic, backup, before-upgrade-1-to-2, before-join, ...
    made_ms: int
    size: int


@dataclass(frozen=True)
class Inside:
    """What a store's file holds. ``mark`` goes up with every save and every sync."""

    version: int
    store_id: str
    clinic: str
    patients: int
    mark: tuple[int, int]
    newest_stamp: int
    entries: int
    head: str  # the audit trail's last hash


# What is there ----------------------------------------------------------------------------------


def copies(folder: Path) -> list[Copy]:
    """The copies in a folder by their names, newest first; [] when it can't be read."""
    found = []
    try:
        for path in folder.iterdir():
            if _NAME.fullmatch(path.name) and path.is_file() and not path.is_symlink():
                with suppress(ValueError):
                    found.append(of_path(path))
    except OSError:
        return []
    return sorted(found, key=lambda copy: (copy.made_ms, copy.path.name), reverse=True)


def of_path(path: Path) -> Copy:
    """A copy by its file's name. ValueError when that is not a copy's; OSError."""
    match = _NAME.fullmatch(path.name)
    if match is None:
        raise ValueError("not the name of a copy")
    text = match["moment"].ljust(21, "0")
    made = datetime.strptime(text, "%Y%m%dT%H%M%S%f").replace(tzinfo=UTC)
    return Copy(path, match["kind"], int(made.timestamp() * 1000), path.stat().st_size)


def look_into(path: Path, *, thorough: bool = True) -> Inside:
    """Open a closed store's file without changing it, check it and say what it holds.

    NotOurs, Corrupt, TooNew, ReadOnly, NoStore. ``thorough`` walks through all its pages.
    """
    probe(path)
    try:
        rows = store_cipher.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", store_cipher.key_of(path), uri=True
        )
        try:
            return _inside(rows, path, thorough=thorough)
        finally:
            rows.close()
    except (sqlite3.Error, OverflowError, ValueError, TypeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> Corrupt:
    return Corrupt(_("This copy is damaged. ({path})").format(path=path))


def _inside(rows: sqlite3.Connection, path: Path, *, thorough: bool) -> Inside:
    version = int(rows.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise TooNew(_("A newer version of this program made it. ({path})").format(path=path))
    if thorough and rows.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok":
        raise _damaged(path)
    facts = dict(rows.execute("SELECT key, value FROM store_info").fetchall())
    clinic = rows.execute("SELECT name FROM live_clinics ORDER BY created_at, pk").fetchone()
    trail = rows.execute("SELECT hash FROM event_logs ORDER BY pk DESC LIMIT 1").fetchone()
    return Inside(
        version,
        str(facts.get("store_id", "")),
        str(clinic[0] or "") if clinic else "",
        int(rows.execute("SELECT count(*) FROM live_patients").fetchone()[0]),
        mark_of(rows),
        int(facts.get("newest_stamp", 0)),
        int(rows.execute("SELECT count(*) FROM event_logs").fetchone()[0]),
        str(trail[0]) if trail else "",
    )


def mark_of(rows: sqlite3.Connection) -> tuple[int, int]:
    """What tells a store that was written from one that was not: its saves, its syncs."""
    saves = rows.execute("SELECT value FROM store_info WHERE key = 'change_seq'").fetchone()
    runs = 0
    if rows.execute("SELECT 1 FROM sqlite_master WHERE name = 'sync_runs'").fetchone():
        runs = rows.execute("SELECT coalesce(max(pk), 0) FROM sync_runs").fetchone()[0]
    return int(saves[0]) if saves else 0, int(runs)


# Making one -------------------------------------------------------------------------------------


def name_for(kind: str, moment_ms: int) -> str:
    """``automatic-20261122T180200123456.db``: the kind, and UTC to what tells two of them apart."""
    moment = datetime.fromtimestamp(moment_ms / 1000, UTC)
    apart = time.time_ns() // 1000 % 1000  # below the ms: names sort by their moment
    return f"{kind}-{moment:%Y%m%dT%H%M%S}{moment_ms % 1000:03d}{apart:03d}.db"


def copy_to(connection: sqlite3.Connection, directory: Path, name: str) -> Path:
    """Copy the whole store to ``backups/NAME-<moment>.db`` (0600), check the copy, return it.

    Corrupt, DiskFull, ReadOnly: then there is no copy, and the store is as it was.
    """
    backups = directory / BACKUPS
    backups.mkdir(mode=0o700, exist_ok=True)
    stamp = connection.execute("SELECT value FROM store_info WHERE key = 'newest_stamp'").fetchone()
    moment = max(wall_ms(), int(stamp[0]) if stamp else 0)
    # Under a clock that is behind, the newest record may be older than a copy of the same hours:
    # the later copy, which has more in it, must count as the newer one.
    later = [c.made_ms for c in copies(backups) if 0 <= c.made_ms - moment < DAY_MS]
    moment = max([moment, *(made + 1 for made in later)])
    path = backups / name_for(name, moment)

    key = store_cipher.the_key(directory)

    def fill(part: Path) -> None:
        target = store_cipher.connect(part, key)  # as protected as the store
        until = time.monotonic() + PATIENCE
        connection.execute("BEGIN")  # one moment of the store, or each save would begin it anew
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            connection.backup(target, pages=_STEP, progress=lambda *_left: _not_later(until))
            target.execute("PRAGMA journal_mode = delete")  # one file, for a medium without locks
        finally:
            connection.execute("ROLLBACK")
            target.close()

    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    size = int(pages) * int(connection.execute("PRAGMA page_size").fetchone()[0])
    place(path, size, fill)
    return path


def _not_later(until: float) -> None:
    if time.monotonic() > until:
        raise Locked(_("The copy took too long and was given up: nothing was changed."))


def place(path: Path, size: int, fill: Callable[[Path], None]) -> Inside:
    """Let ``fill`` write a file of about ``size`` bytes beside ``path``; check it; rename it.

    StoreError where it could not be written whole, or does not read as it was written.
    """
    part = path.with_name(f"{path.name}.part")
    with half_written(part):
        return _placed(path, part, size, fill)


def _placed(path: Path, part: Path, size: int, fill: Callable[[Path], None]) -> Inside:
    try:
        room_for(path.parent, size)
        os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        fill(part)
        forget_cached(part)
        inside = look_into(part)
        part.rename(path)
        sync_folder(path.parent)
    except (sqlite3.Error, OSError) as error:
        raise _of_sqlite(error, path) from error
    return inside


@contextmanager
def half_written(part: Path) -> Iterator[None]:
    """``part`` is nobody's file: it goes at the end, also by ``drop_half_written``."""
    _half.add(part)
    try:
        yield
    finally:
        _drop(part)
        _half.discard(part)


def drop_half_written() -> None:
    """Delete what this process has half written: it is about to be ended at once."""
    for part in list(_half):
        _drop(part)


def _drop(part: Path) -> None:
    for left in (part, part.with_name(f"{part.name}-journal")):
        with suppress(OSError):  # a stick that was pulled out
            left.unlink(missing_ok=True)


def room_for(folder: Path, size: int) -> None:
    """DiskFull when ``size`` bytes and a margin are not free there."""
    free = shutil.disk_usage(folder).free
    if free < size + _MARGIN:
        raise DiskFull(
            _("There is no room for a copy: {need} MB are needed, {free} MB are free. ({path})")
            .format(need=(size + _MARGIN) // 1_000_000, free=free // 1_000_000, path=folder)
        )  # fmt: skip


def forget_cached(path: Path) -> None:
    """Wait until a file is on its medium, and make the next reader read from there."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        with suppress(OSError):
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Wait until a rename is on the medium; some file systems of sticks can't be asked."""
    with suppress(OSError):
        sync_file(folder)


def bring(copy: Path, folder: Path, name: str) -> Path:
    """Put a checked copy into another folder as ``name`` (0600), checked there too. StoreError."""
    path = folder / name
    place(path, copy.stat().st_size, lambda part: _bytes(copy, part))
    return path


def _bytes(source: Path, target: Path) -> None:
    with source.open("rb") as read, target.open("wb") as written:
        shutil.copyfileobj(read, written, 1 << 20)


# When, and which stay ---------------------------------------------------------------------------


def due(found: Sequence[Copy], mark: tuple[int, int], now: int) -> bool:
    """Whether the day's copy is to be made: none is recent, and something was saved since.

    A copy dated after ``now`` (a clock that was ahead) is no recent one.
    """
    if mark == (0, 0) or any(0 <= now - copy.made_ms < EVERY_MS for copy in found):
        return False
    for copy in found[:3]:
        with suppress(StoreError):
            if look_into(copy.path, thorough=False).mark == mark:
                return False
    return True


def kept(found: Sequence[Copy], now: int) -> set[Path]:
    """Which copies stay: the newest of each of the last 7 days, 4 weeks and 12 months that have
    any, and those made before something as ``SPECIAL_AT_LEAST`` says. Counted, not aged, so that
    a clock that was years off deletes nothing. The newest of all always stays.
    """
    newest_first = sorted(found, key=lambda copy: copy.made_ms, reverse=True)
    stay = {copy.path for copy in newest_first[:1]}
    regular = [copy for copy in newest_first if not copy.kind.startswith("before-")]
    for span, number in (("%Y%m%d", DAYS), ("%G%V", WEEKS), ("%Y%m", MONTHS)):
        first: dict[str, Path] = {}
        for copy in regular:
            day = datetime.fromtimestamp(copy.made_ms / 1000, UTC)
            first.setdefault(day.strftime(span), copy.path)
        stay.update(list(first.values())[:number])
    seen: dict[str, int] = {}
    for copy in newest_first:
        if copy.kind.startswith("before-"):
            what = "-".join(copy.kind.split("-")[:2])
            seen[what] = number = seen.get(what, 0) + 1
            young = now - copy.made_ms < SPECIAL_DAYS * 86_400_000
            if number <= SPECIAL_AT_LEAST or (young and number <= SPECIAL_AT_MOST):
                stay.add(copy.path)
    return stay


def rotate(found: Sequence[Copy], good: Path, now: int) -> list[Path]:
    """Delete the copies that need not stay; gives those that went.

    ``good`` is one that was just made and checked: it stays whatever its date.
    """
    stay = {*kept(found, now), good}
    return list(_deleted(copy.path for copy in found if copy.path not in stay))


def make_room(found: Sequence[Copy], folder: Path, size: int) -> list[Path]:
    """Delete the oldest daily copies until ``size`` fits, and the records still have room to grow;
    the newest good one always stays.

    DiskFull when not even the copy fits: then some are gone, and the newest good one is left.
    """
    gone: list[Path] = []
    wanted = size + max(_SPARE, 2 * size)
    regular = [copy for copy in found if not copy.kind.startswith("before-")]
    good = next((copy.path for copy in regular if is_good(copy.path)), None)
    for copy in reversed(regular):
        with suppress(DiskFull):
            room_for(folder, wanted)
            return gone
        if good is not None and copy.path != good:
            gone += _deleted([copy.path])
    room_for(folder, size)
    return gone


def is_good(path: Path) -> bool:
    """Whether a copy is ours, sound and of a version that this program reads."""
    try:
        look_into(path)
    except StoreError:
        return False
    return True


def newest_good(folder: Path) -> tuple[Copy, Inside] | None:
    """The newest copy that is sound, with what it holds."""
    for copy in copies(folder):
        with suppress(StoreError):
            return copy, look_into(copy.path)
    return None


def _deleted(paths: Iterable[Path]) -> Iterator[Path]:
    for path in paths:
        with suppress(OSError):
            path.unlink()
            yield path


@contextmanager
def alone(folder: Path) -> Iterator[bool]:
    """Whether no other process makes or rotates copies here while the block runs.

    Also sweeps away what a power cut left half written.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        for part in folder.glob("*.part*"):
            with suppress(OSError):
                if abs(time.time() - part.stat().st_mtime) > 2 * PATIENCE:
                    part.unlink()
        yield True
    finally:
        os.close(descriptor)
