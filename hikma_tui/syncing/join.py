"""Pointing this store at a server: look, sign in, plan, yes, backup, join; and leaving again.

    found = look(text)                      what answers at the pasted address
    account = sign_in(found, credentials)   who the server says it is, and that it may sync
    made = plan(store, actor, found, account)
    done = join(store, made, actor)         after a person's yes

``look`` and ``sign_in`` use the network and no store; ``plan`` only reads; ``join`` makes a copy
of the store and then does everything in one transaction, so that a power cut leaves either the
clinic as it was or a joined one (decisions.md 28). Nothing is sent before the first sync.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hikma_tui import search
from hikma_tui.clinic import audit, info, server_aside, server_words
from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clinic.permissions import Flag, require
from hikma_tui.clock import wall_ms
from hikma_tui.i18n import _
from hikma_tui.ids import new_id
from hikma_tui.models import Clinic, User, connection
from hikma_tui.store import Store
from hikma_tui.syncing import home as sync_home
from hikma_tui.syncing import join_others as sync_join_others
from hikma_tui.syncing import join_rows as sync_join_rows
from hikma_tui.syncing import lock as sync_lock
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing.join_plan import Found, Plan, Stay, make, refuse
from hikma_tui.wire.http import Options
from hikma_tui.wire.shapes import Account, Credentials, Kind, Trouble

__all__ = [
    "Found", "Joined", "Left", "Plan", "Stay", "join", "leave", "look", "may_leave",
    "plan", "refuse", "sign_in",
]  # fmt: skip

ASK_FIRST = "nobody said yes to http"  # a PLAIN_HTTP that a person's yes would mend

Progress = Callable[[str, int, int], None]
"""Told a step ("backup", "rows", "index"), how many are done, of how many (0: unknown)."""


def _silent(_step: str, _done: int, _total: int) -> None:
    pass


@dataclass(frozen=True)
class Joined:
    """A join that is done. ``actor`` is who acts from now on: the same person, the server's id."""

    actor: Actor
    peer_id: str
    backup: Path
    password_kept: bool


@dataclass(frozen=True)
class Left:
    """A server that was left."""

    url: str
    backup: Path
    rows: int  # live rows that no server is known to have any more
    conflicts: int  # open questions that were closed


# The network -----------------------------------------------------------------------------------


def look(text: str, *, plain_http: bool = False, options: Options | None = None) -> Found:
    """What answers at the address in ``text`` (the text of the portal's QR code, wire.md A1).

    Without TLS only with ``plain_http``, a person's explicit yes, and only to this machine or a
    private network. Trouble, with its kind.
    """
    from hikma_tui.wire import probe, qr

    code = qr.read(text)
    if code.plain and not plain_http:
        raise Trouble(Kind.PLAIN_HTTP, ASK_FIRST)
    return Found(code.url, probe.look(code.url, options or Options()), code.plain)


def sign_in(found: Found, credentials: Credentials, options: Options | None = None) -> Account:
    """Who the server says the credentials are, and that they may sync. Invalid for a password or
    an address that can't ever work; Trouble.

    A sign-in is not enough: the sync shows its credentials in another way, which the server reads
    by other rules (wire.md A3), so one request of that way is made too.
    """
    from hikma_tui.wire.door import open_server

    if not credentials.email.strip() or not credentials.password:
        raise Invalid("email", _("The server wants an e-mail and a password."))
    if ":" in credentials.email:
        raise Invalid("email", _("An e-mail has no colon in it."))
    if ":" in credentials.password:
        raise Invalid(
            "password",
            _(
                "This password has a colon (:). The server lets it sign in but never sync, so"
                " records would never arrive. Let the administrator change the password."
            ),
        )
    with open_server(found.url, found.dialect, credentials, options or Options()) as server:
        try:
            account = server.sign_in()
        except Trouble as trouble:
            if trouble.kind is not Kind.UNAUTHORIZED:
                raise
            # v3 says no more than "invalid credentials"; nobody was signed in yet
            raise Trouble(Kind.WRONG_PASSWORD, trouble.detail, status=trouble.status) from trouble
        server.alive()
    return account


