"""One sync of a store at a time, across processes: an advisory lock on a file beside the store.

The lock goes with the process that holds it, however that ends, so a killed sync never keeps the
next one out. The file tells since when it is held; it stays there when nobody holds it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hikma_tui.wire.shapes import Kind, Trouble

FILE_NAME = "sync.lock"


@contextmanager
def held(directory: Path, now: int) -> Iterator[None]:
    """Hold the lock while the block runs. Trouble BUSY, with the ms since when as its detail."""
    descriptor = os.open(directory / FILE_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise Trouble(Kind.BUSY, _since(descriptor)) from error
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(now).encode(), 0)
        yield
    finally:
        os.close(descriptor)


def busy(directory: Path) -> bool:
    """Whether a sync of this store runs now."""
    try:
        with (directory / FILE_NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _since(descriptor: int) -> str:
    return os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
