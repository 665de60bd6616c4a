"""The verbs ``register`` (look, sign in, join, leave) and ``qr``, the code for the next machine."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from hikma_tui import qr_text
from hikma_tui.clinic import server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.i18n import _, ngettext
from hikma_tui.store import Store
from hikma_tui.syncing import account as sync_account
from hikma_tui.syncing import join as sync_join
from hikma_tui.syncing import join_words as sync_join_words
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.text import pieces, plain
from hikma_tui.verbs.codes import NO_SERVER, OK, REFUSED, UNEXPECTED, USAGE
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.store import acting, opened, say
from hikma_tui.verbs.sync import CODES
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Credentials, Kind, Trouble

_WIDTH = 78


@dataclass(frozen=True)
class _Asked:
    """What was asked for on the command line."""

    text: str
    email: str
    clinic: str
    yes: bool
    plain_http: bool
    descriptor: int | None
    keep: bool
    json: bool
    options: Options

    @property
    def talks(self) -> bool:
        """Whether somebody sits there who can be asked."""
        return not self.json and sys.stdin is not None and sys.stdin.isatty()


def register(options: argparse.Namespace) -> int:
    """Look what answers at an address; with an account, join it; or leave the server."""
    if options.leave:
        return _leave(options)
    if not options.text and options.email:
        return _another_account(options)
    if not options.text:
        tell(_("register needs the text of the code, such as https://hikma.example.org"))
        return USAGE
    asked = _asked(options)
    with opened(options) as store:
        actor = acting(store, options)
        store.read(sync_join.refuse, actor).result()
        try:
            return _register(store, actor, asked)
        except Trouble as trouble:
            return _troubled(trouble, asked)


def _asked(options: argparse.Namespace) -> _Asked:
    authority = str(Path(options.ca_file).resolve()) if options.ca_file else ""
    return _Asked(
        options.text or "", (options.email or "").strip(), options.clinic or "", options.yes,
        options.plain_http, options.password_fd, options.keep_password, options.json,
        Options(ca_file=authority, proxy=options.proxy or ""),
    )  # fmt: skip


def _register(store: Store, actor: Actor, asked: _Asked) -> int:
    found = sync_join.look(asked.text, plain_http=asked.plain_http, options=asked.options)
    told: dict[str, Any] = {"url": found.url, "dialect": found.dialect, "joined": False}
    if not asked.json:
        say(sync_join_words.answers(found))
        if found.plain:
            say(sync_join_words.plain_warning(found.url))
    email = asked.email or (_typed(_("E-mail:")) if asked.talks else "")
    if not email:
        if asked.json:
            print(json.dumps(told))
        else:
            say(_("Nothing was changed. To sign in: hikma-tui register TEXT --email E-MAIL"))
        return OK
    password = _password(store, asked)
    if not password:
        raise Trouble(Kind.NO_PASSWORD)
    try:
        account = sync_join.sign_in(found, Credentials(email, password), asked.options)
    except Trouble as trouble:
        return _troubled(trouble, asked, email, found.dialect)
    made = sync_join.plan(
        store, actor, found, account, clinic_id=asked.clinic, options=asked.options
    )
    told["plan"] = sync_join_words.as_json(made)
    if not asked.json:
        _show(made)
    if not (asked.yes or (asked.talks and _types(_("Join? Type {word} for yes:"), made.found.url))):
        told["message"] = _("Nothing was changed. To join, add --yes.")
        if asked.json:
            print(json.dumps(told, ensure_ascii=False))
        else:
            say(str(told["message"]))
        return REFUSED
    done = sync_join.join(
        store, made, actor, keep_password=password if asked.keep else "", progress=_progress
    )
    _tell_progress("")
    told |= {"joined": True, "backup": str(done.backup), "password_kept": done.password_kept}
    if asked.json:
        print(json.dumps(told, ensure_ascii=False))
        return OK
    say(
        sync_join_words.joined(done, kept_wanted=asked.keep),
        _("Nothing has been sent yet. Next: hikma-tui sync"),
    )
    return OK


def _password(store: Store, asked: _Asked) -> str:
    """From the descriptor, the environment, or the person who sits there; never from a word.

    A password kept from an earlier server is not taken: it was meant for another one.
    """
    environment = sync_secret.from_environment()
    if asked.descriptor is not None:
        try:
            return sync_secret.from_descriptor(asked.descriptor) or ""
        except OSError as error:
            tell(_("the password can't be read: {reason}").format(reason=error.strerror))
            return ""
    if environment:
        return environment
    return getpass.getpass(_("Password: ")) if asked.talks else ""


def _show(made: sync_join.Plan) -> None:
    for text, style in sync_join_words.paragraphs(made):
        if style == "heading":
            print(f"\n{plain(text)}")
            continue
        for line in pieces(plain(text), _WIDTH - 2):
            print(f"  {line}")
    print(flush=True)


def _types(question: str, url: str) -> bool:
    """Whether the person types the server's name: a yes that nobody gives by mistake."""
    word = urlsplit(url).hostname or url
    return _typed(question.format(word=word)).lower() == word