# The store -------------------------------------------------------------------------------------


def plan(
    store: Store, actor: Actor, found: Found, account: Account, *, clinic_id: str = "",
    options: Options | None = None,
) -> Plan:  # fmt: skip
    """What joining would do. Refused, NotAllowed, Invalid ("clinic") where it can't be done."""
    chosen = options or Options()
    return store.read(
        make, actor, found, account, store.path, clinic_id,
        ca_file=chosen.ca_file, proxy=chosen.proxy,
    ).result()  # fmt: skip


def join(
    store: Store, made: Plan, actor: Actor, *, keep_password: str = "", progress: Progress = _silent
) -> Joined:
    """Copy the store, then join, in one transaction. Refused, StoreError: then nothing changed.

    ``keep_password`` is kept beside the store for unattended syncs, only where it is given.
    """
    store.read(_still, made, actor).result()
    if sync_join_others.have_it_open(store.path):
        raise Refused(
            _(
                "Another program on this computer has these records open: close it first, or what"
                " is being typed there could not be saved. Nothing was changed."
            )
        )
    progress("backup", 0, 0)
    copy = store.backup("before-join")
    joined, peer_id = store.write(_join, made, actor, progress).result()
    store.write(sync_home.settle, store.directory).result()
    kept = False
    if keep_password:
        try:
            sync_secret.keep(store.directory, keep_password)
            kept = True
        except OSError:
            kept = False  # the join is done all the same; the next sync asks
    return Joined(joined, peer_id, copy, kept)


def _still(made: Plan, actor: Actor) -> None:
    """Refused when what the plan was made for is not so any more."""
    refuse(actor)
    if (actor.user_id, actor.clinic_id) != (made.old_user_id, made.old_clinic_id):
        raise Refused(_("Somebody else is signed in now. Nothing was changed."))


def _join(made: Plan, actor: Actor, progress: Progress) -> tuple[Actor, str]:
    _still(made, actor)
    account, now = made.account, info.now_ms()
    seq = info.number("change_seq") + 1
    sync_join_rows.rewrite("clinics", made.old_clinic_id, made.clinic_id, progress)
    sync_join_rows.rewrite("users", made.old_user_id, account.user_id, progress)
    user = {
        "name": account.name or made.old_user_name, "role": account.role,
        "email": account.email, "clinic_id": made.clinic_id,
    }  # fmt: skip
    clinic = {"name": made.clinic_name}
    become = sync_join_rows.become
    told = {
        "clinic": become(Clinic, made.old_clinic_id, made.clinic_id, clinic),
        "user": become(User, made.old_user_id, account.user_id, user),
        "permissions_taken_away": sync_join_rows.one_permission_each(),
    }
    sync_join_rows.mark_unsent(seq, {Clinic: made.clinic_id, User: account.user_id})
    peer = sync_peer.put(
        made.found.url, dialect=made.found.dialect, email=account.email, user_id=account.user_id,
        clinic_id=made.clinic_id, now=now, name=made.clinic_name, ca_file=made.ca_file,
        proxy=made.proxy,
    )  # fmt: skip
    # Whatever was known of this server in an earlier life: everything is pulled anew.
    sync_peer.update(peer.id, watermark=0, full_at=0, east_from=None, joined_at=now)
    _rebuild(progress)
    joined = Actor(account.user_id, user["name"], account.role, made.clinic_id, actor.machine_id)
    changes = {
        "joined": made.found.url, "dialect": made.found.dialect,
        "clinic_id": {"old": made.old_clinic_id, "new": made.clinic_id},
        "user_id": {"old": made.old_user_id, "new": account.user_id}, "rows": told,
    }  # fmt: skip
    _note(joined, "CREATE", peer.id, changes, now)
    info.put("change_seq", seq)
    return joined, peer.id


def _rebuild(progress: Progress) -> None:
    """The index names each patient's clinic, which is another one now. Nobody waits any more."""
    search.rebuild(connection(), lambda done, total: progress("index", done, total))
    connection().execute("DELETE FROM index_waiting")
    _forget_runs()


