"""One exchange with a server, watched from beside: it can be cancelled and can't hang for ever.

A program that waits in a read sees neither a cancel nor a deadline. A small thread does, and shuts
the connection under the read, which then ends. It sleeps between looks and sends nothing.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from hikma_tui.wire.shapes import Kind, Trouble

_LOOK = 0.1  # seconds between looks: what a cancel may take


class Line:
    """The connection that is in use, as httpx's trace tells of it. It outlives one exchange."""

    def __init__(self) -> None:
        self._stream: Any = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Called by httpx: remembers the newest connection, the encrypted one over the bare."""
        if event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self._stream = info["return_value"]

    def shut(self) -> None:
        """End the connection, also while another thread reads from it."""
        bare = self._stream.get_extra_info("socket") if self._stream else None
        if isinstance(bare, socket.socket):
            with suppress(OSError):
                # Not the encrypted socket's own shutdown: that takes the read's object away.
                socket.socket.shutdown(bare, socket.SHUT_RDWR)


class Watch:
    """``with Watch(line, cancelled) as watch``: the time in between is watched.

    ``wait(seconds)`` says that the next bytes are waited for, and how long at most; ``came()`` that
    they are here, so that the time a caller takes for them does not count.
    """

    def __init__(self, line: Line, cancelled: Callable[[], bool]) -> None:
        self._line, self._cancelled = line, cancelled
        self._until: float | None = None
        self._end: float | None = None
        self._why: Kind | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True, name="wire-watch")

    def __enter__(self) -> Watch:
        if self._cancelled():
            raise Trouble(Kind.CANCELLED, "before it began")
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._over.set()
        self._thread.join()

    def wait(self, seconds: float) -> None:
        """From now on bytes are waited for."""
        self._until = time.monotonic() + seconds

    def came(self) -> None:
        """They came."""
        self._until = None

    def end_in(self, seconds: float) -> None:
        """The whole exchange ends then, whatever comes."""
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        """Trouble, where the watch has ended the exchange. What came whole before is left whole:
        an answer to a push that was cancelled too late is still its answer.
        """
        if self._why is not None:
            raise Trouble(self._why, "ended by the watch")

    def _look(self) -> None:
        while not self._over.wait(_LOOK):
            now = time.monotonic()
            late = any(limit is not None and now > limit for limit in (self._until, self._end))
            if self._why is None:
                self._why = Kind.CANCELLED if self._cancelled() else Kind.TIMEOUT if late else None
            if self._why is not None:
                self._line.shut()  # again and again: a connection may just be being made
