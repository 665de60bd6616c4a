"""``sync.log`` beside the store: what a run did, for whoever looks for a fault.

Codes, counts, times and HTTP's own numbers; never a row, a name, a password or an address with
either. Mode 0600; the older half is ``sync.log.1``.
"""

from __future__ import annotations

import contextlib
import os
import traceback
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui.text import plain

FILE_NAME = "sync.log"
_LARGEST = 512_000


class Log:
    """The log of one run. A log that can't be written stops nothing."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / FILE_NAME
        with contextlib.suppress(OSError):
            if self.path.exists() and self.path.stat().st_size > _LARGEST:
                self.path.replace(self.path.with_name(f"{FILE_NAME}.1"))

    def say(self, text: str) -> None:
        """One line, with the moment and the process before it."""
        moment = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = f"{moment} {os.getpid()} {plain(text)[:500]}\n"
        with contextlib.suppress(OSError):
            descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(line)

    def failed(self, error: BaseException) -> None:
        """Where something unexpected happened: places in the source, no words and no values."""
        found: BaseException | None = error
        while found is not None:
            self.say(f"unexpected {type(found).__name__}")
            for frame in traceback.extract_tb(found.__traceback__)[-8:]:
                place = "/".join(Path(frame.filename).parts[-2:])
                self.say(f"  {place}:{frame.lineno} {frame.name}")
            found = found.__cause__ or found.__context__
