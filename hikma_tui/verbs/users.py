"""The verb ``users``: who uses these records, what they may do, PINs, services (docs/lock.md)."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from hikma_tui.clinic import pins, users
from hikma_tui.clinic.actor import Actor, actor_named
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.permissions import Flag
from hikma_tui.clinic.users import Person
from hikma_tui.i18n import _
from hikma_tui.secrets_kdf import as_meant, code_as_meant, hashed, new_code, new_token
from hikma_tui.store import Store
from hikma_tui.verbs.codes import OK, USAGE
from hikma_tui.verbs.errors import say_there, tell
from hikma_tui.verbs.lock import ask, first_line, prove
from hikma_tui.verbs.store import acting, opened, say

_NO_NAME = frozenset({"list", "recovery", "services"})


def run(options: argparse.Namespace) -> int:
    """Do what was asked with the users."""
    if options.action not in _NO_NAME and not options.words:
        tell(_("say whom: users {action} NAME").format(action=options.action))
        return USAGE
    if options.action == "pin" and options.recovery:
        with opened(options) as store:
            return _by_recovery(store, options)
    done: Mapping[str, Callable[[Store, Actor, argparse.Namespace], int]] = {
        "list": _list, "add": _add, "rename": _rename, "role": _role, "remove": _remove,
        "flags": _flags, "pin": _pin, "recovery": _recovery, "service": _service,
        "services": _services, "revoke": _revoke, "lock-minutes": _minutes,
    }  # fmt: skip
    with opened(options) as store:
        return done[options.action](store, acting(store, options), options)


# Users ------------------------------------------------------------------------------------------


def _list(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    everyone = store.read(users.people, actor).result()
    if options.json:
        told = [
            {
                "id": one.id, "name": one.name, "role": one.role, "pin": one.has_pin,
                "server": one.from_server, "flags": [f.value for f in Flag if f in one.flags],
            }
            for one in everyone
        ]  # fmt: skip
        print(json.dumps(told, ensure_ascii=False))
        return OK
    for one in everyone:
        pin = _("PIN") if one.has_pin else _("no PIN")
        server = "  " + _("from the server") if one.from_server else ""
        say(f"{one.id}  {one.role}  {pin}{server}  {one.name}")
        say("    " + (" ".join(f.value for f in Flag if f in one.flags) or _("no permissions")))
    return OK


def _person(store: Store, actor: Actor, options: argparse.Namespace) -> Person:
    return store.read(users.person_named, actor, options.words[0]).result()


def _add(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    name = " ".join(options.words)
    user_id = store.write(users.add, actor, name, options.role).result()
    say(user_id)
    if store.read(pins.in_use).result():
        say_there(_("They are let in once they have a PIN: hikma-tui users pin {id}").format(
            id=user_id))  # fmt: skip
    if len([one for one in store.read(users.people, actor).result() if one.name == name]) > 1:
        say_there(_("There is another user of that name: both are shown with a part of their id."))
    return OK


def _rename(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    if len(options.words) != 2:
        tell(_("say both names: users rename NAME NEWNAME"))
        return USAGE
    one = _person(store, actor, options)
    store.write(users.rename, actor, one.id, options.words[1]).result()
    return OK


def _role(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    one = _person(store, actor, options)
    store.write(users.change_role, actor, one.id, options.role).result()
    return OK


def _remove(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    one = _person(store, actor, options)
    store.write(users.remove, actor, one.id).result()
    say(_("{user} is removed; what they wrote stays.").format(user=one.name))
    return OK


def _flags(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    known = {flag.value: flag for flag in Flag}
    given = options.words[1:]
    wrong = [word for word in given if word[:1] != "+" or word[1:] not in known]
    if wrong:
        tell(_("no such flag: {word}. They are: {flags}").format(
            word=wrong[0], flags=" ".join(known)))  # fmt: skip
        return USAGE
    one = _person(store, actor, options)
    on, off = [known[word[1:]] for word in given], [known[word] for word in options.off or ()]
    if on or off:
        store.write(users.set_flags, actor, one.id, on, off).result()
        one = store.read(users.person_named, actor, one.id).result()
    say(*(f"{'+' if flag in one.flags else '-'}{flag.value}" for flag in Flag))
    return OK


# PINs -------------------------------------------------------------------------------------------


def _pin(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    one = _person(store, actor, options)
    if options.remove:
        store.write(users.remove_pin, actor, one.id).result()
        say(_("{user} has no PIN any more.").format(user=one.name))
        if not store.read(pins.in_use).result():
            say_there(_("No PIN is left: whoever has this computer sees everything."))
        return OK
    first = not store.read(pins.in_use).result()
    typed = _new_pin(options, one.name)
    store.write(pins.set_pin, actor, one.id, hashed(typed)).result()
    say(_("{user} has a new PIN.").format(user=one.name))
    if one.from_server:
        say_there(_("It holds on this computer only; the server's password stays as it is."))
    if first:
        say_there(_("From now on nothing of a patient is shown here without a PIN."))
    if not store.read(pins.has_recovery).result():
        if _somebody_is_there():
            return _recovery(store, actor, options)
        say_there(_("There is no recovery code yet: hikma-tui users recovery"))
    return OK


def _new_pin(options: argparse.Namespace, name: str) -> str:
    """What the PIN is to be. Invalid when it is too short, or was not typed the same twice."""
    if options.new_pin_fd is not None:
        typed = first_line(options.new_pin_fd)
    else:
        typed = ask(_("New PIN of {user}: ").format(user=name))
        pins.check_shape(typed)
        if as_meant(ask(_("Once more: "))) != as_meant(typed):
            raise Invalid("pin", _("The two were not the same. Nothing was changed."))
    pins.check_shape(typed)
    return typed


def _recovery(store: Store, actor: Actor, _options: argparse.Namespace) -> int:
    """Show a code, and keep it once it was typed from the paper."""
    store.read(
        pins.require_master, actor, _("Only an administrator can make a recovery code.")
    ).result()
    if not _somebody_is_there():
        raise Refused(_("A recovery code is shown on a terminal only."))
    code = new_code()
    for line in (
        _("The recovery code. Write it on paper, and keep the paper away from this computer."),
        _("It gives a new PIN to whoever has forgotten theirs. It is not shown again."), "",
        f"    {code}", "",
    ):  # fmt: skip
        say_there(line)
    for _again in range(5):
        typed = getpass.getpass(_("Type it once, from the paper: "))
        if code_as_meant(typed) == code_as_meant(code):
            store.write(pins.set_recovery, actor, hashed(code_as_meant(code))).result()
            say_there(_("It is right, and kept as a hash alone."))
            return OK
        say_there(_("That is not the code."))
    raise Refused(_("The code was not kept. Again: hikma-tui users recovery"))


def _somebody_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _by_recovery(store: Store, options: argparse.Namespace) -> int:
    """Who has forgotten the PIN shows the code from the paper instead."""
    actor = store.read(actor_named, options.words[0]).result()
    pin_fd = getattr(options, "pin_fd", None)
    code = first_line(pin_fd) if pin_fd is not None else ask(_("Recovery code: "))
    prove(store, actor, pins.RECOVERY, code)
    store.write(pins.reset_pin, actor, hashed(_new_pin(options, actor.user_name))).result()
    say(_("{user} has a new PIN.").format(user=actor.user_name))
    say_there(_("The recovery code is used up. A new one: hikma-tui users recovery"))
    return OK


def _minutes(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    try:
        minutes = float(as_meant(options.words[0]))
    except ValueError:
        tell(_("the minutes are a number"))
        return USAGE
    store.write(pins.set_lock_minutes, actor, minutes).result()
    return OK


# Services ---------------------------------------------------------------------------------------


def _service(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    """Make a service; its token goes into a new file of mode 0600 and is nowhere else."""
    if not options.file:
        tell(_("say where its token is to lie: users service NAME --file F"))
        return USAGE
    name, token, path = " ".join(options.words), new_token(), Path(options.file)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            os.fchmod(descriptor, 0o600)
            file.write(token + "\n")
            file.flush()
            os.fsync(descriptor)
        store.write(pins.make_service, actor, name, token).result()
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    say(_("The service {name} acts for {user}, with --service-file {path}").format(
        name=name, user=actor.user_name, path=path))  # fmt: skip
    return OK


def _services(store: Store, _actor: Actor, _options: argparse.Namespace) -> int:
    for one in store.read(pins.services).result():
        say(f"{one.id}  {one.name}  ({one.user_name})")
    return OK


def _revoke(store: Store, actor: Actor, options: argparse.Namespace) -> int:
    name = " ".join(options.words)
    store.write(pins.revoke_service, actor, name).result()
    say(_("The service {name} is let in no more.").format(name=name))
    return OK
