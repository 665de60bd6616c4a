"""Whether this store is a copy, on the same machine, of one that lies elsewhere (decisions.md 33).

The store remembers where it lay (its absolute path, for nobody else) and which file it was. When it
lies elsewhere now:

* a store with the same id still lies at the former place, and is another file: this is a copy;
* nothing of it lies there any more, and this is another file: a copy whose original went, or a move
  to another disk. Nobody can tell these apart, so it is taken for a copy, once: it costs one full
  fetch. Only where a file keeps its number: elsewhere (FAT, most of FUSE, NFS) each mount would.
* else it was moved, or is the same place under another name.

At its former place it is never a copy: a backup put back there is told by its count.
"""

from __future__ import annotations

import json
import uuid
from contextlib import suppress
from pathlib import Path

from hikma_tui.clinic import info
from hikma_tui.store.files import FILE_NAME as STORE
from hikma_tui.store.places import file_system

_KEY = "home"
# Where a file has the same number after the next mount, and never another one's.
_KEEPS_NUMBERS = frozenset({"ext2", "ext3", "ext4", "xfs", "btrfs", "f2fs", "zfs", "jfs"})


def is_copy(directory: Path, marker: str, store_id: str) -> bool:
    """Whether the store in ``directory`` is a copy. ``marker`` is the name of the file beside a
    store that has ``store_id`` in it. For the writer or a reader; nothing is changed.
    """
    place, number = _known()
    here = _real(directory)
    if not place or here is None or place == str(here):
        return False
    there = Path(place)
    if _has_store(there, marker, store_id):
        return not _same_folder(here, there)
    return number != _number(here) and file_system(here.stat().st_dev) in _KEEPS_NUMBERS


def settle(directory: Path) -> None:
    """It lives here from now on. In the caller's transaction."""
    here = _real(directory)
    if here is not None:
        info.put(_KEY, json.dumps({"path": str(here), "file": _number(here)}))


def _known() -> tuple[str, int]:
    try:
        found = json.loads(info.get(_KEY, "{}"))
        return str(found.get("path") or ""), int(found.get("file") or 0)
    except (ValueError, AttributeError, TypeError):
        return "", 0


def _real(directory: Path) -> Path | None:
    try:
        return directory.resolve(strict=True)
    except (OSError, RuntimeError):
        return None


def _number(directory: Path) -> int:
    try:
        return (directory / STORE).stat().st_ino
    except OSError:
        return 0


def _has_store(directory: Path, marker: str, store_id: str) -> bool:
    """Whether a store with that id lies there; one that was never synced says nothing."""
    try:
        found = json.loads((directory / marker).read_text(encoding="ascii", errors="replace"))
        return bool(found["store"] == store_id) and (directory / STORE).is_file()
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _same_folder(one: Path, other: Path) -> bool:
    """Whether both names lead to one folder, as two mounts of one disk do: then the numbers may
    differ, but what is made under one name is seen under the other.
    """
    with suppress(OSError):
        if (one / STORE).samefile(other / STORE):
            return True
    probe = f".hikma-{uuid.uuid4().hex}"
    try:
        with (one / probe).open("x"):
            return (other / probe).exists()
    except OSError:
        return False
    finally:
        with suppress(OSError):
            (one / probe).unlink()
