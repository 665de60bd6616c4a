"""A line on the terminal before anything large is loaded, and the terminal kept quiet meanwhile.

On a slow card the screens take seconds to come. Who has started the program sees at once that it
is coming, and what is typed meanwhile is not drawn beside the line: it is kept by the terminal, and
``screens.find_early`` takes it. The line is erased before anything else is written there, so that
nothing of it stays on the screen or in what can be scrolled back.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from hikma_tui.i18n import _

try:
    import termios
except ImportError:  # no such terminals: the screens come without
    _TERMINALS = False
else:
    _TERMINALS = True

_ERASE = b"\r\x1b[2K"
_before: list[list[int | list[bytes | int]]] = []  # the terminal's settings, while the line stands


def show() -> None:
    """Write the line where a person looks; nothing where that is no terminal."""
    if _before or not _TERMINALS or os.environ.get("TERM", "") in ("", "dumb"):
        return
    if not (os.isatty(0) and os.isatty(1)):
        return
    line = _("hikma-tui: opening the records ...")
    with suppress(OSError, termios.error, LookupError):
        _before.append(termios.tcgetattr(0))
        os.write(1, line.encode(sys.stdout.encoding or "utf-8", "replace"))
        quiet = termios.tcgetattr(0)
        quiet[3] &= ~termios.ECHO
        termios.tcsetattr(0, termios.TCSANOW, quiet)


def clear() -> None:
    """Erase the line and give the terminal its settings back; may be called at any time, twice."""
    if _before:
        with suppress(OSError, termios.error):
            os.write(1, _ERASE)
            termios.tcsetattr(0, termios.TCSANOW, _before.pop())
