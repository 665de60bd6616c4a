"""The one-line entry: ``bp 140/90 sit hr 82 dx hypertension rx amlodipine 5mg od 30d``. Pure.

A line is read into parts, each echoed in words. What is ambiguous or lacks a unit asks, what is not
understood stands there as such, and both block saving (decisions.md 13). A choice rewrites the
line, so that what stands in it is always the whole truth. The grammar is in docs/quick.md.

This is the door; behind it ``quick_shape`` (parts and tokens), ``quick_words`` (the vocabulary),
``quick_read`` (from left to right), ``quick_numbers``, ``quick_pressure``, ``quick_doubts``
(values), ``quick_texts`` (diagnoses, medicines, notes), ``quick_unknown`` and ``quick_whole``.
"""

from __future__ import annotations

from hikma_tui.quick_read import read
from hikma_tui.quick_shape import LONGEST, Choice, Edit, Kind, Line, Part, choose
from hikma_tui.quick_texts import ICD11, NO_CODE, filled, starred, with_diseases, written

__all__ = [
    "ICD11", "LONGEST", "NO_CODE", "Choice", "Edit", "Kind", "Line", "Part", "choose", "filled",
    "read", "starred", "with_diseases", "written",
]  # fmt: skip