def _typed(question: str) -> str:
    try:
        return input(plain(question) + " ").strip()
    except EOFError:
        return ""


def _progress(step: str, done: int, total: int) -> None:
    """One line on a terminal's error stream, written over itself."""
    _tell_progress(sync_join_words.step(step, done, total))


def _tell_progress(said: str) -> None:
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"\r\x1b[K{said}", end="", file=sys.stderr, flush=True)


def _troubled(trouble: Trouble, asked: _Asked, email: str = "", dialect: str = "") -> int:
    kind = trouble.kind
    sentence = sync_join_words.trouble(trouble, email, dialect)
    if kind is Kind.PLAIN_HTTP and trouble.detail == sync_join.ASK_FIRST:
        sentence = _(
            "This address is not protected (http). Where the network is yours alone, say so with"
            " --plain-http; never over the internet."
        )
    admin = sync_join_words.for_admin(kind)
    if asked.json:
        told = {"joined": False, "error": str(kind), "message": sentence, "for_admin": admin}
        print(json.dumps(told, ensure_ascii=False))
    else:
        tell(sentence)
        if admin:
            say_there(_("For the administrator: {text}").format(text=admin))
    return CODES.get(kind, UNEXPECTED)


# Another account of the joined server ----------------------------------------------------------


def _another_account(options: argparse.Namespace) -> int:
    """Sync as another account of the same server from now on (decisions.md 32)."""
    asked = _asked(options)
    with opened(options) as store:
        actor = acting(store, options)
        try:
            password = _password(store, asked)
            if not password:
                raise Trouble(Kind.NO_PASSWORD)
            peer = sync_account.change(
                store,
                actor,
                asked.email,
                password,
                ca_file=asked.options.ca_file,
                proxy=asked.options.proxy,
                keep_password=asked.keep,
            )
        except Trouble as trouble:
            return _troubled(trouble, asked, asked.email, "v3")
    if asked.json:
        told = {"url": peer.url, "email": peer.email, "user_id": peer.user_id}
        print(json.dumps(told, ensure_ascii=False))
        return OK
    say(
        _("From now on {email} syncs with {url}. What others wrote stays theirs.").format(
            email=peer.email, url=peer.url
        ),
        _("Nothing has been sent yet. Next: hikma-tui sync"),
    )
    return OK


# Leaving ---------------------------------------------------------------------------------------


def _leave(options: argparse.Namespace) -> int:
    if options.text:
        tell(_("--leave takes no text: there is one server to leave"))
        return USAGE
    with opened(options) as store:
        actor = acting(store, options)
        peer = store.read(sync_join.may_leave, actor).result()
        asked = not options.json and sys.stdin is not None and sys.stdin.isatty()
        say_there(sync_join_words.leaving(peer.url))
        if not options.yes and not (asked and _types(_("Leave? Type {word} for yes:"), peer.url)):
            tell(_("Nothing was changed. To leave, add --yes."))
            return REFUSED
        left = sync_join.leave(store, actor)
    if options.json:
        print(json.dumps({
            "left": left.url, "backup": str(left.backup), "rows": left.rows,
            "conflicts": left.conflicts,
        }))  # fmt: skip
        return OK
    say(
        sync_join_words.left(left),
        ngettext(
            "{n} record is on this computer only, as far as a next server goes.",
            "{n} records are on this computer only, as far as a next server goes.",
            left.rows,
        ).format(n=f"{left.rows:,}"),
    )
    return OK


# The code for the next machine -----------------------------------------------------------------


def qr(options: argparse.Namespace) -> int:
    """Draw the registered server's address as a QR code, the same as the portal's."""
    with opened(options) as store:
        peer = store.read(sync_peer.active).result()
    if peer is None:
        tell(server_words.trouble(Kind.NO_SERVER))
        return NO_SERVER
    if not options.text and sys.stdout.isatty():
        _draw(peer.url)
    print(plain(peer.url))
    return OK


def _draw(url: str) -> None:
    term, encoding = os.environ.get("TERM", ""), sys.stdout.encoding or "ascii"
    if term in ("dumb", ""):
        return
    width, height = shutil.get_terminal_size()
    halves = qr_text.half_blocks_work(term, encoding)
    lines = qr_text.lines(url, width, height - 2, halves=halves)
    if lines is None:
        say_there(_("This window is too small for the code; here is its text."))
        return
    light = "\x1b[0;30;47m" if term == "linux" else "\x1b[0;30;107m"
    for line in lines:
        drawn = "".join(f"{_DARK if dark else light}{text}" for text, dark in line.pieces)
        print(f"{drawn}\x1b[0m")


_DARK = "\x1b[0;37;40m"
