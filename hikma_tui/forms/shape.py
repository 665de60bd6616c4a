"""The one shape of registration forms and event forms, and of the answers to them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

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
    stored: object = None  # what upstream stores for it when that is no text: 1, true


@dataclass(frozen=True)
class MedicineChoices:
    """What a medicine field offers for the parts of an entry; empty: the form says nothing.

    The medicines themselves (the form's formulary) are the field's ``options``.
    """

    routes: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()
    dose_units: tuple[str, ...] = ()
    duration_units: tuple[str, ...] = ()


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
    medicine: MedicineChoices = MedicineChoices()

    @cached_property
    def by_value(self) -> Mapping[str, Option]:
        """The options by what is stored for them (a form may have thousands)."""
        return {option.value: option for option in self.options}

    @cached_property
    def by_label(self) -> Mapping[str, Option]:
        """The options by every label, in any language; of two alike, the first."""
        found: dict[str, Option] = {}
        for option in self.options:
            for label in option.label.values():
                found.setdefault(label, option)
        return found

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
    trouble: tuple[str, ...] = ()  # sentences: what of this form can't be asked or told apart


# An answer as the screen holds it, by Kind:
#   TEXT, LONG_TEXT, NUMBER, SELECT, RADIO, CLINIC  str (SELECT/RADIO: the option's stored value)
#   DATE                                            str "YYYY-MM-DD"
#   BIRTH                                           str "YYYY-MM-DD", "~YYYY-MM-DD" when estimated,
#                                                   "?" when it was asked and nobody knows
#   MULTISELECT, registration CHECKBOX              list[str] of stored values
#   YES_NO, event CHECKBOX                          bool
#   DIAGNOSIS, MEDICINE                             list[dict[str, object]] in upstream's shape
#   UNKNOWN                                         whatever came
# Not answered is "" or None or [].
# The unit chosen for a NUMBER stands under ``unit_key(field)``.
Answer = object
Answers = dict[str, Answer]
Item = dict[str, object]  # one item of an event's form_data


def unit_key(field: Field) -> str:
    """Where ``Answers`` hold the unit that was chosen for a number."""
    return f"{field.id}#unit"


def is_empty(answer: Answer) -> bool:
    """Whether nothing was answered: None, blank, an empty list (``False`` and "0" are given)."""
    return answer is None or answer == [] or (isinstance(answer, str) and not answer.strip())


def has_option(field: Field, value: object) -> bool:
    """Whether ``value`` is the stored value of one of the field's options."""
    return isinstance(value, str) and value in field.by_value


def same(one: Answer, other: Answer) -> bool:
    """Whether two answers are one as JSON: of one type, and so on all the way down."""
    left: list[tuple[Answer, Answer]] = [(one, other)]
    while left:  # not by recursion: what came from elsewhere may be nested a thousand deep
        first, second = left.pop()
        if first is second:
            continue
        if isinstance(first, Mapping) and isinstance(second, Mapping):
            if first.keys() != second.keys():
                return False
            left.extend((first[key], second[key]) for key in first)
        elif isinstance(first, list | tuple) and isinstance(second, list | tuple):
            if len(first) != len(second):
                return False
            left.extend(zip(first, second, strict=True))
        elif type(first) is not type(second) or not (
            first == second or (first != first and second != second)  # not a number, twice
        ):
            return False
    return True
