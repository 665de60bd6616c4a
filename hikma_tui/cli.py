"""The command line: parse, call one function, print (docs/cli.md).

Opening the program, which is what most starts do, needs no parser (``verbs.opening``). A verb's own
imports happen inside it, so ``--version`` loads no screens, no database and no network.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from hikma_tui import first_words
from hikma_tui.i18n import _, language_of_environment, use_language
from hikma_tui.verbs import opening as cli_opening
from hikma_tui.verbs.codes import INTERRUPTED, NO_OUTPUT, OK, USAGE

if TYPE_CHECKING:
    import argparse

Verb = Callable[[Any], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Never raises, never shows a traceback."""
    cli_opening.keep_byte_code()
    words = list(sys.argv[1:] if arguments is None else arguments)
    use_language(_language_of(words))
    try:
        if not _have_streams():
            return NO_OUTPUT
        plain = cli_opening.plain_options(words)
        code = _at_once(plain) if plain is not None else _asked(words)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse: help, version, usage
        return end.code if isinstance(end.code, int) else USAGE
    except BrokenPipeError:
        return _reader_is_gone()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from hikma_tui.verbs.errors import explained

        return explained(error)


def _have_streams() -> bool:
    """Make the standard streams fit for any text; False, after a sentence, without an output.

    A stream that was closed before the start is replaced by nowhere, so that no file that is opened
    later takes its number, and no complaint ends up among the ids.
    """
    missing = sys.stdout is None
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
    if missing:
        from hikma_tui.verbs.errors import tell

        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115
        tell(_("the output can't be written: {reason}").format(reason=_("it is closed")))
        return False
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors in ("strict", "surrogateescape"):
            stream.reconfigure(errors="backslashreplace")  # a locale without our letters
    return True


def _language_of(words: Sequence[str]) -> str:
    """The language asked for, found before the parser exists, since its help is translated."""
    for number, word in enumerate(words):
        if word == "--language" and number + 1 < len(words):
            return words[number + 1]
        if word.startswith("--language="):
            return word.partition("=")[2]
    return language_of_environment()


def _reader_is_gone() -> int:
    """Whoever read our output had enough (``| head``): that is no error.

    The closed pipe is replaced, or Python would complain when it empties the buffer at the end.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    return OK


# -- the verbs -----------------------------------------------------------------------------------


def _asked(words: Sequence[str]) -> int:
    """What more than opening the program takes: a verb, help, a misuse."""
    from hikma_tui.verbs.parser import parser

    options = parser(_open).parse_args(words)
    run: Verb = options.run
    return run(options)


def _at_once(options: SimpleNamespace) -> int:
    """Open the program, with a word to whoever waits for it."""
    first_words.show()
    try:
        return _open(options)
    finally:
        first_words.clear()  # an error is told on an empty line


def _open(options: argparse.Namespace | SimpleNamespace) -> int:
    directory = cli_opening.directory_of(options)
    from hikma_tui.app import run

    user, language = getattr(options, "user", ""), getattr(options, "language", "")
    thin = getattr(options, "low_bandwidth", False)
    return run(directory, user=user, language=language, low_bandwidth=thin)
