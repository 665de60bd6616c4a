"""Another account for the server that this store is joined to (decisions.md 32).

Where the account that joined was removed, or its owner has left, a colleague's account goes on: all
that waits is sent with it, and what the former one wrote keeps its author's id, which the server
knows (after a refusal it goes as null with the name, as any id that a server has not).
"""

from __future__ import annotations

from collections.abc import Callable

from hikma_tui.clinic.actor import Actor
from hikma_tui.clinic.errors import Invalid, Refused
from hikma_tui.clock import wall_ms
from hikma_tui.i18n import _
from hikma_tui.store import Store
from hikma_tui.syncing import join as sync_join
from hikma_tui.syncing import lock as sync_lock
from hikma_tui.syncing import peer as sync_peer
from hikma_tui.syncing import secret as sync_secret
from hikma_tui.syncing.peer import PeerFacts
from hikma_tui.wire.http import Options, never
from hikma_tui.wire.shapes import Account, Credentials


def change(
    store: Store, actor: Actor, email: str, password: str, *, ca_file: str = "", proxy: str = "",
    keep_password: bool = False, cancelled: Callable[[], bool] = never,
) -> PeerFacts:  # fmt: skip
    """Sign in to the joined server, and sync as that account from now on; nothing is sent yet.

    No row changes. The account has to be of the clinic that was joined, or of none. A password that
    was kept is the former account's: it is forgotten, the new one kept only where that is asked.
    ``cancelled`` is asked while the server is.
    ``ca_file`` and ``proxy`` take the place of those that were given before; "" leaves them.

    Raises:
        Refused: No server is joined. Invalid: another clinic's account, a colon in the password.
        Trouble: As ``syncing.join.sign_in``, and BUSY while a sync runs; nothing was changed.
        OSError: the new password could not be kept; the account was changed.
    """
    peer = store.read(sync_peer.active).result()
    if peer is None:
        raise Refused(_("These records are on this computer only: no server is connected."))
    found = sync_join.Found(peer.url, peer.dialect, peer.url.startswith("http:"))
    way = Options(ca_file=ca_file or peer.ca_file, proxy=proxy or peer.proxy, cancelled=cancelled)
    account = sync_join.sign_in(found, Credentials(email, password), way)
    if account.clinic_id and account.clinic_id.lower() != (peer.clinic_id or "").lower():
        said = _("On the server {email} belongs to another clinic.")
        raise Invalid("clinic", said.format(email=account.email))
    with sync_lock.held(store.directory, wall_ms()):
        changed = store.write(_change, actor, peer, account, way).result()
    if sync_secret.kept(store.directory) != password:
        sync_secret.forget(store.directory)
    if keep_password:
        sync_secret.keep(store.directory, password)
    return changed


def _change(actor: Actor, peer: PeerFacts, account: Account, way: Options) -> PeerFacts:
    current = sync_peer.active()
    if current is None or current.id != peer.id:
        raise Refused(_("Somebody else is signed in now. Nothing was changed."))
    former = [one for one in current.more.get("former_users") or () if one != account.user_id]
    if current.user_id not in ("", account.user_id, *former):
        former.append(current.user_id)
    sync_peer.update(
        peer.id,
        email=account.email,
        user_id=account.user_id,
        former_users=former or None,
        ca_file=way.ca_file,
        proxy=way.proxy,
    )
    changes = {
        "email": {"old": current.email, "new": account.email},
        "user_id": {"old": current.user_id, "new": account.user_id},
    }  # fmt: skip
    sync_join.note(actor, "UPDATE", peer.id, changes)
    return sync_peer.active() or current
