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
from pathlib import Path
from typing import NoReturn

from hikma_tui import __version__
from hikma_tui.cli_codes import INTERRUPTED, NO_OUTPUT, OK, USAGE
from hikma_tui.cli_sync_options import sync_options
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
    for name, said, run, add in _verbs():
        verb = verbs.add_parser(
            name, parents=[common], allow_abbrev=False, help=said, description=said
        )
        verb.set_defaults(run=run)
        add(verb)
    return parser


def _verbs() -> list[tuple[str, str, Verb, Callable[[argparse.ArgumentParser], None]]]:
    return [
        ("init", _("make an empty clinic"), _init, _init_options),
        ("demo", _("open the program on a clinic that is made up"), _demo, _demo_options),
        ("find", _("find patients as the first screen does"), _find, _find_options),
        ("export", _("write every live row as a line of JSON"), _export, _export_options),
        ("import", _("apply lines of JSON; prints the id of each row"), _import, _import_options),
        (
            "status",
            _("whose records these are, what is not sent, when they were last copied"),
            _status,
            _status_options,
        ),
        ("check", _("look for damage in the file, the search and the trail"), _check, _none),
        ("backup", _("copy the records into the backups folder"), _backup, _none),
        (
            "diseases",
            _("find a disease; or see, replace, reset the list"),
            _diseases,
            _disease_words,
        ),
        ("report", _("write the report of a patient"), _report, _report_options),
        ("benchmark", _("is this machine up to this clinic?"), _benchmark, _none),
        ("undo", _("list the deletions that can be undone, or undo one"), _undo, _undo_options),
        ("sync", _("exchange records with the server"), _sync, sync_options),
        ("register", _("connect to a server, or leave it"), _register, _register_options),
        ("qr", _("draw the server's registration code"), _qr, _qr_options),
    ]


def _none(_verb: argparse.ArgumentParser) -> None:
    """A verb without options of its own."""


def _init_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--clinic", metavar="NAME", required=True, help=_("the clinic's name"))
    verb.add_argument("--time-zone", metavar="ZONE", default="", help=_("such as Asia/Beirut"))


def _demo_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--patients", metavar="N", type=_patients, help=_("how many patients"))
    verb.add_argument("--seed", metavar="S", type=int, help=_("the same seed, the same clinic"))
    verb.add_argument("--no-open", action="store_true", help=_("only make it"))


def _find_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("text", metavar="TEXT", nargs="+", help=_("what one would type"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--sex", metavar="S", help=_("only this sex"))
    verb.add_argument("--age-from", metavar="N", type=_age, help=_("whole years, included"))
    verb.add_argument("--age-to", metavar="N", type=_age, help=_("whole years, included"))
    verb.add_argument("--clinic", metavar="ID", help=_("only patients of this clinic"))
    verb.add_argument("--limit", metavar="N", type=_limit, default=50, help=_("lines at most"))


def _export_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--table", metavar="T", action="append", default=[], help=_("only this one (repeatable)")
    )


def _import_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help=_("lines of JSON; - reads what is piped in"))
    verb.add_argument(
        "--all-or-nothing", action="store_true", help=_("keep nothing when one line is refused")
    )


def _disease_words(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("action", choices=("find", "about", "load", "reset"), help=_("what to do"))
    verb.add_argument("words", metavar="TEXT", nargs="*", help=_("what to find; a file to load"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--limit", metavar="N", type=_limit, default=10, help=_("lines at most"))


def _report_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("patient", metavar="PATIENT", help=_("the patient's id or card number"))
    verb.add_argument("--visit", metavar="ID", help=_("of this visit only"))
    verb.add_argument("--format", choices=("text", "html"), default="text", help=_("text or html"))
    verb.add_argument("--output", metavar="FILE", default="-", help=_("a new file; - prints it"))


def _undo_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "number", metavar="NUMBER", type=_deletion, nargs="?", help=_("which to undo")
    )


def _status_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))


