"""The verbs ``encrypt``, ``passphrase`` and ``decrypt``: how the records lie on the disk.

The records are written anew, compared and exchanged by one rename (``store.convert``). What the
program can't reach is said: copies elsewhere, and what a disk keeps of deleted files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hikma_tui import secrets_kdf
from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.copies import require_master
from hikma_tui.i18n import _, ngettext
from hikma_tui.ids import new_id
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import convert as store_convert
from hikma_tui.store.cipher import Key
from hikma_tui.store.errors import StoreError
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.verbs.codes import OK, REFUSED
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, directory_of, say
from hikma_tui.verbs.unlock import given_anew, typed_unseen


def encrypt(options: argparse.Namespace) -> int:
    """Turn encryption on."""
    directory = directory_of(options)
    actor, key = _who(options, directory)
    if key is not None:
        return _already(options, directory, key)
    store_cipher.require(new=True)
    passphrase = new_passphrase(options)
    if passphrase is None:
        return REFUSED
    say_there(_("Writing and comparing the records: this takes as long as some copies."))
    made = store_cipher.derive(passphrase, store_cipher.new_salt())
    _convert(directory, made, actor, "encrypted")
    say(_("The records are encrypted."))
    if sync_secret.seal(directory):
        say(_("The server's password that is kept here is encrypted, too."))
    _copies(options, directory, made, store_convert.copies_of(directory).plain, plain=True)
    _one_copy(directory)
    _out_of_reach()
    return OK


def _already(options: argparse.Namespace, directory: Path, key: Key) -> int:
    """Finish what a power cut, or an answer of then, left: copies that are not encrypted."""
    tell(_("These records are encrypted already. hikma-tui passphrase changes theirs."))
    sync_secret.seal(directory)
    left = store_convert.copies_of(directory).plain
    _copies(options, directory, key, left, plain=True)
    return OK if left else REFUSED


def passphrase(options: argparse.Namespace) -> int:
    """Change the passphrase."""
    directory = directory_of(options)
    actor, key = _who(options, directory)
    if key is None:
        tell(_("These records are not encrypted. hikma-tui encrypt does it."))
        return REFUSED
    typed = new_passphrase(options)
    if typed is None:
        return REFUSED
    made = store_cipher.derive(typed, store_cipher.new_salt())
    _convert(directory, made, actor, "passphrase")
    sync_secret.seal(directory)
    say(_("The passphrase was changed."))
    found = store_convert.copies_of(directory)
    _copies(options, directory, made, found.other, plain=False)
    _copies(options, directory, made, found.plain, plain=True)
    _one_copy(directory)
    return OK


def decrypt(options: argparse.Namespace) -> int:
    """Turn encryption off."""
    directory = directory_of(options)
    actor, key = _who(options, directory)
    if key is None:
        tell(_("These records are not encrypted."))
        return REFUSED
    if not options.yes and not _yes(
        _("From then on any program of this user, and whoever has this disk, can read every"
          " patient's record. Type YES to go on:")
    ):  # fmt: skip
        tell(_("Nothing was changed."))
        return REFUSED
    _convert(directory, None, actor, "plain")
    sync_secret.seal(directory)
    say(_("The records are not encrypted any more. The copies are as they were."))
    return OK


# Who, and with what -----------------------------------------------------------------------------


def _who(options: argparse.Namespace, directory: Path) -> tuple[Actor, Key | None]:
    """Who does it, after PIN and permission, and the present key. NotAllowed, StoreError."""
    store = Store.open(directory)
    try:
        actor = acting(store, options)
        store.read(require_master, actor).result()
        return actor, store.key
    finally:
        store.close()


def new_passphrase(options: argparse.Namespace) -> str | None:
    """A new passphrase: given on a descriptor, typed twice, or made here for paper. None: not."""
    given = given_anew(options)
    if given is not None:
        wrong = refused(given)
        if wrong:
            tell(wrong)
            return None
        return given
    say_there(_("Whoever forgets the passphrase has lost these records: nobody can open them then,"
                " and no recovery code does. Write it down, and keep it away from this"
                " computer."))  # fmt: skip
    while True:
        typed = typed_unseen(_("New passphrase (Enter alone makes one for paper): "))
        if not typed:
            typed = secrets_kdf.new_code()
            say_there(_("Write this down now: {passphrase}").format(passphrase=typed))
        elif wrong := refused(typed):
            say_there(wrong)
            continue
        again = typed_unseen(_("The same once more: "))
        if secrets_kdf.passphrase_meant(again) == secrets_kdf.passphrase_meant(typed):
            return typed
        if not again:
            tell(_("Nothing was changed."))
            return None
        say_there(_("That was not the same."))


def refused(typed: str) -> str:
    """Why a passphrase is none; empty when it is one."""
    meant = secrets_kdf.passphrase_meant(typed)
    if len(meant) < secrets_kdf.PASSPHRASE_SHORTEST:
        return _("At least {n} characters: some words that belong to nobody's song.").format(
            n=secrets_kdf.PASSPHRASE_SHORTEST
        )
    if len(meant.encode("utf-8", "surrogatepass")) > secrets_kdf.PASSPHRASE_LONGEST:
        return _("Too long: a terminal could not take it at the next start.")
    return ""


def _convert(directory: Path, key: Key | None, actor: Actor, what: str) -> None:
    def settle(work: Path) -> None:
        store = Store.open(work)
        try:
            store.write(_note, actor, what).result()
        finally:
            store.close()

    store_convert.convert(directory, key, settle)


def _note(actor: Actor, what: str) -> None:
    now = info.now_ms()
    entry = audit.Entry("UPDATE", "store_info", "", {"encryption": what})
    audit.append(actor, new_id(now), [entry], now)


# What lies elsewhere ----------------------------------------------------------------------------


def _copies(
    options: argparse.Namespace, directory: Path, key: Key, paths: Sequence[Path], *, plain: bool
) -> None:
    """Say which copies here are less protected, and do with them what is chosen."""
    if not paths:
        return
    number = len(paths)
    if plain:
        say_there(ngettext("{n} copy here is not encrypted: {folder}",
                           "{n} copies here are not encrypted: {folder}", number
                           ).format(n=number, folder=directory / "backups"))  # fmt: skip
    else:
        say_there(ngettext("{n} copy here has an older passphrase: {folder}",
                           "{n} copies here have an older passphrase: {folder}", number
                           ).format(n=number, folder=directory / "backups"))  # fmt: skip
    chosen = options.copies or _asked_about_copies()
    left = []
    for path in paths:
        try:
            if chosen == "delete":
                store_convert.delete_copy(path)
            elif chosen == "encrypt":
                store_convert.convert_copy(path, key)
            else:
                left.append(path)
        except (StoreError, OSError) as error:
            say_there(_("{path}: {reason}").format(path=path, reason=error))
            left.append(path)
    if chosen == "delete" and len(left) < number:
        say(ngettext("{n} copy was deleted.", "{n} copies were deleted.", number - len(left)
                     ).format(n=number - len(left)))  # fmt: skip
    elif chosen == "encrypt" and len(left) < number:
        say(ngettext("{n} copy has the new passphrase now.",
                     "{n} copies have the new passphrase now.", number - len(left)
                     ).format(n=number - len(left)))  # fmt: skip
    for path in left:
        say(_("As it was: {path}").format(path=path))


def _one_copy(directory: Path) -> None:
    """A copy that opens with the new passphrase is there from the first moment on."""
    if store_convert.copies_of(directory).same:
        return
    try:
        store = Store.open(directory)
        try:
            say(_("A copy with the new passphrase: {path}").format(path=store.backup()))
        finally:
            store.close()
    except StoreError as error:
        say_there(str(error))


def _asked_about_copies() -> str:
    if not sys.stdin.isatty():
        return "leave"
    say_there(_("1  give them the new passphrase   2  delete them   3  leave them as they are"))
    while True:
        say_there(_("1, 2 or 3, then Enter:"))
        typed = sys.stdin.readline()
        with suppress(ValueError, KeyError):
            return {1: "encrypt", 2: "delete", 3: "leave"}[int(typed)]
        if not typed:
            return "leave"


def _out_of_reach() -> None:
    say(
        _("What this could not reach: copies on sticks and other disks, exports, reports. And a"
          " disk may keep old blocks of the file that was not encrypted: an SSD or a card for long."
          " Where that matters, take another disk, or encrypt the whole disk."),
    )  # fmt: skip


def _yes(question: str) -> bool:
    if not sys.stdin.isatty():
        tell(_("say --yes if that is meant; nothing was changed"))
        return False
    say_there(question)
    return sys.stdin.readline().strip() in ("YES", _("YES"))
