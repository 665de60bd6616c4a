"""Registration forms and event forms as one shape: parsing, answers, validation. Pure.

A form comes as upstream's JSON (features.md 2.3) in any of its old shapes and leaves as a ``Form``.
What is typed is an ``Answers`` map by field id; what is stored is upstream's exact ``form_data`` or
patient columns and attributes. Nothing here knows the database or the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Translations = Mapping[str, str]


class Kind(StrEnum):
    """What a field asks for, and so how it is shown."""

    TEXT = "text"
    LONG_TEXT = "long_text"
    NUMBER = "number"
    DATE = "date"
    BIRTH = "birth"  # patients.date_of_birth: a date, an age, or unknown
    SELECT = "select"  # one of the options
    MULTISELECT = "multiselect"  # several of the options
    RADIO = "radio"  # one of the options, all in sight
    CHECKBOX = "checkbox"  # registration: several options; event: a single tick
    YES_NO = "yes_no"
    CLINIC = "clinic"  # patients.primary_clinic_id
    DIAGNOSIS = "diagnosis"  # free text in this issue: [{code, desc}]
    MEDICINE = "medicine"  # [{name, dose, ...}]
    TEXT_BLOCK = "text_block"  # display only
    SEPARATOR = "separator"  # display only
    UNKNOWN = "unknown"  # a type not rendered yet: its raw value is shown and kept


DISPLAY_ONLY = frozenset({Kind.TEXT_BLOCK, Kind.SEPARATOR})


@dataclass(frozen=True)
class Option:
    """One choice: what is stored, and what is shown in each language."""

    value: str
    label: Translations
    id: str = ""


@dataclass(frozen=True)
class Field:
    """One question of a form."""

    id: str
    kind: Kind
    name: str  # the untranslated name: form_data.name, or the registration label in English
    label: Translations
    description: Translations = field(default_factory=dict)
    required: bool = False
    options: tuple[Option, ...] = ()
    units: tuple[str, ...] = ()
    content: Translations = field(default_factory=dict)  # of a text block
    position: int = 0
    column: str = ""  # registration: the patients column or the attribute's name
    base: bool = False  # registration: stored in patients, not as an attribute
    search: bool = False
    summary: bool = False
    field_type: str = ""  # upstream's fieldType, stored with every answer
    input_type: str = ""  # upstream's inputType, stored with every answer
    raw: Mapping[str, object] = field(default_factory=dict)  # as it came

    @property
    def asks(self) -> bool:
        """Whether an answer can be given at all (text blocks and separators ask nothing)."""
        return self.kind not in DISPLAY_ONLY


@dataclass(frozen=True)
class Form:
    """A form to fill."""

    id: str
    name: Translations
    fields: tuple[Field, ...]
    description: Translations = field(default_factory=dict)
    language: str = "en"
    editable: bool = True
    clinic_ids: tuple[str, ...] = ()  # empty: every clinic


# An answer as the screen holds it, by Kind:
#   TEXT, LONG_TEXT, NUMBER, SELECT, RADIO, CLINIC  str (SELECT/RADIO: the option's stored value)
#   DATE                                            str "YYYY-MM-DD"
#   BIRTH                                           str "YYYY-MM-DD", or "~YYYY-MM-DD" when estimated
#   MULTISELECT, registration CHECKBOX              list[str] of stored values
#   YES_NO, event CHECKBOX                          bool
#   DIAGNOSIS, MEDICINE                             list[dict[str, object]] in upstream's shape
#   UNKNOWN                                         whatever came
# Not answered is "" or None or [].
Answer = object
Answers = dict[str, Answer]
