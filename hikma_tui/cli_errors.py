"""What went wrong, said in one line; and a log of what nobody expected, without anyone's data."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from hikma_tui import __version__
from hikma_tui.cli_codes import NO_INPUT, NO_OUTPUT, NOT_PROVEN, REFUSED, UNEXPECTED
from hikma_tui.clinic.errors import NotProven, Refused
from hikma_tui.i18n import _
from hikma_tui.store_errors import StoreError
from hikma_tui.text import plain

_LARGEST_LOG = 1 << 20

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
    path = _logged(error)
    tell(
        _("the program met an error of its own ({kind}); no data was shown. {where}").format(
            kind=type(error).__name__,
            where=_("Where it happened is noted in {path}").format(path=path) if path else "",
        )
    )
    return UNEXPECTED


def error_log() -> Path:
    """Where errors of the program itself are noted."""
    import platformdirs

    return Path(platformdirs.user_state_dir("hikma-tui", False)) / "errors.log"


def _logged(error: BaseException) -> Path | None:
    """Append where it happened to a log of mode 0600: places in the source, no messages, no values.

    An exception's own words, its locals and the command line may all hold a patient's data.
    """
    path = error_log()
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    lines = [f"{moment} hikma-tui {__version__} Python {sys.version.split()[0]}", *_places(error)]
    try:
        path.parent.mkdir(parents=True, mode=0o700, exist_ok=True)
        full = path.exists() and path.stat().st_size > _LARGEST_LOG
        how = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if full else os.O_APPEND)
        descriptor = os.open(path, how, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as log:
            os.fchmod(descriptor, 0o600)
            log.write("\n".join(lines) + "\n")
    except OSError:
        return None
    return path


def _places(error: BaseException | None) -> Iterator[str]:
    """The kinds of the errors, each with the places in the source that it passed."""
    for _depth in range(10):
        if error is None:
            return
        yield f"  {type(error).__name__}"
        for frame in traceback.extract_tb(error.__traceback__):
            yield f"    {'/'.join(Path(frame.filename).parts[-3:])}:{frame.lineno} {frame.name}"
        error = error.__cause__ or error.__context__
