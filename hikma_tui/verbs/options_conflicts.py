"""The options of ``conflicts``: what parsing needs, without anything heavy behind it."""

from __future__ import annotations

import argparse

from hikma_tui.i18n import _

SIDES = {"here": "ours", "server": "theirs", "both": "both"}


def conflicts_options(verb: argparse.ArgumentParser) -> None:
    """What ``conflicts`` takes (docs/cli.md)."""
    verb.add_argument(
        "action",
        choices=("list", "resolve"),
        nargs="?",
        default="list",
        help=_("what to do; without it they are listed"),
    )
    verb.add_argument("number", metavar="NUMBER", type=_whole, nargs="?", help=_("which one"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--patient", metavar="ID", help=_("only of this patient"))
    verb.add_argument("--keep", choices=tuple(SIDES), help=_("whose value holds"))
    verb.add_argument(
        "--field",
        metavar="F=SIDE",
        action="append",
        default=[],
        help=_("here, server or both, for one field (repeatable)"),
    )
    verb.add_argument(
        "--all-suggestions",
        choices=("here", "server"),
        help=_("decide everything that comes from a copy of the records"),
    )
    verb.add_argument("--yes", action="store_true", help=_("also doses, dates, whole records"))


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 10):
        raise argparse.ArgumentTypeError(_("not a whole number"))
    return int(text)