def _forget_runs() -> None:
    """What a run with another server left half done is nothing for the next one."""
    connection().execute(
        "DELETE FROM store_info WHERE key IN ('sync_spool', 'index_all', 'suggesting')"
        " OR key LIKE 'sync#_not#_there:%' ESCAPE '#'"
    )
    server_aside.forget()


def _note(actor: Actor, action: str, peer_id: str, changes: Mapping[str, Any], now: int) -> None:
    plain = json.loads(json.dumps(changes, default=str))
    audit.append(actor, new_id(now), [audit.Entry(action, "peers", peer_id, plain)], now)
    info.put("newest_stamp", now)


def note(actor: Actor, action: str, peer_id: str, changes: Mapping[str, Any]) -> None:
    """An entry in the audit trail about the server. In the caller's transaction."""
    _note(actor, action, peer_id, changes, info.now_ms())


_KEPT = ("url", "dialect", "clinic_id", "joined_at")  # of a server that was left

# Leaving ---------------------------------------------------------------------------------------


def leave(store: Store, actor: Actor) -> Left:
    """Leave the server, after a copy of the store. Refused, NotAllowed, StoreError.

    All rows stay, with the ids that they have; each live one is unsent for a server that is joined
    later. Open conflicts are closed with a note and keep our version; the kept password
    is forgotten. Nothing is sent, and nothing is taken from the server.
    """
    store.read(may_leave, actor).result()
    if sync_join_others.have_it_open(store.path):
        raise Refused(
            _(
                "Another program on this computer has these records open: close it first, or it"
                " would go on as if the server were still there. Nothing was changed."
            )
        )
    try:
        with sync_lock.held(store.directory, wall_ms()):
            copy = store.backup("before-leave")
            url, rows, conflicts = store.write(_leave, actor).result()
    except Trouble as trouble:
        raise Refused(server_words.trouble(trouble.kind)) from trouble
    sync_secret.forget(store.directory)
    return Left(url, copy, rows, conflicts)


def may_leave(actor: Actor) -> sync_peer.PeerFacts:
    """The server that would be left. Refused without one, NotAllowed."""
    peer = sync_peer.active()
    if peer is None:
        raise Refused(_("These records are on this computer only: no server is connected."))
    require(actor, Flag.CLINIC_ADMIN, actor.clinic_id)
    return peer


def _leave(actor: Actor) -> tuple[str, int, int]:
    peer = may_leave(actor)
    now, rows = info.now_ms(), connection()
    seq = info.number("change_seq") + 1
    note = json.dumps({"note": "left the server", "url": peer.url})
    closed = rows.execute(
        "UPDATE conflicts SET resolved_at = ?, resolved_by = ?, choice = ?"
        " WHERE resolved_at IS NULL",
        (now, actor.user_id, note),
    ).rowcount
    states = dict(
        rows.execute("SELECT state, count(*) FROM peer_rows WHERE peer_id = ? GROUP BY state",
                     (peer.id,)).fetchall()
    )  # fmt: skip
    rows.execute("DELETE FROM peer_rows WHERE peer_id = ?", (peer.id,))
    before = connection().total_changes
    sync_join_rows.mark_unsent(seq, {})
    unsent = connection().total_changes - before
    half_done = info.get("index_all") or rows.execute("SELECT 1 FROM index_waiting").fetchone()
    if half_done or search.stale(rows):
        _rebuild(_silent)  # no sync will do it
    _forget_runs()
    sync_peer.leave(peer.id, now)
    kept = {name: peer.more[name] for name in _KEPT if name in peer.more}
    rows.execute("UPDATE peers SET metadata = ? WHERE id = ?", (json.dumps(kept), peer.id))
    changes = {"left": peer.url, "marks": states, "conflicts_closed": closed}
    _note(actor, "UPDATE", peer.id, changes, now)
    info.put("change_seq", seq)
    return peer.url, unsent, closed
