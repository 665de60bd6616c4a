"""Textual's own terminal driver with ``thin`` behind it: only cells that changed are sent.

What is public in Textual is enough: a driver class of one's own, its ``write`` and the app's size.
That drawing is made of moves, colours and text is taken for granted, and checked against a terminal
emulator (tests/terminal/test_thin.py); what is not understood is passed on as it came.
"""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any

from rich.cells import cell_len
from textual.drivers.linux_driver import LinuxDriver

from hikma_tui.thin import Thin


class ThinDriver(LinuxDriver):
    """The driver for slow lines."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._size_drawn = self._get_terminal_size()
        self._thin = Thin(*self._size_drawn, cell_len)

    def write(self, data: str) -> None:
        """Send what differs from what the terminal shows already."""
        size = (self._app.size.width, self._app.size.height)
        if size != self._size_drawn and 0 not in size:
            self._size_drawn = size
            self._thin.resize(*size)
        sent = self._thin.write(data)
        if sent:
            super().write(sent)

    def start_application_mode(self) -> None:
        """At the start and after a suspension the terminal shows something else."""
        self._thin.forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        before = signal.getsignal(signal.SIGWINCH)

        def resized(number: int, frame: FrameType | None) -> None:
            self._thin.forget()  # also when it is made small and large again at once
            if callable(before):
                before(number, frame)

        signal.signal(signal.SIGWINCH, resized)
