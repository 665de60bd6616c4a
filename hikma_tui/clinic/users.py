"""The people who use these records: adding, naming, removing them, and what each may do.

All of it is an administrator's. What a server sent is changed on the server: a change made here
would be undone by the next sync, so it is refused with that sentence.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hikma_tui.clinic import deletion, info, pins
from hikma_tui.clinic.actor import Actor, users
from hikma_tui.clinic.errors import Invalid, NotAllowed, NotFound, Refused
from hikma_tui.clinic.permissions import Flag, rights
from hikma_tui.clinic.records import checked
from hikma_tui.clinic.saving import Save, live_row
from hikma_tui.i18n import _
from hikma_tui.ids import new_id
from hikma_tui.models import User, UserClinicPermissions, dicts, live
from hikma_tui.text import plain

ROLES = ("registrar", "provider", "admin", "super_admin")
LONGEST_NAME = 200

_OF_ROLE: dict[str, frozenset[Flag]] = {
    "registrar": frozenset({Flag.REGISTER_PATIENTS, Flag.VIEW_HISTORY}),
    "provider": frozenset(
        {
            Flag.REGISTER_PATIENTS,
            Flag.VIEW_HISTORY,
            Flag.EDIT_RECORDS,
            Flag.DOWNLOAD_PATIENT_REPORTS,
            Flag.PRESCRIBE_MEDICATIONS,
            Flag.DISPENSE_MEDICATIONS,
        }
    ),
    "admin": frozenset(Flag),
    "super_admin": frozenset(Flag),
}


@dataclass(frozen=True)
class Person:
    """A user, as an administrator sees them."""

    id: str
    name: str
    role: str
    flags: frozenset[Flag]
    has_pin: bool
    from_server: bool
    administers: bool


def people(actor: Actor) -> list[Person]:
    """Everybody who uses these records, by name, with their flags at the actor's clinic."""
    with_pin = pins.owners()
    found = []
    model = live(User)
    for row in dicts(model.select().order_by(model.name, model.pk)):
        flags = _flags(row["id"], actor.clinic_id)
        master = row["role"] == "super_admin" or Flag.CLINIC_ADMIN in flags
        found.append(
            Person(
                row["id"], row["name"], row["role"], flags, row["id"] in with_pin,
                _from_server(row), master,
            )
        )  # fmt: skip
    return found


def person_named(actor: Actor, wanted: str) -> Person:
    """The one with that name or id. NotFound when there is none, or several of one name."""
    wanted = wanted.strip()
    everyone = people(actor)
    exact = [one for one in everyone if wanted in (one.name, one.id)]
    found = exact or [one for one in everyone if one.name.casefold() == wanted.casefold()]
    if not found:
        raise NotFound(_("There is no user of that name here: {name}").format(name=wanted))
    if len(found) > 1:
        raise NotFound(
            _("Several users have the name {name}: give the id instead ({ids}).").format(
                name=wanted, ids=", ".join(one.id for one in found)
            )
        )
    return found[0]


def add(actor: Actor, name: str, role: str) -> str:
    """A new user of the actor's clinic, with the flags that their role begins with; the id.

    They are let in once an administrator has given them a PIN, where PINs are in use. Two people
    may have one name: the list then shows a part of their ids.
    """
    _master(actor)
    name = _name(name)
    _role(actor, role)
    user_id = new_id()
    flags = {flag.value: flag in _OF_ROLE[role] for flag in Flag}
    with Save(actor) as save:
        row = {"id": user_id, "name": name, "role": role, "clinic_id": actor.clinic_id}
        save.insert(User, checked(User, row))
        save.insert(
            UserClinicPermissions,
            {"user_id": user_id, "clinic_id": actor.clinic_id, "created_by": actor.user_id,
             "last_modified_by": actor.user_id, **flags},
        )  # fmt: skip
    return user_id


def rename(actor: Actor, user_id: str, name: str) -> None:
    """Another name; what they wrote before keeps the name that it was written under."""
    if user_id != actor.user_id:
        _master(actor)
    _own_here(live_row(User, user_id))
    name = _name(name)
    with Save(actor) as save:
        save.update(User, user_id, {"name": name})


def change_role(actor: Actor, user_id: str, role: str) -> None:
    """Another role; the flags stay, except that an administrator gets all of them."""
    _master(actor)
    row = live_row(User, user_id)
    _own_here(row)
    _role(actor, role)
    _not_above(actor, row)
    with Save(actor) as save:
        save.update(User, user_id, {"role": role})
    if role in ("admin", "super_admin"):
        set_flags(actor, user_id, on=tuple(Flag))
    _somebody_stays()


