"""Registration forms and event forms as one shape: parsing, answers, validation. Pure.

A form comes as upstream's JSON (features.md 2.3) in any of its old shapes and leaves as a ``Form``.
What is typed is an ``Answers`` map by field id; what is stored is upstream's exact ``form_data`` or
patient columns and attributes. Nothing here knows the database or the screen.

This is the door; behind it ``forms.shape`` (the types), ``forms.json`` (tolerant reading),
``forms.event`` and ``forms.registration`` (parsing), ``forms.kinds`` and ``forms.choices`` (types,
options, units), ``forms.trouble`` (what is not asked), ``forms.data`` (an event's stored answers),
``forms.checking`` (validation), ``forms.entries`` (diagnoses, medicines), ``forms.show`` (reading).
"""

from __future__ import annotations

from hikma_tui.forms.checking import allows_future, check, missing, needs_unit
from hikma_tui.forms.data import answers_of, event_data
from hikma_tui.forms.entries import (
    diagnosis_line,
    medicine_line,
    new_medicine,
    typed_diagnoses,
    typed_medicines,
)
from hikma_tui.forms.event import event_form
from hikma_tui.forms.json import translate
from hikma_tui.forms.numbers import json_number, number_text
from hikma_tui.forms.registration import (
    AttributeValue,
    PatientValues,
    answer_of_birth,
    birth_of_answer,
    patient_answers,
    patient_values,
    registration_form,
)
from hikma_tui.forms.shape import (
    DISPLAY_ONLY,
    Answer,
    Answers,
    Field,
    Form,
    Item,
    Kind,
    MedicineChoices,
    Option,
    Translations,
    is_empty,
    same,
    unit_key,
)
from hikma_tui.forms.show import Shown, answer_text, shown, summary

__all__ = [
    "DISPLAY_ONLY",
    "Answer",
    "Answers",
    "AttributeValue",
    "Field",
    "Form",
    "Item",
    "Kind",
    "MedicineChoices",
    "Option",
    "PatientValues",
    "Shown",
    "Translations",
    "allows_future",
    "answer_of_birth",
    "answer_text",
    "answers_of",
    "birth_of_answer",
    "check",
    "diagnosis_line",
    "event_data",
    "event_form",
    "is_empty",
    "json_number",
    "medicine_line",
    "missing",
    "needs_unit",
    "new_medicine",
    "number_text",
    "patient_answers",
    "patient_values",
    "registration_form",
    "same",
    "shown",
    "summary",
    "translate",
    "typed_diagnoses",
    "typed_medicines",
    "unit_key",
]
