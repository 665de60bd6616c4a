"""Who is let in: PINs of users, the recovery code on paper, services' tokens (decisions.md 20).

A hash takes a sixth of a second, so it is worked out between two short transactions: ``begin``
counts the try before it is looked at (a kill can't make it free), ``right`` or ``wrong`` ends it.
No PIN, code or token is in the audit trail, a log or an error; that something was tried in vain,
made or changed, is.

Once there is a PIN, a user without one is not let in: else the lock would open for whoever picks
the right name. The first PIN is therefore an administrator's own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from hikma_tui import clock
from hikma_tui.clinic import audit, info
from hikma_tui.clinic.actor import Actor, users
from hikma_tui.clinic.errors import Invalid, MustWait, NotAllowed, NotFound, NotProven, Refused
from hikma_tui.clinic.permissions import Flag, rights
from hikma_tui.i18n import _
from hikma_tui.ids import new_id
from hikma_tui.models import Proof, connection
from hikma_tui.secrets_kdf import LONGEST, SHORTEST, as_meant, token_hash

RECOVERY = "recovery"
DEFAULT_MINUTES = 5
LOCK_MINUTES = "lock_minutes"

_SERVICE = "service:"
_SESSION = "session:"
_SESSION_MS = 60_000
# Seconds to wait after so many wrong tries in a row; never more than the last, never for ever.
_WAITS = (0, 0, 0, 5, 15, 30, 60, 120, 300)


@dataclass(frozen=True)
class Try:
    """One try that has been counted: whose, and the hash that it is held against."""

    owner: str
    hash: str


@dataclass(frozen=True)
class Service:
    """A service that acts for somebody."""

    id: str
    name: str
    user_name: str
    made_at: int


# What there is ----------------------------------------------------------------------------------


def in_use() -> bool:
    """Whether anybody here has a PIN: then nothing of a patient is shown without one."""
    query = (
        "SELECT 1 FROM proofs WHERE owner = user_id"
        " AND user_id IN (SELECT id FROM live_users) LIMIT 1"
    )
    return connection().execute(query).fetchone() is not None


def owners() -> frozenset[str]:
    """The ids of the users who have a PIN."""
    rows = connection().execute("SELECT owner FROM proofs WHERE owner = user_id")
    return frozenset(row[0] for row in rows)


def has_recovery() -> bool:
    """Whether a recovery code was made and tried."""
    return Proof.get_or_none(Proof.owner == RECOVERY) is not None


def lock_seconds() -> int:
    """How long nobody may type before the screen locks: ``lock_minutes``, else five minutes."""
    text = info.get(LOCK_MINUTES, str(DEFAULT_MINUTES))
    try:
        minutes = float(text)
    except ValueError:
        minutes = DEFAULT_MINUTES
    return max(1, min(24 * 3600, round(minutes * 60)))


# Trying -----------------------------------------------------------------------------------------


def _left(row: Proof, now: int) -> int:
    wait = _WAITS[min(row.tries, len(_WAITS) - 1)]
    past = max(0, now - row.tried_at)
    return int(max(0, wait - past // 1000))


def begin(owner: str) -> Try:
    """Count a try before it is looked at. MustWait when it is too soon, NotProven without a PIN."""
    row = Proof.get_or_none(Proof.owner == owner)
    if row is None:
        raise NotProven(
            _("There is no recovery code.") if owner == RECOVERY
            else _("This user has no PIN on this computer yet: an administrator can give one.")
        )  # fmt: skip
    now = clock.wall_ms()
    if row.tried_at > now:
        # The clock went back: the wait counts from now, or it might never end.
        Proof.update(tried_at=now).where(Proof.owner == owner).execute()
    if (left := _left(row, now)) > 0:
        raise MustWait(left)
    Proof.update(tries=Proof.tries + 1, tried_at=now).where(Proof.owner == owner).execute()
    return Try(owner, row.hash)


def right(actor: Actor, owner: str) -> None:
    """The try was right: what was tried in vain is forgotten, and the trail says who came in."""
    row = Proof.get_or_none(Proof.owner == owner)
    if row is None:
        raise NotFound()
    before = row.tries - 1
    Proof.update(tries=0, tried_at=0).where(Proof.owner == owner).execute()
    _note(actor, "UNLOCK", owner, {"wrong tries before": before} if before > 0 else {})


def wrong(actor: Actor, owner: str) -> int:
    """The try was wrong; the seconds to wait now. ``actor``: who they said they are."""
    row = Proof.get_or_none(Proof.owner == owner)
    if row is None:
        return 0
    _note(actor, "WRONG_PIN", owner, {"wrong tries": row.tries})
    return _left(row, clock.wall_ms())


# Making and changing ----------------------------------------------------------------------------


def check_shape(typed: str) -> None:
    """Invalid when it is too short or too long for a PIN or passphrase."""
    meant = as_meant(typed)
    if len(meant) < SHORTEST:
        raise Invalid("pin", _("A PIN has at least {n} digits or letters.").format(n=SHORTEST))
    if len(meant) > LONGEST:
        raise Invalid("pin", _("That is too long for a passphrase."))


def set_pin(actor: Actor, user_id: str, pin_hash: str) -> None:
    """Give a user a PIN: one's own, or as an administrator of the clinic. The first PIN of all is
    an administrator's own. Who acts has been let in already. NotAllowed, NotFound.
    """
    user = next((one for one in users() if one.user_id == user_id), None)
    if user is None:
        raise NotFound(_("There is no such user here."))
    if user_id != actor.user_id:
        require_master(actor, _("Only an administrator can give somebody else a PIN."))
        if not in_use():
            raise NotAllowed(_("The first PIN is your own: set it, then give others theirs."))
        if user.role == "super_admin" and actor.role != "super_admin":
            raise NotAllowed(_("Only an administrator of everything can change that PIN."))
    elif not in_use():
        require_master(actor, _("The first PIN is an administrator's."))
    _put(actor, user_id, user_id, pin_hash, "own" if user_id == actor.user_id else "given")


def reset_pin(actor: Actor, pin_hash: str) -> None:
    """A new PIN for ``actor``, who has shown the recovery code (``begin(RECOVERY)``). The code is
    used up with it. NotProven when there is none any more.
    """
    if not Proof.delete().where(Proof.owner == RECOVERY).execute():
        raise NotProven(_("There is no recovery code."))
    _note(actor, "SOFT_DELETE", RECOVERY, {"how": "used"})
    _put(actor, actor.user_id, actor.user_id, pin_hash, "by recovery code")


def take_away(actor: Actor, user_id: str) -> None:
    """Forget a user's PIN, and with the last one the recovery code. Who may is asked by
    ``users.remove_pin``, which calls this. NotAllowed, NotFound.
    """
    if user_id != actor.user_id:
        require_master(actor, _("Only an administrator can take somebody else's PIN away."))
    if not Proof.delete().where(Proof.owner == user_id).execute():
        raise NotFound(_("There is no PIN to take away."))
    _note(actor, "SOFT_DELETE", user_id, {"how": "own" if user_id == actor.user_id else "taken"})
    if not in_use() and Proof.delete().where(Proof.owner == RECOVERY).execute():
        _note(actor, "SOFT_DELETE", RECOVERY, {"how": "with the last PIN"})


def set_recovery(actor: Actor, code_hash: str) -> None:
    """Keep a recovery code that was typed once from paper; the one before is worth nothing."""
    require_master(actor, _("Only an administrator can make a recovery code."))
    _put(actor, RECOVERY, "", code_hash, "made")


def set_lock_minutes(actor: Actor, minutes: float) -> None:
    """After how many idle minutes the screen locks, from 0.1 to 60. Invalid, NotAllowed."""
    require_master(actor, _("Only an administrator can change when the screen locks."))
    if not 0.1 <= minutes <= 60:
        raise Invalid(LOCK_MINUTES, _("The minutes are from 0.1 to 60."))
    before = info.get(LOCK_MINUTES, str(DEFAULT_MINUTES))
    info.put(LOCK_MINUTES, f"{minutes:g}")
    change = {"old": before, "new": f"{minutes:g}"}
    now = info.now_ms()
    entry = audit.Entry("UPDATE", "store_info", LOCK_MINUTES, {"value": change})
    audit.append(actor, new_id(now), [entry], now)


def forget(actor: Actor, user_id: str) -> None:
    """A user who is removed is not let in any more, nor are the services that acted for them."""
    require_master(actor, _("Only an administrator can take somebody else's PIN away."))
    gone = list(Proof.select().where(Proof.user_id == user_id))
    for row in gone:
        Proof.delete().where(Proof.owner == row.owner).execute()
        if not row.owner.startswith(_SESSION):
            _note(actor, "SOFT_DELETE", row.owner, {})


def require_master(actor: Actor, sentence: str) -> None:
    """NotAllowed, with that sentence, unless the actor administers their clinic."""
    if not rights(actor).at(Flag.CLINIC_ADMIN, actor.clinic_id):
        raise NotAllowed(sentence)


def _put(actor: Actor, owner: str, user_id: str, kept: str, how: str, name: str = "") -> None:
    action = "CREATE" if Proof.get_or_none(Proof.owner == owner) is None else "UPDATE"
    Proof.delete().where(Proof.owner == owner).execute()
    Proof.insert(
        owner=owner, name=name, hash=kept, user_id=user_id, tries=0, tried_at=0,
        made_at=info.now_ms(), made_by=actor.user_id,
    ).execute()  # fmt: skip
    _note(actor, action, owner, {"how": how} | ({"name": name} if name else {}))


def _note(actor: Actor, action: str, owner: str, changes: Mapping[str, object]) -> None:
    now = info.now_ms()
    audit.append(actor, new_id(now), [audit.Entry(action, "proofs", owner, changes)], now)


# Services and sessions --------------------------------------------------------------------------


def make_service(actor: Actor, name: str, token: str) -> str:
    """A service that acts with the rights of the administrator who makes it; its id. Refused."""
    require_master(actor, _("Only an administrator can make a service."))
    name = name.strip()
    if not name:
        raise Invalid("name", _("The service needs a name."))
    if any(one.name.casefold() == name.casefold() for one in services()):
        raise Refused(_("There is a service of that name already: {name}").format(name=name))
    service_id = new_id()
    _put(actor, f"{_SERVICE}{service_id}", actor.user_id, token_hash(token), "service", name)
    return service_id


def services() -> list[Service]:
    """The services that are let in."""
    names = {one.user_id: one.user_name for one in users()}
    found = Proof.select().where(Proof.owner.startswith(_SERVICE)).order_by(Proof.name)
    return [
        Service(
            row.owner.removeprefix(_SERVICE), row.name, names.get(row.user_id, "?"), row.made_at
        )
        for row in found
    ]


def revoke_service(actor: Actor, name: str) -> None:
    """Let a service in no more. NotFound, NotAllowed."""
    require_master(actor, _("Only an administrator can revoke a service."))
    name = name.strip()
    row = next((s for s in services() if name in (s.id, s.name)), None)
    if row is None:
        raise NotFound(_("There is no service of that name: {name}").format(name=name))
    Proof.delete().where(Proof.owner == f"{_SERVICE}{row.id}").execute()
    _note(actor, "SOFT_DELETE", f"{_SERVICE}{row.id}", {"name": row.name})


def serve(token: str) -> Actor:
    """Who a service acts for, named so that the records say it was the service; the trail has each
    time. NotProven for a token that is not, or no longer, good.
    """
    wanted = token_hash(token)
    row = Proof.get_or_none((Proof.hash == wanted) & Proof.owner.startswith(_SERVICE))
    user = next((one for one in users() if row and one.user_id == row.user_id), None)
    if row is None or user is None:
        raise NotProven(_("This service is not known here, or was revoked."))
    acts = Actor(
        user.user_id, f"{row.name} ({user.user_name})", user.role, user.clinic_id, user.machine_id
    )
    _note(acts, "UNLOCK", row.owner, {"service": row.name})
    return acts


def open_session(actor: Actor, token: str) -> None:
    """Let a program that the unlocked screen starts act as ``actor``: once, within a minute."""
    now = _machine_ms()
    stale = (Proof.made_at < now - _SESSION_MS) | (Proof.made_at > now)
    Proof.delete().where(Proof.owner.startswith(_SESSION) & stale).execute()
    Proof.insert(
        owner=f"{_SESSION}{new_id()}", hash=token_hash(token), user_id=actor.user_id,
        made_at=now, made_by=actor.user_id,
    ).execute()  # fmt: skip


def use_session(token: str) -> Actor:
    """Who the unlocked screen acts as; the token is used up. NotProven."""
    wanted = token_hash(token)
    row = Proof.get_or_none((Proof.hash == wanted) & Proof.owner.startswith(_SESSION))
    now = _machine_ms()
    if row is not None:
        Proof.delete().where(Proof.owner == row.owner).execute()
        user = next((one for one in users() if one.user_id == row.user_id), None)
        if user is not None and abs(now - row.made_at) <= _SESSION_MS:
            return user
    raise NotProven(_("The screen that started this is not unlocked any more."))


def _machine_ms() -> int:
    """The machine's own clock: a day that a person put right in one program is not known to the
    other.
    """
    return time.time_ns() // 1_000_000
