"""What went wrong, said in one line; what nobody expected goes to the log (``logs``)."""

from __future__ import annotations

import errno
import os
import sys

from hikma_tui import logs
from hikma_tui.clinic.errors import NotProven, Refused
from hikma_tui.i18n import _
from hikma_tui.store.errors import StoreError
from hikma_tui.text import plain
from hikma_tui.verbs.codes import NO_INPUT, NO_OUTPUT, NOT_PROVEN, REFUSED, UNEXPECTED

# What the system says of a write to standard output that can't be done. Files have names, and the
# store has errors of its own.
_OUTPUT_FAILED = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})


def tell(sentence: str) -> None:
    """One harmless line on standard error."""
    say_there(f"hikma-tui: {sentence}")


def say_there(sentence: str) -> None:
    """One harmless line on standard error, without the program's name before it."""
    print(plain(sentence)[:600], file=sys.stderr, flush=True)


def _forget_output() -> None:
    """What is still in the buffer goes nowhere, or Python would complain of it at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def explained(error: Exception) -> int:
    """Say what went wrong; the exit code."""
    if isinstance(error, StoreError):
        tell(str(error))
        return error.exit_code
    if isinstance(error, Refused):
        tell(str(error))
        return NOT_PROVEN if isinstance(error, NotProven) else REFUSED
    if isinstance(error, OSError) and error.filename is not None:
        reason = error.strerror or type(error).__name__
        tell(_("{path}: {reason}").format(path=error.filename, reason=reason))
        return NO_INPUT
    if isinstance(error, OSError) and error.errno in _OUTPUT_FAILED:
        tell(_("the output can't be written: {reason}").format(reason=error.strerror))
        _forget_output()
        return NO_OUTPUT
    code = logs.failed("command", error)
    path = logs.newest()
    tell(
        _(
            "the program met an error of its own ({kind}, code {code}); no data was shown. {where}"
        ).format(
            kind=type(error).__name__,
            code=code,
            where=_("Where it happened is noted in {path}").format(path=path)
            if path.exists()
            else "",
        )
    )
    return UNEXPECTED
