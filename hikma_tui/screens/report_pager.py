"""The system's pager for a report, closed off: no shell, no other file, no log, no history.

Only ``less`` can be told so (LESSSECURE), so another ``$PAGER`` is not used: on a clinic's laptop a
pager with a shell in it is a way into the records past the program.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager


def command() -> list[str]:
    """``$PAGER`` where it is a less, else less; nothing where there is none."""
    try:
        words = shlex.split(os.environ.get("PAGER", ""))
    except ValueError:
        words = []
    program = shutil.which(words[0]) if words else None
    if program is not None and os.path.realpath(program).rpartition("/")[2] == "less":
        return [program]  # its options could start another program: they are left out
    found = shutil.which("less")
    return [found] if found else []


def environment() -> dict[str, str]:
    """This program's environment, with less closed off and without the user's settings of it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LESS")}
    return {**kept, "LESSSECURE": "1", "LESSHISTFILE": "-", "LESSCHARSET": "utf-8"}


def page(words: list[str], text: str) -> int:
    """Run the pager on a text, which stands in no file; its exit code. OSError.

    On the main thread: Ctrl+C (which stops a search in less) and Ctrl+Z reach both programs, and
    neither ends nor stops this one, with its drafts, behind the pager.
    """
    with _deaf():
        done = subprocess.run(
            words, input=text.encode("utf-8", "replace"), env=environment(), check=False
        )
    return done.returncode


@contextmanager
def _deaf() -> Iterator[None]:
    """Handlers that do nothing: other than SIG_IGN they are not inherited by the pager."""
    before = {
        number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTSTP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
