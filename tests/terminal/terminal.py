"""The real program on a real pseudo terminal, its bytes and the screen that they make."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pyte

from hikma_tui.clinic import setup
from hikma_tui.clinic.actor import Actor
from hikma_tui.store import Store

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 5.0
"""Seconds to wait for a screen; far more than it takes, since the machine may be busy."""

ENTER, TAB, ESC, BACKSPACE = "\r", "\t", "\x1b", "\x7f"
CTRL_Q = "\x11"
F1, F2, F3, F4, F5 = "\x1bOP", "\x1bOQ", "\x1bOR", "\x1bOS", "\x1b[15~"
F6, F8, F9, F10 = "\x1b[17~", "\x1b[19~", "\x1b[20~", "\x1b[21~"
SHIFT_TAB, DOWN = "\x1b[Z", "\x1b[B"

# Sequences that pyte does not know and would draw; nothing that it knows is in here.
_UNKNOWN_TO_PYTE = re.compile(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$[a-z]")


class Gone(AssertionError):
    """The program ended, or did not show in time what was waited for."""


class Terminal:
    """A terminal of ``columns`` by ``rows`` on which one process runs."""

    def __init__(
        self, words: list[str], environment: dict[str, str], columns: int, rows: int
    ) -> None:
        self.bytes = bytearray()
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self._unfed = b""
        self._code: int | None = None
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            _size(0, columns, rows)
            os.execve(words[0], words, environment)
        _size(self._master, columns, rows)

    # -- what it shows

    @property
    def lines(self) -> list[str]:
        """The rows of the screen, without the blanks at their ends."""
        return [line.rstrip() for line in self._screen.display]

    @property
    def text(self) -> str:
        """The screen as one text."""
        return "\n".join(self.lines)

    def cell(self, row: int, column: int) -> pyte.screens.Char:
        """What stands in one place, with its colours."""
        found: pyte.screens.Char = self._screen.buffer[row][column]
        return found

    @property
    def shown(self) -> set[str]:
        """Every character that stands on the screen."""
        return set(self.text) - {"\n"}

    def line(self, part: str) -> str:
        """The first row with ``part`` in it."""
        return next(line for line in self.lines if part in line)

    def read(self, seconds: float) -> bool:
        """Take what comes within ``seconds``; whether anything came."""
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: the other side is closed
            data = b""
        self.bytes += data
        self._feed(data)
        return bool(data)

    def _feed(self, data: bytes) -> None:
        data = self._unfed + data
        start = data.rfind(b"\x1b", max(0, len(data) - 32))
        whole = start < 0 or re.match(rb"\x1b(\[[<>=?0-9;:$]*[@-~]|[^\[])", data[start:])
        cut = len(data) if whole else start
        self._unfed = data[cut:]
        # pyte drops what follows a left-to-right mark; terminals ignore the mark
        known = _UNKNOWN_TO_PYTE.sub(b"", data[:cut]).replace(b"\xe2\x80\x8e", b"")
        self._stream.feed(known)

    # -- talking to it

    def send(self, keys: str) -> None:
        """Press keys."""
        os.write(self._master, keys.encode())

    def wait(self, *wanted: str | Callable[[str], bool], seconds: float = PATIENCE) -> None:
        """Wait until all of ``wanted`` (a text on the screen, or a question about it) hold."""
        end = time.monotonic() + seconds
        while not all(w in self.text if isinstance(w, str) else w(self.text) for w in wanted):
            if time.monotonic() > end or (not self.read(0.05) and self.ended):
                raise Gone(f"waited for {wanted}, exit code {self._code}:\n{self.text}")

    def press(self, keys: str, *wanted: str | Callable[[str], bool]) -> None:
        """Press keys, then wait."""
        self.send(keys)
        self.wait(*wanted)

    def settle(self, quiet: float = 0.4) -> None:
        """Wait until nothing has come for ``quiet`` seconds."""
        while self.read(quiet):
            pass

    def resize(self, columns: int, rows: int) -> None:
        """Make the window another size, as a window manager does."""
        self._screen.resize(rows, columns)
        _size(self._master, columns, rows)

    # -- its end

    @property
    def ended(self) -> bool:
        """Whether the process is over."""
        if self._code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self._code = os.waitstatus_to_exitcode(status)
        return self._code is not None

    def code(self, seconds: float = PATIENCE) -> int:
        """Wait for the end; the exit code (negative: the signal that killed it)."""
        end = time.monotonic() + seconds
        while not self.ended:
            self.read(0.05)
            if time.monotonic() > end:
                raise Gone(f"it does not end:\n{self.text}")
        while self.read(0.05):
            pass
        assert self._code is not None
        return self._code

    def over(self, seconds: float = PATIENCE) -> None:
        """Wait for the end of a process whose terminal is gone."""
        end = time.monotonic() + seconds
        while not self.ended:
            if time.monotonic() > end:
                raise Gone("it does not end")
            time.sleep(0.02)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        os.kill(self.pid, number)

    def hang_up(self) -> None:
        """Close the window: the terminal goes away under the program."""
        os.close(self._master)
        self._master = -1

    def close(self) -> None:
        """End it in any case."""
        if not self.ended:
            self.signal(signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master >= 0:
            os.close(self._master)


def _size(handle: int, columns: int, rows: int) -> None:
    fcntl.ioctl(handle, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


@contextmanager
def running(
    directory: Path,
    *words: str,
    columns: int = 80,
    rows: int = 24,
    python: list[str] | None = None,
    **environment: str,
) -> Iterator[Terminal]:
    """``hikma-tui --data-dir directory`` on a terminal. ``python`` replaces ``-m hikma_tui``."""
    command = [sys.executable, "-P", *(python or ["-m", "hikma_tui"])]
    outside = ("SSH_CONNECTION", "COLUMNS", "LINES")
    around = {name: value for name, value in os.environ.items() if name not in outside}
    around |= {"PYTHONPATH": str(ROOT), **environment}
    terminal = Terminal([*command, "--data-dir", str(directory), *words], around, columns, rows)
    try:
        yield terminal
    finally:
        terminal.close()


def restored(sent: bytes) -> list[str]:
    """The modes that were left on in what was sent to a terminal."""
    left = []
    for mode in (b"1049", b"1000", b"1003", b"1006", b"1004", b"2004"):
        if sent.rfind(b"\x1b[?" + mode + b"h") > sent.rfind(b"\x1b[?" + mode + b"l"):
            left.append(mode.decode())
    for hidden in (b"25", b"7"):
        if sent.rfind(b"\x1b[?" + hidden + b"l") > sent.rfind(b"\x1b[?" + hidden + b"h"):
            left.append(hidden.decode())
    return left


def clinic(directory: Path) -> tuple[Store, Actor]:
    """A clinic in a store that the test fills and must close before a program opens it."""
    store = Store.create(directory)
    return store, store.write(setup.create_clinic, "Al-Salam", "Nora", time_zone="UTC").result()
