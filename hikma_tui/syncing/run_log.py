"""What a run of the sync did, for whoever looks for a fault: entries of the program's log.

Codes, counts, times and HTTP's own numbers; never a row, a name, a password or an address with
either.
"""

from __future__ import annotations

from pathlib import Path

from hikma_tui import logs

_PART = "sync"


class Log:
    """The log of one run. A log that can't be written stops nothing."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def say(self, text: str) -> None:
        """One line, with the moment and the process before it."""
        logs.say(_PART, text.replace("\n", " ")[:500], self._directory)

    def failed(self, error: BaseException) -> None:
        """Where something unexpected happened: places in the source, no words and no values."""
        logs.failed(_PART, error, self._directory)
