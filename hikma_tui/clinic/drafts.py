"""What has been typed and not saved yet: one draft per user and place, kept until saved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from hikma_tui.clinic import info
from hikma_tui.clinic.actor import Actor
from hikma_tui.ids import is_uuid
from hikma_tui.models import Draft, Event, Patient, live

P = ParamSpec("P")
T = TypeVar("T")
_SESSION = "session"  # in a draft's content: which open screen wrote it
_LEFT = "left "
_BESIDE = re.compile(r"#s[0-9]+$")
_LATELY_MS = 10 * 60_000


@dataclass(frozen=True)
class Kept:
    """A draft, and whose it is about."""

    place: str
    patient_id: str | None
    patient_name: str
    content: dict[str, Any]
    updated_at: int


@dataclass(frozen=True)
class Hold:
    """One open screen's hold on the draft at ``place``.

    The same answers can be open twice, here or in another program. What each types is marked with
    its own ``token`` and never goes over what the other typed: the later one is kept beside it, at
    ``place#s2``. ``adopted`` is the mark of the draft that the screen goes on with.
    """

    place: str
    token: str = ""
    adopted: str = ""
    left: bool = False  # the screen was left: from now on the draft is anybody's to go on with

    @property
    def mark(self) -> str:
        """What a draft is marked with."""
        return f"{_LEFT}{self.token}" if self.left else self.token

    @property
    def mine(self) -> frozenset[str]:
        """The marks of drafts that this screen may write over and forget."""
        return frozenset((self.token, f"{_LEFT}{self.token}", self.adopted))


def plain_place(place: str) -> str:
    """The place without the number of a draft that is kept beside another."""
    return _BESIDE.sub("", place)


def _mark(row: Draft) -> str:
    return str(row.content.get(_SESSION) or "")


def _family(actor: Actor, place: str) -> list[Draft]:
    """The drafts at a place and beside it, in the order of their numbers."""
    plain = plain_place(place)
    where = (Draft.place == plain) | ((Draft.place > f"{plain}#s") & (Draft.place < f"{plain}#t"))
    rows = list(Draft.select().where((Draft.user_id == actor.user_id) & where))
    rows = [row for row in rows if plain_place(row.place) == plain]
    return sorted(rows, key=lambda row: (len(row.place), row.place))


def _free(place: str, rows: list[Draft]) -> str:
    plain, taken = plain_place(place), {row.place for row in rows}
    beside = (f"{plain}#s{number}" for number in range(2, len(rows) + 3))
    return next(spot for spot in (place, plain, *beside) if spot not in taken)


def begin(
    actor: Actor, place: str, token: str, alive: Callable[[str], bool]
) -> tuple[Hold, dict[str, Any]]:
    """What a screen that opens goes on with: a draft at ``place`` or beside it, and its hold.

    Not one that another session wrote in the last minutes and, as ``alive`` says of its mark, goes
    on writing: then an empty place beside it.
    """
    rows = _family(actor, place)
    for row in sorted(rows, key=lambda row: row.place != place):
        lately = abs(info.now_ms() - row.updated_at) < _LATELY_MS
        if not (lately and alive(_mark(row))):
            return Hold(row.place, token, _mark(row)), dict(row.content)
    return Hold(_free(place, rows), token), {}


def keep(
    actor: Actor, place: str | Hold, patient_id: str | None, content: Mapping[str, Any]
) -> None:
    """Keep what has been typed at ``place``, over what was kept there before.

    With a hold: over what the same screen kept, beside what another one did.
    """
    content = dict(content)
    if isinstance(place, Hold):
        hold, rows = place, _family(actor, place.place)
        own = [row.place for row in rows if _mark(row) in hold.mine]
        place = own[0] if own else _free(hold.place, rows)
        if hold.place in own:
            place = hold.place
        content[_SESSION] = hold.mark
    row = {
        "user_id": actor.user_id, "place": place, "patient_id": patient_id,
        "content": content, "updated_at": info.now_ms(),
    }  # fmt: skip
    Draft.insert(row).on_conflict(
        conflict_target=[Draft.user_id, Draft.place],
        preserve=[Draft.patient_id, Draft.content, Draft.updated_at],
    ).execute()


def at(actor: Actor, place: str) -> dict[str, Any] | None:
    """What the actor had typed at ``place`` or beside it, if anything."""
    rows = _family(actor, place)
    return dict(rows[0].content) if rows else None


def discard(actor: Actor, place: str | Hold) -> None:
    """Forget the draft at ``place``: it was saved, or the user said so. With a hold: only its own,
    wherever that was kept.
    """
    of_user = Draft.user_id == actor.user_id
    places = [place]
    if isinstance(place, Hold):
        hold = place
        places = [row.place for row in _family(actor, hold.place) if _mark(row) in hold.mine]
    Draft.delete().where(of_user & Draft.place.in_(places)).execute()


def saved(
    actor: Actor, place: str | Hold, save: Callable[P, T], *arguments: P.args, **named: P.kwargs
) -> T:
    """Run a save and forget the draft that it came from, in the same transaction.

    Done apart, a power cut between the two would offer the draft of what is saved already, and a
    patient would be registered twice.
    """
    result = save(*arguments, **named)
    discard(actor, place)
    return result


def changed_event(place: str) -> str:
    """The id of the event that a draft at ``place`` changes; empty for new answers."""
    last = plain_place(place).rpartition(":")[2] if place.startswith("event:") else ""
    return last if is_uuid(last) else ""


def waiting(actor: Actor) -> list[Kept]:
    """The actor's drafts, newest first; none of a patient who is deleted, nor a change of a note
    that is: they could not be saved, and are back after an undo.
    """
    found = []
    events = live(Event)
    drafts = Draft.select().where(Draft.user_id == actor.user_id).order_by(Draft.updated_at.desc())
    patients = live(Patient)
    for draft in drafts:
        name = ""
        event_id = changed_event(draft.place)
        if event_id and events.get_or_none(events.id == event_id) is None:
            continue
        if draft.patient_id:
            patient = patients.get_or_none(patients.id == draft.patient_id)
            if patient is None:
                continue
            name = " ".join(part for part in (patient.given_name, patient.surname) if part)
        found.append(Kept(draft.place, draft.patient_id, name, draft.content, draft.updated_at))
    return found
