"""Where copies lie, and whether that is outside this machine (decisions.md 36).

Honest about what can't be known: a stick and a network drive are outside; another disk that does
not say that it can be taken away is "another disk"; the memory is no place for a copy at all.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store.backups import Copy, copies, sync_folder
from hikma_tui.store.errors import NotOurs

SETTING = "backup_path"
MARKER = "hikma-tui-copies.json"
_NETWORK = ("nfs", "cifs", "smb", "fuse.sshfs", "fuse.rclone", "davfs", "9p", "afs", "ceph")
_MEMORY = ("tmpfs", "ramfs", "overlay", "devtmpfs", "squashfs")


class Place(StrEnum):
    """What a folder lies on, seen from the store's own disk."""

    SAME = "same"
    MEMORY = "memory"
    DISK = "disk"
    STICK = "stick"
    NETWORK = "network"


@dataclass(frozen=True)
class Outside:
    """The last copy that left the store's own disk."""

    at_ms: int
    place: Place


def place_of(folder: Path, store: Path) -> Place:
    """What ``folder`` lies on. OSError when it is not there."""
    device, ours = folder.stat().st_dev, store.stat().st_dev
    kind = file_system(device)
    if kind.startswith(_MEMORY):
        return Place.MEMORY
    if device == ours:
        return Place.SAME
    if kind.startswith(_NETWORK):
        return Place.NETWORK
    if _can_be_taken_away(device):
        return Place.STICK
    return Place.SAME if _disk_of(device) == _disk_of(ours) != "" else Place.DISK


def file_system(device: int) -> str:
    """The kind of the file system on a device (``st_dev``), ``ext4``; "" where nobody says."""
    wanted = f"{os.major(device)}:{os.minor(device)}"
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="replace").splitlines()
    except OSError:
        return ""
    for line in lines:
        words = line.split()
        if len(words) > 4 and words[2] == wanted and " - " in line:
            return line.partition(" - ")[2].split()[0]
    return ""


def _block(device: int) -> Path | None:
    """A device's folder in sysfs; of a partition, its whole disk's."""
    try:
        path = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}").resolve(strict=True)
    except OSError:
        return None
    return path.parent if (path / "partition").exists() else path


def _disk_of(device: int) -> str:
    block = _block(device)
    return str(block) if block else ""


def _can_be_taken_away(device: int) -> bool:
    block = _block(device)
    if block is None:
        return False
    removable = False
    with suppress(OSError):
        removable = (block / "removable").read_text().strip() == "1"
    return removable or "/usb" in str(block)


def in_words(place: Place) -> str:
    """Where a copy lies, for a person."""
    return {
        Place.SAME: _("on the same disk as the records"),
        Place.MEMORY: _("in this computer's memory"),
        Place.DISK: _("on another disk"),
        Place.STICK: _("on a stick or a card"),
        Place.NETWORK: _("on the network"),
    }[place]


# The place that is remembered -------------------------------------------------------------------


def mark(folder: Path, store_id: str) -> None:
    """Leave a sign in a folder that this store's copies belong there.

    Without the stick, its folder may still be there, empty, on the machine's own disk: no copy
    goes where the sign is missing. NotOurs when another store's sign is there. OSError.
    """
    if _signed(folder) not in ("", store_id):
        raise NotOurs(
            _("Another clinic's copies are kept there: choose another folder. ({path})").format(
                path=folder
            )
        )
    path = folder / MARKER
    descriptor = os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"store": store_id}, file)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def _signed(folder: Path) -> str:
    try:
        found = json.loads((folder / MARKER).read_text(encoding="ascii", errors="replace"))
        return str(found["store"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def mounted(folder: str, store_id: str) -> Path | None:
    """The remembered folder, when the stick (or the drive) is there."""
    return Path(folder) if folder and store_id and _signed(Path(folder)) == store_id else None


def own_name(store_id: str) -> str:
    """What this store's copies are called elsewhere: two clinics may share one stick."""
    return f"hikma-{store_id.replace('-', '')[-8:]}"


def own(folder: Path, store_id: str) -> list[Copy]:
    """This store's copies in a folder elsewhere, newest first."""
    return [copy for copy in copies(folder) if copy.kind == own_name(store_id)]


# What the store remembers of it (store_info) ----------------------------------------------------


def newest_outside(rows: sqlite3.Connection) -> Outside | None:
    """The last copy that went to another disk, a stick or the network; None when there is none."""
    facts = dict(
        rows.execute(
            "SELECT key, value FROM store_info"
            " WHERE key IN ('copied_outside_at', 'copied_outside_place')"
        ).fetchall()
    )
    try:
        return Outside(
            int(facts["copied_outside_at"]), Place(facts.get("copied_outside_place", ""))
        )
    except (KeyError, ValueError):
        return None


# Sticks -----------------------------------------------------------------------------------------


def sticks(store: Path) -> list[tuple[Path, int]]:
    """What is mounted, can be taken away and be written: its folder, and the free bytes."""
    try:
        lines = Path("/proc/self/mountinfo").read_text(errors="surrogateescape").splitlines()
        ours = store.stat().st_dev
    except OSError:
        return []
    found = []
    for device, folder in mounts_in(lines):
        if device != ours and _can_be_taken_away(device):
            with suppress(OSError):
                free = os.statvfs(folder)
                found.append((folder, free.f_bavail * free.f_frsize))
    return found


def mounts_in(lines: list[str]) -> list[tuple[int, Path]]:
    """Device and folder of each mount of a disk that may be written, of ``/proc/self/mountinfo``;
    each device once.
    """
    found: dict[int, Path] = {}
    for line in lines:
        words = line.split()
        if len(words) < 7 or " - " not in line or "rw" not in words[5].split(","):
            continue
        major, _colon, minor = words[2].partition(":")
        if not (major.isdigit() and minor.isdigit()) or major == "0":  # 0: no disk
            continue
        folder = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), words[4])
        folder = folder.encode("latin-1", "surrogateescape").decode("utf-8", "surrogateescape")
        found.setdefault(os.makedev(int(major), int(minor)), Path(folder))
    return list(found.items())
