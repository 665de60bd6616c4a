"""The command line: parse, call one function, print (docs/cli.md).

Only what parsing needs is imported here. A verb's own imports happen inside it, so ``--version``
loads neither the screens nor the database nor the network.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from hikma_tui import __version__, cli_verbs
from hikma_tui.cli_codes import INTERRUPTED, NO_OUTPUT, OK, USAGE
from hikma_tui.i18n import _, language_of_environment, use_language

Verb = Callable[[argparse.Namespace], int]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Never raises, never shows a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    use_language(_language_of(words))
    try:
        if not _have_streams():
            return NO_OUTPUT
        options = _parser().parse_args(words)
        run: Verb = options.run
        code = run(options)
        sys.stdout.flush()
        return code
    except SystemExit as end:  # argparse: help, version, usage
        return end.code if isinstance(end.code, int) else USAGE
    except BrokenPipeError:
        return _reader_is_gone()
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        from hikma_tui.cli_errors import explained

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
        from hikma_tui.cli_errors import tell

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


# -- what can be said ----------------------------------------------------------------------------


class _Parser(argparse.ArgumentParser):
    """A parser whose words are ours, and which says a misuse in one line."""

    def error(self, message: str) -> NoReturn:
        from hikma_tui.text import plain

        self.exit(USAGE, f"hikma-tui: {plain(message)}\n")


def _parser() -> argparse.ArgumentParser:
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--data-dir", metavar="DIR", type=Path, help=_("where the records lie"))
    common.add_argument("--language", metavar="CODE", help=_("en, es or ar"))
    common.add_argument("--user", metavar="NAME", help=_("who acts: a user's name or id"))
    cli_verbs.proof_options(common)
    common.add_argument(
        "--low-bandwidth", action="store_true", help=_("send the terminal as little as possible")
    )
    parser = _Parser(
        prog="hikma-tui",
        parents=[common],
        allow_abbrev=False,
        description=_("The records of a clinic. Without a verb, the program opens."),
    )
    parser.add_argument("--version", action="version", version=f"hikma-tui {__version__}")
    parser.set_defaults(run=_open)
    verbs = parser.add_subparsers(metavar=_("VERB"), parser_class=_Parser)
    for name, said, where, add in cli_verbs.verbs():
        verb = verbs.add_parser(
            name, parents=[common], allow_abbrev=False, help=said, description=said
        )
        verb.set_defaults(run=_later(where))
        add(verb)
    return parser


# -- the verbs -----------------------------------------------------------------------------------


def _later(where: str) -> Verb:
    """The verb's function ``module.function``, imported when it is run."""

    def run(options: argparse.Namespace) -> int:
        module, _dot, function = where.partition(".")
        return int(getattr(import_module(f"hikma_tui.{module}"), function)(options))

    return run


def _open(options: argparse.Namespace) -> int:
    from hikma_tui.app import run
    from hikma_tui.cli_store import directory_of

    user, language = getattr(options, "user", ""), getattr(options, "language", "")
    thin = getattr(options, "low_bandwidth", False)
    return run(directory_of(options), user=user, language=language, low_bandwidth=thin)