def remove(actor: Actor, user_id: str) -> None:
    """Take a user away: a tombstone, as everywhere; what they wrote stays, under their name.

    Not oneself, and not the last administrator. Their PIN and services are forgotten.
    """
    _master(actor)
    if user_id == actor.user_id:
        raise NotAllowed(_("You can't remove yourself: another administrator can."))
    row = live_row(User, user_id)
    _own_here(row)
    _not_above(actor, row)
    locked = pins.in_use()  # removing who alone has a PIN must not open everything
    deletion.delete(actor, "users", user_id, _("removed"))
    pins.forget(actor, user_id)
    _somebody_stays(locked)


def remove_pin(actor: Actor, user_id: str) -> None:
    """Take a PIN away: one's own, which was shown just now, or as an administrator.

    With the last one everybody is let in again; while others have theirs, who has none is not let
    in, and so an administrator with a PIN must stay. NotAllowed, NotFound, Refused.
    """
    if user_id != actor.user_id:
        _master(actor)
        _not_above(actor, live_row(User, user_id))
    pins.take_away(actor, user_id)
    _somebody_stays()


def set_flags(
    actor: Actor, user_id: str, on: Iterable[Flag] = (), off: Iterable[Flag] = ()
) -> None:
    """Give and take flags at the actor's clinic. The last administrator keeps administering."""
    _master(actor)
    row = live_row(User, user_id)
    _not_above(actor, row)
    wanted = {flag.value: True for flag in on} | {flag.value: False for flag in off}
    kept = [r for r in _permission_rows(user_id) if r["clinic_id"] == actor.clinic_id]
    with Save(actor) as save:
        if kept:
            if _from_server(kept[0]):
                raise NotAllowed(
                    _("What {user} may do comes from the server: change it there.").format(
                        user=row["name"]
                    )
                )
            save.update(
                UserClinicPermissions, kept[0]["id"], {**wanted, "last_modified_by": actor.user_id}
            )
        else:
            save.insert(
                UserClinicPermissions,
                {"user_id": user_id, "clinic_id": actor.clinic_id, "created_by": actor.user_id,
                 **{flag.value: False for flag in Flag}, **wanted},
            )  # fmt: skip
    _somebody_stays()


# -- rules ---------------------------------------------------------------------------------------


def _master(actor: Actor) -> None:
    pins.require_master(
        actor,
        _("{user} is no administrator of this clinic. Nothing was changed.").format(
            user=actor.user_name
        ),
    )


def _name(name: str) -> str:
    """A name that can be read: without controls, and not only of what nobody sees."""
    shown = " ".join(plain(name).replace("·", " ").split())[:LONGEST_NAME]
    if not shown:
        raise Invalid("name", _("The user needs a name."))
    return shown


def _role(actor: Actor, role: str) -> None:
    if role not in ROLES:
        raise Invalid("role", _("The role is one of: {roles}").format(roles=", ".join(ROLES)))
    if role == "super_admin" and actor.role != "super_admin":
        raise NotAllowed(_("Only an administrator of everything can make another one."))


def _not_above(actor: Actor, row: dict[str, Any]) -> None:
    if row["role"] == "super_admin" and actor.role != "super_admin":
        raise NotAllowed(_("Only an administrator of everything can change that user."))


def _own_here(row: dict[str, Any]) -> None:
    if _from_server(row):
        raise NotAllowed(
            _("{user} comes from the server: change it there.").format(user=row["name"])
        )


def _from_server(row: dict[str, Any]) -> bool:
    return row["change_seq"] == 0 and info.has_server()


def _permission_rows(user_id: str) -> list[dict[str, Any]]:
    model = live(UserClinicPermissions)
    return dicts(model.select().where(model.user_id == user_id).order_by(model.pk))


def _flags(user_id: str, clinic_id: str | None) -> frozenset[Flag]:
    rows = [r for r in _permission_rows(user_id) if r["clinic_id"] == clinic_id]
    return frozenset(flag for flag in Flag if any(row[flag.value] for row in rows))


def _somebody_stays(locked: bool | None = None) -> None:
    """Refused, and so undone, when nobody would be left who can let others in. ``locked``: whether
    there were PINs before.
    """
    with_pin, any_pin = pins.owners(), pins.in_use() if locked is None else locked
    for one in users():
        if any_pin and one.user_id not in with_pin:
            continue
        if rights(one).at(Flag.CLINIC_ADMIN, one.clinic_id):
            return
    raise Refused(_("That would leave nobody who administers this clinic. Nothing was changed."))
