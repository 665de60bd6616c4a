"""Asking for the passphrase of ciphered records, before anything is opened (docs/encryption.md)."""

from __future__ import annotations

import argparse
import sys
import time
from contextlib import suppress
from pathlib import Path

from hikma_tui.i18n import _
from hikma_tui.store import repair as store_repair
from hikma_tui.store import unlock as store_unlock
from hikma_tui.store.cipher import NeedsPassphrase, WrongPassphrase
from hikma_tui.text import plain
from hikma_tui.verbs.errors import say_there

_DELAYS = (0, 0, 1, 2, 4, 8, 15, 30)
"""Seconds after each wrong one: who sits here only mistyped, and a program that guesses would read
the file itself. What stands against that is scrypt."""


def unlocked(directory: Path, options: argparse.Namespace) -> None:
    """Hold the key of the records here, where they are ciphered: from a pipe of our own program,
    ``--passphrase-fd``, the environment, or a person at the terminal. StoreError without one.
    """
    if (number := getattr(options, "key_fd", None)) is not None:
        store_unlock.take_key(number)
        options.key_fd = None
    store_repair.sweep(directory)
    given = _given(options)
    if given is not None:
        options.passphrase = given  # ``init`` makes a store with it
    path = store_unlock.to_unlock(directory)
    if path is None:
        return
    if given is not None:
        store_unlock.unlock(path, given)
        return
    ask_for(path, _("Passphrase of these records: "))


def given_anew(options: argparse.Namespace) -> str | None:
    """The new passphrase that ``--new-passphrase-fd`` gives; None when nothing was given."""
    number = getattr(options, "new_passphrase_fd", None)
    if number is None:
        return None
    try:
        return store_unlock.from_descriptor(number)
    except OSError as error:
        raise NeedsPassphrase(
            _("The passphrase can't be read: {reason}").format(reason=error.strerror or "")
        ) from error


def for_file(path: Path, options: argparse.Namespace) -> None:
    """Hold the key of a copy: what was given already opens it, or it is asked for. StoreError."""
    if not store_unlock.is_locked(path):
        return
    given = getattr(options, "passphrase", "")
    if given:
        with suppress(WrongPassphrase):
            store_unlock.unlock(path, given)
            return
    ask_for(path, _("Passphrase of {path}: ").format(path=path))


def _given(options: argparse.Namespace) -> str | None:
    """What was given without asking; None when nothing was. It is read but once."""
    environment = store_unlock.from_environment()  # out of it in any case
    if (number := getattr(options, "passphrase_fd", None)) is not None:
        options.passphrase_fd = None
        try:
            environment = store_unlock.from_descriptor(number)
        except OSError as error:
            raise NeedsPassphrase(
                _("The passphrase can't be read: {reason}").format(reason=error.strerror or "")
            ) from error
    return environment


def ask_for(path: Path, question: str) -> None:
    """Ask on the terminal until the passphrase of a ciphered file is right, and hold its key.

    NeedsPassphrase where nobody can be asked, or nothing was typed.
    """
    tries = 0
    while True:
        typed = typed_unseen(question)
        if not typed:
            raise NeedsPassphrase(_("No passphrase was given: nothing was opened."))
        try:
            store_unlock.unlock(path, typed)
            return
        except WrongPassphrase as error:
            delay = _DELAYS[min(tries, len(_DELAYS) - 1)]
            tries += 1
            say_there(str(error))
            if tries == 3:
                say_there(_("Capitals count, and so does the keyboard's layout. Nobody can open"
                            " these records without it. Enter alone leaves."))  # fmt: skip
            time.sleep(delay)


def typed_unseen(question: str) -> str:
    """What a person types on the terminal, unseen. NeedsPassphrase where nobody can be asked."""
    if not sys.stderr.isatty():
        raise NeedsPassphrase(
            _(
                "These records are encrypted. Give the passphrase on a terminal or with"
                " --passphrase-fd N."
            )
        )
    import getpass

    try:
        return getpass.getpass(
            plain(question), stream=None if sys.stdin.isatty() else sys.stderr
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise NeedsPassphrase(
            _("What was typed is no text, or too long for a terminal: nothing was opened.")
        ) from error
    except (EOFError, OSError, getpass.GetPassWarning) as error:
        raise NeedsPassphrase(_("No passphrase was given: nothing was opened.")) from error
