"""What the search takes and gives back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

PAGE = 50
"""Rows of a list, unless the caller wants more."""


class Level(StrEnum):
    """How good a match is, best first."""

    EXACT = "exact"  # every word is a whole word of the name, an id, a phone, a birth date
    NAME = "name"  # every word begins a word of the name
    ANY = "any"  # every word begins something: place, id, phone part, year, age
    SPELLED = "spelled"  # the same name in another spelling or script, or a part of a name
    FORGIVEN = "forgiven"  # a typing error was forgiven: stands below the line


class Matched(StrEnum):
    """What of a patient matched, when the name alone does not show it."""

    SPELLED = "spelled"
    FORGIVEN = "forgiven"
    PHONE = "phone"
    CARD = "card"  # external_patient_id
    GOVERNMENT_ID = "government_id"
    BORN = "born"
    AGE = "age"
    CAMP = "camp"
    HOMETOWN = "hometown"
    OTHER = "other"  # another search field of the registration form


@dataclass(frozen=True)
class Why:
    """Why a row matched: what, and the text of the patient that did (as stored)."""

    matched: Matched
    text: str


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to. Ages are whole years on the day asked, both ends included."""

    sex: str | None = None
    age_from: int | None = None
    age_to: int | None = None
    clinic_id: str | None = None


@dataclass(frozen=True)
class Sight:
    """Whose patients may be seen: None all; else those of these clinics and of no clinic."""

    clinic_ids: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Hit:
    """A found patient, with what a row of a list shows. ``seen`` is UTC milliseconds."""

    pk: int
    id: str
    level: Level
    why: Why | None
    given_name: str
    surname: str
    sex: str
    date_of_birth: str
    birth_date_estimated: bool
    external_patient_id: str
    government_id: str
    phone: str
    camp: str
    hometown: str
    primary_clinic_id: str
    seen: int

    @property
    def forgiving(self) -> bool:
        """Whether it stands below the line."""
        return self.level is Level.FORGIVEN


@dataclass(frozen=True)
class Found:
    """A page of hits, best first. ``full`` says that there may be more than the page holds."""

    hits: Sequence[Hit] = ()
    full: bool = False


class Reason(StrEnum):
    """Why a patient may be the one being registered."""

    SAME_NAME = "same_name"
    NAMES_SWAPPED = "names_swapped"
    SIMILAR_NAME = "similar_name"
    SAME_BIRTH = "same_birth"
    NEAR_BIRTH = "near_birth"
    SAME_PHONE = "same_phone"
    SAME_GOVERNMENT_ID = "same_government_id"
    SAME_HOMETOWN = "same_hometown"


@dataclass(frozen=True)
class Draft:
    """A patient being registered, as far as known. Empty text means not known."""

    given_name: str = ""
    surname: str = ""
    date_of_birth: date | None = None
    sex: str = ""
    phone: str = ""
    government_id: str = ""
    hometown: str = ""


@dataclass(frozen=True)
class Alike:
    """A likely duplicate; a higher ``score`` is likelier (an equal government id is 100)."""

    hit: Hit
    score: int
    reasons: Sequence[Reason] = field(default=())
    same_government_id: bool = False

    @property
    def primary_clinic_id(self) -> str:
        """Where the file is, for those who may not see more than that."""
        return self.hit.primary_clinic_id
