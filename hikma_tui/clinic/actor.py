"""Who acts, and on which machine: the first argument of every function in ``clinic``."""

from __future__ import annotations

from dataclasses import dataclass

from hikma_tui.clinic import info
from hikma_tui.clinic.errors import NotFound
from hikma_tui.i18n import _
from hikma_tui.models import User, live


@dataclass(frozen=True)
class Actor:
    """A user of this store at this machine (decisions.md 8)."""

    user_id: str
    user_name: str
    role: str
    clinic_id: str | None
    machine_id: str


def _actor(user: User) -> Actor:
    return Actor(user.id, user.name, user.role, user.clinic_id, info.get("machine_id"))


def users() -> list[Actor]:
    """Every live user of this store, in the order of their names."""
    model = live(User)
    return [_actor(user) for user in model.select().order_by(model.name, model.pk)]


def _chosen(everyone: list[Actor], wanted: str) -> Actor:
    """The one who is meant: exactly that name or id, else that name in any case."""
    exact = [a for a in everyone if wanted in (a.user_name, a.user_id)]
    found = exact or [a for a in everyone if a.user_name.casefold() == wanted.casefold()]
    if not found:
        raise NotFound(_("There is no user of that name here: {name}").format(name=wanted))
    if len(found) > 1:
        raise NotFound(
            _("Several users have the name {name}: give the id instead ({ids}).").format(
                name=wanted, ids=", ".join(a.user_id for a in found)
            )
        )
    return found[0]


def actor_named(name: str = "") -> Actor:
    """The user with that name or id; without a name the store's only or last user.

    Raises NotFound with a sentence that says what to do.
    """
    everyone = users()
    if name:
        return _chosen(everyone, name.strip())
    last = info.get("last_user_id")
    for actor in everyone:
        if actor.user_id == last or len(everyone) == 1:
            return actor
    if not everyone:
        raise NotFound(_("There is no clinic here yet. Start with: hikma-tui init"))
    raise NotFound(_("Several people use these records: say who you are with --user NAME."))
