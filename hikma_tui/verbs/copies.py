"""How a copy that leaves is protected: asked on the terminal, given, or remembered."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path

from hikma_tui.clinic import info
from hikma_tui.i18n import _, ngettext
from hikma_tui.secrets_kdf import passphrase_meant
from hikma_tui.store import Store
from hikma_tui.store import cipher as store_cipher
from hikma_tui.store import outside as store_outside
from hikma_tui.store import unlock as store_unlock
from hikma_tui.store.cipher import NeedsPassphrase
from hikma_tui.store.outside import OWN, PLAIN, SAME, Protection
from hikma_tui.verbs.encrypt import refused
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import say
from hikma_tui.verbs.unlock import typed_unseen


def settings() -> tuple[str, str]:
    """What the store remembers: for the reader's thread."""
    return info.get(store_outside.HOW), info.get(store_outside.KEY)


def chosen(store: Store, options: argparse.Namespace) -> Protection | None:
    """How the copy leaves; None, after a sentence, when it is not to.

    ``--unciphered`` and ``--copy-passphrase-fd`` say it; else what is remembered; else a person at
    the terminal. NeedsPassphrase, NoCipher.
    """
    ciphered = store.key is not None
    known = store_outside.of_settings(*store.read(settings).result())
    if options.unciphered:
        return Protection(PLAIN)
    if options.copy_passphrase_fd is not None:
        return _given(options.copy_passphrase_fd)
    if known is not None and not options.another_passphrase:
        if known.how == OWN:
            say_there(_("The copy has the passphrase of the copies before."))
            return known
        if ciphered:
            return known
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    if ciphered:
        return _typed(same=True) if asks else Protection(SAME)
    if not store_cipher.available():
        say_there(_("What could encrypt the copy is not installed here: hikma-tui[encrypted]."))
        return Protection(PLAIN) if _agreed() else None
    if not asks:
        tell(_("A copy that leaves is encrypted under a passphrase of its own, or it is not"
               " ciphered at all: say --copy-passphrase-fd N, or --unciphered if that is meant;"
               " nothing was copied"))  # fmt: skip
        return None
    return _typed(same=False)


def _given(number: int) -> Protection | None:
    try:
        typed = store_unlock.from_descriptor(number)
    except OSError as error:
        raise NeedsPassphrase(
            _("The passphrase can't be read: {reason}").format(reason=error.strerror or "")
        ) from error
    if wrong := refused(typed):
        tell(wrong)
        return None
    return Protection(OWN, store_outside.new_key(typed))


def _typed(*, same: bool) -> Protection | None:
    say_there(_("The copy is encrypted under a passphrase of its own. Whoever restores it needs it:"
                " write it down, and keep it away from the stick."))  # fmt: skip
    question = _("Passphrase of the copies: ")
    if same:
        question = _("Passphrase of the copies (Enter alone: that of the records): ")
    while True:
        typed = typed_unseen(question)
        if not typed and same:
            return Protection(SAME)
        if not typed:
            say_there(_("No passphrase."))
            return Protection(PLAIN) if _agreed() else None
        if wrong := refused(typed):
            say_there(wrong)
            continue
        again = typed_unseen(_("The same once more: "))
        if passphrase_meant(again) == passphrase_meant(typed):
            return Protection(OWN, store_outside.new_key(typed))
        say_there(_("That was not the same."))


def _agreed() -> bool:
    """A copy that is not ciphered is readable by whoever holds it, and that must be wanted."""
    say_there(_("The copy is not ciphered: whoever has it can read every patient's record."))
    if not sys.stdin.isatty():
        tell(_("say --unciphered if that is meant; nothing was copied"))
        return False
    say_there(_("Type YES to copy it so all the same:"))
    if sys.stdin.readline().strip() in ("YES", _("YES")):
        return True
    tell(_("Nothing was copied."))
    return False


def plain_ones(folder: Path, store_id: str, made: Path, *, remove: bool) -> None:
    """Tell of the older copies there that everybody can read, and delete them where it is said."""
    if not store_cipher.is_ciphered(made):
        return
    found = store_outside.readable_by_all(folder, store_id)
    if not found:
        return
    n = len(found)
    say_there(ngettext("{n} older copy there is not encrypted: {folder}",
                       "{n} older copies there are not encrypted: {folder}", n
                       ).format(n=n, folder=folder))  # fmt: skip
    if not remove and sys.stdin.isatty():
        say_there(_("Type YES to delete them:"))
        remove = sys.stdin.readline().strip() in ("YES", _("YES"))
    if not remove:
        say_there(_("They stay. --remove-plain deletes them."))
        return
    gone = 0
    for one in found:
        with suppress(OSError):
            one.path.unlink()
            gone += 1
    say(ngettext("{n} copy was deleted.", "{n} copies were deleted.", gone).format(n=gone))
    say_there(_("A stick may keep old blocks of them: to be sure, take another stick."))
