"""Vital signs: what is measured, in which units, what is refused, doubted or marked. Pure.

This is the door; behind it ``vitals.fields`` (the columns and units), ``vitals.reading`` (what was
typed), ``vitals.limits`` (doubts and marks by age, with their sources in docs/vitals.md) and
``vitals.wording`` (one entry as words). Values are numbers as text, digit for digit as they are
kept.
"""

from __future__ import annotations

from hikma_tui.vitals.fields import (
    FIELDS,
    NOT_RECORDABLE,
    POSITIONS,
    Vital,
    age_days,
    bmi,
    field,
    position_word,
)
from hikma_tui.vitals.limits import Doubt, doubt, doubts, is_adult, mark
from hikma_tui.vitals.reading import Reading, read, read_pressure, refusal
from hikma_tui.vitals.wording import Piece, line, mark_word, number, trend, trend_word, words

__all__ = [
    "FIELDS",
    "NOT_RECORDABLE",
    "POSITIONS",
    "Doubt",
    "Piece",
    "Reading",
    "Vital",
    "age_days",
    "bmi",
    "doubt",
    "doubts",
    "field",
    "is_adult",
    "line",
    "mark",
    "mark_word",
    "number",
    "position_word",
    "read",
    "read_pressure",
    "refusal",
    "trend",
    "trend_word",
    "words",
]
