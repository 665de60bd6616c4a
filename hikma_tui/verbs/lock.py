"""Proving who acts on the command line: a PIN, a service's token, or the unlocked screen's word.

Nothing secret is ever an argument or in the environment, where every user of the machine could
read it: it comes from the terminal, from an open file descriptor, or from a file of mode 0600.
"""

from __future__ import annotations

import argparse
import getpass
import os
import stat
import sys
from pathlib import Path

from hikma_tui.clinic import pins
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import NotFound, NotProven
from hikma_tui.i18n import _
from hikma_tui.secrets_kdf import code_as_meant, matches
from hikma_tui.store import Store
from hikma_tui.text import plain

_LONGEST = 8192


def proven(store: Store, options: argparse.Namespace) -> Actor:
    """Who acts, once they have shown it. NotProven with what to do, NotFound."""
    wanted = getattr(options, "user", "")
    if (number := getattr(options, "proof_fd", None)) is not None:
        return _agrees(store, store.write(pins.use_session, first_line(number)).result(), wanted)
    if file := getattr(options, "service_file", None):
        return _agrees(store, store.write(pins.serve, token_in(Path(file))).result(), wanted)
    actor = store.read(actor_named, wanted).result()
    if (number := getattr(options, "pin_fd", None)) is not None:
        prove(store, actor, actor.user_id, first_line(number))
        return actor
    asked = _("PIN of {user}: ").format(user=plain(actor.user_name))
    prove(store, actor, actor.user_id, ask(asked))
    return actor


def prove(store: Store, actor: Actor, owner: str, typed: str) -> None:
    """Hold what was typed against the PIN of ``owner``, or the recovery code. NotProven."""
    if owner == pins.RECOVERY:
        typed = code_as_meant(typed)
    tried = store.write(pins.begin, owner).result()
    if matches(typed, tried.hash):
        store.write(pins.right, actor, owner).result()
        return
    wait = store.write(pins.wrong, actor, owner).result()
    said = _("The code is not right.") if owner == pins.RECOVERY else _("The PIN is not right.")
    if wait:
        said += " " + _("The next try counts in {n} s.").format(n=wait)
    raise NotProven(said)


def ask(question: str) -> str:
    """What a person types on the terminal, unseen. NotProven where nobody can be asked."""
    if not sys.stderr.isatty():
        raise NotProven(
            _(
                "These records are locked with PINs. Give yours on a terminal or with --pin-fd N,"
                " or act as a service with --service-file F."
            )
        )
    try:
        return getpass.getpass(question, stream=None if sys.stdin.isatty() else sys.stderr)
    except (EOFError, OSError, getpass.GetPassWarning) as error:
        raise NotProven(_("No PIN was given.")) from error


def first_line(number: int) -> str:
    """The first line of an open descriptor, which is closed then. NotProven if it is none."""
    raw = b""
    try:
        while len(raw) < _LONGEST and b"\n" not in raw and (piece := os.read(number, _LONGEST)):
            raw += piece
        if number > 2:
            os.close(number)
    except OSError as error:
        reason = error.strerror or ""
        raise NotProven(_("The PIN can't be read: {reason}").format(reason=reason)) from error
    return raw.partition(b"\n")[0].decode("utf-8", "surrogateescape").rstrip("\r")


def token_in(path: Path) -> str:
    """A service's token. NotProven when the file can't be read, or others could have read it."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "rb") as file:
            mode = os.fstat(descriptor)
            if not stat.S_ISREG(mode.st_mode) or mode.st_mode & 0o077:
                raise NotProven(
                    _("{path} can be read by others: it is no secret. Close it: chmod 600").format(
                        path=path
                    )
                )
            return file.read(_LONGEST).decode("ascii", "replace").strip()
    except OSError as error:
        raise NotProven(
            _("{path}: {reason}").format(path=path, reason=error.strerror or type(error).__name__)
        ) from error


def _agrees(store: Store, actor: Actor, wanted: str) -> Actor:
    """``--user`` can't make somebody else of who was let in."""
    if wanted and store.read(actor_named, wanted).result().user_id != actor.user_id:
        raise NotFound(_("That is not whom this service acts for."))
    return actor