def _register_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("text", metavar="TEXT", nargs="?", help=_("what the portal's QR code says"))
    verb.add_argument("--email", metavar="E", help=_("the account on the server"))
    verb.add_argument("--clinic", metavar="ID", help=_("where the account has no clinic"))
    verb.add_argument("--yes", action="store_true", help=_("join (or leave) without a question"))
    verb.add_argument(
        "--plain-http", action="store_true", help=_("without TLS, in a network of one's own")
    )
    verb.add_argument("--password-fd", metavar="N", type=_descriptor, help=_("an open descriptor"))
    verb.add_argument("--keep-password", action="store_true", help=_("keep it beside the records"))
    verb.add_argument("--ca-file", metavar="F", help=_("PEM file of a private authority"))
    verb.add_argument("--proxy", metavar="URL", help=_("a proxy"))
    verb.add_argument("--leave", action="store_true", help=_("leave the server; records stay"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))


def _qr_options(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--text", action="store_true", help=_("only its text"))


def _descriptor(text: str) -> int:
    return _number(text, 0, 65535)


def _number(text: str, least: int, most: int) -> int:
    try:
        number = int(text) if len(text) < 12 else most + 1
    except ValueError as error:
        raise argparse.ArgumentTypeError(_("not a whole number")) from error
    if not least <= number <= most:
        raise argparse.ArgumentTypeError(
            _("must be from {least} to {most}").format(least=least, most=most)
        )
    return number


def _patients(text: str) -> int:
    return _number(text, 0, 1_000_000)


def _age(text: str) -> int:
    return _number(text, 0, 150)


def _deletion(text: str) -> int:
    return _number(text, 1, 2**31)


def _limit(text: str) -> int:
    return _number(text, 1, 1_000_000)


# -- the verbs -----------------------------------------------------------------------------------


def _open(options: argparse.Namespace) -> int:
    from hikma_tui.app import run
    from hikma_tui.cli_store import directory_of

    user, language = getattr(options, "user", ""), getattr(options, "language", "")
    thin = getattr(options, "low_bandwidth", False)
    return run(directory_of(options), user=user, language=language, low_bandwidth=thin)


def _init(options: argparse.Namespace) -> int:
    from hikma_tui import cli_store

    return cli_store.init(options)


def _demo(options: argparse.Namespace) -> int:
    from hikma_tui import cli_demo

    return cli_demo.demo(options)


def _find(options: argparse.Namespace) -> int:
    from hikma_tui import cli_find

    return cli_find.find(options)


def _export(options: argparse.Namespace) -> int:
    from hikma_tui import cli_rows

    return cli_rows.export(options)


def _import(options: argparse.Namespace) -> int:
    from hikma_tui import cli_rows

    return cli_rows.import_file(options)


def _status(options: argparse.Namespace) -> int:
    from hikma_tui import cli_store

    return cli_store.status(options)


def _check(options: argparse.Namespace) -> int:
    from hikma_tui import cli_store

    return cli_store.check(options)


def _backup(options: argparse.Namespace) -> int:
    from hikma_tui import cli_store

    return cli_store.backup(options)


def _report(options: argparse.Namespace) -> int:
    from hikma_tui import cli_report

    return cli_report.run(options)


def _benchmark(options: argparse.Namespace) -> int:
    from hikma_tui import cli_benchmark

    return cli_benchmark.benchmark(options)


def _undo(options: argparse.Namespace) -> int:
    from hikma_tui import cli_store

    return cli_store.undo(options)


def _diseases(options: argparse.Namespace) -> int:
    from hikma_tui import cli_diseases

    return cli_diseases.run(options)


def _sync(options: argparse.Namespace) -> int:
    from hikma_tui import cli_sync

    return cli_sync.run(options)


def _register(options: argparse.Namespace) -> int:
    from hikma_tui import cli_register

    return cli_register.register(options)


def _qr(options: argparse.Namespace) -> int:
    from hikma_tui import cli_register

    return cli_register.qr(options)
