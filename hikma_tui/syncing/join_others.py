"""Whether another process has the store open while it joins.

A program that was started before still acts as the user of before: the join takes that user's id
away, so what is typed there could not be saved any more.
"""

from __future__ import annotations

import os
from pathlib import Path

_LOCKS = Path("/proc/locks")


def have_it_open(path: Path) -> bool:
    """Whether a process other than this one holds the store at ``path`` open.

    Each connection of SQLite keeps a lock on the file beside the store as long as it lives, and
    Linux tells who holds which. False where that can't be known.
    """
    try:
        found = path.with_name(f"{path.name}-shm").stat()
        lines = _LOCKS.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return False
    place = f"{os.major(found.st_dev):02x}:{os.minor(found.st_dev):02x}:{found.st_ino}"
    for line in lines:
        words = line.split()  # 1: POSIX ADVISORY READ 4711 08:01:131 128 128
        if place in words and words.index(place) > 0:
            holder = words[words.index(place) - 1]
            if holder.isdigit() and int(holder) not in (0, os.getpid()):
                return True
    return False
