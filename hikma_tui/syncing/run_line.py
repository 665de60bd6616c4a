"""The line to the server as one run uses it: measured, counted, and patient where that helps.

A limit is waited for (with jitter, in small steps, so that a cancel is obeyed at once); a pull that
broke off or met a sick server is tried again twice; a push has its own patience (``syncing.push``).
A 401 is never tried again (decisions.md 32).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeVar

from hikma_tui.syncing.run_log import Log
from hikma_tui.syncing.run_speed import Speed
from hikma_tui.syncing.shapes import Phase, Progress, Report
from hikma_tui.wire.shapes import Account, Body, Changes, Kind, Server, Traffic, Trouble

T = TypeVar("T")

_LONGEST_WAIT = 120.0  # seconds; a limit further away ends the run, and the sentence says when
_WAITS = 6  # how many limits one run waits for
_AGAIN = frozenset({Kind.CUT, Kind.SERVER})
_TRIES = 3


class _Measured:
    """A body whose bytes and seconds are counted as they come."""

    def __init__(self, body: Body, line: Line, began: float) -> None:
        self.total = body.total
        self._body, self._line, self._began = body, line, began

    def __iter__(self) -> Iterator[bytes]:
        line, first = self._line, True
        for piece in self._body:
            now = time.monotonic()
            if first:
                line.speed.first_byte = max(line.speed.first_byte, now - self._began)
                self._began, first = now, False
            line.speed.body_bytes += len(piece)
            line.pause(0)
            yield piece
        line.speed.body_seconds += time.monotonic() - self._began


class Line:
    """A ``Server`` around another one. Give it to whatever speaks to the server in a run."""

    def __init__(
        self, server: Server, report: Report, log: Log,
        progress: Callable[[Progress], None], cancelled: Callable[[], bool],
        first_wait: float = 1.0,
    ) -> None:  # fmt: skip
        self._first_wait = first_wait
        self._server, self.report, self.log = server, report, log
        self._progress, self._cancelled = progress, cancelled
        self.dialect, self.url, self.pushed = server.dialect, server.url, server.pushed
        self.speed = Speed()
        self._waits = 0

    @property
    def traffic(self) -> Traffic:
        """What went over the line so far."""
        return self._server.traffic

    def sign_in(self) -> Account:
        """As the server does; a sync has no need of it."""
        return self._patiently("sign-in", self._server.sign_in)

    def alive(self) -> None:
        """The canary; how long it took tells of the network."""
        began = time.monotonic()
        self._patiently("alive", self._server.alive)
        took = time.monotonic() - began
        before = self.speed.heartbeat
        self.speed.heartbeat = took if before is None else min(before, took)

    def push(self, changes: Changes) -> None:
        """Send rows, once."""
        rows = sum(len(table.get(kind, ())) for table in changes.values() for kind in table)
        began = time.monotonic()
        try:
            self._server.push(changes)  # ``syncing.push`` has the patience for it
        finally:
            self.speed.push_seconds += time.monotonic() - began
            self.speed.push_rows += rows

    @contextmanager
    def pull(self, since: int) -> Iterator[Body]:
        """All that changed since the server's ``since`` (ms)."""
        began = time.monotonic()
        opened = self._patiently("pull", lambda: _entered(self._server.pull(since)))
        manager, body = opened
        try:
            yield _Measured(body, self, began)
        finally:
            manager.__exit__(None, None, None)

    def pause(self, seconds: float, note: str = "") -> None:
        """Wait, in small steps. Trouble CANCELLED at once when the user wants to stop."""
        end = time.monotonic() + seconds
        while True:
            if self._cancelled():
                raise Trouble(Kind.CANCELLED)
            left = end - time.monotonic()
            if left <= 0:
                return
            if note:
                self._progress(Progress(Phase.CONNECT, seconds_left=left, note=note))
            time.sleep(min(0.2, left))

    def try_again(self, trouble: Trouble, number: int) -> bool:
        """Whether a pull that failed for the ``number``-th time is tried again; waits before."""
        if trouble.kind not in _AGAIN or number >= _TRIES:
            return False
        self.log.say(f"pull again after {trouble.kind} ({number})")
        self.pause(self._first_wait * 2 ** (number - 1) * random.uniform(0.5, 1.5), "again")
        return True

    def _patiently(self, what: str, ask: Callable[[], T]) -> T:
        """Ask, and again after each limit that is near enough."""
        while True:
            self.pause(0)
            try:
                return ask()
            except Trouble as trouble:
                self.log.say(f"{what}: {trouble.kind} status {trouble.status} {trouble.detail}")
                wait = trouble.retry_after if trouble.retry_after is not None else 30.0
                if trouble.kind is not Kind.LIMIT or wait > _LONGEST_WAIT or self._waits >= _WAITS:
                    raise
                self._waits += 1
                if "limit" not in self.report.notices:
                    self.report.notices.append("limit")
                self.pause(wait + random.uniform(0.1, 1.0 + wait / 10), "limit")


def _entered(manager: AbstractContextManager[Body]) -> tuple[AbstractContextManager[Body], Body]:
    return manager, manager.__enter__()
