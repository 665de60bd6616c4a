"""The parser of the command line: what all verbs have, and the verbs (``verbs.table``)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from hikma_tui import __version__
from hikma_tui.i18n import _
from hikma_tui.verbs import table as cli_verbs
from hikma_tui.verbs.codes import USAGE

Verb = Callable[[argparse.Namespace], int]


class _Parser(argparse.ArgumentParser):
    """A parser whose words are ours, and which says a misuse in one line."""

    def error(self, message: str) -> NoReturn:
        from hikma_tui.text import plain

        self.exit(USAGE, f"hikma-tui: {plain(message)}\n")


def parser(opening: Verb) -> argparse.ArgumentParser:
    """Everything that can be said; ``opening`` is run where there is no verb."""
    common = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--data-dir", metavar="DIR", type=Path, help=_("where the records lie"))
    common.add_argument("--language", metavar="CODE", help=_("en, es or ar"))
    common.add_argument("--user", metavar="NAME", help=_("who acts: a user's name or id"))
    cli_verbs.proof_options(common)
    common.add_argument(
        "--low-bandwidth", action="store_true", help=_("send the terminal as little as possible")
    )
    whole = _Parser(
        prog="hikma-tui",
        parents=[common],
        allow_abbrev=False,
        description=_("The records of a clinic. Without a verb, the program opens."),
    )
    whole.add_argument("--version", action="version", version=f"hikma-tui {__version__}")
    whole.set_defaults(run=opening)
    verbs = whole.add_subparsers(metavar=_("VERB"), parser_class=_Parser)
    for name, said, where, add in cli_verbs.verbs():
        verb = verbs.add_parser(
            name, parents=[common], allow_abbrev=False, help=said, description=said
        )
        verb.set_defaults(run=_later(where))
        add(verb)
    return whole


def _later(where: str) -> Verb:
    """The verb's function ``module.function``, imported when it is run."""

    def run(options: argparse.Namespace) -> int:
        module, _dot, function = where.partition(".")
        return int(getattr(import_module(f"hikma_tui.verbs.{module}"), function)(options))

    return run
