"""The options of ``sync``: what parsing needs, without anything heavy behind it."""

from __future__ import annotations

import argparse

from hikma_tui.i18n import _


def sync_options(verb: argparse.ArgumentParser) -> None:
    """What ``sync`` takes (docs/cli.md)."""
    verb.add_argument("--check", action="store_true", help=_("compare everything, and explain"))
    verb.add_argument(
        "--repair",
        action="store_true",
        help=_("then send again what is only here or was refused; deletes nothing"),
    )
    verb.add_argument(
        "--portal-number", metavar="N", type=_count, help=_("patients that the portal says")
    )
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--progress-json", action="store_true", help=_("lines of JSON as it goes on"))
    verb.add_argument(
        "--password-fd", metavar="N", type=_count, help=_("read the password from there")
    )
    verb.add_argument(
        "--keep-password", action="store_true", help=_("keep it beside the records, for a timer")
    )
    verb.add_argument(
        "--max-bytes", metavar="N", type=_count, default=0, help=_("fetch no more than that")
    )
    verb.add_argument("--yes", action="store_true", help=_("a large pull may cost money"))
    verb.add_argument(
        "--timeout", metavar="S", type=_seconds, default=30.0, help=_("seconds of silence at most")
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise argparse.ArgumentTypeError(_("not a whole number"))
    return int(text)


def _seconds(text: str) -> float:
    if not 1 <= (number := _count(text)) <= 3600:
        raise argparse.ArgumentTypeError(
            _("must be from {least} to {most}").format(least=1, most=3600)
        )
    return float(number)
