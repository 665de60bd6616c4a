"""What can be said on the command line: each verb, its help, where it is done, its options.

Nothing of the program is imported here: a verb's own module is loaded when the verb is run.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

from hikma_tui.i18n import _
from hikma_tui.verbs.options_conflicts import conflicts_options
from hikma_tui.verbs.options_sync import sync_options
from hikma_tui.verbs.options_users import users_options

Options = Callable[[argparse.ArgumentParser], None]


def verbs() -> list[tuple[str, str, str, Options]]:
    """Each verb: its name, its help, ``module.function``, and what adds its options."""
    return [
        ("init", _("make an empty clinic"), "store.init", _init),
        ("demo", _("open the program on a clinic that is made up"), "demo.demo", _demo),
        ("find", _("find patients as the first screen does"), "find.find", _find),
        ("export", _("write every live row as a line of JSON"), "rows.export", _export),
        (
            "import",
            _("apply lines of JSON; prints the id of each row"),
            "rows.import_file",
            _import,
        ),
        (
            "status",
            _("whose records these are, what is not sent, when they were last copied"),
            "store.status",
            _status,
        ),
        (
            "check",
            _("look for damage in the file, the search and the trail"),
            "store.check",
            _none,
        ),
        ("backup", _("copy the records; here or on a stick"), "backup.run", _backup),
        ("restore", _("put a copy back in place of the records"), "restore.run", _restore),
        ("encrypt", _("encrypt the records with a passphrase"), "encrypt.encrypt", _encrypt),
        ("passphrase", _("change the passphrase"), "encrypt.passphrase", _encrypt),
        ("decrypt", _("turn encryption off"), "encrypt.decrypt", _decrypt),
        ("durability", _("what a save waits for"), "durability.run", _durability),
        (
            "diseases",
            _("find a disease; or see, replace, reset the list"),
            "diseases.run",
            _diseases,
        ),
        ("report", _("write the report of a patient"), "report.run", _report),
        ("benchmark", _("is this machine up to this clinic?"), "benchmark.benchmark", _none),
        ("undo", _("list the deletions that can be undone, or undo one"), "store.undo", _undo),
        ("sync", _("exchange records with the server"), "sync.run", sync_options),
        (
            "conflicts",
            _("list what was changed in two places, or decide it"),
            "conflicts.run",
            conflicts_options,
        ),
        ("register", _("connect to a server, or leave it"), "register.register", _register),
        ("qr", _("draw the server's registration code"), "register.qr", _qr),
        ("support", _("one file for the technical lead"), "support.run", _support),
        (
            "users",
            _("who uses these records, what they may do, their PINs; services"),
            "users.run",
            users_options,
        ),
        ("wipe", _("delete every record from this machine"), "wipe.run", _wipe),
        ("audit", _("check the audit trail, or show a patient's"), "audit.run", _audit),
    ]


def proof_options(common: argparse.ArgumentParser) -> None:
    """How whoever acts shows that it is them, without a person who could be asked."""
    common.add_argument(
        "--pin-fd", metavar="N", type=_descriptor, help=_("read the PIN from there")
    )
    common.add_argument("--service-file", metavar="F", help=_("act as the service of this file"))
    common.add_argument(
        "--passphrase-fd",
        metavar="N",
        type=_descriptor,
        help=_("read the passphrase of encrypted records from there"),
    )
    common.add_argument("--key-fd", type=_descriptor, help=argparse.SUPPRESS)
    common.add_argument("--proof-fd", type=_descriptor, help=argparse.SUPPRESS)


def _none(_verb: argparse.ArgumentParser) -> None:
    """A verb without options of its own."""


def _encrypt(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--new-passphrase-fd", metavar="N", type=_descriptor,
        help=_("read the new passphrase from there"),
    )  # fmt: skip
    verb.add_argument(
        "--copies", choices=("encrypt", "delete", "leave"), default="",
        help=_("what becomes of the copies beside the records"),
    )  # fmt: skip


def _decrypt(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--yes", action="store_true", help=_("without a question"))


def _init(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--encrypt", action="store_true", help=_("encrypt the records with a passphrase")
    )
    verb.add_argument(
        "--new-passphrase-fd", metavar="N", type=_descriptor,
        help=_("read the new passphrase from there"),
    )  # fmt: skip
    verb.add_argument("--clinic", metavar="NAME", required=True, help=_("the clinic's name"))
    verb.add_argument("--time-zone", metavar="ZONE", default="", help=_("such as Asia/Beirut"))


def _demo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--patients", metavar="N", type=_patients, help=_("how many patients"))
    verb.add_argument("--seed", metavar="S", type=int, help=_("the same seed, the same clinic"))
    verb.add_argument("--no-open", action="store_true", help=_("only make it"))


def _find(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("text", metavar="TEXT", nargs="+", help=_("what one would type"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--sex", metavar="S", help=_("only this sex"))
    verb.add_argument("--age-from", metavar="N", type=_age, help=_("whole years, included"))
    verb.add_argument("--age-to", metavar="N", type=_age, help=_("whole years, included"))
    verb.add_argument("--clinic", metavar="ID", help=_("only patients of this clinic"))
    verb.add_argument("--limit", metavar="N", type=_limit, default=50, help=_("lines at most"))


def _export(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--table", metavar="T", action="append", default=[], help=_("only this one (repeatable)")
    )


def _import(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", help=_("lines of JSON; - reads what is piped in"))
    verb.add_argument(
        "--all-or-nothing", action="store_true", help=_("keep nothing when one line is refused")
    )


def _diseases(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("action", choices=("find", "about", "load", "reset"), help=_("what to do"))
    verb.add_argument("words", metavar="TEXT", nargs="*", help=_("what to find; a file to load"))
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))
    verb.add_argument("--limit", metavar="N", type=_limit, default=10, help=_("lines at most"))


def _report(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("patient", metavar="PATIENT", help=_("the patient's id or card number"))
    verb.add_argument("--visit", metavar="ID", help=_("of this visit only"))
    verb.add_argument("--format", choices=("text", "html"), default="text", help=_("text or html"))
    verb.add_argument("--output", metavar="FILE", default="-", help=_("a new file; - prints it"))


def _undo(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "number", metavar="NUMBER", type=_deletion, nargs="?", help=_("which to undo")
    )


def _status(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--json", action="store_true", help=_("one JSON document"))


def _register(verb: argparse.ArgumentParser) -> None:
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


def _qr(verb: argparse.ArgumentParser) -> None:
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


def _backup(verb: argparse.ArgumentParser) -> None:
    what = verb.add_mutually_exclusive_group()
    what.add_argument("--to", metavar="DIR", help=_("copy there, such as onto a stick, once"))
    what.add_argument("--keep-at", metavar="DIR", help=_("copy there now and every day"))
    what.add_argument("--keep-nowhere", action="store_true", help=_("no more copies elsewhere"))
    what.add_argument("--list", action="store_true", help=_("the copies here, each checked"))
    what.add_argument("--automatic", action="store_true", help=_("only where today's is due"))
    verb.add_argument("--unclean", action="store_true", help=argparse.SUPPRESS)
    verb.add_argument(
        "--unciphered", action="store_true", help=_("copy it readable for all, without a question")
    )
    verb.add_argument(
        "--copy-passphrase-fd", metavar="N", type=int,
        help=_("the passphrase of copies elsewhere, on an open descriptor"),
    )  # fmt: skip
    verb.add_argument(
        "--another-passphrase", action="store_true", help=_("ask for it anew, for later copies too")
    )
    verb.add_argument(
        "--remove-plain", action="store_true", help=_("delete older copies there that all can read")
    )
    verb.add_argument("--progress-json", action="store_true", help=argparse.SUPPRESS)


def _durability(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("choice", choices=("full", "normal"), nargs="?", help=_("what to change to"))


def _restore(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("file", metavar="FILE", nargs="?", help=_("the copy; else the newest good"))
    verb.add_argument("--list", action="store_true", help=_("the copies here, each checked"))
    verb.add_argument("--salvage", action="store_true", help=_("save what a damaged file yields"))
    verb.add_argument("--yes", action="store_true", help=_("without a question"))


def _audit(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("action", choices=("verify", "show", "head"), help=_("what to do"))
    verb.add_argument(
        "patient", metavar="PATIENT", nargs="?", default="", help=_("an id or a card number")
    )


def _wipe(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "--confirm", metavar="NAME", help=_("the clinic's name, instead of being asked twice")
    )


def _support(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("--output", metavar="FILE", help=_("a new file; else it is only shown"))
    verb.add_argument("--yes", action="store_true", help=_("write without a question"))
    verb.add_argument("--lead", metavar="ADDRESS", help=_("whom errors tell to write to"))
