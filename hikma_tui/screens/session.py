"""What the screens ask of the app beyond ``base.ClinicApp``, and what it starts with.

``Refused`` is all that a screen has to catch: the app turns the store's errors into it, and
``str()`` of each is a sentence for the user.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol, cast

from hikma_tui import clock
from hikma_tui.clinic import copies, info, pins
from hikma_tui.clinic.actor import Actor, actor_named, users
from hikma_tui.days.words import month_name
from hikma_tui.i18n import _
from hikma_tui.odd_values import Odd
from hikma_tui.screens.base import ClinicApp, ClinicScreen

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@dataclass(frozen=True)
class Facts:
    """What the screens must know of a store from the first paint on; read once, at the start."""

    set_up: bool
    newest_stamp: int
    zone: ZoneInfo | None
    language: str
    bidi: str
    demo: bool
    clinics: dict[str, str]
    server: bool = False  # one is registered
    copied_outside: tuple[int, str] = (0, "")  # when (ms), and onto what (store_places.Place)
    technical_lead: str = ""  # whom errors tell to write to
    pins: bool = False  # somebody has one: nothing of a patient is shown without it
    lock_seconds: int = 300
    copy_failed: bool = False  # the last copy by itself, and no good one came after it


def facts() -> Facts:
    """Read the facts, on the reader's thread."""
    return Facts(
        bool(users()),
        info.number("newest_stamp"),
        info.zone(),
        info.get("language"),
        info.get("bidi", "terminal"),
        info.get("demo") == "1",
        info.clinics(),
        info.has_server(),
        (info.number("copied_outside_at"), info.get("copied_outside_place")),
        info.get("technical_lead"),
        pins.in_use(),
        pins.lock_seconds(),
        copies.failure() is not None,
    )


def begin(user: str) -> tuple[Facts, Actor | None]:
    """The facts, and who acts; None before the set-up. NotFound when nobody can be chosen."""
    found = facts()
    return found, actor_named(user) if found.set_up else None


class Session(ClinicApp, Protocol):
    """The app, as these screens know it."""

    facts: Facts
    first_place: str  # where the first copy elsewhere goes once the clinic is made

    def stop_counting(self) -> None:
        """Stop the count that runs; its awaiting raises Refused."""

    def later(self, function: Callable[..., Any], *arguments: Any) -> None:
        """Save something that nobody waits for (a view in the audit trail)."""

    def state(self) -> tuple[str, str, str]:
        """Clinic, user, and what is not safe: the state line's three texts."""

    async def set_up(self, clinic: str, user: str, zone: str, passphrase: str = "") -> None:
        """Make the store and the clinic, then show the first screen. Raises Refused."""

    def can_encrypt(self) -> bool:
        """Whether a store can be made with a passphrase here."""

    def clock_is_right(self, day: date | None) -> None:
        """Go on with the start, on the day that was given where one was."""

    def to_search(self, typed: str) -> None:
        """Back to the search, with what was typed (decisions.md 35)."""

    def show_sync(self, kind: str) -> None:
        """The screen of the sync, which begins at once with a run of ``kind``."""

    def show_patient(self, patient_id: str, said: str = "") -> None:
        """A patient's file in the place of the screen that is shown, with what there is to say."""

    def sync_told(self, ended: bool) -> None:
        """With ``ended``: read facts and counts again, then tell the screen that is shown."""

    def tell(self, text: str) -> None:
        """Say something on the screen that is shown now."""


def session(screen: ClinicScreen[Any]) -> Session:
    """The app behind a screen."""
    return cast("Session", screen.app)


class PatientSideScreen(ClinicScreen[None]):
    """A screen below the search: letters typed on it are the beginning of the next name."""

    def typed_name(self, character: str) -> bool:
        """A letter goes to the search."""
        session(self).to_search(character)
        return True

    def sync_told(self, ended: bool) -> None:
        """Other records may be there now: what only shows them reads again, in its place."""
        read = getattr(self, "reread", None) or getattr(self, "read_again", None)
        if ended and read is not None:
            self.run_worker(read(), group="read", exclusive=True)


class PatientFile(PatientSideScreen):
    """The file of ``patient_id``, as what is done on it knows it (``patient_more``)."""

    patient_id: str

    async def reread(self) -> None:
        """Show the file as it is now."""
        raise NotImplementedError


class VisitFile(PatientSideScreen):
    """The visit ``visit_id``, "" for a record in none, as ``visit_more`` knows it."""

    visit_id: str

    async def reread(self) -> None:
        """Show the visit as it is now."""
        raise NotImplementedError


def moment_text(ms: int, today: date, zone: ZoneInfo | None) -> str:
    """An absolute moment: ``10:40`` today, else ``20 Nov 10:40``."""
    at = local(ms, zone)
    if at is None:
        return str(ms) if isinstance(ms, Odd) else "?"
    time = at.strftime("%H:%M")
    if at.date() == today:
        return time
    day = _("{day} {month}").format(day=at.day, month=month_name(at.month))
    if at.year != today.year:
        day = _("{day} {month} {year}").format(day=at.day, month=month_name(at.month), year=at.year)
    return f"{day} {time}"


def local(ms: int, zone: ZoneInfo | None) -> datetime | None:
    """The clinic's wall clock at a moment; None for one that no calendar has."""
    try:
        return clock.local(ms, zone)
    except (OverflowError, ValueError, OSError):
        return None


def not_saved(error: Exception) -> str:
    """What a failed save says, and goes on saying."""
    return _("NOT SAVED: {reason}").format(reason=str(error))
