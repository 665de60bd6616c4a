"""The search index of a first pull, made by a process of its own while the rows come in.

``start`` says no wherever that would not pay or could do harm: a small pull, one processor, little
memory, ciphered records, an index that has patients already. Nothing hangs on the process: if it is
killed, fails, or what it made does not fit, the index is made in place as ever, and is the same.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hikma_tui.models import connection
from hikma_tui.search import beside, sql_beside
from hikma_tui.search.rows import ask
from hikma_tui.store import Store
from hikma_tui.store.cipher import is_ciphered
from hikma_tui.syncing.helper import room, spawn
from hikma_tui.syncing.shapes import Phase, Progress
from hikma_tui.syncing.spool import INDEX, Spool
from hikma_tui.wire.shapes import Kind, Trouble

LEAST = 5000  # patients; for fewer a process costs more than it saves
_PAUSE = 0.02
_PATIENCE = 5.0  # seconds for a process that was told to end


class Beside:
    """The process, and the file that it makes."""

    def __init__(self, process: subprocess.Popen[bytes], path: Path) -> None:
        self.process, self.path = process, path
        self.done = self.total = 0

    def wait(self, progress: Callable[[Progress], None], cancelled: Callable[[], bool]) -> bool:
        """Wait until the file is whole; False where it never will be. Trouble CANCELLED."""
        while self.process.poll() is None:
            if cancelled():
                self.stop()
                raise Trouble(Kind.CANCELLED)
            self._listen()
            progress(Progress(Phase.INDEX, self.done, self.total or None))
            time.sleep(_PAUSE)
        return self.process.returncode == 0

    def stop(self) -> None:
        """End the process, if it still runs, and take its file away."""
        if self.process.poll() is None:
            self.process.kill()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(_PATIENCE)
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self.path.unlink(missing_ok=True)

    def __del__(self) -> None:
        """A run that ends between applying and indexing leaves neither process nor file."""
        self.stop()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        lines = (self.process.stdout.read() or b"").split(b"\n")
        if len(lines) > 1:
            with suppress(ValueError):
                self.done, self.total = map(int, lines[-2].split())


def start(store: Store, spool: Spool) -> Beside | None:
    """Begin to make the index of ``spool``, which is about to be applied; None: not this way."""
    if spool.counts.get("patients", 0) < LEAST or not room() or is_ciphered(store.path):
        return None
    forms, peers, standing = store.on_writer(_facts).result()
    if standing > beside.MOST:
        return None
    path = spool.path.with_name(INDEX)
    path.unlink(missing_ok=True)
    asked = {"spool": str(spool.path), "file": str(path), "forms": forms, "peers": peers}
    try:
        process = spawn("hikma_tui.syncing.beside_worker")
    except OSError:
        return None
    found = Beside(process, path)
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        os.set_blocking(process.stdout.fileno(), False)
        process.stdin.write(json.dumps(asked).encode() + b"\n")
        process.stdin.close()
    except OSError:  # it is gone already
        found.stop()
        return None
    return found


def _facts() -> tuple[list[tuple[object, ...]], list[tuple[object, ...]], int]:
    """What decides which form's answers are searched for; how many stand in the index."""
    here = connection()
    forms = [tuple(row) for row in ask(here, sql_beside.FORMS_HERE)]
    peers = [tuple(row) for row in ask(here, sql_beside.PEERS_HERE)]
    return forms, peers, int(ask(here, sql_beside.STANDING_COUNT)[0][0])
