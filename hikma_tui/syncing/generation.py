"""Copies that wake elsewhere, and backups that were restored (decisions.md 33).

At the start of every run a number goes up in the store and in a small file beside it, and the store
knows the machine that it last synced from. From these:

* another machine: the store was copied (or moved): it gets a machine id and a prefix for its card
  numbers of its own, so that the two never hand out the same one;
* a copy on the same machine (``syncing.home``): the same;
* the store's number is behind the file's, or the file is missing: an older copy was put back.

All begin a new generation, and until a full pull has been applied ``suggesting`` is on: what was
not sent before becomes a suggestion where the server has the row (docs/sync.md).
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

from hikma_tui.clinic import info
from hikma_tui.ids import new_id
from hikma_tui.store.files import sync_file
from hikma_tui.syncing import home as sync_home

FILE_NAME = "sync-generation.json"
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True)
class Standing:
    """What a run finds: ``notice`` is "", "clone", "copied" (on the same machine) or "restored";
    ``suggesting`` whether a full pull must come before any push.
    """

    notice: str = ""
    suggesting: bool = False


def fingerprint(store_id: str) -> str:
    """A number for this machine, useless elsewhere: a hash with the store's own id."""
    machine = ""
    try:
        machine = Path("/etc/machine-id").read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        machine = ""
    if not machine:
        machine = f"{socket.gethostname()}:{uuid.getnode():x}"
    return hashlib.sha256(f"{store_id}:{machine}".encode()).hexdigest()[:32]


def begin(directory: Path, *, now: int) -> Standing:
    """Compare the store with the file and the machine, and count this run.

    Inside a write transaction of the caller; call ``remember`` after it was committed.
    """
    here = fingerprint(info.get("store_id"))
    known, number = info.get("machine_fingerprint"), info.number("sync_run_number")
    beside = counted(directory, info.get("store_id"))
    notice = ""
    if known and known != here:
        notice = "clone"
        become_another(now)
    elif sync_home.is_copy(directory, FILE_NAME, info.get("store_id")):
        notice = "copied"
        become_another(now)
    elif beside not in (number, number - 1):
        # (One behind: this program was killed between the store and the file.)
        notice = "" if (number, beside) == (1, -1) else "restored"
    if notice:
        info.put("generation", info.number("generation") + 1)
        info.put("suggesting", notice)
    info.put("machine_fingerprint", here)
    sync_home.settle(directory)
    info.put("sync_run_number", max(number, beside) + 1)
    return Standing(notice, info.get("suggesting") != "")


def remember(directory: Path, store_id: str, number: int) -> None:
    """Write the number beside the store. OSError when it can't be written."""
    path = directory / FILE_NAME
    building = directory / f".{FILE_NAME}.new"
    descriptor = os.open(building, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump({"store": store_id, "run": number}, file)
        file.flush()
        os.fsync(file.fileno())
    building.rename(path)
    sync_file(directory)


def settled() -> None:
    """A full pull was applied: from now on edits are edits again. In the caller's transaction."""
    info.put("suggesting", "")


def become_another(now: int) -> None:
    """Take a machine id and a card prefix of one's own. In the caller's transaction."""
    machine_id = new_id(now)
    number = int(machine_id.replace("-", "")[-6:], 16)
    info.put("machine_id", machine_id)
    info.put("machine_name", socket.gethostname()[:60])
    info.put("card_prefix", _LETTERS[number % 24] + _LETTERS[number // 24 % 24])
    info.put("card_next", 1)


def counted(directory: Path, store_id: str) -> int:
    """The number beside the store; -1 where there is none, or another store's."""
    try:
        found = json.loads((directory / FILE_NAME).read_text(encoding="ascii", errors="replace"))
        return int(found["run"]) if found["store"] == store_id else -1
    except (OSError, ValueError, KeyError, TypeError):
        return -1
